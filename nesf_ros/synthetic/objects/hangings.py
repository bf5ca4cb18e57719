"""What hangs on walls: pictures, mirrors, curtains."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from nesf_ros.synthetic.materials import Material, Print
from nesf_ros.synthetic.objects.catalog import WALL, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.joinery import timber
from nesf_ros.synthetic.objects.pictures import painting
from nesf_ros.synthetic.objects.pieces import Outline, arc, lying, oval, plate
from nesf_ros.synthetic.solids import Solid, ball, box, cylinder, extruded, torus
from nesf_ros.synthetic.things import Model, Part, placement

_ROOMS = ("living room", "bedroom", "office", "hall")


def _bars(
    width: float, height: float, bar: float, deep: float, wood: Material
) -> tuple[Solid, ...]:
    """Four bars of a frame around an opening, their backs at the wall."""
    out, up = width + 2 * bar, deep / 2
    return (
        box((out, deep, bar), wood, (0, up, 0)),
        box((out, deep, bar), wood, (0, up, height + bar)),
        box((bar, deep, height), wood, (-(width + bar) / 2, up, bar)),
        box((bar, deep, height), wood, ((width + bar) / 2, up, bar)),
    )


@object_class("picture frame", "decoration", size_m=((0.15, 1.3), (0.01, 0.05), (0.15, 1.3)),
              places=(WALL,), rooms=_ROOMS,
              aliases=("picture", "framed picture", "painting"))  # fmt: skip
def picture_frame(draw: Draw) -> Model:
    """A framed painting, print or photo, with a white margin in some."""
    wood = draw.choice((timber(draw), draw.material("metal", "gold", "black", "grey")))
    short = draw.size(0.14, 0.75)
    long = short * draw.choice((1.0, draw.size(1.2, 1.6)))
    width, height = (short, long) if draw.chance(0.5) else (long, short)
    bar, deep = draw.size(0.012, 0.06), draw.size(0.014, 0.04)
    margin = draw.size(0.1, 0.2) * short if draw.chance(0.5) else 0.0
    image = painting(draw, (160, round(160 * (height - 2 * margin) / (width - 2 * margin))))
    x, z = width / 2 - margin, (height / 2 - margin)
    shown = Print(image, "front", (-x, height / 2 - z), (x, height / 2 + z))
    paper = draw.material("paper", "white", "white", "beige", pattern="blotches", print=shown)
    sheet = box((width, 0.6 * deep, height), paper, (0, 0.3 * deep, bar))
    return Model((Part("frame", _bars(width, height, bar, deep, wood)),
                  Part("picture", (sheet,))), wood)  # fmt: skip


@object_class("mirror", "decoration", size_m=((0.22, 1.0), (0.008, 0.05), (0.22, 1.75)),
              places=(WALL,), rooms=("bathroom", "hall", "bedroom"),
              aliases=("wall mirror", "looking glass", "hanging mirror"))  # fmt: skip
def mirror(draw: Draw) -> Model:
    """Round, oval, rectangular or with an arch on top, in a frame."""
    wood = draw.choice((timber(draw), draw.material("metal"), draw.material("metal", "gold")))
    style, bar = (
        draw.choice(("round", "oval", "rectangle", "rectangle", "arch")),
        draw.size(0.01, 0.05),
    )
    width, deep = draw.size(0.25, 0.8), draw.size(0.012, 0.035)
    tall = width * (1.0 if style == "round" else draw.size(1.2, 1.9))
    streaks = _streaks(draw)
    half, glass = width / 2, replace(draw.material("glass", "white"), gloss=0.9)
    if style == "rectangle":
        shown = Print(streaks, "front", (-half, 0.0), (half, tall))
        glass = replace(glass, print=shown)
        pane = box((width, 0.6 * deep, tall), glass, (0, 0.3 * deep, bar))
        frame = _bars(width, tall, bar, deep, wood)
    else:
        inner = _pane(width, tall, style)
        outer = _pane(width + 2 * bar, tall + 2 * bar, style)
        # A plate is made lying, upside down.
        shown = Print(streaks[::-1, ::-1], "top", (-half, -tall), (half, 0.0))
        pane = plate(inner, 0.002, replace(glass, print=shown), (0, 0.6 * deep, bar))
        back = plate(outer, 0.5 * deep, wood, (0, 0.25 * deep, 0))
        frame = (back, *_rim(inner, outer, bar, deep, wood))
    return Model((Part("frame", frame), Part("glass", (pane,))), wood)


def _pane(width: float, tall: float, style: str) -> Outline:
    """The outline of a mirror whose lowest point is at the origin."""
    if style == "arch":
        half = width / 2
        return [(-half, 0.0), (half, 0.0), *arc(half, 0, 180, 15, (0.0, tall - half))]
    return [(x, z + tall / 2) for x, z in oval(width, tall, 28)]


def _rim(
    inner: Outline, outer: Outline, bar: float, deep: float, wood: Material
) -> tuple[Solid, ...]:
    """A frame along an outline, in two halves that touch, as a prism has no holes."""
    count = len(inner)
    raised = [(x, z + bar) for x, z in inner]
    halves = []
    for first, last in ((0, count // 2), (count // 2, count)):
        along = [raised[i % count] for i in range(first, last + 1)]
        back = [outer[i % count] for i in range(last, first - 1, -1)]
        halves.append(plate([*along, *back], deep, wood, (0, deep / 2, 0)))
    return tuple(halves)


def _streaks(draw: Draw) -> UInt8[ndarray, "height width 3"]:
    """The slanting streaks by which drawings show glass."""
    image = np.full((128, 96, 3), (196, 210, 220), np.uint8)
    for left in (-30, 20, 40, 100):
        wide = draw.count(6, 18)
        corners = np.array([(left, 128), (left + wide, 128), (left + wide + 60, 0), (left + 60, 0)])
        cv2.fillPoly(image, [corners.astype(np.int32)], (232, 240, 246), cv2.LINE_AA)
    return image


@object_class("curtain", "decoration", size_m=((0.5, 2.6), (0.05, 0.2), (0.8, 2.5)),
              places=(WALL,), rooms=("living room", "bedroom", "bathroom"),
              aliases=("drape", "window curtain", "hanging curtain"))  # fmt: skip
def curtain(draw: Draw) -> Model:
    """One or two panels in folds below a rod with rings, drawn open or shut."""
    cloth, metal = draw.material("fabric"), draw.choice((timber(draw), draw.material("metal")))
    width, height, fold = draw.size(0.6, 2.2), draw.size(0.85, 2.3), draw.size(0.015, 0.035)
    two = draw.chance(0.6)
    share = draw.size(0.15, 0.49) if two else draw.size(0.4, 0.95)
    y, wide = fold + 0.035, share * width
    middles = (wide / 2 - width / 2, width / 2 - wide / 2) if two else ((wide - width) / 2,)
    waves = min(max(3, round(wide / draw.size(0.08, 0.14))), 12)
    panels = [extruded(_folds(wide, waves, fold), height, cloth, (x, y, 0)) for x in middles]
    rod_z = height + 0.03
    rod = lying(cylinder(0.011, width + 0.1, metal, sides=10), "x", (-width / 2 - 0.05, y, rod_z))
    ends = [ball(0.022, metal, (x, y, rod_z - 0.022), sides=10)
            for x in (-width / 2 - 0.06, width / 2 + 0.06)]  # fmt: skip
    holders = [box((0.02, y, 0.02), metal, (x, y / 2, rod_z - 0.01))
               for x in (-width / 2 - 0.03, width / 2 + 0.03)]  # fmt: skip
    ring = lying(torus(0.017, 0.003, metal, sides=8), "x", (-0.003, y, rod_z - 0.008))
    places = [x + share * 0.96 * wide for x in middles for share in np.linspace(-0.5, 0.5, waves)]
    rings = tuple(ring.moved(placement(float(x), 0.0)) for x in places)
    return Model((Part("cloth", tuple(panels)), Part("rod", (rod, *ends, *holders)),
                  Part("rings", rings)), cloth)  # fmt: skip


def _folds(wide: float, waves: int, fold: float) -> Outline:
    """A strip of cloth seen from above, in waves of an amplitude `fold`."""
    # Five points a wave and a bow over all: no three of them may lie in one line.
    across = np.linspace(-0.5, 0.5, 5 * waves + 1)
    wave = fold * (np.sin(2 * np.pi * waves * across) + 0.3 * across**2)
    front = [(wide * a, w + 0.003) for a, w in zip(across.tolist(), wave.tolist(), strict=True)]
    return front + [(x, w - 0.006) for x, w in front[::-1]]
