"""A scene in the making: things go where they are free, and where something carries them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.contact import GAP_M, Body, collide, rests
from nesf_ros.synthetic.lighting import Lighting
from nesf_ros.synthetic.objects import build
from nesf_ros.synthetic.objects.catalog import CEILING, WALL, class_named
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.things import ON, Receptacle, Thing, placement
from nesf_ros.types import Box

_HEADROOM_M = 0.4
_FLAT_SHARE = 0.5  # of its outline that the top of a thing must fill to carry another


@dataclass(frozen=True)
class Area:
    """A place where things may rest: a receptacle of something that is there already."""

    holder: Thing
    space: Receptacle
    families: tuple[str, ...]
    """Of classes that belong there; empty for any."""


class Stage:
    """What a maker of scenes works with: the dice, the classes it may use, and what stands.

    Structure (floor, walls) is added as it is; everything else must be free of all that is
    there, and be carried.
    """

    def __init__(
        self, kind: str, seed: int, classes: Sequence[str], novel: bool, count: int | None
    ):
        """An empty stage for a scene of a kind and seed; `count` objects are asked for, or any."""
        self.name = f"{kind} {seed}"
        self.draw = Draw((seed, *kind.encode()), novel)
        self.rng = self.draw.rng
        self.classes = tuple(classes)
        self.count = count
        self.things: list[Thing] = []
        self._bodies: dict[str, Body] = {}
        self._numbers: dict[str, int] = {}
        self._bounds = np.zeros((0, 2, 3))

    @property
    def objects(self) -> int:
        """How many objects there are, structure not counted."""
        return sum(self._numbers.values())

    def number_of(self, class_name: str) -> int:
        """How many objects of a class there are."""
        return self._numbers.get(class_name, 0)

    def structure(self, thing: Thing) -> Thing:
        """Add a piece of the building or ground."""
        return self._add(thing, Body(thing.model))

    def body(self, class_name: str) -> Body:
        """A new instance of a class."""
        return Body(build(class_name, int(self.rng.integers(2**31)), self.draw.novel))

    def is_free(self, body: Body, world_T_body: Float64[ndarray, "4 4"]) -> bool:
        """Whether nothing that is there shares a point with the body at this pose."""
        lower, upper = body.bounds_at(world_T_body)
        near = (self._bounds[:, 0] < upper).all(1) & (self._bounds[:, 1] > lower).all(1)
        return not any(
            collide(self._bodies[other.name], other.world_T_model, body, world_T_body)
            for other in (self.things[i] for i in np.flatnonzero(near))
        )

    def put(
        self,
        class_name: str,
        body: Body,
        world_T_body: Float64[ndarray, "4 4"],
        support: Thing,
        relation: str = ON,
    ) -> Thing | None:
        """Add an object if the place is free and it rests there, or hangs; None if not."""
        stands = class_named(class_name).places[0] not in (WALL, CEILING)
        holder = self._bodies[support.name]
        if stands and not rests(body, world_T_body, holder, support.world_T_model):
            return None
        if not self.is_free(body, world_T_body):
            return None
        number = self.number_of(class_name) + 1
        self._numbers[class_name] = number
        thing = Thing(
            f"{class_name} {number}", class_name, body.model, world_T_body, support.name, relation
        )
        return self._add(thing, body)

    def put_in(
        self,
        class_name: str,
        area: Area,
        yaw_rad: float | None = None,
        tries: int = 6,
        body: Body | None = None,
    ) -> Thing | None:
        """Add an object somewhere in an area; None if no place was found.

        Args:
            class_name: what to add.
            area: where it shall rest, whole.
            yaw_rad: its turn in the frame of the holder; any where None.
            tries: how many places to try.
            body: what to add; a new instance where None.
        """
        body = body or self.body(class_name)
        for _ in range(tries):
            pose = self._pose_in(body, area, yaw_rad)
            if pose is None:
                continue
            thing = self.put(class_name, body, pose, area.holder, area.space.relation)
            if thing:
                return thing
        return None

    def _pose_in(
        self, body: Body, area: Area, yaw_rad: float | None
    ) -> Float64[ndarray, "4 4"] | None:
        """A pose that keeps the body's bounding prism within the space; None if it is too big."""
        space = area.space
        yaw = float(self.rng.uniform(-np.pi, np.pi)) if yaw_rad is None else yaw_rad
        turn = placement(0, 0, 0, yaw)[:2, :2]
        outline = body.footprint @ turn.T
        low = np.array(space.lower[:2]) - outline.min(0)
        high = np.array(space.upper[:2]) - outline.max(0)
        bottom, top = (corner[2] for corner in body.model.bounds)
        z = space.lower[2] + GAP_M - bottom
        if (low > high).any() or top + z > space.upper[2]:
            return None
        x, y = self.rng.uniform(low, high)
        outline = outline + [x, y]
        if not space.contains(np.c_[outline, np.full(len(outline), z + bottom)]).all():
            return None
        return area.holder.world_T_model @ placement(float(x), float(y), z, yaw)

    def areas(self, thing: Thing) -> list[Area]:
        """Where things may rest in and on a thing: its receptacles, or else its flat top."""
        about = class_named(thing.class_name)
        spaces = thing.model.receptacles
        if about.holds:
            return [Area(thing, space, about.holds) for space in spaces]
        top = _flat_top(self._bodies[thing.name])
        return [Area(thing, top, ())] if top else []

    def scene(self, lighting: Lighting, interior: Box, air: Sequence[Box] = ()) -> Scene:
        """What has been put together.

        Raises ConfigError where fewer objects found a place than were asked for.
        """
        if self.count is not None and self.objects < self.count:
            raise ConfigError(
                f"{self.name}: {self.objects} of {self.count} objects found a place; ask for "
                "fewer, for more classes, or take another seed"
            )
        return Scene(self.name, self.things, lighting, interior, air)

    def _add(self, thing: Thing, body: Body) -> Thing:
        self.things.append(thing)
        self._bodies[thing.name] = body
        self._bounds = np.concatenate([self._bounds, np.array(thing.bounds)[None]])
        return thing


def _flat_top(body: Body) -> Receptacle | None:
    """The space above a thing whose top is level and takes up most of its outline."""
    lower, upper = body.model.bounds
    top = body.flat_top
    if not len(top):
        return None
    (x0, y0), (x1, y1) = top.min(0).tolist(), top.max(0).tolist()
    if (x1 - x0) * (y1 - y0) < _FLAT_SHARE * (upper - lower)[:2].prod():
        return None
    z = float(upper[2])
    return Receptacle(ON, (x0, y0, z), (x1, y1, z + _HEADROOM_M))
