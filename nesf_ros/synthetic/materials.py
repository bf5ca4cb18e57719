"""Colours and procedural textures, evaluated at points in the frame of the object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64, UInt8
from numpy import ndarray

Color = tuple[float, float, float]
"""Red, green, blue, 0 to 1."""
_CELLS = 32  # the noise repeats after this many of its cells


@dataclass(frozen=True, eq=False)
class Print:
    """A picture on a surface: a label, a cover, a screen. Where it ends, the material begins."""

    image: UInt8[ndarray, "height width 3"]
    projection: str
    """How it lies on the solid, in the frame the solid was made in: "front" faces +y (and shows
    mirrored at the back), "top" faces +z with its upper edge towards +y, "round" wraps around the
    vertical axis."""
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
    """A key of `PATTERNS`."""
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


def _noise_table() -> Float32[ndarray, " cells"]:
    table = np.random.default_rng(20240229).random((_CELLS,) * 3, np.float32)
    # Padded by one cell, so that the upper neighbour of every cell is one step away in memory.
    return np.pad(table, ((0, 1),) * 3, mode="wrap").reshape(-1)


_NOISE = _noise_table()


def noise(points: Float32[ndarray, "n 3"]) -> Float32[ndarray, " n"]:
    """Smooth value noise in [0, 1] with unit cells."""
    below = np.floor(points)
    fraction = points - below
    fraction = fraction * fraction * (3 - 2 * fraction)
    cell = below.astype(np.int32) % _CELLS
    strides = ((_CELLS + 1) ** 2, _CELLS + 1, 1)
    base = cell @ np.array(strides, np.int32)
    x, y, z = fraction.T

    def along_z(offset: int) -> Float32[ndarray, " n"]:
        low = _NOISE[base + offset]
        return low + z * (_NOISE[base + offset + 1] - low)

    def along_yz(offset: int) -> Float32[ndarray, " n"]:
        low = along_z(offset)
        return low + y * (along_z(offset + strides[1]) - low)

    low = along_yz(0)
    return low + x * (along_yz(strides[0]) - low)


def _blotches(p: Float32[ndarray, "n 3"]) -> Float32[ndarray, " n"]:
    return noise(p)


def _fabric(p: Float32[ndarray, "n 3"]) -> Float32[ndarray, " n"]:
    """A fine weave over broad blotches."""
    weave = 0.5 + 0.25 * (np.sin(40 * p[:, 0] + 3 * p[:, 2]) + np.sin(40 * p[:, 1] + 3 * p[:, 2]))
    return 0.6 * noise(p) + 0.4 * weave


def _wood(p: Float32[ndarray, "n 3"]) -> Float32[ndarray, " n"]:
    """Grain along x: stripes across it, bent by noise."""
    bend = noise(p * np.array([0.15, 1.0, 1.0], np.float32))
    return 0.5 + 0.5 * np.sin(2 * np.pi * (0.7 * p[:, 1] + 0.5 * p[:, 2] + 1.8 * bend))


def _planks(p: Float32[ndarray, "n 3"]) -> Float32[ndarray, " n"]:
    """Boards along y, one unit wide and eight long, each of its own tone, with dark seams."""
    board = np.floor(p[:, 0])
    along = p[:, 1] / 8 + 0.37 * board
    tone = np.modf(np.abs(np.sin(12.9898 * board + 78.233 * np.floor(along))) * 43.758)[0]
    grain = noise(p * np.array([5.0, 0.6, 1.0], np.float32))
    seam = (np.modf(p[:, 0] - board)[0] < 0.03) | (along - np.floor(along) < 0.004)
    return np.where(seam, np.float32(1.6), 0.65 * tone + 0.35 * grain)


def _checker(p: Float32[ndarray, "n 3"]) -> Float32[ndarray, " n"]:
    # The offset keeps faces at round coordinates away from the border between two squares.
    return (np.floor(p + np.float32(0.137)).sum(1) % 2).astype(np.float32)


def _stripes(p: Float32[ndarray, "n 3"]) -> Float32[ndarray, " n"]:
    """Upright stripes that wrap around the object."""
    return (np.floor(p[:, 0] + p[:, 1] + np.float32(0.137)) % 2).astype(np.float32)


def _bands(p: Float32[ndarray, "n 3"]) -> Float32[ndarray, " n"]:
    """Level bands, one above the other."""
    return (np.floor(p[:, 2] + np.float32(0.137)) % 2).astype(np.float32)


def _speckle(p: Float32[ndarray, "n 3"]) -> Float32[ndarray, " n"]:
    """Small dark grains, as in terrazzo."""
    return (noise(2 * p) > 0.68).astype(np.float32)


def _brushed(p: Float32[ndarray, "n 3"]) -> Float32[ndarray, " n"]:
    """Fine lines along x, as on brushed metal."""
    return noise(p * np.array([0.2, 12.0, 12.0], np.float32))


def _dots(p: Float32[ndarray, "n 3"]) -> Float32[ndarray, " n"]:
    """Round dots on a cubic lattice."""
    offset = p + np.float32(0.137)
    offset = offset - np.floor(offset) - np.float32(0.5)
    return (np.einsum("ij,ij->i", offset, offset) < 0.2).astype(np.float32)


def _zigzag(p: Float32[ndarray, "n 3"]) -> Float32[ndarray, " n"]:
    """Level bands that go up and down."""
    along = p[:, 0] + p[:, 1]
    wave = np.abs(along - 2 * np.floor(along / 2) - 1)
    return (np.floor(p[:, 2] + wave + np.float32(0.137)) % 2).astype(np.float32)


def _marble(p: Float32[ndarray, "n 3"]) -> Float32[ndarray, " n"]:
    """Thin dark veins."""
    vein = np.sin(np.float32(np.pi) * (p[:, 0] + p[:, 1] + p[:, 2] + 4 * noise(0.7 * p)))
    return np.clip(1 - 5 * np.abs(vein), 0, 1).astype(np.float32)


def _tartan(p: Float32[ndarray, "n 3"]) -> Float32[ndarray, " n"]:
    """Crossing bands, darker where they meet."""
    bands = np.floor(p + np.float32(0.137)) % 2
    return (0.35 * bands.sum(1)).astype(np.float32)


PATTERNS: dict[str, Callable[[ndarray], ndarray]] = {
    "blotches": _blotches,
    "fabric": _fabric,
    "wood": _wood,
    "planks": _planks,
    "checker": _checker,
    "stripes": _stripes,
    "bands": _bands,
    "speckle": _speckle,
    "brushed": _brushed,
    "dots": _dots,
    "zigzag": _zigzag,
    "marble": _marble,
    "tartan": _tartan,
}
"""How far, 0–1, each point is mixed from the first to the second colour (seams overshoot)."""


def colors_at(
    materials: Sequence[Material],
    which: Int64[ndarray, " n"],
    local: Float32[ndarray, "n 3"],
) -> Float32[ndarray, "n 3"]:
    """Colour (RGB, 0–1) of n points; `which` indexes `materials`, `local` is in metres."""
    first = np.array([m.color for m in materials], np.float32)[which]
    second = np.array([m.second for m in materials], np.float32)[which]
    scaled = local / np.array([m.scale_m for m in materials], np.float32)[which, None]
    names = list(PATTERNS)
    pattern = np.array([names.index(m.pattern) for m in materials])[which]
    share = np.zeros(len(which), np.float32)
    for index, function in enumerate(PATTERNS.values()):
        chosen = np.flatnonzero(pattern == index)
        if chosen.size:
            share[chosen] = function(scaled[chosen])
    return first + share[:, None] * (second - first)
