"""Contact sheets of one labelled scene: what the views show, relations, what is hidden."""

from __future__ import annotations

import operator
from collections.abc import Callable

import cv2
import numpy as np
from jaxtyping import Float32, Float64, Int32, UInt8
from numpy import ndarray

from nesf_ros.datasets.labelled import NOTHING, LabelledScene, LabelledView, Relation
from nesf_ros.types import Box

Image = UInt8[ndarray, "height width 3"]

_VIEWS, _RELATIONS, _COLUMNS = 4, 12, 4
_TEXT_PX = 18
_SECTION_PX = 640  # the longer side of a section
_SECTION_M = 1.6  # how much of the scene around what is hidden
_WALLS = ("wall", "floor", "ceiling", "door", "window", "backdrop")


def views_sheet(scene: LabelledScene) -> Image:
    """A row for each of some views: colour, depth, normals, instances, classes, parts."""
    chosen = np.linspace(0, len(scene.views) - 1, min(_VIEWS, len(scene.views))).astype(int)
    return np.concatenate([_view_row(scene, scene.views[int(index)]) for index in chosen])


def _view_row(scene: LabelledScene, view: LabelledView) -> Image:
    pictures = {"colour": view.color, "depth": _depth_image(view.depth_m)}
    if view.normals_world is not None:
        pictures["normals"] = (127.5 * (view.normals_world + 1)).astype(np.uint8)
    pictures["instances"] = id_colors(view.instances)
    pictures["classes"] = id_colors(scene.class_ids(view.instances))
    if view.parts is not None:
        # Parts of one thing in shades of their own.
        numbers = np.where(view.parts < 0, NOTHING, 31 * view.instances + view.parts)
        pictures["parts"] = id_colors(numbers.astype(np.int32))
    return np.concatenate([_titled(image, name) for name, image in pictures.items()], axis=1)


def relations_sheet(scene: LabelledScene) -> Image:
    """Some relations, each in its view: the target outlined in green, the reference in red."""
    width = scene.views[0].camera.width
    if not scene.relations:
        return _titled(np.full((40, 3 * width, 3), 255, np.uint8), "no relation holds in any view")
    step = max(1, len(scene.relations) // _RELATIONS)
    cells = [_relation_cell(scene, told) for told in scene.relations[::step][:_RELATIONS]]
    blank = np.full_like(cells[0], 255)
    cells += [blank] * (-len(cells) % _COLUMNS)
    rows = [
        np.concatenate(cells[start : start + _COLUMNS], axis=1)
        for start in range(0, len(cells), _COLUMNS)
    ]
    return np.concatenate(rows)


def _relation_cell(scene: LabelledScene, told: Relation) -> Image:
    view = scene.views[told.view]
    image = view.color.copy()
    for thing, color in ((told.target, (40, 220, 40)), (told.reference, (230, 40, 40))):
        mask = (view.instances == thing).astype(np.uint8)
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(image, outlines, -1, color, 2)
    target, reference = (scene.things[index].name for index in (told.target, told.reference))
    return _titled(image, f"{target} {told.relation} {reference}")


def section_sheet(scene: LabelledScene) -> Image:
    """Cuts through the truth: one level, one upright. What no view shows is drawn in red.

    They go through the middle of a thing that no view shows, within something where there is
    such a one; of the whole scene where nothing is hidden.
    """
    if scene.instance_at is None:
        raise ValueError("a scene that was read from a file does not tell what fills a point")
    seen = {int(i) for view in scene.views for i in np.unique(view.instances)}
    hidden = [
        index
        for index, thing in enumerate(scene.things)
        if index not in seen and thing.class_name not in _WALLS
    ]
    hidden.sort(key=lambda index: not _holder(scene, index))
    around = _surroundings(scene, hidden[0]) if hidden else scene.bounds
    at = (np.array(around.lower) + np.array(around.upper)) / 2
    title = "nothing is hidden"
    if hidden:
        holder = _holder(scene, hidden[0])
        title = scene.things[hidden[0]].name + (f" within {holder}" if holder else ", seen by none")
    level, upright = (_section(scene, around, axis, float(at[axis]), hidden) for axis in (2, 1))
    images = (
        _titled(level, f"from above, z = {at[2]:.2f} m: {title}"),
        _titled(upright, f"from the front, y = {at[1]:.2f} m"),
    )
    height = max(image.shape[0] for image in images)
    return np.concatenate(
        [
            np.pad(image, ((0, height - image.shape[0]), (0, 8), (0, 0)), constant_values=255)
            for image in images
        ],
        axis=1,
    )


def _holder(scene: LabelledScene, index: int) -> str:
    """Name of the thing whose box has another's whole in it; empty where there is none."""
    box = scene.things[index].box
    for other in scene.things:
        larger = other.class_name not in _WALLS and other.box != box
        within = [*map(operator.le, other.box.lower, box.lower)]
        within += map(operator.ge, other.box.upper, box.upper)
        if larger and all(within):
            return other.name
    return ""


def _surroundings(scene: LabelledScene, index: int) -> Box:
    """A cube around a thing's middle."""
    box = scene.things[index].box
    x, y, z = (np.add(box.lower, box.upper) / 2).tolist()
    reach = _SECTION_M / 2
    return Box((x - reach, y - reach, z - reach), (x + reach, y + reach, z + reach))


def _section(scene: LabelledScene, around: Box, axis: int, at_m: float, hidden: list[int]) -> Image:
    """The plane where a coordinate (1 or 2) has a value: x to the right, the other one up."""
    up = 3 - axis
    lower, upper = np.array(around.lower), np.array(around.upper)
    step = float((upper - lower).max()) / _SECTION_PX
    x = np.arange(lower[0], upper[0], step)
    y = np.arange(upper[up], lower[up], -step)
    points: Float64[ndarray, "rows columns 3"] = np.empty((len(y), len(x), 3))
    points[..., 0], points[..., up], points[..., axis] = x, y[:, None], at_m
    assert scene.instance_at is not None
    instances = scene.instance_at(points.reshape(-1, 3)).reshape(len(y), len(x))
    image = id_colors(instances)
    image[instances == NOTHING] = 255
    image[np.isin(instances, hidden)] = (230, 20, 20)
    return image


def _depth_image(depth_m: Float32[ndarray, "height width"]) -> Image:
    """Near is bright; black where there is no depth."""
    far = max(float(depth_m.max()), 1e-6)
    shades = np.where(depth_m > 0, 255 * (1 - 0.85 * depth_m / far), 0).astype(np.uint8)
    image = cv2.cvtColor(cv2.applyColorMap(shades, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    image[depth_m == 0] = 0
    return image


def id_colors(numbers: Int32[ndarray, "height width"]) -> Image:
    """A colour for every number, far from those of the next ones; black for NOTHING."""
    hue = (numbers.astype(np.int64) * 67) % 180
    value = 150 + (numbers.astype(np.int64) * 41) % 106
    hsv = np.stack([hue, np.full_like(hue, 190), value], axis=-1).astype(np.uint8)
    image = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    image[numbers == NOTHING] = 0
    return image


def _titled(image: Image, title: str) -> UInt8[ndarray, "titled width 3"]:
    strip = np.full((_TEXT_PX, image.shape[1], 3), 255, np.uint8)
    cv2.putText(strip, title, (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1, cv2.LINE_AA)
    return np.concatenate([strip, image])


SHEETS: dict[str, Callable[[LabelledScene], Image]] = {
    "views": views_sheet,
    "relations": relations_sheet,
    "section": section_sheet,
}
"""What is drawn of every scene, by the ending of the file's name."""
