"""The ray caster: textures, Lambert shading and shadows, exact depth and labels."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64, Int32
from numpy import ndarray

from nesf_ros.datasets.labelled import NOTHING
from nesf_ros.synthetic.lighting import brightness, sky
from nesf_ros.synthetic.materials import colors_at
from nesf_ros.synthetic.renderers import Rendering
from nesf_ros.synthetic.scene import Scene, pixel_rays
from nesf_ros.types import Intrinsics


class RayCaster:
    """Renders one scene with Open3D's ray casting."""

    def __init__(self, scene: Scene):
        """Lay the scene's corners side by side: one gather fetches all that a pixel blends."""
        self.scene = scene
        self._corners = np.concatenate(
            [
                np.concatenate([solid.normals, solid.local, solid.made], axis=2)
                for solid in scene.solids
            ]
        ).astype(np.float32)
        lamps = scene.lighting.lamps
        self._lights = np.array([[*lamp.position, lamp.strength] for lamp in lamps], np.float32)

    def render(self, camera: Intrinsics, world_T_camera: Float64[ndarray, "4 4"]) -> Rendering:
        """What a pinhole camera sees from a pose of its optical frame."""
        scene = self.scene
        rays = pixel_rays(camera, world_T_camera)
        hits = scene.first_hits(rays)
        seen = np.flatnonzero(np.isfinite(hits.ray_lengths))
        depth_m = np.zeros(len(rays), np.float32)
        depth_m[seen] = hits.ray_lengths[seen]
        solids = scene.solid_of[hits.triangles[seen]]
        instances = np.full(len(rays), NOTHING, np.int32)
        instances[seen] = scene.instance_of_solid[solids]
        parts = np.full(len(rays), NOTHING, np.int32)
        parts[seen] = scene.part_of_solid[solids]

        weight = hits.barycentric[seen]
        normals = _blend(self._corners[hits.triangles[seen], :, :3], weight)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        base = self.albedo(hits.triangles[seen], weight)
        points = rays[seen, :3] + depth_m[seen, None] * rays[seen, 3:]
        color = sky(rays[:, 3:])
        color[seen] = base * brightness(points, normals, self._lights, scene.occluded)[:, None]
        normals_world = np.zeros((len(rays), 3), np.float32)
        normals_world[seen] = normals
        bytes_ = (255 * np.clip(color, 0, 1) + 0.5).astype(np.uint8)
        shape = (camera.height, camera.width)
        return Rendering(
            bytes_.reshape(*shape, 3), depth_m.reshape(shape), instances.reshape(shape),
            parts.reshape(shape), normals_world.reshape(*shape, 3),
        )  # fmt: skip

    def albedo(
        self, triangles: Int32[ndarray, " n"], barycentric: Float32[ndarray, "n 2"]
    ) -> Float32[ndarray, "n 3"]:
        """Base colour (RGB, 0–1) of surface points, patterns and prints included, without light.

        Args:
            triangles: indices into `Scene.triangles`.
            barycentric: weights of the second and third corner.
        """
        solids = self.scene.solid_of[triangles]
        places = _blend(self._corners[triangles, :, 3:], barycentric)
        materials = [solid.material for solid in self.scene.solids]
        base = colors_at(materials, solids, places[:, :3])
        _add_prints(base, materials, solids, places[:, 3:])
        return base


def _blend(
    corners: Float32[ndarray, "n 3 values"], weight: Float32[ndarray, "n 2"]
) -> Float32[ndarray, "n values"]:
    blend = corners[:, 0] * (1 - weight.sum(1, keepdims=True))
    return blend + corners[:, 1] * weight[:, :1] + corners[:, 2] * weight[:, 1:]


def _add_prints(
    base: Float32[ndarray, "n 3"], materials: list, solids: ndarray, made: Float32[ndarray, "n 3"]
) -> None:
    for index in np.unique(solids):
        picture = materials[index].print
        if picture is None:
            continue
        at = np.flatnonzero(solids == index)
        x, y, z = made[at].T
        across = {"front": -x, "top": x, "round": np.arctan2(y, x)}[picture.projection]
        up = y if picture.projection == "top" else z
        (left, low), (right, high) = picture.lower, picture.upper
        u, v = (across - left) / (right - left), (high - up) / (high - low)
        inside = (u >= 0) & (u < 1) & (v >= 0) & (v < 1)
        height, width = picture.image.shape[:2]
        rows, columns = (v[inside] * height).astype(int), (u[inside] * width).astype(int)
        base[at[inside]] = picture.image[rows, columns] / 255
