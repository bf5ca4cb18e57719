"""The words that a model was trained with, where these are all that it knows."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float32
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from nesf_ros.errors import VisionError

SUFFIX = ".words.safetensors"
"""Of the file that lies beside a model's weights, in place of their own suffix."""


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Words of a small model. Of what is far from all of them its answers mean nothing."""

    words: tuple[str, ...]
    embeddings: Float32[Tensor, "words dim"]
    """Unit vectors, of the words as the model's own prompts have them."""
    known_above: float
    """Cosine with the nearest word from which a text is known."""

    def nearest(self, texts: Float32[Tensor, "texts dim"]) -> Float32[Tensor, " texts"]:
        """For each text (unit length) the largest cosine with a word."""
        return (texts.cpu() @ self.embeddings.T).amax(1)

    def save(self, path: Path) -> None:
        """Write it; embeddings are halved in precision."""
        about = {"words": json.dumps(self.words), "known_above": str(self.known_above)}
        begun = path.with_name(f".{path.name}.begun")
        save_file({"embeddings": self.embeddings.half().contiguous()}, begun, about)
        os.replace(begun, path)

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Raises VisionError for a file that is torn or holds something else."""
        try:
            with safe_open(path, "pt") as file:
                about, embeddings = file.metadata(), file.get_tensor("embeddings")
            words = tuple(json.loads(about["words"]))
            known_above = float(about["known_above"])
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise VisionError(f"{path} holds no vocabulary: {error}") from None
        if embeddings.shape[:1] != (len(words),) or not words:
            raise VisionError(f"{path}: {len(words)} words, embeddings {tuple(embeddings.shape)}")
        vectors = torch.nn.functional.normalize(embeddings.float(), dim=-1)
        return cls(words, vectors, known_above)


def vocabulary_beside(weights: Path) -> Vocabulary | None:
    """The vocabulary that lies beside a file of weights; None where there is none."""
    path = weights.with_name(weights.stem + SUFFIX)
    return Vocabulary.load(path) if path.is_file() else None
