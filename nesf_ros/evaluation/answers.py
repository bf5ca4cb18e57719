"""Whether a map answers rightly: what is there is found, where it is, and what is not is not.

Protocol: every room is asked for every class that the model was trained with. A thing is all that a
room has of a class: it is there with SEEN voxels or more, not there without any; what lies between
counts as neither. An answer is right if more than half of its voxels are truly of the class.
Intervals of 95 % are over rooms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float32, Int64
from numpy import ndarray

from nesf_ros.evaluation.figures import Figure, auroc_over, mean_over
from nesf_ros.semantics.instances import BEST, EXTENT, InstanceFinder, voxel_keys

SEEN, LARGE = 20, 200
"""Voxels from which on a thing is there; above which it is large."""


@dataclass(frozen=True)
class RoomAnswer:
    """What a room's map makes of classes, and what is truly there."""

    classes: tuple[str, ...]
    voxels: Int64[ndarray, "voxels 3"]
    """Indices of those with an embedding."""
    relevancy: Float32[ndarray, "voxels classes"]
    """0–1."""
    truth: Int64[ndarray, " voxels"]
    """Which of the classes each voxel is of; −1: none of them."""
    voxel_size_m: float

    @cached_property
    def counts(self) -> Int64[ndarray, " classes"]:
        """True voxels of each class."""
        return np.bincount(self.truth[self.truth >= 0], minlength=len(self.classes))

    @cached_property
    def scores(self) -> Float32[ndarray, " classes"]:
        """Mean relevancy of the five best voxels, to which a threshold is fitted."""
        best: Float32[ndarray, " classes"] = np.sort(self.relevancy, axis=0)[-BEST:].mean(0)
        return best

    def best_right(self, threshold: float | None = None) -> Bool[ndarray, "classes 2"]:
        """For each class whether something is found, and whether the best of it is right.

        Without a threshold whatever is most relevant is an answer, however little that be.
        """
        finder = InstanceFinder(self.voxel_size_m)
        keys = voxel_keys(self.voxels)
        order = keys.argsort()
        out = np.zeros((len(self.classes), 2), bool)
        for number, name in enumerate(self.classes):
            relevancy = np.ascontiguousarray(self.relevancy[:, number])
            least = EXTENT * float(relevancy.max()) if threshold is None else threshold
            found = finder.find(name, self.voxels, relevancy, least)
            if found:
                rows = order[np.searchsorted(keys, voxel_keys(found[0].voxels), sorter=order)]
                out[number] = True, (self.truth[rows] == number).mean() > 0.5
        return out


@dataclass(frozen=True)
class AnswerFigures:
    """How well some rooms' maps answer, as shares (0–1) of things or of questions."""

    best: Figure
    """Of what is there: the best answer is right, be it above the threshold or not."""
    best_large: Figure
    """The same of large things."""
    told: Figure
    """AUROC of what is there against what is not, by the five best voxels."""
    found: Figure
    """Of what is there: something is found."""
    found_right: Figure
    """Of what is there: something is found, and the best of it is right."""
    invented: Figure
    """Of what is not there: something is found."""

    def table(self) -> str:
        """One line for each figure: value, interval, how many it is the mean of."""
        lines = ((TITLES[item.name], getattr(self, item.name)) for item in fields(self))
        return "\n".join(f"{title:<58}{figure}  of {figure.count}" for title, figure in lines)


TITLES = {
    "best": "there: the best answer is right, threshold aside",
    "best_large": f"... of things above {LARGE} voxels",
    "told": "there told from not there (AUROC)",
    "found": "there: found at the threshold",
    "found_right": "there: found, and the best answer is right",
    "invented": 'not there: "found" at the threshold',
}


def answer_figures(rooms: Sequence[RoomAnswer], threshold: float) -> AnswerFigures:
    """Figures over rooms, with the relevancy from which on something counts as found.

    Raises EvaluationError if no room has a large thing, or every room has everything.
    """
    counts, scores = (
        np.concatenate([getattr(room, name) for room in rooms]) for name in ("counts", "scores")
    )
    number = np.repeat(np.arange(len(rooms)), [len(room.classes) for room in rooms])
    best = np.concatenate([room.best_right()[:, 1] for room in rooms])
    found, right = np.concatenate([room.best_right(threshold) for room in rooms]).T
    there, large, absent = counts >= SEEN, counts > LARGE, counts == 0
    asked = there | absent
    return AnswerFigures(
        best=mean_over(best[there], number[there]),
        best_large=mean_over(best[large], number[large]),
        told=auroc_over(scores[asked], there[asked], number[asked]),
        found=mean_over(found[there], number[there]),
        found_right=mean_over(right[there], number[there]),
        invented=mean_over(found[absent], number[absent]),
    )
