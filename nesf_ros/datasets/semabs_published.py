"""One file of Semantic Abstraction's own data, as a scene with one view.

The world of such a scene is the frame of its view (see `semabs_truth`), in metres. Its things are
those that its points or its image show, boxed by their points, or by the scene where they have
none. Relations are not read: they tell their reference by its class alone.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import h5py
import numpy as np
from jaxtyping import Float32, Float64, Int32, UInt8
from numpy import ndarray

from nesf_ros.datasets.hdf5 import item_of, opened, read_array
from nesf_ros.datasets.labelled import NOTHING, LabelledScene, LabelledThing, LabelledView
from nesf_ros.datasets.scene_json import read_box, understood
from nesf_ros.datasets.semabs_truth import EMPTY, OUT_OF_BOUNDS
from nesf_ros.datasets.stored_views import StoredView, StoredViews, stamp_of
from nesf_ros.errors import DatasetError
from nesf_ros.geometry import se3
from nesf_ros.geometry.images import clean_depth
from nesf_ros.types import Box, Intrinsics

_FLIP = np.diag([1.0, -1.0, 1.0, 1.0])
_THINNEST_M = 1e-3


def read_images(
    file: h5py.File,
) -> tuple[
    UInt8[ndarray, "height width 3"],
    Float32[ndarray, "height width"],
    Int32[ndarray, "height width"],
]:
    """Colour, depth in metres (0 for none), and numbers of things.

    Raises DatasetError where one is missing, too large, or of another size than the others.
    """
    color, depth, numbers = (
        item_of(file, "rgb", 3),
        item_of(file, "depth", 2),
        item_of(file, "seg", 2),
    )
    if color.shape != (*depth.shape, 3) or depth.shape != numbers.shape:
        raise DatasetError(
            f"{file.filename}: images of shape {color.shape}, {depth.shape} and {numbers.shape}; "
            "colour, depth and seg must be of one size"
        )
    return color.astype(np.uint8), clean_depth(depth.astype(np.float32)), numbers.astype(np.int32)


def read_published(path: Path) -> LabelledScene:
    """The scene of a file; its view is read when it is asked for.

    Raises DatasetError where the file is broken or too large, or lacks what it must hold.
    """
    with opened(path) as file, understood(str(path)):
        numbers = read_images(file)[2]
        words = read_array(file, "data/objid_to_class", 1, "S")
        classes = [word.decode("utf-8").split("[")[0].strip() for word in words]
        pose, scale, mirrored = _pose(_matrix(file, "cam_pose", (4, 4)))
        camera = _camera(_matrix(file, "cam_intr", (3, 3)), numbers.shape, mirrored)
        bounds = _box(_matrix(file, "scene_bounds", (2, 3)) / scale)
        points, ids = _points(file)
        things, table = _things(classes, (points / scale, ids), numbers, bounds)
    load = partial(_read_view, path, camera, pose, table, mirrored)
    views = StoredViews([StoredView(stamp_of(0), camera, False, False)], [pose], load)
    names = tuple(dict.fromkeys(thing.class_name for thing in things))
    return LabelledScene(path.stem, things, names, bounds, views)


def _matrix(file: h5py.File, name: str, shape: tuple[int, int]) -> Float64[ndarray, "rows columns"]:
    matrix = read_array(file, f"data/{name}", 2).astype(np.float64)
    if matrix.shape != shape or not np.isfinite(matrix).all():
        raise ValueError(f"{name} has the shape {matrix.shape}; it must be {shape}, and finite")
    return matrix


def _pose(
    scene_T_camera: Float64[ndarray, "4 4"],
) -> tuple[Float64[ndarray, "4 4"], float, bool]:
    """world_T_camera in metres, units of the file in a metre, and whether the pose is mirrored.

    Those that the data set's generator makes are: with them, rows of an image go up in the world.
    Images and pose are turned over, which leaves every point where the data set's loaders see it.
    """
    determinant = float(np.linalg.det(scene_T_camera[:3, :3]))
    scale = float(np.cbrt(abs(determinant)))
    if not 1e-6 < scale < 1e6:
        raise ValueError(f"cam_pose scales by {scale:g}, which cannot be")
    pose = scene_T_camera.copy()
    pose[:3] /= scale
    mirrored = determinant < 0
    return se3.check_pose(pose @ _FLIP if mirrored else pose), scale, mirrored


def _camera(matrix: Float64[ndarray, "3 3"], shape: tuple[int, ...], mirrored: bool) -> Intrinsics:
    height, width = shape
    (fx, _, cx), (_, fy, cy), _ = matrix.tolist()
    return Intrinsics(width, height, fx, fy, cx, height - 1 - cy if mirrored else cy)


def _points(file: h5py.File) -> tuple[Float64[ndarray, "n 3"], Int32[ndarray, " n"]]:
    """Points in units of the file and what fills them; none where the file has none."""
    if "full_objid_pts" not in file["data"]:
        return np.zeros((0, 3)), np.zeros(0, np.int32)
    points, ids = item_of(file, "full_xyz_pts", 2), item_of(file, "full_objid_pts", 1)
    if points.shape != (len(ids), 3):
        raise ValueError(f"full_xyz_pts of shape {points.shape} for {len(ids)} full_objid_pts")
    return points.astype(np.float64), ids.astype(np.int32)


def _things(
    classes: list[str],
    filled: tuple[Float64[ndarray, "n 3"], Int32[ndarray, " n"]],
    numbers: Int32[ndarray, "height width"],
    bounds: Box,
) -> tuple[tuple[LabelledThing, ...], Int32[ndarray, " m"]]:
    """The things that points or image show, and their indices by the file's numbers."""
    points, ids = filled
    shown = np.union1d(ids[ids >= 0], numbers[numbers >= 0]).tolist()
    if shown and shown[-1] >= len(classes):
        raise ValueError(f"number {shown[-1]} has no class; there are {len(classes)}")
    kept = [number for number in shown if classes[number] not in (EMPTY, OUT_OF_BOUNDS)]
    # One more entry, so that -1 picks the last.
    table = np.full(len(classes) + 1, NOTHING, np.int32)
    table[kept] = np.arange(len(kept))
    things = []
    for number in kept:
        own = points[ids == number]
        box = _box(np.stack([own.min(0), own.max(0) + _THINNEST_M])) if len(own) else bounds
        things.append(LabelledThing(f"{classes[number]} {number}", classes[number], box))
    return tuple(things), table


def _box(corners: Float64[ndarray, "2 3"]) -> Box:
    lower, upper = corners.tolist()
    return read_box(lower, upper)


def _read_view(
    path: Path,
    camera: Intrinsics,
    pose: Float64[ndarray, "4 4"],
    table: Int32[ndarray, " m"],
    mirrored: bool,
    index: int,
) -> LabelledView:
    with opened(path) as file:
        images = read_images(file)
    upright = [np.ascontiguousarray(image[::-1]) for image in images] if mirrored else images
    color, depth_m, numbers = upright
    # A file may have changed since it was opened.
    if numbers.shape != (camera.height, camera.width) or numbers.max() >= len(table) - 1:
        raise DatasetError(f"{path} has changed since it was opened; open it again")
    instances = table[numbers.clip(NOTHING)]
    return LabelledView(stamp_of(index), camera, pose, color, depth_m, instances)
