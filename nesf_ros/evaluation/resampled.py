"""Means of means with their intervals, as Semantic Abstraction's release takes them.

Its `summarize.py` takes the mean over samples, then over rooms (Novel Room, Novel Visual) or over
labels (the other columns of completion); of hidden places, over rooms or at once over all samples
of a relation, and then over relations.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from jaxtyping import Float, Float64, Int
from numpy import ndarray

from nesf_ros.errors import EvaluationError
from nesf_ros.evaluation.figures import Figure

_RESAMPLES = 1000


def resamples(rooms: int, seed: int = 0) -> Int[ndarray, "draws rooms"]:
    """All rooms once, and then 1000 draws of as many rooms with replacement."""
    if rooms < 1:
        raise EvaluationError("there is no room to take figures of")
    drawn = np.random.default_rng(seed).integers(rooms, size=(_RESAMPLES, rooms))
    return np.vstack([np.arange(rooms), drawn])


def mean_of_rooms(
    values: Float[ndarray, " n"], rooms: Int[ndarray, " n"], draws: Int[ndarray, "draws rooms"]
) -> Float64[ndarray, " draws"]:
    """Mean over the rooms of each draw of each room's mean; NaN where none has a sample."""
    sums, counts = (np.bincount(rooms, w, draws.shape[1]) for w in (values, np.ones(len(values))))
    return known_mean(_ratio(sums, counts)[draws], 1)


def mean_of_groups(
    values: Float[ndarray, " n"],
    rooms: Int[ndarray, " n"],
    groups: Sequence[Hashable],
    draws: Int[ndarray, "draws rooms"],
) -> Float64[ndarray, " draws"]:
    """Mean over groups of each group's mean over the rooms of each draw."""
    names = {name: number for number, name in enumerate(dict.fromkeys(groups))}
    place = rooms, np.array([names[name] for name in groups], np.int64)
    table = np.zeros((2, draws.shape[1], max(len(names), 1)))
    np.add.at(table[0], place, values)
    np.add.at(table[1], place, 1)
    sums, counts = (one[draws].sum(1) for one in table)
    return known_mean(_ratio(sums, counts), 1)


def known_mean(values: Float[ndarray, "*all"], axis: int) -> Float64[ndarray, "*some"]:
    """Mean of what is not NaN; NaN where all is."""
    known = ~np.isnan(values)
    return _ratio(np.where(known, values, 0.0).sum(axis), known.sum(axis))


def interval(means: Float[ndarray, " draws"], count: int) -> Figure:
    """The first draw's mean, and the 2.5th to 97.5th percentile of the others'."""
    low, high = (
        np.nanpercentile(means[1:], (2.5, 97.5)).tolist()
        if not np.isnan(means[1:]).all()
        else (float("nan"), float("nan"))
    )
    return Figure(float(means[0]), low, high, count)


def _ratio(sums: ndarray, counts: ndarray) -> Float64[ndarray, "*some"]:
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
