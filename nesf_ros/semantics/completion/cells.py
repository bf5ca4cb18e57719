"""What a completion network sees of a cube: geometry, and how relevant each place is.

Neither words nor pixels get here (Semantic Abstraction §3.1): relevancy maps of keyframes become
clouds of points, and these fall into the cube's cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float32, Int64, UInt8
from torch import Tensor

from nesf_ros.semantics.completion.volume import Volume
from nesf_ros.types import FREE, OCCUPIED, UNOBSERVED

CHANNELS = 7
"""Signed distance, occupied, unobserved, looked at, mean and highest relevancy of `BACKGROUND`,
and the label's relevancy."""
UNOBSERVED_CHANNEL = 2
"""1 where the map knows nothing."""
BACKGROUND = (
    "wall", "floor", "ceiling", "window", "door", "curtain", "rug", "table", "desk", "chair",
    "sofa", "bed", "pillow", "shelf", "bookcase", "cabinet", "drawer unit", "lamp", "house plant",
    "picture frame", "mirror", "clock", "television", "laptop", "keyboard", "telephone",
    "remote control", "loudspeaker", "book", "box", "bag", "bottle", "bowl", "plate", "can",
    "jar", "knife", "pan", "fridge", "stove", "microwave", "sink", "towel", "soap", "shoe", "hat",
    "ball", "toy car", "apple", "bread", "hammer", "scissors",
)  # fmt: skip
"""Everyday words that every label is seen against, the same for all of them: so what is said of a
label does not depend on what else is asked (Semantic Abstraction subtracts the mean over the labels
of a request)."""

CLEAR = 0.95
"""Signed distance, in truncations, from which free space is clear."""

Reduction = Literal["max", "mean"]


@dataclass(frozen=True)
class Cloud:
    """What one picture says of points in space (r_i of §3.1)."""

    points_map: Float32[Tensor, "n 3"]
    """Where its pixels end, map frame, metres."""
    relevancy: Float32[Tensor, "labels n"]
    """Of each label at those pixels, as the extractor gives it."""
    background: Float32[Tensor, "2 n"]
    """Mean and highest relevancy of `BACKGROUND`: what draws the eye whatever is asked."""


def background_of(
    relevancy: Float32[Tensor, "words rows cols"],
) -> Float32[Tensor, "2 rows cols"]:
    """What a picture's background is, from the relevancies of `BACKGROUND` in it."""
    return torch.stack([relevancy.mean(0), relevancy.amax(0)])


def geometry(
    tsdf: Float32[Tensor, " n"], state: UInt8[Tensor, " n"], cells: int
) -> Float32[Tensor, "3 x y z"]:
    """Signed distance (in truncations, -1–1), occupied and unobserved at the cells' middles."""
    channels = [tsdf, (state == OCCUPIED).float(), (state == UNOBSERVED).float()]
    return torch.stack(channels).view(3, cells, cells, cells)


def clear(tsdf: Float32[Tensor, " n"], state: UInt8[Tensor, " n"]) -> Bool[Tensor, " n"]:
    """Where the robot has looked and seen nothing, and nothing is near that either.

    Thin and small things hardly fill the voxels that they lie in, which then count as free: of what
    things truly fill, 11–14 % is called free on made rooms, and 4–5 % clear.
    """
    return (state == FREE) & (tsdf >= CLEAR)


def relevant_cells(
    clouds: Sequence[Cloud], volume: Volume, scale: float, reduction: Reduction = "max"
) -> tuple[Float32[Tensor, "3 x y z"], Float32[Tensor, "labels x y z"]]:
    """Which cells were looked at and their background, and each label's relevancy there.

    In a cell, the points of one picture are reduced as the paper says, by their maximum (§6.2) or,
    as its release does, by their mean; pictures then count alike. Everything is times `scale`.
    """
    count = volume.cells**3
    labels = len(clouds[0].relevancy) if clouds else 0
    total, seen = torch.zeros(2 + labels, count), torch.zeros(count)
    for cloud in clouds:
        index = volume.index(cloud.points_map)
        within = index >= 0
        index = index[within]
        values = torch.cat([cloud.background, cloud.relevancy])[:, within]
        total += _scattered(values, index, count, reduction)
        seen[index.unique()] += 1
    total *= scale / seen.clamp(min=1)
    shape = (volume.cells,) * 3
    looked = torch.cat([(seen > 0).float()[None], total[:2]]).view(3, *shape)
    return looked, total[2:].view(labels, *shape)


def channels(
    shared: Float32[Tensor, "others x y z"], relevancy: Float32[Tensor, "labels x y z"]
) -> Float32[Tensor, "labels channels x y z"]:
    """A network's input for every label: geometry and where was looked, then its relevancy."""
    each = shared[None].expand(len(relevancy), -1, -1, -1, -1)
    return torch.cat([each, relevancy[:, None]], 1)


def _scattered(
    values: Float32[Tensor, "rows n"], index: Int64[Tensor, " n"], count: int, reduction: Reduction
) -> Float32[Tensor, "rows count"]:
    out = torch.zeros(len(values), count)
    how = "amax" if reduction == "max" else "mean"
    return out.scatter_reduce_(
        1, index[None].expand(len(values), -1), values, how, include_self=False
    )
