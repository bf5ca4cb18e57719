"""NeSF's KLEVR shapes: plain bodies of any colour."""

from __future__ import annotations

import numpy as np

from nesf_ros.synthetic.objects.catalog import FLOOR, SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.solids import Solid, ball, box, cylinder, extruded, torus
from nesf_ros.synthetic.things import Model, Part

_KINDS = ("plastic", "wood", "metal", "rubber")
_ANY = ((0.04, 0.3), (0.04, 0.3), (0.04, 0.3))


def _whole(solid: Solid) -> Model:
    return Model((Part("body", (solid,)),), solid.material)


@object_class("cube", "shape", size_m=_ANY, places=(SURFACE, FLOOR),
              aliases=("block", "toy block"))  # fmt: skip
def cube(draw: Draw) -> Model:
    """A cube."""
    side = draw.size(0.04, 0.25)
    return _whole(box((side, side, side), draw.material(draw.choice(_KINDS))))


@object_class("cylinder", "shape", size_m=_ANY, places=(SURFACE, FLOOR),
              aliases=("round block",))  # fmt: skip
def cylinder_(draw: Draw) -> Model:
    """A cylinder about as high as wide."""
    radius = draw.size(0.025, 0.12)
    height = min(radius * draw.size(1.4, 2.6), 0.3)
    return _whole(cylinder(radius, height, draw.material(draw.choice(_KINDS))))


@object_class("sphere", "shape", size_m=_ANY, places=(SURFACE, FLOOR),
              aliases=("ball", "round ball"))  # fmt: skip
def sphere(draw: Draw) -> Model:
    """A ball."""
    return _whole(ball(draw.size(0.025, 0.13), draw.material(draw.choice(_KINDS))))


@object_class("torus", "shape", size_m=((0.06, 0.3), (0.06, 0.3), (0.015, 0.1)),
              places=(SURFACE, FLOOR), aliases=("ring", "doughnut shape"))  # fmt: skip
def torus_(draw: Draw) -> Model:
    """A lying ring."""
    tube = draw.size(0.01, 0.035)
    ring = tube * draw.size(2.2, 3.2)
    return _whole(torus(ring, tube, draw.material(draw.choice(_KINDS))))


@object_class("gear", "shape", size_m=((0.06, 0.3), (0.06, 0.3), (0.01, 0.1)),
              places=(SURFACE, FLOOR), aliases=("cogwheel", "cog"))  # fmt: skip
def gear(draw: Draw) -> Model:
    """A lying cogwheel with a hole: two halves that touch, as a prism has no holes."""
    outer = draw.size(0.035, 0.14)
    root, hole = outer * draw.size(0.75, 0.85), outer * draw.size(0.2, 0.4)
    material, height = draw.material(draw.choice(_KINDS)), outer * draw.size(0.3, 0.6)
    teeth = 2 * draw.count(4, 8)
    step = 2 * np.pi / teeth
    radii = (root, root, outer, outer)
    angles = [(n + part) * step for n in range(teeth) for part in (-0.25, 0.2, 0.3, 0.7)]
    around = [(r * np.cos(a), r * np.sin(a)) for a, r in zip(angles, radii * teeth, strict=True)]
    middle = len(around) // 2
    inner = [(hole * np.cos(a), hole * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 33)]
    halves = []
    for half, (first, last) in enumerate(((0, middle + 1), (middle, len(around) + 1))):
        rim = [around[i % len(around)] for i in range(first, last)]
        bore = [inner[i] for i in range(16 * half, 16 * half + 17)]
        # The bore follows the rim's own ends, so that the cut is a straight radius.
        shift = angles[0]
        turned = [
            (x * np.cos(shift) - y * np.sin(shift), x * np.sin(shift) + y * np.cos(shift))
            for x, y in bore
        ]
        halves.append(extruded([*rim, *turned[::-1]], height, material))
    return Model((Part("gear", tuple(halves)),), material)
