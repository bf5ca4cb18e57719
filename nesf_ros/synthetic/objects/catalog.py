"""The catalogue of object classes: what there is, how large, where it may stand, what it holds."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.things import Model

Range = tuple[float, float]

FLOOR, SURFACE, WALL, CEILING = "floor", "surface", "wall", "ceiling"
PLACES = (FLOOR, SURFACE, WALL, CEILING)
"""Where things may be: SURFACE is whatever offers a receptacle ON or IN itself."""

FAMILIES = (
    "furniture", "appliance", "electronics", "kitchenware", "food", "container", "tool", "toy",
    "stationery", "decoration", "bathroom", "sports", "clothing", "vehicle", "shape",
)  # fmt: skip


@dataclass(frozen=True)
class ObjectClass:
    """One class of objects."""

    name: str
    """What people call it, lower case."""
    family: str
    build: Callable[[Draw], Model]
    size_m: tuple[Range, Range, Range]
    """Smallest and largest extent along x (width), y (depth) and z (height)."""
    places: tuple[str, ...]
    rooms: tuple[str, ...]
    """Where it belongs, such as "kitchen"; empty for anywhere."""
    aliases: tuple[str, ...]
    """Other names for it that captions use."""
    holds: tuple[str, ...]
    """Families of what its receptacles may hold; empty for nothing."""


CLASSES: dict[str, ObjectClass] = {}
"""All classes by name, once `nesf_ros.synthetic.objects` is imported."""


def object_class(
    name: str,
    family: str,
    *,
    size_m: tuple[Range, Range, Range],
    places: tuple[str, ...],
    rooms: tuple[str, ...] = (),
    aliases: tuple[str, ...] = (),
    holds: tuple[str, ...] = (),
) -> Callable[[Callable[[Draw], Model]], Callable[[Draw], Model]]:
    """Register the builder that follows as a class; the arguments are `ObjectClass`'s fields."""
    if name in CLASSES or family not in FAMILIES or not set(places) <= set(PLACES):
        raise ConfigError(f"class {name!r} ({family}, {places}) is known already or names no place")

    def register(build: Callable[[Draw], Model]) -> Callable[[Draw], Model]:
        CLASSES[name] = ObjectClass(name, family, build, size_m, places, rooms, aliases, holds)
        return build

    return register


def class_named(name: str) -> ObjectClass:
    """Look a class up. Raises ConfigError for an unknown one, with the nearest known names."""
    if name not in CLASSES:
        near = difflib.get_close_matches(name, CLASSES) or sorted(CLASSES)
        raise ConfigError(f"there is no object class {name!r}; did you mean {', '.join(near)}?")
    return CLASSES[name]


def build(name: str, seed: int, novel: bool = False) -> Model:
    """One instance of a class; `novel` decorates it with patterns that training never shows."""
    found = class_named(name)
    return found.build(Draw((seed, *name.encode()), novel))
