"""A scene as Mitsuba reads it: painted meshes, lamps, the camera.

Colours of materials, lamps and sky are as on a display (sRGB); Mitsuba reckons in linear light.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64
from numpy import ndarray

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.lighting import Lighting, reach
from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.renderers.atlas import Atlas
from nesf_ros.synthetic.scene import Scene
from nesf_ros.types import Intrinsics

LAMP_RADIUS_M = 0.05
"""Of the glowing discs that lamps are: the larger, the softer the shadows."""


def load_mitsuba() -> ModuleType:
    """The library, set to plain code for the processor.

    Raises:
        ConfigError: where it is not installed.
    """
    try:
        import mitsuba
    except ImportError as error:
        raise ConfigError(
            "the path tracer needs Mitsuba, which is not installed: pip install nesf_ros[pathtrace]"
        ) from error
    # The vectorised variants are faster, but end the whole process with some versions of LLVM.
    mitsuba.set_variant("scalar_rgb")
    return mitsuba


def linear(displayed: Float32[ndarray, "*shape"]) -> Float32[ndarray, "*shape"]:
    """Light (0–1) of sRGB values (0–1), IEC 61966-2-1."""
    dark = displayed <= 0.04045
    return np.where(dark, displayed / 12.92, ((displayed + 0.055) / 1.055) ** 2.4)


def displayed(light: Float32[ndarray, "*shape"]) -> Float32[ndarray, "*shape"]:
    """SRGB values (0–1) of light; what is brighter than 1 is clipped."""
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def lights(
    lighting: Lighting, middle: Float64[ndarray, " 3"], mitsuba: ModuleType
) -> dict[str, dict]:
    """The lamps as glowing discs that face `middle` (world frame), and light from everywhere.

    Discs leave the ceiling or wall behind a lamp dark: next to a ball that shines all around, a
    few square centimetres of it would outshine the room, and paths find those too seldom.
    A lamp's light falls with the squared distance, the ray caster's more softly: they agree at
    `middle`.
    """
    sky = linear(lighting.ambient * np.array(lighting.ambient_color, np.float32))
    # In a room few paths lead outside: most tries go to the lamps.
    found: dict[str, dict] = {
        "sky": {"type": "constant", "radiance": _rgb(sky), "sampling_weight": 0.1}
    }
    for number, lamp in enumerate(lighting.lamps):
        towards = middle - lamp.position
        distance = max(float(np.linalg.norm(towards)), 0.1)
        radius = min(LAMP_RADIUS_M, distance / 10)
        shadow, lit = linear(
            lighting.ambient + np.array([0.0, lamp.strength * reach(distance)], np.float32)
        )
        # A disc of radiance L and radius r adds as much as light L (r / d)² from all around.
        radiance = (lit - shadow) * (distance / radius) ** 2
        pose = np.eye(4)
        pose[:3, :3] = radius * _turned_to(towards)
        pose[:3, 3] = lamp.position
        found[f"lamp{number}"] = {
            "type": "disk",
            "to_world": mitsuba.ScalarTransform4f(pose),
            "emitter": {
                "type": "area",
                "radiance": _rgb(radiance * linear(np.array(lamp.color, np.float32))),
            },
        }
    return found


def _turned_to(axis: Float64[ndarray, " 3"]) -> Float64[ndarray, "3 3"]:
    """A rotation that takes z to an axis of any length; down, where it has none."""
    z = axis / np.linalg.norm(axis) if axis.any() else np.array([0.0, 0.0, -1.0])
    x = np.cross(np.eye(3)[np.argmin(np.abs(z))], z)
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], axis=1)


def _rgb(color: Float32[ndarray, " 3"]) -> dict[str, Any]:
    return {"type": "rgb", "value": color.tolist()}


def meshes(scene: Scene, atlas: Atlas, mitsuba: ModuleType) -> dict[str, Any]:
    """One mesh for each kind of surface, all painted from one atlas."""
    texture = mitsuba.load_dict(
        {"type": "bitmap", "bitmap": mitsuba.Bitmap(atlas.image), "wrap_mode": "clamp"}
    )
    normals = np.concatenate([solid.normals for solid in scene.solids])
    kinds = [_surface(solid.material) for solid in scene.solids]
    kind_of = np.array([kinds.index(kind) for kind in kinds])[scene.solid_of]
    found = {}
    for index in np.unique(kind_of):
        color = "reflectance" if kinds[index]["type"] == "diffuse" else "base_color"
        surface = mitsuba.load_dict({**kinds[index], color: texture})
        of = np.flatnonzero(kind_of == index)
        found[f"mesh{index}"] = _mesh(
            mitsuba, surface, scene.triangles[of], normals[of], atlas.places[of]
        )
    return found


def _surface(material: Material) -> dict[str, Any]:
    """How a material throws light back: Mitsuba's BSDF, without its colour."""
    if material.gloss < 0.02:
        return {"type": "diffuse"}
    mirror = material.kind == "metal" or material.gloss > 0.8
    return {
        "type": "principled",
        "roughness": max(0.02, round(0.6 * (1 - material.gloss) ** 1.5, 2)),
        "metallic": 1.0 if mirror else 0.0,
        "specular": 0.5,
    }


def _mesh(
    mitsuba: ModuleType,
    surface: Any,
    corners: Float64[ndarray, "triangles 3 3"],
    normals: Float64[ndarray, "triangles 3 3"],
    places: Float32[ndarray, "triangles 3 2"],
) -> Any:
    properties = mitsuba.Properties()
    properties["bsdf"] = surface
    count = len(corners)
    mesh = mitsuba.Mesh(
        "mesh", 3 * count, count, props=properties,
        has_vertex_normals=True, has_vertex_texcoords=True,
    )  # fmt: skip
    values = mitsuba.traverse(mesh)
    values["vertex_positions"] = corners.astype(np.float32).ravel()
    values["vertex_normals"] = normals.astype(np.float32).ravel()
    values["vertex_texcoords"] = places.ravel()
    values["faces"] = np.arange(3 * count, dtype=np.uint32)
    values.update()
    return mesh


def sensor(
    camera: Intrinsics, world_T_camera: Float64[ndarray, "4 4"], mitsuba: ModuleType
) -> dict[str, Any]:
    """Mitsuba's camera: x to the left, y up, corners of pixels (not centres) at integers.

    Raises:
        ConfigError: for pixels that are not square.
    """
    if abs(camera.fx - camera.fy) > 1e-3 * camera.fx:
        raise ConfigError(
            f"focal lengths {camera.fx} and {camera.fy} px; the path tracer has square pixels: "
            "make them equal"
        )
    return {
        "type": "perspective",
        "fov": float(np.degrees(2 * np.arctan(camera.width / (2 * camera.fx)))),
        "fov_axis": "x",
        "principal_point_offset_x": 0.5 - (camera.cx + 0.5) / camera.width,
        "principal_point_offset_y": 0.5 - (camera.cy + 0.5) / camera.height,
        "near_clip": 0.001,
        "far_clip": 1000.0,
        "to_world": mitsuba.ScalarTransform4f(world_T_camera @ np.diag([-1.0, -1.0, 1.0, 1.0])),
        "sampler": {"type": "independent"},
        "film": {
            "type": "hdrfilm",
            "width": camera.width,
            "height": camera.height,
            "pixel_format": "rgba",
            # Each path counts for its own pixel only: in whatever order threads add them up,
            # the sum is the same.
            "rfilter": {"type": "box"},
        },
    }
