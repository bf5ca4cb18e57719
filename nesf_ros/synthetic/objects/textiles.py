"""Cloth to lie on: pillows and rugs."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from nesf_ros.synthetic.materials import Material, Print
from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pieces import lying, oval
from nesf_ros.synthetic.objects.screens import bytes_of
from nesf_ros.synthetic.solids import Point, Solid, ball, box, cylinder, extruded, hull, torus
from nesf_ros.synthetic.things import Model, Part

_RUG_COLORS = ("red", "blue", "green", "beige", "brown", "white", "black", "orange", "turquoise",
               "purple", "grey")  # fmt: skip


def _puffed(size_m: Point, material: Material, belly: float) -> Solid:
    """A pillow that lies: thin at its seam, thick in the middle, flat where it rests."""
    width, depth, thick = size_m
    points = []
    for u in np.linspace(-1, 1, 7):
        for v in np.linspace(-1, 1, 7):
            rise = ((1 - u**2) * (1 - v**2)) ** belly
            for way in (-1, 1):
                points.append((u * width / 2, v * depth / 2, thick / 2 * (1 + way * rise)))
    # A little cut off below, so that it does not rest on a point.
    flat = np.array(points)
    flat[:, 2] = np.maximum(flat[:, 2] - 0.06 * thick, 0)
    return hull(flat, material)


@object_class("pillow", "decoration", size_m=((0.28, 0.85), (0.14, 0.66), (0.07, 0.24)),
              places=(SURFACE, FLOOR), rooms=("bedroom", "living room"),
              aliases=("throw pillow", "soft pillow", "headrest"))  # fmt: skip
def pillow(draw: Draw) -> Model:
    """Square, oblong, round or a roll; with a rim, a button or tassels on some."""
    stuff, style = (
        draw.material("fabric"),
        draw.choice(("square", "square", "oblong", "round", "roll")),
    )
    trim = draw.material("fabric", pattern="blotches")
    if style == "roll":
        radius, long = draw.size(0.07, 0.11), draw.size(0.35, 0.7)
        body = lying(cylinder(radius, long, stuff, sides=20), "x", (-long / 2, 0, radius))
        ends = [lying(cylinder(0.35 * radius, 0.012, trim, sides=12), "x", (x, 0, radius))
                for x in (-long / 2 - 0.01, long / 2 - 0.002)]  # fmt: skip
        return Model((Part("body", (body,)), Part("buttons", tuple(ends))), stuff)
    if style == "round":
        radius, thick = draw.size(0.16, 0.25), draw.size(0.09, 0.15)
        body = _round_pillow(radius, thick, stuff)
        rim = torus(radius - 0.004, 0.006, trim, (0, 0, thick / 2 - 0.006), sides=20)
        button = cylinder(0.022, 0.008, trim, (0, 0, thick - 0.006), 0.016, sides=12)
        return Model((Part("body", (body,)), Part("rim", (rim,)), Part("button", (button,))), stuff)
    width = draw.size(0.36, 0.52) if style == "square" else draw.size(0.5, 0.78)
    depth = width * (draw.size(0.95, 1.05) if style == "square" else draw.size(0.6, 0.72))
    thick = draw.size(0.11, 0.2)
    body = _puffed((width, depth, thick), stuff, draw.size(0.35, 0.6))
    parts = [Part("body", (body,))]
    if draw.chance(0.35):
        z = 0.44 * thick - 0.012
        corners = [(x * 0.99 * width / 2, y * 0.99 * depth / 2) for x in (-1, 1) for y in (-1, 1)]
        tassels = tuple(ball(0.012, trim, (x, y, z), sides=8) for x, y in corners)
        parts.append(Part("tassels", tassels))
    elif draw.chance(0.5):
        rims = [box((width + 0.01, 0.012, 0.012), trim, (0, y, 0.44 * thick - 0.006))
               for y in (-depth / 2, depth / 2)]  # fmt: skip
        rims += [box((0.012, depth, 0.012), trim, (x, 0, 0.44 * thick - 0.006))
                for x in (-width / 2, width / 2)]  # fmt: skip
        parts.append(Part("rim", tuple(rims)))
    return Model(tuple(parts), stuff)


def _round_pillow(radius: float, thick: float, stuff: Material) -> Solid:
    """A flat round cushion with bulging sides."""
    angle = np.arange(20) * (2 * np.pi / 20)
    rings = [(0.8, 0.0), (0.96, 0.2), (1.0, 0.5), (0.96, 0.8), (0.75, 1.0)]
    points = [(radius * r * np.cos(a), radius * r * np.sin(a), thick * z)
              for r, z in rings for a in angle]  # fmt: skip
    return hull(np.array(points), stuff)


@object_class("rug", "decoration", size_m=((0.5, 2.9), (0.35, 2.0), (0.004, 0.03)),
              places=(FLOOR,), rooms=("living room", "bedroom", "hall", "bathroom"),
              aliases=("floor rug", "area rug", "floor covering"))  # fmt: skip
def rug(draw: Draw) -> Model:
    """Flat, rectangular, round or oval, with borders, stripes, a medallion or a plain pile."""
    width, thick = draw.size(0.6, 2.6), draw.size(0.006, 0.02)
    style = draw.choice(("rectangle", "rectangle", "rectangle", "round", "oval"))
    depth = {"round": width, "oval": 0.65 * width}.get(style, width * draw.size(0.55, 0.75))
    if style == "round":
        width = depth = min(width, 1.9)
    stuff = draw.material("fabric", *_RUG_COLORS)
    if draw.chance(0.75) and not draw.novel:
        picture = Print(_pattern(draw, stuff, style != "rectangle"), "top",
                        (-width / 2, -depth / 2), (width / 2, depth / 2))  # fmt: skip
        stuff = replace(stuff, print=picture)
    if style != "rectangle":
        return Model((Part("rug", (extruded(oval(width, depth, 36), thick, stuff),)),), stuff)
    parts = [Part("rug", (box((width, depth, thick), stuff),))]
    if draw.chance(0.5):
        thread = draw.material("fabric", "white", "beige", pattern="blotches")
        step = 0.04
        rows = np.arange(-depth / 2 + 0.02, depth / 2 - 0.01, step)
        threads = tuple(box((0.05, 0.02, 0.004), thread, (x, float(y), 0))
                        for x in (-width / 2 - 0.024, width / 2 + 0.024) for y in rows)  # fmt: skip
        parts.append(Part("fringe", threads))
    return Model(tuple(parts), stuff)


def _pattern(draw: Draw, stuff: Material, round_: bool) -> UInt8[ndarray, "height width 3"]:
    """Borders around a field with stripes, diamonds, a medallion or blots."""
    width, height = 240, 160
    inks = [bytes_of(draw.color(draw.choice(_RUG_COLORS))) for _ in range(3)]
    image = np.full((height, width, 3), bytes_of(stuff.color), np.uint8)
    edge = draw.count(8, 24)
    if round_:
        for share, ink in zip((0.86, 0.66, 0.4), inks, strict=True):
            axes = (round(share * width / 2), round(share * height / 2))
            cv2.ellipse(image, (width // 2, height // 2), axes, 0, 0, 360, ink, -1, cv2.LINE_AA)
        return image
    style = draw.choice(("stripes", "diamonds", "medallion", "blots", "plain"))
    if style == "stripes":
        for n in range(0, 12, 2):
            cv2.rectangle(image, (n * 20, 0), (n * 20 + draw.count(6, 19), height), inks[n % 3], -1)
        return image
    if style == "blots":
        for n in range(draw.count(6, 14)):
            spot = (draw.count(0, width), draw.count(0, height))
            axes = (draw.count(12, 50), draw.count(8, 36))
            cv2.ellipse(image, spot, axes, 0, 0, 360, inks[n % 3], -1, cv2.LINE_AA)
        return image
    for inset, ink in ((0, inks[0]), (edge, inks[1]), (edge + 5, bytes_of(stuff.color))):
        cv2.rectangle(image, (inset, inset), (width - 1 - inset, height - 1 - inset), ink, -1)
    if style == "medallion":
        for size, ink in ((1.0, inks[1]), (0.8, inks[0]), (0.5, inks[2])):
            _diamond(image, (width // 2, height // 2), round(size * 65), round(size * 48), ink)
    elif style == "diamonds":
        for x in range(48, width - 30, 36):
            for y in range(44, height - 30, 36):
                _diamond(image, (x, y), 14, 14, inks[(x + y) // 36 % 3])
    return image


def _diamond(image: ndarray, at: tuple[int, int], across: int, up: int,
             ink: tuple[int, int, int]) -> None:  # fmt: skip
    x, y = at
    corners = np.array([(x - across, y), (x, y - up), (x + across, y), (x, y + up)], np.int32)
    cv2.fillPoly(image, [corners], ink, cv2.LINE_AA)
