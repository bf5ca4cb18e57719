"""Voxels that answer a question, put together to things."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
from jaxtyping import Float32, Float64, Int64
from numpy import ndarray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from nesf_ros.types import Box

BEST = 5
"""A thing's score is the mean over so many of its voxels, the best: rims count for nothing."""
EXTENT = 0.8
"""Part of a thing's highest relevancy that still belongs to it; found on validation rooms."""
TEXTS_REMEMBERED = 256
VOXELS_REMEMBERED = 2**22
"""Of all texts together: 64 MiB."""
_Found = tuple[ndarray, ndarray]
"""Keys of all voxels found for a text, in order, and the id of the thing that each is of."""
_BITS = 22
"""Of a key, for x and for y; 19 are left for z."""
_ROWS_AROUND = ((1, 0), (-1, 1), (0, 1), (1, 1))
"""Steps in y and z to half of the eight rows beside one: from the others they are seen as well."""


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


def voxel_keys(voxels: Int64[ndarray, "n 3"]) -> Int64[ndarray, " n"]:
    """One integer per voxel, which is one more for the next voxel along x.

    Indices are below 2²¹ in size along x and y, below 2¹⁸ along z: 13 km of voxels of 5 cm.
    """
    x, y, z = voxels.T
    half = 1 << (_BITS - 1)
    return ((z << _BITS) + (y + half) << _BITS) + (x + half)


def group(keys: Int64[ndarray, " n"]) -> Int64[ndarray, " n"]:
    """For each voxel the number of the piece it belongs to; voxels touch also across a corner.

    Voxels are given by their keys, each once and in order.
    """
    last = len(keys) - 1
    if last < 0:
        return np.zeros(0, np.int64)
    here = np.flatnonzero(np.diff(keys) == 1)
    pairs = [(here, here + 1)]
    for y, z in _ROWS_AROUND:
        first = keys + ((z << _BITS) + y << _BITS) - 1
        place = np.searchsorted(keys, first)
        for step in range(3):  # of the three places beside, any may be taken
            other = np.minimum(place + step, last)
            here = np.flatnonzero((keys[other] >= first) & (keys[other] <= first + 2))
            pairs.append((here, other[here]))
    rows, columns = (np.concatenate(side) for side in zip(*pairs, strict=True))
    links = coo_matrix((np.ones(len(rows), bool), (rows, columns)), (last + 1, last + 1))
    return connected_components(links, directed=False)[1].astype(np.int64)


class InstanceFinder:
    """Finds things, and remembers which it has found for each text. For use by one thread."""

    def __init__(
        self,
        voxel_size_m: float,
        min_voxels: int = 3,
        extent: float = EXTENT,
        ids: Iterator[int] | None = None,
    ):
        """Pieces of fewer than `min_voxels` voxels are taken for noise.

        To a thing belongs what is more than `extent` times as relevant as it is sure; 0: all.
        New things take the next of `ids`, which are positive; without them 1, 2, …
        """
        self._size = voxel_size_m
        self._min_voxels = min_voxels
        self._extent = extent
        self._found: OrderedDict[tuple[str, str], _Found] = OrderedDict()
        self._new_ids = count(1) if ids is None else ids

    def clear(self) -> None:
        """Forget what was found: the map is another one."""
        self._found.clear()

    def find(
        self,
        text: str,
        voxels: Int64[ndarray, "n 3"],
        relevancy: Float32[ndarray, " n"],
        threshold: float,
        region: Box | None = None,
        apart: str = "",
    ) -> list[Instance]:
        """Things whose score is above a threshold, best first.

        Where a thing ends is another question than whether it is there. What touches and is above
        the threshold (or above `extent` of the most relevant voxel of all, if that is less) is one
        piece, of which that remains which is above `extent` of its own score.

        A piece takes over the id of that earlier one of the same text with which it shares most
        voxels, and is new if it shares none. What is not among `voxels` is forgotten, unless it
        lies outside of the `region` that these are from.

        What sets a question `apart` from the plain one of its text has a memory of its own: things
        that are not in it take over the plain question's ids, which stay as they are.
        """
        lowest = min(threshold, self._extent * float(relevancy.max(initial=0.0)))
        relevant = np.flatnonzero(relevancy > lowest)
        keys = voxel_keys(voxels[relevant])
        order = keys.argsort()
        relevant, keys = relevant[order], keys[order]
        nothing = keys[:0], keys[:0]
        before = self._found.pop((text, apart), nothing)
        known = _looked_up(keys, *before)
        if apart and (text, "") in self._found:
            self._found.move_to_end((text, ""))
            known = np.where(known > 0, known, _looked_up(keys, *self._found[text, ""]))
        parts = [
            piece
            for piece in self._pieces(keys, relevancy[relevant])
            if len(piece) >= self._min_voxels and score_of(relevancy[relevant[piece]]) > threshold
        ]
        ids = self._ids(known, parts)
        found = ids > 0
        elsewhere = nothing if region is None else _outside(region, before, self._size)
        self._remember((text, apart), (keys[found], ids[found]), elsewhere)
        instances = [
            self._instance(int(ids[part[0]]), voxels[relevant[part]], relevancy[relevant[part]])
            for part in _parts(ids)
            if ids[part[0]]
        ]
        return sorted(instances, key=lambda instance: -instance.score)

    def _pieces(
        self, keys: Int64[ndarray, " n"], relevancy: Float32[ndarray, " n"]
    ) -> list[Int64[ndarray, " piece"]]:
        """Numbers of the voxels of each piece; keys are in order."""
        touching = group(keys)
        scores = _scores(touching, relevancy)
        kept = np.flatnonzero(relevancy > self._extent * scores[touching])
        if len(kept) == len(keys):
            return _parts(touching)
        return [kept[part] for part in _parts(group(keys[kept]))]

    def _remember(self, asked: tuple[str, str], found: _Found, elsewhere: _Found) -> None:
        """Keep what was found for a question; those that were longest not asked go."""
        if len(elsewhere[0]):
            keys, ids = (np.concatenate(side) for side in zip(found, elsewhere, strict=True))
            order = keys.argsort()
            found = keys[order], ids[order]
        self._found[asked] = found
        while len(self._found) > 1 and (
            len(self._found) > TEXTS_REMEMBERED
            or sum(len(keys) for keys, _ in self._found.values()) > VOXELS_REMEMBERED
        ):
            self._found.popitem(last=False)

    def _ids(self, before: Int64[ndarray, " n"], parts: list[ndarray]) -> Int64[ndarray, " n"]:
        """The id of the thing that each voxel is of, from the one it was of; 0 for no part."""
        ids, taken = np.zeros(len(before), np.int64), {0}
        # The larger piece of what has come apart is the old one.
        for part in sorted(parts, key=len, reverse=True):
            known, counts = np.unique(before[part], return_counts=True)
            shared = {int(i): n for i, n in zip(known, counts, strict=True) if i not in taken}
            chosen = max(shared, key=shared.__getitem__) if shared else next(self._new_ids)
            ids[part] = chosen
            taken.add(chosen)
        return ids

    def _instance(
        self, number: int, voxels: Int64[ndarray, "n 3"], relevancy: Float32[ndarray, " n"]
    ) -> Instance:
        return Instance(
            id=number,
            box=Box(_metres(voxels.min(0), self._size), _metres(voxels.max(0) + 1, self._size)),
            centroid_m=_metres(voxels.mean(0) + 0.5, self._size),
            peak_m=_metres(voxels[relevancy.argmax()] + 0.5, self._size),
            score=score_of(relevancy),
            voxels=voxels,
        )


def score_of(relevancy: Float32[ndarray, " n"]) -> float:
    """How sure it is that some voxels are what was asked for, 0–1."""
    return float(np.sort(relevancy)[-BEST:].mean())


def _scores(
    pieces: Int64[ndarray, " n"], relevancy: Float32[ndarray, " n"]
) -> Float64[ndarray, " pieces"]:
    """`score_of` each piece, by its number."""
    order = np.lexsort((-relevancy, pieces))
    sizes = np.bincount(pieces)
    rank = np.arange(len(order)) - np.repeat(sizes.cumsum() - sizes, sizes)
    best = order[rank < BEST]
    sums: Float64[ndarray, " pieces"] = np.bincount(pieces[best], relevancy[best])
    return sums / np.minimum(sizes, BEST)


def _metres(index: ndarray, size_m: float) -> tuple[float, float, float]:
    x, y, z = (index * size_m).tolist()
    return x, y, z


def _parts(numbers: Int64[ndarray, " n"]) -> list[ndarray]:
    """Where each number is."""
    order = numbers.argsort(kind="stable")
    return np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1) if len(order) else []


def _outside(region: Box, found: _Found, size_m: float) -> _Found:
    """What was found in voxels with their middles outside of a region."""
    keys, ids = found
    half, mask = 1 << (_BITS - 1), (1 << _BITS) - 1
    voxels = np.stack([(keys & mask) - half, (keys >> _BITS & mask) - half, keys >> 2 * _BITS], 1)
    middles = (voxels + 0.5) * size_m
    away = ((middles < region.lower) | (middles >= region.upper)).any(1)
    return keys[away], ids[away]


def _looked_up(
    wanted: Int64[ndarray, " n"], keys: Int64[ndarray, " m"], values: Int64[ndarray, " m"]
) -> Int64[ndarray, " n"]:
    """The value of each wanted key; 0 where it is not among the keys, which are in order."""
    if not len(keys):
        return np.zeros(len(wanted), np.int64)
    place = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0)
