"""Electronics for the hand: camera, remote control, game controller."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.fittings import Solids, row
from nesf_ros.synthetic.objects.pieces import lying
from nesf_ros.synthetic.solids import (
    Point,
    Solid,
    box,
    cylinder,
    ellipsoid,
    hull,
    revolved,
    rounded_box,
    tapered_box,
    tube,
)
from nesf_ros.synthetic.things import Model, Part, turned


def _lens(draw: Draw, radius: float, long: float, dark: Material, at: Point) -> Solids:
    """Two barrels and a hollow rim with glass in it, from `at` towards +y."""
    (x, y, z), rim_at = at, (at[0], at[1] + 0.7 * long, at[2])
    rim = [(0.0, 0.0), (radius, 0.0), (radius, 0.3 * long), (0.8 * radius, 0.3 * long),
           (0.75 * radius, 0.1 * long), (0.0, 0.1 * long)]  # fmt: skip
    ring = cylinder(0.92 * radius, 0.3 * long, draw.material("metal", "grey", "black"), sides=20)
    glass = cylinder(0.72 * radius, 0.15 * long, draw.material("glass", "blue"), sides=16)
    return (
        lying(cylinder(radius, 0.5 * long, dark, sides=20), "y", at),
        lying(ring, "y", (x, y + 0.45 * long, z)),
        lying(revolved(rim, dark, sides=20), "y", rim_at),
        lying(glass, "y", rim_at),
    )


@object_class("camera", "electronics", size_m=((0.08, 0.22), (0.04, 0.24), (0.05, 0.14)),
              places=(SURFACE,),
              aliases=("photo camera", "digital camera", "photographic camera"))  # fmt: skip
def camera(draw: Draw) -> Model:
    """A body with a round lens in front: a small one with a flash, or one with a viewfinder."""
    width, big = draw.size(0.09, 0.14), draw.chance(0.6)
    height, depth = width * draw.size(0.6, 0.7), width * draw.size(0.28, 0.42)
    body = draw.material("plastic", "black", "black", "red", "blue", "white", "grey")
    trim = draw.choice((body, draw.material("metal", "grey"), draw.material("leather", "brown")))
    dark = draw.material("plastic", "black", "grey")
    front, lift = depth / 2, 0.002
    case = [rounded_box((width, depth, height), 0.15 * depth, body, steps=2),
            box((0.98 * width, depth + 0.002, 0.5 * height), trim,
                (0, 0, 0.18 * height))]  # fmt: skip
    radius, long = 0.36 * height, draw.size(0.4, 0.75) * width if big else draw.size(0.012, 0.03)
    level, x = 0.43 * height, draw.choice((0.0, -0.08, 0.08)) * width
    lens = _lens(draw, radius, long, dark, (x, front + 0.0005, level))
    button = cylinder(0.007, 0.008, draw.material("metal", "grey", "gold"),
                      (0.38 * width, 0, height - lift), sides=12)  # fmt: skip
    dial = cylinder(0.011, 0.009, dark, (-0.36 * width, 0, height - lift), sides=14)
    flash = box((0.16 * width, 0.003, 0.1 * height), draw.material("plastic", "white"),
                (-0.33 * width, front, 0.8 * height))  # fmt: skip
    parts = [Part("body", tuple(case)), Part("lens", lens),
             Part("button", (button, dial)), Part("flash", (flash,))]  # fmt: skip
    if big:
        hump = tapered_box((0.36 * width, 0.9 * depth, 0.26 * height), (0.24 * width, 0.6 * depth),
                           body, (x, 0, height - lift))  # fmt: skip
        grip = rounded_box((0.2 * width, 0.35 * depth, 0.9 * height), 0.04 * width, body,
                           (-0.38 * width, front + 0.1 * depth, 0), steps=1)  # fmt: skip
        parts.append(Part("viewfinder", (hump,)))
        parts.append(Part("grip", (grip,)))
    if draw.chance(0.5):
        end, bow = width / 2, draw.size(0.03, 0.05)
        strap = [(end - 0.004, 0, 0.8 * height), (end + 0.012, -0.01, 0.5 * height),
                 (end + 0.014, -0.02, 0.006), (0.3 * end, -front - bow, 0.004),
                 (-0.6 * end, -front - bow, 0.004), (-end - 0.014, -0.02, 0.006),
                 (-end - 0.012, -0.01, 0.5 * height), (-end + 0.004, 0, 0.8 * height)]  # fmt: skip
        band = draw.material("fabric", "black", "red", "brown")
        parts.append(Part("strap", tube(strap, 0.004, band, 6)))
    return Model(tuple(parts), body)


@object_class("remote control", "electronics",
              size_m=((0.035, 0.065), (0.13, 0.24), (0.012, 0.032)), places=(SURFACE,),
              rooms=("living room", "bedroom"),
              aliases=("remote", "television remote", "clicker"))  # fmt: skip
def remote_control(draw: Draw) -> Model:
    """A long case with rows of buttons, a red one at its far end, a round pad in some."""
    width, long, high = draw.size(0.04, 0.055), draw.size(0.14, 0.21), draw.size(0.014, 0.022)
    body = draw.material("plastic", "black", "black", "grey", "white", "blue")
    key = draw.material("plastic", "white" if body.color_name != "white" else "grey")
    case = rounded_box((width, long, high), 0.3 * high, body, steps=2)
    # The far end, which points at what is controlled, lies at -y: the reader sits at +y.
    power = cylinder(0.006, 0.003, draw.material("plastic", "red"),
                     (0.28 * width, -0.43 * long, high - 0.001), sides=12)  # fmt: skip
    keys_: list[Solid] = []
    columns, pitch = draw.count(3, 4), draw.size(0.011, 0.013)
    pad = draw.chance(0.6)
    rows = int((0.8 * long - 0.75 * width * pad) / pitch)
    square = draw.chance(0.5)
    ring = -0.36 * long + 4.6 * pitch + 0.3 * width
    for number in range(rows):
        y = -0.36 * long + pitch * number + (0.75 * width if pad and number > 4 else 0.0)
        for x in row(columns, 0.85 * width):
            size = (0.007, 0.006, 0.003)
            at = (x, y, high - 0.001)
            keys_.append(
                box(size, key, at) if square else cylinder(0.0035, 0.003, key, at, sides=6)
            )
    lamp = box((0.4 * width, 0.003, 0.4 * high), draw.material("glass", "black"),
               (0, -long / 2, 0.3 * high))  # fmt: skip
    parts = [Part("case", (case, lamp)), Part("power button", (power,))]
    if pad:
        round_ = cylinder(0.33 * width, 0.003, key, (0, ring, high - 0.001), sides=18)
        middle = cylinder(0.12 * width, 0.005, body, (0, ring, high - 0.001), sides=10)
        parts.append(Part("pad", (round_, middle)))
    colors = [box((0.007, 0.005, 0.003), draw.material("plastic", color),
                  (x, 0.45 * long, high - 0.001))
              for x, color in zip(row(4, 0.85 * width), ("red", "green", "yellow", "blue"),
                                  strict=True)]  # fmt: skip
    return Model((*parts, Part("buttons", (*keys_, *colors))), body)


def _stick(dark: Material, at: Point) -> Solids:
    """A thumb stick in its ring."""
    return (
        cylinder(0.011, 0.003, dark, at, sides=14),
        cylinder(0.004, 0.012, dark, at, sides=8),
        cylinder(0.008, 0.005, dark, (at[0], at[1], at[2] + 0.01), sides=14),
    )


@object_class("game controller", "electronics", size_m=((0.13, 0.18), (0.09, 0.16), (0.04, 0.09)),
              places=(SURFACE,), rooms=("living room", "bedroom"),
              aliases=("gamepad", "game pad", "console controller"))  # fmt: skip
def game_controller(draw: Draw) -> Model:
    """A body with two grips, two sticks, a cross and four round keys."""
    half, thick = draw.size(0.048, 0.058), draw.size(0.024, 0.03)
    body = draw.material("plastic", "black", "white", "red", "blue", "grey", "purple", "green")
    dark = draw.material("plastic", "black" if body.color_name != "black" else "grey")
    reach, top = draw.size(0.045, 0.06), thick + 0.008
    grips = []
    for way in (-1, 1):
        long = ellipsoid((0.042, 2 * reach, thick + 0.006), body, (0, 0, 0), 16)
        pose = turned("z", way * draw.size(0.25, 0.3))
        pose[:3, 3] = way * (half + 0.006), 0.028, 0.0
        grips.append(long.moved(pose))
    angle = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    bulge = [(way * half * 0.85 + 0.03 * np.cos(a), 0.03 * np.sin(a) - 0.006, z)
             for way in (-1, 1) for a in angle for z in (0.012, thick)]  # fmt: skip
    crown = [(way * half * 0.85 + 0.02 * np.cos(a), 0.02 * np.sin(a) - 0.006, z)
             for way in (-1, 1) for a in angle for z in (0.0, top)]  # fmt: skip
    middle = hull(np.array(bulge + crown), body)
    sticks = (*_stick(dark, (-0.45 * half, 0.012, top - 0.002)),
              *_stick(dark, (0.45 * half, 0.012, top - 0.002)))  # fmt: skip
    # As its player sees it, from +y: the cross at the left (+x), the keys at the right.
    left, right, y = 0.9 * half, -0.9 * half, -0.012
    cross = [box((0.022, 0.007, 0.005), dark, (left, y, top - 0.001)),
             box((0.007, 0.022, 0.0051), dark, (left, y, top - 0.001))]  # fmt: skip
    keys_ = [
        cylinder(0.0042, 0.005, draw.material("plastic", color),
                 (right + 0.0095 * x, y + 0.0095 * z, top - 0.001), sides=12)
        for color, x, z in (("red", -1, 0), ("blue", 1, 0), ("yellow", 0, -1), ("green", 0, 1))
    ]  # fmt: skip
    triggers = [rounded_box((0.03, 0.012, 0.012), 0.004, dark, (x, -0.034, 0.012), steps=1)
                for x in (-0.8 * half, 0.8 * half)]  # fmt: skip
    parts = [
        Part("body", (middle,)),
        Part("grips", tuple(grips)),
        Part("sticks", sticks),
        Part("cross", tuple(cross)),
        Part("buttons", tuple(keys_)),
        Part("triggers", tuple(triggers)),
    ]
    return Model(tuple(parts), body)
