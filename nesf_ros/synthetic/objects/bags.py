"""Bags, cases and what is in pockets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pieces import arc, plate
from nesf_ros.synthetic.objects.pottery import open_box
from nesf_ros.synthetic.objects.road_vehicles import wheel
from nesf_ros.synthetic.solids import Point, Solid, box, ellipsoid, rounded_box, tube
from nesf_ros.synthetic.things import Model, Part, placement, turned

_BRIGHT = ("red", "blue", "green", "orange", "turquoise", "pink", "black", "grey", "brown")


def _dome(width: float, height: float, shrink: float = 1.0) -> list[tuple[float, float]]:
    """The front view of a rucksack: upright sides and a round top."""
    half, round_m = shrink * width / 2, 0.42 * width
    top = height - (1 - shrink) * width / 2
    return [(-0.94 * half, 0.0), (0.94 * half, 0.0), (half, 0.1 * height),
            *arc(half, 0, 180, 11, (0, top - round_m), round_m), (-half, 0.1 * height)]  # fmt: skip


@object_class("backpack", "container", size_m=((0.22, 0.46), (0.17, 0.4), (0.3, 0.6)),
              places=(FLOOR, SURFACE), rooms=("bedroom", "hall", "office"),
              aliases=("school bag", "knapsack", "daypack"))  # fmt: skip
def backpack(draw: Draw) -> Model:
    """A closed backpack with pockets in front and two straps behind."""
    width, depth, height = draw.size(0.26, 0.36), draw.size(0.13, 0.19), draw.size(0.38, 0.52)
    cloth = draw.material("fabric", *_BRIGHT, "yellow")
    second = cloth if draw.chance(0.4) else draw.material("fabric", *_BRIGHT, pattern="fabric")
    strap = draw.material("fabric", "black", pattern="fabric")
    zipper = draw.material("metal", "gold", "grey")
    body = [plate(_dome(width, height, s), deep, cloth)
            for s, deep in ((1.0, 0.8 * depth), (0.93, depth))]  # fmt: skip
    pocket_width, pocket_high = width * draw.size(0.7, 0.82), height * draw.size(0.38, 0.48)
    front = depth / 2 + 0.025
    pocket = [plate(_dome(pocket_width, pocket_high, s), deep, second, (0, front, 0.03))
              for s, deep in ((1.0, 0.05), (0.9, 0.075))]  # fmt: skip
    line = [(x, depth / 2 + 0.002, z) for x, z in _dome(0.86 * width, 0.95 * height)[3:14]]
    seams = tube(line, 0.004, zipper, 6)
    inner = _dome(0.84 * pocket_width, 0.9 * pocket_high)[3:14]
    edge = [(x, front + 0.036, 0.03 + z) for x, z in inner]
    seams += tube(edge, 0.0035, zipper, 6)
    pull = box((0.012, 0.004, 0.035), zipper, (0.3 * width, depth / 2 + 0.004, 0.7 * height))
    loop = tube([(-0.04, -0.3 * depth, height - 0.02), (-0.035, -0.3 * depth, height + 0.03),
                 (0.035, -0.3 * depth, height + 0.03), (0.04, -0.3 * depth, height - 0.02)],
                0.009, strap, 8)  # fmt: skip
    straps: list[Solid] = []
    for side in (-1, 1):
        path = [(0.2, -0.4, 0.92), (0.24, -0.75, 0.85), (0.28, -0.9, 0.6), (0.34, -0.7, 0.25),
                (0.42, -0.4, 0.08)]  # fmt: skip
        points = [(side * x * width, y * depth, z * height) for x, y, z in path]
        straps += tube(points, 0.016, strap, 8)
    sides = [ellipsoid((0.07, 0.75 * depth, 0.4 * height), second, (x, 0, 0.004), 12)
             for x in (-width / 2, width / 2)] if draw.chance(0.5) else []  # fmt: skip
    return Model((Part("body", tuple(body)), Part("pockets", (*pocket, *sides)),
                  Part("zip", (*seams, pull)), Part("handle", loop),
                  Part("straps", tuple(straps))), cloth)  # fmt: skip


def _strap(
    axis: str, at: float, size_m: Point, broad: float, material: Material, low: float = 0.0
) -> tuple[Solid, ...]:
    """A band over the top of a box and down two of its sides: those at ±x or those at ±y."""
    thick, (width, depth, height) = 0.005, size_m
    across = width if axis == "x" else depth
    pieces = [((across + 2 * thick, broad, thick), 0.0, low + height)]
    pieces += [((thick, broad, height), side * (across + thick) / 2, low) for side in (-1, 1)]
    if axis == "x":
        return tuple(box(size, material, (place, at, z)) for size, place, z in pieces)
    return tuple(box((b, a, c), material, (at, place, z)) for (a, b, c), place, z in pieces)


@object_class("suitcase", "container", size_m=((0.35, 0.72), (0.18, 0.8), (0.35, 1.25)),
              places=(FLOOR,), rooms=("bedroom", "hall"),
              aliases=("luggage", "travel case", "trolley case"), holds=("clothing",))  # fmt: skip
def suitcase(draw: Draw) -> Model:
    """A suitcase that stands, on wheels or with leather straps, or lies open on the floor."""
    size = draw.size(0.36, 0.5), draw.size(0.2, 0.28), draw.size(0.5, 0.68)
    rolling = draw.chance(0.65)
    shell = draw.material("plastic" if rolling else "leather", *_BRIGHT)
    if draw.chance(0.25):
        return _open_case(draw, size, shell)
    width, depth, height = size
    low = 0.05 if rolling else 0.0
    walls, space = open_box(size, 0.006, shell, low)
    lid = box((width, depth, 0.006), shell, (0, 0, low + height))
    whole = (width, depth, height + 0.006)
    trim = draw.material("plastic", "black") if rolling else draw.material("leather", "brown")
    parts = [Part("shell", (*walls, lid)), Part("rim", _strap("x", 0.0, whole, 0.014, trim, low))]
    if rolling:
        ribs = [
            s
            for x in np.linspace(-0.36, 0.36, draw.count(4, 7)) * width
            for s in _strap("y", x, (width, depth, height + 0.004), 0.022, shell, low)
        ]
        parts += [Part("ribs", tuple(ribs)), *_rolling(draw, whole, low, trim)]
    else:
        steel = draw.material("metal", "gold", "grey")
        belts = [s for x in (-0.27, 0.27) for s in _strap("y", x * width, whole, 0.03, trim)]
        buckles = [box((0.04, 0.01, 0.035), steel, (x * width, depth / 2 + 0.004, 0.72 * height))
                   for x in (-0.27, 0.27)]  # fmt: skip
        parts += [Part("straps", tuple(belts)), Part("buckles", tuple(buckles)),
                  Part("handle", _loop(0.07, 0.04, height + 0.004, 0.009, trim))]  # fmt: skip
    return Model(tuple(parts), shell, (replace(space, closed=True),))


def _loop(
    half: float, high: float, z: float, thick: float, material: Material
) -> tuple[Solid, ...]:
    """A handle along x on top of a bag."""
    path = [(-half, 0.0, z), (-0.8 * half, 0.0, z + high), (0.8 * half, 0.0, z + high),
            (half, 0.0, z)]  # fmt: skip
    return tube(path, thick, material, 8)


def _rolling(draw: Draw, size: Point, low: float, trim: Material) -> tuple[Part, Part]:
    """The pull handle, drawn out or not, and the wheels of a suitcase."""
    steel, (width, depth, height) = draw.material("metal", "grey"), size
    y, top, long = -0.3 * depth, low + height, draw.choice((0.03, draw.size(0.25, 0.42)))
    rods = [s for x in (-0.1, 0.1)
            for s in tube([(x, y, top), (x, y, top + long)], 0.009, steel, 8)]  # fmt: skip
    bar = box((0.23, 0.03, 0.03), trim, (0, y, top + long - 0.01))
    wheels = [
        s
        for x in (-0.4, 0.4)
        for way in (-0.34, 0.34)
        for s in wheel(0.028, 0.022, trim, steel, (x * width, way * depth, 0.028))
    ]
    return Part("handle", (*rods, bar)), Part("wheels", tuple(wheels))


def _open_case(draw: Draw, size: Point, shell: Material) -> Model:
    """A suitcase on its back, its lid folded up."""
    long, deep, width = size  # it opens along its longer side
    lining = draw.material("fabric")
    tray, space = open_box((width, long, 0.6 * deep), 0.006, shell, floor=lining)
    cover, _ = open_box((width, long, 0.4 * deep), 0.006, shell, floor=lining)
    over = placement(0, 0, deep) @ turned("x", np.pi)
    swing = turned("x", draw.size(1.5, 1.9), (0, -long / 2, 0.6 * deep))
    lid = tuple(s.moved(swing @ over) for s in cover)
    grip = [(-0.07, long / 2, 0.4 * deep), (-0.06, long / 2 + 0.04, 0.4 * deep),
            (0.06, long / 2 + 0.04, 0.4 * deep), (0.07, long / 2, 0.4 * deep)]  # fmt: skip
    handle = tube(grip, 0.008, draw.material("leather", "black", "brown"), 8)
    return Model((Part("shell", tray), Part("lid", lid), Part("handle", handle)), shell, (space,))


@object_class("handbag", "container", size_m=((0.2, 0.48), (0.08, 0.25), (0.22, 0.62)),
              places=(SURFACE, FLOOR), rooms=("hall", "bedroom", "living room"),
              aliases=("purse", "shoulder bag", "ladies' bag", "tote"),
              holds=("stationery", "clothing"))  # fmt: skip
def handbag(draw: Draw) -> Model:
    """A bag with two arched handles, open above, with a clasp, a belt or a pocket in front."""
    width, depth = draw.size(0.24, 0.38), draw.size(0.1, 0.16)
    height, narrow = width * draw.size(0.6, 0.85), draw.size(0.7, 1.0)
    hide = draw.material(draw.choice(("leather", "fabric")), *_BRIGHT, "beige", "white")
    trim = draw.material("leather", "brown", "black", "beige")
    steel, lining = draw.material("metal", "gold"), draw.material("fabric", "beige", "black")
    low = 0.006  # the bag stands on studs
    tub, space = open_box((width, depth, height), 0.004, hide, low,
                          (narrow * width, 0.6 * depth), lining)  # fmt: skip
    style = draw.choice(("clasp", "belt", "pocket"))
    if style == "clasp":
        front = [rounded_box((0.05, 0.008, 0.04), 0.003, steel, (0, 0, 0.72 * height), 2)]
    elif style == "belt":
        front = [box((0.9 * width, 0.004, 0.03), trim, (0, 0, 0.45 * height)),
                 box((0.045, 0.007, 0.042), steel, (0, 0, 0.45 * height - 0.006))]  # fmt: skip
    else:
        patch = (0.6 * width, 0.012, 0.5 * height)
        front = [rounded_box(patch, 0.005, trim, (0, 0, 0.1 * height), 2)]
    tilt = placement(0, depth / 2, low) @ turned("x", np.arctan(0.2 * depth / height))
    base = [ellipsoid((0.02, 0.02, 0.012), steel, (x * width, y * depth, 0), 8)
            for x in (-0.42, 0.42) for y in (-0.36, 0.36)]  # fmt: skip
    handles = _arches(draw, width, (0.3 * depth + 0.008, low + height), (trim, steel))
    return Model((Part("body", tub), Part(style, tuple(s.moved(tilt) for s in front)),
                  Part("handles", handles), Part("feet", tuple(base))), hide, (space,))  # fmt: skip


def _arches(
    draw: Draw, width: float, at: tuple[float, float], materials: tuple[Material, Material]
) -> tuple[Solid, ...]:
    """Two arched handles at ±y and the studs that hold them; `at` is y and where they begin."""
    (out, top), (trim, steel) = at, materials
    reach, rise = width * draw.size(0.2, 0.27), draw.size(0.08, 0.18)
    bow = [(x, top + z) for x, z in arc(reach, 0, 180, 9, radius_y_m=rise)]
    solids: list[Solid] = []
    for y in (-out, out):
        line = [(reach, top - 0.03), *bow, (-reach, top - 0.03)]
        solids += tube([(x, y, z) for x, z in line], 0.007, trim, 8)
        solids += [ellipsoid((0.022, 0.012, 0.03), steel, (x, y, top - 0.04), 8)
                   for x in (-reach, reach)]  # fmt: skip
    return tuple(solids)
