"""Tools as long as a person: ladders, brooms and shovels."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.objects.catalog import FLOOR, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.hand_tools import GRIPS, rested
from nesf_ros.synthetic.objects.pieces import lying
from nesf_ros.synthetic.objects.tools import tuft
from nesf_ros.synthetic.solids import Solid, box, cylinder, extruded, hull, rounded_box, tube
from nesf_ros.synthetic.things import Model, Part, turned


@object_class("ladder", "tool", size_m=((0.45, 0.95), (0.35, 1.4), (0.6, 2.1)),
              places=(FLOOR,), rooms=("garage", "workshop"),
              aliases=("stepladder", "step ladder"))  # fmt: skip
def ladder(draw: Draw) -> Model:
    """A step ladder that stands open, its steps towards +y."""
    steps, rise = draw.count(3, 7), draw.size(0.22, 0.27)
    height, width = steps * rise, draw.size(0.4, 0.52)
    frame = draw.material(draw.choice(("metal", "metal", "wood")))
    tread = draw.material("plastic", "black", "grey", "red") if draw.chance(0.5) else frame
    foot, spread = draw.material("rubber", "black"), height * draw.size(0.26, 0.34)
    flare = 0.07 * height
    rails: list[Solid] = []
    feet = []
    for side in (-1, 1):
        for y in (spread, -spread):
            low = (side * (width / 2 + flare), y, 0.02)
            rails += tube([low, (side * width / 2, 0.1 * y, height)], 0.018, frame, 8)
            feet.append(box((0.05, 0.05, 0.04), foot, (low[0], y, 0)))
    treads = []
    for number in range(1, steps):
        share = number / steps
        reach = width + 2 * flare * (1 - share)
        y = spread * (1 - 0.9 * share)
        treads.append(box((reach, 0.08, 0.025), tread, (0, y, number * rise)))
        if number % 2:
            treads.append(box((reach, 0.02, 0.02), frame, (0, -y, number * rise)))
    top = rounded_box((width + 0.06, 0.26, 0.04), 0.012, tread, (0, 0, height - 0.02))
    return Model((Part("rails", tuple(rails)), Part("steps", tuple(treads)), Part("top", (top,)),
                  Part("feet", tuple(feet))), frame)  # fmt: skip


@object_class("broom", "tool", size_m=((1.0, 1.75), (0.12, 0.6), (0.03, 0.2)),
              places=(FLOOR,), rooms=("kitchen", "garage", "hall"),
              aliases=("besom", "sweeping broom"))  # fmt: skip
def broom(draw: Draw) -> Model:
    """A broom that lies on the floor."""
    length, thick = draw.size(0.95, 1.3), 0.012
    wood = draw.material(draw.choice(("wood", "metal", "plastic")))
    paint = draw.material("plastic", *GRIPS)
    straw = draw.natural("plant", draw.choice(("beige", "black", "green")), 0.4, 0.01)
    wide, hair = draw.size(0.16, 0.45), draw.size(0.1, 0.3)
    deep = draw.size(0.045, 0.07)
    middle, x = deep / 2, length / 2
    stick = lying(cylinder(thick, length + 0.05, wood, sides=12), "x", (-x - 0.05, 0, middle))
    grip = lying(cylinder(1.25 * thick, 0.14, paint, sides=12), "x", (-x - 0.06, 0, middle))
    block = rounded_box((0.06, 0.8 * wide, 0.9 * deep), 0.015, paint, (x, 0, 0.05 * deep))
    ends = (x + 0.02, x + 0.02 + hair)
    hairs = hull(tuft(ends[0], ends[1], (0.75 * wide, wide), (0.8, 1.0), deep), straw)
    lean = turned("y", -np.arctan((middle - 1.25 * thick) / (length + hair + 0.08)))
    pieces = {"handle": [stick, grip], "block": [block], "bristles": [hairs]}
    return Model(rested(pieces, lean), paint)


@object_class("shovel", "tool", size_m=((0.8, 1.6), (0.15, 0.36), (0.03, 0.25)),
              places=(FLOOR,), rooms=("garage",),
              aliases=("spade", "garden shovel"))  # fmt: skip
def shovel(draw: Draw) -> Model:
    """A shovel that lies on the floor, its blade curved and pointed or square."""
    length, wide, long = draw.size(0.65, 1.0), draw.size(0.18, 0.26), draw.size(0.26, 0.34)
    wood = draw.material(draw.choice(("wood", "wood", "plastic")), "brown", "beige", "yellow")
    steel = draw.material("metal", "grey", "black", "blue", "red")
    grip = draw.material("plastic", *GRIPS)
    pointed, half, wall = draw.chance(0.6), wide / 2, 0.03
    x, axis = length / 2, 0.035
    tip = [(0.55 * long, half), (long, 0.0), (0.55 * long, -half)]
    edge = tip if pointed else [(long, half), (long, -half)]
    blade = extruded([(x, -0.8 * half), (x, 0.8 * half), (x + 0.05, half),
                      *((x + a, y) for a, y in edge), (x + 0.05, -half)], 0.004, steel)  # fmt: skip
    side = 0.55 * long if pointed else long
    rims = [s for way in (-1, 1)
            for s in tube([(x, way * 0.8 * half, 0.6 * wall), (x + 0.05, way * half, wall),
                           (x + 0.6 * side, way * half, 0.7 * wall), (x + side, way * half, 0.005)],
                          0.005, steel, 6)]  # fmt: skip
    back = box((0.012, 1.6 * half, wall), steel, (x, 0, 0))
    sides = [hull(np.array([(x + a, way * (half - i * 0.004), z) for a, z in
                            ((0.05, 0.002), (0.05, wall), (side, 0.002), (side, 0.006))
                            for i in (0, 1)]), steel) for way in (-1, 1)]  # fmt: skip
    neck = cylinder(0.018, 0.2, steel, top_radius_m=0.026, sides=12)
    socket = lying(neck, "x", (x - 0.19, 0, axis))
    stick = lying(cylinder(0.016, length - 0.1, wood, sides=12), "x", (-x, 0, axis))
    loop = tube([(-x, 0, axis), (-x - 0.06, 0.055, axis), (-x - 0.13, 0.055, axis),
                 (-x - 0.13, -0.055, axis), (-x - 0.06, -0.055, axis), (-x, 0, axis)],
                0.014, grip, 10)  # fmt: skip
    lean = turned("y", -np.arctan((axis - 0.014) / (length + 0.13)))
    return Model(rested({"handle": [stick, *loop], "socket": [socket],
                         "blade": [blade, back, *rims, *sides]}, lean), steel)  # fmt: skip
