"""Electronics with a screen: television, display, laptop, tablet, cell phone."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.fittings import Solids, face_up, shown
from nesf_ros.synthetic.objects.pieces import profile
from nesf_ros.synthetic.objects.screens import Image, apps, digits, filled, keys, landscape, windows
from nesf_ros.synthetic.solids import (
    Point,
    Solid,
    box,
    cylinder,
    extruded,
    rounded_box,
    tapered_box,
)
from nesf_ros.synthetic.things import Model, Part, placement, turned

_HOME = ("living room", "bedroom")
_WORK = ("office", "bedroom", "living room")
_QWERTY = ("1234567890-", "QWERTYUIOP", "ASDFGHJKL;", "ZXCVBNM,.", "@#_<>")


def _panel(size_m: Point, frame_m: float, image: Image, case: Material, at: Point) -> Solids:
    """A flat case with a screen at +y inside an even frame."""
    (width, depth, height), (x, y, z) = size_m, at
    glass = (width - 2 * frame_m, height - 2 * frame_m)
    front = (x, y + depth / 2, z + frame_m)
    return box(size_m, case, at), shown(image, glass, case, front)


@object_class("television", "electronics", size_m=((0.65, 1.6), (0.12, 0.4), (0.42, 1.05)),
              places=(SURFACE,), rooms=_HOME,
              aliases=("television set", "flat screen television", "telly"))  # fmt: skip
def television(draw: Draw) -> Model:
    """A wide flat screen on two feet or on one in the middle, showing a film or nothing."""
    width = draw.size(0.7, 1.5)
    height, lift = 0.57 * width * draw.size(0.95, 1.05), draw.size(0.05, 0.09)
    case = draw.material("plastic", "black", "black", "grey", "white")
    image = landscape(draw) if draw.chance(0.8) else filled(draw.color("black"), 8, 8)
    thick = draw.size(0.03, 0.06)
    body, screen = _panel((width, thick, height), draw.size(0.012, 0.03), image, case, (0, 0, lift))
    back = tapered_box((0.6 * width, 0.5 * height, 0.04), (0.5 * width, 0.4 * height), case)
    back = back.moved(turned("x", np.pi / 2)).moved(placement(0, -thick / 2, lift + 0.35 * height))
    deep = 0.12 + 0.1 * width
    if draw.chance(0.6):
        way_x = draw.size(0.28, 0.42) * width
        foot = [
            solid
            for x in (-way_x, way_x)
            for solid in (
                tapered_box((0.04, deep, 0.015), (0.03, deep), case, (x, 0, 0)),
                tapered_box((0.035, 0.6 * deep, lift), (0.03, 0.025), case, (x, 0, 0.005)),
            )
        ]
    else:
        foot = [
            rounded_box((0.35 * width, deep, 0.016), 0.006, case, steps=1),
            tapered_box((0.12, 0.05, lift + 0.02), (0.08, 0.03), case, (0, -0.01, 0.01)),
        ]
    return Model(
        (Part("body", (body, back)), Part("screen", (screen,)), Part("stand", tuple(foot))), case
    )


@object_class("display", "electronics", size_m=((0.36, 0.8), (0.13, 0.3), (0.3, 0.65)),
              places=(SURFACE,), rooms=_WORK,
              aliases=("monitor", "desktop screen"))  # fmt: skip
def display(draw: Draw) -> Model:
    """A computer's screen full of windows, on a neck with a foot."""
    width, lift = draw.size(0.38, 0.7), draw.size(0.1, 0.16)
    height = min(width * draw.choice((0.58, 0.65, 0.78)), 0.44)
    case = draw.material("plastic", "black", "black", "grey", "white", "beige")
    metal = draw.choice((case, draw.material("metal", "grey")))
    frame, thick = draw.size(0.01, 0.025), draw.size(0.025, 0.045)
    body, screen = _panel((width, thick, height), frame, windows(draw), case, (0, 0.02, lift))
    lean = turned("x", draw.size(0.0, 0.15), (0, 0, lift + height / 2))
    foot = draw.size(0.2, 0.28)
    base = (
        cylinder(foot / 2, 0.014, metal, sides=28)
        if draw.chance(0.5)
        else rounded_box((foot, 0.8 * foot, 0.014), 0.006, metal, steps=1)
    )
    neck = tapered_box((0.07, 0.035, lift + 0.4 * height), (0.05, 0.03), metal, (0, -0.045, 0.008))
    hold = box((0.12, 0.045, 0.1), metal, (0, -0.02, lift + height / 2 - 0.05))
    light = box((0.012, 0.003, 0.003), draw.material("plastic", "green", "blue"),
                (0.42 * width, 0.02 + thick / 2, lift + 0.004))  # fmt: skip
    return Model(
        (
            Part("body", (body.moved(lean), light.moved(lean))),
            Part("screen", (screen.moved(lean),)),
            Part("stand", (base, neck, hold)),
        ),
        case,
    )


@object_class("laptop", "electronics", size_m=((0.26, 0.42), (0.17, 0.45), (0.012, 0.32)),
              places=(SURFACE,), rooms=_WORK,
              aliases=("notebook pc", "portable pc"))  # fmt: skip
def laptop(draw: Draw) -> Model:
    """A base with keys and a touch pad; a lid with a screen, seldom shut."""
    width, thin = draw.size(0.28, 0.4), draw.size(0.012, 0.02)
    depth = width * draw.size(0.62, 0.72)
    case = draw.material(draw.choice(("metal", "plastic")), "grey", "grey", "black", "white",
                         "blue", "pink")  # fmt: skip
    dark = draw.material("plastic", "black")
    key = draw.color(draw.choice(("black", "black", "white")))
    ink = (0.1, 0.1, 0.1) if sum(key) > 1.5 else (0.95, 0.95, 0.95)
    board = keys(_QWERTY, key, case.color, ink)
    base = [box((width, depth, thin), case)]
    typing = face_up(board, (0.86 * width, 0.45 * depth), dark, (0, -0.13 * depth, thin), 0.001)
    pad = box((0.32 * width, 0.26 * depth, 0.001), draw.material("plastic", "grey", "black"),
              (0, 0.3 * depth, thin))  # fmt: skip
    opened = 0.0 if draw.chance(0.06) else draw.size(1.6, 2.2)
    # Made as an upright panel over the hinge: its screen looks at +y when opened by 90°.
    body, screen = _panel((width, 0.008, depth), 0.012, windows(draw), case, (0, 0, 0))
    emblem = cylinder(0.016, 0.0015, draw.material("metal", "white", "grey"), sides=14)
    emblem = emblem.moved(turned("x", np.pi / 2)).moved(placement(0, -0.0035, 0.5 * depth))
    hinge = placement(0, -depth / 2 + 0.004 * (opened > 0), thin + 0.005)
    pose = hinge @ turned("x", opened - np.pi / 2)
    return Model(
        (
            Part("base", tuple(base)),
            Part("keyboard", (typing,)),
            Part("touch pad", (pad,)),
            Part("lid", (body.moved(pose), emblem.moved(pose))),
            Part("screen", (screen.moved(pose),)),
        ),
        case,
    )


def _slab(width: float, height: float, thick: float, material: Material, corner: float) -> Solids:
    """A lying plate with round corners."""
    x, y = width / 2 - corner, height / 2 - corner
    quarter = np.radians(np.linspace(0, 90, 4))
    outline = [
        (cx * x + corner * np.cos(a + turn), cy * y + corner * np.sin(a + turn))
        for cx, cy, turn in ((1, 1, 0), (-1, 1, np.pi / 2), (-1, -1, np.pi), (1, -1, 1.5 * np.pi))
        for a in quarter
    ]
    return (extruded(outline, thick, material),)


@object_class("tablet", "electronics", size_m=((0.13, 0.31), (0.08, 0.35), (0.006, 0.32)),
              places=(SURFACE,), rooms=_WORK,
              aliases=("touchscreen tablet", "tablet pc"))  # fmt: skip
def tablet(draw: Draw) -> Model:
    """A thin plate with a screen of coloured tiles, lying or leaning on its stand."""
    width = draw.size(0.14, 0.2)
    height, thick = width * draw.size(1.3, 1.5), draw.size(0.007, 0.01)
    case = draw.material(draw.choice(("metal", "plastic")), "black", "grey", "white", "blue",
                         "pink", "red")  # fmt: skip
    image = apps(draw, 4, 5) if draw.chance(0.7) else windows(draw, 100, 140)
    across = draw.chance(0.4)
    if across:
        image = landscape(draw) if draw.chance(0.5) else apps(draw, 7, 4)
        width, height = height, width
    body = _slab(width, height, thick, case, 0.012)
    edge = 0.024
    screen = face_up(image, (width - edge, height - edge), case, (0, 0, thick), 0.001)
    button = cylinder(0.005, 0.0015, draw.material("plastic", "grey", "white"),
                      (0, height / 2 - 0.006, thick), sides=12)  # fmt: skip
    parts: tuple[Solid, ...] = (*body, button)
    if draw.chance(0.5):
        return Model((Part("body", parts), Part("screen", (screen,))), case)
    # Stood up on its lower edge, against a board behind it.
    lean, share, deep = draw.size(1.0, 1.25), 0.65 * height, 0.45 * height
    pose = turned("x", -lean, (0, height / 2, 0))
    y, z = height / 2 - share * np.cos(lean), share * np.sin(lean)
    leg = [(y - deep, 0.0), (y - deep + 0.008, 0.0), (y + 0.001, z), (y - 0.005, z)]
    stand = profile(leg, 0.5 * width, case)
    return Model(
        (
            Part("body", tuple(s.moved(pose) for s in parts)),
            Part("screen", (screen.moved(pose),)),
            Part("stand", (stand,)),
        ),
        case,
    )


@object_class("cell phone", "electronics", size_m=((0.045, 0.085), (0.1, 0.175), (0.007, 0.03)),
              places=(SURFACE,),
              aliases=("smartphone", "cellphone", "smart phone"))  # fmt: skip
def cell_phone(draw: Draw) -> Model:
    """A flat one that is all screen, or an older one with keys below a small screen."""
    case = draw.material("plastic", "black", "black", "white", "grey", "blue", "red", "pink")
    dark = draw.material("plastic", "black")
    if draw.chance(0.7):
        width, thick = draw.size(0.065, 0.08), draw.size(0.008, 0.011)
        height = width * draw.size(1.95, 2.15)
        screen = face_up(apps(draw, 4, 8), (width - 0.006, height - 0.014), dark, (0, 0, thick),
                         0.001)  # fmt: skip
        body = _slab(width, height, thick, case, 0.009)
        button = box((0.0015, 0.014, 0.003), dark, (width / 2 + 0.0005, -0.02, thick / 2))
        return Model(
            (Part("body", body), Part("screen", (screen,)), Part("button", (button,))), case
        )
    width, height, thick = draw.size(0.046, 0.054), draw.size(0.105, 0.13), draw.size(0.016, 0.022)
    pad = keys(("< >", "123", "456", "789", "*0#"), draw.color("white"), case.color, (0.1,) * 3)
    screen = face_up(digits("12:30", draw.color("green"), 48, 36), (0.8 * width, 0.3 * height),
                     dark, (0, -0.25 * height, thick), 0.001)  # fmt: skip
    typing = face_up(pad, (0.85 * width, 0.48 * height), dark, (0, 0.2 * height, thick), 0.001)
    body = (rounded_box((width, height, thick), 0.006, case, steps=2),)
    stub = box((0.01, 0.025, 0.01), case, (-0.35 * width, -height / 2 - 0.01, 0.004))
    return Model(
        (
            Part("body", (*body, stub)),
            Part("screen", (screen,)),
            Part("keys", (typing,)),
        ),
        case,
    )
