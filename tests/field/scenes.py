"""Fields that are known by formula, and cameras before a painted wall."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy import ndarray
from torch import Tensor

from nesf_ros.field.hash_grid import Lattices
from nesf_ros.field.scene_field import SceneField, Shape
from nesf_ros.types import Box, Intrinsics, PosedFrame, RgbdFrame

BOX = Box((-1.0, -1.0, 0.0), (1.0, 1.0, 2.0))
CAMERA = Intrinsics(40, 30, 40.0, 40.0, 19.5, 14.5)
"""53 degrees across."""
SMALL = Lattices(levels=4, features=2, log2_entries=12, coarsest_m=0.4, finest_m=0.05)
"""A hash grid that costs little."""


class Analytic(SceneField):
    """A field that is a formula: signed distances and colours of points."""

    def __init__(
        self,
        sdf: Callable[[Tensor], Tensor],
        tint: Callable[[Tensor], Tensor] | Sequence[float] = (0.2, 0.4, 0.8),
        beta_m: float = 0.002,
        box: Box = BOX,
    ):
        super().__init__(box, SMALL, truncation_m=0.1, beta_m=beta_m)
        self._sdf, self._tint = sdf, tint

    def shape(self, points: Tensor) -> Shape:
        band = self.truncation_m
        if callable(self._tint):
            color = self._tint(points)
        else:
            color = points.new_tensor(self._tint).expand(len(points), 3)
        return Shape(self._sdf(points).clamp(-band, band), color)

    def color(self, shape: Shape) -> Tensor:
        return shape.features


def sphere(centre: Sequence[float], radius_m: float) -> Callable[[Tensor], Tensor]:
    """Signed distances to a sphere."""
    return lambda points: (points - points.new_tensor(centre)).norm(dim=1) - radius_m


def wall(z_m: float) -> Callable[[Tensor], Tensor]:
    """Signed distances to a wall at z_m; what lies beyond it is solid."""
    return lambda points: z_m - points[:, 2]


def pose(position: Sequence[float] = (0.0, 0.0, 0.0), yaw_rad: float = 0.0) -> ndarray:
    """world_T_camera, turned about the camera's y axis."""
    out = np.eye(4)
    c, s = np.cos(yaw_rad), np.sin(yaw_rad)
    out[:3, :3] = [[c, 0, s], [0, 1, 0], [-s, 0, c]]
    out[:3, 3] = position
    return out


def paint(points: ndarray) -> ndarray:
    """RGB, 0–1, that tells the place of points: x, y and z from −2 m to 2 m."""
    return ((points + 2.0) / 4.0).clip(0, 1)


def on_wall(camera: Intrinsics, world_T_camera: ndarray, z_m: float) -> ndarray:
    """Where the ray of each pixel meets the plane z = z_m of the map frame."""
    v, u = np.mgrid[: camera.height, : camera.width]
    rays = np.stack([(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones_like(u)], -1)
    rays = rays @ world_T_camera[:3, :3].T
    centre = world_T_camera[:3, 3]
    return centre + rays * ((z_m - centre[2]) / rays[..., 2])[..., None]


def depth_of(points: ndarray, world_T_camera: ndarray) -> ndarray:
    """Depths along the optical axis of points in the map frame, metres."""
    away = (points - world_T_camera[:3, 3]) @ world_T_camera[:3, 2]
    return away.astype(np.float32)


def to_bytes(color: ndarray) -> ndarray:
    """RGB 0–1 to 0–255."""
    return np.round(color * 255).astype(np.uint8)


def posed(color: ndarray, depth_m: ndarray, world_T_camera: ndarray, stamp_ns: int = 0):
    """A frame of one camera for both images."""
    rgbd = RgbdFrame(stamp_ns, "camera", color, depth_m, CAMERA, CAMERA)
    return PosedFrame(rgbd, world_T_camera)


def wall_frame(
    world_T_camera: ndarray, z_m: float = 1.5, measured: bool = True, gain: float = 1.0
) -> PosedFrame:
    """A wall at z_m as `CAMERA` sees it, painted as `paint` says."""
    points = on_wall(CAMERA, world_T_camera, z_m)
    depth = depth_of(points, world_T_camera) * np.float32(measured)
    return posed(to_bytes(paint(points) * gain), depth, world_T_camera)
