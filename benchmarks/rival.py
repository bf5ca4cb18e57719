"""The rival of the map's figures: Open3D's tensor VoxelBlockGrid, used as its examples do."""

from __future__ import annotations

import numpy as np
import open3d as o3d
import open3d.core as core
from jaxtyping import Float32, Float64
from numpy import ndarray

from nesf_ros.types import Intrinsics, PosedFrame

MM = 1000.0


class Open3dTsdf:
    """TSDF and colour, nothing carved outside of the blocks that a frame's surface touches."""

    def __init__(self, voxel_m: float, max_depth_m: float, block: int, truncation_voxels: float):
        self.max_depth_m, self.truncation = max_depth_m, truncation_voxels
        types = (core.float32, core.uint16, core.uint16)
        self.grid = o3d.t.geometry.VoxelBlockGrid(
            ("tsdf", "weight", "color"), types, ((1,), (1,), (3,)), voxel_m, block,
            40_000 if block == 8 else 5_000, core.Device("CPU:0"),
        )  # fmt: skip

    def prepare(self, frame: PosedFrame) -> tuple:
        """A frame in Open3D's types; not part of what is timed."""
        rgbd = frame.rgbd
        depth = np.clip(rgbd.depth_m * MM + 0.5, 0, 65535).astype(np.uint16)
        color_T_world = np.linalg.inv(frame.world_T_camera)
        return (
            o3d.t.geometry.Image(core.Tensor(depth)),
            o3d.t.geometry.Image(core.Tensor(np.ascontiguousarray(rgbd.color))),
            core.Tensor(rgbd.depth_intrinsics.matrix),
            core.Tensor(rgbd.color_intrinsics.matrix),
            core.Tensor(color_T_world),
        )

    def integrate(self, depth, color, depth_k, color_k, extrinsic) -> None:
        """One frame."""
        blocks = self.grid.compute_unique_block_coordinates(
            depth, depth_k, extrinsic, MM, self.max_depth_m, self.truncation
        )
        self.grid.integrate(
            blocks, depth, color, depth_k, color_k, extrinsic, MM, self.max_depth_m, self.truncation
        )

    def render(
        self, camera: Intrinsics, world_T_camera: Float64[ndarray, "4 4"], weight: float
    ) -> Float32[ndarray, "height width"]:
        """Depth in metres by ray casting; voxels of less than `weight` readings do not count."""
        keys = self.grid.hashmap().key_tensor()
        active = keys[self.grid.hashmap().active_buf_indices().to(core.int64)]
        out = self.grid.ray_cast(
            active, core.Tensor(camera.matrix), core.Tensor(np.linalg.inv(world_T_camera)),
            camera.width, camera.height, ["depth"], MM, 0.1, self.max_depth_m, weight,
            self.truncation,
        )  # fmt: skip
        return out["depth"].numpy()[..., 0] / np.float32(MM)

    def mesh_scene(self, weight: float) -> o3d.t.geometry.RaycastingScene:
        """Its marching-cubes mesh, to cast rays at."""
        scene = o3d.t.geometry.RaycastingScene()
        scene.add_triangles(self.grid.extract_triangle_mesh(weight))
        return scene
