"""What holds water: sink, washbasin, bathtub."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.fittings import Solids, faucet, grip, hollow, row, undecorated
from nesf_ros.synthetic.solids import (
    Point,
    Solid,
    ball,
    box,
    cylinder,
    revolved,
    rounded_box,
    vessel,
)
from nesf_ros.synthetic.things import IN, Model, Part, Receptacle


def _around(size_m: Point, hole_m: Point, material: Material, at: Point) -> Solids:
    """A slab with a rectangular hole: (middle x, width, depth), at the same y as the slab."""
    (width, depth, thick), (hole_x, wide, deep), (x, y, z) = size_m, hole_m, at
    left, right = hole_x - wide / 2 + width / 2, width / 2 - hole_x - wide / 2
    strip = (depth - deep) / 2
    return (
        box((left, depth, thick), material, (x + (left - width) / 2, y, z)),
        box((right, depth, thick), material, (x + (width - right) / 2, y, z)),
        box((wide, strip, thick), material, (x + hole_x, y + (depth - strip) / 2, z)),
        box((wide, strip, thick), material, (x + hole_x, y + (strip - depth) / 2, z)),
    )


def _cupboard(
    size_m: Point, doors: int, body: Material, steel: Material, at: Point
) -> tuple[Solids, Solids]:
    """Boards and shut doors around a hollow, open at the top; and the doors' handles."""
    (width, depth, height), (x, y, z) = size_m, at
    solids = [*hollow((width, depth - 0.05, height), 0.018, body, (x, y - 0.005, z), front=False)]
    handles: list[Solid] = []
    front, wide = y + depth / 2 - 0.03, width / doors - 0.006
    for place in row(doors, width):
        solids.append(box((wide, 0.018, height - 0.006), body, (x + place, front + 0.009, z)))
        at = (x + place + 0.4 * wide, front + 0.017, z + height - 0.15)
        handles += grip(0.12, "z", steel, at)
    return tuple(solids), tuple(handles)


@object_class("sink", "appliance", size_m=((0.55, 1.5), (0.5, 0.8), (0.95, 1.35)),
              places=(FLOOR,), rooms=("kitchen",), holds=("kitchenware", "food", "container"),
              aliases=("kitchen sink", "sink unit", "sink cabinet"))  # fmt: skip
def sink(draw: Draw) -> Model:
    """A cupboard whose top has a steel basin and a faucet; a draining board on some."""
    basin, depth, height = draw.size(0.36, 0.5), draw.size(0.56, 0.65), draw.size(0.84, 0.92)
    board, deep, long = draw.choice((0.0, draw.size(0.3, 0.55))), draw.size(0.14, 0.2), 0.36
    width, way = basin + 0.2 + board, draw.choice((-1, 1))
    wood, steel = draw.material("wood"), draw.material("metal", "grey", "grey", "white")
    body = draw.choice((wood, draw.material("plastic", "white", "blue", "green", "red", "grey")))
    top = draw.choice((steel, steel, draw.material("stone"), wood))
    x, level, plinth = way * board / 2, height - 0.03, 0.08
    counter = _around((width, depth, 0.03), (x, basin, long), top, (0, 0, level))
    bowl = hollow((basin, long, deep + 0.002), 0.008, steel, (x, 0, height - deep), front=False)
    floor = height - deep + 0.009
    drain = cylinder(0.03, 0.004, draw.material("metal", "black"), (x, 0, floor - 0.004), sides=16)
    ribs = [
        box((0.012, 0.6 * depth, 0.004), steel, (place - way * (basin + 0.1) / 2, 0, height))
        for place in row(5, board)
    ]
    inner = width - 0.02
    fronts, handles = _cupboard((inner, depth, level - plinth), draw.count(1, 2) + (width > 0.9),
                                body, steel, (0, 0, plinth))  # fmt: skip
    mixer = faucet(draw, draw.size(0.15, 0.2), draw.size(0.18, 0.34), steel,
                   (x, -long / 2 - 0.045, height))  # fmt: skip
    half, half_y = basin / 2 - 0.012, long / 2 - 0.012
    base = box((width - 0.04, depth - 0.12, plinth), draw.material("wood", "black"), (0, -0.02, 0))
    return Model(
        (
            Part("counter", (*counter, *(ribs if board else ()))),
            Part("basin", (*bowl, drain)),
            Part("cupboard", (base, *fronts)),
            Part("handles", handles),
            Part("faucet", mixer),
        ),
        body,
        (
            Receptacle(IN, (x - half, -half_y, floor), (x + half, half_y, height + 0.05),
                       name="basin"),
            Receptacle(IN, (-inner / 2 + 0.03, 0.04 - depth / 2, plinth + 0.018),
                       (inner / 2 - 0.03, depth / 2 - 0.06, height - deep - 0.01),
                       name="cupboard", closed=True),
        ),
    )  # fmt: skip


def _bowl(size_m: Point, wall_m: float, material: Material, at: Point, belly: float) -> Solid:
    """An oval bowl with a flat floor, half as wide as its rim, or less where the belly is slim."""
    width, depth, height = size_m
    angles = np.linspace(0.0, np.pi / 2, 6)
    outline = [(0.5 * (belly + (1 - belly) * np.sin(a)), height * (1 - np.cos(a))) for a in angles]
    round_ = vessel(outline, wall_m / depth, material, sides=24)
    stretch = np.diag([width, depth, 1.0, 1.0])
    stretch[:3, 3] = at
    return round_.moved(stretch)


def _floor_of(size_m: Point, at: Point, thick_m: float, belly: float) -> Receptacle:
    """The room over the flat floor of such a bowl."""
    half_x, half_y = (0.97 * (belly / 2 - thick_m) * side for side in size_m[:2])
    lower = (at[0] - half_x, at[1] - half_y, at[2] + thick_m)
    upper = (at[0] + half_x, at[1] + half_y, at[2] + size_m[2])
    return Receptacle(IN, lower, upper, round=True, name="basin")


def _pedestal(draw: Draw, height: float, material: Material) -> Solid:
    base, waist = draw.size(0.11, 0.15), draw.size(0.06, 0.09)
    if draw.chance(0.3):
        return rounded_box((2 * waist, 2 * waist, height), 0.02, material, steps=2)
    outline = [(base, 0.0), (base, 0.03), (waist, 0.12), (waist, height - 0.15), (base, height)]
    return revolved([(0.0, 0.0), *outline, (0.0, height)], material, sides=20)


@object_class("washbasin", "bathroom", size_m=((0.4, 0.75), (0.35, 0.65), (0.85, 1.2)),
              places=(FLOOR,), rooms=("bathroom",), holds=("bathroom",),
              aliases=("wash basin", "bathroom sink", "pedestal sink"))  # fmt: skip
def washbasin(draw: Draw) -> Model:
    """An oval or square bowl on a pedestal, with a faucet on its back rim."""
    white = undecorated(draw, "ceramic", "white", "white", "beige", "pink", "turquoise", "green")
    chrome = draw.material("metal", "grey", "gold")
    width, depth, deep = draw.size(0.42, 0.68), draw.size(0.36, 0.48), draw.size(0.13, 0.18)
    rim = draw.size(0.8, 0.9)
    low = rim - deep
    size, at = (width, depth, deep), (0.0, 0.03, low)
    if draw.chance(0.6):
        belly = 0.6
        bowl: Solids = (_bowl(size, 0.022, white, at, belly),)
        room = _floor_of(size, at, 0.022 / depth, belly)
    else:
        bowl = hollow(size, 0.025, white, at, front=False)
        half_x, half_y = width / 2 - 0.035, depth / 2 - 0.035
        room = Receptacle(IN, (-half_x, 0.03 - half_y, low + 0.025),
                          (half_x, 0.03 + half_y, rim), name="basin")  # fmt: skip
    back = 0.03 - depth / 2
    shelf = rounded_box((0.6 * width, 0.1, 0.7 * deep), 0.015, white, (0, back - 0.015,
                        rim - 0.7 * deep + 0.012), steps=2)  # fmt: skip
    mixer = faucet(draw, draw.size(0.11, 0.15), draw.size(0.1, 0.2), chrome,
                   (0, back - 0.015, rim + 0.01))  # fmt: skip
    return Model(
        (
            Part("bowl", (*bowl, shelf)),
            Part("pedestal", (_pedestal(draw, low + 0.002, white),)),
            Part("faucet", mixer),
        ),
        white,
        (room,),
    )


@object_class("bathtub", "bathroom", size_m=((1.3, 1.9), (0.65, 0.95), (0.55, 1.0)),
              places=(FLOOR,), rooms=("bathroom",), holds=("bathroom", "toy", "clothing"),
              aliases=("bath tub", "bath", "tub"))  # fmt: skip
def bathtub(draw: Draw) -> Model:
    """A free-standing oval tub on four feet, or a built-in one with a straight front."""
    white = undecorated(draw, "ceramic", "white", "white", "beige", "pink")
    chrome = draw.material("metal", "grey", "gold")
    width, depth, height = draw.size(1.4, 1.8), draw.size(0.68, 0.82), draw.size(0.5, 0.62)
    if draw.chance(0.5):
        outer = undecorated(draw, "ceramic", "white", "blue", "green", "red", "black", "pink")
        return _oval_tub(draw, (width, depth, height), outer, chrome)
    rim, wide, deep = 0.07, width - 0.14, depth - 0.16
    apron = hollow((width - 0.03, depth - 0.03, height - 0.03), 0.02, white, front=False)
    edge = _around((width, depth, 0.03), (0.0, wide, deep), white, (0, 0, height - 0.03))
    tub = hollow((wide, deep, height - 0.09), 0.012, white, (0, 0, 0.08), front=False)
    half_x, half_y = wide / 2 - 0.02, deep / 2 - 0.02
    room = Receptacle(IN, (-half_x, -half_y, 0.092), (half_x, half_y, height), name="tub")
    mixer = faucet(draw, 0.14, draw.size(0.12, 0.25), chrome, (0, rim / 2 - depth / 2, height))
    return Model(
        (Part("apron", apron), Part("rim", edge), Part("tub", tub), Part("faucet", mixer)),
        white,
        (room,),
    )


def _oval_tub(draw: Draw, size_m: Point, outer: Material, chrome: Material) -> Model:
    width, depth, height = size_m
    foot, belly = draw.size(0.07, 0.12), 0.7
    size, at = (width, depth, height - foot), (0.0, 0.0, foot)
    bowl = _bowl(size, 0.03, outer, at, belly)
    feet = tuple(
        ball(0.6 * foot + 0.01, chrome, (x * 0.26 * width, y * 0.26 * depth, 0), sides=8)
        for x in (-1, 1)
        for y in (-1, 1)
    )
    pipe = cylinder(0.018, height + 0.05, chrome, (0, -depth / 2 - 0.04, 0), sides=12)
    mixer = faucet(draw, 0.18, draw.size(0.15, 0.25), chrome, (0, -depth / 2 - 0.04, height + 0.05))
    room = _floor_of(size, at, 0.03 / depth, belly)
    return Model(
        (Part("tub", (bowl,)), Part("feet", feet), Part("faucet", (pipe, *mixer))), outer, (room,)
    )
