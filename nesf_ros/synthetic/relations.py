"""Spatial relations by the rules of Semantic Abstraction (§6.4, and its data generator).

"in" and "on" are what a thing's support says. The other four are seen by the viewer: with the unit
vector d from target to reference, both taken at their centres of mass, the target is

    behind the reference            if d · backwards > 0.6 (backwards: towards the viewer),
    in front of it                  if d · forward  > 0.6,
    on the left of, on the right of it  likewise,

with forward and right level, and if the two are no farther apart than twice the larger level
extent of the reference, held between 0.1 and 1.0 m. The reference must be visible; so must the
target, unless it is in, on or behind. Nobody locates things by floors, walls or rugs. Of two
things of one class nothing is said, nor is a second relation of two where one is in or on the
other.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.datasets.labelled import Relation
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.things import Thing

ALIGNED = 0.6
"""Cosine between displacement and direction above which the direction names the relation."""
NEAR_M = (0.1, 1.0)
"""Bounds of the distance within which things are related, metres."""
UNRELATED = ("floor", "ceiling", "wall", "window", "rug", "backdrop")
"""Classes that neither locate nor are located."""


def relations_seen(
    scene: Scene,
    world_T_camera: Float64[ndarray, "4 4"],
    visible: Collection[int],
    view: int = 0,
) -> tuple[Relation, ...]:
    """All relations that hold for a viewer.

    Args:
        scene: what there is.
        world_T_camera: pose of the viewer's optical frame; it must not look straight up or down.
        visible: indices of the things that the viewer sees.
        view: the number to put into the relations.
    """
    things = scene.things
    index_of = {thing.name: index for index, thing in enumerate(things)}
    related = [i for i, thing in enumerate(things) if thing.class_name not in UNRELATED]
    found: list[Relation] = []
    held: set[frozenset[int]] = set()
    for target in related:
        support = index_of.get(things[target].support, -1)
        if support not in related:
            continue
        held.add(frozenset((target, support)))
        if support in visible and things[target].class_name != things[support].class_name:
            found.append(Relation(target, things[target].relation, support, view))
    centers = {i: center_of_mass(things[i]) for i in related}
    axes = viewer_axes(world_T_camera)
    for reference in (i for i in related if i in visible):
        reach = reach_m(things[reference], axes)
        for target in related:
            same = things[target].class_name == things[reference].class_name
            if same or frozenset((target, reference)) in held:
                continue
            for name in directions(centers[target], centers[reference], axes, reach):
                if name == "behind" or target in visible:
                    found.append(Relation(target, name, reference, view))
    return tuple(found)


def directions(
    target: Float64[ndarray, " 3"],
    reference: Float64[ndarray, " 3"],
    axes: Float64[ndarray, "3 3"],
    reach: float,
) -> tuple[str, ...]:
    """Which of the viewer's four relations hold between two centres (metres): two at the most."""
    displacement = reference - target
    distance = float(np.linalg.norm(displacement))
    if distance == 0 or distance > reach:
        return ()
    forward, right, _ = axes @ displacement / distance
    names = ("behind", "in front of", "on the left of", "on the right of")
    cosines = (-forward, forward, right, -right)
    return tuple(name for name, c in zip(names, cosines, strict=True) if c > ALIGNED)


def viewer_axes(world_T_camera: Float64[ndarray, "4 4"]) -> Float64[ndarray, "3 3"]:
    """Unit rows forward, right, up of a viewer who looks level, in the world frame."""
    forward = world_T_camera[:3, 2] * [1.0, 1.0, 0.0]
    forward = forward / np.linalg.norm(forward)
    up = np.array([0.0, 0.0, 1.0])
    return np.stack([forward, np.cross(forward, up), up])


def reach_m(reference: Thing, axes: Float64[ndarray, "3 3"]) -> float:
    """How far from the reference's centre another may be to be related to it, metres."""
    corners = np.concatenate([solid.corners.reshape(-1, 3) for solid in reference.solids])
    level = corners @ axes[:2].T
    extent = float((level.max(0) - level.min(0)).max())
    return min(max(2 * extent, NEAR_M[0]), NEAR_M[1])


def center_of_mass(thing: Thing) -> Float64[ndarray, " 3"]:
    """Mean of all that the thing fills (where its own solids overlap, counted twice)."""
    corners = np.concatenate([solid.corners for solid in thing.solids])
    # Tetrahedra from one point to every face, with signs: their sum is the body.
    origin = corners.reshape(-1, 3).mean(0)
    a, b, c = (corners - origin).transpose(1, 0, 2)
    volumes = np.einsum("ij,ij->i", a, np.cross(b, c))
    return origin + volumes @ (a + b + c) / (4 * volumes.sum())
