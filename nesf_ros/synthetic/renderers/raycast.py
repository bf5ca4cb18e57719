"""The ray caster: textures, lamps with shadows and gloss, exact depth and labels.

Open3D (Embree) casts the rays, on all cores; kernels in Warp do the rest.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import warp as wp
from jaxtyping import Float32, Float64, Int32
from numpy import ndarray

from nesf_ros.synthetic.renderers import Rendering, looks, shading
from nesf_ros.synthetic.renderers.tables import cast, light_table, shared, world_table
from nesf_ros.synthetic.scene import Scene
from nesf_ros.types import Intrinsics


class SurfaceView(NamedTuple):
    """What the light of a depth camera meets; 0 where it meets nothing."""

    gloss: Float32[ndarray, "height width"]
    """Share of light mirrored rather than scattered, 0–1."""
    albedo: Float32[ndarray, "height width"]
    """Brightness of the surface's own colour, 0–1."""


class RayCaster:
    """Renders one scene."""

    def __init__(self, scene: Scene):
        """Lay out the scene for the kernels.

        Raises:
            ConfigError: for a pattern or a projection of a print that does not exist.
        """
        self.scene = scene
        self._world = world_table(scene)
        self._light = light_table(scene.lighting)

    def render(self, camera: Intrinsics, world_T_camera: Float64[ndarray, "4 4"]) -> Rendering:
        """What a pinhole camera sees from a pose of its optical frame."""
        pixels = camera.height * camera.width
        hits = cast(self.scene, camera, world_T_camera)
        lamps = len(self.scene.lighting.lamps)
        depth_m = np.empty(pixels, np.float32)
        instances, parts = np.empty((2, pixels), np.int32)
        normals = np.empty((pixels, 3), np.float32)
        color = np.empty((pixels, 3), np.uint8)
        segments = np.empty((pixels * lamps, 6), np.float32)
        slots, count = np.empty((pixels, lamps), np.int32), np.zeros(1, np.int32)
        wp.launch(
            shading.meet, pixels, [self._world, self._light, hits],
            [shared(array) for array in
             (depth_m, instances, parts, normals, segments, slots, count)], device="cpu",
        )  # fmt: skip
        occluded = self.scene.occluded(segments[: count[0]])
        lit = (shared(array) for array in (normals, slots, occluded))
        wp.launch(
            shading.shade, pixels, [self._world, self._light, hits, 1 / camera.fx, *lit],
            [shared(color)], device="cpu",
        )  # fmt: skip
        shape = (camera.height, camera.width)
        return Rendering(
            color.reshape(*shape, 3), depth_m.reshape(shape), instances.reshape(shape),
            parts.reshape(shape), normals.reshape(*shape, 3),
        )  # fmt: skip

    def surface(self, camera: Intrinsics, world_T_camera: Float64[ndarray, "4 4"]) -> SurfaceView:
        """How the surfaces that a camera sees return light, as `SensorNoise.depth` takes it."""
        shape = (camera.height, camera.width)
        gloss, albedo = np.empty((2, camera.height * camera.width), np.float32)
        wp.launch(
            shading.reflect, len(gloss),
            [self._world, cast(self.scene, camera, world_T_camera), 1 / camera.fx],
            [shared(gloss), shared(albedo)], device="cpu",
        )  # fmt: skip
        return SurfaceView(gloss.reshape(shape), albedo.reshape(shape))

    def albedo(
        self, triangles: Int32[ndarray, " n"], barycentric: Float32[ndarray, "n 2"]
    ) -> Float32[ndarray, "n 3"]:
        """Base colour (RGB, 0–1) of surface points, patterns and prints included, without light.

        Args:
            triangles: indices into `Scene.triangles`.
            barycentric: weights of the second and third corner.
        """
        corners = self.scene.triangles[triangles]
        points = corners[:, 0] * (1 - barycentric.sum(1, keepdims=True))
        points += corners[:, 1] * barycentric[:, :1] + corners[:, 2] * barycentric[:, 1:]
        color = np.empty((len(triangles), 3), np.float32)
        inputs = (triangles, np.ascontiguousarray(barycentric), points.astype(np.float32))
        wp.launch(
            looks.paint, len(triangles), [self._world, *map(shared, inputs)], [shared(color)],
            device="cpu",
        )  # fmt: skip
        return color
