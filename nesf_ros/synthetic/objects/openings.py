"""Doors and drawers of furniture, shut or open.

Left and right are those of somebody who looks at the front: left is +x.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.joinery import Space, block, inside
from nesf_ros.synthetic.objects.pieces import lying
from nesf_ros.synthetic.solids import Point, Solid, ball, cylinder, tapered_box, tube
from nesf_ros.synthetic.things import Receptacle, turned

FRONT_M = 0.018
"""Thickness of doors and of the fronts of drawers."""


@dataclass(frozen=True)
class Fittings:
    """How the doors and drawers of one piece of furniture look."""

    front: Material
    metal: Material
    handle: str
    """knob, disc, bar, cup or none."""
    framed: bool
    """Fronts have a raised frame."""
    overlap_m: float
    """How far fronts reach beyond their compartment to each side."""

    @classmethod
    def drawn(cls, draw: Draw, front: Material, board_m: float) -> Fittings:
        """For a piece with boards of a thickness."""
        handle = draw.choice(("knob", "disc", "bar", "bar", "cup", "none"))
        return cls(front, draw.material("metal"), handle, draw.chance(0.4), board_m / 2 - 0.002)

    def panel(self, space: Space) -> tuple[Solid, ...]:
        """A front before a compartment: a plate, with a frame or (where low) a raised field."""
        (x0, _, z0), (x1, y, z1) = space
        over, back, front = self.overlap_m, y + 0.001, y + FRONT_M
        x0, z0, x1, z1 = x0 - over, z0 - over, x1 + over, z1 + over
        plate = block((x0, back, z0), (x1, front, z1), self.front)
        edge = min(0.05, 0.2 * (x1 - x0), 0.2 * (z1 - z0))
        if not self.framed or edge < 0.02:
            return (plate,)
        raised = front + 0.006
        if z1 - z0 < 0.3:
            corners = (x0 + edge, back, z0 + edge), (x1 - edge, raised, z1 - edge)
            return plate, block(*corners, self.front)
        bars = (
            ((x0, z0), (x0 + edge, z1)),
            ((x1 - edge, z0), (x1, z1)),
            ((x0 + edge, z0), (x1 - edge, z0 + edge)),
            ((x0 + edge, z1 - edge), (x1 - edge, z1)),
        )
        frame = (block((a, back, b), (c, raised, d), self.front) for (a, b), (c, d) in bars)
        return plate, *frame

    def grip(self, at: Point, length_m: float, upright: bool = False) -> tuple[Solid, ...]:
        """A handle centred on a point of a front."""
        x, y, z = at
        if self.handle == "bar":
            half, out = length_m / 2, 0.03
            ends = [(-half, 0.0), (-half, out), (half, out), (half, 0.0)]
            path = [(x, y + b, z + a) if upright else (x + a, y + b, z) for a, b in ends]
            return tube(path, 0.006, self.metal, sides=4)
        if self.handle == "cup":
            return (tapered_box((0.08, 0.004, 0.03), (0.09, 0.03), self.metal,
                                (x, y + 0.002, z - 0.015), (0.0, 0.013)),)  # fmt: skip
        if self.handle == "none":
            return ()
        stem = lying(cylinder(0.007, 0.018, self.metal, sides=6), "y", at)
        if self.handle == "knob":
            return stem, ball(0.016, self.metal, (x, y + 0.024, z - 0.016), sides=8)
        return stem, lying(cylinder(0.02, 0.006, self.metal, sides=12), "y", (x, y + 0.016, z))


@dataclass(frozen=True)
class Opened:
    """A drawer or a door at its place."""

    solids: tuple[Solid, ...]
    handle: tuple[Solid, ...]
    receptacle: Receptacle


def drawer(space: Space, name: str, share: float, fittings: Fittings) -> Opened:
    """A drawer that fills a compartment, pulled out by a share of its depth."""
    (x0, y0, z0), (x1, y1, z1) = space
    x0, x1, y0, z0, top = x0 + 0.003, x1 - 0.003, y0 + 0.01, z0 + 0.003, z0 + 0.75 * (z1 - z0)
    wall, wood = 0.01, fittings.front
    floor = z0 + wall
    shift = np.eye(4)
    shift[1, 3] = pull = 0.8 * share * (y1 - y0)
    solids = (
        block((x0, y0, z0), (x1, y1, floor), wood),
        block((x0, y0, floor), (x0 + wall, y1, top), wood),
        block((x1 - wall, y0, floor), (x1, y1, top), wood),
        block((x0 + wall, y0, floor), (x1 - wall, y0 + wall, top), wood),
        *fittings.panel(space),
    )
    middle = (x0 + x1) / 2
    y = y1 + FRONT_M
    grips = (middle,) if x1 - x0 < 0.6 else (middle - 0.25 * (x1 - x0), middle + 0.25 * (x1 - x0))
    length = min(0.14, 0.5 * (x1 - x0))
    handle = tuple(s for x in grips for s in fittings.grip((x, y, (z0 + z1) / 2), length))
    room = (x0 + wall, y0 + wall + pull, floor), (x1 - wall, y1 + pull, z1)
    return Opened(
        tuple(s.moved(shift) for s in solids),
        tuple(s.moved(shift) for s in handle),
        inside(room, name, closed=share == 0),
    )


def door(
    space: Space, hinge: str, share: float, fittings: Fittings
) -> tuple[tuple[Solid, ...], tuple[Solid, ...]]:
    """A door before a compartment and its handle, swung about its "left" or "right" side."""
    (x0, _, z0), (x1, y, z1) = space
    out = fittings.overlap_m
    if hinge == "left":
        pivot, grip, angle = x1 + out, x0 + 0.035, -share * np.radians(88)
    else:
        pivot, grip, angle = x0 - out, x1 - 0.035, share * np.radians(88)
    swing = turned("z", angle, (pivot, y, 0.0))
    height = (z0 + z1) / 2 if z1 > 1.0 else z1 - min(0.15, 0.3 * (z1 - z0))
    handle = fittings.grip((grip, y + FRONT_M, height), 0.14, upright=True)
    panel = fittings.panel(space)
    return tuple(s.moved(swing) for s in panel), tuple(s.moved(swing) for s in handle)
