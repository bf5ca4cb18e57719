"""Materials: colours, procedural textures and pictures on surfaces."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import UInt8
from numpy import ndarray

Color = tuple[float, float, float]
"""Red, green, blue, 0 to 1."""
PATTERNS = (
    "blotches", "fabric", "wood", "planks", "checker", "stripes", "bands",
    "speckle", "brushed", "dots", "zigzag", "marble", "tartan",
)  # fmt: skip
"""Procedural textures, in the order of `patterns.mixed`, which has what each looks like."""
GRAINED = ("wood", "brushed")
"""Patterns whose grain runs along the longest side of a piece."""


@dataclass(frozen=True, eq=False)
class Print:
    """A picture on a surface: a label, a cover, a screen. Where it ends, the material begins."""

    image: UInt8[ndarray, "height width 3"]
    projection: str
    """How it lies on the solid, in the frame the solid was made in: "front" faces +y, "top" faces
    +z with its upper edge towards +y, "round" wraps around the vertical axis. Front and top show
    at the back, too, where the solid has one; every side can be read from without."""
    lower: tuple[float, float]
    """Left and lower edge: metres across (for "round" an angle from +x, radians) and up."""
    upper: tuple[float, float]
    """Right and upper edge, as seen from outside; left and right in the sense of the reader."""


@dataclass(frozen=True)
class Material:
    """Two colours (RGB, 0–1) mixed by a pattern of a given size."""

    color: Color
    second: Color
    pattern: str = "blotches"
    """One of `PATTERNS`."""
    scale_m: float = 0.1
    """Width of a stripe, board, square or blotch, metres."""
    kind: str = ""
    """What it is made of, in one word: wood, metal, fabric ..."""
    color_name: str = ""
    """The main colour in one word; empty where no single word says it."""
    gloss: float = 0.0
    """Share of light mirrored rather than scattered, 0 (matte) to 1 (a mirror)."""
    print: Print | None = None


def plain(color: Color) -> Material:
    """One colour with faint blotches, so that no surface is perfectly uniform."""
    darker = (0.9 * color[0], 0.9 * color[1], 0.9 * color[2])
    return Material(color, darker, "blotches", 0.08)
