"""Eggs and what is baked: bread and cake."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Color, Material
from nesf_ros.synthetic.objects.catalog import SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pieces import Outline, arc, lying, profile
from nesf_ros.synthetic.objects.pottery import bent, rim, settled
from nesf_ros.synthetic.solids import (
    Solid,
    ball,
    cylinder,
    ellipsoid,
    extruded,
    revolved,
)
from nesf_ros.synthetic.things import Model, Part, turned

_ROOMS = ("kitchen", "dining room")


def edible(color: Color, name: str, scale_m: float = 0.02, contrast: float = 0.15) -> Material:
    """Food of an exact colour."""
    red, green, blue = (c * (1 - contrast) for c in color)
    return Material(color, (red, green, blue), "blotches", scale_m, "food", name)


def crust(draw: Draw) -> Material:
    """Baked dough, lighter or darker."""
    dark = draw.size(0.75, 1.05)
    return edible((0.78 * dark, 0.52 * dark, 0.26 * dark), "brown", 0.03, 0.3)


_CRUMB = edible((0.96, 0.89, 0.72), "beige", 0.008)
CREAM = edible((0.97, 0.94, 0.88), "white")
CHOCOLATE = edible((0.3, 0.17, 0.1), "brown")


@object_class("egg", "food", size_m=((0.045, 0.085), (0.036, 0.062), (0.036, 0.062)),
              places=(SURFACE,), rooms=_ROOMS, aliases=("hen's egg", "chicken egg"))  # fmt: skip
def egg(draw: Draw) -> Model:
    """Lying, blunter at one end."""
    radius = draw.size(0.0195, 0.026)
    length = radius * draw.size(2.45, 2.75)
    shell = draw.choice((CREAM, edible((0.86, 0.66, 0.48), "brown", 0.004, 0.06),
                         edible((0.95, 0.86, 0.74), "beige", 0.004, 0.06)))  # fmt: skip
    turn = np.linspace(0, np.pi, 13)
    # Wider towards the blunt end; 1.015 is the greatest value of the shape itself.
    widths = radius * np.sin(turn) * (1 + 0.17 * np.cos(turn)) / 1.015
    heights = length * (1 - np.cos(turn)) / 2
    side = [(float(r), float(z)) for r, z in zip(widths, heights, strict=True)][1:-1]
    made = revolved([(0.0, 0.0), *side, (0.0, length)], shell, sides=20)
    body = lying(made.moved(turned("z", np.pi / 20)), "x", (-length / 2, 0, 0))
    return settled((Part("shell", (body,)),), shell)


def _slice_outline(width: float, height: float) -> Outline:
    """The outline of a slice of bread from a tin, in (y, z)."""
    half, lobe = width / 2, 0.27 * height
    right = arc(0.6 * half, -50, 90, 6, (0.5 * half, height - lobe), lobe)
    return [(0.93 * half, 0.0), (0.93 * half, 0.5 * height), *right,
            *[(-y, z) for y, z in reversed(right)], (-0.93 * half, 0.5 * height),
            (-0.93 * half, 0.0)]  # fmt: skip


@object_class("bread", "food", size_m=((0.14, 0.56), (0.055, 0.26), (0.04, 0.15)),
              places=(SURFACE,), rooms=_ROOMS,
              aliases=("loaf of bread", "loaf", "baguette"))  # fmt: skip
def bread(draw: Draw) -> Model:
    """A tin loaf with slices cut off, a long baguette, or a round loaf with slashes."""
    return draw.choice((_tin_loaf, _tin_loaf, _baguette, _round_loaf))(draw)


def _tin_loaf(draw: Draw) -> Model:
    brown = crust(draw)
    width, height = draw.size(0.095, 0.125), draw.size(0.095, 0.125)
    long, cuts = draw.size(0.14, 0.2), draw.count(1, 3)
    total = long + 0.03 * cuts
    outline = _slice_outline(width, height)
    inner = [(0.92 * y, 0.006 + 0.93 * z) for y, z in outline]
    # The loaf ends at -total/2; slices follow towards +x, with gaps between them.
    solids = [profile(outline, long, brown, ((long - total) / 2, 0, 0))]
    crumbs = [profile(inner, long + 0.002, _CRUMB, ((long - total) / 2, 0, 0))]
    for number in range(cuts):
        x = long - total / 2 + 0.03 * number + 0.018
        solids.append(profile(outline, 0.013, brown, (x, 0, 0)))
        crumbs.append(profile(inner, 0.015, _CRUMB, (x, 0, 0)))
    turn = turned("z", draw.choice((0.5, -0.5, 0.0, np.pi)))
    crust_, crumb = (tuple(s.moved(turn) for s in group) for group in (solids, crumbs))
    return Model((Part("crust", crust_), Part("crumb", crumb)), brown)


def _baguette(draw: Draw) -> Model:
    brown = crust(draw)
    half, thick = draw.size(0.19, 0.27), draw.size(0.027, 0.037)
    x = np.array([-1, -0.94, -0.7, 0, 0.7, 0.94, 1]) * half
    sizes = np.array([0.25, 0.65, 0.95, 1, 0.95, 0.65, 0.25]) * thick
    path = [(float(a), 0.0, 0.8 * thick) for a in x]
    solids = bent(path, [(float(r) * 1.1, float(r) * 0.8) for r in sizes], brown, 10)
    cuts = [
        ellipsoid((0.07, 0.02, 0.02), _CRUMB, (a, 0.0, 1.6 * thick - 0.0165), 10)
        .moved(turned("z", 0.5, (a, 0, 0)))
        for a in np.linspace(-0.68, 0.68, 5) * half
    ]  # fmt: skip
    return settled((Part("crust", solids), Part("crumb", tuple(cuts))), brown)


def _round_loaf(draw: Draw) -> Model:
    brown = crust(draw)
    radius = draw.size(0.08, 0.11)
    height = radius * draw.size(0.8, 1.0)
    roof = arc(radius, 15, 85, 6, (0, 0.25 * height), 0.75 * height)
    side = [(0.75 * radius, 0.0), (radius, 0.25 * height), *roof]
    body = revolved([(0.0, 0.0), *side, (0.0, height)], brown, sides=24)
    slashes = ((0.0, 0.99, 0.0), (0.4, 0.94, 0.0), (-0.4, 0.94, 0.0), (0.0, 0.99, 1.4))
    cuts = [
        ellipsoid((1.2 * radius, 0.02, 0.03), _CRUMB, (0, y * radius, height * drop - 0.024), 12)
        .moved(turned("z", turn))
        for y, drop, turn in slashes
    ]  # fmt: skip
    return Model((Part("crust", (body,)), Part("crumb", tuple(cuts))), brown)


def _sector(radius: float, start: float, end: float, count: int = 22) -> Outline:
    """A disc without a slice, as an outline."""
    return [(0.0, 0.0), *arc(radius, start, end, count)]


@object_class("cake", "food", size_m=((0.13, 0.34), (0.13, 0.34), (0.08, 0.3)),
              places=(SURFACE,), rooms=_ROOMS,
              aliases=("birthday cake", "layer cake", "gateau"))  # fmt: skip
def cake(draw: Draw) -> Model:
    """Round layers under icing, with cherries or candles; a slice may be missing."""
    radius, height = draw.size(0.085, 0.13), draw.size(0.065, 0.11)
    icing = draw.choice((CREAM, CHOCOLATE, edible((0.95, 0.7, 0.78), "pink"),
                         edible((0.72, 0.86, 0.95), "blue")))  # fmt: skip
    sponge = draw.choice((edible((0.85, 0.66, 0.36), "brown"), CHOCOLATE))
    filling = draw.choice((CREAM, edible((0.75, 0.1, 0.15), "red")))
    gap = draw.choice((0.0, 45.0, 60.0))
    start, end = 90 + gap, 450.0 - (0 if gap else 12)
    plate = cylinder(1.25 * radius, 0.006, draw.material("ceramic", pattern="blotches"), sides=28)
    base = 0.005
    parts = [Part("plate", (plate,)), Part("icing", _icing(radius, height, gap, icing, base))]
    if gap:
        layer = height / 5
        shown = [extruded(_sector(radius - 0.004, start - 1.2, end + 1.2), layer + 0.0005,
                          sponge if n % 2 == 0 else filling, (0, 0, base + n * layer))
                 for n in range(5)]  # fmt: skip
        parts.append(Part("layers", tuple(shown)))
    decoration, name = draw.choice(((_cherries, "cherries"), (_candles, "candles")))
    angles = np.radians(np.linspace(start + 12, end - 12, draw.count(6, 9)))
    parts.append(Part(name, decoration(draw, radius, base + height, angles)))
    return Model(tuple(parts), icing)


def _icing(
    radius: float, height: float, gap: float, icing: Material, base: float
) -> tuple[Solid, ...]:
    if gap:
        return (extruded(_sector(radius, 90 + gap, 450), height + 0.004, icing, (0, 0, base)),)
    body = cylinder(radius, height, icing, (0, 0, base), sides=28)
    edge = rim(radius - 0.006, 0.009, icing, base + height - 0.012)
    foot = rim(radius, 0.008, icing, base)
    return body, edge, foot


def _cherries(draw: Draw, radius: float, z: float, angles: np.ndarray) -> tuple[Solid, ...]:
    red = edible((0.72, 0.05, 0.1), "red")
    return tuple(
        ball(0.011, red, (0.78 * radius * np.cos(a), 0.78 * radius * np.sin(a), z - 0.001), 8)
        for a in angles
    )


def _candles(draw: Draw, radius: float, z: float, angles: np.ndarray) -> tuple[Solid, ...]:
    solids: list[Solid] = []
    flame = edible((1.0, 0.78, 0.2), "yellow")
    for angle in angles:
        x, y = 0.65 * radius * np.cos(angle), 0.65 * radius * np.sin(angle)
        wax = draw.material("plastic", "red", "blue", "yellow", "white", "pink")
        solids.append(cylinder(0.0035, 0.06, wax, (x, y, z - 0.004), sides=6))
        solids.append(cylinder(0.0045, 0.016, flame, (x, y, z + 0.056), 0.0008, sides=6))
    return tuple(solids)
