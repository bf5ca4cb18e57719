"""Small scenes with exact depth: walls and boxes, seen by a camera of a few hundred pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy import ndarray

from nesf_ros.config import MapConfig
from nesf_ros.types import Box, Intrinsics, PosedFrame, RgbdFrame

CAMERA = Intrinsics(48, 36, 40.0, 40.0, 23.5, 17.5)
"""61 degrees across."""
GREY = (120, 130, 140)


def small_config(**values) -> MapConfig:
    """Voxels of 5 cm, 3 m of sight, submaps of 1 m: a map that costs little.

    Written out, so that numbers computed by hand stay true when a default changes.
    """
    settings = {
        "device": "cpu", "voxel_size_m": 0.05, "truncation_voxels": 4.0, "min_depth_m": 0.15,
        "max_depth_m": 3.0, "max_weight": 64.0, "contradiction_frames": 6.0,
        "submap_radius_m": 1.0, "memory_mib": 256.0,
    }  # fmt: skip
    return MapConfig(**{**settings, **values})


def pose(
    position: Sequence[float] = (0.0, 0.0, 0.0), axis_angle: Sequence[float] = (0.0, 0.0, 0.0)
) -> ndarray:
    """world_T_camera with a rotation by |axis_angle| rad about axis_angle (Rodrigues)."""
    out = np.eye(4)
    vector = np.asarray(axis_angle, np.float64)
    angle = float(np.linalg.norm(vector))
    if angle > 0:
        x, y, z = vector / angle
        k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        out[:3, :3] += np.sin(angle) * k + (1 - np.cos(angle)) * (k @ k)
    out[:3, 3] = position
    return out


def facing(yaw_rad: float, position: Sequence[float] = (0.0, 0.0, 0.0)) -> ndarray:
    """Pose of a camera held level in a z-up world that looks along `yaw_rad` from the x axis."""
    c, s = np.cos(yaw_rad), np.sin(yaw_rad)
    out = np.eye(4)
    out[:3, :3] = np.array([[s, 0, c], [-c, 0, s], [0, -1, 0]])
    out[:3, 3] = position
    return out


def frame(
    depth_m: float | ndarray,
    world_T_camera: ndarray | None = None,
    color: Sequence[int] | ndarray = GREY,
    camera: Intrinsics = CAMERA,
    stamp_ns: int = 1,
) -> PosedFrame:
    """A frame of constant or given depth and colour."""
    shape = (camera.height, camera.width)
    depth = np.broadcast_to(np.asarray(depth_m, np.float32), shape).copy()
    image = np.broadcast_to(np.asarray(color, np.uint8), (*shape, 3)).copy()
    rgbd = RgbdFrame(stamp_ns, "camera", image, depth, camera, camera)
    return PosedFrame(rgbd, np.eye(4) if world_T_camera is None else world_T_camera)


def rays(camera: Intrinsics) -> ndarray:
    """Direction of each pixel's ray in the camera, z = 1: height × width × 3."""
    v, u = np.mgrid[: camera.height, : camera.width]
    x, y = (u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy
    return np.stack([x, y, np.ones_like(x)], -1)


def depth_of(boxes: Sequence[Box], world_T_camera: ndarray, camera: Intrinsics = CAMERA) -> ndarray:
    """Exact depth of solid boxes, metres; 0 where a ray meets none. From inside, the far wall."""
    direction = rays(camera) @ world_T_camera[:3, :3].T
    direction = np.where(np.abs(direction) < 1e-12, 1e-12, direction)
    nearest = np.full(direction.shape[:2], np.inf)
    for box in boxes:
        a = (np.array(box.lower) - world_T_camera[:3, 3]) / direction
        b = (np.array(box.upper) - world_T_camera[:3, 3]) / direction
        enter, leave = np.minimum(a, b).max(-1), np.maximum(a, b).min(-1)
        hit = np.where(enter > 0, enter, leave)
        nearest = np.where((enter <= leave) & (leave > 0), np.minimum(nearest, hit), nearest)
    return np.where(np.isfinite(nearest), nearest, 0).astype(np.float32)


def view_of(boxes: Sequence[Box], world_T_camera: ndarray, **settings) -> PosedFrame:
    """What the camera sees of solid boxes."""
    return frame(depth_of(boxes, world_T_camera), world_T_camera, **settings)
