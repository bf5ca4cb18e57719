"""Where answers are given: voxels of the map frame; and the cubes that a network covers them by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float32, Float64, Int64, Shaped
from numpy import ndarray
from torch import Tensor

from nesf_ros.errors import QueryError
from nesf_ros.semantics.completion.presets import Preset
from nesf_ros.semantics.completion.volume import BELOW, Volume
from nesf_ros.types import Box

OVERLAP = 0.25
"""Share of a cube's side by which neighbours reach into each other, at the least."""
SLACK = 0.05
"""Share of the side by which a box may reach above and below a cube before it takes two."""
EDGE = 0.05
"""Weight of a cube at its very faces, against 1 in its middle: seams cannot be seen."""


@dataclass(frozen=True)
class Grid:
    """Voxels of an axis-aligned box in the map frame; arrays are indexed [x, y, z]."""

    origin_m: tuple[float, float, float]
    """Outer corner of voxel (0, 0, 0)."""
    voxel_m: float
    shape: tuple[int, int, int]

    @classmethod
    def covering(cls, box: Box, voxel_m: float, most: int) -> Grid:
        """The voxels at multiples of their size that have a part in a box.

        QueryError where these are more than `most`.
        """
        low = np.floor(np.array(box.lower) / voxel_m + 1e-6)
        high = np.ceil(np.array(box.upper) / voxel_m - 1e-6).clip(min=low + 1)
        count = float(np.prod(high - low))
        if count > most:
            raise QueryError(
                f"the region has {count:.3g} voxels of {voxel_m:g} m; {most} are allowed: choose a "
                "smaller one, or coarser voxels"
            )
        x, y, z = (low * voxel_m).tolist()
        nx, ny, nz = (high - low).astype(int).tolist()
        return cls((x, y, z), voxel_m, (nx, ny, nz))

    @property
    def first(self) -> Int64[ndarray, " 3"]:
        """Index of voxel (0, 0, 0) among all voxels of this size in the map frame."""
        return np.round(np.array(self.origin_m) / self.voxel_m).astype(np.int64)

    @property
    def box(self) -> Box:
        """All that it spans."""
        upper = np.array(self.origin_m) + np.array(self.shape) * self.voxel_m
        x, y, z = upper.tolist()
        return Box(self.origin_m, (x, y, z))

    def split(self, parts: int) -> Grid:
        """The same space in voxels of a part of their edge."""
        x, y, z = (parts * count for count in self.shape)
        return Grid(self.origin_m, self.voxel_m / parts, (x, y, z))

    def joined(self, parts: int) -> Grid:
        """The same space in voxels of so many times their edge, of which `split` makes these."""
        x, y, z = (count // parts for count in self.shape)
        return Grid(self.origin_m, self.voxel_m * parts, (x, y, z))

    def highest(
        self, values: Shaped[Tensor, "rows n"], parts: int
    ) -> Shaped[Tensor, "rows nx ny nz"]:
        """Of the parts in each of its voxels, from values for the voxels of `split`."""
        fine = values.view(len(values), *self.split(parts).shape)
        if parts == 1:
            return fine
        return F.max_pool3d(fine[None].float(), parts)[0].to(values.dtype)

    def centers(self) -> Float32[Tensor, "n 3"]:
        """Middles of all voxels, metres; z runs fastest."""
        axes = [
            start + (torch.arange(count, dtype=torch.float64) + 0.5) * self.voxel_m
            for start, count in zip(self.origin_m, self.shape, strict=True)
        ]
        return torch.stack(torch.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3).float()

    def numbers_in(self, box: Box) -> Int64[Tensor, " n"]:
        """Which voxels, counted as `centers`, have their middles in a box, or on its faces."""
        ends = (np.array([box.lower, box.upper]) - self.origin_m) / self.voxel_m - 0.5
        first = np.ceil(ends[0] - 1e-6).clip(0, self.shape).astype(int)
        beyond = np.floor(ends[1] + 1e-6 + 1).clip(first, self.shape).astype(int)
        x, y, z = (torch.arange(a, b) for a, b in zip(first, beyond, strict=True))
        return ((x[:, None, None] * self.shape[1] + y[:, None]) * self.shape[2] + z).reshape(-1)


def tiles(
    box: Box, yaw_rad: float, floor_m: float, preset: Preset, most: int
) -> tuple[Volume, ...]:
    """Cubes turned by `yaw_rad` that cover a box of the map frame, overlapping.

    They stand on the floor, as in training, where the box lies in reach of that. QueryError where
    there would be more than `most`.
    """
    turn = Volume((0.0, 0.0, 0.0), yaw_rad, preset.side_m, preset.cells).rotation
    corners = np.array(
        [[(box.lower, box.upper)[i >> a & 1][a] for a in range(3)] for i in range(8)]
    )
    along = corners @ turn  # in the cubes' axes
    side = preset.side_m
    low, high = along.min(0), along.max(0)
    lowest = floor_m - BELOW * side
    if low[2] >= lowest - SLACK * side and high[2] <= (1 + SLACK) * side + lowest:
        low[2], high[2] = lowest, lowest + side
    further = np.ceil((high - low - side) / ((1 - OVERLAP) * side) - 1e-6)
    counts = 1 + further.clip(min=0)  # floats, as they may be of any size
    if np.prod(counts) > most:
        raise QueryError(
            f"the region takes {np.prod(counts):.6g} cubes of {side:g} m; {most} are allowed: "
            "choose a smaller region, or raise unseen.max_tiles"
        )
    middles = [_middles(a, b, side, int(n)) for a, b, n in zip(low, high, counts, strict=True)]
    centres = np.array(np.meshgrid(*middles, indexing="ij")).reshape(3, -1).T @ turn.T
    return tuple(Volume.around(centre, yaw_rad, side, preset.cells) for centre in centres)


def _middles(low: float, high: float, side: float, count: int) -> Float64[ndarray, " count"]:
    """Of so many cubes that cover an interval."""
    if count == 1:
        return np.array([(low + high) / 2])
    return np.linspace(low + side / 2, high - side / 2, count)


def window(unit: Float32[Tensor, "n 3"]) -> Float32[Tensor, " n"]:
    """How far a cube is heard at points, 0–1 along its axes: 1 in the middle, EDGE at its faces."""
    rise = (1 - (2 * unit - 1).abs()).clamp(0, 1) / OVERLAP
    return (EDGE + (1 - EDGE) * rise.clamp(max=1)).prod(1)
