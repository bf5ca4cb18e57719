"""Beds."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.joinery import LEFT_ON_SEATS, legs, timber
from nesf_ros.synthetic.objects.pieces import arc, plate
from nesf_ros.synthetic.objects.upholstery import cover, padded
from nesf_ros.synthetic.solids import Point, Solid, box, cylinder, rounded_box
from nesf_ros.synthetic.things import ON, Model, Part, Receptacle, turned


@object_class("bed", "furniture", size_m=((0.8, 2.15), (1.6, 2.35), (0.45, 2.15)),
              places=(FLOOR,), rooms=("bedroom",),
              aliases=("bed with a mattress", "sleeping place", "made bed"),
              holds=LEFT_ON_SEATS)  # fmt: skip
def bed(draw: Draw) -> Model:
    """For one or two: frame, head board, mattress, pillows and a blanket over the lower part."""
    wide = draw.chance(0.55)
    width, length = draw.size(1.4, 2.0) if wide else draw.size(0.85, 1.15), draw.size(1.65, 2.1)
    wood, low = timber(draw), draw.size(0.1, 0.26)
    rail, pad = draw.size(0.08, 0.16), draw.size(0.16, 0.26)
    lying = low + rail + pad - 0.04
    frame = box((width, length, rail), wood, (0, 0, low))
    mattress = rounded_box((width - 0.04, length - 0.04, pad), 0.03,
                           draw.material("fabric", "white", "white", "beige", "grey"),
                           (0, 0, lying - pad), steps=2)  # fmt: skip
    feet = legs(draw, (width - 0.04, length - 0.04, low), wood, draw.size(0.05, 0.09))
    head = _head_board(draw, (width, -length / 2, lying), wood)
    parts = [Part("frame", (frame,)), Part("legs", feet), Part("head board", head),
             Part("mattress", (mattress,))]  # fmt: skip
    if draw.chance(0.35):
        board = box((width, 0.03, lying - low + draw.size(0.02, 0.2)), wood,
                    (0, length / 2 + 0.015, low))  # fmt: skip
        parts.append(Part("foot board", (board,)))
    covered = draw.size(0.5, 0.72) * length
    cloth, thick = cover(draw), draw.size(0.025, 0.05)
    parts += [Part("blanket", _blanket(draw, (width, length, lying), covered, thick, cloth)),
              Part("pillows", _pillows(draw, wide, (width, length, lying)))]  # fmt: skip
    front = length / 2 - 0.06
    room = Receptacle(ON, (0.1 - width / 2, front - covered + 0.22, lying + thick),
                      (width / 2 - 0.1, front, lying + thick + 0.4), name="blanket")  # fmt: skip
    return Model(tuple(parts), cloth if draw.chance(0.5) else wood, (room,))


def _blanket(
    draw: Draw, size_m: Point, covered: float, thick: float, cloth: Material
) -> tuple[Solid, ...]:
    """A sheet over the foot of the mattress that hangs down at both sides, folded back or not."""
    width, length, z = size_m
    y, drop = (length - covered) / 2 - 0.01, draw.size(0.12, 0.24)
    sheet = rounded_box((width + 0.02, covered, thick), 0.4 * thick, cloth, (0, y, z), steps=2)
    sides = [rounded_box((0.03, covered - 0.01, drop), 0.012, cloth,
                         (side, y, z - drop + 0.6 * thick), steps=2)
             for side in (-width / 2 - 0.002, width / 2 + 0.002)]  # fmt: skip
    back = cover(draw) if draw.chance(0.5) else cloth
    fold = rounded_box((width + 0.03, 0.16, thick + 0.02), 0.4 * thick, back,
                       (0, y - covered / 2 + 0.06, z - 0.001), steps=2)  # fmt: skip
    return (sheet, *sides, fold)


def _pillows(draw: Draw, wide: bool, size_m: Point) -> tuple[Solid, ...]:
    """One or two pillows at the head, lying, or leaning against the head board."""
    width, length, z = size_m
    stuff = draw.material("fabric", "white", "white", "beige", "blue", "pink", "grey")
    count = 2 if wide else 1
    size = (min(0.68, 0.9 * width / count), draw.size(0.36, 0.46), draw.size(0.11, 0.16))
    lean, y = draw.choice((0.1, 0.15, draw.size(0.6, 1.0))), size[1] / 2 + 0.08 - length / 2
    out = []
    for n in range(count):
        x = (n - (count - 1) / 2) * 0.48 * width
        flat = padded(size, stuff, (x, y, z - 0.01), 0.49)
        out.append(flat.moved(turned("x", -lean, (x, y + size[1] / 2, z))))
    return tuple(out)


def _head_board(draw: Draw, at: Point, wood: Material) -> tuple[Solid, ...]:
    """What stands at the head: a board, an arch, bars, a padded wall, or nothing much."""
    width, rear, lying = at
    high, style = lying + draw.size(0.25, 0.6), draw.choice(("board", "arch", "bars", "padded"))
    y = rear - 0.025
    if style == "board":
        return (box((width, 0.04, high), wood, (0, y, 0)),)
    if style == "arch":
        half, rise = width / 2, draw.size(0.08, 0.2)
        bow = [(x, high - rise + z) for x, z in arc(half, 0, 180, 14, radius_y_m=rise)]
        return (plate([(half, 0), *bow, (-half, 0)], 0.04, wood, (0, y, 0)),)
    if style == "padded":
        stuff, count = cover(draw), draw.count(1, 5)
        side = (width + 0.04) / count
        places = [(n + 0.5) * side - side * count / 2 for n in range(count)]
        return tuple(padded((side - 0.004, 0.09, high - 0.05), stuff, (x, rear - 0.045, 0.05))
                     for x in places)  # fmt: skip
    x = width / 2 - 0.025
    posts = [cylinder(0.025, high, wood, (side, y, 0), sides=12) for side in (-x, x)]
    rails = [box((2 * x, 0.03, 0.05), wood, (0, y, z)) for z in (lying - 0.02, high - 0.07)]
    bars = [cylinder(0.011, high - lying - 0.05, wood, (float(p), y, lying), sides=6)
            for p in np.linspace(-x, x, round(2 * x / 0.13) + 1)[1:-1]]  # fmt: skip
    return (*posts, *rails, *bars)
