"""Multi-resolution hash encoding (Müller et al., "Instant Neural Graphics Primitives", 2022).

Cells have sizes in metres, whatever the size of the box: a field knows the same detail in a
cupboard and in a hall, and only the rate of hash collisions differs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import warp as wp
from jaxtyping import Float
from torch import Tensor, nn

from nesf_ros.errors import FieldError
from nesf_ros.field.kernels import PRIMES, kernels_for
from nesf_ros.types import Box


@dataclass(frozen=True)
class Lattices:
    """Sizes of a hash grid."""

    levels: int = 8
    features: int = 4
    """Numbers per entry and level."""
    log2_entries: int = 17
    """Entries of a level at most, as a power of two."""
    coarsest_m: float = 0.64
    """Edge of the largest cells, metres."""
    finest_m: float = 0.01
    """Edge of the smallest cells, metres."""

    def __post_init__(self):
        if self.levels < 1 or self.features < 1 or not 4 <= self.log2_entries <= 24:
            raise FieldError(
                f"{self.levels} levels of {self.features} features and 2^{self.log2_entries} "
                "entries; levels and features must be positive, entries 2^4 to 2^24"
            )
        if not 0 < self.finest_m <= self.coarsest_m < math.inf:
            raise FieldError(
                f"cells from {self.coarsest_m} to {self.finest_m} m; they must be positive and "
                "grow no larger from level to level"
            )

    @property
    def cells_m(self) -> list[float]:
        """Edges of the cells of each level, metres, coarsest first."""
        if self.levels == 1:
            return [self.coarsest_m]
        ratio = (self.finest_m / self.coarsest_m) ** (1 / (self.levels - 1))
        return [self.coarsest_m * ratio**level for level in range(self.levels)]


class HashGrid(nn.Module):
    """Features of points in a box, interpolated trilinearly on lattices of several cell sizes.

    A level whose lattice fits its table is stored in order; finer ones share entries by a hash.
    A lattice reaches a cell beyond the box; farther out, points get the features of its rim.
    """

    lower: Tensor
    scales: Tensor
    shapes: Tensor
    starts: Tensor
    masks: Tensor

    def __init__(self, box: Box, lattices: Lattices | None = None):
        super().__init__()
        self.box, self.lattices = box, lattices or Lattices()
        most = 1 << self.lattices.log2_entries
        scales = [1 / cell for cell in self.lattices.cells_m]
        size = [high - low for low, high in zip(box.lower, box.upper, strict=True)]
        shapes = [[math.ceil(edge * s - 1e-6) + 2 for edge in size] for s in scales]
        counts = [min(math.prod(shape), most) for shape in shapes]
        masks = [0 if math.prod(shape) <= most else most - 1 for shape in shapes]
        starts = [sum(counts[:level]) for level in range(len(counts))]
        self.register_buffer("lower", torch.tensor(box.lower, dtype=torch.float64), False)
        self.register_buffer("scales", torch.tensor(scales, dtype=torch.float64), False)
        self.register_buffer("shapes", torch.tensor(shapes, dtype=torch.int32), False)
        self.register_buffer("starts", torch.tensor(starts, dtype=torch.int32), False)
        self.register_buffer("masks", torch.tensor(masks, dtype=torch.int32), False)
        table = torch.empty(sum(counts), self.lattices.features).uniform_(-1e-4, 1e-4)
        self.table = nn.Parameter(table)

    @property
    def dim(self) -> int:
        """Numbers per point."""
        return self.lattices.levels * self.lattices.features

    def forward(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n features"]:
        """Features of points in metres, in the precision of the table.

        Differentiable once, by the table and by the points.
        """
        return _Encode.apply(points.to(self.table.dtype), self.table, self).flatten(1)

    def plain(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n features"]:
        """The same by torch alone: slower, and the oracle of the kernels."""
        dtype = self.table.dtype
        q = (points.to(dtype) - self.lower.to(dtype))[:, None] * self.scales.to(dtype)[:, None]
        top = (self.shapes - 1).to(dtype)
        q = torch.minimum(q.clamp(min=0), top)
        base = torch.minimum(q.detach().long(), self.shapes.long() - 2)
        f = (q - base)[:, :, None]  # points × levels × 1 × 3
        steps = torch.tensor([[c & 1, (c >> 1) & 1, c >> 2] for c in range(8)], device=q.device)
        share = torch.where(steps == 1, f, 1 - f).prod(-1)  # points × levels × corners
        rows = self._rows(base[:, :, None] + steps)
        return (self.table[rows] * share[..., None]).sum(2).flatten(1)

    def _rows(self, corner: Tensor) -> Tensor:
        """Rows of corners (points × levels × corners × 3), as the kernels find them."""
        x, y, z = corner.unbind(-1)
        shape, mask = self.shapes.long()[:, None], self.masks.long()[:, None]
        ordered = (z * shape[..., 1] + y) * shape[..., 0] + x
        hashed = (x * PRIMES[0]) ^ (y * PRIMES[1]) ^ (z * PRIMES[2])
        return self.starts.long()[:, None] + torch.where(mask == 0, ordered, hashed & mask)

    def geometry(self) -> list:
        """The arguments that describe the lattices to a kernel."""
        kernels = kernels_for(self.lattices.features, self.table.dtype)
        real = self.table.dtype
        return [
            kernels.point(*self.lower.tolist()),
            wp.from_torch(self.scales.to(real)),
            wp.from_torch(self.shapes, dtype=wp.vec3i),
            wp.from_torch(self.starts),
            wp.from_torch(self.masks),
        ]


class _Encode(torch.autograd.Function):
    """The kernels as one differentiable step."""

    @staticmethod
    def forward(ctx, points: Tensor, table: Tensor, grid: HashGrid) -> Tensor:
        points = points.detach().contiguous()
        kernels = kernels_for(grid.lattices.features, table.dtype)
        levels = grid.lattices.levels
        out = table.new_empty(len(points), levels, grid.lattices.features)
        rows = wp.from_torch(table.detach(), dtype=kernels.vector)
        _launch(
            kernels.forward,
            (levels, len(points)),
            [wp.from_torch(points, dtype=kernels.point), rows, *grid.geometry()],
            wp.from_torch(out, dtype=kernels.vector),
        )
        ctx.save_for_backward(points, table)
        ctx.grid = grid
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        points, table = ctx.saved_tensors
        grid: HashGrid = ctx.grid
        kernels = kernels_for(grid.lattices.features, table.dtype)
        place = wp.from_torch(points, dtype=kernels.point)
        given = wp.from_torch(gradient.contiguous(), dtype=kernels.vector)
        by_points = by_table = None
        if ctx.needs_input_grad[0]:
            by_points = torch.empty_like(points)
            rows = wp.from_torch(table.detach(), dtype=kernels.vector)
            _launch(
                kernels.backward_points,
                (len(points),),
                [place, given, rows, *grid.geometry()],
                wp.from_torch(by_points, dtype=kernels.point),
            )
        if ctx.needs_input_grad[1]:
            by_table = torch.zeros_like(table)
            _launch(
                kernels.backward,
                (grid.lattices.levels, len(points)),
                [place, given, *grid.geometry()],
                wp.from_torch(by_table, dtype=kernels.vector),
            )
        return by_points, by_table, None


def _launch(kernel: wp.Kernel, shape: tuple[int, ...], inputs: list, output: wp.array) -> None:
    if math.prod(shape):
        wp.launch(kernel, shape, inputs, [output], device=str(output.device))
