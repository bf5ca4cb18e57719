"""Tools with a body of their own: scissors, lamps, drills, brushes, rolls of tape, boxes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.hand_tools import GRIPS, SHED, along_x, flat_size, rested
from nesf_ros.synthetic.objects.pieces import lying, plate, profile
from nesf_ros.synthetic.objects.pottery import open_box
from nesf_ros.synthetic.solids import (
    box,
    cylinder,
    ellipsoid,
    extruded,
    hull,
    revolved,
    rounded_box,
    torus,
    tube,
)
from nesf_ros.synthetic.things import Model, Part, placement, turned


@object_class("scissors", "tool", size_m=flat_size((0.1, 0.28), (0.04, 0.18), 0.02),
              places=(SURFACE,), rooms=("office", "kitchen", "bedroom"),
              aliases=("shears", "pair of scissors"))  # fmt: skip
def scissors(draw: Draw) -> Model:
    """Scissors, more or less open."""
    length, opening = draw.size(0.12, 0.22), np.radians(draw.size(8, 24))
    steel, paint = draw.material("metal", "white", "grey"), draw.material("plastic", *GRIPS)
    blade, thin = 0.55 * length, draw.size(0.004, 0.006)
    wide = draw.size(0.05, 0.065) * length
    loops, blades = [], []
    for side in (-1, 1):
        swing = placement(0.05 * length, 0, 0, side * opening)
        outline = [(-0.12 * length, -side * wide), (0, -side * wide), (blade, 0.0),
                   (0.0, side * wide), (-0.12 * length, side * 0.6 * wide)]  # fmt: skip
        z = thin + 0.2 * side * thin
        blades.append(extruded(outline, 0.5 * thin, steel, (0, 0, z)).moved(swing))
        center = (-0.3 * length, -side * 0.035 * length, 0.0)
        ring = torus(0.095 * length, thin, paint, sides=20)
        stretch = np.diag([draw.size(1.15, 1.4), 0.8, 1.0, 1.0])
        loops.append(ring.moved(swing @ placement(*center) @ stretch))
        stem = tube([(-0.2 * length, -side * 0.03 * length, thin), (-0.05 * length, 0, thin)],
                    thin, paint, 10)  # fmt: skip
        loops += [s.moved(swing) for s in stem]
    bolt = cylinder(0.5 * wide, 2.1 * thin, steel, (0.05 * length, 0, 0), sides=12)
    return Model((Part("blades", (*blades, bolt)), Part("handles", tuple(loops))), paint)


@object_class("flashlight", "tool", size_m=flat_size((0.09, 0.3), (0.025, 0.1), 0.1),
              places=(SURFACE, FLOOR), rooms=("workshop", "garage", "bedroom"),
              aliases=("flash light", "hand lamp"))  # fmt: skip
def flashlight(draw: Draw) -> Model:
    """A flashlight on its side, with a flared head and a bright lens."""
    length, radius = draw.size(0.11, 0.26), draw.size(0.014, 0.024)
    wide = radius * draw.size(1.4, 2.0)
    paint = draw.material(draw.choice(("plastic", "metal")), *GRIPS, "grey")
    trim, lens = draw.material("rubber", "black"), draw.material("glass", "white")
    bright = draw.material("plastic", "yellow", "red", "white")
    neck, head = 0.62 * length, 0.76 * length
    body = along_x([(0, 0), (0.9 * radius, 0), (radius, 0.01), (radius, neck),
                            (wide, head), (wide, length), (0.9 * wide, length),
                            (0.85 * wide, 0.95 * length), (0, 0.95 * length)],
                           paint, -length / 2, wide)  # fmt: skip
    rings = [
        lying(cylinder(r, 0.04 * length, trim, sides=16), "x", (x * length, 0, wide))
        for x, r in ((-0.46, 1.06 * radius), (0.05, 1.06 * radius), (0.42, 1.03 * wide))
    ]
    glass = lying(cylinder(0.84 * wide, 0.03 * length, lens, sides=16), "x",
                  (0.45 * length, 0, wide))  # fmt: skip
    switch = ellipsoid((0.12 * length, 0.8 * radius, 0.5 * radius), bright,
                       (-0.15 * length, 0, wide + 0.8 * radius), sides=12)  # fmt: skip
    # It rests on its head and on its tail, which is thinner.
    lean = turned("y", -np.arctan((1.03 * wide - 1.06 * radius) / (0.88 * length)))
    pieces = {"body": [body], "rings": rings, "lens": [glass], "switch": [switch]}
    return Model(rested(pieces, lean), paint)


@object_class("drill", "tool", size_m=((0.15, 0.4), (0.05, 0.14), (0.15, 0.34)),
              places=(SURFACE, FLOOR), rooms=SHED,
              aliases=("power drill", "cordless drill", "electric drill"))  # fmt: skip
def drill(draw: Draw) -> Model:
    """A cordless drill that stands on its battery."""
    scale = draw.size(0.85, 1.2)
    paint = draw.material("plastic", "red", "blue", "yellow", "green", "orange", "turquoise")
    dark, steel = draw.material("rubber", "black", "grey"), draw.material("metal", "grey")
    long, radius, tall = 0.15 * scale, 0.032 * scale, scale * draw.size(0.15, 0.19)
    pack = rounded_box((scale * draw.size(0.09, 0.13), 0.075 * scale, 0.05 * scale), 0.008 * scale,
                       dark, (-0.01 * scale, 0, 0), steps=2)  # fmt: skip
    rake = scale * draw.size(0.0, 0.025)
    grip = plate([(-0.035 * scale - rake, 0.04 * scale), (0.02 * scale - rake, 0.04 * scale),
                  (0.012 * scale, tall), (-0.042 * scale, tall)], 0.04 * scale, paint)  # fmt: skip
    pad = plate([(-0.04 * scale - rake, 0.06 * scale), (-0.015 * scale - rake, 0.06 * scale),
                 (-0.02 * scale, tall - 0.02), (-0.047 * scale, tall - 0.02)], 0.042 * scale,
                dark)  # fmt: skip
    motor = along_x([(0, 0), (0.75 * radius, 0), (radius, 0.1 * long), (radius, 0.75 * long),
                     (0.75 * radius, long), (0, long)], paint, -0.6 * long, tall)  # fmt: skip
    vent = lying(cylinder(1.02 * radius, 0.12 * long, dark, sides=16), "x", (-0.45 * long, 0, tall))
    chuck = along_x([(0, 0), (0.7 * radius, 0), (0.65 * radius, 0.25 * long),
                             (0.25 * radius, 0.42 * long), (0, 0.42 * long)], dark, 0.39 * long,
                            tall)  # fmt: skip
    bit = lying(cylinder(0.0035 * scale, scale * draw.size(0.06, 0.1), steel, sides=8), "x",
                (0.8 * long, 0, tall))  # fmt: skip
    trigger = ellipsoid((0.025 * scale, 0.02 * scale, 0.045 * scale), dark,
                        (0.02 * scale, 0, tall - 1.9 * radius), sides=12)  # fmt: skip
    return Model(
        (
            Part("body", (motor, vent)), Part("handle", (grip, pad)), Part("battery", (pack,)),
            Part("chuck", (chuck,)), Part("bit", (bit,)), Part("trigger", (trigger,)),
        ),
        paint,
    )  # fmt: skip


@object_class("tape", "tool", size_m=((0.05, 0.24), (0.015, 0.16), (0.012, 0.14)),
              places=(SURFACE,), rooms=(*SHED, "kitchen"),
              aliases=("roll of tape", "adhesive tape", "sticky tape"))  # fmt: skip
def tape(draw: Draw) -> Model:
    """A lying roll of tape, or a roll in a dispenser with a cutter at its front."""
    radius, wide = draw.size(0.032, 0.065), draw.size(0.015, 0.055)
    core, paint = radius * draw.size(0.5, 0.72), draw.material("plastic", *GRIPS, "beige", "grey")
    card = draw.material("cardboard", "beige", "brown")
    if draw.chance(0.5):
        ring = [(core, 0), (radius, 0), (radius, wide), (core, wide)]
        inner = [(0.88 * core, -0.001), (core, -0.001), (core, wide + 0.001),
                 (0.88 * core, wide + 0.001)]  # fmt: skip
        roll, hub = revolved(ring, paint, (0, 0, 0.001)), revolved(inner, card, (0, 0, 0.001))
        return Model((Part("roll", (roll,)), Part("core", (hub,))), paint)
    body = draw.material("plastic", *GRIPS)
    clear = draw.material("plastic", "beige", "white")
    axis, thin = 0.75 * radius, 0.5 * wide
    side = [(-1.2 * radius, 0.0), (2.2 * radius, 0.0), (2.2 * radius, 1.05 * radius),
            (1.8 * radius, 1.05 * radius), (0.8 * radius, 0.3 * radius),
            (0.5 * radius, 0.9 * radius), (-0.5 * radius, 0.9 * radius),
            (-1.2 * radius, 0.4 * radius)]  # fmt: skip
    walls = [plate(side, 0.3 * thin, body, (0, y, 0)) for y in (-0.9 * thin, 0.9 * thin)]
    floor = box((3.4 * radius, 1.6 * thin, 0.25 * radius), body, (0.5 * radius, 0, 0.001))
    rest = box((0.3 * radius, 1.6 * thin, radius), body, (2.0 * radius, 0, 0))
    middle = (0, -0.7 * thin, axis + 0.3 * radius)
    roll = lying(cylinder(0.95 * radius, 1.4 * thin, clear, sides=24), "y", middle)
    hub = lying(cylinder(0.55 * radius, 2.4 * thin, card, sides=20), "y",
                (0, -1.2 * thin, middle[2]))  # fmt: skip
    strip = hull(np.array([(x * radius, y * thin, z * radius) for x, z in
                           ((0.55, 1.72), (0.6, 1.76), (2.1, 1.06), (2.1, 1.02))
                           for y in (-0.7, 0.7)]), clear)  # fmt: skip
    cutter = box((0.04 * radius, 1.9 * thin, 0.12 * radius), draw.material("metal", "white"),
                 (2.18 * radius, 0, 1.0 * radius))  # fmt: skip
    return Model((Part("dispenser", (*walls, floor, rest)), Part("roll", (roll, strip)),
                  Part("core", (hub,)), Part("cutter", (cutter,))), body)  # fmt: skip


@object_class("paint brush", "tool", size_m=flat_size((0.14, 0.36), (0.02, 0.12), 0.04),
              places=(SURFACE, FLOOR), rooms=SHED,
              aliases=("paintbrush", "brush for paint"))  # fmt: skip
def paint_brush(draw: Draw) -> Model:
    """A flat brush, its bristles dipped in paint."""
    wide, thick = draw.size(0.025, 0.09), draw.size(0.01, 0.02)
    long, hair = draw.size(0.1, 0.16), draw.size(0.04, 0.07)
    grip = draw.material(draw.choice(("wood", "plastic")), "brown", "red", "blue", "yellow")
    steel = draw.material("metal", "grey", "gold")
    bristle = draw.natural("plant", "beige", 0.4, 0.004)
    color = draw.material("plastic", *GRIPS, "white")
    slim = 0.3 * wide + 0.008
    outline = [(-0.9 * long, -0.5 * slim), (-0.85 * long, -0.6 * slim), (-0.5 * long, -0.4 * slim),
               (-0.15 * long, -0.45 * wide), (0.0, -0.48 * wide)]  # fmt: skip
    handle = extruded([*outline, *((x, -y) for x, y in outline[::-1])], 0.7 * thick, grip,
                      (0, 0, 0.15 * thick))  # fmt: skip
    band = box((0.25 * long, wide, thick), steel, (0.12 * long, 0, 0))
    start = 0.24 * long
    dip = start + draw.size(0.3, 0.65) * hair
    hairs = hull(tuft(start, dip, (0.96 * wide, wide), (0.9, 0.9), thick), bristle)
    tip = hull(tuft(dip, start + hair, (1.02 * wide, wide), (0.95, 0.2), thick), color)
    return Model((Part("handle", (handle,)), Part("ferrule", (band,)),
                  Part("bristles", (hairs, tip))), grip)  # fmt: skip


def tuft(
    start: float, end: float, wide: tuple[float, float], tall: tuple[float, float], thick: float
) -> Float64[ndarray, "8 3"]:
    """Corners of a wedge along x: how wide and, as a share of `thick`, how tall at both ends."""
    return np.array([
        (x, i * w / 2, thick / 2 + k * t * thick / 2)
        for x, w, t in zip((start, end), wide, tall, strict=True)
        for i in (-1, 1) for k in (-1, 1)
    ])  # fmt: skip


@object_class("toolbox", "tool", size_m=((0.28, 0.62), (0.14, 0.5), (0.14, 0.52)),
              places=(FLOOR, SURFACE), rooms=("workshop", "garage"),
              aliases=("tool chest", "tool case"), holds=("tool",))  # fmt: skip
def toolbox(draw: Draw) -> Model:
    """A metal or plastic box with a lid, shut or open, or an open tray below a bar."""
    width, depth, height = draw.size(0.32, 0.55), draw.size(0.18, 0.26), draw.size(0.11, 0.19)
    paint = draw.material(draw.choice(("metal", "plastic")), *GRIPS, "grey")
    trim, steel = draw.material("plastic", "black"), draw.material("metal", "grey")
    tub, space = open_box((width, depth, height), 0.004, paint)
    if draw.chance(0.3):
        top = height + draw.size(0.08, 0.13)
        shape = [(-0.5 * depth, 0.0), (0.5 * depth, 0.0), (0.5 * depth, height),
                 (0.08 * depth, top), (-0.08 * depth, top), (-0.5 * depth, height)]  # fmt: skip
        ends = [profile(shape, 0.008, paint, (x, 0, 0)) for x in (-width / 2, width / 2)]
        bar = lying(cylinder(0.014, width, trim, sides=14), "x", (-width / 2, 0, top - 0.02))
        return Model((Part("box", (*tub, *ends)), Part("handle", (bar,))), paint, (space,))
    rise = draw.size(0.04, 0.07)
    shell, _ = open_box((width + 0.006, depth + 0.006, rise), 0.004, paint, 0.0,
                        (width + 0.006, depth + 0.006))  # fmt: skip
    over = placement(0, 0, height + rise) @ turned("x", np.pi)
    grip = tube(
        [
            (-0.1, 0, height + rise - 0.003),
            (-0.08, 0, height + rise + 0.04),
            (0.08, 0, height + rise + 0.04),
            (0.1, 0, height + rise - 0.003),
        ],
        0.012,
        trim,
        10,
    )
    shut = draw.chance(0.5)
    swing = turned("x", 0.0 if shut else draw.size(1.2, 1.75), (0, -depth / 2, height))
    lid, handle = [s.moved(swing @ over) for s in shell], [s.moved(swing) for s in grip]
    latches = tuple(box((0.035, 0.008, 0.05), steel, (x * width, depth / 2 + 0.002, height - 0.045))
                    for x in (-0.3, 0.3))  # fmt: skip
    return Model((Part("box", tub), Part("lid", tuple(lid)), Part("handle", tuple(handle)),
                  Part("latches", latches)), paint, (replace(space, closed=shut),))  # fmt: skip
