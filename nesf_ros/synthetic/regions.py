"""Exact inside tests for the shapes that solids have, each in the frame the solid was made in.

A region is the inside of precisely the mesh that rays hit, facets and all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64
from numpy import ndarray


@dataclass(frozen=True)
class Convex:
    """A convex polyhedron: where n·p ≤ d for all of its planes."""

    normals: Float64[ndarray, "planes 3"]
    """Outward unit normals."""
    offsets: Float64[ndarray, " planes"]

    @classmethod
    def of(cls, corners: Float64[ndarray, "triangles 3 3"]) -> Convex:
        """The inside of a convex mesh with outward faces."""
        first, second, third = corners.transpose(1, 0, 2)
        normals = np.cross(second - first, third - first)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        offsets = np.einsum("ij,ij->i", normals, first)
        # Coplanar triangles share a plane; rounding to 1e-9 finds them.
        _, keep = np.unique(np.round(np.c_[normals, offsets], 9), axis=0, return_index=True)
        return cls(normals[keep], offsets[keep])

    def contains(self, points: Float64[ndarray, "n 3"]) -> Bool[ndarray, " n"]:
        """Whether each point lies inside or on the surface."""
        return (points @ self.normals.T <= self.offsets).all(1)


@dataclass(frozen=True)
class Revolved:
    """A simple polygon in (radius, height), swept around z as a ring of `sides` straight pieces."""

    profile: Float64[ndarray, "n 2"]
    sides: int

    def contains(self, points: Float64[ndarray, "n 3"]) -> Bool[ndarray, " n"]:
        """Whether each point lies inside or on the surface."""
        # Within one piece, between two corners of the ring, the polygon moves along a straight
        # line; the distance to the axis counts along the piece's middle, scaled to its corners.
        step = 2 * np.pi / self.sides
        angle = np.arctan2(points[:, 1], points[:, 0]) % step - step / 2
        radius = np.hypot(points[:, 0], points[:, 1]) * np.cos(angle) / np.cos(step / 2)
        return in_polygon(np.stack([radius, points[:, 2]], axis=1), self.profile)


@dataclass(frozen=True)
class Extruded:
    """A simple polygon in (x, y) between two heights."""

    outline: Float64[ndarray, "n 2"]
    low: float
    high: float

    def contains(self, points: Float64[ndarray, "n 3"]) -> Bool[ndarray, " n"]:
        """Whether each point lies inside or on the surface."""
        within = (points[:, 2] >= self.low) & (points[:, 2] <= self.high)
        within[within] = in_polygon(points[within, :2], self.outline)
        return within


Region = Convex | Revolved | Extruded
"""A closed part of space."""


def in_polygon(
    points: Float64[ndarray, "n 2"], polygon: Float64[ndarray, "corners 2"]
) -> Bool[ndarray, " n"]:
    """Whether each point lies in a simple polygon: an odd number of edges to its right."""
    inside = np.zeros(len(points), bool)
    x, y = points.T
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        crosses = (y0 <= y) != (y1 <= y)
        inside ^= crosses & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return inside
