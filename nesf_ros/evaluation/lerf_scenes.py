"""Long-tail scenes with phrases to find in them: LERF's protocol on scenes whose truth is known.

Tables full of small things, filmed as with a hand-held phone, and furnished rooms, of the splits
"test" and, to choose thresholds on, "validation". Every sixth view is held out. A phrase names one
thing, or a part of one; where it is, is known as a box in the map, and in each held-out view that
shows it as a mask and a box. What fills fewer than MIN_PX of an image does not count as shown.

The lists of scenes are fixed: the first of each split in which there are 8 things to ask for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64
from numpy import ndarray

from nesf_ros.datasets.labelled import LabelledScene, LabelledView
from nesf_ros.errors import EvaluationError
from nesf_ros.evaluation.calibrate import frame_of
from nesf_ros.evaluation.lerf_queries import Query, Subject, chosen, presence
from nesf_ros.synthetic.generate import built_scene, labelled_scene
from nesf_ros.synthetic.order import Order
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.things import Thing
from nesf_ros.types import Box, PosedFrame

TABLE, ROOM = "tabletop", "room"
SCENES = {
    "test": (*((TABLE, i) for i in (0, 1, 3, 4, 5, 6, 7, 8, 9)), *((ROOM, i) for i in (0, 1, 2))),
    "validation": (*((TABLE, i) for i in (0, 1, 2)), *((ROOM, i) for i in (0, 1))),
}
"""Kind and number, within its split, of every scene."""
STYLES = {TABLE: "sweep", ROOM: "glances"}
"""How the camera is carried."""
VIEWS = {TABLE: 48, ROOM: 60}
"""Of each scene, held-out ones included."""
HELD_OUT_EVERY = 6
MIN_PX, MIN_PART_PX = 60, 30
"""From how many pixels on an image shows a thing, or a part, well enough to be asked for it."""
MIN_FRAMES = 5
"""So many frames must show what is asked for: LERF's own filter of what it knows."""
LARGEST_M = {TABLE: 0.6, ROOM: 1.0}
"""Longer things are not asked for."""
MOST = 0.55
"""Share of a thing's surface that must have a colour, or be of a material, to be called by it."""


@dataclass(frozen=True)
class Sight:
    """What a held-out view shows of a thing."""

    view: int
    """Index into the scene's `held_out`."""
    mask: Bool[ndarray, "height width"]

    @property
    def box_px(self) -> tuple[int, int, int, int]:
        """First and last column and row of the mask: left, upper, right, lower."""
        rows, columns = np.flatnonzero(self.mask.any(1)), np.flatnonzero(self.mask.any(0))
        return int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])


@dataclass(frozen=True)
class Asked:
    """A phrase that names one thing of a scene, or a part of one."""

    query: Query
    box: Box
    """Axis-aligned, around all of it, seen or not, map frame, metres. Two handles have one box."""
    sights: tuple[Sight, ...]


@dataclass(frozen=True)
class LerfScene:
    """A scene, filmed, with phrases."""

    name: str
    frames: tuple[PosedFrame, ...]
    """What a method may learn from."""
    held_out: tuple[PosedFrame, ...]
    """What it is asked about; of these it may use camera and pose, and colour where it says so."""
    asked: tuple[Asked, ...]
    subjects: tuple[Subject, ...]
    """Everything in the scene, for `existence`."""


def lerf_scenes(split: str) -> Iterator[LerfScene]:
    """The scenes of a split, a key of SCENES, one by one: some 40 MB and 10 s each.

    Raises EvaluationError for another split.
    """
    if split not in SCENES:
        raise EvaluationError(f"no long-tail scenes of {split!r}; ask for {', '.join(SCENES)}")
    return (lerf_scene(split, kind, index) for kind, index in SCENES[split])


def lerf_scene(split: str, kind: str, index: int, views: int = 0) -> LerfScene:
    """One scene; the same arguments give the same scene, phrases and all.

    Args:
        split: of the synthetic library's.
        kind: a key of STYLES.
        index: its number within the split.
        views: how many, held-out ones included; as many as VIEWS says where 0.
    """
    order = Order(kind, split, views or VIEWS[kind], style=STYLES[kind], noise=True)
    scene = built_scene(order, index)
    labelled = labelled_scene(order, index, scene)
    held = range(HELD_OUT_EVERY // 2, len(labelled.views), HELD_OUT_EVERY)
    held_out = [labelled.views[number] for number in held]
    frames = [view for number, view in enumerate(labelled.views) if number not in held]
    subjects = _subjects(scene, frames)
    sights = _sights(labelled, held_out)
    askable = {
        (thing, part): len(found)
        for (thing, part), found in sights.items()
        if subjects[thing].seen.get(part, 0) >= MIN_FRAMES
        and _extent_m(subjects[thing].box) <= LARGEST_M[kind]
    }
    queries = chosen(subjects, askable, np.random.default_rng((labelled.seed, 3)))
    return LerfScene(
        labelled.name,
        tuple(map(frame_of, frames)),
        tuple(map(frame_of, held_out)),
        tuple(
            _asked(query, subjects[thing], sights[thing, query.part]) for thing, query in queries
        ),
        subjects,
    )


def existence(scene: LerfScene, scenes: Iterable[LerfScene]) -> dict[str, bool]:
    """Which of the phrases of all scenes are true of something in one of them.

    Protocol: LERF's. The phrases of a scene, and those of the others, labelled anew. Left out
    is what is arguable, and what is there but shown by fewer than MIN_FRAMES frames.
    """
    queries = {asked.query.text: asked.query for other in scenes for asked in other.asked}
    found = {text: presence(queries[text], scene.subjects, MIN_FRAMES) for text in sorted(queries)}
    return {text: there for text, there in found.items() if there is not None}


def _asked(query: Query, subject: Subject, sights: Sequence[Sight]) -> Asked:
    return Asked(query, subject.part_boxes.get(query.part, subject.box), tuple(sights))


def _extent_m(box: Box) -> float:
    return float(np.subtract(box.upper, box.lower).max())


def _subjects(scene: Scene, frames: Sequence[LabelledView]) -> tuple[Subject, ...]:
    """All things of a scene, and how many frames show each of them, and its parts."""
    seen: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for view in frames:
        for thing, part, pixels in _pixels(view, scene.things):
            if pixels >= (MIN_PART_PX if part else MIN_PX):
                seen[thing][part] = seen[thing].get(part, 0) + 1
    return tuple(_subject(thing, seen[index]) for index, thing in enumerate(scene.things))


def _subject(thing: Thing, seen: Mapping[str, int]) -> Subject:
    boxes = {
        name: _box(np.array([s.bounds for p in thing.parts if p.name == name for s in p.solids]))
        for name in dict.fromkeys(part.name for part in thing.parts)
    }
    color, material = _called(thing)
    whole = _box(np.array(thing.bounds)[None])
    return Subject(thing.class_name, color, material, thing.model.words, whole, boxes, seen)


def _called(thing: Thing) -> tuple[str, str]:
    """Words for the colour and the material of a thing, where MOST of it has them; else empty."""
    main = thing.model.main
    sides = [np.diff(solid.corners, axis=1) for solid in thing.solids]
    areas = np.array([np.linalg.norm(np.cross(s[:, 0], s[:, 1]), axis=1).sum() for s in sides])
    materials = [solid.material for solid in thing.solids]
    of_color = [material.color_name == main.color_name for material in materials]
    of_kind = [material.kind == main.kind for material in materials]
    return (
        main.color_name if areas[of_color].sum() >= MOST * areas.sum() else "",
        main.kind if areas[of_kind].sum() >= MOST * areas.sum() else "",
    )


def _box(bounds: Float64[ndarray, "n 2 3"]) -> Box:
    """Around several boxes."""
    (x0, y0, z0), (x1, y1, z1) = bounds[:, 0].min(0).tolist(), bounds[:, 1].max(0).tolist()
    return Box((x0, y0, z0), (x1, y1, z1))


def _pixels(view: LabelledView, things: Sequence[Thing]) -> Iterator[tuple[int, str, int]]:
    """Thing, name of a part ("" for the whole thing), and how many pixels show it."""
    assert view.parts is not None
    shown = view.instances >= 0
    pairs, counts = np.unique(
        np.stack([view.instances[shown], view.parts[shown]]), axis=1, return_counts=True
    )
    found: defaultdict[tuple[int, str], int] = defaultdict(int)
    for (thing, part), count in zip(pairs.T.tolist(), counts.tolist(), strict=True):
        found[thing, ""] += count
        found[thing, things[thing].model.parts[part].name] += count
    yield from ((thing, part, count) for (thing, part), count in found.items())


def _sights(
    scene: LabelledScene, views: Sequence[LabelledView]
) -> dict[tuple[int, str], list[Sight]]:
    """For every thing, and every part of it, what each view shows that shows enough."""
    found: defaultdict[tuple[int, str], list[Sight]] = defaultdict(list)
    for number, view in enumerate(views):
        assert view.parts is not None
        for thing in np.unique(view.instances[view.instances >= 0]).tolist():
            whole = view.instances == thing
            if whole.sum() >= MIN_PX:
                found[thing, ""].append(Sight(number, whole))
            names = np.array(scene.things[thing].parts)
            for part in set(names[np.unique(view.parts[whole])].tolist()):
                mask = whole & np.isin(view.parts, np.flatnonzero(names == part))
                if mask.sum() >= MIN_PART_PX:
                    found[thing, part].append(Sight(number, mask))
    return dict(found)
