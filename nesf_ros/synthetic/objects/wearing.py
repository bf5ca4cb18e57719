"""What people wear: shoes, hats, glasses, watches. Fronts towards +y."""

from __future__ import annotations

import cv2
import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.fittings import face_up
from nesf_ros.synthetic.objects.hand_tools import rested
from nesf_ros.synthetic.objects.pieces import Outline, arc, lying
from nesf_ros.synthetic.objects.pottery import dome
from nesf_ros.synthetic.objects.prints import Picture
from nesf_ros.synthetic.solids import (
    Solid,
    box,
    cylinder,
    ellipsoid,
    extruded,
    hull,
    revolved,
    rounded_box,
    torus,
    tube,
)
from nesf_ros.synthetic.things import Model, Part, placement, turned

_COLORS = ("red", "blue", "green", "black", "white", "grey", "brown", "orange", "pink", "yellow")

# A foot seen from above: where along it (heel to toe), and half its width there; all as shares
# of its length. Toes point towards +y.
_FOOT = ((-0.5, 0.06), (-0.47, 0.11), (-0.38, 0.14), (-0.15, 0.125), (0.05, 0.14), (0.25, 0.175),
         (0.4, 0.15), (0.47, 0.1), (0.5, 0.04))  # fmt: skip


def _foot(length: float, share: float) -> Outline:
    side = [(share * half * length, share * y * length) for y, half in _FOOT]
    return [*side, *((-x, y) for x, y in side[::-1])]


@object_class("shoe", "clothing", size_m=((0.07, 0.3), (0.18, 0.34), (0.06, 0.26)),
              places=(FLOOR, SURFACE), rooms=("hall", "bedroom"),
              aliases=("sneaker", "trainer", "boot", "footwear"))  # fmt: skip
def shoe(draw: Draw) -> Model:
    """A laced shoe or boot, or a pair of them."""
    length, boot = draw.size(0.2, 0.31), draw.chance(0.3)
    hide = draw.material(draw.choice(("leather", "fabric")), *_COLORS)
    sole = draw.material("rubber", "white" if hide.color_name != "white" else "red")
    sole = draw.material("rubber", "black") if boot else sole
    lace = draw.material("fabric", "white" if hide.color_name != "white" else "black")
    inner = draw.material("fabric", "black", pattern="blotches")
    shaft = length * (draw.size(0.55, 0.75) if boot else draw.size(0.34, 0.42))
    pieces = _laced(draw, length, shaft, (sole, hide, inner, lace))
    if draw.chance(0.5):
        return Model(pieces, hide)
    both = []
    for part in pieces:
        pair = [part.moved(placement(side * 0.21 * length, side * 0.03 * length, 0, side * 0.06))
                for side in (-1, 1)]  # fmt: skip
        both.append(Part(part.name, pair[0].solids + pair[1].solids))
    return Model(tuple(both), hide)


def _laced(
    draw: Draw, length: float, shaft: float, materials: tuple[Material, ...]
) -> tuple[Part, ...]:
    """Sole, upper, opening and laces of one shoe, and the materials of these in this order."""
    sole, hide, inner, lace = materials
    thick = 0.08 * length
    base = extruded(_foot(length, 1.0), thick, sole)

    def section(share: float, z: float, cut: float) -> list[tuple[float, float, float]]:
        return [(x, min(y, cut * length), z) for x, y in _foot(length, share)]

    low, toe = thick - 0.004, 0.2 * length
    front = hull(np.array([*section(0.94, low, 1.0), *section(0.86, toe - 0.02, 0.34),
                           *section(0.6, toe + 0.01, 0.1)]), hide)  # fmt: skip
    ankle = [(x, y - 0.28 * length, shaft) for x, y in arc(
        0.125 * length, 0, 360, 13, radius_y_m=0.19 * length)[:-1]]  # fmt: skip
    rear = hull(np.array([*section(0.92, low, 0.0), *ankle]), hide)
    ring = torus(0.115 * length, 0.018 * length, hide, sides=16)
    stretch = placement(0, -0.28 * length, shaft - 0.02 * length) @ np.diag([1, 1.5, 1, 1.0])
    hole = cylinder(0.1 * length, 0.002, inner, sides=16).moved(placement(0, 0, 0.02 * length))
    # Laces cross the slope between the ankle and the toes.
    start, end = np.array((0.2, 0.205)), np.array((-0.1, shaft / length - 0.03))
    laces: list[Solid] = []
    for share in np.linspace(0.18, 0.88, 5):
        y, z = (start + share * (end - start)) * length
        laces += tube([(-0.07 * length, y - 0.02 * length, z - 0.005), (0, y, z + 0.012),
                       (0.07 * length, y - 0.02 * length, z - 0.005)],
                      0.011 * length, lace, 6)  # fmt: skip
    tongue = hull(np.array([(x * length, y * length, z * length) for x in (-0.055, 0.055)
                            for y, z in ((0.22, 0.17), (0.2, 0.2), (-0.12, shaft / length + 0.03),
                                         (-0.15, shaft / length + 0.01))]), hide)  # fmt: skip
    cap = ellipsoid((0.24 * length, 0.2 * length, 0.16 * length), sole,
                    (0, 0.385 * length, thick - 0.05 * length), 14)  # fmt: skip
    extra = (cap,) if draw.chance(0.5) else ()
    return (
        Part("sole", (base, *extra)), Part("upper", (front, rear, tongue, ring.moved(stretch))),
        Part("opening", (hole.moved(stretch),)), Part("laces", tuple(laces)),
    )  # fmt: skip


@object_class("hat", "clothing", size_m=((0.16, 0.5), (0.2, 0.56), (0.07, 0.26)),
              places=(SURFACE, FLOOR), rooms=("hall", "bedroom"),
              aliases=("headgear", "cap", "sun hat"))  # fmt: skip
def hat(draw: Draw) -> Model:
    """A hat with a brim and a band, a top hat, or a cap with a peak."""
    cloth = draw.material(draw.choice(("fabric", "leather")), *_COLORS, "beige", "beige")
    band = draw.material("fabric", *_COLORS, pattern="fabric")
    radius, style = draw.size(0.085, 0.1), draw.choice(("brim", "brim", "top", "cap"))
    oval = np.diag([1.0, 1.18, 1.0, 1.0])
    if style == "cap":
        crown = dome(radius, draw.size(0.11, 0.14), cloth, (0, 0, 0), 20)
        button = ellipsoid((0.02, 0.02, 0.012), band, (0, 0, float(crown.bounds[1][2]) - 0.004), 8)
        rim = revolved([(radius - 0.004, 0), (radius + 0.0015, 0), (radius + 0.0015, 0.02),
                        (radius - 0.004, 0.02)], band, sides=20)  # fmt: skip
        reach = draw.size(0.06, 0.085)
        shape = [(0.9 * radius, 0.0), *arc(0.9 * radius, 0, 180, 11, (0, 0.06), reach),
                 (-0.9 * radius, 0.0)]  # fmt: skip
        peak = extruded(shape, 0.004, band, (0, 0.045, 0))
        parts = [Part("crown", (crown.moved(oval), button)), Part("band", (rim.moved(oval),)),
                 Part("peak", (peak,))]  # fmt: skip
        return Model(tuple(parts), cloth)
    wide = radius + (draw.size(0.04, 0.06) if style == "top" else draw.size(0.05, 0.12))
    high = draw.size(0.14, 0.2) if style == "top" else draw.size(0.09, 0.12)
    top = draw.size(1.0, 1.1) if style == "top" else draw.size(0.7, 0.9)
    curl = draw.size(0.0, 0.02)
    brim = revolved([(0.8 * radius, 0), (0.8 * wide, 0), (wide, curl), (wide, curl + 0.004),
                     (0.8 * wide, 0.005), (0.8 * radius, 0.005)], cloth, sides=28)  # fmt: skip
    edge, dent = high - 0.012, 0.0 if style == "top" else 0.014
    crown = revolved([(0, 0.001), (radius, 0.001), (top * radius, edge),
                      (0.92 * top * radius, high), (0.5 * top * radius, high - dent),
                      (0, high - dent)], cloth, sides=24)  # fmt: skip
    far = radius + (top - 1) * radius * 0.035 / edge
    ring = revolved([(0.9 * radius, 0.004), (radius + 0.002, 0.004), (far + 0.002, 0.036),
                     (0.9 * far, 0.036)], band, sides=24)  # fmt: skip
    return Model(tuple(Part(name, (s.moved(oval),)) for name, s in
                       (("brim", brim), ("crown", crown), ("band", ring))), cloth)  # fmt: skip


@object_class("glasses", "clothing", size_m=((0.11, 0.17), (0.09, 0.18), (0.025, 0.07)),
              places=(SURFACE,), rooms=("office", "living room", "bedroom"),
              aliases=("eyeglasses", "sunglasses", "reading glasses"))  # fmt: skip
def glasses(draw: Draw) -> Model:
    """Glasses with round or angular rims that stand on their rims and temples."""
    width, high = draw.size(0.046, 0.056), draw.size(0.032, 0.046)
    gap, thick = draw.size(0.014, 0.02), draw.size(0.0016, 0.003)
    paint = draw.material(draw.choice(("plastic", "metal")), "black", "brown", "red", "blue")
    lens = draw.material("glass", "black", "black", "turquoise", "white")
    corner = draw.choice((2.0, 3.2, 5.0))  # of the superellipse: an oval, a rounded or square rim
    angle = np.linspace(0, 2 * np.pi, 21)
    power = 2 / corner
    x = width / 2 * np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** power
    z = high / 2 * np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** power
    middle = high / 2 + thick
    rims: list[Solid] = []
    lenses: list[Solid] = []
    temples: list[Solid] = []
    back = -draw.size(0.12, 0.14)
    for side in (-1, 1):
        center = side * (gap + width) / 2
        path = [(center + float(a), 0.0, middle + float(b)) for a, b in zip(x, z, strict=True)]
        rims += tube([*path, path[1]], thick, paint, 6)
        outline = [(a - center, b - middle) for a, _, b in path[:-1]]
        glass = extruded(outline, 0.0016, lens)
        lenses.append(lying(glass, "y", (center, -0.0008, middle)))
        out, level = side * (gap / 2 + width), middle + 0.2 * high
        line = [(-0.001, 0.0, level), (0.002, -0.006, level), (-0.002, 0.7 * back, level),
                (-0.006, back, thick)]  # fmt: skip
        temples += tube([(out + side * a, b, c) for a, b, c in line], thick, paint, 6)
    bridge = tube([(-gap / 2 - 0.001, 0, middle + 0.1 * high), (0, 0.001, middle + 0.2 * high),
                   (gap / 2 + 0.001, 0, middle + 0.1 * high)], thick, paint, 6)  # fmt: skip
    pieces = {"rims": [*rims, *bridge], "lenses": lenses, "temples": temples}
    return Model(rested(pieces, placement(0, -back / 2, 0)), paint)


@object_class("watch", "clothing", size_m=((0.025, 0.06), (0.045, 0.28), (0.008, 0.1)),
              places=(SURFACE,), rooms=("bedroom", "office", "living room"),
              aliases=("wristwatch", "wrist watch"))  # fmt: skip
def watch(draw: Draw) -> Model:
    """A wrist watch, its strap closed to a loop or stretched out."""
    radius, wide = draw.size(0.016, 0.021), draw.size(0.016, 0.022)
    strap = draw.material(draw.choice(("leather", "metal", "rubber")))
    case = draw.material("metal", "grey", "gold", "black")
    dial = draw.material("paper", "white", "black", "blue", pattern="blotches")
    thick, pointed = 0.009, draw.chance(0.75)
    if pointed:
        body: Solid = cylinder(radius, thick, case, top_radius_m=0.92 * radius, sides=24)
    else:
        body = rounded_box((2 * radius, 2.2 * radius, thick), 0.003, case, steps=2)
    face = face_up(_dial(draw, dial, pointed), (1.62 * radius, 1.62 * radius), dial,
                   (0, 0, thick - 0.0006), 0.0012)  # fmt: skip
    if pointed:  # its corners would stick out
        picture = face.material
        face = cylinder(0.81 * radius, 0.0012, picture, (0, 0, thick - 0.0006), sides=24)
        face = face.moved(turned("z", np.pi))
    crown = lying(cylinder(0.0028, 0.006, case, sides=10), "x", (-radius - 0.004, 0, 0.5 * thick))
    head = [body, face, crown]
    if draw.chance(0.7):
        ring = draw.size(0.026, 0.031)
        band = lying(revolved([(ring - 0.0015, -wide / 2), (ring + 0.0015, -wide / 2),
                               (ring + 0.0015, wide / 2), (ring - 0.0015, wide / 2)], strap,
                              sides=28), "x", (0, 0, ring + 0.0015))  # fmt: skip
        up = turned("x", -draw.size(0.3, 0.5), (0, 0, ring + 0.0015)) @ placement(
            0, 0, 2 * ring - 0.003)  # fmt: skip
        return Model((Part("strap", (band,)),
                      Part("watch face", tuple(s.moved(up) for s in head))), strap)  # fmt: skip
    long = draw.size(0.08, 0.11)
    bands = [box((wide, long, 0.003), strap, (0, side * (0.7 * radius + long / 2), 0))
             for side in (-1, 1)]  # fmt: skip
    end = -0.7 * radius - long
    frame = [(-1, end), (-1, end - 0.012), (1, end - 0.012), (1, end)]
    buckle = tube([(x * wide / 2, y, 0.002) for x, y in frame], 0.0016, case, 6)
    return Model((Part("strap", (*bands, *buckle)), Part("watch face", tuple(head))), strap)


def _dial(draw: Draw, dial: Material, pointed: bool) -> Picture:
    """Hours and hands, or the digits of a digital watch."""
    image = np.full((96, 96, 3), np.round(255 * np.array(dial.color)), np.uint8)
    ink = (20, 20, 20) if sum(dial.color) > 1.5 else (240, 240, 240)
    if not pointed:
        words = f"{draw.count(0, 23):02d}:{draw.count(0, 59):02d}"
        cv2.putText(image, words, (4, 60), cv2.FONT_HERSHEY_DUPLEX, 1.0, ink, 2, cv2.LINE_AA)
        return image
    for hour in range(12):
        way = np.array((np.sin(hour * np.pi / 6), -np.cos(hour * np.pi / 6)))
        ends = [tuple(np.round(48 + reach * way).astype(int).tolist()) for reach in (36, 44)]
        cv2.line(image, ends[0], ends[1], ink, 3, cv2.LINE_AA)
    for reach, broad in ((22, 5), (33, 3)):
        angle = draw.size(0, 2 * np.pi)
        end = (int(48 + reach * np.sin(angle)), int(48 - reach * np.cos(angle)))
        cv2.line(image, (48, 48), end, ink, broad, cv2.LINE_AA)
    return image
