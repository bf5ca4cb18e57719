"""What a layer knows of places: of points, by the voxel around each or one beside it; of boxes."""

from __future__ import annotations

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from nesf_ros.types import Box, Progress, unheard
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.grid import BLOCK
from nesf_ros.voxels.map import MAX_INDEX

REACH_VOXELS = 1.0
"""A point is answered for by a voxel whose centre is no farther than this, in voxels."""
_FARTHEST = MAX_INDEX * BLOCK - 2
"""Index of the last voxels that blocks can number."""
POINTS_AT_ONCE = 2**15
"""Looked up before it is told how far this is."""


def rows_at(
    layer: FeatureLayer,
    points_m: Float64[Tensor, "n 3"],
    voxel_size_m: float,
    progress: Progress = unheard,
) -> Int64[Tensor, " n"]:
    """Row of the voxel that each point (map frame) belongs to, −1 where there is none.

    A surface passes through voxels whose centres are too far from it to be occupied: points in
    these belong to the nearest voxel beside, if that has a row.
    """
    parts = points_m.split(POINTS_AT_ONCE)
    rows = []
    for number, part in enumerate(parts):
        progress("looking up the points in words", number / len(parts))
        rows.append(_rows_at(layer, part.to(layer.device) / voxel_size_m))
    return torch.cat(rows)


def rows_in(layer: FeatureLayer, box: Box, voxel_size_m: float) -> Int64[Tensor, " n"]:
    """Rows of the voxels whose centres lie in a box (map frame)."""
    voxels = layer.table.voxels()
    centres = (voxels.double() + 0.5) * voxel_size_m
    lower, upper = (
        torch.tensor(corner, dtype=torch.float64, device=voxels.device)
        for corner in (box.lower, box.upper)
    )
    return ((centres >= lower) & (centres < upper)).all(1).nonzero()[:, 0]


def _rows_at(layer: FeatureLayer, points: Float64[Tensor, "n 3"]) -> Int64[Tensor, " n"]:
    """As `rows_at`, for points in voxels."""
    voxel = torch.floor(points).clamp(-_FARTHEST, _FARTHEST).long()
    rows = layer.table.rows_of(voxel)
    left = (rows < 0).nonzero()[:, 0]
    steps = torch.arange(-1, 2, device=layer.device)
    offsets = torch.cartesian_prod(steps, steps, steps)
    best = torch.full((len(left),), REACH_VOXELS, dtype=torch.float64, device=layer.device)
    for offset in offsets[offsets.any(1)]:
        beside = voxel[left] + offset
        distance = (points[left] - (beside + 0.5)).norm(dim=1)
        found = layer.table.rows_of(beside)
        nearer = (found >= 0) & (distance <= best)
        rows[left[nearer]], best[nearer] = found[nearer], distance[nearer]
    return rows
