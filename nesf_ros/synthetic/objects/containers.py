"""What is open at the top: baskets, buckets, shopping bags, trays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nesf_ros.synthetic.materials import Material, Print
from nesf_ros.synthetic.objects.boxes import STORED
from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pieces import arc, lying
from nesf_ros.synthetic.objects.pottery import (
    SKIN_M,
    bent,
    frame,
    hollow,
    open_box,
    rim,
    sideways,
    smooth,
)
from nesf_ros.synthetic.objects.prints import BRANDS, packaging
from nesf_ros.synthetic.solids import Solid, box, cylinder
from nesf_ros.synthetic.things import ON, Model, Part, Receptacle, placement, turned

_ANYWHERE = ("kitchen", "bedroom", "living room", "bathroom", "office", "garage")


@object_class("basket", "container", size_m=((0.2, 0.56), (0.18, 0.5), (0.1, 0.6)),
              places=(FLOOR, SURFACE), rooms=_ANYWHERE,
              aliases=("wicker basket", "picnic basket", "woven basket"), holds=STORED)  # fmt: skip
def basket(draw: Draw) -> Model:
    """Woven, round or angular, with a braided rim and a high handle, two ears, or none."""
    wicker = draw.material("wicker", "beige", "brown", "brown", "beige", "white")
    width, depth = draw.size(0.24, 0.44), draw.size(0.2, 0.34)
    height, flare = draw.size(0.13, 0.28), draw.size(1.08, 1.3)
    round_ = draw.chance(0.5)
    if round_:
        radius = width / 2
        outer = [(radius / flare, 0.0), (0.5 * (1 + 1 / flare) * 1.03 * radius, 0.5 * height),
                 (radius, height)]  # fmt: skip
        body, space = hollow(outer, 0.008, wicker, sides=24)
        bands = [rim(radius * share, 0.008, wicker, z) for share, z in
                 ((1.0, height - 0.011), (1 / flare, 0.0))]  # fmt: skip
        solids: tuple[Solid, ...] = (body, *bands)
    else:
        base = (width / flare, depth / flare, height)
        solids, space = open_box(base, 0.008, wicker, top_m=(width, depth))
        solids += frame(width, depth, 0.018, height - 0.012, wicker)
    parts = [Part("basket", solids)]
    kind = draw.choice(("arch", "arch", "ears", "none"))
    if kind == "arch":
        line = arc(0.985 * width / 2, 0, 180, 13, (0.0, height - 0.02), draw.size(0.5, 0.8) * width)
        grip = bent(sideways(line), [(0.012, 0.006)] * 13, wicker, 6)
        parts.append(Part("handle", grip))
    elif kind == "ears":
        parts.append(Part("handle", _ears(width / 2, height - 0.01, 0.055, wicker)))
    return Model(tuple(parts), wicker, (space,))


def _ears(x: float, z: float, size: float, material: Material) -> tuple[Solid, ...]:
    """An upright loop on each side."""
    loop = [(0.0, y, z + h) for y, h in arc(size, 0, 180, 8, radius_y_m=0.9 * size)]
    solids = bent(loop, [0.006] * 8, material, 6, (1, 0, 0))
    return tuple(s.moved(placement(sign * (x - 0.002), 0)) for s in solids for sign in (-1, 1))


@object_class("bucket", "container", size_m=((0.18, 0.42), (0.18, 0.5), (0.17, 0.62)),
              places=(FLOOR,), rooms=("bathroom", "garage", "kitchen"),
              aliases=("pail", "mop bucket", "water bucket"), holds=STORED)  # fmt: skip
def bucket(draw: Draw) -> Model:
    """A tapered pail with a wire handle: hanging down, lifted, or half way."""
    radius = draw.size(0.11, 0.17)
    height = radius * draw.size(1.5, 2.0)
    material = draw.material(draw.choice(("plastic", "plastic", "metal")))
    foot = draw.size(0.68, 0.8) * radius
    body, space = hollow([(foot, 0.0), (radius, height)], 0.004, material)
    ribs = [rim(radius, 0.005, material, height - 0.008),
            rim(foot + 0.8 * (radius - foot), 0.004, material, 0.8 * height)]  # fmt: skip
    wire = draw.material("metal", "grey", "black")
    z = height - 0.02
    line = arc(radius + 0.008, 0, 180, 13, (0.0, 0.0), 1.05 * radius)
    tilt = draw.choice((0.0, draw.size(0.4, 0.9), -draw.size(1.25, 1.5)))
    pose = placement(0, 0, z) @ turned("x", tilt)
    bail = bent(sideways(line), [0.003] * 13, wire, 6)
    grip = lying(cylinder(0.011, 0.1, draw.choice((material, draw.material("plastic"))), sides=10),
                 "x", (-0.05, 0.0, 1.05 * radius))  # fmt: skip
    lugs = [box((0.02, 0.03, 0.03), material, (side * (radius - 0.003), 0, z - 0.015))
            for side in (-1, 1)]  # fmt: skip
    handle = tuple(s.moved(pose) for s in (*bail, grip))
    return Model((Part("body", (body, *ribs, *lugs)), Part("handle", handle)), material, (space,))


@object_class("bag", "container", size_m=((0.18, 0.5), (0.08, 0.3), (0.25, 0.75)),
              places=(FLOOR, SURFACE), rooms=("kitchen", "hall", "bedroom", "living room"),
              aliases=("shopping bag", "paper bag", "carrier bag", "gift bag"),
              holds=("food", "clothing", "toy", "kitchenware", "stationery", "shape"))  # fmt: skip
def bag(draw: Draw) -> Model:
    """A shopping bag that stands open: paper or cloth, with two loops and a shop's print."""
    width, depth = draw.size(0.2, 0.38), draw.size(0.1, 0.18)
    height = draw.size(0.27, 0.44)
    kind = draw.choice(("paper", "paper", "fabric"))
    colors = ("beige", "beige", "white", "red", "blue", "black", "green", "pink")
    cloth = smooth(draw.material(kind, *colors))
    spread = draw.size(0.98, 1.12)
    top = (width, spread * depth)
    walls, space = open_box((width, depth, height), 0.003, cloth, top_m=top)
    band = draw.material("fabric", cloth.color_name, "brown", "white", "black")
    loops = _loops(draw, height, top[1] / 2, 0.2 * width, band)
    parts = [Part("bag", walls), Part("handles", loops)]
    if draw.chance(0.75):
        lean = turned("x", -float(np.arctan2((top[1] - depth) / 2, height)))
        pose = placement(0, depth / 2 + SKIN_M / 2) @ lean @ placement(0, 0, 0.2 * height)
        front = _shop_print(draw, 0.72 * width, 0.55 * height, cloth).moved(pose)
        parts.append(Part("print", (front, front.moved(turned("z", np.pi)))))
    return Model(tuple(parts), cloth, (space,))


def _shop_print(draw: Draw, wide: float, tall: float, cloth: Material) -> Solid:
    words = draw.choice(("FOOD & MORE", "SINCE 1987", "ORGANIC", "THANK YOU", "FASHION", "BOOKS"))
    pixels = (round(180 * wide / tall), 180)
    image = packaging(draw, draw.choice(BRANDS["shop"]), words, cloth.color, pixels)
    picture = Print(image, "front", (-wide / 2, 0.0), (wide / 2, tall))
    return box((wide, SKIN_M, tall), replace(cloth, print=picture))


def _loops(
    draw: Draw, height: float, y: float, half: float, material: Material
) -> tuple[Solid, ...]:
    """A handle on the front and one on the back, each leaning its own way."""
    solids: list[Solid] = []
    rise = draw.size(0.09, 0.17)
    for sign in (-1, 1):
        round_ = arc(half, 180, 0, 7, (0.0, 0.35 * rise), 0.65 * rise)
        line = [(-half, -0.04), *round_, (half, -0.04)]
        loop = bent(sideways(line), [(0.0035, 0.0045)] * len(line), material, 6)
        pose = placement(0, sign * (y - 0.003), height) @ turned("x", draw.size(-0.35, 0.35))
        solids += [s.moved(pose) for s in loop]
    return tuple(solids)


@object_class("tray", "container", size_m=((0.28, 0.6), (0.18, 0.44), (0.02, 0.11)),
              places=(SURFACE,), rooms=("kitchen", "dining room", "living room"),
              aliases=("serving tray", "tea tray"), holds=("kitchenware", "food"))  # fmt: skip
def tray(draw: Draw) -> Model:
    """A flat board with a low edge all around: angular with grips, or round."""
    width, depth = draw.size(0.3, 0.52), draw.size(0.22, 0.36)
    low = draw.size(0.022, 0.045)
    material = draw.material(draw.choice(("wood", "plastic", "metal")))
    if draw.chance(0.3):
        radius = depth / 2 + 0.03
        outer = [(0.93 * radius, 0.0), (radius, low)]
        body, space = hollow(outer, 0.006, material)
        edge = rim(radius - 0.002, 0.005, material, low - 0.006)
        reach = 0.66 * radius
        above = Receptacle(ON, (-reach, -reach, 0.006), (reach, reach, 0.25))
        return Model((Part("tray", (body,)), Part("rim", (edge,))), material, (above,))
    base = (0.94 * width, 0.94 * depth, low)
    walls, space = open_box(base, 0.007, material, top_m=(width, depth))
    grip = draw.choice((material, draw.material("metal", "grey", "gold"), draw.material("wood")))
    loop = [(0.0, y, low - 0.006 + h) for y, h in arc(0.06, 0, 180, 7, radius_y_m=0.035)]
    handle = bent(loop, [0.005] * 7, grip, 6, (1, 0, 0))
    grips = tuple(s.moved(placement(x * (width / 2 - 0.003), 0)) for s in handle for x in (-1, 1))
    # The grips lean over the ends: things stand between them.
    (_, y, z), reach = space.upper, 0.44 * width
    above = Receptacle(ON, (-reach, -y, space.lower[2]), (reach, y, z + 0.2))
    return Model((Part("tray", walls), Part("handles", grips)), material, (above,))
