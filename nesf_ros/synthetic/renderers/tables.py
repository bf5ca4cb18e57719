"""A scene as the ray caster's kernels read it: tables of surfaces, pictures and lamps."""

from __future__ import annotations

from functools import cache
from typing import Any

import cv2
import numpy as np
import warp as wp
from jaxtyping import Float64, UInt8
from numpy import ndarray

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.lighting import Lighting
from nesf_ros.synthetic.materials import GRAINED, PATTERNS, Print
from nesf_ros.synthetic.patterns import noise_table
from nesf_ros.synthetic.renderers import looks, shading
from nesf_ros.synthetic.scene import Scene, pixel_rays
from nesf_ros.synthetic.solids import Solid
from nesf_ros.types import Intrinsics

_PROJECTIONS = {"front": looks.FRONT, "top": looks.TOP, "round": looks.ROUND}


def shared(array: ndarray) -> wp.array:
    """A Warp array over the memory of a numpy array."""
    return wp.array(array, dtype=wp.dtype_from_numpy(array.dtype), copy=False, device="cpu")


def cast(scene: Scene, camera: Intrinsics, world_T_camera: Float64[ndarray, "4 4"]) -> shading.Hits:
    """Where the rays of all pixels, row by row, meet the scene."""
    rays = pixel_rays(camera, world_T_camera)
    found = scene.first_hits(rays)
    hits = shading.Hits()
    hits.rays, hits.lengths = shared(rays), shared(found.ray_lengths)
    hits.triangles, hits.weights = shared(found.triangles), shared(found.barycentric)
    return hits


def _rows(count: int, struct: Any) -> Any:
    """A table with a row per struct, all zero."""
    return np.zeros(count, struct.numpy_dtype())


@cache
def _noise() -> wp.array:
    return wp.array(noise_table(), device="cpu")


def world_table(scene: Scene) -> looks.World:
    """All surfaces of a scene.

    Raises:
        ConfigError: for a pattern or a projection of a print that does not exist.
    """
    surfaces = _rows(len(scene.solids), looks.Surface)
    pictures: list[tuple[Solid, Print]] = []
    for index, solid in enumerate(scene.solids):
        _describe(surfaces[index], solid)
        surfaces["picture"][index] = -1
        if solid.material.print is not None:
            surfaces["picture"][index] = len(pictures)
            pictures.append((solid, solid.material.print))
    surfaces["instance"] = scene.instance_of_solid
    surfaces["part"] = scene.part_of_solid
    world = looks.World()
    world.solid_of = wp.array(scene.solid_of, dtype=int, device="cpu")
    normals = np.concatenate([solid.normals for solid in scene.solids]).reshape(-1, 3)
    world.normals = wp.array(normals.astype(np.float32), dtype=wp.vec3, device="cpu")
    world.surfaces = wp.array(surfaces, dtype=looks.Surface, device="cpu")
    world.pictures, world.texels = _picture_tables(pictures)
    world.noise = _noise()
    return world


def light_table(lighting: Lighting) -> shading.Light:
    """All that lights a scene."""
    lamps = _rows(len(lighting.lamps), shading.Lamp)
    for index, lamp in enumerate(lighting.lamps):
        lamps[index]["position"] = lamp.position
        lamps[index]["light"] = lamp.strength * np.array(lamp.color)
    light = shading.Light()
    light.lamps = wp.array(lamps, dtype=shading.Lamp, device="cpu")
    light.ambient = wp.vec3(*(lighting.ambient * c for c in lighting.ambient_color))
    light.zenith, light.horizon = wp.vec3(*lighting.zenith), wp.vec3(*lighting.horizon)
    return light


def _describe(row: Any, solid: Solid) -> None:
    """Fill a row of the table of surfaces, but for labels and print."""
    material = solid.material
    if material.pattern not in PATTERNS:
        raise ConfigError(f"pattern {material.pattern!r}; it must be one of {', '.join(PATTERNS)}")
    back = np.linalg.inv(solid.pose)
    turn, shift = back[:3, :3], back[:3, 3] + np.array(solid.texture_at)
    if material.pattern in GRAINED:
        axes = np.roll(np.arange(3), -solid.grain)
        turn, shift = turn[axes], shift[axes]
    row["texture_R_world"] = turn / material.scale_m
    row["texture_shift"] = shift / material.scale_m
    row["color"], row["second"] = material.color, material.second
    row["pattern"] = PATTERNS.index(material.pattern)
    row["gloss"], row["metal"] = material.gloss, material.kind == "metal"


def _picture_tables(pictures: list[tuple[Solid, Print]]) -> tuple[wp.array, wp.array]:
    """The pictures' places, and the bytes of all of them; equal ones are kept once."""
    table = _rows(len(pictures), looks.Picture)
    texels: list[ndarray] = []
    known: dict[int, tuple[int, int]] = {}
    used = 0
    for row, (solid, picture) in zip(table, pictures, strict=True):
        if picture.projection not in _PROJECTIONS:
            raise ConfigError(
                f"print {picture.projection!r}; it must be one of {', '.join(_PROJECTIONS)}"
            )
        if id(picture.image) not in known:
            levels = _levels(picture.image)
            known[id(picture.image)] = used, len(levels)
            texels += [level.reshape(-1) for level in levels]
            used += sum(level.size for level in levels)
        back = np.linalg.inv(solid.pose)
        row["made_R_world"], row["made_shift"] = back[:3, :3], back[:3, 3]
        row["projection"] = _PROJECTIONS[picture.projection]
        row["lower"], row["upper"] = picture.lower, picture.upper
        row["size"] = picture.image.shape[1::-1]
        row["start"], row["levels"] = known[id(picture.image)]
    flat = np.concatenate(texels) if texels else np.zeros(0, np.uint8)
    return (
        wp.array(table, dtype=looks.Picture, device="cpu"),
        wp.array(flat, dtype=wp.uint8, device="cpu"),
    )


def _levels(image: UInt8[ndarray, "height width 3"]) -> list[ndarray]:
    """The picture, and smaller ones down to a few pixels, each half as large as the one before."""
    levels = [image]
    while min(levels[-1].shape[:2]) > 2:
        height, width = levels[-1].shape[:2]
        half = (width // 2, height // 2)
        levels.append(cv2.resize(levels[-1], half, interpolation=cv2.INTER_AREA))
    return levels
