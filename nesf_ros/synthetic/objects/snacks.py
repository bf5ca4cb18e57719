"""Doughnuts, pizza, cheese, hamburgers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.food import CHOCOLATE, CREAM, crust, edible
from nesf_ros.synthetic.objects.pieces import Outline, arc, oval
from nesf_ros.synthetic.objects.pottery import bent, dome
from nesf_ros.synthetic.solids import Solid, box, cylinder, ellipsoid, extruded, revolved
from nesf_ros.synthetic.things import Model, Part, placement, turned

_ROOMS = ("kitchen", "dining room")
_RED, _GREEN = edible((0.75, 0.12, 0.08), "red"), edible((0.25, 0.5, 0.12), "green")
_YELLOW = edible((0.96, 0.78, 0.28), "yellow")


@object_class("doughnut", "food", size_m=((0.06, 0.13), (0.06, 0.13), (0.022, 0.05)),
              places=(SURFACE,), rooms=_ROOMS,
              aliases=("donut", "glazed doughnut", "ring doughnut"))  # fmt: skip
def doughnut(draw: Draw) -> Model:
    """A ring of dough with icing on top, and sprinkles on some."""
    tube = draw.size(0.0125, 0.019)
    ring = tube * draw.size(1.6, 2.0)
    dough = crust(draw)
    icing = draw.choice((CHOCOLATE, CREAM, edible((0.95, 0.55, 0.7), "pink"), dough, _YELLOW))
    body = revolved(arc(tube, 0, 330, 12, (ring, tube)), dough, sides=22)
    parts = [Part("dough", (body,))]
    if icing is not dough:
        glaze = revolved(arc(1.06 * tube, 2, 178, 8, (ring, tube)), icing, sides=22)
        parts.append(Part("icing", (glaze,)))
    if draw.chance(0.6):
        parts.append(Part("sprinkles", _sprinkles(draw, ring, tube)))
    return Model(tuple(parts), icing)


def _sprinkles(draw: Draw, ring: float, tube: float) -> tuple[Solid, ...]:
    solids = []
    for way in np.linspace(0, 2 * np.pi, draw.count(22, 34), endpoint=False):
        lift = draw.size(0.9, 2.2)
        far, z = ring + 1.04 * tube * np.cos(lift), tube + 1.04 * tube * np.sin(lift)
        material = draw.material("plastic", "red", "yellow", "blue", "green", "white")
        at = (far * np.cos(way), far * np.sin(way), z)
        grain = box((0.0065, 0.0018, 0.0022), replace(material, kind="food"), at)
        solids.append(grain.moved(turned("z", draw.size(0, np.pi), at)))
    return tuple(solids)


def _missing(radius: float, gap: float) -> Outline:
    """A disc that lacks a slice of some degrees at its front."""
    if not gap:
        return oval(2 * radius, 2 * radius, 36)
    return [(0.0, 0.0), *arc(radius, 90 + gap / 2, 450 - gap / 2, 32)]


@object_class("pizza", "food", size_m=((0.2, 0.38), (0.2, 0.38), (0.012, 0.04)),
              places=(SURFACE,), rooms=_ROOMS,
              aliases=("pepperoni pizza", "pizza pie"))  # fmt: skip
def pizza(draw: Draw) -> Model:
    """A flat disc with a raised crust, red and yellow on top, with toppings; some lack a slice."""
    radius, gap = draw.size(0.11, 0.17), draw.choice((0.0, 0.0, 45.0, 60.0))
    dough = crust(draw)
    layers = (extruded(_missing(radius, gap), 0.012, dough),)
    line = arc(0.96 * radius, 90 + gap / 2, 450 - gap / 2, 25)
    edge = bent([(x, y, 0.0115) for x, y in line], [(0.011, 0.012)] * 25, dough, 6, (0, 0, 1))
    sauce = extruded(_missing(0.92 * radius, gap), 0.0025, _RED, (0, 0, 0.011))
    cheese = extruded(_missing(0.87 * radius, gap), 0.0035, _YELLOW, (0, 0, 0.0115))
    toppings = _toppings(draw, radius, gap)
    parts = (Part("crust", (*layers, *edge)), Part("cheese", (sauce, cheese)),
             Part("toppings", toppings))  # fmt: skip
    return Model(parts, _YELLOW)


def _toppings(draw: Draw, radius: float, gap: float) -> tuple[Solid, ...]:
    """Slices of sausage or tomato, mushrooms, and leaves, spread over the cheese."""
    pepperoni = draw.choice((edible((0.62, 0.1, 0.07), "red"), edible((0.8, 0.2, 0.12), "red")))
    big = draw.size(0.015, 0.021)
    solids: list[Solid] = []
    for share, count in ((0.66, draw.count(6, 8)), (0.3, 3)):
        step = (360 - gap) / count
        for number in range(count):
            way = np.radians(90 + gap / 2 + (number + 0.5) * step)
            at = (share * radius * np.cos(way), share * radius * np.sin(way), 0.0135)
            solids.append(cylinder(big, 0.004, pepperoni, at, sides=12))
            around = way + np.radians(0.5 * step) * draw.size(0.8, 1.0)
            if number < count - 1 and share > 0.5:
                bit = draw.choice((_GREEN, edible((0.1, 0.09, 0.1), "black"), CREAM))
                spot = (0.5 * radius * np.cos(around), 0.5 * radius * np.sin(around), 0.0135)
                leaf = ellipsoid((0.022, 0.011, 0.006), bit, spot, 6)
                solids.append(leaf.moved(turned("z", draw.size(0, 3), spot)))
    return tuple(solids)


@object_class("cheese", "food", size_m=((0.05, 0.28), (0.06, 0.28), (0.035, 0.12)),
              places=(SURFACE,), rooms=_ROOMS,
              aliases=("piece of cheese", "wedge of cheese", "swiss cheese"))  # fmt: skip
def cheese(draw: Draw) -> Model:
    """A yellow wedge full of holes, or a wheel that lacks a wedge."""
    body = draw.natural("food", draw.choice(("yellow", "yellow", "orange")), 0.12, 0.05)
    wheel = draw.chance(0.35)
    radius, height = draw.size(0.09, 0.13), draw.size(0.04, 0.075)
    gap = draw.size(50, 80) if wheel else draw.size(300, 322)
    outline = _missing(radius, gap)
    parts = [Part("cheese", (extruded(outline, height, body),))]
    if wheel or draw.chance(0.4):
        color = draw.color(draw.choice(("red", "brown", "yellow")))
        rind = edible(color, "", contrast=0.1)
        ring = [*arc(radius + 0.002, 90 + gap / 2, 450 - gap / 2, 32),
                *arc(radius - 0.003, 450 - gap / 2, 90 + gap / 2, 32)]  # fmt: skip
        parts.append(Part("rind", (extruded(ring, height + 0.001, rind),)))
    parts.append(Part("holes", _holes(draw, radius, height, gap, body)))
    shift = placement(0, 0 if wheel else 0.55 * radius)
    return Model(tuple(part.moved(shift) for part in parts), body)


def _holes(
    draw: Draw, radius: float, height: float, gap: float, body: Material
) -> tuple[Solid, ...]:
    """Dark spots that stand out by a millimetre, on the two cut faces and on top."""
    dark = edible((0.62 * body.color[0], 0.55 * body.color[1], 0.4 * body.color[2]), "")
    solids: list[Solid] = []
    for angle, way in ((90 + gap / 2, 1), (90 - gap / 2, -1)):
        turn, back = np.radians(angle), np.radians(angle + 90 * way)
        for number in range(draw.count(3, 5)):
            size = draw.size(0.008, 0.02)
            far = radius * (0.25 + 0.16 * number)
            x, y = far * np.cos(turn), far * np.sin(turn)
            x, y = x + 0.0005 * np.cos(back), y + 0.0005 * np.sin(back)
            z = draw.size(0.12, 0.86) * height - size / 2
            at = (float(x), float(y), max(z, 0.004))
            flat = ellipsoid((size, 0.003, size), dark, at, 8)
            solids.append(flat.moved(turned("z", float(turn), at)))
    for share in draw.rng.uniform(0.2, 0.8, draw.count(3, 5)):
        far, turn = radius * draw.size(0.35, 0.85), np.radians(90 + gap / 2 + (360 - gap) * share)
        at = (float(far * np.cos(turn)), float(far * np.sin(turn)), height - 0.0015)
        size = draw.size(0.008, 0.018)
        solids.append(ellipsoid((size, size, 0.003), dark, at, 8))
    return tuple(solids)


@object_class("hamburger", "food", size_m=((0.085, 0.16), (0.085, 0.16), (0.055, 0.14)),
              places=(SURFACE,), rooms=_ROOMS,
              aliases=("burger", "cheeseburger", "sandwich"))  # fmt: skip
def hamburger(draw: Draw) -> Model:
    """A bun with a patty, cheese, lettuce and tomato between its halves; seeds on top."""
    radius = draw.size(0.045, 0.06)
    bun = crust(draw)
    meat = edible((0.33, 0.19, 0.12), "brown", 0.006, 0.4)
    bottom = cylinder(0.94 * radius, draw.size(0.012, 0.02), bun, sides=24)
    z = float(bottom.bounds[1][2])
    filling: dict[str, list[Solid]] = {}
    for _ in range(draw.choice((1, 1, 2))):
        patty = cylinder(1.02 * radius, 0.013, meat, (0, 0, z), sides=24)
        slab = box((1.5 * radius, 1.5 * radius, 0.003), _YELLOW, (0, 0, z + 0.013))
        filling.setdefault("patty", []).append(patty)
        filling.setdefault("cheese", []).append(slab.moved(turned("z", draw.size(0, 1.5))))
        z += 0.0155
    if draw.chance(0.8):
        filling["tomato"] = [cylinder(0.98 * radius, 0.006, _RED, (0, 0, z), sides=24)]
        z += 0.0055
    if draw.chance(0.85):
        wave = [1.0 + 0.09 * (-1) ** n for n in range(24)]
        around = zip(oval(2.05 * radius, 2.05 * radius, 24), wave, strict=True)
        leaf = [(x * w, y * w) for (x, y), w in around]
        filling["lettuce"] = [extruded(leaf, 0.004, _GREEN, (0, 0, z))]
        z += 0.0035
    top = dome(radius, draw.size(0.55, 0.75) * radius, bun, (0, 0, z))
    parts = [Part("bun", (bottom, top)), *(Part(n, tuple(s)) for n, s in filling.items())]
    if draw.chance(0.7):
        parts.append(Part("seeds", _seeds(draw, radius, z, float(top.bounds[1][2]) - z)))
    return Model(tuple(parts), bun)


def _seeds(draw: Draw, radius: float, z: float, height: float) -> tuple[Solid, ...]:
    solids = []
    for number in range(16):
        tilt, way = 0.15 + 0.055 * number, 2.4 * number
        far, drop = radius * np.sin(tilt), height * np.cos(tilt) - 0.002
        at = (float(far * np.cos(way)), float(far * np.sin(way)), float(z + drop))
        solids.append(ellipsoid((0.006, 0.0035, 0.004), CREAM, at, 6).moved(turned("z", way, at)))
    return tuple(solids)
