"""Shelves on walls, coat racks, and short stairs."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.casework import Casework, place_words
from nesf_ros.synthetic.objects.catalog import FLOOR, WALL, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.joinery import SMALL_THINGS, on_top, radial_legs, timber
from nesf_ros.synthetic.objects.pieces import profile
from nesf_ros.synthetic.solids import Solid, ball, box, cylinder, torus, tube
from nesf_ros.synthetic.things import ON, Model, Part, Receptacle, turned


@object_class("shelf", "furniture", size_m=((0.25, 1.4), (0.13, 0.36), (0.08, 1.35)),
              places=(WALL,), rooms=("living room", "office", "kitchen", "bathroom", "bedroom"),
              aliases=("wall shelf", "hanging shelf", "shelf on the wall"),
              holds=(*SMALL_THINGS, "container"))  # fmt: skip
def shelf(draw: Draw) -> Model:
    """Boards on brackets or between two sides, or a box with compartments."""
    wood, width, depth = timber(draw), draw.size(0.4, 1.2), draw.size(0.14, 0.3)
    style = draw.choice(("brackets", "brackets", "sides", "box"))
    if style == "box":
        columns, rows = draw.count(1, 3), draw.count(1, 2)
        height = rows * draw.size(0.22, 0.36)
        work = Casework(draw, (columns * draw.size(0.26, 0.45), depth, height), wood, front=wood,
                        at=(0, depth / 2, 0), back=draw.chance(0.5))  # fmt: skip
        for column, bay in enumerate(work.split(work.space, "x", [1.0] * columns)):
            for row, cell in enumerate(work.split(bay, "z", [1.0] * rows)):
                work.compartment(cell, place_words(row, rows, column, columns))
        return Model(work.parts(), wood, tuple(work.receptacles))
    levels, step, thick = draw.count(1, 4), draw.size(0.24, 0.34), draw.size(0.016, 0.035)
    low = draw.size(0.06, 0.18) if style == "brackets" else 0.02
    heights = [low + n * step for n in range(levels)]
    boards = [box((width, depth, thick), wood, (0, depth / 2, z)) for z in heights]
    carriers, inset = _carriers(draw, style, (width, depth, low), heights, wood)
    rooms = []
    for number, z in enumerate(heights):
        above = step - thick - low if style == "brackets" else step - thick - 0.005
        high = above if number < levels - 1 else 0.3
        room = on_top(width - 2 * inset, depth - 0.03, z + thick, high,
                      place_words(number, levels) + "board", depth / 2)  # fmt: skip
        rooms.append(room)
    return Model((Part("boards", tuple(boards)), carriers), wood, tuple(rooms))


def _carriers(
    draw: Draw, style: str, size_m: tuple[float, float, float], heights: list[float],
    wood: Material,
) -> tuple[Part, float]:  # fmt: skip
    """Brackets below each board or two sides, and how far they reach in from the ends."""
    width, depth, low = size_m
    if style == "sides":
        high = heights[-1] + draw.size(0.12, 0.25)
        sides = [box((0.02, depth, high), wood, (s, depth / 2, 0)) for s in
                 (0.01 - width / 2, width / 2 - 0.01)]  # fmt: skip
        return Part("sides", tuple(sides)), 0.025
    metal = draw.material("metal") if draw.chance(0.7) else timber(draw)
    reach = 0.85 * depth
    outline = [(0.001, 0), (0.015, 0), (reach, low - 0.015), (reach, low), (0.001, low)]
    open_ = draw.chance(0.5)
    solids: list[Solid] = []
    for x in (-0.35 * width, 0.35 * width):
        for z in heights:
            if open_:
                solids.append(box((0.02, 0.008, low), metal, (x, 0.005, z - low)))
                solids.append(box((0.02, reach, 0.008), metal, (x, reach / 2 + 0.001, z - 0.008)))
                solids += tube([(x, 0.01, z - 0.9 * low), (x, 0.75 * depth, z - 0.004)], 0.004,
                               metal, sides=6)  # fmt: skip
            else:
                solids.append(profile(outline, 0.02, metal, (x, 0, z - low)))
    return Part("brackets", tuple(solids)), 0.005


@object_class("coat rack", "furniture", size_m=((0.3, 0.75), (0.3, 0.75), (1.4, 2.05)),
              places=(FLOOR,), rooms=("hall", "bedroom", "office"),
              aliases=("coat stand", "hat stand", "clothes tree"))  # fmt: skip
def coat_rack(draw: Draw) -> Model:
    """A pole with hooks or pegs around its top, on feet or a disc."""
    body = draw.choice((timber(draw), draw.material("metal")))
    height, radius = draw.size(1.45, 1.85), draw.size(0.014, 0.024)
    spread = draw.size(0.18, 0.27)
    if draw.chance(0.5):
        base: tuple[Solid, ...] = (cylinder(spread, 0.025, body, top_radius_m=0.95 * spread),)
    else:
        base = radial_legs(draw.count(3, 4), spread, 0.01, draw.size(0.2, 0.5), body, 0.03)
    pole = cylinder(radius, height - 0.02, body, (0, 0, 0.02), sides=12)
    knob = ball(1.8 * radius, body, (0, 0, height - 0.01), sides=12)
    reach, count, tiers = draw.size(0.1, 0.17), draw.count(3, 5), draw.count(1, 3)
    bow = draw.choice((
        [(0, 0.0), (0.6, -0.03), (0.95, 0.0), (1.0, 0.09)],
        [(0, 0.0), (1.0, 0.1)],
        [(0, 0.0), (0.5, 0.05), (0.8, 0.14), (0.95, 0.24)],
    ))  # fmt: skip
    hooks: list[Solid] = []
    for tier in range(tiers):
        z = height - 0.1 - 0.22 * tier
        wire = tube([(0, out * reach, z + up) for out, up in bow], 0.008, body, sides=4)
        tip = ball(0.013, body, (0, bow[-1][0] * reach, z + bow[-1][1] - 0.01), sides=6)
        for angle in (np.arange(count) + 0.5 * tier) * (2 * np.pi / count):
            hooks += [solid.moved(turned("z", float(angle))) for solid in (*wire, tip)]
    parts = [Part("base", base), Part("pole", (pole, knob)), Part("hooks", tuple(hooks))]
    if draw.chance(0.3):
        ring = torus(0.8 * spread, 0.008, body, (0, 0, 0.55), sides=16)
        bars = [box((1.6 * spread, 0.012, 0.012), body, (0, 0, 0.552)).moved(turned("z", a))
                for a in (0.0, np.pi / 2)]  # fmt: skip
        parts.append(Part("umbrella ring", (ring, *bars)))
    return Model(tuple(parts), body)


@object_class("stairs", "furniture", size_m=((0.38, 1.1), (0.4, 1.9), (0.28, 2.1)),
              places=(FLOOR,), rooms=("hall", "living room"),
              aliases=("steps", "flight of steps", "step block"),
              holds=("decoration", "toy", "shape", "container", "clothing"))  # fmt: skip
def stairs(draw: Draw) -> Model:
    """Two to six steps that rise away from the front: a block, or boards between two beams."""
    count, rise, tread = draw.count(2, 6), draw.size(0.15, 0.19), draw.size(0.2, 0.3)
    width, deep = draw.size(0.4, 1.0), count * tread
    wood = draw.choice((timber(draw), draw.material("stone"), timber(draw)))
    top = timber(draw) if draw.chance(0.5) else wood
    # Front edge and height of each step, from below.
    edges = [(deep / 2 - n * tread, (n + 1) * rise) for n in range(count)]
    boards = [box((width, tread + 0.02, 0.03), top, (0, y - tread / 2 + 0.01, z - 0.03))
              for y, z in edges]  # fmt: skip
    solid, inner = draw.chance(0.55), 0.06
    if solid:
        outline, inner = [(-deep / 2, 0.0), (deep / 2, 0.0)], 0.02
        for y, z in edges:
            outline += [(y, z - 0.02), (y - tread, z - 0.02)]
        body: tuple[Solid, ...] = (profile(outline, width - 0.02, wood),)
    else:
        body = _beams(width / 2 - 0.03, deep, (count, rise, tread), wood)
    parts = [Part("body", body), Part("steps", tuple(boards))]
    if count > 2 and draw.chance(0.5):
        inner, sides = 0.08, draw.choice(((-1,), (1,), (-1, 1)))
        middles = [(y - tread / 2, z) for y, z in edges]
        parts.append(_rails(draw, width / 2 - 0.03, sides, middles))
    half = width / 2 - inner
    rooms = [
        Receptacle(ON, (-half, y - tread + 0.02, z), (half, y, z + 0.35), name=f"step {n}")
        for n, (y, z) in enumerate(edges, 1)
    ]
    return Model(tuple(parts), wood, tuple(rooms))


def _beams(
    x: float, deep: float, steps: tuple[int, float, float], wood: Material
) -> tuple[Solid, ...]:
    """At each side a slanting beam, and a post at the back; steps: count, height and depth."""
    count, rise, tread = steps
    front, back, top = deep / 2 + 0.01, -deep / 2, count * rise - 0.01
    slope = [(front, 0.0), (front, rise - 0.05), (back + 0.04, top), (back, top),
             (back, top - rise - 0.11), (front - tread - 0.03, 0.0)]  # fmt: skip
    pieces: list[Solid] = []
    for side in (-x, x):
        pieces.append(profile(slope, 0.04, wood, (side, 0, 0)))
        pieces.append(box((0.04, 0.05, top - 0.01), wood, (side, back + 0.025, 0)))
    return tuple(pieces)


def _rails(draw: Draw, x: float, sides: tuple[int, ...], steps: list[tuple[float, float]]) -> Part:
    """Hand rails on posts beside the steps, given the middle and height of each step."""
    metal = draw.choice((timber(draw), draw.material("metal")))
    high, solids = draw.size(0.5, 0.8), list[Solid]()
    for side in sides:
        line = [(side * x, y, z) for y, z in steps]
        solids += [cylinder(0.012, high, metal, (px, y, z - 0.01), sides=8) for px, y, z in line]
        ends = [(px, y, z + high) for px, y, z in (line[0], line[-1])]
        solids += tube(ends, 0.02, metal, sides=8)
    return Part("hand rail", tuple(solids))
