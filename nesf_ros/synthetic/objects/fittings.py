"""What appliances share: hollow bodies, doors that swing, shelves, faucets, screens, knobs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from nesf_ros.synthetic.materials import Material, Print
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pieces import lying
from nesf_ros.synthetic.solids import ORIGIN, Point, Solid, box, cylinder, tube
from nesf_ros.synthetic.things import IN, Receptacle, turned

Solids = tuple[Solid, ...]


def hollow(
    size_m: Point, wall_m: float, material: Material, at: Point = ORIGIN, front: bool = True
) -> Solids:
    """A box of five boards, open at the front (+y) or else the top; its base is centred on `at`."""
    (width, depth, height), (x, y, z) = size_m, at
    inner = width - 2 * wall_m
    sides = [
        box((wall_m, depth, height), material, (x + way * (width - wall_m) / 2, y, z))
        for way in (-1, 1)
    ]
    rear = y - (depth - wall_m) / 2
    if front:
        back = box((inner, wall_m, height - 2 * wall_m), material, (x, rear, z + wall_m))
        levels = (z, z + height - wall_m)
        return (*sides, back, *(box((inner, depth, wall_m), material, (x, y, at)) for at in levels))
    floor = box((inner, depth - 2 * wall_m, wall_m), material, at)
    ends = [box((inner, wall_m, height), material, (x, end, z)) for end in (rear, 2 * y - rear)]
    return (*sides, *ends, floor)


def undecorated(draw: Draw, kind: str, *colors: str) -> Material:
    """A material of one even colour, such as white enamel or blank paper."""
    decorated = draw.material(kind, *colors, pattern="blotches")
    red, green, blue = (0.95 * c for c in decorated.color)
    return replace(decorated, second=(red, green, blue), scale_m=0.1)


def enamel(draw: Draw) -> Material:
    """What large appliances are clad in."""
    if draw.chance(0.4):
        return draw.material("metal", "grey", "black", "white")
    return draw.material("plastic", "white", "white", "white", "red", "turquoise", "black", "beige")


def shiny(draw: Draw) -> Material:
    """What small appliances are made of: bare metal or bright plastic."""
    if draw.chance(0.4):
        return draw.material("metal", "grey", "grey", "black")
    return draw.material("plastic", "red", "white", "black", "turquoise", "yellow", "green", "blue")


def shelved(
    size_m: Point, boards: int, material: Material, at: Point, closed: bool, name: str = ""
) -> tuple[list[Solid], list[Receptacle]]:
    """Boards that divide an empty box evenly, and the room above its floor and each of them."""
    (width, depth, height), (x, y, z) = size_m, at
    thick, step = 0.008, height / (boards + 1)
    shelves = [
        box((width - 0.002, depth - 0.002, thick), material, (x, y, z + number * step - thick))
        for number in range(1, boards + 1)
    ]
    half_x, half_y = width / 2 - 0.01, depth / 2 - 0.01
    rooms = [
        Receptacle(
            IN,
            (x - half_x, y - half_y, z + number * step),
            (x + half_x, y + half_y, z + (number + 1) * step - thick - 0.005),
            name=name,
            closed=closed,
        )
        for number in range(boards + 1)
    ]
    return shelves, rooms


def opening(draw: Draw, widest_rad: float = 1.8) -> float:
    """How far a door is open: closed (0), ajar or wide open, radians."""
    return draw.choice((0.0, draw.size(0.2, 0.6), draw.size(1.2, widest_rad)))


def swung(solids: Iterable[Solid], edge: str, angle_rad: float, about: Point) -> Solids:
    """What sits on a front (+y), opened by an angle about its edge at -x, +x or the "bottom"."""
    axis, way = {"-x": ("z", 1), "+x": ("z", -1), "bottom": ("x", -1)}[edge]
    pose = turned(axis, way * angle_rad, about)
    return tuple(solid.moved(pose) for solid in solids)


def grip(
    length_m: float, axis: str, material: Material, at: Point, out_m: float = 0.04,
    radius_m: float = 0.007,
) -> Solids:  # fmt: skip
    """A bar handle along x or z, centred on `at` and standing out towards +y."""
    half = length_m / 2
    path = [(-half, 0.0), (-half, out_m), (half, out_m), (half, 0.0)]
    x, y, z = at
    points = [(x + s, y + o, z) if axis == "x" else (x, y + o, z + s) for s, o in path]
    return tube(points, radius_m, material, sides=8)


def knobs(
    places_x: Sequence[float], radius_m: float, material: Material, at: Point, sides: int = 12
) -> Solids:
    """A row of round knobs on a front (+y), each with a ridge to hold."""
    x, y, z = at
    ridge = (0.4 * radius_m, 0.9 * radius_m, 1.7 * radius_m)
    return tuple(
        solid
        for place in places_x
        for solid in (
            lying(
                cylinder(radius_m, 0.6 * radius_m, material, sides=sides), "y", (x + place, y, z)
            ),
            box(ridge, material, (x + place, y + 0.9 * radius_m, z - ridge[2] / 2)),
        )
    )


def row(count: int, width_m: float) -> list[float]:
    """Middles of equal places side by side over a width, around 0."""
    return [width_m * ((number + 0.5) / count - 0.5) for number in range(count)]


def faucet(draw: Draw, reach_m: float, height_m: float, material: Material, at: Point) -> Solids:
    """A mixer that stands on `at`: a bent or an angular spout towards +y, and a lever or two."""
    x, y, z = at
    radius = draw.size(0.009, 0.013)
    if draw.chance(0.6):
        bend = np.linspace(np.pi, 0.0, 6)
        low = z + max(height_m - reach_m / 2, 0.03)
        rise = z + height_m - low
        arch = [(x, y + reach_m / 2 * (1 + np.cos(a)), low + rise * np.sin(a)) for a in bend]
        spout = [(x, y, z), *arch, (x, y + reach_m, low - 0.02)]
    else:
        top = z + height_m
        spout = [(x, y, z), (x, y, top), (x, y + reach_m, top - 0.01)]
        spout.append((x, y + reach_m, top - 0.04))
    base = cylinder(1.9 * radius, 0.04, material, at, 1.6 * radius, sides=12)
    if draw.chance(0.5):
        lever = tube([(x + radius, y, z + 0.03), (x + 0.07, y, z + 0.06)], 0.006, material, 6)
        return (*tube(spout, radius, material, 8), base, *lever)
    handles = [
        solid
        for way in (-0.08, 0.08)
        for solid in (
            cylinder(0.012, 0.035, material, (x + way, y, z), sides=8),
            box((0.05, 0.01, 0.01), material, (x + way, y, z + 0.035)),
            box((0.01, 0.05, 0.01), material, (x + way, y, z + 0.0345)),
        )
    ]
    return (*tube(spout, radius, material, 8), base, *handles)


def shown(
    image: UInt8[ndarray, "height width 3"], size_m: tuple[float, float], material: Material,
    at: Point, thick_m: float = 0.002,
) -> Solid:  # fmt: skip
    """A thin upright panel with a picture towards +y; its lower edge is centred on `at`."""
    width, height = size_m
    picture = Print(image, "front", (-width / 2, 0.0), (width / 2, height))
    return box((width, thick_m, height), replace(material, print=picture), at)


def face_up(
    image: UInt8[ndarray, "height width 3"], size_m: tuple[float, float], material: Material,
    at: Point, thick_m: float = 0.002,
) -> Solid:  # fmt: skip
    """A thin lying panel with a picture for a reader at +y; it rests on `at`."""
    width, depth = size_m
    picture = Print(image, "top", (-width / 2, -depth / 2), (width / 2, depth / 2))
    panel = box((width, depth, thick_m), replace(material, print=picture), at)
    return panel.moved(turned("z", np.pi, at))
