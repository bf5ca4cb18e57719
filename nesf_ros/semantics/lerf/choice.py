"""Which size suits a question: that at which something answers it best (LERF §3.5)."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

import torch
from jaxtyping import Float32, Int64
from torch import Tensor

from nesf_ros.semantics.lerf.cache import VOXEL_SHARE
from nesf_ros.semantics.relevancy import AT_ONCE, relevancy, trust
from nesf_ros.voxels.features import FeatureLayer

KEPT = 4096
"""Choices that are remembered."""
RENEW = 0.25
"""Of a layer's voxels have other codes: then a choice is made anew."""


class SizeChoice:
    """Chooses sizes for texts over all that a layer knows, so that no part of it chooses apart."""

    def __init__(self) -> None:
        self._made: OrderedDict[bytes, tuple[int, int]] = OrderedDict()
        """Size, and the layer's `sized.puts` by then, of a text with its phrases."""

    def clear(self) -> None:
        """Forget all choices."""
        self._made.clear()

    def of(
        self,
        layer: FeatureLayer,
        texts: Float32[Tensor, "texts dim"],
        phrases: Float32[Tensor, "phrases dim"],
    ) -> Int64[Tensor, " texts"]:
        """Number of the size for each text, held against phrases."""
        against = phrases.cpu().numpy().tobytes()
        keys = [_digest(text.numpy().tobytes() + against) for text in texts.cpu()]
        old = layer.sized.puts - RENEW * len(layer)
        made = self._made
        fresh = [n for n, key in enumerate(keys) if key not in made or made[key][1] < old]
        if fresh:
            for number, size in zip(fresh, best_sizes(layer, texts[fresh], phrases), strict=True):
                self._made[keys[number]] = int(size), layer.sized.puts
        for key in keys:
            self._made.move_to_end(key)
        found = torch.tensor([self._made[key][0] for key in keys], dtype=torch.int64)
        while len(self._made) > KEPT:
            self._made.popitem(last=False)
        return found


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()


def best_sizes(
    layer: FeatureLayer,
    texts: Float32[Tensor, "texts dim"],
    phrases: Float32[Tensor, "phrases dim"],
) -> Int64[Tensor, " texts"]:
    """The size at which some voxel of a layer is more relevant to a text than at the others.

    The first one where nothing tells them apart.
    """
    columns, basis = layer.table.columns, layer.basis
    embedded, count = torch.cat([texts, phrases]).to(layer.device), len(texts)
    peaks = torch.full((len(layer.sized), count), -1.0, device=layer.device)
    step = max(1, AT_ONCE // len(embedded))
    for start in range(0, len(layer), step):
        part = slice(start, min(start + step, len(layer)))
        known = layer.sized.known(columns, part)
        if not bool(known.any()):
            continue
        assert basis is not None, "rows have codes, so there is a basis"
        trusted = trust(layer, part)[known]
        own = VOXEL_SHARE * layer.similarity(embedded, part)
        for size in range(len(layer.sized)):
            # What the field alone says: which size suits is nothing that the mean knows of.
            cosines = layer.sized.cosines(columns, embedded, (size, part), basis) - own
            cosines = cosines[known] / (1 - VOXEL_SHARE)
            found = relevancy(cosines[:, :count], cosines[:, count:], trusted).amax(0)
            peaks[size] = torch.maximum(peaks[size], found)
    return peaks.argmax(0).cpu()
