"""Which voxels triangles reach into: the exact test by separating axes.

A triangle and a cube are disjoint if and only if one of 13 directions separates them: the cube's
three edges, the triangle's normal, and the nine cross products of their edges (Akenine-Möller,
"Fast 3D Triangle-Box Overlap Testing", 2001).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, Int64
from numpy import ndarray

_CHUNK = 100_000  # pairs tested at a time, to bound memory


def voxels_with_triangles(
    triangles: Float64[ndarray, "n 3 3"],
    origin: Float64[ndarray, " 3"],
    voxel_size_m: float,
    shape: tuple[int, int, int],
    border_m: float = 0.0,
) -> Bool[ndarray, "nx ny nz"]:
    """Whether a triangle has a part in the voxel, grown by `border_m` on all sides.

    `origin` is the lower corner of voxel 0, 0, 0; all lengths in metres.
    """
    # In units of voxels, relative to the lattice.
    corners = (triangles - origin) / voxel_size_m
    half = 0.5 + border_m / voxel_size_m
    which, voxel = _candidates(corners, half - 0.5, np.array(shape))
    holds = np.zeros(shape, bool)
    for start in range(0, len(which), _CHUNK):
        cells = voxel[start : start + _CHUNK]
        chosen = corners[which[start : start + _CHUNK]] - (cells + 0.5)[:, None]
        hit = _reaches_cube(chosen, half)
        holds[tuple(cells[hit].T)] = True
    return holds


def _candidates(
    corners: Float64[ndarray, "n 3 3"], border: float, shape: Int64[ndarray, " 3"]
) -> tuple[Int64[ndarray, " pairs"], Int64[ndarray, "pairs 3"]]:
    """All pairs of a triangle and a voxel that its bounding box touches."""
    low = np.clip(np.floor(corners.min(1) - border).astype(np.int64), 0, shape)
    high = np.clip(np.floor(corners.max(1) + border).astype(np.int64) + 1, 0, shape)
    extent = np.maximum(high - low, 0)
    counts = extent.prod(1)
    which = np.repeat(np.arange(len(corners)), counts)
    # The running number of a pair within its triangle, taken apart into x, y and z.
    number = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    sizes = extent[which]
    z = number % sizes[:, 2]
    y = number // sizes[:, 2] % sizes[:, 1]
    x = number // (sizes[:, 2] * sizes[:, 1])
    return which, low[which] + np.stack([x, y, z], axis=1)


def _reaches_cube(corners: Float64[ndarray, "pairs 3 3"], half: float) -> Bool[ndarray, " pairs"]:
    """Whether each triangle has a point within the open cube |x|, |y|, |z| < half."""
    edges = np.roll(corners, -1, axis=1) - corners
    axes = [np.broadcast_to(axis, (len(corners), 3)) for axis in np.eye(3)]
    axes.append(np.cross(edges[:, 0], edges[:, 1]))
    axes += [np.cross(unit, edges[:, i]) for unit in np.eye(3) for i in range(3)]
    reaches = np.ones(len(corners), bool)
    for axis in axes:
        along = np.einsum("nij,nj->ni", corners, axis)
        radius = half * np.abs(axis).sum(1)
        # An edge parallel to the cube's gives a null axis, which separates nothing.
        parted = (along.min(1) >= radius) | (along.max(1) <= -radius)
        reaches &= ~(parted & (radius > 1e-12))
    return reaches
