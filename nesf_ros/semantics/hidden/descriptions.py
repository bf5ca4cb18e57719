"""Where a hidden thing is said to be: ⟨target, relation, reference⟩, and sentences that say it.

The grammar: an opening ("where is", "please find"), the target, linking words ("that is hidden"),
one relation phrase, the reference, a closing ("please"). Of the phrases that begin at a word the
longest counts, and no part of a word does: "tin", "plug-in" and "on/off" are names. What is in
double quotation marks is a name, or a part of one, whatever its words.

A sentence with two relations is refused, and says how to quote: neither half of "mug on the table
behind the sofa" can be grounded as a name without a guess at which of the two is meant.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import dropwhile
from typing import NamedTuple

from nesf_ros.errors import QueryError
from nesf_ros.semantics.hidden import wording
from nesf_ros.types import RELATIONS
from nesf_ros.vision.text import MAX_CHARACTERS, clean

MAX_SENTENCE = 4 * MAX_CHARACTERS
"""Characters of a sentence: two names as long as they may be, and what stands around them."""
KNOWN = ", ".join(RELATIONS)
FORM = f'say it as in "the keys in the drawer"; the relations are {KNOWN}'


class RelationRefused(QueryError):
    """What is said of how things lie cannot be asked so; says what can.

    A relation that the networks never learned ("under"), two at a time, or one without an end.
    """


_QUOTES = '"“”„«»'
_TO_PLAIN_QUOTES = str.maketrans(dict.fromkeys(_QUOTES, '"'))
_QUOTED = '"'  # key of words in quotation marks, which no table holds
_PUNCTUATION = ".,;:!?…-–—"
_Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Description:
    """Where something is, in words. Names are kept without leading articles and possessives.

    Raises QueryError for a relation that is none of `RELATIONS` and no phrase for one, and for
    names that are empty, longer than `MAX_CHARACTERS` or with control characters or double
    quotation marks.
    """

    target: str
    """What is looked for; it need not be seen."""
    relation: str
    """One of `RELATIONS`, as its viewer sees it; may be given as any of `wording.SAID_AS`."""
    reference: str
    """What it lies in, on or beside; it should be seen."""

    def __post_init__(self):
        object.__setattr__(self, "target", _checked_name("target", self.target))
        object.__setattr__(self, "relation", _checked_relation(self.relation))
        object.__setattr__(self, "reference", _checked_name("reference", self.reference))

    def __str__(self) -> str:
        """The sentence, which `parse_description` reads as this description again.

        Names that it would read otherwise are quoted: keys behind the "plant in a pot".
        """
        for form in ("{} {} the {}", '{} {} the "{}"', '"{}" {} the {}'):
            sentence = form.format(self.target, self.relation, self.reference)
            try:
                if parse_description(sentence) == self:
                    return sentence
            except QueryError:  # the next form has more in quotation marks
                continue
        return f'"{self.target}" {self.relation} the "{self.reference}"'


def parse_description(text: str) -> Description:
    """Read a sentence, such as "Where are my keys that I left in the drawer?".

    Raises QueryError, which says what was expected, for a sentence without a relation, with one
    that is not known (`wording.REFUSED`), with two, without target or reference, of more than
    `MAX_SENTENCE` characters, and for names that no `Description` takes.
    """
    if len(text) > MAX_SENTENCE:
        raise QueryError(
            f"a description of {len(text)} characters; at most {MAX_SENTENCE} are read: {FORM}"
        )
    words = _stripped(_words(text), _OPENINGS)
    said = _relation_in(words, text)
    before = _stripped(words[: said.start], _LINKS, at_end=True)
    after = _stripped(words[said.stop :], _CLOSINGS, at_end=True)
    for part, name, empty in (
        ("target", before, wording.PRONOUNS),
        ("reference", after, wording.PRONOUNS | wording.PLACES),
    ):
        if all(word.key in wording.DETERMINERS | empty for word in name):
            found = f"{_joined(name)!r} for" if name else "no"
            raise RelationRefused(f"{_short(text)} has {found} {part} of {said.phrase!r}; {FORM}")
        if any(word.key != _QUOTED and word.text.endswith(("?", "!")) for word in name[:-1]):
            raise QueryError(f"{_short(text)} is more than one sentence; {FORM}")
    return Description(_joined(before), said.phrase, _joined(after))


class _Word(NamedTuple):
    text: str
    key: str
    """As in the tables: lower case, no punctuation around it."""


class _Said(NamedTuple):
    """A phrase for a relation, known or refused, as words[start:stop]."""

    start: int
    stop: int
    phrase: str
    loose: bool
    """It may as well be part of a name."""

    @property
    def is_known(self) -> bool:
        return self.phrase in _RELATION_OF


def _phrases(sentences: Collection[str]) -> frozenset[_Phrase]:
    return frozenset(tuple(sentence.split()) for sentence in sentences)


_RELATION_OF = {said: name for name in RELATIONS for said in wording.SAID_AS[name]}
_ADVICE_FOR = {said: advice for advice, group in wording.REFUSED.items() for said in group}
_SPATIAL = _phrases([*_RELATION_OF, *_ADVICE_FOR])
_OPENINGS, _LINKS, _CLOSINGS = map(_phrases, (wording.OPENINGS, wording.LINKS, wording.CLOSINGS))
_LONGEST = max(map(len, _SPATIAL | _OPENINGS | _LINKS | _CLOSINGS))


def _words(text: str) -> list[_Word]:
    """All words but those that are punctuation alone."""
    pieces = text.translate(_TO_PLAIN_QUOTES).split('"')
    if len(pieces) % 2 == 0:
        raise QueryError(
            f"one of the double quotation marks in {_short(text)} is without its other; {FORM}"
        )
    return [
        _Word(word, _QUOTED if number % 2 else _key(word))
        for number, piece in enumerate(pieces)
        for word in piece.split()
        if number % 2 or _key(word)
    ]


def _key(word: str) -> str:
    return word.lower().strip(_PUNCTUATION).replace("’", "'")


def _keys(words: Sequence[_Word]) -> _Phrase:
    return tuple(word.key for word in words)


def _stripped(
    words: Sequence[_Word], phrases: Collection[_Phrase], at_end: bool = False
) -> Sequence[_Word]:
    """The words without all phrases that they begin with, or end with; longer ones first."""
    count = _LONGEST
    while count:
        if _keys(words[-count:] if at_end else words[:count]) in phrases:
            words = words[:-count] if at_end else words[count:]
            count = _LONGEST
        else:
            count -= 1
    return words


def _joined(words: Sequence[_Word]) -> str:
    """The words as they were written, but for the punctuation after them."""
    name = " ".join(word.text for word in words)
    return name if words and words[-1].key == _QUOTED else name.rstrip(_PUNCTUATION)


def _spatial_phrases(words: Sequence[_Word]) -> Iterator[_Said]:
    """All phrases for relations, from left to right, none within another."""
    keys = _keys(words)
    start = 0
    while start < len(keys):
        for count in range(_LONGEST, 0, -1):
            if keys[start : start + count] in _SPATIAL:
                stop = min(start + count, len(keys))
                phrase = " ".join(keys[start:stop])
                compound = " ".join(keys[max(start - 1, 0) : stop]) in wording.COMPOUNDS
                named = compound and not set(keys[stop : stop + 1]) & wording.DETERMINERS
                yield _Said(start, stop, phrase, named or phrase in wording.OFTEN_IN_NAMES)
                start = stop - 1
                break
        start += 1


def _relation_in(words: Sequence[_Word], text: str) -> _Said:
    """The one phrase that parts target and reference."""
    every = list(_spatial_phrases(words))
    said = [phrase for phrase in every if not phrase.loose] or every
    if not said:
        raise QueryError(f"{_short(text)} has no spatial relation; {FORM}")
    first = next((phrase for phrase in said if phrase.is_known), None)
    if first is None:
        raise _refusal(said[0].phrase)
    if len(said) == 1 or not said[0].start:  # what begins with a relation has no target
        return said[0]
    names = (_joined(part) for part in (words[: first.start], words[first.stop :]))
    example = f" {first.phrase} ".join(f'"{name}"' for name in names)
    found = ", ".join(repr(phrase.phrase) for phrase in said)
    raise RelationRefused(
        f"{_short(text)} has {len(said)} spatial relations, {found}; give one at a time, or put "
        f"what is one name in quotation marks, as in {example[:200]}"
    )


def _checked_relation(relation: str) -> str:
    said = " ".join(relation.lower().split())
    if said in _ADVICE_FOR:
        raise _refusal(said)
    if said not in _RELATION_OF:
        (near,) = difflib.get_close_matches(said[:60], _RELATION_OF, n=1, cutoff=0.0)
        raise QueryError(
            f"there is no relation {_short(relation)}; did you mean {near!r}? Known are {KNOWN}"
        )
    return _RELATION_OF[said]


def _refusal(phrase: str) -> RelationRefused:
    return RelationRefused(
        f"{phrase!r} is none of the relations that are known ({KNOWN}); {_ADVICE_FOR[phrase]}"
    )


def _checked_name(part: str, name: str) -> str:
    named = dropwhile(lambda word: word.lower() in wording.DETERMINERS, name.split())
    checked = " ".join(named)
    if not checked:
        raise QueryError(f"the {part} of a description is empty; {FORM}")
    checked = clean(checked)
    if wrong := [c for c in checked if c in _QUOTES or unicodedata.category(c) == "Cc"]:
        raise QueryError(f"the {part} {_short(checked)} holds {wrong[0]!r}; leave it out")
    return checked


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]} …")
