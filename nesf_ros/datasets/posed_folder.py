"""Labelled views as a folder of posed RGB-D images, named as in 7-Scenes, with masks beside them.

For every view, by number: `frame-000000.color.png`, `.depth.png` (16 bits, millimetres, 0 where
there is none), `.pose.txt` (world_T_camera, 4×4, optical frame), `.instances.png`, and, where the
view has them, `.parts.png` and `.normals.png` (see `label_images`). `camera-intrinsics.txt` is the
camera's 3×3 matrix. `scene.json` has things, classes, relations, and the views' stamps; without
it, the folder is a plain 7-Scenes recording.

Depth is kept to half a millimetre; readings beyond 65.534 m become none.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.datasets.label_images import (
    read_image,
    read_labels,
    views_of_one_camera,
    write_image,
    write_labels,
)
from nesf_ros.datasets.labelled import LabelledScene, LabelledThing, LabelledView
from nesf_ros.datasets.scene_json import (
    SCENE_FILE,
    parse_scene,
    read_json,
    scene_text,
    understood,
)
from nesf_ros.datasets.stored_views import LabelledSource, StoredView, StoredViews
from nesf_ros.datasets.storing import new_folder, read_bounded
from nesf_ros.geometry import se3
from nesf_ros.geometry.images import NO_READING, scale_depth

NEEDS = (
    "labelled posed RGB-D: scene.json, and frame-NNNNNN.color.png, .depth.png, .pose.txt and "
    ".instances.png for every view in it"
)
DEPTH_SCALE_M = 0.001
"""Metres per unit of the depth images."""
_EXACT = "%.17g"
"""Tells every two 64-bit numbers apart."""
_MAX_POSE_BYTES = 4096


def matches(folder: Path) -> bool:
    """Whether the folder looks like this format."""
    return (folder / SCENE_FILE).is_file() and _path(folder, 0, "instances.png").is_file()


def open_posed_folder(folder: Path) -> LabelledSource:
    """The views of a scene as frames; raises DatasetError as `read_posed_folder`."""
    return LabelledSource(folder.name, read_posed_folder(folder).views)


def write_posed_folder(scene: LabelledScene, folder: Path) -> None:
    """Write the scene, all views of which one camera took, to a new folder.

    Raises DatasetError for views that cannot be written (`views_of_one_camera`), a folder that
    exists, and a full disk.
    """
    stored = []
    with new_folder(folder) as place:
        for index, view in views_of_one_camera(scene):
            _write_view(place, index, view)
            stored.append(StoredView.of(view))
        np.savetxt(place / "camera-intrinsics.txt", stored[0].camera.matrix, _EXACT)
        (place / SCENE_FILE).write_text(scene_text(scene, stored), "utf-8")


def _write_view(folder: Path, index: int, view: LabelledView) -> None:
    units = np.rint(view.depth_m / DEPTH_SCALE_M)
    units[units >= NO_READING] = 0
    write_image(_path(folder, index, "color.png"), view.color)
    write_image(_path(folder, index, "depth.png"), units.astype(np.uint16))
    np.savetxt(_path(folder, index, "pose.txt"), view.world_T_camera, _EXACT)
    write_labels(view, partial(_mask_path, folder, index))


def _path(folder: Path, index: int, ending: str) -> Path:
    return folder / f"frame-{index:06d}.{ending}"


def _mask_path(folder: Path, index: int, kind: str) -> Path:
    return _path(folder, index, f"{kind}s.png")


def read_posed_folder(folder: Path) -> LabelledScene:
    """A scene; its views are read when they are asked for.

    Raises DatasetError where a file is missing, broken or too large; for images, when the view is
    read.
    """
    scene_file = folder / SCENE_FILE
    scene, stored = parse_scene(read_json(scene_file), str(scene_file))
    poses = [_read_pose(_path(folder, index, "pose.txt")) for index in range(len(stored))]
    load = partial(_read_view, folder, scene.things, stored, poses)
    return replace(scene, views=StoredViews(stored, poses, load))


def _read_pose(path: Path) -> Float64[ndarray, "4 4"]:
    with understood(str(path)):
        words = read_bounded(path, _MAX_POSE_BYTES).split()
        return se3.check_pose(np.array([float(word) for word in words]).reshape(4, 4))


def _read_view(
    folder: Path,
    things: tuple[LabelledThing, ...],
    stored: list[StoredView],
    poses: list[Float64[ndarray, "4 4"]],
    index: int,
) -> LabelledView:
    camera = stored[index].camera
    color = read_image(_path(folder, index, "color.png"), camera, np.dtype(np.uint8), 3)
    units = read_image(_path(folder, index, "depth.png"), camera, np.dtype(np.uint16))
    labels = read_labels(things, stored[index], partial(_mask_path, folder, index))
    depth_m = scale_depth(units, DEPTH_SCALE_M)
    return LabelledView(stored[index].stamp_ns, camera, poses[index], color, depth_m, *labels)
