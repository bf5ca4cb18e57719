"""The voxel map: bounded submaps that follow the robot under one memory limit."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64, Int32, Int64
from numpy import ndarray
from torch import Tensor

from nesf_ros.config import MapConfig
from nesf_ros.errors import ConfigError
from nesf_ros.types import Box, PosedFrame
from nesf_ros.voxels.blocks import Blocks, merge
from nesf_ros.voxels.grid import BLOCK, BYTES_PER_BLOCK, BlockGrid
from nesf_ros.voxels.integrate import Integration, Integrator

COLLAPSE_EVERY = 16
"""Frames between two searches for blocks that have become free throughout."""


@dataclass
class Submap:
    """A piece of the map that was built around one place."""

    grid: BlockGrid
    centre_m: Float64[ndarray, " 3"]
    """Where the robot was when it began, map frame."""


class VoxelMap:
    """TSDF, colour, and free space told apart from space never observed.

    A frame goes into one submap, the one the robot is in; submaps are large enough to hold all that
    a camera sees from there. Where submaps overlap, what was seen last counts. `revision` grows with
    every change and marks the blocks that changed.
    """

    def __init__(self, config: MapConfig):
        self.config = config
        self.device = choose_device(config.device)
        self.integrator = Integrator(config, self.device)
        self.revision = 0
        self.reset()

    def reset(self) -> None:
        """Forget everything. The map gets a new id; revisions go on."""
        self.map_id = uuid.uuid4().hex
        self.stamp_ns = 0
        """Stamp of the newest frame in the map."""
        self.submaps: list[Submap] = []
        self.active: Submap | None = None
        self.evicted_submaps = 0
        self.refused_blocks = 0
        """Blocks left out because memory was full."""
        self._collapsed_at = self.revision
        self.revision += 1

    @property
    def block_m(self) -> float:
        """Edge of a block, metres."""
        return self.config.voxel_size_m * BLOCK

    @property
    def nbytes(self) -> int:
        """Memory of all submaps, bytes."""
        return sum(submap.grid.nbytes for submap in self.submaps)

    def integrate(self, frame: PosedFrame) -> Integration:
        """Fuse one frame, carve the free space it shows, and report what changed."""
        position = frame.world_T_camera[:3, 3]
        submap = self.active = self._submap_at(position)
        room = int(self.config.memory_mib * 2**20 - self.nbytes) // BYTES_PER_BLOCK
        submap.grid.limit = max(0, len(submap.grid.tsdf) + room)
        revision = self.revision + 1
        report = self.integrator.integrate(submap.grid, frame, revision)
        self.revision = revision
        self.stamp_ns = max(self.stamp_ns, frame.rgbd.stamp_ns)
        if report.refused_blocks and not self._evict_farthest(position):
            self.refused_blocks += report.refused_blocks
        if revision - self._collapsed_at >= COLLAPSE_EVERY:
            submap.grid.collapse_free(self._collapsed_at)
            self._collapsed_at = revision
        return report

    def _submap_at(self, position: Float64[ndarray, " 3"]) -> Submap:
        """The submap in use, unless the robot has left it: then the nearest, or a new one."""

        def distance(submap: Submap) -> float:
            return float(np.linalg.norm(submap.centre_m - position))

        radius = self.config.submap_radius_m
        if self.active and distance(self.active) <= radius:
            return self.active
        nearest = min(self.submaps, key=distance, default=None)
        if nearest and distance(nearest) <= radius:
            return nearest
        half = int(np.ceil((radius + self.config.max_depth_m) / self.block_m)) + 1
        offset = (np.floor(position / self.block_m).astype(int) - half).tolist()
        grid = BlockGrid(tuple(offset), (2 * half + 1,) * 3, self.device)
        self.submaps.append(Submap(grid, position.copy()))
        return self.submaps[-1]

    def _evict_farthest(self, position: Float64[ndarray, " 3"]) -> bool:
        """Drop the submap farthest from the robot; False if there is only the one in use."""
        others = [submap for submap in self.submaps if submap is not self.active]
        if not others:
            return False
        farthest = max(others, key=lambda s: float(np.linalg.norm(s.centre_m - position)))
        self.submaps.remove(farthest)
        self.evicted_submaps += 1
        self.revision += 1
        # What lay beneath it shows now: tell the readers.
        exposed = known_index(farthest.grid)
        for submap in self.submaps:
            local, inside = submap.grid.locate(exposed)
            submap.grid.revision[tuple(local[inside].T)] = self.revision
        return True

    def block_index(self, box: Box | None = None, since: int = -1) -> Int32[Tensor, "n 3"]:
        """Indices of the known blocks that touch `box` and changed after revision `since`."""
        found = [known_index(submap.grid, since) for submap in self.submaps]
        if not found:
            return torch.zeros((0, 3), dtype=torch.int32, device=self.device)
        index = found[0] if len(found) == 1 else torch.cat(found).unique(dim=0)
        if box is not None:
            corner = index.double() * self.block_m
            lower, upper = (torch.tensor(c, device=self.device) for c in (box.lower, box.upper))
            index = index[((corner < upper) & (corner + self.block_m > lower)).all(1)]
        return index

    def blocks(self, index: Int32[Tensor, "n 3"]) -> Blocks:
        """The content of blocks, merged over submaps; unknown ones come back unobserved."""
        return merge([submap.grid for submap in self.submaps], index)

    def dense(self, box: Box) -> BlockGrid:
        """A single grid that holds all blocks touching `box`, for kernels that walk through it."""
        if len(self.submaps) == 1:
            return self.submaps[0].grid
        lower = np.floor(np.array(box.lower) / self.block_m).astype(int)
        upper = np.ceil(np.array(box.upper) / self.block_m).astype(int)
        index = self.block_index(box)
        if len(index):  # the box may be far larger than what is known of it
            lower = np.maximum(lower, index.amin(0).cpu().numpy())
            upper = np.minimum(upper, index.amax(0).cpu().numpy() + 1)
        shape = np.maximum(upper - lower, 1)
        grid = BlockGrid(tuple(lower.tolist()), tuple(shape.tolist()), self.device)
        self.blocks(index).write_to(grid, self.revision)
        return grid


def known_index(grid: BlockGrid, since: int = -1) -> Int32[Tensor, "n 3"]:
    """Map indices of a grid's known blocks that changed after revision `since`."""
    known = grid.known()
    if since >= 0:
        known &= grid.revision > since
    local = known.nonzero()
    return (local + torch.tensor(grid.offset, device=local.device)).int()


def choose_device(name: str) -> str:
    """`cpu` or `cuda:N`; `auto` takes CUDA where there is one. ConfigError if it is not there."""
    if name == "auto":
        return "cuda:0" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ConfigError(f"device {name!r}; use auto, cpu, cuda or cuda:N") from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ConfigError(f"device {name!r}, but torch {torch.__version__} finds no CUDA device")
    return f"cuda:{device.index or 0}" if device.type == "cuda" else "cpu"
