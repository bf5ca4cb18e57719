"""Recordings in the format of Microsoft's 7-Scenes (and of the tools that took it over)."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.datasets.folder import (
    BAD_POSE,
    NO_PARTNER,
    NO_POSE,
    Cameras,
    Entry,
    FolderSource,
    Pinhole,
    read_numbers,
    read_pinhole,
)
from nesf_ros.errors import DatasetError, GeometryError
from nesf_ros.geometry import se3
from nesf_ros.types import START_NS

NEEDS = (
    "7-Scenes: frame-NNNNNN.color.png (or .jpg), frame-NNNNNN.depth.png and frame-NNNNNN.pose.txt, "
    "in the folder itself, in frames/ or in one seq-NN/; camera-intrinsics.txt is optional"
)
KINECT = Pinhole(585.0, 585.0, 320.0, 240.0)
"""The depth camera, where the recording does not name its own."""
COLOR_SHIFT_M = -0.016
"""x of a point in the colour camera less its x in the depth camera, where the two are told apart.

Depth of this recording was not registered to colour. The value was estimated from photo-consistency
between views; it is only weakly determined, so take it as good to a centimetre.
"""
_CAMERA_HZ = 30.0
_COLOR = re.compile(r"frame-(\d+)\.color\.(png|jpg|jpeg)$")


def matches(folder: Path) -> bool:
    """Whether the folder looks like this format."""
    return any(_numbered(place) for place in _places(folder))


def open_sevenscenes(folder: Path) -> FolderSource:
    """The frames of one sequence.

    Depth is in millimetres; 0 and 65535 mean none. `camera-intrinsics.txt` (3×3), beside the
    images or one folder up, is the depth camera. Where `color-intrinsics.txt` stands beside it,
    colour was taken by that camera, shifted by COLOR_SHIFT_M; otherwise both share one camera, as
    is usual with this format. Stamps follow from the numbers of the frames, at 30 Hz. Frames whose
    pose is missing, not finite or not rigid are left out and counted.

    Raises DatasetError for several sequences at once, and where no frame is usable.
    """
    found = [place for place in _places(folder) if _numbered(place)]
    if len(found) != 1:
        names = ", ".join(place.name for place in found) or "none"
        raise DatasetError(f"{folder} must hold one sequence, not {names}; name one of them")
    images = _numbered(found[0])
    refused: Counter[str] = Counter()
    entries = []
    first = min(images)
    for number, color in sorted(images.items()):
        stem = color.name.split(".")[0]
        depth, pose_file = (color.with_name(f"{stem}.{end}") for end in ("depth.png", "pose.txt"))
        if not depth.exists():
            refused[NO_PARTNER] += 1
        elif not pose_file.exists():
            refused[NO_POSE] += 1
        elif (pose := _usable_pose(pose_file, refused)) is not None:
            stamp_ns = START_NS + round((number - first) / _CAMERA_HZ * 1e9)
            entries.append(Entry(stamp_ns, color, depth, pose))
    spacing = float(np.median(np.diff(sorted(images)))) if len(images) > 1 else 1.0
    cameras = _cameras(found[0])
    return FolderSource(folder.name, entries, cameras, _CAMERA_HZ / spacing, refused)


def _usable_pose(path: Path, refused: Counter[str]) -> Float64[ndarray, "4 4"] | None:
    """The pose in a file; None, and counted, where it holds none."""
    try:
        return se3.check_pose(read_numbers(path, (4, 4)))
    except (DatasetError, GeometryError):
        refused[BAD_POSE] += 1
        return None


def _places(folder: Path) -> list[Path]:
    """Folders in which the frames may be."""
    return [folder, folder / "frames", *sorted(folder.glob("seq-*"))]


def _numbered(place: Path) -> dict[int, Path]:
    """Colour images by their number."""
    if not place.is_dir():
        return {}
    named = ((path, _COLOR.match(path.name)) for path in place.iterdir())
    return {int(match[1]): path for path, match in named if match}


def _cameras(place: Path) -> Cameras:
    def calibration(name: str) -> Path | None:
        return next((p / name for p in (place, place.parent) if (p / name).exists()), None)

    depth_file = calibration("camera-intrinsics.txt")
    depth = read_pinhole(depth_file) if depth_file else KINECT
    color_file = calibration("color-intrinsics.txt")
    if color_file is None:
        return Cameras(depth, depth, 0.001)
    depth_T_color = np.eye(4)
    depth_T_color[0, 3] = -COLOR_SHIFT_M
    return Cameras(read_pinhole(color_file), depth, 0.001, depth_T_color)
