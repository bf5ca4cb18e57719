"""The HDF5 files of Semantic Abstraction's scenes, one for every view.

At the root are images and points, one item each: `rgb` (uint8), `depth` (float32, metres along the
optical axis, 0 for none), `seg` (int32, number of the thing, -1 for nothing), `full_xyz_pts` and
`full_objid_pts` (which thing fills a point, seen or unseen), `tsdf_xyz_pts` and `tsdf_value_pts`.
In the group `data`, region references of the same names point at the items; beside them lie
`cam_intr` (3×3), `cam_pose` (4×4, to the frame of `semabs_truth`, so its rotation is scaled),
`scene_bounds`, `objid_to_class` ("mug[3]" for thing 3; the last two are "out of bounds" and
"empty") and `descriptions`, columns of text. The group `nesf_ros`, which their loaders ignore, has
the pose in metres, parts and normals; `scene.json` beside the files has the rest.

Their loaders index all of these and, beside them, `data/saliencies`: answers of CLIP, which their
own `generate_relevancy.py` adds to the file (`saliencies` at the root is there, still empty, for
that), together with `visible_scene_obj_labels`. They also want the list of files as a pickle, which
we never write.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import h5py
import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.datasets.hdf5 import opened, read_array
from nesf_ros.datasets.label_images import check_labels, checked_view
from nesf_ros.datasets.labelled import LabelledScene, LabelledThing, LabelledView
from nesf_ros.datasets.scene_json import SCENE_FILE, parse_scene, read_json, scene_text, understood
from nesf_ros.datasets.semabs_published import read_images, read_published
from nesf_ros.datasets.semabs_truth import (
    EMPTY,
    OUT_OF_BOUNDS,
    SCENE_BOUNDS,
    descriptions,
    sample_points,
    scene_T_world,
    signed_distances,
)
from nesf_ros.datasets.stored_views import LabelledSource, StoredView, StoredViews
from nesf_ros.datasets.storing import new_folder
from nesf_ros.errors import DatasetError
from nesf_ros.geometry import se3

NEEDS = "SemAbs: scene.json and one NNNNN.hdf5 for every view in it, or one published .hdf5 file"
SUFFIX = ".hdf5"
_OURS = "nesf_ros"
_COMPRESSION = {"compression": "gzip", "compression_opts": 4}
_RELEVANCY_SIDE = 128


def matches(path: Path) -> bool:
    """Whether the path looks like this format."""
    if path.is_dir():
        return (path / SCENE_FILE).is_file() and _view_file(path, 0).is_file()
    return path.suffix == SUFFIX


def open_semabs(path: Path) -> LabelledSource:
    """The views of a scene as frames; raises DatasetError as `read_semabs`."""
    return LabelledSource(path.stem, read_semabs(path).views)


def _view_file(folder: Path, index: int) -> Path:
    return folder / f"{index:05d}{SUFFIX}"


def write_semabs(scene: LabelledScene, folder: Path, points: int = 100_000) -> None:
    """Write the scene to a new folder, a file for every view.

    Args:
        scene: z up. Points are left out where it has no `instance_at`.
        folder: where; it must not exist yet.
        points: how many there are in every file (in the published ones: a million).

    Raises:
        DatasetError: for views that cannot be written (`checked_view`), names that are not plain
            ASCII or hold "[", less than one point, a folder that exists, or a full disk.
    """
    _check_names([thing.class_name + thing.material for thing in scene.things])
    if points < 1 or not scene.views:
        raise DatasetError(f"{len(scene.views)} views, {points} points; both must be 1 or more")
    stored = []
    with new_folder(folder) as place:
        for index in range(len(scene.views)):
            view = checked_view(scene, index)
            # In memory, because the library crashes where the disk is full.
            with h5py.File("view", "w", driver="core", backing_store=False) as file:
                _write_view(file, scene, view, points, index)
                file.flush()
                _view_file(place, index).write_bytes(file.id.get_file_image())
            stored.append(StoredView.of(view))
        (place / SCENE_FILE).write_text(scene_text(scene, stored), "utf-8")


def _check_names(names: list[str]) -> None:
    for name in names:
        if "[" in name or not name.isascii():
            raise DatasetError(f"{name!r} cannot be written: only ASCII without '[' can be a name")


def _write_view(
    file: h5py.File, scene: LabelledScene, view: LabelledView, points: int, index: int
) -> None:
    transform = scene_T_world(view.world_T_camera)
    pose = transform @ view.world_T_camera
    items: dict[str, ndarray] = {
        "rgb": view.color,
        "depth": view.depth_m,
        "seg": view.instances,
    }
    voxels, distances = signed_distances(view.depth_m, view.camera, pose)
    items |= {"tsdf_xyz_pts": voxels, "tsdf_value_pts": distances}
    if scene.instance_at is not None:
        xyz, ids = sample_points(scene, transform, points, (scene.seed, index))
        items |= {"full_xyz_pts": xyz, "full_objid_pts": ids}
    group = file.create_group("data")
    for name, item in items.items():
        dataset = _growing(file, name, item[None])
        group.create_dataset(name, data=[dataset.regionref[0, ...]], dtype=h5py.regionref_dtype)
    _growing(file, "saliencies", np.zeros((0, _RELEVANCY_SIDE, _RELEVANCY_SIDE), np.float32))
    classes = [*(thing.class_name for thing in scene.things), OUT_OF_BOUNDS, EMPTY]
    group["objid_to_class"] = _text([f"{name}[{i}]" for i, name in enumerate(classes)])
    group["cam_intr"], group["cam_pose"] = view.camera.matrix, pose
    group["scene_bounds"] = SCENE_BOUNDS
    # Their mark of images without a second, repainted version.
    group["domain_randomized_rgb"] = np.zeros((1, 1))
    about = group.create_group("descriptions")
    for name, column in descriptions(scene, index).items():
        about[name] = np.array(column, np.int64) if name.endswith("_id") else _text(column)
    ours = file.create_group(_OURS)
    ours["world_T_camera"], ours["stamp_ns"] = view.world_T_camera, view.stamp_ns
    for name, image in (("parts", view.parts), ("normals", view.normals_world)):
        if image is not None:
            ours.create_dataset(name, data=image, **_COMPRESSION)


def _growing(file: h5py.File, name: str, items: ndarray) -> h5py.Dataset:
    """A dataset to which items can be added."""
    shape = items.shape[1:]
    return file.create_dataset(
        name, data=items, maxshape=(None, *shape), chunks=(1, *shape), **_COMPRESSION
    )


def _text(words: list) -> ndarray:
    return np.array(words).astype("S") if words else np.array([], "S1")


def read_semabs(path: Path) -> LabelledScene:
    """A scene of ours (its folder), or one published file (see `semabs_published`).

    Its views are read when they are asked for. Raises DatasetError where a file is missing, broken
    or too large; for images, when the view is read.
    """
    if not path.is_dir():
        return read_published(path)
    scene, stored = parse_scene(read_json(path / SCENE_FILE), str(path / SCENE_FILE))
    files = [_view_file(path, index) for index in range(len(stored))]
    poses = [_read_pose(file) for file in files]
    load = partial(_read_view, files, scene.things, stored, poses)
    return replace(scene, views=StoredViews(stored, poses, load))


def _read_pose(path: Path) -> Float64[ndarray, "4 4"]:
    with opened(path) as file, understood(str(path)):
        return se3.check_pose(read_array(file, f"{_OURS}/world_T_camera", 2))


def _read_view(
    files: list[Path],
    things: tuple[LabelledThing, ...],
    stored: list[StoredView],
    poses: list[Float64[ndarray, "4 4"]],
    index: int,
) -> LabelledView:
    view = stored[index]
    with opened(files[index]) as file:
        color, depth_m, instances = read_images(file)
        parts = read_array(file, f"{_OURS}/parts", 2) if view.parts else None
        normals = read_array(file, f"{_OURS}/normals", 3) if view.normals else None
    size = (view.camera.height, view.camera.width)
    if any(image is not None and image.shape[:2] != size for image in (color, parts, normals)):
        raise DatasetError(f"{files[index]}: its images are not of the camera's size, {size}")
    if parts is not None:
        parts = parts.astype(np.int32)
    if normals is not None:
        normals = normals.astype(np.float32)
    check_labels(things, instances, parts, str(files[index]))
    labels = (instances, parts, normals)
    return LabelledView(view.stamp_ns, view.camera, poses[index], color, depth_m, *labels)
