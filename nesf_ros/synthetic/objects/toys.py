"""Toys to build, throw and puzzle with, and a toy rifle."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pieces import Outline, arc, lying, plate
from nesf_ros.synthetic.solids import (
    Point,
    Solid,
    box,
    cylinder,
    extruded,
    rounded_box,
    tube,
)
from nesf_ros.synthetic.things import Model, Part, placement, turned

_BRIGHT = ("red", "blue", "yellow", "green", "orange", "turquoise", "pink", "purple")


def _faces(height: float) -> list[np.ndarray]:
    """Poses that carry the top of a cube on the ground, centred on its middle, to five faces."""
    middle = placement(0, 0, height / 2)
    sides = [turned("z", n * np.pi / 2) @ turned("x", np.pi / 2) for n in range(4)]
    return [middle @ turn for turn in (np.eye(4), *sides)]


@object_class("rubiks cube", "toy", size_m=((0.035, 0.13),) * 3,
              places=(SURFACE, FLOOR), rooms=("bedroom", "office", "living room"),
              aliases=("rubik's cube", "magic cube", "puzzle cube"))  # fmt: skip
def rubiks_cube(draw: Draw) -> Model:
    """A puzzle cube, solved or scrambled, perhaps with one layer half turned."""
    side, cells = draw.size(0.045, 0.08), draw.choice((2, 3, 3, 3, 3, 4))
    cell = side / cells
    black = draw.material("plastic", "black", "black", "black", "white")
    paints = [draw.material("plastic", color, pattern="blotches")
              for color in ("yellow", "blue", "red", "green", "orange", "white")]  # fmt: skip
    solved = draw.chance(0.25)
    gap, thick = 0.88 * cell, 0.02 * cell + 0.0008
    twist = placement(0, 0, 0, draw.size(0.2, 1.3) if draw.chance(0.4) else 0.0)
    core = [rounded_box((side, side, cell * layers), 0.04 * side, black, (0, 0, z), steps=1)
            for layers, z in ((cells - 1, 0.0), (1, side - cell))]  # fmt: skip
    solids = [core[0], core[1].moved(twist)]
    for number, pose in enumerate(_faces(side)):
        for row in range(cells):
            for column in range(cells):
                paint = paints[number] if solved else draw.choice(paints)
                x, y = ((place + 0.5) * cell - side / 2 for place in (column, row))
                tile = box((gap, gap, thick), paint, (x, y, side / 2 - 1e-4)).moved(pose)
                top = float(tile.bounds[0][2]) > side - cell
                solids.append(tile.moved(twist) if top else tile)
    return Model((Part("body", tuple(solids[:2])), Part("tiles", tuple(solids[2:]))), black)


# Places of pips on a face, in steps from its middle.
_PIPS: dict[int, Outline] = {
    1: [(0, 0)],
    2: [(-1, -1), (1, 1)],
    3: [(-1, -1), (0, 0), (1, 1)],
    4: [(-1, -1), (-1, 1), (1, -1), (1, 1)],
    5: [(-1, -1), (-1, 1), (0, 0), (1, -1), (1, 1)],
    6: [(-1, -1), (-1, 0), (-1, 1), (1, -1), (1, 0), (1, 1)],
}


@object_class("dice", "toy", size_m=((0.012, 0.2), (0.012, 0.15), (0.012, 0.07)),
              places=(SURFACE, FLOOR), rooms=("living room", "bedroom"),
              aliases=("die", "gaming dice", "cube with dots"))  # fmt: skip
def dice(draw: Draw) -> Model:
    """One or two dice."""
    side, count = draw.size(0.016, 0.06), draw.count(1, 2)
    paint = draw.material("plastic", "white", "white", "red", "blue", "green", "black", "yellow",
                          pattern="blotches")  # fmt: skip
    dark = paint.color_name in ("white", "yellow")
    ink = draw.material("plastic", "black" if dark else "white")
    parts = []
    for number in range(count):
        at = placement(side * 1.6 * (number - (count - 1) / 2), side * draw.size(-0.4, 0.4), 0,
                       draw.size(0, np.pi / 2))  # fmt: skip
        body = rounded_box((side, side, side), 0.12 * side, paint, steps=2)
        top, first = draw.count(1, 6), draw.count(0, 3)
        around = [n for n in range(1, 7) if n not in (top, 7 - top)]
        # Opposite faces add up to seven: a, b, 7 - a, 7 - b.
        ring = [around[0], around[1], 7 - around[0], 7 - around[1]]
        values = [top, *np.roll(ring, first).tolist()]
        pips = [
            cylinder(0.1 * side, 0.02 * side, ink,
                     (0.26 * side * x, 0.26 * side * y, 0.49 * side), sides=8).moved(pose)
            for value, pose in zip(values, _faces(side), strict=True) for x, y in _PIPS[value]
        ]  # fmt: skip
        name = "die" if count == 1 else f"die {number + 1}"
        parts.append(Part(name, tuple(s.moved(at) for s in (body, *pips))))
    return Model(tuple(parts), paint)


@object_class("toy castle", "toy", size_m=((0.12, 0.5), (0.12, 0.5), (0.1, 0.5)),
              places=(SURFACE, FLOOR), rooms=("bedroom",),
              aliases=("castle", "fortress", "play castle"))  # fmt: skip
def toy_castle(draw: Draw) -> Model:
    """A castle with four towers, walls with battlements and a gate."""
    width = draw.size(0.16, 0.36)
    stone = draw.material(draw.choice(("plastic", "wood", "stone")), "grey", "beige", "pink")
    dark = draw.material("wood", "brown")
    half, thick, high = width / 2, 0.05 * width, width * draw.size(0.34, 0.42)
    tooth = 0.06 * width
    wall = [box((width, thick, high), stone, (0, half, 0))]
    wall += [box((tooth, thick, tooth), stone, (x * width, half, high))
             for x in np.linspace(-0.3, 0.3, 6)]  # fmt: skip
    walls = [s.moved(turned("z", n * np.pi / 2)) for n in range(4) for s in wall]
    towers, roofs = _towers(draw, half, width * draw.size(0.55, 0.75), stone)
    keep = box((0.45 * width, 0.45 * width, draw.size(1.1, 1.5) * high), stone)
    span = 0.1 * width
    arch = [(-span, 0.0), (span, 0.0), *arc(span, 0, 180, 9, (0, 0.16 * width))]
    gate = plate(arch, thick + 0.02 * width, dark, (0, half, 0))
    base = box((1.08 * width, 1.08 * width, 0.02 * width), stone)
    return Model(
        (
            Part("walls", (base, *walls, keep)), Part("towers", towers), Part("roofs", roofs),
            Part("gate", (gate,)),
        ),
        stone,
    )  # fmt: skip


def _towers(
    draw: Draw, half: float, tall: float, stone: Material
) -> tuple[tuple[Solid, ...], tuple[Solid, ...]]:
    """Four round towers with arrow slits, and their pointed roofs with flags or battlements."""
    roof = draw.material("plastic", "red", "blue", "purple", "green")
    black, cloth = draw.material("plastic", "black"), draw.material("fabric", *_BRIGHT)
    towers: list[Solid] = []
    roofs: list[Solid] = []
    pointed, radius = draw.chance(0.7), half * draw.size(0.22, 0.3)
    top, peak = tall + 0.3 * radius, draw.size(1.5, 1.9) * radius
    for x, y in ((half, half), (half, -half), (-half, half), (-half, -half)):
        towers.append(cylinder(radius, tall, stone, (x, y, 0), sides=16))
        towers.append(cylinder(1.2 * radius, 0.3 * radius, stone, (x, y, tall), sides=16))
        towers.append(box((0.1 * half, 2.04 * radius, 0.2 * half), black, (x, y, 0.6 * tall)))
        if pointed:
            roofs.append(cylinder(1.25 * radius, peak, roof, (x, y, top), 0.0, sides=16))
            roofs += _flag(radius, (x, y, top + peak), black, cloth)
        else:
            roofs += [box((0.5 * radius, 0.35 * radius, 0.4 * radius), stone, (0, radius, 0)).moved(
                placement(x, y, top, n * np.pi / 3)) for n in range(6)]  # fmt: skip
    return tuple(towers), tuple(roofs)


def _flag(radius: float, at: Point, pole: Material, cloth: Material) -> tuple[Solid, ...]:
    """A pennant on a pole."""
    x, y, z = at
    low, top = z - 0.3 * radius, z + 0.8 * radius
    shape = [(0.0, 0.0), (0.9 * radius, -0.25 * radius), (0.0, -0.5 * radius)]
    return (*tube([(x, y, low), (x, y, top)], 0.06 * radius, pole, 6),
            plate(shape, 0.08 * radius, cloth, (x, y, top)))  # fmt: skip


@object_class("rifle", "toy", size_m=((0.25, 1.1), (0.06, 0.32), (0.01, 0.08)),
              places=(FLOOR, SURFACE), rooms=("bedroom",),
              aliases=("toy rifle", "toy gun", "long gun"))  # fmt: skip
def rifle(draw: Draw) -> Model:
    """A toy rifle on its side, its barrel towards +x and its top towards -y."""
    s = draw.size(0.32, 0.95)
    thick = 0.035 * s + 0.004
    wood = draw.material(draw.choice(("wood", "plastic")), "brown", "brown", "black", "green")
    steel = draw.material(draw.choice(("metal", "plastic")), "grey", "black", "blue")
    high, middle = draw.size(0.035, 0.045), thick / 2

    def slab(outline: Outline, material: Material, share: float = 1.0) -> Solid:
        deep = share * thick
        points = [(a * s, -b * s) for a, b in outline]
        return extruded(points, deep, material, (0, 0, (thick - deep) / 2))

    drop = draw.size(0.05, 0.09)
    stock = slab([(-0.5, 0.02 - drop), (-0.49, -0.1 - drop), (-0.46, -0.105 - drop),
                  (-0.2, -0.05), (-0.1, -0.03), (-0.1, high), (-0.2, 0.02)], wood)  # fmt: skip
    grip = slab([(-0.15, -0.01), (-0.08, -0.01), (-0.11, -0.13), (-0.17, -0.12)], wood, 0.8)
    receiver = slab([(-0.13, -0.03), (0.1, -0.03), (0.1, high), (-0.11, high)], steel, 0.9)
    fore = slab([(0.08, -0.025), (0.3, -0.015), (0.3, 0.02), (0.08, 0.025)], wood)
    axis = -0.3 * high * s
    barrel = lying(cylinder(0.011 * s, 0.44 * s, steel, sides=12), "x", (0.06 * s, axis, middle))
    muzzle = lying(cylinder(0.016 * s, 0.04 * s, steel, sides=12), "x", (0.47 * s, axis, middle))
    sight = slab([(0.44, high * 0.3), (0.47, high * 0.3), (0.45, high + 0.02)], steel, 0.2)
    ring = [(a * s, -b * s, middle) for a, b in
            ((-0.09, -0.03), (-0.085, -0.07), (-0.03, -0.07), (-0.02, -0.03))]  # fmt: skip
    guard = tube(ring, 0.004 * s, steel, 6)
    trigger = slab([(-0.06, -0.03), (-0.05, -0.03), (-0.06, -0.06)], steel, 0.2)
    parts = [Part("stock", (stock, grip, fore)), Part("receiver", (receiver,))]
    parts += [Part("barrel", (barrel, muzzle, sight)), Part("trigger", (*guard, trigger))]
    if draw.chance(0.6):
        curve = draw.size(0.0, 0.04)
        clip = slab([(0.0, -0.02), (0.06, -0.02), (0.07 + curve, -0.14), (0.02 + curve, -0.15)],
                    steel, 0.7)  # fmt: skip
        parts.append(Part("magazine", (clip,)))
    if draw.chance(0.6):
        up = -(high + 0.03) * s
        feet = [slab([(x, high - 0.01), (x + 0.02, high - 0.01), (x + 0.02, high + 0.03),
                      (x, high + 0.03)], steel, 0.3) for x in (-0.03, 0.05)]  # fmt: skip
        parts.append(Part("scope", (*_scope(s, (0, up, middle), steel), *feet)))
    return Model(tuple(parts), wood)


def _scope(s: float, at: Point, steel: Material) -> tuple[Solid, ...]:
    """A telescope along x, for a rifle of a length."""
    x, y, z = at
    return tuple(
        lying(cylinder(r * s, long * s, steel, sides=12), "x", (x + start * s, y, z))
        for r, long, start in ((0.01, 0.2, -0.08), (0.015, 0.05, -0.1), (0.0175, 0.07, 0.08))
    )
