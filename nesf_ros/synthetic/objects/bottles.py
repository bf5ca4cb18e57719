"""Food and drink as shops sell it in bottles and jars, with printed labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nesf_ros.synthetic.objects.catalog import SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.drinkware import clear_glass
from nesf_ros.synthetic.objects.food import edible
from nesf_ros.synthetic.objects.packaged_food import wrapped
from nesf_ros.synthetic.objects.pieces import arc
from nesf_ros.synthetic.objects.pottery import front_label, sleeve
from nesf_ros.synthetic.objects.prints import BRANDS, packaging
from nesf_ros.synthetic.solids import cylinder, revolved
from nesf_ros.synthetic.things import Model, Part

_ROOMS = ("kitchen", "dining room")
_DRINKS = (("blue", "WATER"), ("turquoise", "SPRING WATER"), ("blue", "STILL WATER"),
           ("orange", "ORANGE JUICE"), ("brown", "ICED TEA"), ("red", "CHERRY"),
           ("green", "LIME"), ("yellow", "LEMON"))  # fmt: skip


@object_class("wine bottle", "food", size_m=((0.06, 0.105), (0.06, 0.105), (0.26, 0.38)),
              places=(SURFACE,), rooms=(*_ROOMS, "living room"),
              aliases=("bottle of wine", "bottle of red wine", "champagne bottle"))  # fmt: skip
def wine_bottle(draw: Draw) -> Model:
    """Dark glass with high or sloping shoulders, a foil on the neck and a paper label."""
    radius, height = draw.size(0.035, 0.045), draw.size(0.28, 0.33)
    glass = draw.material("glass", "green", "green", "black", "brown")
    deep = 0.5 if glass.color_name == "green" else 1.0
    red, green, blue = (deep * c for c in glass.color)
    glass = replace(glass, color=(red, green, blue))
    shoulder, slope = draw.choice(((0.6, 0.09), (0.5, 0.22)))
    neck, start = 0.36 * radius, shoulder * height
    curve = [(radius - (radius - neck) * (1 - np.cos(t)) / 2, start + slope * height * t / np.pi)
             for t in np.linspace(0, np.pi, 6)]  # fmt: skip
    side = [(0.92 * radius, 0.0), (radius, 0.008), *curve, (neck, height)]
    body = revolved([(0.0, 0.0), *side, (0.0, height)], glass, sides=24)
    foil = draw.material("metal", "red", "gold", "black", "grey")
    top = height - draw.size(0.045, 0.07)
    cap = [sleeve([(neck, top), (neck, height - 0.012)], foil, 16),
           cylinder(neck + 0.003, 0.013, foil, (0, 0, height - 0.0125), sides=16)]  # fmt: skip
    words = draw.choice(("RED WINE", "MERLOT", "RIESLING", "PINOT NOIR", "CHIANTI", "RESERVA 2019"))
    paper = draw.material("paper", "white", "beige", "black", "red", pattern="blotches")
    low, high = 0.12 * start, draw.size(0.75, 0.92) * start
    image = packaging(draw, draw.choice(BRANDS["wine"]), words, paper.color, (190, 190))
    picture = front_label(image, radius, min(high - low, 2.4 * radius), low, high)
    picture = replace(picture, image=_bordered(picture.image))
    label = sleeve([(radius, low), (radius, high)], replace(glass, print=picture))
    parts = (Part("glass", (body,)), Part("foil", tuple(cap)), Part("label", (label,)))
    return Model(parts, glass, words=words)


def _bordered(image: np.ndarray) -> np.ndarray:
    """The picture with a thin golden frame."""
    framed = image.copy()
    for edge in (framed[:4], framed[-4:], framed[:, :4], framed[:, -4:]):
        edge[:] = (170, 140, 60)
    return framed


@object_class("bottle", "food", size_m=((0.05, 0.1), (0.05, 0.1), (0.16, 0.34)),
              places=(SURFACE,), rooms=(*_ROOMS, "office", "living room", "gym"),
              aliases=("plastic bottle", "water bottle", "drink bottle"))  # fmt: skip
def bottle(draw: Draw) -> Model:
    """A plastic drink bottle with grip grooves, a screw cap and a label around its waist."""
    radius, height = draw.size(0.029, 0.044), draw.size(0.18, 0.31)
    color, words = draw.choice(_DRINKS)
    brand = draw.choice(BRANDS["water" if "WATER" in words else "soda"])
    plastic = draw.material("plastic", color)
    if "WATER" in words:
        red, green, blue = (0.35 * c + 0.6 for c in plastic.color)
        plastic = replace(plastic, color=(red, green, blue), color_name="")
    neck, top = 0.42 * radius, height - 0.02
    grooves = [(radius * (0.93 if n % 2 else 1.0), (0.04 + 0.045 * n) * height) for n in range(8)]
    low, high = 0.4 * height, draw.size(0.58, 0.66) * height
    side = [(0.85 * radius, 0.0), *grooves, (radius, low), (radius, high),
            *arc(radius, 12, 62, 4, (0, high), 0.24 * height), (neck, top)]  # fmt: skip
    body = revolved([(0.0, 0.0), *side, (0.0, top)], plastic, sides=20)
    cap_color = draw.material("plastic", "white", "blue", "red", "green", "black")
    cap = cylinder(neck + 0.002, 0.021, cap_color, (0, 0, height - 0.021), sides=16)
    ring = cylinder(neck + 0.003, 0.003, cap_color, (0, 0, height - 0.027), sides=16)
    paper = draw.color(draw.choice(("blue", "white", "red", "green", "yellow")))
    label = wrapped(draw, brand, words, [(radius, low), (radius, high)], paper, "plastic")
    return Model(
        (Part("bottle", (body,)), Part("cap", (cap, ring)), Part("label", (label,))), plastic
    )


@object_class("jar", "food", size_m=((0.055, 0.115), (0.055, 0.115), (0.065, 0.18)),
              places=(SURFACE,), rooms=_ROOMS,
              aliases=("jam jar", "jar of honey", "glass jar"))  # fmt: skip
def jar(draw: Draw) -> Model:
    """Glass that shows what is in it, a wide metal lid, and a label on the front."""
    radius, height = draw.size(0.03, 0.045), draw.size(0.065, 0.13)
    words, color, name = draw.choice((
        ("STRAWBERRY JAM", (0.62, 0.06, 0.1), "red"), ("HONEY", (0.9, 0.58, 0.08), "orange"),
        ("PICKLES", (0.42, 0.5, 0.12), "green"), ("PEANUT BUTTER", (0.68, 0.46, 0.22), "brown"),
        ("TOMATO SAUCE", (0.78, 0.16, 0.08), "red"), ("OLIVES", (0.25, 0.3, 0.1), "green"),
        ("BLUEBERRY JAM", (0.2, 0.12, 0.35), "purple")))  # fmt: skip
    content = replace(edible(color, name, 0.015, 0.3), kind="glass", gloss=0.6)
    neck = radius * draw.size(0.78, 0.92)
    fill = 0.8 * height
    side = [(0.9 * radius, 0.0), (radius, 0.006), (radius, fill)]
    body = revolved([(0.0, 0.0), *side, (0.0, fill)], content, sides=24)
    shoulder = revolved([(0.0, fill), (radius, fill), (neck, 0.92 * height), (neck, height),
                         (0.0, height)], clear_glass(draw), sides=24)  # fmt: skip
    lid = draw.material("metal", "gold", "white", "red", "green", "black", pattern=draw.choice(
        ("checker", "blotches", "blotches")))  # fmt: skip
    tall = draw.size(0.013, 0.02)
    cap = cylinder(neck + 0.003, tall, lid, (0, 0, height - 0.004), neck + 0.002, sides=24)
    paper = draw.color(draw.choice(("white", "white", "yellow", "red", "green", "blue")))
    image = packaging(draw, draw.choice(BRANDS["pantry"]), words, paper, (180, 140))
    picture = front_label(image, radius, 2.1 * radius, 0.12 * fill, 0.85 * fill)
    skin = replace(content, print=picture)
    label = sleeve([(radius, 0.1 * fill), (radius, 0.87 * fill)], skin)
    parts = (Part("glass", (body, shoulder)), Part("lid", (cap,)), Part("label", (label,)))
    return Model(parts, content, words=words)
