"""The English that descriptions of hidden objects are made of. Tables only, all in lower case."""

from __future__ import annotations


def _sides(hand: str) -> tuple[str, ...]:
    """All ways to say "on the left of", or right; "to the left-hand side of" is another."""
    return tuple(
        f"{lead}{hand}{side} {link}"
        for lead in ("", "on ", "to ", "at ", "on the ", "to the ", "at the ")
        for side in ("", " side", "-hand side", " hand side")
        for link in ("of", "from")
    )


SAID_AS: dict[str, tuple[str, ...]] = {
    "in": ("in", "inside", "inside of", "on the inside of", "within", "into"),
    "on": ("on", "on top of", "on the top of", "atop", "upon", "onto"),
    "behind": ("behind", "in back of", "at the back of", "on the far side of"),
    "in front of": ("in front of", "before"),
    "on the left of": _sides("left"),
    "on the right of": _sides("right"),
}
"""For each of `types.RELATIONS`, the phrases that mean it."""

REFUSED: dict[str, tuple[str, ...]] = {
    "of what is below a thing, say what it lies in, on or behind": (
        "under", "underneath", "below", "beneath", "at the foot of",
    ),
    'say "on" if the one carries the other': ("above", "over"),
    "say on which side, or behind, or in front": (
        "next to", "beside", "near", "near to", "close to", "nearby", "adjacent to", "alongside",
        "by", "at", "around", "against", "opposite", "across from", "on the other side of",
        "outside", "outside of", "off",
    ),
    "name one of the things, and how the target lies to it": (
        "between", "in between", "among", "amongst", "amid",
    ),
    'say "in", "on", "behind" or "in front of" for the whole thing': (
        "in the middle of", "in the center of", "in the centre of", "in the back of",
        "in the front of", "at the front of", "at the bottom of", "at the top of",
    ),
}  # fmt: skip
"""Phrases that mean none of the relations, under what to say instead.

To take "under" for "in", or "next to" for "on the left of", would answer another question; "above"
is no "on": that is said of what is carried. "In the back of" is inside to some, behind to others.
"""

OFTEN_IN_NAMES = ("by", "at", "off")
"""Of those, what counts only where no other phrase does: "the novel by Woolf on the shelf"."""

COMPOUNDS = frozenset({
    "built in", "check in", "drive in", "drop in", "hand in", "log in", "plug in", "sit in",
    "stand in", "step in", "tie in", "walk in", "add on", "bolt on", "carry on", "clip on",
    "iron on", "pull on", "roll on", "screw on", "slip on", "snap on", "stand on", "stick on",
    "strap on",
})  # fmt: skip
"""Names of things, unless an article follows: "plug in heater", but "the plug in the drawer"."""

DETERMINERS = frozenset({
    "a", "an", "the", "some", "any", "my", "our", "your", "his", "her", "its", "their", "this",
    "that", "these", "those",
})  # fmt: skip
"""Words before a name that are no part of it."""

PRONOUNS = frozenset({
    "it", "they", "them", "he", "she", "him", "me", "you", "us", "here", "there", "anything",
    "what", "who",
})  # fmt: skip
"""Words for something that a vision-language model cannot look for."""

PLACES = frozenset({
    "left", "right", "front", "back", "top", "bottom", "side", "hand", "left-hand", "right-hand",
    "middle", "inside", "outside",
})  # fmt: skip
"""Words for a place of something, which is no reference as long as nobody says of what."""

OPENINGS = frozenset({
    "where", "where is", "where's", "wheres", "where are", "where're", "where was", "where were",
    "where did i put", "where did i leave", "where do i keep", "where have i put", "is", "are",
    "is there", "are there", "there is", "there's", "there are", "what is", "what's", "what are",
    "find", "find me", "look", "look for", "look at", "looking for", "search", "search for",
    "searching for", "locate", "spot", "show", "show me", "point at", "point to", "get", "get me",
    "fetch", "fetch me", "bring", "bring me", "give me", "pass me", "hand me", "pick up",
    "grab", "check", "tell me", "go and", "go to", "i am", "i'm", "we are", "we're", "i want",
    "i need", "i would like", "i'd like", "i lost", "i cannot find", "i can't find", "to find",
    "to see", "can you", "can you see", "could you", "would you", "will you", "do you see",
    "do you know", "have you seen", "did you see", "can i", "help me", "let us", "let's", "please",
    "kindly", "hey", "hey robot", "hi", "hello", "ok", "okay", "now", "excuse me", "try to",
})  # fmt: skip
"""What sentences begin with before they come to the target."""

LINKS = frozenset({
    "that", "which", "who", "is", "are", "was", "were", "be", "been", "has", "have", "had", "must",
    "might", "should", "may", "could", "i", "we", "you", "put", "lying", "laying", "sitting",
    "standing", "resting", "hanging", "located", "placed", "hidden", "hiding", "kept", "stored",
    "stuck", "left", "lost", "somewhere", "right", "just", "directly", "exactly", "immediately",
    "probably", "maybe", "perhaps", "to the immediate", "on the immediate", "to the far",
    "on the far",
})  # fmt: skip
"""Words between the target and its relation: "that is", "hidden", "I left", "right"."""

CLOSINGS = frozenset({
    "please", "thanks", "thank you", "for me", "now", "right now", "is", "are", "was", "were",
})  # fmt: skip
"""What sentences end with after the reference."""
