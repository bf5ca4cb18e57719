"""Seats without much upholstery: chairs, stools, benches."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.joinery import (
    LEFT_ON_SEATS,
    castor,
    legs,
    on_top,
    radial_legs,
    timber,
)
from nesf_ros.synthetic.objects.pieces import arc
from nesf_ros.synthetic.objects.upholstery import cover, padded
from nesf_ros.synthetic.solids import (
    Solid,
    box,
    cylinder,
    extruded,
    revolved,
    torus,
    tube,
)
from nesf_ros.synthetic.things import ON, Model, Part, Receptacle, turned


@object_class("chair", "furniture", size_m=((0.36, 0.75), (0.38, 0.78), (0.7, 1.3)),
              places=(FLOOR,), rooms=("kitchen", "living room", "office", "bedroom"),
              aliases=("seat with a back", "side chair", "chair for one"),
              holds=LEFT_ON_SEATS)  # fmt: skip
def chair(draw: Draw) -> Model:
    """A seat with a back on four legs, bent tubes, or a star with castors."""
    styles = (_wooden_chair, _wooden_chair, _shell_chair, _tube_chair, _office_chair)
    return draw.choice(styles)(draw)


def _wooden_chair(draw: Draw) -> Model:
    """Four legs, and a back of slats, spindles or one panel between two posts."""
    wood, seat = timber(draw), draw.size(0.42, 0.48)
    width, depth, thick = draw.size(0.38, 0.5), draw.size(0.38, 0.46), draw.size(0.025, 0.04)
    feet = legs(draw, (width, depth, seat - thick), wood, draw.size(0.03, 0.045))
    board = [box((width, depth, thick), wood, (0, 0, seat - thick))]
    top, floor = seat, 0.0
    if draw.chance(0.4):
        floor = draw.size(0.03, 0.05)
        board.append(padded((width - 0.02, depth - 0.05, floor), cover(draw), (0, 0.02, seat)))
        top = seat + floor
    tall, post = draw.size(0.4, 0.58), draw.size(0.025, 0.04)
    rear, x = -depth / 2 + post / 2, (width - post) / 2
    tilt = turned("x", draw.size(0.04, 0.2), (0, rear, seat))
    back = [box((post, post, tall), wood, (side, rear, seat)) for side in (-x, x)]
    back += _infill(draw, width - 2 * post, seat, tall, rear, wood)
    room = on_top(width - 0.06, depth - post - 0.07, top, 0.35, "seat", 0.03)
    parts = (Part("legs", feet), Part("seat", tuple(board)),
             Part("back", tuple(solid.moved(tilt) for solid in back)))  # fmt: skip
    return Model(parts, wood, (room,))


def _infill(
    draw: Draw, width: float, seat: float, tall: float, rear: float, wood: Material
) -> list[Solid]:
    """What is between the posts of a back: slats, spindles or a panel."""
    style = draw.choice(("slats", "spindles", "panel"))
    if style == "panel":
        high = tall * draw.size(0.5, 0.85)
        stuff = wood if draw.chance(0.5) else cover(draw)
        return [box((width, 0.02, high), stuff, (0, rear, seat + tall - high - 0.01))]
    if style == "slats":
        count = draw.count(2, 4)
        high = min(0.09, 0.55 * tall / count)
        heights = seat + np.linspace(0.25 * tall, tall - high - 0.005, count)
        return [box((width, 0.016, high), wood, (0, rear, float(z))) for z in heights]
    rails = [box((width, 0.022, 0.05), wood, (0, rear, seat + z)) for z in (0.1, tall - 0.055)]
    places = np.linspace(-0.5, 0.5, draw.count(4, 7) + 2)[1:-1] * width
    return rails + [
        cylinder(0.008, tall - 0.2, wood, (float(x), rear, seat + 0.15), sides=8) for x in places
    ]


def _shell_chair(draw: Draw) -> Model:
    """A plastic shell that is bent around the seat, on splayed legs."""
    shell, wood = draw.material("plastic"), draw.material(draw.choice(("wood", "metal")))
    radius, seat, thick = draw.size(0.2, 0.25), draw.size(0.42, 0.47), 0.015
    reach, tall = draw.size(40, 75), draw.size(0.28, 0.42)
    lower = revolved([(0, 0), (0.7 * radius, 0), (radius, 0.035), (radius, 0.05), (0, 0.05)],
                     shell, (0, 0, seat - 0.05), 24)  # fmt: skip
    bend = arc(radius, 270 - reach, 270 + reach, 12)
    bend += arc(radius - thick, 270 + reach, 270 - reach, 12)
    back = extruded(bend, tall, shell, (0, 0, seat - 0.03))
    lean = np.eye(4)
    lean[1, 2], lean[1, 3] = -0.15, 0.15 * (seat - 0.03)
    feet = radial_legs(4, 0.9 * radius, 0.4 * radius, seat - 0.04, wood, 0.03)
    feet = tuple(foot.moved(turned("z", np.pi / 4)) for foot in feet)
    half = 0.85 * radius
    room = Receptacle(ON, (-half, -half + 0.03, seat), (half, half, seat + 0.35), True, "seat")
    parts = (Part("legs", feet), Part("seat", (lower,)), Part("back", (back.moved(lean),)))
    return Model(parts, shell, (room,))


def _tube_chair(draw: Draw) -> Model:
    """A bent metal tube at each side, a seat and a back between them."""
    metal, stuff = draw.material("metal"), draw.choice((cover, timber))(draw)
    width, depth, seat = draw.size(0.4, 0.5), draw.size(0.42, 0.5), draw.size(0.43, 0.47)
    top, radius = seat + draw.size(0.35, 0.48), draw.size(0.009, 0.013)
    x, y, lean = width / 2 - radius, depth / 2, draw.size(0.03, 0.1)
    under = seat - 0.03 - radius
    frame: list[Solid] = []
    if draw.chance(0.5):  # freely swinging: front legs alone, on runners
        paths = [[(-y - lean, top), (-y + 0.04, under), (y, under), (y, radius), (-y, radius)]]
    else:
        paths = [[(-y - lean, top), (-y + 0.04, under), (y - 0.03, under), (y - 0.03, 0)],
                 [(-y + 0.06, under), (-y + 0.06, 0)]]  # fmt: skip
    for side in (-x, x):
        for path in paths:
            frame += tube([(side, b, z) for b, z in path], radius, metal, sides=8)
    rise = 0.55 * (top - seat)
    slope = (lean + 0.04) / (top - under)
    middle = -y + 0.04 - slope * (seat + 0.4 * (top - seat) - under)
    board = padded((width - 0.01, depth - 0.06, 0.035), stuff, (0, 0.02, seat - 0.035), 0.4)
    back = padded((width - 0.01, 0.03, rise), stuff, (0, middle, top - rise - 0.01), 0.4)
    bent = turned("x", float(np.arctan(slope)), (0, middle, top - rise))
    room = on_top(width - 0.06, depth - 0.12, seat, 0.3, "seat", 0.03)
    parts = (Part("legs", tuple(frame)), Part("seat", (board,)), Part("back", (back.moved(bent),)))
    return Model(parts, stuff, (room,))


def _office_chair(draw: Draw) -> Model:
    """A padded seat and back on a column above a star of five castors, with or without arms."""
    stuff, dark = cover(draw), draw.material(draw.choice(("plastic", "metal")), "black", "grey")
    width, seat, tall = draw.size(0.44, 0.52), draw.size(0.44, 0.54), draw.size(0.4, 0.65)
    reach, radius = draw.size(0.26, 0.32), 0.025
    angles = np.arange(5) * (2 * np.pi / 5) + np.pi / 2
    tips = [(reach * float(np.cos(a)), reach * float(np.sin(a))) for a in angles]
    wheels = [s for x, y in tips for s in castor(x, y, radius, draw.material("rubber", "black"))]
    star = [s for x, y in tips for s in tube([(0, 0, 0.1), (x, y, 0.065)], 0.016, dark, sides=6)]
    column = cylinder(0.025, seat - 0.14, dark, (0, 0, 0.08), sides=12)
    pad = padded((width, 0.46, 0.07), stuff, (0, 0.02, seat - 0.07), 0.4)
    lift = draw.size(0.08, 0.16)
    tilt = turned("x", draw.size(0.05, 0.15), (0, -0.22, seat))
    back = padded((width - draw.size(0.02, 0.1), 0.06, tall), stuff, (0, -0.23, seat + lift), 0.4)
    stem = tube([(0, 0, seat - 0.08), (0, -0.28, seat - 0.08), (0, -0.28, seat + 0.3)], 0.016,
                dark, sides=8)  # fmt: skip
    parts = [Part("wheels", tuple(wheels)), Part("base", (*star, column, *stem)),
             Part("seat", (pad,)), Part("back", (back.moved(tilt),))]  # fmt: skip
    if draw.chance(0.5):
        x, high = width / 2 + 0.035, seat + draw.size(0.18, 0.24)
        rests = [box((0.05, 0.24, 0.03), dark, (side, 0.02, high)) for side in (-x, x)]
        low = seat - 0.08
        paths = [[(0.3 * side, 0, low), (side, 0, low), (side, 0, high)] for side in (-x, x)]
        posts = [solid for path in paths for solid in tube(path, 0.012, dark, sides=6)]
        parts.append(Part("arms", (*rests, *posts)))
    room = on_top(width - 0.07, 0.34, seat, 0.35, "seat", 0.05)
    return Model(tuple(parts), stuff, (room,))


@object_class("stool", "furniture", size_m=((0.24, 0.55), (0.24, 0.55), (0.38, 0.85)),
              places=(FLOOR,), rooms=("kitchen", "living room", "bathroom"),
              aliases=("backless seat", "backless chair", "simple seat"),
              holds=LEFT_ON_SEATS)  # fmt: skip
def stool(draw: Draw) -> Model:
    """A small seat without a back, low or as high as a bar, on legs or on one foot."""
    wood, height, radius = timber(draw), draw.size(0.4, 0.8), draw.size(0.14, 0.19)
    thick = draw.size(0.03, 0.06)
    stuff = cover(draw) if draw.chance(0.4) else wood
    below, parts = height - thick, list[Part]()
    if draw.chance(0.65):
        rim = [(0, 0), (radius, 0), (radius, 0.7 * thick), (radius - 0.01, thick), (0, thick)]
        seat, half = revolved(rim, stuff, (0, 0, below), 24), 0.95 * (radius - 0.015)
    else:
        side = 1.8 * radius
        seat, half = padded((side, side, thick), stuff, (0, 0, below)), side / 2 - 0.02
    bearing = wood if draw.chance(0.5) else draw.material("metal")
    if draw.chance(0.3):
        foot = cylinder(1.1 * radius, 0.015, bearing, sides=24)
        parts.append(Part("base", (foot, cylinder(0.025, below, bearing, sides=12))))
    else:
        count, spread = draw.count(3, 4), draw.size(0.85, 1.25)
        thin = draw.size(0.025, 0.04)
        feet = radial_legs(count, spread * radius, 0.75 * radius, below, bearing, thin)
        if count == 4:
            feet = tuple(foot.moved(turned("z", np.pi / 4)) for foot in feet)
        parts.append(Part("legs", feet))
        if below > 0.45:
            level = 0.35
            ring = radius * (spread + (0.75 - spread) * level)
            hoop = torus(ring, 0.009, bearing, (0, 0, level * below), sides=16)
            parts.append(Part("foot rest", (hoop,)))
    room = Receptacle(ON, (-half, -half, height), (half, half, height + 0.35),
                      bool(seat.bounds[1][0] == radius), "seat")  # fmt: skip
    return Model((*parts, Part("seat", (seat,))), stuff, (room,))
