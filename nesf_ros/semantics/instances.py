"""Voxels that answer a question, put together to things."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int64
from numpy import ndarray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from nesf_ros.types import Box

TOUCHING = 1.8
"""Voxels whose centres are no farther apart, in voxels, are of one thing: also across a corner."""
BEST_PART = 0.25
"""A thing's score is the mean over so much of it, where it is best: rims count for little."""
TEXTS_REMEMBERED = 256


@dataclass(frozen=True)
class Instance:
    """One thing that a text may mean."""

    id: int
    """Kept from question to question, as long as some of its voxels are."""
    box: Box
    """Around all of its voxels, map frame, metres."""
    centroid_m: tuple[float, float, float]
    peak_m: tuple[float, float, float]
    """Centre of its most relevant voxel."""
    score: float
    """0–1."""
    voxels: Int64[ndarray, "n 3"]
    """Indices of its voxels."""


def group(voxels: Int64[ndarray, "n 3"]) -> Int64[ndarray, " n"]:
    """For each voxel (named once) the number of the connected piece that it belongs to."""
    if not len(voxels):
        return np.zeros(0, np.int64)
    pairs = cKDTree(voxels).query_pairs(TOUCHING, output_type="ndarray")
    links = coo_matrix((np.ones(len(pairs), bool), tuple(pairs.T)), (len(voxels), len(voxels)))
    return connected_components(links, directed=False)[1].astype(np.int64)


class InstanceFinder:
    """Finds things, and remembers which it has found for each text. For use by one thread."""

    def __init__(self, voxel_size_m: float, min_voxels: int = 3):
        """Pieces of fewer than `min_voxels` voxels are taken for noise."""
        self._size = voxel_size_m
        self._min_voxels = min_voxels
        self._found: OrderedDict[str, list[Instance]] = OrderedDict()
        self._next_id = 0

    def clear(self) -> None:
        """Forget what was found: the map is another one."""
        self._found.clear()

    def find(
        self,
        text: str,
        voxels: Int64[ndarray, "n 3"],
        relevancy: Float32[ndarray, " n"],
        threshold: float,
    ) -> list[Instance]:
        """Pieces of all voxels above a threshold, best first.

        A piece takes over the id of that earlier one of the same text with which it shares most
        voxels, and is new if it shares none.
        """
        relevant = relevancy > threshold
        voxels, relevancy = voxels[relevant], relevancy[relevant]
        pieces = group(voxels)
        order = pieces.argsort(kind="stable")
        parts = np.split(order, np.flatnonzero(np.diff(pieces[order])) + 1)
        parts = [part for part in parts if len(part) >= self._min_voxels]
        parts.sort(key=len, reverse=True)  # the larger piece of what has come apart is the old one
        free = list(self._found.pop(text, []))
        found = []
        for part in parts:
            old = _most_shared(free, voxels[part])
            if old is not None:
                free.remove(old)
            found.append(self._instance(old, voxels[part], relevancy[part]))
        self._found[text] = found
        if len(self._found) > TEXTS_REMEMBERED:
            self._found.popitem(last=False)
        return sorted(found, key=lambda instance: -instance.score)

    def _instance(
        self, old: Instance | None, voxels: Int64[ndarray, "n 3"], relevancy: Float32[ndarray, " n"]
    ) -> Instance:
        if old is None:
            self._next_id += 1
        best = np.sort(relevancy)[-max(1, int(BEST_PART * len(relevancy))) :]
        return Instance(
            id=old.id if old else self._next_id,
            box=Box(_metres(voxels.min(0), self._size), _metres(voxels.max(0) + 1, self._size)),
            centroid_m=_metres(voxels.mean(0) + 0.5, self._size),
            peak_m=_metres(voxels[relevancy.argmax()] + 0.5, self._size),
            score=float(best.mean()),
            voxels=voxels,
        )


def _metres(index: ndarray, size_m: float) -> tuple[float, float, float]:
    x, y, z = (index * size_m).tolist()
    return x, y, z


def _most_shared(instances: list[Instance], voxels: Int64[ndarray, "n 3"]) -> Instance | None:
    """The instance that has most of these voxels; None if none has any."""
    shared = [int(_member(instance.voxels, voxels).sum()) for instance in instances]
    best = int(np.argmax(shared)) if shared else 0
    return instances[best] if shared and shared[best] else None


def _member(of: Int64[ndarray, "m 3"], voxels: Int64[ndarray, "n 3"]) -> Bool[ndarray, " n"]:
    """Which voxels are among those of a set."""
    row = np.dtype((np.void, 3 * voxels.itemsize))
    wanted, known = (np.ascontiguousarray(side).view(row)[:, 0] for side in (voxels, of))
    return np.isin(wanted, known)
