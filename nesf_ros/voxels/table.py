"""Which row belongs to which voxel, for what only some voxels have.

Rows are always 0 … n − 1: a row that is freed is filled by the last one. Rows are found through a
table per block, so a look-up is a search among thousands of blocks, not among all voxels.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Int, Int64
from torch import Tensor

from nesf_ros.voxels.grid import BLOCK, VOXELS

BYTES_PER_BLOCK = 4 * VOXELS + 12 + 2 * 8 + 2 * 8
"""Rows, index, two stamps, place in the order of keys."""
_KEY_BITS = 20
_SPARE = 8
"""A table that is full grows by one part in so many."""


class VoxelTable:
    """A set of voxels, each with a row. Voxels are numbered as the map's (docs/conventions.md)."""

    def __init__(self, device: torch.device, **columns: Tensor):
        """An empty table; `columns` are what is kept per row, as tensors of length 0."""
        self.device = device
        self.rows = 0
        self.blocks = 0
        self.columns = columns
        """Longer than there are rows; what lies behind the last row means nothing."""
        self.row_bytes = 8 + sum(
            column.element_size() * math.prod(column.shape[1:]) for column in columns.values()
        )
        self._place = torch.zeros(0, dtype=torch.int64, device=device)
        self._table = torch.zeros((0, VOXELS), dtype=torch.int32, device=device)
        self._index = torch.zeros((0, 3), dtype=torch.int32, device=device)
        self._stamps = torch.zeros((0, 2), dtype=torch.int64, device=device)
        self._sort()

    @property
    def nbytes(self) -> int:
        """Memory held, bytes."""
        tensors = (self._place, self._table, self._index, self._stamps, self._keys, self._slots)
        return sum(tensor.nbytes for tensor in (*tensors, *self.columns.values()))

    @property
    def used_bytes(self) -> int:
        """Memory in use, bytes: without what is reserved for more."""
        return self.rows * self.row_bytes + self.blocks * BYTES_PER_BLOCK

    @property
    def block_index(self) -> Int[Tensor, "blocks 3"]:
        """Map indices of the blocks, by slot."""
        return self._index[: self.blocks]

    @property
    def seen(self) -> Int64[Tensor, " blocks"]:
        """When something was last added to each block; for the owner to write."""
        return self._stamps[: self.blocks, 0]

    @property
    def changed(self) -> Int64[Tensor, " blocks"]:
        """When each block last changed; for the owner to write."""
        return self._stamps[: self.blocks, 1]

    def voxels(self, rows: Int64[Tensor, " n"] | None = None) -> Int64[Tensor, "n 3"]:
        """Index of the voxel of each row, or of those given."""
        place = self._place[: self.rows] if rows is None else self._place[rows]
        within = place % VOXELS
        offset = torch.stack([within % BLOCK, within // BLOCK % BLOCK, within // BLOCK**2], 1)
        return self._index[place // VOXELS].long() * BLOCK + offset

    def slots_of_rows(self, rows: Int64[Tensor, " n"]) -> Int64[Tensor, " n"]:
        """Slot of the block of each row."""
        return self._place[rows] // VOXELS

    def slots(self, blocks: Int[Tensor, "n 3"]) -> Int64[Tensor, " n"]:
        """Slots of blocks by map index, −1 for those that hold nothing."""
        if not self.blocks or not len(blocks):
            return torch.full((len(blocks),), -1, dtype=torch.int64, device=self.device)
        keys = block_keys(blocks)
        found = torch.searchsorted(self._keys, keys).clamp_(max=self.blocks - 1)
        return torch.where(self._keys[found] == keys, self._slots[found], -1)

    def rows_of_blocks(self, blocks: Int[Tensor, "n 3"]) -> Int64[Tensor, "n voxels"]:
        """Row of every voxel of some blocks, −1 for voxels that have none."""
        slots = self.slots(blocks)
        out = torch.full((len(blocks), VOXELS), -1, dtype=torch.int64, device=self.device)
        out[slots >= 0] = self._table[slots[slots >= 0]].long()
        return out

    def rows_of(self, voxels: Int64[Tensor, "n 3"]) -> Int64[Tensor, " n"]:
        """Row of each voxel, −1 for those that have none."""
        if not self.blocks:
            return torch.full((len(voxels),), -1, dtype=torch.int64, device=self.device)
        block, within = split(voxels)
        slots = self.slots(block)
        rows = self._table[slots.clamp(min=0), within].long()
        return torch.where(slots >= 0, rows, -1)

    def add(self, voxels: Int64[Tensor, "n 3"]) -> Int64[Tensor, " n"]:
        """Give rows, zeros in all columns, to voxels that have none yet; each may be given once."""
        block, within = split(voxels)
        keys = block_keys(block).unique()
        known = torch.isin(keys, self._keys)
        if not bool(known.all()):
            self._add_blocks(unpacked(keys[~known]))
        first, self.rows = self.rows, self.rows + len(voxels)
        self._place = grown(self._place, self.rows)
        rows = torch.arange(first, self.rows, device=self.device)
        place = self.slots(block) * VOXELS + within
        self._place[rows] = place
        self._table.view(-1)[place] = rows.int()
        for name, column in self.columns.items():
            self.columns[name] = column = grown(column, self.rows)
            column[rows] = 0
        return rows

    def remove(self, rows: Int64[Tensor, " n"]) -> None:
        """Free rows; others take their places."""
        table, left = self._table.view(-1), self.rows - len(rows)
        table[self._place[rows]] = -1
        source, target = _fill(rows, left, self.rows)
        self._place[target] = self._place[source]
        table[self._place[target]] = target.int()
        for column in self.columns.values():
            column[target] = column[source]
        self.rows = left

    def remove_blocks(self, slots: Int64[Tensor, " n"]) -> None:
        """Free blocks with all their rows."""
        rows = self._table[slots]
        self.remove(rows[rows >= 0].long())
        left = self.blocks - len(slots)
        source, target = _fill(slots, left, self.blocks)
        self._index[target], self._table[target] = self._index[source], self._table[source]
        self._stamps[target] = self._stamps[source]
        place = target[:, None] * VOXELS + torch.arange(VOXELS, device=self.device)
        moved = self._table[target]
        self._place[moved[moved >= 0].long()] = place[moved >= 0]
        self._table[left : self.blocks] = -1
        self.blocks = left
        self._sort()

    def _add_blocks(self, index: Int[Tensor, "n 3"]) -> None:
        first, self.blocks = self.blocks, self.blocks + len(index)
        self._index = grown(self._index, self.blocks)
        self._table = grown(self._table, self.blocks)
        self._stamps = grown(self._stamps, self.blocks)
        self._index[first : self.blocks] = index
        self._table[first : self.blocks] = -1
        self._stamps[first : self.blocks] = 0
        self._sort()

    def _sort(self) -> None:
        self._keys, self._slots = block_keys(self.block_index).sort()


def grown(tensor: Tensor, needed: int) -> Tensor:
    """The tensor if it is long enough, else a longer one with the same beginning."""
    if needed <= len(tensor):
        return tensor
    size = needed + max(256, needed // _SPARE)
    out = tensor.new_zeros((size, *tensor.shape[1:]))
    out[: len(tensor)] = tensor
    return out


def split(voxels: Int64[Tensor, "n 3"]) -> tuple[Int64[Tensor, "n 3"], Int64[Tensor, " n"]]:
    """Block of each voxel, and its number within the block (x runs fastest)."""
    block = torch.div(voxels, BLOCK, rounding_mode="floor")
    x, y, z = (voxels - block * BLOCK).unbind(1)
    return block, (z * BLOCK + y) * BLOCK + x


def block_keys(index: Int[Tensor, "n 3"]) -> Int64[Tensor, " n"]:
    """One integer per block index (each below 2¹⁹ in size)."""
    x, y, z = (index.long() + (1 << (_KEY_BITS - 1))).unbind(1)
    return (x << (2 * _KEY_BITS)) | (y << _KEY_BITS) | z


def unpacked(keys: Int64[Tensor, " n"]) -> Int64[Tensor, "n 3"]:
    """Block indices of keys."""
    mask = (1 << _KEY_BITS) - 1
    parts = [keys >> (2 * _KEY_BITS), (keys >> _KEY_BITS) & mask, keys & mask]
    return torch.stack(parts, 1) - (1 << (_KEY_BITS - 1))


def _fill(gone: Int64[Tensor, " n"], left: int, count: int) -> tuple[Tensor, Tensor]:
    """Which of the last rows go where, so that the first `left` are in use; from and to."""
    stays = torch.ones(count, dtype=torch.bool, device=gone.device)
    stays[gone] = False
    return stays[left:].nonzero()[:, 0] + left, (~stays[:left]).nonzero()[:, 0]
