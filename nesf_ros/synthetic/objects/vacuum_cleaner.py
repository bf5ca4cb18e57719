"""Vacuum cleaners: with hose and pipe, or upright."""

from __future__ import annotations

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pieces import lying
from nesf_ros.synthetic.solids import (
    Solid,
    ball,
    box,
    cylinder,
    ellipsoid,
    rounded_box,
    tapered_box,
    tube,
)
from nesf_ros.synthetic.things import Model, Part, turned


@object_class("vacuum cleaner", "appliance", size_m=((0.22, 0.45), (0.25, 1.2), (0.8, 1.3)),
              places=(FLOOR,),
              aliases=("vacuum", "floor vacuum", "vac"))  # fmt: skip
def vacuum_cleaner(draw: Draw) -> Model:
    """A body on wheels with a hose and a pipe, or an upright one on its nozzle."""
    body = draw.material("plastic", "red", "blue", "green", "purple", "orange", "yellow", "black")
    dark = draw.material("plastic", "black", "grey")
    return (_canister if draw.chance(0.6) else _upright)(draw, body, dark)


def _canister(draw: Draw, body: Material, dark: Material) -> Model:
    width, long, high = draw.size(0.24, 0.3), draw.size(0.36, 0.46), draw.size(0.2, 0.26)
    wheel, y = draw.size(0.08, 0.11), -0.3
    steel = draw.material("metal", "grey", "grey", "black")
    if draw.chance(0.6):
        shell: Solid = ellipsoid((width, long, high), body, (0, y, 0.03), 20)
    else:
        shell = rounded_box((width, long, high), 0.35 * high, body, (0, y, 0.03), steps=2)
    wheels = [
        lying(
            cylinder(wheel, 0.04, dark, sides=20), "x", (way * width * 0.46 - 0.02, y - 0.09, wheel)
        )
        for way in (-1, 1)
    ] + [ball(0.025, dark, (0, y + 0.3 * long, 0), sides=10)]
    socket = lying(cylinder(0.03, 0.06, dark, sides=12), "y", (0, y + 0.45 * long, 0.03 + high / 2))
    tall = draw.size(0.85, 1.05)
    start, side = y + 0.45 * long + 0.05, draw.choice((-1, 1)) * draw.size(0.06, 0.14)
    bend = [(0, start, 0.03 + high / 2), (0.5 * side, start + 0.08, 0.06 + high / 2),
            (side, start + 0.02, 0.5 * tall), (side, start - 0.1, 0.75 * tall),
            (0.6 * side, start - 0.12, tall), (0, 0.01, tall + 0.04),
            (0, 0.06, tall)]  # fmt: skip
    nose = 0.42
    pipe = tube([(0, 0.06, tall), (0, nose, 0.05)], 0.016, steel, 10)
    handle = tube([(0, 0.09, 0.92 * tall), (0, 0.02, 0.9 * tall), (0, 0.0, tall)], 0.014, dark, 8)
    nozzle = tapered_box((0.26, 0.1, 0.04), (0.2, 0.06), dark, (0, nose, 0))
    knob = cylinder(0.04, 0.012, dark, (0, y - 0.05, 0.026 + high), sides=14)
    return Model(
        (
            Part("body", (shell, knob, socket)),
            Part("wheels", tuple(wheels)),
            Part("hose", tube(bend, 0.02, dark, 8)),
            Part("pipe", pipe),
            Part("handle", handle),
            Part("nozzle", (nozzle,)),
        ),
        body,
    )


def _upright(draw: Draw, body: Material, dark: Material) -> Model:
    width, deep, tall = draw.size(0.28, 0.34), draw.size(0.26, 0.32), draw.size(0.5, 0.62)
    grip, lean = tall + draw.size(0.35, 0.5), turned("x", draw.size(0.08, 0.18), (0, -0.08, 0.05))
    head = [
        tapered_box((width, deep, 0.09), (0.85 * width, 0.55 * deep), dark, (0, 0, 0.01),
                    (0.0, -0.04)),
        box((width - 0.02, 0.03, 0.05), body, (0, deep / 2 - 0.01, 0.012)),
    ]  # fmt: skip
    wheels = [
        lying(cylinder(0.05, 0.025, dark, sides=16), "x", (way * width * 0.45 - 0.0125, -0.1, 0.05))
        for way in (-1, 1)
    ] + [box((0.6 * width, 0.02, 0.012), dark, (0, deep / 2 - 0.05, 0))]
    column = rounded_box((0.16, 0.1, tall), 0.03, body, (0, -0.08, 0.07), steps=2)
    glass = draw.material("glass", "white", "turquoise", "blue")
    bin_ = cylinder(0.06, 0.5 * tall, glass, (0, -0.03, 0.3 * tall), sides=16)
    cap = cylinder(0.063, 0.05, dark, (0, -0.03, 0.8 * tall), 0.05, 16)
    loop = [(0, -0.08, tall), (0, -0.09, grip - 0.12), (0, -0.13, grip - 0.02), (0, -0.07, grip),
            (0, -0.02, grip - 0.06), (0, -0.07, grip - 0.14)]  # fmt: skip
    hose = [
        (0.07, -0.12, 0.15),
        (0.11, -0.13, 0.3),
        (0.11, -0.13, tall),
        (0.05, -0.09, tall + 0.06),
    ]
    return Model(
        (
            Part("nozzle", tuple(head)),
            Part("wheels", tuple(wheels)),
            Part("body", (column.moved(lean),)),
            Part("dust container", (bin_.moved(lean), cap.moved(lean))),
            Part("handle", tuple(s.moved(lean) for s in tube(loop, 0.014, dark, 8))),
            Part("hose", tuple(s.moved(lean) for s in tube(hose, 0.016, dark, 8))),
        ),
        body,
    )
