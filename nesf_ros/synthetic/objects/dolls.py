"""Toys with a face: teddy bears, dolls, robots and ducks. They look towards +y."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pieces import lying, oval
from nesf_ros.synthetic.solids import (
    Point,
    Solid,
    box,
    cylinder,
    ellipsoid,
    extruded,
    rounded_box,
    tapered_box,
    torus,
    tube,
)
from nesf_ros.synthetic.things import Model, Part, placement, turned

_BRIGHT = ("red", "blue", "yellow", "green", "orange", "turquoise", "pink", "purple")


def blob(
    size_m: Point, center: Point, material: Material, tilt_deg: float = 0.0, axis: str = "x",
    sides: int = 10,
) -> Solid:  # fmt: skip
    """An ellipsoid around a point, turned about an axis through it."""
    solid = ellipsoid(size_m, material, (0, 0, -size_m[2] / 2), sides)
    return solid.moved(placement(*center) @ turned(axis, np.radians(tilt_deg)))


def blobs(
    scale_m: float, rows: Iterable[tuple[Point, Point]], material: Material, sides: int = 8
) -> tuple[Solid, ...]:
    """Ellipsoids by (diameters, centre) as multiples of a length; those at x ≠ 0 are doubled."""
    solids = []
    for size, (x, y, z) in rows:
        for side in (x,) if x == 0 else (-x, x):
            sizes = (size[0] * scale_m, size[1] * scale_m, size[2] * scale_m)
            at = (side * scale_m, y * scale_m, z * scale_m)
            solids.append(blob(sizes, at, material, sides=sides))
    return tuple(solids)


@object_class("teddy bear", "toy", size_m=((0.08, 0.5), (0.08, 0.45), (0.13, 0.6)),
              places=(SURFACE, FLOOR), rooms=("bedroom", "living room"),
              aliases=("stuffed bear", "plush bear", "bear"))  # fmt: skip
def teddy_bear(draw: Draw) -> Model:
    """A teddy bear that sits, some with a bow or a scarf."""
    s = draw.size(0.16, 0.5)  # its height
    fur = draw.material("fabric", "brown", "brown", "beige", "white", "grey", "pink", "black",
                        pattern="fabric")  # fmt: skip
    pale = draw.material("fabric", "brown" if fur.color_name == "beige" else "beige")
    dark = draw.material("plastic", "red" if fur.color_name == "black" else "black")
    plump, ear = draw.size(0.9, 1.15), draw.size(0.16, 0.22)
    body = blobs(s, [((0.46 * plump, 0.42 * plump, 0.54), (0, 0, 0.275))], fur, 12)
    head = blobs(s, [((0.42, 0.38, 0.38), (0, 0.02, 0.68))], fur, 12)
    muzzle = blobs(s, [((0.19, 0.16, 0.15), (0, 0.19, 0.63))], pale)
    belly = blobs(s, [((0.3 * plump, 0.18, 0.36), (0, 0.14 * plump, 0.28))], pale, 10)
    ears = blobs(s, [((ear, 0.09, ear), (0.17, 0, 0.86))], fur)
    ears += blobs(s, [((0.6 * ear, 0.06, 0.6 * ear), (0.17, 0.028, 0.86))], pale, 8)
    face = blobs(s, [((0.075, 0.05, 0.05), (0, 0.265, 0.665)),
                     ((0.045, 0.03, 0.05), (0.085, 0.185, 0.735))], dark, 8)  # fmt: skip
    reach, lift = draw.size(0.22, 0.3), draw.size(-25, 50)
    arms = tuple(
        blob((0.15 * s, 0.15 * s, 0.34 * s), (side * 0.24 * plump * s, 0.1 * s, 0.4 * s), fur,
             70 + lift)
        for side in (-1, 1)
    )  # fmt: skip
    legs = blobs(s, [((0.19, 0.4, 0.19), (0.18, reach, 0.095))], fur, 10)
    feet = blobs(s, [((0.2, 0.1, 0.23), (0.18, reach + 0.17, 0.115))], fur)
    feet += blobs(s, [((0.13, 0.04, 0.15), (0.18, reach + 0.205, 0.115))], pale, 8)
    parts = [Part("body", (*body, *belly)), Part("head", (*head, *muzzle)), Part("ears", ears),
             Part("face", face), Part("arms", arms), Part("legs", (*legs, *feet))]  # fmt: skip
    if draw.chance(0.5):
        ribbon = draw.material("fabric", *_BRIGHT)
        bow = blobs(s, [((0.17, 0.06, 0.1), (0.08, 0.2, 0.5)), ((0.07,) * 3, (0, 0.21, 0.5))],
                    ribbon, 8)  # fmt: skip
        parts.append(Part("bow", (*bow, torus(0.13 * s, 0.035 * s, ribbon, (0, 0, 0.49 * s), 14))))
    return Model(tuple(parts), fur)


@object_class("doll", "toy", size_m=((0.06, 0.38), (0.05, 0.28), (0.15, 0.5)),
              places=(SURFACE, FLOOR), rooms=("bedroom",),
              aliases=("toy doll", "dolly", "girl doll"))  # fmt: skip
def doll(draw: Draw) -> Model:
    """A doll in a wide dress, its arms spread a little."""
    s = draw.size(0.2, 0.42)
    skin = draw.natural("food", draw.choice(("beige", "brown")), 0.05)
    hair = draw.material("fabric", "brown", "black", "yellow", "orange", pattern="stripes")
    dress = draw.material("fabric", *_BRIGHT, "white")
    trim, dark = draw.material("fabric", *_BRIGHT, "white"), draw.material("plastic", "black")
    red = draw.material("plastic", "red")
    wide = draw.size(0.2, 0.26)
    skirt = cylinder(wide * s, 0.4 * s, dress, top_radius_m=0.07 * s, sides=20)
    hem = cylinder(1.03 * wide * s, 0.03 * s, trim, (0, 0, 0.01 * s), sides=20)
    torso = blobs(s, [((0.2, 0.15, 0.26), (0, 0, 0.47))], dress, 14)
    head = blobs(s, [((0.28, 0.26, 0.29), (0, 0, 0.74))], skin, 14)
    head += blobs(s, [((0.1, 0.1, 0.16), (0, 0, 0.58))], skin)
    mop = blobs(s, [((0.33, 0.3, 0.31), (0, -0.045, 0.785))], hair, 14)
    style = draw.choice(("bun", "plaits", "long"))
    rows = {"bun": [((0.14,) * 3, (0.0, -0.04, 0.96))],
            "plaits": [((0.1, 0.1, 0.3), (0.19, -0.02, 0.66))],
            "long": [((0.34, 0.14, 0.46), (0.0, -0.12, 0.66))]}  # fmt: skip
    mop += blobs(s, rows[style], hair)
    face = blobs(s, [((0.04, 0.02, 0.05), (0.055, 0.122, 0.75))], dark, 8)
    mouth = blobs(s, [((0.06, 0.02, 0.025), (0, 0.124, 0.665))], red, 8)
    spread = draw.size(20, 75)
    arms: list[Solid] = []
    for side in (-1, 1):
        way = np.array((side * np.sin(np.radians(spread)), 0.15, -np.cos(np.radians(spread))))
        shoulder = np.array((side * 0.09, 0.0, 0.56))
        ends = [s * (shoulder + part * way) for part in (0.0, 0.1, 0.28)]
        path = [(float(a), float(b), float(c)) for a, b, c in ends]
        arms += [*tube(path[:2], 0.045 * s, dress, 10), *tube(path[1:], 0.03 * s, skin, 8)]
        arms.append(blob((0.075 * s,) * 3, path[2], skin, sides=10))
    return Model(
        (
            Part("dress", (skirt, hem, *torso)), Part("head", head), Part("hair", mop),
            Part("face", (*face, *mouth)), Part("arms", tuple(arms)),
        ),
        dress,
    )  # fmt: skip


@object_class("toy robot", "toy", size_m=((0.06, 0.3), (0.04, 0.2), (0.1, 0.42)),
              places=(SURFACE, FLOOR), rooms=("bedroom", "living room"),
              aliases=("robot", "tin robot", "robot figure"))  # fmt: skip
def toy_robot(draw: Draw) -> Model:
    """A robot of tin or plastic with an antenna, lamps and pincers."""
    s = draw.size(0.13, 0.36)
    paint = draw.material(draw.choice(("metal", "plastic")), *_BRIGHT, "grey", "white")
    trim, dark = draw.material("metal", "grey", "black"), draw.material("plastic", "black")
    lamp = draw.material("plastic", "yellow", "red", "green")
    panel = draw.material("plastic", "white")
    chest, skull = s * draw.size(0.36, 0.46), s * draw.size(0.22, 0.3)
    torso = rounded_box((chest, 0.24 * s, 0.36 * s), 0.02 * s, paint, (0, 0, 0.27 * s), steps=2)
    front = box((0.7 * chest, 0.02 * s, 0.2 * s), panel, (0, 0.12 * s, 0.36 * s))
    buttons = tuple(
        lying(cylinder(0.028 * s, 0.02 * s, draw.material("plastic", *_BRIGHT), sides=12), "y",
              (x * chest, 0.125 * s, 0.42 * s))
        for x in (-0.22, 0, 0.22)
    )  # fmt: skip
    neck = cylinder(0.06 * s, 0.08 * s, trim, (0, 0, 0.6 * s), sides=14)
    head = rounded_box((skull, 0.2 * s, 0.2 * s), 0.02 * s, paint, (0, 0, 0.66 * s), steps=2)
    eyes = tuple(
        lying(cylinder(0.035 * s, 0.025 * s, lamp, sides=14), "y", (x * skull, 0.095 * s, 0.78 * s))
        for x in (-0.22, 0.22)
    )
    grille = tuple(box((0.5 * skull, 0.02 * s, 0.012 * s), dark, (0, 0.095 * s, z * s))
                   for z in (0.685, 0.71))  # fmt: skip
    ears = lying(cylinder(0.04 * s, skull + 0.06 * s, trim, sides=14), "x",
                 (-skull / 2 - 0.03 * s, 0, 0.76 * s))  # fmt: skip
    rods = (-0.25, 0.25) if draw.chance(0.4) else (0.0,)
    antenna = [piece for x in rods for piece in (
        *tube([(x * skull, 0, 0.85 * s), (1.5 * x * skull, 0, 0.95 * s)], 0.012 * s, trim, 8),
        blob((0.05 * s,) * 3, (1.5 * x * skull, 0, 0.96 * s), lamp, sides=10))]  # fmt: skip
    parts = [
        Part("body", (torso, front, *buttons)), Part("head", (neck, head, ears, *eyes, *grille)),
        Part("antenna", tuple(antenna)), *_limbs(draw, s, chest, paint, trim),
    ]  # fmt: skip
    return Model(tuple(parts), paint)


def _limbs(
    draw: Draw, s: float, chest: float, paint: Material, trim: Material
) -> tuple[Part, Part]:
    """Arms with pincers and legs with large feet, for a robot of a height."""
    arms: list[Solid] = []
    legs: list[Solid] = []
    for side in (-1, 1):
        x, raised = side * (chest / 2 + 0.05 * s), draw.size(-0.05, 0.2)
        shoulder, elbow = (x, 0.0, 0.56 * s), (x + side * 0.03 * s, 0.03 * s, 0.42 * s)
        hand = (x + side * 0.02 * s, 0.16 * s, (0.34 + raised) * s)
        arms += tube([shoulder, elbow, hand], 0.035 * s, trim, 10)
        arms.append(blob((0.11 * s,) * 3, shoulder, paint))
        claw = [(-0.05, 0), (-0.06, 0.06), (-0.03, 0.1), (-0.025, 0.04), (0.025, 0.04),
                (0.03, 0.1), (0.06, 0.06), (0.05, 0)]  # fmt: skip
        pincer = extruded([(a * s, b * s) for a, b in claw], 0.03 * s, paint)
        arms.append(pincer.moved(placement(hand[0], hand[1], hand[2] - 0.015 * s)))
        at = side * 0.25 * chest
        legs.append(cylinder(0.05 * s, 0.24 * s, trim, (at, 0, 0.05 * s), sides=14))
        legs.append(tapered_box((0.4 * chest, 0.26 * s, 0.08 * s), (0.3 * chest, 0.16 * s), paint,
                                (at, 0.03 * s, 0)))  # fmt: skip
    return Part("arms", tuple(arms)), Part("legs", tuple(legs))


@object_class("rubber duck", "toy", size_m=((0.04, 0.2), (0.05, 0.25), (0.05, 0.22)),
              places=(SURFACE, FLOOR), rooms=("bathroom", "bedroom"),
              aliases=("toy duck", "bath duck", "ducky"))  # fmt: skip
def rubber_duck(draw: Draw) -> Model:
    """A rubber duck, some with a hat."""
    s = draw.size(0.06, 0.18)
    skin = draw.material("rubber", *(("yellow",) * 5), "pink", "blue", "white", pattern="blotches")
    beak, dark = draw.material("rubber", "orange", "red"), draw.material("plastic", "black")
    white = draw.material("plastic", "white")
    long, skull = draw.size(0.95, 1.1), draw.size(0.48, 0.56)
    foot = extruded([(x * s, y * s) for x, y in oval(0.5, 0.7)], 0.1 * s, skin)
    body = blobs(s, [((0.72, long, 0.55), (0, 0, 0.28))], skin, 16)
    tail = blob((0.3 * s, 0.5 * s, 0.2 * s), (0, -0.4 * long * s, 0.42 * s), skin, -45)
    wings = blobs(s, [((0.16, 0.5, 0.3), (0.32, -0.05, 0.33))], skin, 14)
    top = 0.68
    head = blobs(s, [((skull,) * 3, (0, 0.22, top))], skin, 16)
    bill = blobs(s, [((0.26, 0.28, 0.06), (0, 0.24 + skull / 2, top - 0.02)),
                     ((0.2, 0.2, 0.06), (0, 0.23 + skull / 2, top - 0.07))], beak)  # fmt: skip
    sight = 0.22 + 0.4 * skull
    eyes = blobs(s, [((0.09, 0.07, 0.13), (0.12, sight, top + 0.1))], white, 8)
    eyes += blobs(s, [((0.05, 0.05, 0.08), (0.12, sight + 0.02, top + 0.1))], dark, 8)
    parts = [Part("body", (foot, *body, tail)), Part("wings", wings), Part("head", head),
             Part("beak", bill), Part("eyes", eyes)]  # fmt: skip
    if draw.chance(0.3):
        cloth, z = draw.material("rubber", "black", "red", "blue"), (top + 0.38 * skull) * s
        brim = cylinder(0.3 * s, 0.03 * s, cloth, (0, 0.22 * s, z), sides=16)
        crown = cylinder(0.18 * s, 0.24 * s, cloth, (0, 0.22 * s, z), sides=16)
        parts.append(Part("hat", (brim, crown)))
    return Model(tuple(parts), skin)
