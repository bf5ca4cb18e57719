"""Small kitchen appliances: toaster, kettle, blender."""

from __future__ import annotations

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.fittings import Solids, knobs, row, shiny
from nesf_ros.synthetic.objects.pieces import arc, lying
from nesf_ros.synthetic.solids import (
    Point,
    ball,
    box,
    cylinder,
    revolved,
    rounded_box,
    tapered_box,
    torus,
    tube,
    vessel,
)
from nesf_ros.synthetic.things import Model, Part, placement

_KITCHEN = ("kitchen",)


@object_class("toaster", "appliance", size_m=((0.22, 0.45), (0.12, 0.36), (0.15, 0.32)),
              places=(SURFACE,), rooms=_KITCHEN,
              aliases=("bread toaster", "pop-up toaster"))  # fmt: skip
def toaster(draw: Draw) -> Model:
    """A rounded case with two slots for bread, a lever and a dial at one end."""
    body, dark = shiny(draw), draw.material("plastic", "black")
    pairs = draw.choice((1, 1, 2))
    width, depth = draw.size(0.24, 0.3) * (1.3 if pairs == 2 else 1), draw.size(0.14, 0.2)
    height, slots = draw.size(0.16, 0.2), 2
    case = [
        box((width - 0.03, depth - 0.03, 0.012), dark),
        rounded_box((width, depth, height), draw.size(0.02, 0.045), body, (0, 0, 0.01), steps=3),
    ]
    top, long = height + 0.01, 0.78 * width / pairs
    holes, bread = [], []
    crumb = draw.natural("food", draw.choice(("brown", "beige")), 0.35, 0.015)
    popped = draw.chance(0.5)
    for x in row(pairs, 0.85 * width):
        for y in row(slots, 0.6 * depth):
            holes.append(box((long, 0.024, 0.003), dark, (x, y, top - 0.001)))
            if popped:
                slice_ = rounded_box((0.8 * long, 0.014, 0.12), 0.006, crumb, steps=1)
                bread.append(slice_.moved(placement(x, y, top - draw.size(0.05, 0.08))))
    end = width / 2
    lever = [
        box((0.004, 0.012, 0.6 * height), dark, (end, 0, 0.3 * height)),
        box((0.03, 0.04, 0.014), dark, (end + 0.015, 0, draw.size(0.4, 0.8) * height)),
    ]
    dial = lying(cylinder(0.016, 0.014, dark, sides=14), "x", (end - 0.001, 0.045, 0.25 * height))
    parts = [Part("body", tuple(case)), Part("slots", tuple(holes)),
             Part("lever", tuple(lever)), Part("dial", (dial,))]  # fmt: skip
    if bread:
        parts.append(Part("toast", tuple(bread)))
    return Model(tuple(parts), body)


@object_class("kettle", "appliance", size_m=((0.16, 0.36), (0.12, 0.26), (0.16, 0.36)),
              places=(SURFACE,), rooms=_KITCHEN,
              aliases=("tea kettle", "electric kettle", "water kettle"))  # fmt: skip
def kettle(draw: Draw) -> Model:
    """A tall jug with its handle behind on a round base, or a round one with an arch above."""
    body, dark = shiny(draw), draw.material("plastic", "black", "black", "white")
    return (_jug_kettle if draw.chance(0.6) else _round_kettle)(draw, body, dark)


def _jug_kettle(draw: Draw, body: Material, dark: Material) -> Model:
    low, high = draw.size(0.075, 0.09), draw.size(0.05, 0.065)
    height, foot = draw.size(0.17, 0.22), 0.025
    lid = foot + height
    outline = [(low, 0.0), (low, 0.02), (high, height)]
    jug = revolved([(0.0, 0.0), *outline, (0.0, height)], body, (0, 0, foot), 24)
    spout = tapered_box((0.02, 0.035, 0.05), (0.05, 0.05), body, (high - 0.004, 0, lid - 0.052),
                        (0.018, 0.0))  # fmt: skip
    reach = draw.size(0.035, 0.055)
    bow = [
        (-high + 0.005, 0, lid - 0.01),
        (-high - reach, 0, lid - 0.005),
        (-low - reach + 0.005, 0, foot + 0.5 * height),
        (-low + 0.01, 0, foot + 0.15 * height),
    ]
    cover = revolved([(0.0, 0.0), (0.9 * high, 0.0), (0.8 * high, 0.014), (0.0, 0.02)], dark,
                     (0, 0, lid), 20)  # fmt: skip
    return Model(
        (
            Part("base", (cylinder(low + 0.008, foot - 0.004, dark, sides=24),
                          cylinder(low - 0.01, 0.01, dark, (0, 0, foot - 0.008), sides=16))),
            Part("body", (jug,)),
            Part("spout", (spout,)),
            Part("handle", tube(bow, draw.size(0.009, 0.013), dark, 10)),
            Part("lid", (cover, cylinder(0.012, 0.02, dark, (0, 0, lid + 0.016), sides=12))),
        ),
        body,
    )  # fmt: skip


def _round_kettle(draw: Draw, body: Material, dark: Material) -> Model:
    radius, height = draw.size(0.085, 0.11), draw.size(0.1, 0.14)
    belly = arc(radius, -50, 78, 8, (0.0, 0.5 * height), 0.55 * height)
    outline = [(x, max(z, 0.0) * (x > 0)) for x, z in belly]
    jug = revolved([(0.0, 0.0), (0.7 * radius, 0.0), *outline[1:], (0.0, outline[-1][1])], body,
                   sides=24)  # fmt: skip
    top = outline[-1][1]
    spout = tube([(0.75 * radius, 0, 0.45 * height), (1.25 * radius, 0, 0.75 * height),
                  (1.45 * radius, 0, 1.05 * height)], 0.015, body, 10)  # fmt: skip
    rise = draw.size(0.09, 0.13)
    bow = [(x, 0.0, z) for x, z in arc(0.85 * radius, 0, 180, 9, (0.0, 0.75 * height), rise)]
    return Model(
        (
            Part("body", (jug,)),
            Part("spout", spout),
            Part("handle", tube(bow, 0.008, dark, 8)),
            Part("lid", (cylinder(0.3 * radius, 0.008, body, (0, 0, top - 0.002), sides=16),
                         ball(0.013, dark, (0, 0, top + 0.005), sides=10))),
        ),
        body,
    )  # fmt: skip


@object_class("blender", "appliance", size_m=((0.14, 0.3), (0.13, 0.24), (0.3, 0.5)),
              places=(SURFACE,), rooms=_KITCHEN,
              aliases=("food blender", "smoothie maker", "liquidiser"))  # fmt: skip
def blender(draw: Draw) -> Model:
    """A motor base with a dial, and on it a jug that widens towards its lid."""
    body, dark = shiny(draw), draw.material("plastic", "black")
    foot, base = draw.size(0.08, 0.1), draw.size(0.12, 0.16)
    low, high, tall = 0.55 * foot, draw.size(0.65, 0.85) * foot, draw.size(0.17, 0.23)
    if draw.chance(0.5):
        motor = cylinder(foot, base, body, top_radius_m=0.75 * foot, sides=20)
    else:
        motor = tapered_box((2 * foot, 2 * foot, base), (1.4 * foot, 1.4 * foot), body)
    jug_at: Point = (0, 0, base + 0.02)
    glass = draw.material("glass", "white", "turquoise", "green", "blue")
    jug: Solids = (vessel([(low, 0.0), (high, tall)], 0.005, glass, jug_at, 16),)
    if draw.chance(0.5):
        fruit = draw.natural("food", draw.choice(("red", "pink", "orange", "green", "purple")))
        share = draw.size(0.4, 0.8)
        jug = (*jug, cylinder(low + 0.0015, share * tall, fruit, (0, 0, base + 0.022),
                              low + share * (high - low) + 0.0015, 16))  # fmt: skip
    top, way = base + 0.02 + tall, draw.choice((-1, 1))
    bow = [(way * out, 0.0, base + 0.02 + up * tall)
           for out, up in ((high - 0.01, 0.92), (high + 0.045, 0.9), (high + 0.035, 0.25),
                           (low + 0.004, 0.2))]  # fmt: skip
    front = 0.9 * foot - 0.004
    collar = cylinder(0.65 * foot, 0.022, dark, (0, 0, base - 0.001), sides=16)
    lid = (
        cylinder(high + 0.002, 0.018, dark, (0, 0, top - 0.002), 0.9 * high, 20),
        cylinder(0.3 * high, 0.02, dark, (0, 0, top + 0.015), sides=12),
    )
    ring = lying(torus(0.024, 0.004, dark, sides=12), "y", (0, front - 0.008, 0.45 * base))
    return Model(
        (
            Part("base", (motor, collar)),
            Part("dial", (*knobs([0.0], 0.018, draw.material("metal", "grey"),
                                 (0, front - 0.008, 0.45 * base)), ring)),
            Part("jug", jug),
            Part("handle", tube(bow, 0.009, dark, 8)),
            Part("lid", lid),
        ),
        body,
    )  # fmt: skip
