"""Clocks for walls, and alarm clocks."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from nesf_ros.synthetic.materials import Color, Material, Print
from nesf_ros.synthetic.objects.catalog import SURFACE, WALL, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.fittings import shown
from nesf_ros.synthetic.objects.joinery import timber
from nesf_ros.synthetic.objects.pieces import lying
from nesf_ros.synthetic.objects.screens import bytes_of, digits
from nesf_ros.synthetic.solids import (
    Solid,
    ball,
    box,
    cylinder,
    ellipsoid,
    revolved,
    rounded_box,
    tapered_box,
)
from nesf_ros.synthetic.things import Model, Part, placement, turned

_ROMAN = ("XII", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI")


@object_class("clock", "decoration", size_m=((0.16, 0.75), (0.02, 0.13), (0.16, 0.95)),
              places=(WALL,), rooms=("living room", "kitchen", "office", "hall"),
              aliases=("wall clock", "clock on the wall", "clock with hands"))  # fmt: skip
def clock(draw: Draw) -> Model:
    """A round or square dial with hands; rays around it, or a pendulum below, on some."""
    body = draw.choice((timber(draw), draw.material("plastic"), draw.material("metal")))
    radius, deep = draw.size(0.1, 0.19), draw.size(0.025, 0.05)
    style = draw.choice(("round", "round", "square", "rays", "pendulum"))
    parts, low = list[Part](), 0.0
    if style == "square":
        case: tuple[Solid, ...] = (rounded_box((2.2 * radius, deep, 2.2 * radius), 0.3 * deep, body,
                                               (0, deep / 2, -1.1 * radius), steps=2),)  # fmt: skip
    else:
        rim = radius + draw.size(0.008, 0.025)
        ring = [(0, 0), (rim, 0), (rim, 0.8 * deep), (rim - 0.004, 1.1 * deep), (radius, deep),
                (0, deep)]  # fmt: skip
        case = (lying(revolved(ring, body, sides=32), "y"),)
    if style == "rays":
        parts.append(Part("rays", _rays(draw, radius, 0.6 * deep, body)))
    if style == "pendulum":
        low = draw.size(1.6, 2.2) * radius
        case += (box((1.2 * radius, 0.9 * deep, low + 0.6 * radius), body,
                     (0, 0.45 * deep, -low - 0.9 * radius)),)  # fmt: skip
        brass = draw.material("metal", "gold")
        swing = turned("y", draw.size(-0.2, 0.2), (0, 0, -radius))
        bob = (box((0.008, 0.004, low), brass, (0, deep, -radius - low + 0.02)),
               lying(cylinder(0.22 * radius, 0.008, brass, sides=16), "y",
                     (0, deep - 0.002, -low - 0.85 * radius)))  # fmt: skip
        parts.append(Part("pendulum", tuple(piece.moved(swing) for piece in bob)))
    face, hands = _dial(draw, radius, deep)
    parts = [Part("case", case), face, hands, *parts]
    bottom = min(float(s.bounds[0][2]) for part in parts for s in part.solids)
    raised = placement(0, 0, -bottom)
    return Model(tuple(part.moved(raised) for part in parts), body)


def _rays(draw: Draw, radius: float, y: float, body: Material) -> tuple[Solid, ...]:
    """Spikes all around a dial."""
    count, long = draw.count(12, 24), draw.size(0.4, 0.9) * radius
    ray = tapered_box((0.16 * radius, 0.008, long), (0.02 * radius, 0.008), body,
                      (0, max(y, 0.004), radius))  # fmt: skip
    return tuple(ray.moved(turned("y", n * 2 * np.pi / count)) for n in range(count))


def _dial(draw: Draw, radius: float, deep: float) -> tuple[Part, Part]:
    """A disc with numbers right before the plane y = deep, and two or three hands."""
    paper = draw.material("paper", "white", "white", "beige", "black", "blue", pattern="blotches")
    dark = sum(paper.color) > 1.2
    ink: Color = (0.08, 0.08, 0.1) if dark else (0.95, 0.95, 0.92)
    image = _numbers(draw, paper.color, ink)
    # What is laid forwards from standing shows its top upside down.
    print_ = Print(image[::-1, ::-1], "top", (-radius, -radius), (radius, radius))
    disc = lying(cylinder(0.97 * radius, 0.003, replace(paper, print=print_)), "y",
                 (0, deep - 0.001, 0))  # fmt: skip
    metal = replace(draw.material("metal", "black"), color=ink, second=ink)
    minute, second = draw.size(0, 2 * np.pi), draw.size(0, 2 * np.pi)
    hour = draw.count(0, 11) * np.pi / 6 + minute / 12
    hands = [_hand(radius, 0.5, 0.05, hour, deep + 0.004, metal),
             _hand(radius, 0.75, 0.035, minute, deep + 0.006, metal)]  # fmt: skip
    if draw.chance(0.5):
        red = draw.material("metal", "red")
        hands.append(_hand(radius, 0.8, 0.012, second, deep + 0.008, red))
    hub = lying(cylinder(0.045 * radius, 0.009, metal, sides=10), "y", (0, deep + 0.001, 0))
    return Part("dial", (disc,)), Part("hands", (*hands, hub))


def _hand(
    radius: float, reach: float, wide: float, angle: float, y: float, metal: Material
) -> Solid:
    """A pointer turned clockwise from twelve by an angle; measures are shares of the radius."""
    length = (reach + 0.12) * radius
    bar = tapered_box((wide * radius, 0.001, length), (0.5 * wide * radius, 0.001), metal,
                      (0, y, -0.12 * radius))  # fmt: skip
    return bar.moved(turned("y", -angle))


def _numbers(draw: Draw, ground: Color, ink: Color) -> UInt8[ndarray, "size size 3"]:
    """The picture of a dial: all numbers or four, in digits or Roman, or marks alone."""
    size, style = 192, draw.choice(("digits", "digits", "four", "roman", "marks"))
    image = np.full((size, size, 3), bytes_of(ground), np.uint8)
    color, font = bytes_of(ink), draw.choice((cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX))
    for hour in range(12):
        way = np.array([np.sin(hour * np.pi / 6), -np.cos(hour * np.pi / 6)])
        written = style in ("digits", "roman") or (style == "four" and hour % 3 == 0)
        if not written:
            ends = [tuple(np.round(size / 2 + size * r * way).astype(int).tolist())
                    for r in (0.38 if hour % 3 else 0.34, 0.45)]  # fmt: skip
            cv2.line(image, ends[0], ends[1], color, 3 if hour % 3 else 6, cv2.LINE_AA)
            continue
        words = _ROMAN[hour] if style == "roman" else str(hour or 12)
        scale = 0.6 if style == "roman" else 0.85
        (across, up), _ = cv2.getTextSize(words, font, scale, 2)
        x, y = size / 2 + 0.38 * size * way
        cv2.putText(image, words, (round(x - across / 2), round(y + up / 2)), font, scale, color, 2,
                    cv2.LINE_AA)  # fmt: skip
    return image


@object_class("alarm clock", "electronics", size_m=((0.06, 0.24), (0.03, 0.12), (0.05, 0.24)),
              places=(SURFACE,), rooms=("bedroom",),
              aliases=("bedside clock", "wake-up clock", "desk clock"))  # fmt: skip
def alarm_clock(draw: Draw) -> Model:
    """A dial on feet with two bells and a hammer on top, or a block that shows digits."""
    body = draw.choice((draw.material("metal"), draw.material("plastic"), draw.material("plastic")))
    if draw.chance(0.4):
        return _digital(draw, body)
    radius, deep = draw.size(0.04, 0.065), draw.size(0.035, 0.055)
    z = radius + 0.018
    case = lying(cylinder(radius + 0.006, deep, body, sides=24), "y", (0, -deep / 2, z))
    face, hands = _dial(draw, radius, 0.0)
    front = placement(0, deep / 2, z)
    feet = tuple(tapered_box((0.012, 0.7 * deep, 0.5 * radius), (0.012, 0.5 * deep), body,
                             (side * 0.8 * radius, 0, 0), (-side * 0.2 * radius, 0))
                 for side in (-1, 1))  # fmt: skip
    parts = [Part("case", (case,)), face.moved(front), hands.moved(front), Part("feet", feet)]
    bells = []
    for side in (-1, 1):
        tilt = turned("y", side * 0.6, (0, 0, z))
        size = (0.95 * radius, 0.95 * radius, 0.5 * radius)
        bells += [ellipsoid(size, body, (0, 0, z + radius + 0.012), sides=14).moved(tilt),
                  cylinder(0.004, 0.02, body, (0, 0, z + radius), sides=6).moved(tilt)]  # fmt: skip
    hammer = (cylinder(0.003, 0.45 * radius, body, (0, 0, z + radius), sides=6),
              ball(0.008, body, (0, 0, z + 1.35 * radius), sides=8))  # fmt: skip
    return Model((*parts, Part("bells", tuple(bells)), Part("hammer", hammer)), body)


def _digital(draw: Draw, body: Material) -> Model:
    """A block, upright or slanting, whose front glows with the time."""
    width, height, deep = draw.size(0.1, 0.2), draw.size(0.05, 0.085), draw.size(0.04, 0.08)
    narrower = deep * draw.choice((1.0, 0.6))
    block = tapered_box((width, deep, height), (0.97 * width, narrower), body)
    text = f"{draw.count(0, 23)}:{draw.count(0, 59):02d}"
    image = digits(text, draw.color(draw.choice(("red", "green", "turquoise", "orange"))), 96, 40)
    glass = draw.material("plastic", "black")
    screen = shown(image, (0.84 * width, 0.68 * height), glass, (0, 0, 0.16 * height))
    lean = (deep - narrower) / (2 * height)
    face = placement(0, deep / 2 + 0.0005, 0) @ turned("x", float(np.arctan(lean)))
    button = box((0.5 * width, 0.3 * deep, 0.006), draw.material("plastic"), (0, 0, height))
    return Model((Part("case", (block,)), Part("screen", (screen.moved(face),)),
                  Part("button", (button,))), body)  # fmt: skip
