"""Coffee machines: for filters, or for espresso."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.fittings import knobs, row, shiny, shown
from nesf_ros.synthetic.objects.screens import digits, keys
from nesf_ros.synthetic.solids import (
    box,
    cylinder,
    rounded_box,
    tube,
    vessel,
)
from nesf_ros.synthetic.things import Model, Part

_KITCHEN = ("kitchen",)


@object_class("coffee machine", "appliance", size_m=((0.18, 0.36), (0.2, 0.45), (0.25, 0.42)),
              places=(SURFACE,), rooms=_KITCHEN,
              aliases=("coffee maker", "coffeemaker", "espresso machine"))  # fmt: skip
def coffee_machine(draw: Draw) -> Model:
    """A filter machine with its jug, or an espresso machine with a filter holder."""
    body, dark = shiny(draw), draw.material("plastic", "black")
    return (_filter_machine if draw.chance(0.6) else _espresso_machine)(draw, body, dark)


def _filter_machine(draw: Draw, body: Material, dark: Material) -> Model:
    width, depth, height = draw.size(0.19, 0.24), draw.size(0.22, 0.27), draw.size(0.3, 0.38)
    radius, foot, head = 0.4 * width, 0.035, draw.size(0.1, 0.12)
    y = depth / 2 - radius - 0.015
    tank = depth - 2 * radius - 0.03
    frame = (
        rounded_box((width, depth, foot), 0.012, body, steps=1),
        box((0.9 * width, tank, height - 0.02), body, (0, (tank - depth) / 2, 0.01)),
        rounded_box((width, depth - 0.01, head), 0.015, body, (0, -0.004, height - head), steps=2),
    )
    funnel = cylinder(0.5 * radius, 0.03, dark, (0, y, height - head - 0.028), 0.8 * radius, 16)
    deep = height - head - foot - 0.04
    profile = [(0.75 * radius, 0.0), (radius, 0.25 * deep), (radius, 0.5 * deep),
               (0.7 * radius, 0.9 * deep)]  # fmt: skip
    coffee = draw.material("glass", "brown", "black")
    jug = vessel(profile, 0.004, coffee, (0, y, foot + 0.006), 20)
    lid = cylinder(0.68 * radius, 0.012, dark, (0, y, foot + 0.006 + 0.88 * deep), sides=16)
    side = draw.choice((-1, 1)) * draw.size(0.0, 0.8)
    cos, sin = np.cos(side), np.sin(side)
    bow = [(out * sin, y + out * cos, foot + 0.01 + up * deep)
           for out, up in ((0.7 * radius, 0.86), (1.35 * radius, 0.8), (1.35 * radius, 0.35),
                           (0.97 * radius, 0.3))]  # fmt: skip
    clock = shown(digits("07:15", draw.color("turquoise")), (0.07, 0.025), dark,
                  (0.0, depth / 2 - 0.009, height - 0.55 * head))  # fmt: skip
    return Model(
        (
            Part("body", frame),
            Part("filter", (funnel,)),
            Part("hot plate", (cylinder(radius, 0.006, dark, (0, y, foot), sides=20),)),
            Part("jug", (jug, lid)),
            Part("handle", tube(bow, 0.008, dark, 8)),
            Part("display", (clock,)),
        ),
        body,
    )


def _espresso_machine(draw: Draw, body: Material, dark: Material) -> Model:
    width, depth, height = draw.size(0.24, 0.32), draw.size(0.26, 0.32), draw.size(0.3, 0.36)
    steel, tray = draw.material("metal", "grey"), 0.055
    back, head, front = 0.55 * depth, 0.11, depth / 2 - 0.02
    frame = (
        box((width, depth, tray), body),
        box((width, back, height - tray), body, (0, (back - depth) / 2, tray)),
        rounded_box((width, depth - 0.02, head), 0.012, body, (0, -0.01, height - head), steps=2),
        cylinder(0.035, 0.03, steel, (0, 0.25 * depth, height - head - 0.028), sides=16),
    )
    level = height - head - 0.045
    holder = (
        cylinder(0.03, 0.022, steel, (0, 0.25 * depth, level - 0.003), sides=16),
        *tube([(0, 0.25 * depth + 0.02, level + 0.01), (0, 0.25 * depth + 0.15, level - 0.005)],
              0.011, dark, 8),
    )  # fmt: skip
    grid = keys(("||||||||",) * 2, (0.1, 0.1, 0.1), (0.6, 0.6, 0.62), (0.1, 0.1, 0.1))
    mug = draw.material("ceramic", "white", "red", "blue", "yellow")
    cup = vessel([(0.022, 0.0), (0.032, 0.025), (0.034, 0.055)], 0.004, mug,
                 (0, 0.25 * depth, tray + 0.004), 16)  # fmt: skip
    x = 0.38 * width * draw.choice((-1, 1))
    wand = tube([(x, front - 0.02, level + 0.03), (x, front + 0.01, level),
                 (1.1 * x, front + 0.03, tray + 0.03)], 0.005, steel, 8)  # fmt: skip
    plate = shown(grid, (0.9 * width, tray * 0.6), dark, (0, depth / 2, 0.01))
    return Model(
        (
            Part("body", frame),
            Part("filter holder", holder),
            Part("tray", (plate, box((0.9 * width, 0.38 * depth, 0.004), dark,
                                     (0, 0.27 * depth, tray)))),
            Part("cup", (cup,)),
            Part("steam pipe", wand),
            Part("knobs", knobs(row(draw.count(2, 3), 0.8 * width), 0.016, dark,
                                (0, front, height - head / 2))),
        ),
        body,
    )  # fmt: skip
