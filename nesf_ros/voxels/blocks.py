"""Reading blocks out of one or several overlapping grids."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int32, Int64
from torch import Tensor

from nesf_ros.voxels.grid import VOXELS, BlockGrid


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


def merge(grids: list[BlockGrid], index: Int32[Tensor, "n 3"]) -> Blocks:
    """Blocks at `index`. Where grids overlap, each voxel comes from the newest that observed it."""
    count = len(index)
    slots, free, age = [], [], []
    for grid in grids:
        local, inside = grid.locate(index)
        at = tuple(local.clamp(min=0).minimum(_last(grid, index)).T)
        slots.append(torch.where(inside, grid.slot[at], -1))
        free.append(torch.where(inside, grid.free_weight[at], 0.0))
        age.append(torch.where((slots[-1] >= 0) | (free[-1] > 0), grid.revision[at], -1))
    if not grids:
        empty = torch.zeros(count, device=index.device)
        return Blocks(index, empty, empty.long() - 1, *_rows(0, index.device))
    order = torch.stack(age).argsort(0, descending=True)
    slot, weight = torch.stack(slots), torch.stack(free)
    newest_is_uniform = weight.gather(0, order[:1])[0] > 0
    detailed = ((slot >= 0).any(0) & ~newest_is_uniform).nonzero()[:, 0]
    row = torch.full((count,), -1, dtype=torch.int64, device=index.device)
    row[detailed] = torch.arange(len(detailed), device=index.device)
    uniform = torch.where(row < 0, weight.amax(0), 0.0)
    values = _rows(len(detailed), index.device)
    for rank in order[:, detailed]:
        for number, grid in enumerate(grids):
            mine = rank == number
            _fill(values, grid, mine, slot[number, detailed], weight[number, detailed])
    return Blocks(index, uniform, row, *values)


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


def _last(grid: BlockGrid, index: Tensor) -> Tensor:
    return torch.tensor(grid.shape, device=index.device) - 1


def _rows(count: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    flat = torch.zeros((count, VOXELS), device=device)
    return flat, flat.clone(), torch.zeros((count, VOXELS, 3), device=device)
