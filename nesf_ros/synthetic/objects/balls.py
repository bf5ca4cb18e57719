"""Balls of sports, told apart by what is printed on them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float64, Int64
from numpy import ndarray

from nesf_ros.synthetic.materials import Print
from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.solids import ball
from nesf_ros.synthetic.things import Model, Part

Directions = Float64[ndarray, "n 3"]
_WIDTH, _HEIGHT = 320, 160


def _printed(
    draw: Draw, radius: float, kind: str, colors: tuple[str, ...],
    regions: Callable[[Directions], Int64[ndarray, " n"]],
) -> Model:  # fmt: skip
    """A ball whose colours are those of the regions that directions from its middle fall in.

    Its main material has the first of the colours.
    """
    angle = -np.pi + (np.arange(_WIDTH) + 0.5) * (2 * np.pi / _WIDTH)
    height = 1 - (np.arange(_HEIGHT) + 0.5) * (2 / _HEIGHT)
    around, up = np.meshgrid(angle, height)
    flat = np.sqrt(1 - up**2)
    directions = np.stack([flat * np.cos(around), flat * np.sin(around), up], axis=-1)
    roll = np.linalg.qr(draw.rng.normal(size=(3, 3)))[0]
    region = regions(directions.reshape(-1, 3) @ roll.T)
    paints = [draw.color(name) for name in colors]
    image = np.round(255 * np.array(paints)[region]).astype(np.uint8)
    picture = Print(image.reshape(_HEIGHT, _WIDTH, 3), "round", (-np.pi, 0.0), (np.pi, 2 * radius))
    material = draw.material(kind, colors[0], pattern="blotches", print=picture)
    return Model((Part("ball", (ball(radius, material, sides=24),)),), material)


@object_class("basketball", "sports", size_m=((0.2, 0.25),) * 3,
              places=(FLOOR, SURFACE), rooms=("bedroom", "garage"),
              aliases=("basket ball", "orange ball with black lines"))  # fmt: skip
def basketball(draw: Draw) -> Model:
    """An orange ball with four black seams."""
    line = draw.size(0.025, 0.04)

    def regions(d: Directions) -> Int64[ndarray, " n"]:
        x, y, z = d.T
        curved = np.abs(np.abs(y) - (0.42 + 0.33 * x**2))
        seam = np.minimum(np.minimum(np.abs(y), np.abs(z)), curved) < line
        return seam.astype(np.int64)

    leather = draw.choice(("orange", "orange", "orange", "brown"))
    return _printed(draw, draw.size(0.108, 0.122), "rubber", (leather, "black"), regions)


def _icosahedron() -> tuple[Float64[ndarray, "12 3"], Float64[ndarray, "20 3"]]:
    """Unit vectors to its corners and to the middles of its faces."""
    golden = (1 + np.sqrt(5)) / 2
    plane = np.array([(0, a, b * golden) for a in (-1, 1) for b in (-1, 1)])
    corners = np.concatenate([np.roll(plane, n, axis=1) for n in range(3)])
    inner = np.array([(0, a * golden, b / golden) for a in (-1, 1) for b in (-1, 1)])
    eight = np.array([(a, b, c) for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)])
    middles = np.concatenate([eight, *(np.roll(inner, n, axis=1) for n in range(3))])
    return corners / np.hypot(1, golden), middles / np.sqrt(3)


@object_class("football", "sports", size_m=((0.18, 0.24),) * 3,
              places=(FLOOR, SURFACE), rooms=("bedroom", "garage"),
              aliases=("black and white ball", "foot ball"))  # fmt: skip
def football(draw: Draw) -> Model:
    """A ball of twelve dark pentagons and twenty pale hexagons."""
    corners, middles = _icosahedron()

    def regions(d: Directions) -> Int64[ndarray, " n"]:
        # A truncated icosahedron of edge 1: its pentagons lie at 2.327, its hexagons at 2.267.
        reach = np.sort(np.concatenate([d @ corners.T / 2.327, d @ middles.T / 2.267], axis=1))
        pentagon = (d @ corners.T / 2.327).max(1) >= reach[:, -1]
        seam = reach[:, -1] - reach[:, -2] < 0.006
        return np.where(pentagon, 1, np.where(seam, 2, 0))

    dark = draw.choice(("black", "black", "black", "blue", "red"))
    colors = (draw.choice(("white", "white", "white", "yellow")), dark, "grey")
    return _printed(draw, draw.size(0.095, 0.115), "leather", colors, regions)


def _seam(directions: Directions) -> tuple[Float64[ndarray, " n"], Float64[ndarray, " n"]]:
    """The one closed seam of tennis balls and baseballs: angle to it, and where along it (0-1)."""
    t, bend = np.linspace(0, 2 * np.pi, 241)[:-1], 0.36
    path = np.stack([(1 - bend) * np.cos(t) + bend * np.cos(3 * t),
                     (1 - bend) * np.sin(t) - bend * np.sin(3 * t),
                     2 * np.sqrt(bend * (1 - bend)) * np.sin(2 * t)], axis=1)  # fmt: skip
    cosines = directions @ path.T
    return np.arccos(np.clip(cosines.max(1), -1, 1)), cosines.argmax(1) / len(t)


@object_class("tennis ball", "sports", size_m=((0.06, 0.072),) * 3,
              places=(FLOOR, SURFACE), rooms=("bedroom", "garage", "hall"),
              aliases=("ball for tennis",))  # fmt: skip
def tennis_ball(draw: Draw) -> Model:
    """A yellow felt ball with a white seam."""
    half = draw.size(0.05, 0.08)
    felt = draw.choice(("yellow", "yellow", "yellow", "green"))
    return _printed(draw, draw.size(0.0325, 0.035), "fabric", (felt, "white"),
                    lambda d: (_seam(d)[0] < half).astype(np.int64))  # fmt: skip


@object_class("baseball", "sports", size_m=((0.07, 0.08),) * 3,
              places=(FLOOR, SURFACE), rooms=("bedroom", "garage"),
              aliases=("base ball", "white ball with red stitches"))  # fmt: skip
def baseball(draw: Draw) -> Model:
    """A white ball with red stitches along its seam."""
    half, stitches = draw.size(0.12, 0.16), draw.count(36, 48)

    def regions(d: Directions) -> Int64[ndarray, " n"]:
        away, along = _seam(d)
        stitch = (away < half) & (np.modf(along * stitches)[0] < 0.45)
        return np.where(stitch, 1, np.where(away < 0.025, 2, 0))

    return _printed(draw, draw.size(0.036, 0.0395), "leather", ("white", "red", "grey"), regions)


@object_class("beach ball", "sports", size_m=((0.2, 0.5),) * 3,
              places=(FLOOR,), rooms=("bedroom", "living room"),
              aliases=("inflatable ball", "striped ball"))  # fmt: skip
def beach_ball(draw: Draw) -> Model:
    """A large light ball with gores of several colours and white ends."""
    gores = draw.choice((6, 8))
    lively = draw.rng.permutation(("red", "yellow", "blue", "green", "orange")).tolist()
    colors = ("white", *lively[: gores // 2])

    def regions(d: Directions) -> Int64[ndarray, " n"]:
        gore = np.floor((np.arctan2(d[:, 1], d[:, 0]) / (2 * np.pi) + 0.5) * gores).astype(np.int64)
        coloured = np.where(gore % 2 == 0, 1 + gore // 2 % (gores // 2), 0)
        return np.where(np.abs(d[:, 2]) > 0.96, 0, coloured)

    return _printed(draw, draw.size(0.11, 0.24), "plastic", colors, regions)
