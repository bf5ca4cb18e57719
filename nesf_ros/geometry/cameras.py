"""Pinhole projection, and carrying what one camera sees into another."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, Float64
from numpy import ndarray

from nesf_ros.geometry import se3
from nesf_ros.types import Intrinsics


def project(points: Float[ndarray, "*batch 3"], camera: Intrinsics) -> Float[ndarray, "*batch 2"]:
    """Pixels (u, v) of points in the camera's optical frame; NaN for points not in front."""
    z = points[..., 2]
    depth = np.where(z > 0, z, np.nan)
    u = camera.fx * points[..., 0] / depth + camera.cx
    v = camera.fy * points[..., 1] / depth + camera.cy
    return np.stack([u, v], axis=-1)


def unproject(
    pixels: Float[ndarray, "*batch 2"], depth_m: Float[ndarray, "*batch"], camera: Intrinsics
) -> Float[ndarray, "*batch 3"]:
    """Points in the optical frame of pixels (u, v) at a depth along the optical axis."""
    x = (pixels[..., 0] - camera.cx) / camera.fx * depth_m
    y = (pixels[..., 1] - camera.cy) / camera.fy * depth_m
    return np.stack([x, y, depth_m], axis=-1)


def unproject_image(
    depth_m: Float32[ndarray, "height width"], camera: Intrinsics
) -> Float32[ndarray, "height width 3"]:
    """Points in the optical frame of every pixel; (0, 0, 0) where there is no depth."""
    points = np.empty((*depth_m.shape, 3), np.float32)
    columns = (np.arange(camera.width) - camera.cx) / camera.fx
    rows = (np.arange(camera.height) - camera.cy) / camera.fy
    points[..., 0] = depth_m * columns.astype(np.float32)
    points[..., 1] = depth_m * rows.astype(np.float32)[:, None]
    points[..., 2] = depth_m
    return points


def carry_mask(
    color_mask: Bool[ndarray, "height width"],
    depth_m: Float32[ndarray, "depth_height depth_width"],
    depth_camera: Intrinsics,
    color_camera: Intrinsics,
    depth_T_color: Float64[ndarray, "4 4"],
) -> Bool[ndarray, "depth_height depth_width"]:
    """A mask drawn on the colour image, seen from the depth camera.

    Each depth reading takes the value of the colour pixel that its point falls on. Pixels
    without depth, and points outside of the colour image, are False.
    """
    seen = depth_m > 0
    if color_camera == depth_camera and np.array_equal(depth_T_color, np.eye(4)):
        return color_mask & seen
    # A pixel p at depth z lands on K' (R K⁻¹ p z + t): one matrix, scaled by the depth.
    color_T_depth = se3.invert(depth_T_color)
    turn = color_camera.matrix @ color_T_depth[:3, :3] @ np.linalg.inv(depth_camera.matrix)
    shift = color_camera.matrix @ color_T_depth[:3, 3]
    u = np.arange(depth_camera.width)
    v = np.arange(depth_camera.height)[:, None]
    x, y, z = (
        (turn[axis, 0] * u + (turn[axis, 1] * v + turn[axis, 2])).astype(np.float32) * depth_m
        + np.float32(shift[axis])
        for axis in range(3)
    )
    seen &= z > 0
    z[~seen] = 1.0
    mask = color_mask.astype(np.uint8)
    carried = cv2.remap(mask, x / z, y / z, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)
    return carried.astype(bool) & seen
