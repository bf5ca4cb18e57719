"""What subscribers of the map have to be told: snapshots in chunks, then what changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Int32, Int64, UInt8
from numpy import ndarray
from torch import Tensor

from nesf_ros.types import Box
from nesf_ros.voxels.encoding import BlockUpdate, Encoded, encode
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.grid import BLOCK, VOXELS
from nesf_ros.voxels.map import VoxelMap, voxel_range
from nesf_ros.voxels.state import occupancy_code

__all__ = ["BlockUpdate", "Encoded", "UpdateStream", "dense_codes", "encode"]

BYTES_PER_INDEX = 12
BYTES_PER_SENT_BLOCK = VOXELS * 6 + BYTES_PER_INDEX + 1
"""Largest size of a block in a message: occupancy, colour, label, confidence, index, flag."""
_KEY_BITS = 20


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

    def __init__(self, voxel_map: VoxelMap, chunk_bytes: int, layer: FeatureLayer | None = None):
        """`chunk_bytes` bounds each update, but for one that has to hold a single larger block."""
        self.map = voxel_map
        self.layer = layer
        """Where labels come from; may be set later, before a snapshot."""
        self.chunk_bytes = chunk_bytes
        self._forget()

    def _forget(self) -> None:
        self.revision, self._labels_revision = -1, -1
        self._sent: dict[int, int] = {}
        self._map_id, self._evictions = self.map.map_id, self.map.evicted_submaps

    @property
    def pending(self) -> bool:
        """Whether the map or its labels have changed since the last message."""
        relabelled = self.layer is not None and self.layer.revision != self._labels_revision
        return self.map.revision != self.revision or relabelled

    @property
    def replaced(self) -> bool:
        """Whether the map was reset or loaded, so that only a snapshot helps."""
        return self.map.map_id != self._map_id

    def snapshot(self) -> list[BlockUpdate]:
        """The whole map in at least one chunk."""
        self._forget()
        return self._encode(self.map.block_index()) or [replace(_empty(), label_names=self._names)]

    def delta(self) -> list[BlockUpdate]:
        """What changed since the last call, in as many messages as needed, often none."""
        updates = self._encode(self._changed_index())
        removed = self._removed()
        most = max(1, self.chunk_bytes // BYTES_PER_INDEX)
        gone = [_empty(removed[i : i + most]) for i in range(0, len(removed), most)]
        return updates + [replace(update, label_names=self._names) for update in gone]

    @property
    def _names(self) -> tuple[str, ...]:
        return self.layer.labels.wire_names if self.layer is not None else ()

    def _changed_index(self) -> Int32[Tensor, "n 3"]:
        """Blocks that may look different from what was last sent."""
        changed = self.map.block_index(since=self.revision)
        if self.layer is None or self.layer.revision == self._labels_revision:
            return changed
        relabelled = self.layer.relabelled(self._labels_revision)
        if relabelled is None:
            return self.map.block_index()
        return torch.cat([changed, relabelled]).unique(dim=0)

    def _encode(self, index: Int32[Tensor, "n 3"]) -> list[BlockUpdate]:
        self.revision = self.map.revision
        self._labels_revision = self.layer.revision if self.layer is not None else -1
        packed: list[BlockUpdate] = []
        for part in index.split(max(1, self.chunk_bytes // BYTES_PER_SENT_BLOCK)):
            update = self._changed(encode(self.map, part, self.layer))
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
