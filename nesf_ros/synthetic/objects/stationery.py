"""What lies on desks: pens, pencils, staplers, calculators, rulers, globes."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from nesf_ros.synthetic.materials import Material, Print
from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.fittings import face_up
from nesf_ros.synthetic.objects.hand_tools import along_x, rested
from nesf_ros.synthetic.objects.pieces import arc, lying, profile
from nesf_ros.synthetic.objects.prints import Picture, label
from nesf_ros.synthetic.solids import Solid, ball, box, cylinder, rounded_box, tube
from nesf_ros.synthetic.things import Model, Part, placement, turned

_BRIGHT = ("red", "blue", "yellow", "green", "orange", "turquoise", "pink", "purple", "black")
_DESK = ("office", "bedroom")


@object_class("pen", "stationery", size_m=((0.11, 0.18), (0.007, 0.025), (0.007, 0.025)),
              places=(SURFACE,), rooms=_DESK,
              aliases=("ballpoint pen", "ball pen", "biro"))  # fmt: skip
def pen(draw: Draw) -> Model:
    """A pen with a clip: capped, or with a button and its tip out."""
    length, radius = draw.size(0.125, 0.15), draw.size(0.0045, 0.0065)
    paint = draw.material("plastic", *_BRIGHT, "white", "grey")
    trim = draw.material(draw.choice(("metal", "plastic")), "grey", "gold", "black")
    capped = draw.chance(0.4)
    x = -length / 2
    if capped:
        barrel = along_x([(0, 0), (0.8 * radius, 0), (radius, 0.01), (radius, length), (0, length)],
                         trim, x, radius)  # fmt: skip
        cap = along_x([(0, 0), (1.2 * radius, 0), (1.2 * radius, 0.38 * length),
                       (0.8 * radius, 0.42 * length), (0, 0.42 * length)], paint,
                      x + 0.58 * length, radius)  # fmt: skip
        parts = {"barrel": [barrel], "cap": [cap]}
        clip_x, top = 0.28 * length, 2.2 * radius
    else:
        barrel = along_x([(0, 0), (radius, 0), (radius, 0.78 * length), (0, 0.78 * length)], paint,
                         x + 0.06 * length, radius)  # fmt: skip
        tip = along_x([(0, 0), (0.2 * radius, 0), (0.95 * radius, 0.16 * length),
                       (0, 0.16 * length)], trim, x - 0.08 * length, radius)  # fmt: skip
        knob = lying(cylinder(0.5 * radius, 0.07 * length, trim, sides=10), "x",
                     (x + 0.83 * length, 0, radius))  # fmt: skip
        grip = lying(cylinder(1.08 * radius, 0.2 * length, draw.material("rubber"), sides=14), "x",
                     (x + 0.09 * length, 0, radius))  # fmt: skip
        parts = {"barrel": [barrel], "tip": [tip], "button": [knob], "grip": [grip]}
        clip_x, top = 0.16 * length, 2 * radius
    clip = [
        box((0.3 * length, 0.6 * radius, 0.0012), trim, (clip_x, 0, top + 0.002)),
        box((0.012, 0.6 * radius, 0.0035), trim, (clip_x + 0.14 * length, 0, top - 0.001)),
    ]
    roll = turned("x", 0.9, (0, 0, radius))  # a pen rolls onto its clip
    parts["clip"] = [s.moved(roll) for s in clip]
    return Model(rested(parts, np.eye(4)), paint)


@object_class("pencil", "stationery", size_m=((0.08, 0.22), (0.006, 0.014), (0.006, 0.014)),
              places=(SURFACE,), rooms=_DESK,
              aliases=("lead pencil", "wooden pencil"))  # fmt: skip
def pencil(draw: Draw) -> Model:
    """A six-sided pencil, some with an eraser."""
    length, radius = draw.size(0.09, 0.18), draw.size(0.0038, 0.005)
    paint = draw.material("wood", "brown", pattern="blotches") if draw.chance(0.1) else (
        draw.material("plastic", "yellow", "yellow", *_BRIGHT))  # fmt: skip
    wood, lead = draw.natural("food", "beige", 0.1), draw.material("stone", "black")
    rubber, band = draw.material("rubber", "red", "blue"), draw.material("metal", "gold", "grey")
    flat, x = radius * np.cos(np.pi / 6), -length / 2
    upright = turned("z", np.pi / 6)  # a flat side comes to lie below

    def along(first: float, last: float, start: float, end: float, material: Material) -> Solid:
        solid = cylinder(first, end - start, material, top_radius_m=last, sides=6)
        return lying(solid.moved(upright), "x", (x + start, 0, flat))

    cone, point = length - 0.022, length - 0.006
    shaft = along(radius, radius, 0.0, cone, paint)
    parts = [Part("shaft", (shaft,)), Part("tip", (
        along(0.97 * radius, 0.3 * radius, cone, point, wood),
        along(0.3 * radius, 0.05 * radius, point, length, lead)))]  # fmt: skip
    if draw.chance(0.6):
        parts.append(
            Part(
                "eraser",
                (
                    along(1.04 * radius, 1.04 * radius, -0.012, 0.002, band),
                    along(0.95 * radius, 0.9 * radius, -0.02, -0.012, rubber),
                ),
            )
        )
        down = placement(0, 0, 0.04 * flat)
        parts = [part.moved(down) for part in parts]
    return Model(tuple(parts), paint)


@object_class("stapler", "stationery", size_m=((0.025, 0.06), (0.09, 0.2), (0.035, 0.1)),
              places=(SURFACE,), rooms=_DESK,
              aliases=("desk stapler", "paper stapler"))  # fmt: skip
def stapler(draw: Draw) -> Model:
    """A stapler whose upper arm is lifted a little, its mouth towards +y."""
    length, width = draw.size(0.11, 0.17), draw.size(0.032, 0.042)
    paint = draw.material("plastic", *_BRIGHT, "grey")
    steel, dark = draw.material("metal", "grey", "white"), draw.material("rubber", "black")
    half = length / 2
    base = rounded_box((width, length, 0.01), 0.003, dark if draw.chance(0.5) else paint, steps=2)
    plate = box((0.5 * width, 0.03, 0.002), steel, (0, half - 0.022, 0.0095))
    hinge = profile([(-half + 0.004, 0.008), (-half + 0.03, 0.008), (-half + 0.026, 0.034),
                     (-half + 0.004, 0.034)], 0.8 * width, steel)  # fmt: skip
    rail = profile([(-half + 0.012, 0.018), (half - 0.006, 0.018), (half - 0.006, 0.03),
                    (-half + 0.012, 0.03)], 0.42 * width, steel)  # fmt: skip
    hump = draw.size(0.048, 0.056)
    arm = profile([(-half + 0.002, 0.027), (half, 0.027), (half + 0.003, 0.034),
                   *arc(0.012, 10, 90, 4, (half - 0.01, hump - 0.014)), (0, hump),
                   (-half + 0.02, 0.046), (-half + 0.002, 0.042)], 0.75 * width, paint)  # fmt: skip
    lift = turned("x", draw.size(0.04, 0.28), (0, -half + 0.012, 0.022))
    return Model((Part("base", (base, plate)), Part("hinge", (hinge,)),
                  Part("arm", (rail.moved(lift), arm.moved(lift)))), paint)  # fmt: skip


@object_class("calculator", "stationery", size_m=((0.05, 0.16), (0.09, 0.22), (0.008, 0.05)),
              places=(SURFACE,), rooms=_DESK,
              aliases=("pocket calculator", "desk calculator"))  # fmt: skip
def calculator(draw: Draw) -> Model:
    """A pocket calculator with a display and rows of keys, for a reader at +y."""
    width = draw.size(0.065, 0.12)
    depth, thick = width * draw.size(1.4, 1.7), draw.size(0.009, 0.016)
    shell = draw.material("plastic", "black", "grey", "white", "blue", "pink", "turquoise")
    pale = shell.color_name in ("black", "blue")
    key = draw.material("plastic", "white" if pale else "black")
    mark = draw.material("plastic", "orange", "red", "green")
    body = rounded_box((width, depth, thick), 0.35 * thick, shell, steps=2)
    digits = label(str(draw.count(12, 99999999)), (0.66, 0.72, 0.6), (0.1, 0.12, 0.1), (128, 36))
    screen = face_up(digits, (0.84 * width, 0.17 * depth), key, (0, -0.33 * depth, thick - 0.0004),
                     0.0014)  # fmt: skip
    rows, columns = draw.count(4, 6), draw.count(4, 5)
    step_x, step_y = 0.88 * width / columns, 0.6 * depth / rows
    keys = []
    for row in range(rows):
        for column in range(columns):
            special = column == 0 or (row == 0 and column > columns - 3)
            at = ((column + 0.5) * step_x - 0.44 * width, (row + 0.5) * step_y - 0.17 * depth,
                  thick - 0.001)  # fmt: skip
            keys.append(box((0.76 * step_x, 0.7 * step_y, 0.0035), mark if special else key, at))
    parts = Part("body", (body,)), Part("screen", (screen,)), Part("keys", tuple(keys))
    return Model(parts, shell)


@object_class("ruler", "stationery", size_m=((0.14, 0.56), (0.02, 0.055), (0.001, 0.008)),
              places=(SURFACE,), rooms=_DESK,
              aliases=("measuring stick", "straightedge"))  # fmt: skip
def ruler(draw: Draw) -> Model:
    """A ruler with a scale in centimetres, for a reader at +y."""
    centimetres, width = draw.choice((15, 20, 30, 50)), draw.size(0.026, 0.042)
    length, thick = 0.01 * centimetres + draw.size(0.01, 0.02), draw.size(0.0018, 0.004)
    paint = draw.material(draw.choice(("wood", "plastic", "metal")), "beige", "yellow", "white",
                          "grey", "turquoise", "pink")  # fmt: skip
    body = box((length, width, thick), paint)
    image = _scale(paint, centimetres, width / length)
    face = face_up(image, (0.999 * length, 0.98 * width), paint, (0, 0, thick), 0.0008)
    return Model((Part("ruler", (body, face)),), paint)


def _scale(paint: Material, centimetres: int, aspect: float) -> Picture:
    """Ticks for half and whole centimetres along the upper edge, and numbers."""
    width = 40 * centimetres
    height = int(width * aspect)
    image = np.full((height, width, 3), np.round(255 * np.array(paint.color)), np.uint8)
    step = 0.94 * width / centimetres
    for number in range(2 * centimetres + 1):
        x, whole = int(0.03 * width + number * step / 2), number % 2 == 0
        cv2.line(image, (x, 0), (x, int(height * (0.34 if whole else 0.2))), (20, 20, 20), 3)
        if whole and (number // 2) % (1 if centimetres <= 20 else 5) == 0:
            cv2.putText(
                image,
                str(number // 2),
                (x - 11 * len(str(number // 2)) + 2, int(0.8 * height)),
                cv2.FONT_HERSHEY_DUPLEX,
                0.75,
                (20, 20, 20),
                2,
                cv2.LINE_AA,
            )
    return image


@object_class("globe", "stationery", size_m=((0.15, 0.45), (0.15, 0.45), (0.2, 0.55)),
              places=(SURFACE, FLOOR), rooms=("office", "bedroom", "living room"),
              aliases=("world globe", "earth globe", "terrestrial globe"))  # fmt: skip
def globe(draw: Draw) -> Model:
    """A globe with seas and lands, tilted in its holder."""
    radius, tilt = draw.size(0.08, 0.16), draw.size(0.3, 0.45)
    stand = draw.material(draw.choice(("metal", "wood", "plastic")), "gold", "brown", "black")
    picture = Print(_world(draw), "round", (-np.pi, 0.0), (np.pi, 2 * radius))
    sea = replace(draw.material("paper", "blue", "turquoise", pattern="blotches"), print=picture)
    foot, rise = 0.12 * radius, draw.size(0.35, 0.6) * radius
    middle = foot + rise + 1.12 * radius
    lean = placement(0, 0, middle) @ turned("y", tilt) @ placement(0, 0, -radius)
    world = ball(radius, sea, sides=24).moved(lean)
    # A half ring from pole to pole, which ends in two pins.
    ring = [(x, 0.0, z) for x, z in arc(1.12 * radius, 90, 270, 13)]
    path = [(0.0, 0.0, 0.98 * radius), *ring, (0.0, 0.0, -0.98 * radius)]
    hold = placement(0, 0, middle) @ turned("y", tilt)
    holder = [s.moved(hold) for s in tube(path, 0.045 * radius, stand, 8)]
    column = cylinder(0.08 * radius, rise + 0.05 * radius, stand, (0, 0, 0.8 * foot), sides=12)
    base = cylinder(radius * draw.size(0.65, 0.85), foot, stand,
                    top_radius_m=0.5 * radius, sides=24)  # fmt: skip
    return Model((Part("globe", (world,)), Part("holder", tuple(holder)),
                  Part("stand", (base, column))), sea)  # fmt: skip


def _world(draw: Draw) -> Picture:
    """Continents, ice at the poles and a net of meridians, unrolled as height over longitude."""
    around, up = np.meshgrid(np.linspace(-np.pi, np.pi, 256), np.linspace(1, -1, 128))
    flat = np.sqrt(1 - up**2)
    points = np.stack([flat * np.cos(around), flat * np.sin(around), up], axis=-1).reshape(-1, 3)

    # Lands are where a sum of random waves, the longer the stronger, is high.
    waves = draw.rng.normal(size=(24, 3)) * np.geomspace(1.8, 10, 24)[:, None]
    strength = 1 / np.linalg.norm(waves, axis=1)
    relief = np.cos(points @ waves.T + draw.rng.uniform(0, 2 * np.pi, 24)) @ strength
    relief = relief.reshape(up.shape) / relief.std()
    sea, land, dry = (np.array(draw.color(name)) for name in ("blue", "green", "beige"))
    image = np.where((relief > 0.0)[..., None], land, sea)
    image[relief > 1.4] = dry
    image[np.abs(up) > 0.94] = 0.95
    net = (np.abs(np.sin(6 * around)) < 0.06) | (np.abs(np.sin(6 * np.arcsin(up))) < 0.06)
    image[net] *= 0.8
    return np.round(255 * image).astype(np.uint8)
