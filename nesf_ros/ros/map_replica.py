"""A reader's copy of the map, kept up to date from the VoxelMap topic."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float64, UInt8
from numpy import ndarray

from nesf_ros.msg import VoxelMap

OCCUPIED_FROM = 128


class MapReplica:
    """Blocks as the messages told them. After a gap it waits for the next snapshot."""

    message_type = VoxelMap

    def __init__(self) -> None:
        self.blocks: dict[tuple[int, int, int], UInt8[ndarray, " voxels"] | int] = {}
        """By block index: occupancy codes of its voxels (x runs fastest), or the one they share."""
        self.messages = 0
        self.voxel_size_m = 0.0
        self.block_size = 0
        self.map_id = ""
        self._expected: int | None = None

    def take(self, message: VoxelMap) -> None:
        """Take in one message."""
        self.messages += 1
        starts_anew = message.kind == VoxelMap.SNAPSHOT and message.chunk == 0
        follows = message.sequence == self._expected and message.map_id == self.map_id
        if starts_anew:
            self.blocks.clear()
            self.map_id = message.map_id
            self.voxel_size_m, self.block_size = float(message.voxel_size), message.block_size
        elif not follows:
            self.blocks.clear()
            self._expected = None
            return
        self._expected = message.sequence + 1
        uniform = np.frombuffer(message.block_uniform, np.uint8)
        voxels = np.frombuffer(message.occupancy, np.uint8).reshape(-1, self.block_size**3)
        row = 0
        for index, code in zip(_triples(message.block_index), uniform.tolist(), strict=True):
            self.blocks[index] = code or voxels[row]
            row += not code
        for index in _triples(message.removed_index):
            self.blocks.pop(index, None)

    def occupied_points(self) -> Float64[ndarray, "n 3"]:
        """Centres of all occupied voxels, map frame, metres."""
        listed = {k: v for k, v in self.blocks.items() if not isinstance(v, int)}
        if not listed:
            return np.zeros((0, 3))
        block, voxel = np.nonzero(np.stack(list(listed.values())) >= OCCUPIED_FROM)
        size = self.block_size
        offset = np.stack([voxel % size, voxel // size % size, voxel // size**2], 1)
        corner = np.array(list(listed), np.int64)[block] * size
        return (corner + offset + 0.5) * self.voxel_size_m


def _triples(flat: Iterable[int]) -> list[tuple[int, int, int]]:
    return [(i, j, k) for i, j, k in np.array(flat, np.int64).reshape(-1, 3).tolist()]
