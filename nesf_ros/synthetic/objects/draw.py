"""Draws sizes, colours and materials, so that no two instances of a class are alike."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.materials import Color, Material, Print

T = TypeVar("T")

COLORS: dict[str, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    "red": ((-0.015, 0.015), (0.75, 0.95), (0.55, 0.85)),
    "orange": ((0.055, 0.085), (0.8, 0.95), (0.85, 0.98)),
    "yellow": ((0.135, 0.16), (0.7, 0.95), (0.85, 0.98)),
    "green": ((0.27, 0.40), (0.5, 0.85), (0.35, 0.7)),
    "turquoise": ((0.48, 0.52), (0.5, 0.8), (0.6, 0.85)),
    "blue": ((0.58, 0.65), (0.6, 0.9), (0.45, 0.85)),
    "purple": ((0.74, 0.80), (0.45, 0.75), (0.4, 0.7)),
    "pink": ((0.90, 0.95), (0.3, 0.55), (0.85, 0.98)),
    "brown": ((0.05, 0.085), (0.5, 0.7), (0.25, 0.45)),
    "beige": ((0.09, 0.12), (0.15, 0.3), (0.75, 0.9)),
    "black": ((0.0, 1.0), (0.0, 0.15), (0.06, 0.14)),
    "grey": ((0.0, 1.0), (0.0, 0.06), (0.38, 0.6)),
    "white": ((0.05, 0.2), (0.0, 0.05), (0.88, 0.97)),
    "gold": ((0.11, 0.13), (0.5, 0.7), (0.65, 0.85)),
}
"""Ranges of hue, saturation and value for each colour word."""

_LIVELY = ("red", "orange", "yellow", "green", "turquoise", "blue", "purple", "pink")
_ANY = (*_LIVELY, "brown", "beige", "black", "grey", "white")


@dataclass(frozen=True)
class Kind:
    """What a kind of material can look like."""

    colors: tuple[str, ...]
    patterns: tuple[str, ...]
    """Patterns of the material itself, or, where `decorated`, that may be put on it."""
    scale_m: tuple[float, float]
    contrast: tuple[float, float]
    """How far the second colour goes from the first towards its shade (0 to 1)."""
    gloss: float = 0.0
    decorated: bool = False
    """Carries decoration that `Draw.novel` exchanges for patterns of its own."""


_DECORATION = ("blotches", "stripes", "bands", "checker")
NOVEL_PATTERNS = ("dots", "zigzag", "marble", "tartan")
"""Never seen in training: they decorate only where `Draw.novel` is set."""

KINDS: dict[str, Kind] = {
    "wood": Kind(("brown", "beige", "black"), ("wood",), (0.03, 0.08), (0.2, 0.4)),
    "metal": Kind(("grey", "grey", "black", "white", "gold"), ("brushed",), (0.03, 0.08),
                  (0.1, 0.25), 0.5),
    "plastic": Kind(_ANY, _DECORATION[:1], (0.05, 0.1), (0.03, 0.1), 0.15, True),
    "ceramic": Kind((*_LIVELY, "white", "white", "beige", "black"), _DECORATION, (0.015, 0.05),
                    (0.05, 0.7), 0.25, True),
    "fabric": Kind(_ANY, ("fabric", "fabric", *_DECORATION), (0.02, 0.08), (0.1, 0.6), 0.0, True),
    "leather": Kind(("brown", "black", "red", "white", "beige"), ("blotches",), (0.02, 0.05),
                    (0.1, 0.25), 0.1),
    "glass": Kind(("turquoise", "green", "white", "blue"), ("blotches",), (0.05, 0.1),
                  (0.03, 0.08), 0.6),
    "paper": Kind((*_LIVELY, "white", "beige"), _DECORATION, (0.02, 0.08), (0.1, 0.7), 0.0, True),
    "cardboard": Kind(("beige", "brown", "white"), ("bands", "blotches"), (0.01, 0.03),
                      (0.03, 0.1)),
    "rubber": Kind(("black", "red", "blue", "green", "orange"), ("blotches",), (0.03, 0.06),
                   (0.05, 0.1)),
    "stone": Kind(("grey", "white", "black", "beige"), ("speckle",), (0.01, 0.03), (0.2, 0.5)),
    "wax": Kind(("white", "white", "beige", "red", "green", "purple", "yellow", "pink"),
                ("blotches",), (0.02, 0.05), (0.03, 0.1), 0.1),
    "wicker": Kind(("beige", "brown", "white"), ("checker", "bands"), (0.008, 0.02), (0.3, 0.6)),
}  # fmt: skip
"""Kinds of material by their word; food and plants bring colours of their own (`natural`)."""


class Draw:
    """One instance's dice: the same seed draws the same."""

    def __init__(self, seed: int | Sequence[int], novel: bool = False):
        """Start from a seed; `novel` decorates with patterns that training never shows."""
        self.rng = np.random.default_rng(seed)
        self.novel = novel

    def size(self, low: float, high: float) -> float:
        """A number from the range, evenly; mostly metres."""
        return float(self.rng.uniform(low, high))

    def count(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return int(self.rng.integers(low, high + 1))

    def choice(self, options: Sequence[T]) -> T:
        """One of them."""
        return options[int(self.rng.integers(len(options)))]

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return bool(self.rng.random() < probability)

    def color(self, name: str) -> Color:
        """A shade that people would call by this name."""
        if name not in COLORS:
            raise ConfigError(f"colour {name!r}; it must be one of {', '.join(COLORS)}")
        hue, saturation, value = (self.size(*span) for span in COLORS[name])
        return colorsys.hsv_to_rgb(hue % 1.0, saturation, value)

    def material(
        self, kind: str, *colors: str, pattern: str = "", print: Print | None = None
    ) -> Material:
        """A material of one of `KINDS`.

        Args:
            kind: a key of KINDS.
            colors: colour words to choose from; those of the kind where none are given.
            pattern: a key of PATTERNS that it must have.
            print: a picture on it.
        """
        if kind not in KINDS:
            raise ConfigError(f"material {kind!r}; it must be one of {', '.join(KINDS)}")
        about = KINDS[kind]
        name = self.choice(colors or about.colors)
        color = self.color(name)
        drawn = self.choice(about.patterns)
        if self.novel and about.decorated:
            drawn = self.choice(NOVEL_PATTERNS)
        return Material(
            color,
            _shade(color, self.size(*about.contrast)),
            pattern or drawn,
            self.size(*about.scale_m),
            kind,
            name,
            about.gloss,
            print,
        )

    def natural(
        self, kind: str, color: str, contrast: float = 0.2, scale_m: float = 0.02
    ) -> Material:
        """A blotchy material that has the colour it has: food, leaves, skin."""
        shade = self.color(color)
        return Material(shade, _shade(shade, contrast), "blotches", scale_m, kind, color)


def _shade(color: Color, contrast: float) -> Color:
    """The colour moved towards black, or towards white where it is dark."""
    goal = 0.0 if sum(color) > 0.9 else 1.0
    red, green, blue = (c + contrast * (goal - c) for c in color)
    return red, green, blue
