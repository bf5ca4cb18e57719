"""Furnished rooms: walls, furniture along them, small things in it and on it, and lamps."""

from __future__ import annotations

import numpy as np

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.lighting import Lamp, Lighting
from nesf_ros.synthetic.objects.catalog import CLASSES, FLOOR, WALL
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.scenes.filling import fill
from nesf_ros.synthetic.scenes.furnishing import Furnisher
from nesf_ros.synthetic.scenes.placing import Stage
from nesf_ros.synthetic.scenes.room_types import ROOMS, RoomType
from nesf_ros.synthetic.scenes.shell import Plan, build_shell, draw_plan
from nesf_ros.synthetic.scenes.surfaces import draw_surfaces
from nesf_ros.synthetic.scenes.ways import WAYS
from nesf_ros.synthetic.things import Thing

COUNTS = (44, 72)
"""Objects of a room."""
_FURNITURE = 0.6  # the most of these that furniture may be
_CLUTTER = 0.12
_CLUTTER_M = 0.75
_EXTRA_M2, _PICTURES = 5.0, 2  # floor per extra piece, and extra pieces on the walls
_PATIENCE = 40


def room(stage: Stage) -> Scene:
    """A room of any type, furnished and full of small things.

    Raises ConfigError where the stage may use no furniture at all.
    """
    draw = stage.draw
    about = ROOMS[draw.choice(tuple(ROOMS))]
    plan = draw_plan(draw, about.size_m, about.windows, about.sill_m)
    floor = build_shell(stage, plan, draw_surfaces(draw, about.floors, about.walls))
    furnisher = Furnisher(stage, plan, floor)
    wanted = stage.count or draw.count(*COUNTS)
    _furnish(furnisher, about, round(_FURNITURE * wanted))
    if not stage.objects:
        raise ConfigError(f"{stage.name}: none of the furniture of a room is allowed")
    areas = [area for thing in stage.things if thing.class_name in CLASSES
             for area in stage.areas(thing) if area.families]  # fmt: skip
    small = wanted - stage.objects
    fill(stage, areas, round((1 - _CLUTTER) * small), about.tags, about.liked)
    _litter(furnisher, about, wanted)
    if stage.count is not None:
        fill(stage, areas, wanted - stage.objects)
    return stage.scene(_lighting(stage, plan), plan.interior, plan.recesses())


def _furnish(furnisher: Furnisher, about: RoomType, most: int) -> None:
    """What the type of room wishes, then a few other pieces that belong there."""
    stage, draw = furnisher.stage, furnisher.stage.draw
    for wish in about.wishes:
        for _ in range(draw.count(*wish.count)):
            names = [name for name in wish.names if name in stage.classes]
            near = [thing for thing in stage.things if thing.class_name in wish.near]
            if stage.objects < most and names and (near or not wish.near):
                WAYS[wish.way](furnisher, draw.choice(names), draw.choice(near) if near else None)
    extras = round(furnisher.plan.width * furnisher.plan.depth / _EXTRA_M2)
    for place, ways, count in ((FLOOR, ("wall", "corner"), extras), (WALL, ("hang",), _PICTURES)):
        others = [
            name
            for name in stage.classes
            if CLASSES[name].places[0] == place
            and max(high for _, high in CLASSES[name].size_m) > _CLUTTER_M
            and _is_of(name, about)
        ]
        for _ in range(count * bool(others)):
            name = min(draw.rng.permutation(others)[:3].tolist(), key=stage.number_of)
            if stage.objects < most:
                WAYS[draw.choice(ways)](furnisher, name, None)


def _litter(furnisher: Furnisher, about: RoomType, wanted: int) -> None:
    """Small things on the floor, in the open, under furniture and behind it."""
    stage, draw = furnisher.stage, furnisher.stage.draw
    names = [
        name
        for name in stage.classes
        if FLOOR in CLASSES[name].places
        and max(high for _, high in CLASSES[name].size_m) < _CLUTTER_M
        and _is_of(name, about)
    ]
    for _ in range(_PATIENCE * bool(names)):
        if stage.objects >= wanted:
            return
        furnisher.scatter(draw.choice(names))


def _is_of(name: str, about: RoomType) -> bool:
    rooms = CLASSES[name].rooms
    return not rooms or not set(about.tags).isdisjoint(rooms)


def _lighting(stage: Stage, plan: Plan) -> Lighting:
    """A lamp below each ceiling lamp, or one in the middle; daylight through each window."""
    draw = stage.draw
    hanging = [thing for thing in stage.things if thing.class_name == "ceiling lamp"]
    warm = (1.0, draw.size(0.9, 1.0), draw.size(0.75, 0.95))
    if draw.novel:
        warm = draw.color(draw.choice(("orange", "turquoise", "pink")))
    lamps = [_below(thing, draw.size(0.2, 0.4)) for thing in hanging]
    places = lamps or [(draw.size(-0.5, 0.5), draw.size(-0.5, 0.5), plan.height - 0.5)]
    lit = [Lamp(place, draw.size(0.25, 0.42), warm) for place in places]
    for hole in plan.windows:
        frame = plan.world_T_wall(hole.side)
        at = frame[:3, :3] @ [hole.middle, -draw.size(0.6, 1.5), draw.size(1.8, 2.6)]
        x, y, z = (at + frame[:3, 3]).tolist()
        lit.append(Lamp((x, y, z), draw.size(0.2, 0.42), (0.92, 0.97, 1.0)))
    return Lighting(tuple(lit), draw.size(0.46, 0.56))


def _below(thing: Thing, gap_m: float) -> tuple[float, float, float]:
    lower, upper = thing.bounds
    x, y, _ = np.add(lower, upper).tolist()
    return x / 2, y / 2, float(lower[2]) - gap_m
