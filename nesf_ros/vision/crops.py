"""A picture in crops of many sizes, as an image tower takes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float32, Int64, UInt8
from numpy import ndarray
from torch import Tensor

from nesf_ros.errors import VisionError
from nesf_ros.vision.tiles import Tiling, resized, tile, whole
from nesf_ros.vision.towers.base import Tower

FRACTIONS = (0.05, 0.125, 0.2, 0.275, 0.35, 0.425, 0.5)
"""Sides of LERF's crops, as fractions of the picture's height (its shorter side here)."""

OVERLAPPING, EDGE_TO_EDGE = 2, 1
"""By which part of its side a crop is moved to be the next one: half, all."""


@runtime_checkable
class Takes(Protocol):
    """What a tower wants to be given; `models.VisionModel` for one."""

    @property
    def image_px(self) -> int:
        """Side of the square pictures, pixels."""

    @property
    def device(self) -> torch.device:
        """Where it computes."""

    @property
    def mean(self) -> tuple[float, float, float]:
        """Subtracted from RGB in 0–1."""

    @property
    def std(self) -> tuple[float, float, float]:
        """What remains is divided by this."""


@runtime_checkable
class Sees(Takes, Protocol):
    """What looks at pictures; `models.VisionModel` for one."""

    @property
    def tower(self) -> Tower:
        """Its image tower."""


def pyramid(
    size: tuple[int, int], fractions: Sequence[float] = FRACTIONS, limit: int | None = None
) -> tuple[Tiling, ...]:
    """Half overlapping crops that cover a picture (height, width) once per fraction.

    `limit` is for live use: at most so many crops in all. Large ones come first, since they see
    things whole; a size that does not fit half overlapping is laid edge to edge; where that does
    not fit either the pyramid ends. The picture as a whole always fits. Raises VisionError for a
    limit below 1. The order is that of `fractions`. Source: LERF §3.3; its code leaves up to
    half a crop uncovered at the right and below, this does not.
    """
    if limit is None:
        return tuple(tile(size, fraction, OVERLAPPING) for fraction in fractions)
    if limit < 1:
        raise VisionError(f"a pyramid of {limit} crops was asked for; it has one at least")
    levels: dict[float, Tiling] = {}
    left = limit
    for fraction in sorted(fractions, reverse=True):
        choices = (tile(size, fraction, strides) for strides in (OVERLAPPING, EDGE_TO_EDGE))
        level = next((choice for choice in choices if len(choice) <= left), None)
        if level is None:
            break
        levels[fraction] = level
        left -= len(level)
    return tuple(levels[f] for f in fractions if f in levels) or (whole(size),)


def boxes_of(levels: Sequence[Tiling]) -> Int64[ndarray, "n 4"]:
    """The crops of a pyramid, level by level and row by row: left, top, right, bottom, pixels.

    Right and bottom are exclusive.
    """
    boxes = [
        (left, top, left + level.width, top + level.height)
        for level in levels
        for top in level.rows
        for left in level.cols
    ]
    return np.array(boxes, np.int64).reshape(-1, 4)


def crop_batches(
    image: UInt8[ndarray, "height width 3"],
    boxes: Int64[ndarray, "n 4"],
    model: Takes,
    batch: int = 64,
) -> Iterator[Float32[Tensor, "m 3 px px"]]:
    """Crops of an RGB picture in batches of at most `batch`, in order, ready for `tower.look`.

    Each is squeezed to the tower's square (antialiased bicubic, as CLIP's own preprocessing) and
    normalised. `boxes` are left, top, right, bottom in pixels, the latter two exclusive. Raises
    VisionError for a box that is empty or not inside the picture.
    """
    _check_boxes(boxes, image.shape)
    picture = torch.from_numpy(np.ascontiguousarray(image)).to(model.device).permute(2, 0, 1)
    for start in range(0, len(boxes), batch):
        some = boxes[start : start + batch].tolist()
        same_size = groupby(some, key=lambda box: (box[2] - box[0], box[3] - box[1]))
        parts = [
            torch.stack([picture[:, top:bottom, left:right] for left, top, right, bottom in group])
            for _, group in same_size
        ]
        yield torch.cat([resized(part, model.image_px, model.mean, model.std) for part in parts])


def embed_crops(
    model: Sees, image: UInt8[ndarray, "height width 3"], boxes: Int64[ndarray, "n 4"]
) -> Float32[Tensor, "n dim"]:
    """Embeddings of unit length of crops of an RGB picture. Raises as `crop_batches`."""
    batches = crop_batches(image, boxes, model)
    parts = [model.tower.look(batch).embedding() for batch in batches]
    return torch.cat([torch.empty(0, model.tower.dim, device=model.device), *parts])


def _check_boxes(boxes: Int64[ndarray, "n 4"], shape: tuple[int, ...]) -> None:
    left, top, right, bottom = boxes.T
    inside = (left >= 0) & (top >= 0) & (right <= shape[1]) & (bottom <= shape[0])
    wrong = np.flatnonzero(~inside | (right <= left) | (bottom <= top))
    if len(wrong):
        raise VisionError(
            f"crop {boxes[wrong[0]].tolist()} of a picture of {shape[1]}x{shape[0]} px; it must "
            "lie inside, with left < right and top < bottom"
        )
