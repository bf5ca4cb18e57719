"""A labelled scene beside its images, as JSON: things, classes, relations, captions, views."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nesf_ros.datasets.label_images import MAX_ID
from nesf_ros.datasets.labelled import Caption, LabelledScene, LabelledThing, Relation
from nesf_ros.datasets.stored_views import StoredView
from nesf_ros.datasets.storing import MAX_TEXT_BYTES, read_bounded
from nesf_ros.errors import DatasetError, GeometryError
from nesf_ros.types import RELATIONS, Box, Intrinsics

SCENE_FILE = "scene.json"


def scene_text(scene: LabelledScene, views: Sequence[StoredView] = ()) -> str:
    """The scene as JSON, but for its images; the same scene gives the same text."""
    about = {
        "name": scene.name,
        "seed": scene.seed,
        "split": scene.split,
        "bounds": asdict(scene.bounds),
        "classes": scene.classes,
        "things": [asdict(thing) for thing in scene.things],
        "relations": [asdict(relation) for relation in scene.relations],
        "captions": [asdict(caption) for caption in scene.captions],
        "views": [asdict(view) for view in views],
    }
    return json.dumps(about, indent=1, allow_nan=False)


def read_json(path: Path) -> Any:
    """What a JSON file holds. Raises DatasetError where it is missing, broken or too large."""
    return parse_json(read_bounded(path, MAX_TEXT_BYTES), str(path))


def parse_json(text: str | bytes, where: str) -> Any:
    """What JSON text says. Raises DatasetError, naming `where`, for NaN and what is no JSON."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{where} is no JSON: {error}") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def parse_scene(about: Any, where: str) -> tuple[LabelledScene, list[StoredView]]:
    """The scene, without its views' images, and what is known of the views.

    Raises DatasetError, naming `where`, for a key that is missing, values of a wrong type or out
    of range, names that are given twice, and things, classes and views that are not there.
    """
    with understood(where):
        views = [
            StoredView(
                whole(view["stamp_ns"]),
                _camera(view["camera"]),
                view["parts"] is True,
                view["normals"] is True,
            )
            for view in about["views"]
        ]
        scene = LabelledScene(
            name=_text(about["name"]),
            things=tuple(_thing(thing) for thing in about["things"]),
            classes=tuple(map(_text, about["classes"])),
            bounds=read_box(about["bounds"]["lower"], about["bounds"]["upper"]),
            views=(),
            seed=whole(about["seed"]),
            split=_text(about["split"]),
            relations=tuple(_relation(relation) for relation in about["relations"]),
            captions=tuple(_caption(caption) for caption in about["captions"]),
        )
        _check(scene)
    return scene, views


@contextmanager
def understood(where: str) -> Iterator[None]:
    """Turn what reading wrong JSON ends in, in this block, into a DatasetError naming `where`."""
    try:
        yield
    except KeyError as error:
        raise DatasetError(f"{where} has no {error}") from error
    except (ValueError, TypeError, ArithmeticError, GeometryError) as error:
        raise DatasetError(f"{where}: {error}") from error


def _check(scene: LabelledScene) -> None:
    """Raise ValueError where things, classes and relations do not fit each other."""
    names = [thing.name for thing in scene.things]
    for what, given in (("thing", names), ("class", scene.classes)):
        if len(set(given)) < len(given):
            raise ValueError(f"a {what} is named twice")
    if len(names) > MAX_ID:
        raise ValueError(f"{len(names)} things, more than {MAX_ID}")
    strange = {thing.class_name for thing in scene.things} - set(scene.classes)
    if strange:
        raise ValueError(f"classes that are not listed: {', '.join(sorted(strange))}")
    named = [max(relation.target, relation.reference) for relation in scene.relations]
    if max([*named, *(caption.thing for caption in scene.captions)], default=-1) >= len(names):
        raise ValueError("a relation or caption is about a thing that there is not")


def _thing(about: Any) -> LabelledThing:
    return LabelledThing(
        name=_text(about["name"]),
        class_name=_text(about["class_name"]),
        box=read_box(about["box"]["lower"], about["box"]["upper"]),
        parts=tuple(map(_text, about["parts"])),
        color=_text(about["color"]),
        material=_text(about["material"]),
    )


def _relation(about: Any) -> Relation:
    if about["relation"] not in RELATIONS:
        raise ValueError(f"{about['relation']!r} is none of {', '.join(RELATIONS)}")
    target, reference, view = (whole(about[key]) for key in ("target", "reference", "view"))
    return Relation(target, about["relation"], reference, view)


def _caption(about: Any) -> Caption:
    negatives = tuple(map(_text, about["negatives"]))
    return Caption(whole(about["thing"]), _text(about["kind"]), _text(about["text"]), negatives)


def _camera(about: Any) -> Intrinsics:
    focal = (float(about[key]) for key in ("fx", "fy", "cx", "cy"))
    return Intrinsics(whole(about["width"]), whole(about["height"]), *focal)


def read_box(lower: Any, upper: Any) -> Box:
    """A box from two lists of three numbers. Raises TypeError, ValueError, GeometryError."""
    (x0, y0, z0), (x1, y1, z1) = lower, upper
    return Box((float(x0), float(y0), float(z0)), (float(x1), float(y1), float(z1)))


def whole(value: Any) -> int:
    """A number that counts something. Raises ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 63:
        raise ValueError(f"{value!r} must be a whole number, 0 or more")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} must be text")
    return value
