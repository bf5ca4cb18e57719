"""Toilet and its paper, and a scale."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.fittings import Solids, face_up, undecorated
from nesf_ros.synthetic.objects.pieces import lying, oval, profile
from nesf_ros.synthetic.objects.screens import digits, weighing_dial
from nesf_ros.synthetic.solids import (
    Point,
    Solid,
    box,
    cylinder,
    extruded,
    revolved,
    rounded_box,
    tapered_box,
)
from nesf_ros.synthetic.things import Model, Part, placement, turned

_BATH = ("bathroom",)


def _stretched(solid: Solid, width_m: float, depth_m: float, at: Point) -> Solid:
    """What was made one metre wide, as an oval of a width and a depth at a place."""
    stretch = np.diag([width_m, depth_m, 1.0, 1.0])
    stretch[:3, 3] = at
    return solid.moved(stretch)


def _cistern(draw: Draw, width: float, white: Material, at: Point) -> tuple[Solids, Solids]:
    """A tank with a cover, its lower front edge centred on `at`; its button or lever."""
    (x, front, low), high, deep = at, draw.size(0.32, 0.4), draw.size(0.15, 0.18)
    y, top = front - deep / 2, low + high
    tank = tapered_box((width - 0.06, deep - 0.02, high), (width, deep), white, (x, y, low))
    cover = rounded_box((width + 0.03, deep + 0.02, 0.035), 0.012, white, (x, y, top), steps=1)
    chrome = draw.material("metal", "grey", "gold")
    if draw.chance(0.5):
        return (tank, cover), (cylinder(0.02, 0.008, chrome, (x, y, top + 0.034), sides=14),)
    lever = box((0.07, 0.02, 0.014), chrome, (x + 0.3 * width, front + 0.008, top - 0.05))
    return (tank, cover), (lever,)


@object_class("toilet", "bathroom", size_m=((0.34, 0.5), (0.58, 0.8), (0.65, 0.95)),
              places=(FLOOR,), rooms=_BATH,
              aliases=("toilet bowl", "lavatory", "water closet"))  # fmt: skip
def toilet(draw: Draw) -> Model:
    """A hollow oval bowl with a seat, its lid up or down, and a cistern behind."""
    white = undecorated(draw, "ceramic", "white", "white", "white", "beige", "pink", "turquoise")
    seat_stuff = draw.choice((white, draw.material("wood", "brown"), undecorated(
        draw, "plastic", "white", "black", "blue", "pink")))  # fmt: skip
    width, depth, high = draw.size(0.35, 0.4), draw.size(0.44, 0.5), draw.size(0.38, 0.42)
    back = -depth / 2 - 0.1
    waist, low = draw.size(0.28, 0.36), draw.size(0.3, 0.4)
    outline = [(low, 0.0), (low, 0.03), (waist, 0.12), (0.46, 0.7 * high), (0.5, high)]
    inside = [(0.4, high), (0.36, 0.75 * high), (0.12, 0.5 * high), (0.0, 0.5 * high)]
    bowl = revolved([(0.0, 0.0), *outline, *inside], white, sides=24)
    ring = revolved([(0.36, 0.0), (0.51, 0.0), (0.51, 0.02), (0.36, 0.02)], seat_stuff, sides=24)
    base = tapered_box((0.6 * width, 0.24, high), (0.85 * width, 0.2), white, (0, back + 0.06, 0))
    water = cylinder(0.2, 0.004, draw.material("glass", "blue"), sides=16)
    seat_at = high + 0.002
    cover = revolved([(0.0, 0.0), (0.51, 0.0), (0.5, 0.018), (0.0, 0.022)], seat_stuff, sides=24)
    lid = _stretched(cover, width, depth, (0, 0, seat_at + 0.022))
    hinge = (0.0, -depth / 2 + 0.01, seat_at + 0.02)
    if draw.chance(0.6):
        lid = lid.moved(turned("x", draw.size(1.54, 1.6), hinge))
    tank, flush = _cistern(draw, 0.95 * width, white, (0, back + 0.06, high))
    parts = (
        Part("bowl", (_stretched(bowl, width, depth, (0, 0, 0)), base)),
        Part("water", (_stretched(water, width, depth, (0, 0, 0.5 * high + 0.02)),)),
        Part("seat", (_stretched(ring, width, depth, (0, 0, seat_at)),)),
        Part("lid", (lid,)),
        Part("cistern", tank),
        Part("flush", flush),
    )
    return Model(tuple(part.moved(placement(0, 0.14)) for part in parts), white)


@object_class("toilet paper", "bathroom", size_m=((0.085, 0.24), (0.09, 0.24), (0.08, 0.24)),
              places=(SURFACE,), rooms=_BATH,
              aliases=("toilet roll", "roll of toilet paper", "bathroom tissue"))  # fmt: skip
def toilet_paper(draw: Draw) -> Model:
    """A roll with its core, standing or lying, its end hanging loose; two on each other."""
    paper = undecorated(draw, "paper", "white", "white", "white", "pink", "beige", "blue")
    card = undecorated(draw, "cardboard", "brown", "beige")
    radius, core, high = draw.size(0.048, 0.065), draw.size(0.019, 0.023), draw.size(0.09, 0.11)
    roll = revolved([(core, 0.0), (radius, 0.0), (radius, high), (core, high)], paper, sides=24)
    tube_ = revolved([(core - 0.0015, 0.0008), (core, 0.0008), (core, high - 0.001),
                      (core - 0.0015, high - 0.001)], card, sides=16)  # fmt: skip
    tail = box((draw.size(0.03, 0.08), 0.0012, high), paper, (0.03, radius - 0.0008, 0))
    if draw.chance(0.45):
        rolls, cores = [roll, tail], [tube_]
        if draw.chance(0.3):
            up = placement(draw.size(-0.006, 0.006), draw.size(-0.006, 0.006), high)
            rolls, cores = [*rolls, roll.moved(up)], [*cores, tube_.moved(up)]
        return Model((Part("paper", tuple(rolls)), Part("core", tuple(cores))), paper)
    lay = (-high / 2, 0.0, radius)
    out, drop = draw.size(0.02, 0.06), 0.0012
    sheet = [(radius - 0.0015, radius), (radius, radius), (radius + 0.3 * out, 0.3 * radius),
             (radius + out, drop), (radius + out + 0.02, drop), (radius + out + 0.02, 0.0),
             (radius + out - 0.002, 0.0), (radius + 0.3 * out - 0.002, 0.28 * radius)]  # fmt: skip
    loose = profile(sheet, high, paper)
    yaw = turned("z", draw.choice((0.0, draw.size(-1.2, 1.2))))
    return Model(
        (
            Part("paper", (lying(roll, "x", lay).moved(yaw), loose.moved(yaw))),
            Part("core", (lying(tube_, "x", lay).moved(yaw),)),
        ),
        paper,
    )


@object_class("scale", "bathroom", size_m=((0.24, 0.34), (0.24, 0.34), (0.02, 0.08)),
              places=(FLOOR,), rooms=_BATH,
              aliases=("bathroom scale", "weighing scale", "body scale"))  # fmt: skip
def scale(draw: Draw) -> Model:
    """A flat plate on short feet with two ribbed foot rests, and figures or a round dial."""
    width, depth = draw.size(0.26, 0.32), draw.size(0.26, 0.32)
    high, foot = draw.size(0.018, 0.035), draw.size(0.008, 0.014)
    kind = draw.choice(("plastic", "glass", "metal"))
    body = draw.material(kind, "white", "black", "blue", "green") if kind != "metal" else (
        draw.material("metal", "grey", "black"))  # fmt: skip
    dark, top = draw.material("plastic", "black"), foot + high
    rest = draw.material("rubber", "black") if body.color_name != "black" else draw.material(
        "metal", "grey")  # fmt: skip
    plate = rounded_box((width, depth, high), min(0.4 * high, 0.012), body, (0, 0, foot), steps=2)
    feet = [cylinder(0.022, foot + 0.003, dark, (x * 0.36 * width, y * 0.36 * depth, 0), sides=12)
            for x in (-1, 1) for y in (-1, 1)]  # fmt: skip
    # Who stands on it reads from +y; the figures are at the far end.
    outline = [(x, y) for x, y in oval(0.3 * width, 0.56 * depth, 16)]
    rests = [extruded(outline, 0.002, rest, (x * 0.24 * width, 0.1 * depth, top)) for x in (-1, 1)]
    y = -0.3 * depth
    if draw.chance(0.55):
        image = digits(f"{draw.count(48, 99)}.{draw.count(0, 9)}", draw.color("green"))
        shows = [face_up(image, (0.32 * width, 0.14 * depth), dark, (0, y, top), 0.002)]
    else:
        radius = 0.19 * min(width, depth)
        metal = draw.material("metal", "grey", "gold")
        slim = 0.9 * radius
        ring = revolved([(slim, 0.0), (radius, 0.0), (radius, 0.008), (slim, 0.008)], metal,
                        (0, y, top), 20)  # fmt: skip
        face = face_up(weighing_dial(draw), (1.25 * radius,) * 2, dark, (0, y, top), 0.004)
        disc = cylinder(
            0.92 * radius, 0.003, draw.material("plastic", "white"), (0, y, top), sides=20
        )
        shows = [ring, disc, face]
    return Model(
        (
            Part("plate", (plate,)),
            Part("feet", tuple(feet)),
            Part("foot rests", tuple(rests)),
            Part("display", tuple(shows)),
        ),
        body,
    )
