"""Where a camera must be, and how narrow its view, so that a thing fills a square crop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64
from numpy import ndarray

from nesf_ros.synthetic.scene import Scene, pixel_rays
from nesf_ros.synthetic.things import Thing
from nesf_ros.synthetic.walk import looking
from nesf_ros.types import Intrinsics

_POINTS = 8  # on a thing's surface, to see whether it can be seen
_SEEN = 0.2  # share of them that must be seen
_NEAR_M = 0.05
_CONTEXT = (1.0, 2.1)  # side of a crop, in sides of the square around the thing
_JITTER = 0.07  # standard deviation of the middle, in sides of the crop
_ROLL_RAD = 0.06


@dataclass(frozen=True)
class Framing:
    """A camera, and its pose world_T_camera."""

    camera: Intrinsics
    pose: Float64[ndarray, "4 4"]

    def rays(self, step: int) -> Float32[ndarray, "pixels 6"]:
        """Rays through the middle pixel of every square of `step` pixels."""
        width = self.camera.width
        picked = np.arange(step // 2, width, step)
        rays = pixel_rays(self.camera, self.pose).reshape(width, width, 6)
        return rays[np.ix_(picked, picked)].reshape(-1, 6)


def eyes_that_see(
    scene: Scene, target: int, eyes: Float64[ndarray, "eyes 3"], rng: np.random.Generator
) -> Float64[ndarray, "seeing 3"]:
    """Those of the places from which enough of a thing can be seen, in the same order."""
    corners = np.concatenate([solid.corners for solid in scene.things[target].solids])
    points = corners[rng.integers(len(corners), size=_POINTS)].mean(1)
    rays = np.empty((len(eyes), _POINTS, 6), np.float32)
    rays[..., :3] = eyes[:, None]
    rays[..., 3:] = points - eyes[:, None]
    hits = scene.first_hits(rays.reshape(-1, 6))
    met = hits.ray_lengths < np.inf
    seen = np.zeros(len(met), bool)
    solids = scene.solid_of[hits.triangles[met]]
    seen[met] = scene.instance_of_solid[solids] == target
    return eyes[seen.reshape(len(eyes), _POINTS).mean(1) >= _SEEN]


def framed(
    thing: Thing, eye: Float64[ndarray, " 3"], size_px: int, rng: np.random.Generator
) -> Framing | None:
    """A view of a thing with more or less context; None where the eye is too close to it."""
    corners = np.concatenate([solid.corners for solid in thing.solids]).reshape(-1, 3)
    pose = _aimed(eye, (corners.min(0) + corners.max(0)) / 2, rng)
    in_camera = (corners - eye) @ pose[:3, :3]
    if in_camera[:, 2].min() < _NEAR_M:
        return None
    flat = in_camera[:, :2] / in_camera[:, 2:]
    low, high = flat.min(0), flat.max(0)
    side = float((high - low).max() * np.exp(rng.uniform(*np.log(_CONTEXT))))
    middle = (low + high) / 2 + side * rng.normal(0, _JITTER, 2)
    return _square(size_px, side, middle, pose)


def framed_surface(
    point: Float64[ndarray, " 3"],
    eye: Float64[ndarray, " 3"],
    size_px: int,
    rng: np.random.Generator,
    field: tuple[float, float],
) -> Framing:
    """A view of whatever is at a point, its side between these many distances."""
    side = float(np.exp(rng.uniform(*np.log(field))))
    return _square(size_px, side, np.zeros(2), _aimed(eye, point, rng))


def _aimed(
    eye: Float64[ndarray, " 3"], point: Float64[ndarray, " 3"], rng: np.random.Generator
) -> Float64[ndarray, "4 4"]:
    forward = (point - eye) / np.linalg.norm(point - eye)
    pose = np.eye(4)
    pose[:3, 3] = eye
    yaw, pitch = float(np.arctan2(forward[1], forward[0])), float(np.arcsin(forward[2]))
    pose[:3, :3] = looking(yaw, pitch, float(rng.normal(0, _ROLL_RAD)))
    return pose


def _square(
    size_px: int, side: float, middle: Float64[ndarray, " 2"], pose: Float64[ndarray, "4 4"]
) -> Framing:
    focal = size_px / side
    half = (size_px - 1) / 2
    cx, cy = (half - focal * middle).tolist()
    return Framing(Intrinsics(size_px, size_px, focal, focal, cx, cy), pose)
