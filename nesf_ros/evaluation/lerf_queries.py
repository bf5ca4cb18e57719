"""Long-tail phrases about the things of a scene, and of which things each one is true.

Kinds of phrases: the class alone ("stapler"), with a colour ("red mug"), with a material ("wooden
spoon"), with a part ("teapot spout"), or with what is printed on it ("jar of honey"). People do
not agree about every word: whether a cup is a mug, or orange is red, is *arguable*. No phrase is
asked where that would matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from nesf_ros.synthetic.captions import COLOR_WORDS, MATERIAL_WORDS
from nesf_ros.synthetic.objects import CLASSES, build
from nesf_ros.types import Box

CLASS, COLOR, MATERIAL, PART, PRINT = KINDS = ("class", "colour", "material", "part", "print")
PARTS_PER_SCENE, QUERIES_PER_SCENE = 3, 12

NAMES = {
    "airplane": "toy plane", "can": "tin can", "car": "toy car", "desktop": "desktop pc",
    "display": "monitor", "helicopter": "toy helicopter", "rifle": "toy rifle",
    "train": "toy train", "truck": "toy truck", "vessel": "toy boat",
}  # fmt: skip
"""What people call a class, where that is not its name."""

PRINTED = {
    "book": "{} book", "can": "can of {}", "cereal box": "box of {}", "jar": "jar of {}",
    "mug": "mug that says {}", "soda can": "can of {}", "wine bottle": "bottle of {}",
}  # fmt: skip
"""How one asks for what is printed on a thing."""

ASKED_PARTS = frozenset({
    "antenna", "antennas", "beak", "bells", "blade", "blades", "bow", "brim", "bristles",
    "buttons", "candles", "cap", "cherries", "cord", "dial", "dress", "ear cups", "ears",
    "flowers", "funnel", "gate", "hair", "handle", "handles", "handset", "icing",
    "keyboard", "keys", "knobs", "laces", "leaves", "lens", "lid", "mast", "nozzle", "pages",
    "pockets", "propeller", "pump", "rotor", "sails", "saucer", "screen", "shade", "spout",
    "stem", "strap", "straps", "touch pad", "towers", "trigger", "watch face", "weights",
    "wheels", "wings",
})  # fmt: skip
"""Parts that people have a word for, and might want to find."""

_ALIKE = (
    {"cup", "mug"}, {"cup", "glass", "wine glass"}, {"can", "soda can", "jar"},
    {"bottle", "wine bottle", "soap bottle", "spray bottle", "medicine bottle"},
    {"box", "cereal box", "tissue box", "storage box", "toolbox", "milk carton", "crate", "safe"},
    {"storage box", "basket", "crate", "bucket", "garbage can", "box"}, {"clock", "alarm clock"},
    {"lamp", "ceiling lamp", "flashlight"}, {"table", "coffee table", "side table", "desk"},
    {"chair", "arm chair", "stool", "bench", "sofa", "ottoman"}, {"side table", "nightstand"},
    {"bag", "handbag", "backpack", "suitcase", "wallet"}, {"cell phone", "telephone", "tablet"},
    {"display", "television", "tablet", "laptop", "desktop"}, {"laptop", "notebook", "book"},
    {"cabinet", "dresser", "drawer unit", "nightstand", "media console", "bookcase", "shelf"},
    {"pot", "pan", "bowl", "teapot", "kettle"}, {"plate", "bowl", "tray", "cutting board"},
    {"pitcher", "teapot", "kettle", "vase", "jar"}, {"spoon", "ladle", "spatula", "shovel"},
    {"pen", "pencil", "paint brush"}, {"cube", "dice", "rubiks cube", "box"}, {"car", "truck"},
    {"sphere", "basketball", "football", "beach ball", "tennis ball", "baseball", "orange"},
    {"torus", "doughnut", "tape", "toilet paper"}, {"cylinder", "can", "soda can", "drum"},
    {"sink", "washbasin", "bathtub"}, {"washing machine", "dishwasher"}, {"stove", "microwave"},
    {"wrench", "pliers"}, {"knife", "saw", "axe"}, {"bread", "cake", "hamburger"},
    {"remote control", "game controller", "cell phone", "calculator"}, {"towel", "rug", "pillow"},
    {"broom", "paint brush", "toothbrush"}, {"picture frame", "mirror"}, {"globe", "sphere"},
    {"radio", "loudspeaker"}, {"ladder", "stairs"}, {"lettuce", "house plant"}, {"hat", "bag"},
)  # fmt: skip
"""Classes for which people may use each other's names."""

_ALIKE_COLORS = (
    {"red", "orange", "pink", "brown"}, {"orange", "yellow", "gold", "brown", "beige"},
    {"white", "beige", "grey"}, {"grey", "black"}, {"black", "brown"}, {"pink", "purple"},
    {"turquoise", "blue", "green"}, {"blue", "purple"}, {"yellow", "beige", "gold"},
)  # fmt: skip
_ALIKE_MATERIALS = (
    {"plastic", "rubber", "leather"}, {"plastic", "ceramic", "glass", "stone"}, {"wood", "wicker"},
    {"paper", "cardboard"}, {"leather", "fabric"}, {"plastic", "metal"}, {"paper", "plastic"},
)  # fmt: skip
_MACHINES = ("appliance", "electronics")
"""Families that nobody tells apart by what their housing is made of."""
_SEEDS = 12  # instances from which is told whether a fact varies within a class


@dataclass(frozen=True)
class Subject:
    """What is to be known of a thing, or of some surface of the building."""

    class_name: str
    color: str
    """One word; empty where no single word says it. So is the material."""
    material: str
    words: str
    """Printed on it, in capitals; empty where nothing is."""
    box: Box
    """Axis-aligned, map frame, metres."""
    part_boxes: Mapping[str, Box] = field(default_factory=dict)
    """Around all parts of one name."""
    seen: Mapping[str, int] = field(default_factory=dict)
    """How many frames show enough of a part ("" for the thing as a whole)."""


@dataclass(frozen=True)
class Query:
    """A phrase and what it says."""

    text: str
    kind: str
    """One of KINDS."""
    class_name: str
    fact: str = ""
    """A colour, a material, a part or printed words."""

    @property
    def part(self) -> str:
        """The part that it asks for; empty for a whole thing."""
        return self.fact if self.kind == PART else ""


def fits(query: Query, subject: Subject) -> bool | None:
    """Whether the phrase is true of a thing, or of a part of it; None where that is arguable."""
    verdicts = [_same(query.class_name, subject.class_name, _ALIKE)]
    if query.kind == COLOR:
        verdicts.append(_same(query.fact, subject.color, _ALIKE_COLORS))
    elif query.kind == MATERIAL:
        verdicts.append(_same(query.fact, subject.material, _ALIKE_MATERIALS))
    elif query.kind == PART:
        verdicts.append(query.fact in subject.part_boxes)
    elif query.kind == PRINT:
        verdicts.append(query.fact == subject.words)
    return False if False in verdicts else None if None in verdicts else True


def _same(asked: str, given: str, alike: Sequence[set[str]]) -> bool | None:
    if asked == given:
        return True
    either = not given or any({asked, given} <= group for group in alike)
    return None if either else False


def phrases(subject: Subject) -> Iterator[Query]:
    """What one could ask for a thing, or for its parts; nothing for what is no object."""
    name = subject.class_name
    if name not in CLASSES or CLASSES[name].family == "shape":
        return
    noun = NAMES.get(name, name)
    if subject.words:
        yield Query(PRINTED[name].format(subject.words.lower()), PRINT, name, subject.words)
    for part in subject.part_boxes:
        if part in ASKED_PARTS:
            yield Query(f"{noun} {part}", PART, name, part)
    color, material = subject.color, subject.material
    colors_vary, materials_vary = varying(name)
    told = materials_vary and CLASSES[name].family not in _MACHINES
    if told and material in MATERIAL_WORDS and material not in name:
        yield Query(f"{MATERIAL_WORDS[material][0]} {noun}", MATERIAL, name, material)
    if colors_vary and color:
        yield Query(f"{COLOR_WORDS.get(color, (color,))[0]} {noun}", COLOR, name, color)
    yield Query(noun, CLASS, name)


@cache
def varying(class_name: str) -> tuple[bool, bool]:
    """Whether the colour, and whether the material, tells instances of a class apart."""
    mains = [build(class_name, seed).main for seed in range(_SEEDS)]
    return len({main.color_name for main in mains}) > 1, len({main.kind for main in mains}) > 1


def chosen(
    subjects: Sequence[Subject], askable: Mapping[tuple[int, str], int], rng: np.random.Generator
) -> list[tuple[int, Query]]:
    """Phrases to ask for in a scene, each true of one thing, and arguable of no other.

    Args:
        subjects: all that is in the scene, seen or not.
        askable: index and part ("" for the whole) of what may be asked for, by how good its views
            are: more is better.
        rng: for the order of things that are as good.

    Returns:
        Pairs of a thing's index and a phrase; at most one of a thing as a whole and one of its
        parts, kinds in turn, so that none prevails.
    """
    asked: Counter[str] = Counter()
    found: list[tuple[int, Query]] = []
    order = rng.permutation(len(subjects)).tolist()
    order.sort(key=lambda index: -askable.get((index, ""), 0))
    for index in order:
        options = [
            query
            for query in phrases(subjects[index])
            if (index, query.part) in askable and _is_unique(query, index, subjects)
        ]
        wholes = [query for query in options if not query.part]
        parts = [query for query in options if query.part]
        for group in (wholes, parts if asked[PART] < PARTS_PER_SCENE else []):
            if group:
                query = min(group, key=lambda query: asked[query.kind])
                asked[query.kind] += 1
                found.append((index, query))
    return found[:QUERIES_PER_SCENE]


def _is_unique(query: Query, index: int, subjects: Sequence[Subject]) -> bool:
    return all(
        fits(query, subject) is False for other, subject in enumerate(subjects) if other != index
    )


def presence(query: Query, subjects: Sequence[Subject], enough: int) -> bool | None:
    """Whether a scene has what a phrase says; None where it is arguable, or not seen well enough.

    `enough` frames must show it.
    """
    verdicts = [(fits(query, subject), subject.seen.get(query.part, 0)) for subject in subjects]
    if any(true and frames >= enough for true, frames in verdicts):
        return True
    return None if any(true is not False for true, _ in verdicts) else False
