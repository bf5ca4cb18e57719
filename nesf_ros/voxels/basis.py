"""A few numbers for a long vector: principal components of the features seen so far."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float32
from torch import Tensor


@dataclass(frozen=True)
class Basis:
    """Feature ≈ mean + code · matrix. Rows of the matrix are orthonormal."""

    mean: Float32[Tensor, " dim"]
    matrix: Float32[Tensor, "width dim"]

    def encode(self, features: Float32[Tensor, "n dim"]) -> Float32[Tensor, "n width"]:
        """Codes of features."""
        return (features - self.mean) @ self.matrix.T

    def decode(self, codes: Float32[Tensor, "n width"]) -> Float32[Tensor, "n dim"]:
        """Features of codes: those nearest to what was encoded."""
        return self.mean + codes @ self.matrix

    def length(self, codes: Float32[Tensor, "n width"]) -> Float32[Tensor, " n"]:
        """Lengths of the features of codes."""
        offset = codes @ (self.matrix @ self.mean)
        squared = codes.square().sum(1) + 2 * offset + self.mean.square().sum()
        return squared.clamp_(min=0).sqrt()

    def kept(self, features: Float32[Tensor, "n dim"]) -> float:
        """Mean cosine between features and what the basis makes of them, −1–1."""
        return float(F.cosine_similarity(self.decode(self.encode(features)), features).mean())

    def carried(
        self, codes: Float32[Tensor, "n width"], old: Basis
    ) -> Float32[Tensor, "n new_width"]:
        """Codes of an older basis in this one, without the way through whole features."""
        turn = old.matrix @ self.matrix.T
        return codes @ turn + (old.mean - self.mean) @ self.matrix.T


class Moments:
    """Mean and covariance of all features that were added."""

    def __init__(self, dim: int, device: torch.device):
        self.count = 0
        self._sum = torch.zeros(dim, dtype=torch.float64, device=device)
        self._products = torch.zeros((dim, dim), dtype=torch.float64, device=device)

    def add(self, features: Float32[Tensor, "n dim"]) -> None:
        """Take features into account."""
        self.count += len(features)
        self._sum += features.sum(0)
        self._products += features.T @ features

    def basis(self, width: int) -> Basis:
        """The basis of at most `width` numbers that loses least; it loses nothing if `width` = dim.

        At least one feature must have been added.
        """
        dim = len(self._sum)
        if width >= dim:
            none = torch.zeros(dim, device=self._sum.device)
            return Basis(none, torch.eye(dim, device=none.device))
        mean = self._sum / self.count
        covariance = self._products / self.count - torch.outer(mean, mean)
        vectors = torch.linalg.eigh(covariance).eigenvectors[:, -width:]  # by growing eigenvalue
        return Basis(mean.float(), vectors.T.float().contiguous())
