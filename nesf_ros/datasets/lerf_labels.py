"""Labels that LERF, and LangSplat after it, were evaluated with.

Where each layout is described:

- LERF's localisation, a folder per scene: `keyframes.json`, a camera path as nerfstudio's viewer
  saves it, has the views; `<n>_rgb.json`, in labelme's format, the boxes in view n, drawn on a
  smaller image of the same view (authors' answer in kerrj/lerf's tracker; field by field in
  gtangg12/efficient-lerf, experiments/evaluate_localization.py).
- LERF's existence: `labels.yaml` and `coco_labels.yaml` in a scene's folder say of phrases whether
  there is such a thing (the same repository, experiments/evaluate_existence.py).
- LangSplat's lerf_ovs, `label/<scene>/frame_<n>.json`: outlines and boxes on images of the capture
  (minghanqin/LangSplat, eval/evaluate_iou_loc.py).

Boxes and outlines are in pixels of the labelled image, as they were drawn.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from jaxtyping import Bool, Float64
from numpy import ndarray

from nesf_ros.datasets.scene_json import read_json, understood, whole
from nesf_ros.datasets.storing import MAX_TEXT_BYTES, read_bounded
from nesf_ros.errors import DatasetError
from nesf_ros.geometry import se3
from nesf_ros.types import Intrinsics

EXISTENCE_FILES = ("labels.yaml", "coco_labels.yaml")
"""LERF's own long-tail phrases, and those of COCO."""
_LERF_FILE = re.compile(r"(\d+)_rgb\.json$")
_OVS_FILE = re.compile(r"frame_(\d+)\.json$")
_ASPECT = 0.02
"""How far the labelled image may be from the proportions of the view."""
_FLIP = np.diag([1.0, -1.0, -1.0, 1.0])


@dataclass(frozen=True)
class Mark:
    """One thing that a person has marked in an image."""

    label: str
    box_px: tuple[float, float, float, float]
    """Left, upper, right and lower edge."""
    outline_px: Float64[ndarray, "n 2"]
    """x, y of its corners; those of the box where only a box was drawn."""


@dataclass(frozen=True)
class MarkedView:
    """An image with marks."""

    name: str
    """Of the label's file, without its ending."""
    number: int
    """LERF: index into the camera path, from 0. lerf_ovs: number of the capture's frame."""
    width: int
    height: int
    marks: tuple[Mark, ...]
    camera: Intrinsics | None = None
    """Of the labelled image; None for lerf_ovs, whose cameras are the capture's."""
    world_T_camera: Float64[ndarray, "4 4"] | None = None
    """Optical frame, in the world of the field with which LERF rendered the view."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What is marked, each label once."""
        return tuple(dict.fromkeys(mark.label for mark in self.marks))

    def hit(self, label: str, x_px: float, y_px: float) -> bool:
        """Whether a pixel lies in a box of that label, edges included: a success, for LERF."""
        boxes = (mark.box_px for mark in self.marks if mark.label == label)
        return any(x0 <= x_px <= x1 and y0 <= y_px <= y1 for x0, y0, x1, y1 in boxes)

    def mask(self, label: str) -> Bool[ndarray, "height width"]:
        """What lies in an outline of that label."""
        mask = np.zeros((self.height, self.width), np.uint8)
        outlines = [m.outline_px.astype(np.int32) for m in self.marks if m.label == label]
        return cv2.fillPoly(mask, outlines, [1]).astype(bool) if outlines else mask.astype(bool)


def read_lerf_labels(folder: Path) -> tuple[MarkedView, ...]:
    """Labels and cameras of one scene of LERF's localisation, by number.

    Raises DatasetError for missing files and keys, numbers that are none, shapes that are neither
    rectangle nor polygon, views that the path does not have, or of other proportions.
    """
    path = read_json(folder / "keyframes.json")
    return _views(folder, _LERF_FILE, lambda about, name, n: _lerf_view(about, name, n, path))


def read_ovs_labels(folder: Path) -> tuple[MarkedView, ...]:
    """Labels of one scene of LangSplat's lerf_ovs, by number; raises DatasetError likewise."""
    return _views(folder, _OVS_FILE, _ovs_view)


def read_existence(folder: Path) -> dict[str, bool]:
    """For each phrase, whether the scene has such a thing; of all EXISTENCE_FILES that are there.

    Raises DatasetError where there is none of them, or one does not map phrases to true or false.
    """
    files = [file for name in EXISTENCE_FILES if (file := folder / name).is_file()]
    if not files:
        raise DatasetError(f"{folder} has none of {', '.join(EXISTENCE_FILES)}")
    found: dict[str, bool] = {}
    for file in files:
        try:
            about = yaml.safe_load(read_bounded(file, MAX_TEXT_BYTES))
        except yaml.YAMLError as error:
            raise DatasetError(f"{file} is no YAML: {error}") from error
        if not isinstance(about, dict) or not all(value in (0, 1) for value in about.values()):
            raise DatasetError(f"{file} must say true or false of each phrase")
        found |= {str(phrase): bool(value) for phrase, value in about.items()}
    return found


def _views(
    folder: Path, names: re.Pattern[str], read: Callable[[Any, str, int], MarkedView]
) -> tuple[MarkedView, ...]:
    files = folder.iterdir() if folder.is_dir() else ()
    numbered = {int(found[1]): file for file in files if (found := names.fullmatch(file.name))}
    if not numbered:
        raise DatasetError(f"{folder} has no file {names.pattern}")
    views = []
    for number, file in sorted(numbered.items()):
        with understood(str(file)):
            views.append(read(read_json(file), file.stem, number))
    return tuple(views)


def _lerf_view(about: Any, name: str, number: int, path: Any) -> MarkedView:
    frames = path["keyframes"]
    if number >= len(frames):
        raise DatasetError(f"{name} is view {number}, but keyframes.json has {len(frames)}")
    width, height = whole(about["imageWidth"]), whole(about["imageHeight"])
    wide = path["render_width"] / path["render_height"]
    if abs(width / height / wide - 1) > _ASPECT:
        raise DatasetError(f"{name} is {width}x{height} px, but its view {wide:.2f} : 1")
    fov_deg = float(_unpacked(frames[number]["properties"])[0][1])
    focal = height / 2 / np.tan(np.radians(fov_deg) / 2)
    # Column by column, as three.js keeps them; camera axes are OpenGL's.
    matrix = np.array(_unpacked(frames[number]["matrix"]), np.float64).reshape(4, 4).T
    return MarkedView(
        name,
        number,
        width,
        height,
        tuple(_shape(shape) for shape in about["shapes"]),
        Intrinsics(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2),
        se3.check_pose(matrix) @ _FLIP,
    )


def _unpacked(value: Any) -> Any:
    """The viewer saves lists as text."""
    return json.loads(value) if isinstance(value, str) else value


def _shape(shape: Any) -> Mark:
    kind = shape["shape_type"]
    if kind not in ("rectangle", "polygon"):
        raise ValueError(f"shape {kind!r}; it must be a rectangle or a polygon")
    corners = np.array(shape["points"], np.float64).reshape(-1, 2)
    (x0, y0), (x1, y1) = corners.min(0).tolist(), corners.max(0).tolist()
    if kind == "rectangle":
        corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    return _mark(shape["label"], (x0, y0, x1, y1), corners)


def _ovs_view(about: Any, name: str, number: int) -> MarkedView:
    marks = []
    for thing in about["objects"]:
        x0, y0, x1, y1 = np.array(thing["bbox"], np.float64).reshape(4).tolist()
        box = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        outline = np.array(thing["segmentation"], np.float64).reshape(-1, 2)
        marks.append(_mark(thing["category"], box, outline))
    width, height = whole(about["info"]["width"]), whole(about["info"]["height"])
    return MarkedView(name, number, width, height, tuple(marks))


def _mark(
    label: Any, box_px: tuple[float, float, float, float], outline_px: Float64[ndarray, "n 2"]
) -> Mark:
    if not isinstance(label, str) or not label:
        raise ValueError(f"label {label!r}; it must be text")
    if not np.isfinite(box_px).all() or not np.isfinite(outline_px).all():
        raise ValueError(f"{label!r} is marked with numbers that are not finite")
    return Mark(label, box_px, outline_px)
