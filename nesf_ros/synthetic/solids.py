"""Solids: the pieces that things are made of.

A solid is a closed triangle mesh with outward faces, and knows exactly whether a point lies
inside that very mesh. Every maker returns a solid that stands on `at` around the vertical through
it; turn and bend it with `moved`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float64
from numpy import ndarray

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic import meshes
from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.regions import Convex, Extruded, Region, Revolved

SIDES = 32
"""Of everything round, unless a maker is told otherwise."""

Point = tuple[float, float, float]
ORIGIN: Point = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Solid:
    """A closed polyhedron with a material. Coordinates in metres."""

    made: Float64[ndarray, "triangles 3 3"]
    """Triangle corners in the frame it was made in, counter-clockwise seen from outside."""
    made_normals: Float64[ndarray, "triangles 3 3"]
    """Unit normals for shading at these corners (round things are shaded as if smooth)."""
    region: Region
    """The inside, in the frame it was made in."""
    material: Material
    pose: Float64[ndarray, "4 4"] = field(default_factory=lambda: np.eye(4))
    """target_T_made: any affine map that keeps orientation."""
    texture_at: Point = ORIGIN
    """Where `made` lies in the material, so that equal pieces differ and neighbours match."""

    def moved(self, target_T_solid: Float64[ndarray, "4 4"]) -> Solid:
        """The same solid at another place; turned, stretched or sheared if the map says so."""
        return replace(self, pose=target_T_solid @ self.pose)

    @cached_property
    def corners(self) -> Float64[ndarray, "triangles 3 3"]:
        """Triangle corners, counter-clockwise seen from outside."""
        return self.made @ self.pose[:3, :3].T + self.pose[:3, 3]

    @cached_property
    def normals(self) -> Float64[ndarray, "triangles 3 3"]:
        """Unit normals for shading at the corners."""
        turned = self.made_normals @ np.linalg.inv(self.pose[:3, :3])
        return turned / np.linalg.norm(turned, axis=2, keepdims=True)

    @property
    def local(self) -> Float64[ndarray, "triangles 3 3"]:
        """The corners' places in the material, which stay put when the solid is moved."""
        return self.made + np.array(self.texture_at)

    @cached_property
    def bounds(self) -> tuple[Float64[ndarray, " 3"], Float64[ndarray, " 3"]]:
        """Lower and upper corner of the axis-aligned bounding box, metres."""
        points = self.corners.reshape(-1, 3)
        return points.min(0), points.max(0)

    @cached_property
    def grain(self) -> int:
        """The axis of the frame it was made in along which it is longest; x before y before z."""
        stretch = np.linalg.norm(self.pose[:3, :3], axis=0)
        extent = np.ptp(self.made.reshape(-1, 3), axis=0) * stretch
        return int(np.argmax(extent >= extent.max() * (1 - 1e-6)))

    def contains(self, points: Float64[ndarray, "n 3"]) -> Bool[ndarray, " n"]:
        """Whether each point lies inside or on the surface."""
        lower, upper = self.bounds
        inside = np.all((points >= lower) & (points <= upper), axis=1)
        back = np.linalg.inv(self.pose)
        inside[inside] = self.region.contains(points[inside] @ back[:3, :3].T + back[:3, 3])
        return inside


def _solid(
    corners: Float64[ndarray, "triangles 3 3"], region: Region, material: Material, at: Point
) -> Solid:
    pose = np.eye(4)
    pose[:3, 3] = at
    return Solid(corners, meshes.shading_normals(corners), region, material, pose, at)


def hull(points: Float64[ndarray, "n 3"], material: Material, at: Point = ORIGIN) -> Solid:
    """The convex hull of points (relative to `at`)."""
    corners = meshes.hull(points)
    return _solid(corners, Convex.of(corners), material, at)


def box(size_m: Point, material: Material, at: Point = ORIGIN) -> Solid:
    """A box whose bottom face is centred on `at`."""
    return tapered_box(size_m, (size_m[0], size_m[1]), material, at)


def tapered_box(
    size_m: Point,
    top_m: tuple[float, float],
    material: Material,
    at: Point = ORIGIN,
    shift_m: tuple[float, float] = (0.0, 0.0),
) -> Solid:
    """A box with a top of another width and depth, moved sideways by `shift_m`.

    Its bottom face is centred on `at`.
    """
    half_x, half_y, height = size_m[0] / 2, size_m[1] / 2, size_m[2]
    low = [(x, y, 0.0) for x in (-half_x, half_x) for y in (-half_y, half_y)]
    high = [
        (x * top_m[0] / 2 + shift_m[0], y * top_m[1] / 2 + shift_m[1], height)
        for x in (-1, 1)
        for y in (-1, 1)
    ]
    quads = [(0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3), (0, 1, 3, 2), (4, 6, 7, 5)]
    triangles = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])
    corners = np.array(low + high, np.float64)[triangles]
    return _solid(corners, Convex.of(corners), material, at)


def rounded_box(
    size_m: Point, radius_m: float, material: Material, at: Point = ORIGIN, steps: int = 3
) -> Solid:
    """A box with rounded edges; its bottom face is centred on `at`."""
    if not 0 < radius_m <= min(size_m) / 2:
        raise ConfigError(f"edges of {radius_m} m on a box of {size_m} m; half a side at most")
    polar = np.linspace(0, np.pi / 2, steps + 1)
    around = np.linspace(0, np.pi / 2, steps + 1)
    ball = [
        (np.sin(p) * np.cos(a), np.sin(p) * np.sin(a), np.cos(p)) for p in polar for a in around
    ]
    octant = np.unique(np.round(radius_m * np.array(ball), 12), axis=0)
    inner = np.array(size_m) / 2 - radius_m
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    points = (signs[:, None] * (octant + inner)).reshape(-1, 3)
    return hull(points + [0, 0, size_m[2] / 2], material, at)


def revolved(
    profile_m: Sequence[tuple[float, float]],
    material: Material,
    at: Point = ORIGIN,
    sides: int = SIDES,
) -> Solid:
    """A simple polygon in (radius, height) swept around the vertical through `at`.

    The polygon may be hollow towards the axis (a bowl) or away from it (a torus); either way
    round is fine. Raises ConfigError for a negative radius.
    """
    profile = _counter_clockwise(profile_m)
    if profile[:, 0].min() < 0:
        raise ConfigError(f"a profile with the radius {profile[:, 0].min()} m; 0 at least")
    return _solid(meshes.revolved(profile, sides), Revolved(profile, sides), material, at)


def vessel(
    outer_m: Sequence[tuple[float, float]],
    wall_m: float,
    material: Material,
    at: Point = ORIGIN,
    sides: int = SIDES,
) -> Solid:
    """A hollow round thing, open at the top.

    Its outer profile runs from bottom rim to mouth as (radius, height), heights rising; the wall,
    and a floor of the same thickness, lie inside it.
    """
    outer = [(float(r), float(z)) for r, z in outer_m]
    floor = outer[0][1] + wall_m
    radii, heights = zip(*outer, strict=True)
    at_floor = float(np.interp(floor, heights, radii)) - wall_m
    inner = [(max(r - wall_m, 1e-4), z) for r, z in outer if z > floor + 1e-6]
    inside = [(0.0, floor), (max(at_floor, 1e-4), floor), *inner]
    return revolved([(0.0, outer[0][1]), *outer, *inside[::-1]], material, at, sides)


def cylinder(
    radius_m: float,
    height_m: float,
    material: Material,
    at: Point = ORIGIN,
    top_radius_m: float | None = None,
    sides: int = SIDES,
) -> Solid:
    """An upright cylinder, or a cone, truncated or not, whose bottom face is centred on `at`."""
    top = radius_m if top_radius_m is None else top_radius_m
    profile = [(0.0, 0.0), (radius_m, 0.0), (top, height_m)]
    return revolved([*profile, (0.0, height_m)] if top else profile, material, at, sides)


def ball(radius_m: float, material: Material, at: Point = ORIGIN, sides: int = SIDES) -> Solid:
    """A ball that rests on `at` (its lowest point, a facet 2 % of the radius wide)."""
    polar = np.linspace(0.02, np.pi - 0.02, sides // 2 + 1)
    heights = radius_m * (np.cos(polar[0]) - np.cos(polar))
    around = np.stack([radius_m * np.sin(polar), heights], axis=1)
    ends = [(0.0, float(heights[-1])), (0.0, 0.0)]
    return revolved([*map(tuple, around.tolist()), *ends], material, at, sides)


def ellipsoid(size_m: Point, material: Material, at: Point = ORIGIN, sides: int = SIDES) -> Solid:
    """A ball stretched to a size (diameters along x, y, z) that rests on `at`."""
    stretch = np.diag([*size_m, 1.0])
    stretch[:3, 3] = at
    return replace(ball(0.5, material, ORIGIN, sides), texture_at=at).moved(stretch)


def torus(
    ring_m: float, tube_m: float, material: Material, at: Point = ORIGIN, sides: int = SIDES
) -> Solid:
    """A lying torus that rests on `at`: radius of the ring's middle line, radius of its tube."""
    angle = np.arange(sides // 2) * (4 * np.pi / sides)
    profile = np.stack([ring_m + tube_m * np.cos(angle), tube_m * (1 + np.sin(angle))], axis=1)
    return revolved([*map(tuple, profile.tolist())], material, at, sides)


def extruded(
    outline_m: Sequence[tuple[float, float]], height_m: float, material: Material,
    at: Point = ORIGIN,
) -> Solid:  # fmt: skip
    """A simple polygon in (x, y) as the base of an upright prism; either way round is fine."""
    outline = _counter_clockwise(outline_m)
    corners = meshes.extruded(outline, 0.0, height_m)
    return _solid(corners, Extruded(outline, 0.0, height_m), material, at)


def tube(
    points_m: Sequence[Point], radius_m: float, material: Material, sides: int = 12
) -> tuple[Solid, ...]:
    """A bent rod along a polyline: a straight piece per leg, mitred where two meet."""
    path = np.array(points_m, np.float64)
    legs = np.diff(path, axis=0)
    legs /= np.linalg.norm(legs, axis=1, keepdims=True)
    # The plane in which two legs meet halves the angle between them.
    cuts = np.concatenate([legs[:1], legs[:-1] + legs[1:], legs[-1:]])
    cuts /= np.linalg.norm(cuts, axis=1, keepdims=True)
    angle = np.arange(sides) * (2 * np.pi / sides)
    helper = np.eye(3)[np.argmin(np.abs(legs).sum(0))]
    side = np.cross(legs[0], helper)
    side /= np.linalg.norm(side)
    pieces = []
    for number, leg in enumerate(legs):
        if number:  # mirrored in the cut, so that both pieces' rings meet corner to corner
            side = side - 2 * (side @ cuts[number]) * cuts[number]
        ring = np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * np.cross(leg, side)
        ends = []
        for end in (number, number + 1):
            slide = (ring @ cuts[end]) / (leg @ cuts[end])
            ends.append(path[end] + radius_m * (ring - slide[:, None] * leg))
        pieces.append(hull(np.concatenate(ends), material))
    return tuple(pieces)


def _counter_clockwise(polygon: Sequence[tuple[float, float]]) -> Float64[ndarray, "n 2"]:
    corners = np.array(polygon, np.float64)
    x, y = corners.T
    area = np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)
    return corners if area > 0 else corners[::-1].copy()
