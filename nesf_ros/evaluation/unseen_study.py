"""Completion and hidden places judged view by view, as Semantic Abstraction judges them (§4).

Protocol, from the paper and its release (`utils.py`, `train_ovssc.py`, `train_vool.py`): the cube
before the viewer, asked at the middles of its 64³ cells; IoU of voxels at 32³ for each label or
description of each view. In completion, each point goes to the label of the highest logit (§3.3),
points below the cut-off are empty, and points outside of the viewer's picture do not count; the
release has labels not compete, which is judged beside ("alone"). Of hidden places, all points of
the room count, pictured or not. Nothing outside of the room counts. What fills no voxel that counts
is not scored. With more views, the viewer's picture still says which points count, so that samples
pair; what is hidden is then hidden from all of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float32
from torch import Tensor

from nesf_ros.evaluation.cube_scores import FAR, CubeVoxels, ious
from nesf_ros.evaluation.unseen_questions import VALIDATION, Asked, Column
from nesf_ros.semantics.completion.cells import clear
from nesf_ros.semantics.completion.presets import Preset
from nesf_ros.semantics.completion.volume import Volume
from nesf_ros.training.abstraction.approaches import Answer, Approach, Task
from nesf_ros.training.abstraction.rooms import Room
from nesf_ros.training.abstraction.situations import Mapper, Situation, nearest_views
from nesf_ros.training.abstraction.truth import Points, described, occupied
from nesf_ros.types import FREE, OCCUPIED

CELLS = 64
"""Of the lattice of query points, along an edge."""
CUTOFFS = torch.arange(-4.0, 12.01, 0.25)
"""Logits that are tried as cut-offs."""
SAMPLED = 256
"""Points for each that is asked whose logits are kept, on validation rooms."""
VETOES = ("veto", "clear")
"""Variants in which nothing fills free space, or clear space."""
_AT_ONCE = 1 << 15


@dataclass(frozen=True)
class Run:
    """An approach at work, with some views."""

    task: Task
    name: str
    """Of the approach."""
    views: int
    approach: Approach
    """With the weights to judge."""
    preset: Preset
    weights: str
    """What tells these weights from others."""

    @property
    def title(self) -> str:
        """Names its file."""
        return f"{self.task}-{self.name}-{self.views}"


@dataclass(frozen=True)
class Sample:
    """What came of one label or description in one view."""

    words: tuple[str, str, str]
    """Target, relation and reference; a label has but the first."""
    iou: dict[str, list[float]]
    """By variant ("plain", "alone" or one of VETOES), at each of CUTOFFS."""


@dataclass(frozen=True)
class Judged:
    """One view."""

    room: str
    view: int
    samples: tuple[Sample, ...]
    logits: tuple[float, ...] = ()
    """Of some points that count and are not known to be free, on validation rooms; no label
    competes."""
    truth: tuple[bool, ...] = ()
    """Of the same."""


def views_of(column: Column, room: Room, most: int) -> range:
    """Views that are judged: all on validation rooms, else the first `most`, 0 for all."""
    return range(room.views if column is VALIDATION or not most else min(most, room.views))


def study(
    run: Run, column: Column, rooms: Sequence[Room], folder: Path | None, most: int = 0
) -> Iterator[Judged]:
    """Judge rooms, the views of `views_of` in each.

    With a folder, what was judged there with these weights stays.
    """
    file = folder / f"{run.title}.jsonl" if folder else None
    kept = dict(_kept(file, run.weights)) if file else {}
    mapper = Mapper()
    for room in rooms:
        for view in views_of(column, room, most):
            key = (column.title, room.about.name, view)
            if key in kept:
                yield kept[key]
                continue
            judged = judge(run, column, room, view, mapper)
            if file:
                _keep(file, run.weights, column, judged)
            yield judged


def judge(run: Run, column: Column, room: Room, view: int, mapper: Mapper) -> Judged:
    """Judge one view."""
    asked = column.asked(run.task, room, view)
    judged = Judged(room.about.name, view, ())
    if not asked.words:
        return judged
    side, pose = run.preset.side_m, room.pose(view)
    cube = Volume.before(pose, side, run.preset.cells)
    situation = mapper.situation(room, nearest_views(room, view, run.views), cube)
    lattice = Points(situation, Volume.before(pose, side, CELLS).centers())
    counted = lattice.room & _pictured(lattice) if run.task == "ovssc" else lattice.room
    if not counted.any():
        return judged
    voxels = CubeVoxels(cube.unit(lattice.world), counted)
    points = Points(situation, lattice.world[counted])
    logits = answered(run.approach, situation, asked, cube.unit(points.world))
    true = _truth(run.task, points, asked)
    free, clear = _free(situation, points.world)
    filled = voxels.filled(true)
    rows = torch.tensor(asked.scored) & filled.any(1)
    found = {
        name: ious(voxels.highest(each[rows]), filled[rows], CUTOFFS)
        for name, each in _variants(run.task, logits, free, clear).items()
    }
    judged = replace(judged, samples=tuple(_samples(room, asked, rows, found)))
    if column is not VALIDATION:
        return judged
    return _sampled(judged, logits[:, ~free], true[:, ~free], room.about.seed + view)


def _samples(
    room: Room,
    asked: Asked,
    rows: Bool[Tensor, " asked"],
    found: dict[str, Float32[Tensor, "scored cutoffs"]],
) -> Iterator[Sample]:
    texts = room.about.texts
    for number, row in enumerate(rows.nonzero()[:, 0].tolist()):
        target, relation, reference = asked.words[row]
        words = (texts[target], relation, texts[reference] if relation else "")
        yield Sample(words, {name: _rounded(each[number]) for name, each in found.items()})


@torch.no_grad()
def answered(
    approach: Approach, situation: Situation, asked: Asked, unit: Float32[Tensor, "n 3"]
) -> Float32[Tensor, "asked n"]:
    """Logits of all that is asked, at points 0–1 along the axes of the cube."""
    approach.net.eval()
    with torch.autocast("cpu", torch.bfloat16):
        answer: Answer = approach.looked_at(situation, asked.words)
        return torch.cat([answer(some[None]).float() for some in unit.split(_AT_ONCE)], 1)


def _truth(task: Task, points: Points, asked: Asked) -> Bool[Tensor, "asked n"]:
    if task == "vool":
        return torch.stack([described(points, words) for words in asked.words])
    texts = points.situation.room.about.texts
    return torch.stack([occupied(points, texts[target]) for target, _, _ in asked.words])


def _pictured(points: Points) -> Bool[Tensor, " n"]:
    """Whether the viewer's own picture has each point."""
    viewer = replace(points.situation, views=points.situation.views[:1])
    return Points(viewer, points.world).pictured


def _free(
    situation: Situation, world: Float32[Tensor, "n 3"]
) -> tuple[Bool[Tensor, " n"], Bool[Tensor, " n"]]:
    """Where the robot has looked and seen nothing, and where nothing is near that, too."""
    tsdf, filled, unobserved = situation.shape.flatten(1)[:, situation.volume.index(world)]
    free = (filled + unobserved) == 0
    return free, clear(tsdf, torch.where(free, FREE, OCCUPIED).to(torch.uint8))


def _variants(
    task: Task,
    logits: Float32[Tensor, "asked n"],
    free: Bool[Tensor, " n"],
    clear: Bool[Tensor, " n"],
) -> dict[str, Float32[Tensor, "asked n"]]:
    """With the labels' competition in completion, with the map's vetoes, and without both."""
    alone, found = logits, {}
    if task == "ovssc":
        won = torch.zeros_like(logits, dtype=torch.bool).scatter_(0, logits.argmax(0)[None], True)
        logits, found = logits.masked_fill(~won, -FAR), {"alone": alone}
    vetoes = dict(zip(VETOES, (free, clear), strict=True))
    found |= {name: logits.masked_fill(where, -FAR) for name, where in vetoes.items()}
    return found | {"plain": logits}


def _sampled(
    judged: Judged, logits: Float32[Tensor, "asked n"], true: Bool[Tensor, "asked n"], seed: int
) -> Judged:
    """The same with some of these points."""
    if not logits.shape[1]:
        return judged
    rows = np.random.default_rng(seed).integers(0, logits.shape[1], (len(logits), SAMPLED))
    index = torch.from_numpy(rows)
    some = _rounded(logits.gather(1, index).flatten())
    return replace(
        judged, logits=tuple(some), truth=tuple(true.gather(1, index).flatten().tolist())
    )


def _rounded(values: Float32[Tensor, " n"]) -> list[float]:
    return [round(value, 4) for value in values.tolist()]


def _keep(file: Path, weights: str, column: Column, judged: Judged) -> None:
    samples = [[*sample.words, sample.iou] for sample in judged.samples]
    told = [weights, column.title, judged.room, judged.view, samples]
    told += [judged.logits, [int(yes) for yes in judged.truth]]
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as out:
        out.write("\n" + json.dumps(told))  # what was cut off before stays a line of its own


def _kept(file: Path, weights: str) -> Iterator[tuple[tuple[str, str, int], Judged]]:
    """What was judged before with the same weights; a line that was cut off does not count."""
    for line in file.read_text().splitlines() if file.exists() else ():
        try:
            made_with, column, room, view, samples, logits, truth = json.loads(line)
        except ValueError:
            continue
        if made_with == weights:
            told = tuple(Sample((a, relation, b), iou) for a, relation, b, iou in samples)
            whole = Judged(room, view, told, tuple(logits), tuple(bool(yes) for yes in truth))
            yield (column, room, view), whole


def digest(path: Path) -> str:
    """What tells a file of weights from others."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
