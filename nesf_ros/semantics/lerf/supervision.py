"""What a keyframe teaches a language field: crops of its picture by size and place, and patches.

Source: LERF §3.2, §3.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Float16, Float32, Int64, UInt8
from numpy import ndarray
from torch import Tensor

from nesf_ros.errors import VisionError
from nesf_ros.vision.crops import FRACTIONS, Sees, boxes_of, embed_crops, pyramid
from nesf_ros.vision.tiles import Tiling


@dataclass(frozen=True)
class Crops:
    """Which crops of a picture are looked at (`vision.crops.pyramid`)."""

    fractions: tuple[float, ...] = FRACTIONS
    """Their sides, of the picture's shorter side."""
    limit: int | None = None
    """So many at most."""
    least_px: int = 0
    """Smaller ones are left out: a model makes nothing of a few pixels."""


@dataclass(frozen=True)
class CropPyramid:
    """Embeddings of a picture's crops, which tell of every place at every size between theirs."""

    levels: tuple[Tiling, ...]
    """Smallest crops first."""
    embeddings: Float32[Tensor, "crops dim"]
    """Of unit length, level by level and row by row."""

    @property
    def sides_px(self) -> Float32[Tensor, " levels"]:
        """Side of each level's crops."""
        return torch.tensor([float(level.height) for level in self.levels])

    def at(
        self, pixels: Float[Tensor, "n 2"], side_px: Float[Tensor, " n"]
    ) -> Float32[Tensor, "n dim"]:
        """What a crop of a side around each pixel (u, v) would look like.

        Interpolated between the four nearest crops of the sizes above and below (LERF §3.2);
        beyond the outermost centres, and beyond the largest and smallest size, those count. Not
        of unit length: the less the crops around a place agree, the shorter.
        """
        index, weight = [], []
        above, across = _between(self.sides_px, side_px.cpu().float())
        near = torch.stack([above - 1, above], 1).clamp(min=0)
        for level, share in zip(near.unbind(1), (1 - across, across), strict=True):
            places, shares = self._corners(pixels.cpu().float(), level)
            index.append(places)
            weight.append(shares * share[:, None])
        device = self.embeddings.device
        return F.embedding_bag(
            torch.cat(index, 1).to(device),
            self.embeddings,
            per_sample_weights=torch.cat(weight, 1).to(device),
            mode="sum",
        )

    def _corners(
        self, pixels: Float[Tensor, "n 2"], level: Int64[Tensor, " n"]
    ) -> tuple[Int64[Tensor, "n 4"], Float[Tensor, "n 4"]]:
        """The four crops of a level around each pixel, and their weights."""
        index = torch.zeros(len(pixels), 4, dtype=torch.int64)
        weight = torch.zeros(len(pixels), 4)
        first = 0
        for number, tiling in enumerate(self.levels):
            chosen = (level == number).nonzero()[:, 0]
            if len(chosen):
                u, v = pixels[chosen].unbind(1)
                right, across = _between(_centres(tiling.cols, tiling.width), u)
                lower, down = _between(_centres(tiling.rows, tiling.height), v)
                left, upper = (right - 1).clamp(min=0), (lower - 1).clamp(min=0)
                count = len(tiling.cols)
                places = [row * count + col for row in (upper, lower) for col in (left, right)]
                shares = [y * x for y in (1 - down, down) for x in (1 - across, across)]
                index[chosen] = torch.stack(places, 1) + first
                weight[chosen] = torch.stack(shares, 1)
            first += len(tiling)
        return index, weight


def _centres(edges: Sequence[int], side: int) -> Float32[Tensor, " tiles"]:
    return torch.tensor(edges, dtype=torch.float32) + (side - 1) / 2


def _between(
    knots: Float32[Tensor, " knots"], place: Float32[Tensor, " n"]
) -> tuple[Int64[Tensor, " n"], Float32[Tensor, " n"]]:
    """The knot above each place, and how far it is there from the one below, 0–1.

    Beyond the outermost knots those count; where there is but one, it is below and above.
    """
    if len(knots) == 1:
        return torch.zeros(len(place), dtype=torch.int64), torch.ones(len(place))
    above = torch.searchsorted(knots, place.contiguous()).clamp(1, len(knots) - 1)
    gap = (knots[above] - knots[above - 1]).clamp(min=1e-6)  # two may be as good as one
    return above, ((place - knots[above - 1]) / gap).clamp(0, 1)


def crop_pyramid(model: Sees, image: UInt8[ndarray, "height width 3"], crops: Crops) -> CropPyramid:
    """Look at an RGB picture in crops of several sizes. VisionError for numbers not finite."""
    size = (image.shape[0], image.shape[1])
    worth = [f for f in sorted(crops.fractions) if f * min(size) >= crops.least_px]
    levels = pyramid(size, worth or [max(crops.fractions)], crops.limit)
    embeddings = embed_crops(model, image, boxes_of(levels))
    if not bool(embeddings.isfinite().all()):
        raise VisionError("the model gives numbers for this keyframe that are not finite")
    return CropPyramid(levels, embeddings)


@dataclass(frozen=True)
class Lesson:
    """All that one keyframe teaches a language field."""

    crops: CropPyramid
    patches: Float16[Tensor, "rows cols width"]
    """Features that follow outlines, evenly over the colour image."""
