"""What the Warp kernels of the voxel map do, in plain numpy and one voxel like the other.

Oracles: no tiles, no blocks, no short cuts. Each follows from the definitions in the docstrings of
`nesf_ros.voxels.kernels` and `fusing` rather than from their code.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from nesf_ros.config import MapConfig
from nesf_ros.types import Intrinsics, PosedFrame
from nesf_ros.voxels.grid import BLOCK, BlockGrid

BEHIND_FULL, BEHIND_END, COLOR_BAND = 1.0, 3.0, 2.0
"""Voxels: where readings begin to fade behind a surface, where they end, where colour is taken."""
CONTRADICTION = 0.5
"""Truncation distances that noise does not explain."""
FOLLOWED = 0.5
"""Normal factors below which blocks may be passed over that a voxel by voxel search would find."""
EDGE = 2e-3
"""Rounding, pixels and metres: voxels so near to a decision may go either way."""


def normal_factors(depth: ndarray, camera: Intrinsics, step: int = 3) -> ndarray:
    """Distance to the surface per metre of depth, at every second pixel, from the definition."""
    height, width = depth.shape
    out = np.ones((-(-height // 2), -(-width // 2)))
    for v in range(0, height, 2):
        for u in range(0, width, 2):
            if not (step <= u < width - step and step <= v < height - step):
                continue
            d = float(depth[v, u])
            left, right = float(depth[v, u - step]), float(depth[v, u + step])
            up, down = float(depth[v - step, u]), float(depth[v + step, u])
            bend = max(abs(left + right - 2 * d), abs(up + down - 2 * d))
            if min(d, left, right, up, down) <= 0 or bend > 0.03 * d:
                continue
            # Two tangents of the surface, z·r differentiated by u and by v.
            ray = np.array([(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, 1.0])
            along_u = ray * (right - left) / (2 * step) + [d / camera.fx, 0, 0]
            along_v = ray * (down - up) / (2 * step) + [0, d / camera.fy, 0]
            normal = np.cross(along_u, along_v)
            out[v // 2, u // 2] = abs(ray @ normal) / np.linalg.norm(normal)
    return out.clip(0.15, 1.5)


def tiles(depth: ndarray, size: int = 8) -> tuple[ndarray, ndarray, ndarray]:
    """Nearest and farthest reading of each tile, and whether one of its pixels has none."""
    rows, columns = (-(-n // size) for n in depth.shape)
    nearest, farthest = np.full((rows, columns), 1e9), np.zeros((rows, columns))
    holes = np.zeros((rows, columns), bool)
    for y in range(rows):
        for x in range(columns):
            part = depth[y * size : (y + 1) * size, x * size : (x + 1) * size]
            holes[y, x] = (part <= 0).any()
            if (part > 0).any():
                nearest[y, x], farthest[y, x] = part[part > 0].min(), part.max()
    return nearest, farthest, holes


def centres(grid: BlockGrid, voxel_size_m: float) -> ndarray:
    """Centres of all voxels of a grid: blocks x, y, z, then the 512 voxels in their order."""
    blocks = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), -1) + grid.offset
    z, y, x = np.mgrid[:BLOCK, :BLOCK, :BLOCK]
    within = np.stack([x.ravel(), y.ravel(), z.ravel()], -1)
    return (blocks[..., None, :] * BLOCK + within + 0.5) * voxel_size_m


@dataclass
class Reading:
    """What a frame says of each of many points."""

    seen: ndarray
    """Whether it says anything."""
    value: ndarray
    """Signed distance over truncation, −1 to 1."""
    evidence: ndarray
    behind: ndarray
    """Voxels behind the surface."""
    lag_m: ndarray
    """Metres of depth behind the surface."""
    unsure: ndarray
    """Where rounding may decide."""
    grazing: ndarray
    """Where the surface is seen at an angle that is not followed in full."""


def read(points: ndarray, frame: PosedFrame, config: MapConfig) -> Reading:
    """Project points into a depth image: pixel (u, v) is the nearest centre."""
    depth, camera = frame.rgbd.depth_m, frame.rgbd.depth_intrinsics
    camera_T_world = np.linalg.inv(frame.world_T_camera)
    p = points @ camera_T_world[:3, :3].T + camera_T_world[:3, 3]
    z = np.where(p[..., 2] > 1e-6, p[..., 2], 1e-6)
    uf, vf = p[..., 0] / z * camera.fx + camera.cx, p[..., 1] / z * camera.fy + camera.cy
    u, v = np.floor(uf + 0.5), np.floor(vf + 0.5)
    inside = (u >= 0) & (v >= 0) & (u < camera.width) & (v < camera.height)
    inside &= (p[..., 2] >= config.min_depth_m) & (p[..., 2] <= config.max_depth_m)
    u = np.where(inside, u, 0).astype(int)
    v = np.where(inside, v, 0).astype(int)
    d = depth[v, u].astype(np.float64)
    factor = normal_factors(depth, camera)[v // 2, u // 2]
    distance = (d - p[..., 2]) * factor
    behind = -distance / config.voxel_size_m
    fade = ((BEHIND_END - behind) / (BEHIND_END - BEHIND_FULL)).clip(0, 1)
    edges = [np.abs(x + 0.5 - np.round(x + 0.5)) for x in (uf, vf)]
    edges += [np.abs(p[..., 2] - limit) for limit in (config.min_depth_m, config.max_depth_m)]
    edges += [np.abs(behind - limit) for limit in (BEHIND_END, COLOR_BAND, -COLOR_BAND)]
    return Reading(
        seen=inside & (d > 0) & (behind < BEHIND_END),
        value=(distance / (config.truncation_voxels * config.voxel_size_m)).clip(-1, 1),
        evidence=fade / np.maximum(d * d, 0.25),
        behind=behind,
        lag_m=p[..., 2] - d,
        unsure=np.min(edges, axis=0) < EDGE,
        grazing=inside & (factor < FOLLOWED),
    )


def fuse(
    tsdf: ndarray, weight: ndarray, reading: Reading, config: MapConfig
) -> tuple[ndarray, ndarray, ndarray]:
    """New signed distances and weights, and the share that the reading has in each."""
    contradiction = np.abs(reading.value - tsdf) > CONTRADICTION
    capped = np.minimum(weight, reading.evidence * config.contradiction_frames)
    old = np.where(contradiction, capped, weight)
    share = np.where(reading.seen, reading.evidence / np.maximum(old + reading.evidence, 1e-12), 0)
    total = np.minimum(old + reading.evidence, config.max_weight)
    return tsdf + (reading.value - tsdf) * share, np.where(reading.seen, total, weight), share


def paint(
    color: ndarray, points: ndarray, frame: PosedFrame, reading: Reading, share: ndarray
) -> tuple[ndarray, ndarray]:
    """New colours, and where rounding may decide: points near the surface in the colour camera."""
    rgbd = frame.rgbd
    camera = rgbd.color_intrinsics
    color_T_world = np.linalg.inv(frame.world_T_camera @ rgbd.depth_T_color)
    q = points @ color_T_world[:3, :3].T + color_T_world[:3, 3]
    z = np.where(q[..., 2] > 1e-6, q[..., 2], 1e-6)
    uf, vf = q[..., 0] / z * camera.fx + camera.cx, q[..., 1] / z * camera.fy + camera.cy
    u, v = np.floor(uf + 0.5), np.floor(vf + 0.5)
    inside = (u >= 0) & (v >= 0) & (u < camera.width) & (v < camera.height) & (q[..., 2] > 0)
    inside &= reading.seen & (np.abs(reading.behind) < COLOR_BAND)
    u, v = (np.where(inside, x, 0).astype(int) for x in (u, v))
    share = np.where(color.sum(-1) == 0, 1.0, share)[..., None]
    painted = color + (rgbd.color[v, u] - color) * share
    unsure = np.abs(q[..., 2]) < EDGE
    for x in (uf, vf):
        unsure |= np.abs(x + 0.5 - np.round(x + 0.5)) < EDGE
    return np.where(inside[..., None], painted, color), unsure
