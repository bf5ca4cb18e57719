"""Boxes that open: of cardboard, plastic and boards, and a safe."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nesf_ros.synthetic.materials import Material, Print
from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pieces import lying
from nesf_ros.synthetic.objects.pottery import SKIN_M, frame, open_box, smooth
from nesf_ros.synthetic.objects.prints import BRANDS, label, packaging
from nesf_ros.synthetic.solids import (
    Point,
    Solid,
    box,
    cylinder,
    rounded_box,
    tapered_box,
)
from nesf_ros.synthetic.things import IN, Model, Part, Receptacle, placement, turned

_ROOMS = ("office", "bedroom", "living room", "workshop", "garage")
STORED = ("toy", "clothing", "stationery", "electronics", "food", "kitchenware", "tool", "sports",
          "decoration", "bathroom", "shape")  # fmt: skip
"""Families of what people keep in boxes."""


def shut(space: Receptacle, closed: bool, lower_by: float = 0.0) -> Receptacle:
    """The same space below a lid that reaches down into it."""
    x, y, z = space.upper
    return replace(space, upper=(x, y, z - lower_by), closed=closed)


@object_class("box", "container", size_m=((0.18, 1.0), (0.14, 0.9), (0.12, 0.72)),
              places=(FLOOR, SURFACE), rooms=_ROOMS,
              aliases=("cardboard box", "carton", "moving box"), holds=STORED)  # fmt: skip
def box_(draw: Draw) -> Model:
    """A cardboard box: taped shut, half open, or with all four flaps folded out."""
    width, depth = draw.size(0.2, 0.5), draw.size(0.16, 0.4)
    height = draw.size(0.14, 0.38)
    card = draw.material("cardboard", "beige", "beige", "brown", "white")
    walls, space = open_box((width, depth, height), 0.005, card)
    state = draw.choice(("closed", "open", "open", "half open"))
    parts = [Part("box", walls), Part("flaps", _flaps(draw, (width, depth, height), card, state))]
    if state == "closed":
        tape = replace(draw.material("plastic", "brown", "beige"), gloss=0.3)
        strips = [box((width + 0.002, 0.05, 0.001), tape, (0, 0, height + 0.006))]
        strips += [box((0.001, 0.05, 0.06), tape, (x * (width / 2 + 0.0005), 0, height - 0.054))
                   for x in (-1, 1)]  # fmt: skip
        parts.append(Part("tape", tuple(strips)))
    if draw.chance(0.7):
        parts.append(Part("print", _shipping_prints(draw, (width, depth, height), card)))
    return Model(tuple(parts), card, (shut(space, state == "closed", 0.002),))


def _flaps(draw: Draw, size: Point, card: Material, state: str) -> tuple[Solid, ...]:
    """Four flaps, hinged at the upper edges, each half as deep as the box; 0 rad is shut."""
    width, depth, height = size
    solids = []
    for number in range(4):
        long, across = (width, depth) if number % 2 == 0 else (depth, width)
        # The two short ones close first, below the long ones.
        low = height + (0.003 if number % 2 == 0 else 0.0)
        reach = min(depth, across) / 2 - 0.001
        swing = draw.size(1.9, 4.0) if number % 2 == 0 else draw.size(2.0, 3.6)
        swing = {"closed": 0.0, "open": swing}.get(state, swing if number == 2 else 1.4)
        flap = box((long - 0.002, reach, 0.003), card, (0, -reach / 2 + across / 2, low))
        hinge = turned("x", -swing, (0, across / 2 - 0.0015, height + 0.0015))
        solids.append(flap.moved(turned("z", number * np.pi / 2) @ hinge))
    return tuple(solids)


def _shipping_prints(draw: Draw, size: Point, card: Material) -> tuple[Solid, ...]:
    """Words in black or red on the front, a paper address on the back."""
    width, depth, height = size
    words = draw.choice(("FRAGILE", "THIS SIDE UP", "HANDLE WITH CARE", "BOOKS", "KITCHEN", "TOYS"))
    tall = 0.55 * height
    wide = min(0.8 * width, 1.6 * tall)
    ink = draw.choice(((0.12, 0.1, 0.1), (0.65, 0.1, 0.1)))
    pixels = (round(160 * wide / tall), 160)
    if draw.chance(0.5):
        image = label(words, card.color, ink, pixels)
    else:
        image = packaging(draw, draw.choice(BRANDS["freight"]), words, card.color, pixels)
    picture = Print(image, "front", (-wide / 2, 0.0), (wide / 2, tall))
    front = box((wide, SKIN_M, tall), replace(card, print=picture))
    front = front.moved(placement(0, depth / 2 + SKIN_M / 2, 0.22 * height))
    address = label("TO: HOME ROAD 5", (0.96, 0.96, 0.94), (0.1, 0.1, 0.12), (128, 96))
    picture = Print(address, "front", (-0.05, 0.0), (0.05, 0.07))
    paper = draw.material("paper", "white", print=picture)
    back = box((0.1, SKIN_M, 0.07), paper).moved(placement(0, depth / 2 + SKIN_M / 2, 0.3 * height))
    return front, back.moved(turned("z", np.pi))


@object_class("storage box", "container", size_m=((0.24, 0.75), (0.18, 0.75), (0.12, 0.55)),
              places=(FLOOR, SURFACE), rooms=(*_ROOMS, "bathroom"),
              aliases=("storage bin", "plastic bin", "tote box", "storage container"),
              holds=STORED)  # fmt: skip
def storage_box(draw: Draw) -> Model:
    """A plastic tub with a rim, clips at its ends and a lid: on, ajar, leaning at it, or away."""
    width, depth, height = draw.size(0.28, 0.58), draw.size(0.2, 0.4), draw.size(0.14, 0.36)
    tub = draw.material("plastic", "white", "grey", "turquoise", "blue", "pink", "green")
    top = draw.choice((tub, draw.material("plastic", "blue", "red", "white", "grey", "green")))
    base = (0.88 * width, 0.86 * depth)
    walls, space = open_box((*base, height), 0.004, tub, top_m=(width, depth))
    edge = frame(width + 0.006, depth + 0.006, 0.014, height - 0.016, tub)
    clip = draw.material("plastic", "blue", "white", "black", "red")
    x, z = width / 2 + 0.014, height - 0.045
    grips = [tapered_box((0.02, 0.09, 0.05), (0.014, 0.07), clip, (side * x, 0, z))
             for side in (-1, 1)]  # fmt: skip
    parts = [Part("tub", (*walls, *edge)), Part("clips", tuple(grips))]
    state = draw.choice(("on", "ajar", "leaning", "away"))
    if state != "away":
        lid = (box((width + 0.024, depth + 0.024, 0.012), top, (0, 0, height + 0.001)),
               box((0.8 * width, 0.78 * depth, 0.008), top, (0, 0, height + 0.012)))  # fmt: skip
        pose = placement(0, 0)
        if state == "ajar":
            pose = placement(draw.size(-0.06, 0.06), draw.choice((-0.4, 0.4)) * depth)
        elif state == "leaning":  # it stands on its edge in front of the box
            upright = turned("x", np.pi / 2 + 0.25) @ placement(0, 0, -height)
            pose = placement(0, depth / 2 + 0.24 * (depth + 0.06), 0.5 * depth + 0.016) @ upright
        parts.append(Part("lid", tuple(s.moved(pose) for s in lid)))
    return Model(tuple(parts), tub, (shut(space, state == "on", 0.002),))


@object_class("crate", "container", size_m=((0.28, 0.62), (0.2, 0.46), (0.14, 0.42)),
              places=(FLOOR, SURFACE), rooms=("garage", "workshop", "kitchen"),
              aliases=("wooden crate", "fruit crate", "bottle crate"), holds=STORED)  # fmt: skip
def crate(draw: Draw) -> Model:
    """Slats between corner posts, of wood or plastic, open at the top."""
    width, depth, height = draw.size(0.32, 0.56), draw.size(0.24, 0.4), draw.size(0.17, 0.34)
    colors = ("red", "blue", "green", "yellow", "grey")
    wood = (draw.material("plastic", *colors) if draw.chance(0.25)
            else draw.material("wood", "beige", "brown"))  # fmt: skip
    thick, rows = 0.011, draw.choice((2, 3, 4))
    post = 0.028
    x, y = width / 2 - thick - post / 2, depth / 2 - thick - post / 2
    posts = [box((post, post, height - 0.004), wood, (sx * x, sy * y, 0.002))
             for sx in (-1, 1) for sy in (-1, 1)]  # fmt: skip
    tall = draw.size(0.62, 0.8) * height / rows
    slats: list[Solid] = []
    for z in np.linspace(0, height - tall, rows).tolist():
        slats += [box((width, thick, tall), wood, (0, s * (depth - thick) / 2, z)) for s in (-1, 1)]
        slats += [box((thick, depth - 2 * thick, tall), wood, (s * (width - thick) / 2, 0, z))
                  for s in (-1, 1)]  # fmt: skip
    boards = 5
    step = (depth - 2 * thick) / boards
    floor = [box((width - 2 * thick, 0.9 * step, 0.008), wood, (0, (n - 2) * step, 0.004))
             for n in range(boards)]  # fmt: skip
    inner = (x - post / 2 - 0.002, y + post / 2 - 0.002)
    space = Receptacle(IN, (-inner[0], -inner[1], 0.012), (inner[0], inner[1], height))
    parts = (Part("posts", tuple(posts)), Part("slats", tuple(slats)), Part("floor", tuple(floor)))
    return Model(parts, wood, (space,))


@object_class("safe", "container", size_m=((0.28, 0.95), (0.26, 0.95), (0.28, 0.72)),
              places=(FLOOR, SURFACE), rooms=("office", "bedroom"),
              aliases=("strongbox", "steel safe", "vault"),
              holds=("stationery", "electronics", "decoration", "shape"))  # fmt: skip
def safe(draw: Draw) -> Model:
    """A thick steel box whose door has a dial and a wheel: closed, ajar or open."""
    width, depth = draw.size(0.3, 0.5), draw.size(0.28, 0.42)
    height = draw.size(0.3, 0.6)
    steel = smooth(draw.material("metal", "grey", "black", "grey", "green", "blue"))
    wall, foot = draw.size(0.035, 0.05), 0.02
    # Made as a tub that looks up, then laid on its back so that its mouth faces +y.
    tub, _ = open_box((width, height, depth), wall, steel)
    laid = placement(0, -depth / 2, foot + height / 2) @ turned("x", -np.pi / 2)
    black = draw.material("rubber", "black")
    feet = [cylinder(0.02, 0.025, black, (x * 0.38 * width, y * 0.36 * depth, 0.0), sides=10)
            for x in (-1, 1) for y in (-1, 1)]  # fmt: skip
    swing = draw.choice((0.0, draw.size(0.25, 0.6), draw.size(1.2, 2.0)))
    low, high = foot + wall, foot + height - wall
    room = width / 2 - wall
    door, dial = _safe_door(draw, (2 * room - 0.004, wall, high - low - 0.004), steel, low + 0.002)
    # It hangs on the left; a turn about its own front edge takes it outwards.
    hinge = turned("z", -swing, (room, depth / 2, 0.0)) @ placement(0, depth / 2)
    lower, upper = (
        (2e-3 - room, wall - depth / 2, low),
        (room - 2e-3, depth / 2 - wall - 4e-3, high),
    )
    space = Receptacle(IN, lower, upper, closed=not swing)
    body = Part("body", (*(s.moved(laid) for s in tub), *feet))
    parts = (body, Part("door", door).moved(hinge), Part("dial", dial).moved(hinge))
    return Model(parts, steel, (space,))


def _safe_door(
    draw: Draw, size: Point, steel: Material, bottom: float
) -> tuple[tuple[Solid, ...], tuple[Solid, ...]]:
    """A door whose front is at y = 0, with a dial with marks and a spoked wheel."""
    width, thick, height = size
    middle = bottom + height / 2
    slab = box((width, thick, height), steel, (0, -thick / 2, bottom))
    raised = rounded_box((0.8 * width, 0.012, 0.84 * height), 0.005, steel,
                         (0, 0.0, middle - 0.42 * height))  # fmt: skip
    bright = draw.material("metal", "grey", "gold", "white")
    dark = draw.material("metal", "black")
    radius = draw.size(0.13, 0.17) * min(width, height)
    up = middle + 0.16 * height
    dial = [lying(cylinder(radius, 0.012, bright, sides=20), "y", (0, 0.005, up)),
            lying(cylinder(0.55 * radius, 0.025, dark, top_radius_m=0.45 * radius, sides=16), "y",
                  (0, 0.012, up))]  # fmt: skip
    for angle in np.linspace(0, 2 * np.pi, 10, endpoint=False):
        mark = box((0.003, 0.002, 0.22 * radius), dark, (0, 0.017, up + 0.68 * radius))
        dial.append(mark.moved(turned("y", float(angle), (0, 0.0, up))))
    low = middle - 0.2 * height
    hub = lying(cylinder(0.22 * radius, 0.05, bright, sides=12), "y", (0, 0.005, low))
    spoke = lying(cylinder(0.007, 1.9 * radius, bright, sides=8), "x", (-0.95 * radius, 0.045, low))
    spokes = [spoke.moved(turned("y", np.pi * n / 3, (0, 0.045, low))) for n in range(3)]
    return (slab, raised), (*dial, hub, *spokes)
