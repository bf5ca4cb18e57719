"""Recordings that are folders of image files: what the readers of such formats share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float64, UInt8, UInt16
from numpy import ndarray

from nesf_ros.errors import DatasetError, GeometryError
from nesf_ros.geometry.images import scale_depth
from nesf_ros.types import Intrinsics, PosedFrame, RgbdFrame

BAD_IMAGE, BAD_SIZE = "bad_image", "bad_size"
BAD_POSE, NO_POSE, NO_PARTNER = "bad_pose", "no_pose", "no_partner"
"""Causes for which a frame is left out; those that a live camera has, too, bear the same names."""


@dataclass(frozen=True)
class Entry:
    """One frame of a folder: where its images are, and its pose."""

    stamp_ns: int
    color: Path
    depth: Path
    world_T_camera: Float64[ndarray, "4 4"]


@dataclass(frozen=True)
class Pinhole:
    """Focal lengths and centre, px, of a camera whose image size the files tell."""

    fx: float
    fy: float
    cx: float
    cy: float

    def sized(self, width: int, height: int) -> Intrinsics:
        """The camera of an image of this size."""
        return Intrinsics(width, height, self.fx, self.fy, self.cx, self.cy)


@dataclass(frozen=True)
class Cameras:
    """The cameras of a recording."""

    color: Pinhole
    depth: Pinhole
    depth_scale_m: float
    """Metres per unit of the 16-bit depth images."""
    depth_T_color: Float64[ndarray, "4 4"] = field(default_factory=lambda: np.eye(4))


class FolderSource:
    """Frames read from image files; implements `Source`."""

    def __init__(
        self,
        name: str,
        entries: Sequence[Entry],
        cameras: Cameras,
        rate_hz: float,
        refused: Counter[str],
    ):
        """`refused` counts, by cause, the frames that are not among the entries.

        Raises DatasetError where no entry is left.
        """
        if not entries:
            causes = ", ".join(f"{cause}: {count}" for cause, count in refused.items())
            raise DatasetError(f"{name} has no usable frame ({causes or 'it is empty'})")
        self.name, self.rate_hz = name, rate_hz
        self._entries, self._cameras = entries, cameras
        self._refused = refused
        self.skipped: Counter[str] = refused.copy()
        self._sizes: tuple[tuple[int, ...], tuple[int, ...]] | None = None

    @property
    def poses(self) -> list[Float64[ndarray, "4 4"]]:
        """world_T_camera of every frame."""
        return [entry.world_T_camera for entry in self._entries]

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[PosedFrame]:
        self.skipped = self._refused.copy()
        for entry in self._entries:
            try:
                color, raw_depth = read_color(entry.color), read_depth(entry.depth)
            except DatasetError:
                self.skipped[BAD_IMAGE] += 1
                continue
            # The intrinsics are for one size: that of the first frame.
            sizes = (color.shape[:2], raw_depth.shape)
            self._sizes = self._sizes or sizes
            if sizes != self._sizes:
                self.skipped[BAD_SIZE] += 1
                continue
            yield PosedFrame(self._frame(entry.stamp_ns, color, raw_depth), entry.world_T_camera)

    def _frame(
        self,
        stamp_ns: int,
        color: UInt8[ndarray, "height width 3"],
        raw_depth: UInt16[ndarray, "depth_height depth_width"],
    ) -> RgbdFrame:
        cameras = self._cameras
        return RgbdFrame(
            stamp_ns=stamp_ns,
            camera="camera",
            color=color,
            depth_m=scale_depth(raw_depth, cameras.depth_scale_m),
            color_intrinsics=cameras.color.sized(color.shape[1], color.shape[0]),
            depth_intrinsics=cameras.depth.sized(raw_depth.shape[1], raw_depth.shape[0]),
            depth_T_color=cameras.depth_T_color,
        )


def read_color(path: Path) -> UInt8[ndarray, "height width 3"]:
    """RGB of an image file. Raises DatasetError where it is missing or broken."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise DatasetError(f"{path} is missing or no readable image")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def read_depth(path: Path) -> UInt16[ndarray, "height width"]:
    """A 16-bit depth image. Raises DatasetError where it is missing, broken or of another kind."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None or image.dtype != np.uint16 or image.ndim != 2:
        found = "missing or unreadable" if image is None else f"{image.dtype} of {image.shape}"
        raise DatasetError(f"{path} is {found}; depth must be a 16-bit image of one channel")
    return image


def read_numbers(path: Path, shape: tuple[int, int]) -> Float64[ndarray, "rows columns"]:
    """A matrix of numbers separated by blanks. Raises DatasetError for anything else."""
    text = read_text(path)
    try:
        numbers = np.array([float(word) for word in text.split()])
        return numbers.reshape(shape)
    except ValueError as error:
        raise DatasetError(f"{path} must hold {shape[0]}x{shape[1]} numbers: {error}") from error


def read_text(path: Path) -> str:
    """A text file. Raises DatasetError where it is missing or no text."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path} cannot be read: {error}") from error


def read_pinhole(path: Path) -> Pinhole:
    """Focal lengths and centre from a 3×3 matrix file. Raises DatasetError."""
    matrix = read_numbers(path, (3, 3))
    return checked_pinhole(path, matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2])


def checked_pinhole(path: Path, fx: float, fy: float, cx: float, cy: float) -> Pinhole:
    """A camera whose numbers, read from `path`, make sense. Raises DatasetError."""
    pinhole = Pinhole(float(fx), float(fy), float(cx), float(cy))
    try:
        pinhole.sized(1, 1)
    except GeometryError as error:
        raise DatasetError(f"{path}: {error}") from error
    return pinhole


def images_in(folder: Path) -> list[Path]:
    """JPEG and PNG files of a folder, sorted by name; none where there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
