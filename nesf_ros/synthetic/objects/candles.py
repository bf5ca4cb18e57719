"""Candles, with and without what holds them."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pottery import bent, front_label, sideways, sleeve
from nesf_ros.synthetic.objects.prints import label
from nesf_ros.synthetic.solids import Point, Solid, cylinder, revolved, tube, vessel
from nesf_ros.synthetic.things import Model, Part, turned

_SCENTS = ("VANILLA", "CEDAR", "SEA SALT", "ROSE", "AMBER", "WHITE TEA", "CINNAMON")


@object_class("candle", "decoration", size_m=((0.03, 0.42), (0.03, 0.34), (0.02, 0.5)),
              places=(SURFACE,), rooms=("living room", "bathroom", "bedroom"),
              aliases=("wax candle", "wax light", "decorative candle"))  # fmt: skip
def candle(draw: Draw) -> Model:
    """A pillar, a taper on a holder, one in a jar or cup of metal, or several on arms."""
    styles = (_pillar, _pillar, _taper, _taper, _jar, _tea_light, _candelabra)
    return draw.choice(styles)(draw)


def _wax(draw: Draw) -> Material:
    return draw.material("wax")


def _wick(draw: Draw, at: Point) -> Part:
    """A wick, with a flame on some."""
    x, y, z = at
    wick = cylinder(0.0015, 0.012, draw.material("fabric", "black", pattern="blotches"),
                    (x, y, z - 0.002), sides=6)  # fmt: skip
    if draw.chance(0.5):
        return Part("wick", (wick,))
    fire = draw.material("wax", "orange", "yellow")
    flame = revolved([(0, 0), (0.006, 0.008), (0.005, 0.016), (0, 0.034)], fire,
                     (x, y, z + 0.005), sides=8)  # fmt: skip
    return Part("wick", (wick, flame))


def _pillar(draw: Draw) -> Model:
    """A thick candle, burnt down in the middle on some, on a plate on others."""
    wax, radius, high = _wax(draw), draw.size(0.022, 0.045), draw.size(0.05, 0.22)
    parts, foot = list[Part](), 0.0
    if draw.chance(0.4):
        foot = 0.006
        plate = draw.material(draw.choice(("ceramic", "metal", "wood")))
        wide = draw.size(1.4, 1.9) * radius
        rim = [(0, 0), (0.7 * wide, 0), (wide, 0.015), (wide - 0.003, 0.016), (0.7 * wide, foot),
               (0, foot)]  # fmt: skip
        parts.append(Part("plate", (revolved(rim, plate, sides=24),)))
    dip = draw.choice((0.0, draw.size(0.004, 0.012)))
    outline = [(0, 0), (radius, 0), (radius, high), (radius - 0.004, high), (0, high - dip)]
    body = revolved(outline, wax, (0, 0, foot), sides=20)
    wick = _wick(draw, (0, 0, foot + high - dip))
    return Model((*parts, Part("candle", (body,)), wick), wax)


def _taper(draw: Draw) -> Model:
    """A long thin candle on a turned stick, or on a small plate with a handle."""
    wax, metal = _wax(draw), draw.material(draw.choice(("metal", "metal", "ceramic", "wood")))
    long = draw.size(0.1, 0.26)
    if draw.chance(0.65):
        high, wide = draw.size(0.06, 0.2), draw.size(0.035, 0.055)
        bump = draw.size(0.35, 0.65) * high
        outline = [(0, 0), (wide, 0), (0.9 * wide, 0.008), (0.009, 0.02), (0.007, bump - 0.012),
                   (0.018, bump), (0.007, bump + 0.012), (0.008, high - 0.02), (0.018, high),
                   (0, high)]  # fmt: skip
        holder: tuple[Solid, ...] = (revolved(outline, metal, sides=20),)
    else:
        high, wide = 0.03, draw.size(0.05, 0.07)
        outline = [(0, 0), (0.7 * wide, 0), (wide, 0.016), (wide - 0.003, 0.017), (0.02, 0.005),
                   (0.016, high), (0, high)]  # fmt: skip
        ring = [(wide - 0.004, 0.012), (wide + 0.02, 0.012), (wide + 0.035, 0.03),
                (wide + 0.015, 0.045), (wide - 0.002, 0.02)]  # fmt: skip
        grip = bent(sideways(ring), [(0.006, 0.003)] * 5, metal, sides=4)
        holder = (revolved(outline, metal, sides=20), *grip)
    stick = cylinder(0.011, long, wax, (0, 0, high - 0.004), 0.007, sides=12)
    parts = (
        Part("holder", holder),
        Part("candle", (stick,)),
        _wick(draw, (0, 0, high + long - 0.004)),
    )
    return Model(parts, wax)


def _jar(draw: Draw) -> Model:
    """Wax in a glass or pot with a label."""
    wax, glass = _wax(draw), draw.material(draw.choice(("glass", "ceramic")))
    radius, high = draw.size(0.032, 0.05), draw.size(0.07, 0.12)
    jar = vessel([(0.94 * radius, 0.0), (radius, 0.06 * high), (radius, high)], 0.003, glass,
                 sides=24)  # fmt: skip
    fill = cylinder(radius - 0.0035, draw.size(0.5, 0.85) * high, wax, (0, 0, 0.003), sides=24)
    ink = draw.material("paper", "white", "beige", pattern="blotches")
    image = label("SCENTED " + draw.choice(_SCENTS), ink.color, (0.15, 0.1, 0.1), (128, 96))
    picture = front_label(image, radius, 1.5 * radius, 0.2 * high, 0.75 * high)
    paper = draw.material("paper", "white", "beige", pattern="blotches", print=picture)
    skin = sleeve([(radius, 0.18 * high), (radius, 0.77 * high)], paper)
    parts = (Part("jar", (jar,)), Part("candle", (fill,)), Part("label", (skin,)),
             _wick(draw, (0, 0, float(fill.bounds[1][2]))))  # fmt: skip
    return Model(parts, glass)


def _tea_light(draw: Draw) -> Model:
    """A flat candle in a cup of thin metal, larger ones with several wicks."""
    wax, metal = _wax(draw), draw.material("metal", "grey", "gold", "black")
    radius = draw.choice((0.02, draw.size(0.03, 0.06)))
    high = max(0.016, 0.6 * radius) * draw.size(0.95, 1.15)
    cup = vessel([(radius, 0.0), (radius, high)], 0.001, metal, sides=20)
    fill = cylinder(radius - 0.0015, 0.85 * high, wax, (0, 0, 0.001), sides=20)
    top = 0.001 + 0.85 * high
    count = 1 if radius < 0.035 else draw.count(1, 3)
    spots = (
        [
            (0.45 * radius * np.cos(a), 0.45 * radius * np.sin(a), top)
            for a in np.arange(count) * 2 * np.pi / count
        ]
        if count > 1
        else [(0, 0, top)]
    )
    wicks = tuple(solid for spot in spots for solid in _wick(draw, spot).solids)
    return Model((Part("cup", (cup,)), Part("candle", (fill,)), Part("wick", wicks)), wax)


def _candelabra(draw: Draw) -> Model:
    """A stand with two or four arms around a middle, each with a candle."""
    wax, metal = _wax(draw), draw.material("metal")
    count, reach, high = draw.choice((2, 2, 4)), draw.size(0.08, 0.14), draw.size(0.14, 0.24)
    long = draw.size(0.08, 0.16)
    outline = [(0, 0), (0.06, 0), (0.05, 0.012), (0.01, 0.03), (0.008, high), (0.02, high + 0.01)]
    foot = revolved([*outline, (0, high + 0.01)], metal, sides=16)
    curve = [(0, 0.5), (0.5, 0.45), (0.9, 0.6), (1.0, 0.9)]
    arms: list[Solid] = [foot]
    tips: list[Point] = [(0, 0, high + 0.01)]
    for angle in np.arange(count) * (2 * np.pi / count):
        spin = turned("z", float(angle))
        wire = tube([(reach * out, 0, high * up) for out, up in curve], 0.006, metal, sides=6)
        cup = cylinder(0.008, 0.012, metal, (reach, 0, 0.9 * high - 0.004), 0.02, sides=10)
        arms += [solid.moved(spin) for solid in (*wire, cup)]
        tips.append(
            (reach * float(np.cos(angle)), reach * float(np.sin(angle)), 0.9 * high + 0.005)
        )
    sticks = tuple(cylinder(0.01, long, wax, tip, 0.008, sides=10) for tip in tips)
    wicks = [_wick(draw, (x, y, z + long)) for x, y, z in tips]
    parts = (Part("holder", tuple(arms)), Part("candle", sticks),
             Part("wick", tuple(solid for wick in wicks for solid in wick.solids)))  # fmt: skip
    return Model(parts, metal)
