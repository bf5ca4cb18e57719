"""Things: what a scene is made of, each with named parts, and room for other things in and on it.

Frame of a model: it stands on z = 0 around the origin and faces +y (its front is seen from +y).
What hangs on a wall has its back at y = 0 and all of itself at y ≥ 0; what hangs from a ceiling
reaches from z = 0 downwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float64
from numpy import ndarray

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.solids import Solid

IN, ON = "in", "on"


@dataclass(frozen=True)
class Part:
    """A named piece of a thing, such as "handle"."""

    name: str
    solids: tuple[Solid, ...]

    def moved(self, target_T_part: Float64[ndarray, "4 4"]) -> Part:
        """The same part at another place."""
        return replace(self, solids=tuple(s.moved(target_T_part) for s in self.solids))


@dataclass(frozen=True)
class Receptacle:
    """Empty space that may hold other things, in the frame of the model, metres."""

    relation: str
    """IN or ON: how a thing there is related to the one that holds it."""
    lower: tuple[float, float, float]
    """Things rest on the face z = lower[2]."""
    upper: tuple[float, float, float]
    round: bool = False
    """The space is the upright elliptic cylinder inscribed in the box, not the whole box."""
    name: str = ""
    """Of the part that bounds it, where there are several, such as "top drawer"."""
    closed: bool = False
    """A door, lid or drawer front hides whatever is there."""

    def contains(self, points_model: Float64[ndarray, "n 3"]) -> Bool[ndarray, " n"]:
        """Whether each point (frame of the model) lies within."""
        lower, upper = np.array(self.lower), np.array(self.upper)
        inside = np.all((points_model >= lower) & (points_model <= upper), axis=1)
        if self.round:
            unit = (2 * points_model - lower - upper)[:, :2] / (upper - lower)[:2]
            inside &= (unit**2).sum(1) <= 1
        return inside

    def scaled(self, factor: float) -> Receptacle:
        """The same space in a model that is so much larger."""
        lower, upper = (np.multiply(factor, corner) for corner in (self.lower, self.upper))
        return replace(self, lower=tuple(lower.tolist()), upper=tuple(upper.tolist()))


@dataclass(frozen=True)
class Model:
    """What an object class builds: one instance in a frame of its own."""

    parts: tuple[Part, ...]
    main: Material
    """What it is mostly made of: gives the words for its colour and material."""
    receptacles: tuple[Receptacle, ...] = ()
    words: str = ""
    """What is written on it, in capitals, where that tells it from others of its class."""

    @cached_property
    def bounds(self) -> tuple[Float64[ndarray, " 3"], Float64[ndarray, " 3"]]:
        """Lower and upper corner of the bounding box in the model's frame, metres."""
        lower, upper = zip(*(s.bounds for part in self.parts for s in part.solids), strict=True)
        return np.min(lower, axis=0), np.max(upper, axis=0)

    @property
    def size_m(self) -> tuple[float, float, float]:
        """Extents along x, y and z of its own frame."""
        width, depth, height = (self.bounds[1] - self.bounds[0]).tolist()
        return width, depth, height

    def scaled(self, factor: float) -> Model:
        """The same model, larger or smaller, textures and all."""
        stretch = np.diag([factor, factor, factor, 1.0])
        return Model(
            tuple(part.moved(stretch) for part in self.parts),
            self.main,
            tuple(space.scaled(factor) for space in self.receptacles),
            self.words,
        )


@dataclass(frozen=True)
class Thing:
    """A model at its place in a scene."""

    name: str
    """Unique in its scene, such as "mug 2"."""
    class_name: str
    model: Model
    world_T_model: Float64[ndarray, "4 4"] = field(default_factory=lambda: np.eye(4))
    """A rigid pose."""
    support: str = ""
    """Name of the thing that carries it; empty for what needs no support."""
    relation: str = ON
    """How it is related to its support, IN or ON; walls and ceilings carry with ON, too."""

    def moved(self, target_T_world: Float64[ndarray, "4 4"]) -> Thing:
        """The same thing at another place."""
        return replace(self, world_T_model=target_T_world @ self.world_T_model)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The model's parts in the world."""
        return tuple(part.moved(self.world_T_model) for part in self.model.parts)

    @property
    def solids(self) -> tuple[Solid, ...]:
        """All solids of all parts in the world."""
        return tuple(solid for part in self.parts for solid in part.solids)

    @cached_property
    def bounds(self) -> tuple[Float64[ndarray, " 3"], Float64[ndarray, " 3"]]:
        """Lower and upper corner of the axis-aligned bounding box in the world, metres."""
        lower, upper = zip(*(solid.bounds for solid in self.solids), strict=True)
        return np.min(lower, axis=0), np.max(upper, axis=0)

    def contains(self, points: Float64[ndarray, "n 3"]) -> Bool[ndarray, " n"]:
        """Whether each point (world frame) lies in something solid of it."""
        inside = np.zeros(len(points), bool)
        near = np.flatnonzero(((points >= self.bounds[0]) & (points <= self.bounds[1])).all(1))
        for solid in self.solids:
            near = near[~inside[near]]
            inside[near] = solid.contains(points[near])
        return inside


def placement(x: float, y: float, z: float = 0.0, yaw_rad: float = 0.0) -> Float64[ndarray, "4 4"]:
    """The pose that puts a thing at (x, y, z), turned about the vertical."""
    pose = np.eye(4)
    cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
    pose[:2, :2] = [[cos, -sin], [sin, cos]]
    pose[:3, 3] = x, y, z
    return pose


def turned(
    axis: str, angle_rad: float, about: tuple[float, float, float] = (0, 0, 0)
) -> Float64[ndarray, "4 4"]:
    """A rotation about an axis ("x", "y" or "z") through a point, for tilted and lying parts."""
    i = "xyz".index(axis)
    j, k = (i + 1) % 3, (i + 2) % 3
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    pose = np.eye(4)
    pose[j, j], pose[j, k], pose[k, j], pose[k, k] = cos, -sin, sin, cos
    center = np.array(about, np.float64)
    pose[:3, 3] = center - pose[:3, :3] @ center
    return pose
