"""Finding empty space without any depth: cells die where the field stays clear.

A decaying maximum of density, as the occupancy grid of Müller et al. 2022, appendix E.2.
"""

from __future__ import annotations

import torch
from jaxtyping import Float32
from torch import Tensor

from nesf_ros.field.cells import Cells
from nesf_ros.field.scene_field import SceneField

DECAY = 0.9
"""Of a cell's remembered opacity between two looks."""
CLEAR = 0.1
"""A cell of less opacity, across its edge, holds no surface."""


class Survey:
    """Opacity of every cell as it was found lately."""

    def __init__(self, cells: Cells):
        self.cells = cells
        self._given = cells.alive.clone()
        self.opacity: Float32[Tensor, "x y z"] = cells.alive.float()

    def update(self, field: SceneField, share: float) -> None:
        """Look at a chance place in that share of the cells, and let clear ones die.

        Cells that were dead at the start stay dead: a depth camera has seen that they are empty.
        """
        places = self._given.nonzero()
        chosen = places[torch.rand(len(places), device=places.device) < share]
        if not len(chosen):
            return
        lower = torch.tensor(self.cells.lower, device=chosen.device)
        points = lower + (chosen + torch.rand(chosen.shape, device=chosen.device)) * (
            self.cells.size_m
        )
        found = -torch.expm1(-field.density(points) * self.cells.size_m)
        at = tuple(chosen.T)
        self.opacity[at] = torch.maximum(self.opacity[at] * DECAY, found)
        self.cells.alive[at] = self.opacity[at] > CLEAR
