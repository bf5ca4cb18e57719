"""What a table of voxels lets go: what the map has lost, and the oldest where memory is full."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Bool, Int, Int32, Int64
from torch import Tensor

from nesf_ros.voxels.blocks import BLOCKS_AT_ONCE
from nesf_ros.voxels.grid import VOXELS
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.state import surface_probability
from nesf_ros.voxels.table import BYTES_PER_BLOCK, VoxelTable, block_keys, split

GONE_BELOW = 0.25
"""Probability of a surface below which nothing is there any more."""
FILL = 0.8
"""Part of the memory limit that is used; the rest is room to grow into."""
_SET_FREE = 16
"""One block in so many goes when memory is full."""


def evicted(voxel_map: VoxelMap, table: VoxelTable) -> Int[Tensor, "n 3"]:
    """Blocks of a table that the map does not have any more."""
    known = block_keys(voxel_map.block_index())
    mine = table.block_index
    return mine[~torch.isin(block_keys(mine), known)]


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


def make_room(
    table: VoxelTable, voxels: Int64[Tensor, "n 3"], now: int, limit_mib: float
) -> Bool[Tensor, " n"]:
    """Which of some voxels a table has room for, once the blocks not `seen` for longest have gone.

    Blocks of these voxels are stamped as seen `now`, and stay. FILL of `limit_mib` is filled.
    """
    limit = FILL * limit_mib * 2**20
    block, _ = split(voxels)
    mine = table.slots(block)
    table.seen[mine[mine >= 0]] = now
    fresh = table.rows_of(voxels) < 0
    needed = int(fresh.sum()) * table.row_bytes
    needed += len(block[mine < 0].unique(dim=0)) * BYTES_PER_BLOCK
    while table.used_bytes + needed > limit:
        old = (table.seen < now).nonzero()[:, 0]
        if not len(old):
            break
        table.remove_blocks(old[table.seen[old].argsort()[: 1 + len(old) // _SET_FREE]])
    if table.used_bytes + needed <= limit:
        return torch.ones_like(fresh)
    room = int((limit - table.used_bytes) // (table.row_bytes + BYTES_PER_BLOCK))
    return ~fresh | (fresh.cumsum(0) <= room)
