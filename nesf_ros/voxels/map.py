"""The voxel map: bounded submaps that follow the robot under one memory limit."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass

import numpy as np
import torch
import warp as wp
from jaxtyping import Float64, Int32, Int64
from numpy import ndarray
from torch import Tensor

from nesf_ros.config import MapConfig
from nesf_ros.errors import ConfigError, GeometryError
from nesf_ros.geometry.se3 import check_pose
from nesf_ros.types import Box, PosedFrame
from nesf_ros.voxels.blocks import Blocks, adopt, look_up, merge
from nesf_ros.voxels.grid import BLOCK, BYTES_PER_BLOCK, BYTES_PER_PLACE, MAX_PLACES, BlockGrid
from nesf_ros.voxels.integrate import Integration, Integrator

COLLAPSE_EVERY = 16
"""Frames between two searches for blocks that have become free throughout."""
MAX_INDEX = 2**19
"""Block indices stay below this along each axis: three of them make one 64-bit key."""
WIDEST_VIEW = 2.0
"""Submaps allow for image corners that are so many times as far away as they are deep."""


@dataclass
class Submap:
    """A piece of the map that was built around one place."""

    grid: BlockGrid
    centre_m: Float64[ndarray, " 3"]
    """Where the robot was when it began, map frame."""

    def distance_m(self, position: Float64[ndarray, " 3"]) -> float:
        """Metres from the centre to a position in the map frame."""
        return float(np.linalg.norm(self.centre_m - position))


class VoxelMap:
    """TSDF, colour, and free space told apart from space never observed.

    A frame goes into one submap, the one the robot is in; submaps are large enough to hold all that
    a camera sees from there. Where submaps overlap, what was seen last counts. `revision` grows
    with every change and marks the blocks that changed.
    """

    def __init__(self, config: MapConfig):
        """An empty map. ConfigError where not even one empty submap fits the memory limit."""
        wp.init()  # else arrays are refused until the first kernel runs: views of an empty map
        self.config = config
        self.device = choose_device(config.device)
        self._max_places = min(config.memory_mib * 2**20 / 2 // BYTES_PER_PLACE, MAX_PLACES)
        places = math.prod(self._shape(config.max_depth_m))
        if places > self._max_places:
            raise ConfigError(
                f"a submap spans {places:.3g} blocks, {self._max_places:.3g} are allowed: raise "
                "map.voxel_size_m or map.memory_mib, lower map.submap_radius_m or map.max_depth_m"
            )
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
        """Fuse one frame, carve the free space it shows, and report what changed.

        GeometryError for a pose that is no pose, or lies beyond what block indices can number.
        """
        position = self._checked_position(frame)
        submap = self._enter(frame, position)
        submap.grid.limit = max(0, len(submap.grid.tsdf) + self._room())
        revision = self.revision + 1
        report = self.integrator.integrate(submap.grid, frame, revision)
        self.revision = revision
        self.stamp_ns = max(self.stamp_ns, frame.rgbd.stamp_ns)
        if report.refused_blocks and not self._evict_farthest(position):
            self.refused_blocks += report.refused_blocks
        if self.revision - self._collapsed_at >= COLLAPSE_EVERY:
            submap.grid.collapse_free(self._collapsed_at)
            self._collapsed_at = self.revision
        return report

    def _checked_position(self, frame: PosedFrame) -> Float64[ndarray, " 3"]:
        position = check_pose(frame.world_T_camera)[:3, 3]
        limit_m = MAX_INDEX * self.block_m / 2
        if np.abs(position).max() > limit_m:
            raise GeometryError(
                f"camera at {position.tolist()} m; with these voxels the map reaches "
                f"{limit_m:.0f} m from the origin of its frame: use a local frame"
            )
        return position

    def _room(self) -> int:
        """Blocks that memory has room for, below 0 where the limit is exceeded."""
        return int((self.config.memory_mib * 2**20 - self.nbytes) // BYTES_PER_BLOCK)

    def _enter(self, frame: PosedFrame, position: Float64[ndarray, " 3"]) -> Submap:
        """The submap in use, unless the robot has left it: then the nearest, or a new one."""
        radius = self.config.submap_radius_m
        if self.active and self.active.distance_m(position) <= radius:
            return self.active
        if self.active:
            self.active.grid.collapse_free(self._collapsed_at)
            self.active.grid.trim()
        self._collapsed_at = self.revision
        nearest = min(self.submaps, key=lambda s: s.distance_m(position), default=None)
        if nearest and nearest.distance_m(position) <= radius:
            nearest.grid.limit = max(0, len(nearest.grid.tsdf) + self._room())
            adopt(nearest.grid, [s.grid for s in self.submaps if s is not nearest])
        else:
            self.active = None
            nearest = self._new_submap(frame, position)
        self.active = nearest
        return nearest

    def _new_submap(self, frame: PosedFrame, position: Float64[ndarray, " 3"]) -> Submap:
        """An empty submap around the robot; others go where memory is short."""
        camera = frame.rgbd.depth_intrinsics
        corner = np.maximum([camera.cx, camera.cy],
                            [camera.width - camera.cx, camera.height - camera.cy])  # fmt: skip
        widest = float(np.linalg.norm([*(corner / [camera.fx, camera.fy]), 1.0]))
        shape = self._shape(self.config.max_depth_m * min(widest, WIDEST_VIEW))
        if math.prod(shape) > self._max_places:
            shape = self._shape(self.config.max_depth_m)  # known to fit
        index_bytes = math.prod(shape) * BYTES_PER_PLACE
        while self.nbytes + index_bytes > self.config.memory_mib * 2**20:
            self._evict_farthest(position)
        offset = (np.floor(position / self.block_m).astype(int) - shape[0] // 2).tolist()
        self.submaps.append(Submap(BlockGrid(tuple(offset), shape, self.device), position.copy()))
        return self.submaps[-1]

    def _shape(self, reach_m: float) -> tuple[int, int, int]:
        """Blocks of a submap whose cameras see `reach_m` far."""
        half = int(np.ceil((self.config.submap_radius_m + reach_m) / self.block_m)) + 1
        return (2 * half + 1,) * 3

    def _evict_farthest(self, position: Float64[ndarray, " 3"]) -> bool:
        """Drop the submap farthest from the robot; False if there is only the one in use."""
        others = [submap for submap in self.submaps if submap is not self.active]
        if not others:
            return False
        farthest = max(others, key=lambda submap: submap.distance_m(position))
        self.submaps = [submap for submap in self.submaps if submap is not farthest]
        self.evicted_submaps += 1
        self.revision += 1
        self._mark_exposed(farthest.grid.known_index())
        return True

    def _mark_exposed(self, index: Int32[Tensor, "n 3"]) -> None:
        """Tell readers of blocks that lay beneath others. Which of several is newest must stay."""
        if not self.submaps:
            return
        age = torch.stack([look_up(submap.grid, index).age for submap in self.submaps])
        newest, holder = age.max(0)
        for number, submap in enumerate(self.submaps):
            mine = index[(holder == number) & (newest >= 0)]
            local, _ = submap.grid.locate(mine)
            submap.grid.revision[tuple(local.T)] = self.revision

    def block_range(self, box: Box) -> tuple[Int64[ndarray, " 3"], Int64[ndarray, " 3"]]:
        """First block that `box` touches along each axis, and the one behind the last."""
        lower, upper = voxel_range(box, self.config.voxel_size_m)
        return lower // BLOCK, -(-upper // BLOCK)

    def block_index(self, box: Box | None = None, since: int = -1) -> Int32[Tensor, "n 3"]:
        """Indices of the known blocks that touch `box` and changed after revision `since`."""
        found = [submap.grid.known_index(since) for submap in self.submaps]
        if not found:
            return torch.zeros((0, 3), dtype=torch.int32, device=self.device)
        index = found[0] if len(found) == 1 else torch.cat(found).unique(dim=0)
        if box is not None:
            lower, upper = (torch.from_numpy(c).to(self.device) for c in self.block_range(box))
            index = index[((index >= lower) & (index < upper)).all(1)]
        return index

    def blocks(self, index: Int32[Tensor, "n 3"]) -> Blocks:
        """The content of blocks, merged over submaps; unknown ones come back unobserved."""
        return merge([submap.grid for submap in self.submaps], index)

    def dense(self, box: Box) -> BlockGrid:
        """A single grid that holds all blocks touching `box`, for kernels that walk through it."""
        if len(self.submaps) == 1:
            return self.submaps[0].grid
        index = self.block_index(box)
        if not len(index):
            return BlockGrid((0, 0, 0), (1, 1, 1), self.device)
        lower, upper = index.amin(0).tolist(), (index.amax(0) + 1).tolist()
        shape = tuple(b - a for a, b in zip(lower, upper, strict=True))
        grid = BlockGrid(tuple(lower), shape, self.device)
        self.blocks(index).write_to(grid, self.revision)
        return grid


def voxel_range(box: Box, voxel_size_m: float) -> tuple[Int64[ndarray, " 3"], Int64[ndarray, " 3"]]:
    """First voxel that `box` touches along each axis, and the one behind the last.

    A box whose faces are multiples of the voxel size holds exactly the voxels between them, however
    those multiples are rounded.
    """
    far = 2.0**40  # beyond every block index, and well within an integer
    lower = np.floor(np.array(box.lower) / voxel_size_m + 1e-6).clip(-far, far)
    upper = np.ceil(np.array(box.upper) / voxel_size_m - 1e-6).clip(-far, far)
    return lower.astype(np.int64), upper.astype(np.int64)


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
