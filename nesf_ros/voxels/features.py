"""What the map's voxels look like to a vision-language model, and what they are called.

A voxel that a keyframe has shown keeps one embedding, the weighted mean of all that were put into
it, as a few numbers in a basis that follows what is seen (`basis.py`).
"""

from __future__ import annotations

import torch
from jaxtyping import BFloat16, Bool, Float32, Int, Int16, Int64, UInt8
from torch import Tensor

from nesf_ros.config import SemanticsConfig
from nesf_ros.errors import MapError
from nesf_ros.voxels.basis import Basis, Moments
from nesf_ros.voxels.forgetting import evicted, make_room, vanished
from nesf_ros.voxels.labels import LabelTable
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.sized import NO_SIZES, SizedColumns, Sizes
from nesf_ros.voxels.table import VoxelTable

SAMPLES = 2048
"""Features of a keyframe that the basis learns from."""
MIN_KEPT = 0.985
"""Mean cosine of new features to their codes below which the basis is fitted anew."""
PATIENCE = 1.1
"""A basis is fitted anew when so many times as many features are known as at the last time."""
_RECALLED = 8192
"""Rows of a saved layer that stand for all features behind its basis."""


class FeatureLayer:
    """Embeddings and labels of voxels. For use by one thread, that of the map."""

    def __init__(
        self,
        config: SemanticsConfig,
        model: str,
        dim: int,
        device: str,
        sizes: Sizes = NO_SIZES,
    ):
        """An empty layer for embeddings of `dim` numbers, made by the model of a fingerprint.

        With room for embeddings by physical size, where there are `sizes`.
        """
        self.config, self.model, self.dim = config, model, dim
        self.device = torch.device(device)
        self.width = min(config.feature_dims, dim)
        """Numbers kept per voxel."""
        self.sized = SizedColumns(sizes, self.width)
        self.revision = 0
        """Grows with every change of a label."""
        self.labels = LabelTable(())
        self.clear()

    def clear(self) -> None:
        """Forget all voxels and the basis, but not which labels there are."""
        self.table = VoxelTable(
            self.device,
            code=torch.zeros((0, self.width), dtype=torch.bfloat16, device=self.device),
            length=torch.zeros(0, device=self.device),
            weight=torch.zeros(0, device=self.device),
            label=torch.zeros(0, dtype=torch.int16, device=self.device),
            confidence=torch.zeros(0, dtype=torch.uint8, device=self.device),
            **self.sized.empty(self.device),
        )
        self.moments = Moments(self.dim, self.device)
        self.basis: Basis | None = None
        self.basis_revision = 0
        """Grows with every new basis; what was computed from codes may then differ a little."""
        self._fitted_at = 0
        self.fusions = 0
        """Keyframes that were put in."""
        self._followed: tuple[str, int, int] | None = None
        self.refused = 0
        """Voxels left out because memory was full."""
        self.labels = LabelTable(self.labels.names)
        self._all_changed()

    def __len__(self) -> int:
        """Voxels that have an embedding."""
        return self.table.rows

    @property
    def nbytes(self) -> int:
        """Memory held per voxel and block, bytes; basis and moments are not counted."""
        return self.table.nbytes

    def column(self, name: str) -> Tensor:
        """What there is per row; not to be written to.

        `code`, `length` of the embedding, `weight`, `label` (0: none), `confidence` (0–255).
        """
        return self.table.columns[name][: self.table.rows]

    def learn(self, features: Float32[Tensor, "n dim"]) -> Basis:
        """Take note of what a keyframe shows, and return the basis to encode it with.

        The basis is fitted anew where it does not do for these features; codes of the last one
        are then no longer valid, but for those in this layer, which are carried over.
        """
        sample = features[:: -(-len(features) // SAMPLES)]
        self.moments.add(sample)
        old = self.basis
        if old is not None and (
            self.width == self.dim
            or self.moments.count < PATIENCE * self._fitted_at
            or old.kept(sample) >= MIN_KEPT
        ):
            return old
        self.basis = basis = self.moments.basis(self.width)
        self._fitted_at = self.moments.count
        self.basis_revision += 1
        if old is not None:
            carried = basis.carried(self.column("code").float(), old).bfloat16()
            self.column("code")[:] = carried
            self.column("length")[:] = basis.length(carried.float())
            self.sized.carry(self.table.columns, basis, old)
        return basis

    def fuse(
        self,
        voxels: Int64[Tensor, "n 3"],
        codes: Float32[Tensor, "n width"],
        weights: Float32[Tensor, " n"],
    ) -> Int64[Tensor, " m"]:
        """Put embeddings, as codes of `basis`, into voxels named once each; returns their rows.

        Weights are in keyframes at 1 m. What a voxel already holds counts for at most
        `semantics.max_weight` of them. Voxels that memory has no room for are left out, after all
        blocks not seen this time have gone.
        """
        basis = self._fitted()
        self.fusions += 1
        kept = self._room_for(voxels)
        voxels, codes, added = voxels[kept], codes[kept], weights[kept]
        rows = self.table.rows_of(voxels)
        fresh = rows < 0
        rows[fresh] = self.table.add(voxels[fresh])
        columns = self.table.columns
        weight = columns["weight"][rows] + added
        before = columns["code"][rows].float()
        mean = (before + (codes - before) * (added / weight)[:, None]).bfloat16()
        columns["code"][rows] = mean
        columns["length"][rows] = basis.length(mean.float())
        columns["weight"][rows] = weight.clamp(max=self.config.max_weight)
        self.sized.note_seen(columns, rows)
        self.table.seen[self.table.slots_of_rows(rows)] = self.fusions
        return rows

    def _fitted(self) -> Basis:
        if self.basis is None:
            raise MapError("the layer of embeddings has no basis yet; let it learn() first")
        return self.basis

    def drop(self, blocks: Int[Tensor, "n 3"]) -> None:
        """Drop whole blocks, by index in the map's block lattice."""
        slots = self.table.slots(blocks)
        slots = slots[slots >= 0]
        if len(slots):
            self.table.remove_blocks(slots)
            self._all_changed()

    def follow(self, voxel_map: VoxelMap) -> None:
        """Let go of what the map has let go since the last call.

        All of it after a reset; blocks of evicted submaps; voxels in which nothing is any more.
        """
        now = (voxel_map.map_id, voxel_map.evicted_submaps, voxel_map.revision)
        before, self._followed = self._followed, now
        if before == now or not len(self):
            return
        if before is not None and before[0] != now[0]:
            self.clear()
            self._followed = now
            return
        if before is None or before[1] != now[1]:  # None: a layer that was restored
            self.drop(evicted(voxel_map, self.table))
        for rows in vanished(voxel_map, self.table, before[2] if before else -1):
            self.table.remove(rows)

    def similarity(
        self, texts: Float32[Tensor, "texts dim"], rows: Int64[Tensor, " n"] | slice = slice(None)
    ) -> Float32[Tensor, "n texts"]:
        """Cosines of texts (unit length) with the embeddings of all rows, or of those given."""
        code, length = self.column("code")[rows], self.column("length")[rows]
        if not len(code):
            return torch.zeros((0, len(texts)), device=self.device)
        basis = self._fitted()
        turned = (texts @ basis.matrix.T).bfloat16()
        cosines = (code @ turned.T).float()
        return cosines.add_(texts @ basis.mean).div_(length.clamp(min=1e-6)[:, None])

    def embeddings(self, rows: Int64[Tensor, " n"]) -> Float32[Tensor, "n dim"]:
        """Embeddings of rows as far as the basis keeps them, not of unit length."""
        return self._fitted().decode(self.table.columns["code"][rows].float())

    def start_labels(self, names: tuple[str, ...]) -> None:
        """From now on there are these labels (numbered from 1), and no voxel has one yet.

        No name at all: nothing is labelled.
        """
        self.labels = LabelTable(names)
        self.column("label").zero_()
        self.column("confidence").zero_()
        self._all_changed()

    def set_labels(
        self,
        rows: Int64[Tensor, " n"],
        label: Int16[Tensor, " n"],
        confidence: UInt8[Tensor, " n"],
    ) -> None:
        """Label rows: numbers of names, 0 for none of them; confidence 0–255 for 0–1."""
        columns = self.table.columns
        different = columns["label"][rows] != label
        different |= (columns["confidence"][rows] ^ confidence) >= 1 << LabelTable.FINE_BITS
        columns["label"][rows], columns["confidence"][rows] = label, confidence
        self.labels.note(label)
        if bool(different.any()):
            self.revision += 1
            self.table.changed[self.table.slots_of_rows(rows[different])] = self.revision

    def relabelled(self, since: int) -> Int[Tensor, "n 3"] | None:
        """Blocks in which a label changed after revision `since`; None: any block may have."""
        if since < self._all_changed_at:
            return None
        return self.table.block_index[self.table.changed > since]

    def restore(
        self,
        voxels: Int64[Tensor, "n 3"],
        codes: BFloat16[Tensor, "n saved_width"],
        weights: Float32[Tensor, " n"],
        saved: Basis,
    ) -> None:
        """Take over a layer that was saved, in place of what is here; nobody has a label yet."""
        self.clear()
        # What the basis will be fitted to from now on, in place of all that it was fitted to.
        self.moments.add(saved.decode(codes[:: 1 + len(codes) // _RECALLED].float()))
        self._fitted_at = self.moments.count
        rows = self.table.add(voxels)
        if self.width != saved.matrix.shape[0]:
            basis = self.moments.basis(self.width)
            codes = basis.carried(codes.float(), saved).bfloat16()
            saved = basis
        self.basis = saved
        self.table.columns["code"][rows] = codes
        self.table.columns["weight"][rows] = weights
        self.table.columns["length"][rows] = saved.length(codes.float())

    def _all_changed(self) -> None:
        self.revision += 1
        self._all_changed_at = self.revision

    def _room_for(self, voxels: Int64[Tensor, "n 3"]) -> Bool[Tensor, " n"]:
        """Which of the voxels there is room for; what makes room for them has gone then."""
        before = self.table.blocks
        kept = make_room(self.table, voxels, self.fusions, self.config.feature_mib)
        if self.table.blocks < before:
            self._all_changed()
        self.refused += int((~kept).sum())
        return kept
