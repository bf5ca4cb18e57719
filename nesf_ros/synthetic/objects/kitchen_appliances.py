"""What a kitchen has built in: stove, dishwasher, microwave."""

from __future__ import annotations

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.fittings import (
    Solids,
    enamel,
    grip,
    hollow,
    knobs,
    opening,
    row,
    shelved,
    shown,
    swung,
)
from nesf_ros.synthetic.objects.screens import digits, keys
from nesf_ros.synthetic.solids import Point, box, cylinder, revolved
from nesf_ros.synthetic.things import IN, ON, Model, Part, Receptacle

_KITCHEN = ("kitchen",)


def _hob(
    draw: Draw, width: float, depth: float, top: float, glass: bool
) -> tuple[Solids, list[Receptacle]]:
    """Four plates on a hob: solid ones or rings of a glass hob, and the room above each."""
    iron = draw.material("metal", "black")
    ring = draw.material("plastic", "red", "grey")
    plates, rooms = [], []
    for x, y in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        radius = draw.size(0.07, 0.095) * min(width / 0.55, 1.0)
        at = (x * width * 0.23, y * depth * 0.2 - 0.02, top)
        high = 0.003 if glass else 0.014
        plates.append(cylinder(radius, high, iron, at, sides=16))
        if glass:
            rim = [(0.85 * radius, 0.0), (radius + 0.002, 0.0), (radius + 0.002, 0.004)]
            plates.append(revolved([*rim, (0.85 * radius, 0.004)], ring, at, 16))
            high = 0.004
        reach = 0.8 * radius
        lower = (at[0] - reach, at[1] - reach, top + high)
        upper = (at[0] + reach, at[1] + reach, top + 0.4)
        if not glass:
            rooms.append(Receptacle(ON, lower, upper, round=True, name="plate"))
    return tuple(plates), rooms


def _oven_door(
    draw: Draw, size_m: tuple[float, float], angle_rad: float, body: Material, at: Point
) -> tuple[Solids, Solids]:
    """A door with a window, hinged at its lower edge (centred on `at`), and its handle."""
    (width, high), (x, front, low) = size_m, at
    door = [
        box((width, 0.035, high - 0.01), body, (x, front + 0.02, low + 0.005)),
        box((0.72 * width, 0.004, 0.55 * high), draw.material("glass", "black"),
            (x, front + 0.039, low + 0.15 * high)),
    ]  # fmt: skip
    handle = grip(0.8 * width, "x", draw.material("metal", "grey"),
                  (x, front + 0.037, low + high - 0.06))  # fmt: skip
    return swung(door, "bottom", angle_rad, at), swung(handle, "bottom", angle_rad, at)


@object_class("stove", "appliance", size_m=((0.48, 0.8), (0.55, 1.2), (0.8, 1.15)),
              places=(FLOOR,), rooms=_KITCHEN, holds=("kitchenware", "food"),
              aliases=("oven", "kitchen range", "kitchen stove"))  # fmt: skip
def stove(draw: Draw) -> Model:
    """An oven with a window in its door, a row of knobs, and a hob on top."""
    width, depth, height = draw.size(0.5, 0.76), draw.size(0.55, 0.62), draw.size(0.82, 0.92)
    body, dark = enamel(draw), draw.material("metal", "black")
    steel, glass = draw.material("metal", "grey"), draw.material("glass", "black")
    low, oven, panel = 0.2, height - 0.36, 0.12
    front, angle = depth / 2, opening(draw, 1.55)
    shell = [
        box((width - 0.02, depth - 0.06, low - 0.004), body),
        box((width - 0.01, 0.02, low - 0.08), body, (0, front - 0.02, 0.07)),
        *hollow((width, depth, oven), 0.02, body, (0, 0, low)),
        *hollow((width - 0.04, depth - 0.02, oven - 0.04), 0.02, dark, (0, 0.01, low + 0.02)),
        box((width, depth, panel), body, (0, 0, low + oven)),
    ]
    top = low + oven + panel
    flat = draw.chance(0.4)
    cover = draw.choice((dark, glass)) if flat else draw.choice((steel, body))
    hob = [box((width + 0.01, depth + 0.01, height - top), cover, (0, 0, top))]
    plates, rooms = _hob(draw, width, depth, height, flat)
    if draw.chance(0.4):
        hob.append(box((width, 0.03, draw.size(0.08, 0.2)), body, (0, 0.02 - front, height)))
    door, handle = _oven_door(draw, (width, oven), angle, body, (0, front, low))
    level = low + oven + panel / 2
    dials = knobs(row(draw.count(4, 6), 0.85 * width), 0.02, draw.choice((dark, steel)),
                  (0, front, level))  # fmt: skip
    inside = (width - 0.08, depth - 0.04, oven - 0.08)
    racks, spaces = shelved(inside, draw.count(1, 2), steel, (0, 0.01, low + 0.04), angle == 0,
                            "oven")  # fmt: skip
    return Model(
        (
            Part("body", tuple(shell)),
            Part("door", door),
            Part("handle", handle),
            Part("hob", tuple(hob)),
            Part("plates", plates),
            Part("knobs", dials),
            Part("racks", tuple(racks)),
        ),
        body,
        (*spaces, *rooms),
    )


def _rims(size_m: Point, wire: Material, at: Point) -> Solids:
    """Walls around a rack, 0.1 m high: left, right and in front."""
    (width, depth, _), (x, y, z) = size_m, at
    return (
        box((0.005, depth - 0.03, 0.1), wire, (x - width / 2, y, z)),
        box((0.005, depth - 0.03, 0.1), wire, (x + width / 2, y, z)),
        box((width, 0.005, 0.1), wire, (x, y + depth / 2, z)),
    )


@object_class("dishwasher", "appliance", size_m=((0.44, 0.62), (0.5, 1.4), (0.8, 0.9)),
              places=(FLOOR,), rooms=_KITCHEN, holds=("kitchenware",),
              aliases=("dish washer", "dishwashing machine"))  # fmt: skip
def dishwasher(draw: Draw) -> Model:
    """A door hinged at the bottom, a strip with a display, and two racks inside."""
    width, depth, height = draw.size(0.45, 0.6), draw.size(0.55, 0.6), draw.size(0.82, 0.88)
    body, steel = enamel(draw), draw.material("metal", "grey")
    front, low, angle = depth / 2, 0.1, draw.choice((0.0, draw.size(0.3, 0.8), 1.5, 1.5))
    tall = height - low
    shell = [
        box((width - 0.04, depth - 0.08, low), draw.material("plastic", "black")),
        *hollow((width, depth, tall), 0.03, body, (0, 0, low)),
        *hollow((width - 0.06, depth - 0.03, tall - 0.06), 0.01, steel, (0, 0.015, low + 0.03)),
    ]
    strip = tall - 0.11
    words = keys(("ECO", "70 "), (0.2, 0.2, 0.22), (0.1, 0.1, 0.1), (1.0, 1.0, 1.0))
    door = [
        box((width, 0.05, strip - 0.004), body, (0, front + 0.027, low)),
        box((width, 0.045, 0.11), draw.material("plastic", "black", "grey"),
            (0, front + 0.027, low + strip)),
        shown(digits("1:30 h", draw.color(draw.choice(("green", "orange", "red")))), (0.1, 0.035),
              steel, (-0.1, front + 0.05, low + strip + 0.035)),
        shown(words, (0.1, 0.05), steel, (0.1, front + 0.05, low + strip + 0.03)),
    ]  # fmt: skip
    handle = grip(draw.size(0.5, 0.85) * width, "x", steel, (0, front + 0.052, low + strip - 0.05))
    hinge = (0.0, front, low)
    inside = (width - 0.1, depth - 0.07, tall - 0.08)
    racks, rooms = shelved(inside, 1, draw.material("metal", "white"), (0, 0.015, low + 0.04),
                           angle == 0, "rack")  # fmt: skip
    rims = [rim for z in (0.0, inside[2] / 2) for rim in
            _rims(inside, racks[0].material, (0, 0.015, low + 0.04 + z))]  # fmt: skip
    return Model(
        (
            Part("body", tuple(shell)),
            Part("door", swung(door, "bottom", angle, hinge)),
            Part("handle", swung(handle, "bottom", angle, hinge)),
            Part("racks", (*racks, *rims)),
        ),
        body,
        tuple(rooms),
    )


def _key_pad(draw: Draw, width: float, height: float, at: Point) -> Solids:
    """A clock above keys on a front whose lower edge is centred on `at`."""
    dark, (x, y, z) = draw.material("plastic", "black"), at
    clock = digits("12:30", draw.color(draw.choice(("green", "turquoise", "orange"))))
    pad = keys(("123", "456", "789", "C0S"), draw.color("grey"), (0.1, 0.1, 0.1), (1.0, 1.0, 1.0))
    return (
        shown(clock, (0.7 * width, 0.2 * height), dark, (x, y, z + 0.74 * height)),
        shown(pad, (0.7 * width, 0.6 * height), dark, (x, y, z + 0.08 * height)),
    )


@object_class("microwave", "appliance", size_m=((0.42, 0.75), (0.32, 0.95), (0.24, 0.36)),
              places=(SURFACE,), rooms=_KITCHEN, holds=("food", "kitchenware"),
              aliases=("microwave oven",))  # fmt: skip
def microwave(draw: Draw) -> Model:
    """A door with a window, a key pad with a clock beside it, a turntable inside."""
    width, depth, height = draw.size(0.43, 0.56), draw.size(0.33, 0.42), draw.size(0.25, 0.33)
    body, dark = enamel(draw), draw.material("plastic", "black")
    wide, front, foot = 0.74 * width, depth / 2, 0.012
    angle, x, tall = opening(draw), -0.13 * width, height - foot
    side, panel = width - wide, width / 2 - (width - wide) / 2
    shell = [
        *hollow((wide, depth, tall), 0.03, body, (x, 0, foot)),
        box((side, depth, tall), body, (panel, 0, foot)),
        box((side - 0.012, 0.02, tall - 0.01), dark, (panel, front + 0.01, foot + 0.005)),
        *(box((0.03, 0.03, foot), dark, (way * 0.4 * width, y, 0))
          for way in (-1, 1) for y in (-0.12, 0.12)),
    ]  # fmt: skip
    control = _key_pad(draw, side, tall, (panel, front + 0.02, foot))
    door = [
        box((wide, 0.03, tall - 0.006), body, (x, front + 0.016, foot + 0.003)),
        box((0.72 * wide, 0.004, 0.62 * tall), draw.material("glass", "black"),
            (x - 0.02 * wide, front + 0.031, foot + 0.19 * tall)),
    ]  # fmt: skip
    handle = grip(0.6 * tall, "z", draw.material("metal", "grey"),
                  (x + 0.44 * wide, front + 0.03, foot + tall / 2), 0.03)  # fmt: skip
    # The hinge is on the side away from the key pad: what the reader sees at the right.
    radius, hinge = min(wide, depth) / 2 - 0.04, (x - wide / 2, front, 0.0)
    plate = cylinder(radius, 0.012, draw.material("glass", "white"), (x, 0, foot + 0.03), sides=24)
    level, reach = foot + 0.042, 0.95 * radius
    room = Receptacle(IN, (x - reach, -reach, level), (x + reach, reach, height - 0.04), round=True,
                      closed=angle == 0)  # fmt: skip
    return Model(
        (
            Part("body", tuple(shell)),
            Part("door", swung(door, "-x", angle, hinge)),
            Part("handle", swung(handle, "-x", angle, hinge)),
            Part("key pad", control),
            Part("turntable", (plate,)),
        ),
        body,
        (room,),
    )
