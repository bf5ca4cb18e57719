"""A living room by seed: furniture that stands on what carries it, inside the shell.

World frame: z up, the floor at z = 0, the origin in the middle of the floor.
"""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic import furniture as make
from nesf_ros.synthetic.furniture import Thing, placement
from nesf_ros.synthetic.materials import Color, Material, plain
from nesf_ros.synthetic.shell import HEIGHT_M, Plan, shell
from nesf_ros.synthetic.solids import Solid, ball, box, cylinder

_PALETTE: tuple[Color, ...] = (
    (0.76, 0.28, 0.24), (0.24, 0.42, 0.66), (0.90, 0.68, 0.26), (0.28, 0.55, 0.44),
    (0.55, 0.36, 0.58), (0.88, 0.50, 0.30), (0.34, 0.62, 0.72), (0.70, 0.72, 0.36),
)  # fmt: skip


class _Designer:
    """Draws sizes and colours from one generator, in a fixed order."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng(seed)

    def size(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def color(self) -> Color:
        return _PALETTE[int(self.rng.integers(len(_PALETTE)))]

    def two_tone(self, pattern: str, scale_m: float) -> Material:
        color = self.color()
        return Material(color, _faded(color), pattern, scale_m)


def _faded(color: Color) -> Color:
    return (0.35 + 0.6 * color[0], 0.35 + 0.6 * color[1], 0.35 + 0.6 * color[2])


def furnish(seed: int) -> tuple[Plan, list[Thing]]:
    """The plan and everything in the room, shell first, carriers before what they carry."""
    draw = _Designer(seed)
    window = draw.size(-1.0, -0.7)
    plan = Plan(
        draw.size(4.1, 4.4), draw.size(5.0, 5.3), (window, window + 1.5), draw.size(0.9, 1.2)
    )
    tint = (draw.size(0.80, 0.90), draw.size(0.80, 0.88), draw.size(0.74, 0.86))
    things = shell(plan, plain(tint))
    things += _dining(plan, draw)
    things += _shelf_corner(plan, draw)
    things += _seating(plan, draw)
    things += _loose(plan, draw)
    return plan, things


def _dining(plan: Plan, draw: _Designer) -> list[Thing]:
    """A table with three chairs, things on it, and a crate with a ball below it."""
    width, depth, height = draw.size(1.2, 1.4), draw.size(0.75, 0.85), draw.size(0.72, 0.76)
    x, y = plan.width / 2 - 0.7 - width / 2, plan.depth / 2 - 0.85 - depth / 2
    wood = (make.OAK, make.WALNUT)[int(draw.rng.integers(2))]
    things = [Thing("table", make.table(width, depth, height, wood), "floor")]
    cushion = draw.two_tone("fabric", 0.1)
    seats = ((-0.28, -depth / 2 - 0.3, 0.0), (0.3, depth / 2 + 0.3, np.pi),
             (-width / 2 - 0.35, 0.0, -np.pi / 2))  # fmt: skip
    for number, (cx, cy, yaw) in enumerate(seats, 1):
        turned = placement(cx, cy, 0.0, yaw + draw.size(-0.25, 0.25))
        things.append(Thing(f"chair {number}", make.chair(wood, cushion), "floor").moved(turned))
    crate = Thing("crate", make.crate(0.42, 0.3, 0.24, make.OAK), "floor")
    things.append(crate.moved(placement(0.1, 0.0, 0.0, draw.size(-0.3, 0.3))))
    hidden = ball(0.08, draw.two_tone("stripes", 0.05))
    things.append(Thing("hidden ball", (hidden,), "crate").moved(placement(0.1, 0.0, 0.02)))
    things += [thing.moved(placement(0.0, 0.0, height)) for thing in _on_table(width, draw)]
    return [thing.moved(placement(x, y)) for thing in things]


def _on_table(width: float, draw: _Designer) -> list[Thing]:
    """A laptop, a mug and a bowl of apples made of balls that lie on a tray."""
    apple, far = plain((0.74, 0.16, 0.14)), width / 2 - 0.28
    laptop = Thing("laptop", make.laptop(plain((0.62, 0.64, 0.67))), "table")
    mug = Thing("mug", (cylinder(0.045, 0.1, draw.two_tone("bands", 0.03)),), "table")
    tray = Thing("tray", (cylinder(0.17, 0.015, make.WALNUT),), "table")
    apples = [
        Thing(f"apple {n}", (ball(0.038, apple),), "tray").moved(
            placement(far + 0.09 * np.cos(a), 0.05 + 0.09 * np.sin(a), 0.015)
        )
        for n, a in enumerate((0.3, 2.4, 4.5), 1)
    ]
    return [
        laptop.moved(placement(-far, 0.05, 0.0, np.pi + draw.size(-0.3, 0.3))),
        mug.moved(placement(draw.size(-0.05, 0.05), draw.size(-0.25, 0.1))),
        tray.moved(placement(far, 0.05)),
        *apples,
    ]


def _shelf_corner(plan: Plan, draw: _Designer) -> list[Thing]:
    """A shelf with compartments against the +y wall, and what stands in them."""
    width, depth, inner = draw.size(1.0, 1.2), 0.32, 0.02
    levels = (0.06, 0.45, 0.84, 1.23, 1.62)
    things = [Thing("shelf", make.shelf(width, depth, levels, make.OAK), "floor")]
    half = width / 2 - 0.03
    number = 0
    for level, low in enumerate(levels[:-1]):
        for side in (-1, 1):
            number += 1
            start = -half + 0.02 if side < 0 else 0.03
            content = _compartment((level + (side > 0)) % 4, number, half - 0.04, draw)
            things += [t.moved(placement(start, 0.03, low + inner)) for t in content]
    vase = cylinder(0.07, 0.26, draw.two_tone("bands", 0.05), top_radius_m=0.04)
    top = placement(draw.size(-0.3, 0.3), 0.0, levels[-1] + inner)
    things.append(Thing("vase", (vase,), "shelf").moved(top))
    x, y = -plan.width / 2 + 0.25 + width / 2, plan.depth / 2 - depth / 2 - 0.01
    return [thing.moved(placement(x, y, 0.0, np.pi)) for thing in things]


def _compartment(kind: int, number: int, width: float, draw: _Designer) -> list[Thing]:
    """What stands in one compartment; x runs from 0 to `width`."""

    def thing(name: str, *solids: Solid) -> Thing:
        return Thing(f"{name} {number}", tuple(solids), "shelf")

    if kind == 0:
        count = int(draw.rng.integers(6, 10))
        widths = draw.rng.uniform(0.02, 0.04, count)
        heights = draw.rng.uniform(0.2, 0.31, count)
        colors = [draw.color() for _ in range(count)]
        return [thing("books", *make.books(widths, heights, colors))]
    if kind == 1:
        storage = box((0.3, 0.22, 0.2), draw.two_tone("fabric", 0.08), (width / 2, 0.0, 0.0))
        return [thing("storage box", storage)]
    if kind == 2:
        pot = cylinder(0.05, 0.09, plain((0.78, 0.45, 0.32)), top_radius_m=0.065)
        crown = ball(0.09, make.LEAF, (0.0, 0.0, 0.09))
        tin = cylinder(0.06, 0.16, draw.two_tone("bands", 0.05))
        return [
            thing("small plant", pot, crown).moved(placement(0.12, 0.0)),
            thing("tin", tin).moved(placement(width - 0.1, 0.02)),
        ]
    radius = draw.size(0.07, 0.1)
    at = placement(width * 0.4, 0.0)
    return [thing("shelf ball", ball(radius, draw.two_tone("checker", 0.05))).moved(at)]


def _seating(plan: Plan, draw: _Designer) -> list[Thing]:
    """A sofa along the -x wall with a picture above it, a rug before it, a lamp beside it."""
    width, back = draw.size(1.7, 1.9), -plan.width / 2
    y = -plan.depth / 2 + 0.75 + width / 2
    fabric = draw.two_tone("fabric", 0.12)
    cushions = Material(_faded(fabric.color), fabric.color, "fabric", 0.12)
    sofa = Thing("sofa", make.sofa(width, fabric, cushions), "floor")
    pillow = Thing("pillow", (box((0.4, 0.12, 0.36), draw.two_tone("checker", 0.09)),), "sofa")
    pillow = pillow.moved(placement(width / 2 - 0.4, -0.15, 0.43))
    facing = placement(back + 0.445, y, 0.0, -np.pi / 2)
    rug = box((1.3, 2.0, 0.012), draw.two_tone("checker", 0.25))
    frame = box((0.03, 0.9, 0.6), make.WALNUT)
    canvas = box((0.006, 0.8, 0.5), draw.two_tone("blotches", 0.14), (0.018, 0.0, 0.05))
    lamp = Thing("floor lamp", make.floor_lamp(draw.size(1.5, 1.7), make.CREAM), "floor")
    return [
        sofa.moved(facing),
        pillow.moved(facing),
        Thing("rug", (rug,), "floor").moved(placement(back + 1.65, y)),
        Thing("picture", (frame, canvas), "west wall").moved(placement(back + 0.015, y, 1.3)),
        lamp.moved(placement(back + 0.35, -plan.depth / 2 + 0.4)),
    ]


def _loose(plan: Plan, draw: _Designer) -> list[Thing]:
    """A box, a ball, a stool and a plant on the floor; a lamp that hangs from the ceiling."""
    south = -plan.depth / 2
    carton = box((draw.size(0.35, 0.5), draw.size(0.3, 0.4), draw.size(0.3, 0.42)), make.CARDBOARD)
    stool = cylinder(0.2, 0.42, draw.two_tone("stripes", 0.1))
    toy = ball(draw.size(0.1, 0.14), draw.two_tone("bands", 0.06))
    plant = Thing("plant", make.plant(draw.size(1.0, 1.25), plain((0.62, 0.62, 0.60))), "floor")
    cord = cylinder(0.006, 0.25, make.STEEL, (0.0, 0.0, 0.2))
    shade = cylinder(0.24, 0.2, make.CREAM, top_radius_m=0.1)
    lamp = Thing("ceiling lamp", (shade, cord), "ceiling")
    east = plan.width / 2
    return [
        Thing("box", (carton,), "floor").moved(
            placement(east - 0.45, south + draw.size(1.2, 1.4), 0.0, draw.size(-0.5, 0.5))
        ),
        Thing("stool", (stool,), "floor").moved(placement(0.1, south + 0.45)),
        Thing("ball", (toy,), "floor").moved(
            placement(draw.size(0.2, 0.4), south + draw.size(1.4, 1.7))
        ),
        plant.moved(placement(east - 0.4, plan.depth / 2 - 0.4)),
        lamp.moved(placement(0.0, -0.2, HEIGHT_M - 0.45)),
    ]
