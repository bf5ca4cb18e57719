"""A table full of small things, some in or upon others, in the middle of an empty floor."""

from __future__ import annotations

import numpy as np

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.contact import GAP_M
from nesf_ros.synthetic.lighting import Lamp, Lighting
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.scenes.filling import fill
from nesf_ros.synthetic.scenes.placing import Stage
from nesf_ros.synthetic.solids import box
from nesf_ros.synthetic.things import ON, Model, Part, Receptacle, Thing, placement
from nesf_ros.types import Box

TABLES = ("table", "coffee table", "desk")
THEMES = (("kitchen", "dining room"), ("office",), ("garage", "workshop"), ("bedroom",), ())
COUNTS = (7, 26)
"""Objects of a scene, the table included."""
_ABOVE_M, _BELOW_M = 0.45, 0.05
_FLOOR_M = 9.0


def tabletop(stage: Stage) -> Scene:
    """Six to twenty-five things on a table that stands alone.

    Raises ConfigError where the stage may use no table.
    """
    tables = [name for name in TABLES if name in stage.classes]
    if not tables:
        raise ConfigError(f"{stage.name}: it needs one of the classes {', '.join(TABLES)}")
    draw = stage.draw
    ground = draw.material(draw.choice(("wood", "stone", "fabric")))
    slab = box((_FLOOR_M, _FLOOR_M, 0.1), ground, (0.0, 0.0, -0.1))
    model = Model((Part("floor", (slab,)),), ground)
    floor = stage.structure(Thing("floor", "floor", model))
    name = draw.choice(tables)
    table = stage.put(name, stage.body(name), placement(0, 0, GAP_M), floor)
    if table is None:
        raise RuntimeError("nothing is there that could be in the way")
    tops = [area for area in stage.areas(table) if area.space.relation == ON]
    wanted = (stage.count or draw.count(*COUNTS)) - 1
    done = fill(stage, tops, wanted, draw.choice(THEMES))
    # Where the theme has too few things that fit.
    fill(stage, tops, (COUNTS[0] - 1 if stage.count is None else wanted) - done)
    # Of interest is what stands on the largest top.
    space = max((area.space for area in tops), key=_ground)
    (x0, y0, z), (x1, y1, _) = space.lower, space.upper
    interior = Box((x0, y0, z - _BELOW_M), (x1, y1, z + _ABOVE_M))
    return stage.scene(_lighting(stage, z), interior)


def _ground(space: Receptacle) -> float:
    width, depth, _ = np.subtract(space.upper, space.lower).tolist()
    return float(width * depth)


def _lighting(stage: Stage, height_m: float) -> Lighting:
    """Two lamps above, to either side."""
    draw = stage.draw
    lamps = []
    for side in (-1, 1):
        angle, away = draw.size(0, np.pi), draw.size(0.8, 2.0)
        color = draw.color(draw.choice(("orange", "turquoise"))) if draw.novel else (1.0, 1.0, 1.0)
        at = (side * away * float(np.cos(angle)), side * away * float(np.sin(angle)))
        lamps.append(Lamp((*at, height_m + draw.size(1.2, 2.0)), draw.size(0.2, 0.4), color))
    return Lighting(tuple(lamps), draw.size(0.4, 0.5))
