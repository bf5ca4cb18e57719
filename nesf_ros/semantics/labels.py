"""A name for every voxel, from any list of names, with a confidence that means something."""

from __future__ import annotations

import colorsys
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float32, Int16, Int64, UInt8
from torch import Tensor

from nesf_ros.errors import QueryError
from nesf_ros.semantics.calibration import Calibration
from nesf_ros.vision.memory import by_halves
from nesf_ros.vision.text import clean
from nesf_ros.voxels.features import FeatureLayer

MOST = 2000
"""Labels at most: a voxel's probabilities are computed for all of them."""
UNKNOWN_COLOR = (128, 128, 128)
_AT_ONCE = 2**22
"""Probabilities held at a time: 16 MiB."""


@runtime_checkable
class Embeds(Protocol):
    """What turns labels into unit vectors; `vision.text.TextEncoder` for one."""

    def embed(self, labels: Sequence[str]) -> Float32[Tensor, "labels dim"]:
        """One embedding for each label."""


@dataclass(frozen=True, eq=False)
class LabelSet:
    """Names that voxels may be given. Label n is `names[n − 1]`, 0 is none of them."""

    names: tuple[str, ...]
    embeddings: Float32[Tensor, "labels dim"]
    calibration: Calibration

    @classmethod
    def of(cls, names: Sequence[str], encoder: Embeds, calibration: Calibration) -> LabelSet:
        """Have names encoded; one that is given twice counts once, as does white space.

        Raises QueryError for no name, and as `names_once` does.
        """
        once = names_once(names)
        if not once:
            raise QueryError(f"no label; give 1 to {MOST}")
        return cls(once, encoder.embed(once), calibration)

    def classify(
        self, cosines: Float32[Tensor, "n labels"]
    ) -> tuple[Int16[Tensor, " n"], Float32[Tensor, " n"]]:
        """The label of each row of cosines, and the probability that it is right; 0, 0: unknown.

        Unknown is what lies nearer to none of the labels than to any.
        """
        scale, none = self.calibration.scale, self.calibration.unknown_below
        logits = scale * cosines
        nearest, best = logits.max(1)
        unknown = torch.full_like(nearest, scale * none)
        # As `calibration.probabilities`, computed for the best alone.
        confidence = (nearest - torch.logaddexp(logits.logsumexp(1), unknown)).exp()
        known = nearest > unknown
        zero = torch.zeros((), device=cosines.device)
        return torch.where(known, best + 1, 0).short(), torch.where(known, confidence, zero)


def names_once(names: Sequence[str]) -> tuple[str, ...]:
    """Each name once, with single spaces.

    Raises QueryError for more than `MOST`, and for one that cannot be read (`vision.text.clean`).
    """
    once = tuple(dict.fromkeys(clean(name) for name in names))
    if len(once) > MOST:
        raise QueryError(f"{len(once)} labels; give {MOST} at most, or none to end labelling")
    return once


def relabel(layer: FeatureLayer, labels: LabelSet, rows: Int64[Tensor, " n"] | None = None) -> None:
    """Label the rows given, or all; a layer that holds other names takes over these first."""
    if layer.labels.names != labels.names:
        layer.start_labels(labels.names)
        rows = None
    if rows is None:
        rows = torch.arange(len(layer), device=layer.device)
    texts = labels.embeddings.to(layer.device)

    def classified(part: Tensor) -> Tensor:
        label, confidence = labels.classify(layer.similarity(texts, part))
        return torch.stack([label, _byte(confidence).short()], 1)

    for part in rows.split(max(1, _AT_ONCE // len(labels.names))):
        label, confidence = by_halves(classified, part).unbind(1)
        layer.set_labels(part, label, confidence.to(torch.uint8))


def _byte(confidence: Float32[Tensor, " n"]) -> UInt8[Tensor, " n"]:
    return (confidence * 255 + 0.5).to(torch.uint8)


def label_color(name: str) -> tuple[int, int, int]:
    """RGB of a label, 0–255: the same for a name everywhere, grey for no name."""
    if not name:
        return UNKNOWN_COLOR
    hue, light, strength = hashlib.blake2b(name.encode(), digest_size=3).digest()
    parts = colorsys.hls_to_rgb(hue / 256, 0.35 + 0.35 * light / 255, 0.6 + 0.4 * strength / 255)
    red, green, blue = (round(255 * part) for part in parts)
    return red, green, blue
