"""What is true of points: which thing fills them, and where a described thing can be (§6.4).

A description of what is in the room means those places that its targets fill, wherever the same
words hold. One of what is not there ("the keys behind the box", without keys) means every place
that the words allow and nobody has seen: the air in or on each such thing, the air behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Float32, Int64
from torch import Tensor

from nesf_ros.synthetic.relations import ALIGNED, viewer_axes
from nesf_ros.synthetic.splits import SYNONYMS
from nesf_ros.training.abstraction.rooms import EMPTY, Room, Words
from nesf_ros.training.abstraction.situations import Situation

CLASSES_OF = {
    synonym: tuple(name for name, other in SYNONYMS.items() if other == synonym)
    for synonym in SYNONYMS.values()
}
"""The classes that a synonym means: "computer" means desktops and laptops."""


@dataclass(frozen=True)
class Points:
    """Points of a situation (world frame, metres), and what is true of them."""

    situation: Situation
    world: Float32[Tensor, "n 3"]

    @cached_property
    def thing(self) -> Int64[Tensor, " n"]:
        """Which thing fills each; EMPTY for air."""
        return self.situation.room.thing_at(self.world)

    @cached_property
    def room(self) -> Bool[Tensor, " n"]:
        """Whether it lies in the room."""
        return self.situation.room.within(self.world)

    @property
    def pictured(self) -> Bool[Tensor, " n"]:
        """Whether it lies in the frustum of any picture."""
        return self._seen[0]

    @property
    def hidden(self) -> Bool[Tensor, " n"]:
        """Whether it lies behind what is shown by every picture that reaches it."""
        return self._seen[1]

    @cached_property
    def _seen(self) -> tuple[Bool[Tensor, " n"], Bool[Tensor, " n"]]:
        return self.situation.seen(self.world)

    def filled_by(self, things: list[int]) -> Bool[Tensor, " n"]:
        """Whether one of these things fills each point."""
        return torch.isin(self.thing, torch.tensor(things, dtype=torch.int64))


def occupied(points: Points, text: str) -> Bool[Tensor, " n"]:
    """What a label fills."""
    return points.filled_by(points.situation.room.things_of(text, CLASSES_OF))


def described(points: Points, words: Words) -> Bool[Tensor, " n"]:
    """Every place that is consistent with a description, for the situation's viewer."""
    room, viewer = points.situation.room, points.situation.views[0]
    target, relation, reference = words
    targets = set(room.things_of(room.about.texts[target], CLASSES_OF))
    references = room.things_of(room.about.texts[reference], CLASSES_OF)
    if targets:
        true = [
            t for t, how, r, view in room.about.relations
            if view == viewer and how == relation and t in targets and r in references
        ]  # fmt: skip
        return points.filled_by(sorted(set(true)))
    visible = room.seen_in(viewer)
    places = torch.zeros(len(points.world), dtype=torch.bool)
    for thing in references:
        if bool(visible[thing]):
            places |= _place(room, viewer, points, relation, thing)
    return places & (points.thing == EMPTY) & points.hidden


def _place(
    room: Room, viewer: int, points: Points, relation: str, thing: int
) -> Bool[Tensor, " n"]:
    """Where something stands in a relation to a thing, whatever fills that place."""
    if relation in ("in", "on"):
        return _held(room, points.world, relation, thing)
    towards = room.arrays["center"][thing] - points.world
    distance = towards.norm(dim=1)
    axes = torch.from_numpy(viewer_axes(room.pose(viewer))).float()
    forward, right, _ = axes @ (towards / distance.clamp(min=1e-6)[:, None]).T
    cosine = {
        "behind": -forward,
        "in front of": forward,
        "on the left of": right,
        "on the right of": -right,
    }[relation]
    return (cosine > ALIGNED) & (distance <= room.arrays["reach"][viewer, thing])


def _held(
    room: Room, world: Float32[Tensor, "n 3"], relation: str, thing: int
) -> Bool[Tensor, " n"]:
    """Whether points lie in a space that a thing has, in it or on it."""
    within = torch.zeros(len(world), dtype=torch.bool)
    spaces, poses = room.arrays["space"], room.arrays["thing_T_world"]
    for space, pose in zip(spaces, poses, strict=True):
        whose, is_in, is_round = int(space[0]), bool(space[1]), bool(space[2])
        if whose != thing or is_in != (relation == "in"):
            continue
        lower, upper = space[4:7], space[7:10]
        there = world @ pose[:3, :3].T + pose[:3, 3]
        held = ((there >= lower) & (there <= upper)).all(1)
        if is_round:
            unit = (2 * there - lower - upper)[:, :2] / (upper - lower)[:2]
            held &= unit.square().sum(1) <= 1
        within |= held
    return within
