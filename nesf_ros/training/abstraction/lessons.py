"""What is learned from: situations by chance, what is asked there, and points with the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float32, Int64
from torch import Tensor

from nesf_ros.semantics.completion.presets import Preset
from nesf_ros.semantics.completion.volume import Volume
from nesf_ros.training.abstraction.approaches import Task
from nesf_ros.training.abstraction.rooms import ABSENT, EMPTY, Room, Words
from nesf_ros.training.abstraction.situations import Mapper, Situation, companions
from nesf_ros.training.abstraction.truth import Points, described, occupied

MOST_VIEWS = 5
SINGLE = 0.5
"""Share of situations of one view; the others have 2 to MOST_VIEWS."""
SHIFT_M = (0.4, 0.4, 0.15)
"""Largest displacement of the cube along its axes."""
SHARES: dict[Task, tuple[float, float, float, float]] = {
    "ovssc": (0.35, 0.3, 0.2, 0.15),
    "vool": (0.375, 0.0, 0.375, 0.25),
}
"""Of points: true; next to those; filled by something else (ovssc) or hidden elsewhere (vool); the
rest. With points next to hidden places, a network learned less of them (6.7 instead of 9.7 % IoU on
rooms of validation)."""
NEXT: dict[Task, int] = {"ovssc": 2, "vool": 0}
"""Cells within which a point counts as next to what is true: edges are learned there."""
TURN_RAD = 0.15
"""Largest turn of a cube before a viewer (§6.2)."""
CLOSE = 2
"""Edge of a whole cube, of a close one's."""
HINTED = 0.5
"""Share of all steps in which there are hints."""


@dataclass(frozen=True)
class LearnConfig:
    """How to learn: the budget that all approaches share."""

    steps: int = 3000
    asked: int = 4
    """Labels or descriptions of a situation (K of §6.4)."""
    points: int = 8192
    """For each of them (M of §6.4)."""
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    warmup: int = 50
    close: float = 0.85
    """Share of lessons in a smaller cube of cells as large, about a thing: an eighth as much."""
    absent: float = 0.15
    """Share of labels that name nothing in the room."""
    keep: float = 0.995
    """Of the averaged weights, each step."""
    hint: float = 0.6
    """Relevancy that is added to what is really meant at first: to complete what is highlighted is
    learned before it is learned how little relevancy tells. Gone after `HINTED` of all steps."""
    seed: int = 0

    def hint_at(self, step: int) -> float:
        """The hint of a step: down in a line."""
        return self.hint * max(0.0, 1 - step / (HINTED * self.steps))

    def rate(self, step: int) -> float:
        """Learning rate: up in a line, down as a cosine."""
        rise = min(1.0, (step + 1) / self.warmup)
        return self.learning_rate * rise * 0.5 * (1 + math.cos(math.pi * step / self.steps))


@dataclass(frozen=True)
class Lesson:
    """A situation, what is asked there, and the truth at some points."""

    situation: Situation
    asked: tuple[Words, ...]
    points: Float32[Tensor, "asked n 3"]
    """0–1 along the axes of the cube."""
    truth: Float32[Tensor, "asked n"]
    weight: Float32[Tensor, "asked n"]
    """How many points of the cube each one stands for."""


class Teacher:
    """Draws lessons; the same number gives the same lesson."""

    def __init__(self, task: Task, rooms: Sequence[Room], preset: Preset, config: LearnConfig):
        self._task, self._rooms, self._preset, self._config = task, rooms, preset, config
        self._mapper = Mapper()

    def lesson(self, number: int) -> Lesson:
        """Lesson `number`: what shows nothing to ask about is drawn again."""
        dice = np.random.default_rng((self._config.seed, number))
        while True:
            situation = replace(self._situation(dice), hint=self._config.hint_at(number))
            generator = torch.Generator().manual_seed(int(dice.integers(2**31)))
            points = Points(situation, situation.points(generator))
            asked = (
                self._labels(points, dice) if self._task == "ovssc" else self._said(points, dice)
            )
            asked = [(words, true & points.room) for words, true in asked]
            if asked:
                break
        unit = situation.volume.unit(points.world)
        alike = points.thing != EMPTY if self._task == "ovssc" else points.hidden
        cells, near = situation.volume.cells, NEXT[self._task]
        shares, count = SHARES[self._task], self._config.points
        drawn = [
            _drawn(true, _next_to(true, cells, near), alike, shares, count, dice)
            for _, true in asked
        ]
        return Lesson(
            situation,
            tuple(words for words, _ in asked),
            torch.stack([unit[rows] for rows, _ in drawn]),
            torch.stack(
                [true[rows].float() for (_, true), (rows, _) in zip(asked, drawn, strict=True)]
            ),
            torch.stack([weight for _, weight in drawn]),
        )

    def _situation(self, dice: np.random.Generator) -> Situation:
        room = self._rooms[int(dice.integers(len(self._rooms)))]
        view = int(dice.integers(room.views))
        count = 1 if dice.random() < SINGLE else int(dice.integers(2, MOST_VIEWS + 1))
        views = companions(room, view, count, dice)
        turn = float(dice.uniform(-TURN_RAD, TURN_RAD))
        if self._task == "ovssc" and dice.random() < 0.5:
            turn = float(dice.uniform(-math.pi, math.pi))
        side, cells = self._preset.side_m, self._preset.cells
        whole = Volume.before(room.pose(view), side, cells)
        middle = whole.to_map(torch.full((1, 3), side / 2, dtype=torch.float64))[0].numpy()
        shown = room.seen_in(view).nonzero()[:, 0].tolist()
        if shown and dice.random() < self._config.close:
            side, cells = side / CLOSE, cells // CLOSE
            middle = room.arrays["center"][int(dice.choice(shown))].double().numpy()
        middle = middle + whole.rotation @ (dice.uniform(-1, 1, 3) * SHIFT_M)
        volume = Volume.around(middle, whole.yaw_rad + turn, side, cells)
        return self._mapper.situation(room, views, volume)

    def _labels(
        self, points: Points, dice: np.random.Generator
    ) -> list[tuple[Words, Bool[Tensor, " n"]]]:
        """Some labels of things that the views show in the cube, and some of what is not there."""
        room = points.situation.room
        shown = torch.stack([room.seen_in(v) for v in points.situation.views]).any(0)
        counts = torch.bincount(points.thing[points.room], minlength=EMPTY + 1)
        names = {
            room.about.classes[n] for n in range(len(shown)) if bool(shown[n]) and counts[n] > 0
        }
        if not names:
            return []
        texts = room.about.texts
        wanted = dice.permutation(sorted(names))[: self._config.asked].tolist()
        for place in range(1, len(wanted)):
            if dice.random() < self._config.absent:
                wanted[place] = str(dice.choice(texts[-ABSENT:]))
        return [((texts.index(n), "", 0), occupied(points, n)) for n in dict.fromkeys(wanted)]

    def _said(
        self, points: Points, dice: np.random.Generator
    ) -> list[tuple[Words, Bool[Tensor, " n"]]]:
        """Some descriptions that some place in the cube fits, relations as even as may be."""
        known = points.situation.room.about.descriptions[points.situation.views[0]]
        by_relation: dict[str, int] = {}
        found = []
        order = [known[n] for n in dice.permutation(len(known))]
        for words in sorted(order, key=lambda w: _turn(by_relation, w[1])):
            true = described(points, words)
            if bool((true & points.room).any()):
                found.append((words, true))
            if len(found) == self._config.asked:
                break
        return found


def _turn(counts: dict[str, int], relation: str) -> int:
    """How many with this relation have come before: sorted by it, relations take turns."""
    counts[relation] = counts.get(relation, -1) + 1
    return counts[relation]


def _next_to(true: Bool[Tensor, " n"], cells: int, near: int) -> Bool[Tensor, " n"]:
    """Points of a cube, one for each cell, that are true or have such a one near."""
    grid = true.view(1, 1, cells, cells, cells).float()
    return F.max_pool3d(grid, 2 * near + 1, stride=1, padding=near).flatten() > 0


def _drawn(
    true: Bool[Tensor, " n"],
    beside: Bool[Tensor, " n"],
    alike: Bool[Tensor, " n"],
    shares: Sequence[float],
    count: int,
    dice: np.random.Generator,
) -> tuple[Int64[Tensor, " count"], Float32[Tensor, " count"]]:
    """Rows, and how many each stands for: of what is true, beside it, alike but not, of the rest.

    So many shares of them each; where there are none of a kind, the others are more.
    """
    kinds = (true, ~true & beside, ~true & ~beside & alike, ~true & ~beside & ~alike)
    groups = [mask.nonzero()[:, 0] for mask in kinds]
    held = [(group, share) for group, share in zip(groups, shares, strict=True) if len(group)]
    ends = np.cumsum([share for _, share in held]) * count / sum(share for _, share in held)
    rows, weights = [], []
    for (group, _), size in zip(held, np.diff([0, *ends.round().astype(int)]), strict=True):
        rows.append(group[torch.from_numpy(dice.integers(0, len(group), size))])
        weights.append(torch.full((int(size),), len(group) / size))
    return torch.cat(rows), torch.cat(weights).float()
