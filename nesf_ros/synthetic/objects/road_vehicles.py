"""Toy cars, trucks and trains, and a real bicycle. All of them drive towards +y."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pieces import lying, profile
from nesf_ros.synthetic.solids import (
    Point,
    Solid,
    box,
    cylinder,
    ellipsoid,
    hull,
    rounded_box,
)
from nesf_ros.synthetic.things import Model, Part

_BRIGHT = ("red", "blue", "yellow", "green", "orange", "white", "black", "turquoise", "pink")
_TOY = ((0.04, 0.25), (0.1, 0.42), (0.03, 0.26))


def wheel(
    radius_m: float, width_m: float, tyre: Material, rim: Material, center: Point
) -> tuple[Solid, ...]:
    """A wheel on an axle along x, with a rim that stands out on both sides."""
    x, y, z = center
    return tuple(
        lying(cylinder(r, w, material, sides=16), "x", (x - w / 2, y, z))
        for r, w, material in ((radius_m, width_m, tyre), (0.6 * radius_m, 1.25 * width_m, rim))
    )


def _glass(draw: Draw, paint: Material) -> Material:
    """Windows that stand out from the paint."""
    return draw.material("glass", "turquoise" if paint.color_name == "black" else "black")


def _wheels(draw: Draw, radius: float, half: float, *places: float) -> Part:
    """A pair of wheels at each place along y."""
    tyre, rim = draw.material("rubber", "black"), draw.material("metal", "grey", "white")
    solids = [
        solid
        for y in places
        for side in (-half, half)
        for solid in wheel(radius, 0.6 * radius, tyre, rim, (side, y, radius))
    ]
    return Part("wheels", tuple(solids))


def _cabin(
    low: tuple[float, float], high: tuple[float, float], z: tuple[float, float],
    width: float, paints: tuple[Material, Material],
) -> tuple[tuple[Solid, ...], tuple[Solid, ...]]:  # fmt: skip
    """Body and windows of a cabin: `low` and `high` are where it begins and ends along y."""
    paint, glass = paints

    def span(first: float, last: float, out: float) -> list[tuple[float, float]]:
        shares = np.array((first, last))
        rear = np.interp(shares, (0, 1), (low[0], high[0])) - out
        front = np.interp(shares, (0, 1), (low[1], high[1])) + out
        up = np.interp(shares, (0, 1), z)
        return [(rear[0], up[0]), (rear[1], up[1]), (front[1], up[1]), (front[0], up[0])]

    frame = 0.08 * (high[1] - high[0])
    raised = max(0.02 * width, 0.0015)
    middle, tall = (high[0] + high[1]) / 2, 0.98 * (z[1] - z[0])
    pillar = box((width + 3 * raised, 0.8 * frame, tall), paint, (0, middle, z[0]))
    sides = profile(span(0.2, 0.85, -frame), width + 2 * raised, glass)
    ends = profile(span(0.2, 0.85, raised), 0.84 * width, glass)
    return (profile(span(0, 1, 0), width, paint), pillar), (sides, ends)


def _lights(draw: Draw, half: float, front: float, rear: float, z: float) -> Part:
    """Two head lights and two rear lights."""
    white, red = draw.material("glass", "white"), draw.material("plastic", "red")
    size = 0.35 * half
    return Part("lights", tuple(
        ellipsoid((size, 0.3 * size, size), paint, (side, y, z), sides=12)
        for y, paint in ((front, white), (rear, red)) for side in (-0.68 * half, 0.68 * half)
    ))  # fmt: skip


# Where the cabin begins and ends along y, below and above, and the height of its roof; all as
# shares of the car's length.
_CARS = (
    ((-0.36, 0.24), (-0.22, 0.07), 0.40),
    ((-0.49, 0.22), (-0.40, 0.06), 0.42),
    ((-0.49, 0.40), (-0.47, 0.26), 0.50),
    ((-0.38, 0.14), (-0.20, -0.02), 0.36),
)


@object_class("car", "vehicle", size_m=_TOY, places=(SURFACE, FLOOR), rooms=("bedroom",),
              aliases=("toy car", "automobile", "model car"))  # fmt: skip
def car(draw: Draw) -> Model:
    """A toy car: saloon, estate, van or coupé."""
    length = draw.size(0.1, 0.38)
    width, radius = length * draw.size(0.4, 0.46), length * draw.size(0.085, 0.11)
    paint = draw.material(draw.choice(("plastic", "metal")), *_BRIGHT)
    glass, dark = _glass(draw, paint), draw.material("plastic", "black", "grey")
    low, high, roof = draw.choice(_CARS)
    waist = length * draw.size(0.24, 0.27)
    outline = np.array([(-0.5, 0.09), (-0.5, 0.22), (-0.46, waist / length), (0.22, waist / length),
                        (0.46, 0.21), (0.5, 0.17), (0.5, 0.09)])  # fmt: skip
    body = profile([*map(tuple, (length * outline).tolist())], width, paint)
    ends = [tuple(length * draw.size(0.97, 1.03) * y for y in pair) for pair in (low, high)]
    top = length * roof * draw.size(0.95, 1.08)
    cab, windows = _cabin(
        (ends[0][0], ends[0][1]), (ends[1][0], ends[1][1]), (waist - 0.001, top), 0.86 * width,
        (paint, glass),
    )  # fmt: skip
    bumpers = tuple(
        rounded_box((1.02 * width, 0.06 * length, 0.05 * length), 0.02 * length, dark,
                    (0, side * 0.49 * length, 0.085 * length), steps=2)
        for side in (-1, 1)
    )  # fmt: skip
    return Model(
        (
            Part("body", (body, *cab)), Part("windows", windows), Part("bumpers", bumpers),
            _wheels(draw, radius, 0.47 * width, -0.29 * length, 0.3 * length),
            _lights(draw, width / 2, 0.5 * length, -0.5 * length, 0.145 * length),
        ),
        paint,
    )  # fmt: skip


@object_class("truck", "vehicle", size_m=_TOY, places=(SURFACE, FLOOR), rooms=("bedroom",),
              aliases=("toy truck", "hauler", "cargo truck"))  # fmt: skip
def truck(draw: Draw) -> Model:
    """A toy truck with a closed box, a tank or an open bed behind its cab."""
    length = draw.size(0.14, 0.4)
    width, radius, floor = 0.36 * length, length * draw.size(0.07, 0.085), 0.16 * length
    paint = draw.material(draw.choice(("plastic", "metal")), *_BRIGHT)
    dark, glass = draw.material("plastic", "black"), _glass(draw, paint)
    top, cut = length * draw.size(0.44, 0.5), length * draw.size(0.1, 0.18)
    cab, windows = _cabin(
        (cut + 0.02 * length, 0.48 * length), (cut + 0.02 * length, 0.42 * length),
        (0.23 * length, top), 0.95 * width, (paint, glass),
    )  # fmt: skip
    nose = box((0.95 * width, 0.5 * length - cut, 0.16 * length), paint,
               (0, (0.5 * length + cut) / 2 + 0.01 * length, 0.08 * length))  # fmt: skip
    chassis = box((0.6 * width, 0.95 * length, 0.05 * length), dark, (0, 0, 0.11 * length))
    cargo = _cargo(draw, width, (-0.5 * length, cut), (floor, top))
    return Model(
        (
            Part("cab", (*cab, nose)), Part("windows", windows), Part("chassis", (chassis,)),
            Part("cargo", cargo),
            _wheels(draw, radius, 0.44 * width, -0.36 * length, -0.17 * length, 0.33 * length),
            _lights(draw, width / 2, 0.51 * length, -0.475 * length, 0.11 * length),
        ),
        paint,
    )  # fmt: skip


def _cargo(
    draw: Draw, width: float, along: tuple[float, float], up: tuple[float, float]
) -> tuple[Solid, ...]:
    """What a truck carries, between two places along y and two heights."""
    paint = draw.material("plastic", *_BRIGHT, "grey")
    (rear, front), (floor, top) = along, up
    bed, middle, height = front - rear, (front + rear) / 2, top - floor
    style = draw.choice(("box", "tank", "bed"))
    if style == "box":
        return (box((width, bed, height * draw.size(1.0, 1.2)), paint, (0, middle, floor)),)
    if style == "tank":
        tank = cylinder(0.48 * width, bed, paint, sides=24)
        return (lying(tank, "y", (0, rear, floor + 0.48 * width)),)
    wall, high = 0.05 * width, height * draw.size(0.35, 0.6)
    sides = (-(width - wall) / 2, (width - wall) / 2)
    return (
        box((width, bed, wall), paint, (0, middle, floor)),
        *(box((wall, bed, high), paint, (x, middle, floor)) for x in sides),
        *(box((width, wall, high), paint, (0, y, floor)) for y in (rear, front - wall)),
    )


@object_class("train", "vehicle", size_m=((0.04, 0.2), (0.12, 0.46), (0.07, 0.3)),
              places=(SURFACE, FLOOR), rooms=("bedroom",),
              aliases=("locomotive", "toy train", "steam engine"))  # fmt: skip
def train(draw: Draw) -> Model:
    """A toy steam locomotive."""
    length = draw.size(0.14, 0.4)
    width, radius = 0.34 * length, length * draw.size(0.07, 0.09)
    paint, trim = draw.material("plastic", *_BRIGHT), draw.material("plastic", *_BRIGHT)
    dark, glass = draw.material("metal", "black"), _glass(draw, paint)
    deck, boiler = 0.18 * length, length * draw.size(0.12, 0.145)
    axis = deck + 0.9 * boiler
    roof = length * draw.size(0.5, 0.6)
    cab, windows = _cabin((-0.46 * length, -0.16 * length), (-0.46 * length, -0.16 * length),
                          (deck, roof), 0.92 * width, (paint, glass))  # fmt: skip
    roofs = rounded_box((1.1 * width, 0.38 * length, 0.04 * length), 0.015 * length, trim,
                        (0, -0.31 * length, roof), steps=2)  # fmt: skip
    drum = lying(cylinder(boiler, 0.62 * length, paint, sides=24), "y", (0, -0.18 * length, axis))
    bands = tuple(
        lying(cylinder(1.05 * boiler, 0.02 * length, trim, sides=24), "y", (0, y * length, axis))
        for y in (0.0, 0.2, 0.4)
    )
    lamp = lying(cylinder(0.35 * boiler, 0.03 * length, trim, sides=16), "y",
                 (0, 0.44 * length, axis))  # fmt: skip
    tall, wide = draw.size(0.15, 0.24) * length, draw.size(1.0, 2.2)
    chimney = cylinder(0.04 * length, tall, dark, (0, 0.33 * length, axis + 0.9 * boiler),
                       0.04 * wide * length, sides=16)  # fmt: skip
    dome = ellipsoid((0.12 * length,) * 3, trim, (0, 0.1 * length, axis + 0.65 * boiler), sides=16)
    frame = box((0.9 * width, 0.94 * length, 0.07 * length), dark, (0, 0, deck - 0.06 * length))
    catcher = hull(
        np.array([(x * width, y * length, z * length) for x, y, z in (
            (-0.45, 0.44, 0.02), (0.45, 0.44, 0.02), (0.0, 0.6, 0.02), (-0.4, 0.44, 0.17),
            (0.4, 0.44, 0.17), (0.0, 0.48, 0.17))]), trim)  # fmt: skip
    return Model(
        (
            Part("cab", cab), Part("windows", windows), Part("roof", (roofs,)),
            Part("boiler", (drum, *bands, lamp)), Part("chimney", (chimney,)),
            Part("dome", (dome,)), Part("frame", (frame, catcher)),
            _wheels(draw, radius, 0.44 * width, -0.33 * length, 0.0, 0.25 * length),
        ),
        paint,
    )  # fmt: skip
