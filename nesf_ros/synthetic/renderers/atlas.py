"""Texture atlas: what every triangle of a scene is painted with, in one bitmap.

Materials are functions of a place in 3D, but other renderers want pictures. Every triangle gets
the lower left or the upper right half of a rectangle of texels, stretched along its two shorter
sides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int32, Int64, UInt8
from numpy import ndarray

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.scene import Scene

MAX_SIZE_PX = 4096
"""Of the bitmap; texels grow until a scene fits."""

_TEXEL_M = (0.001, 0.004)
_TEXELS_ACROSS = 256  # over a solid's largest side, if texels of these sizes allow it
_LONGEST = 2048  # texels along one side of a triangle
_CHUNK = 1 << 18  # texels painted at once

Albedo = Callable[[Int32[ndarray, " n"], Float32[ndarray, "n 2"]], Float32[ndarray, "n 3"]]
"""Base colour (RGB, 0–1) at triangle indices and weights of second and third corner."""


class Atlas(NamedTuple):
    """A painted scene."""

    image: UInt8[ndarray, "height width 3"]
    """Base colours as on a display (sRGB)."""
    places: Float32[ndarray, "triangles 3 2"]
    """Where each triangle's corners lie in the image: 0–1 across from its left edge, and down
    from its upper edge."""


class _Rectangles(NamedTuple):
    """Two triangles each; the second one lies turned by half a turn."""

    triangles: Int64[ndarray, "n 2"]
    size: Int64[ndarray, "n 2"]
    """Texels across and down. Between the halves, and beside each, there is one to spare, so
    that blending neighbours on a triangle's edge never meets foreign colour."""
    at: Int64[ndarray, "n 2"]
    """Its upper left texel."""


def bake(scene: Scene, albedo: Albedo, max_size_px: int = MAX_SIZE_PX) -> Atlas:
    """Paint an atlas of a scene, at most `max_size_px` wide and high.

    Texels measure 1 to 4 mm, a 256th of a solid's largest side where that lies between them, and
    more in scenes that would not fit. Raises ConfigError for more triangles than have room.
    """
    # The corner opposite the longest side comes first: the two sides from it span the rectangle.
    sides = np.linalg.norm(
        scene.triangles[:, [2, 0, 1]] - scene.triangles[:, [1, 2, 0]], axis=2
    )  # of corner i: the one opposite
    order = (sides.argmax(1)[:, None] + np.arange(3)) % 3
    spans = np.take_along_axis(sides, order[:, [2, 1]], axis=1)
    turned = spans[:, 0] < spans[:, 1]
    order[turned] = order[turned][:, [0, 2, 1]]
    spans[turned] = spans[turned][:, ::-1]

    texels = spans / _texel_m(scene)[:, None]
    rectangles = _packed(texels, max_size_px)
    while rectangles is None:
        if texels.max() < 1:
            raise ConfigError(
                f"scene {scene.name}: {len(order)} triangles do not fit into an atlas of "
                f"{max_size_px} px; allow a larger one"
            )
        texels = texels / 1.2
        rectangles = _packed(texels, max_size_px)
    width, height = (rectangles.at + rectangles.size).max(0).tolist()
    image = np.zeros((height, width, 3), np.uint8)
    _paint(image, rectangles, order, albedo)
    return Atlas(image, _places(rectangles, order) / np.array([width, height], np.float32))


def _texel_m(scene: Scene) -> Float64[ndarray, " triangles"]:
    reach = np.array([(solid.bounds[1] - solid.bounds[0]).max() for solid in scene.solids])
    return np.clip(reach / _TEXELS_ACROSS, *_TEXEL_M)[scene.solid_of]


def _packed(texels: Float64[ndarray, "triangles 2"], max_size_px: int) -> _Rectangles | None:
    """Pair triangles of like size and lay them in rows; None where they do not fit."""
    counts = np.clip(np.ceil(texels), 1, min(_LONGEST, max_size_px // 2)).astype(np.int64) + 1
    # Heights in coarse steps, so that many triangles of like widths can share a row.
    counts[:, 1] = np.ceil(1.2 ** np.ceil(np.log(counts[:, 1]) / np.log(1.2)))
    falling = np.lexsort((-counts[:, 0], -counts[:, 1]))
    pairs = np.append(falling, falling[-1:] if len(falling) % 2 else falling[:0]).reshape(-1, 2)
    size = counts[pairs].max(1) + 2
    width = min(max_size_px, max(int(size[:, 0].max()), int(1.02 * np.sqrt(size.prod(1).sum()))))
    ends = np.cumsum(size[:, 0])
    at = np.empty_like(size)
    start = down = 0
    while start < len(size):
        left = ends[start] - size[start, 0]
        stop = int(np.searchsorted(ends, left + width, side="right"))
        at[start:stop, 0] = ends[start:stop] - size[start:stop, 0] - left
        at[start:stop, 1] = down
        down += int(size[start:stop, 1].max())
        start = stop
    return _Rectangles(pairs, size, at) if down <= max_size_px else None


def _paint(
    image: UInt8[ndarray, "height width 3"],
    rectangles: _Rectangles,
    order: Int64[ndarray, "triangles 3"],
    albedo: Albedo,
) -> None:
    areas = rectangles.size.prod(1)
    ends = np.cumsum(areas)
    for start in range(0, int(ends[-1]), _CHUNK):
        texel = np.arange(start, min(start + _CHUNK, ends[-1]))
        which = np.searchsorted(ends, texel, side="right")
        down, across = np.divmod(texel - (ends - areas)[which], rectangles.size[which, 0])
        at = np.stack([across, down], axis=1)
        span = rectangles.size[which] - 3
        second = _beyond_first(at, span)
        local = np.where(second[:, None], rectangles.size[which] - 1 - at, at)
        triangles = rectangles.triangles[which, second.astype(np.int64)]
        weights = np.zeros((len(texel), 3), np.float32)
        shares = local / span
        for corner, share in enumerate((1 - shares.sum(1), *shares.T)):
            weights[np.arange(len(texel)), order[triangles, corner]] = share
        colors = albedo(triangles.astype(np.int32), weights[:, 1:])
        column, row = (rectangles.at[which] + at).T
        image[row, column] = 255 * np.clip(colors, 0, 1) + 0.5


def _beyond_first(at: Int64[ndarray, "n 2"], span: Int64[ndarray, "n 2"]) -> Bool[ndarray, " n"]:
    """Whether texels belong to the second triangle of a rectangle."""
    return (at / span).sum(1) > 1 + (1 / span).sum(1) + 1e-9


def _places(
    rectangles: _Rectangles, order: Int64[ndarray, "triangles 3"]
) -> Float32[ndarray, "triangles 3 2"]:
    """Corners in texels: on the centres of a half's outermost ones."""
    places = np.empty((len(order), 3, 2), np.float32)
    for half, sign in ((1, -1), (0, 1)):  # the first one last: it may stand in for the second
        origin = rectangles.at + half * (rectangles.size - 1) + 0.5
        triangles = rectangles.triangles[:, half]
        for corner in range(3):
            step = (np.arange(2) == corner - 1) * (rectangles.size - 3)
            places[triangles, order[triangles, corner]] = origin + sign * step
    return places
