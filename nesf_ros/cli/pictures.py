"""Views of a map and how they become pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int8, UInt8
from numpy import ndarray

from nesf_ros.errors import StorageError
from nesf_ros.types import Box, Intrinsics, View

BACKGROUND = (244, 243, 240)
OVERSAMPLING = 2
"""Views are rendered so many times larger, for smooth edges."""
FREE_GREY, UNKNOWN_GREY, OCCUPIED_GREY = 255, 190, 0
MARGIN_SHARE = 0.02
"""Background left around what is shown, as a share of the longer side."""
_SLICE_PX = 700  # shown about so large


def long_lens(width: int, height: int, view_rad: float) -> Intrinsics:
    """A camera that sees `view_rad` across the width."""
    focal = width / 2 / np.tan(view_rad / 2)
    return Intrinsics(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)


def looking(
    azimuth_rad: float, elevation_rad: float, box: Box, camera: Intrinsics
) -> Float64[ndarray, "4 4"]:
    """Pose of a camera that looks at a box and has all of it in view.

    It looks from above by `elevation_rad` towards the horizontal direction `azimuth_rad`.
    """
    forward = np.array(
        [
            np.cos(azimuth_rad) * np.cos(elevation_rad),
            np.sin(azimuth_rad) * np.cos(elevation_rad),
            -np.sin(elevation_rad),
        ]
    )
    right = np.array([np.sin(azimuth_rad), -np.cos(azimuth_rad), 0.0])
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(forward, right), forward], 1)
    lower, upper = np.array(box.lower), np.array(box.upper)
    corners = np.array(np.meshgrid(*zip(lower, upper, strict=True))).reshape(3, 8).T
    x, y, z = ((corners - (lower + upper) / 2) @ pose[:3, :3]).T
    reach = np.maximum(
        np.abs(x) * camera.fx / (camera.width / 2), np.abs(y) * camera.fy / (camera.height / 2)
    )
    pose[:3, 3] = (lower + upper) / 2 - 1.04 * float((reach - z).max()) * forward
    return pose


def portrait(view: View, map_T_camera: Float64[ndarray, "4 4"]) -> UInt8[ndarray, "h w 3"]:
    """A view as a picture: lit from above the camera, on a light background, smooth edges."""
    hit = view.depth_m > 0
    light = map_T_camera[:3, :3] @ np.array([-0.35, -0.75, -0.55])
    facing = np.clip(view.normals_world @ light, 0, 1)
    shade = np.where(hit, 0.62 + 0.45 * facing, 1.0) * _depth_cue(view.depth_m, hit)
    lit = np.clip(view.color * shade[..., None], 0, 255)
    full = np.where(hit[..., None], lit, BACKGROUND).astype(np.uint8)
    full = _trimmed(full, hit)
    size = (full.shape[1] // OVERSAMPLING, full.shape[0] // OVERSAMPLING)
    return cv2.resize(full, size, interpolation=cv2.INTER_AREA)


def _trimmed(pixels: ndarray, shown: Bool[ndarray, "h w"]) -> ndarray:
    """What lies around the part that shows something, with a margin."""
    if not shown.any():
        return pixels
    spans = []
    for axis in (0, 1):
        places = np.flatnonzero(shown.any(1 - axis))
        margin = MARGIN_SHARE * max(shown.shape)
        spans.append(slice(int(max(0, places[0] - margin)), int(places[-1] + margin) + 1))
    return pixels[tuple(spans)]


def _depth_cue(
    depth_m: Float32[ndarray, "h w"], hit: Bool[ndarray, "h w"]
) -> Float[ndarray, "h w"]:
    """Darkens what lies behind its surroundings, so that edges of things stand out."""
    known = hit.astype(np.float32)
    wide = (0, 0), depth_m.shape[1] / 90
    mean = cv2.GaussianBlur(depth_m, *wide) / np.maximum(cv2.GaussianBlur(known, *wide), 1e-3)
    return np.where(hit, 1 - np.clip(depth_m - mean, 0, 0.25), 1.0)


def depth_picture(depth_m: Float32[ndarray, "h w"]) -> UInt8[ndarray, "h w 3"]:
    """Depth from near (red) to far (blue), up to the far 2 %; black where there is none."""
    known = depth_m > 0
    far_m = float(np.percentile(depth_m[known], 98)) if known.any() else 1.0
    level = (255 * (1 - np.clip(depth_m / far_m, 0, 1))).astype(np.uint8)
    picture = cv2.cvtColor(cv2.applyColorMap(level, cv2.COLORMAP_TURBO), cv2.COLOR_BGR2RGB)
    return np.where(known[..., None], picture, 0).astype(np.uint8)


def slice_picture(cells: Int8[ndarray, "y x"]) -> UInt8[ndarray, "h w"]:
    """An occupancy grid, x to the right and y up: free white, occupied black, unknown grey."""
    picture = np.full(cells.shape, UNKNOWN_GREY, np.uint8)
    picture[(cells >= 0) & (cells < 50)] = FREE_GREY
    picture[cells >= 50] = OCCUPIED_GREY
    picture = _trimmed(picture, cells >= 0)
    factor = max(1, _SLICE_PX // max(picture.shape))
    return np.kron(picture[::-1], np.ones((factor, factor), np.uint8))


def write_picture(path: Path, pixels: ndarray) -> None:
    """Write RGB or grey pixels as PNG. StorageError if that fails."""
    image = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR) if pixels.ndim == 3 else pixels
    if not cv2.imwrite(str(path), image):
        raise StorageError(f"{path} cannot be written; is the folder writable, the disk full?")
