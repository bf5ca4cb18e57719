"""Musical instruments."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.joinery import on_top
from nesf_ros.synthetic.objects.pieces import Outline, lying, plate
from nesf_ros.synthetic.solids import (
    Point,
    Solid,
    box,
    cylinder,
    ellipsoid,
    tapered_box,
    tube,
)
from nesf_ros.synthetic.things import Model, Part, placement, turned


def _waisted(width: float, height: float, waist: float) -> Outline:
    """The outline of a guitar's body, from its bottom at z = 0 upwards."""
    z = np.linspace(0, 1, 15)[1:-1]
    lower = np.sqrt(np.clip(1 - ((z - 0.3) / 0.31) ** 2, 0, None))
    upper = 0.74 * np.sqrt(np.clip(1 - ((z - 0.77) / 0.24) ** 2, 0, None))
    half = np.maximum(np.maximum(lower, upper), np.where((z > 0.3) & (z < 0.8), waist, 0.35))
    right = [(float(0.5 * width * h), float(height * level)) for h, level in
             zip(half, z, strict=True)]  # fmt: skip
    bottom, top = (0.22 * width, 0.0), (0.16 * width, height)
    side = [bottom, *right, top]
    return [*side, *((-x, level) for x, level in side[::-1])]


def _horned(width: float, height: float) -> Outline:
    """The outline of an electric guitar's body, with two horns beside the neck."""
    half = [(0.3, 0.0), (0.46, 0.08), (0.5, 0.22), (0.42, 0.42), (0.36, 0.55), (0.4, 0.72),
            (0.46, 0.9), (0.38, 1.0), (0.24, 0.88), (0.14, 0.78)]  # fmt: skip
    side = [(x * width, z * height) for x, z in half]
    return [*side, *((-0.94 * x, z) for x, z in side[::-1])]


@object_class("guitar", "decoration", size_m=((0.22, 0.48), (0.4, 0.7), (0.8, 1.25)),
              places=(FLOOR,), rooms=("living room", "bedroom"),
              aliases=("acoustic guitar", "electric guitar", "six-string"))  # fmt: skip
def guitar(draw: Draw) -> Model:
    """A guitar on its stand: acoustic with a sound hole, or electric with pickups."""
    scale, acoustic = draw.size(0.85, 1.05), draw.chance(0.6)
    width, high, deep = (0.38, 0.49, 0.1) if acoustic else (0.33, 0.42, 0.045)
    width, high, deep = width * scale * draw.size(0.93, 1.05), high * scale, deep * scale
    wood, dark = draw.material("wood", "brown", "beige"), draw.material("wood", "black")
    paint = wood if acoustic else draw.material("plastic", "red", "blue", "white", "black", "green")
    steel, light = draw.material("metal", "grey"), draw.material("plastic", "white")
    outline = _waisted(width, high, 0.62) if acoustic else _horned(width, high)
    body = plate(outline, deep, paint)
    front, low, top = deep / 2, 0.75 * high, high + 0.36 * scale
    neck = tapered_box((0.056 * scale, 0.02, top - low), (0.046 * scale, 0.02), dark,
                       (0, front - 0.002, low))  # fmt: skip
    head = tapered_box((0.055 * scale, 0.018, 0.15 * scale), (0.08 * scale, 0.018), paint,
                       (0, front - 0.004, top))  # fmt: skip
    pegs = [
        lying(
            cylinder(0.008, 0.11 * scale, steel, sides=8),
            "x",
            (-0.055 * scale, front - 0.004, top + z * scale),
        )
        for z in (0.04, 0.08, 0.12)
    ]
    bridge = box((0.13 * scale, 0.016, 0.02), dark, (0, front + 0.004, 0.24 * high))
    string = (0.0016, 0.002, top - 0.25 * high)
    strings = [box(string, steel, (x * 0.008, front + 0.011, 0.25 * high))
               for x in np.linspace(-2.5, 2.5, 6)]  # fmt: skip
    trim = (light, dark) if acoustic else (light, steel)
    face = _front(acoustic, width, (front, high), scale, trim)
    lift = placement(0, 0, 0.12) @ turned("x", 0.16)
    parts = {"body": [body, bridge, *face], "neck": [neck], "head": [head, *pegs],
             "strings": strings}  # fmt: skip
    return Model(
        (*(Part(name, tuple(solids)).moved(lift) for name, solids in parts.items()),
         Part("stand", _stand(width, deep, draw.material("metal", "black")))),
        paint,
    )  # fmt: skip


def _front(
    acoustic: bool, width: float, at: tuple[float, float], scale: float,
    trim: tuple[Material, Material],
) -> list[Solid]:  # fmt: skip
    """A sound hole with a rosette, or pickups and knobs; `at` is the front's y and its height."""
    (front, high), (light, dark) = at, trim
    if acoustic:
        return [lying(cylinder(r * scale, 0.004, m, sides=24), "y", (0, front - y, 0.6 * high))
                for r, m, y in ((0.056, light, 0.002), (0.05, dark, 0.001))]  # fmt: skip
    pickups = [box((0.09 * scale, 0.01, 0.03), light, (0, front + 0.004, z * high))
               for z in (0.4, 0.6)]  # fmt: skip
    knobs = [lying(cylinder(0.012, 0.014, dark, sides=12), "y", (x * width, front, z * high))
             for x, z in ((-0.3, 0.2), (-0.36, 0.3))]  # fmt: skip
    return pickups + knobs


def _stand(width: float, deep: float, steel: Material) -> tuple[Solid, ...]:
    """A tripod with two arms under a guitar's body."""
    back = -deep / 2 - 0.03
    solids = [*tube([(0, back - 0.02, 0.1), (0, back - 0.09, 0.5)], 0.011, steel, 8)]
    for side in (-1, 1):
        arm = [(side * 0.02, back, 0.12), (side * 0.25 * width, back, 0.1),
               (side * 0.25 * width, deep / 2 + 0.04, 0.1),
               (side * 0.25 * width, deep / 2 + 0.05, 0.13)]  # fmt: skip
        foot = [(0, back - 0.05, 0.3), (side * 0.4 * width, deep / 2 + 0.08, 0.011)]
        solids += [*tube(arm, 0.01, steel, 8), *tube(foot, 0.011, steel, 8)]
        solids.append(ellipsoid((0.03, 0.03, 0.022), steel, (foot[1][0], foot[1][1], 0), 8))
    rear = (0.0, back - 0.28, 0.011)
    solids += tube([(0, back - 0.06, 0.32), rear], 0.011, steel, 8)
    return (*solids, ellipsoid((0.03, 0.03, 0.022), steel, (0, rear[1], 0), 8))


@object_class("piano", "furniture", size_m=((1.2, 1.6), (0.5, 0.75), (1.0, 1.35)),
              places=(FLOOR,), rooms=("living room",),
              aliases=("upright piano", "keyboard instrument"),
              holds=("decoration", "stationery"))  # fmt: skip
def piano(draw: Draw) -> Model:
    """An upright piano, its keys towards +y, some with a stool."""
    width, high, deep = draw.size(1.35, 1.52), draw.size(1.08, 1.3), draw.size(0.32, 0.38)
    wood = draw.material("wood", "black", "brown", "white", "brown")
    brass = draw.material("metal", "gold")
    y, bench = -0.12, draw.size(0.62, 0.68)
    front = y + deep / 2
    body = [box((width, deep, high - 0.03), wood, (0, y, 0)),
            box((width + 0.04, deep + 0.04, 0.03), wood, (0, y, high - 0.03))]  # fmt: skip
    shelf = [box((width, 0.3, 0.08), wood, (0, front + 0.15, bench - 0.08)),
             box((0.08, 0.3, 0.09), wood, (-width / 2 + 0.04, front + 0.15, bench)),
             box((0.08, 0.3, 0.09), wood, (width / 2 - 0.04, front + 0.15, bench))]  # fmt: skip
    legs = [
        tapered_box(
            (0.06, 0.06, bench - 0.08),
            (0.09, 0.09),
            wood,
            (side * (width / 2 - 0.06), front + 0.24, 0),
        )
        for side in (-1, 1)
    ]
    fall = box((width - 0.18, 0.02, 0.14), wood, (0, front + 0.1, bench)).moved(
        turned("x", 0.25, (0, front + 0.1, bench)))  # fmt: skip
    rest, paper = (0, front + 0.05, bench + 0.19), draw.material("paper", "white", pattern="bands")
    music = [box((0.7 * width, 0.015, 0.2), wood, rest)]
    if draw.chance(0.6):
        music += [box((0.2, 0.004, 0.26), paper, (x, front + 0.062, bench + 0.21))
                  for x in (-0.105, 0.105)]  # fmt: skip
    desk = tuple(s.moved(turned("x", 0.18, rest)) for s in music)
    pedals = tuple(
        box((0.04, 0.1, 0.015), brass, (x, front + 0.04, 0.05)) for x in (-0.08, 0, 0.08)
    )
    parts = [Part("body", (*body, *shelf, fall)), Part("legs", tuple(legs)),
             Part("keys", _keys(draw, width - 0.18, (0, front + 0.2, bench))),
             Part("music stand", desk),
             Part("pedals", pedals)]  # fmt: skip
    return Model(tuple(parts), wood, (on_top(width, deep, high, y=y),))


def _keys(draw: Draw, span: float, at: Point) -> tuple[Solid, ...]:
    """Five octaves of white and black keys."""
    white = draw.material("plastic", "white", pattern="blotches")
    black = draw.material("plastic", "black")
    (_, y, z), count = at, 36
    step = span / count
    keys = [box((0.92 * step, 0.15, 0.02), white, ((n + 0.5) * step - span / 2, y, z))
            for n in range(count)]  # fmt: skip
    sharps = [box((0.6 * step, 0.1, 0.034), black, (n * step - span / 2, y - 0.035, z))
              for n in range(1, count) if n % 7 not in (2, 6)]  # fmt: skip
    return (box((span, 0.16, 0.012), black, at), *keys, *sharps)


@object_class("drum", "toy", size_m=((0.15, 0.55), (0.15, 0.55), (0.1, 0.5)),
              places=(FLOOR, SURFACE), rooms=("bedroom", "living room"),
              aliases=("snare drum", "toy drum"))  # fmt: skip
def drum(draw: Draw) -> Model:
    """A drum with cords along its shell and two sticks on its head."""
    radius = draw.size(0.1, 0.22)
    height = radius * draw.size(0.9, 1.6)
    colors = ("red", "blue", "brown", "green", "purple")
    paint = draw.material(draw.choice(("wood", "plastic", "metal")), *colors)
    rim, cord = draw.material("metal", "gold", "grey"), draw.material("fabric", "white", "yellow")
    skin = draw.natural("food", draw.choice(("white", "beige")), 0.05)
    wood = draw.material("wood", "beige")
    shell = cylinder(radius, height, paint, sides=28)
    band = 0.1 * height
    hoops = [cylinder(1.05 * radius, band, rim, (0, 0, z), sides=28) for z in (0, height - band)]
    head = cylinder(0.97 * radius, 0.004, skin, (0, 0, height - 0.001), sides=28)
    count = draw.count(6, 9)
    angles = np.arange(2 * count) * (np.pi / count)
    out = 1.04 * radius
    ends = [(out * np.cos(a), out * np.sin(a), height - band if n % 2 else band)
            for n, a in enumerate(angles)]  # fmt: skip
    cords = [piece for n in range(2 * count)
             for piece in tube([ends[n - 1], ends[n]], 0.02 * radius, cord, 4)]  # fmt: skip
    thin, long = 0.035 * radius + 0.002, 1.7 * radius
    sticks: list[Solid] = []
    for turn in (draw.size(0.2, 0.6), draw.size(-0.6, -0.2)):
        pose = placement(0, 0, height + 0.003, turn)
        y = 0.3 * radius * (1 if turn > 0 else -1)
        rod = lying(cylinder(thin, long, wood, sides=8), "x", (-0.45 * long, y, thin))
        tip = ellipsoid((4 * thin, 2.6 * thin, 2.6 * thin), wood, (0.55 * long, y, -0.1 * thin), 8)
        sticks += [rod.moved(pose), tip.moved(pose)]
    return Model((Part("shell", (shell,)), Part("rims", tuple(hoops)), Part("head", (head,)),
                  Part("cords", tuple(cords)), Part("sticks", tuple(sticks))), paint)  # fmt: skip
