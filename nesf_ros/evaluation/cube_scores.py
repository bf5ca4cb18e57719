"""Voxel IoU in a cube at many cut-offs at once, by Semantic Abstraction's rule.

The rule is `voxel_scores.point_voxel_iou`: a voxel is said to be filled where any of its points
is, and one of whose points even one does not count goes altogether. What changes with the cut-off
is the highest logit of each voxel alone, so that one is made once.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Float32, Int64
from torch import Tensor

SIDE = 32
"""Voxels along an edge of the lattice."""
FAR = 1e4
"""Beyond all logits."""


class CubeVoxels:
    """The voxels that some points of a cube fall into."""

    def __init__(
        self, points: Float32[Tensor, "n 3"], counted: Bool[Tensor, " n"], side: int = SIDE
    ):
        """Points 0–1 along the axes of the cube, and which of them count.

        The lattice's last voxels begin at the cube's upper faces, as in the release.
        """
        x, y, z = (points * (side - 1)).long().unbind(1)
        voxel = (x * side + y) * side + z
        self._voxel: Int64[Tensor, " counted"] = voxel[counted]
        self._count = side**3
        there, spoilt = (torch.zeros(self._count, dtype=torch.bool) for _ in range(2))
        there[self._voxel] = True
        spoilt[voxel[~counted]] = True
        self._kept = (there & ~spoilt).nonzero()[:, 0]

    def highest(self, logits: Float[Tensor, "asked counted"]) -> Float32[Tensor, "asked voxels"]:
        """Of the points in each voxel that counts, from those of the points that count."""
        out = torch.full((len(logits), self._count), -FAR)
        index = self._voxel[None].expand(len(logits), -1)
        return out.scatter_reduce_(1, index, logits.float(), "amax")[:, self._kept]

    def filled(self, true: Bool[Tensor, "asked counted"]) -> Bool[Tensor, "asked voxels"]:
        """Voxels that count in which any point is true."""
        return self.highest(true.float()) > 0


def ious(
    highest: Float32[Tensor, "asked voxels"],
    true: Bool[Tensor, "asked voxels"],
    cutoffs: Float32[Tensor, " cutoffs"],
) -> Float32[Tensor, "asked cutoffs"]:
    """Agreement of what lies above each cut-off with the truth; NaN where neither has a voxel."""
    found = []
    for row, wanted in zip(highest, true, strict=True):
        # How many lie above a cut-off, from sorted ones: those of truth, and all.
        above, hits = (_above(values, cutoffs) for values in (row, row[wanted]))
        found.append(hits / (above + int(wanted.sum()) - hits))
    return torch.stack(found) if found else torch.zeros(0, len(cutoffs))


def _above(
    values: Float32[Tensor, " n"], cutoffs: Float32[Tensor, " cutoffs"]
) -> Float32[Tensor, " cutoffs"]:
    ordered = values.sort().values
    return (len(values) - torch.searchsorted(ordered, cutoffs, right=True)).float()
