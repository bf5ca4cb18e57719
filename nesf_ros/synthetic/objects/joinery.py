"""What pieces of furniture share: woods, legs, boards around compartments, room on and in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.solids import ORIGIN, Point, Solid, box, cylinder, tapered_box
from nesf_ros.synthetic.things import IN, ON, Receptacle, turned

Space = tuple[Point, Point]
"""Lower and upper corner of empty space, metres."""

SMALL_THINGS = ("decoration", "kitchenware", "food", "electronics", "stationery", "toy", "shape")
"""Families of what people leave on any furniture."""
LEFT_ON_SEATS = ("clothing", "decoration", "toy", "stationery", "electronics", "container")
"""Families of what lies on seats."""
STORED = (*SMALL_THINGS, "container", "tool", "clothing", "sports")
"""Families of what people keep in furniture."""


def timber(draw: Draw) -> Material:
    """What furniture is made of: wood, bare or painted, with a faint grain."""
    if draw.chance(0.6):
        wood = draw.material("wood", "brown", "brown", "beige", "beige", "black")
        return _softer(wood, 0.5)
    paints = ("white", "white", "grey", "blue", "green", "red", "turquoise")
    return _softer(draw.material("wood", *paints, pattern="blotches"), 0.2)


def _softer(material: Material, share: float) -> Material:
    """The same material with that share of its contrast."""
    pairs = zip(material.color, material.second, strict=True)
    red, green, blue = (first + share * (second - first) for first, second in pairs)
    return replace(material, second=(red, green, blue))


def block(lower: Point, upper: Point, material: Material) -> Solid:
    """A box between two corners."""
    (x0, y0, z0), (x1, y1, z1) = lower, upper
    return box((x1 - x0, y1 - y0, z1 - z0), material, ((x0 + x1) / 2, (y0 + y1) / 2, z0))


def standing(points: Sequence[tuple[float, float]], leg: Solid) -> tuple[Solid, ...]:
    """Copies of a leg made at the origin, one at each point (x, y)."""
    copies = []
    for x, y in points:
        pose = np.eye(4)
        pose[:2, 3] = x, y
        copies.append(leg.moved(pose))
    return tuple(copies)


def legs(draw: Draw, size_m: Point, material: Material, thickness_m: float) -> tuple[Solid, ...]:
    """Four legs below the corners of a plate: straight or tapered, some of them splayed."""
    width, depth, height = size_m
    slim = thickness_m * draw.choice((1.0, 0.55))
    if draw.chance(0.5):
        leg = tapered_box((slim, slim, height), (thickness_m, thickness_m), material)
    else:
        leg = cylinder(slim / 2, height, material, top_radius_m=thickness_m / 2, sides=12)
    x, y = (width - thickness_m) / 2, (depth - thickness_m) / 2
    splay = draw.choice((0.0, 0.0, min(draw.size(0.05, 0.16), 0.25 * min(x, y) / height)))
    out = []
    for sx, sy in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        lean = np.eye(4)
        lean[:2, 2] = -splay * sx, -splay * sy
        lean[:2, 3] = sx * x, sy * y
        out.append(leg.moved(lean))
    return tuple(out)


def castor(x: float, y: float, radius_m: float, material: Material) -> tuple[Solid, ...]:
    """A wheel that rolls on the floor, and a stem above it."""
    wheel = cylinder(radius_m, 0.02, material, (x, y, radius_m - 0.01), sides=12)
    stem = cylinder(0.006, radius_m, material, (x, y, radius_m), sides=6)
    return wheel.moved(turned("y", np.pi / 2, (x, y, radius_m))), stem


def carcass(
    size_m: Point, board_m: float, material: Material, at: Point = ORIGIN, back: bool = True
) -> tuple[tuple[Solid, ...], Space]:
    """Two sides, top, bottom and back of boards, and the space between them, open to +y.

    Its bottom face is centred on `at`.
    """
    (x, y), (cx, cy, bottom) = (size_m[0] / 2, size_m[1] / 2), at
    top, inner = bottom + size_m[2], x - board_m
    low, high, rear = bottom + board_m, top - board_m, cy - y + 0.01
    boards = [
        block((cx - x, cy - y, bottom), (cx - inner, cy + y, top), material),
        block((cx + inner, cy - y, bottom), (cx + x, cy + y, top), material),
        block((cx - inner, cy - y, bottom), (cx + inner, cy + y, low), material),
        block((cx - inner, cy - y, high), (cx + inner, cy + y, top), material),
    ]
    if back:
        boards.append(block((cx - inner, cy - y, low), (cx + inner, rear, high), material))
    return tuple(boards), ((cx - inner, rear, low), (cx + inner, cy + y, high))


def split(
    space: Space, axis: str, shares: Sequence[float], board_m: float, material: Material
) -> tuple[tuple[Solid, ...], tuple[Space, ...]]:
    """Boards across a space, along "x" or "z", that leave spaces with these shares of it."""
    i = "xyz".index(axis)
    room = space[1][i] - space[0][i] - board_m * (len(shares) - 1)
    boards, spaces, start = [], [], space[0][i]
    for number, share in enumerate(shares):
        end = start + room * share / sum(shares)
        spaces.append((_put(space[0], i, start), _put(space[1], i, end)))
        if number < len(shares) - 1:
            corners = _put(space[0], i, end), _put(space[1], i, end + board_m)
            boards.append(block(*corners, material))
        start = end + board_m
    return tuple(boards), tuple(spaces)


def _put(point: Point, i: int, value: float) -> Point:
    x, y, z = (value if axis == i else old for axis, old in enumerate(point))
    return x, y, z


def inside(space: Space, name: str = "", closed: bool = False) -> Receptacle:
    """A compartment as room for things, a little smaller than the space between the boards."""
    (x0, y0, z0), (x1, y1, z1) = space
    lower, upper = (x0 + 0.005, y0 + 0.005, z0), (x1 - 0.005, y1 - 0.01, z1 - 0.005)
    return Receptacle(IN, lower, upper, name=name, closed=closed)


def on_top(
    width: float, depth: float, z: float, height: float = 0.4, name: str = "", y: float = 0.0
) -> Receptacle:
    """The space above a plate centred on (0, y), whose upper face lies at z."""
    lower, upper = (-width / 2, y - depth / 2, z), (width / 2, y + depth / 2, z + height)
    return Receptacle(ON, lower, upper, name=name)


def radial_legs(
    count: int, foot_m: float, top_m: float, height_m: float, material: Material,
    thickness_m: float = 0.03, sides: int = 8,
) -> tuple[Solid, ...]:  # fmt: skip
    """Legs around the vertical, from a circle on the ground to one at a height; one points to -y.

    Args:
        count: how many.
        foot_m: radius of the circle of their feet.
        top_m: radius of the circle of their tops.
        height_m: of their tops.
        material: of all of them.
        thickness_m: of each.
        sides: of each, as it is round.
    """
    leg = cylinder(0.4 * thickness_m, height_m, material, top_radius_m=thickness_m / 2, sides=sides)
    out = []
    for angle in np.arange(count) * (2 * np.pi / count) - np.pi / 2:
        way = np.array([np.cos(angle), np.sin(angle)])
        lean = np.eye(4)
        lean[:2, 2] = (top_m - foot_m) / height_m * way
        lean[:2, 3] = foot_m * way
        out.append(leg.moved(lean))
    return tuple(out)
