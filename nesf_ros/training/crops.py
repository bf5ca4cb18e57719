"""Crops to train on: what a scene shows of its things, each with the words that are true of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, UInt8
from numpy import ndarray

from nesf_ros.datasets.labelled import NOTHING
from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.captions import size_word
from nesf_ros.synthetic.objects import CLASSES
from nesf_ros.synthetic.photo import Photo
from nesf_ros.synthetic.renderers import Rendering
from nesf_ros.synthetic.renderers.raycast import RayCaster
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.scenes import make_scene
from nesf_ros.synthetic.splits import split_named
from nesf_ros.synthetic.things import Thing
from nesf_ros.synthetic.walk import HANDHELD, ROBOT, standing_places
from nesf_ros.training.framing import Framing, eyes_that_see, framed, framed_surface
from nesf_ros.training.portraits import drawn, eyes_around, portrait_scene
from nesf_ros.training.vocabulary import (
    COLOR_NAMES,
    MATERIALS,
    NAMES,
    NONE,
    SIZES,
    SURROUNDINGS,
    number,
)

SIZE_PX = 112
CELL_PX = 4
"""Labels of what is where are kept once for every square of so many pixels."""
KINDS = ("clean", "crowd", "tabletop", "room", "glance")
"""Portraits of one thing, portraits of several, the scenes of these names, and tiles of pictures
(`glances`)."""
SCENES_PER_SHARD = 100
"""Seeds that a shard of tables or rooms may use."""
_EYES = 24  # places tried for a view
_LEAST_SHARE = 0.06  # of a crop that the thing must fill
_LEAST_VISIBLE = 0.35  # of a thing that must not be hidden
_WIDE_VIEWS = {"clean": 0, "crowd": 1, "tabletop": 4, "room": 40}
_CLOSE = (0.15, 1.2)  # side of a crop of walls and the like, in distances
_WIDE = (0.5, 1.4)  # side of a view of much at once, in distances
_VIEWS = {"clean": 2, "crowd": 2, "tabletop": 3, "room": 3}
_TABLE_M = (0.5, 1.9)  # distance of a camera from the middle of a table
_SHOT = 0.85  # how often a scene is photographed, not shown as it was rendered

_MIDDLES = (slice(CELL_PX // 2, None, CELL_PX),) * 2  # of cells
Eyes = Callable[[Thing], Float64[ndarray, "eyes 3"]]


class Crop(NamedTuple):
    """One crop; numbers of words are places in the tables of `vocabulary`."""

    image: UInt8[ndarray, "size size 3"]
    scene: int
    """Number of its scene within the shard: what belongs together."""
    name: int
    """Of the class; NONE for a view that is of nothing in particular."""
    color: int
    material: int
    size: int
    share: float
    """Of the crop that the thing fills."""
    visible: float
    """Share of what the crop would show of the thing, were it alone, 0–1."""
    others: float
    """Share of the crop that shows other things; walls, floors and tables count as nothing."""
    kind: int
    target: UInt8[ndarray, "cells cells"]
    """1 where the thing itself is seen in the middle of a cell, else 0."""
    names: UInt8[ndarray, "cells cells"]
    """Class of what is seen in the middle of each cell; NONE for nothing."""
    colors: UInt8[ndarray, "cells cells"]
    """Its colour."""


def crops_of(
    kind: str, split: str, shard: int, classes: Sequence[str] | None = None
) -> Iterator[Crop]:
    """Crops of one kind, scene by scene; the same arguments give the same crops.

    Args:
        kind: one of KINDS, but for "glance".
        split: a key of `splits.SPLITS`.
        shard: which of the split's scenes: those of two shards differ.
        classes: the only ones to show, by name; where None, all that the split does not exclude.

    Raises:
        ConfigError: for an unknown kind, split or class.
    """
    if kind not in KINDS[:-1]:
        raise ConfigError(f"crops of kind {kind!r}; it must be one of {', '.join(KINDS[:-1])}")
    about = split_named(split)
    known = [name for name in classes or CLASSES if name not in about.excluded]
    for index in range(SCENES_PER_SHARD * (1 if kind in ("room", "tabletop") else 1000)):
        rng = np.random.default_rng((about.number, KINDS.index(kind), shard, index))
        if kind in ("clean", "crowd"):
            scene = portrait_scene(drawn(known, kind == "crowd", rng), rng)
            eyes: Eyes | None = partial(eyes_around, count=_EYES, rng=rng)
        else:
            seed = about.seed(shard * SCENES_PER_SHARD + index)
            scene = make_scene(kind, seed, novel=about.novel, classes=known)
            eyes = _eyes_in(scene, kind, rng)
        if eyes is not None:
            for crop in _Cropper(scene, kind, eyes, rng).crops(about.novel):
                yield crop._replace(scene=index)


def _eyes_in(scene: Scene, kind: str, rng: np.random.Generator) -> Eyes | None:
    """Where a camera may be in a room or around a table; None in a room without space."""
    if kind == "tabletop":
        middle = np.mean([scene.interior.lower, scene.interior.upper], axis=0)

        def around(thing: Thing) -> Float64[ndarray, "eyes 3"]:
            turn, up = rng.uniform(-np.pi, np.pi, _EYES), rng.uniform(0.1, 1.3, _EYES)
            away = np.stack([np.cos(turn) * np.cos(up), np.sin(turn) * np.cos(up), np.sin(up)], 1)
            return middle + away * rng.uniform(*_TABLE_M, (_EYES, 1))

        return around
    low, high = (HANDHELD if rng.random() < 0.75 else ROBOT).heights_m
    try:
        places = standing_places(scene, (low, high))
    except ConfigError:
        return None

    def standing(thing: Thing) -> Float64[ndarray, "eyes 3"]:
        chosen = places[rng.integers(len(places), size=_EYES)]
        return np.c_[chosen, rng.uniform(low, high, _EYES)]

    return standing


class _Cropper:
    """Makes the crops of one scene."""

    def __init__(self, scene: Scene, kind: str, eyes: Eyes, rng: np.random.Generator):
        self.scene, self.kind, self.eyes, self.rng = scene, kind, eyes, rng
        self._caster = RayCaster(scene)
        things = scene.things
        self._names = np.array([number(NAMES, thing.class_name) for thing in things], np.uint8)
        colors = [number(COLOR_NAMES, thing.model.main.color_name) for thing in things]
        self._colors = np.array(colors, np.uint8)
        carriers = {"table", "coffee table", "desk"} if kind == "tabletop" else set()
        counted = [t.class_name not in {*SURROUNDINGS, *carriers} for t in things]
        self._counted = np.array([*counted, False])  # the last one for NOTHING

    def crops(self, novel: bool = False) -> list[Crop]:
        """All of them, taken with one camera; it exposes for all together."""
        found = [
            crop
            for index, thing in enumerate(self.scene.things)
            for crop in self._of_thing(index, thing)
        ]
        found += self._views(_WIDE_VIEWS[self.kind])
        if not found or self.rng.random() > _SHOT:
            return found
        strip = np.concatenate([crop.image for crop in found])
        images = (
            Photo.drawn(self.rng, novel).apply(strip, self.rng).reshape(-1, SIZE_PX, SIZE_PX, 3)
        )
        return [crop._replace(image=image) for crop, image in zip(found, images, strict=True)]

    def _of_thing(self, index: int, thing: Thing) -> list[Crop]:
        if self.kind in ("clean", "crowd") and thing.class_name not in CLASSES:
            return []
        eyes = eyes_that_see(self.scene, index, self.eyes(thing), self.rng)
        framings = (self._framing(thing, eye) for eye in eyes[: _VIEWS[self.kind]])
        found = (self._crop(index, framing) for framing in framings if framing)
        return [crop for crop in found if crop]

    def _framing(self, thing: Thing, eye: Float64[ndarray, " 3"]) -> Framing | None:
        if thing.class_name in CLASSES:
            return framed(thing, eye, SIZE_PX, self.rng)
        return framed_surface(self._point(thing), eye, SIZE_PX, self.rng, _CLOSE)

    def _point(self, thing: Thing) -> Float64[ndarray, " 3"]:
        """Some point on its surface."""
        corners = np.concatenate([solid.corners for solid in thing.solids])
        return self.rng.dirichlet(np.ones(3)) @ corners[self.rng.integers(len(corners))]

    def _views(self, count: int) -> list[Crop]:
        """Wide views towards things, of nothing in particular: their cells alone are labelled."""
        chosen = [t for t in self.scene.things if t.class_name in CLASSES]
        found = []
        for index in self.rng.integers(len(chosen), size=count):
            eye, point = self.eyes(chosen[index])[0], self._point(chosen[index])
            framing = framed_surface(point, eye, SIZE_PX, self.rng, _WIDE)
            seen = self._caster.render(framing.camera, framing.pose)
            found.append(self._labelled(seen, NOTHING))
        return found

    def _crop(self, index: int, framing: Framing) -> Crop | None:
        """What a framing shows; None where that is too little of the thing."""
        seen = self._caster.render(framing.camera, framing.pose)
        coarse = seen.instances[_MIDDLES]
        share = float((seen.instances == index).mean())
        thing = self.scene.things[index]
        if share < _LEAST_SHARE:
            return None
        alone = Scene("alone", [_unsupported(thing)], self.scene.lighting, self.scene.interior)
        whole = np.isfinite(alone.first_hits(framing.rays(CELL_PX)).ray_lengths).sum()
        visible = float((coarse == index).sum() / max(whole, 1))
        known = thing.class_name in CLASSES
        if known and visible < _LEAST_VISIBLE:
            return None
        others = self._counted[seen.instances] & (seen.instances != index)
        return self._labelled(seen, index)._replace(
            share=share, visible=min(visible, 1.0), others=float(others.mean())
        )

    def _labelled(self, seen: Rendering, index: int) -> Crop:
        """A crop of a thing, or of NOTHING in particular."""
        coarse = seen.instances[_MIDDLES]
        thing = self.scene.things[index] if index != NOTHING else None
        sized = thing is not None and thing.class_name in CLASSES
        return Crop(
            image=seen.color,
            scene=0,
            name=int(self._names[index]) if thing else NONE,
            color=int(self._colors[index]) if thing else NONE,
            material=number(MATERIALS, thing.model.main.kind) if thing else NONE,
            size=number(SIZES, size_word(thing)) if thing and sized else NONE,
            share=0.0,
            visible=0.0,
            others=0.0,
            kind=KINDS.index(self.kind),
            target=(coarse == index).astype(np.uint8) * (thing is not None),
            names=np.where(coarse < 0, NONE, self._names[coarse]).astype(np.uint8),
            colors=np.where(coarse < 0, NONE, self._colors[coarse]).astype(np.uint8),
        )


def _unsupported(thing: Thing) -> Thing:
    return Thing(thing.name, thing.class_name, thing.model, thing.world_T_model)
