"""Reading blocks out of one or several overlapping grids, and bringing a grid up to date."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int32, Int64
from torch import Tensor

from nesf_ros.voxels.grid import VOXELS, BlockGrid

BLOCKS_AT_ONCE = 4096
"""Blocks that are copied in one go: 40 MiB of voxels."""


@dataclass
class Blocks:
    """Blocks taken out of the map. Uniformly free ones carry no voxels."""

    index: Int32[Tensor, "n 3"]
    """Place in the map's block lattice."""
    free_weight: Float[Tensor, " n"]
    """Evidence of uniformly free blocks; 0 for the others."""
    row: Int64[Tensor, " n"]
    """Row of the block's voxels below; −1 for uniform and for unknown blocks."""
    tsdf: Float[Tensor, "m voxels"]
    weight: Float[Tensor, "m voxels"]
    color: Float[Tensor, "m voxels 3"]

    def write_to(self, grid: BlockGrid, revision: int) -> None:
        """Store the blocks in an empty grid; MapError if one lies outside of it."""
        detailed = self.row >= 0
        pool = {"tsdf": self.tsdf, "weight": self.weight, "color": self.color}
        rows = self.row[detailed]
        grid.insert(self.index[detailed], {k: v[rows] for k, v in pool.items()}, revision)
        local, inside = grid.locate(self.index)
        uniform = inside & (self.free_weight > 0)
        grid.free_weight[tuple(local[uniform].T)] = self.free_weight[uniform]


@dataclass
class _Found:
    """What one grid holds of the blocks asked for."""

    grid: BlockGrid
    slot: Int32[Tensor, " n"]
    free_weight: Float[Tensor, " n"]
    age: Int64[Tensor, " n"]
    """Revision of the last change; −1 where the grid knows nothing."""


def look_up(grid: BlockGrid, index: Int32[Tensor, "n 3"]) -> _Found:
    """What `grid` holds at map indices, some of which may lie outside of it."""
    local, inside = grid.locate(index)
    last = torch.tensor(grid.shape, device=index.device) - 1
    at = tuple(local.clamp(min=0).minimum(last).T)
    slot = torch.where(inside, grid.slot[at], -1)
    free_weight = torch.where(inside, grid.free_weight[at], 0.0)
    age = torch.where((slot >= 0) | (free_weight > 0), grid.revision[at], -1)
    return _Found(grid, slot, free_weight, age)


def merge(grids: list[BlockGrid], index: Int32[Tensor, "n 3"]) -> Blocks:
    """Blocks at `index`. Where grids overlap, each voxel comes from the newest that observed it."""
    count = len(index)
    found = [look_up(grid, index) for grid in grids]
    found = [item for item in found if bool((item.age >= 0).any())]
    if not found:
        empty = torch.zeros(count, device=index.device)
        return Blocks(index, empty, empty.long() - 1, *_rows(0, index.device))
    age = torch.stack([item.age for item in found])
    layers = int((age >= 0).sum(0).amax())
    order = age.argsort(stable=True, dim=0, descending=True)[:layers]
    slot = torch.stack([item.slot for item in found])
    weight = torch.stack([item.free_weight for item in found])
    newest_is_uniform = weight.gather(0, order[:1])[0] > 0
    detailed = ((slot >= 0).any(0) & ~newest_is_uniform).nonzero()[:, 0]
    row = torch.full((count,), -1, dtype=torch.int64, device=index.device)
    row[detailed] = torch.arange(len(detailed), device=index.device)
    uniform = torch.where(row < 0, weight.amax(0), 0.0)
    values = _rows(len(detailed), index.device)
    for layer in order[:, detailed]:
        for number in layer.unique().tolist():
            grid, mine = found[number].grid, layer == number
            _fill(values, grid, mine, slot[number, detailed], weight[number, detailed])
    return Blocks(index, uniform, row, *values)


def adopt(grid: BlockGrid, others: list[BlockGrid]) -> None:
    """Bring what `grid` knows up to date with what other grids have seen since.

    From then on `grid` may be written to alone: no voxel in it is older than elsewhere. Where its
    pool has no room, the other grid goes on to count as the newer one.
    """
    index = grid.known_index()
    if not len(index) or not others:
        return
    newest = torch.stack([look_up(other, index).age for other in others]).amax(0)
    local, _ = grid.locate(index)
    stale = newest > grid.revision[tuple(local.T)]
    for part, revision in zip(
        index[stale].split(BLOCKS_AT_ONCE), newest[stale].split(BLOCKS_AT_ONCE), strict=True
    ):
        _overwrite(grid, merge([grid, *others], part), revision)


def _overwrite(grid: BlockGrid, blocks: Blocks, revision: Int64[Tensor, " n"]) -> None:
    """Replace blocks that `grid` knows, as far as there is room."""
    local, _ = grid.locate(blocks.index)
    allocated, detailed = grid.slot[tuple(local.T)] >= 0, blocks.row >= 0
    emptied = allocated & ~detailed
    grid.release(local[emptied], blocks.free_weight[emptied])
    grid.free_weight[tuple(local[~detailed].T)] = blocks.free_weight[~detailed]
    missing, room = (detailed & ~allocated).nonzero()[:, 0], grid.room
    grid.allocate(local[missing[:room]])
    done = torch.ones_like(detailed)
    done[missing[room:]] = False
    written = detailed & done
    slots, rows = grid.slot[tuple(local[written].T)].long(), blocks.row[written]
    grid.tsdf[slots], grid.weight[slots] = blocks.tsdf[rows], blocks.weight[rows]
    grid.color[slots] = blocks.color[rows]
    grid.revision[tuple(local[done].T)] = revision[done]


def _fill(
    values: tuple[Tensor, Tensor, Tensor],
    grid: BlockGrid,
    mine: Tensor,
    slot: Tensor,
    free_weight: Tensor,
) -> None:
    """Take a grid's voxels into the rows in `mine` wherever nothing newer has been observed."""
    tsdf, weight, color = values
    rows = (mine & (slot >= 0)).nonzero()[:, 0]
    if len(rows) == len(tsdf) and not bool(weight.any()):  # the usual case: one grid, nothing older
        source = slot.long()
        tsdf[:], weight[:], color[:] = grid.tsdf[source], grid.weight[source], grid.color[source]
        return
    source = slot[rows].long()
    missing = weight[rows] == 0
    tsdf[rows] = torch.where(missing, grid.tsdf[source], tsdf[rows])
    color[rows] = torch.where(missing[..., None], grid.color[source], color[rows])
    weight[rows] = torch.where(missing, grid.weight[source], weight[rows])
    rows = (mine & (free_weight > 0)).nonzero()[:, 0]
    missing = weight[rows] == 0
    tsdf[rows] = torch.where(missing, 1.0, tsdf[rows])
    weight[rows] = torch.where(missing, free_weight[rows, None], weight[rows])


def _rows(count: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    flat = torch.zeros((count, VOXELS), device=device)
    return flat, flat.clone(), torch.zeros((count, VOXELS, 3), device=device)
