"""The path tracer: light that bounces, soft shadows and reflections, by Mitsuba 3.

Slow, for the share of images that checks that nothing depends on the renderer. Depth, instances,
parts and normals are the ray caster's; colours are traced.
"""

from __future__ import annotations

import zlib

import numpy as np
from jaxtyping import Float32, Float64
from numpy import ndarray

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.lighting import Lighting
from nesf_ros.synthetic.renderers import Rendering
from nesf_ros.synthetic.renderers.atlas import bake
from nesf_ros.synthetic.renderers.mitsuba_scene import (
    displayed,
    lights,
    linear,
    load_mitsuba,
    meshes,
    sensor,
)
from nesf_ros.synthetic.renderers.raycast import RayCaster
from nesf_ros.synthetic.scene import Scene, pixel_rays
from nesf_ros.synthetic.things import placement, turned
from nesf_ros.types import Intrinsics

_BOUNCES = 4
_BRIGHTEST = np.float32(4.0)
"""Light that a path may bring at most, 1 being white: rare bright paths would leave white dots."""
_PROBES, _PROBE_SAMPLES = 8, 16
_PROBE = Intrinsics(32, 24, 20.0, 20.0, 15.5, 11.5)
_FACING_Y = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])  # optical frame


class PathTracer:
    """Renders one scene with Mitsuba. The same seed gives the same bytes.

    The exposure is set once per scene, so that views from its middle are on average as bright as
    the ray caster's: how much light walls throw back is not known before.
    """

    def __init__(self, scene: Scene, samples: int = 64, seed: int = 0):
        """Bake the textures, hand the scene over and find the exposure.

        Args:
            scene: what to render.
            samples: light paths per pixel; noise falls with their square root.
            seed: of the paths; every view draws others.

        Raises:
            ConfigError: without Mitsuba, and for fewer than 1 sample or a negative seed.
        """
        if samples < 1 or seed < 0:
            raise ConfigError(
                f"{samples} samples per pixel, seed {seed}; at least 1 sample, and a seed of 0 up"
            )
        self.samples, self.seed = samples, seed
        self._caster = RayCaster(scene)
        self._mitsuba = load_mitsuba()
        middle, reach = _middle(scene)
        atlas = bake(scene, self._caster.albedo)
        self._world = self._mitsuba.load_dict(
            {
                "type": "scene",
                "integrator": {"type": "path", "max_depth": _BOUNCES + 1, "hide_emitters": True},
                **lights(scene.lighting, middle, self._mitsuba),
                **meshes(scene, atlas, self._mitsuba),
            }
        )
        self._exposure = self._balanced(_probes(scene, middle, reach))

    def render(self, camera: Intrinsics, world_T_camera: Float64[ndarray, "4 4"]) -> Rendering:
        """What a pinhole camera sees from a pose of its optical frame.

        Raises:
            ConfigError: for pixels that are not square.
        """
        exact = self._caster.render(camera, world_T_camera)
        traced = self._traced(camera, world_T_camera, self.samples)
        directions = pixel_rays(camera, world_T_camera)[:, 3:]
        sky = linear(_sky(self._caster.scene.lighting, directions)).reshape(exact.color.shape)
        light = self._exposure * traced[..., :3] + (1 - traced[..., 3:]) * sky
        color = (255 * displayed(light) + 0.5).astype(np.uint8)
        return exact._replace(color=color)

    def _traced(
        self, camera: Intrinsics, world_T_camera: Float64[ndarray, "4 4"], samples: int
    ) -> Float32[ndarray, "height width 4"]:
        """Linear light, and the share of each pixel that things cover."""
        view = np.array([*world_T_camera.ravel(), self.seed, *vars(camera).values()])
        rng = np.random.default_rng(zlib.crc32(view.tobytes()))
        described = sensor(camera, world_T_camera, self._mitsuba)
        loaded = self._mitsuba.load_dict(described)
        total = np.zeros((camera.height, camera.width, 4), np.float32)
        for seed in rng.integers(0, 2**32, samples).tolist():  # one path per pixel at a time
            image = self._mitsuba.render(self._world, sensor=loaded, spp=1, seed=seed)
            total += np.minimum(np.array(image), _BRIGHTEST)
        return total / np.float32(samples)

    def _balanced(self, poses: list[Float64[ndarray, "4 4"]]) -> np.float32:
        """The factor on linear light that makes views as bright as the ray caster's."""
        wanted = found = 1e-6
        for pose in poses:
            exact = self._caster.render(_PROBE, pose)
            met = exact.depth_m > 0
            wanted += float(linear(exact.color[met] / np.float32(255)).sum())
            found += float(self._traced(_PROBE, pose, _PROBE_SAMPLES)[met, :3].sum())
        return np.float32(wanted / found)


def _sky(lighting: Lighting, directions: Float32[ndarray, "n 3"]) -> Float32[ndarray, "n 3"]:
    """What is seen where a ray leaves the scene, as the ray caster shows it."""
    up = directions[:, 2:] / np.linalg.norm(directions, axis=1, keepdims=True)
    above = np.array(lighting.zenith, np.float32) + np.float32(0.2) * np.clip(0.25 - up, 0, 1)
    return np.where(up > -0.05, above, np.array(lighting.horizon, np.float32))


def _middle(scene: Scene) -> tuple[Float64[ndarray, " 3"], float]:
    """Where most things are, and how far the lamps are from there, metres."""
    middle = np.median([np.mean(thing.bounds, axis=0) for thing in scene.things], axis=0)
    middle = np.clip(middle, scene.interior.lower, scene.interior.upper)
    distances = [np.linalg.norm(middle - lamp.position) for lamp in scene.lighting.lamps]
    return middle, float(np.median(distances)) if distances else 2.0


def _probes(
    scene: Scene, middle: Float64[ndarray, " 3"], reach: float
) -> list[Float64[ndarray, "4 4"]]:
    """Poses of cameras in free space around the middle of the scene, looking at it."""
    lower = np.maximum(scene.interior.lower, middle - reach)
    upper = np.minimum(scene.interior.upper, middle + reach)
    eyes = np.random.default_rng(0).uniform(lower, upper, (50, 3))
    poses = []
    for eye in eyes[~scene.occupancy(eyes)][:_PROBES]:
        x, y, z = (middle - eye).tolist()
        pose = placement(eye[0], eye[1], eye[2], float(np.arctan2(y, x)) - np.pi / 2)
        poses.append(pose @ turned("x", float(np.arctan2(z, np.hypot(x, y)))) @ _FACING_Y)
    return poses
