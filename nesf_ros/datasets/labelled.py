"""What every pixel shows: the types in which labelled scenes are written and read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, Float64, Int32, UInt8
from numpy import ndarray

from nesf_ros.types import Box, Intrinsics

NOTHING = -1
"""Instance and part of a pixel, or instance of a point, where there is nothing."""


@dataclass(frozen=True)
class LabelledThing:
    """One object of a scene (walls and floor are things, too)."""

    name: str
    """Unique in its scene, such as "mug 2"."""
    class_name: str
    box: Box
    """Axis-aligned, in the world frame, metres."""
    parts: tuple[str, ...] = ()
    """Names of its parts, in the order of the part masks' numbers."""
    color: str = ""
    """Name of its main colour; empty where no single word says it."""
    material: str = ""


@dataclass(frozen=True)
class LabelledView:
    """What one camera sees, pixel by pixel; all images share size and camera."""

    stamp_ns: int
    camera: Intrinsics
    world_T_camera: Float64[ndarray, "4 4"]
    """Pose of the optical frame (x right, y down, z forward)."""
    color: UInt8[ndarray, "height width 3"]
    depth_m: Float32[ndarray, "height width"]
    """Depth along the optical axis, metres; 0 where there is none."""
    instances: Int32[ndarray, "height width"]
    """Index into the scene's `things`, or NOTHING."""
    parts: Int32[ndarray, "height width"] | None = None
    """Index into `parts` of the pixel's thing, or NOTHING."""
    normals_world: Float32[ndarray, "height width 3"] | None = None
    """Unit normals facing the camera, world frame; 0 where there is no surface."""


@dataclass(frozen=True)
class Relation:
    """A true statement about two things, seen from one view."""

    target: int
    """Index into the scene's `things`."""
    relation: str
    """One of `types.RELATIONS`."""
    reference: int
    view: int
    """Index of the view whose camera says what is left and what is behind."""


@dataclass(frozen=True)
class Caption:
    """A true sentence about a thing, and false ones that differ in one fact."""

    thing: int
    """Index into the scene's `things`."""
    kind: str
    """Which facts it tells, such as "class" or "color+size"."""
    text: str
    negatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabelledScene:
    """A scene with labels: what the views show, and what is really there."""

    name: str
    things: tuple[LabelledThing, ...]
    classes: tuple[str, ...]
    """All class names of the data set, in the order of the class masks' numbers."""
    bounds: Box
    """What the scene fills of the world, metres."""
    views: Sequence[LabelledView]
    seed: int = 0
    split: str = "train"
    relations: tuple[Relation, ...] = ()
    captions: tuple[Caption, ...] = ()
    instance_at: Callable[[Float64[ndarray, "n 3"]], Int32[ndarray, " n"]] | None = field(
        default=None, compare=False
    )
    """Which thing fills each point (world frame, metres), seen or unseen; NOTHING for air. None
    where the scene was read from a format that does not tell."""

    def class_ids(self, instances: Int32[ndarray, "*shape"]) -> Int32[ndarray, "*shape"]:
        """Index into `classes` for every instance index; NOTHING stays NOTHING."""
        ids = [self.classes.index(thing.class_name) for thing in self.things]
        # One more entry, so that NOTHING = -1 picks the last.
        return np.array([*ids, NOTHING], np.int32)[instances]
