"""Pieces of furniture and small things, each built from convex solids that only touch.

Every builder returns solids that stand on z = 0 around the origin, facing +y. Sizes are metres.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.synthetic.materials import Color, Material, plain
from nesf_ros.synthetic.solids import Solid, ball, box, cylinder

OAK = Material((0.72, 0.53, 0.34), (0.56, 0.38, 0.22), "wood", 0.07)
WALNUT = Material((0.45, 0.30, 0.20), (0.33, 0.21, 0.13), "wood", 0.06)
STEEL = plain((0.32, 0.33, 0.36))
CREAM = plain((0.93, 0.90, 0.82))
LEAF = Material((0.18, 0.42, 0.20), (0.36, 0.60, 0.28), "blotches", 0.05)
CARDBOARD = Material((0.74, 0.58, 0.40), (0.66, 0.50, 0.33), "bands", 0.02)


@dataclass(frozen=True)
class Thing:
    """An object with a name of its own in a room, and what carries it."""

    name: str
    solids: tuple[Solid, ...]
    on: str = ""
    """Name of the thing it stands on or is fixed to; empty for what needs no support."""

    def moved(self, target_T_thing: Float64[ndarray, "4 4"]) -> Thing:
        """The same thing at another place."""
        return replace(self, solids=tuple(s.moved(target_T_thing) for s in self.solids))

    @property
    def bounds(self) -> tuple[Float64[ndarray, " 3"], Float64[ndarray, " 3"]]:
        """Lower and upper corner of the axis-aligned bounding box, metres."""
        lower, upper = zip(*(solid.bounds for solid in self.solids), strict=True)
        return np.min(lower, axis=0), np.max(upper, axis=0)


def placement(x: float, y: float, z: float = 0.0, yaw_rad: float = 0.0) -> Float64[ndarray, "4 4"]:
    """The pose that puts a thing at (x, y, z), turned about the vertical."""
    pose = np.eye(4)
    cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
    pose[:2, :2] = [[cos, -sin], [sin, cos]]
    pose[:3, 3] = x, y, z
    return pose


def _legs(
    width: float, depth: float, height: float, thickness: float, wood: Material
) -> Iterable[Solid]:
    x, y = (width - thickness) / 2, (depth - thickness) / 2
    for at in ((x, y, 0.0), (x, -y, 0.0), (-x, y, 0.0), (-x, -y, 0.0)):
        yield box((thickness, thickness, height), wood, at)


def table(width: float, depth: float, height: float, wood: Material) -> tuple[Solid, ...]:
    """A top of 3 cm on four legs set in a little."""
    legs = _legs(width - 0.08, depth - 0.08, height - 0.03, 0.06, wood)
    return *legs, box((width, depth, 0.03), wood, (0.0, 0.0, height - 0.03))


def chair(wood: Material, cushion: Material) -> tuple[Solid, ...]:
    """Four legs, a seat at 45 cm with a cushion, two posts and two slats; one sits facing +y."""
    back = -0.19
    return (
        *_legs(0.42, 0.42, 0.42, 0.04, wood),
        box((0.44, 0.44, 0.03), wood, (0.0, 0.0, 0.42)),
        box((0.36, 0.34, 0.03), cushion, (0.0, 0.02, 0.45)),
        box((0.04, 0.04, 0.45), wood, (-0.19, back, 0.45)),
        box((0.04, 0.04, 0.45), wood, (0.19, back, 0.45)),
        box((0.34, 0.025, 0.10), wood, (0.0, back, 0.62)),
        box((0.34, 0.025, 0.10), wood, (0.0, back, 0.78)),
    )


def shelf(
    width: float, depth: float, levels: tuple[float, ...], wood: Material
) -> tuple[Solid, ...]:
    """Boards at the given heights between two sides, a divider in each level, a back.

    Opens towards +y. Boards are 2 cm thick and lie on top of their level's height.
    """
    height, board = levels[-1] + 0.02, 0.02
    inner = width - 2 * board
    side = (width - board) / 2
    parts = [box((board, depth, height), wood, (x, 0.0, 0.0)) for x in (-side, side)]
    parts.append(box((inner, 0.01, height), wood, (0.0, -depth / 2 + 0.005, 0.0)))
    for low, high in zip(levels, (*levels[1:], 0.0), strict=True):
        parts.append(box((inner, depth - 0.01, board), wood, (0.0, 0.005, low)))
        if high:
            at = (0.0, 0.005, low + board)
            parts.append(box((board, depth - 0.01, high - low - board), wood, at))
    return tuple(parts)


def sofa(width: float, fabric: Material, cushions: Material) -> tuple[Solid, ...]:
    """Base on four feet, two seat cushions, arm rests, a back; one sits facing +y."""
    depth, arm = 0.85, 0.16
    seat = width - 2 * arm
    return (
        *_legs(width - 0.06, depth - 0.06, 0.09, 0.05, WALNUT),
        box((width, depth, 0.20), fabric, (0.0, 0.0, 0.09)),
        box((width, 0.2, 0.5), fabric, (0.0, -(depth - 0.2) / 2, 0.29)),
        box((arm, depth - 0.2, 0.3), fabric, ((width - arm) / 2, 0.1, 0.29)),
        box((arm, depth - 0.2, 0.3), fabric, (-(width - arm) / 2, 0.1, 0.29)),
        box((seat / 2 - 0.01, depth - 0.22, 0.14), cushions, (seat / 4, 0.1, 0.29)),
        box((seat / 2 - 0.01, depth - 0.22, 0.14), cushions, (-seat / 4, 0.1, 0.29)),
    )


def floor_lamp(height: float, shade: Material) -> tuple[Solid, ...]:
    """A foot, a thin pole, a conical shade."""
    return (
        cylinder(0.15, 0.02, STEEL),
        cylinder(0.015, height - 0.27, STEEL, (0.0, 0.0, 0.02)),
        cylinder(0.2, 0.25, shade, (0.0, 0.0, height - 0.25), top_radius_m=0.12),
    )


def plant(height: float, pot: Material) -> tuple[Solid, ...]:
    """A conical pot, a stem, a round crown."""
    crown = 0.3 * height
    return (
        cylinder(0.11, 0.24, pot, top_radius_m=0.15),
        cylinder(0.02, height - 2 * crown - 0.24, WALNUT, (0.0, 0.0, 0.24)),
        ball(crown, LEAF, (0.0, 0.0, height - 2 * crown)),
    )


def books(widths: ndarray, heights: ndarray, colors: list[Color]) -> tuple[Solid, ...]:
    """A row of upright books along x, starting at x = 0, spines towards +y."""
    starts = np.cumsum(widths) - widths
    parts = []
    for start, width, height, color in zip(starts, widths, heights, colors, strict=True):
        pale: Color = (0.5 + color[0] / 2, 0.5 + color[1] / 2, 0.5 + color[2] / 2)
        spine = Material(color, pale, "bands", 0.07)
        size = (float(width) - 0.001, 0.17, float(height))
        parts.append(box(size, spine, (float(start + width / 2), 0.0, 0.0)))
    return tuple(parts)


def laptop(color: Material) -> tuple[Solid, ...]:
    """A keyboard half, and an upright screen at its far side; used from +y."""
    screen = plain((0.10, 0.14, 0.22))
    return (
        box((0.34, 0.24, 0.018), color),
        box((0.34, 0.012, 0.22), color, (0.0, -0.114, 0.018)),
        box((0.32, 0.002, 0.20), screen, (0.0, -0.107, 0.028)),
    )


def crate(width: float, depth: float, height: float, wood: Material) -> tuple[Solid, ...]:
    """An open box with walls of 2 cm."""
    wall, inner = 0.02, width - 0.04
    up = height - wall
    return (
        box((width, depth, wall), wood),
        box((wall, depth, up), wood, ((width - wall) / 2, 0.0, wall)),
        box((wall, depth, up), wood, (-(width - wall) / 2, 0.0, wall)),
        box((inner, wall, up), wood, (0.0, (depth - wall) / 2, wall)),
        box((inner, wall, up), wood, (0.0, -(depth - wall) / 2, wall)),
    )
