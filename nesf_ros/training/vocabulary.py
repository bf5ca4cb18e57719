"""Numbers for the words of the training data, one byte each, the same in every file."""

from __future__ import annotations

from collections.abc import Sequence

from nesf_ros.synthetic.captions import MATERIAL_WORDS
from nesf_ros.synthetic.objects import CLASSES
from nesf_ros.synthetic.objects.draw import COLORS

SURROUNDINGS = ("floor", "ceiling", "wall", "window", "door", "backdrop")
"""Classes that are not in the catalogue, but in scenes."""
NAMES: tuple[str, ...] = (
    *sorted({*CLASSES} - {*SURROUNDINGS}),
    *SURROUNDINGS,
)
"""All class names; a class's number is its place here."""
COLOR_NAMES = tuple(COLORS)
MATERIALS = tuple(MATERIAL_WORDS)
SIZES = ("small", "large")
NONE = 255
"""The number of what is not there: no word fits, or the ray meets nothing."""


def number(words: Sequence[str], word: str) -> int:
    """Place of a word among others; NONE for one that is not there."""
    return words.index(word) if word in words else NONE
