"""What is asked for, as embeddings: texts, phrases that they are held against, an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from numpy import ndarray
from torch import Tensor

from nesf_ros.config import SemanticsConfig, VisionConfig
from nesf_ros.errors import QueryError
from nesf_ros.semantics.questions import Question, all_texts
from nesf_ros.types import Progress
from nesf_ros.vision.crops import Sees, crop_batches
from nesf_ros.vision.text import LABELS_AT_ONCE, Encoder, TextEncoder
from nesf_ros.vision.vocabulary import Vocabulary


@runtime_checkable
class Model(Sees, Encoder, Protocol):
    """What sees and reads; `vision.models.VisionModel` for one."""

    @property
    def fingerprint(self) -> str:
        """Name and digest of the weights: embeddings of others cannot be compared."""

    @property
    def vocabulary(self) -> Vocabulary | None:
        """All that it knows, where that is little."""


class Reader:
    """What a model reads, and has read. For any number of threads."""

    def __init__(self, model: Model, vision: VisionConfig, semantics: SemanticsConfig):
        """Nothing is read yet. VisionError for templates that cannot be had."""
        self._model = model
        self._encoder = TextEncoder(model, vision.prompts, vision.text_cache)
        self._canonical, self._known_above = semantics.canonical, semantics.known_above

    def unread(self, texts: Sequence[str]) -> list[list[str]]:
        """Texts, and the canonical phrases, that have no embedding yet.

        In parts that take `embed` a moment each. Raises QueryError for a text that cannot be read.
        """
        fresh = self._encoder.fresh([*texts, *self._canonical])
        return [fresh[i : i + LABELS_AT_ONCE] for i in range(0, len(fresh), LABELS_AT_ONCE)]

    def embed(self, texts: Sequence[str]) -> Float32[Tensor, "texts dim"]:
        """Unit vectors, as `TextEncoder` makes them; those made before are at hand."""
        return self._encoder.embed(texts)

    def phrases(self, negatives: Sequence[str]) -> Float32[Tensor, "phrases dim"]:
        """What texts are held against: these, or the canonical phrases where there are none."""
        return self.embed(negatives or self._canonical)

    def question(self, question: Question, progress: Progress) -> Float32[Tensor, "asked dim"]:
        """Of its texts, then of its image. Raises QueryError for what cannot be asked."""
        unread = self.unread(all_texts(question.texts, question.negatives))
        for number, part in enumerate(unread):
            progress("reading the texts", number / len(unread))
            self.embed(part)
        parts = [self.embed(question.texts)] if question.texts else []
        if question.image is not None:
            parts.append(self._image(question.image))
        if not parts:
            raise QueryError("neither a text nor an image was given; say what to look for")
        return torch.cat(parts)

    def known(self, texts: Float32[Tensor, "texts dim"]) -> list[bool]:
        """Whether embedded texts are near anything that the model was trained with."""
        vocabulary = self._model.vocabulary
        if vocabulary is None:
            return [True] * len(texts)
        near = vocabulary.nearest(texts) >= (self._known_above or vocabulary.known_above)
        return near.tolist()

    def _image(self, image: UInt8[ndarray, "height width 3"]) -> Float32[Tensor, "1 dim"]:
        if image.ndim != 3 or image.shape[2] != 3 or not image.size:
            raise QueryError(f"an image of shape {image.shape}; it must be RGB, not empty")
        whole = np.array([[0, 0, image.shape[1], image.shape[0]]])
        (picture,) = crop_batches(image, whole, self._model)
        return self._model.tower.look(picture).embedding()
