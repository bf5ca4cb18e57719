"""Furniture that things are kept in behind doors or on boards: cabinets, bookcases, shelves."""

from __future__ import annotations

from nesf_ros.synthetic.objects.casework import Casework, footing, place_words
from nesf_ros.synthetic.objects.catalog import FLOOR, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.joinery import (
    STORED,
    on_top,
    timber,
)
from nesf_ros.synthetic.solids import box
from nesf_ros.synthetic.things import Model, Part


def _hinge(column: int, columns: int) -> str:
    return "left" if column == columns - 1 else "right"


@object_class("cabinet", "furniture", size_m=((0.38, 2.3), (0.33, 1.3), (0.45, 2.2)),
              places=(FLOOR,), rooms=("kitchen", "living room", "bathroom", "hall", "office"),
              aliases=("cupboard", "storage cabinet", "cabinet with doors"),
              holds=(*STORED, "appliance"))  # fmt: skip
def cabinet(draw: Draw) -> Model:
    """One to three bays behind doors with shelves inside; some with drawers or a worktop."""
    wood, tall, columns = timber(draw), draw.chance(0.3), draw.count(1, 3)
    width, depth = columns * draw.size(0.38, 0.55), draw.size(0.34, 0.58)
    height = draw.size(1.3, 2.0) if tall else draw.size(0.5, 0.85)
    bottom, foot = footing(draw, width, depth, wood)
    front = wood if draw.chance(0.6) else timber(draw)
    work = Casework(draw, (width, depth, height), wood, front=front, at=(0, 0, bottom))
    drawers, rows = draw.chance(0.3), draw.count(3, 5) if tall else draw.count(1, 3)
    for column, bay in enumerate(work.split(work.space, "x", [1.0] * columns)):
        side = place_words(0, 1, column, columns)
        if drawers and not tall:
            bay, upper = work.split(bay, "z", (3, 1))
            work.drawer(upper, side)
        shut = work.door(bay, _hinge(column, columns), side)
        for row, cell in enumerate(work.split(bay, "z", [1.0] * rows)):
            work.compartment(cell, place_words(row, rows, column, columns), shut)
    top, others = bottom + height, [foot]
    if not tall and draw.chance(0.5):
        slab = draw.material(draw.choice(("stone", "wood")))
        plate = box((width + 0.02, depth + 0.03, 0.03), slab, (0.0, 0.015, top))
        others, top = [foot, Part("worktop", (plate,))], top + 0.03
    rooms = (*work.receptacles, on_top(width - 0.02, depth - 0.02, top))
    return Model(work.parts(*others), front, rooms)


@object_class("bookcase", "furniture", size_m=((0.35, 1.9), (0.2, 0.42), (0.7, 2.3)),
              places=(FLOOR,), rooms=("living room", "office", "bedroom"),
              aliases=("book rack", "shelving unit", "set of shelves"), holds=STORED)  # fmt: skip
def bookcase(draw: Draw) -> Model:
    """Open compartments in one to three columns; in some each column has rows of its own."""
    wood, columns = timber(draw), draw.count(1, 3)
    width, depth = columns * draw.size(0.36, 0.62), draw.size(0.22, 0.4)
    height = draw.size(0.75, 2.0)
    bottom, foot = footing(draw, width, depth, wood)
    work = Casework(draw, (width, depth, height), wood, front=wood, at=(0, 0, bottom),
                    back=draw.chance(0.7))  # fmt: skip
    most = min(6, int(height / 0.28))
    rows, uneven = draw.count(2, most), draw.chance(0.3)
    for column, bay in enumerate(work.split(work.space, "x", [1.0] * columns)):
        rows = draw.count(2, most) if uneven else rows
        shares = [draw.size(0.8, 1.3) if uneven else 1.0 for _ in range(rows)]
        for row, cell in enumerate(work.split(bay, "z", shares)):
            work.compartment(cell, place_words(row, rows, column, columns))
    top = on_top(width - 0.02, depth - 0.02, bottom + height, 0.3)
    return Model(work.parts(foot), wood, (*work.receptacles, top))


@object_class("media console", "furniture", size_m=((0.8, 2.1), (0.3, 1.0), (0.24, 0.75)),
              places=(FLOOR,), rooms=("living room", "bedroom"),
              aliases=("media unit", "television bench", "television stand"),
              holds=STORED)  # fmt: skip
def media_console(draw: Draw) -> Model:
    """A low, wide carcass: open compartments in the middle, doors or drawers beside them."""
    wood, columns = timber(draw), draw.count(2, 3)
    width, depth, height = draw.size(0.85, 2.0), draw.size(0.32, 0.46), draw.size(0.25, 0.45)
    bottom, foot = footing(draw, width, depth, wood)
    front = wood if draw.chance(0.6) else timber(draw)
    work = Casework(draw, (width, depth, height), wood, front=front, at=(0, 0, bottom))
    outer = draw.choice(("open", "door", "drawer"))
    for column, bay in enumerate(work.split(work.space, "x", (1.0, 1.3, 1.0)[:columns])):
        side = place_words(0, 1, column, columns)
        if outer == "drawer" and column != 1:
            work.drawer(bay, side)
        elif outer == "door" and column != 1:
            work.compartment(bay, side, work.door(bay, _hinge(column, columns), side))
        else:
            rows = draw.count(1, 2)
            for row, cell in enumerate(work.split(bay, "z", [1.0] * rows)):
                work.compartment(cell, place_words(row, rows, column, columns))
    top = on_top(width - 0.02, depth - 0.02, bottom + height, 0.9)
    return Model(work.parts(foot), wood, (*work.receptacles, top))
