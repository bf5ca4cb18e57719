"""Bicycles of real size. They ride towards +y."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pieces import lying
from nesf_ros.synthetic.solids import Point, Solid, box, cylinder, ellipsoid, torus, tube
from nesf_ros.synthetic.things import Model, Part

_BRIGHT = ("red", "blue", "yellow", "green", "orange", "white", "black", "turquoise", "pink")


@object_class("bicycle", "vehicle", size_m=((0.35, 0.75), (1.0, 1.95), (0.7, 1.25)),
              places=(FLOOR,), rooms=("hallway", "garage"),
              aliases=("bike", "cycle", "push bike"))  # fmt: skip
def bicycle(draw: Draw) -> Model:
    """A bicycle on its stand."""
    radius, base = draw.size(0.24, 0.35), draw.size(0.92, 1.08)
    rear, front = (0.0, -base / 2, radius), (0.0, base / 2, radius)
    paint = draw.material("metal", *_BRIGHT)
    steel, black = draw.material("metal", "grey"), draw.material("rubber", "black")
    seat_z, bar_z = radius + draw.size(0.45, 0.55), radius + draw.size(0.5, 0.65)
    crank = (0.0, -0.08 * base, 0.85 * radius)
    saddle = (0.0, -0.2 * base, seat_z)
    neck, low_neck = (0.0, 0.32 * base, bar_z - 0.1), (0.0, 0.35 * base, bar_z - 0.25)
    step = draw.chance(0.4)  # a low step-through frame
    top = crank if step else (0.0, saddle[1] + 0.03, seat_z - 0.14)
    frame = [piece for ends in ((rear, crank), (crank, saddle), (rear, top), (top, neck),
                                (crank, low_neck), (neck, low_neck), (low_neck, front))
             for piece in tube(ends, 0.017, paint, 8)]  # fmt: skip
    wide = draw.size(0.22, 0.32)
    bar = tube([(-wide, 0.22 * base, bar_z), (-0.6 * wide, 0.33 * base, bar_z + 0.04),
                (0.6 * wide, 0.33 * base, bar_z + 0.04), (wide, 0.22 * base, bar_z)],
               0.013, steel, 8)  # fmt: skip
    stem = tube([neck, (0.0, 0.33 * base, bar_z + 0.04)], 0.015, steel, 8)
    grips = [piece for s in (-wide, wide)
             for piece in tube([(s, 0.19 * base, bar_z - 0.01), (0.9 * s, 0.25 * base, bar_z)],
                               0.018, black, 8)]  # fmt: skip
    seat = ellipsoid((0.16, 0.27, 0.07), black, (0, saddle[1] + 0.02, seat_z - 0.02), sides=16)
    stand = tube([(0, -0.3 * base, 0.9 * radius), (-0.2, -0.3 * base, 0.012)], 0.012, steel, 8)
    rest = box((0.05, 0.05, 0.02), black, (-0.2, -0.3 * base, 0))
    wheels = [solid for axle in (rear, front) for solid in _spoked(radius, axle, black, steel)]
    return Model(
        (
            Part("frame", tuple(frame)), Part("wheels", tuple(wheels)), Part("saddle", (seat,)),
            Part("handlebar", (*bar, *stem, *grips)), Part("pedals", _pedals(crank, black, steel)),
            Part("stand", (*stand, rest)),
        ),
        paint,
    )  # fmt: skip


def _pedals(crank: Point, black: Material, steel: Material) -> tuple[Solid, ...]:
    """Two pedals, their cranks and the chain wheel."""
    _, y, z = crank
    return (
        *tube([(-0.09, y, z + 0.12), (-0.05, y, z + 0.12)], 0.02, black),
        *tube([(0.05, y, z - 0.12), (0.09, y, z - 0.12)], 0.02, black),
        *tube([(-0.05, y, z + 0.12), (0.05, y, z - 0.12)], 0.01, steel),
        lying(cylinder(0.08, 0.01, steel, sides=20), "x", (0.03, y, z)),
    )


def _spoked(radius: float, axle: Point, tyre: Material, steel: Material) -> tuple[Solid, ...]:
    """A tyre, a hub and thin spokes."""
    tube_m, (x, y, z) = 0.02, axle
    spokes: list[Solid] = []
    for angle in np.arange(6) * np.pi / 6:
        reach = (radius - tube_m) * np.array((np.cos(angle), np.sin(angle)))
        ends = ((x, y - reach[0], z - reach[1]), (x, y + reach[0], z + reach[1]))
        spokes += tube(ends, 0.003, steel, 4)
    ring = lying(torus(radius - tube_m, tube_m, tyre, sides=20), "x", (x - tube_m, y, z))
    return (ring, *spokes, lying(cylinder(0.03, 0.08, steel, sides=12), "x", (x - 0.04, y, z)))
