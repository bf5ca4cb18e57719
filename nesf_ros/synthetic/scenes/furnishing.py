"""A room in the making: what stands at a wall, hangs on it, or stands free.

A place is good where nothing is in the way, and where people can still walk: before the door,
before what is used from its front, and through the middle of the room.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.synthetic.contact import GAP_M, Body
from nesf_ros.synthetic.scenes.placing import Area, Stage
from nesf_ros.synthetic.scenes.shell import Plan
from nesf_ros.synthetic.things import ON, Receptacle, Thing, placement

_USE_M = 0.45
"""Space kept free before what stands at a wall."""
_DOOR_M = 0.95
_CELL_M, _BODY_M, _WALK_M = 0.05, 0.46, 1.5
"""Cells of the plan of the floor; half the width of who walks; how far they must get."""
_LOW_M, _HIGH_M = 0.05, 2.0
"""What is no higher, or hangs higher, is in nobody's way."""

Rectangle = Float64[ndarray, "2 2"]
"""Lower and upper corner on the floor, metres."""


class Furnisher:
    """Puts furniture into a room, piece by piece."""

    def __init__(self, stage: Stage, plan: Plan, floor: Thing):
        """Begin with the bare shell, which must be on the stage."""
        self.stage, self.plan, self.floor = stage, plan, floor
        lower, upper = plan.interior.lower, plan.interior.upper
        self.floor_area = Area(floor, Receptacle(ON, lower, upper), ())
        self._side_of: dict[str, str] = {}
        door = plan.door
        self._clear = [self._before(door.side, door.left, door.right, 0.0, _DOOR_M)]
        self._blocked: list[Rectangle] = []

    def stand(
        self,
        class_name: str,
        body: Body,
        pose: Float64[ndarray, "4 4"],
        *,
        heeds: bool = True,
        support: Thing | None = None,
    ) -> Thing | None:
        """Put something on the floor (or a rug) if people can still walk.

        `heeds` says whether it keeps out of the space before door and furniture.
        """
        whole = np.stack(body.bounds_at(pose))[:, :2]
        lower, upper = self.plan.interior.lower[:2], self.plan.interior.upper[:2]
        if (whole[0] < lower).any() or (whole[1] > upper).any():
            return None
        if heeds and any(_overlap(whole, zone) for zone in self._clear):
            return None
        if _overlap(whole, self._clear[0]):
            return None
        blocked = _in_the_way(body, pose)
        if not self._can_walk([*self._blocked, *blocked]):
            return None
        thing = self.stage.put(class_name, body, pose, support or self.floor)
        if thing:
            self._blocked += blocked
        return thing

    def at_wall(
        self, class_name: str, body: Body, side: str, x: float, gap_m: float
    ) -> Thing | None:
        """Put something with its back to a wall, its middle at x along it."""
        lower, upper = body.model.bounds
        reach = self.plan.length(side) / 2 - 0.005
        if x + lower[0] < -reach or x + upper[0] > reach:
            return None
        for hole in self.plan.windows:
            # Nothing stands before a window that is higher than its sill.
            over = x + lower[0] < hole.right and x + upper[0] > hole.left
            if hole.side == side and over and upper[2] > hole.bottom:
                return None
        there = placement(x, gap_m - lower[1], GAP_M - lower[2])
        thing = self.stand(class_name, body, self.plan.world_T_wall(side) @ there)
        if thing:
            self._side_of[thing.name] = side
            far = gap_m + upper[1] - lower[1]
            self._clear.append(
                self._before(side, x + lower[0] + 0.05, x + upper[0] - 0.05, far, far + _USE_M)
            )
        return thing

    def hang(
        self,
        class_name: str,
        body: Body,
        side: str,
        x: float,
        bottom: float,
        *,
        over_window: bool = False,
    ) -> Thing | None:
        """Hang something on a wall, its middle at x, if there is wall (or window) behind it."""
        lower, upper = body.model.bounds
        reach = self.plan.length(side) / 2 - 0.01
        top = bottom + upper[2] - lower[2]
        if x + lower[0] < -reach or x + upper[0] > reach or bottom < 0.02:
            return None
        if top > self.plan.height - 0.02:
            return None
        for hole in (self.plan.door,) if over_window else self.plan.openings:
            over = x + lower[0] < hole.right + 0.01 and x + upper[0] > hole.left - 0.01
            if hole.side == side and over and bottom < hole.top and top > hole.bottom:
                return None
        pose = self.plan.world_T_wall(side) @ placement(x, GAP_M - lower[1], bottom - lower[2])
        blocked = _in_the_way(body, pose)
        if not self._can_walk([*self._blocked, *blocked]):
            return None
        wall = next(thing for thing in self.stage.things if thing.name == f"{side} wall")
        thing = self.stage.put(class_name, body, pose, wall)
        if thing:
            self._blocked += blocked
            self._side_of[thing.name] = side
        return thing

    def scatter(self, class_name: str) -> Thing | None:
        """Leave something on the floor, anywhere that is free."""
        body = self.stage.body(class_name)
        lower, upper = np.array(self.plan.interior.lower), np.array(self.plan.interior.upper)
        x, y = self.stage.rng.uniform(lower, upper)[:2].tolist()
        yaw = float(self.stage.rng.uniform(-np.pi, np.pi))
        pose = placement(x, y, GAP_M - float(body.model.bounds[0][2]), yaw)
        return self.stand(class_name, body, pose, heeds=False)

    def side_of(self, thing: Thing) -> str | None:
        """The wall at which a thing stands or hangs."""
        return self._side_of.get(thing.name)

    def on_wall(self, thing: Thing, side: str) -> float:
        """Where the origin of a thing is along a wall."""
        frame = self.plan.world_T_wall(side)
        return float((thing.world_T_model[:3, 3] - frame[:3, 3]) @ frame[:3, 0])

    def _before(self, side: str, x0: float, x1: float, y0: float, y1: float) -> Rectangle:
        """A rectangle of the floor, given in the frame of a wall."""
        frame = self.plan.world_T_wall(side)
        corners = np.array([[x0, y0], [x1, y1]]) @ frame[:2, :2].T + frame[:2, 3]
        return np.array([corners.min(0), corners.max(0)])

    def _can_walk(self, blocked: list[Rectangle]) -> bool:
        """Whether what is left free is wide enough to walk some way in both directions."""
        lower = np.array(self.plan.interior.lower[:2])
        shape = np.ceil(np.array([self.plan.width, self.plan.depth]) / _CELL_M).astype(int)
        free = np.zeros(shape + 2, np.uint8)
        free[1:-1, 1:-1] = 1
        for rectangle in blocked:
            first = np.clip(np.floor((rectangle[0] - lower) / _CELL_M).astype(int) + 1, 0, None)
            last = np.clip(np.ceil((rectangle[1] - lower) / _CELL_M).astype(int) + 1, 0, None)
            free[first[0] : last[0], first[1] : last[1]] = 0
        roomy = cv2.distanceTransform(free, cv2.DIST_L2, 5) * _CELL_M > _BODY_M
        _, _, stats, _ = cv2.connectedComponentsWithStats(roomy.astype(np.uint8))
        if len(stats) < 2:
            return False
        largest = stats[1 + np.argmax(stats[1:, cv2.CC_STAT_AREA])]
        extents = largest[[cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]] * _CELL_M
        return bool((extents >= _WALK_M).all())


def _in_the_way(body: Body, pose: Float64[ndarray, "4 4"]) -> list[Rectangle]:
    """What the solids of a body cover of the floor, other than low down and high up."""
    low, high = body.boxes[:, 0], body.boxes[:, 1]
    z = pose[2, 3]
    near = (high[:, 2] + z > _LOW_M) & (low[:, 2] + z < _HIGH_M)
    xs, ys = (np.stack([low[near, i], high[near, i]], 1) for i in (0, 1))
    corners = np.stack([xs[:, [0, 0, 1, 1]], ys[:, [0, 1, 0, 1]]], 2)
    corners = corners @ pose[:2, :2].T + pose[:2, 3]
    return list(np.stack([corners.min(1), corners.max(1)], 1))


def _overlap(first: Rectangle, second: Rectangle) -> bool:
    return bool((first[0] < second[1]).all() and (first[1] > second[0]).all())
