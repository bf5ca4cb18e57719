"""Small things that people carry or keep in the bathroom."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.fittings import shown
from nesf_ros.synthetic.objects.hand_tools import rested
from nesf_ros.synthetic.objects.pieces import Outline, arc, lying, oval, profile
from nesf_ros.synthetic.objects.pottery import front_label, sleeve
from nesf_ros.synthetic.objects.prints import label, packaging
from nesf_ros.synthetic.solids import (
    Solid,
    box,
    cylinder,
    extruded,
    hull,
    revolved,
    rounded_box,
    torus,
    tube,
)
from nesf_ros.synthetic.things import Model, Part, placement, turned

_COLORS = ("red", "blue", "green", "black", "orange", "yellow", "purple", "pink", "turquoise")


@object_class("umbrella", "clothing", size_m=((0.5, 1.4), (0.05, 1.3), (0.05, 1.1)),
              places=(FLOOR,), rooms=("hall",),
              aliases=("parasol", "brolly", "rain umbrella"))  # fmt: skip
def umbrella(draw: Draw) -> Model:
    """An open umbrella that rests on its rim and its handle, or a closed one that lies."""
    length, ribs = draw.size(0.75, 0.95), draw.choice((6, 8, 8))
    cloth = draw.material("fabric", *_COLORS)
    grip = draw.material(draw.choice(("wood", "plastic")), "brown", "black")
    steel = draw.material("metal", "grey", "black")
    crook = [(0.0, 0.0, 0.12), *((x, 0.0, z) for x, z in arc(0.045, 0, -180, 8, (-0.045, 0.0)))]
    handle = tube(crook, 0.013, grip, 8)
    stick = cylinder(0.006, length - 0.1, steel, (0, 0, 0.1), sides=8)
    tip = cylinder(0.008, 0.06, steel, (0, 0, length), 0.003, sides=8)
    if draw.chance(0.35):
        wrap = revolved([(0, 0.18), (0.022, 0.18), (0.034, 0.4 * length), (0.026, 0.8 * length),
                         (0.008, length), (0, length)], cloth, sides=ribs)  # fmt: skip
        pieces = {"handle": handle, "stick": [stick, tip], "canopy": [wrap]}
        slope = np.pi / 2 + np.arctan(0.008 / (0.4 * length))  # it lies on the side of the canopy
        lay = placement(-length / 2, 0, 0) @ turned("y", slope) @ turned("z", np.pi / 2)
        return Model(rested(pieces, lay), cloth)
    reach, deep = length * draw.size(0.56, 0.64), length * draw.size(0.2, 0.26)
    curve = [(reach * np.sin(a), length - deep * (1 - np.cos(a)) / (1 - np.cos(1.25)))
             for a in np.linspace(0, 1.25, 7)]  # fmt: skip
    curve = [(r / np.sin(1.25), z) for r, z in curve]
    under = [(r, z - 0.004) for r, z in curve[::-1]]
    canopy = revolved([*curve, *under], cloth, sides=ribs).moved(turned("z", np.pi / ribs))
    rod = tube([(0, 0, 0.62 * length), (0.5 * reach, 0, length - 0.3 * deep)], 0.003, steel, 4)
    rods = [s.moved(turned("z", (2 * n + 1) * np.pi / ribs)) for n in range(ribs) for s in rod]
    # It leans until the crook, round about (-0.045, 0), and two ends of ribs are equally low:
    # 0.045 sin(lean) - 0.058 = z cos(lean) - x sin(lean).
    x, z = reach * np.cos(np.pi / ribs) + 0.045, length - deep - 0.004
    lean = float(np.arccos(-0.058 / np.hypot(x, z)) - np.arctan2(x, z))
    pieces = {"handle": handle, "stick": [stick, tip, *rods], "canopy": [canopy]}
    middle = placement(-0.55 * length * np.sin(lean), 0, 0)
    return Model(rested(pieces, middle @ turned("y", lean)), cloth)


@object_class("keys", "tool", size_m=((0.025, 0.16), (0.04, 0.18), (0.002, 0.02)),
              places=(SURFACE,), rooms=("hall", "living room"),
              aliases=("key ring", "bunch of keys", "house keys"))  # fmt: skip
def keys(draw: Draw) -> Model:
    """Two to four keys on a ring, some with a tag."""
    ring, count = draw.size(0.012, 0.018), draw.count(2, 4)
    steel = draw.material("metal", "grey")
    parts = [Part("ring", (torus(ring, 0.0012, steel, sides=20),))]
    spread = np.radians(draw.size(22, 40))
    for number in range(count):
        turn = (number - (count - 1) / 2) * spread + np.pi / 2
        metal = draw.material("metal", "grey", "gold", "gold")
        pose = placement(0, 0, 0.0006 * number, turn) @ placement(ring, 0, 0)
        key = tuple(s.moved(pose) for s in _key(draw, metal))
        parts.append(Part(f"key {number + 1}", key))
    if draw.chance(0.6):
        paint, size = draw.material("plastic", *_COLORS), draw.size(0.022, 0.034)
        tag = rounded_box((1.3 * size, size, 0.005), 0.002, paint, (0.65 * size, 0, 0), 2)
        link = box((0.014, 0.004, 0.002), steel, (-0.004, 0, 0.001))
        pose = placement(0, 0, 0, -np.pi / 2 + draw.size(-0.5, 0.5)) @ placement(ring + 0.008, 0, 0)
        parts.append(Part("tag", (tag.moved(pose), link.moved(pose))))
    return Model(tuple(parts), steel)


def _key(draw: Draw, metal: Material) -> tuple[Solid, ...]:
    """A key along x: a round or square head with a hole, a blade with teeth."""
    head, long, thick = draw.size(0.009, 0.013), draw.size(0.028, 0.042), 0.002
    if draw.chance(0.6):
        rim = [(0.4 * head, 0), (head, 0), (head, thick), (0.4 * head, thick)]
        bow: tuple[Solid, ...] = (revolved(rim, metal, (0.5 * head, 0, 0), sides=20),)
    else:
        side, wall = 1.9 * head, 0.5 * head
        bow = tuple(
            box(size, metal, (0.6 * head + x, y, 0))
            for size, x, y in (
                ((wall, side, thick), -0.7 * head, 0), ((0.9 * side, side, thick), 0.9 * head, 0),
            )
        )  # fmt: skip
        bow += tuple(box((side, wall, thick), metal, (0.6 * head, y, 0))
                     for y in (-0.7 * head, 0.7 * head))  # fmt: skip
    start, half = 1.35 * head, 0.0032
    teeth: Outline = [(start, -half), (start + long, -half), (start + long + 0.003, 0.0)]
    count = draw.count(4, 6)
    for n in range(count, 0, -1):
        x = start + long * (0.25 + 0.75 * n / count)
        dip = draw.size(0.2, 0.9)
        teeth += [(x, half), (x - 0.4 * long / count, half - dip * 0.004)]
    teeth += [(start + 0.2 * long, half), (start, half)]
    return (*bow, extruded(teeth, thick, metal))


@object_class("wallet", "clothing", size_m=((0.08, 0.26), (0.07, 0.14), (0.008, 0.05)),
              places=(SURFACE,), rooms=("hall", "bedroom", "living room"),
              aliases=("billfold", "leather wallet", "pocketbook"))  # fmt: skip
def wallet(draw: Draw) -> Model:
    """A folded wallet with notes that stick out, or an open one with cards in it."""
    width, depth = draw.size(0.1, 0.12), draw.size(0.085, 0.1)
    hide = draw.material("leather", "brown", "brown", "black", "red")
    inner = draw.material("leather", "beige", "brown", "black")
    note = draw.natural("plant", "green", 0.3)
    cards = [draw.material("plastic", *_COLORS, "white") for _ in range(4)]
    if draw.chance(0.4):
        leaf, fat = 0.006, draw.size(0.004, 0.008)
        leaves = [rounded_box((width, depth, leaf), 0.0025, hide, (0, 0, z), 2)
                  for z in (0, leaf + fat)]  # fmt: skip
        back = lying(cylinder(0.5 * (2 * leaf + fat), width, hide, sides=16), "x",
                     (-width / 2, -depth / 2 + 0.002, leaf + fat / 2))  # fmt: skip
        stack = box((0.9 * width, 0.9 * depth, 0.5 * fat), inner, (0, 0, leaf))
        notes = [box((0.88 * width, 0.8 * depth, 0.25 * fat), note,
                     (0.08 * width, 0.3 * depth, leaf + 0.55 * fat))]  # fmt: skip
        return Model((Part("leather", (*leaves, back)), Part("lining", (stack,)),
                      Part("notes", tuple(notes))), hide)  # fmt: skip
    gap = 0.004
    leaves = [rounded_box((width, depth, 0.006), 0.0025, hide, (side * (width + gap) / 2, 0, 0), 2)
              for side in (-1, 1)]  # fmt: skip
    fold = box((3 * gap, 0.98 * depth, 0.004), hide, (0, 0, 0.0005))
    lining = [box((0.94 * width, 0.92 * depth, 0.001), inner, (side * (width + gap) / 2, 0, 0.0055))
              for side in (-1, 1)]  # fmt: skip
    slots, plastic = [], []
    for number in range(4):
        x, y = (width + gap) / 2, (0.22 - 0.17 * number) * -depth
        z = 0.006 + 0.0016 * (number + 1)
        size = (0.084, 0.4 * depth, 0.001)
        plastic.append(box(size, cards[number], (x, y - 0.07 * depth, z - 0.0012)))
        slots.append(box((0.9 * width, 0.38 * depth, 0.0012), inner, (x, y, z)))
    notes = [box((1.7 * width, 0.3 * depth, 0.002), note, (0, -depth / 2 - 0.004, 0.002))]
    return Model((Part("leather", (*leaves, fold)), Part("lining", (*lining, *slots)),
                  Part("card", tuple(plastic)), Part("notes", tuple(notes))), hide)  # fmt: skip


@object_class("tissue box", "bathroom", size_m=((0.1, 0.27), (0.09, 0.16), (0.08, 0.26)),
              places=(SURFACE,), rooms=("bathroom", "bedroom", "office"),
              aliases=("box of tissues", "tissues", "paper tissues"))  # fmt: skip
def tissue_box(draw: Draw) -> Model:
    """A box of tissues, one pulled halfway out of its slot."""
    cube = draw.chance(0.4)
    width = draw.size(0.11, 0.13) if cube else draw.size(0.2, 0.25)
    depth, height = draw.size(0.1, 0.13), draw.size(0.11, 0.14) if cube else draw.size(0.06, 0.1)
    card = draw.material("paper", *_COLORS, "beige")
    soft, film = draw.natural("food", "white", 0.05), draw.natural("food", "white", 0.3)
    body = box((width, depth, height), card)
    words = draw.choice(("SOFT", "TISSUES", "GENTLE", "COTTONA", "PUFFLE"))
    image = label(words, (0.97, 0.97, 0.95), card.color, (128, 56))
    name = shown(image, (0.55 * width, 0.24 * width if cube else 0.2 * width), card,
                 (0, depth / 2, 0.25 * height), 0.0016)  # fmt: skip
    slot = extruded(oval(0.6 * width, 0.42 * depth, 24), 0.0016, film, (0, 0, height - 0.0004))
    tall, wide = draw.size(0.05, 0.09), draw.size(0.2, 0.26)
    tufts = []
    for _ in range(4):
        x, y = (draw.size(-wide, wide) * width, draw.size(-0.2, 0.2) * depth)
        top = (x, y, height + tall * draw.size(0.6, 1.0))
        foot = [(a * 0.22 * width, b * 0.07 * depth, height) for a in (-1, 1) for b in (-1, 1)]
        far = (1.5 * x, 1.4 * y, height + 0.45 * tall)
        tufts.append(hull(np.array([*foot, top, far, (x + 0.02, y, top[2] - 0.02)]), soft))
    return Model((Part("box", (body, name)), Part("opening", (slot,)),
                  Part("tissue", tuple(tufts))), card)  # fmt: skip


@object_class("spray bottle", "bathroom", size_m=((0.06, 0.16), (0.06, 0.18), (0.16, 0.34)),
              places=(SURFACE, FLOOR), rooms=("bathroom", "kitchen", "garage"),
              aliases=("cleaning spray", "spray cleaner", "trigger bottle"))  # fmt: skip
def spray_bottle(draw: Draw) -> Model:
    """A bottle with a trigger and a nozzle towards +y."""
    radius, height = draw.size(0.034, 0.045), draw.size(0.14, 0.2)
    bottle = draw.material("plastic", *_COLORS, "white", "white", pattern="blotches")
    trim = draw.material("plastic", "red", "white", "blue", "yellow", "orange")
    waist = draw.size(0.85, 1.0)
    shape = [(0.95 * radius, 0.0), (radius, 0.01), (radius, 0.45 * height),
             (waist * radius, 0.68 * height), (0.35 * radius, 0.92 * height),
             (0.35 * radius, height)]  # fmt: skip
    body = revolved([(0, 0), *shape, (0, height)], bottle, sides=24)
    image = packaging(
        draw,
        draw.choice(("BLINKO", "CLEANIQ", "SPARKA", "FRESHEL", "LIMPIX")),
        draw.choice(("GLASS", "KITCHEN", "BATH", "LEMON")),
        (0.96, 0.96, 0.94),
    )
    low, high = 0.08 * height, 0.44 * height
    paper = replace(bottle, print=front_label(image, radius, 1.8 * radius, low, high))
    skin = sleeve([(radius, low), (radius, high)], paper)
    collar = cylinder(0.45 * radius, 0.14 * height, trim, (0, 0, 0.93 * height), sides=16)
    z = 1.05 * height
    head = profile([(-0.03, 0.0), (0.02, 0.0), (0.045, 0.014), (0.05, 0.03), (-0.025, 0.03),
                    (-0.04, 0.018)], 0.024, trim, (0, 0, z))  # fmt: skip
    nozzle = lying(cylinder(0.009, 0.014, bottle if bottle.color_name != trim.color_name
                            else draw.material("plastic", "black"), sides=8), "y",
                   (0, 0.048, z + 0.021))  # fmt: skip
    trigger = profile([(0.022, 0.006), (0.032, 0.01), (0.036, -0.02), (0.046, -0.045),
                       (0.036, -0.048), (0.026, -0.02)], 0.014, trim, (0, 0, z))  # fmt: skip
    return Model((Part("bottle", (body, skin)), Part("collar", (collar,)), Part("head", (head,)),
                  Part("nozzle", (nozzle,)), Part("trigger", (trigger,))), bottle)  # fmt: skip


@object_class("medicine bottle", "bathroom", size_m=((0.03, 0.09), (0.03, 0.09), (0.05, 0.16)),
              places=(SURFACE,), rooms=("bathroom", "bedroom"),
              aliases=("pill bottle", "pill container", "prescription bottle"))  # fmt: skip
def medicine_bottle(draw: Draw) -> Model:
    """A short bottle with a ribbed white cap and a label."""
    radius, height = draw.size(0.018, 0.034), draw.size(0.05, 0.09)
    bottle = draw.material("glass", "orange", "orange", "brown", "white", "green")
    white = draw.material("plastic", "white", pattern="blotches")
    neck = 0.88 * height
    body = revolved([(0, 0), (0.95 * radius, 0), (radius, 0.004), (radius, 0.8 * height),
                     (0.8 * radius, neck), (0.8 * radius, height), (0, height)],
                    bottle, sides=24)  # fmt: skip
    cap = cylinder(0.96 * radius, 0.2 * height + 0.006, white, (0, 0, neck), sides=24)
    ribs = [box((0.0016, 0.003, 0.16 * height), white).moved(
        turned("z", n * np.pi / 10) @ placement(0, 0.97 * radius, neck + 0.02 * height))
        for n in range(20)]  # fmt: skip
    words = draw.choice(("RX PILLS", "ASPIRIN", "VITAMIN C", "PILLS 200mg", "MEDICINE", "TABLETS"))
    low, high = 0.12 * height, 0.72 * height
    image = label(words, (0.97, 0.97, 0.95), draw.choice(((0.7, 0.1, 0.1), (0.1, 0.1, 0.4))))
    paper = replace(white, print=front_label(image, radius, 1.7 * radius, low, high))
    skin = sleeve([(radius, low), (radius, high)], paper)
    return Model((Part("bottle", (body,)), Part("label", (skin,)), Part("cap", (cap, *ribs))),
                 bottle)  # fmt: skip
