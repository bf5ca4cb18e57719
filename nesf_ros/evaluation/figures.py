"""Figures with their confidence intervals, and the curves that ask for a library elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from nesf_ros.errors import EvaluationError

_RESAMPLES = 1000


@dataclass(frozen=True)
class Figure:
    """A mean with its 95 % interval."""

    value: float
    low: float
    high: float
    count: int
    """How many samples it is the mean of."""

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def mean_over(
    values: Float[ndarray, " n"] | Bool[ndarray, " n"],
    groups: Int[ndarray, " n"],
    seed: int = 0,
) -> Figure:
    """Mean of samples that belong together in groups, as views of one scene do.

    Protocol: the interval is the 2.5th to the 97.5th percentile of the mean over 1000 resamples of
    whole groups with replacement (cluster bootstrap); samples of a group are not independent, and
    an interval over samples would be too narrow.

    Raises EvaluationError without samples.
    """
    if len(values) == 0:
        raise EvaluationError("there is no sample to take the mean of")
    _, group = np.unique(groups, return_inverse=True)
    sums, counts = np.bincount(group, values.astype(float)), np.bincount(group)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(sums), size=(_RESAMPLES, len(sums)))
    means = sums[drawn].sum(1) / counts[drawn].sum(1)
    low, high = np.percentile(means, (2.5, 97.5)).tolist()
    return Figure(float(values.mean()), low, high, len(values))


def auroc(positive: Float[ndarray, " n"], negative: Float[ndarray, " m"]) -> float:
    """Probability that a positive sample scores higher than a negative one; ties count half.

    Protocol: the area under the receiver's curve, from ranks. Raises EvaluationError for an empty
    side.
    """
    if not len(positive) or not len(negative):
        raise EvaluationError(
            f"{len(positive)} positive and {len(negative)} negative samples; both must be there"
        )
    return _beaten(positive, negative) / (len(positive) * len(negative))


def auroc_over(
    scores: Float[ndarray, " n"],
    positive: Bool[ndarray, " n"],
    groups: Int[ndarray, " n"],
    seed: int = 0,
) -> Figure:
    """`auroc` of samples that belong together in groups, as questions to one map do.

    Protocol: positive samples are held against the negative ones of all groups. The interval is as
    that of `mean_over`; resamples that lack a side are left out. Raises EvaluationError for an
    empty side.
    """
    value = auroc(scores[positive], scores[~positive])
    names = np.unique(groups)
    sides = [[scores[(groups == g) & (positive == side)] for g in names] for side in (True, False)]
    beaten = np.array([[_beaten(over, under) for under in sides[1]] for over in sides[0]])
    rng = np.random.default_rng(seed)
    often = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), _RESAMPLES)
    pairs = np.prod([often @ [len(group) for group in side] for side in sides], 0)
    won = ((often @ beaten) * often).sum(1)
    low, high = np.percentile(won[pairs > 0] / pairs[pairs > 0], (2.5, 97.5)).tolist()
    return Figure(value, low, high, len(scores))


def _beaten(over: Float[ndarray, " n"], under: Float[ndarray, " m"]) -> float:
    """In how many of all pairs the first is higher; ties count half."""
    ordered = np.sort(under)
    below = np.searchsorted(ordered, over, "left") + np.searchsorted(ordered, over, "right")
    return float(below.sum() / 2)


def average_precision(scores: Float[ndarray, " n"], there: Bool[ndarray, " n"]) -> float:
    """Area under the precision–recall curve, as a sum over all thresholds; ties are one threshold.

    Raises EvaluationError where nothing is there.
    """
    if not there.any():
        raise EvaluationError("nothing of what was asked for is there: precision has no curve")
    order = np.argsort(-scores, kind="stable")
    right = np.cumsum(there[order])
    last = np.r_[np.diff(scores[order]) != 0, True]  # of each score
    said, right = np.flatnonzero(last) + 1, right[last]
    return float(np.sum(np.diff(right, prepend=0) * right / said) / right[-1])


def average_precision_over(
    scores: Float[ndarray, " n"],
    there: Bool[ndarray, " n"],
    scenes: Int[ndarray, " n"],
    seed: int = 0,
) -> Figure:
    """`average_precision` of all samples together; the interval is over scenes, drawn anew."""
    value = average_precision(scores, there)
    groups = [np.flatnonzero(scenes == scene) for scene in np.unique(scenes)]
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(groups), size=(_RESAMPLES, len(groups)))
    picks = [np.concatenate([groups[index] for index in row]) for row in drawn]
    again = [average_precision(scores[pick], there[pick]) for pick in picks if there[pick].any()]
    low, high = np.percentile(again, (2.5, 97.5)).tolist()
    return Figure(value, low, high, len(scores))


def best_threshold(positive: Float[ndarray, " n"], negative: Float[ndarray, " m"]) -> float:
    """The score from which on a sample is called positive so that both sides err least.

    Protocol: maximises true positive rate minus false positive rate over all midpoints between
    neighbouring scores (Youden's J). To be taken from validation.
    """
    scores = np.unique(np.r_[positive, negative])
    cuts = np.r_[scores[0], (scores[1:] + scores[:-1]) / 2]
    hits = 1 - np.searchsorted(np.sort(positive), cuts) / max(len(positive), 1)
    alarms = 1 - np.searchsorted(np.sort(negative), cuts) / max(len(negative), 1)
    return float(cuts[np.argmax(hits - alarms)])
