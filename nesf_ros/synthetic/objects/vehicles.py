"""Toy aircraft and boats. Their noses point towards +y."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pieces import arc, lying, profile
from nesf_ros.synthetic.objects.road_vehicles import wheel
from nesf_ros.synthetic.solids import (
    Point,
    Solid,
    box,
    cylinder,
    ellipsoid,
    extruded,
    hull,
    revolved,
    rounded_box,
    tube,
)
from nesf_ros.synthetic.things import Model, Part, placement, turned

_BRIGHT = ("red", "blue", "yellow", "green", "orange", "white", "grey", "turquoise")


def _wing(
    span: float, root: tuple[float, float], tip: tuple[float, float], thick: float,
    material: Material, z: float,
) -> Solid:  # fmt: skip
    """A pair of wings in one; `root` and `tip` are where they begin and end along y."""
    half = span / 2
    outline = [(0, root[0]), (half, tip[0]), (half, tip[1]), (0, root[1]), (-half, tip[1]),
               (-half, tip[0])]  # fmt: skip
    return extruded(outline, thick, material, (0, 0, z))


def _propeller(reach: float, blades: int, material: Material, at: Point) -> tuple[Solid, ...]:
    """Flat blades around an axle along y."""
    blade = hull(
        np.array([(x * reach, y * reach, z * reach) for x, z in ((-0.05, 0), (0.05, 0), (0.1, 0.8),
                  (0, 1), (-0.1, 0.8)) for y in (0, 0.04)]), material)  # fmt: skip
    turns = np.arange(blades) * (2 * np.pi / blades)
    spinner = lying(
        cylinder(0.15 * reach, 0.3 * reach, material, top_radius_m=0.03 * reach, sides=12), "y", at
    )
    return (spinner, *(blade.moved(placement(*at) @ turned("y", float(a))) for a in turns))


@object_class("airplane", "vehicle", size_m=((0.1, 0.5), (0.1, 0.45), (0.04, 0.2)),
              places=(SURFACE, FLOOR), rooms=("bedroom",),
              aliases=("plane", "toy plane", "aircraft", "jet"))  # fmt: skip
def airplane(draw: Draw) -> Model:
    """A toy plane with jet engines under its wings, or a propeller at its nose."""
    length, jet = draw.size(0.12, 0.4), draw.chance(0.5)
    paint, trim = draw.material("plastic", *_BRIGHT), draw.material("plastic", *_BRIGHT)
    glass, dark = draw.material("glass", "black"), draw.material("rubber", "black")
    thick, axis = length * draw.size(0.055, 0.075), 0.16 * length
    tail = 0.25 * thick
    ogive = [(0.0, -0.5 * length), (tail, -0.49 * length), (thick, -0.1 * length),
             (thick, 0.3 * length), (0.8 * thick, 0.41 * length), (0.45 * thick, 0.47 * length),
             (0.0, 0.5 * length)]  # fmt: skip
    body = lying(revolved(ogive, paint, sides=20), "y", (0, 0, axis))
    sweep = length * (draw.size(0.12, 0.3) if jet else draw.size(0.0, 0.03))
    span, chord = length * draw.size(0.85, 1.15), length * draw.size(0.2, 0.26)
    lead = 0.18 * length
    low = axis - (0.5 * thick if jet else -0.3 * thick)
    wings = [_wing(span, (lead - chord, lead), (lead - sweep - 0.5 * chord, lead - sweep),
                   0.02 * length, trim, low)]  # fmt: skip
    if not jet and draw.chance(0.5):  # a biplane
        wings.append(wings[0].moved(placement(0, 0, 0.2 * length)))
        wings += [s for x in (-0.3, 0.3)
                  for s in tube([(x * span, 0.08 * length, low),
                                 (x * span, 0.08 * length, low + 0.21 * length)],
                                0.01 * length, dark, 6)]  # fmt: skip
    cockpit = ellipsoid((1.4 * thick, 0.15 * length, 1.2 * thick), glass,
                        (0, 0.3 * length, axis + 0.05 * thick), sides=14)  # fmt: skip
    if jet:
        drives = [lying(cylinder(0.6 * thick, 0.16 * length, paint, sides=16), "y",
                        (x * span, 0.02 * length, axis - 1.2 * thick))
                  for x in (-0.17, 0.17)]  # fmt: skip
    else:
        drives = [*_propeller(0.13 * length, draw.count(2, 4), dark, (0, 0.49 * length, axis))]
    return Model(
        (
            Part("fuselage", (body,)), Part("wings", tuple(wings)),
            Part("tail", _tail(length, axis, trim)),
            Part("cockpit", (cockpit,)), Part("engines" if jet else "propeller", tuple(drives)),
            _gear(length, axis, dark, trim),
        ),
        paint,
    )  # fmt: skip


def _tail(length: float, axis: float, trim: Material) -> tuple[Solid, ...]:
    """The tail plane and the fin of a plane."""
    thick = 0.015 * length
    plane = _wing(0.38 * length, (-0.48 * length, -0.36 * length),
                  (-0.5 * length, -0.44 * length), thick, trim, axis)  # fmt: skip
    fin = [(-0.52, 0.2), (-0.43, 0.2), (-0.32, 0.0), (-0.48, 0.0)]
    outline = [(y * length, z * length) for y, z in fin]
    return plane, profile(outline, thick, trim, (0, 0, axis))


def _gear(length: float, axis: float, dark: Material, rim: Material) -> Part:
    """Three wheels on struts below a plane."""
    solids: list[Solid] = []
    radius = 0.04 * length
    for x, y in ((-0.1, 0.02), (0.1, 0.02), (0.0, 0.34)):
        foot = (x * length, y * length, radius)
        solids += wheel(radius, 0.03 * length, dark, rim, foot)
        solids += tube([foot, (0.3 * x * length, y * length, axis)], 0.01 * length, rim, 6)
    return Part("wheels", tuple(solids))


@object_class("helicopter", "vehicle", size_m=((0.04, 0.45), (0.12, 0.55), (0.05, 0.3)),
              places=(SURFACE, FLOOR), rooms=("bedroom",),
              aliases=("chopper", "toy helicopter"))  # fmt: skip
def helicopter(draw: Draw) -> Model:
    """A toy helicopter on skids."""
    length = draw.size(0.14, 0.4)
    paint, trim = draw.material("plastic", *_BRIGHT), draw.material("plastic", *_BRIGHT)
    glass, dark = draw.material("glass", "black", "turquoise"), draw.material("plastic", "black")
    width, tall = length * draw.size(0.22, 0.28), length * draw.size(0.24, 0.3)
    low, long = 0.08 * length, length * draw.size(0.46, 0.54)
    nose, axis = 0.5 * length - long / 2, low + 0.6 * tall
    body = ellipsoid((width, long, tall), paint, (0, nose, low), sides=20)
    window = ellipsoid((0.94 * width, 0.5 * long, 0.85 * tall), glass,
                       (0, nose + 0.28 * long, low + 0.12 * tall), sides=20)  # fmt: skip
    boom = lying(cylinder(0.02 * length, 0.5 * length, paint, top_radius_m=0.055 * length,
                          sides=14), "y", (0, -0.5 * length, axis))  # fmt: skip
    fin = profile([(-0.54 * length, 0.16 * length), (-0.47 * length, 0.16 * length),
                   (-0.4 * length, 0), (-0.48 * length, -0.04 * length)],
                  0.02 * length, trim, (0, 0, axis))  # fmt: skip
    spin = placement(0.03 * length, -0.5 * length, axis + 0.06 * length) @ turned("z", -np.pi / 2)
    rotor = [s.moved(spin) for s in _propeller(0.09 * length, 3, dark, (0, 0, 0))]
    top, reach, blades = low + tall, length * draw.size(0.4, 0.5), draw.count(2, 5)
    mast = cylinder(0.02 * length, 0.09 * length, dark, (0, nose, top - 0.02 * length), sides=10)
    blade = box((reach, 0.04 * length, 0.012 * length), dark, (reach / 2, 0, 0))
    first = draw.size(0, 2 * np.pi)
    lift = [blade.moved(placement(0, nose, top + 0.05 * length, first + n * 2 * np.pi / blades))
            for n in range(blades)]  # fmt: skip
    skids: list[Solid] = []
    radius = 0.014 * length
    for side in (-1, 1):
        x = side * 0.5 * width
        path = [(-0.45, 1.0), (0.4, 1.0), (0.5, 4.0)]
        skids += tube([(x, nose + y * long, z * radius) for y, z in path], radius, trim, 8)
        for y in (nose - 0.2 * long, nose + 0.2 * long):
            skids += tube([(x, y, radius), (0.3 * x, y, low + 0.2 * tall)], radius, trim, 8)
    return Model(
        (
            Part("body", (body,)), Part("window", (window,)), Part("tail", (boom, fin, *rotor)),
            Part("rotor", (mast, *lift)), Part("skids", tuple(skids)),
        ),
        paint,
    )  # fmt: skip


def _deck(length: float, width: float, shrink: float) -> list[tuple[float, float]]:
    """A boat seen from above, pointed at +y, all round shrunk by a share."""
    half, back = shrink * width / 2, -shrink * length / 2
    bow = arc(half, 0, 90, 7, (0, 0.05 * length), shrink * 0.45 * length)
    return [(0.8 * half, back), *bow, *((-x, y) for x, y in bow[-2::-1]), (-0.8 * half, back)]


@object_class("vessel", "vehicle", size_m=((0.04, 0.2), (0.12, 0.5), (0.055, 0.55)),
              places=(SURFACE, FLOOR), rooms=("bedroom", "bathroom"),
              aliases=("boat", "toy boat", "watercraft"))  # fmt: skip
def vessel_(draw: Draw) -> Model:
    """A toy boat: a steamer with cabins and funnels, or a sailing boat."""
    length = draw.size(0.14, 0.45)
    width, high = length * draw.size(0.28, 0.36), length * draw.size(0.12, 0.17)
    paint = draw.material(draw.choice(("plastic", "wood")), *_BRIGHT)
    keel, wood = draw.material("plastic", "red", "black", "blue"), draw.material("wood", "beige")

    def section(z: float) -> list[tuple[float, float, float]]:
        shrink = 0.72 + 0.28 * z / high
        return [(x, y, z) for x, y in _deck(length, width, shrink)]

    line = 0.4 * high
    lower = hull(np.array(section(0.0) + section(line)), keel)
    upper = hull(np.array(section(line) + section(high)), paint)
    deck = extruded(_deck(length, width, 0.9), 0.02 * length, wood, (0, 0, high - 0.005 * length))
    rig = _sails(draw, length, high) if draw.chance(0.4) else _cabins(draw, length, width, high)
    return Model((Part("hull", (upper, lower)), Part("deck", (deck,)), *rig), paint)


def _sails(draw: Draw, length: float, high: float) -> tuple[Part, ...]:
    """A mast with a main sail and a jib, in the plane x = 0 but for a slight turn."""
    cloth, wood = draw.material("fabric", "white", "red", "beige"), draw.material("wood", "brown")
    tall, foot = length * draw.size(0.75, 0.95), high + 0.12 * length
    step = draw.size(0.05, 0.12) * length
    mast = cylinder(0.012 * length, tall, wood, (0, step, high), sides=10)
    boom = tube([(0, step, foot), (0, -0.42 * length, foot)], 0.008 * length, wood, 8)
    peak = high + 0.96 * tall
    thick = 0.008 * length
    main = profile([(step - 0.02 * length, foot + 0.01 * length), (-0.4 * length, foot +
                   0.01 * length), (step - 0.02 * length, peak)], thick, cloth)  # fmt: skip
    jib = profile([(step + 0.03 * length, foot), (0.46 * length, high + 0.05 * length),
                   (step + 0.02 * length, 0.85 * peak)], thick, cloth)  # fmt: skip
    swing = turned("z", draw.size(-0.5, 0.5), (0, step, 0))
    return (
        Part("mast", (mast, *(s.moved(swing) for s in boom))),
        Part("sails", (main.moved(swing), jib)),
    )


def _cabins(draw: Draw, length: float, width: float, high: float) -> tuple[Part, ...]:
    """One to three storeys with windows, and funnels on top."""
    wall, glass = draw.material("plastic", "white", "beige"), draw.material("glass", "black")
    paint = draw.material("plastic", "red", "yellow", "blue")
    black = draw.material("metal", "black")
    floors, windows = [], []
    storeys, storey = draw.count(1, 3), 0.1 * length
    for number in range(storeys):
        shrink = 1 - 0.22 * number
        size = (0.62 * width * shrink, 0.5 * length * shrink, storey)
        z = high + number * storey
        floors.append(rounded_box(size, 0.02 * length, wall, (0, -0.08 * length, z), steps=2))
        for y in np.linspace(-0.36, 0.36, 4) * size[1]:
            windows.append(box((1.04 * size[0], 0.09 * size[1], 0.35 * storey), glass,
                               (0, -0.08 * length + y, z + 0.4 * storey)))  # fmt: skip
    top, funnels = high + storeys * storey - 0.01 * length, draw.count(1, 2 if storeys > 1 else 1)
    chimneys = []
    for y in -0.08 * length + np.linspace(-0.06, 0.06, funnels) * length * (funnels - 1):
        radius = 0.045 * length
        tall = draw.size(0.14, 0.2) * length
        chimneys.append(cylinder(radius, tall, paint, (0, y, top), sides=16))
        chimneys.append(cylinder(1.06 * radius, 0.25 * tall, black, (0, y, top + 0.8 * tall),
                                 sides=16))  # fmt: skip
    mast = tube([(0, 0.3 * length, high), (0, 0.3 * length, high + 0.25 * length)],
                0.008 * length, black, 8)  # fmt: skip
    return (
        Part("cabin", tuple(floors)), Part("windows", tuple(windows)),
        Part("funnel", tuple(chimneys)), Part("mast", mast),
    )  # fmt: skip
