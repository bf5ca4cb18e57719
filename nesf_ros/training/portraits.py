"""Portraits: a few things of given classes on varied ground, made to be looked at closely.

Things stand, or hang, beside each other without the care of `scenes`: they may touch, and
nothing asks whether they would be there. In return every class comes as often as wanted.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.synthetic.lighting import Lighting
from nesf_ros.synthetic.objects import build
from nesf_ros.synthetic.objects.catalog import CEILING, CLASSES, WALL
from nesf_ros.synthetic.objects.draw import KINDS, Draw
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.solids import box
from nesf_ros.synthetic.things import Model, Part, Thing, placement
from nesf_ros.types import Box

_ROOM_M, _HEIGHT_M = 3.0, 2.4  # of the space that lamps are drawn in, at the least
_BACK_WALL, _SIDE_WALL = 0.75, 0.3  # how often there are walls
_AWAY = (1.05, 3.5)  # of the back wall, in reaches
_TURN_RAD = 0.9  # how far most things are turned from the camera
_ANY_TURN = 0.25  # how often one is turned anywhere
_NEIGHBOR_M = (0.8, 1.25)  # distance of neighbours, in sums of their radii
_OVERLAP = 0.75  # smallest distance of two things, in sums of their radii
_TRIES = 20
_CROWD = (3, 5)
_ALIKE = 3.0  # how many times larger or smaller neighbours may be, seen from above
_ELEVATION_RAD = {"stands": (-0.05, 1.15), WALL: (-0.5, 0.6), CEILING: (-1.1, -0.1)}
_SIDE_RAD = 0.75  # how far a camera goes to the side
_DISTANCE = (2.0, 7.0)  # of a camera, in reaches


def hangs(class_name: str) -> bool:
    """Whether a class hangs on walls or ceilings rather than stands."""
    return CLASSES[class_name].places[0] in (WALL, CEILING)


def drawn(known: Sequence[str], crowd: bool, rng: np.random.Generator) -> list[str]:
    """Classes for a portrait: any one, and for a crowd others of like size, unless it hangs."""
    first = str(rng.choice(known))
    if not crowd or hangs(first):
        return [first]
    near = [
        name
        for name in known
        if not hangs(name) and 1 / _ALIKE < _width(name) / _width(first) < _ALIKE
    ]
    return [first, *rng.choice(near, int(rng.integers(_CROWD[0], _CROWD[1] + 1)) - 1).tolist()]


def _width(class_name: str) -> float:
    """Geometric mean of what it may be across."""
    x, y, _ = CLASSES[class_name].size_m
    return float((x[0] * x[1] * y[0] * y[1]) ** 0.25)


def portrait_scene(names: Sequence[str], rng: np.random.Generator) -> Scene:
    """Things of these classes, the first in the middle; what hangs must be alone.

    Those that find no place beside the others are left out.
    """
    draw = Draw(int(rng.integers(2**31)))
    models = [build(name, int(rng.integers(2**31))) for name in names]
    place = CLASSES[names[0]].places[0]
    things: list[Thing] = []
    circles: list[tuple[float, float, float]] = []  # x, y, radius
    for index, (name, model) in enumerate(zip(names, models, strict=True)):
        turn = 0.0 if hangs(name) else _turn(rng)
        lower, upper = model.bounds
        radius = float(np.linalg.norm((upper - lower)[:2])) / 2
        at = _beside(circles, radius, rng)
        if at is None:
            continue
        circles.append((*at, radius))
        middle = placement(0, 0, 0, turn)[:2, :2] @ ((lower + upper) / 2)[:2]
        low = 0.0 if hangs(name) else float(lower[2])
        pose = placement(at[0] - float(middle[0]), at[1] - float(middle[1]), -low, turn)
        things.append(Thing(f"thing {index}", name, model, pose))
    things += _surroundings(things, place, draw)
    lower, upper = np.array(things[0].bounds)
    half = max(_ROOM_M, 3 * float((upper - lower).max()))
    floor = float(lower[2]) if place != CEILING else float(upper[2]) - half
    space = Box((-half, -half, floor), (half, half, floor + max(_HEIGHT_M, half)))
    return Scene("portrait", things, Lighting.drawn(int(rng.integers(2**31)), space), space)


def eyes_around(
    thing: Thing, count: int, rng: np.random.Generator
) -> Float64[ndarray, "{count} 3"]:
    """Places on +y's side of a thing of a portrait, near and far, low and high; metres."""
    lower, upper = np.array(thing.bounds)
    reach = float(np.linalg.norm(upper - lower)) / 2
    place = CLASSES[thing.class_name].places[0]
    low, high = _ELEVATION_RAD.get(place, _ELEVATION_RAD["stands"])
    up, side = rng.uniform(low, high, count), rng.uniform(-_SIDE_RAD, _SIDE_RAD, count)
    away = np.stack([np.cos(up) * np.sin(side), np.cos(up) * np.cos(side), np.sin(up)], 1)
    eyes = (lower + upper) / 2 + reach * rng.uniform(*_DISTANCE, (count, 1)) * away
    if place not in (WALL, CEILING):
        eyes[:, 2] = np.maximum(eyes[:, 2], lower[2] + 0.1 * reach)
    return eyes


def _turn(rng: np.random.Generator) -> float:
    return float(rng.uniform(-np.pi, np.pi) * (1 if rng.random() < _ANY_TURN else _TURN_RAD / 3))


def _beside(
    circles: Sequence[tuple[float, float, float]], radius: float, rng: np.random.Generator
) -> tuple[float, float] | None:
    """A place close to one of the circles that is in none; None where there is none."""
    if not circles:
        return 0.0, 0.0
    for _ in range(_TRIES):
        x, y, other = circles[int(rng.integers(len(circles)))]
        angle, away = rng.uniform(0, 2 * np.pi), (radius + other) * rng.uniform(*_NEIGHBOR_M)
        at = (x + away * np.cos(angle), y + away * np.sin(angle))
        if all(np.hypot(at[0] - x, at[1] - y) > _OVERLAP * (radius + r) for x, y, r in circles):
            return float(at[0]), float(at[1])
    return None


def _surroundings(things: Sequence[Thing], place: str, draw: Draw) -> list[Thing]:
    """Floor or ceiling, and walls behind and beside."""
    corners = np.array([thing.bounds for thing in things])
    lower, upper = corners[:, 0].min(0), corners[:, 1].max(0)
    reach = float(np.linalg.norm(upper - lower)) / 2
    size = 60 * reach

    def slab(
        name: str, extent: tuple[float, float, float], at: tuple[float, float, float]
    ) -> Thing:
        material = draw.material(draw.choice(tuple(KINDS)))
        model = Model((Part(name, (box(extent, material),)),), material)
        return Thing(f"{name} {at}", name, model, placement(*at))

    back = float(lower[1]) - 0.06 - (0 if place == WALL else reach * draw.size(*_AWAY))
    found = []
    if place == CEILING:
        found.append(slab("ceiling", (size, size, 0.1), (0, 0, float(upper[2]))))
    elif place != WALL:
        found.append(slab("floor", (size, size, 0.1), (0, 0, float(lower[2]) - 0.1)))
    if place == WALL or draw.chance(_BACK_WALL):
        found.append(slab("wall", (size, 0.1, size), (0, back, float(lower[2]) - size / 2)))
    if place != WALL and draw.chance(_SIDE_WALL):
        beside = draw.choice((-1, 1)) * reach * draw.size(*_AWAY)
        found.append(slab("wall", (0.1, size, size), (beside, 0, float(lower[2]) - size / 2)))
    return found
