"""Smooth camera paths through a room, clear of everything in it.

Waypoints are drawn where there is room, joined by shortest paths on a grid, and rounded off by a
uniform cubic B-spline. The derivative of such a spline is a weighted mean of the steps between
its control points, so the limits on speed and turn rate hold by construction.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float64, Int64
from numpy import ndarray

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.scene import Scene

MAX_SPEED_M_S = 0.5
MAX_TURN_RAD_S = 1.0
CLEARANCE_M = 0.3
"""Distance that the camera keeps from every surface, metres."""

_KNOT_S = 0.5  # time between control points
_STEP_M = 0.2  # way between control points, so 0.4 m/s at most along the floor
_MARGIN_M = 0.1  # the grid keeps more than CLEARANCE_M, as the spline cuts corners
_CELL_M = 0.1


@dataclass(frozen=True)
class Gait:
    """How a camera is carried."""

    heights_m: tuple[float, float]
    """Lowest and highest place of the camera above the floor."""
    pitch_rad: tuple[float, float]
    """How far it looks down (negative) and up."""
    roll_rad: float
    """Amplitude of the sideways tilt."""


HANDHELD = Gait((1.25, 1.55), (-0.65, 0.15), 0.06)
ROBOT = Gait((0.45, 0.45), (-0.25, 0.25), 0.0)


class Walk:
    """A camera that wanders through a room and looks around; the same seed, the same path.

    Speed stays below MAX_SPEED_M_S, the turn rate below MAX_TURN_RAD_S, and every surface farther
    than CLEARANCE_M away.
    """

    def __init__(self, room: Scene, duration_s: float, gait: Gait, rng: np.random.Generator):
        """Plan `duration_s` seconds. Raises ConfigError where the room leaves no space to move."""
        self.duration_s = duration_s
        count = int(np.ceil(duration_s / _KNOT_S)) + 4
        walk = _walk(room, gait.heights_m, count, rng)
        knots = np.arange(count)
        low, high = gait.heights_m
        phase = rng.uniform(0, 2 * np.pi, 4)
        heights = low + (high - low) * (0.5 + 0.5 * np.sin(0.11 * knots + phase[0]))
        self._positions = np.c_[walk, heights]
        # A slow turn, now faster, now slower, with nods and tilts of other periods: the view
        # sweeps the whole room about every six metres of way.
        turn = rng.choice([-1, 1]) * (0.22 + 0.1 * np.sin(0.23 * knots + phase[1]))
        yaw = rng.uniform(0, 2 * np.pi) + np.cumsum(turn)
        down, up = gait.pitch_rad
        pitch = down + (up - down) * (0.5 + 0.5 * np.sin(0.37 * knots + phase[2]))
        roll = gait.roll_rad * np.sin(0.7 * knots + phase[3])
        self._angles = np.stack([yaw, pitch, roll], axis=1)

    def pose(self, time_s: float) -> Float64[ndarray, "4 4"]:
        """world_T_camera of the optical frame at a time from 0 to `duration_s`."""
        knot = min(max(time_s, 0.0), self.duration_s) / _KNOT_S
        yaw, pitch, roll = _spline(self._angles, knot)
        pose = np.eye(4)
        pose[:3, :3] = looking(yaw, pitch, roll)
        pose[:3, 3] = _spline(self._positions, knot)
        return pose


def looking(yaw_rad: float, pitch_rad: float, roll_rad: float = 0.0) -> Float64[ndarray, "3 3"]:
    """World axes of an optical frame: yaw about z from +x, pitch up from level, then roll."""
    cos, sin = np.cos([yaw_rad, pitch_rad, roll_rad]), np.sin([yaw_rad, pitch_rad, roll_rad])
    forward = np.array([cos[0] * cos[1], sin[0] * cos[1], sin[1]])
    right = np.array([sin[0], -cos[0], 0.0])
    down = np.cross(forward, right)
    return np.stack([cos[2] * right + sin[2] * down, cos[2] * down - sin[2] * right, forward], 1)


def _spline(control: Float64[ndarray, "knots dims"], knot: float) -> Float64[ndarray, " dims"]:
    """Uniform cubic B-spline at a parameter that runs from 0 to knots - 4, and a little on."""
    first = min(int(knot), len(control) - 4)
    t = knot - first
    weights = np.array(
        [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]
    )
    return weights @ control[first : first + 4] / 6


def _walk(
    room: Scene, heights_m: tuple[float, float], count: int, rng: np.random.Generator
) -> Float64[ndarray, "count 2"]:
    """Control points on the floor plan, _STEP_M apart along a walk between random places."""
    clearance, origin = _clearance_map(room, heights_m)
    cells = _roomy(clearance, heights_m)
    # Narrow passages cost more, so that the path keeps to the middle where it can.
    allowed = np.full(clearance.shape, np.inf)
    allowed[tuple(cells.T)] = 1 + 0.2 / clearance[tuple(cells.T)]
    way: list[tuple[int, int]] = [tuple(rng.choice(cells).tolist())]
    while (len(way) - 1) * _CELL_M < count * _STEP_M:
        way += _shortest_path(allowed, way[-1], tuple(rng.choice(cells).tolist()))[1:]
    points = np.array(way) * _CELL_M + origin
    along = np.r_[0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
    wanted = np.arange(count) * _STEP_M
    return np.stack([np.interp(wanted, along, points[:, axis]) for axis in (0, 1)], 1)


def standing_places(room: Scene, heights_m: tuple[float, float]) -> Float64[ndarray, "places 2"]:
    """Places on a grid on the floor where a camera has clearance at all of these heights.

    Raises ConfigError where there are too few to move about.
    """
    clearance, origin = _clearance_map(room, heights_m)
    return _roomy(clearance, heights_m) * _CELL_M + origin


def _roomy(
    clearance: Float64[ndarray, "nx ny"], heights_m: tuple[float, float]
) -> Int64[ndarray, "places 2"]:
    cells = np.argwhere(_largest_part(clearance > CLEARANCE_M + _MARGIN_M))
    if len(cells) < 20:
        raise ConfigError(
            f"no space for a camera at {heights_m[0]} to {heights_m[1]} m in this room; take "
            "another seed, or things out of the room"
        )
    return cells


def _clearance_map(
    room: Scene, heights_m: tuple[float, float]
) -> tuple[Float64[ndarray, "nx ny"], Float64[ndarray, " 2"]]:
    """Smallest distance to a surface at any of the heights, 0 inside solids; place of cell 0, 0."""
    lower, upper = np.array(room.interior.lower[:2]), np.array(room.interior.upper[:2])
    x, y = (np.arange(low, high, _CELL_M) for low, high in zip(lower, upper, strict=True))
    plan = np.stack(np.meshgrid(x, y, indexing="ij"), -1).reshape(-1, 2)
    clearance = np.full(len(plan), np.inf)
    for height in np.linspace(*heights_m, 4):
        points = np.c_[plan, np.full(len(plan), height)]
        distance = np.where(room.occupancy(points), 0.0, room.distance(points))
        clearance = np.minimum(clearance, distance)
    return clearance.reshape(len(x), len(y)), lower


def _largest_part(free: Bool[ndarray, "nx ny"]) -> Bool[ndarray, "nx ny"]:
    """The largest connected region."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(free.astype(np.uint8), connectivity=4)
    if len(stats) < 2:
        return np.zeros_like(free)
    return labels == 1 + np.argmax(stats[1:, cv2.CC_STAT_AREA])


def _shortest_path(
    cost: Float[ndarray, "nx ny"], start: tuple[int, int], goal: tuple[int, int]
) -> list[tuple[int, int]]:
    """Cells from start to goal (Dijkstra, eight neighbours); infinite cost is a wall."""
    steps = [(dx, dy, float(np.hypot(dx, dy))) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    queue: list[tuple[float, tuple[int, int], tuple[int, int]]] = [(0.0, start, start)]
    came_from: dict[tuple[int, int], tuple[int, int]] = {}
    while goal not in came_from:
        spent, cell, previous = heapq.heappop(queue)
        if cell in came_from:
            continue
        came_from[cell] = previous
        for dx, dy, length in steps:
            near = (cell[0] + dx, cell[1] + dy)
            if near not in came_from and np.isfinite(cost[near]):
                heapq.heappush(queue, (spent + length * cost[near], near, cell))
    path = [goal]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    return path[::-1]
