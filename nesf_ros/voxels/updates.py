"""What subscribers of the map have to be told: snapshots in chunks, then what changed."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np
import torch
from jaxtyping import Bool, Int32, Int64, UInt8
from numpy import ndarray
from torch import Tensor

from nesf_ros.types import Box
from nesf_ros.voxels.blocks import Blocks
from nesf_ros.voxels.grid import BLOCK, VOXELS
from nesf_ros.voxels.map import VoxelMap, voxel_range
from nesf_ros.voxels.state import occupancy_code

BYTES_PER_INDEX = 12
BYTES_PER_SENT_BLOCK = VOXELS * 4 + BYTES_PER_INDEX + 1
"""Largest size of a block in a message: occupancy, colour, index, flag."""
_KEY_BITS = 20


@dataclass(frozen=True)
class BlockUpdate:
    """The block part of a VoxelMap message, field by field (see msg/VoxelMap.msg)."""

    block_index: Int32[ndarray, "n 3"]
    block_uniform: UInt8[ndarray, " n"]
    occupancy: UInt8[ndarray, " voxels"]
    color: UInt8[ndarray, " colors"]
    removed_index: Int32[ndarray, "r 3"] = field(default_factory=lambda: np.zeros((0, 3), np.int32))

    @property
    def nbytes(self) -> int:
        """Size of the arrays, bytes; 0 where there is nothing to tell."""
        return sum(getattr(self, item.name).nbytes for item in fields(self))

    def and_then(self, other: BlockUpdate) -> BlockUpdate:
        """Both updates in one; they must be about different blocks."""
        names = [item.name for item in fields(self)]
        return BlockUpdate(*(np.concatenate([getattr(self, n), getattr(other, n)]) for n in names))


@dataclass(frozen=True)
class Encoded:
    """Blocks in the form of the message, before they are strung together."""

    index: Int32[Tensor, "n 3"]
    uniform: UInt8[Tensor, " n"]
    """Code shared by all voxels of a block, or 0 for blocks that list theirs (or hold none)."""
    row: Int64[Tensor, " n"]
    """Row of a block's voxels in the two arrays below, −1 if it lists none."""
    occupancy: UInt8[Tensor, "m voxels"]
    color: UInt8[Tensor, "m voxels 3"]
    digest: Int64[Tensor, " n"]
    """Fingerprint of states, and of probability and colour to one part in eight: blocks with the
    same digest look the same to a planner and in RViz. 0: nothing in the block is observed."""

    def pick(self, keep: Bool[Tensor, " n"]) -> BlockUpdate:
        """The blocks in `keep`, flat."""
        rows = self.row[keep & (self.row >= 0)]
        return BlockUpdate(
            self.index[keep].cpu().numpy(),
            self.uniform[keep].cpu().numpy(),
            self.occupancy[rows].flatten().cpu().numpy(),
            self.color[rows].flatten().cpu().numpy(),
        )


def encode(voxel_map: VoxelMap, index: Int32[Tensor, "n 3"]) -> Encoded:
    """The map's blocks at `index`; a block whose voxels are all alike becomes a uniform one."""
    blocks: Blocks = voxel_map.blocks(index)
    code = occupancy_code(blocks.tsdf, blocks.weight, voxel_map.config.truncation_voxels)
    occupied = code >= 128
    color = (blocks.color * occupied[..., None] + 0.5).to(torch.uint8)
    # Occupied voxels still differ in colour, so such blocks list theirs.
    alike = (code == code[:, :1]).all(1) & ~occupied.any(1)
    uniform = (blocks.free_weight > 0).to(torch.uint8)
    row, digest = blocks.row.clone(), uniform.long()
    listed = blocks.row >= 0
    uniform[listed] = torch.where(alike, code[:, 0], 0)
    digest[listed] = torch.where(alike, code[:, 0].long(), _digest(code, color))
    row[listed] = torch.where(alike, -1, row[listed])
    return Encoded(index, uniform, row, code, color, digest)


def _digest(code: UInt8[Tensor, "m voxels"], color: UInt8[Tensor, "m voxels 3"]) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    factor = torch.randint(1, 2**40, (VOXELS,), generator=generator).to(code.device)
    coarse = (code >> 5).long() + ((code > 0).long() << 4)
    for channel in range(3):
        coarse += (color[..., channel] >> 5).long() << (8 + 4 * channel)
    return (coarse * factor).sum(1) | 1


def pack_keys(index: Int32[ndarray, "n 3"]) -> Int64[ndarray, " n"]:
    """One integer per block index, for sets of blocks."""
    shifted = index.astype(np.int64) + (1 << (_KEY_BITS - 1))
    return (shifted[:, 0] << (2 * _KEY_BITS)) | (shifted[:, 1] << _KEY_BITS) | shifted[:, 2]


def unpack_keys(keys: Int64[ndarray, " n"]) -> Int32[ndarray, "n 3"]:
    """Block indices for keys made by `pack_keys`."""
    mask = (1 << _KEY_BITS) - 1
    parts = [keys >> (2 * _KEY_BITS), (keys >> _KEY_BITS) & mask, keys & mask]
    return (np.stack(parts, 1) - (1 << (_KEY_BITS - 1))).astype(np.int32)


class UpdateStream:
    """Follows a map on behalf of subscribers who all have heard the same messages."""

    def __init__(self, voxel_map: VoxelMap, chunk_bytes: int):
        """`chunk_bytes` bounds each update, but for one that has to hold a single larger block."""
        self.map = voxel_map
        self.chunk_bytes = chunk_bytes
        self._forget()

    def _forget(self) -> None:
        self.revision = -1
        self._sent: dict[int, int] = {}
        self._map_id, self._evictions = self.map.map_id, self.map.evicted_submaps

    @property
    def pending(self) -> bool:
        """Whether the map has changed since the last message."""
        return self.map.revision != self.revision

    @property
    def replaced(self) -> bool:
        """Whether the map was reset or loaded, so that only a snapshot helps."""
        return self.map.map_id != self._map_id

    def snapshot(self) -> list[BlockUpdate]:
        """The whole map in at least one chunk."""
        self._forget()
        return self._encode(self.map.block_index()) or [_empty()]

    def delta(self) -> list[BlockUpdate]:
        """What changed since the last call, in as many messages as needed, often none."""
        updates = self._encode(self.map.block_index(since=self.revision))
        removed = self._removed()
        most = max(1, self.chunk_bytes // BYTES_PER_INDEX)
        return updates + [_empty(removed[i : i + most]) for i in range(0, len(removed), most)]

    def _encode(self, index: Int32[Tensor, "n 3"]) -> list[BlockUpdate]:
        self.revision = self.map.revision
        packed: list[BlockUpdate] = []
        for part in index.split(max(1, self.chunk_bytes // BYTES_PER_SENT_BLOCK)):
            update = self._changed(encode(self.map, part))
            if update.nbytes and packed and packed[-1].nbytes + update.nbytes <= self.chunk_bytes:
                packed[-1] = packed[-1].and_then(update)
            elif update.nbytes:
                packed.append(update)
        return packed

    def _changed(self, encoded: Encoded) -> BlockUpdate:
        """Those of the blocks that look different from what was last sent."""
        index = encoded.index.cpu().numpy()
        keys, digests = pack_keys(index).tolist(), encoded.digest.tolist()
        before = [self._sent.get(key, 0) for key in keys]
        pairs = list(zip(before, digests, strict=True))
        changed = torch.tensor([b != d and d != 0 for b, d in pairs], dtype=torch.bool)
        vanished = np.array([b != 0 and d == 0 for b, d in pairs], bool)
        self._sent.update(zip(keys, digests, strict=True))
        update = encoded.pick(changed.to(encoded.index.device))
        return replace(update, removed_index=index[vanished])

    def _removed(self) -> Int32[ndarray, "r 3"]:
        """Blocks that subscribers hold and the map no longer does."""
        if self.map.evicted_submaps == self._evictions:
            return np.zeros((0, 3), np.int32)
        self._evictions = self.map.evicted_submaps
        held = np.array([key for key, digest in self._sent.items() if digest], np.int64)
        gone = np.setdiff1d(held, pack_keys(self.map.block_index().cpu().numpy()))
        for key in gone.tolist():
            del self._sent[key]
        return unpack_keys(gone)


def _empty(removed: Int32[ndarray, "r 3"] | None = None) -> BlockUpdate:
    none = np.zeros((0, 3), np.int32)
    flat = np.zeros(0, np.uint8)
    return BlockUpdate(none, flat, flat, flat, none if removed is None else removed)


def dense_codes(voxel_map: VoxelMap, box: Box) -> tuple[UInt8[ndarray, "x y z"], tuple]:
    """Occupancy codes of all voxels that touch `box`, and the outer corner of the first one, m."""
    first, last = voxel_range(box, voxel_map.config.voxel_size_m)
    low, high = voxel_map.block_range(box)
    index = voxel_map.block_index(box)
    blocks = voxel_map.blocks(index)
    code = occupancy_code(blocks.tsdf, blocks.weight, voxel_map.config.truncation_voxels)
    full = torch.zeros(tuple((high - low).tolist()) + (VOXELS,), dtype=torch.uint8,
                       device=index.device)  # fmt: skip
    local = index.long() - torch.from_numpy(low).to(index.device)
    uniform = blocks.free_weight > 0
    full[tuple(local[uniform].T)] = 1
    detailed = blocks.row >= 0
    full[tuple(local[detailed].T)] = code[blocks.row[detailed]]
    x, y, z = (high - low).tolist()
    # block axes and voxel axes interleaved: (bx, by, bz, vz, vy, vx) → (bx, vx, by, vy, bz, vz)
    volume = full.view(x, y, z, 8, 8, 8).permute(0, 5, 1, 4, 2, 3).reshape(x * 8, y * 8, z * 8)
    a, b = first - low * BLOCK, last - low * BLOCK
    volume = volume[a[0] : b[0], a[1] : b[1], a[2] : b[2]]
    return volume.cpu().numpy(), tuple((first * voxel_map.config.voxel_size_m).tolist())
