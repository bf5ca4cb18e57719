"""Small things: on tables, in shelves, drawers, boxes and bowls, upon each other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from nesf_ros.synthetic.objects.catalog import CLASSES, SURFACE, ObjectClass
from nesf_ros.synthetic.scenes.placing import Area, Stage
from nesf_ros.synthetic.things import IN, Receptacle

_FAILURES = 3  # in a row, after which an area counts as full
_ALIGNED = 0.7
_SWAY_RAD = 0.12
_WEIGHTS = {"on": 1.0, "in": 0.8, "closed": 0.45, "top": 0.12}
"""How readily areas are chosen, times the root of their size; "top" is the back of a thing."""
_LIKED = 0.6
_SEATS = ("chair", "arm chair", "stool", "bench", "ottoman", "sofa", "stairs")
_HIGH_M = 1.75
_SELDOM = 0.25
"""How much more rarely things lie on seats and above reach, and plain shapes lie about."""
_AGAIN = 0.5  # as likely is a class for every instance that is there


def fill(
    stage: Stage,
    areas: Iterable[Area],
    wanted: int,
    rooms: Collection[str] = (),
    liked: Mapping[str, Sequence[str]] | None = None,
) -> int:
    """Put small things into areas, and into what has come there; returns how many.

    Args:
        stage: where.
        areas: to begin with.
        wanted: how many things.
        rooms: whose things; of all where empty.
        liked: for a class that holds things, classes (of any room) and families that it holds
            most often.
    """
    open_areas = list(areas)
    failures = [0] * len(open_areas)
    weights = [_weight(area) for area in open_areas]
    done = 0
    while open_areas and done < wanted:
        total = np.array(weights)
        index = int(stage.rng.choice(len(open_areas), p=total / total.sum()))
        area = open_areas[index]
        thing = None
        name = _something(stage, area, rooms, (liked or {}).get(area.holder.class_name, ()))
        if name:
            thing = stage.put_in(name, area, _turn(stage))
        if thing:
            done += 1
            failures[index] = 0
            for new in stage.areas(thing):
                open_areas.append(new)
                failures.append(0)
                weights.append(_weight(new))
            continue
        failures[index] += 1
        if failures[index] == _FAILURES:
            for values in (open_areas, failures, weights):
                del values[index]
    return done


def fits(about: ObjectClass, space: Receptacle) -> bool:
    """Whether the smallest instance of a class could fit into a space."""
    across = sorted(np.subtract(space.upper, space.lower)[:2].tolist())
    smallest = sorted((about.size_m[0][0], about.size_m[1][0]))
    high = float(space.upper[2] - space.lower[2])
    return all(s <= a for s, a in zip(smallest, across, strict=True)) and about.size_m[2][0] <= high


def _something(
    stage: Stage, area: Area, rooms: Collection[str], liked: Sequence[str]
) -> str | None:
    """A class that may go there; None if there is none."""
    possible = [
        name
        for name in stage.classes
        if _belongs(CLASSES[name], area, () if name in liked else rooms)
        and fits(CLASSES[name], area.space)
    ]
    preferred = [name for name in possible if name in liked or CLASSES[name].family in liked]
    if preferred and stage.draw.chance(_LIKED):
        possible = preferred
    if not possible:
        return None
    weights = np.array([_AGAIN ** stage.number_of(name) for name in possible])
    weights[[CLASSES[name].family == "shape" for name in possible]] *= _SELDOM
    return possible[int(stage.rng.choice(len(possible), p=weights / weights.sum()))]


def _belongs(about: ObjectClass, area: Area, rooms: Collection[str]) -> bool:
    return (
        SURFACE in about.places
        and (not area.families or about.family in area.families)
        and (not rooms or not about.rooms or not set(rooms).isdisjoint(about.rooms))
    )


def _weight(area: Area) -> float:
    width, depth, _ = np.subtract(area.space.upper, area.space.lower).tolist()
    kind = "top" if not area.families else area.space.relation
    if kind == IN and area.space.closed:
        kind = "closed"
    weight = _WEIGHTS[kind] * np.sqrt(width * depth)
    if area.holder.class_name in _SEATS:
        weight *= _SELDOM
    if area.holder.world_T_model[2, 3] + area.space.lower[2] > _HIGH_M:
        weight *= _SELDOM
    return float(weight)


def _turn(stage: Stage) -> float | None:
    """Mostly the front looks where the holder's does; else anywhere."""
    if stage.draw.chance(_ALIGNED):
        return float(stage.rng.normal(0.0, _SWAY_RAD))
    return None
