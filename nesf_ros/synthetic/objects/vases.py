"""Vases, with and without flowers."""

from __future__ import annotations

from nesf_ros.synthetic.objects.botany import bunch
from nesf_ros.synthetic.objects.catalog import SURFACE, object_class
from nesf_ros.synthetic.objects.draw import Draw
from nesf_ros.synthetic.objects.pottery import bent, open_box, sideways
from nesf_ros.synthetic.solids import Solid, vessel
from nesf_ros.synthetic.things import Model, Part, turned

_FORMS: dict[str, tuple[tuple[float, float], ...]] = {
    "bottle": ((0.6, 0.0), (0.95, 0.15), (1.0, 0.35), (0.7, 0.55), (0.25, 0.7), (0.25, 0.92),
               (0.38, 1.0)),
    "amphora": ((0.45, 0.0), (0.5, 0.04), (0.85, 0.4), (1.0, 0.62), (0.8, 0.78), (0.4, 0.86),
                (0.38, 0.93), (0.55, 1.0)),
    "bulb": ((0.55, 0.0), (0.9, 0.15), (1.0, 0.35), (0.85, 0.58), (0.5, 0.76), (0.48, 0.88),
             (0.7, 1.0)),
    "trumpet": ((0.7, 0.0), (0.5, 0.06), (0.4, 0.3), (0.5, 0.6), (0.75, 0.85), (1.0, 1.0)),
    "cylinder": ((0.92, 0.0), (0.95, 0.02), (1.0, 1.0)),
    "cone": ((0.5, 0.0), (1.0, 1.0)),
    "ball": ((0.5, 0.0), (0.85, 0.2), (1.0, 0.5), (0.85, 0.8), (0.5, 0.97), (0.5, 1.0)),
}  # fmt: skip
"""Outer profiles: radius and height as shares of the largest."""


@object_class("vase", "decoration", size_m=((0.06, 0.75), (0.06, 0.75), (0.1, 0.95)),
              places=(SURFACE,), rooms=("living room", "hall", "bedroom"),
              aliases=("flower vase", "decorative vase", "vessel for flowers"))  # fmt: skip
def vase(draw: Draw) -> Model:
    """Turned in one of many profiles, or square; with a neck, handles, flowers on some."""
    kind = draw.choice(("ceramic", "ceramic", "ceramic", "glass", "metal", "stone"))
    stuff, height = draw.material(kind), draw.size(0.14, 0.4)
    form = draw.choice((*_FORMS, "square"))
    if form == "square":
        side = draw.size(0.28, 0.42) * height
        mouth = side * draw.size(0.9, 1.35)
        walls, _ = open_box((side, side, height), 0.006, stuff, top_m=(mouth, mouth))
        body, rim = walls, side / 2
    else:
        slim = draw.size(0.55, 0.85) if form == "ball" else draw.size(0.2, 0.36)
        radius = slim * height * (0.7 if form in ("cylinder", "cone") else 1.0)
        outline = [(radius * r, height * z) for r, z in _FORMS[form]]
        body = (vessel(outline, 0.004, stuff, sides=24),)
        rim = outline[-1][0]
    parts = [Part("body", body)]
    if form in ("amphora", "bottle") and draw.chance(0.6):
        parts.append(Part("handles", _handles(form, radius, height, draw, body[0])))
    if draw.chance(0.55):
        count = draw.count(2, 5) if rim > 0.02 else draw.count(1, 3)
        stems, heads = bunch(draw, (0, 0, height - 0.005), 0.6 * rim, count, draw.size(0.1, 0.28))
        parts += [Part("stems", stems), Part("flowers", heads)]
    return Model(tuple(parts), stuff)


def _handles(form: str, radius: float, height: float, draw: Draw, body: Solid) -> tuple[Solid, ...]:
    """An ear at each side, from shoulder to neck."""
    low, neck = {"amphora": (0.68, 0.4), "bottle": (0.5, 0.27)}[form]
    reach = draw.size(0.9, 1.2)
    line = [(0.85 * radius, low), (reach * radius, low + 0.12), (0.9 * reach * radius, 0.88),
            (neck * radius, 0.9)]  # fmt: skip
    path = sideways([(x, z * height) for x, z in line])
    ear = bent(path, [(0.008, 0.006)] * len(path), body.material, sides=6)
    return (*ear, *(piece.moved(turned("z", 3.14159265)) for piece in ear))
