"""Recordings in the format of Open3D's and Redwood's reconstruction data."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.datasets.folder import (
    BAD_POSE,
    Cameras,
    Entry,
    FolderSource,
    Pinhole,
    checked_pinhole,
    images_in,
    read_text,
)
from nesf_ros.errors import DatasetError, GeometryError
from nesf_ros.geometry import se3
from nesf_ros.types import START_NS

NEEDS = (
    "Open3D/Redwood: color/ (or image/, rgb/) and depth/ with as many images each as "
    "trajectory.log has poses; camera_primesense.json is optional"
)
PRIMESENSE = Pinhole(525.0, 525.0, 319.5, 239.5)
"""The camera, where the recording does not name its own."""
_COLOR_FOLDERS = ("color", "image", "rgb")
_CAMERA_HZ = 30.0


def matches(folder: Path) -> bool:
    """Whether the folder looks like this format."""
    return (folder / "trajectory.log").is_file() and (folder / "depth").is_dir()


def open_redwood(folder: Path) -> FolderSource:
    """The frames of a recording.

    Colour is registered to depth, which is in millimetres (0 and 65535 mean none). Images and
    poses belong together in their order, so there must be equally many. A pose that is not finite
    or not rigid takes its frame out, counted. `camera_primesense.json` is an Open3D
    PinholeCameraIntrinsic (matrix by columns). Stamps are at 30 Hz.

    Raises DatasetError where files are missing, broken or not equally many.
    """
    color = next((found for name in _COLOR_FOLDERS if (found := images_in(folder / name))), [])
    depth = images_in(folder / "depth")
    poses = read_trajectory(folder / "trajectory.log")
    if not len(color) == len(depth) == len(poses):
        raise DatasetError(
            f"{folder} has {len(color)} colour and {len(depth)} depth images and {len(poses)} "
            "poses; they belong together in their order, so there must be equally many"
        )
    refused: Counter[str] = Counter()
    entries = []
    for index, (color_file, depth_file, matrix) in enumerate(zip(color, depth, poses, strict=True)):
        try:
            pose = se3.check_pose(matrix)
        except GeometryError:
            refused[BAD_POSE] += 1
            continue
        stamp_ns = START_NS + round(index / _CAMERA_HZ * 1e9)
        entries.append(Entry(stamp_ns, color_file, depth_file, pose))
    camera_file = folder / "camera_primesense.json"
    camera = read_camera(camera_file) if camera_file.exists() else PRIMESENSE
    return FolderSource(folder.name, entries, Cameras(camera, camera, 0.001), _CAMERA_HZ, refused)


def read_trajectory(path: Path) -> list[Float64[ndarray, "4 4"]]:
    """Camera-to-world matrices of a .log file: a line of integers, then four of the matrix, each.

    Raises DatasetError where that is not so.
    """
    rows = [line.split() for line in read_text(path).splitlines() if line.strip()]
    if len(rows) % 5:
        raise DatasetError(f"{path} has {len(rows)} lines; each pose takes five")
    try:
        blocks = [rows[start + 1 : start + 5] for start in range(0, len(rows), 5)]
        return [np.array(block, np.float64).reshape(4, 4) for block in blocks]
    except ValueError as error:
        raise DatasetError(f"{path} must hold 4x4 matrices of numbers: {error}") from error


def read_camera(path: Path) -> Pinhole:
    """The camera of an Open3D PinholeCameraIntrinsic file. Raises DatasetError."""
    try:
        matrix = np.array(json.loads(read_text(path))["intrinsic_matrix"], np.float64)
        fx, fy, (cx, cy) = matrix[0], matrix[4], matrix[6:8]
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise DatasetError(
            f"{path} must be JSON with nine numbers, by columns, as intrinsic_matrix: {error!r}"
        ) from error
    return checked_pinhole(path, fx, fy, cx, cy)
