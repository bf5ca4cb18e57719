"""What a map is asked in words, and what it answers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, Int64, UInt8
from numpy import ndarray

from nesf_ros.errors import QueryError
from nesf_ros.semantics.instances import Instance
from nesf_ros.types import Box

IMAGE = "(image)"
"""What an answer calls the image that was asked for."""
MAX_TEXTS = 500
"""Of one question."""


@dataclass(frozen=True)
class Question:
    """What is looked for."""

    texts: tuple[str, ...] = ()
    negatives: tuple[str, ...] = ()
    """Phrases that a text is held against; none: `semantics.canonical`."""
    image: UInt8[ndarray, "height width 3"] | None = None
    """A picture (RGB) of something to look for, after the texts."""
    region: Box | None = None
    """Look nowhere else; map frame."""
    threshold: float = 0.0
    """Relevancy from which something counts as found, 0–1; 0: as validated for the model."""

    def names(self) -> list[str]:
        """What the answers are called."""
        return [*self.texts, *([IMAGE] if self.image is not None else [])]

    def keys(self) -> list[str]:
        """What each text, and the image, is known by from question to question."""
        keys = [" ".join(text.split()) for text in self.texts]
        if self.image is not None:
            content = hashlib.blake2b(str(self.image.shape).encode(), digest_size=16)
            content.update(np.ascontiguousarray(self.image).data)
            keys.append(f"{IMAGE} {content.hexdigest()}")
        return keys

    def apart(self) -> str:
        """What sets it apart from the plain question for the same texts; empty for that one."""
        if not (self.negatives or self.threshold):
            return ""
        return f"{self.threshold:g} {sorted(' '.join(text.split()) for text in self.negatives)}"


@dataclass(frozen=True)
class TextAnswer:
    """What was found for one text."""

    text: str
    exists: bool
    score: float
    """Of the best instance; where there is none, of the five most relevant voxels; 0–1."""
    peak_m: tuple[float, float, float] | None
    """Centre of the most relevant voxel, map frame; None where nothing has an embedding."""
    instances: tuple[Instance, ...] = ()
    """Best first."""
    known: bool = True
    """False: far from all that the model was trained with, so nothing was looked for."""


@dataclass(frozen=True)
class Answer:
    """What the map knows of a question."""

    texts: tuple[TextAnswer, ...]
    threshold: float
    observed: float
    """Share of the region that was observed, 0–1; without one 1, or 0 where the map is empty."""
    voxels: Int64[ndarray, "n 3"] = field(repr=False)
    """Voxels that were asked: those in the region that have an embedding."""
    relevancy: Float32[ndarray, "n texts"] = field(repr=False)
    """Of each voxel for each text, 0–1."""


@dataclass(frozen=True)
class PointWords:
    """What is known of points, in words."""

    label: UInt8[ndarray, " n"]
    """n: `label_names[n − 1]`, 0: no label."""
    confidence: UInt8[ndarray, " n"]
    """0–255 for 0–1."""
    label_names: tuple[str, ...]
    relevancy: Float32[ndarray, "n texts"]
    """0–1; NaN where nothing is known, and for texts that are unknown to the model."""
    unknown: tuple[str, ...] = ()
    """Texts that are far from all that the model was trained with."""
    features: UInt8[ndarray, "n 3"] | None = None
    """Colours that are alike where embeddings are; black where none is. None: not asked for."""


def all_texts(texts: Sequence[str], negatives: Sequence[str]) -> list[str]:
    """All that must be read for a question.

    Raises QueryError for more than it may have, and for an empty negative.
    """
    for kind, group in (("texts", texts), ("negatives", negatives)):
        if len(group) > MAX_TEXTS:
            raise QueryError(f"{len(group)} {kind}; at most {MAX_TEXTS} at a time")
    if not all(text.strip() for text in negatives):
        raise QueryError(
            "a negative is empty; give phrases to hold the texts against, or no negatives at all "
            "for those of semantics.canonical"
        )
    return [*texts, *negatives]
