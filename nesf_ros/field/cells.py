"""Where a field is worth sampling: a lattice of cells that are skipped or looked into."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import warp as wp
from jaxtyping import Bool, Float, Float32, Int32
from numpy import ndarray
from torch import Tensor

from nesf_ros.errors import FieldError
from nesf_ros.field import marching
from nesf_ros.types import Box

MOST = 2**27
"""Cells of a box: 128 MiB."""
CELL_M = 0.04
"""Edge of a cell unless something else is asked for, metres."""


class Along(NamedTuple):
    """Where to sample n rays."""

    far_m: Float32[Tensor, " n"]
    """Distance at which the ray ends."""
    start_m: Float32[Tensor, " n"]
    """Distance at which it begins."""
    spacing_m: Float32[Tensor, " n"]
    """Between two samples, along living cells only."""
    phase: Float32[Tensor, " n"]
    """Where the first sample is, as a share of the spacing from the first living place."""


@dataclass
class Cells:
    """Cells of a box, and which of them may hold a surface."""

    lower: tuple[float, float, float]
    """Outer corner of the first cell, metres."""
    size_m: float
    """Edge of a cell, metres."""
    alive: Bool[Tensor, "x y z"]

    @classmethod
    def over(cls, box: Box, size_m: float, device: str = "cpu") -> Cells:
        """All cells of a box, all alive. FieldError for more than `MOST`."""
        wp.init()
        edges = zip(box.lower, box.upper, strict=True)
        shape = [max(1, math.ceil((high - low) / size_m - 1e-6)) for low, high in edges]
        if math.prod(shape) > MOST:
            raise FieldError(f"a box of {shape} cells of {size_m} m; {MOST} cells are allowed")
        return cls(box.lower, size_m, torch.ones(shape, dtype=torch.bool, device=device))

    @classmethod
    def around(cls, points: Float[Tensor, "n 3"], margin_m: float, size_m: float = CELL_M) -> Cells:
        """The cells within `margin_m` of any of the points are alive, in a box around them all."""
        if not len(points):
            raise FieldError("there is no surface yet to fit a field around")
        low, high = ((edge.double()).tolist() for edge in points.aminmax(dim=0))
        room = margin_m + size_m
        lower, upper = [x - room for x in low], [x + room for x in high]
        cells = cls.over(Box((*lower,), (*upper,)), size_m, str(points.device))
        cells.alive[:] = False
        cells.mark(points, margin_m)
        return cells

    @property
    def box(self) -> Box:
        """What the cells fill, metres."""
        edges = zip(self.lower, self.alive.shape, strict=True)
        upper = [low + count * self.size_m for low, count in edges]
        return Box(self.lower, (upper[0], upper[1], upper[2]))

    def index_of(
        self, points: Float[Tensor, "n 3"]
    ) -> tuple[Int32[Tensor, "n 3"], Bool[Tensor, " n"]]:
        """Cell of each point, and whether there is one."""
        lower = torch.tensor(self.lower, dtype=points.dtype, device=points.device)
        index = ((points - lower) / self.size_m).floor().int()
        shape = torch.tensor(self.alive.shape, device=points.device)
        return index, ((index >= 0) & (index < shape)).all(1)

    def mark(self, points: Float[Tensor, "n 3"], margin_m: float) -> None:
        """Bring to life the cells within `margin_m` along each axis of any of the points."""
        steps = math.ceil(2 * margin_m / self.size_m) + 1
        offsets = torch.linspace(-margin_m, margin_m, steps) if margin_m > 0 else torch.zeros(1)
        for offset in torch.cartesian_prod(offsets, offsets, offsets).to(points):
            index, inside = self.index_of(points + offset)
            self.alive[tuple(index[inside].long().T)] = True

    def surrounds(self, place: Float[ndarray, " 3"]) -> bool:
        """Whether a place in the map frame, metres, lies in the box."""
        box = self.box
        return bool(np.all(place >= box.lower) and np.all(place < box.upper))

    def holds(self, points: Float[Tensor, "n 3"]) -> Bool[Tensor, " n"]:
        """Whether each point lies in a cell that is alive."""
        index, inside = self.index_of(points)
        found = torch.zeros(len(points), dtype=torch.bool, device=points.device)
        found[inside] = self.alive[tuple(index[inside].long().T)]
        return found

    def length(
        self,
        origins: Float32[Tensor, "n 3"],
        directions: Float32[Tensor, "n 3"],
        far_m: Float32[Tensor, " n"],
    ) -> Float32[Tensor, " n"]:
        """How far each ray runs through living cells, up to a distance of `far_m`."""
        out = torch.zeros(len(origins), device=origins.device)
        self._launch(marching.length, (origins, directions), [far_m], [out])
        return out

    def march(
        self,
        origins: Float32[Tensor, "n 3"],
        directions: Float32[Tensor, "n 3"],
        along: Along,
        count: int,
    ) -> tuple[Float32[Tensor, "n count"], Int32[Tensor, " n"]]:
        """Distances at even spacing along that part of each ray which runs through living cells.

        Of the `count` places, only the first are filled where the ray ends before; the second
        result says how many.
        """
        t = torch.zeros(len(origins), count, device=origins.device)
        found = torch.zeros(len(origins), dtype=torch.int32, device=origins.device)
        self._launch(marching.march, (origins, directions), list(along), [t, found])
        return t, found

    def spread(
        self,
        origins: Float32[Tensor, "n 3"],
        directions: Float32[Tensor, "n 3"],
        far_m: Float32[Tensor, " n"],
        count: int,
    ) -> tuple[Float32[Tensor, "n count"], Float32[Tensor, " n"]]:
        """So many distances spread over the whole living part of each ray, moved by chance.

        They are `spacing` apart, the second result, metres; where that is 0 there is no living
        part, and the distances are those of the ray's start.
        """
        spacing = self.length(origins, directions, far_m) / count
        chance = torch.rand_like(spacing)
        along = Along(far_m, torch.zeros_like(far_m), spacing.clamp(min=1e-6), chance)
        t, found = self.march(origins, directions, along, count)
        number = torch.arange(count, device=t.device)
        last = t.gather(1, (found.long()[:, None] - 1).clamp(min=0))
        return torch.where(number < found[:, None], t, last), spacing

    def _launch(self, kernel, rays: tuple[Tensor, Tensor], numbers: list, outputs: list) -> None:
        wp.launch(
            kernel,
            len(rays[0]),
            [
                *(wp.from_torch(x.contiguous(), dtype=wp.vec3) for x in rays),
                wp.from_torch(self.alive.view(torch.uint8)),
                wp.vec3(*self.lower),
                self.size_m,
                *(wp.from_torch(x.contiguous()) for x in numbers),
            ],
            [wp.from_torch(x) for x in outputs],
            device=str(rays[0].device),
        )
