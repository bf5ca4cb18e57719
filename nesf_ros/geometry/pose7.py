"""Poses as seven plain numbers, for work on one pose at a time.

Arrays of four or sixteen numbers cost more in numpy calls than in arithmetic; on tuples the same
steps are ten times faster. `se3` is the module for everything else, and the oracle of this one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.errors import GeometryError

Numbers = Sequence[float | int] | ndarray
"""A few numbers, in whatever a message, a file or a caller holds them."""
Quaternion = tuple[float, float, float, float]
"""Unit quaternion x, y, z, w."""
Pose7 = tuple[float, float, float, float, float, float, float]
"""Translation x, y, z (m), then a unit quaternion x, y, z, w."""

IDENTITY: Pose7 = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
NORM_TOLERANCE = 1e-2
"""Quaternions whose norm is off by no more than this are normalised (tf2 draws the same line)."""


def unit_quaternion(quaternion: Numbers) -> Quaternion:
    """The quaternion x, y, z, w scaled to length 1.

    Raises GeometryError where its norm is not within 0.01 of 1 (zero, NaN, not a rotation).
    """
    x, y, z, w = map(float, quaternion)
    norm = math.sqrt(x * x + y * y + z * z + w * w)
    if not abs(norm - 1.0) <= NORM_TOLERANCE:
        raise GeometryError(
            f"quaternion ({x:g}, {y:g}, {z:g}, {w:g}) has norm {norm:g}; a rotation has norm 1 "
            f"within {NORM_TOLERANCE:g}: is it in the order x, y, z, w, and was it ever filled in?"
        )
    return x / norm, y / norm, z / norm, w / norm


def from_parts(
    translation: Numbers,
    quaternion: Numbers,
) -> Pose7:
    """Pose of a translation (m) and a quaternion x, y, z, w.

    Raises GeometryError as `unit_quaternion` does, and for a translation that is not finite.
    """
    x, y, z = map(float, translation)
    if not math.isfinite(x + y + z):
        raise GeometryError(f"translation ({x:g}, {y:g}, {z:g}) m; it must be finite")
    return x, y, z, *unit_quaternion(quaternion)


def multiply(a_T_b: Pose7, b_T_c: Pose7) -> Pose7:
    """a_T_c."""
    ax, ay, az, x, y, z, w = a_T_b
    bx, by, bz, i, j, k, r = b_T_c
    # Rotation of a vector v by a unit quaternion (q, w): v + 2 w (q × v) + 2 q × (q × v)
    tx, ty, tz = 2 * (y * bz - z * by), 2 * (z * bx - x * bz), 2 * (x * by - y * bx)
    return (
        ax + bx + w * tx + y * tz - z * ty,
        ay + by + w * ty + z * tx - x * tz,
        az + bz + w * tz + x * ty - y * tx,
        w * i + x * r + y * k - z * j,
        w * j - x * k + y * r + z * i,
        w * k + x * j - y * i + z * r,
        w * r - x * i - y * j - z * k,
    )


def invert(a_T_b: Pose7) -> Pose7:
    """b_T_a."""
    x, y, z, i, j, k, r = a_T_b
    rotated = multiply((0.0, 0.0, 0.0, -i, -j, -k, r), (x, y, z, 0.0, 0.0, 0.0, 1.0))
    return -rotated[0], -rotated[1], -rotated[2], -i, -j, -k, r


def slerp(a: Quaternion, b: Quaternion, fraction: float) -> Quaternion:
    """Unit quaternion at `fraction` of the shortest arc from a to b."""
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    cosine = ax * bx + ay * by + az * bz + aw * bw
    sign = -1.0 if cosine < 0 else 1.0
    cosine *= sign
    if cosine > 0.9999:  # nearly parallel: the arc is its chord, and the sine loses its digits
        u, v = 1.0 - fraction, fraction * sign
    else:
        angle = math.acos(cosine)
        sine = math.sin(angle)
        u, v = math.sin((1.0 - fraction) * angle) / sine, sign * math.sin(fraction * angle) / sine
    x, y, z, w = u * ax + v * bx, u * ay + v * by, u * az + v * bz, u * aw + v * bw
    norm = math.sqrt(x * x + y * y + z * z + w * w)
    return x / norm, y / norm, z / norm, w / norm


def interpolate(a: Pose7, b: Pose7, fraction: float) -> Pose7:
    """Pose at `fraction` (0 = a, 1 = b): straight line in place, shortest arc in rotation."""
    rest = 1.0 - fraction
    return (
        rest * a[0] + fraction * b[0],
        rest * a[1] + fraction * b[1],
        rest * a[2] + fraction * b[2],
        *slerp(a[3:], b[3:], fraction),
    )


def to_matrix(pose: Pose7) -> Float64[ndarray, "4 4"]:
    """The pose as a 4×4 matrix."""
    x, y, z, i, j, k, r = pose
    return np.array(
        (
            (1 - 2 * (j * j + k * k), 2 * (i * j - k * r), 2 * (i * k + j * r), x),
            (2 * (i * j + k * r), 1 - 2 * (i * i + k * k), 2 * (j * k - i * r), y),
            (2 * (i * k - j * r), 2 * (j * k + i * r), 1 - 2 * (i * i + j * j), z),
            (0.0, 0.0, 0.0, 1.0),
        )
    )
