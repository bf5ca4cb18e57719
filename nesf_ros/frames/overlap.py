"""How much of what one view sees another one sees too, on a coarse grid of depth readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64
from numpy import ndarray

from nesf_ros.geometry import se3
from nesf_ros.types import PosedFrame

GRID = (36, 48)
"""Rows and columns of the grid on which a view is looked up."""
STEP = 3
"""Every third row and column of the grid, its blocks' centres, makes the sample (12×16)."""
NEAREST_M = 0.05
"""No depth camera measures anything nearer; it keeps points away from a depth of 0, "none"."""
TOLERANCE = (0.02, 0.05)
"""Depths agree within so many metres plus this share of the depth: a grid cell on a slanted
surface spans that much."""


@dataclass(frozen=True)
class CoarseView:
    """A thinned depth image with its pose."""

    depth_m: Float32[ndarray, "36 48"]
    points_camera: Float32[ndarray, "n 3"]
    """Points of the sample's valid readings, in the optical frame."""
    projection: Float32[ndarray, "3 3"]
    """From the optical frame to (column, row, 1) of the grid, cell edges at integers."""
    world_T_camera: Float64[ndarray, "4 4"]

    @classmethod
    def of(cls, frame: PosedFrame) -> CoarseView:
        """Thin out a frame's depth image."""
        camera, depth_m = frame.rgbd.depth_intrinsics, frame.rgbd.depth_m
        per_pixel = np.array([GRID[1] / camera.width, GRID[0] / camera.height])
        columns = ((np.arange(GRID[1]) + 0.5) / per_pixel[0]).astype(np.intp)
        rows = ((np.arange(GRID[0]) + 0.5) / per_pixel[1]).astype(np.intp)
        grid = depth_m[rows[:, None], columns]
        sample = grid[STEP // 2 :: STEP, STEP // 2 :: STEP]
        x = (columns[STEP // 2 :: STEP] - camera.cx) / camera.fx * sample
        y = (rows[STEP // 2 :: STEP, None] - camera.cy) / camera.fy * sample
        points = np.stack([x, y, sample], axis=-1)[sample > 0]
        projection = camera.matrix
        projection[:2, 2] += 0.5
        projection[:2] *= per_pixel[:, None]
        return cls(
            grid, points.astype(np.float32), projection.astype(np.float32), frame.world_T_camera
        )

    def moved(self, world_T_camera: Float64[ndarray, "4 4"]) -> CoarseView:
        """The same view from another place."""
        return replace(self, world_T_camera=world_T_camera)


def seen_by_each(view: CoarseView, others: Sequence[CoarseView]) -> Float64[ndarray, " others"]:
    """Share of the view's sample that each other view sees at the same depth, 0 to 1."""
    if not others or not len(view.points_camera):
        return np.zeros(len(others))
    other_T_view = se3.invert(np.stack([other.world_T_camera for other in others]))
    other_T_view = (other_T_view @ view.world_T_camera).astype(np.float32)
    projections = np.stack([other.projection for other in others]) @ other_T_view[:, :3]
    points = np.concatenate([view.points_camera.T, np.ones((1, len(view.points_camera)), "f4")])
    depths = np.stack([other.depth_m for other in others])
    index = np.arange(len(others))[:, None]
    return _agree(projections @ points, depths, index).mean(axis=1)


def share_seen(views: Sequence[CoarseView], by: CoarseView) -> Float64[ndarray, " views"]:
    """Share of each view's sample that one other view sees at the same depth, 0 to 1."""
    counts = np.array([len(view.points_camera) for view in views])
    if not counts.sum():
        return np.zeros(len(views))
    by_T_views = se3.invert(by.world_T_camera) @ np.stack([view.world_T_camera for view in views])
    projections = (by.projection @ by_T_views[:, :3]).astype(np.float32)
    owner = np.repeat(np.arange(len(views)), counts)
    points = np.concatenate([view.points_camera for view in views])
    turned = np.einsum("nij,nj->ni", projections[owner, :, :3], points) + projections[owner, :, 3]
    agree = _agree(turned.T[None], by.depth_m[None], np.zeros((1, 1), np.intp))[0]
    return np.bincount(owner, agree, len(views)) / np.maximum(counts, 1)


def _agree(
    projected: Float[ndarray, "views 3 n"],
    depths_m: Float32[ndarray, "views 36 48"],
    index: ndarray,
) -> Bool[ndarray, "views n"]:
    """Whether points, in homogeneous grid coordinates, meet the surface each view measured."""
    z = projected[:, 2]
    in_front = z > NEAREST_M
    scale = 1.0 / np.where(in_front, z, 1.0)
    column, row = projected[:, 0] * scale, projected[:, 1] * scale
    inside = in_front & (column >= 0) & (column < GRID[1]) & (row >= 0) & (row < GRID[0])
    columns, rows = (np.where(inside, value, 0).astype(np.intp) for value in (column, row))
    measured = depths_m[index, rows, columns]
    return inside & (np.abs(z - measured) <= TOLERANCE[0] + TOLERANCE[1] * z)
