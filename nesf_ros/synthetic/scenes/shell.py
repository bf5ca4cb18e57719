"""The shell of a room: floor, ceiling, walls with a door and windows in them.

World frame: z up, the floor at z = 0, the origin in the middle of the floor. Frame of a wall: the
origin in the middle of its inner face at the floor, x along it, y into the room.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.synthetic.contact import GAP_M
from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.scenes.placing import Stage
from nesf_ros.synthetic.scenes.surfaces import Surfaces
from nesf_ros.synthetic.solids import Solid, ball, box, cylinder
from nesf_ros.synthetic.things import Model, Part, Thing, placement, turned
from nesf_ros.types import Box

WALL_M = 0.14
"""Thickness of walls, floor and ceiling, metres."""
SIDES = ("north", "east", "south", "west")
_LEAF_M, _BAR_M, _BOARD_M = 0.04, 0.05, 0.015
_CASING_M = 0.07


@dataclass(frozen=True)
class Opening:
    """A rectangular hole in a wall, in the wall's frame, metres."""

    side: str
    left: float
    right: float
    bottom: float
    top: float

    @property
    def middle(self) -> float:
        """Along the wall."""
        return (self.left + self.right) / 2


@dataclass(frozen=True)
class Plan:
    """Inner measures of a room, metres."""

    width: float
    """Along x, between west and east wall."""
    depth: float
    """Along y, between south and north wall."""
    height: float
    door: Opening
    windows: tuple[Opening, ...]

    @property
    def openings(self) -> tuple[Opening, ...]:
        """Door and windows."""
        return (self.door, *self.windows)

    @property
    def interior(self) -> Box:
        """The space between floor, walls and ceiling, without recesses."""
        x, y = self.width / 2, self.depth / 2
        return Box((-x, -y, 0.0), (x, y, self.height))

    def length(self, side: str) -> float:
        """Of a wall, inside the room."""
        return self.width if side in ("north", "south") else self.depth

    def world_T_wall(self, side: str) -> Float64[ndarray, "4 4"]:
        """Frame of a wall; its front, +y, looks into the room."""
        x, y = self.width / 2, self.depth / 2
        poses = {"north": (0.0, y, np.pi), "east": (x, 0.0, np.pi / 2), "south": (0.0, -y, 0.0),
                 "west": (-x, 0.0, -np.pi / 2)}  # fmt: skip
        at_x, at_y, yaw = poses[side]
        return placement(at_x, at_y, 0.0, yaw)

    def recesses(self) -> tuple[Box, ...]:
        """The space within door and windows."""
        return tuple(
            _moved_box(
                self.world_T_wall(hole.side),
                (hole.left, -WALL_M, hole.bottom),
                (hole.right, 0.0, hole.top),
            )
            for hole in self.openings
        )


def draw_plan(
    draw: Draw, size_m: tuple[float, float], windows: tuple[int, int], sill_m: float
) -> Plan:
    """A room of a size (range of its sides), with so many windows (range), and one door."""
    width, depth = draw.size(*size_m), draw.size(*size_m)
    sides = [SIDES[i] for i in draw.rng.permutation(4)]
    lengths = {"north": width, "south": width, "east": depth, "west": depth}
    wide, high = draw.size(0.8, 0.95), draw.size(1.98, 2.1)
    # Near a corner, so that a long stretch of wall stays whole.
    reach = lengths[sides[0]] / 2 - wide / 2 - 0.25
    door_at = draw.choice((-1, 1)) * reach * draw.size(0.75, 1.0)
    door = Opening(sides[0], door_at - wide / 2, door_at + wide / 2, 0.0, high)
    holes = []
    for side in sides[1 : 1 + draw.count(*windows)]:
        broad = min(draw.size(0.8, 1.8), lengths[side] - 1.2)
        reach = (lengths[side] - broad) / 2 - 0.4
        at = draw.size(-reach, reach)
        bottom = sill_m + draw.size(-0.05, 0.1)
        top = max(draw.size(2.0, 2.2), bottom + 0.5)
        holes.append(Opening(side, at - broad / 2, at + broad / 2, bottom, top))
    return Plan(width, depth, draw.size(2.4, 2.8), door, tuple(holes))


def build_shell(stage: Stage, plan: Plan, made_of: Surfaces) -> Thing:
    """Add floor, ceiling, walls, door and windows to a stage; returns the floor."""
    t, beyond = WALL_M, WALL_M + 2 * _LEAF_M
    size = (plan.width + 2 * beyond, plan.depth + 2 * beyond, t)
    floor = _thing("floor", "floor", made_of.floor, box(size, made_of.floor, (0.0, 0.0, -t)))
    above = box(size, made_of.ceiling, (0.0, 0.0, plan.height))
    stage.structure(floor)
    stage.structure(_thing("ceiling", "ceiling", made_of.ceiling, above))
    for side in SIDES:
        wall = _thing(f"{side} wall", "wall", made_of.wall, *_wall(plan, side, made_of.wall))
        stage.structure(replace(wall, world_T_model=plan.world_T_wall(side), support="floor"))
    for number, hole in enumerate(plan.windows, 1):
        pose = plan.world_T_wall(hole.side)
        model = Model(_window(hole, made_of.trim, stage.draw), made_of.trim)
        wall_name = f"{hole.side} wall"
        stage.structure(Thing(f"window {number}", "window", model, pose, wall_name))
    leaf = _door(plan.door, made_of.trim, stage.draw)
    pose = plan.world_T_wall(plan.door.side)
    stage.structure(Thing("door", "door", Model(leaf, made_of.trim), pose, "floor"))
    return floor


def _thing(name: str, class_name: str, material: Material, *solids: Solid) -> Thing:
    return Thing(name, class_name, Model((Part(class_name, solids),), material))


def _wall(plan: Plan, side: str, paint: Material) -> list[Solid]:
    """Boxes around the openings of one wall, in its frame."""
    # North and south walls take the corners.
    half = plan.length(side) / 2 + (WALL_M if side in ("north", "south") else 0.0)
    holes = sorted((h for h in plan.openings if h.side == side), key=lambda hole: hole.left)
    solids = []
    edges = [-half, *(x for hole in holes for x in (hole.left, hole.right)), half]
    columns = [(x0, x1, 0.0, plan.height) for x0, x1 in zip(edges[::2], edges[1::2], strict=True)]
    rests = [(h.left, h.right, h.top, plan.height) for h in holes]
    rests += [(h.left, h.right, 0.0, h.bottom) for h in holes if h.bottom > 0]
    for x0, x1, low, high in (*columns, *rests):
        size = (x1 - x0, WALL_M, high - low)
        solids.append(box(size, paint, ((x0 + x1) / 2, -WALL_M / 2, low)))
    return solids


def _door(hole: Opening, paint: Material, draw: Draw) -> tuple[Part, ...]:
    """A closed leaf behind the hole, with a handle, and boards around it, in the wall's frame."""
    wide, high, lap = hole.right - hole.left, hole.top - hole.bottom, _LEAF_M
    behind = -WALL_M - GAP_M - _LEAF_M / 2
    leaf = [box((wide + 2 * lap, _LEAF_M, high + lap), paint, (hole.middle, behind, GAP_M))]
    panels = draw.count(0, 3)
    for number in range(panels):
        tall = (high - 0.3) / panels - 0.12
        at = (hole.middle, -WALL_M + 0.004, 0.2 + number * (tall + 0.12))
        leaf.append(box((wide - 0.26, 0.012, tall), paint, at))
    steel = draw.material("metal")
    x = hole.left + 0.08 if draw.chance(0.5) else hole.right - 0.08
    front = -WALL_M - GAP_M
    if draw.chance(0.5):
        handle = [ball(0.03, steel, (x, front + 0.05, 1.0))]
        handle.append(cylinder(0.012, 0.05, steel).moved(_lying(x, front + 0.03, 1.03)))
    else:
        along = np.sign(hole.middle - x)
        handle = [box((0.12, 0.015, 0.02), steel, (x + 0.05 * along, front + 0.05, 1.02))]
        handle.append(cylinder(0.01, 0.05, steel).moved(_lying(x, front + 0.025, 1.03)))
    edge, y = _CASING_M, GAP_M + _BOARD_M / 2
    casing = [box((wide + 2 * edge, _BOARD_M, edge), paint, (hole.middle, y, hole.top))]
    for x in (hole.left - edge / 2, hole.right + edge / 2):
        casing.append(box((edge, _BOARD_M, hole.top - GAP_M), paint, (x, y, GAP_M)))
    return Part("panel", tuple(leaf)), Part("handle", tuple(handle)), Part("frame", tuple(casing))


def _window(hole: Opening, paint: Material, draw: Draw) -> tuple[Part, ...]:
    """A frame with bars in the hole, and a sill, in the wall's frame."""
    wide, high = hole.right - hole.left - 2 * GAP_M, hole.top - hole.bottom - 2 * GAP_M
    y, low, x = -WALL_M / 2, hole.bottom + GAP_M, hole.middle
    bars = [box((wide, _BAR_M, _BAR_M), paint, (x, y, z)) for z in (low, low + high - _BAR_M)]
    inner = high - 2 * _BAR_M
    columns = draw.count(2, 3)
    for step in range(columns + 1):
        across = x - (wide - _BAR_M) / 2 + step * (wide - _BAR_M) / columns
        bars.append(box((_BAR_M, _BAR_M, inner), paint, (across, y, low + _BAR_M)))
    sill = box((wide, WALL_M / 2 - _BAR_M / 2, 0.02), paint, (x, -WALL_M / 4 + 0.02, low))
    return Part("frame", tuple(bars)), Part("sill", (sill,))


def _lying(x: float, y: float, z: float) -> Float64[ndarray, "4 4"]:
    """The pose that lays an upright piece along y, its middle at a place (5 cm long)."""
    return placement(x, y + 0.025, z) @ turned("x", np.pi / 2)


def _moved_box(
    pose: Float64[ndarray, "4 4"],
    lower: tuple[float, float, float],
    upper: tuple[float, float, float],
) -> Box:
    corners = np.array([lower, upper]) @ pose[:3, :3].T + pose[:3, 3]
    low, high = (tuple(c.tolist()) for c in (corners.min(0), corners.max(0)))
    return Box(low, high)
