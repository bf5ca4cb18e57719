"""What the voxels of a layer look like at several physical sizes, beside their mean embedding.

A language field (`nesf_ros.semantics.lerf`) works them out in portions and in spare time; whoever
asks finds them here, as codes of the layer's own basis.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float32, Int64
from torch import Tensor

from nesf_ros.voxels.basis import Basis


@dataclass(frozen=True)
class SizedCodes:
    """For n voxels and every size: an embedding = lift · the basis' mean + code · its matrix."""

    code: Float32[Tensor, "n sizes width"]
    lift: Float32[Tensor, "n sizes"]
    told: Bool[Tensor, " n"] | None = None
    """Of which voxels anything is known; None: of all."""


@dataclass(frozen=True)
class Sizes:
    """Of what a layer knows beside the mean."""

    metres: tuple[float, ...] = ()
    min_views: int = 1
    """Voxels that were seen less often are not answered for (LERF §3.5)."""


NO_SIZES = Sizes()


class SizedColumns:
    """The columns that sized embeddings are in, of a table that its layer owns."""

    def __init__(self, sizes: Sizes, width: int):
        self.sizes, self.width = sizes, width
        self.puts = 0
        """How many voxels' codes were put in, all told."""

    def __len__(self) -> int:
        return len(self.sizes.metres)

    def empty(self, device: torch.device) -> dict[str, Tensor]:
        """Columns for a new table; none where there are no sizes.

        `views`: how often a voxel was seen, `stale`, how often since its codes were worked out;
        both stop at 255. `sized`: whether it has codes.
        """
        count = len(self)
        if not count:
            return {}
        return {
            "sized_code": torch.zeros((0, count, self.width), dtype=torch.bfloat16, device=device),
            "sized_lift": torch.zeros((0, count), device=device),
            "sized": torch.zeros(0, dtype=torch.bool, device=device),
            "stale": torch.zeros(0, dtype=torch.uint8, device=device),
            "views": torch.zeros(0, dtype=torch.uint8, device=device),
        }

    def note_seen(self, columns: dict[str, Tensor], rows: Int64[Tensor, " n"]) -> None:
        """Some voxels were seen once more."""
        if len(self):
            for name in ("stale", "views"):
                columns[name][rows] = (columns[name][rows].int() + 1).clamp(max=255).byte()

    def all_stale(self, columns: dict[str, Tensor]) -> None:
        """The codes of all voxels are out of date."""
        if len(self):
            columns["stale"].clamp_(min=1)

    def carry(self, columns: dict[str, Tensor], basis: Basis, old: Basis) -> None:
        """Codes of an older basis become those of another."""
        if len(self) and len(columns["sized_code"]):
            code, lift = columns["sized_code"], columns["sized_lift"]
            turned = code.float() @ (old.matrix @ basis.matrix.T)
            shift = old.mean @ basis.matrix.T - basis.mean @ basis.matrix.T
            code[:] = (turned + lift[..., None] * shift).bfloat16()

    def put(self, columns: dict[str, Tensor], rows: Int64[Tensor, " n"], codes: SizedCodes) -> None:
        """Give voxels their codes; those of which nothing is known keep what they have."""
        columns["stale"][rows] = 0
        told = slice(None) if codes.told is None else codes.told
        rows = rows[told]
        columns["sized_code"][rows] = codes.code[told].bfloat16()
        columns["sized_lift"][rows] = codes.lift[told]
        columns["sized"][rows] = True
        self.puts += len(rows)

    def cosines(
        self,
        columns: dict[str, Tensor],
        texts: Float32[Tensor, "texts dim"],
        at: tuple[int, Int64[Tensor, " n"] | slice],
        basis: Basis,
    ) -> Float32[Tensor, "n texts"]:
        """Of texts (unit length) with the embeddings of one size, by its number, of some rows."""
        size, rows = at
        code, lift = columns["sized_code"][rows, size], columns["sized_lift"][rows, size]
        turned = (texts @ basis.matrix.T).bfloat16()
        return (code @ turned.T).float() + lift[:, None] * (texts @ basis.mean)

    def known(
        self, columns: dict[str, Tensor], rows: Int64[Tensor, " n"] | slice
    ) -> Bool[Tensor, " n"]:
        """Which rows have codes, of voxels that were seen often enough."""
        return columns["sized"][rows] & (columns["views"][rows] >= self.sizes.min_views)
