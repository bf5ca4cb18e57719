"""Appliances about the house: radiator, fan and hair dryer."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.fittings import (
    row,
)
from nesf_ros.synthetic.objects.pieces import arc, lying
from nesf_ros.synthetic.solids import (
    Point,
    Solid,
    box,
    cylinder,
    extruded,
    revolved,
    rounded_box,
    tapered_box,
    torus,
    tube,
)
from nesf_ros.synthetic.things import Model, Part, placement, turned


def _ribs(
    draw: Draw, count: int, pitch: float, size_m: Point, paint: Material, low: float
) -> list[Solid]:
    """Ribs of a radiator from a level upwards: flat ones, or two pipes between wider ends."""
    wide, depth, height = size_m
    places = row(count, count * pitch)
    if draw.chance(0.5):
        one = rounded_box(size_m, min(0.4 * wide, 0.03), paint, steps=1)
        return [one.moved(placement(x, 0, low)) for x in places]
    flue = cylinder(0.32 * wide, height - 0.08, paint, sides=6)
    below = tapered_box((0.5 * wide, 0.8 * depth, 0.05), (wide, depth), paint)
    above = tapered_box((wide, depth, 0.05), (0.5 * wide, 0.8 * depth), paint)
    pieces = ((below, 0.0, 0.0), (above, 0.0, height - 0.05),
              (flue, -0.3 * depth, 0.04), (flue, 0.3 * depth, 0.04))  # fmt: skip
    return [solid.moved(placement(x, y, low + z)) for x in places for solid, y, z in pieces]


@object_class("radiator", "appliance", size_m=((0.35, 1.4), (0.08, 0.26), (0.35, 0.95)),
              places=(FLOOR,),
              aliases=("heating radiator", "heater", "central heating radiator"))  # fmt: skip
def radiator(draw: Draw) -> Model:
    """Upright ribs side by side, on feet, with a valve at one end."""
    count, pitch = draw.count(7, 16), draw.size(0.05, 0.075)
    height, depth, low = draw.size(0.35, 0.75), draw.size(0.08, 0.18), 0.1
    paint = draw.material("metal", "white", "white", "black", "grey", "red", "beige")
    width = count * pitch
    wide = pitch * draw.size(0.6, 0.85)
    ribs = _ribs(draw, count, pitch, (wide, depth, height), paint, low)
    pipes = [
        lying(cylinder(0.017, width - pitch, paint, sides=10), "x", (-(width - pitch) / 2, 0, z))
        for z in (low + 0.03, low + height - 0.03)
    ]
    brass, way = draw.material("metal", "gold", "grey"), draw.choice((-1, 1))
    end, top = way * width / 2, low + height - 0.03
    supply = tube([(end - way * pitch, 0, top), (end + way * 0.03, 0, top),
                   (end + way * 0.03, 0, 0.0)], 0.009, brass, 8)  # fmt: skip
    head = lying(cylinder(0.022, 0.06, draw.material("plastic", "white"), sides=12), "x",
                 (end + 0.03 + (way - 1) * 0.03, 0, top))  # fmt: skip
    feet = [
        tapered_box((1.2 * wide, depth, low + 0.002), (0.8 * wide, 0.7 * depth), paint,
                    (x * (width - pitch) / 2, 0, 0))
        for x in (-1, 1)
    ]  # fmt: skip
    return Model(
        (
            Part("ribs", (*ribs, *pipes)),
            Part("feet", tuple(feet)),
            Part("pipe", supply),
            Part("valve", (head,)),
        ),
        paint,
    )


def _cage(radius: float, spokes: int, wire: Material, at: Point) -> list[Solid]:
    """Rings with spokes before and behind a fan's blades, joined by bars; `at` is its middle."""
    (x, y, z), bar = at, 0.005
    cage = [
        lying(revolved([(reach - bar, 0), (reach + bar, 0), (reach + bar, 2 * bar),
                        (reach - bar, 2 * bar)], wire, sides=24), "y", (x, y + ahead, z))
        for reach, ahead in ((radius, -0.03), (radius, 0.055), (0.55 * radius, 0.06))
    ]  # fmt: skip
    spoke = box((radius, 0.004, 0.004), wire, (radius / 2, 0, 0))
    cage += [
        lying(spoke.moved(turned("z", 2 * np.pi * n / spokes)), "y", (x, y + ahead, z))
        for n in range(spokes) for ahead in (0.064, -0.03)
    ]  # fmt: skip
    cage += [
        box((0.006, 0.085, 0.006), wire,
            (x + radius * np.cos(a), y + 0.018, z + radius * np.sin(a)))
        for a in np.radians((0, 60, 120, 180, 240, 300))
    ]  # fmt: skip
    return cage


@object_class("fan", "appliance", size_m=((0.25, 0.55), (0.2, 0.55), (0.35, 1.5)),
              places=(FLOOR, SURFACE),
              aliases=("electric fan", "standing fan", "ventilator"))  # fmt: skip
def fan(draw: Draw) -> Model:
    """Blades in a round cage, on a pole with a round foot."""
    radius, high = draw.size(0.14, 0.22), draw.choice((draw.size(0.3, 0.45), draw.size(0.8, 1.2)))
    body = draw.material("plastic", "white", "black", "red", "turquoise", "blue", "yellow")
    blue = draw.material("plastic", "blue", "turquoise", "white", "red", "orange", "green")
    wire = draw.material("metal", "grey", "black", "white")
    high = max(high, radius + 0.08)
    foot = [
        revolved([(0, 0), (0.85 * radius, 0), (0.8 * radius, 0.015), (0.03, 0.035), (0, 0.035)],
                 body, sides=24),
        cylinder(draw.size(0.011, 0.02), high - 0.08, wire, (0, -0.03, 0.03), sides=10),
    ]  # fmt: skip
    motor = lying(cylinder(0.055, 0.09, body, top_radius_m=0.045, sides=16), "y", (0, -0.09, high))
    hub = lying(cylinder(0.03, 0.035, blue, sides=12), "y", (0, 0.0, high))
    count, long = draw.choice((3, 4, 5)), radius - 0.035
    flat = extruded([(0.0, -0.012), *arc(0.45 * long, -70, 70, 6, (0.55 * long, 0.0), 0.33 * long),
                     (0.0, 0.012)], 0.004, blue)  # fmt: skip
    blades = []
    for number in range(count):
        tilt = turned("x", 0.35)
        tilt[0, 3], tilt[2, 3] = 0.025, 0.018
        turn = turned("z", 2 * np.pi * number / count + 0.4)
        blades.append(lying(flat.moved(turn @ tilt), "y", (0, 0.0, high)))
    cage = _cage(radius, draw.count(10, 16), wire, (0, 0.0, high))
    badge = lying(cylinder(0.035, 0.008, body, sides=14), "y", (0, 0.064, high))
    return Model(
        (
            Part("foot", tuple(foot)),
            Part("motor", (motor,)),
            Part("blades", (hub, *blades)),
            Part("cage", (*cage, badge)),
        ),
        body,
    )


@object_class("hair dryer", "appliance", size_m=((0.14, 0.3), (0.1, 0.3), (0.06, 0.11)),
              places=(SURFACE,), rooms=("bathroom", "bedroom"),
              aliases=("hairdryer", "blow dryer", "hair drier"))  # fmt: skip
def hair_dryer(draw: Draw) -> Model:
    """Lying on its side: a barrel with a nozzle, a grille behind, a handle across."""
    radius, long, grip = draw.size(0.033, 0.043), draw.size(0.12, 0.16), draw.size(0.11, 0.14)
    body = draw.material("plastic", "pink", "black", "red", "white", "purple", "turquoise", "blue")
    dark = draw.material("plastic", "black", "grey")
    slim = draw.size(0.6, 0.85) * radius
    outline = [(0.0, 0.0), (0.8 * radius, 0.0), (radius, 0.025), (radius, 0.68 * long),
               (slim, long), (0.0, long)]  # fmt: skip
    barrel = revolved(outline, body, sides=20)
    grille = [cylinder(0.7 * radius, 0.004, dark, (0, 0, -0.003), sides=16),
              torus(0.55 * radius, 0.004, body, (0, 0, -0.007), sides=12)]  # fmt: skip
    nozzle = [cylinder(slim + 0.002, 0.025, dark, (0, 0, long - 0.004), sides=16),
              tapered_box((1.3 * slim, 1.3 * slim, 0.035), (0.5 * slim, 2.6 * slim), dark,
                          (0, 0, long + 0.02))]  # fmt: skip
    bar = tapered_box((0.036, 0.04, grip), (0.028, 0.034), dark if draw.chance(0.4) else body)
    button = box((0.012, 0.006, 0.03), dark, (0, -0.022, 0.2 * grip))
    # The barrel lies along x; the handle leaves it towards +y and sinks until its end touches.
    slant, reach = draw.size(-0.25, 0.25), 0.6 * radius + grip
    far = reach * np.cos(slant) + 0.018 * abs(np.sin(slant))
    down = np.arcsin(radius / np.hypot(far, 0.017)) - np.arctan2(0.017, far)
    sunk = placement(0, 0, radius) @ turned("x", -down) @ turned("z", slant)
    handle = [lying(piece, "y", (0, 0.6 * radius, 0)).moved(sunk) for piece in (bar, button)]
    middle, end = placement(-0.35 * long, -0.4 * grip), (-0.15 * long, 0, radius)
    barrel, *ends = (lying(piece, "x", end).moved(middle) for piece in (barrel, *grille, *nozzle))
    return Model(
        (
            Part("barrel", (barrel,)),
            Part("grille", tuple(ends[:2])),
            Part("nozzle", tuple(ends[2:])),
            Part("handle", tuple(piece.moved(middle) for piece in handle)),
        ),
        body,
    )
