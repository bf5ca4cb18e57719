"""Rays of keyframes: colour through the colour camera, distance through the depth camera."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float32
from numpy import ndarray
from torch import Tensor

from nesf_ros.geometry.cameras import project, unproject
from nesf_ros.types import Intrinsics, PosedFrame


@dataclass(frozen=True)
class Rays:
    """What cameras have measured along n rays, map frame."""

    origins: Float32[Tensor, "n 3"]
    directions: Float32[Tensor, "n 3"]
    """Unit vectors."""
    distance_m: Float32[Tensor, " n"]
    """Along the ray to the surface; 0 where none was measured."""
    color: Float32[Tensor, "n 3"]
    """RGB, 0–1."""
    colored: Bool[Tensor, " n"]
    """Whether a colour was measured."""

    def __len__(self) -> int:
        return len(self.origins)

    @classmethod
    def cat(cls, parts: list[Rays]) -> Rays:
        """All rays of several bundles."""
        columns = ([getattr(part, f.name) for part in parts] for f in fields(cls))
        return cls(*(torch.cat(column) for column in columns))

    def __getitem__(self, chosen: Bool[Tensor, " n"]) -> Rays:
        return Rays(*(getattr(self, f.name)[chosen] for f in fields(self)))

    def at(self, t_m: Float32[Tensor, "n samples"]) -> Float32[Tensor, "n samples 3"]:
        """Points at distances along each ray."""
        return self.origins[:, None] + self.directions[:, None] * t_m[..., None]

    def to(self, device: str | torch.device) -> Rays:
        """The same rays on another device."""
        return Rays(*(getattr(self, f.name).to(device) for f in fields(self)))


def camera_rays(
    camera: Intrinsics, world_T_camera: ndarray, pixels: ndarray
) -> tuple[ndarray, ndarray]:
    """Origins and unit directions (n × 3, float64, map frame) of rays through pixels (n × 2)."""
    rays = unproject(pixels.astype(np.float64), np.ones(len(pixels)), camera)
    rays = rays @ world_T_camera[:3, :3].T
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    return np.broadcast_to(world_T_camera[:3, 3], rays.shape), rays


class FrameRays:
    """The rays of one posed frame, drawn by chance.

    A depth reading becomes a point; where the colour camera sees that point, the ray is the colour
    camera's and has its colour, else the depth camera's without one. A frame without any depth
    gives rays of its colour camera without distances.
    """

    def __init__(self, frame: PosedFrame, max_depth_m: float):
        self.frame = frame
        depth = frame.rgbd.depth_m
        self._readings = np.flatnonzero((depth > 0) & (depth <= max_depth_m)).astype(np.int32)
        same = np.array_equal(frame.rgbd.depth_T_color, np.eye(4))
        self._same = same and frame.rgbd.depth_intrinsics == frame.rgbd.color_intrinsics
        self._nearest = np.zeros((0, 0), np.float32) if self._same else self._z_buffer()
        self.world_T_color = frame.world_T_camera @ frame.rgbd.depth_T_color

    @property
    def nbytes(self) -> int:
        """Memory held beside the frame's own images, bytes."""
        return self._readings.nbytes + self._nearest.nbytes

    @property
    def measured(self) -> bool:
        """Whether the frame has any depth."""
        return len(self._readings) > 0

    def draw(self, count: int, chance: np.random.Generator) -> Rays:
        """So many rays, with replacement."""
        if self.measured:
            return self._measured(chance.choice(self._readings, count))
        height, width = self.frame.rgbd.color.shape[:2]
        pixels = np.stack([chance.integers(0, width, count), chance.integers(0, height, count)], 1)
        origins, directions = camera_rays(
            self.frame.rgbd.color_intrinsics, self.world_T_color, pixels
        )
        color = self.frame.rgbd.color[pixels[:, 1], pixels[:, 0]]
        return _rays(origins, directions, np.zeros(count), color, np.ones(count, bool))

    def on_image(self, rays: Rays) -> tuple[Float32[Tensor, "n 2"], Float32[Tensor, " n"]]:
        """Pixels (u, v) of rays of the colour camera, and depth per metre along each of them."""
        camera = self.frame.rgbd.color_intrinsics
        turn = torch.from_numpy(np.ascontiguousarray(self.world_T_color[:3, :3], np.float32))
        x, y, z = (rays.directions @ turn).unbind(1)
        u, v = camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy
        return torch.stack([u, v], 1), z

    def _measured(self, chosen: ndarray) -> Rays:
        rgbd = self.frame.rgbd
        v, u = np.divmod(chosen, rgbd.depth_intrinsics.width)
        depth = rgbd.depth_m[v, u].astype(np.float64)
        points = unproject(np.stack([u, v], 1).astype(np.float64), depth, rgbd.depth_intrinsics)
        points_map = points @ self.frame.world_T_camera[:3, :3].T + self.frame.world_T_camera[:3, 3]
        if self._same:
            color, seen = rgbd.color[v, u], np.ones(len(chosen), bool)
        else:
            color, seen = self._color_of(points)
        centres = np.where(
            seen[:, None], self.world_T_color[:3, 3], self.frame.world_T_camera[:3, 3]
        )
        along = points_map - centres
        distance = np.linalg.norm(along, axis=1)
        return _rays(centres, along / distance[:, None], distance, color, seen)

    def _color_of(self, points: ndarray) -> tuple[ndarray, ndarray]:
        """Colours of points of the depth camera's frame, and whether the colour camera sees them.

        It does if nothing lies before them: the nearest reading on the same pixel counts.
        """
        v, u, z, inside = self._on_color(points)
        seen = inside.copy()
        seen[inside] = z[inside] <= self._nearest[v[inside], u[inside]] * 1.02 + 0.02
        color = np.zeros((len(points), 3), np.uint8)
        color[seen] = self.frame.rgbd.color[v[seen], u[seen]]
        return color, seen

    def _on_color(self, points: ndarray) -> tuple[ndarray, ndarray, ndarray, ndarray]:
        """Row, column and depth of points on the colour image, and whether they are on it."""
        rgbd = self.frame.rgbd
        color_T_depth = np.linalg.inv(rgbd.depth_T_color)
        points = points @ color_T_depth[:3, :3].T + color_T_depth[:3, 3]
        pixels = np.nan_to_num(project(points, rgbd.color_intrinsics), nan=-1.0)
        u, v = np.floor(pixels + 0.5).astype(np.int64).T
        inside = (u >= 0) & (u < rgbd.color.shape[1]) & (v >= 0) & (v < rgbd.color.shape[0])
        return v, u, points[:, 2], inside

    def _z_buffer(self) -> Float32[ndarray, "height width"]:
        """Least depth of the readings that fall on each pixel of the colour image, or beside it.

        A reading is as wide as a pixel of the depth image, which may be several of colour.
        """
        rgbd = self.frame.rgbd
        v, u = np.divmod(self._readings, rgbd.depth_intrinsics.width)
        points = unproject(
            np.stack([u, v], 1).astype(np.float64),
            rgbd.depth_m[v, u].astype(np.float64),
            rgbd.depth_intrinsics,
        )
        v, u, z, inside = self._on_color(points)
        nearest = np.full(rgbd.color.shape[:2], np.inf, np.float32)
        np.minimum.at(nearest, (v[inside], u[inside]), z[inside].astype(np.float32))
        width = rgbd.color_intrinsics.fx / rgbd.depth_intrinsics.fx
        across = 2 * math.ceil(width / 2) + 1
        return np.asarray(cv2.erode(nearest, np.ones((across, across), np.uint8)), np.float32)


def _rays(origins, directions, distance, color, colored) -> Rays:
    return Rays(
        torch.from_numpy(np.ascontiguousarray(origins, np.float32)),
        torch.from_numpy(np.ascontiguousarray(directions, np.float32)),
        torch.from_numpy(np.ascontiguousarray(distance, np.float32)),
        torch.from_numpy(color.astype(np.float32) / np.float32(255)),
        torch.from_numpy(colored),
    )
