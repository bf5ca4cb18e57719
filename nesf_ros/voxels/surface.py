"""Surfaces out of the map: points and meshes, by Open3D's marching cubes on our blocks.

Open3D puts a voxel's value at the voxel's lower corner, this map at its middle: what comes back is
shifted by half a voxel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float32
from numpy import ndarray

from nesf_ros.types import Box
from nesf_ros.voxels.blocks import Blocks
from nesf_ros.voxels.grid import BLOCK

if TYPE_CHECKING:
    import open3d

    from nesf_ros.voxels.map import VoxelMap

_ANY_EVIDENCE = 1e-6
NEAR_VOXELS = 2.0
"""Corners of a cell that holds surface lie within √3 voxels of it."""


def surface_points(
    voxel_map: VoxelMap, box: Box | None = None
) -> tuple[Float32[ndarray, "n 3"], Float32[ndarray, "n 3"]]:
    """Zero crossings of the signed distance along lattice edges, and their colours.

    Points are metres in the map frame, colours 0–1; both empty while there is no surface.
    """
    cloud = _open3d_grid(voxel_map, box)
    if cloud is None:
        return np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32)
    cloud = cloud.extract_point_cloud(weight_threshold=_ANY_EVIDENCE)
    if "positions" not in cloud.point or not len(cloud.point.positions):
        return np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32)
    points = cloud.point.positions.cpu().numpy() + voxel_map.config.voxel_size_m / 2
    return points.astype(np.float32), cloud.point.colors.cpu().numpy()


def surface_mesh(voxel_map: VoxelMap, box: Box | None = None) -> open3d.t.geometry.TriangleMesh:
    """Triangle mesh of the surface with vertex colours 0–1; empty while there is no surface."""
    import open3d as o3d

    grid = _open3d_grid(voxel_map, box)
    if grid is None:
        return o3d.t.geometry.TriangleMesh()
    mesh = grid.extract_triangle_mesh(weight_threshold=_ANY_EVIDENCE).cpu()
    if "positions" in mesh.vertex:
        mesh.translate([voxel_map.config.voxel_size_m / 2] * 3)
    return mesh


def _open3d_grid(voxel_map: VoxelMap, box: Box | None) -> open3d.t.geometry.VoxelBlockGrid | None:
    """The map's blocks in Open3D's own container; None if no block holds voxels."""
    # Imported here: open3d takes a second to load, and mapping itself does without it.
    import open3d as o3d

    blocks: Blocks = voxel_map.blocks(voxel_map.block_index(box))
    rows = blocks.row >= 0
    count = int(rows.sum())
    if not count:
        return None
    core = o3d.core
    device = core.Device(voxel_map.device.upper() if "cuda" in voxel_map.device else "CPU:0")
    grid = o3d.t.geometry.VoxelBlockGrid(
        ("tsdf", "weight", "color"), (core.float32,) * 3, ((1,), (1,), (3,)),
        voxel_map.config.voxel_size_m, BLOCK, count, device,
    )  # fmt: skip
    keys = _share(blocks.index[rows].contiguous())
    slots, _ = grid.hashmap().insert(
        keys, [core.Tensor.zeros((count, *shape), core.float32, device) for shape in _SHAPES]
    )
    order = torch.utils.dlpack.from_dlpack(slots.to(core.int64).to_dlpack())
    # A cell that a surface crosses has all corners near it. Without the others no surface is seen
    # where free space borders on what lies hidden behind a surface.
    near = blocks.tsdf.abs() * voxel_map.config.truncation_voxels < NEAR_VOXELS
    weight = torch.where(near, blocks.weight, 0.0)
    # Between a voxel that holds exactly 0 and its neighbours, Open3D would see no change of sign.
    tsdf = torch.where(blocks.tsdf == 0, 1e-6, blocks.tsdf)
    for name, values in (("tsdf", tsdf), ("weight", weight), ("color", blocks.color)):
        target = torch.utils.dlpack.from_dlpack(grid.attribute(name).to_dlpack())
        target.view(len(target), -1)[order] = values[blocks.row[rows]].flatten(1)
    return grid


_SHAPES = ((BLOCK, BLOCK, BLOCK, 1), (BLOCK, BLOCK, BLOCK, 1), (BLOCK, BLOCK, BLOCK, 3))


def _share(tensor: torch.Tensor) -> open3d.core.Tensor:
    import open3d as o3d

    return o3d.core.Tensor.from_dlpack(torch.utils.dlpack.to_dlpack(tensor))
