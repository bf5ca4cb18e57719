"""Plates on the wall: outlet and light switch."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.objects.catalog import WALL, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.fittings import Solids, row, undecorated
from nesf_ros.synthetic.objects.pieces import lying
from nesf_ros.synthetic.solids import (
    box,
    cylinder,
    revolved,
    rounded_box,
    tapered_box,
)
from nesf_ros.synthetic.things import Model, Part, turned


def _wall_plate(draw: Draw, width: float, height: float) -> tuple[Solids, Material]:
    """A frame that lies flat on the wall, and what it is made of."""
    plate = undecorated(draw, "plastic", "white", "white", "white", "beige", "black", "grey")
    thick, y = 0.01, 0.005
    if draw.chance(0.5):
        return (rounded_box((width, thick, height), 0.004, plate, (0, y, 0), steps=1),), plate
    rim = draw.choice((plate, draw.material("metal", "grey", "gold")))
    inner = box((width - 0.016, thick + 0.003, height - 0.016), plate, (0, y + 0.0015, 0.008))
    return (box((width, thick, height), rim, (0, y, 0)), inner), plate


@object_class("outlet", "electronics", size_m=((0.06, 0.26), (0.01, 0.03), (0.07, 0.14)),
              places=(WALL,),
              aliases=("socket", "power outlet", "wall socket"))  # fmt: skip
def outlet(draw: Draw) -> Model:
    """A plate with round sockets side by side, or with two slotted ones above each other."""
    dark = draw.material("plastic", "black")
    cells = draw.count(1, 3)
    if draw.chance(0.65):
        side = draw.size(0.074, 0.085)
        plate, stuff = _wall_plate(draw, side * cells, side)
        sockets, holes = [], []
        for x in row(cells, side * cells):
            rim = [(0.019, 0.0), (0.025, 0.0), (0.025, 0.006), (0.019, 0.008)]
            at = (x, 0.0125, side / 2)
            sockets.append(lying(revolved(rim, stuff, sides=20), "y", at))
            cup = draw.material("plastic", "grey")
            sockets.append(lying(cylinder(0.019, 0.002, cup, sides=16), "y", at))
            holes += [lying(cylinder(0.0035, 0.003, dark, sides=10), "y",
                            (x + s * 0.0095, 0.0125, side / 2)) for s in (-1, 1)]  # fmt: skip
    else:
        width, height = draw.size(0.068, 0.08), draw.size(0.112, 0.128)
        plate, stuff = _wall_plate(draw, width, height)
        sockets, holes = [], []
        for z in (0.29 * height, 0.71 * height):
            sockets.append(
                rounded_box((0.034, 0.01, 0.03), 0.003, stuff, (0, 0.0125, z - 0.015), 1)
            )
            holes += [box((0.0025, 0.003, 0.009), dark, (x, 0.017, z)) for x in (-0.007, 0.007)]
            holes.append(lying(cylinder(0.0028, 0.003, dark, sides=8), "y", (0, 0.0155, z - 0.007)))
    parts = (Part("plate", plate), Part("sockets", tuple(sockets)), Part("holes", tuple(holes)))
    return Model(parts, stuff)


@object_class("light switch", "electronics", size_m=((0.06, 0.26), (0.012, 0.05), (0.07, 0.14)),
              places=(WALL,),
              aliases=("switch", "wall switch", "lamp switch"))  # fmt: skip
def light_switch(draw: Draw) -> Model:
    """A plate with one to three tilted rockers, or with small levers."""
    cells, side = draw.count(1, 3), draw.size(0.072, 0.085)
    levers = draw.chance(0.35)
    height = draw.size(0.11, 0.125) if levers else side
    width = 0.045 * cells + 0.03 if levers else side * (1 if draw.chance(0.5) else cells)
    plate, stuff = _wall_plate(draw, width, height)
    metal, rockers = draw.material("metal", "grey", "gold"), []
    knob = draw.choice((stuff, stuff, metal))
    for x in row(cells, width - 0.02):
        tilt = draw.choice((-1, 1))
        wide = (width - 0.02) / cells
        if levers:
            rockers.append(box((0.012, 0.006, 0.028), draw.material("plastic", "grey"),
                               (x, 0.0125, height / 2 - 0.014)))  # fmt: skip
            stick = tapered_box((0.008, 0.011, 0.022), (0.006, 0.007), knob)
            pose = turned("x", -np.pi / 2 + tilt * 0.5)
            pose[:3, 3] = x, 0.012, height / 2
            rockers.append(stick.moved(pose))
            continue
        rocker = box((wide - 0.003, 0.008, height - 0.02), knob)
        pose = turned("x", tilt * 0.07, (0, 0, height / 2 - 0.01))
        pose[:3, 3] += x, 0.0125, 0.01
        rockers.append(rocker.moved(pose))
    parts = [Part("plate", plate), Part("levers" if levers else "rockers", tuple(rockers))]
    return Model(tuple(parts), stuff)
