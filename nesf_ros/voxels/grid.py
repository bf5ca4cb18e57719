"""Storage of one submap: a bounded lattice of blocks, most of them empty.

A dense index over blocks (4 bytes each) points into a pool of voxels, so neighbours are found
without hashing and the same layout serves CPU and CUDA kernels.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Int32, Int64
from torch import Tensor

from nesf_ros.errors import MapError
from nesf_ros.types import Box

BLOCK = 8
"""Voxels along the edge of a block."""
VOXELS = BLOCK**3
"""Voxels of a block; x runs fastest, then y, then z."""
BYTES_PER_BLOCK = VOXELS * 4 * 5
"""Pool memory of an allocated block: signed distance, weight and three colours as float32."""
BYTES_PER_PLACE = 4 + 4 + 8
"""Index memory of every block of a grid, observed or not: slot, evidence, revision."""
FREE_ABOVE = 0.95
"""Signed distance from which a voxel is as good as free throughout; averages never quite reach 1
where something has been."""
MAX_PLACES = 2**26
"""Blocks that a grid may span: 1 GiB of index."""


class BlockGrid:
    """Blocks of one box of the block lattice.

    A block is in one of three conditions: never observed (`slot` < 0, `free_weight` 0), uniformly
    free (`slot` < 0, `free_weight` > 0), or allocated (`slot` ≥ 0: its row in the pool).
    """

    def __init__(self, offset: tuple[int, int, int], shape: tuple[int, int, int], device: str):
        """An empty grid of `shape` blocks; MapError if those are more than `MAX_PLACES`."""
        self.offset = offset
        """Index, in the map's block lattice, of this grid's first block."""
        self.shape = shape
        if not 0 < math.prod(shape) <= MAX_PLACES:
            raise MapError(
                f"a box of {shape[0]}x{shape[1]}x{shape[2]} blocks; at most {MAX_PLACES} fit one "
                "grid: choose a smaller region"
            )
        self.device = torch.device(device)
        self.slot = torch.full(shape, -1, dtype=torch.int32, device=self.device)
        self.free_weight = torch.zeros(shape, dtype=torch.float32, device=self.device)
        self.revision = torch.zeros(shape, dtype=torch.int64, device=self.device)
        """Map revision of the last change of each block."""
        self.limit = 2**31 - 1
        """Blocks that the pool may grow to; set by whoever watches over memory."""
        self._spare = torch.zeros(0, dtype=torch.int32, device=self.device)
        self._reserve(0)

    def _reserve(self, capacity: int) -> None:
        """Give the pool room for exactly `capacity` blocks, keeping what is there."""
        kept = min(capacity, len(self.tsdf)) if hasattr(self, "tsdf") else 0
        for name, size in (("tsdf", (VOXELS,)), ("weight", (VOXELS,)), ("color", (VOXELS, 3))):
            grown = torch.zeros((capacity, *size), dtype=torch.float32, device=self.device)
            if kept:
                grown[:kept] = getattr(self, name)[:kept]
            setattr(self, name, grown)
        self.used = getattr(self, "used", 0)

    tsdf: Float[Tensor, "capacity voxels"]
    """Signed distance to the surface over the truncation distance, −1–1, positive in front."""
    weight: Float[Tensor, "capacity voxels"]
    """Evidence, in readings at 1 m; 0: never observed."""
    color: Float[Tensor, "capacity voxels 3"]
    """RGB, 0–255."""

    def box(self, block_m: float) -> Box:
        """What it has room for, map frame, metres."""
        lower, shape = np.array(self.offset), np.array(self.shape)
        return Box((*(lower * block_m).tolist(),), (*((lower + shape) * block_m).tolist(),))

    @property
    def nbytes(self) -> int:
        """Memory of index and pool, bytes."""
        tensors = (self.slot, self.free_weight, self.revision, self.tsdf, self.weight, self.color)
        return sum(t.numel() * t.element_size() for t in tensors)

    @property
    def room(self) -> int:
        """How many blocks can still be allocated."""
        return max(0, self.limit - self.used) + len(self._spare)

    def allocate(self, local: Int64[Tensor, "n 3"]) -> Int32[Tensor, " n"]:
        """Give blocks a place in the pool; a uniformly free block stays free voxel by voxel.

        `local` are indices within this grid, none of them allocated yet. Returns their slots.
        Raises MapError when there is no `room` for them.
        """
        count = len(local)
        if count > self.room:
            raise MapError(f"{count} blocks wanted, room for {self.room}: raise map.memory_mib")
        reused, self._spare = self._spare[:count], self._spare[count:]
        first, self.used = self.used, self.used + count - len(reused)
        if self.used > len(self.tsdf):
            self._reserve(min(self.limit, max(256, int(self.used * 1.5))))
        fresh = torch.arange(first, self.used, dtype=torch.int32, device=self.device)
        slots = torch.cat([reused, fresh])
        i, j, k = local.unbind(1)
        free = self.free_weight[i, j, k]
        rows = slots.long()
        self.tsdf[rows] = (free > 0).float()[:, None].expand(-1, VOXELS)
        self.weight[rows] = free[:, None].expand(-1, VOXELS)
        self.color[rows] = 0
        self.slot[i, j, k] = slots
        self.free_weight[i, j, k] = 0
        return slots

    def release(self, local: Int64[Tensor, "n 3"], free_weight: Float[Tensor, " n"]) -> None:
        """Return allocated blocks to the pool and call them uniformly free with that evidence."""
        i, j, k = local.unbind(1)
        self._spare = torch.cat([self._spare, self.slot[i, j, k]])
        self.slot[i, j, k] = -1
        self.free_weight[i, j, k] = free_weight

    def trim(self) -> None:
        """Give back the part of the pool that growth has reserved and nothing uses yet."""
        if self.used < len(self.tsdf):
            self._reserve(self.used)

    def known(self) -> Bool[Tensor, "x y z"]:
        """Which blocks have been observed at all."""
        return (self.slot >= 0) | (self.free_weight > 0)

    @property
    def knows_something(self) -> bool:
        """Whether any block has been observed."""
        return self.used > 0 or bool((self.free_weight > 0).any())

    def known_index(self, since: int = -1) -> Int32[Tensor, "n 3"]:
        """Map indices of the blocks that have been observed, and changed after revision `since`."""
        if since < 0:
            local = self.known().nonzero()
        else:  # few have changed: only these are looked at
            local = (self.revision > since).nonzero()
            at = tuple(local.T)
            local = local[(self.slot[at] >= 0) | (self.free_weight[at] > 0)]
        return (local + torch.tensor(self.offset, device=self.device)).int()

    def collapse_free(self, since: int) -> int:
        """Turn blocks that are free throughout into uniform ones; returns how many.

        Only blocks changed after revision `since` are looked at.
        """
        local = ((self.slot >= 0) & (self.revision > since)).nonzero()
        if not len(local):
            return 0
        rows = self.slot[tuple(local.T)].long()
        lightest = self.weight[rows].amin(1)
        free = (self.tsdf[rows].amin(1) > FREE_ABOVE) & (lightest > 0)
        self.release(local[free], lightest[free])
        return int(free.sum())

    def locate(self, index: Int[Tensor, "n 3"]) -> tuple[Int64[Tensor, "n 3"], Bool[Tensor, " n"]]:
        """Map block indices to indices of this grid, and which of them lie in it."""
        local = index.long() - torch.tensor(self.offset, device=index.device)
        shape = torch.tensor(self.shape, device=index.device)
        return local, ((local >= 0) & (local < shape)).all(1)

    def insert(
        self,
        index: Int[Tensor, "n 3"],
        pool: dict[str, Tensor],
        revision: int | Int64[Tensor, " n"],
    ) -> None:
        """Fill blocks from outside (a saved map, a merge of submaps).

        `index` are map block indices; `pool` holds `tsdf`, `weight` and `color` rows for them;
        `revision` is one for all, or one for each.
        Raises MapError if a block lies outside of the grid or is there already.
        """
        local, inside = self.locate(index)
        if not bool(inside.all()):
            raise MapError(f"{int((~inside).sum())} blocks lie outside of the grid")
        if bool((self.slot[tuple(local.T)] >= 0).any()) or len(local.unique(dim=0)) != len(local):
            raise MapError("a block is given twice")
        if self.used + len(local) > len(self.tsdf):
            self._reserve(self.used + len(local))  # exactly: nothing says that more will come
        rows = self.allocate(local).long()
        for name, values in pool.items():
            getattr(self, name)[rows] = values.to(self.device, torch.float32)
        self.revision[tuple(local.T)] = revision
