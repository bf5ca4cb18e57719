"""What grows, and in what: leaves, blades, flowers on stems, pots with soil."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pottery import bent, open_box
from nesf_ros.synthetic.solids import (
    Point,
    Solid,
    ball,
    box,
    cylinder,
    ellipsoid,
    hull,
    revolved,
    tube,
    vessel,
)
from nesf_ros.synthetic.things import Part, placement, turned

OUTLINES: dict[str, tuple[tuple[float, float], ...]] = {
    "oval": ((0.0, 0.06), (0.3, 0.85), (0.55, 1.0), (0.8, 0.7), (1.0, 0.05)),
    "lance": ((0.0, 0.06), (0.25, 0.9), (0.5, 1.0), (0.75, 0.6), (1.0, 0.02)),
    "heart": ((0.0, 0.35), (0.1, 0.95), (0.35, 1.0), (0.7, 0.6), (1.0, 0.02)),
    "spoon": ((0.0, 0.3), (0.4, 0.5), (0.75, 1.0), (0.92, 0.75), (1.0, 0.2)),
}
"""Half width over the way from base to tip, both as shares, of shapes of leaves."""


def leaf(length_m: float, width_m: float, form: str, material: Material, thick_m: float) -> Solid:
    """A leaf that lies along +x from the origin: one of `OUTLINES`, its tip bent down a little."""
    points = [
        (length_m * along, side * half * width_m / 2, z - 0.12 * length_m * along**2)
        for along, half in OUTLINES[form]
        for side in (-1, 1)
        for z in (0.0, -thick_m)
    ]
    return hull(np.array(points), material)


def aimed(at: Point, yaw_rad: float, rise_rad: float) -> Float64[ndarray, "4 4"]:
    """The pose that puts the origin at a point and +x to a yaw, raised from the level."""
    return placement(*at, yaw_rad) @ turned("y", -rise_rad)


def blade(length_m: float, width_m: float, lean_rad: float, curl_rad: float,
          material: Material, pieces: int = 3) -> tuple[Solid, ...]:  # fmt: skip
    """A strip that grows from the origin and ends in a point.

    Args:
        length_m: along its middle line.
        width_m: at its widest.
        lean_rad: from the vertical at its base, towards +x.
        curl_rad: how far it turns on its way.
        material: of all its pieces.
        pieces: how many straight ones.
    """
    angles = lean_rad + curl_rad * (np.arange(pieces) + 0.5) / pieces
    steps = length_m / pieces * np.stack([np.sin(angles), 0 * angles, np.cos(angles)], axis=1)
    path = [(0.0, 0.0, 0.0), *map(tuple, np.cumsum(steps, axis=0).tolist())]
    shares = np.linspace(0, 1, pieces + 1)
    radii = [(max(width_m / 2 * w, 1e-3), 0.0015) for w in (0.7 + 1.2 * shares) * (1 - shares**3)]
    return bent(path, radii, material, sides=4)


def flower(draw: Draw, stem_m: Sequence[Point], size_m: float, petals: Material, green: Material
           ) -> tuple[tuple[Solid, ...], tuple[Solid, ...]]:  # fmt: skip
    """Stem and blossom (a daisy, a tulip or a ball) at the end of a polyline."""
    form = draw.choice(("daisy", "daisy", "tulip", "ball"))
    x, y, z = stem_m[-1]
    stem = tube(stem_m, 0.0025, green, sides=4)
    if form == "ball":
        return stem, (ball(size_m / 2, petals, (x, y, z - 0.3 * size_m), sides=10),)
    if form == "tulip":
        wide, low = 0.6 * size_m, z - 0.1 * size_m
        return stem, (ellipsoid((wide, wide, 0.9 * size_m), petals, (x, y, low), sides=10),)
    wide, yellow = 0.35 * size_m, draw.natural("plant", "yellow")
    middle = ellipsoid((wide, wide, 0.2 * size_m), yellow, (x, y, z - 0.05 * size_m), sides=8)
    one = leaf(0.5 * size_m, 0.3 * size_m, "spoon", petals, 0.002)
    face = aimed(stem_m[-1], draw.size(0, 6), 0.0) @ turned("y", draw.size(0.0, 0.5))
    count = draw.count(5, 6)
    blossom = [one.moved(face @ turned("z", n * 2 * np.pi / count) @ turned("y", -0.25))
               for n in range(count)]  # fmt: skip
    return stem, (middle, *blossom)


def bunch(draw: Draw, mouth: Point, radius_m: float, count: int, length_m: float
          ) -> tuple[tuple[Solid, ...], tuple[Solid, ...]]:  # fmt: skip
    """Stems with leaves, and blossoms, that spread out of a round mouth."""
    green = draw.natural("plant", "green")
    names = ("red", "yellow", "pink", "white", "purple", "orange", "blue")
    petals = draw.natural("plant", draw.choice(names))
    stems, heads = list[Solid](), list[Solid]()
    x, y, z = mouth
    for n in range(count):
        yaw, lean = n * 2.4 + draw.size(-0.3, 0.3), draw.size(0.05, 0.4)
        out = min(length_m * np.tan(lean), 2.5 * radius_m + 0.1)
        tip = (x + out * np.cos(yaw), y + out * np.sin(yaw), z + length_m * draw.size(0.7, 1.0))
        low = (x + 0.5 * radius_m * np.cos(yaw), y + 0.5 * radius_m * np.sin(yaw), z)
        root = (x, y, z - 0.03)
        stem, head = flower(draw, [root, low, tip], draw.size(0.035, 0.06), petals, green)
        half = tuple(float((a + b) / 2) for a, b in zip(low, tip, strict=True))
        side = leaf(0.06, 0.02, "lance", green, 0.0015)
        stems += [*stem, side.moved(aimed((half[0], half[1], half[2]), yaw, 0.5))]
        heads += head
    return tuple(stems), tuple(heads)


def planter(draw: Draw, radius: float) -> tuple[Part, Part, float]:
    """A pot of a radius filled with soil, and the height of the soil."""
    kind = draw.choice(("ceramic", "ceramic", "plastic", "wicker", "stone", "clay"))
    stuff = draw.material("ceramic", "orange", "brown", pattern="blotches") if kind == "clay" else (
        draw.material(kind))  # fmt: skip
    height, form = radius * draw.size(1.3, 2.2), draw.choice(("cone", "drum", "bowl", "square"))
    earth = draw.natural("plant", "brown", 0.5, 0.01)
    wall, top = 0.06 * radius, 0.9 * height
    if form == "square":
        walls, _ = open_box((1.7 * radius, 1.7 * radius, height), wall, stuff)
        side = 1.7 * radius - 1.9 * wall
        fill = box((side, side, top - wall), earth, (0, 0, wall))
        return Part("pot", walls), Part("soil", (fill,)), top
    outline = {
        "cone": [(0.68, 0.0), (0.95, 0.82), (1.05, 0.83), (1.05, 1.0)],
        "drum": [(0.92, 0.0), (1.0, 0.06), (1.0, 1.0)],
        "bowl": [(0.5, 0.0), (0.9, 0.3), (1.0, 0.65), (0.92, 1.0)],
    }[form]
    shape = [(radius * r, height * z) for r, z in outline]
    radii, heights = zip(*shape, strict=True)
    levels = [wall, *(z for z in heights if wall < z < top), top]
    inner = [(float(np.interp(z, heights, radii)) - 0.9 * wall, z) for z in levels]
    fill = revolved([(0, wall), *inner, (0, top)], earth, sides=24)
    parts = [vessel(shape, wall, stuff, sides=24)]
    if draw.chance(0.3):
        parts.append(cylinder(shape[0][0] + 0.2 * radius, 0.008, stuff, sides=24))
    return Part("pot", tuple(parts)), Part("soil", (fill,)), top
