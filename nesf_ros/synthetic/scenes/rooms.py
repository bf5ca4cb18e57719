"""Furnished rooms of several types, from tables that say what stands where.

To add a type of room: add a `RoomType` to ROOMS. Classes that the catalogue lacks, or that a
scene leaves out, are passed over.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.lighting import Lamp, Lighting
from nesf_ros.synthetic.objects.catalog import CLASSES, FLOOR, WALL
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.scenes.filling import fill
from nesf_ros.synthetic.scenes.furnishing import Furnisher
from nesf_ros.synthetic.scenes.placing import Stage
from nesf_ros.synthetic.scenes.shell import Plan, build_shell, draw_plan, draw_surfaces
from nesf_ros.synthetic.scenes.ways import WAYS
from nesf_ros.synthetic.things import Thing


@dataclass(frozen=True)
class Wish:
    """What a room shall have."""

    names: tuple[str, ...]
    """Any of these classes."""
    way: str
    """A key of `ways.WAYS`."""
    count: tuple[int, int] = (1, 1)
    near: tuple[str, ...] = ()
    """Beside, before, around or above any of these classes; left out where there is none."""


@dataclass(frozen=True)
class RoomType:
    """A type of room."""

    tags: tuple[str, ...]
    """Names by which the catalogue's classes say where they belong."""
    size_m: tuple[float, float]
    floors: tuple[str, ...]
    walls: tuple[str, ...]
    wishes: tuple[Wish, ...]
    windows: tuple[int, int] = (1, 2)
    sill_m: float = 0.9
    liked: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """What a class of furniture mostly holds: classes, wherever they belong, and families."""


_WALLED = (
    Wish(("radiator",), "below window", (0, 1)),
    Wish(("curtain",), "window", (0, 3)),
    Wish(("picture frame",), "hang", (1, 4)),
    Wish(("clock", "mirror", "shelf"), "hang", (0, 3)),
    Wish(("outlet", "outlet", "light switch"), "hang", (0, 2)),
)
"""What hangs in any room that people live in."""
_LIGHT = Wish(("ceiling lamp",), "ceiling", (1, 1))

ROOMS: dict[str, RoomType] = {
    "living room": RoomType(
        ("living room",),
        (3.9, 5.8), ("planks", "planks", "carpet"), ("paint", "paint", "wallpaper"),
        (
            Wish(("sofa",), "wall"),
            Wish(("rug",), "before", (0, 1), ("sofa",)),
            Wish(("coffee table", "coffee table", "ottoman"), "before", (1, 1), ("sofa",)),
            Wish(("media console", "media console", "cabinet"), "opposite", (1, 1), ("sofa",)),
            Wish(("table",), "middle", (0, 1)),
            Wish(("chair",), "around", (3, 5), ("table",)),
            Wish(("side table", "lamp"), "beside", (0, 2), ("sofa",)),
            Wish(("arm chair",), "corner", (1, 2)),
            Wish(("bookcase",), "wall", (1, 3)),
            _LIGHT,
            Wish(("cabinet", "bookcase", "sofa", "desk"), "wall", (1, 2)),
            Wish(("house plant",), "corner", (0, 2)),
            Wish(("lamp",), "corner", (0, 1)),
            *_WALLED,
        ),
        liked={
            "media console": ("television", "game controller", "loudspeaker", "remote control"),
            "sofa": ("pillow", "remote control"), "arm chair": ("pillow",),
            "bookcase": ("book", "decoration", "toy", "stationery", "electronics"),
            "table": ("plate", "mug", "vase", "bowl", "glass", "cake"),
            "coffee table": ("book", "mug", "remote control", "candle", "bowl", "decoration"),
            "shelf": ("book", "decoration", "toy"), "bowl": ("apple", "orange", "banana", "pear"),
        },
    ),
    "kitchen": RoomType(
        ("kitchen", "dining room"),
        (3.5, 5.0), ("tiles", "tiles", "stone", "planks"), ("paint", "paint", "tiles"),
        (
            Wish(("sink",), "wall"),
            Wish(("stove",), "beside", (1, 1), ("sink",)),
            Wish(("dishwasher", "cabinet"), "beside", (1, 1), ("sink",)),
            Wish(("fridge",), "wall"),
            Wish(("table",), "middle", (1, 1)),
            Wish(("chair", "chair", "stool"), "around", (2, 4), ("table",)),
            Wish(("cabinet",), "wall", (1, 3)),
            _LIGHT,
            Wish(("shelf",), "hang", (1, 3)),
            Wish(("garbage can",), "corner", (0, 1)),
            *_WALLED,
        ),
        sill_m=1.05,
        liked={
            "cabinet": ("microwave", "toaster", "kettle", "coffee machine", "kitchenware"),
            "fridge": ("food",), "stove": ("pot", "pan", "kettle"), "dishwasher": ("kitchenware",),
            "table": ("plate", "bowl", "mug", "glass", "food", "fork", "knife"),
            "sink": ("plate", "cup", "sponge"), "shelf": ("kitchenware", "jar", "can"),
            "bowl": ("apple", "orange", "banana", "pear", "tomato", "egg"),
        },
    ),
    "bedroom": RoomType(
        ("bedroom",),
        (3.8, 5.2), ("planks", "carpet", "carpet"), ("paint", "wallpaper"),
        (
            Wish(("bed",), "wall"),
            Wish(("nightstand",), "beside", (1, 2), ("bed",)),
            Wish(("dresser",), "wall", (1, 1)),
            Wish(("rug",), "middle", (0, 1)),
            Wish(("desk",), "wall", (0, 1)),
            Wish(("chair",), "at front", (1, 1), ("desk",)),
            Wish(("bookcase", "cabinet", "media console"), "wall", (0, 2)),
            Wish(("arm chair", "ottoman", "coat rack"), "corner", (0, 2)),
            _LIGHT,
            Wish(("house plant", "lamp"), "corner", (0, 1)),
            *_WALLED,
        ),
        liked={
            "bed": ("pillow", "pillow", "teddy bear", "book", "clothing"),
            "nightstand": ("lamp", "clock", "book", "glass", "glasses", "cell phone"),
            "desk": ("laptop", "display", "lamp", "book", "keyboard", "stationery"),
            "bookcase": ("book", "toy", "decoration"), "dresser": ("clothing", "decoration"),
            "shelf": ("book", "toy", "decoration"),
        },
    ),
    "office": RoomType(
        ("office",),
        (3.5, 5.2), ("carpet", "carpet", "planks", "stone"), ("paint",),
        (
            Wish(("desk",), "wall", (1, 3)),
            Wish(("chair",), "at front", (1, 3), ("desk",)),
            Wish(("bookcase",), "wall", (1, 3)),
            Wish(("drawer unit",), "wall", (1, 2)),
            Wish(("cabinet", "safe"), "wall", (0, 2)),
            Wish(("table",), "middle", (0, 1)),
            Wish(("chair",), "around", (2, 4), ("table",)),
            _LIGHT,
            Wish(("coat rack", "house plant", "garbage can"), "corner", (1, 3)),
            *_WALLED,
        ),
        liked={
            "desk": ("laptop", "display", "keyboard", "mouse", "telephone", "lamp", "stationery"),
            "bookcase": ("book", "stationery", "printer"), "drawer unit": ("stationery", "printer"),
            "table": ("laptop", "mug", "telephone", "notebook", "pen", "tablet"),
            "cabinet": ("stationery", "electronics"), "shelf": ("book", "stationery"),
        },
    ),
    "bathroom": RoomType(
        ("bathroom",),
        (3.2, 4.0), ("tiles", "tiles", "stone"), ("tiles", "tiles", "paint"),
        (
            Wish(("bathtub",), "corner"),
            Wish(("washbasin",), "wall", (1, 2)),
            Wish(("mirror",), "hang", (1, 1), ("washbasin",)),
            Wish(("toilet",), "wall"),
            Wish(("washing machine",), "wall", (0, 1)),
            Wish(("cabinet",), "wall", (1, 2)),
            Wish(("stool", "ottoman"), "wall", (0, 1)),
            _LIGHT,
            Wish(("shelf",), "hang", (1, 3)),
            Wish(("basket", "garbage can"), "corner", (0, 2)),
            Wish(("outlet",), "hang", (0, 1)),
        ),
        windows=(0, 1), sill_m=1.35,
        liked={"cabinet": ("bathroom",), "shelf": ("bathroom",), "washbasin": ("bathroom",)},
    ),
    "hall": RoomType(
        ("hall", "hallway"),
        (3.2, 4.6), ("planks", "tiles", "stone"), ("paint", "wallpaper"),
        (
            Wish(("stairs",), "wall", (0, 1)),
            Wish(("dresser", "cabinet"), "wall", (1, 2)),
            Wish(("bench", "ottoman", "chair"), "wall", (1, 2)),
            Wish(("coat rack",), "corner", (1, 2)),
            Wish(("rug",), "middle", (0, 1)),
            Wish(("bookcase", "side table", "media console"), "wall", (1, 3)),
            _LIGHT,
            Wish(("bicycle", "arm chair"), "wall", (0, 2)),
            Wish(("house plant", "lamp", "basket"), "corner", (0, 2)),
            *_WALLED,
        ),
        windows=(0, 1),
        liked={"bench": ("shoe", "handbag", "hat"), "dresser": ("keys", "decoration", "clothing")},
    ),
    "workshop": RoomType(
        ("workshop", "garage"),
        (4.0, 6.0), ("stone",), ("paint",),
        (
            Wish(("desk", "table"), "wall", (1, 2)),
            Wish(("stool", "chair"), "around", (0, 2), ("desk", "table")),
            Wish(("bookcase",), "wall", (1, 3)),
            Wish(("cabinet", "drawer unit", "safe"), "wall", (1, 3)),
            Wish(("bicycle",), "wall", (0, 2)),
            Wish(("ladder",), "wall", (0, 1)),
            Wish(("shelf",), "hang", (1, 4)),
            _LIGHT,
            Wish(("washing machine", "garbage can"), "corner", (0, 2)),
            Wish(("outlet", "clock"), "hang", (0, 2)),
        ),
        windows=(0, 1), sill_m=1.2,
        liked={
            "desk": ("tool",), "table": ("tool",), "drawer unit": ("tool",), "cabinet": ("tool",),
            "bookcase": ("box", "toolbox", "tool", "can"), "shelf": ("tool", "can", "jar"),
        },
    ),
}  # fmt: skip

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
