"""Food and drink as shops sell it in cartons and tins, with printed labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nesf_ros.synthetic.materials import Color, Material, Print
from nesf_ros.synthetic.objects.catalog import SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pieces import Outline, profile
from nesf_ros.synthetic.objects.pottery import SKIN_M, sleeve
from nesf_ros.synthetic.objects.prints import BRANDS, around, packaging
from nesf_ros.synthetic.solids import Solid, box, cylinder, revolved, torus
from nesf_ros.synthetic.things import Model, Part, placement, turned

_ROOMS = ("kitchen", "dining room")
_CEREALS = ("CORN FLAKES", "HONEY HOOPS", "MUESLI", "OAT RINGS", "CEREAL", "CHOCO BALLS")


def panel(
    draw: Draw, brand: str, words: str, size_m: tuple[float, float], paper: Material, y: float,
    bottom: float,
) -> tuple[Solid, Solid]:  # fmt: skip
    """The printed front and back of a box that reaches from -y to y, a millimetre thick each."""
    width, height = size_m
    pixels = (round(200 * min(width / height, 1.5)), 200)
    image = packaging(draw, brand, words, paper.color, pixels)
    material = replace(paper, print=Print(image, "front", (-width / 2, 0.0), (width / 2, height)))
    front = box((width, SKIN_M, height), material).moved(placement(0, y + SKIN_M / 2, bottom))
    return front, front.moved(turned("z", np.pi))


@object_class("cereal box", "food", size_m=((0.13, 0.26), (0.035, 0.16), (0.19, 0.4)),
              places=(SURFACE,), rooms=_ROOMS,
              aliases=("box of cereal", "cornflakes box", "cereal packet"))  # fmt: skip
def cereal_box(draw: Draw) -> Model:
    """A tall flat box with a big name on its front; some are open at the top."""
    width, depth, height = draw.size(0.14, 0.22), draw.size(0.045, 0.075), draw.size(0.21, 0.32)
    colors = ("red", "yellow", "blue", "green", "orange", "purple", "turquoise")
    paper = draw.material("paper", *colors, pattern="blotches")
    words = draw.choice(_CEREALS)
    body = box((width, depth, height), paper)
    brand = draw.choice(BRANDS["breakfast"])
    faces = panel(draw, brand, words, (width, height), paper, depth / 2, 0.0)
    parts = [Part("box", (body,)), Part("label", faces)]
    if draw.chance(0.35):
        inside = draw.material("cardboard", "beige")
        flaps: list[Solid] = []
        for sign, lean in ((1, draw.size(0.3, 0.9)), (-1, draw.size(0.2, 0.7))):
            flap = box((width, 0.0015, 0.8 * depth), inside, (0, 0, height - 0.002))
            hinge = turned("x", -sign * lean, (0, 0, height))
            flaps.append(flap.moved(placement(0, sign * (depth / 2 - 0.001)) @ hinge))
        parts.append(Part("flaps", tuple(flaps)))
    return Model(tuple(parts), paper, words=words)


@object_class("milk carton", "food", size_m=((0.06, 0.11), (0.06, 0.11), (0.17, 0.31)),
              places=(SURFACE,), rooms=_ROOMS,
              aliases=("carton of milk", "milk box"))  # fmt: skip
def milk_carton(draw: Draw) -> Model:
    """A square carton with a gable top, its seam upright; some have a screw cap."""
    side, height = draw.size(0.068, 0.095), draw.size(0.14, 0.2)
    paper = draw.material("paper", "white", "white", "white", "blue", "green", pattern="blotches")
    words = draw.choice(("MILK", "WHOLE MILK", "FRESH MILK", "OAT MILK", "MILK 1.5%"))
    body = box((side, side, height), paper)
    faces = panel(draw, draw.choice(BRANDS["dairy"]), words, (side, height), paper, side / 2, 0.0)
    roof = height + 0.5 * side
    second = draw.material("paper", "blue", "green", "red", "turquoise", pattern="blotches")
    gable = profile([(side / 2, height), (0.002, roof), (-0.002, roof), (-side / 2, height)], side,
                    draw.choice((paper, second)))  # fmt: skip
    seam = box((side, 0.004, 0.022), paper, (0, 0, roof - 0.003))
    parts = [Part("carton", (body,)), Part("label", faces), Part("top", (gable, seam))]
    if draw.chance(0.6):
        cap = cylinder(0.014, 0.016, second, (0.0, 0.0, -0.003), sides=16)
        pose = placement(0, side / 4, height + 0.25 * side) @ turned("x", -np.pi / 4)
        parts.append(Part("cap", (cap.moved(pose),)))
    return Model(tuple(parts), paper)


def wrapped(
    draw: Draw, brand: str, words: str, side_m: Outline, color: Color, kind: str = "paper"
) -> Solid:
    """A label all around a round thing, whose front and back show the same."""
    tall = side_m[-1][1] - side_m[0][1]
    # A third less than half the way around: the rest is margin.
    pixels = (round(160 * min(0.69 * np.pi * side_m[0][0] / tall, 2.0)), 160)
    image = around(packaging(draw, brand, words, color, pixels))
    wrap = Print(image, "round", (-np.pi, side_m[0][1]), (np.pi, side_m[-1][1]))
    paper = Material(color, color, "blotches", 0.05, kind, "", 0.0, wrap)
    return sleeve(side_m, paper)


@object_class("can", "food", size_m=((0.055, 0.115), (0.055, 0.115), (0.04, 0.14)),
              places=(SURFACE,), rooms=_ROOMS,
              aliases=("tin can", "food tin", "can of soup"))  # fmt: skip
def can(draw: Draw) -> Model:
    """A food tin: metal with rolled edges, a paper label around it, a pull ring on some."""
    radius = draw.size(0.031, 0.051)
    height = draw.choice((draw.size(0.048, 0.07), draw.size(0.095, 0.125), draw.size(0.095, 0.125)))
    tin = draw.material("metal", "grey")
    paper = draw.material("paper", "red", "yellow", "green", "blue", "orange", "white")
    words = draw.choice(("TOMATO SOUP", "BAKED BEANS", "SWEET CORN", "TUNA", "PEAS", "PEACHES"))
    edge, inner = radius + 0.0015, 0.9 * radius
    below = [
        (0.0, 0.003),
        (inner, 0.003),
        (inner, 0.0),
        (edge, 0.0),
        (edge, 0.004),
        (radius, 0.005),
    ]
    outline = [*below, *((r, height - z) for r, z in reversed(below))]
    body = revolved(outline, tin, sides=24)
    side = [(radius, 0.009), (radius, height - 0.009)]
    label = wrapped(draw, draw.choice(BRANDS["pantry"]), words, side, paper.color)
    parts = [Part("body", (body,)), Part("label", (label,))]
    if draw.chance(0.6):
        ring = torus(0.009, 0.0014, tin, (0, 0.012, height - 0.0035), 12)
        tab = box((0.007, 0.014, 0.0016), tin, (0, 0.0, height - 0.0035))
        parts.append(Part("pull ring", (ring, tab)))
    return Model(tuple(parts), paper, words=words)


@object_class("soda can", "food", size_m=((0.048, 0.075), (0.048, 0.075), (0.085, 0.18)),
              places=(SURFACE,), rooms=(*_ROOMS, "living room", "office"),
              aliases=("drink can", "can of cola", "pop can"))  # fmt: skip
def soda_can(draw: Draw) -> Model:
    """A slim metal can, narrower at both ends, printed all around, with a tab on top."""
    radius, height = draw.size(0.026, 0.034), draw.size(0.095, 0.165)
    tin = draw.material("metal", "grey", "white")
    paint = draw.material("metal", "red", "blue", "green", "orange", "black", "purple", "white",
                          pattern="blotches")  # fmt: skip
    neck = 0.82 * radius
    outline = [(0.0, 0.004), (0.7 * radius, 0.004), (0.76 * radius, 0.0), (radius, 0.01),
               (radius, height - 0.014), (neck, height - 0.002), (neck, height),
               (neck - 0.003, height), (neck - 0.004, height - 0.005),
               (0.0, height - 0.005)]  # fmt: skip
    body = revolved(outline, tin, sides=24)
    words = draw.choice(("COLA", "LEMONADE", "ORANGE SODA", "GINGER ALE", "CHERRY COLA", "TONIC"))
    side = [(radius, 0.01), (radius, height - 0.014)]
    label = wrapped(draw, draw.choice(BRANDS["soda"]), words, side, paint.color, "metal")
    shoulder = sleeve([(radius, height - 0.014), (neck + 0.002, height - 0.004)], paint)
    tab = torus(0.006, 0.0015, tin, (0, 0.004, height - 0.0055), 12)
    hole = cylinder(0.006, 0.002, draw.material("metal", "black"), (0, -0.011, height - 0.006),
                    sides=12)  # fmt: skip
    parts = (Part("body", (body, shoulder)), Part("label", (label,)), Part("tab", (tab, hole)))
    return Model(parts, paint, words=words)
