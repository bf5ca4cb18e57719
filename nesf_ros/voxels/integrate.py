"""Frames into blocks: projective TSDF, colour and free space in one pass over the frustum.

Blocks are classified against summaries of the depth image before any voxel is touched (compare
Funk et al., "Multi-Resolution 3D Mapping with Explicit Free Space Representation", 2021): empty
space costs one flag per block, and only blocks near a surface or a hole cost voxels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import warp as wp
from jaxtyping import Float64
from numpy import ndarray
from torch import Tensor

from nesf_ros.config import MapConfig
from nesf_ros.types import Intrinsics, PosedFrame
from nesf_ros.voxels import fusing, kernels
from nesf_ros.voxels.grid import BLOCK, BlockGrid


@dataclass(frozen=True)
class Integration:
    """What one frame did to a grid."""

    changed_blocks: int
    """Blocks whose content was updated."""
    new_blocks: int
    """Blocks that got a place in the pool."""
    refused_blocks: int
    """Blocks left out because the memory limit was reached."""


def camera_struct(intrinsics: Intrinsics, camera_T_map: Float64[ndarray, "4 4"]) -> kernels.Camera:
    """The kernels' form of a camera that sees map coordinates through `camera_T_map`."""
    camera = kernels.Camera()
    camera.rotation = wp.mat33(*camera_T_map[:3, :3].ravel().tolist())
    camera.translation = wp.vec3(*camera_T_map[:3, 3].tolist())
    camera.fx, camera.fy = intrinsics.fx, intrinsics.fy
    camera.cx, camera.cy = intrinsics.cx, intrinsics.cy
    camera.width, camera.height = intrinsics.width, intrinsics.height
    return camera


def lattice_struct(grid: BlockGrid, config: MapConfig) -> kernels.Lattice:
    """The kernels' form of a grid's geometry."""
    lattice = kernels.Lattice()
    lattice.offset = wp.vec3i(*grid.offset)
    lattice.shape = wp.vec3i(*grid.shape)
    lattice.voxel_m = config.voxel_size_m
    lattice.truncation_m = config.voxel_size_m * config.truncation_voxels
    return lattice


class Integrator:
    """Fuses posed frames into `BlockGrid`s on one device."""

    def __init__(self, config: MapConfig, device: str):
        self.config = config
        self.device = device
        self._behind_m = config.voxel_size_m * kernels.DEEPEST
        self._limits = kernels.Range()
        self._limits.near_m, self._limits.far_m = config.min_depth_m, config.max_depth_m
        self._fusion = fusing.Fusion()
        self._fusion.max_weight = config.max_weight
        self._fusion.contradiction_frames = config.contradiction_frames

    def integrate(self, grid: BlockGrid, frame: PosedFrame, revision: int) -> Integration:
        """Fuse `frame` into `grid`; changed blocks are marked with `revision`.

        Blocks that find no room in the grid's pool are left out and counted. A frame without a
        valid depth pixel changes nothing.
        """
        rgbd = frame.rgbd
        camera = camera_struct(rgbd.depth_intrinsics, np.linalg.inv(frame.world_T_camera))
        depth = wp.from_numpy(rgbd.depth_m, dtype=wp.float32, device=self.device)
        summary, factor = self._summarise(depth, camera)
        box = self._candidates(grid, frame, float(summary.farthest.numpy().max()))
        if box is None:
            return Integration(0, 0, 0)
        verdict = self._classify(grid, camera, summary, *box)
        blocks, slots, report = self._prepare(grid, verdict, box[0], revision)
        if len(slots):
            self._fuse(grid, frame, (camera, depth, factor), (blocks, slots))
        return report

    def _summarise(
        self, depth: wp.array, camera: kernels.Camera
    ) -> tuple[kernels.Summary, wp.array]:
        """The tiles of a depth image, and its normal factors at half resolution."""
        shape = tuple(-(-size // kernels.TILE) for size in depth.shape)
        factor = wp.empty(tuple(-(-size // 2) for size in depth.shape), float, device=self.device)
        out = kernels.Summary()
        out.nearest, out.farthest, out.least_factor = (
            wp.empty(shape, float, device=self.device) for _ in range(3)
        )
        out.holes = wp.empty(shape, wp.uint8, device=self.device)
        outputs = [factor, out.nearest, out.farthest, out.least_factor, out.holes]
        wp.launch(kernels.summarise_tiles, shape, [depth, camera, *outputs], device=self.device)
        return out, factor

    def _candidates(
        self, grid: BlockGrid, frame: PosedFrame, farthest_m: float
    ) -> tuple[ndarray, ndarray] | None:
        """First local index and shape of the box of blocks that the frustum can touch."""
        if farthest_m <= 0:
            return None
        reach = min(farthest_m + self._behind_m, self.config.max_depth_m)
        camera = frame.rgbd.depth_intrinsics
        right, bottom = camera.width - 0.5, camera.height - 0.5
        corners = np.array([[-0.5, -0.5], [right, -0.5], [-0.5, bottom], [right, bottom]])
        rays = (corners - [camera.cx, camera.cy]) / [camera.fx, camera.fy]
        points = np.vstack([np.zeros((1, 3)), np.c_[rays, np.ones(4)] * reach])
        points = points @ frame.world_T_camera[:3, :3].T + frame.world_T_camera[:3, 3]
        size = self.config.voxel_size_m * BLOCK
        first = np.floor(points.min(0) / size).astype(np.int64) - grid.offset
        last = np.floor(points.max(0) / size).astype(np.int64) - grid.offset
        first = np.maximum(first, 0)
        shape = np.minimum(last + 1, grid.shape) - first
        return (first, shape) if (shape > 0).all() else None

    def _classify(
        self,
        grid: BlockGrid,
        camera: kernels.Camera,
        summary: kernels.Summary,
        first: ndarray,
        shape: ndarray,
    ) -> Tensor:
        verdict = torch.empty(tuple(shape.tolist()), dtype=torch.uint8, device=grid.device)
        wp.launch(
            kernels.classify_blocks,
            verdict.shape,
            [camera, lattice_struct(grid, self.config), self._limits, summary,
             wp.vec3i(*first.tolist()), wp.from_torch(verdict)],
            device=self.device,
        )  # fmt: skip
        return verdict

    def _prepare(
        self, grid: BlockGrid, verdict: Tensor, first: ndarray, revision: int
    ) -> tuple[Tensor, Tensor, Integration]:
        """Book uniformly free blocks, allocate the others; returns those to fuse voxel by voxel."""
        x, y, z = (slice(a, a + n) for a, n in zip(first.tolist(), verdict.shape, strict=True))
        slot, free_weight = grid.slot[x, y, z], grid.free_weight[x, y, z]
        seen = verdict != kernels.SKIP
        uniform = (verdict == kernels.UNIFORM_FREE) & (slot < 0)
        grown = (free_weight[uniform] + 1.0).clamp_(max=self.config.max_weight)
        # A free block that is seen to be free once more has not changed for anybody.
        fresh = uniform & (free_weight == 0)
        free_weight[uniform] = grown
        # Nothing to learn where a block already known to be free is partly seen to be free.
        idle = (verdict == kernels.CARVE) & (slot < 0) & (free_weight > 0)
        detailed = seen & ~uniform & ~idle
        missing = (detailed & (slot < 0)).nonzero()
        refused = max(0, len(missing) - grid.room)
        if refused:
            detailed[tuple(missing[grid.room :].T)] = False
            missing = missing[: grid.room]
        corner = torch.from_numpy(first).to(grid.device)
        grid.allocate(missing + corner)
        local = detailed.nonzero()
        slots = grid.slot[x, y, z][tuple(local.T)]
        grid.revision[x, y, z][fresh | detailed] = revision
        blocks = local + corner + torch.tensor(grid.offset, device=grid.device)
        report = Integration(len(local) + int(fresh.sum()), len(missing), refused)
        return blocks.int(), slots, report

    def _fuse(
        self,
        grid: BlockGrid,
        frame: PosedFrame,
        view: tuple[kernels.Camera, wp.array, wp.array],
        targets: tuple[Tensor, Tensor],
    ) -> None:
        rgbd = frame.rgbd
        color_T_depth = np.linalg.inv(rgbd.depth_T_color)
        image = wp.from_numpy(np.ascontiguousarray(rgbd.color), wp.uint8, device=self.device)
        blocks, slots = (wp.from_torch(tensor.contiguous()) for tensor in targets)
        camera, *images = view
        arguments = [
            camera,
            camera_struct(rgbd.color_intrinsics, color_T_depth),
            lattice_struct(grid, self.config),
            self._limits,
            self._fusion,
            *images,
            image,
            blocks,
            slots,
            *(wp.from_torch(tensor) for tensor in (grid.tsdf, grid.weight, grid.color)),
        ]
        shape = (len(slots), BLOCK)
        wp.launch(fusing.integrate_layers, shape, arguments, device=self.device)
