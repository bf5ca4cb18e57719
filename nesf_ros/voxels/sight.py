"""What could be seen from where, through what the map knows to be free and what it does not know.

Everything is worked out in one dense grid of states that is read from the map once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Float32, Float64, Int64, UInt8
from torch import Tensor

from nesf_ros.errors import MapError
from nesf_ros.types import FREE, OCCUPIED, UNOBSERVED, Box
from nesf_ros.voxels.blocks import BLOCKS_AT_ONCE
from nesf_ros.voxels.grid import BLOCK, VOXELS
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.state import occupancy_code, state_of

MAX_VOXELS = 2**28
"""Voxels of a `StateGrid`: 256 MiB."""
STEP_VOXELS = 0.5
"""Voxels between two samples of a ray: through the corners of a surface, less than 1 % slip."""
_SAMPLES_AT_ONCE = 2**20


@dataclass(frozen=True)
class StateGrid:
    """States of all voxels of a box."""

    state: UInt8[Tensor, "x y z"]
    """UNOBSERVED, FREE or OCCUPIED."""
    first: Int64[Tensor, " 3"]
    """Index, in the map, of the first voxel."""
    voxel_size_m: float

    def voxels_at(self, points_map: Float[Tensor, "n 3"]) -> Int64[Tensor, "n 3"]:
        """Indices, in this grid, of the voxels that hold points (metres); may lie outside of it."""
        return (points_map.double() / self.voxel_size_m).floor().long() - self.first

    def centres(self, voxels: Int64[Tensor, "n 3"]) -> Float64[Tensor, "n 3"]:
        """Middles of voxels of this grid, metres in the map frame."""
        return ((voxels + self.first).double() + 0.5) * self.voxel_size_m

    def state_at(self, points_map: Float[Tensor, "n 3"]) -> UInt8[Tensor, " n"]:
        """States of the voxels that hold points, all of them within the box."""
        return self.state[tuple(self.voxels_at(points_map).T)]


def states_in(voxel_map: VoxelMap, box: Box) -> StateGrid:
    """States of all voxels of the blocks that touch `box`.

    MapError for more than `MAX_VOXELS`.
    """
    first, last = voxel_map.block_range(box)
    shape = (last - first).tolist()
    if math.prod(shape) * VOXELS > MAX_VOXELS:
        raise MapError(
            f"a box of {'x'.join(str(n * BLOCK) for n in shape)} voxels; at most {MAX_VOXELS} are "
            "looked through at a time: choose a smaller region"
        )
    corner = torch.from_numpy(first).to(voxel_map.device)
    state = torch.full((*shape, VOXELS), UNOBSERVED, dtype=torch.uint8, device=voxel_map.device)
    for index in voxel_map.block_index(box).split(BLOCKS_AT_ONCE):
        blocks = voxel_map.blocks(index)
        code = occupancy_code(blocks.tsdf, blocks.weight, voxel_map.config.truncation_voxels)
        at = index - corner
        state[tuple(at.T)] = FREE  # known, and so free throughout unless there are voxels
        detailed = blocks.row >= 0
        state[tuple(at[detailed].T)] = state_of(code)[blocks.row[detailed]]
    # A block's voxels lie in the order z, y, x.
    split = state.view(*shape, BLOCK, BLOCK, BLOCK).permute(0, 5, 1, 4, 2, 3)
    dense = split.reshape([n * BLOCK for n in shape])
    return StateGrid(dense, corner * BLOCK, voxel_map.config.voxel_size_m)


def is_clear(grid: StateGrid, voxels: Int64[Tensor, "n 3"], radius_m: float) -> Bool[Tensor, " n"]:
    """Whether a ball around the middle of each voxel is FREE throughout.

    What is unobserved is not free, and neither is what lies outside of the grid.
    """
    reach = math.ceil(radius_m / grid.voxel_size_m + 0.5)
    line = torch.arange(-reach, reach + 1, device=voxels.device)
    # How far the nearest face of each voxel is from the middle of the first one.
    gap = (line.abs() - 0.5).clamp(min=0) * grid.voxel_size_m
    nearest = gap[:, None, None] ** 2 + gap[:, None] ** 2 + gap**2
    ball = (nearest <= radius_m**2).nonzero() - reach
    shape = torch.tensor(grid.state.shape, device=voxels.device)
    margin = ball.amax(0)
    clear = ((voxels >= margin) & (voxels < shape - margin)).all(1)
    stride = torch.tensor(grid.state.stride(), device=voxels.device)
    at = (voxels[clear] * stride).sum(1)[:, None] + (ball * stride).sum(1)
    clear[clear.clone()] = (grid.state.view(-1)[at] == FREE).all(1)
    return clear


def transmittance(
    grid: StateGrid,
    eyes_map: Float64[Tensor, "eyes 3"],
    points_map: Float64[Tensor, "points 3"],
    sight_m: float,
) -> Float32[Tensor, "eyes points"]:
    """How likely it is that a point can be seen from an eye, 0–1; both within the grid.

    0 where the ray crosses an occupied voxel, else exp(−d/`sight_m`) after d metres of unobserved
    space, which may hold anything. The voxel that holds the point does not count.
    """
    eyes, points = (
        (end / grid.voxel_size_m - grid.first).float() for end in (eyes_map, points_map)
    )
    if not eyes.numel() or not points.numel():
        return torch.zeros((len(eyes), len(points)), device=eyes.device)
    steps = max(1, math.ceil(float(torch.cdist(eyes, points).max()) / STEP_VOXELS))
    parts = eyes.split(max(1, _SAMPLES_AT_ONCE // (len(points) * steps)))
    unknown = torch.cat([_unknown_voxels(grid.state, part, points, steps) for part in parts])
    return torch.exp(unknown * (-grid.voxel_size_m / sight_m))


def _unknown_voxels(
    state: UInt8[Tensor, "x y z"],
    eyes: Float32[Tensor, "eyes 3"],
    points: Float32[Tensor, "points 3"],
    steps: int,
) -> Float32[Tensor, "eyes points"]:
    """Length of unobserved space between eyes and points, in voxels; +inf where rays are blocked.

    Eyes and points are in voxels from the corner of `state`; each ray is sampled `steps` times.
    """
    way = points - eyes[:, None]
    share = (torch.arange(steps, device=way.device) + 0.5) / steps
    at = torch.zeros((), dtype=torch.int32, device=way.device)
    end = at
    for axis, size in enumerate(state.shape):
        along = torch.addcmul(eyes[:, None, None, axis], way[..., None, axis], share)
        at = at * size + along.int()
        end = end * size + points[:, axis].int()
    crossed = state.view(-1)[at.view(-1)].view(at.shape)
    crossed = torch.where(at == end[:, None], FREE, crossed)
    unknown = (crossed == UNOBSERVED).sum(-1) / steps * way.norm(dim=-1)
    return unknown.masked_fill((crossed == OCCUPIED).any(-1), torch.inf)
