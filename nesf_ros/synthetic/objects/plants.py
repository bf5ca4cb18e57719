"""House plants in pots."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.botany import aimed, blade, bunch, leaf, planter
from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pottery import bent
from nesf_ros.synthetic.solids import (
    Point,
    Solid,
    ball,
    ellipsoid,
    extruded,
    tube,
)
from nesf_ros.synthetic.things import Model, Part, placement

Solids = tuple[Solid, ...]


@object_class("house plant", "decoration", size_m=((0.08, 1.6), (0.08, 1.6), (0.09, 2.0)),
              places=(FLOOR, SURFACE), rooms=("living room", "office", "bedroom", "hall"),
              aliases=("potted plant", "indoor plant", "pot plant"))  # fmt: skip
def house_plant(draw: Draw) -> Model:
    """Blades, ferns, shrubs, palms, trees, cacti, rosettes or flowers in a pot of their size."""
    style, small = draw.choice(tuple(_STYLES)), draw.chance(0.5)
    radius = draw.size(0.05, 0.09) if small else draw.size(0.12, 0.2)
    pot, soil, top = planter(draw, radius)
    green = draw.natural("plant", "green", draw.size(0.1, 0.35), draw.size(0.01, 0.05))
    parts = _STYLES[style](draw, radius, top, green)
    return Model((pot, soil, *parts), green)


def _placed(solids: Solids, at: Point, yaw: float) -> Solids:
    pose = placement(*at, yaw)
    return tuple(solid.moved(pose) for solid in solids)


def _blades(draw: Draw, radius: float, top: float, green: Material) -> list[Part]:
    """Stiff upright swords."""
    edge = draw.natural("plant", draw.choice(("green", "green", "yellow")), 0.4, 0.04)
    leaves: list[Solid] = []
    for n in range(draw.count(6, 13)):
        out, yaw = radius * draw.size(0.05, 0.55), 2.4 * n
        high, wide = radius * draw.size(2.2, 5.0), radius * draw.size(0.25, 0.4)
        made = blade(high, wide, draw.size(0.0, 0.25), draw.size(-0.1, 0.15),
                     draw.choice((green, edge)))  # fmt: skip
        leaves += _placed(made, (out * np.cos(yaw), out * np.sin(yaw), top - 0.005), yaw)
    return [Part("leaves", tuple(leaves))]


def _fern(draw: Draw, radius: float, top: float, green: Material) -> list[Part]:
    """Many strips that rise and hang over."""
    leaves: list[Solid] = []
    long, wide, curl = draw.size(2.5, 4.5), draw.size(0.12, 0.3), draw.size(0.9, 1.9)
    for n in range(draw.count(14, 22)):
        made = blade(radius * long * draw.size(0.7, 1.1), radius * wide, draw.size(0.1, 0.5),
                     curl * draw.size(0.6, 1.1), green, 4)  # fmt: skip
        leaves += _placed(made, (0, 0, top - 0.005), 2.4 * n)
    return [Part("leaves", tuple(leaves))]


def _broad(draw: Draw, radius: float, top: float, green: Material) -> list[Part]:
    """Stalks from the soil, each with one large leaf."""
    form, leaves, stalks = draw.choice(("heart", "oval", "lance")), list[Solid](), list[Solid]()
    wide = draw.size(0.5, 0.8) if form != "lance" else draw.size(0.25, 0.4)
    size = radius * draw.size(1.3, 2.2)
    for n in range(draw.count(7, 14)):
        yaw, high = 2.4 * n + draw.size(-0.2, 0.2), radius * draw.size(1.2, 4.0)
        out = radius * draw.size(0.4, 1.3)
        tip = (out * np.cos(yaw), out * np.sin(yaw), top + high)
        middle = (0.35 * tip[0], 0.35 * tip[1], top + 0.6 * high)
        stalks += tube([(0, 0, top - 0.01), middle, tip], 0.025 * radius + 0.001, green, sides=4)
        long = size * draw.size(0.7, 1.1)
        made = leaf(long, wide * long, form, green, 0.002)
        leaves.append(made.moved(aimed(tip, yaw, draw.size(-0.5, 0.6))))
    return [Part("leaves", tuple(leaves)), Part("stems", tuple(stalks))]


def _shrub(draw: Draw, radius: float, top: float, green: Material) -> list[Part]:
    """One to three stems with leaves all the way up."""
    wood, form = draw.natural("plant", "brown"), draw.choice(("oval", "spoon", "heart"))
    leaves, stems = list[Solid](), list[Solid]()
    for _ in range(draw.count(1, 3)):
        high, yaw, lean = radius * draw.size(3.5, 6.0), draw.size(0, 6), draw.size(0.0, 0.25)
        foot = np.array([0.3 * radius * np.cos(yaw), 0.3 * radius * np.sin(yaw), top - 0.01])
        way = np.array([np.sin(lean) * np.cos(yaw), np.sin(lean) * np.sin(yaw), np.cos(lean)])
        x, y, z = (foot + high * way).tolist()
        stems += tube([(float(foot[0]), float(foot[1]), float(foot[2])), (x, y, z)],
                      0.04 * radius + 0.001, wood, sides=5)  # fmt: skip
        count = draw.count(9, 14)
        for n, share in enumerate(np.linspace(0.25, 1.0, count)):
            px, py, pz = (foot + share * high * way).tolist()
            long = radius * draw.size(0.9, 1.5) * (1.15 - 0.4 * float(share))
            made = leaf(long, 0.5 * long, form, green, 0.002)
            leaves.append(made.moved(aimed((px, py, pz), 2.4 * n, draw.size(-0.1, 0.8))))
    return [Part("leaves", tuple(leaves)), Part("stems", tuple(stems))]


def _palm(draw: Draw, radius: float, top: float, green: Material) -> list[Part]:
    """A trunk with arched fronds at its end."""
    bark, high = draw.natural("plant", "brown", 0.4), radius * draw.size(2.0, 5.0)
    sway = radius * draw.size(-0.5, 0.5)
    path = [(0.0, 0.0, top - 0.01), (0.6 * sway, 0.0, top + 0.5 * high), (sway, 0.0, top + high)]
    trunk = bent(path, [0.16 * radius, 0.11 * radius, 0.1 * radius], bark, sides=8)
    fronds: list[Solid] = []
    long, wide = radius * draw.size(2.0, 3.5), radius * draw.size(0.2, 0.45)
    for n in range(draw.count(9, 16)):
        made = blade(long * draw.size(0.7, 1.1), wide, draw.size(0.2, 0.9), draw.size(0.8, 1.5),
                     green, 4)  # fmt: skip
        fronds += _placed(made, (sway, 0, top + high - 0.02 * radius), 2.4 * n)
    return [Part("leaves", tuple(fronds)), Part("trunk", trunk)]


def _tree(draw: Draw, radius: float, top: float, green: Material) -> list[Part]:
    """A small tree: a trunk with one ball of leaves, or a crooked one with several pads."""
    bark = draw.natural("plant", "brown", 0.4)
    crown: list[Solid] = []
    if draw.chance(0.4):
        high, size = radius * draw.size(1.5, 4.0), radius * draw.size(0.9, 1.5)
        trunk = tube([(0, 0, top - 0.01), (0, 0, top + high + 0.2 * size)], 0.08 * radius, bark, 8)
        crown.append(ball(size, green, (0, 0, top + high), sides=16))
        if draw.chance(0.3):
            crown.append(ball(0.6 * size, green, (0, 0, top + high + 1.7 * size), sides=14))
        return [Part("leaves", tuple(crown)), Part("trunk", trunk)]
    x, y, high = 0.0, 0.0, radius * draw.size(0.8, 1.2)
    path, branches = [(0.0, 0.0, top - 0.01)], list[Solid]()
    for n in range(draw.count(3, 4)):
        x, y = x + radius * draw.size(-0.4, 0.4), y + radius * draw.size(-0.3, 0.3)
        path.append((x, y, top + 0.6 * (n + 1) * high))
        yaw, out = 2.4 * n, radius * draw.size(0.5, 0.9)
        px, py, pz = x + out * np.cos(yaw), y + out * np.sin(yaw), path[-1][2] + 0.3 * high
        branches += tube([path[-1], (px, py, pz)], 0.05 * radius, bark, sides=6)
        wide = radius * draw.size(0.9, 1.5)
        crown.append(
            ellipsoid((wide, 0.9 * wide, 0.5 * wide), green, (px, py, pz - 0.1 * wide), 14)
        )
    wide = 1.3 * radius
    crown.append(ellipsoid((wide, wide, 0.6 * wide), green, (x, y, path[-1][2] - 0.1 * wide), 14))
    trunk = tube(path, 0.11 * radius, bark, sides=8)
    return [Part("leaves", tuple(crown)), Part("trunk", (*trunk, *branches))]


def _pad(wide: float, green: Material, at: Point) -> Solid:
    """A flat cloud of leaves around the end of a branch."""
    x, y, z = at
    return ellipsoid((wide, 0.9 * wide, 0.5 * wide), green, (x, y, z - 0.1 * wide), sides=14)


def _cactus(draw: Draw, radius: float, top: float, green: Material) -> list[Part]:
    """A ribbed column with arms, several columns, or a ball; some with a blossom."""
    form, thorny = draw.choice(("arms", "columns", "ball")), list[Solid]()
    thick = radius * draw.size(0.3, 0.42)
    high = radius * draw.size(1.8, 4.5)
    if form == "ball":
        thick = radius * draw.size(0.6, 0.8)
        high = 1.2 * thick
        size = (2 * thick, 2 * thick, 1.9 * thick)
        thorny.append(ellipsoid(size, green, (0, 0, top - 0.2 * thick), sides=18))
    elif form == "columns":
        for n in range(draw.count(3, 5)):
            yaw, tall = 2.4 * n, high * draw.size(0.5, 1.0)
            at = (0.45 * radius * np.cos(yaw), 0.45 * radius * np.sin(yaw), top - 0.01)
            thorny += _column(0.6 * thick, tall, green, at)
        high = 0.0
    else:
        thorny += _column(thick, high, green, (0, 0, top - 0.01))
        for n in range(draw.count(1, 3)):
            yaw, level = 2.1 * n + draw.size(0, 0.5), top + high * draw.size(0.3, 0.55)
            out, up, slim = 2.1 * thick, high * draw.size(0.2, 0.4), 0.45 * thick
            arm = [(0.0, 0.0, 0.0), (0.8 * out, 0.0, 0.0), (out, 0.0, 0.3 * slim + 0.01),
                   (out, 0.0, up)]  # fmt: skip
            piece = (*bent(arm, [slim] * 4, green, sides=8),
                     ball(slim, green, (out, 0, up - slim), sides=10))  # fmt: skip
            thorny += _placed(piece, (0, 0, level), yaw)
    parts = [Part("stem", tuple(thorny))]
    if high and draw.chance(0.5):
        pink = draw.natural("plant", draw.choice(("pink", "red", "yellow", "white")))
        bud = ellipsoid(
            (0.5 * thick, 0.5 * thick, 0.4 * thick),
            pink,
            (0, 0, max(float(s.bounds[1][2]) for s in thorny) - 0.1 * thick),
            sides=10,
        )
        parts.append(Part("blossom", (bud,)))
    return parts


def _column(thick: float, high: float, green: Material, at: Point) -> Solids:
    """An upright column with ribs and a round end."""
    x, y, z = at
    radii = thick * np.tile((0.82, 1.0), 10)
    angles = np.arange(len(radii)) * 2 * np.pi / len(radii)
    star = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
    size = (1.8 * thick, 1.8 * thick, 1.2 * thick)
    cap = ellipsoid(size, green, (x, y, z + high - 0.6 * thick), sides=12)
    return extruded([*map(tuple, star.tolist())], high, green, at), cap


def _rosette(draw: Draw, radius: float, top: float, green: Material) -> list[Part]:
    """Thick leaves in rings, the inner ones steeper."""
    leaves: list[Solid] = []
    form, long = draw.choice(("lance", "oval", "spoon")), radius * draw.size(0.9, 1.7)
    for ring, rise in enumerate((0.4, 0.7, 1.0, 1.3)):
        count = 9 - 2 * ring
        size = long * (1 - 0.16 * ring)
        made = leaf(size, draw.size(0.3, 0.45) * size, form, green, 0.07 * radius)
        for n in range(count):
            yaw = (n + 0.5 * ring) * 2 * np.pi / count
            leaves.append(made.moved(aimed((0, 0, top + 0.04 * radius), yaw, rise)))
    return [Part("leaves", tuple(leaves))]


def _blooming(draw: Draw, radius: float, top: float, green: Material) -> list[Part]:
    """A ring of leaves with flowers on stems above it."""
    leaves: list[Solid] = []
    for n in range(draw.count(6, 9)):
        long = radius * draw.size(1.0, 1.6)
        made = leaf(long, 0.4 * long, draw.choice(("oval", "lance")), green, 0.002)
        leaves.append(made.moved(aimed((0, 0, top), 2.4 * n, draw.size(0.2, 0.9))))
    stems, heads = bunch(draw, (0, 0, top), 0.5 * radius, draw.count(3, 5),
                         radius * draw.size(1.5, 3.0))  # fmt: skip
    return [Part("leaves", tuple(leaves)), Part("stems", stems), Part("flowers", heads)]


_STYLES = {
    "blades": _blades, "fern": _fern, "broad": _broad, "shrub": _shrub, "palm": _palm,
    "tree": _tree, "cactus": _cactus, "rosette": _rosette, "blooming": _blooming,
}  # fmt: skip
