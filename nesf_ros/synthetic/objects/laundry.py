"""For clothes: washing machine and iron."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.fittings import (
    Solids,
    enamel,
    hollow,
    knobs,
    shiny,
    shown,
    swung,
)
from nesf_ros.synthetic.objects.pieces import arc, lying, plate
from nesf_ros.synthetic.objects.screens import digits
from nesf_ros.synthetic.solids import (
    Point,
    Solid,
    box,
    cylinder,
    extruded,
    hull,
    revolved,
    tube,
    vessel,
)
from nesf_ros.synthetic.things import Model, Part


def _porthole(size_m: Point, radius_m: float, material: Material, at: Point) -> Solids:
    """A plate with a round hole that faces +y, its middle at `at`: two halves that touch."""
    half, high = size_m[0] / 2, size_m[2] / 2
    halves = []
    for way in (1, -1):
        hole = arc(radius_m, 180, 0, 13)
        outline = [(-half, 0.0), *hole, (half, 0.0), (half, high), (-half, high)]
        halves.append(plate([(x, way * z) for x, z in outline], size_m[1], material, at))
    return tuple(halves)


def _round_door(draw: Draw, radius_m: float, reach_m: float, frame: Material, at: Point) -> Solids:
    """A bulging glass in a ring that faces +y, with a catch at its -x side."""
    slim, (x, y, z) = 0.72 * radius_m, at
    rim = [(slim, 0.0), (reach_m, 0.0), (reach_m, 0.015), (slim, 0.04)]
    dome = [(0.0, 0.0), (slim, 0.0), (0.6 * radius_m, 0.045), (0.0, 0.055)]
    ring = draw.choice((frame, draw.material("metal", "grey")))
    return (
        lying(revolved(rim, ring, sides=24), "y", at),
        lying(revolved(dome, draw.material("glass", "black", "blue"), sides=20), "y", at),
        box((0.03, 0.02, 0.08), frame, (x - reach_m + 0.02, y + 0.015, z - 0.04)),
    )


@object_class("washing machine", "appliance", size_m=((0.5, 0.8), (0.5, 1.1), (0.8, 0.95)),
              places=(FLOOR,), rooms=("bathroom", "kitchen"),
              aliases=("washer", "clothes washer", "laundry machine"))  # fmt: skip
def washing_machine(draw: Draw) -> Model:
    """A case with a round door, shut or open on its drum; a drawer and a dial above."""
    width, depth, height = draw.size(0.55, 0.64), draw.size(0.5, 0.62), draw.size(0.82, 0.88)
    body, steel = enamel(draw), draw.material("metal", "grey")
    dark, radius = draw.material("plastic", "black", "grey", "white"), draw.size(0.16, 0.2)
    panel, foot, front = 0.13, 0.02, depth / 2
    tall = height - foot - panel
    middle, angle = foot + tall / 2 + draw.size(0.0, 0.03), draw.choice((0.0, 0.0, 0.5, 1.9))
    high = 2 * (foot + tall - middle) - 0.002
    case = [
        *hollow((width, depth, tall), 0.015, body, (0, 0, foot)),
        *_porthole((width - 0.03, 0.015, high), radius, body, (0, front - 0.009, middle)),
        box((width - 0.03, 0.014, tall - high - 0.01), body, (0, front - 0.009, foot + 0.01)),
        box((width, depth, panel), body, (0, 0, height - panel)),
        *(box((0.05, 0.05, foot), dark, (x * 0.4 * width, y * 0.38 * depth, 0))
          for x in (-1, 1) for y in (-1, 1)),
    ]  # fmt: skip
    deep = depth - 0.1
    drum = lying(vessel([(radius - 0.004, 0.0), (radius - 0.004, deep)], 0.006, steel, sides=24),
                 "y", (0, front - 0.02 - deep, middle))  # fmt: skip
    reach = radius + 0.035
    door = _round_door(draw, radius, reach, dark, (0.0, front + 0.001, middle))
    level, shelf = height - panel / 2, 0.3 * width
    clock = shown(digits("0:45", draw.color("green")), (0.1, 0.035), dark,
                  (-0.32 * width, front + 0.001, level - 0.017))  # fmt: skip
    tray = box(
        (shelf, 0.012, 0.7 * panel), body, (0.32 * width, front + 0.006, level - 0.35 * panel)
    )
    dials = knobs([0.0], 0.032, draw.choice((steel, dark)), (0, front, level), 18)
    return Model(
        (
            Part("body", tuple(case)),
            Part("door", swung(door, "+x", angle, (reach, front, 0))),
            Part("drum", (drum,)),
            Part("drawer", (tray,)),
            Part("dial", dials),
            Part("display", (clock,)),
        ),
        body,
    )


@object_class("iron", "appliance", size_m=((0.09, 0.16), (0.2, 0.38), (0.1, 0.2)),
              places=(SURFACE,), rooms=("bedroom", "living room"),
              aliases=("clothes iron", "steam iron", "flat iron"))  # fmt: skip
def iron(draw: Draw) -> Model:
    """A pointed sole of metal, a sloping body, a handle above it."""
    width, long = draw.size(0.1, 0.13), draw.size(0.22, 0.28)
    steel, body = draw.material("metal", "grey"), shiny(draw)
    dark = draw.material("plastic", "black", "white", "blue", "purple")
    back, nose = -0.45 * long, 0.55 * long
    side = [(width / 2 * np.cos(a) ** 0.7, back + (nose - back) * (0.35 + 0.65 * np.sin(a)))
            for a in np.linspace(0, np.pi / 2 - 0.02, 8)]  # fmt: skip
    outline = [(width / 2 * 0.9, back), *side, (0.0, nose), *((-x, y) for x, y in side[::-1]),
               (-width / 2 * 0.9, back)]  # fmt: skip
    sole = extruded(outline, 0.012, steel)
    rise, grip = draw.size(0.04, 0.06), draw.size(0.05, 0.065)
    lower = extruded([(0.92 * x, 0.94 * y) for x, y in outline], 0.02, dark, (0, 0, 0.012))
    upper = _mound(outline, rise, body)
    top = 0.03 + rise
    bow = [(back + 0.02, top - 0.01), (back + 0.015, top + grip), (0.5 * nose, top + grip + 0.005),
           (0.78 * nose, top - 0.015)]  # fmt: skip
    handle = tube([(0, y, z) for y, z in bow], 0.014, dark, 10)
    dial = cylinder(0.022, 0.012, dark, (0, 0.1 * nose, top - 0.002), sides=16)
    jet = cylinder(0.008, 0.01, dark, (0, 0.6 * nose, top - 0.01), sides=10)
    return Model(
        (
            Part("sole", (sole,)),
            Part("body", (lower, upper)),
            Part("handle", handle),
            Part("dial", (dial, jet)),
        ),
        body,
    )


def _mound(outline: list[tuple[float, float]], rise: float, material: Material) -> Solid:
    """The upper body over the sole: narrower and shorter at its top."""
    low = [(0.85 * x, 0.88 * y, 0.0) for x, y in outline]
    high = [(0.5 * x, 0.7 * y - 0.01, rise) for x, y in outline]
    return hull(np.array(low + high), material, (0, 0, 0.03))
