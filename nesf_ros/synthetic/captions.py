"""Captions: true sentences about one thing, in many words, each with sentences that are not true.

Facts come from the scene (class, colour, material, size, parts, support, relations), words from
the tables below and from the catalogue's aliases. A hard negative is the same sentence with one
fact exchanged. No caption uses a word of `splits.SYNONYMS`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from nesf_ros.datasets.labelled import Caption, Relation
from nesf_ros.synthetic.objects import CLASSES
from nesf_ros.synthetic.objects.draw import COLORS
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.things import ON, Thing

T = TypeVar("T")

COLOR_WORDS: dict[str, tuple[str, ...]] = {
    "grey": ("grey", "gray"), "turquoise": ("turquoise", "cyan"), "purple": ("purple", "violet"),
    "beige": ("beige", "cream-coloured"), "gold": ("golden", "gold"),
}  # fmt: skip
"""Words for a colour, where there are more than its name."""

MATERIAL_WORDS: dict[str, tuple[str, ...]] = {
    "wood": ("wooden",), "metal": ("metal", "metallic"), "plastic": ("plastic",),
    "ceramic": ("ceramic", "porcelain"), "fabric": ("fabric", "cloth"), "leather": ("leather",),
    "glass": ("glass",), "paper": ("paper",), "cardboard": ("cardboard",), "rubber": ("rubber",),
    "stone": ("stone",), "wicker": ("wicker", "woven"),
}  # fmt: skip
"""Adjectives for a material."""

SIZE_WORDS: dict[str, tuple[str, ...]] = {
    "small": ("small", "little", "tiny"),
    "large": ("large", "big"),
}

RELATION_WORDS = {
    "in": ("in", "inside", "inside of"),
    "on": ("on", "on top of"),
    "behind": ("behind", "at the back of"),
    "in front of": ("in front of", "before"),
    "on the left of": ("on the left of", "to the left of", "left of"),
    "on the right of": ("on the right of", "to the right of", "right of"),
}
OPPOSITE = {
    "behind": "in front of", "in front of": "behind",
    "on the left of": "on the right of", "on the right of": "on the left of",
}  # fmt: skip

FRAMES = (
    "{}", "{}", "a photo of {}", "a picture of {}", "an image of {}", "a view of {}",
    "a close-up of {}", "this is {}", "there is {}", "a render of {}", "{} in a room",
    "a photograph of {} in a home", "look at {}", "one can see {}",
)  # fmt: skip
"""Sentences around a noun phrase."""

PLURAL = frozenset({
    "scissors", "shears", "glasses", "eyeglasses", "sunglasses", "keys", "headphones", "stairs",
    "steps", "pliers", "pincers", "nippers", "tissues", "drawers",
})  # fmt: skip
"""Last words of names that stand without an article."""

_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "color": COLOR_WORDS,
    "material": MATERIAL_WORDS,
    "size": SIZE_WORDS,
}
_SIZE_MARGIN = 0.33  # of a class's range of sizes, below which a thing is small


class Captioner:
    """Writes captions about the things of a scene."""

    def __init__(self, scene: Scene, seed: int = 0, excluded: Sequence[str] = ()):
        """Captions of one scene; `excluded` classes never serve as negatives either."""
        self.scene = scene
        self._rng = np.random.default_rng(seed)
        self._index = {thing.name: index for index, thing in enumerate(scene.things)}
        self._known = [name for name in CLASSES if name not in excluded]

    def about(self, thing: int, relations: Sequence[Relation] = ()) -> tuple[Caption, ...]:
        """One caption of every kind that there is something to say for.

        Args:
            thing: index of a thing of one of the catalogue's classes.
            relations: what is known of it; those with it as target are used, one at most.
        """
        subject = self.scene.things[thing]
        if subject.class_name not in CLASSES:
            return ()
        captions = [self._plain(thing, subject), *self._described(thing, subject)]
        captions += self._with_part(thing, subject)
        captions += self._placed(thing, subject)
        told = [relation for relation in relations if relation.target == thing]
        if told:
            captions += self._related(told[int(self._rng.integers(len(told)))])
        return tuple(captions)

    def _plain(self, index: int, thing: Thing) -> Caption:
        frame = self._pick(FRAMES)
        others = [self._noun(name) for name in self._rivals(thing.class_name)]
        texts = [frame.format(phrase(other)) for other in (self._noun(thing.class_name), *others)]
        return Caption(index, "class", texts[0], tuple(texts[1:]))

    def _described(self, index: int, thing: Thing) -> list[Caption]:
        """Colour, material, size, and two of them at once; negatives change one of the facts."""
        facts = {"color": thing.model.main.color_name, "size": size_word(thing)}
        if thing.model.main.kind in MATERIAL_WORDS:
            facts["material"] = thing.model.main.kind
        said = {kind: fact for kind, fact in facts.items() if fact}
        kinds: list[tuple[str, ...]] = [(kind,) for kind in said]
        if len(said) > 1:
            first, second = self._rng.choice(sorted(said), 2, replace=False).tolist()
            kinds.append((first, second))
        return [self._phrased(index, thing, {kind: said[kind] for kind in k}) for k in kinds]

    def _phrased(self, index: int, thing: Thing, facts: dict[str, str]) -> Caption:
        frame, noun = self._pick(FRAMES), self._noun(thing.class_name)
        words = {kind: self._worded(kind, fact) for kind, fact in facts.items()}
        false = [
            phrase(noun, **{**words, kind: self._worded(kind, other)})
            for kind, fact in facts.items()
            for other in self._other(kind, fact)
        ]
        false.append(phrase(self._noun(self._rivals(thing.class_name)[0]), **words))
        text, *negatives = (frame.format(each) for each in (phrase(noun, **words), *false))
        return Caption(index, "+".join(facts), text, tuple(negatives))

    def _with_part(self, index: int, thing: Thing) -> list[Caption]:
        parts = [p.name for p in thing.model.parts if p.name not in thing.class_name]
        known = {part.name for thing in self.scene.things for part in thing.model.parts}
        absent = sorted(known - {part.name for part in thing.model.parts})
        if len(parts) < 2 or not absent:
            return []
        form = self._pick(("the {1} of {0}", "{0} and its {1}", "{0} where one sees the {1}"))
        whole = phrase(self._noun(thing.class_name))
        texts = [form.format(whole, part) for part in (self._pick(parts), self._pick(absent))]
        return [Caption(index, "part", texts[0], tuple(texts[1:]))]

    def _placed(self, index: int, thing: Thing) -> list[Caption]:
        support = self.scene.things[self._index[thing.support]] if thing.support else None
        if support is None:
            return []
        verb = self._pick(("", "", "lying ", "standing ")) if thing.relation == ON else ""
        told = Relation(index, thing.relation, self._index[support.name], 0)
        return self._sentence(told, "place", verb)

    def _related(self, relation: Relation) -> list[Caption]:
        return self._sentence(relation, "relation", "")

    def _sentence(self, told: Relation, kind: str, verb: str) -> list[Caption]:
        """The relation in words; false: the two exchanged, turned round, another reference."""
        things = self.scene.things
        target, reference = (
            self._noun(things[index].class_name) for index in (told.target, told.reference)
        )
        known = bool(self._rng.integers(2))

        def words(first: str, relation: str, second: str) -> str:
            end = f"the {second}" if known else phrase(second)
            return f"{phrase(first)} {verb}{self._pick(RELATION_WORDS[relation])} {end}"

        text = words(target, told.relation, reference)
        false = [words(reference, told.relation, target)]
        if told.relation in OPPOSITE:
            false.append(words(target, OPPOSITE[told.relation], reference))
        rival = self._noun(self._rivals(things[told.reference].class_name)[0])
        false.append(words(target, told.relation, rival))
        return [Caption(told.target, kind, text, tuple(false))]

    def _worded(self, kind: str, fact: str) -> str:
        return self._pick(_WORDS[kind].get(fact, (fact,)))

    def _other(self, kind: str, fact: str) -> tuple[str, ...]:
        """Facts of the same kind that are false."""
        if kind == "size":
            return ("small" if fact == "large" else "large",)
        from_table = tuple(COLORS) if kind == "color" else tuple(MATERIAL_WORDS)
        others = [other for other in from_table if other != fact]
        return tuple(self._rng.choice(others, 2, replace=False).tolist())

    def _rivals(self, class_name: str) -> list[str]:
        """Two other classes, of the same family as far as there are any; absent from the scene."""
        here = {thing.class_name for thing in self.scene.things} | {class_name}
        family = CLASSES[class_name].family if class_name in CLASSES else ""
        absent = [name for name in self._known if name not in here]
        near = [name for name in absent if CLASSES[name].family == family]
        pool = near if len(near) > 1 else absent
        return self._rng.choice(pool, 2, replace=False).tolist()

    def _noun(self, class_name: str) -> str:
        return self._pick(nouns(class_name))

    def _pick(self, options: Sequence[T]) -> T:
        return options[int(self._rng.integers(len(options)))]


def phrase(noun: str, color: str = "", material: str = "", size: str = "") -> str:
    """A noun phrase: "a large red plastic box"; without an article for scissors and the like."""
    words = " ".join(word for word in (size, color, material, noun) if word)
    if noun.split()[-1] in PLURAL and " of " not in noun:
        return words
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def nouns(class_name: str) -> tuple[str, ...]:
    """Every name that captions may give a class: its own, and the catalogue's aliases."""
    known = CLASSES.get(class_name)
    return (class_name, *known.aliases) if known else (class_name,)


def size_word(thing: Thing) -> str:
    """Small or large for its class, or "" in between: by volume, within the class's range."""
    about = CLASSES[thing.class_name]
    smallest, largest = (math.log(math.prod(span[end] for span in about.size_m)) for end in (0, 1))
    share = (math.log(math.prod(thing.model.size_m)) - smallest) / (largest - smallest)
    if share < _SIZE_MARGIN:
        return "small"
    return "large" if share > 1 - _SIZE_MARGIN else ""
