"""Rigid transforms as 4×4 float64 matrices.

`a_T_b` takes coordinates in frame b to coordinates in frame a, so a_T_c = a_T_b @ b_T_c.
Quaternions are x, y, z, w as in ROS messages; transforms3d wants w first, and only this module
knows that. `pose7` has the same in plain numbers, for hot paths that handle one pose at a time.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Float64
from numpy import ndarray
from transforms3d.quaternions import mat2quat, quat2mat

from nesf_ros.errors import GeometryError
from nesf_ros.geometry import pose7
from nesf_ros.geometry.pose7 import Numbers

RIGID_TOLERANCE = 1e-3
"""Largest deviation of RᵀR from the identity that still passes as rounding."""


def compose(*transforms: Float[ndarray, "4 4"]) -> Float64[ndarray, "4 4"]:
    """The product a_T_b @ b_T_c @ …; the identity for no transform at all."""
    product = np.eye(4)
    for transform in transforms:
        product = product @ transform
    return product


def invert(a_T_b: Float[ndarray, "*batch 4 4"]) -> Float64[ndarray, "*batch 4 4"]:
    """b_T_a of rigid transforms, from the transpose: exact where a general inverse is not."""
    rotation = np.swapaxes(a_T_b[..., :3, :3], -1, -2)
    inverse = np.zeros(a_T_b.shape, np.float64)
    inverse[..., :3, :3] = rotation
    inverse[..., :3, 3] = -np.einsum("...ij,...j->...i", rotation, a_T_b[..., :3, 3])
    inverse[..., 3, 3] = 1.0
    return inverse


def transform_points(
    a_T_b: Float[ndarray, "4 4"], points_b: Float[ndarray, "*batch 3"]
) -> Float[ndarray, "*batch 3"]:
    """Points given in frame b, in frame a; keeps the floating-point type of the points."""
    pose = a_T_b.astype(points_b.dtype)
    return points_b @ pose[:3, :3].T + pose[:3, 3]


def from_quaternion_xyzw(
    translation: Numbers,
    quaternion: Numbers,
) -> Float64[ndarray, "4 4"]:
    """Transform of a translation (m) and a quaternion in ROS order x, y, z, w.

    A norm within 0.01 of 1 is normalised. Raises GeometryError where it is farther off (zero,
    NaN, not a rotation), and for a translation that is not finite.
    """
    x, y, z, *xyzw = pose7.from_parts(translation, quaternion)
    pose = np.eye(4)
    pose[:3, :3] = quat2mat((xyzw[3], *xyzw[:3]))
    pose[:3, 3] = x, y, z
    return pose


def to_quaternion_xyzw(a_T_b: Float[ndarray, "4 4"]) -> Float64[ndarray, " 4"]:
    """Rotation of a transform as a unit quaternion x, y, z, w with w ≥ 0."""
    w, x, y, z = mat2quat(a_T_b[:3, :3])
    return np.array([x, y, z, w], np.float64)


def check_pose(matrix: Float[ndarray, "rows columns"]) -> Float64[ndarray, "4 4"]:
    """The matrix as float64, once it is known to be a rigid transform.

    Raises GeometryError for a wrong shape, values that are not finite, a last row other than
    0 0 0 1, or an upper left block that is no rotation (scale, shear or mirror image).
    """
    pose = np.asarray(matrix, np.float64)
    if pose.shape != (4, 4):
        raise GeometryError(f"pose of shape {pose.shape}; it must be a 4x4 matrix")
    if not np.isfinite(pose).all():
        raise GeometryError("pose holds NaN or infinity; drop the frame, or fix its source")
    if np.abs(pose[3] - (0, 0, 0, 1)).max() > RIGID_TOLERANCE:
        raise GeometryError(f"last row of the pose is {pose[3]}; it must be 0 0 0 1 (transposed?)")
    rotation = pose[:3, :3]
    deviation = float(np.abs(rotation.T @ rotation - np.eye(3)).max())
    if deviation > RIGID_TOLERANCE or np.linalg.det(rotation) < 0:
        raise GeometryError(
            f"pose is not rigid: RᵀR deviates from the identity by {deviation:.3g} (allowed "
            f"{RIGID_TOLERANCE:g}), determinant {np.linalg.det(rotation):.3g} (must be +1)"
        )
    return pose


def angle_between(a: Float[ndarray, "4 4"], b: Float[ndarray, "4 4"]) -> float:
    """Angle of the rotation that leads from pose a to pose b, rad, 0 to π."""
    return rotation_angle(a[:3, :3].T @ b[:3, :3])


def rotation_angle(rotation: Float[ndarray, "3 3"]) -> float:
    """Angle of a rotation matrix, rad, 0 to π, accurate at both ends of that range."""
    sine = math.sqrt(
        (rotation[2, 1] - rotation[1, 2]) ** 2
        + (rotation[0, 2] - rotation[2, 0]) ** 2
        + (rotation[1, 0] - rotation[0, 1]) ** 2
    )
    return math.atan2(sine, float(np.trace(rotation)) - 1.0)


def interpolate(
    a: Float[ndarray, "4 4"], b: Float[ndarray, "4 4"], fraction: float
) -> Float64[ndarray, "4 4"]:
    """Pose at `fraction` (0 = a, 1 = b): straight line in place, shortest arc in rotation."""
    translation = (1.0 - fraction) * a[:3, 3] + fraction * b[:3, 3]
    start, end = (to_quaternion_xyzw(pose).tolist() for pose in (a, b))
    return from_quaternion_xyzw(translation, pose7.slerp((*start,), (*end,), fraction))
