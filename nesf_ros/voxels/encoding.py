"""Blocks of the map in the form of its message, with a fingerprint of what they look like."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Int32, Int64, UInt8
from numpy import ndarray
from torch import Tensor

from nesf_ros.voxels.blocks import Blocks
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.grid import VOXELS
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.state import occupancy_code


@dataclass(frozen=True)
class BlockUpdate:
    """The block part of a VoxelMap message, field by field (see msg/VoxelMap.msg)."""

    block_index: Int32[ndarray, "n 3"]
    block_uniform: UInt8[ndarray, " n"]
    occupancy: UInt8[ndarray, " voxels"]
    color: UInt8[ndarray, " colors"]
    removed_index: Int32[ndarray, "r 3"] = field(default_factory=lambda: np.zeros((0, 3), np.int32))
    label: UInt8[ndarray, " labels"] = field(default_factory=lambda: np.zeros(0, np.uint8))
    """One for each of `occupancy`, or none at all while nothing is labelled; so `confidence`."""
    confidence: UInt8[ndarray, " labels"] = field(default_factory=lambda: np.zeros(0, np.uint8))
    label_names: tuple[str, ...] = ()

    @property
    def nbytes(self) -> int:
        """Size of the arrays, bytes; 0 where there is nothing to tell."""
        return sum(getattr(self, name).nbytes for name in _ARRAYS)

    def and_then(self, other: BlockUpdate) -> BlockUpdate:
        """Both updates in one; they must be about different blocks."""
        both = {n: np.concatenate([getattr(self, n), getattr(other, n)]) for n in _ARRAYS}
        return BlockUpdate(**both, label_names=other.label_names)


_ARRAYS = tuple(item.name for item in fields(BlockUpdate) if item.name != "label_names")


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
    label: UInt8[Tensor, "m voxels"] | None = None
    """None while nothing is labelled; so `confidence`."""
    confidence: UInt8[Tensor, "m voxels"] | None = None
    label_names: tuple[str, ...] = ()

    def pick(self, keep: Bool[Tensor, " n"]) -> BlockUpdate:
        """The blocks in `keep`, flat."""
        rows = self.row[keep & (self.row >= 0)]
        labels = {
            name: values[rows].flatten().cpu().numpy()
            for name in ("label", "confidence")
            if (values := getattr(self, name)) is not None
        }
        return BlockUpdate(
            self.index[keep].cpu().numpy(),
            self.uniform[keep].cpu().numpy(),
            self.occupancy[rows].flatten().cpu().numpy(),
            self.color[rows].flatten().cpu().numpy(),
            label_names=self.label_names,
            **labels,
        )


def encode(
    voxel_map: VoxelMap, index: Int32[Tensor, "n 3"], layer: FeatureLayer | None = None
) -> Encoded:
    """The map's blocks at `index`; a block whose voxels are all alike becomes a uniform one.

    Labels are those of `layer`, if it has any names.
    """
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
    labels = None
    if layer is not None and layer.labels.names:
        labels = _labels(layer, index[listed], occupied)
    look = torch.where(alike, code[:, 0].long(), _digest(code, color, labels))
    digest[listed] = look
    row[listed] = torch.where(alike, -1, row[listed])
    if layer is None or labels is None:
        return Encoded(index, uniform, row, code, color, digest)
    names = layer.labels.wire_names
    return Encoded(index, uniform, row, code, color, digest, labels.code, labels.confidence, names)


class _Labels(NamedTuple):
    code: UInt8[Tensor, "m voxels"]
    confidence: UInt8[Tensor, "m voxels"]
    print: Int64[Tensor, "m voxels"]
    """Depends on code, name and roughly on confidence; 0 where there is no label."""


def _labels(
    layer: FeatureLayer, index: Int32[Tensor, "m 3"], occupied: Bool[Tensor, "m voxels"]
) -> _Labels:
    """What the occupied voxels of some blocks are called."""
    rows = layer.table.rows_of_blocks(index)
    known = occupied & (rows >= 0)
    label = torch.zeros(rows.shape, dtype=torch.int16, device=rows.device)
    confidence = torch.zeros(rows.shape, dtype=torch.uint8, device=rows.device)
    label[known] = layer.column("label")[rows[known]]
    code = layer.labels.codes(label)
    sent = code > 0
    confidence[sent] = layer.column("confidence")[rows[sent]]
    coarse = (confidence >> layer.labels.FINE_BITS).long()
    prints = (layer.labels.prints(label) << 12) | (code.long() << 4) | coarse
    return _Labels(code, confidence, torch.where(sent, prints, 0))


def _digest(
    code: UInt8[Tensor, "m voxels"], color: UInt8[Tensor, "m voxels 3"], labels: _Labels | None
) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    factor = torch.randint(1, 2**40, (2, VOXELS), generator=generator).to(code.device)
    coarse = (code >> 5).long() + ((code > 0).long() << 4)
    for channel in range(3):
        coarse += (color[..., channel] >> 5).long() << (8 + 4 * channel)
    look = (coarse * factor[0]).sum(1)
    if labels is not None:
        look += (labels.print * factor[1]).sum(1)
    return look | 1
