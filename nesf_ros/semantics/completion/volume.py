"""The cube that a completion network works in, and how points of the map fall into its cells."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int64
from numpy import ndarray
from torch import Tensor

from nesf_ros.geometry.upright import heading_rad
from nesf_ros.types import Box

AHEAD = 0.25
"""How far before the viewer the cube begins, of its side (Semantic Abstraction: 0.5 of 2)."""
BELOW = 0.05
"""How far below height 0 it begins, of its side."""


@dataclass(frozen=True)
class Volume:
    """A cube of cells, upright in the map frame (up is +z), turned about the vertical.

    Its x points away from the viewer, y to the viewer's left, z up. Arrays are indexed [x, y, z].
    """

    corner_m: tuple[float, float, float]
    """Its lower corner, map frame, metres."""
    yaw_rad: float
    """Of its x axis, from the map's."""
    side_m: float
    cells: int
    """Along an edge."""

    @classmethod
    def before(
        cls, map_T_camera: Float64[ndarray, "4 4"], side_m: float, cells: int, floor_m: float = 0.0
    ) -> Volume:
        """The cube that Semantic Abstraction puts before a camera (§6.2), in metres.

        Its near face is AHEAD of its side away, its floor is BELOW of its side under `floor_m`.
        """
        yaw = heading_rad(map_T_camera)
        corner = map_T_camera[:3, 3] + _turned(yaw) @ [AHEAD * side_m, -side_m / 2, 0.0]
        return cls(
            (float(corner[0]), float(corner[1]), floor_m - BELOW * side_m), yaw, side_m, cells
        )

    @classmethod
    def around(
        cls, centre_m: Float64[ndarray, " 3"], yaw_rad: float, side_m: float, cells: int
    ) -> Volume:
        """The cube about a point of the map."""
        x, y, z = (centre_m - _turned(yaw_rad) @ np.full(3, side_m / 2)).tolist()
        return cls((x, y, z), yaw_rad, side_m, cells)

    @property
    def cell_m(self) -> float:
        """Edge of a cell, metres."""
        return self.side_m / self.cells

    @property
    def rotation(self) -> Float64[ndarray, "3 3"]:
        """Of its axes in the map frame, as columns."""
        return _turned(self.yaw_rad)

    @property
    def box(self) -> Box:
        """The axis-aligned box around it, map frame."""
        corners = np.array([[i >> axis & 1 for axis in range(3)] for i in range(8)]) * self.side_m
        there = corners @ self.rotation.T + self.corner_m
        return Box(tuple(there.min(0).tolist()), tuple(there.max(0).tolist()))

    def centers(self) -> Float32[Tensor, "n 3"]:
        """Middles of all cells in the map frame, metres; z runs fastest."""
        steps = (torch.arange(self.cells, dtype=torch.float64) + 0.5) * self.cell_m
        grid = torch.stack(torch.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3)
        return self.to_map(grid).float()

    def to_map(self, inside: Float64[Tensor, "n 3"]) -> Float64[Tensor, "n 3"]:
        """Points given from its corner along its axes, metres, in the map frame."""
        rotation = torch.from_numpy(self.rotation)
        return inside @ rotation.T + torch.tensor(self.corner_m, dtype=torch.float64)

    def unit(
        self, points_map: Float32[Tensor, "n 3"] | Float64[Tensor, "n 3"]
    ) -> Float32[Tensor, "n 3"]:
        """Points of the map in the cube, 0–1 along each of its axes."""
        moved = points_map.double() - torch.tensor(self.corner_m, dtype=torch.float64)
        return (moved @ torch.from_numpy(self.rotation) / self.side_m).float()

    def index(
        self, points_map: Float32[Tensor, "n 3"] | Float64[Tensor, "n 3"]
    ) -> Int64[Tensor, " n"]:
        """Number of the cell that each point of the map falls into; -1 outside of the cube."""
        cell = (self.unit(points_map) * self.cells).floor().long()
        inside = ((cell >= 0) & (cell < self.cells)).all(1)
        x, y, z = cell.unbind(1)
        return torch.where(inside, (x * self.cells + y) * self.cells + z, -1)


def _turned(yaw_rad: float) -> Float64[ndarray, "3 3"]:
    cos, sin = math.cos(yaw_rad), math.sin(yaw_rad)
    return np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
