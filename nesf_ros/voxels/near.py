"""Which voxels are close to a surface: where a finer model of it is worth sampling."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Int32
from torch import Tensor

from nesf_ros.types import Box
from nesf_ros.voxels.grid import BLOCK
from nesf_ros.voxels.map import VoxelMap

BAND_VOXELS = 1.25
"""Signed distance within which a voxel counts as close."""


def near_surface(
    voxel_map: VoxelMap, box: Box, since: int
) -> tuple[Int32[Tensor, "n 3"], Bool[Tensor, "n x y z"]]:
    """Blocks that touch `box` and changed after revision `since`, and which voxels are close.

    In the order x, y, z within a block.
    """
    blocks = voxel_map.blocks(voxel_map.block_index(box, since))
    distance = blocks.tsdf.abs() * voxel_map.config.truncation_voxels
    close = (distance <= BAND_VOXELS) & (blocks.weight > 0)
    near = torch.zeros(
        (len(blocks.index), BLOCK, BLOCK, BLOCK), dtype=torch.bool, device=close.device
    )
    detailed = blocks.row >= 0
    rows = close[blocks.row[detailed]].view(-1, BLOCK, BLOCK, BLOCK)
    near[detailed] = rows.permute(0, 3, 2, 1)  # a block's voxels lie in the order z, y, x
    return blocks.index, near
