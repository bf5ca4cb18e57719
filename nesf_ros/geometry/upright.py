"""Which way is up in a recording, told by how people and robots hold a camera: level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.errors import GeometryError

SNAP_RAD = np.deg2rad(12.0)
"""Worlds made on purpose have an axis that points up: one this near to the estimate is meant."""
_MEAN_UP_WEIGHT = 0.01


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


def levelling(up_world: Float64[ndarray, " 3"]) -> Float64[ndarray, "4 4"]:
    """level_T_world: the shortest turn about the origin that takes `up_world` to +z."""
    cosine = float(up_world[2])
    if cosine < -1 + 1e-12:  # upside down: every axis in the plane is as short; take x
        return np.diag([1.0, -1.0, -1.0, 1.0])
    x, y, _ = up_world
    axis = np.array([[0.0, 0.0, -x], [0.0, 0.0, -y], [x, y, 0.0]])  # cross product with up × z
    out = np.eye(4)
    out[:3, :3] += axis + axis @ axis / (1 + cosine)
    return out
