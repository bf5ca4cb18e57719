"""Captures in nerfstudio's format: images, and a transforms.json with their cameras and poses.

As its documentation ("Data conventions") and its NerfstudioDataParser have it: poses are camera to
world in OpenGL's axes (x right, y up, z back), a pixel's centre lies at + 0.5, one camera stands
at the top of the file or one in each frame, and what stands at the top prevails.

Poses are taken as they are in the file: `applied_transform` has been applied to them already, and
their unit is the metre only where depth says so (with COLMAP's poses it is arbitrary). Masks and
point clouds that a file may name are not read.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64
from numpy import ndarray

from nesf_ros.datasets.folder import BAD_IMAGE, BAD_POSE, BAD_SIZE, read_color, read_depth
from nesf_ros.datasets.scene_json import understood
from nesf_ros.datasets.storing import MAX_TEXT_BYTES, read_bounded
from nesf_ros.errors import DatasetError, FrameError, GeometryError
from nesf_ros.geometry import se3
from nesf_ros.geometry.images import clean_depth, scale_depth
from nesf_ros.geometry.rectify import Calibration, Rectifier
from nesf_ros.types import START_NS, PosedFrame, RgbdFrame

NEEDS = (
    "nerfstudio: transforms.json with fl_x, fl_y, cx, cy, w and h, and frames that have file_path "
    "and transform_matrix; depth_file_path is optional"
)
FILE = "transforms.json"
SPLITS = ("train", "val", "test")
"""Parts of a capture for which the file may list names under `<part>_filenames`."""
MODELS = {
    **dict.fromkeys(
        ("SIMPLE_PINHOLE", "PINHOLE", "SIMPLE_RADIAL", "RADIAL", "OPENCV"), "plumb_bob"
    ),
    "OPENCV_FISHEYE": "equidistant",
}
"""Camera models that are read, and what `geometry.rectify` calls their distortion."""
_COEFFICIENTS = {
    "plumb_bob": ("k1", "k2", "p1", "p2", "k3"),
    "equidistant": ("k1", "k2", "k3", "k4"),
}
_BENDS = ("k1", "k2", "k3", "k4", "p1", "p2")
_CAMERA = ("fl_x", "fl_y", "cx", "cy", "w", "h")
_FLIP = np.diag([1.0, -1.0, -1.0, 1.0])
"""OpenGL's camera axes from those of an optical frame (x right, y down, z forward)."""
_RATE_HZ = 10.0


@dataclass(frozen=True)
class Shot:
    """One frame of the file."""

    stamp_ns: int
    color: Path
    depth: Path | None
    lens: Calibration
    world_T_camera: Float64[ndarray, "4 4"]


class NerfstudioSource:
    """Frames of a capture, undistorted; implements `Source`.

    Without `depth_file_path` a frame's depth image is all 0: no reading anywhere.
    """

    def __init__(
        self, name: str, shots: Sequence[Shot], refused: Counter[str], depth_scale_m: float
    ):
        """`refused` counts frames that are not among the shots; DatasetError where none is."""
        if not shots:
            causes = ", ".join(f"{cause}: {count}" for cause, count in refused.items())
            raise DatasetError(f"{name} has no usable frame ({causes or 'it is empty'})")
        self.name, self.rate_hz = name, _RATE_HZ
        self._shots, self._refused, self._depth_scale_m = shots, refused, depth_scale_m
        self.skipped: Counter[str] = refused.copy()
        # As many as cameras may take turns; most captures have one.
        self._rectifier = lru_cache(maxsize=8)(Rectifier)

    @property
    def poses(self) -> list[Float64[ndarray, "4 4"]]:
        """world_T_camera of every frame, optical frame."""
        return [shot.world_T_camera for shot in self._shots]

    def __len__(self) -> int:
        return len(self._shots)

    def __iter__(self) -> Iterator[PosedFrame]:
        self.skipped = self._refused.copy()
        for shot in self._shots:
            try:
                rgbd = self._frame(shot)
            except DatasetError:
                self.skipped[BAD_IMAGE] += 1
            except FrameError:
                self.skipped[BAD_SIZE] += 1
            else:
                yield PosedFrame(rgbd, shot.world_T_camera)

    def _frame(self, shot: Shot) -> RgbdFrame:
        """Raises DatasetError for a bad image, FrameError for one that is not the camera's."""
        lens = self._rectifier(shot.lens)
        color = lens.color(read_color(shot.color))
        depth_m, depth_camera = np.zeros(color.shape[:2], np.float32), lens.intrinsics
        if shot.depth:
            raw_m = _read_depth_m(shot.depth, self._depth_scale_m)
            depth_lens = self._rectifier(_resized(shot.lens, raw_m.shape[1], raw_m.shape[0]))
            depth_m, depth_camera = depth_lens.depth(raw_m), depth_lens.intrinsics
        return RgbdFrame(shot.stamp_ns, "camera", color, depth_m, lens.intrinsics, depth_camera)


def matches(path: Path) -> bool:
    """Whether the path looks like this format."""
    return _file(path).is_file()


def open_nerfstudio(path: Path, split: str = "", depth_scale_m: float = 0.001) -> NerfstudioSource:
    """The frames of a capture, in order of their files' names.

    Args:
        path: folder with transforms.json, or such a file.
        split: one of SPLITS, for what the file lists under it; every frame where empty.
        depth_scale_m: metres per unit of the depth images (16 bits, or .npy), which the file does
            not tell; nerfstudio, too, takes millimetres unless told otherwise.

    Frames whose pose is not finite or not rigid are left out and counted, as are images that are
    missing or not of the size the file says. There are no stamps: frames are 0.1 s apart.

    Raises DatasetError for a missing or broken file or key, a camera model other than MODELS,
    numbers that are no camera, a split that is not listed, and where no frame is usable.
    """
    file = _file(path)
    with understood(str(file)):
        about = json.loads(read_bounded(file, MAX_TEXT_BYTES))
        frames = sorted(about["frames"], key=lambda frame: Path(frame["file_path"]))
        wanted = _wanted(file, about, split, {Path(frame["file_path"]) for frame in frames})
        refused: Counter[str] = Counter()
        shots = []
        for index, frame in enumerate(frames):
            if Path(frame["file_path"]) not in wanted:
                continue
            shot = _shot(file, about, frame, START_NS + round(1e9 * index / _RATE_HZ))
            if shot:
                shots.append(shot)
            else:
                refused[BAD_POSE] += 1
    return NerfstudioSource(file.parent.name, shots, refused, depth_scale_m)


def _file(path: Path) -> Path:
    return path if path.suffix == ".json" and path.name.startswith("transforms") else path / FILE


def _wanted(file: Path, about: Mapping[str, Any], split: str, all_files: set[Path]) -> set[Path]:
    """Files of a split. Raises DatasetError where it is not listed, or lists other files."""
    if not split:
        return all_files
    listed = [name for name in SPLITS if f"{name}_filenames" in about]
    if split not in listed:
        raise DatasetError(f"{file} has no split {split!r}; it lists {', '.join(listed) or 'none'}")
    files = {Path(name) for name in about[f"{split}_filenames"]}
    if not files <= all_files:
        raise DatasetError(f"{file}: {split} lists {min(files - all_files)}, which no frame has")
    return files


def _shot(
    file: Path, about: Mapping[str, Any], frame: Mapping[str, Any], stamp_ns: int
) -> Shot | None:
    """A frame; None where its pose is none."""
    try:
        matrix = np.array(frame["transform_matrix"], np.float64).reshape(4, 4)
        world_T_camera = se3.check_pose(matrix) @ _FLIP
    except GeometryError:
        return None
    depth = frame.get("depth_file_path")
    return Shot(
        stamp_ns,
        file.parent / frame["file_path"],
        file.parent / depth if depth else None,
        _lens(f"{file}, {frame['file_path']}", about, frame),
        world_T_camera,
    )


def _lens(where: str, about: Mapping[str, Any], frame: Mapping[str, Any]) -> Calibration:
    """The camera of a frame. Raises DatasetError for an unknown model, or numbers that are none."""
    both = {**frame, **about}
    model = both.get("camera_model", "OPENCV")
    if model not in MODELS:
        raise DatasetError(
            f"{where}: camera_model {model!r}; it must be one of {', '.join(MODELS)}"
        )
    missing = [key for key in _CAMERA if key not in both]
    if missing:
        raise DatasetError(f"{where} has no {', '.join(missing)}, neither here nor for all frames")
    fx, fy, cx, cy, width, height = (float(both[key]) for key in _CAMERA)
    k = (fx, 0.0, cx - 0.5, 0.0, fy, cy - 0.5, 0.0, 0.0, 1.0)
    bends = _distortion(where, MODELS[model], about, frame)
    lens = Calibration(int(width), int(height), k, MODELS[model], bends)
    try:
        Rectifier(replace(lens, distortion_model="", d=()))
    except FrameError as error:
        raise DatasetError(f"{where}: {error}") from error
    return lens


def _distortion(
    where: str, model: str, about: Mapping[str, Any], frame: Mapping[str, Any]
) -> tuple[float, ...]:
    """Coefficients as `geometry.rectify` wants them. Raises DatasetError where it cannot be."""
    # As nerfstudio does it: one of them at the top, and all are taken from there.
    known = about if any(key in about for key in _BENDS) else frame
    values = {key: float(known.get(key, 0)) for key in _BENDS}
    beyond = model == "plumb_bob" and values["k4"] != 0
    if beyond or not np.isfinite([*values.values()]).all():
        raise DatasetError(f"{where}: distortion {values}; it must be finite, and k4 a fisheye's")
    return tuple(values[key] for key in _COEFFICIENTS[model])


def _resized(lens: Calibration, width: int, height: int) -> Calibration:
    """The camera of an image of the same view with another number of pixels."""
    if (width, height) == (lens.width, lens.height):
        return lens
    x, y = width / lens.width, height / lens.height
    fx, _, cx, _, fy, cy, *_ = lens.k
    k = (fx * x, 0.0, (cx + 0.5) * x - 0.5, 0.0, fy * y, (cy + 0.5) * y - 0.5, 0.0, 0.0, 1.0)
    return replace(lens, width=width, height=height, k=k)


def _read_depth_m(path: Path, scale_m: float) -> Float32[ndarray, "height width"]:
    """Depth along the optical axis, metres, 0 where there is none. Raises DatasetError."""
    if path.suffix != ".npy":
        return scale_depth(read_depth(path), scale_m)
    try:
        raw = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} is no readable array: {error}") from error
    if raw.ndim != 2 or raw.dtype.kind not in "fui":
        raise DatasetError(f"{path} is {raw.dtype} of {raw.shape}; depth must be rows of numbers")
    return clean_depth(raw.astype(np.float32) * np.float32(scale_m))
