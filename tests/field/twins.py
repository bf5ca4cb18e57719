"""What the marching kernels do, in plain numpy: all sides of cells at once, and sorted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy import ndarray


@dataclass
class Pieces:
    """A ray cut at every side of a cell that it crosses."""

    begin: ndarray
    end: ndarray
    alive: ndarray

    @property
    def length(self) -> float:
        """Of what lies in living cells, metres."""
        return float(((self.end - self.begin) * self.alive).sum())

    def place(self, living_m: float) -> float:
        """Distance along the ray after so much of its living part."""
        ends = np.cumsum((self.end - self.begin) * self.alive)
        at = int(np.searchsorted(ends, living_m, side="right"))
        return float(self.end[at] - (ends[at] - living_m))


def pieces(
    alive: ndarray, lower: ndarray, size: float, ray: tuple[ndarray, ndarray], reach: ndarray
) -> Pieces:
    """Cut a ray (origin, direction) from reach[0] to reach[1]."""
    origin, direction = (x.astype(np.float64) for x in ray)
    cuts = [np.asarray(reach, np.float64)]
    for axis in range(3):
        if direction[axis] != 0:
            sides = lower[axis] + size * np.arange(alive.shape[axis] + 1)
            cuts.append((sides - origin[axis]) / direction[axis])
    t = np.unique(np.concatenate(cuts).clip(*reach))
    middle = origin + (t[:-1] + t[1:])[:, None] / 2 * direction
    cell = np.floor((middle - lower) / size).astype(int)
    inside = ((cell >= 0) & (cell < alive.shape)).all(1)
    cell[~inside] = 0
    return Pieces(t[:-1], t[1:], alive[tuple(cell.T)] & inside)
