"""Furniture with drawers: dressers, drawer units, nightstands, desks."""

from __future__ import annotations

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.casework import Casework, footing, merged, place_words
from nesf_ros.synthetic.objects.catalog import FLOOR, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.joinery import (
    STORED,
    block,
    carcass,
    castor,
    inside,
    legs,
    on_top,
    timber,
)
from nesf_ros.synthetic.solids import Point, box
from nesf_ros.synthetic.things import Model, Part, Receptacle


@object_class("dresser", "furniture", size_m=((0.55, 1.9), (0.36, 1.0), (0.6, 1.4)),
              places=(FLOOR,), rooms=("bedroom", "hall"),
              aliases=("chest of drawers", "bureau", "bedroom drawers"), holds=STORED)  # fmt: skip
def dresser(draw: Draw) -> Model:
    """One to three columns of drawers."""
    wood, columns = timber(draw), draw.count(1, 3)
    width = (draw.size(0.6, 0.9), draw.size(0.9, 1.4), draw.size(1.3, 1.8))[columns - 1]
    depth, height = draw.size(0.38, 0.52), draw.size(0.62, 1.2 if columns < 3 else 0.85)
    bottom, foot = footing(draw, width, depth, wood)
    front = wood if draw.chance(0.7) else timber(draw)
    work = Casework(draw, (width, depth, height), wood, front=front, at=(0, 0, bottom))
    rows = draw.count(3, 6 if columns == 1 and height > 0.9 else 4)
    shares = [1.0] * rows if draw.chance(0.6) else [1.5 - 0.8 * n / rows for n in range(rows)]
    for column, bay in enumerate(work.split(work.space, "x", [1.0] * columns)):
        for row, cell in enumerate(work.split(bay, "z", shares)):
            work.drawer(cell, place_words(row, rows, column, columns))
    top = on_top(width - 0.02, depth - 0.02, bottom + height)
    return Model(work.parts(foot), front, (*work.receptacles, top))


@object_class("drawer unit", "furniture", size_m=((0.3, 0.5), (0.38, 1.05), (0.45, 0.95)),
              places=(FLOOR,), rooms=("office", "bedroom"),
              aliases=("rolling drawers", "drawer cart", "mobile pedestal"),
              holds=STORED)  # fmt: skip
def drawer_unit(draw: Draw) -> Model:
    """A narrow pile of drawers on castors."""
    kind = draw.choice(("metal", "wood", "plastic"))
    body = timber(draw) if kind == "wood" else draw.material(kind)
    front = body if draw.chance(0.5) else draw.material("plastic")
    width, depth, height = draw.size(0.32, 0.46), draw.size(0.4, 0.56), draw.size(0.42, 0.8)
    radius = draw.size(0.02, 0.035)
    work = Casework(draw, (width, depth, height), body, front=front, at=(0, 0, 2 * radius))
    rows, deep = draw.count(2, 5 if height > 0.6 else 3), draw.chance(0.4)
    shares = [1.8 if deep and row == 0 else 1.0 for row in range(rows)]
    for row, cell in enumerate(work.split(work.space, "z", shares)):
        work.drawer(cell, place_words(row, rows))
    rubber = draw.material("rubber", "black")
    x, y = width / 2 - 0.04, depth / 2 - 0.05
    wheels = [s for px in (-x, x) for py in (-y, y) for s in castor(px, py, radius, rubber)]
    top = on_top(width - 0.02, depth - 0.02, 2 * radius + height)
    parts = work.parts(Part("wheels", tuple(wheels)))
    return Model(parts, front, (*work.receptacles, top))


@object_class("nightstand", "furniture", size_m=((0.3, 0.65), (0.28, 0.9), (0.38, 0.8)),
              places=(FLOOR,), rooms=("bedroom",),
              aliases=("bedside table", "night table", "bedside cabinet"),
              holds=STORED)  # fmt: skip
def nightstand(draw: Draw) -> Model:
    """A small carcass with drawers, an open compartment or a door, mostly on legs."""
    wood = timber(draw)
    width, depth, height = draw.size(0.34, 0.58), draw.size(0.3, 0.45), draw.size(0.28, 0.5)
    bottom, foot = footing(draw, width, depth, wood)
    if draw.chance(0.4):
        bottom = draw.size(0.2, 0.3)
        height -= 0.1
        foot = Part("legs", legs(draw, (width - 0.02, depth - 0.02, bottom), wood, 0.035))
    elif bottom + height < 0.4:
        height += 0.12
    front = wood if draw.chance(0.6) else timber(draw)
    work = Casework(draw, (width, depth, height), wood, front=front, at=(0, 0, bottom))
    style = draw.choice(("drawers", "shelf", "door") if height > 0.3 else ("drawers",))
    if style == "drawers":
        rows = draw.count(1, 3) if height > 0.3 else 1
        for row, cell in enumerate(work.split(work.space, "z", [1.0] * rows)):
            work.drawer(cell, place_words(row, rows))
    else:
        below, above = work.split(work.space, "z", (1.6, 1.0))
        work.drawer(above, "")
        work.compartment(below, "", style == "door" and work.door(below, "left", ""))
    top = on_top(width - 0.02, depth - 0.02, bottom + height)
    return Model(work.parts(foot), wood, (*work.receptacles, top))


@object_class("desk", "furniture", size_m=((0.9, 1.9), (0.5, 1.45), (0.68, 1.3)),
              places=(FLOOR,), rooms=("office", "bedroom"),
              aliases=("writing desk", "work desk", "writing table"), holds=STORED)  # fmt: skip
def desk(draw: Draw) -> Model:
    """A top on legs and piles of drawers; some with a back panel, or a raised board behind."""
    wood = timber(draw)
    width, depth, height = draw.size(1.0, 1.8), draw.size(0.52, 0.8), draw.size(0.7, 0.78)
    thick = draw.size(0.02, 0.035)
    below = height - thick
    plate = box((width, depth, thick), wood, (0.0, 0.0, below))
    columns: tuple[int, ...] = draw.choice(((1,), (-1,), (-1, 1), (0,)))
    metal = wood if draw.chance(0.5) else draw.material("metal")
    corners = legs(draw, (width - 0.04, depth - 0.04, below), metal, draw.size(0.04, 0.06))
    carried = {1: corners[:2], -1: corners[2:]}
    stands = [leg for side in (1, -1) if side not in columns for leg in carried[side]]
    parts, rooms = [Part("top", (plate,)), Part("legs", tuple(stands))], list[Receptacle]()
    if draw.chance(0.6):
        back = block((-width / 2 + 0.03, -depth / 2 + 0.005, 0.5 * below),
                     (width / 2 - 0.03, -depth / 2 + 0.02, below), wood)  # fmt: skip
        parts.append(Part("back panel", (back,)))
    front = wood if draw.chance(0.5) else timber(draw)
    piles = _piles(draw, (width, depth, below), columns, (wood, front))
    surface, hutch = _surface(draw, (width, depth, height), wood)
    made = merged((*parts, *hutch, *(part for pile in piles for part in pile.parts())))
    rooms += [room for pile in piles for room in pile.receptacles]
    return Model(made, wood, (*surface, *rooms))


def _piles(
    draw: Draw, free_m: Point, columns: tuple[int, ...], woods: tuple[Material, Material]
) -> list[Casework]:
    """Drawers below a top: at its left (1) or right (-1) end, or one wide drawer (0)."""
    width, depth, below = free_m
    pile, tall, rows = draw.size(0.34, 0.44), below, draw.count(2, 4)
    if columns == (0,):
        pile, tall, rows = width - 0.4, 0.13, 1
    made = []
    for column, side in enumerate(columns):
        x = side * (width / 2 - 0.02 - pile / 2)
        work = Casework(draw, (pile, depth - 0.08, tall), woods[0], front=woods[1],
                        at=(x, 0.0, below - tall))  # fmt: skip
        for row, cell in enumerate(work.split(work.space, "z", [1.0] * rows)):
            work.drawer(cell, place_words(row, rows, column, len(columns)))
        made.append(work)
    return made


def _surface(
    draw: Draw, size_m: Point, wood: Material
) -> tuple[tuple[Receptacle, ...], tuple[Part, ...]]:
    """Room on the top of a desk, and in some a board above its back edge."""
    width, depth, height = size_m
    if draw.chance(0.7):
        return (on_top(width - 0.02, depth - 0.02, height, 0.5),), ()
    deep, rise = draw.size(0.18, 0.24), draw.size(0.2, 0.4)
    y = -depth / 2 + deep / 2
    boards, space = carcass((width, deep, rise), 0.018, wood, (0.0, y, height))
    front = on_top(width - 0.02, depth - deep - 0.02, height, 0.5, "top", deep / 2)
    above = on_top(width - 0.02, deep - 0.02, height + rise, 0.3, "shelf", y)
    return (front, inside(space, "shelf compartment"), above), (Part("shelf", boards),)
