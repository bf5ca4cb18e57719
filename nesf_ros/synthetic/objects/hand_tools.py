"""Tools for one hand, most of them lying along x."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pieces import Outline, arc, lying
from nesf_ros.synthetic.solids import (
    Solid,
    box,
    cylinder,
    extruded,
    hull,
    revolved,
    rounded_box,
    tube,
)
from nesf_ros.synthetic.things import Model, Part, placement, turned

GRIPS = ("red", "blue", "yellow", "green", "orange", "black", "turquoise")
SHED = ("workshop", "garage", "office")


def flat_size(length: tuple[float, float], width: tuple[float, float], high: float) -> tuple[
    tuple[float, float], tuple[float, float], tuple[float, float]
]:  # fmt: skip
    """The size range of a tool that lies along x, up to `high` thick."""
    return (length, width, (0.002, high))


def along_x(
    profile: Sequence[tuple[float, float]], material: Material, x: float, z: float
) -> Solid:
    """A round piece that begins at `x`, its axis at the height `z`."""
    return lying(revolved(profile, material, sides=16), "x", (x, 0, z))


def rested(
    pieces: Mapping[str, Sequence[Solid]], lean: Float64[ndarray, "4 4"]
) -> tuple[Part, ...]:
    """Named parts, all turned alike and then lowered onto the ground."""
    turned_parts = [Part(name, tuple(solids)).moved(lean) for name, solids in pieces.items()]
    low = min(float(s.bounds[0][2]) for part in turned_parts for s in part.solids)
    return tuple(part.moved(placement(0, 0, -low)) for part in turned_parts)


@object_class("hammer", "tool", size_m=flat_size((0.2, 0.45), (0.06, 0.2), 0.09),
              places=(SURFACE, FLOOR), rooms=SHED,
              aliases=("claw hammer", "mallet"))  # fmt: skip
def hammer(draw: Draw) -> Model:
    """A claw hammer or a mallet on its side."""
    length, claw = draw.size(0.24, 0.38), draw.chance(0.65)
    axis = draw.size(0.013, 0.017) if claw else draw.size(0.022, 0.035)
    steel = draw.material("metal", "grey", "black")
    head = steel if claw else draw.material(draw.choice(("wood", "rubber")))
    wood = draw.material("wood", "brown", "beige")
    grip = draw.material("rubber", *GRIPS) if draw.chance(0.6) else wood
    low = 0.8 * axis
    shaft = [(0.0, 0.0), (axis, 0.006), (axis, 0.4 * length), (low, 0.44 * length)]
    x, reach = 0.5 * length, draw.size(0.05, 0.075)
    handle = along_x([*shaft, (0.0, 0.44 * length)], grip, -x, axis)
    neck = along_x([(0, 0), (low, 0), (low, 0.55 * length), (0, 0.55 * length)], wood,
                           -0.06 * length, axis)  # fmt: skip
    at = (x - 0.3 * reach, 0.0, axis)
    if claw:
        face = lying(cylinder(axis, 0.35 * reach, head, sides=20), "y", (at[0], -reach, axis))
        stem = lying(cylinder(0.75 * axis, 0.8 * reach, head, sides=16), "y",
                     (at[0], -0.8 * reach, axis))  # fmt: skip
        block = box((1.7 * axis, 2 * axis, 2 * axis), head, (at[0], 0.2 * axis, 0))
        bend = draw.size(0.6, 1.2) * reach
        prong = [(0.8 * axis, 0.0), (0.2 * axis, 0.7 * reach), (-bend, 1.1 * reach),
                 (-0.8 * axis, 0.5 * reach), (-0.8 * axis, 0.0)]  # fmt: skip
        solids: list[Solid] = [face, stem, block]
        solids += [extruded(prong, 0.7 * axis, head, (at[0], 0.0, z)) for z in (0, 1.3 * axis)]
    else:
        drum = cylinder(1.0 * axis, 2 * reach, head, sides=20)
        square = box((2.2 * axis, 2 * axis, 2 * reach), head)
        solids = [lying(draw.choice((drum, square)), "y", (at[0], -reach, axis))]
    return Model((Part("handle", (handle, neck)), Part("head", tuple(solids))),
                 head if not claw else grip)  # fmt: skip


@object_class("screwdriver", "tool", size_m=flat_size((0.12, 0.34), (0.015, 0.05), 0.05),
              places=(SURFACE, FLOOR), rooms=SHED,
              aliases=("screw driver", "flathead screwdriver"))  # fmt: skip
def screwdriver(draw: Draw) -> Model:
    """A screwdriver with a ribbed grip."""
    long, radius = draw.size(0.075, 0.115), draw.size(0.012, 0.018)
    blade = draw.size(0.07, 0.18)
    paint, band = draw.material("plastic", *GRIPS), draw.material("rubber", "black")
    steel = draw.material("metal", "grey")
    x = -(long + blade) / 2
    grip = along_x(
        [(0, 0), (0.75 * radius, 0), (radius, 0.12 * long), (0.76 * radius, 0.6 * long),
         (0.5 * radius, 0.75 * long), (0.6 * radius, 0.95 * long), (0.4 * radius, long),
         (0, long)], paint, x, radius)  # fmt: skip
    ribs = [lying(cylinder((1.1 - 0.5 * share) * radius, 0.06 * long, band, sides=16), "x",
                  (x + share * long, 0, radius)) for share in (0.2, 0.35, 0.5)]  # fmt: skip
    thin = draw.size(0.003, 0.0045)
    rod = lying(cylinder(thin, blade, steel, sides=10), "x", (x + long - 0.005, 0, radius))
    tip = box((0.02, 3.2 * thin, 0.5 * thin), steel, (x + long + blade, 0, radius - 0.25 * thin))
    lean = turned(
        "y", np.arctan((radius - thin) / (0.85 * long + blade))
    )  # the tip touches the ground
    return Model(rested({"handle": [grip, *ribs], "shaft": [rod, tip]}, lean), paint)


def _jaw(radius: float, gap: float, turn_deg: float) -> Outline:
    """The open end of a wrench: a disc with a slot towards +x, turned a little."""
    open_deg = float(np.degrees(np.arcsin(gap / radius)))
    points = np.array([*arc(radius, open_deg, 360 - open_deg, 19), (-0.15 * radius, -gap),
                       (-0.45 * radius, 0.0), (-0.15 * radius, gap)])  # fmt: skip
    cos, sin = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    return [(x * cos - y * sin, x * sin + y * cos) for x, y in points]


@object_class("wrench", "tool", size_m=flat_size((0.12, 0.36), (0.02, 0.08), 0.02),
              places=(SURFACE, FLOOR), rooms=SHED,
              aliases=("combination wrench", "open-end wrench"))  # fmt: skip
def wrench(draw: Draw) -> Model:
    """A wrench with a jaw at one end, a ring or a jaw at the other."""
    length, thick = draw.size(0.14, 0.3), draw.size(0.006, 0.01)
    steel = draw.material("metal", "grey", "black", "gold")
    radius = length * draw.size(0.09, 0.115)
    shaft = rounded_box((0.78 * length, radius * draw.size(0.7, 0.9), 0.8 * thick), 0.3 * thick,
                        steel, (0, 0, 0.1 * thick), steps=2)  # fmt: skip
    end, gap = length / 2 - radius, radius * draw.size(0.5, 0.6)
    jaw = extruded(_jaw(radius, gap, draw.size(8, 20)), thick, steel, (end, 0, 0))
    if draw.chance(0.6):
        hole, rim = 0.55 * radius, 0.9 * radius
        ring = [(hole, 0), (rim, 0), (rim, thick), (hole, thick)]
        other = revolved(ring, steel, (-end - 0.1 * radius, 0, 0), sides=24)
    else:
        other = extruded(_jaw(0.85 * radius, 0.85 * gap, 180 + draw.size(8, 20)), thick, steel,
                         (-end, 0, 0))  # fmt: skip
    return Model((Part("shaft", (shaft,)), Part("jaw", (jaw,)), Part("end", (other,))), steel)


@object_class("pliers", "tool", size_m=flat_size((0.1, 0.28), (0.04, 0.16), 0.03),
              places=(SURFACE, FLOOR), rooms=SHED,
              aliases=("pincers", "nippers"))  # fmt: skip
def pliers(draw: Draw) -> Model:
    """Pliers, more or less open."""
    length, opening = draw.size(0.14, 0.22), np.radians(draw.size(4, 14))
    steel, paint = draw.material("metal", "grey", "black"), draw.material("rubber", *GRIPS)
    radius, nose = draw.size(0.006, 0.009), length * draw.size(0.22, 0.38)
    pivot = 0.16 * length
    tip = draw.size(0.1, 0.5)
    outline = np.array([(-0.06 * length, -0.05 * length), (0.02 * length, -0.075 * length),
                        (nose, -0.04 * tip * length), (nose, 0.0), (0.02 * length, 0.0),
                        (-0.06 * length, 0.05 * length), (-0.1 * length, 0.06 * length),
                        (-0.1 * length, 0.03 * length)])  # fmt: skip
    grips, jaws = [], []
    for side in (-1, 1):
        swing = placement(pivot, 0, 0, -side * opening)
        arm = extruded([(x, side * y) for x, y in outline], 1.5 * radius, steel,
                       (0, 0, 0.25 * radius))  # fmt: skip
        jaws.append(arm.moved(swing))
        path = [
            (x * length, side * y * length, radius)
            for x, y in ((-0.08, 0.045), (-0.2, 0.085), (-0.45, 0.09), (-0.64, 0.07))
        ]
        grips += [s.moved(swing) for s in tube(path, radius, paint, 10)]
    bolt = cylinder(0.045 * length, 2 * radius, steel, (pivot - 0.01, 0, 0), sides=16)
    return Model((Part("handles", tuple(grips)), Part("jaws", (*jaws, bolt))), paint)  # fmt: skip


@object_class("saw", "tool", size_m=flat_size((0.3, 0.75), (0.07, 0.22), 0.05),
              places=(SURFACE, FLOOR), rooms=SHED,
              aliases=("handsaw", "hand saw"))  # fmt: skip
def saw(draw: Draw) -> Model:
    """A hand saw: a toothed blade and a closed handle."""
    length, radius = draw.size(0.26, 0.55), draw.size(0.011, 0.014)
    steel = draw.material("metal", "grey", "white")
    grip = draw.material(draw.choice(("wood", "plastic")), "brown", "red", "orange", "yellow")
    heel, toe = length * draw.size(0.2, 0.25), length * draw.size(0.08, 0.13)
    count = draw.count(18, 28)
    start = -length / 2 + 0.06
    along = np.linspace(start, length / 2 + 0.06, 2 * count + 1)
    teeth = [(float(x), -heel / 2 - (0.008 if n % 2 else 0.0)) for n, x in enumerate(along)]
    blade = extruded([*teeth, (along[-1], toe - heel / 2), (start, heel / 2)], 0.003, steel,
                     (0, 0, radius - 0.0015))  # fmt: skip
    rear, half = start - draw.size(0.075, 0.095), draw.size(0.042, 0.05)
    loop = [(start + 0.04, -0.9 * half), (start - 0.01, -half), (rear + 0.02, -0.95 * half),
            (rear - 0.01, -0.4 * half), (rear + 0.01, half), (start - 0.01, 1.05 * half),
            (start + 0.02, 0.7 * half), (start + 0.005, -half)]  # fmt: skip
    handle = tube([(x, y, radius) for x, y in loop], radius, grip, 10)
    lean = turned("y", np.arctan(radius / length))  # the toe touches the ground
    return Model(rested({"blade": [blade], "handle": handle}, lean), grip)


@object_class("axe", "tool", size_m=flat_size((0.3, 0.9), (0.08, 0.26), 0.06),
              places=(SURFACE, FLOOR), rooms=("garage", "workshop"),
              aliases=("hatchet", "ax"))  # fmt: skip
def axe(draw: Draw) -> Model:
    """An axe on its side."""
    length, thick = draw.size(0.35, 0.8), draw.size(0.026, 0.04)
    wood = draw.material("wood", "brown", "beige")
    paint = draw.material("metal", "red", "black", "blue", "grey")
    edge = draw.material("metal", "white")
    half, reach = draw.size(0.06, 0.09), draw.size(0.11, 0.16)
    x, middle = length / 2 - 0.06, thick / 2
    bends = [(-0.5, 0.02), (-0.4, 0.0), (0.1, 0.008), (0.5, 0.0)]
    handle = tube([(a * length, y, middle) for a, y in bends], middle, wood, 12)

    def slab(y: float, wide: float, tall: float, shift: float = 0.0) -> list[list[float]]:
        return [[x + shift + i * wide, y, middle + k * tall] for i in (-1, 1) for k in (-1, 1)]

    body = hull(np.array(slab(-0.035, 0.025, middle) + slab(0.03, 0.024, middle)
                         + slab(0.75 * reach, 0.75 * half, 0.2 * middle)), paint)  # fmt: skip
    bit = hull(np.array(slab(0.745 * reach, 0.75 * half, 0.2 * middle)
                        + slab(0.97 * reach, 0.95 * half, 0.03 * middle)
                        + slab(reach, 0.5 * half, 0.03 * middle)), edge)  # fmt: skip
    return Model((Part("handle", handle), Part("head", (body,)), Part("edge", (bit,))), wood)
