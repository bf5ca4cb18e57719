"""Toothbrush, soap, towels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nesf_ros.synthetic.materials import Material, Print
from nesf_ros.synthetic.objects.catalog import SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.fittings import shown, undecorated
from nesf_ros.synthetic.objects.pieces import profile
from nesf_ros.synthetic.objects.prints import label
from nesf_ros.synthetic.solids import (
    box,
    cylinder,
    extruded,
    revolved,
    rounded_box,
    tube,
)
from nesf_ros.synthetic.things import Model, Part, placement, turned

_BATH = ("bathroom",)


@object_class("toothbrush", "bathroom", size_m=((0.08, 0.2), (0.01, 0.18), (0.015, 0.035)),
              places=(SURFACE,), rooms=_BATH,
              aliases=("tooth brush", "dental brush", "manual toothbrush"))  # fmt: skip
def toothbrush(draw: Draw) -> Model:
    """A slim handle that lies on its back, tufts of bristles upright at one end."""
    handle = draw.material("plastic", "red", "blue", "green", "pink", "turquoise", "orange",
                           "purple", "yellow")  # fmt: skip
    second = draw.material("plastic", "white", "black", "grey")
    long, wide, thick = draw.size(0.15, 0.19), draw.size(0.011, 0.014), 0.007
    head = draw.size(0.024, 0.032)
    end, neck = long / 2, -long / 2 + head + 0.03
    half = wide / 2
    outline = [(-0.6 * half, end), (-half, end - 0.008), (-half, 0.01),
               (-0.45 * half, neck - 0.004),
               (-0.45 * half, -end + head + 0.004), (-half, -end + head), (-half, -end + 0.006),
               (-0.6 * half, -end)]  # fmt: skip
    outline += [(-x, y) for x, y in outline[::-1]]
    body = extruded(outline, thick, handle)
    grip = rounded_box((1.08 * wide, 0.3 * long, thick + 0.0015), 0.003, second,
                       (0, 0.28 * long, 0), steps=1)  # fmt: skip
    tufts, colors = (
        [],
        (draw.material("plastic", "white"), draw.material("plastic", "blue", "green")),
    )
    rows = int(head / 0.0045)
    tall = draw.size(0.011, 0.014)
    for number in range(rows):
        y = -end + 0.004 + number * 0.0045
        stuff = colors[1] if number in (0, rows - 1) or number == rows // 2 else colors[0]
        tufts += [box((0.0028, 0.0032, tall), stuff, (x, y, thick - 0.0005))
                  for x in (-0.0034, 0.0, 0.0034)]  # fmt: skip
    yaw = turned("z", draw.size(0.6, 1.6) * draw.choice((-1, 1)))
    parts = (Part("handle", (body, grip)), Part("bristles", tuple(tufts)))
    return Model(tuple(part.moved(yaw) for part in parts), handle)


@object_class("soap bottle", "bathroom", size_m=((0.05, 0.12), (0.035, 0.12), (0.13, 0.27)),
              places=(SURFACE,), rooms=("bathroom", "kitchen"),
              aliases=("soap dispenser", "hand soap bottle", "liquid soap"))  # fmt: skip
def soap_bottle(draw: Draw) -> Model:
    """A round or square bottle with a pump on top and a label."""
    kind = draw.choice(("plastic", "ceramic", "plastic"))
    body = undecorated(draw, kind, "white", "pink", "green", "turquoise",
                       "blue", "purple", "yellow", "orange")  # fmt: skip
    pump = draw.material("plastic", "white", "black", "grey")
    radius, high = draw.size(0.028, 0.038), draw.size(0.09, 0.14)
    words, ink = draw.choice(("SOAP", "HAND SOAP", "LIQUID SOAP", "SOFT HANDS")), draw.color("blue")
    image = label(words, draw.color("white"), ink, (96, 72))
    if draw.chance(0.5):
        outline = [(radius, 0.0), (radius, 0.8 * high), (0.75 * radius, 0.92 * high),
                   (0.45 * radius, high)]  # fmt: skip
        bottle = revolved([(0.0, 0.0), *outline, (0.0, high)], body, sides=24)
        around = Print(image, "round", (-0.95, 0.0), (0.95, 0.5 * high))
        inner, outer, tall = radius - 0.002, radius + 0.001, 0.5 * high
        ring = [(inner, 0.0), (outer, 0.0), (outer, tall), (inner, tall)]
        sleeve = revolved(ring, replace(body, print=around), sides=24)
        front = sleeve.moved(turned("z", np.pi / 2))
        front = front.moved(placement(0, 0, 0.17 * high))
    else:
        wide, deep = 2 * radius * draw.size(1.0, 1.25), 2 * radius * draw.size(0.7, 1.0)
        bottle = rounded_box((wide, deep, high), 0.22 * deep, body, steps=2)
        front = shown(image, (0.72 * wide, 0.5 * high), body, (0, deep / 2, 0.2 * high))
    neck = cylinder(0.014, 0.022, pump, (0, 0, high - 0.004), sides=14)
    stem = cylinder(0.0055, 0.035, pump, (0, 0, high + 0.015), sides=10)
    top, reach = high + 0.048, draw.size(0.035, 0.05)
    turn = turned("z", draw.choice((0.0, draw.size(-1.2, 1.2))))
    nozzle = [cylinder(0.011, 0.014, pump, (0, 0, top - 0.004), sides=12),
              *tube([(0, 0, top + 0.004), (0, reach, top + 0.004), (0, reach + 0.006, top - 0.01)],
                    0.005, pump, 8)]  # fmt: skip
    return Model(
        (
            Part("bottle", (bottle,)),
            Part("label", (front,)),
            Part("pump", (neck, stem, *(s.moved(turn) for s in nozzle))),
        ),
        body,
    )


@object_class("towel", "bathroom", size_m=((0.2, 0.5), (0.07, 0.4), (0.03, 0.32)),
              places=(SURFACE,), rooms=_BATH,
              aliases=("bath towel", "folded towel", "hand towel"))  # fmt: skip
def towel(draw: Draw) -> Model:
    """A pile of folded ones with their folds in front, or a rolled one."""
    main = draw.material("fabric")
    if draw.chance(0.2):
        return _rolled(draw, main)
    count, width, depth = draw.count(1, 4), draw.size(0.24, 0.42), draw.size(0.18, 0.32)
    thick, layers = draw.size(0.016, 0.024), draw.count(2, 3)
    same, piles, level = draw.chance(0.5), [], 0.0
    for number in range(count):
        cloth = main if same or number == 0 else draw.material("fabric")
        wide, deep = width * draw.size(0.94, 1.0), depth * draw.size(0.94, 1.0)
        x, y = draw.size(-0.008, 0.008), draw.size(-0.008, 0.008)
        for layer in range(layers):
            at = (x, y - 0.004 * layer, level)
            piles.append(rounded_box((wide, deep, thick), 0.4 * thick, cloth, at, steps=1))
            level += 0.96 * thick
        # The fold: one soft edge in front around the lower layers.
        fold = (layers - 1) * 0.96 * thick + 0.6 * thick
        edge = rounded_box((wide - 0.002, 0.03, fold), 0.014 if fold > 0.03 else 0.45 * fold, cloth,
                           (x, y + deep / 2 - 0.011, level - layers * 0.96 * thick),
                           steps=2)  # fmt: skip
        piles.append(edge)
    hem = draw.material("fabric", "white", "blue", "red", "yellow", "grey")
    border = box((0.012, depth * 0.9, 0.002), hem, (-0.4 * width, -0.01, level + 0.035 * thick))
    return Model((Part("cloth", tuple(piles)), Part("border", (border,))), main)


def _rolled(draw: Draw, cloth: Material) -> Model:
    radius, long, sheet = draw.size(0.05, 0.075), draw.size(0.26, 0.4), 0.013
    turns = np.arange(0, 3.2 * 2 * np.pi, np.pi / 7)
    inner = radius - (turns[-1] - turns) * sheet * 1.25 / (2 * np.pi)
    keep = inner > sheet
    a, outer = turns[keep], inner[keep]
    spiral = [(r * np.cos(t), r * np.sin(t)) for r, t in zip(outer, a, strict=True)]
    core = [
        ((r - sheet) * np.cos(t), (r - sheet) * np.sin(t)) for r, t in zip(outer, a, strict=True)
    ]
    body = profile([*spiral, *core[::-1]], long, cloth)
    lower = float(body.bounds[0][2])
    return Model((Part("cloth", (body.moved(placement(0, 0, -lower)),)),), cloth)
