"""What waste goes into."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.boxes import shut
from nesf_ros.synthetic.objects.catalog import FLOOR, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pieces import arc, lying
from nesf_ros.synthetic.objects.pottery import (
    bent,
    dome,
    frame,
    hollow,
    open_box,
    rim,
    sideways,
    smooth,
)
from nesf_ros.synthetic.solids import Solid, box, cylinder, tapered_box
from nesf_ros.synthetic.things import Model, Part, turned


@object_class("garbage can", "container", size_m=((0.2, 0.75), (0.2, 1.3), (0.24, 1.65)),
              places=(FLOOR,), rooms=("kitchen", "bathroom", "office", "garage"),
              aliases=("waste bin", "dustbin", "wastebasket", "rubbish bin"),
              holds=("food", "stationery", "shape"))  # fmt: skip
def garbage_can(draw: Draw) -> Model:
    """A pedal bin, a ribbed can with a lid, an open paper bin, or a tall bin on wheels."""
    return draw.choice((_pedal_bin, _ribbed_can, _paper_bin, _wheeled_bin))(draw)


def _pedal_bin(draw: Draw) -> Model:
    """A round steel bin with a pedal in front; its lid turns up about the back."""
    radius, height = draw.size(0.11, 0.16), draw.size(0.28, 0.62)
    steel = smooth(draw.material("metal", "grey", "grey", "white", "red", "black"))
    black = draw.material("plastic", "black")
    side = [(0.98 * radius, 0.0), (radius, 0.03), (radius, height)]
    body, space = hollow(side, 0.004, steel, 0.028)
    base = cylinder(1.03 * radius, 0.03, black, sides=24)
    top = height + 0.028
    swing = draw.choice((0.0, draw.size(0.5, 0.9), 1.5))
    hinge = turned("x", swing, (0, -radius, top))
    lid = (cylinder(1.02 * radius, 0.02, black, (0, 0, top + 0.001), sides=24),
           dome(radius, 0.05, steel, (0, 0, top + 0.02), 24))  # fmt: skip
    pedal = box((0.07, 0.06, 0.012), black, (0, radius + 0.02, 0.006 if swing else 0.014))
    back = box((0.06, 0.03, 0.06), black, (0, -radius - 0.006, top - 0.04))
    parts = (Part("body", (body, base, back)), Part("lid", tuple(s.moved(hinge) for s in lid)),
             Part("pedal", (pedal,)))  # fmt: skip
    return Model(parts, steel, (shut(space, swing == 0, 0.002),))


def _ribbed_can(draw: Draw) -> Model:
    """A tapered metal can with ribs, two ears, and a lid with a grip: on, or leaning beside it."""
    radius, height = draw.size(0.17, 0.25), draw.size(0.45, 0.7)
    tin = draw.material("metal", "grey", "grey", "green", "black")
    foot = 0.85 * radius
    body, space = hollow([(foot, 0.0), (radius, height)], 0.004, tin)
    ribs = [rim(foot + share * (radius - foot), 0.008, tin, share * height - 0.008)
            for share in (0.25, 0.6, 0.985)]  # fmt: skip
    parts = [Part("body", (body, *ribs)), Part("handle", _ears_flat(radius, 0.75 * height, tin))]
    lid_on = draw.chance(0.6)
    if lid_on:
        roof = dome(radius + 0.012, 0.25 * radius, tin, (0, 0, height + 0.008))
        edge = cylinder(radius + 0.014, 0.014, tin, (0, 0, height + 0.0005), sides=24)
        line = arc(0.06, 0, 180, 7, (0.0, height + 0.24 * radius), 0.05)
        grip = bent(sideways(line), [(0.012, 0.005)] * 7, tin, 6)
        parts.append(Part("lid", (roof, edge, *grip)))
    return Model(tuple(parts), tin, (shut(space, lid_on, 0.001),))


def _ears_flat(radius: float, z: float, material: Material) -> tuple[Solid, ...]:
    loop = [(radius - 0.012 + out, y, z) for out, y in arc(0.045, -90, 90, 6, radius_y_m=0.06)]
    solids = bent(loop, [(0.006, 0.006)] * 6, material, 6, (0, 0, 1))
    return (*solids, *(s.moved(turned("z", np.pi)) for s in solids))


def _paper_bin(draw: Draw) -> Model:
    """Open and tapered, round or angular."""
    size, height = draw.size(0.2, 0.3), draw.size(0.26, 0.36)
    material = draw.material(draw.choice(("plastic", "metal", "wicker")))
    if draw.chance(0.6):
        body, space = hollow([(0.38 * size, 0.0), (0.5 * size, height)], 0.004, material)
        edge = rim(0.5 * size, 0.006, material, height - 0.008)
        return Model((Part("body", (body,)), Part("rim", (edge,))), material, (space,))
    low = 0.78 * size
    walls, space = open_box((low, low, height), 0.004, material, top_m=(size, size))
    edges = frame(size, size, 0.014, height - 0.012, material)
    return Model((Part("body", walls), Part("rim", edges)), material, (space,))


def _wheeled_bin(draw: Draw) -> Model:
    """The tall angular bin that is rolled to the street: two wheels, a bar, a hinged lid."""
    width, height = draw.size(0.44, 0.58), draw.size(0.8, 0.98)
    depth = width * draw.size(1.0, 1.2)
    paint = draw.material("plastic", "green", "blue", "black", "grey", "brown")
    lid_paint = draw.choice((paint, draw.material("plastic", "yellow", "blue", "green", "brown")))
    walls, space = open_box((0.8 * width, 0.72 * depth, height), 0.008, paint, top_m=(width, depth))
    edge = frame(width, depth, 0.03, height - 0.035, paint)
    black = draw.material("rubber", "black")
    y = -0.36 * depth - 0.03
    wheels = [lying(cylinder(0.09, 0.05, black, sides=20), "x", (x, y, 0.09))
              for x in (-0.4 * width - 0.03, 0.4 * width - 0.02)]  # fmt: skip
    axle = lying(cylinder(0.012, 0.84 * width, black, sides=8), "x", (-0.42 * width, y, 0.09))
    bar = lying(cylinder(0.015, 0.8 * width, paint, sides=10), "x",
                (-0.4 * width, -depth / 2 - 0.05, height - 0.01))  # fmt: skip
    arms = [box((0.03, 0.08, 0.03), paint, (x * 0.36 * width, -depth / 2 - 0.025, height - 0.03))
            for x in (-1, 1)]  # fmt: skip
    swing = draw.choice((0.0, 0.0, draw.size(0.3, 0.8), 1.9))
    hinge = turned("x", swing, (0, -depth / 2 - 0.03, height))
    lid = (box((width + 0.05, depth + 0.07, 0.012), lid_paint, (0, 0.005, height + 0.001)),
           tapered_box((width, depth, 0.025), (0.7 * width, 0.7 * depth), lid_paint,
                       (0, 0, height + 0.012)))  # fmt: skip
    parts = (Part("body", (*walls, *edge)), Part("wheels", (*wheels, axle)),
             Part("handle", (bar, *arms)),
             Part("lid", tuple(s.moved(hinge) for s in lid)))  # fmt: skip
    return Model(parts, paint, (shut(space, swing == 0, 0.002),))
