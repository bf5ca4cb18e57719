"""Vegetables and melons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nesf_ros.synthetic.materials import Color, Print
from nesf_ros.synthetic.objects.catalog import SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.food import edible
from nesf_ros.synthetic.objects.fruit import ROOMS, grown
from nesf_ros.synthetic.objects.pieces import arc, lying, oval, plate
from nesf_ros.synthetic.objects.pottery import bent, settled, sideways
from nesf_ros.synthetic.solids import Solid, ball, hull, revolved
from nesf_ros.synthetic.things import Model, Part, placement, turned

_TURN = ((-np.pi, 0.0), (np.pi, 1.0))
"""Edges of a print that goes all the way around and from height 0 to 1."""


@object_class("carrot", "food", size_m=((0.16, 0.36), (0.02, 0.11), (0.022, 0.075)),
              places=(SURFACE,), rooms=ROOMS, aliases=("root vegetable",))  # fmt: skip
def carrot(draw: Draw) -> Model:
    """A lying orange cone with a tuft of green leaves."""
    length, thick = draw.size(0.12, 0.18), draw.size(0.013, 0.02)
    skin = replace(draw.natural("food", "orange", 0.2), pattern="brushed", scale_m=0.02)
    blunt = draw.size(0.45, 0.75)
    profile = [(0.3, 0.0), (0.8, 0.02), (1.0, 0.08), (0.5 * (1 + blunt), 0.5), (blunt, 0.8),
               (0.6 * blunt, 0.93), (0.06, 1.0)]  # fmt: skip
    x = -0.35 * length
    made = revolved(grown(profile, thick, length), skin, sides=14)
    # It lies on the slope between its thickest place and its middle.
    slope = np.arctan2(0.5 * (1 - blunt) * thick, 0.42 * length)
    root = lying(made, "x", (x, 0.0, thick)).moved(turned("y", float(slope)))
    green = draw.natural("plant", "green")
    leaves: list[Solid] = []
    for _ in range(draw.count(4, 7)):
        long = draw.size(0.05, 0.11)
        swing, rise = draw.size(-0.3, 0.3) * long, draw.size(0.0, 0.35) * long
        tip = (x - long, swing, thick + rise)
        middle = (x - 0.6 * long, 0.5 * swing, thick + rise)
        path = [(x + 0.004, 0.0, thick), middle, tip]
        leaves += bent(path, [0.0017, (0.0065, 0.0025), (0.002, 0.001)], green, 5)
    return settled((Part("root", (root,)), Part("leaves", tuple(leaves))), skin)


@object_class("potato", "food", size_m=((0.06, 0.14), (0.045, 0.1), (0.035, 0.08)),
              places=(SURFACE,), rooms=ROOMS, aliases=("spud", "raw potato"))  # fmt: skip
def potato(draw: Draw) -> Model:
    """A lumpy oval with earth-coloured skin and dark eyes."""
    size = np.array([draw.size(0.08, 0.12), draw.size(0.055, 0.075), draw.size(0.045, 0.062)])
    tan = replace(draw.natural("food", "gold", 0.3, 0.012), color_name="brown")
    skin = draw.choice((tan, tan, draw.natural("food", "brown", 0.35, 0.012)))
    # Points spread evenly over a ball along a spiral, then stretched and bumped.
    number = np.arange(160)
    z, turn = 1 - (2 * number + 1) / 160, number * np.pi * (3 - np.sqrt(5))
    flat = np.sqrt(1 - z**2)
    sphere = np.stack([flat * np.cos(turn), flat * np.sin(turn), z], axis=1)
    waves = np.sin(sphere @ np.array([2.4, 1.9, 1.0]) + draw.size(0, 6))
    points = sphere * (1 + 0.1 * waves[:, None]) * size / 2
    floor = points[:, 2].min() + 0.08 * size[2]
    points[:, 2] = np.maximum(points[:, 2] - floor, 0.0)  # it lies on a small flat
    eye = replace(draw.natural("food", "brown", 0.1), color=(0.2, 0.13, 0.07))
    spots = [
        hull(0.0017 * sphere[::8] + points[n] * (0.99, 0.99, 1.0), eye) for n in range(8, 90, 11)
    ]
    return Model((Part("potato", (hull(points, skin),)), Part("eyes", tuple(spots))), skin)


def _picture(share: np.ndarray, first: Color, second: Color) -> np.ndarray:
    """An image that mixes two colours: 0 is the first, 1 the second."""
    mixed = np.array(first) + share[..., None].clip(0, 1) * (np.array(second) - np.array(first))
    return np.round(255 * mixed).astype(np.uint8)


@object_class("corn", "food", size_m=((0.15, 0.33), (0.035, 0.13), (0.035, 0.1)),
              places=(SURFACE,), rooms=ROOMS,
              aliases=("corn on the cob", "sweetcorn", "corncob"))  # fmt: skip
def corn(draw: Draw) -> Model:
    """A lying cob with rows of kernels, some with the husk peeled back."""
    radius, length = draw.size(0.019, 0.027), draw.size(0.14, 0.19)
    row, column = np.mgrid[0:150, 0:160]
    kernels = np.maximum(np.abs(row % 6 - 2.5) / 3, np.abs(column % 10 - 4.5) / 5) > 0.75
    image = _picture(kernels.astype(float), draw.color("yellow"), (0.78, 0.5, 0.08))
    skin = draw.natural("food", "yellow")
    cob = replace(skin, print=Print(image, "round", _TURN[0], (np.pi, length)))
    profile = [(0.7, 0.0), (0.97, 0.08), (1.0, 0.3), (0.95, 0.6), (0.75, 0.86), (0.35, 0.98)]
    body = lying(revolved(grown(profile, radius, length), cob, sides=16), "x",
                 (-length / 2, 0.0, radius))  # fmt: skip
    green = draw.natural("plant", "green", 0.3)
    leaves: list[Solid] = []
    x = -length / 2
    for number in range(draw.choice((0, 3, 4, 5))):
        long, out = draw.size(0.4, 0.75) * length, draw.size(0.4, 0.9) * radius
        line = [(x - 0.03, 0.0), (x, 0.75 * radius), (x + 0.45 * long, radius + 0.004),
                (x + 0.8 * long, radius + 0.4 * out), (x + long, radius + out)]  # fmt: skip
        half: list[float | tuple[float, float]] = [
            0.006, (0.65 * radius, 0.002), (0.7 * radius, 0.001), (0.4 * radius, 0.001), 0.001,
        ]  # fmt: skip
        leaf = bent(sideways(line), half, green, 6)
        way = turned("x", draw.size(-0.2, 0.2) + np.pi * (number / 4 - 0.5))
        leaves += [s.moved(placement(0, 0, radius) @ way) for s in leaf]
    stalk = bent([(x - 0.035, 0, radius), (x + 0.005, 0, radius)], [0.007, 0.009], green)
    return Model((Part("cob", (body,)), Part("husk", (*leaves, *stalk))), skin)


@object_class("watermelon", "food", size_m=((0.18, 0.42), (0.05, 0.28), (0.065, 0.28)),
              places=(SURFACE,), rooms=ROOMS, aliases=("melon", "water melon"))  # fmt: skip
def watermelon(draw: Draw) -> Model:
    """A large striped ball or oval, or a red wedge with a rind and black seeds."""
    return _wedge(draw) if draw.chance(0.45) else _whole_melon(draw)


def _whole_melon(draw: Draw) -> Model:
    across, long = draw.size(0.18, 0.25), draw.size(1.0, 1.45)
    row, column = np.mgrid[0:64, 0:240]
    jag = 2.2 * np.sin(row * 0.9) + 1.5 * np.sin(2.3 * row + column // 24)
    stripes = (((column + jag) % 24) < draw.size(8, 13)).astype(float)
    light, dark = draw.color("green"), (0.03, 0.2, 0.06)
    light = (0.5 * light[0] + 0.2, 0.5 * light[1] + 0.38, 0.5 * light[2] + 0.1)
    rind = draw.natural("food", "green")
    rind = replace(rind, print=Print(_picture(stripes, light, dark), "round", *_TURN))
    stretch = np.diag([across, across, across * long, 1.0])
    body = ball(0.5, rind, sides=24).moved(stretch)
    body = body.moved(placement(-across * long / 2, 0, across / 2 * np.cos(np.pi / 24))
                      @ turned("y", np.pi / 2) @ turned("z", np.pi / 24))  # fmt: skip
    stem = draw.natural("plant", "brown")
    x, z = across * long / 2, across / 2
    stalk = bent([(x - 0.01, 0, z), (x + 0.01, 0, z), (x + 0.018, 0, z + 0.02)],
                 [0.005, 0.004, 0.005], stem, 6)  # fmt: skip
    return Model((Part("rind", (body,)), Part("stalk", stalk)), rind)


def _wedge(draw: Draw) -> Model:
    radius, thick = draw.size(0.11, 0.16), draw.size(0.055, 0.08)
    green, red = draw.natural("food", "green", 0.4), draw.natural("food", "red", 0.1)
    pale = edible((0.86, 0.93, 0.75), "green")
    solids = []
    for share, depth, material in ((1.0, 0.0, green), (0.94, 0.002, pale), (0.88, 0.004, red)):
        half = arc(share * radius, 200, 340, 12)
        solids.append(plate(half, thick + depth, material, (0, 0, radius)))
    black = edible((0.08, 0.05, 0.04), "black")
    seeds: list[Solid] = []
    for share, count in ((0.72, 7), (0.52, 5)):
        for x, z in arc(share * radius, 225, 315, count, (0.0, radius)):
            seeds.append(plate(oval(0.006, 0.011, 6), thick + 0.007, black, (x, 0.0, z)))
    parts = (Part("rind", tuple(solids[:2])), Part("pulp", tuple(solids[2:])),
             Part("seeds", tuple(seeds)))  # fmt: skip
    return settled(parts, red)


@object_class("lettuce", "food", size_m=((0.13, 0.34), (0.13, 0.34), (0.09, 0.26)),
              places=(SURFACE,), rooms=ROOMS,
              aliases=("head of lettuce", "salad", "cabbage"))  # fmt: skip
def lettuce(draw: Draw) -> Model:
    """A head of green leaves, the outer ones open and wavy."""
    radius = draw.size(0.055, 0.075)
    colors = [edible((draw.size(0.35, 0.55), draw.size(0.6, 0.75), 0.2), "green", 0.03, 0.3)
              for _ in range(3)]  # fmt: skip
    heart = edible((0.72, 0.84, 0.5), "green", 0.03)
    core = ball(radius, heart, (0, 0, 0.01), 14)
    leaves: list[Solid] = []
    for ring, (count, reach, rise) in enumerate(((5, 1.15, 1.9), (7, 1.5, 1.4), (8, 1.75, 0.8))):
        for number in range(count):
            wide = radius * draw.size(0.55, 0.75)
            top, out = radius * rise * draw.size(0.9, 1.1), radius * reach * draw.size(0.92, 1.08)
            path = [
                (0.25 * radius, 0, 0.008),
                (0.75 * out, 0, 0.25 * top + 0.008),
                (0.97 * out, 0, 0.75 * top),
                (out, 0, 0.95 * top),
                (1.15 * out, 0, 1.02 * top),
            ]
            half = [
                (0.3 * wide, 0.003),
                (0.9 * wide, 0.002),
                (wide, 0.0015),
                (0.8 * wide, 0.001),
                (0.45 * wide, 0.001),
            ]
            way = turned("z", 2 * np.pi * (number + 0.5 * ring + draw.size(-0.15, 0.15)) / count)
            leaves += [s.moved(way) for s in bent(path, half, draw.choice(colors), 4)]
    return settled((Part("heart", (core,)), Part("leaves", tuple(leaves))), colors[0])
