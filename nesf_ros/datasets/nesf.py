"""The layout in which NeSF's data sets (KLEVR, ToyBox5, ToyBox13) are published.

A scene is a folder: `metadata.json`, and for every camera in it, by number, `rgba_00000.png`,
`segmentation_00000.png` (16 bits) and `depth_00000.tiff` (float32). Found by reprojecting the
published depth between views, which agrees to a median of 0.06 mm (6 cm to 8 cm, or 0.9 mm, where
one of the first two is taken otherwise), and in the loader of NeSF's own code:

* depth is along the optical axis, in metres; 1e10 where there is nothing. (That loader takes it for
  the length of the ray when it scales it to the scene.)
* the corner of the image is (0, 0), so its first pixel is centred on (0.5, 0.5), and the principal
  point is the centre of the image. The focal length is `focal_length` · width / `sensor_width` px.
* positions and quaternions (w, x, y, z) are the cameras' poses in the world, in Blender's frame
  (x right, y up, z backward); `K` says the same of the pixels, and `R` is the first rotation.
* 0 in a segmentation is background, n the n-th of `segmentation_labels`.

Instances do not exist there. What we write has them in further files, which that loader ignores:
`instance_00000.png`, `part_00000.png` and `normal_00000.png` (see `label_images`) and `scene.json`.
Without those, each class is one thing of a scene that is read, and its box is the scene's.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.datasets import scene_json
from nesf_ros.datasets.label_images import (
    Labels,
    check_labels,
    decode_ids,
    read_image,
    read_labels,
    views_of_one_camera,
    write_image,
    write_labels,
)
from nesf_ros.datasets.labelled import LabelledScene, LabelledThing, LabelledView
from nesf_ros.datasets.scene_json import SCENE_FILE, parse_scene, read_json, whole
from nesf_ros.datasets.stored_views import LabelledSource, StoredView, StoredViews, stamp_of
from nesf_ros.datasets.storing import new_folder
from nesf_ros.errors import DatasetError
from nesf_ros.geometry import se3
from nesf_ros.types import Intrinsics

NEEDS = (
    "NeSF: metadata.json, and rgba_NNNNN.png, segmentation_NNNNN.png and depth_NNNNN.tiff for "
    "every camera in it"
)
BACKGROUND_DEPTH = 1e10
"""Depth of a pixel that shows nothing."""
_NOTHING_BEYOND_M = 1e9
_SENSOR_MM = 32.0
_BLENDER_T_OPTICAL = np.diag([1.0, -1.0, -1.0, 1.0])
_TEST_EVERY = 5


def matches(folder: Path) -> bool:
    """Whether the folder looks like this format."""
    return (folder / "metadata.json").is_file() and any(folder.glob("rgba_*.png"))


def open_nesf(folder: Path) -> LabelledSource:
    """The views of a scene as frames; raises DatasetError as `read_nesf`."""
    return LabelledSource(folder.name, read_nesf(folder).views)


def write_nesf(
    scene: LabelledScene,
    folder: Path,
    test_views: Collection[int] | None = None,
    background: Collection[str] = (),
) -> None:
    """Write the scene to a new folder.

    Args:
        scene: all views by one camera with square pixels and its principal point in the middle
            of the image, for which alone the format has words.
        folder: where; it must not exist yet.
        test_views: views held out of its training; by default every fifth, or the last of fewer.
        background: classes that the segmentation shows as background, such as the floor in KLEVR.

    Raises:
        DatasetError: for another camera, views that cannot be written (`checked_view`), class or
            view numbers that there are not, a folder that exists, or a full disk.
    """
    split = _split(scene, test_views)
    strange = sorted(set(background) - set(scene.classes))
    if strange:
        raise DatasetError(f"{scene.name!r} has no class {', '.join(strange)} for the background")
    labels = [name for name in scene.classes if name not in background]
    numbers = [labels.index(name) + 1 if name in labels else 0 for name in scene.classes]
    # NOTHING = -1 picks the last.
    table = np.array([*numbers, 0], np.uint16)
    poses, stored = [], []
    with new_folder(folder) as place:
        for index, view in views_of_one_camera(scene):
            _check_camera(view.camera, scene.name)
            stored.append(StoredView.of(view))
            _write_view(place, index, view, table[scene.class_ids(view.instances)])
            poses.append(view.world_T_camera)
        about = _metadata(scene, stored[0].camera, poses)
        about |= {"segmentation_labels": labels, "split_ids": split}
        (place / SCENE_FILE).write_text(scene_json.scene_text(scene, stored), "utf-8")
        (place / "metadata.json").write_text(json.dumps(about), "utf-8")


def _split(scene: LabelledScene, test_views: Collection[int] | None) -> dict[str, list[int]]:
    """Numbers of the views for training and for test. Raises DatasetError for what is none."""
    numbers = range(len(scene.views))
    if test_views is None:
        test_views = numbers[_TEST_EVERY - 1 :: _TEST_EVERY] or numbers[1:][-1:]
    if not set(test_views) <= set(numbers):
        raise DatasetError(
            f"{scene.name!r} has {len(numbers)} views; those for test, {sorted(test_views)}, must "
            "be among them"
        )
    return {"train": sorted(set(numbers) - set(test_views)), "test": sorted(test_views)}


def _check_camera(camera: Intrinsics, name: str) -> None:
    """Raise DatasetError for a camera for which the format has no words."""
    middle = ((camera.width - 1) / 2, (camera.height - 1) / 2)
    off_px = max(abs(camera.cx - middle[0]), abs(camera.cy - middle[1]))
    if abs(camera.fx - camera.fy) > 1e-6 or off_px > 1e-6:
        raise DatasetError(
            f"{name!r} is seen by {camera}; NeSF's format wants square pixels (fx = fy) and the "
            f"principal point in the middle, ({middle[0]}, {middle[1]})"
        )


def _write_view(folder: Path, index: int, view: LabelledView, classes: ndarray) -> None:
    opaque = np.full((*view.color.shape[:2], 1), 255, np.uint8)
    depth = np.where(view.depth_m > 0, view.depth_m, np.float32(BACKGROUND_DEPTH))
    write_image(folder / f"rgba_{index:05d}.png", np.concatenate([view.color, opaque], -1))
    write_image(folder / f"segmentation_{index:05d}.png", classes)
    write_image(folder / f"depth_{index:05d}.tiff", depth)
    write_labels(view, partial(_image_path, folder, index))


def _image_path(folder: Path, index: int, kind: str) -> Path:
    return folder / f"{kind}_{index:05d}.png"


def _metadata(
    scene: LabelledScene, camera: Intrinsics, poses: list[Float64[ndarray, "4 4"]]
) -> dict[str, Any]:
    """`metadata.json`, but for classes and split."""
    blender = [pose @ _BLENDER_T_OPTICAL for pose in poses]
    xyzw = [se3.to_quaternion_xyzw(pose).tolist() for pose in blender]
    width, height, focal = camera.width, camera.height, camera.fx
    return {
        "metadata": {
            "width": width,
            "height": height,
            "num_frames": len(poses),
            "num_instances": len(scene.things),
            "seed": scene.seed,
        },
        "camera": {
            "focal_length": focal * _SENSOR_MM / width,
            "sensor_width": _SENSOR_MM,
            "field_of_view": 2 * math.atan2(width / 2, focal),
            "positions": [pose[:3, 3].tolist() for pose in poses],
            "quaternions": [[w, x, y, z] for x, y, z, w in xyzw],
            "K": [[focal, 0.0, -width / 2], [0.0, -focal, -height / 2], [0.0, 0.0, -1.0]],
            "R": blender[0][:3, :3].tolist(),
            "height": height,
            "width": width,
        },
        "scene_boundaries": {"min": scene.bounds.lower, "max": scene.bounds.upper},
    }


def read_nesf(folder: Path) -> LabelledScene:
    """A scene, ours or a published one; its views are read when they are asked for.

    Raises DatasetError where a file is missing, broken or too large; for images, when the view is
    read.
    """
    path = folder / "metadata.json"
    about = read_json(path)
    with scene_json.understood(str(path)):
        camera, poses = _camera(about["camera"]), _poses(about["camera"])
        labels = [str(label) for label in about["segmentation_labels"]]
        bounds = about["scene_boundaries"]
        box = scene_json.read_box(bounds["min"], bounds["max"])
        seed = whole(about["metadata"]["seed"])
    scene_file = folder / SCENE_FILE
    if scene_file.is_file():
        scene, stored = parse_scene(read_json(scene_file), str(scene_file))
        if len(stored) != len(poses):
            raise DatasetError(f"{scene_file} has {len(stored)} views, {path.name} {len(poses)}")
        stored = [replace(view, camera=camera) for view in stored]
    else:
        things = tuple(LabelledThing(label, label, box) for label in labels)
        scene = LabelledScene(folder.name, things, tuple(labels), box, (), seed)
        count = len(poses)
        stored = [StoredView(stamp_of(i), camera, False, False) for i in range(count)]
    load = partial(_read_view, folder, scene.things, scene_file.is_file(), stored, poses)
    return replace(scene, views=StoredViews(stored, poses, load))


def _camera(about: Any) -> Intrinsics:
    width, height = whole(about["width"]), whole(about["height"])
    focal = float(about["focal_length"]) * width / float(about["sensor_width"])
    return Intrinsics(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)


def _poses(about: Any) -> list[Float64[ndarray, "4 4"]]:
    """world_T_camera of every view."""
    poses = []
    for (x, y, z), (qw, qx, qy, qz) in zip(about["positions"], about["quaternions"], strict=True):
        numbers = [float(number) for number in (x, y, z, qx, qy, qz, qw)]
        pose = se3.from_quaternion_xyzw(numbers[:3], numbers[3:])
        poses.append(pose @ _BLENDER_T_OPTICAL)
    return poses


def _read_view(
    folder: Path,
    things: tuple[LabelledThing, ...],
    with_instances: bool,
    stored: list[StoredView],
    poses: list[Float64[ndarray, "4 4"]],
    index: int,
) -> LabelledView:
    view, path_of = stored[index], partial(_image_path, folder, index)
    color = read_image(path_of("rgba"), view.camera, np.dtype(np.uint8), 4)[..., :3]
    depth_file = folder / f"depth_{index:05d}.tiff"
    depth = read_image(depth_file, view.camera, np.dtype(np.float32))
    if with_instances:
        labels = read_labels(things, view, path_of)
    else:
        classes = decode_ids(read_image(path_of("segmentation"), view.camera, np.dtype(np.uint16)))
        check_labels(things, classes, None, str(path_of("segmentation")))
        labels = Labels(classes, None, None)
    # NaN is neither.
    depth = np.where((depth > 0) & (depth < _NOTHING_BEYOND_M), depth, np.float32(0))
    color = np.ascontiguousarray(color)
    return LabelledView(view.stamp_ns, view.camera, poses[index], color, depth, *labels)
