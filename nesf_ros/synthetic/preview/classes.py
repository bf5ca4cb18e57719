"""Contact sheets of object classes: several instances of each, on a plain floor."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float64, UInt8
from numpy import ndarray

from nesf_ros.synthetic.lighting import Lamp, Lighting
from nesf_ros.synthetic.materials import plain
from nesf_ros.synthetic.objects import build
from nesf_ros.synthetic.objects.catalog import CEILING, WALL, class_named
from nesf_ros.synthetic.renderers.raycast import RayCaster
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.solids import box
from nesf_ros.synthetic.things import Model, Part, Thing, placement
from nesf_ros.types import Box, Intrinsics

_CAPTION_PX = 18


def class_sheet(
    names: Sequence[str], instances: int = 6, size_px: int = 160, novel: bool = False
) -> UInt8[ndarray, "height width 3"]:
    """A row per class, a column per instance, each seen from its front, a little from above."""
    rows = []
    for name in names:
        views = [
            portrait(build(name, seed, novel), class_named(name).places, size_px, seed)
            for seed in range(instances)
        ]
        caption = np.full((_CAPTION_PX, size_px * instances, 3), 255, np.uint8)
        cv2.putText(
            caption, name, (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA
        )
        rows += [caption, np.concatenate(views, axis=1)]
    return np.concatenate(rows)


def portrait(
    model: Model, places: Sequence[str], size_px: int = 160, seed: int = 0
) -> UInt8[ndarray, "size size 3"]:
    """One model alone, filling the picture, from a direction that the seed varies."""
    lower, upper = model.bounds
    center, reach = (lower + upper) / 2, float(np.linalg.norm(upper - lower)) / 2
    ground = box((40 * reach, 40 * reach, 0.1), plain((0.72, 0.72, 0.70)))
    things = [Thing("model", "model", model)]
    low = float(lower[2]) if places[0] not in (WALL, CEILING) else float(center[2]) - 2 * reach
    things.append(
        Thing("ground", "ground", Model((Part("ground", (ground,)),), ground.material),
              placement(0, 0, low - 0.1))
    )  # fmt: skip
    lamps = tuple(
        Lamp(tuple((center + reach * np.array(at)).tolist()), strength)
        for at, strength in (((3.0, 3.0, 5.0), 0.45), ((-4.0, 2.0, 3.0), 0.2))
    )
    outer = 20 * reach
    scene = Scene(
        "portrait", things, Lighting(lamps, 0.5), Box((-outer, -outer, low), (outer, outer, outer))
    )
    focal = 2.2 * size_px
    camera = Intrinsics(size_px, size_px, focal, focal, (size_px - 1) / 2, (size_px - 1) / 2)
    yaw = np.pi / 2 + np.random.default_rng(seed).uniform(-0.9, 0.9)
    elevation = -0.3 if places[0] == CEILING else 0.45
    away = np.array([np.cos(yaw) * np.cos(elevation), np.sin(yaw) * np.cos(elevation),
                     np.sin(elevation)])  # fmt: skip
    return RayCaster(scene).render(camera, _looking_at(center + 4.9 * reach * away, center)).color


def _looking_at(
    eye: Float64[ndarray, " 3"], target: Float64[ndarray, " 3"]
) -> Float64[ndarray, "4 4"]:
    forward = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(forward, right), forward], axis=1)
    pose[:3, 3] = eye
    return pose
