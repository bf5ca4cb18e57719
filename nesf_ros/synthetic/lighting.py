"""Lambert shading with shadows: a lamp below the ceiling, the window's daylight, a soft ambient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32
from numpy import ndarray

from nesf_ros.synthetic.materials import Color


@dataclass(frozen=True)
class Lamp:
    """A point light."""

    position: tuple[float, float, float]
    """World frame, metres."""
    strength: float = 0.4
    """Brightness it adds where it shines straight on from 2 m away."""
    color: Color = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Lighting:
    """What lights a scene, and what is seen where a ray leaves it."""

    lamps: tuple[Lamp, ...]
    ambient: float = 0.48
    """Brightness from everywhere, shadows included."""
    zenith: Color = (0.62, 0.78, 0.93)
    """Sky above the horizon."""
    horizon: Color = (0.62, 0.70, 0.55)
    """Below the horizon."""


Occlusion = Callable[[Float32[ndarray, "n 6"]], Bool[ndarray, " n"]]
"""Whether something stands on each segment (start, start + vector)."""

_OFFSET_M = 2e-3  # how far shadow rays start off the surface


def brightness(
    points: Float32[ndarray, "n 3"],
    normals: Float32[ndarray, "n 3"],
    lights: Float32[ndarray, "lights 4"],
    occluded: Occlusion,
) -> Float32[ndarray, " n"]:
    """How bright each surface point is, about 0.45 (in shadow) to 1.1.

    `lights` holds x, y, z (metres) and strength; `normals` are unit and face the viewer.
    """
    # Light from everywhere, a little more of it from above.
    total = 0.48 + 0.04 * normals[:, 2]
    start = points + _OFFSET_M * normals
    for *position, strength in lights:
        ray = np.asarray(position, np.float32) - start
        distance = np.sqrt(np.einsum("ij,ij->i", ray, ray))
        cosine = np.einsum("ij,ij->i", normals, ray) / distance
        lit = np.flatnonzero(cosine > 0)
        lit = lit[~occluded(np.concatenate([start[lit], ray[lit]], axis=1))]
        # Softer than the inverse square, as in a room whose walls throw light back.
        total[lit] += strength * cosine[lit] / (0.6 + 0.2 * distance[lit])
    return total


def sky(directions: Float32[ndarray, "n 3"]) -> Float32[ndarray, "n 3"]:
    """What is seen where a ray leaves the room: a pale sky over a hazy green."""
    up = directions[:, 2:] / np.linalg.norm(directions, axis=1, keepdims=True)
    above = np.array([0.62, 0.78, 0.93], np.float32) + np.clip(0.25 - up, 0, 1) * 0.2
    below = np.array([0.62, 0.70, 0.55], np.float32)
    return np.where(up > -0.05, above, below).astype(np.float32)
