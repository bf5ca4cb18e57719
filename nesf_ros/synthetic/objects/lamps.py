"""Lamps that stand on floors and tables."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.joinery import radial_legs, timber
from nesf_ros.synthetic.objects.pieces import Outline, arc
from nesf_ros.synthetic.solids import ORIGIN, Point, Solid, ball, box, cylinder, revolved, tube
from nesf_ros.synthetic.things import Model, Part, placement, turned

_WALL = 0.003


def bulb(draw: Draw, at: Point) -> Solid:
    """A round bulb that rests on a point."""
    return ball(draw.size(0.022, 0.035), draw.material("glass", "white"), at, sides=10)


def hood(outer_m: Outline, material: Material, at: Point = ORIGIN) -> Solid:
    """A thin shade by its outer outline (radius, height) from the lower rim upwards."""
    inner = [(max(radius - _WALL, 1e-3), height - 1e-4) for radius, height in outer_m]
    return revolved([*outer_m, *inner[::-1]], material, at, sides=24)


def shade(draw: Draw, radius_m: float, height_m: float, material: Material, at: Point) -> Solid:
    """A drum, cone, bell or bowl, open at both ends; its lower rim is centred on a point."""
    form, r, h = draw.choice(("drum", "cone", "bell", "steep")), radius_m, height_m
    outline = {
        "drum": [(r, 0.0), (0.97 * r, h)],
        "cone": [(r, 0.0), (0.6 * r, h)],
        "steep": [(r, 0.0), (0.3 * r, h)],
        "bell": [(r, 0.0), (0.9 * r, 0.2 * h), (0.62 * r, 0.6 * h), (0.45 * r, h)],
    }[form]
    return hood(outline, material, at)


def dome(draw: Draw, radius_m: float, material: Material) -> Solid:
    """A metal hood that is open below: half a ball or a funnel, its lower rim at the origin."""
    if draw.chance(0.5):
        return hood(arc(radius_m, 0, 82, 7), material)
    high = draw.size(0.9, 1.4) * radius_m
    return hood([(radius_m, 0), (0.45 * radius_m, 0.7 * high), (0.4 * radius_m, high),
                 (0.05 * radius_m, high)], material)  # fmt: skip


def _cloth(draw: Draw) -> Material:
    kind = draw.choice(("fabric", "fabric", "paper"))
    return draw.material(kind, "white", "white", "beige", "beige", "red", "green", "blue",
                         "yellow", "grey", "black")  # fmt: skip


@object_class("lamp", "furniture", size_m=((0.1, 1.25), (0.1, 0.75), (0.18, 2.05)),
              places=(FLOOR, SURFACE), rooms=("living room", "bedroom", "office"),
              aliases=("light", "electric lamp", "standing light"))  # fmt: skip
def lamp(draw: Draw) -> Model:
    """With a shade on a pole, a tripod or a turned body; with a jointed or curved arm; a globe."""
    styles = (_floor_lamp, _floor_lamp, _table_lamp, _table_lamp, _desk_lamp, _arc_lamp,
              _torch, _globe)  # fmt: skip
    return draw.choice(styles)(draw)


def _floor_lamp(draw: Draw) -> Model:
    """A shade high on a pole with a disc, or on a tripod."""
    body = draw.choice((timber(draw), draw.material("metal")))
    cloth, top = _cloth(draw), draw.size(1.15, 1.5)
    radius, high = draw.size(0.17, 0.28), draw.size(0.22, 0.38)
    if draw.chance(0.4):
        stand = radial_legs(3, draw.size(0.22, 0.32), 0.02, top, body, draw.size(0.02, 0.035))
        parts = [Part("legs", stand)]
    else:
        foot = cylinder(draw.size(0.13, 0.18), draw.size(0.015, 0.03), body, sides=24)
        pole = cylinder(draw.size(0.008, 0.016), top, body, sides=8)
        parts = [Part("base", (foot,)), Part("pole", (pole,))]
    return _shaded(draw, parts, (0.85 * top, top, radius, high), cloth, body)


def _table_lamp(draw: Draw) -> Model:
    """A shade on a body of pottery, glass, wood or metal that is turned like a vase."""
    kind = draw.choice(("ceramic", "ceramic", "glass", "metal", "wood"))
    body = timber(draw) if kind == "wood" else draw.material(kind)
    high, wide = draw.size(0.16, 0.34), draw.size(0.05, 0.11)
    form = draw.choice(("jar", "ball", "stick", "block", "cone"))
    if form == "block":
        solids = [box((1.4 * wide, 1.4 * wide, high), body)]
    elif form == "ball":
        solids = [cylinder(0.8 * wide, 0.015, body, sides=16),
                  ball(wide, body, (0, 0, 0.012), sides=16)]  # fmt: skip
        high = 2 * wide
    else:
        outline = {
            "jar": [(0.6, 0.0), (0.65, 0.04), (1.0, 0.4), (0.95, 0.6), (0.3, 0.92), (0.25, 1.0)],
            "stick": [(1.0, 0.0), (0.9, 0.06), (0.25, 0.12), (0.32, 0.5), (0.2, 0.9), (0.25, 1)],
            "cone": [(1.0, 0.0), (0.2, 1.0)],
        }[form]
        profile = [(0.0, 0.0), *((wide * r, high * z) for r, z in outline), (0.0, high)]
        solids = [revolved(profile, body, sides=20)]
    rod = cylinder(0.007, 0.06, draw.material("metal"), (0, 0, high - 0.005), sides=8)
    parts = [Part("base", (*solids, rod))]
    radius, tall = draw.size(0.1, 0.2), draw.size(0.13, 0.24)
    return _shaded(draw, parts, (high + 0.01, high + 0.055, radius, tall), _cloth(draw), body)


def _shaded(draw: Draw, parts: list[Part], heights_m: tuple[float, float, float, float],
            cloth: Material, main: Material) -> Model:  # fmt: skip
    """The parts of a stand with a shade: its lowest rim, the stand's top, radius, height."""
    rim, top, radius, high = heights_m
    rim = max(rim, top - 0.5 * high)
    cover = shade(draw, radius, high, cloth, (0, 0, rim))
    spokes = [box((1.97 * radius, 0.004, 0.004), main, (0, 0, rim + 0.001)).moved(turned("z", a))
              for a in (0.0, np.pi / 2)]  # fmt: skip
    light = bulb(draw, (0, 0, top - 0.005))
    named = cloth if draw.chance(0.5) else main
    return Model((*parts, Part("shade", (cover,)), Part("bulb", (light, *spokes))), named)


def _desk_lamp(draw: Draw) -> Model:
    """A jointed arm on a heavy foot, with a metal hood that looks down."""
    paint = draw.material(draw.choice(("metal", "plastic")))
    steel, foot = draw.material("metal", "grey", "black"), draw.size(0.07, 0.11)
    lower, upper = draw.size(0.16, 0.32), draw.size(0.16, 0.3)
    back, tip = draw.size(0.0, 0.35), draw.size(0.5, 1.2)
    elbow = (0.0, -lower * np.sin(back), 0.02 + lower * np.cos(back))
    end = (0.0, elbow[1] + upper * np.sin(tip), elbow[2] + upper * np.cos(tip))
    arm = tube([(0, 0, 0.015), elbow], 0.008, steel, sides=8)
    arm += tube([elbow, end], 0.008, steel, sides=8)
    joints = [ball(0.015, paint, (x, y, z - 0.015), sides=8) for x, y, z in (elbow, end)]
    radius = draw.size(0.05, 0.08)
    hang = placement(*end) @ turned("x", draw.size(0.1, 0.7)) @ placement(0, 0.02, -1.1 * radius)
    base = cylinder(foot + 0.3 * max(end[1], 0.0), 0.02, paint, (0, 0.3 * max(end[1], 0.0), 0),
                    0.95 * foot, sides=24)  # fmt: skip
    return Model((
        Part("base", (base,)), Part("arm", (*arm, *joints)),
        Part("shade", (dome(draw, radius, paint).moved(hang),)),
        Part("bulb", (bulb(draw, (0, 0, 0)).moved(hang),)),
    ), paint)  # fmt: skip


def _arc_lamp(draw: Draw) -> Model:
    """A tall bow from a heavy foot, with a hood at its end."""
    metal, paint = draw.material("metal"), draw.choice((draw.material("metal"), _cloth(draw)))
    high, reach = draw.size(1.3, 1.7), draw.size(0.5, 0.8)
    line = [(0.0, 0.0, 0.02), (0.0, 0.0, 0.6 * high)]
    line += [(reach / 2 * (1 - np.cos(a)), 0.0, 0.6 * high + 0.4 * high * np.sin(a))
             for a in np.linspace(0, 0.92 * np.pi, 9)[1:]]  # fmt: skip
    x, _, z = line[-1]
    radius = draw.size(0.11, 0.17)
    foot = cylinder(draw.size(0.16, 0.2), 0.05, draw.choice((metal, draw.material("stone"))))
    low = z - radius
    middle = (foot.bounds[0][0] + x + radius) / 2
    shift = placement(-0.5 * middle, 0)
    parts = (Part("base", (foot,)), Part("pole", tube(line, 0.011, metal, sides=8)),
             Part("shade", (dome(draw, radius, paint).moved(placement(x, 0, low)),)),
             Part("bulb", (bulb(draw, (x, 0, low)),)))  # fmt: skip
    return Model(tuple(part.moved(shift) for part in parts), metal)


def _torch(draw: Draw) -> Model:
    """A pole with a bowl that is open upwards."""
    metal, top = draw.material("metal"), draw.size(1.45, 1.8)
    bowl = draw.choice((metal, draw.material("glass", "white", "beige")))
    radius = draw.size(0.12, 0.2)
    outer = [(0.03, 0.0), (0.6 * radius, 0.03), (radius, draw.size(0.07, 0.12))]
    inner = [(r - 0.004, z + 0.004) for r, z in outer]
    return Model((
        Part("base", (cylinder(draw.size(0.13, 0.17), 0.025, metal, sides=24),)),
        Part("pole", (cylinder(0.013, top, metal, sides=8),)),
        Part("shade", (revolved([(0, 0), *outer, *inner[::-1], (0, 0.004)], bowl, (0, 0, top)),)),
    ), metal)  # fmt: skip


def _globe(draw: Draw) -> Model:
    """A ball of glass or paper on a small foot."""
    colors = ("white", "white", "beige", "yellow", "orange")
    glass = draw.material(draw.choice(("glass", "paper")), *colors, pattern="blotches")
    metal, radius, foot = draw.material("metal"), draw.size(0.09, 0.18), draw.size(0.02, 0.12)
    return Model((
        Part("base", (cylinder(0.6 * radius, 0.015, metal, sides=20),
                      cylinder(0.25 * radius, foot + 0.01, metal, sides=12))),
        Part("shade", (ball(radius, glass, (0, 0, foot), sides=20),)),
    ), glass)  # fmt: skip
