"""Pinhole projection, and carrying what one camera sees into another."""

from __future__ import annotations

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
    color_camera: Intrinsics,
    depth_m: Float32[ndarray, "depth_height depth_width"],
    depth_camera: Intrinsics,
    depth_T_color: Float64[ndarray, "4 4"],
) -> Bool[ndarray, "depth_height depth_width"]:
    """A mask drawn on the colour image, seen from the depth camera.

    Each depth reading takes the value of the colour pixel that its point falls on. Pixels
    without depth, and points outside of the colour image, are False.
    """
    if color_camera == depth_camera and np.array_equal(depth_T_color, np.eye(4)):
        return color_mask & (depth_m > 0)
    points = unproject_image(depth_m, depth_camera)[depth_m > 0]
    pixels = project(se3.transform_points(se3.invert(depth_T_color), points), color_camera)
    carried = np.zeros(depth_m.shape, bool)
    carried[depth_m > 0] = lookup(color_mask, pixels)
    return carried


def lookup(
    mask: Bool[ndarray, "height width"], pixels: Float[ndarray, "n 2"]
) -> Bool[ndarray, " n"]:
    """Values of a mask at the pixels (u, v) nearest to the given ones; False outside of it."""
    height, width = mask.shape
    u, v = pixels[:, 0], pixels[:, 1]
    inside = (u >= -0.5) & (u < width - 0.5) & (v >= -0.5) & (v < height - 0.5)
    columns = np.floor(np.where(inside, u, 0) + 0.5).astype(np.intp)
    rows = np.floor(np.where(inside, v, 0) + 0.5).astype(np.intp)
    return inside & mask[rows, columns]
