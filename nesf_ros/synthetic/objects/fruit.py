"""Fruit: round, long, and bent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nesf_ros.synthetic.materials import Material, Print
from nesf_ros.synthetic.objects.catalog import SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pieces import arc, lying
from nesf_ros.synthetic.objects.pottery import bent, settled
from nesf_ros.synthetic.solids import Solid, cylinder, extruded, revolved
from nesf_ros.synthetic.things import Model, Part, placement, turned

ROOMS = ("kitchen", "dining room")
_TURN = (-np.pi, np.pi)


def _stalk(draw: Draw, z: float, length: float, thick: float) -> tuple[Solid, ...]:
    """A brown stalk that leans a little."""
    lean = draw.size(-0.4, 0.4) * length
    path = [(0.0, 0.0, z - 0.3 * length), (0.0, 0.0, z), (lean, 0.0, z + 0.7 * length)]
    return bent(path, [thick, thick, 1.3 * thick], draw.natural("plant", "brown"), 6)


def _leaf(draw: Draw, z: float, length: float) -> tuple[Solid, ...]:
    """One pointed leaf that bends down, from the axis outwards."""
    way, green = draw.size(0, 2 * np.pi), draw.natural("plant", "green")
    path = [(0.0, 0.0, z), (0.35 * length, 0.0, z + 0.2 * length),
            (0.7 * length, 0.0, z + 0.2 * length), (length, 0.0, z + 0.05 * length)]  # fmt: skip
    half = [(0.03 * length, 0.0006), (0.2 * length, 0.0006), (0.2 * length, 0.0006),
            (0.01 * length, 0.0006)]  # fmt: skip
    return tuple(s.moved(turned("z", way)) for s in bent(path, half, green, 4))


def _star(radius: float, points: int, z: float, green: Material) -> Solid:
    """The green star where a fruit was fixed."""
    angle = np.arange(2 * points) * (np.pi / points)
    reach = radius * np.where(np.arange(2 * points) % 2, 0.3, 1.0)
    outline = [
        (float(r * np.cos(a)), float(r * np.sin(a))) for r, a in zip(reach, angle, strict=True)
    ]
    return extruded(outline, 0.002, green, (0, 0, z))


def grown(
    profile: Sequence[tuple[float, float]], radius: float, height: float
) -> list[tuple[float, float]]:
    """A profile whose radius and height go up to 1, brought to size, from the axis to the axis."""
    side = [(radius * r, height * z) for r, z in profile]
    return [(0.0, side[0][1]), *side, (0.0, side[-1][1])]


@object_class("apple", "food", size_m=((0.055, 0.1), (0.055, 0.1), (0.06, 0.125)),
              places=(SURFACE,), rooms=ROOMS,
              aliases=("red apple", "green apple", "fruit"))  # fmt: skip
def apple(draw: Draw) -> Model:
    """Round with a dip at both ends, a stalk, and some with a leaf."""
    radius = draw.size(0.032, 0.043)
    height = radius * draw.size(1.65, 1.95)
    skin = draw.natural("food", draw.choice(("red", "red", "green", "yellow")), 0.3, 0.03)
    taper = draw.size(0.55, 0.72)
    profile = [(0.12, 0.06), (0.3, 0.0), (0.45, 0.0), (taper, 0.08), (0.9, 0.32), (1.0, 0.58),
               (0.94, 0.8), (0.76, 0.95), (0.5, 1.0), (0.3, 0.97), (0.1, 0.87)]  # fmt: skip
    body = revolved(grown(profile, radius, height), skin, sides=20)
    parts = [Part("fruit", (body,)),
             Part("stalk", _stalk(draw, 0.92 * height, 0.5 * radius, 0.0016))]  # fmt: skip
    if draw.chance(0.4):
        parts.append(Part("leaf", _leaf(draw, 0.97 * height, draw.size(0.7, 1.1) * radius)))
    return Model(tuple(parts), skin)


@object_class("pear", "food", size_m=((0.05, 0.1), (0.05, 0.1), (0.075, 0.16)),
              places=(SURFACE,), rooms=ROOMS, aliases=("green pear", "yellow pear"))  # fmt: skip
def pear(draw: Draw) -> Model:
    """Wide below, with a narrow neck and a stalk."""
    radius = draw.size(0.03, 0.042)
    height = radius * draw.size(2.3, 2.9)
    skin = draw.natural(
        "food", draw.choice(("green", "green", "yellow", "yellow", "brown")), 0.25, 0.03
    )
    neck = draw.size(0.36, 0.5)
    profile = [(0.3, 0.0), (0.5, 0.01), (0.82, 0.1), (1.0, 0.29), (0.94, 0.45), (0.72, 0.6),
               (1.1 * neck, 0.75), (neck, 0.87), (0.75 * neck, 0.96), (0.1, 0.99)]  # fmt: skip
    body = revolved(grown(profile, radius, height), skin, sides=20)
    parts = [Part("fruit", (body,)), Part("stalk", _stalk(draw, height, 0.6 * radius, 0.002))]
    if draw.chance(0.3):
        parts.append(Part("leaf", _leaf(draw, height, draw.size(0.7, 1.1) * radius)))
    return Model(tuple(parts), skin)


@object_class("orange", "food", size_m=((0.06, 0.12), (0.06, 0.12), (0.025, 0.11)),
              places=(SURFACE,), rooms=ROOMS, aliases=("citrus fruit", "mandarin"))  # fmt: skip
def orange(draw: Draw) -> Model:
    """A dimpled ball with a green star on top, or half of one that shows its segments."""
    radius = draw.size(0.032, 0.046)
    height = 2 * radius * draw.size(0.88, 1.0)
    peel = replace(draw.natural("food", "orange", 0.12), pattern="speckle", scale_m=0.004)
    profile = [(r, 0.5 + z) for r, z in arc(1.0, -78, 78, 10, radius_y_m=0.511)]
    if draw.chance(0.3):
        return _half_orange(radius, height, peel)
    body = revolved(grown(profile, radius, height), peel, sides=20)
    green = draw.natural("plant", "green")
    top = _star(0.16 * radius, 5, height - 0.0005, green)
    parts = [Part("fruit", (body,)), Part("stalk", (top,))]
    if draw.chance(0.5):
        parts.append(Part("leaf", _leaf(draw, height, draw.size(0.8, 1.2) * radius)))
    return settled(parts, peel)


def _half_orange(radius: float, height: float, peel: Material) -> Model:
    """Cut face up: light lines between the segments, and a white ring under the peel."""
    row, column = (np.mgrid[0:96, 0:96] - 47.5) / 47.5
    far, angle = np.hypot(row, column), np.arctan2(row, column)
    light = (far > 0.9) | (far < 0.08) | (np.abs(far * np.sin(5 * angle)) < 0.13)
    pulp = np.array(peel.color) * (1.0, 1.12, 1.0)
    image = np.where(light[..., None], (1.0, 0.93, 0.75), pulp.clip(0, 1))
    inner = 0.95 * radius
    picture = Print(np.round(255 * image).astype(np.uint8), "top", (-inner, -inner), (inner, inner))
    side = arc(radius, -70, 0, 7, (0.0, 0.5 * height), 0.53 * height)
    half = [(0.0, side[0][1]), *side, (0.0, 0.5 * height)]
    low = side[0][1]
    body = revolved([(r, z - low) for r, z in half], peel, sides=20)
    cut = (0, 0, 0.5 * height - low - 0.001)
    face = cylinder(0.97 * radius, 0.0025, replace(peel, print=picture), cut, sides=20)
    return Model((Part("fruit", (body,)), Part("pulp", (face,))), peel)


@object_class("lemon", "food", size_m=((0.065, 0.13), (0.045, 0.085), (0.045, 0.085)),
              places=(SURFACE,), rooms=ROOMS, aliases=("lime", "yellow lemon"))  # fmt: skip
def lemon(draw: Draw) -> Model:
    """Lying, with a nipple at one end and a knob at the other."""
    radius = draw.size(0.024, 0.035)
    length = radius * draw.size(2.7, 3.2)
    color = draw.choice(("yellow", "yellow", "yellow", "green"))
    peel = replace(draw.natural("food", color, 0.1), pattern="speckle", scale_m=0.004)
    profile = [(0.1, 0.0), (0.19, 0.03), (0.25, 0.09), (0.62, 0.2), (0.9, 0.36), (1.0, 0.5),
               (0.9, 0.66), (0.6, 0.83), (0.3, 0.92), (0.16, 1.0)]  # fmt: skip
    shape = revolved(grown(profile, radius, length), peel, sides=20)
    # A flat of the ring below, so that it does not stand on a corner.
    body = lying(shape.moved(turned("z", np.pi / 20)), "x", (-length / 2, 0.0, 0.0))
    return settled((Part("fruit", (body,)),), peel)


@object_class("tomato", "food", size_m=((0.045, 0.105), (0.045, 0.105), (0.03, 0.09)),
              places=(SURFACE,), rooms=ROOMS, aliases=("ripe tomato", "vegetable"))  # fmt: skip
def tomato(draw: Draw) -> Model:
    """Flattened and red, with a green star of leaves on top."""
    radius = draw.size(0.026, 0.045)
    height = radius * draw.size(1.3, 1.75)
    skin = draw.natural("food", draw.choice(("red", "red", "red", "orange")), 0.1, 0.04)
    profile = [(0.4, 0.0), (0.75, 0.1), (0.95, 0.32), (1.0, 0.52), (0.93, 0.76), (0.72, 0.95),
               (0.45, 1.0), (0.2, 0.94)]  # fmt: skip
    body = revolved(grown(profile, radius, height), skin, sides=20)
    green = draw.natural("plant", "green")
    leaves: list[Solid] = []
    for way in range(5):
        path = [(0.0, 0.0, 0.97 * height), (0.4 * radius, 0.0, 1.03 * height),
                (0.8 * radius, 0.0, 0.97 * height)]  # fmt: skip
        leaf = bent(
            path, [(0.08 * radius, 0.0012), (0.13 * radius, 0.0012), (0.0008, 0.0008)], green, 4
        )
        leaves += [s.moved(turned("z", 0.4 * np.pi * way)) for s in leaf]
    stalk = bent([(0, 0, 0.9 * height), (0, 0, 1.15 * height)], [0.0025, 0.002], green, 6)
    return Model((Part("fruit", (body,)), Part("leaves", (*leaves, *stalk))), skin)


@object_class("banana", "food", size_m=((0.12, 0.26), (0.04, 0.16), (0.028, 0.1)),
              places=(SURFACE,), rooms=ROOMS,
              aliases=("bunch of bananas", "yellow banana"))  # fmt: skip
def banana(draw: Draw) -> Model:
    """A crescent that lies on its side with dark ends: one, or a bunch of up to three."""
    skin = draw.natural("food", draw.choice(("yellow",) * 5 + ("green",)), 0.08, 0.05)
    dark = draw.natural("food", "brown")
    bend, half, thick = draw.size(0.09, 0.14), draw.size(36, 50), draw.size(0.0145, 0.019)
    fruits: list[Solid] = []
    tips: list[Solid] = []
    for number in range(draw.choice((1, 1, 2, 3))):
        tilt = turned("x", 0.42 * number, (0.0, 0.7 * bend, thick))
        shape = [s.moved(placement(0, 0.005 * number, 0.012 * number) @ tilt)
                 for s in _crescent(bend, half, thick, skin, dark)]  # fmt: skip
        fruits += shape[1:-1]
        tips += [shape[0], shape[-1]]
    shift = placement(0, -0.88 * bend)
    return Model((Part("fruit", tuple(s.moved(shift) for s in fruits)),
                  Part("tips", tuple(s.moved(shift) for s in tips))), skin)  # fmt: skip


def _crescent(
    bend: float, half: float, thick: float, skin: Material, dark: Material
) -> tuple[Solid, ...]:
    """One banana: its stalk first, its other end last."""
    line = arc(bend, 90 + half, 90 - half, 8)
    ends = [(1.12 * x, 1.1 * y) for x, y in (line[0], line[-1])]
    path = [
        (x, y, thick)
        for x, y in (ends[0], *line, (0.99 * line[-1][0] + 0.004, line[-1][1] - 0.004))
    ]
    body = [0.3, 0.72, 0.95, 1.0, 1.0, 0.95, 0.75, 0.35]
    radii = [share * thick for share in (0.24, *body, 0.25)]
    up = (0, 0, 1)
    return (*bent(path[:2], radii[:2], dark, 6, up), *bent(path[1:-1], radii[1:-1], skin, 6, up),
            *bent(path[-2:], radii[-2:], dark, 6, up))  # fmt: skip
