"""What a table is laid with: plates, bowls, cutlery, salt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pieces import Outline, arc
from nesf_ros.synthetic.objects.pottery import (
    bent,
    dome,
    front_label,
    hollow,
    rim,
    settled,
    sideways,
    sleeve,
)
from nesf_ros.synthetic.objects.prints import label
from nesf_ros.synthetic.solids import Solid, cylinder, extruded, revolved, tapered_box
from nesf_ros.synthetic.things import ON, Model, Part, Receptacle

_ROOMS = ("kitchen", "dining room")
_HOLDS = ("food", "kitchenware")


@object_class("plate", "kitchenware", size_m=((0.14, 0.31), (0.14, 0.31), (0.01, 0.045)),
              places=(SURFACE,), rooms=_ROOMS, aliases=("dish", "dinner plate"),
              holds=_HOLDS)  # fmt: skip
def plate(draw: Draw) -> Model:
    """A shallow disc with a raised rim: flat or deep, some with a rim of another colour."""
    radius, deep = draw.size(0.075, 0.15), draw.size(0.012, 0.032)
    flat = radius * draw.size(0.55, 0.75)
    material = draw.material(draw.choice(("ceramic", "ceramic", "plastic", "wood")))
    profile = [(0.0, 0.0), (0.93 * flat, 0.0), (radius, deep - 0.004), (radius, deep),
               (flat, 0.005), (0.0, 0.005)]  # fmt: skip
    parts = [Part("plate", (revolved(profile, material, sides=32),))]
    if draw.chance(0.6):
        other = draw.material("ceramic", pattern="blotches")
        ring = rim(radius - 0.002, 0.003, other, deep - 0.004)
        parts.append(Part("rim", (ring,)))
    reach = 0.69 * flat
    above = Receptacle(ON, (-reach, -reach, 0.005), (reach, reach, 0.2))
    return Model(tuple(parts), material, (above,))


@object_class("bowl", "kitchenware", size_m=((0.11, 0.31), (0.11, 0.31), (0.045, 0.16)),
              places=(SURFACE,), rooms=_ROOMS, aliases=("cereal bowl", "salad bowl"),
              holds=_HOLDS)  # fmt: skip
def bowl(draw: Draw) -> Model:
    """Round, from shallow to deep, some with a rolled rim or a foot."""
    radius = draw.size(0.06, 0.14)
    height = radius * draw.size(0.72, 1.05)
    flat = draw.size(0.45, 0.62)
    material = draw.material(draw.choice(("ceramic", "ceramic", "ceramic", "wood", "metal")))
    foot = 0.006 if draw.chance(0.5) else 0.0
    outer = arc((1 - flat) * radius, -90, 0, 7, (flat * radius, height), height)
    body, space = hollow(outer, 0.004 + 0.015 * radius, material, foot)
    parts = [Part("bowl", (body,))]
    if foot:
        base = cylinder(flat * radius, 0.008, material, top_radius_m=0.9 * flat * radius, sides=24)
        parts.append(Part("foot", (base,)))
    if draw.chance(0.4):
        edge = rim(radius - 0.002, 0.004, material, foot + height - 0.006)
        parts.append(Part("rim", (edge,)))
    return Model(tuple(parts), material, (space,))


def silver(draw: Draw) -> Material:
    """What cutlery is made of: mostly steel."""
    return draw.material("metal", "grey", "grey", "grey", "gold")


def stem(draw: Draw, start: float, end: float, rise: float, steel: Material) -> tuple[Solid, ...]:
    """The handle of a piece of cutlery, along x: it comes down from a height to the table.

    Some have a thicker grip of another material.
    """
    length = end - start
    along = ((0, rise), (0.3, rise), (0.6, 0.55 * rise + 0.002), (0.97, 0.002), (1, 0.002))
    line = [(start + share * length, z) for share, z in along]
    wide = draw.size(0.006, 0.0095)
    if draw.chance(0.4):
        grip = draw.material(draw.choice(("plastic", "wood")))
        line[-2:] = [(end - 0.03 * length, 0.005), (end, 0.005)]
        half = [(0.003, 0.0012), (0.003, 0.0015), (wide, 0.005), (wide, 0.005), (0.6 * wide, 0.003)]
        thin = bent(sideways(line[:2]), half[:2], steel, 4)
        return thin + bent(sideways(line[1:]), half[1:], grip, 6)
    half = [(0.003, 0.0012), (0.0035, 0.0012), (0.7 * wide, 0.0014), (wide, 0.0016),
            (0.5 * wide, 0.0016)]  # fmt: skip
    return bent(sideways(line), half, steel, 4)


@object_class("fork", "kitchenware", size_m=((0.14, 0.24), (0.015, 0.04), (0.008, 0.035)),
              places=(SURFACE,), rooms=_ROOMS, aliases=("dinner fork", "table fork"))  # fmt: skip
def fork(draw: Draw) -> Model:
    """Three or four curved tines on a broad shoulder."""
    steel, half = silver(draw), draw.size(0.0105, 0.014)
    length = draw.size(0.16, 0.21)
    x = -length / 2
    rise, tines = draw.size(0.008, 0.014), draw.choice((3, 4))
    line = [(x, 0.45 * rise), (x + 0.025, 0.002), (x + 0.05, 0.002)]
    parts: list[Solid] = []
    for number in range(tines):
        y = half * (2 * number / (tines - 1) - 1)
        path = [(a, y, b) for a, b in line]
        parts += bent(path, [(0.0007, 0.0007), (0.0015, 0.0011), (0.0017, 0.0012)], steel, 4)
    palm = [(x + 0.049, 0.002), (x + 0.06, 0.002), (x + 0.072, 0.4 * rise), (x + 0.086, rise)]
    broad = half + 0.0017
    parts += bent(sideways(palm), [(broad, 0.0012), (broad, 0.0013), (0.6 * broad, 0.0014),
                                   (0.003, 0.0014)], steel, 4)  # fmt: skip
    grip = stem(draw, x + 0.085, length / 2, rise, steel)
    return settled((Part("head", tuple(parts)), Part("handle", grip)), steel)


@object_class("spoon", "kitchenware", size_m=((0.11, 0.24), (0.02, 0.055), (0.005, 0.03)),
              places=(SURFACE,), rooms=_ROOMS, aliases=("tablespoon", "teaspoon"))  # fmt: skip
def spoon(draw: Draw) -> Model:
    """An oval hollow bowl on a slim handle."""
    steel, length = silver(draw), draw.size(0.125, 0.21)
    long, half = 0.32 * length, length * draw.size(0.095, 0.118)
    deep = max(0.5 * half, 0.006)
    shape = [(0.3 * half, 0.0), (0.66 * half, 0.22 * deep), (0.9 * half, 0.6 * deep), (half, deep)]
    stretch = np.diag([long / (2 * half), 1.0, 1.0, 1.0])
    stretch[0, 3] = (long - length) / 2
    scoop = hollow(shape, 0.0014, steel, sides=20)[0].moved(stretch)
    grip = stem(draw, long - length / 2 - 0.003, length / 2, deep - 0.0015, steel)
    return settled((Part("bowl", (scoop,)), Part("handle", grip)), steel)


@object_class("knife", "kitchenware", size_m=((0.16, 0.36), (0.015, 0.065), (0.005, 0.025)),
              places=(SURFACE,), rooms=_ROOMS,
              aliases=("table knife", "kitchen knife", "chef's knife"))  # fmt: skip
def knife(draw: Draw) -> Model:
    """A blade that lies flat: a round-nosed table knife, or a pointed kitchen knife."""
    steel = draw.material("metal", "grey", "grey", "white")
    pointed = draw.chance(0.6)
    long = draw.size(0.13, 0.2) if pointed else draw.size(0.09, 0.12)
    wide = draw.size(0.024, 0.048) if pointed else draw.size(0.016, 0.021)
    back = 0.35 * wide
    blade: Outline = [(0.0, back), (0.0, back - wide)]
    if pointed:
        blade += [*arc(0.5 * long, -90, -25, 5, (0.5 * long, back - 0.1 * wide), 0.9 * wide)]
        blade += [(long, 0.4 * back), (0.6 * long, back)]
    else:
        blade += [*arc(0.5 * wide, -90, 80, 7, (long - 0.5 * wide, back - 0.5 * wide))]
    grip_m = draw.size(0.09, 0.13)
    handle = (draw.material(draw.choice(("plastic", "wood")), "black", "brown", "red", "white")
              if draw.chance(0.75) else steel)  # fmt: skip
    thick = draw.size(0.006, 0.009)
    path = [(0.002, thick), (-0.02, thick), (-0.75 * grip_m, thick), (-grip_m, thick)]
    half = [(0.8 * back, 0.8 * thick), (0.36 * wide, thick), (0.5 * back + 0.004, thick),
            (0.4 * back + 0.003, 0.8 * thick)]  # fmt: skip
    shift = (grip_m - long) / 2
    solids = bent([(x + shift, 0.0, z) for x, z in path], half, handle, 6)
    flat = extruded([(x + shift, y) for x, y in blade], 0.002, steel)
    return settled((Part("blade", (flat,)), Part("handle", solids)), steel)


@object_class("salt shaker", "kitchenware", size_m=((0.03, 0.06), (0.03, 0.06), (0.06, 0.12)),
              places=(SURFACE,), rooms=_ROOMS,
              aliases=("pepper shaker", "salt cellar", "shaker"))  # fmt: skip
def salt_shaker(draw: Draw) -> Model:
    """A small body with a domed metal cap full of holes; most say what is in them."""
    radius, height = draw.size(0.018, 0.025), draw.size(0.05, 0.075)
    material = draw.material(draw.choice(("ceramic", "glass")), "white", "white", "black", "red",
                             "blue", pattern="blotches")  # fmt: skip
    square = draw.chance(0.35)
    if square:
        body = tapered_box((2 * radius, 2 * radius, height), (1.5 * radius,) * 2, material)
    else:
        body = cylinder(radius, height, material, top_radius_m=0.75 * radius, sides=20)
    cap = draw.material("metal", "grey", "grey", "gold")
    top = dome(0.82 * radius, 0.55 * radius, cap, (0, 0, height), 20)
    ring = cylinder(0.86 * radius, 0.006, cap, (0, 0, height - 0.003), sides=20)
    dark = draw.material("metal", "black")
    tip = height + 0.55 * radius
    spots = [
        (0.0, 0.0, tip),
        *((x, y, tip - 0.05 * radius) for x, y in arc(0.36 * radius, 0, 300, 6)),
    ]
    holes = tuple(cylinder(0.0016, 0.0025, dark, (x, y, z - 0.0015), sides=6) for x, y, z in spots)
    parts = [Part("body", (body,)), Part("cap", (top, ring)), Part("holes", holes)]
    if not square:
        parts.append(Part("label", (_salt_label(draw, radius, height, material),)))
    return Model(tuple(parts), material)


def _salt_label(draw: Draw, radius: float, height: float, material: Material) -> Solid:
    ink = (0.95, 0.95, 0.95) if sum(material.color) < 1.5 else (0.1, 0.1, 0.1)
    image = label(draw.choice(("S", "SALT", "P", "PEPPER")), material.color, ink, (96, 96))
    picture = front_label(image, radius, 1.6 * radius, 0.15 * height, 0.7 * height)
    side = [(0.97 * radius, 0.12 * height), (0.82 * radius, 0.72 * height)]
    return sleeve(side, replace(material, print=picture), 20)
