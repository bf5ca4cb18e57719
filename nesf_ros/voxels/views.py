"""The map as people and planners like to look at it: occupied voxels, and a slice from above."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float32, Int8, UInt8
from numpy import ndarray
from torch import Tensor

from nesf_ros.voxels.grid import BLOCK
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.state import occupancy_code, probability_of

UNKNOWN, CLEAR, BLOCKED = -1, 0, 100
"""Cells of a nav_msgs/OccupancyGrid."""
_BLOCKS_AT_ONCE = 4096


def occupied_voxels(
    voxel_map: VoxelMap,
) -> tuple[Float32[ndarray, "n 3"], UInt8[ndarray, "n 3"], Float32[ndarray, " n"]]:
    """Centres (metres, map frame), colours and probabilities of all occupied voxels."""
    size = voxel_map.config.voxel_size_m
    parts = []
    for every, row, code, color, uniform in _parts(voxel_map):
        index = every[~uniform]
        block, voxel = (code[row] >= 128).nonzero(as_tuple=True)
        offset = torch.stack([voxel % 8, (voxel // 8) % 8, voxel // 64], 1)
        centres = (index[block] * BLOCK + offset + 0.5) * size
        place = (row[block], voxel)
        values = (centres.float(), color[place], probability_of(code[place]))
        parts.append([v.cpu().numpy() for v in values])
    if not parts:
        return np.zeros((0, 3), np.float32), np.zeros((0, 3), np.uint8), np.zeros(0, np.float32)
    points, colors, probability = (np.concatenate(column) for column in zip(*parts, strict=True))
    return points, (colors + 0.5).astype(np.uint8), probability


def occupancy_slice(
    voxel_map: VoxelMap, low_m: float, high_m: float
) -> tuple[Int8[ndarray, "y x"], tuple[float, float]]:
    """Cells between two heights seen from above, and the outer corner of the first one, metres.

    BLOCKED where a voxel is occupied, else CLEAR where one is free, else UNKNOWN. 1×1 and UNKNOWN
    while there is nothing between these heights.
    """
    size = voxel_map.config.voxel_size_m
    first, last = int(np.floor(low_m / size + 1e-6)), int(np.ceil(high_m / size - 1e-6))
    columns, values = [], []
    for index, row, code, _, uniform in _parts(voxel_map):
        z = index[:, 2, None] * BLOCK + torch.arange(BLOCK, device=index.device)
        wanted = ((z >= first) & (z < last))[:, :, None]
        level = torch.full((len(index), BLOCK, 64), UNKNOWN, dtype=torch.int8, device=index.device)
        level[uniform] = CLEAR
        detailed = code[row].view(len(row), BLOCK, 64)
        seen = torch.where(detailed >= 128, BLOCKED, torch.where(detailed > 0, CLEAR, UNKNOWN))
        level[~uniform] = seen.to(torch.int8)
        top = torch.where(wanted, level, UNKNOWN).amax(1)
        keep = wanted.any(1)[:, 0]
        columns.append(index[keep, :2].cpu().numpy())
        values.append(top[keep].cpu().numpy().reshape(-1, BLOCK, BLOCK))
    if not columns or not sum(len(c) for c in columns):
        return np.full((1, 1), UNKNOWN, np.int8), (0.0, 0.0)
    place, cells = np.concatenate(columns), np.concatenate(values)
    corner = place.min(0)
    shape = place.max(0) + 1 - corner
    out = np.full((shape[1], shape[0], BLOCK, BLOCK), UNKNOWN, np.int8)
    x, y = (place - corner).T
    np.maximum.at(out, (y, x), cells)
    flat = out.transpose(0, 2, 1, 3).reshape(shape[1] * BLOCK, shape[0] * BLOCK)
    return flat, (float(corner[0] * BLOCK * size), float(corner[1] * BLOCK * size))


def _parts(voxel_map: VoxelMap) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor, Tensor]]:
    """Blocks in bounded portions: index, rows of detailed ones, codes, colours, which are uniform.

    Detailed blocks come with their row, uniform ones without: `index` holds both, in one order.
    """
    for index in voxel_map.block_index().split(_BLOCKS_AT_ONCE):
        blocks = voxel_map.blocks(index)
        code = occupancy_code(blocks.tsdf, blocks.weight, voxel_map.config.truncation_voxels)
        yield index, blocks.row[blocks.row >= 0], code, blocks.color, blocks.row < 0
