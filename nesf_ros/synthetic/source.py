"""A recording that never was: posed RGB-D frames of the synthetic room, one by one."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.room import Room
from nesf_ros.synthetic.sensor import SensorNoise
from nesf_ros.synthetic.trajectory import Trajectory
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
        if frames < 1 or not rate_hz > 0:
            raise ConfigError(f"{frames} frames at {rate_hz} Hz; both must be greater than 0")
        self.name = f"synthetic room {seed}"
        self.rate_hz = rate_hz
        self.skipped: dict[str, int] = {}
        self.room = Room(seed)
        self.camera = default_camera(size)
        self.color_camera = color_camera
        self._seed, self._noise = seed, noise
        path = Trajectory(self.room, frames / rate_hz, seed, style)
        self.poses: list[Float64[ndarray, "4 4"]] = [
            path.pose(index / rate_hz) for index in range(frames)
        ]
        """world_T_camera of every frame."""

    def in_room(self, room: Room) -> SyntheticSource:
        """The same camera on the same path through another room, or a changed one."""
        other = copy.copy(self)
        other.room = room
        return other

    def __len__(self) -> int:
        return len(self.poses)

    def __iter__(self) -> Iterator[PosedFrame]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> PosedFrame:
        """Frame number `index`; raises IndexError beyond the last."""
        pose = self.poses[index]
        index %= len(self)
        color, depth_m, _ = self.room.render(self.camera, pose)
        color_camera = self.color_camera or ColorCamera(self.camera)
        if self.color_camera is not None:
            color = self.room.render(
                color_camera.intrinsics, pose @ color_camera.depth_T_color
            ).color
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
