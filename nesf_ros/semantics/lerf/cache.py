"""What a language field knows, brought into the voxels, where questions find it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float32, Int64
from torch import Tensor

from nesf_ros.field.scene_field import SceneField
from nesf_ros.semantics.lerf.language_field import LanguageField
from nesf_ros.voxels.basis import Basis
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.sized import SizedCodes

VOXEL_SHARE = 0.5
"""Of the voxel's own mean in what is answered. It is made of another look at the same pictures,
patch by patch instead of crop by crop, and errs elsewhere (docs/benchmarks.md has figures)."""
NEWTON_STEPS = 2
"""From a voxel's middle to the surface within it."""


@dataclass(frozen=True)
class Due:
    """Voxels whose codes are to be worked out."""

    voxels: Int64[Tensor, "n 3"]
    code: Float32[Tensor, "n width"]
    """Of their mean embeddings ..."""
    length: Float32[Tensor, " n"]
    """... and how long these are."""
    basis: Basis

    def to(self, device: torch.device) -> Due:
        """The same on another device."""
        basis = Basis(self.basis.mean.to(device), self.basis.matrix.to(device))
        return Due(self.voxels.to(device), self.code.to(device), self.length.to(device), basis)

    def part(self, chosen: Bool[Tensor, " n"]) -> Due:
        """Some of them."""
        return replace(
            self, voxels=self.voxels[chosen], code=self.code[chosen], length=self.length[chosen]
        )


def due(layer: FeatureLayer, most: int) -> Due | None:
    """Of the voxels that were seen most often since their codes were worked out, so many.

    None where all is up to date. For the thread of the layer.
    """
    stale = layer.column("stale") if len(layer.sized) else torch.zeros(0)
    if layer.basis is None or not len(stale) or not bool(stale.any()):
        return None
    rows = stale.topk(min(most, len(stale))).indices
    return picked(layer, rows[stale[rows] > 0])


def picked(layer: FeatureLayer, rows: Int64[Tensor, " n"]) -> Due:
    """Some rows of a layer, for their codes to be worked out anywhere."""
    assert layer.basis is not None, "rows have codes, so there is a basis"
    code, length = layer.column("code")[rows].float(), layer.column("length")[rows]
    return Due(layer.table.voxels(rows), code, length, layer.basis)


def put(layer: FeatureLayer, asked: Due, codes: SizedCodes) -> int:
    """Give voxels their codes, those that are still there; returns how many.

    None of them if the basis is another one by now. For the thread of the layer.
    """
    if layer.basis is not asked.basis:
        return 0
    rows = layer.table.rows_of(asked.voxels)
    here = rows >= 0
    told = None if codes.told is None else codes.told.to(layer.device)[here]
    found = SizedCodes(codes.code.to(layer.device)[here], codes.lift.to(layer.device)[here], told)
    layer.sized.put(layer.table.columns, rows[here], found)
    return int(here.sum())


@torch.no_grad()
def sized_codes(
    language: LanguageField,
    points: Float32[Tensor, "n 3"],
    asked: Due,
    sizes_m: tuple[float, ...],
    share: float = VOXEL_SHARE,
) -> SizedCodes:
    """Codes of voxels, at points of theirs in the map frame, by size.

    With a `share` of the voxels' own mean, both of unit length.
    """
    basis = asked.basis
    encoded = language.encoded(points)
    down, offset = basis.matrix @ language.last.weight, basis.matrix @ language.last.bias
    codes = []
    for size_m in sizes_m:
        hidden = language.hidden(encoded, torch.full((len(points),), size_m).to(points))
        length = language.last(hidden).norm(dim=1, keepdim=True).clamp(min=1e-6)
        codes.append((hidden @ down.T + offset) / length - basis.matrix @ basis.mean)
    own_lift = 1 / asked.length.clamp(min=1e-6)
    own = asked.code * own_lift[:, None]
    code = torch.stack(codes, 1) * (1 - share) + own[:, None] * share
    lift = (1 - share) + share * own_lift
    return SizedCodes(code, lift[:, None].expand(-1, len(sizes_m)).contiguous())


def on_surface(
    field: SceneField, points: Float32[Tensor, "n 3"], reach_m: float
) -> Float32[Tensor, "n 3"]:
    """Points moved on to the surface of a field, no farther than `reach_m` along each axis."""
    moved = points
    for _ in range(NEWTON_STEPS):
        with torch.no_grad():
            distance = field.shape(moved).sdf_m
        step = -distance[:, None] * field.normals(moved)
        moved = points + (moved + step - points).clamp(-reach_m, reach_m)
    return moved


def in_voxels(
    field: SceneField, voxels: Int64[Tensor, "n 3"], size_m: float
) -> Float32[Tensor, "n 3"]:
    """A point for each voxel, by index, on the surface of a field that passes it, map frame.

    No farther than a voxel from its middle along each axis.
    """
    return on_surface(field, middles(voxels, size_m), size_m)


def middles(voxels: Int64[Tensor, "n 3"], size_m: float) -> Float32[Tensor, "n 3"]:
    """Middles of voxels, by index, in the map frame, metres."""
    return (voxels.float() + 0.5) * size_m
