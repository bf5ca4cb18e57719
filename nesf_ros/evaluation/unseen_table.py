"""Figures of Semantic Abstraction's tables 1, 2 and 4 from what was judged view by view.

A cut-off is the one of highest mean IoU over all samples of the validation rooms (the release takes
the test rooms' own). The map's vetoes are taken at the same cut-off as without them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.errors import EvaluationError
from nesf_ros.evaluation.figures import Figure
from nesf_ros.evaluation.platt import Platt, fit_platt, halves
from nesf_ros.evaluation.resampled import (
    interval,
    known_mean,
    mean_of_groups,
    mean_of_rooms,
    resamples,
)
from nesf_ros.evaluation.unseen_questions import Column
from nesf_ros.evaluation.unseen_study import CUTOFFS, VETOES, Judged
from nesf_ros.training.abstraction.approaches import Task

Key = tuple[str, int, tuple[str, str, str]]
"""A sample: room, view, words."""
LOST = 0.01
"""IoU that a sample loses to count as one that the veto harms."""


@dataclass(frozen=True)
class Scores:
    """IoU of one row's samples in one column."""

    task: Task
    column: Column
    rooms: tuple[str, ...]
    """All of the column, with samples or without: those that are drawn from."""
    values: Mapping[Key, float]

    def figure(self, relation: str = "") -> Figure:
        """A cell of the table: of one relation, or of all."""
        count = sum(not relation or words[1] == relation for _, _, words in self.values)
        return interval(self.means(relation), count)

    def means(self, relation: str = "") -> Float64[ndarray, " draws"]:
        """The release's mean in every draw of rooms."""
        if self.task == "ovssc":
            return self._mean(list(self.values))
        relations = [relation] if relation else sorted({words[1] for _, _, words in self.values})
        each = [self._mean([key for key in self.values if key[2][1] == r]) for r in relations]
        draws = len(resamples(len(self.rooms)))
        return known_mean(np.stack(each), 0) if each else np.full(draws, np.nan)

    def _mean(self, keys: Sequence[Key]) -> Float64[ndarray, " draws"]:
        values = np.array([self.values[key] for key in keys])
        rooms = np.array([self.rooms.index(room) for room, _, _ in keys], np.int64)
        draws = resamples(len(self.rooms))
        if not self.column.by_label:
            return mean_of_rooms(values, rooms, draws)
        labels = [words[0] if self.task == "ovssc" else "" for _, _, words in keys]
        return mean_of_groups(values, rooms, labels, draws)

    def lead(self, other: Scores) -> Figure:
        """By how much these are better on the samples that both have, in the same draws."""
        both = [key for key in self.values if key in other.values]
        mine, theirs = (
            replace(each, values={key: each.values[key] for key in both}) for each in (self, other)
        )
        return interval(mine.means() - theirs.means(), len(both))

    def change(self, before: Scores) -> tuple[Figure, float]:
        """Mean change of a sample, and the share of samples that lose more than LOST."""
        keys = list(before.values)
        gain = np.array([self.values[key] - before.values[key] for key in keys])
        rooms = np.array([self.rooms.index(room) for room, _, _ in keys], np.int64)
        draws = resamples(len(self.rooms))
        lost = float((gain < -LOST).mean()) if keys else float("nan")
        return interval(mean_of_groups(gain, rooms, [""] * len(keys), draws), len(keys)), lost


@dataclass(frozen=True)
class Calibrated:
    """What a network's logits are worth."""

    platt: Platt
    before: float
    """Expected calibration error of the plain logistic function, on rooms of validation."""
    after: float
    """After a fit on the other half of those rooms."""


@dataclass(frozen=True)
class Outcome:
    """What an approach with so many views came to, on validation rooms and in each column."""

    task: Task
    validation: Sequence[Judged]
    columns: Mapping[Column, Sequence[Judged]]

    def cutoff(self, variant: str) -> float:
        """The logit that suits the validation rooms best. EvaluationError without a sample."""
        return float(CUTOFFS[self._cutoff(variant)])

    def _cutoff(self, variant: str) -> int:
        name = "plain" if variant in VETOES else variant
        tried = [s.iou[name] for judged in self.validation for s in judged.samples]
        if not tried:
            raise EvaluationError("validation rooms gave no sample to choose a cut-off from")
        return int(np.nan_to_num(known_mean(np.array(tried), 0), nan=-1.0).argmax())

    def scores(self, column: Column, variant: str) -> Scores:
        """Of one column."""
        at, views = self._cutoff(variant), self.columns[column]
        values = {
            (judged.room, judged.view, sample.words): sample.iou[variant][at]
            for judged in views
            for sample in judged.samples
        }
        return Scores(self.task, column, tuple(dict.fromkeys(j.room for j in views)), values)

    @cached_property
    def calibrated(self) -> Calibrated | None:
        """From the validation rooms; None where one half of these has not both, true and not."""
        rooms = {name: n for n, name in enumerate(dict.fromkeys(j.room for j in self.validation))}
        logits = np.array([logit for j in self.validation for logit in j.logits])
        truth = np.array([yes for j in self.validation for yes in j.truth], bool)
        room = np.array([rooms[j.room] for j in self.validation for _ in j.logits], np.int64)
        kinds = {(int(half), bool(yes)) for half, yes in zip(room % 2, truth, strict=True)}
        if len(kinds) < 4:
            return None
        return Calibrated(fit_platt(logits, truth), *halves(logits, truth, room))
