"""What sounds: loudspeaker, headphones, radio, telephone."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.fittings import Solids, face_up, knobs, row, shown
from nesf_ros.synthetic.objects.pieces import arc, lying, profile
from nesf_ros.synthetic.objects.screens import dial_scale, keys
from nesf_ros.synthetic.solids import (
    Point,
    Solid,
    box,
    cylinder,
    revolved,
    rounded_box,
    torus,
    tube,
)
from nesf_ros.synthetic.things import Model, Part, placement, turned

_HOME = ("living room", "bedroom", "office")


def _driver(radius_m: float, cone: Material, ring: Material, at: Point, sides: int = 16) -> Solids:
    """A loudspeaker's cone that faces +y: a raised ring, a funnel, a dome in its middle."""
    rim = [(0.88 * radius_m, 0.0), (radius_m, 0.0), (radius_m, 0.012), (0.88 * radius_m, 0.016)]
    funnel = [(0.0, 0.0), (0.88 * radius_m, 0.0), (0.88 * radius_m, 0.009), (0.3 * radius_m, 0.002),
              (0.28 * radius_m, 0.008), (0.12 * radius_m, 0.012), (0.0, 0.012)]  # fmt: skip
    return (
        lying(revolved(rim, ring, sides=sides), "y", at),
        lying(revolved(funnel, cone, sides=sides), "y", at),
    )


@object_class("loudspeaker", "electronics", size_m=((0.11, 0.4), (0.12, 0.42), (0.18, 1.2)),
              places=(SURFACE, FLOOR), rooms=_HOME,
              aliases=("speaker", "speaker box", "audio speaker"))  # fmt: skip
def loudspeaker(draw: Draw) -> Model:
    """A box with round drivers of falling size in its front; low ones for shelves, tall ones."""
    width, count = draw.size(0.13, 0.32), draw.choice((2, 2, 3, 4))
    depth = width * draw.size(0.9, 1.25)
    wood = draw.material("wood", "brown", "black", "beige", "white", "red")
    body = draw.choice((wood, draw.material("plastic", "black", "white", "grey", "blue")))
    front, foot = depth / 2, draw.choice((0.0, 0.012))
    cone = draw.material("paper", "black", "black", "yellow", "white", "orange", pattern="blotches")
    ring = draw.material("metal", "grey", "black", "gold")
    if cone.color_name == "black" and body.color_name == "black":
        ring = draw.material("metal", "grey", "gold")
    big = 0.42 * width
    radii = [big] * (count - 1) + [big * draw.size(0.35, 0.55)]
    gap = 0.1 * width
    height = foot + sum(2 * r + gap for r in radii) + gap
    solids: list[Solid] = [box((width, depth, height - foot), body, (0, 0, foot))]
    base = [box((width + 0.03, depth + 0.03, foot), draw.material("wood", "black"))] if foot else []
    drivers: list[Solid] = []
    z = foot + gap
    for radius in radii:
        drivers += _driver(radius, cone, ring, (0, front - 0.001, z + radius))
        z += 2 * radius + gap
    if draw.chance(0.5):
        spot = (0.36 * width * draw.choice((-1, 1)), front - 0.002, z - gap - 0.5 * radii[-1])
        port = lying(cylinder(0.05 * width, 0.006, draw.material("plastic", "black"), sides=12),
                     "y", spot)  # fmt: skip
        drivers.append(port)
    return Model((Part("box", (*solids, *base)), Part("drivers", tuple(drivers))), body)


@object_class("headphones", "electronics", size_m=((0.16, 0.26), (0.14, 0.28), (0.06, 0.11)),
              places=(SURFACE,),
              aliases=("headphone", "headset", "pair of headphones"))  # fmt: skip
def headphones(draw: Draw) -> Model:
    """Two round ear cups with cushions on a bow that lies behind them."""
    radius, half, reach = draw.size(0.034, 0.044), draw.size(0.075, 0.09), draw.size(0.14, 0.17)
    body = draw.material("plastic", "black", "white", "red", "blue", "grey", "pink", "turquoise")
    soft = draw.material("leather", "black", "brown", "white")
    bow_stuff = draw.choice((body, draw.material("metal", "grey")))
    cups: list[Solid] = []
    pads: list[Solid] = []
    for way in (-1, 1):
        # Cups are made upright and laid along x: shell outside, cushion inside.
        shell = cylinder(radius, 0.022, body, top_radius_m=0.75 * radius, sides=20)
        rest = torus(0.68 * radius, 0.3 * radius, soft, sides=16)
        turn = turned("z", (1 - way) * np.pi / 2)
        lid = lying(cylinder(0.45 * radius, 0.003, bow_stuff, sides=14), "x", (0.022, 0, 0))
        for part, goal in ((lying(shell, "x"), cups), (lid, cups),
                           (lying(rest, "x", (-0.35 * radius, 0, 0)), pads)):  # fmt: skip
            goal.append(part.moved(placement(way * half, 0.06, radius) @ turn))
    # From cup to cup, rising a little, and down onto the ground where it is farthest away.
    wide, thick = half + 0.012, 0.0045
    bow = arc(wide, 180, 360, 11, (0.0, 0.05), reach)
    lift = [radius + (thick - radius) * ((0.05 - y) / reach) for _, y in bow]
    path = [(x, y, z) for (x, y), z in zip(bow, lift, strict=True)]
    band = tube(path, thick, bow_stuff, 8)
    pad = tube([(x, y + 0.006, z + 0.005) for x, y, z in path[3:-3]], 0.009, soft, 8)
    rods = [box((0.005, 0.03, 0.012), bow_stuff, (way * wide, 0.05, radius - 0.006))
            for way in (-1, 1)]  # fmt: skip
    return Model(
        (
            Part("ear cups", tuple(cups)),
            Part("cushions", (*pads, *pad)),
            Part("band", (*band, *rods)),
        ),
        body,
    )


@object_class("radio", "electronics", size_m=((0.17, 0.5), (0.06, 0.2), (0.11, 0.58)),
              places=(SURFACE,), rooms=("kitchen", *_HOME),
              aliases=("radio set", "portable radio", "transistor radio"))  # fmt: skip
def radio(draw: Draw) -> Model:
    """A box with a grille, a scale with a needle, knobs; a handle above, an antenna out."""
    width, depth = draw.size(0.19, 0.34), draw.size(0.07, 0.11)
    height, foot = width * draw.size(0.55, 0.7), 0.006
    wood = draw.material("wood", "brown", "beige")
    body = wood if draw.chance(0.35) else draw.material(
        "plastic", "red", "turquoise", "black", "white", "yellow", "grey", "orange")  # fmt: skip
    dark, metal = draw.material("plastic", "black"), draw.material("metal", "grey", "gold")
    front, way = depth / 2, draw.choice((-1, 1))
    case = rounded_box((width, depth, height), draw.size(0.006, 0.02), body, (0, 0, foot), steps=2)
    feet = [box((0.02, 0.8 * depth, foot + 0.002), dark, (x * 0.35 * width, 0, 0)) for x in (-1, 1)]
    radius = min(0.24 * width, 0.36 * height)
    middle = (way * 0.22 * width, front - 0.002, foot + 0.45 * height)
    cloth = draw.material("fabric", "black", "beige", "grey", "brown")
    grille = [lying(cylinder(radius, 0.004, cloth, sides=24), "y", middle),
              lying(torus(radius, 0.004, metal, sides=20), "y", middle)]  # fmt: skip
    grille += [
        box((2 * np.sqrt(radius**2 - s**2) - 0.004, 0.003, 0.003), metal,
            (middle[0], front + 0.003, middle[2] + s))
        for s in row(4, 1.8 * radius)
    ]  # fmt: skip
    side = -way * 0.24 * width
    tuning = shown(dial_scale(draw), (0.42 * width, 0.24 * height), dark,
                   (side, front + 0.0005, foot + 0.62 * height), 0.003)  # fmt: skip
    dials = knobs([side - 0.1 * width, side + 0.1 * width], 0.075 * height, metal,
                  (0, front - 0.002, foot + 0.28 * height))  # fmt: skip
    parts = [Part("body", (case, *feet)), Part("grille", tuple(grille)),
             Part("scale", (tuning,)), Part("knobs", dials)]  # fmt: skip
    top = foot + height
    if draw.chance(0.6):
        grip = [(-0.4 * width, 0.0, top - 0.02), (-0.36 * width, 0.0, top + 0.035),
                (0.36 * width, 0.0, top + 0.035), (0.4 * width, 0.0, top - 0.02)]  # fmt: skip
        parts.append(Part("handle", tube(grip, 0.006, dark, 8)))
    if draw.chance(0.75):
        long, lean = draw.size(0.6, 0.95) * width, draw.size(0.2, 1.1)
        start = (way * 0.42 * width, -0.3 * depth, top - 0.01)
        tip = (start[0] - way * long * np.sin(lean), start[1], start[2] + long * np.cos(lean))
        knob = rounded_box((0.008, 0.008, 0.008), 0.002, metal, (tip[0], tip[1], tip[2]), steps=1)
        parts.append(Part("antenna", (*tube([start, tip], 0.003, metal, 6), knob)))
    return Model(tuple(parts), body)


def _rotary_dial(draw: Draw, radius: float, dark: Material) -> Solids:
    """A disc with ten finger holes around its middle, lying on the origin."""
    angles = np.linspace(0.3, 5.2, 10)
    holes = [(0.68 * radius * np.cos(a), 0.68 * radius * np.sin(a), 0.0) for a in angles]
    return (
        cylinder(radius, 0.006, draw.material("metal", "grey", "gold"), sides=24),
        cylinder(0.4 * radius, 0.009, dark, sides=16),
        *(cylinder(0.14 * radius, 0.0075, dark, at, sides=8) for at in holes),
    )


@object_class("telephone", "electronics", size_m=((0.18, 0.28), (0.17, 0.27), (0.08, 0.18)),
              places=(SURFACE,), rooms=("office", *_HOME),
              aliases=("desk phone", "landline phone", "corded phone"))  # fmt: skip
def telephone(draw: Draw) -> Model:
    """A sloping case with push buttons or a dial, and a handset across its cradle."""
    width, depth, high = draw.size(0.17, 0.21), draw.size(0.17, 0.21), draw.size(0.06, 0.09)
    body = draw.material("plastic", "red", "black", "white", "beige", "green", "blue", "grey",
                         "yellow")  # fmt: skip
    dark, dialled = draw.material("plastic", "black", "white", "grey"), draw.chance(0.45)
    front, low, ridge = depth / 2, 0.022, -0.12 * depth
    side = [(front, 0.0), (front, low), (ridge, high), (-front, high), (-front, 0.0)]
    case = profile(side, width, body)
    lean = np.arctan2(high - low, front - ridge)
    middle = ((front + ridge) / 2, (low + high) / 2)
    slope = placement(0, middle[0], middle[1]) @ turned("x", -lean)
    slant = (front - ridge) / np.cos(lean)
    if dialled:
        dial = _rotary_dial(draw, 0.46 * min(slant, width), dark)
    else:
        pad = keys(("123", "456", "789", "*0#"), draw.color("white"), (0.15,) * 3, (0.1,) * 3)
        dial = (face_up(pad, (0.5 * width, 0.8 * slant), dark, (0, 0, 0), 0.004),)
    top = high + 0.018
    rests = [box((0.05, 0.33 * depth, 0.03), body, (x * 0.4 * width, -0.31 * depth, high - 0.01))
             for x in (-1, 1)]  # fmt: skip
    hand = body if draw.chance(0.6) else draw.material("plastic", "black", "white")
    y, long, radius = -0.31 * depth, width * draw.size(1.1, 1.25), draw.size(0.024, 0.03)
    bar = [(-0.5 * long + 0.02, y, top + 0.02), (-0.3 * long, y, top + 0.042),
           (0.3 * long, y, top + 0.042), (0.5 * long - 0.02, y, top + 0.02)]  # fmt: skip
    ends = [cylinder(radius, 0.026, hand, (x * (0.5 * long - radius), y, top + 0.003), 0.8 * radius,
                     16) for x in (-1, 1)]  # fmt: skip
    turns = np.linspace(0, 1, 19)
    coil = [(-0.5 * long + 0.02 - 0.02 * np.sin(np.pi * t) + 0.006 * np.cos(9 * np.pi * t),
             y + t * 0.1 + 0.006 * np.sin(9 * np.pi * t), (top + 0.01) * (1 - t) ** 2 + 0.004)
            for t in turns]  # fmt: skip
    return Model(
        (
            Part("body", (case, *rests)),
            Part("dial" if dialled else "keys", tuple(s.moved(slope) for s in dial)),
            Part("handset", (*tube(bar, 0.013, hand, 10), *ends)),
            Part("cord", tube(coil, 0.0028, dark, 4)),
        ),
        body,
    )
