"""Hollow things and what sticks out of them: vessels, open boxes, sleeves, handles, spouts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.synthetic.materials import Material, Print
from nesf_ros.synthetic.objects.pieces import Outline, arc
from nesf_ros.synthetic.solids import ORIGIN, Point, Solid, box, hull, revolved, tapered_box, vessel
from nesf_ros.synthetic.things import IN, Model, Part, Receptacle, placement

SKIN_M = 1e-3
"""How far a label stands out from what it is glued on, so that neither shows through."""


def hollow(
    outer_m: Sequence[tuple[float, float]],
    wall_m: float,
    material: Material,
    bottom_m: float = 0.0,
    sides: int = 24,
) -> tuple[Solid, Receptacle]:
    """A `vessel` that stands at a height, and the upright round space within it."""
    solid = vessel(outer_m, wall_m, material, (0, 0, bottom_m), sides)
    radii, heights = zip(*outer_m, strict=True)
    floor, mouth = heights[0] + wall_m, heights[-1]
    narrowest = min(float(np.interp(floor, heights, radii)), *radii[1:]) - wall_m
    reach = 0.99 * narrowest * np.cos(np.pi / sides)
    space = Receptacle(
        IN, (-reach, -reach, bottom_m + floor), (reach, reach, bottom_m + mouth), round=True
    )
    return solid, space


def open_box(
    size_m: Point,
    wall_m: float,
    material: Material,
    bottom_m: float = 0.0,
    top_m: tuple[float, float] | None = None,
    floor: Material | None = None,
) -> tuple[tuple[Solid, ...], Receptacle]:
    """Floor and four walls, straight or with a mouth of another size, and the space within."""
    width, depth, height = size_m
    mouth = (width, depth) if top_m is None else top_m
    walls = [
        _wall((size_m[axis], mouth[axis]), (size_m[1 - axis], mouth[1 - axis]), height, wall_m,
              axis, sign, material, bottom_m)
        for axis in (0, 1)
        for sign in (-1, 1)
    ]  # fmt: skip
    base = (width - wall_m, depth - wall_m)
    bottom = tapered_box((*base, wall_m), base, floor or material, (0, 0, bottom_m))
    x, y = (0.995 * min(low, high) / 2 - wall_m for low, high in zip(size_m, mouth, strict=False))
    space = Receptacle(IN, (-x, -y, bottom_m + wall_m), (x, y, bottom_m + height))
    return (*walls, bottom), space


def _wall(
    across: tuple[float, float], along: tuple[float, float], height: float, wall: float,
    axis: int, sign: int, material: Material, bottom: float,
) -> Solid:  # fmt: skip
    """One wall of an open box, mitred; widths are those at the bottom and at the mouth."""
    points = np.array([
        (sign * (a / 2 - inset), end * (b / 2 - inset), z)
        for a, b, z in zip(across, along, (0.0, height), strict=True)
        for inset in (0.0, wall)
        for end in (-1, 1)
    ])  # fmt: skip
    return hull(points if axis == 0 else points[:, [1, 0, 2]], material, (0, 0, bottom))


def sleeve(profile_m: Sequence[tuple[float, float]], material: Material, sides: int = 24) -> Solid:
    """A skin on a round thing whose profile (radius, height) it follows, for its label."""
    skin = [(r + SKIN_M, z) for r, z in profile_m]
    under = [(r - SKIN_M, z) for r, z in profile_m]
    return revolved([*skin, *under[::-1]], material, ORIGIN, sides)


def rim(radius_m: float, thick_m: float, material: Material, bottom_m: float) -> Solid:
    """A rolled edge, `thick_m` above and below and to both sides of its middle line."""
    outline = [(radius_m + x, thick_m + z) for x, z in arc(thick_m, 0, 300, 6)]
    return revolved(outline, material, (0, 0, bottom_m), 24)


def frame(
    width: float, depth: float, thick: float, z: float, material: Material
) -> tuple[Solid, ...]:
    """A rim of four bars around an angular mouth."""
    x, y = width / 2 - 0.001, depth / 2 - 0.001
    long = (width + thick, thick, thick)
    short = (thick, depth, thick - 0.001)
    return (
        *(box(long, material, (0, sign * y, z)) for sign in (-1, 1)),
        *(box(short, material, (sign * x, 0, z)) for sign in (-1, 1)),
    )


def smooth(material: Material) -> Material:
    """The same without a pattern, for what is painted or printed."""
    red, green, blue = (0.93 * c for c in material.color)
    return replace(material, second=(red, green, blue), pattern="blotches")


def settled(parts: Sequence[Part], main: Material) -> Model:
    """A thing that is let down until its lowest point lies on the ground."""
    low = min(float(solid.bounds[0][2]) for part in parts for solid in part.solids)
    return Model(tuple(part.moved(placement(0, 0, -low)) for part in parts), main)


def front_label(image: ndarray, radius_m: float, width_m: float, low_m: float, high_m: float,
                facing_rad: float = np.pi / 2) -> Print:  # fmt: skip
    """A picture of a width on the front of something round."""
    half = min(width_m / (2 * radius_m), 0.95 * np.pi / 2)
    return Print(image, "round", (facing_rad - half, low_m), (facing_rad + half, high_m))


def bent(
    path_m: Sequence[Point],
    radii_m: Sequence[float | tuple[float, float]],
    material: Material,
    sides: int = 8,
    across: Point = (0, 1, 0),
) -> tuple[Solid, ...]:
    """A limb along a polyline, thicker here and thinner there: handles, spouts, blades, bananas.

    Args:
        path_m: its middle line, in a plane.
        radii_m: half its thickness at each point: one number, or those along `across` and
            at a right angle to it.
        material: of all its pieces.
        sides: 4 for a strip with sharp edges.
        across: direction at a right angle to the plane of the path.
    """
    path, side = np.array(path_m, np.float64), np.array(across, np.float64)
    legs = np.diff(path, axis=0)
    legs /= np.linalg.norm(legs, axis=1, keepdims=True)
    ways = np.concatenate([legs[:1], legs[:-1] + legs[1:], legs[-1:]])
    angle = (np.arange(sides) + 0.5) * (2 * np.pi / sides)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1) / np.cos(np.pi / sides)
    rings = [
        _ring(point, way, side, radius if isinstance(radius, tuple) else (radius, radius), circle)
        for point, way, radius in zip(path, ways, radii_m, strict=True)
    ]
    return tuple(
        hull(np.concatenate(pair), material) for pair in zip(rings[:-1], rings[1:], strict=True)
    )


def _ring(
    point: Float64[ndarray, " 3"], way: Float64[ndarray, " 3"], side: Float64[ndarray, " 3"],
    radius: tuple[float, float], circle: Float64[ndarray, "sides 2"],
) -> Float64[ndarray, "sides 3"]:  # fmt: skip
    other = np.cross(way, side)
    other /= np.linalg.norm(other)
    return point + radius[0] * circle[:, :1] * side + radius[1] * circle[:, 1:] * other


def sideways(outline: Outline, y: float = 0.0) -> list[Point]:
    """An outline in (x, z) as points in space."""
    return [(x, y, z) for x, z in outline]


def handle(
    x: float, low: float, high: float, reach: float, thick: float, material: Material,
    angular: bool = False,
) -> tuple[Solid, ...]:  # fmt: skip
    """The handle of a mug or jug, on its +x side: round or angular, `reach` metres deep."""
    middle, half = (low + high) / 2, (high - low) / 2
    line = arc(reach, -90, 90, 8, (x, middle), half)
    if angular:
        line = [(x, low), (x + 0.9 * reach, low), (x + reach, middle), (x + reach, high), (x, high)]
    return bent(sideways(line), [(0.75 * thick, 0.5 * thick)] * len(line), material)


def dome(
    radius_m: float, height_m: float, material: Material, at: Point = ORIGIN, sides: int = 24
) -> Solid:
    """The upper part of an ellipsoid: lids, roofs, heaps."""
    return revolved([(0.0, 0.0), *arc(radius_m, 0, 85, 7, radius_y_m=height_m), (0.0, height_m)],
                    material, at, sides)  # fmt: skip
