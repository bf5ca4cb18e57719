"""Lamps that hang from ceilings."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import CEILING, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.lamps import bulb, dome, shade
from nesf_ros.synthetic.objects.pieces import arc
from nesf_ros.synthetic.solids import Solid, ball, box, cylinder, revolved, tube
from nesf_ros.synthetic.things import Model, Part, placement, turned


@object_class("ceiling lamp", "furniture", size_m=((0.18, 1.0), (0.08, 0.85), (0.06, 1.2)),
              places=(CEILING,), rooms=("living room", "kitchen", "bedroom", "office", "hall"),
              aliases=("ceiling light", "overhead lamp", "lamp on the ceiling"))  # fmt: skip
def ceiling_lamp(draw: Draw) -> Model:
    """Hanging hoods or globes, a chandelier, a bowl below the ceiling, or a bar of spots."""
    return draw.choice((_pendant, _pendant, _cluster, _chandelier, _bowl, _spots))(draw)


def _canopy(radius: float, metal: Material) -> Solid:
    return cylinder(0.8 * radius, 0.025, metal, (0, 0, -0.025), radius, sides=20)


def _hanging(draw: Draw, radius: float, drop: float, paint: Material) -> list[Solid]:
    """A hood, shade or globe whose top hangs `drop` metres below the ceiling, with its bulb."""
    form = draw.choice(("dome", "shade", "globe"))
    if form == "globe":
        return [ball(radius, paint, (0, 0, -drop - 2 * radius),
                     sides=20 if radius > 0.12 else 12)]  # fmt: skip
    if form == "shade":
        high = draw.size(0.7, 1.3) * radius
        rim = -drop - high
        spoke = box((1.2 * radius, 0.004, 0.004), paint, (0, 0, rim + 0.8 * high))
        return [shade(draw, radius, high, paint, (0, 0, rim)), spoke,
                bulb(draw, (0, 0, rim + 0.3 * high))]  # fmt: skip
    made = dome(draw, radius, paint)
    rim = -drop - float(made.bounds[1][2])
    return [made.moved(placement(0, 0, rim)), bulb(draw, (0, 0, rim + 0.005))]


def _paint(draw: Draw) -> Material:
    return draw.material(draw.choice(("metal", "metal", "fabric", "paper", "glass")))


def _pendant(draw: Draw) -> Model:
    """One hood on a cord."""
    black, paint = draw.material("plastic", "black", "white", "grey"), _paint(draw)
    radius, drop = draw.size(0.13, 0.28), draw.size(0.2, 0.6)
    parts = (Part("canopy", (_canopy(0.05, black),)),
             Part("cord", (cylinder(0.004, drop + 0.02, black, (0, 0, -drop - 0.025), sides=6),)),
             Part("shade", tuple(_hanging(draw, radius, drop, paint))))  # fmt: skip
    return Model(parts, paint)


def _cluster(draw: Draw) -> Model:
    """Several small hoods in a row below one rail."""
    black, paint = draw.material("metal", "black", "grey", "gold"), _paint(draw)
    count, radius = draw.count(2, 4), draw.size(0.07, 0.11)
    step, level = 2 * radius + draw.size(0.02, 0.06), draw.size(0.25, 0.5)
    rail = box(((count - 1) * step + 0.1, 0.05, 0.025), black, (0, 0, -0.025))
    cords, hoods, seed = list[Solid](), list[Solid](), draw.count(0, 10**6)
    for n in range(count):
        at = placement((n - (count - 1) / 2) * step, 0)
        drop = level + draw.choice((0.0, 0.1, 0.2))
        cords.append(cylinder(0.003, drop, black, (0, 0, -drop - 0.01), sides=6).moved(at))
        # The same dice for each, so that all hoods are alike.
        hoods += [solid.moved(at) for solid in _hanging(Draw(seed), radius, drop, paint)]
    parts = Part("rail", (rail,)), Part("cord", tuple(cords)), Part("shade", tuple(hoods))
    return Model(parts, paint)


def _chandelier(draw: Draw) -> Model:
    """Curved arms around a column, each with a candle or a small shade."""
    metal, wax = draw.material("metal"), draw.material("plastic", "white", "beige")
    count, reach, drop = draw.count(4, 7), draw.size(0.22, 0.38), draw.size(0.35, 0.6)
    column = revolved([(0, 0), (0.03, 0.01), (0.05, 0.05), (0.02, 0.1), (0.012, 0.14),
                       (0.012, drop + 0.05), (0, drop + 0.05)], metal, (0, 0, -drop - 0.05),
                      sides=12)  # fmt: skip
    curve = [(0.0, 0.0), (0.35, -0.05), (0.7, -0.05), (0.95, 0.0), (1.0, 0.06)]
    wire = tube([(reach * out, 0, up - drop + 0.02) for out, up in curve], 0.007, metal, sides=4)
    tip = 0.07 - drop
    cup = cylinder(0.015, 0.012, metal, (reach, 0, tip), 0.03, sides=8)
    if draw.chance(0.5):
        top = [cylinder(0.011, 0.08, wax, (reach, 0, tip + 0.01), sides=8),
               ball(0.014, wax, (reach, 0, tip + 0.085), sides=6)]  # fmt: skip
    else:
        top = [cylinder(0.05, 0.07, draw.material("fabric"), (reach, 0, tip + 0.02), 0.03, 8)]
    arms, lights = list[Solid](), list[Solid]()
    for angle in np.arange(count) * (2 * np.pi / count):
        spin = turned("z", float(angle))
        arms += [solid.moved(spin) for solid in (*wire, cup)]
        lights += [solid.moved(spin) for solid in top]
    parts = (Part("canopy", (_canopy(0.06, metal),)), Part("column", (column,)),
             Part("arms", tuple(arms)), Part("lights", tuple(lights)))  # fmt: skip
    return Model(parts, metal)


def _bowl(draw: Draw) -> Model:
    """A shallow bowl or drum of glass right below the ceiling, in a metal ring."""
    glass, metal = draw.material("glass", "white", "white", "yellow"), draw.material("metal")
    radius, deep = draw.size(0.14, 0.26), draw.size(0.06, 0.11)
    ring = cylinder(radius + 0.012, 0.03, metal, (0, 0, -0.03), sides=24)
    under = arc(radius, -90, 0, 7, radius_y_m=deep) if draw.chance(0.6) else (
        [(0.0, -deep), (0.96 * radius, -deep), (radius, -0.9 * deep), (radius, 0.0)])  # fmt: skip
    under = [(max(r, 0.0), z) for r, z in under]
    solid = revolved([(0.0, under[0][1]), *under[1:], (0.0, 0.0)], glass, (0, 0, -0.02), sides=24)
    knob = ball(0.012, metal, (0, 0, -deep - 0.04), sides=8)
    return Model((Part("ring", (ring,)), Part("shade", (solid,)), Part("knob", (knob,))), glass)


def _spots(draw: Draw) -> Model:
    """Small spotlights that look different ways along a bar."""
    metal, count = draw.material("metal"), draw.count(2, 4)
    step = draw.size(0.18, 0.26)
    bar = box(((count - 1) * step + 0.12, 0.06, 0.025), metal, (0, 0, -0.025))
    heads, stems = list[Solid](), list[Solid]()
    for n in range(count):
        x = (n - (count - 1) / 2) * step
        stems.append(cylinder(0.007, 0.06, metal, (x, 0, -0.08), sides=6))
        head = [
            cylinder(0.04, 0.11, metal, (0, 0, -0.07), 0.026, sides=14),
            cylinder(0.036, 0.004, draw.material("glass", "white"), (0, 0, -0.0725), sides=14),
        ]
        aim = turned("x", draw.size(-0.9, 0.9)) @ turned("y", draw.size(-0.5, 0.5))
        heads += [solid.moved(placement(x, 0, -0.1) @ aim) for solid in head]
    return Model((Part("bar", (bar,)), Part("stems", tuple(stems)), Part("spots", tuple(heads))),
                 metal)  # fmt: skip
