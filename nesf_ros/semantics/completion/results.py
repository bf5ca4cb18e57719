"""The answers about what no camera has seen."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import count

import numpy as np
from jaxtyping import Float32, Float64, Int64, UInt8
from numpy import ndarray

from nesf_ros.semantics.completion.lattice import Grid
from nesf_ros.semantics.hidden.descriptions import Description
from nesf_ros.semantics.hidden.viewpoints import Viewpoint
from nesf_ros.semantics.instances import Instance, InstanceFinder
from nesf_ros.semantics.questions import TextAnswer
from nesf_ros.types import UNOBSERVED

SIZES = 4
"""Of voxels, in which things are known again: the last ones asked for."""
LEAST_M3 = 3 * 0.05**3
"""Smaller pieces are taken for noise: three cells of the shipped networks."""


@dataclass(frozen=True)
class Moment:
    """Which map answered, and when."""

    map_id: str
    revision: int
    stamp_ns: int
    """Of the newest image in it."""


@dataclass(frozen=True)
class Reference:
    """What the map has of a thing to complete, or that hides another, by the plain question."""

    found: bool
    """Whether the map has it at all; else what is imagined means little."""
    score: float
    """Of the best such thing, 0–1."""
    within: bool
    """Whether the best such thing reaches into the space that was asked about."""

    @classmethod
    def of(cls, answer: TextAnswer, grid: Grid) -> Reference:
        """By an answer about all of the map, for a grid that was asked about."""
        within = answer.exists and grid.box.overlaps(answer.instances[0].box)
        return cls(answer.exists, answer.score, within)


@dataclass(frozen=True)
class Completed:
    """The space that things fill, seen or not."""

    labels: tuple[str, ...]
    known: tuple[bool, ...]
    """Whether the vision-language model was trained with anything near a label; else it is 0
    everywhere."""
    seen: tuple[Reference, ...]
    """What the map has of each label: something is imagined for nearly every word."""
    grid: Grid
    probability: Float32[ndarray, "labels nx ny nz"]
    """0–1; 0 where `basis` is not IMAGINED."""
    basis: UInt8[ndarray, "nx ny nz"]
    """CLEAR_SPACE, UNIMAGINED or IMAGINED (`imagining`)."""
    winner: UInt8[ndarray, "nx ny nz"]
    """0: nothing above the threshold; n: `labels[n − 1]` is the most probable (§3.3)."""
    state: UInt8[ndarray, "nx ny nz"]
    """UNOBSERVED, FREE or OCCUPIED in the map."""
    instances: tuple[tuple[Instance, ...], ...]
    """Of each label, of what it has won: best first."""
    threshold: float
    unshown: int
    """Cubes of the region that no keyframe shows, so that nothing was imagined there."""
    observed: float
    """Share of the grid's space that was ever observed, 0–1."""
    moment: Moment


@dataclass(frozen=True)
class HiddenRegion:
    """A piece of space that may hide a thing."""

    lower_m: tuple[float, float, float]
    upper_m: tuple[float, float, float]
    centroid_m: tuple[float, float, float]
    """Mean of its voxels, weighted by their probability."""
    score: float
    """Mean probability of its five best voxels, 0–1."""
    volume_m3: float
    unobserved: float
    """Share of its voxels that were never observed, 0–1."""
    voxels: Int64[ndarray, "n 3"] = field(compare=False, repr=False)
    """Indices of its voxels in the grid of the answer."""
    viewpoint: Viewpoint | None = None
    """From where most of it would be seen; None where there is no such place, or none was sought.
    """
    too_wide: bool = False
    """Whether none was found as more voxels are around it than can be looked through."""

    @classmethod
    def of(
        cls,
        piece: Instance,
        grid: Grid,
        probability: Float32[ndarray, "nx ny nz"],
        state: UInt8[ndarray, "nx ny nz"],
    ) -> HiddenRegion:
        """What to tell of a piece of a grid."""
        voxels = piece.voxels - grid.first
        at = tuple(voxels.T)
        weights = probability[at]
        x, y, z = (weights @ ((piece.voxels + 0.5) * grid.voxel_m) / weights.sum()).tolist()
        return cls(
            piece.box.lower,
            piece.box.upper,
            (x, y, z),
            piece.score,
            len(piece.voxels) * grid.voxel_m**3,
            float(np.mean(state[at] == UNOBSERVED)),
            voxels,
        )


@dataclass(frozen=True)
class Located:
    """Where a described thing may be."""

    description: Description
    grid: Grid
    probability: Float32[ndarray, "nx ny nz"]
    """0–1; 0 where `basis` is not IMAGINED."""
    basis: UInt8[ndarray, "nx ny nz"]
    """CLEAR_SPACE, UNIMAGINED or IMAGINED (`imagining`)."""
    state: UInt8[ndarray, "nx ny nz"]
    regions: tuple[HiddenRegion, ...]
    """Best first: by score times `unobserved`, as what was seen hides nothing."""
    target_known: bool
    """Whether the vision-language model was trained with anything near the target; else relation
    and reference alone say where it may be."""
    reference: Reference
    threshold: float
    viewer: Float64[ndarray, "4 4"]
    """map_T_camera of who says what is left and what is behind."""
    unshown: int
    """As in `Completed`."""
    moment: Moment
    camera: str = ""
    """Name of the camera that the viewpoints are for; empty until they are looked for."""


class Pieces:
    """Puts probable voxels together, and knows things again. For use by one thread."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._finders: dict[float, InstanceFinder] = {}
        self._ids = count(1)

    def of(
        self, text: str, grid: Grid, probability: Float32[ndarray, "nx ny nz"], threshold: float
    ) -> list[Instance]:
        """What lies above a threshold in one piece, best first; ids as `InstanceFinder.find`."""
        size_m = grid.voxel_m
        self._finders[size_m] = finder = self._finders.pop(size_m, None) or InstanceFinder(
            size_m, min_voxels=_least(size_m), extent=0.0, ids=self._ids
        )
        if len(self._finders) > SIZES:
            del self._finders[next(iter(self._finders))]
        at = np.nonzero(probability >= threshold)
        voxels = np.stack(at, 1).astype(np.int64) + grid.first
        return finder.find(text, voxels, probability[at], threshold, grid.box)


def _least(voxel_m: float) -> int:
    """Voxels of a piece that is no noise: three of fine ones, fewer where one holds as much."""
    return min(3, max(1, math.ceil(LEAST_M3 / voxel_m**3)))
