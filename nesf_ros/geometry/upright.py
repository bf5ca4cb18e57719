"""Which way is up in a recording: cameras are held level, and so are floors and table tops."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32, Float64
from numpy import ndarray

from nesf_ros.errors import GeometryError
from nesf_ros.types import Intrinsics

SNAP_RAD = np.deg2rad(12.0)
"""Worlds made on purpose have an axis that points up: one this near to the estimate is meant."""
REFINE_RAD = tuple(np.deg2rad((15.0, 10.0, 6.0, 4.0, 4.0)))
"""How near to up a surface's normal must be to count as level, from step to step."""
_MEAN_UP_WEIGHT = 0.01
_FEWEST_NORMALS = 100
_STEP = 24  # pixels; over fewer, the noise of a depth camera outweighs the slope
_MAX_JUMP = 0.1  # of the depth; farther apart, two pixels are not taken for one surface


def estimate_up(world_T_cameras: Sequence[Float64[ndarray, "4 4"]]) -> Float64[ndarray, " 3"]:
    """Unit vector that points up in the world of these cameras (optical frames).

    A camera that is not tilted sideways has its x axis level however far it looks up or down, so up
    is what all x axes are perpendicular to; where they hardly differ, the mean of the cameras' own
    up (−y) decides among what is left. An axis of the world within `SNAP_RAD` is taken for it.
    Raises GeometryError without any camera.
    """
    if not len(world_T_cameras):
        raise GeometryError("no camera pose to tell up from; at least one is needed")
    poses = np.asarray(world_T_cameras)
    right, mean_up = poses[:, :3, 0], -poses[:, :3, 1].mean(0)
    spread = right.T @ right / len(right) - _MEAN_UP_WEIGHT * np.outer(mean_up, mean_up)
    up = np.linalg.eigh(spread)[1][:, 0]
    up = up if up @ mean_up >= 0 else -up
    nearest = int(np.abs(up).argmax())
    if abs(up[nearest]) >= np.cos(SNAP_RAD):
        return np.eye(3)[nearest] * np.sign(up[nearest])
    return up


def refine_up(
    up_world: Float64[ndarray, " 3"], normals_world: Float64[ndarray, "n 3"]
) -> Float64[ndarray, " 3"]:
    """A better estimate of up from unit normals of surfaces: floors and table tops are level.

    Takes the mean of the normals near the estimate, nearer from step to step; where hardly any are
    near, the estimate stays.
    """
    for limit_rad in REFINE_RAD:
        near = normals_world[normals_world @ up_world > np.cos(limit_rad)]
        if len(near) < _FEWEST_NORMALS:
            return up_world
        up_world = near.mean(0) / np.linalg.norm(near.mean(0))
    return up_world


def surface_normals(
    depth_m: Float32[ndarray, "height width"],
    camera: Intrinsics,
    world_T_camera: Float64[ndarray, "4 4"],
) -> Float64[ndarray, "n 3"]:
    """Unit normals in the world, towards the camera, of smooth surfaces at a few of the pixels."""
    v, u = np.mgrid[_STEP : camera.height - _STEP : _STEP, _STEP : camera.width - _STEP : _STEP]

    def point(dv: int, du: int) -> Float64[ndarray, "rows columns 3"]:
        z = depth_m[v + dv, u + du].astype(np.float64)
        x, y = (u + du - camera.cx) / camera.fx, (v + dv - camera.cy) / camera.fy
        return np.stack([x * z, y * z, z], -1)

    half = _STEP // 2
    ends = [point(0, half), point(0, -half), point(half, 0), point(-half, 0)]
    depths = np.stack([end[..., 2] for end in ends])
    smooth = (depths.min(0) > 0) & (np.ptp(depths, 0) < _MAX_JUMP * depths.min(0))
    normal = np.cross((ends[2] - ends[3])[smooth], (ends[0] - ends[1])[smooth])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    return normal @ world_T_camera[:3, :3].T


def levelling(up_world: Float64[ndarray, " 3"]) -> Float64[ndarray, "4 4"]:
    """level_T_world: the shortest turn about the origin that takes `up_world` to +z."""
    x, y, cosine = up_world.tolist()
    squared_sine = x * x + y * y
    if cosine < 0 and squared_sine < 1e-20:  # upside down: every level axis is as short; take x
        return np.diag([1.0, -1.0, -1.0, 1.0])
    # The same number twice; each form loses its digits where the other keeps them.
    factor = 1 / (1 + cosine) if cosine > 0 else (1 - cosine) / squared_sine
    axis = np.array([[0.0, 0.0, -x], [0.0, 0.0, -y], [x, y, 0.0]])  # cross product with up × z
    out = np.eye(4)
    out[:3, :3] += axis + factor * (axis @ axis)
    return out


def heading_rad(world_T_camera: Float64[ndarray, "4 4"]) -> float:
    """Where an optical frame looks, level, as an angle from the world's x axis about its z.

    Straight down, what is up in the image is ahead; straight up, what is down in it.
    """
    ahead = world_T_camera[:2, 2]
    if np.linalg.norm(ahead) < 1e-6:
        ahead = world_T_camera[:2, 1] * np.sign(world_T_camera[2, 2])
    return float(np.arctan2(ahead[1], ahead[0]))
