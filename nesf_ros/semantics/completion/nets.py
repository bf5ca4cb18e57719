"""The trained networks, as what decodes cells to logits at points."""

from __future__ import annotations

from pathlib import Path

import torch
from jaxtyping import Float, Float32
from torch import Tensor

from nesf_ros.semantics.completion.cells import channels
from nesf_ros.semantics.completion.network import CompletionNet
from nesf_ros.semantics.completion.weights import Trained, fill, path_of, read_about
from nesf_ros.semantics.hidden.network import HiddenNet
from nesf_ros.types import RELATIONS

POINTS_AT_ONCE = 2**17
"""Decoded together."""
LABELS_AT_ONCE = 8
"""Encoded together."""


def _loaded(weights: str, task: str, model: str) -> tuple[Trained, Path]:
    """What weights of a name were trained with, and their file. QueryError as `read_about`."""
    path = path_of(weights, task)
    return read_about(path, task, model), path


class Completer:
    """Says of each label alone which points it fills."""

    def __init__(self, weights: str, model: str, device: torch.device):
        """Load weights by name for the vision-language model with the fingerprint `model`.

        QueryError where that cannot be (`weights.read_about`).
        """
        self.trained, path = _loaded(weights, "ovssc", model)
        self._net = fill(CompletionNet(self.trained.network), path).to(device)
        self._device = device

    def __call__(
        self,
        shared: Float32[Tensor, "channels x y z"],
        relevancy: Float32[Tensor, "labels x y z"],
        points: Float32[Tensor, "n 3"],
    ) -> Float32[Tensor, "labels n"]:
        """Logits of labels at points, 0–1 along the axes of the cube.

        From what all labels share of its cells, and from how relevant these are to each.
        """
        rows = []
        with torch.no_grad(), torch.autocast(self._device.type, torch.bfloat16):
            for part in relevancy.split(LABELS_AT_ONCE):  # cells of 255 labels would take gigabytes
                cells = channels(shared, part).to(self._device)
                features = self._net.encode(cells).float()  # once, not per part
                rows += [self._decoded(one[None], points) for one in features]
        return torch.stack(rows)

    def _decoded(
        self, features: Float[Tensor, "1 width x y z"], points: Float32[Tensor, "n 3"]
    ) -> Float32[Tensor, " n"]:
        parts = points.to(self._device).split(POINTS_AT_ONCE)
        logits = [self._net.decode(features, part[None])[0, :, 0] for part in parts]
        return torch.cat(logits).float().cpu()


class Locator:
    """Says which points a description fits, from relevancies of its target and its reference."""

    def __init__(self, weights: str, model: str, device: torch.device):
        """As `Completer`."""
        self.trained, path = _loaded(weights, "vool", model)
        self._net = fill(HiddenNet(self.trained.network), path).to(device)
        self._device = device

    def logits(
        self,
        shared: Float32[Tensor, "channels x y z"],
        relevancy: Float32[Tensor, "2 x y z"],
        points: Float32[Tensor, "n 3"],
        relation: str,
    ) -> Float32[Tensor, "1 n"]:
        """Logits at points, 0–1 along the axes of the cube, of one of `RELATIONS`."""
        cells = channels(shared, relevancy)
        wanted = torch.tensor([RELATIONS.index(relation)], device=self._device)
        with torch.no_grad(), torch.autocast(self._device.type, torch.bfloat16):
            pair = self._net.encode(cells.to(self._device)).float().flatten(0, 1)[None]
            parts = [
                self._net.locate(pair, wanted, part[None])
                for part in points.to(self._device).split(POINTS_AT_ONCE)
            ]
        return torch.cat(parts, 1).float().cpu()
