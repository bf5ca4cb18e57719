"""NeSF's scenes: KLEVR's plain shapes on a grey floor, ToyBox's objects before a backdrop.

Their world is NeSF's: a floor 8.2 m wide and objects of one to two metres (bounds of the published
KLEVR scenes). Objects rest on the floor; in KLEVR's own scenes they hang in the air.
"""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.contact import GAP_M, Body
from nesf_ros.synthetic.lighting import Lamp, Lighting
from nesf_ros.synthetic.materials import Color, Material
from nesf_ros.synthetic.objects.draw import COLORS, Draw
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.scenes.placing import Area, Stage
from nesf_ros.synthetic.solids import SIDES, box, revolved
from nesf_ros.synthetic.things import ON, Model, Part, Receptacle, Thing, placement, turned
from nesf_ros.types import Box

KLEVR_CLASSES = ("cube", "cylinder", "sphere", "torus", "gear")
TOYBOX5_CLASSES = ("airplane", "car", "chair", "sofa", "table")
"""The five largest of ToyBox13's in ShapeNet."""
TOYBOX13_CLASSES = (
    "airplane", "bench", "cabinet", "car", "chair", "display", "lamp", "loudspeaker", "rifle",
    "sofa", "table", "telephone", "vessel",
)  # fmt: skip
BOUNDS = Box((-4.1, -4.1, -0.1), (4.1, 4.1, 3.1))
"""Of NeSF's published scenes, metres."""
COUNTS = (4, 12)
"""Objects in each of NeSF's scenes."""
_BLACK: Color = (0.0, 0.0, 0.0)
_BACKDROP_M = 16.0  # its distance: farther away than any camera
_LAMP_M = (7.0, 11.0)
_HIGHEST_M = 2.4
_TRIES = 60

Restyle = Callable[[Draw, str, Model], Model]
"""What is done to an object of a class before it is scaled."""


def klevr(stage: Stage) -> Scene:
    """Cubes, cylinders, balls, rings and gears of random hue and scale on a matte grey floor."""
    grey = Material((0.5, 0.5, 0.5), (0.47, 0.47, 0.47), "blotches", 0.5, "stone", "grey")
    floor = stage.structure(_floor(8.2, grey))
    _scatter(stage, floor, KLEVR_CLASSES, (0.8, 2.0), _tinted)
    return stage.scene(_lighting(stage.draw, _BLACK), BOUNDS)


def toybox5(stage: Stage) -> Scene:
    """Cars, airplanes, chairs, sofas and tables, all as large as toys beside each other."""
    return _toybox(stage, TOYBOX5_CLASSES)


def toybox13(stage: Stage) -> Scene:
    """Thirteen classes of ShapeNet, all as large as toys beside each other."""
    return _toybox(stage, TOYBOX13_CLASSES)


def _toybox(stage: Stage, names: Sequence[str]) -> Scene:
    draw = stage.draw
    ground = draw.material(draw.choice(("wood", "stone", "fabric", "cardboard")))
    floor = stage.structure(_floor(2.1 * _BACKDROP_M, replace(ground, scale_m=draw.size(0.2, 0.8))))
    paper = replace(draw.material("paper"), scale_m=draw.size(0.5, 2.0))
    ring = ((_BACKDROP_M, 0.0), (_BACKDROP_M + 0.2, 0.0), (_BACKDROP_M + 0.2, 7.0))
    around = revolved([*ring, (_BACKDROP_M, 7.0)], paper)
    model = Model((Part("backdrop", (around,)),), paper)
    stage.structure(Thing("backdrop", "backdrop", model, placement(0, 0, GAP_M), floor.name))
    _scatter(stage, floor, names, (1.0, 2.4), lambda draw, name, model: model)
    haze = draw.color(draw.choice(("white", "beige", "grey", "turquoise")))
    return stage.scene(_lighting(draw, haze), BOUNDS)


def _floor(width_m: float, material: Material) -> Thing:
    slab = box((width_m, width_m, 0.1), material, (0.0, 0.0, -0.1))
    return Thing("floor", "floor", Model((Part("floor", (slab,)),), material))


def _scatter(
    stage: Stage, floor: Thing, names: Sequence[str], size_m: tuple[float, float], restyle: Restyle
) -> None:
    """Put objects of some of the classes anywhere on the floor, each of a size drawn anew.

    Raises ConfigError where the stage may use none of the classes.
    """
    usable = [name for name in names if name in stage.classes]
    if not usable:
        raise ConfigError(
            f"{stage.name}: none of its classes is allowed; it needs one of {', '.join(names)}"
        )
    reach = BOUNDS.upper[0] - 0.1
    space = Receptacle(ON, (-reach, -reach, 0.0), (reach, reach, BOUNDS.upper[2]))
    area = Area(floor, space, ())
    wanted = stage.count or stage.draw.count(*COUNTS)
    for _ in range(_TRIES * wanted):
        if stage.objects == wanted:
            break
        name = stage.draw.choice(usable)
        model = restyle(stage.draw, name, stage.body(name).model)
        largest = max(model.size_m)
        factor = min(stage.draw.size(*size_m) / largest, _HIGHEST_M / model.size_m[2])
        stage.put_in(name, area, body=Body(model.scaled(factor)))


def _tinted(draw: Draw, name: str, model: Model) -> Model:
    """The shape in one colour of any hue, matte or glossy; some cylinders lie."""
    hsv = draw.size(0, 1), draw.size(0.75, 0.95), draw.size(0.6, 0.9)
    color = colorsys.hsv_to_rgb(*hsv)
    metal = draw.chance(0.5)
    material = Material(
        color, (0.9 * color[0], 0.9 * color[1], 0.9 * color[2]), "blotches", 0.05,
        "metal" if metal else "rubber", _color_name(*hsv), 0.5 if metal else 0.0,
    )  # fmt: skip
    lies = name == "cylinder" and draw.chance(0.4)
    # Turned by half a facet first, so that it lies on one.
    pose = turned("y", np.pi / 2) @ turned("z", np.pi / SIDES) if lies else np.eye(4)
    solids = tuple(s.moved(pose) for part in model.parts for s in part.solids)
    painted = tuple(replace(s, material=material) for s in solids)
    return Model((Part(model.parts[0].name, painted),), material)


def _color_name(hue: float, saturation: float, value: float) -> str:
    """The word for a colour; empty where none fits."""
    for name, (hues, saturations, values) in COLORS.items():
        turned_hue = (hue - hues[0]) % 1.0 + hues[0]
        inside = zip((turned_hue, saturation, value), (hues, saturations, values), strict=True)
        if all(low <= number <= high for number, (low, high) in inside):
            return name
    return ""


def _lighting(draw: Draw, sky: Color) -> Lighting:
    """Two or three lamps high up around the scene."""
    lamps = []
    for _ in range(draw.count(2, 3)):
        away, angle = draw.size(3.0, 7.0), draw.size(0, 2 * np.pi)
        height = draw.size(*_LAMP_M)
        at = (away * float(np.cos(angle)), away * float(np.sin(angle)), height)
        # Lamps lose strength with distance (`lighting`): so much arrives as from 2 m away.
        far = 0.6 + 0.2 * float(np.linalg.norm(at))
        color = draw.color(draw.choice(("orange", "turquoise"))) if draw.novel else (1.0, 1.0, 1.0)
        lamps.append(Lamp(at, draw.size(0.2, 0.35) * far, color))
    return Lighting(tuple(lamps), draw.size(0.4, 0.5), sky, sky)
