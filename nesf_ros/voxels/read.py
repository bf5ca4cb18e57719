"""Answers about points and views, taken from a `VoxelMap`."""

from __future__ import annotations

import numpy as np
import torch
import warp as wp
from jaxtyping import Float, Float64
from numpy import ndarray
from torch import Tensor

from nesf_ros.types import OCCUPIED, Box, Intrinsics, PointAnswers, View
from nesf_ros.voxels.grid import BLOCK, BlockGrid
from nesf_ros.voxels.integrate import camera_struct, lattice_struct
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.raycast import Voxels, raycast
from nesf_ros.voxels.state import occupancy_code, probability_of, state_of
from nesf_ros.voxels.surface import surface_points

__all__ = ["SurfaceIndex", "describe_points", "render"]


class SurfaceIndex:
    """Nearest-surface distances, with a search tree that is rebuilt when the map has changed."""

    def __init__(self) -> None:
        self._key: tuple[str, int] | None = None
        self._search = None

    def distance(
        self, voxel_map: VoxelMap, points_map: Float64[ndarray, "n 3"]
    ) -> Float[ndarray, " n"]:
        """Metres from each point to the nearest surface point; +inf while there is none."""
        import open3d as o3d

        key = (voxel_map.map_id, voxel_map.revision)
        if key != self._key:
            surface, _ = surface_points(voxel_map)
            self._search = None
            if len(surface):
                self._search = o3d.core.nns.NearestNeighborSearch(o3d.core.Tensor(surface))
                self._search.knn_index()
            self._key = key
        if self._search is None or not len(points_map):
            return np.full(len(points_map), np.inf, np.float32)
        query = o3d.core.Tensor(np.ascontiguousarray(points_map, np.float32))
        _, squared = self._search.knn_search(query, 1)
        return np.sqrt(squared.numpy()[:, 0])


def describe_points(
    voxel_map: VoxelMap,
    points_map: Float64[ndarray, "n 3"],
    surfaces: SurfaceIndex,
    region: Box | None = None,
) -> PointAnswers:
    """State, probability and colour of the voxels around points, and distance to a surface.

    Points outside of `region` come back unobserved. Non-finite points raise MapError upstream.
    """
    device = voxel_map.device
    points = torch.from_numpy(points_map).to(device)
    voxel = torch.floor(points / voxel_map.config.voxel_size_m).long()
    block = torch.div(voxel, BLOCK, rounding_mode="floor")
    index, inverse = block.int().unique(dim=0, return_inverse=True)
    blocks = voxel_map.blocks(index)
    x, y, z = (voxel - block * BLOCK).unbind(1)
    row, within = blocks.row[inverse], (z * BLOCK + y) * BLOCK + x
    detailed = row >= 0
    uniform = blocks.free_weight[inverse]
    tsdf = torch.ones(len(points), device=device)
    weight, color = uniform.clone(), torch.zeros((len(points), 3), device=device)
    place = (row[detailed], within[detailed])
    tsdf[detailed], weight[detailed] = blocks.tsdf[place], blocks.weight[place]
    color[detailed] = blocks.color[place]
    code = occupancy_code(tsdf, weight, voxel_map.config.truncation_voxels)
    if region is not None:
        lower, upper = (torch.tensor(c, device=device) for c in (region.lower, region.upper))
        code[~((points >= lower) & (points < upper)).all(1)] = 0
    state = state_of(code)
    color[state != OCCUPIED] = 0
    return PointAnswers(
        state.cpu().numpy(),
        probability_of(code).cpu().numpy(),
        (color + 0.5).to(torch.uint8).cpu().numpy(),
        surfaces.distance(voxel_map, points_map).astype(np.float32),
    )


def render(
    voxel_map: VoxelMap,
    intrinsics: Intrinsics,
    world_T_camera: Float64[ndarray, "4 4"],
    max_range_m: float = 20.0,
    region: Box | None = None,
) -> View:
    """What a camera would see of the map's surfaces, up to a depth of `max_range_m`."""
    eye = world_T_camera[:3, 3]
    reach = Box(tuple((eye - 2 * max_range_m).tolist()), tuple((eye + 2 * max_range_m).tolist()))
    grid = voxel_map.dense(region or reach)
    lower, upper = _extent(grid, voxel_map.block_m)
    if region is not None:
        lower, upper = np.maximum(lower, region.lower), np.minimum(upper, region.upper)
    size = (intrinsics.height, intrinsics.width)
    color = torch.zeros((*size, 3), dtype=torch.uint8, device=voxel_map.device)
    depth = torch.zeros(size, dtype=torch.float32, device=voxel_map.device)
    normals = torch.zeros((*size, 3), dtype=torch.float32, device=voxel_map.device)
    wp.launch(
        raycast, size,
        [camera_struct(intrinsics, world_T_camera), _voxels(voxel_map, grid),
         wp.vec3(*lower.tolist()), wp.vec3(*upper.tolist()), max_range_m,
         wp.from_torch(color), wp.from_torch(depth), wp.from_torch(normals)],
        device=voxel_map.device,
    )  # fmt: skip
    return View(color.cpu().numpy(), depth.cpu().numpy(), normals.cpu().numpy())


def _extent(grid: BlockGrid, block_m: float) -> tuple[Float64[ndarray, " 3"], ...]:
    """Corners of the box of blocks that hold voxels, metres."""
    index: Tensor = (grid.slot >= 0).nonzero()
    if not len(index):
        return np.zeros(3), np.zeros(3)
    lower, upper = index.amin(0).cpu().numpy(), index.amax(0).cpu().numpy() + 1
    return (lower + grid.offset) * block_m, (upper + grid.offset) * block_m


def _voxels(voxel_map: VoxelMap, grid: BlockGrid) -> Voxels:
    voxels = Voxels()
    voxels.lattice = lattice_struct(grid, voxel_map.config)
    voxels.slot = wp.from_torch(grid.slot)
    voxels.tsdf, voxels.weight = wp.from_torch(grid.tsdf), wp.from_torch(grid.weight)
    voxels.color = wp.from_torch(grid.color)
    return voxels
