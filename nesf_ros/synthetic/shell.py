"""The shell of a room: floor, ceiling, walls with a door recess and a window opening.

World frame: z up, the floor at z = 0, the origin in the middle of the floor. The window is in the
+x wall, the door in the -y wall.
"""

from __future__ import annotations

from dataclasses import dataclass

from nesf_ros.synthetic.furniture import CREAM, STEEL, Thing, placement
from nesf_ros.synthetic.materials import Material, plain
from nesf_ros.synthetic.solids import ball, box

WALL_M = 0.2
"""Thickness of walls, floor and ceiling, metres."""
HEIGHT_M = 2.5
_SILL, _LINTEL = 0.95, 2.05
_DOOR_WIDTH, _DOOR_HEIGHT = 0.9, 2.05


@dataclass(frozen=True)
class Plan:
    """Inner measures of the room, metres."""

    width: float
    """Along x."""
    depth: float
    """Along y."""
    window: tuple[float, float]
    """From y to y, in the +x wall."""
    door: float
    """Middle of the door along x."""


def shell(plan: Plan, paint: Material) -> list[Thing]:
    """Floor, ceiling, walls with a door recess and a window opening, door and window."""
    t, w, d = WALL_M, plan.width, plan.depth
    boards = Material((0.70, 0.52, 0.35), (0.52, 0.36, 0.23), "planks", 0.14)
    floor = box((w + 2 * t, d + 2 * t, t), boards, (0.0, 0.0, -t))
    ceiling = box((w + 2 * t, d + 2 * t, t), plain((0.95, 0.95, 0.93)), (0.0, 0.0, HEIGHT_M))
    x, y = (w + t) / 2, (d + t) / 2
    y0, y1 = plan.window
    end = d / 2 + t
    east = [
        box((t, y1 - y0, _SILL), paint, (x, (y0 + y1) / 2, 0.0)),
        box((t, y1 - y0, HEIGHT_M - _LINTEL), paint, (x, (y0 + y1) / 2, _LINTEL)),
        box((t, y0 + end, HEIGHT_M), paint, (x, (y0 - end) / 2, 0.0)),
        box((t, end - y1, HEIGHT_M), paint, (x, (y1 + end) / 2, 0.0)),
    ]
    left, right = plan.door - _DOOR_WIDTH / 2, plan.door + _DOOR_WIDTH / 2
    south = [
        box((left + w / 2, t, HEIGHT_M), paint, ((left - w / 2) / 2, -y, 0.0)),
        box((w / 2 - right, t, HEIGHT_M), paint, ((right + w / 2) / 2, -y, 0.0)),
        box((_DOOR_WIDTH, t, HEIGHT_M - _DOOR_HEIGHT), paint, (plan.door, -y, _DOOR_HEIGHT)),
    ]
    wall = {
        "north": (box((w, t, HEIGHT_M), paint, (0.0, y, 0.0)),),
        "west": (box((t, d + 2 * t, HEIGHT_M), paint, (-x, 0.0, 0.0)),),
        "east": tuple(east),
        "south": tuple(south),
    }
    walls = [Thing(f"{side} wall", solids) for side, solids in wall.items()]
    return [Thing("floor", (floor,)), Thing("ceiling", (ceiling,)), *walls, *_openings(plan)]


def _openings(plan: Plan) -> list[Thing]:
    """The closed door at the back of its recess, the window's cross bars and sill."""
    white, (y0, y1) = plain((0.94, 0.94, 0.92)), plan.window
    panel = box((_DOOR_WIDTH, 0.05, _DOOR_HEIGHT), CREAM)
    knob = ball(0.03, STEEL, (-0.36, 0.055, 1.0))
    door = Thing("door", (panel, knob), on="floor")
    bar, x, middle = 0.05, plan.width / 2 + 0.1, (y0 + y1) / 2
    half = (y1 - y0 - bar) / 2
    cross = [box((bar, bar, _LINTEL - _SILL), white, (x, middle, _SILL))]
    for side in (-1, 1):
        at = (x, middle + side * (half + bar) / 2, 1.55)
        cross.append(box((bar, half, bar), white, at))
    sill = box((0.16, y1 - y0 + 0.1, 0.03), white, (plan.width / 2 - 0.08, middle, _SILL - 0.04))
    return [
        door.moved(placement(plan.door, -plan.depth / 2 - 0.14)),
        Thing("window frame", tuple(cross), on="east wall"),
        Thing("window sill", (sill,), on="east wall"),
    ]
