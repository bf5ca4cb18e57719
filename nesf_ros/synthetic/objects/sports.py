"""Sports gear."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.hand_tools import along_x, rested
from nesf_ros.synthetic.objects.pieces import arc, lying
from nesf_ros.synthetic.objects.road_vehicles import wheel
from nesf_ros.synthetic.solids import Solid, box, cylinder, extruded, hull, revolved, torus, tube
from nesf_ros.synthetic.things import Model, Part, placement, turned

_BRIGHT = ("red", "blue", "yellow", "green", "orange", "turquoise", "pink", "purple", "black")


@object_class("tennis racket", "sports", size_m=((0.5, 0.76), (0.18, 0.34), (0.015, 0.06)),
              places=(FLOOR, SURFACE), rooms=("bedroom", "garage", "hall"),
              aliases=("racket", "tennis racquet"))  # fmt: skip
def tennis_racket(draw: Draw) -> Model:
    """A racket that lies flat."""
    long, wide = draw.size(0.3, 0.36), draw.size(0.22, 0.27)
    thick, shaft = draw.size(0.009, 0.012), draw.size(0.26, 0.34)
    paint, string = draw.material("plastic", *_BRIGHT), draw.material("plastic", "white", "yellow")
    grip = draw.material("rubber", "black", "white", "blue", "red")
    middle = shaft / 2
    pose = placement(middle, 0, 0) @ np.diag([long / wide, 1.0, 1.0, 1.0])
    frame = torus(wide / 2 - thick, thick, paint, sides=24).moved(pose)
    strings: list[Solid] = []
    for share in np.linspace(-0.86, 0.86, draw.count(10, 15)):
        reach = np.sqrt(1 - share**2)
        x, y = share * (long / 2 - thick), reach * (wide / 2 - thick)
        strings += tube([(middle + x, -y, thick), (middle + x, y, thick)], 0.0012, string, 4)
        x, y = reach * (long / 2 - thick), share * (wide / 2 - thick)
        strings += tube([(middle - x, y, thick), (middle + x, y, thick)], 0.0012, string, 4)
    start = middle - long / 2
    throat = [piece for side in (-1, 1) for piece in tube(
        [(start + 0.24 * long, side * 0.4 * wide, thick),
         (start - 0.16 * long, side * 0.06 * wide, thick),
         (start - 0.3 * long, 0, thick)], 0.85 * thick, paint, 8)]  # fmt: skip
    ends = (start - shaft, start - 0.25 * long)
    rod = lying(cylinder(0.013, ends[1] - ends[0], paint, sides=8), "x", (ends[0], 0, 0.013))
    wrap = lying(cylinder(0.016, 0.6 * shaft, grip, sides=8), "x", (ends[0] - 0.01, 0, 0.013))
    pieces = {"frame": [frame, *throat], "strings": strings, "handle": [rod, wrap]}
    lean = turned("y", np.arctan(0.003 / (shaft + long)))
    return Model(rested(pieces, lean), paint)


@object_class("baseball bat", "sports", size_m=((0.55, 1.0), (0.04, 0.08), (0.04, 0.08)),
              places=(FLOOR, SURFACE), rooms=("garage", "bedroom"),
              aliases=("bat", "wooden bat"))  # fmt: skip
def baseball_bat(draw: Draw) -> Model:
    """A bat that lies on its knob and its barrel."""
    length, radius = draw.size(0.62, 0.92), draw.size(0.027, 0.035)
    paint = draw.material(draw.choice(("wood", "wood", "metal", "plastic")))
    tape = draw.material("rubber", "black", "red", "blue", "white")
    thin = draw.size(0.011, 0.014)
    bat = [(0, 0), (1.7 * thin, 0), (1.7 * thin, 0.015), (thin, 0.03), (thin, 0.35 * length),
           (0.9 * radius, 0.65 * length), (radius, 0.78 * length), (radius, 0.97 * length),
           (0.7 * radius, length), (0, length)]  # fmt: skip
    body = along_x(bat, paint, -length / 2, radius)
    wrap = lying(cylinder(1.1 * thin, 0.25 * length, tape, sides=16), "x",
                 (-length / 2 + 0.03, 0, radius))  # fmt: skip
    lean = turned("y", -np.arctan((radius - 1.7 * thin) / (0.95 * length)))
    return Model(rested({"bat": [body], "grip": [wrap]}, lean), paint)


@object_class("dumbbell", "sports", size_m=((0.14, 0.42), (0.06, 0.24), (0.06, 0.24)),
              places=(FLOOR, SURFACE), rooms=("bedroom", "garage"),
              aliases=("hand weight", "barbell", "free weight"))  # fmt: skip
def dumbbell(draw: Draw) -> Model:
    """A dumbbell with hexagonal heads, or with discs of several sizes."""
    grip, radius = draw.size(0.11, 0.15), draw.size(0.035, 0.09)
    steel = draw.material("metal", "grey", "white", "black")
    paint = draw.material(draw.choice(("rubber", "metal", "plastic")), *_BRIGHT, "black", "grey")
    bar = lying(cylinder(0.014, grip + 0.1, steel, sides=14), "x", (-grip / 2 - 0.05, 0, radius))
    flat = radius * np.cos(np.pi / 6)
    heads = []
    if draw.chance(0.5):
        # Turned so that a flat side is below.
        long = radius * draw.size(0.9, 1.4)
        head = [(0, 0), (0.8 * radius, 0), (radius, 0.2 * long), (radius, 0.8 * long),
                (0.8 * radius, long), (0, long)]  # fmt: skip
        for x in (-grip / 2 - long, grip / 2):
            solid = revolved(head, paint, sides=6).moved(turned("z", np.pi / 6))
            heads.append(lying(solid, "x", (x, 0, flat)))
        bar = bar.moved(placement(0, 0, flat - radius))
    else:
        discs = draw.count(1, 3)
        for side in (-1, 1):
            for number in range(discs):
                thick, disc = 0.028, radius * (1 - 0.18 * number)
                start = side * (grip / 2 + number * thick) - (thick if side < 0 else 0)
                heads.append(lying(cylinder(disc, 0.92 * thick, paint, sides=24), "x",
                                   (start + 0.001, 0, radius)))  # fmt: skip
            end = side * (grip / 2 + discs * 0.028)
            nut = cylinder(0.03, 0.018, steel, sides=8)
            heads.append(lying(nut, "x", (end - (0.018 if side < 0 else 0), 0, radius)))
    return Model((Part("handle", (bar,)), Part("weights", tuple(heads))), paint)


@object_class("skateboard", "sports", size_m=((0.16, 0.28), (0.5, 0.95), (0.07, 0.2)),
              places=(FLOOR,), rooms=("bedroom", "garage", "hall"),
              aliases=("skate board", "longboard"))  # fmt: skip
def skateboard(draw: Draw) -> Model:
    """A board on four wheels, bent up at both ends."""
    length, width = draw.size(0.55, 0.85), draw.size(0.18, 0.24)
    radius, thick = draw.size(0.024, 0.034), 0.012
    wood = draw.material("wood", "brown", "beige")
    top = draw.material("plastic", *_BRIGHT)
    steel, tyre = draw.material("metal", "grey"), draw.material("plastic", *_BRIGHT, "white")
    rim, deck = draw.material("metal", "white"), 2 * radius + 0.035
    flat, half = 0.31 * length, width / 2
    bend, reach = np.radians(draw.size(12, 24)), length / 2 - 0.31 * length
    tip = [(half, -0.002), *arc(half, 0, 180, 11, radius_y_m=reach), (-half, -0.002)]
    boards: list[Solid] = []
    sheets: list[Solid] = []
    for solids, paint, z, high in ((boards, wood, deck, thick), (sheets, top, deck + thick, 0.002)):
        solids.append(box((width, 2 * flat, high), paint, (0, 0, z)))
        for turn in (0.0, np.pi):
            end = extruded(tip, high, paint, (0, 0, z - deck)).moved(turned("x", bend))
            solids.append(end.moved(turned("z", turn) @ placement(0, flat, deck)))
    trucks: list[Solid] = []
    wheels: list[Solid] = []
    for y in (-0.24 * length, 0.24 * length):
        trucks.append(box((0.06, 0.09, 0.01), steel, (0, y, deck - 0.01)))
        block = np.array([(a * x, y + b * 0.02, z) for a in (-1, 1) for b in (-1, 1)
                          for x, z in ((0.02, deck - 0.005), (0.035, radius))])  # fmt: skip
        trucks.append(hull(block, steel))
        trucks.append(lying(cylinder(0.006, width, steel, sides=10), "x", (-half, y, radius)))
        for x in (-0.42 * width, 0.42 * width):
            wheels += wheel(radius, 1.2 * radius, tyre, rim, (x, y, radius))
    return Model((Part("deck", tuple(boards)), Part("grip", tuple(sheets)),
                  Part("trucks", tuple(trucks)), Part("wheels", tuple(wheels))), top)  # fmt: skip


@object_class("bowling pin", "sports", size_m=((0.05, 0.14), (0.05, 0.14), (0.15, 0.42)),
              places=(FLOOR, SURFACE), rooms=("bedroom", "garage"),
              aliases=("skittle", "ninepin"))  # fmt: skip
def bowling_pin(draw: Draw) -> Model:
    """A pin with rings around its neck."""
    height, plump = draw.size(0.18, 0.4), draw.size(0.92, 1.1)
    paint = draw.material(draw.choice(("wood", "plastic")), "white", "white", "beige",
                          pattern="blotches")  # fmt: skip
    ring = draw.material("plastic", "red", "red", "blue", "green", "black")
    shape = [(0.0, 0.0), (0.068, 0.0), (0.09, 0.05), (0.145, 0.22), (0.158, 0.32), (0.15, 0.4),
             (0.115, 0.52), (0.075, 0.62), (0.062, 0.69), (0.068, 0.76), (0.084, 0.85),
             (0.08, 0.92), (0.06, 0.97), (0.03, 0.995), (0.0, 1.0)]  # fmt: skip
    radii, heights = zip(*((plump * r * height, z * height) for r, z in shape), strict=True)
    pin = revolved([*zip(radii, heights, strict=True)], paint, sides=24)
    bands = []
    for low in (0.655, 0.72)[: draw.count(1, 2)]:
        levels = np.linspace(low, low + 0.04, 3) * height
        skin = [(float(np.interp(z, heights, radii)) + 0.001, float(z)) for z in levels]
        under = [(0.9 * r, z) for r, z in skin[::-1]]
        bands.append(revolved([*skin, *under], ring, sides=24))
    return Model((Part("pin", (pin,)), Part("rings", tuple(bands))), paint)
