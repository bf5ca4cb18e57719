"""Benches: of slats with cast sides, of planks, or with a padded seat."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.joinery import LEFT_ON_SEATS, legs, on_top, timber
from nesf_ros.synthetic.objects.upholstery import cover, padded
from nesf_ros.synthetic.solids import Point, Solid, box, tapered_box
from nesf_ros.synthetic.things import Model, Part, turned


@object_class("bench", "furniture", size_m=((0.85, 1.95), (0.26, 0.75), (0.38, 1.0)),
              places=(FLOOR,), rooms=("hall", "living room", "kitchen"),
              aliases=("long seat", "wooden bench", "park bench"),
              holds=LEFT_ON_SEATS)  # fmt: skip
def bench(draw: Draw) -> Model:
    """A long seat of slats or of one board, with or without a back and arm rests."""
    wood, width, seat = timber(draw), draw.size(0.9, 1.8), draw.size(0.4, 0.48)
    depth, thick = draw.size(0.32, 0.46), draw.size(0.025, 0.04)
    slatted = draw.chance(0.5)
    iron = draw.material("metal", "black", "grey", "green") if draw.chance(0.5) else wood
    below = seat - thick
    if slatted:
        boards = _slats((width, depth, thick), wood, below)
    else:
        boards = (box((width, depth, thick), wood, (0, 0, below)),)
    parts = [Part("seat", boards), Part("legs", _support(draw, (width, depth, below), iron))]
    top = seat
    if not slatted and draw.chance(0.4):
        top = seat + draw.size(0.04, 0.07)
        pad = padded((width - 0.02, depth - 0.02, top - seat), cover(draw), (0, 0, seat))
        parts.append(Part("pad", (pad,)))
    back = draw.chance(0.6)
    if back:
        parts += _back(draw, (width, depth, seat), iron, wood)
    room = on_top(width - 0.24, depth - 0.09, top, 0.4, "seat", 0.03 if back else 0.0)
    return Model(tuple(parts), wood, (room,))


def _slats(size_m: Point, wood: Material, z: float) -> tuple[Solid, ...]:
    """Strips along x side by side, with narrow gaps."""
    width, depth, thick = size_m
    count = round(depth / 0.085)
    step = depth / count
    rows = [(n + 0.5) * step - depth / 2 for n in range(count)]
    return tuple(box((width, step - 0.015, thick), wood, (0, y, z)) for y in rows)


def _support(draw: Draw, size_m: Point, iron: Material) -> tuple[Solid, ...]:
    """What carries the seat: four legs with rails, or a panel or trestle near each end."""
    width, depth, height = size_m
    style = draw.choice(("legs", "legs", "panels", "trestles"))
    x = width / 2 - 0.08
    rails = [box((0.04, depth - 0.02, 0.04), iron, (s, 0, height - 0.04)) for s in (-x, x)]
    if style == "legs":
        feet = legs(draw, (width - 0.12, depth - 0.01, height), iron, draw.size(0.035, 0.055))
        return (*feet, *rails)
    if style == "panels":
        size = (draw.size(0.03, 0.06), depth - 0.02, height)
        return tuple(box(size, iron, (s, 0, 0)) for s in (-x, x))
    foot, top = (0.05, depth, height), (0.05, 0.4 * depth)
    beam = box((2 * x, 0.03, 0.08), iron, (0, 0, 0.3 * height))
    return (*(tapered_box(foot, top, iron, (s, 0, 0)) for s in (-x, x)), *rails, beam)


def _back(draw: Draw, size_m: Point, iron: Material, wood: Material) -> list[Part]:
    """Posts and slats that lean backwards, and arm rests on some."""
    width, depth, seat = size_m
    tall, x, rear = draw.size(0.32, 0.48), width / 2 - 0.08, -depth / 2 + 0.02
    lean = turned("x", draw.size(0.08, 0.22), (0, rear, seat))
    posts = [box((0.04, 0.035, tall + 0.05), iron, (s, rear, seat - 0.05)) for s in (-x, x)]
    if draw.chance(0.7):
        rows = np.linspace(0.1, tall - 0.08, draw.count(2, 4))
        infill = [box((width, 0.02, 0.075), wood, (0, rear + 0.02, seat + float(z))) for z in rows]
    else:
        places = np.linspace(-x, x, round(2 * x / 0.12) + 1)[1:-1]
        infill = [box((0.03, 0.02, tall - 0.04), wood, (float(s), rear, seat)) for s in places]
        infill.append(box((width, 0.03, 0.06), wood, (0, rear + 0.004, seat + tall - 0.05)))
    parts = [Part("back", tuple(solid.moved(lean) for solid in (*posts, *infill)))]
    if draw.chance(0.6):
        high = draw.size(0.18, 0.24)
        arms = [box((0.05, depth, 0.03), iron, (s, 0, seat + high)) for s in (-x, x)]
        arms += [box((0.04, 0.04, high), iron, (s, depth / 2 - 0.03, seat)) for s in (-x, x)]
        parts.append(Part("arms", tuple(arms)))
    return parts
