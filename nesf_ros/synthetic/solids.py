"""Convex solids: the pieces that furniture is made of.

A solid is a triangle mesh with outward faces. Being convex, it answers exactly whether a point
lies inside it, for the very surface that rays hit. Everything stands on z = 0 of its own frame.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float64, Int64
from numpy import ndarray

from nesf_ros.synthetic.materials import Material

SIDES = 32  # of everything round


@dataclass(frozen=True)
class Solid:
    """A convex polyhedron with a material. Coordinates in metres."""

    corners: Float64[ndarray, "triangles 3 3"]
    """Triangle corners, counter-clockwise seen from outside."""
    normals: Float64[ndarray, "triangles 3 3"]
    """Unit normals for shading at these corners (round things are shaded as if smooth)."""
    local: Float64[ndarray, "triangles 3 3"]
    """The corners in the frame the solid was made in: textures stay put when it is moved."""
    material: Material

    def moved(self, target_T_solid: Float64[ndarray, "4 4"]) -> Solid:
        """The same solid at another place."""
        rotation, shift = target_T_solid[:3, :3], target_T_solid[:3, 3]
        return replace(
            self, corners=self.corners @ rotation.T + shift, normals=self.normals @ rotation.T
        )

    @cached_property
    def planes(self) -> tuple[Float64[ndarray, "planes 3"], Float64[ndarray, " planes"]]:
        """Outward unit normals n and offsets d: the solid is where n·p ≤ d for all of them."""
        first, second, third = self.corners.transpose(1, 0, 2)
        normals = np.cross(second - first, third - first)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        offsets = np.einsum("ij,ij->i", normals, first)
        # Coplanar triangles share a plane; rounding to 1e-9 finds them.
        _, keep = np.unique(np.round(np.c_[normals, offsets], 9), axis=0, return_index=True)
        return normals[keep], offsets[keep]

    @cached_property
    def bounds(self) -> tuple[Float64[ndarray, " 3"], Float64[ndarray, " 3"]]:
        """Lower and upper corner of the axis-aligned bounding box, metres."""
        points = self.corners.reshape(-1, 3)
        return points.min(0), points.max(0)

    def contains(self, points: Float64[ndarray, "n 3"]) -> Bool[ndarray, " n"]:
        """Whether each point lies inside or on the surface."""
        lower, upper = self.bounds
        inside = np.all((points >= lower) & (points <= upper), axis=1)
        normals, offsets = self.planes
        inside[inside] = (points[inside] @ normals.T <= offsets).all(1)
        return inside


def _solid(
    vertices: Float64[ndarray, "vertices 3"],
    triangles: Int64[ndarray, "triangles 3"],
    material: Material,
    center: Float64[ndarray, " 3"] | None = None,
) -> Solid:
    """A solid from an indexed mesh; `center` given shades it as a smooth ball around it."""
    corners = vertices[triangles]
    if center is None:
        flat = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals = np.repeat(flat[:, None], 3, axis=1)
    else:
        normals = corners - center
    normals = normals / np.linalg.norm(normals, axis=2, keepdims=True)
    return Solid(corners, normals, corners.copy(), material)


def box(
    size_m: tuple[float, float, float],
    material: Material,
    at: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Solid:
    """A box whose bottom face is centred on `at`."""
    unit = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (0, 1)])
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    triangles = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])
    return _solid(unit * size_m + np.array(at), triangles, material)


def _revolved(
    radii_m: Float64[ndarray, " rings"], heights_m: Float64[ndarray, " rings"]
) -> tuple[Float64[ndarray, "vertices 3"], Int64[ndarray, "triangles 3"]]:
    """Rings around z, joined by quads, closed by flat fans at the bottom and the top."""
    angle = np.arange(SIDES) * (2 * np.pi / SIDES)
    circle = np.stack([np.cos(angle), np.sin(angle), np.zeros(SIDES)], 1)
    rings = radii_m[:, None, None] * circle + heights_m[:, None, None] * np.array([0.0, 0.0, 1.0])
    ends = np.array([[0, 0, heights_m[0]], [0, 0, heights_m[-1]]])
    vertices = np.concatenate([rings.reshape(-1, 3), ends])
    here = np.arange(SIDES)
    there = (here + 1) % SIDES
    last = (len(radii_m) - 1) * SIDES
    bottom, top = len(vertices) - 2, len(vertices) - 1
    triangles = [np.stack([np.full(SIDES, bottom), there, here], 1)]
    for low in range(0, last, SIDES):
        high = low + SIDES
        triangles.append(np.stack([low + here, low + there, high + there], 1))
        triangles.append(np.stack([low + here, high + there, high + here], 1))
    triangles.append(np.stack([np.full(SIDES, top), last + here, last + there], 1))
    return vertices, np.concatenate(triangles)


def cylinder(
    radius_m: float,
    height_m: float,
    material: Material,
    at: tuple[float, float, float] = (0.0, 0.0, 0.0),
    top_radius_m: float | None = None,
) -> Solid:
    """An upright cylinder, or a truncated cone, whose bottom face is centred on `at`."""
    top = radius_m if top_radius_m is None else top_radius_m
    radii = np.array([radius_m, top], np.float64)
    vertices, triangles = _revolved(radii, np.array([0.0, height_m], np.float64))
    made = _solid(vertices + np.array(at), triangles, material)
    # The sides are shaded as round: at each of their corners the normal points away from the axis.
    sides = slice(SIDES, -SIDES)
    radial = made.corners[sides] - np.array(at)
    radial[..., 2] = 0.0
    radial /= np.linalg.norm(radial, axis=2, keepdims=True)
    radial[..., 2] = (radius_m - top) / height_m
    made.normals[sides] = radial / np.linalg.norm(radial, axis=2, keepdims=True)
    return made


def ball(
    radius_m: float, material: Material, at: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> Solid:
    """A ball that rests on `at` (its lowest point, a facet 2 % of the radius wide)."""
    polar = np.linspace(0.02, np.pi - 0.02, SIDES // 2 + 1)
    heights = radius_m * (np.cos(polar[0]) - np.cos(polar))
    vertices, triangles = _revolved(radius_m * np.sin(polar), heights)
    center = np.array(at) + [0.0, 0.0, heights[-1] / 2]
    return _solid(vertices + np.array(at), triangles, material, center)
