"""What people drink and pour from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nesf_ros.synthetic.materials import Material, Print
from nesf_ros.synthetic.objects.catalog import SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pieces import arc
from nesf_ros.synthetic.objects.pottery import (
    bent,
    dome,
    front_label,
    handle,
    hollow,
    sideways,
    sleeve,
)
from nesf_ros.synthetic.objects.prints import label
from nesf_ros.synthetic.solids import Solid, ball, cylinder, hull, revolved
from nesf_ros.synthetic.things import Model, Part

_ROOMS = ("kitchen", "dining room", "office", "living room")
_HOLDS = ("food", "kitchenware", "stationery")
_SAYINGS = ("GOOD MORNING", "HELLO", "BEST MUM", "BEST DAD", "TEA TIME", "MONDAY AGAIN", "NUMBER 1",
            "KEEP SMILING", "BOSS", "HOME SWEET HOME")  # fmt: skip


def clear_glass(draw: Draw) -> Material:
    """Glass one could look through: pale, with streaks of light from top to bottom."""
    tint = np.array(draw.color(draw.choice(("white", "turquoise", "blue", "green"))))
    color = 0.2 * tint + 0.8 * np.array((0.80, 0.88, 0.90))
    image = np.empty((1, 180, 3), np.uint8)
    image[:] = np.round(255 * color)
    for start in (100, 112, 140, 10, 40):
        image[:, start : start + draw.count(2, 6)] = 250
    streaks = Print(image, "round", (-np.pi, 0.0), (np.pi, 1.0))
    red, green, blue = color.tolist()
    return Material((red, green, blue), (0.7 * red, 0.78 * green, 0.8 * blue), "blotches", 0.05,
                    "glass", "", 0.6, streaks)  # fmt: skip


@object_class("mug", "kitchenware", size_m=((0.08, 0.19), (0.06, 0.12), (0.07, 0.15)),
              places=(SURFACE,), rooms=_ROOMS, aliases=("coffee mug", "tea mug"),
              holds=_HOLDS)  # fmt: skip
def mug(draw: Draw) -> Model:
    """Straight, flaring or bulging, with a handle; some with words on them."""
    radius, height = draw.size(0.034, 0.048), draw.size(0.075, 0.12)
    foot, belly = draw.choice(((1.0, 1.0), (0.78, 0.92), (0.8, 1.12)))
    says = belly == 1.0 and draw.chance(0.7)
    kind = draw.choice(("ceramic", "ceramic", "ceramic", "metal"))
    material = draw.material(kind, pattern="blotches" if says else "")
    outer = [(foot * radius, 0.0), (belly * radius, 0.45 * height), (radius, height)]
    body, space = hollow(outer, 0.004, material)
    grip = handle(0.9 * radius, 0.2 * height, 0.85 * height, draw.size(0.024, 0.036),
                  draw.size(0.009, 0.014), material, draw.chance(0.3))  # fmt: skip
    parts = [Part("body", (body,)), Part("handle", grip)]
    words = ""
    if says:
        skin, words = _saying(draw, radius, height, material)
        parts.append(Part("print", (skin,)))
    return Model(tuple(parts), material, (space,), words)


def _saying(draw: Draw, radius: float, height: float, material: Material) -> tuple[Solid, str]:
    """A skin with words on its front, and the words."""
    dark = sum(material.color) < 1.5
    ink = (0.96, 0.96, 0.94) if dark else draw.color(draw.choice(("black", "red", "blue")))
    words = draw.choice(_SAYINGS)
    image = label(words, material.color, ink)
    picture = front_label(image, radius, 1.5 * radius, 0.2 * height, 0.8 * height)
    skin = replace(material, print=picture)
    return sleeve([(radius, 0.18 * height), (radius, 0.82 * height)], skin), words


@object_class("cup", "kitchenware", size_m=((0.08, 0.19), (0.07, 0.19), (0.045, 0.09)),
              places=(SURFACE,), rooms=_ROOMS, aliases=("teacup", "cup and saucer"),
              holds=_HOLDS)  # fmt: skip
def cup(draw: Draw) -> Model:
    """A round teacup that widens towards the rim, most on a saucer."""
    radius, height = draw.size(0.036, 0.05), draw.size(0.048, 0.066)
    material = draw.material("ceramic")
    saucer = draw.chance(0.75)
    up = 0.006 if saucer else 0.0
    belly = arc(0.46 * radius, -80, -5, 5, (0.54 * radius, 0.6 * height), 0.6 * height - 0.009)
    bowl = [(0.55 * radius, 0.008), *belly, (radius * 1.06, height)]
    body, space = hollow(bowl, 0.003, material, up)
    foot = cylinder(0.6 * radius, 0.009, material, (0, 0, up), 0.5 * radius, sides=24)
    grip = handle(0.85 * radius, up + 0.3 * height, up + 0.88 * height, draw.size(0.018, 0.026),
                  0.007, material, draw.chance(0.2))  # fmt: skip
    parts = [Part("body", (body, foot)), Part("handle", grip)]
    if saucer:
        wide = radius * draw.size(1.55, 1.8)
        profile = [(0.0, 0.0), (0.6 * wide, 0.0), (wide, 0.014), (wide, 0.017), (0.6 * wide, 0.006)]
        other = draw.material("ceramic") if draw.chance(0.3) else material
        parts.append(Part("saucer", (revolved([*profile, (0.0, 0.006)], other, sides=24),)))
    return Model(tuple(parts), material, (space,))


@object_class("glass", "kitchenware", size_m=((0.05, 0.11), (0.05, 0.11), (0.07, 0.19)),
              places=(SURFACE,), rooms=_ROOMS, aliases=("drinking glass", "tumbler"),
              holds=_HOLDS)  # fmt: skip
def glass(draw: Draw) -> Model:
    """A tumbler: round or faceted, straight, flaring or waisted, with a thick bottom."""
    mouth, height = draw.size(0.03, 0.042), draw.size(0.085, 0.165)
    foot, waist = draw.choice(((0.72, 0.84), (0.8, 0.75), (0.95, 0.97), (0.62, 0.9)))
    material = clear_glass(draw)
    outer = [(foot * mouth, 0.0), (waist * mouth, 0.4 * height), (mouth, height)]
    body, space = hollow(outer, 0.003, material, sides=draw.choice((8, 10, 24, 24)))
    return Model((Part("body", (body,)),), material, (space,))


@object_class("wine glass", "kitchenware", size_m=((0.05, 0.12), (0.05, 0.12), (0.13, 0.26)),
              places=(SURFACE,), rooms=("kitchen", "dining room", "living room"),
              aliases=("goblet", "stemmed glass", "champagne glass"), holds=_HOLDS)  # fmt: skip
def wine_glass(draw: Draw) -> Model:
    """Foot, stem and a bowl: round, tulip or flute."""
    belly, deep, mouth = draw.choice(((0.042, 0.085, 0.8), (0.036, 0.1, 0.85), (0.026, 0.13, 0.9),
                                      (0.046, 0.06, 1.05)))  # fmt: skip
    belly, deep, stem = (v * draw.size(0.9, 1.12) for v in (belly, deep, 0.085))
    material = clear_glass(draw)
    outer = [(0.45 * belly, 0.0), (0.85 * belly, 0.2 * deep), (belly, 0.45 * deep),
             (mouth * belly, deep)]  # fmt: skip
    bowl, space = hollow(outer, 0.0025, material, stem, sides=20)
    disc = draw.size(0.028, 0.038)
    profile = [(0.0, 0.0), (disc, 0.0), (disc, 0.003), (0.3 * disc, 0.008), (0.005, 0.02),
               (0.005, 0.9 * stem), (0.4 * belly, stem + 0.001), (0.0, stem + 0.001)]  # fmt: skip
    foot = revolved(profile, material, sides=20)
    return Model((Part("bowl", (bowl,)), Part("stem", (foot,))), material, (space,))


@object_class("teapot", "kitchenware", size_m=((0.17, 0.36), (0.11, 0.22), (0.1, 0.26)),
              places=(SURFACE,), rooms=("kitchen", "dining room"),
              aliases=("pot of tea", "tea pot"))  # fmt: skip
def teapot(draw: Draw) -> Model:
    """A round belly with a spout, a handle, and a lid with a knob."""
    radius = draw.size(0.06, 0.085)
    height = radius * draw.size(1.35, 1.9)
    material = draw.material(draw.choice(("ceramic", "ceramic", "metal")))
    fat = draw.size(0.3, 0.55)
    side = [(0.6 * radius, 0.0), *arc(radius, -65, 60, 8, (0.0, fat * height), 0.5 * height)]
    side = [(r, min(max(z, 0.001 * n), height)) for n, (r, z) in enumerate(side)]
    top = side[-1]
    body = revolved([(0.0, 0.0), *side, (0.0, top[1])], material, sides=24)
    lid = dome(0.95 * top[0], 0.3 * radius, material, (0, 0, top[1]), 20)
    knob = ball(0.16 * radius, draw.choice((material, draw.material("metal", "gold"))),
                (0, 0, top[1] + 0.27 * radius), 12)  # fmt: skip
    spout = [(-0.85 * radius, 0.3 * height), (-1.3 * radius, 0.45 * height),
             (-1.45 * radius, 0.75 * height), (-1.7 * radius, 0.95 * height)]  # fmt: skip
    limb = bent(sideways(spout), [0.26 * radius, 0.17 * radius, 0.12 * radius, 0.1 * radius],
                material)  # fmt: skip
    grip = handle(0.8 * radius, 0.2 * height, 0.85 * height, 0.75 * radius, 0.2 * radius, material,
                  draw.chance(0.25))  # fmt: skip
    return Model((Part("body", (body,)), Part("lid", (lid, knob)), Part("spout", limb),
                  Part("handle", grip)), material)  # fmt: skip


@object_class("pitcher", "kitchenware", size_m=((0.12, 0.3), (0.09, 0.19), (0.16, 0.34)),
              places=(SURFACE,), rooms=("kitchen", "dining room"),
              aliases=("jug", "water jug", "carafe"), holds=("kitchenware",))  # fmt: skip
def pitcher(draw: Draw) -> Model:
    """A tall jug with a pouring lip and a large handle."""
    radius, height = draw.size(0.052, 0.075), draw.size(0.19, 0.28)
    kind = draw.choice(("ceramic", "glass", "metal", "plastic"))
    material = clear_glass(draw) if kind == "glass" else draw.material(kind)
    foot, neck, mouth = draw.choice(((0.75, 0.7, 0.85), (0.9, 0.95, 0.9), (0.8, 0.75, 1.0)))
    outer = [(foot * radius, 0.0), (radius, 0.3 * height), (0.95 * radius, 0.5 * height),
             (neck * radius, 0.78 * height), (mouth * radius, height)]  # fmt: skip
    body, space = hollow(outer, 0.004, material)
    edge = mouth * radius
    lip = hull(
        np.array([(-0.955 * edge, 0.3 * edge, height), (-0.955 * edge, -0.3 * edge, height),
                  (-edge, 0.0, 0.84 * height), (-1.4 * edge, 0.0, height + 0.006)]),
        material,
    )  # fmt: skip
    grip = handle(0.9 * radius, 0.3 * height, 0.9 * height, draw.size(0.045, 0.065), 0.02, material,
                  draw.chance(0.35))  # fmt: skip
    parts = (Part("body", (body,)), Part("spout", (lip,)), Part("handle", grip))
    return Model(parts, material, (space,))
