"""The ways in which furniture finds its place; `WAYS` names them.

Each takes the room, a class and a thing that it shall be near (or None), and tries a few places.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.geometry import se3
from nesf_ros.synthetic.contact import GAP_M, Body
from nesf_ros.synthetic.scenes.furnishing import Furnisher
from nesf_ros.synthetic.scenes.shell import SIDES
from nesf_ros.synthetic.things import Thing, placement

Way = Callable[[Furnisher, str, Thing | None], Thing | None]

_TRIES = 14
_BEHIND_M = (0.005, 0.04)
_SLIDE_M = 0.04
_EYES_M = 1.5
"""Height at which pictures hang."""
_HANG_M = {
    "shelf": (1.2, 1.65),
    "clock": (1.7, 2.0),
    "outlet": (0.25, 0.35),
    "light switch": (1.05, 1.15),
}
"""Height of the lower edge of what does not hang at the eyes' height."""


def wall(room: Furnisher, class_name: str, near: Thing | None) -> Thing | None:
    """With its back to any wall."""
    body = room.stage.body(class_name)
    draw = room.stage.draw
    for _ in range(_TRIES):
        side = draw.choice(SIDES)
        reach = max(room.plan.length(side) / 2 - body.model.size_m[0] / 2 - 0.01, 0.0)
        thing = room.at_wall(
            class_name, body, side, draw.size(-reach, reach), draw.size(*_BEHIND_M)
        )
        if thing:
            return thing
    return None


def corner(room: Furnisher, class_name: str, near: Thing | None) -> Thing | None:
    """With its back to a wall and its side to the next."""
    body = room.stage.body(class_name)
    draw = room.stage.draw
    lower, upper = body.model.bounds
    for _ in range(_TRIES):
        side, gap = draw.choice(SIDES), draw.size(0.02, 0.12)
        half = room.plan.length(side) / 2 - gap
        x = draw.choice((-half - lower[0], half - upper[0]))
        thing = room.at_wall(class_name, body, side, float(x), draw.size(*_BEHIND_M))
        if thing:
            return thing
    return None


def beside(room: Furnisher, class_name: str, near: Thing | None) -> Thing | None:
    """At the same wall as another, next to it."""
    side = room.side_of(near) if near else None
    if near is None or side is None:
        return None
    body, draw = room.stage.body(class_name), room.stage.draw
    middle = room.on_wall(near, side)
    lower, upper = near.model.bounds
    first = draw.choice((0, 1))
    for step in range(_TRIES):
        gap = draw.size(0.01, 0.08)
        left = middle + lower[0] - body.model.bounds[1][0] - gap
        right = middle + upper[0] - body.model.bounds[0][0] + gap
        x = float((left, right)[(first + step) % 2])
        thing = room.at_wall(class_name, body, side, x, draw.size(*_BEHIND_M))
        if thing:
            return thing
    return None


def opposite(room: Furnisher, class_name: str, near: Thing | None) -> Thing | None:
    """At the wall that another faces, about before it; else at any wall."""
    side = room.side_of(near) if near else None
    if near is None or side is None:
        return wall(room, class_name, near)
    across = SIDES[(SIDES.index(side) + 2) % 4]
    body, draw = room.stage.body(class_name), room.stage.draw
    middle = room.on_wall(near, across)
    for _ in range(_TRIES):
        x = middle + draw.size(-0.5, 0.5)
        thing = room.at_wall(class_name, body, across, x, draw.size(*_BEHIND_M))
        if thing:
            return thing
    return wall(room, class_name, near)


def before(room: Furnisher, class_name: str, near: Thing | None) -> Thing | None:
    """Before the front of another; on a rug that lies there, if all of it finds place."""
    if near is None:
        return None
    body, draw = room.stage.body(class_name), room.stage.draw
    lower, upper = body.model.bounds
    is_low = upper[2] - lower[2] < 0.05
    for _ in range(_TRIES):
        gap = draw.size(0.03, 0.2) if is_low else draw.size(0.3, 0.5)
        y = near.model.bounds[1][1] + gap - lower[1]
        turn = draw.choice((0.0, np.pi)) if is_low else np.pi + float(draw.rng.normal(0, 0.04))
        if not is_low:
            y = near.model.bounds[1][1] + gap + upper[1]
        there = placement(draw.size(-0.2, 0.2), float(y), 0.0, turn)
        pose = near.world_T_model @ there
        thing = _level(room, class_name, pose, body)
        if thing:
            return thing
    return None


def middle(room: Furnisher, class_name: str, near: Thing | None) -> Thing | None:
    """Somewhere about the middle of the room, square to its walls."""
    body, draw = room.stage.body(class_name), room.stage.draw
    for _ in range(_TRIES):
        x, y = (draw.size(-0.3, 0.3) * side for side in (room.plan.width, room.plan.depth))
        yaw = draw.count(0, 3) * np.pi / 2 + float(draw.rng.normal(0, 0.05))
        thing = _level(room, class_name, placement(x, y, 0.0, yaw), body)
        if thing:
            return thing
    return None


def around(room: Furnisher, class_name: str, near: Thing | None) -> Thing | None:
    """At any side of a table, with its front to it."""
    return _seat(room, class_name, near, (0, 1, 2, 3), 0.12)


def at_front(room: Furnisher, class_name: str, near: Thing | None) -> Thing | None:
    """At the front of a desk, with its own front to it."""
    return _seat(room, class_name, near, (1,), 0.25)


def _seat(
    room: Furnisher,
    class_name: str,
    near: Thing | None,
    quarters: tuple[int, ...],
    sway_rad: float,
) -> Thing | None:
    """Pushed under what it stands at, more or less, as far as its shape allows.

    `quarters` are the sides that may be taken, counted counter-clockwise from +x.
    """
    if near is None:
        return None
    body, draw = room.stage.body(class_name), room.stage.draw
    lower, upper = near.model.bounds
    center = (lower + upper) / 2
    front = float(body.model.bounds[1][1])
    for _ in range(_TRIES // 2):
        quarter = draw.choice(quarters)
        half, along = (float((upper - lower)[(quarter + i) % 2]) / 2 for i in (0, 1))
        free = max(along - body.model.size_m[0] / 2 - 0.03, 0.0)
        aside, yaw = draw.size(-free, free), np.pi / 2 + float(draw.rng.normal(0, sway_rad))
        side = near.world_T_model @ placement(float(center[0]), float(center[1]))
        side = side @ placement(0, 0, 0, quarter * np.pi / 2)
        for step in range(draw.count(0, 6), 14):
            away = half + front - 0.3 + step * _SLIDE_M
            pose = side @ placement(away, aside, 0.0, yaw)
            thing = _level(room, class_name, pose, body, heeds=False)
            if thing:
                return thing
    return None


def hang(room: Furnisher, class_name: str, near: Thing | None) -> Thing | None:
    """On a wall, above another thing if there is one to be near."""
    body, draw = room.stage.body(class_name), room.stage.draw
    height = body.model.size_m[2]
    at = room.side_of(near) if near else None
    for _ in range(_TRIES):
        side = at or draw.choice(SIDES)
        reach = max(room.plan.length(side) / 2 - body.model.size_m[0] / 2 - 0.05, 0.0)
        x = room.on_wall(near, side) + draw.size(-0.15, 0.15) if near and at else None
        bottom = max(_EYES_M - height / 2 + draw.size(-0.1, 0.2), 0.12)
        if class_name in _HANG_M:
            bottom = draw.size(*_HANG_M[class_name])
        where = draw.size(-reach, reach) if x is None else x
        thing = room.hang(class_name, body, side, where, bottom)
        if thing:
            return thing
    return None


def window(room: Furnisher, class_name: str, near: Thing | None) -> Thing | None:
    """Over a window, or beside one, from a little above it downwards."""
    body, draw = room.stage.body(class_name), room.stage.draw
    width, _, height = body.model.size_m
    aside = width / 2 + 0.02
    places = [
        (hole, x)
        for hole in room.plan.windows
        for x in (hole.middle, hole.left - aside, hole.right + aside)
    ]
    # Over a window rather than beside it.
    places.sort(key=lambda place: (place[1] != place[0].middle, draw.rng.random()))
    for hole, x in places:
        top = min(hole.top + draw.size(0.08, 0.15), room.plan.height - 0.03)
        thing = room.hang(class_name, body, hole.side, x, top - height, over_window=True)
        if thing:
            return thing
    return None


def below_window(room: Furnisher, class_name: str, near: Thing | None) -> Thing | None:
    """With its back to the wall below a window."""
    body, draw = room.stage.body(class_name), room.stage.draw
    for hole in room.plan.windows:
        x = hole.middle + draw.size(-0.1, 0.1)
        thing = room.at_wall(class_name, body, hole.side, x, draw.size(*_BEHIND_M))
        if thing:
            return thing
    return None


def ceiling(room: Furnisher, class_name: str, near: Thing | None) -> Thing | None:
    """Below the ceiling, above another thing if there is one to be near."""
    stage, draw = room.stage, room.stage.draw
    top = next(thing for thing in stage.things if thing.name == "ceiling")
    for _ in range(_TRIES):
        body = stage.body(class_name)
        x, y = (draw.size(-0.1, 0.1) * side for side in (room.plan.width, room.plan.depth))
        if near:
            x, y = near.world_T_model[:2, 3].tolist()
        z = room.plan.height - GAP_M - body.model.bounds[1][2]
        # Nobody bumps into it.
        if near is None and z + body.model.bounds[0][2] < 2.0:
            continue
        yaw = draw.size(-np.pi, np.pi)
        thing = stage.put(class_name, body, placement(x, y, float(z), yaw), top)
        if thing:
            return thing
    return None


def _level(
    room: Furnisher,
    class_name: str,
    pose: Float64[ndarray, "4 4"],
    body: Body,
    heeds: bool = True,
) -> Thing | None:
    """On the floor at a place, or on the rug that lies there, if it carries all of it."""
    ground, top = room.floor, 0.0
    outline = np.c_[body.footprint, np.zeros((len(body.footprint), 1))]
    outline = se3.transform_points(pose, outline)
    for rug in (thing for thing in room.stage.things if thing.class_name == "rug"):
        there = se3.transform_points(se3.invert(rug.world_T_model), outline)[:, :2]
        lower, upper = rug.model.bounds
        if ((there > lower[:2]) & (there < upper[:2])).all():
            ground, top = rug, float(rug.bounds[1][2])
    raised = pose.copy()
    raised[2, 3] = top + GAP_M - body.model.bounds[0][2]
    return room.stand(class_name, body, raised, heeds=heeds, support=ground)


WAYS: dict[str, Way] = {
    "wall": wall,
    "corner": corner,
    "beside": beside,
    "opposite": opposite,
    "before": before,
    "middle": middle,
    "around": around,
    "at front": at_front,
    "hang": hang,
    "window": window,
    "below window": below_window,
    "ceiling": ceiling,
}
"""By the name that the tables of rooms use."""
