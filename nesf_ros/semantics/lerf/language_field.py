"""The language field: an embedding for every place and physical size (LERF §3.1, §3.4)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from nesf_ros.field.hash_grid import HashGrid
from nesf_ros.semantics.lerf.presets import LerfPreset
from nesf_ros.types import Box

KNOTS_M = (0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56)
"""Sizes between which the head is told a size by its place on a scale of octaves."""


class LanguageField(nn.Module):
    """Hash grids with two heads; it holds weights and nothing else.

    One head gives embeddings, by size; the other gives features of patches, which know no size.
    What they share learns outlines from these. The last layer of both is linear, so that it may
    come behind the sum along a ray: `hidden` and `patch_hidden` are what is summed.
    """

    def __init__(self, box: Box, preset: LerfPreset, dim: int, patch_dim: int):
        """A field of a box (map frame, metres) for embeddings of `dim` numbers."""
        super().__init__()
        width, layers = preset.width, preset.layers
        self.grids = nn.ModuleList(HashGrid(box, each) for each in preset.lattices)
        encoded = sum(each.levels * each.features for each in preset.lattices)
        sizes = [encoded + len(KNOTS_M), *([width] * layers)]
        pairs = zip(sizes[:-1], sizes[1:], strict=True)
        self.trunk = nn.Sequential(*(m for a, b in pairs for m in (nn.Linear(a, b), nn.ReLU())))
        self.last = nn.Linear(width, dim)
        self.patch_trunk = nn.Sequential(nn.Linear(encoded, width), nn.ReLU())
        self.patch_last = nn.Linear(width, patch_dim)

    def take_heads(self, other: LanguageField) -> None:
        """Begin with the heads of a field of the same sizes."""
        for name in ("trunk", "last", "patch_trunk", "patch_last"):
            getattr(self, name).load_state_dict(getattr(other, name).state_dict())

    def encoded(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n features"]:
        """What both heads build on, for points in the map frame, metres."""
        return torch.cat([grid(points) for grid in self.grids], 1)

    def hidden(
        self, encoded: Float[Tensor, "n features"], scale_m: Float[Tensor, " n"]
    ) -> Float[Tensor, "n width"]:
        """What the last layer turns into embeddings of volumes of a side around points."""
        return self.trunk(torch.cat([encoded, octaves(scale_m)], 1))

    def patch_hidden(self, encoded: Float[Tensor, "n features"]) -> Float[Tensor, "n width"]:
        """What the last layer turns into features of patches."""
        return self.patch_trunk(encoded)

    def embeddings(
        self, points: Float[Tensor, "n 3"], scale_m: Float[Tensor, " n"]
    ) -> Float[Tensor, "n dim"]:
        """Embeddings, of unit length, of volumes of a side around points in the map frame."""
        return F.normalize(self.last(self.hidden(self.encoded(points), scale_m)), dim=-1)


def octaves(scale_m: Float[Tensor, " n"]) -> Float[Tensor, "n knots"]:
    """Where sizes lie between KNOTS_M: two neighbours of these share a weight of 1."""
    place = (scale_m / KNOTS_M[0]).clamp(min=1e-6).log2().clamp(0, len(KNOTS_M) - 1)
    knots = torch.arange(len(KNOTS_M), device=place.device)
    return (1 - (place[:, None] - knots).abs()).clamp(min=0)
