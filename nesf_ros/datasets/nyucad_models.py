"""Guo et al. 2015's models of NYUv2's rooms: every object by one of NYUv2's 894 names.

SSCNet's volumes know 36 classes; more is only in the annotations that they were made of, one
MATLAB 5 file for each image. As SSCNet's `perpareNYUCADdata.m` reads them (no such file was at hand
here), `model.objects` holds for every object its name (`model.label`) and its surface
(`mesh.comp`, parts with `vertices` and `faces`, which count from 1), y up and in metres; the first
corner of the first object named floor tells its height. Turned so that z is up and the floor is at
0, they lie in the world of the scene's .bin file.

Which of the 36 classes each name became is in `ClassMapping.mat` of SSCNet's release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import open3d as o3d
from jaxtyping import Float32, Int, UInt32
from numpy import ndarray

from nesf_ros.datasets.mat5 import cells, read_mat
from nesf_ros.datasets.nyucad_volume import FINE_CLASSES, LabelVolume
from nesf_ros.errors import DatasetError


@dataclass(frozen=True)
class CadModel:
    """The surface of one object."""

    name: str
    """One of NYUv2's 894, such as "puppy toy"."""
    vertices_world: Float32[ndarray, "n 3"]
    """z up, floor at 0, metres."""
    triangles: UInt32[ndarray, "m 3"]


def read_models(path: Path) -> tuple[CadModel, ...]:
    """The objects of an annotation that have a surface.

    Raises DatasetError where the file is missing or broken, or has no floor.
    """
    model = read_mat(path, "model")["model"]
    try:
        things = cells(model["objects"])
        floors = (thing["model"] for thing in things if thing["model"]["label"] == "floor")
        if (floor := next(floors, None)) is None:
            raise DatasetError(f"{path} has no object named floor, which tells where height 0 is")
        corner = cells(cells(floor["surfaces"])[0]["polygon"]["pts"])[0]
        models = [_model(thing, float(corner["y"])) for thing in things if "mesh" in thing]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise DatasetError(f"{path} is no annotation of a room: {error!r}") from error
    return tuple(model for model in models if len(model.triangles))


def _model(thing: Any, floor_m: float) -> CadModel:
    vertices, triangles, count = [np.zeros((0, 3))], [np.zeros((0, 3), np.int64)], 0
    for part in cells(thing["mesh"]["comp"]):
        corners = np.asarray(part["vertices"], np.float64).reshape(-1, 3)
        faces = np.asarray(part["faces"]).reshape(-1, 3).astype(np.int64) - 1
        if not np.isfinite(corners).all() or (faces < 0).any() or (faces >= len(corners)).any():
            raise ValueError("vertices are not finite, or a face has others")
        vertices.append(np.stack([corners[:, 0], -corners[:, 2], corners[:, 1] - floor_m], 1))
        triangles.append(faces + count)
        count += len(corners)
    surface = np.concatenate(vertices).astype(np.float32)
    return CadModel(str(thing["model"]["label"]), surface, np.concatenate(triangles).astype("u4"))


def read_fine_classes(path: Path) -> dict[str, str]:
    """Which of `FINE_CLASSES` each of the 894 names belongs to, by SSCNet's ClassMapping.mat.

    Raises DatasetError where the file is missing or broken, or its tables do not fit each other.
    """
    names = ("nyu894class", "mapNYU894To40", "nyu40class", "mapNYU40to36")
    tables = read_mat(path, *names)
    try:
        lists = [[str(word) for word in cells(tables[name])] for name in names]
        to_36 = dict(zip(lists[2], lists[3], strict=True))
        found = {name: to_36[word] for name, word in zip(lists[0], lists[1], strict=True)}
    except (ValueError, KeyError) as error:
        raise DatasetError(f"{path}: its tables do not fit each other: {error!r}") from error
    if unknown := set(found.values()) - set(FINE_CLASSES):
        raise DatasetError(f"{path} maps to {sorted(unknown)}, which SSCNet's volumes do not have")
    return found


def named_volume(
    volume: LabelVolume, models: Sequence[CadModel], fine_classes: Mapping[str, str]
) -> LabelVolume:
    """The same volume with every voxel's class in NYUv2's own names.

    A voxel takes the name of the nearest object among those whose names became its class, so that
    both volumes agree; a class of which no object is known keeps its own name. Names are sorted.

    Raises DatasetError where the volume is not in `FINE_CLASSES`.
    """
    if volume.classes != FINE_CLASSES:
        raise DatasetError("only a volume in SSCNet's 36 classes can be named by its objects")
    filled = np.argwhere(volume.labels > 0)
    labels = volume.labels[tuple(filled.T)]
    words = np.empty(len(filled), object)
    for label in np.unique(labels).tolist():
        own = labels == label
        fitting = [m for m in models if fine_classes.get(m.name) == FINE_CLASSES[label - 1]]
        if len(fitting) > 1:
            names = np.array([model.name for model in fitting], object)
            centres = volume.centres_world(filled[own]).astype(np.float32)
            words[own] = names[_nearest(fitting, centres)]
        else:
            words[own] = fitting[0].name if fitting else FINE_CLASSES[label - 1]
    names, numbers = np.unique(words.astype(str), return_inverse=True)
    named = volume.labels.copy()
    named[tuple(filled.T)] = numbers + 1
    return replace(volume, labels=named, classes=tuple(names.tolist()))


def _nearest(models: Sequence[CadModel], points: Float32[ndarray, "n 3"]) -> Int[ndarray, " n"]:
    """Index of the model whose surface is nearest to each point."""
    surfaces = o3d.t.geometry.RaycastingScene(1)
    for model in models:
        surfaces.add_triangles(
            o3d.core.Tensor(model.vertices_world), o3d.core.Tensor(model.triangles)
        )
    found = surfaces.compute_closest_points(o3d.core.Tensor(points))
    return found["geometry_ids"].numpy().astype(np.int64)
