"""Voxels in which something was, and is no more."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Bool, Int32, Int64
from torch import Tensor

from nesf_ros.voxels.blocks import BLOCKS_AT_ONCE
from nesf_ros.voxels.grid import VOXELS
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.state import surface_probability
from nesf_ros.voxels.table import VoxelTable

GONE_BELOW = 0.25
"""Probability of a surface below which nothing is there any more."""


def vanished(voxel_map: VoxelMap, table: VoxelTable, since: int) -> Iterator[Int64[Tensor, " n"]]:
    """Rows of a table that the map's changes after revision `since` have left without a surface.

    They come in portions; a portion's rows are to be removed before the next is asked for.
    """
    changed = voxel_map.block_index(since=since)
    for part in changed[table.slots(changed) >= 0].split(BLOCKS_AT_ONCE):
        rows = table.rows_of_blocks(part)
        yield rows[~_may_be_occupied(voxel_map, part) & (rows >= 0)]


def _may_be_occupied(voxel_map: VoxelMap, index: Int32[Tensor, "n 3"]) -> Bool[Tensor, "n voxels"]:
    """Where there is a surface, or may well be: states of single voxels come and go with noise."""
    blocks = voxel_map.blocks(index)
    distance = blocks.tsdf * voxel_map.config.truncation_voxels
    likely = (surface_probability(distance) > GONE_BELOW) & (blocks.weight > 0)
    out = torch.zeros((len(index), VOXELS), dtype=torch.bool, device=index.device)
    detailed = blocks.row >= 0
    out[detailed] = likely[blocks.row[detailed]]
    return out
