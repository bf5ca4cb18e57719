"""Fridges: one door or two, shelves inside."""

from __future__ import annotations

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.fittings import (
    Solids,
    enamel,
    grip,
    hollow,
    opening,
    shelved,
    swung,
)
from nesf_ros.synthetic.solids import Point, Solid, box
from nesf_ros.synthetic.things import Model, Part

Span = tuple[float, float]


def _cold_door(
    draw: Draw, size_m: tuple[float, float], edge: str, body: Material, at: Point, angle_rad: float
) -> tuple[Solids, Solids]:
    """A fridge door with its inner racks, and its handle; its lower edge is centred on `at`."""
    (width, height), (x, front, z) = size_m, at
    way = -1 if edge == "-x" else 1
    slab = box((width, 0.05, height), body, (x, front + 0.025, z))
    white = draw.material("plastic", "white")
    racks = [
        box((width - 0.12, 0.07, 0.06), white, (x, front - 0.035, z + share * height))
        for share in (0.12, 0.5)
    ]
    bar = min(0.45 * height, 0.5)
    handle = grip(
        bar, "z", draw.material("metal", "grey"), (x - way * (width / 2 - 0.05), front + 0.05,
        z + height / 2),
    )  # fmt: skip
    hinge = (x + way * width / 2, front, 0.0)
    return swung([slab, *racks], edge, angle_rad, hinge), swung(handle, edge, angle_rad, hinge)


def _cells(
    draw: Draw, width: float, levels: Span, double: bool, low: bool
) -> list[tuple[Span, Span, str]]:
    """What lies behind each door: its extent along x and z, and where the door is hinged."""
    half, (foot, top) = width / 2, levels
    if double:
        cut = draw.size(-0.1, 0.1) * width
        return [((-half, cut), levels, "-x"), ((cut, half), levels, "+x")]
    edge, cut = draw.choice(("-x", "+x")), foot + draw.choice((0.3, 0.68)) * (top - foot)
    if low or draw.chance(0.25):
        return [((-half, half), levels, edge)]
    return [((-half, half), (foot, cut), edge), ((-half, half), (cut, top), edge)]


@object_class("fridge", "appliance", size_m=((0.4, 1.9), (0.5, 1.5), (0.8, 2.05)),
              places=(FLOOR,), rooms=("kitchen",), holds=("food", "kitchenware"),
              aliases=("fridge freezer", "icebox", "cooler"))  # fmt: skip
def fridge(draw: Draw) -> Model:
    """One door, two above each other, or two side by side; shelves behind each."""
    double, low = draw.chance(0.3), draw.chance(0.25)
    width = draw.size(0.85, 0.95) if double else draw.size(0.5, 0.72)
    depth, height = draw.size(0.55, 0.68), draw.size(0.8, 0.95) if low else draw.size(1.4, 1.95)
    body, white, foot = enamel(draw), draw.material("plastic", "white"), 0.05
    wall, cells = 0.035, _cells(draw, width, (foot, height), double, low)
    shell = [box((width - 0.06, depth - 0.08, foot), draw.material("plastic", "black"))]
    doors: list[Solid] = []
    handles: list[Solid] = []
    shelves, rooms = [], []
    for (left, right), (bottom, top), edge in cells:
        size, x = (right - left, depth, top - bottom), (left + right) / 2
        angle = opening(draw)
        shell += hollow(size, wall - 0.01, body, (x, 0, bottom))
        room = (size[0] - 2 * wall, depth - wall, size[2] - 2 * wall)
        liner = (room[0] + 0.02, depth - wall + 0.01, room[2] + 0.02)
        shell += hollow(liner, 0.01, white, (x, wall / 2 - 0.005, bottom + wall - 0.01))
        deep = (room[0], room[1] - 0.08, room[2])
        boards, spaces = shelved(deep, max(1, round(room[2] / 0.33) - 1), white,
                                 (x, wall / 2 - 0.04, bottom + wall), angle == 0)  # fmt: skip
        door, handle = _cold_door(draw, (size[0] - 0.006, size[2] - 0.006), edge, body,
                                  (x, depth / 2 + 0.002, bottom + 0.003), angle)  # fmt: skip
        doors += door
        handles += handle
        shelves += boards
        rooms += spaces
    return Model(
        (
            Part("body", tuple(shell)),
            Part("door", tuple(doors)),
            Part("handle", tuple(handles)),
            Part("shelves", tuple(shelves)),
        ),
        body,
        tuple(rooms),
    )
