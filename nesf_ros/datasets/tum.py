"""Recordings in the format of the TUM RGB-D benchmark."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from decimal import Decimal, InvalidOperation
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
    checked_pinhole,
    read_text,
)
from nesf_ros.errors import DatasetError, GeometryError
from nesf_ros.geometry import se3

NEEDS = (
    "TUM RGB-D: rgb.txt and depth.txt (stamp and file name a line) and groundtruth.txt (stamp tx "
    "ty tz qx qy qz qw a line); camera.txt (fx fy cx cy) is optional"
)
KINECT = Pinhole(525.0, 525.0, 319.5, 239.5)
"""The camera, where the recording does not name its own."""
FREIBURG3 = Pinhole(535.4, 539.2, 320.1, 247.6)
"""The published camera of the third robot, whose images come undistorted."""
DEPTH_SCALE_M = 1 / 5000
MAX_OFFSET_NS = 20_000_000
"""Largest difference of the stamps of a colour and a depth image that belong together."""
MAX_GAP_NS = 100_000_000
"""Longest gap in the ground truth across which poses are interpolated."""

Stamped = list[tuple[int, list[str]]]


def matches(folder: Path) -> bool:
    """Whether the folder looks like this format."""
    return all((folder / name).is_file() for name in ("rgb.txt", "depth.txt", "groundtruth.txt"))


def open_tum(folder: Path) -> FolderSource:
    """The frames of a recording, one for each depth image that has a colour image and a pose.

    Colour and depth belong together where each is the other's nearest in time, MAX_OFFSET_NS apart
    at most. The pose is that of the ground truth at the stamp of the depth image, interpolated.
    Frames without partner or pose are left out and counted.

    The camera is that of `camera.txt` (fx fy cx cy, px) if there is one; that of the third robot
    if the folder's name says freiburg3 or fr3; otherwise the drivers' default, as the benchmark
    advises for the other two: their colour lens distorts a little, but depth was registered to the
    distorted image, so that undoing it is not simple. It is left in.

    Raises DatasetError where files are missing or broken, or no frame is usable.
    """
    color, depth, truth = (
        read_stamped(folder / f"{name}.txt") for name in ("rgb", "depth", "groundtruth")
    )
    refused: Counter[str] = Counter()
    poses = _poses(folder / "groundtruth.txt", truth)
    color_stamps, depth_stamps = ([stamp for stamp, _ in lines] for lines in (color, depth))
    entries = []
    for stamp_ns, (depth_name, *_) in depth:
        partner = _nearest(color_stamps, stamp_ns)
        mutual = depth_stamps[_nearest(depth_stamps, color_stamps[partner])] == stamp_ns
        if not mutual or abs(color_stamps[partner] - stamp_ns) > MAX_OFFSET_NS:
            refused[NO_PARTNER] += 1
            continue
        pose = _pose_at(poses, stamp_ns, refused)
        if pose is not None:
            color_file = folder / color[partner][1][0]
            entries.append(Entry(stamp_ns, color_file, folder / depth_name, pose))
    camera = _camera(folder)
    spacing_s = float(np.median(np.diff(depth_stamps))) * 1e-9 if len(depth) > 1 else 1 / 30
    return FolderSource(
        folder.name, entries, Cameras(camera, camera, DEPTH_SCALE_M), 1 / spacing_s, refused
    )


def read_stamped(path: Path) -> Stamped:
    """(stamp_ns, words) of each line but comments, in order of time, no stamp twice.

    Raises DatasetError where a line has no stamp and value, or there is no line at all.
    """
    lines: dict[int, list[str]] = {}
    for number, line in enumerate(read_text(path).splitlines(), 1):
        words = line.replace(",", " ").split()
        if not words or words[0].startswith("#"):
            continue
        try:
            # Exact: seconds since 1970 with nine decimals do not fit a float.
            lines[int(Decimal(words[0]) * 10**9)] = words[1:]
        except (InvalidOperation, ValueError, OverflowError) as error:
            raise DatasetError(f"{path}, line {number}: {words[0]!r} is no stamp in s") from error
        if len(words) < 2:
            raise DatasetError(f"{path}, line {number} has a stamp and nothing else")
    if not lines:
        raise DatasetError(f"{path} has no entries")
    return sorted(lines.items())


def _nearest(stamps: list[int], wanted: int) -> int:
    """Index of the stamp nearest to the one wanted; `stamps` is sorted."""
    above = bisect_left(stamps, wanted)
    return min((i for i in (above - 1, above) if 0 <= i < len(stamps)),
               key=lambda i: abs(stamps[i] - wanted))  # fmt: skip


_Poses = tuple[list[int], list[Float64[ndarray, "4 4"] | None]]


def _poses(path: Path, truth: Stamped) -> _Poses:
    """Stamps, and poses or None where the numbers are no pose; DatasetError for no numbers."""
    poses: list[Float64[ndarray, "4 4"] | None] = []
    for stamp_ns, words in truth:
        try:
            x, y, z, *quaternion = map(float, words)
            poses.append(se3.from_quaternion_xyzw((x, y, z), quaternion))
        except ValueError as error:
            raise DatasetError(
                f"{path}: the pose at {stamp_ns * 1e-9:.6f} s is {' '.join(words)!r}; it must be "
                "tx ty tz qx qy qz qw"
            ) from error
        except GeometryError:
            poses.append(None)
    return [stamp for stamp, _ in truth], poses


def _pose_at(truth: _Poses, stamp_ns: int, refused: Counter[str]) -> Float64[ndarray, "4 4"] | None:
    """Pose at a stamp, interpolated; None, and counted, where the ground truth does not know it."""
    stamps, poses = truth
    after = bisect_left(stamps, stamp_ns)
    exact = after < len(stamps) and stamps[after] == stamp_ns
    before = after if exact else after - 1
    if before < 0 or after == len(stamps) or stamps[after] - stamps[before] > MAX_GAP_NS:
        refused[NO_POSE] += 1
        return None
    start, end = poses[before], poses[after]
    if start is None or end is None:
        refused[BAD_POSE] += 1
        return None
    if exact:
        return start
    fraction = (stamp_ns - stamps[before]) / (stamps[after] - stamps[before])
    return se3.interpolate(start, end, fraction)


def _camera(folder: Path) -> Pinhole:
    own = folder / "camera.txt"
    if own.exists():
        try:
            fx, fy, cx, cy = map(float, read_text(own).split())
        except ValueError as error:
            raise DatasetError(f"{own} must hold four numbers, fx fy cx cy: {error}") from error
        return checked_pinhole(own, fx, fy, cx, cy)
    third = any(mark in folder.name.lower() for mark in ("freiburg3", "fr3"))
    return FREIBURG3 if third else KINECT
