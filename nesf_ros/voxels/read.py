"""Answers about points and views, taken from a `VoxelMap`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import warp as wp
from jaxtyping import Float64
from numpy import ndarray
from torch import Tensor

from nesf_ros.types import OCCUPIED, Box, Intrinsics, PointAnswers, View
from nesf_ros.voxels.grid import BlockGrid
from nesf_ros.voxels.integrate import camera_struct, lattice_struct
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.raycast import Voxels, raycast
from nesf_ros.voxels.sampling import colors_of, find_voxels
from nesf_ros.voxels.state import occupancy_code, probability_of, state_of
from nesf_ros.voxels.surface import surface_points

if TYPE_CHECKING:
    import open3d

__all__ = ["SurfaceIndex", "describe_points", "render"]

FAR_M = 1e6
"""Beyond every map, and its square still a number in single precision."""


class SurfaceIndex:
    """Nearest-surface distances, with a search tree that is rebuilt when the map has changed."""

    def __init__(self) -> None:
        self._key: tuple[str, int] | None = None
        self._search: open3d.core.nns.NearestNeighborSearch | None = None
        self._surface = np.zeros((0, 3), np.float32)

    def distance(
        self, voxel_map: VoxelMap, points_map: Float64[ndarray, "n 3"]
    ) -> Float64[ndarray, " n"]:
        """Metres from each point to the nearest surface point; +inf while there is none."""
        import open3d as o3d

        key = (voxel_map.map_id, voxel_map.revision)
        if key != self._key:
            self._surface, _ = surface_points(voxel_map)
            self._search = None
            if len(self._surface):
                self._search = o3d.core.nns.NearestNeighborSearch(o3d.core.Tensor(self._surface))
                self._search.knn_index()
            self._key = key
        if self._search is None or not len(points_map):
            return np.full(len(points_map), np.inf)
        # The search squares distances in single precision, so it gets points that are near enough
        # for that; the distance itself is taken from the true ones.
        near = np.ascontiguousarray(points_map.clip(-FAR_M, FAR_M), np.float32)
        nearest = self._search.knn_search(o3d.core.Tensor(near), 1)[0].numpy()[:, 0]
        return np.linalg.norm(points_map.clip(-1e30, 1e30) - self._surface[nearest], axis=1)


def describe_points(
    voxel_map: VoxelMap,
    points_map: Float64[ndarray, "n 3"],
    surfaces: SurfaceIndex,
    region: Box | None = None,
) -> PointAnswers:
    """State, probability and colour of the voxels around points, and distance to a surface.

    Points outside of `region` come back unobserved. All points must be finite.
    """
    device = voxel_map.device
    points = torch.tensor(np.ascontiguousarray(points_map), device=device)
    found = find_voxels(voxel_map, points)
    code = occupancy_code(found.tsdf, found.weight, voxel_map.config.truncation_voxels)
    if region is not None:
        corners = torch.tensor([region.lower, region.upper], dtype=torch.float64, device=device)
        lower, upper = corners
        code[~((points >= lower) & (points < upper)).all(1)] = 0
    state = state_of(code)
    color = colors_of(voxel_map, found, state == OCCUPIED)
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
    """What a camera would see of the map's surfaces, up to a depth of `max_range_m`.

    MapError where the view takes in more of the map than one grid holds.
    """
    grid = voxel_map.dense(region or _visible(intrinsics, world_T_camera, max_range_m))
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


def _visible(
    intrinsics: Intrinsics, world_T_camera: Float64[ndarray, "4 4"], max_range_m: float
) -> Box:
    """The box around everything that a camera sees."""
    u, v = (np.array([-0.5, size - 0.5]) for size in (intrinsics.width, intrinsics.height))
    x, y = np.meshgrid((u - intrinsics.cx) / intrinsics.fx, (v - intrinsics.cy) / intrinsics.fy)
    rays = np.stack([x.ravel(), y.ravel(), np.ones(4)], 1)
    corners = np.vstack([np.zeros(3), rays * max_range_m])
    corners = corners @ world_T_camera[:3, :3].T + world_T_camera[:3, 3]
    return Box(tuple(corners.min(0).tolist()), tuple(corners.max(0).tolist()))


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
