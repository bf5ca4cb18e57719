"""A recording that never was: posed RGB-D frames of a synthetic room, one by one."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.synthetic.renderers.raycast import RayCaster
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.scenes import make_scene
from nesf_ros.synthetic.sensor import SensorNoise
from nesf_ros.synthetic.trajectory import camera_path
from nesf_ros.types import START_NS, Intrinsics, PosedFrame, RgbdFrame


@dataclass(frozen=True)
class ColorCamera:
    """A colour camera of its own, beside the depth camera."""

    intrinsics: Intrinsics
    depth_T_color: Float64[ndarray, "4 4"] = field(default_factory=lambda: np.eye(4))
    """Its pose in the depth camera's optical frame."""


def default_camera(size: tuple[int, int]) -> Intrinsics:
    """A camera with the view of a first Kinect (63° across) for an image of (width, height)."""
    width, height = size
    focal = 0.82 * width
    return Intrinsics(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)


class SyntheticSource:
    """Frames of a room along a path, rendered when asked for; the same seed, the same bytes."""

    def __init__(
        self,
        seed: int = 0,
        frames: int = 100,
        rate_hz: float = 10.0,
        size: tuple[int, int] = (640, 480),
        noise: SensorNoise | None = None,
        color_camera: ColorCamera | None = None,
        style: str = "handheld",
    ):
        """Furnish the room and plan the path.

        Args:
            seed: of the room, the path and the noise.
            frames: how many there are.
            rate_hz: how many a second, by their stamps.
            size: width and height of the depth image (and of colour, without `color_camera`), px.
            noise: errors of the sensor; None for exact images.
            color_camera: where colour is not taken by the depth camera.
            style: how the camera is carried, one of `trajectory.STYLES`.

        Raises:
            ConfigError: for a count, rate or style that cannot be.
        """
        self.name = f"synthetic room {seed}"
        self.rate_hz = rate_hz
        self.skipped: dict[str, int] = {}
        self.scene = make_scene("room", seed)
        self._renderer = RayCaster(self.scene)
        self.camera = default_camera(size)
        self.color_camera = color_camera
        self._seed, self._noise = seed, noise
        self.poses: list[Float64[ndarray, "4 4"]] = camera_path(
            self.scene, style, frames, seed, rate_hz
        )
        """world_T_camera of every frame."""

    def through(self, scene: Scene) -> SyntheticSource:
        """The same camera on the same path through another scene, or a changed one."""
        other = copy.copy(self)
        other.scene = scene
        other._renderer = RayCaster(scene)
        return other

    def __len__(self) -> int:
        return len(self.poses)

    def __iter__(self) -> Iterator[PosedFrame]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> PosedFrame:
        """Frame number `index`; raises IndexError beyond the last."""
        pose = self.poses[index]
        index %= len(self)
        color, depth_m, *_ = self._renderer.render(self.camera, pose)
        color_camera = self.color_camera or ColorCamera(self.camera)
        if self.color_camera is not None:
            there = pose @ color_camera.depth_T_color
            color = self._renderer.render(color_camera.intrinsics, there).color
        if self._noise is not None:
            rng = np.random.default_rng((self._seed, index))
            depth_m = self._noise.depth(depth_m, self.camera, rng)
            color = self._noise.color(color, rng)
        rgbd = RgbdFrame(
            stamp_ns=START_NS + round(1e9 * index / self.rate_hz),
            camera="camera",
            color=color,
            depth_m=depth_m,
            color_intrinsics=color_camera.intrinsics,
            depth_intrinsics=self.camera,
            depth_T_color=color_camera.depth_T_color,
        )
        return PosedFrame(rgbd, pose)
