"""From where a camera would see most of what is hidden in a region: the next view to take.

Places on a lattice of known free space are tried twice: all of them with a few points of the
region, the best with many.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Float64, Int64
from numpy import ndarray
from torch import Tensor

from nesf_ros.config_unseen import Reach
from nesf_ros.types import FREE, UNOBSERVED, Box, Intrinsics
from nesf_ros.voxels.grid import BLOCK
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.sight import StateGrid, is_clear, states_in, transmittance

SIGHT_M = 0.4
"""Metres of unobserved space after which a share 1/e of all rays has met nothing. Of hidden points
in eight synthetic rooms, 85, 53, 34 and 26 % could be seen through 0–5, 20–30, 40–50 and 50–70 cm
of it. Where no camera has ever been turned to, there is mostly air, and this is too dark a view."""
LEAST_REVEALED = 0.05
"""A view that reveals no more than this is none: something must be opened or moved instead. Into
what is closed, rays slip through gaps that the map has in edges."""
ALIKE = 0.95
"""Views that reveal this much of what the best one does are as good; the nearest is taken."""
MAX_PLACES = 4096
"""Places of the lattice; for larger surroundings it gets coarser."""
FEW_POINTS, MANY_POINTS = 24, 256
"""Points of the region that all places, and that the best ones are tried with."""
FINALISTS = 64
"""Places that are tried with many points."""


@dataclass(frozen=True)
class Viewpoint:
    """A pose to look from."""

    map_T_camera: Float64[ndarray, "4 4"]
    """Optical frame, held level: its x axis has no part in z."""
    revealed: float
    """Share of the weight that lies unobserved now and would probably be seen from there, 0–1."""


class _Target(NamedTuple):
    """Points to be seen."""

    points: Float64[Tensor, "n 3"]
    """Metres, map frame."""
    share: Float32[Tensor, " n"]
    """Of all weight, 0–1."""

    def sample(self, count: int) -> _Target:
        """At most `count` points that stand for all of them; always the same ones."""
        if len(self.points) <= count:
            return self
        total = self.share.double().cumsum(0)
        step = total[-1] / count
        chosen = torch.searchsorted(total, (torch.arange(count, device=total.device) + 0.5) * step)
        return _Target(self.points[chosen], step.float().expand(count))


class _Views(NamedTuple):
    """How to look from places, and what comes into view."""

    rotation: Float64[Tensor, "n 3 3"]
    """Axes of the camera in the map, as columns."""
    revealed: Float32[Tensor, " n"]


def best_viewpoint(
    voxel_map: VoxelMap,
    points_map: Float64[ndarray, "n 3"],
    weights: Float[ndarray, " n"],
    camera: Intrinsics,
    reach: Reach,
    from_m: Float64[ndarray, " 3"] | None = None,
) -> Viewpoint | None:
    """The pose that would reveal most of a region: voxels with these middles (metres, map frame).

    `weights` say how probable each is (≥ 0, of any sum). What `camera` has in its image counts, at
    distances within `reach`. `from_m` is where it is now: at about this height it looks, and of
    views that are alike the nearest is taken; None: any height, and the nearest to the region.

    A ball around the pose is known to be free; whether there is a way for the robot, and room for
    its body, is up to a planner. None where no such pose reveals more than `LEAST_REVEALED`: all
    has been seen, the region is closed on all sides, or no free space is known around it.
    MapError where more voxels are in reach than can be looked through.
    """
    weighty = weights > 0
    if not weighty.any():
        return None
    points = torch.from_numpy(points_map[weighty]).to(voxel_map.device)
    share = torch.from_numpy(weights[weighty] / weights.sum()).to(points)
    space = states_in(voxel_map, _surroundings(voxel_map, points, reach, from_m))
    hidden = space.state_at(points) == UNOBSERVED
    target = _Target(points[hidden], share[hidden].float())
    near = (share @ points).cpu().numpy() if from_m is None else from_m
    places = _places(space, target.sample(FEW_POINTS), reach, from_m)
    for count, kept in ((FEW_POINTS, FINALISTS), (MANY_POINTS, 1)):
        views = _look(space, places, target.sample(count), camera, reach)
        order = _ranked(views.revealed, (places - places.new_tensor(near)).norm(dim=1))[:kept]
        places = places[order]
    if not len(places) or float(views.revealed[order]) <= LEAST_REVEALED:
        return None
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = views.rotation[order[0]].cpu().numpy(), places[0].cpu().numpy()
    return Viewpoint(pose, float(views.revealed[order]))


def _surroundings(
    voxel_map: VoxelMap,
    points: Float64[Tensor, "n 3"],
    reach: Reach,
    from_m: Float64[ndarray, " 3"] | None,
) -> Box:
    """The box around a region and all places from where it might be seen: none is off the map."""
    lower, upper = (end.cpu().numpy() for end in (points.amin(0), points.amax(0)))
    first, last = lower - reach.farthest_m, upper + reach.farthest_m
    blocks, size_m = voxel_map.block_index(), voxel_map.config.voxel_size_m
    if len(blocks):
        ends = torch.stack([blocks.amin(0), blocks.amax(0) + 1]).cpu().numpy() * BLOCK * size_m
        first[:2] = np.maximum(first, np.minimum(ends[0], lower))[:2]
        last[:2] = np.minimum(last, np.maximum(ends[1], upper))[:2]
    if from_m is not None:
        first[2] = min(lower[2], from_m[2] - reach.lift_m)
        last[2] = max(upper[2], from_m[2] + reach.lift_m)
    margin_m = reach.clearance_m + reach.spacing_m
    return Box(tuple((first - margin_m).tolist()), tuple((last + margin_m).tolist()))


def _places(
    space: StateGrid, target: _Target, reach: Reach, from_m: Float64[ndarray, " 3"] | None
) -> Float64[Tensor, "n 3"]:
    """Free places (metres, map frame) that have points of the target at a good distance."""
    stride = max(1, round(reach.spacing_m / space.voxel_size_m))
    lines = _lattice(space, stride, reach, from_m)
    while math.prod(len(line) for line in lines) > MAX_PLACES:
        stride += 1
        lines = _lattice(space, stride, reach, from_m)
    voxels = torch.cartesian_prod(*lines)
    voxels = voxels[space.state[tuple(voxels.T)] == FREE]
    distance = torch.cdist(space.centres(voxels), target.points)
    voxels = voxels[_sharp(distance, reach).any(1)]
    return space.centres(voxels[is_clear(space, voxels, reach.clearance_m)])


def _lattice(
    space: StateGrid, stride: int, reach: Reach, from_m: Float64[ndarray, " 3"] | None
) -> list[Int64[Tensor, " places"]]:
    """Indices along each axis. They are the same voxels of the map whatever the region is."""
    shape, first = space.state.shape, space.first.tolist()
    starts = [-first[axis] % stride for axis in range(3)]
    lines = [torch.arange(a, n, stride) for a, n in zip(starts, shape, strict=True)]
    if from_m is not None:
        present = math.floor(from_m[2] / space.voxel_size_m) - first[2]
        lift = math.floor(reach.lift_m / space.voxel_size_m + 1e-6)
        count = math.ceil(lift / stride)  # of steps up, and down, to the very ends
        lines[2] = present + torch.linspace(-lift, lift, 2 * count + 1).round().long()
    return [line.to(space.state.device) for line in lines]


def _look(
    space: StateGrid,
    places: Float64[Tensor, "n 3"],
    target: _Target,
    camera: Intrinsics,
    reach: Reach,
) -> _Views:
    """Look from each place towards the middle of what can be seen of the target from there."""
    way = target.points - places[:, None]
    seen = transmittance(space, places, target.points, SIGHT_M) * target.share
    seen = seen * _sharp(way.norm(dim=-1), reach)
    rotation = _level((seen[..., None] * way).sum(1), reach)
    x, y, z = (way @ rotation).unbind(-1)
    depth = z.clamp(min=1e-9)
    u, v = camera.fx * x / depth + camera.cx, camera.fy * y / depth + camera.cy
    in_image = (u > -0.5) & (u < camera.width - 0.5) & (v > -0.5) & (v < camera.height - 0.5)
    return _Views(rotation, (seen * (in_image & (z > 0))).sum(1))


def _sharp(distance_m: Float[Tensor, "*batch"], reach: Reach) -> Bool[Tensor, "*batch"]:
    """Whether something at this distance can be seen."""
    return (distance_m >= reach.nearest_m) & (distance_m <= reach.farthest_m)


def _level(direction: Float64[Tensor, "n 3"], reach: Reach) -> Float64[Tensor, "n 3 3"]:
    """Axes (right, down, forward) of cameras that look in directions, as far as they can tilt."""
    x, y, z = direction.unbind(1)
    yaw, pitch = torch.atan2(y, x), torch.atan2(z, torch.hypot(x, y))
    pitch = pitch.clamp(reach.lowest_pitch_rad, reach.highest_pitch_rad)
    flat = pitch.cos()
    forward = torch.stack([flat * yaw.cos(), flat * yaw.sin(), pitch.sin()], 1)
    right = torch.stack([yaw.sin(), -yaw.cos(), torch.zeros_like(yaw)], 1)
    return torch.stack([right, torch.linalg.cross(forward, right), forward], 2)


def _ranked(
    revealed: Float32[Tensor, " n"], distance_m: Float64[Tensor, " n"]
) -> Int64[Tensor, " n"]:
    """Numbers of views, best first: nearest first among those alike, then by what they reveal."""
    if not len(revealed):
        return torch.zeros(0, dtype=torch.int64, device=revealed.device)
    alike = revealed >= ALIKE * revealed.max()
    value = torch.where(alike, 2.0 - distance_m / (1.0 + distance_m), revealed.double())
    return value.argsort(descending=True, stable=True)
