"""Tables for meals, before sofas and beside them."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.casework import Casework
from nesf_ros.synthetic.objects.catalog import FLOOR, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.joinery import (
    SMALL_THINGS,
    STORED,
    legs,
    on_top,
    radial_legs,
    timber,
)
from nesf_ros.synthetic.objects.pieces import oval
from nesf_ros.synthetic.solids import Point, Solid, box, cylinder, extruded, tapered_box
from nesf_ros.synthetic.things import ON, Model, Part, Receptacle, turned

_SERVED = (*SMALL_THINGS, "container", "appliance")


def _top_material(draw: Draw) -> Material:
    kind = draw.choice(("timber", "timber", "timber", "stone", "glass"))
    return timber(draw) if kind == "timber" else draw.material(kind)


def _board(size_m: Point, round_: bool, material: Material, z: float) -> Solid:
    """A plate whose upper face is at z: a rectangle, or an ellipse of that size."""
    width, depth, thick = size_m
    if round_:
        return extruded(oval(width, depth, 28), thick, material, (0, 0, z - thick))
    return box(size_m, material, (0, 0, z - thick))


def _room_on(
    width: float, depth: float, round_: bool, z: float, name: str = "top", high: float = 0.5
) -> Receptacle:
    if not round_:
        return on_top(width - 0.02, depth - 0.02, z, high, name)
    x, y = 0.48 * width, 0.48 * depth
    return Receptacle(ON, (-x, -y, z), (x, y, z + high), True, name)


@object_class("table", "furniture", size_m=((0.7, 2.2), (0.65, 1.35), (0.68, 0.8)),
              places=(FLOOR,), rooms=("kitchen", "living room", "office"),
              aliases=("dining table", "kitchen table", "dinner table"), holds=_SERVED)  # fmt: skip
def table(draw: Draw) -> Model:
    """A rectangular, round or oval top on four legs, a pedestal, panels or trestles."""
    material, height, thick = _top_material(draw), draw.size(0.7, 0.78), draw.size(0.02, 0.05)
    style = draw.choice(("legs", "legs", "legs", "pedestal", "panels", "trestles"))
    round_ = style in ("legs", "pedestal") and draw.chance(0.4)
    depth = draw.size(0.7, 1.0)
    width = depth * draw.choice((1.0, draw.size(1.2, 1.5) if round_ else draw.size(1.3, 2.1)))
    if style in ("panels", "trestles"):
        width = max(width, 1.2)
    below = height - thick
    bearing = material if material.kind == "wood" and draw.chance(0.5) else timber(draw)
    bearing = draw.material("metal") if draw.chance(0.2) else bearing
    base = {"legs": _on_legs, "pedestal": _on_pedestal}.get(style)
    if base:
        inner = (0.7 * width, 0.7 * depth) if round_ else (width - 0.04, depth - 0.04)
        solids = base(draw, (*inner, below), bearing)
    else:
        solids = _on_ends(draw, (width, depth, below), bearing, style)
    parts = (Part("top", (_board((width, depth, thick), round_, material, height),)),
             Part("legs", solids))  # fmt: skip
    return Model(parts, material, (_room_on(width, depth, round_, height),))


def _on_legs(draw: Draw, size_m: Point, wood: Material) -> tuple[Solid, ...]:
    """Four legs below the corners, with an apron between them on some."""
    width, depth, height = size_m
    thick = draw.size(0.045, 0.09)
    feet = legs(draw, size_m, wood, thick)
    if draw.chance(0.4):
        return feet
    high, x, y = draw.size(0.06, 0.11), width / 2 - thick, depth / 2 - thick
    z = height - high
    apron = [box((2 * x, 0.02, high), wood, (0, s, z)) for s in (-y, y)]
    apron += [box((0.02, 2 * y - 0.02, high), wood, (s, 0, z)) for s in (-x, x)]
    return (*feet, *apron)


def _on_pedestal(draw: Draw, size_m: Point, wood: Material) -> tuple[Solid, ...]:
    """One column on a disc, or on three to five feet that rise to it."""
    height, thick = size_m[2], draw.size(0.035, 0.06)
    reach = 0.42 * min(size_m[:2])
    column = cylinder(thick, height - 0.03, wood, (0, 0, 0.03), 0.7 * thick, sides=16)
    head = cylinder(3 * thick, 0.02, wood, (0, 0, height - 0.02), sides=16)
    if draw.chance(0.5):
        return column, head, cylinder(reach, 0.03, wood, top_radius_m=0.95 * reach, sides=24)
    feet = []
    count = draw.count(3, 5)
    for n in range(count):
        foot = tapered_box((0.06, 0.04, 0.16), (0.03, 0.04), wood, (0, reach, 0), (0, -reach))
        feet.append(foot.moved(turned("z", 2 * np.pi * n / count)))
    return (column, head, *feet)


def _on_ends(draw: Draw, size_m: Point, wood: Material, style: str) -> tuple[Solid, ...]:
    """Near each end a panel or a trestle, with a beam from one to the other."""
    width, depth, height = size_m
    x = width / 2 - draw.size(0.1, 0.22)
    beam = box((2 * x, 0.03, 0.1), wood, (0, 0, draw.size(0.15, 0.5) * height))
    if style == "panels":
        panel = (draw.size(0.03, 0.07), draw.size(0.5, 0.9) * depth, height)
        return (*(box(panel, wood, (side, 0, 0)) for side in (-x, x)), beam)
    solids = [beam]
    half, thick = 0.42 * depth, 0.06
    for side in (-x, x):
        for way in (-1, 1):
            # Two slanting legs that cross, or lean against each other.
            solids.append(tapered_box((thick, thick, height), (thick, thick), wood,
                                      (side + 0.03 * way, way * half, 0),
                                      (0, -way * half * 1.8)))  # fmt: skip
        solids.append(box((0.1, 0.85 * depth, 0.04), wood, (side, 0, height - 0.04)))
    return tuple(solids)


@object_class("coffee table", "furniture", size_m=((0.45, 1.45), (0.4, 0.95), (0.28, 0.52)),
              places=(FLOOR,), rooms=("living room",),
              aliases=("low table", "sofa table", "lounge table"), holds=STORED)  # fmt: skip
def coffee_table(draw: Draw) -> Model:
    """A low top: on legs, with a board below it, or on a carcass open at the front."""
    material, height, thick = _top_material(draw), draw.size(0.32, 0.48), draw.size(0.02, 0.045)
    width, depth, below = draw.size(0.8, 1.35), draw.size(0.48, 0.75), height - thick
    wood = material if material.kind == "wood" and draw.chance(0.6) else timber(draw)
    style = draw.choice(("legs", "shelf", "case", "drum"))
    round_ = style == "drum" or (style == "legs" and draw.chance(0.5))
    if round_:
        width = min(width, depth * draw.choice((1.0, 1.5)))
    top = Part("top", (_board((width, depth, thick), round_, material, height),))
    rooms = [_room_on(width, depth, round_, height)]
    if style == "case":
        work = Casework(draw, (width - 0.06, depth - 0.06, below), wood, front=wood, back=False)
        for number, cell in enumerate(work.split(work.space, "x", [1.0] * draw.count(1, 2))):
            work.compartment(cell, ("right ", "left ")[number])
        return Model(work.parts(top), wood, (*rooms, *work.receptacles))
    if style == "drum":
        drum = extruded(oval(0.8 * width, 0.8 * depth, 24), below, wood)
        return Model((top, Part("base", (drum,))), material, tuple(rooms))
    inner = (0.68 * width, 0.68 * depth, below) if round_ else (width - 0.04, depth - 0.04, below)
    bearing = wood if draw.chance(0.7) else draw.material("metal")
    parts = [top, Part("legs", legs(draw, inner, bearing, draw.size(0.03, 0.06)))]
    if style == "shelf":
        level = draw.size(0.3, 0.45) * height
        size = (0.84 * width, 0.8 * depth)
        parts.append(Part("shelf", (_board((*size, 0.02), False, wood, level),)))
        rooms.append(on_top(0.6 * width, 0.55 * depth, level, below - level - 0.01, "shelf"))
    return Model(tuple(parts), material, tuple(rooms))


@object_class("side table", "furniture", size_m=((0.28, 0.65), (0.22, 0.65), (0.4, 0.72)),
              places=(FLOOR,), rooms=("living room", "bedroom"),
              aliases=("end table", "small table", "occasional table"), holds=STORED)  # fmt: skip
def side_table(draw: Draw) -> Model:
    """A small top on a pedestal, three or four legs, or a frame open at one side."""
    material, height, thick = _top_material(draw), draw.size(0.42, 0.68), draw.size(0.015, 0.03)
    width, below = draw.size(0.3, 0.55), height - thick
    style = draw.choice(("tripod", "four", "pedestal", "frame"))
    round_ = style != "frame" and draw.chance(0.75)
    depth = width if round_ else width * draw.size(0.8, 1.15)
    bearing = timber(draw) if draw.chance(0.5) else draw.material("metal")
    parts = [Part("top", (_board((width, depth, thick), round_, material, height),))]
    rooms = [_room_on(width, depth, round_, height)]
    if style == "pedestal":
        solids = _on_pedestal(draw, (width, depth, below), bearing)
    elif style == "frame":
        x, bar = width / 2 - 0.02, 0.025
        post, rail = (bar, bar, below), (2 * x - bar, bar, bar)
        solids = (box((bar, depth - 0.06, bar), bearing, (x, 0, 0)),)
        for y in (0.015 - depth / 2, depth / 2 - 0.015):
            bars = (post, (-x, y, 0)), (rail, (0, y, 0)), (rail, (0, y, below - bar))
            solids += tuple(box(size, bearing, at) for size, at in bars)
    else:
        shelved = style == "four" and draw.chance(0.6)
        count, top = 3 if style == "tripod" else 4, draw.size(0.36 if shelved else 0.2, 0.42)
        solids = radial_legs(count, 0.46 * width, top * width, below, bearing)
        solids = tuple(foot.moved(turned("z", np.pi / count)) for foot in solids)
        if shelved:
            level = draw.size(0.3, 0.5) * height
            board = cylinder(0.42 * width, 0.02, bearing, (0, 0, level - 0.02), sides=24)
            parts.append(Part("shelf", (board,)))
            half = 0.22 * width
            rooms.append(Receptacle(ON, (-half, -half, level), (half, half, below - 0.01),
                                    True, "shelf"))  # fmt: skip
    return Model((*parts, Part("legs", solids)), material, tuple(rooms))
