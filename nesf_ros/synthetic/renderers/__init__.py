"""Renderers: a scene and a camera become images, behind one interface.

To add one: write a module with a class that has `name` and `render`, and add it to `RENDERERS`.
Instances, parts, depth and normals are the same exact ones from every renderer; only colours
differ.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from jaxtyping import Float32, Float64, Int32, UInt8
from numpy import ndarray

from nesf_ros.types import Intrinsics


class Rendering(NamedTuple):
    """What a camera sees."""

    color: UInt8[ndarray, "height width 3"]
    depth_m: Float32[ndarray, "height width"]
    """Exact depth along the optical axis, metres; 0 where the ray meets nothing."""
    instances: Int32[ndarray, "height width"]
    """Index into the scene's `things`; NOTHING where the ray meets nothing."""
    parts: Int32[ndarray, "height width"]
    """Index into the parts of that thing; NOTHING where the ray meets nothing."""
    normals_world: Float32[ndarray, "height width 3"]
    """Unit normals for shading, world frame, facing the camera; 0 where there is no surface."""


class Renderer(Protocol):
    """Makes images of one scene."""

    def render(self, camera: Intrinsics, world_T_camera: Float64[ndarray, "4 4"]) -> Rendering:
        """What a pinhole camera sees from a pose of its optical frame."""
        ...
