"""What follows the last attention of a class-token ViT, forwards and backwards for many texts.

Only the class token reaches the embedding, so behind the last attention there is one token per
picture, and the derivative of its cosine with any number of texts is a few small products.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float, Float32
from torch import Tensor

ClipModule = Any
"""A module of open_clip or timm: the attributes of a torch module have no types."""

LOGIT_SCALE = 100.0
"""CLIP's cosines times 100 are the logits that Chefer et al. and SemAbs differentiate."""


@dataclass(frozen=True)
class Normalised:
    """What a layer norm has done to n vectors, for the way back through it."""

    unit: Float[Tensor, "n width"]
    """Of mean 0 and deviation 1."""
    scale: Float[Tensor, "n 1"]
    """One over the deviation there was."""

    @classmethod
    def of(cls, x: Float32[Tensor, "n width"], eps: float) -> Normalised:
        """Normalise."""
        variance, mean = torch.var_mean(x, -1, correction=0, keepdim=True)
        scale = (variance + eps).rsqrt()
        return cls((x - mean) * scale, scale)

    def pullback(self, grad: Float32[Tensor, "n texts width"]) -> Float32[Tensor, "n texts width"]:
        """Gradients by what was normalised, from those by `unit`."""
        unit = self.unit.float()[:, None]
        along = (grad * unit).mean(-1, keepdim=True)
        return self.scale[:, None] * (grad - grad.mean(-1, keepdim=True) - unit * along)


@dataclass(frozen=True)
class HeadAt:
    """The head at n class tokens: its value, and what its derivative there is made of."""

    embedding: Float32[Tensor, "n dim"]
    """Of unit length."""
    length: Float32[Tensor, "n 1"]
    """Of the embedding before."""
    slope: Float[Tensor, "n hidden"]
    """Derivative of the activation."""
    inner: Normalised
    """Layer norm before the block's MLP."""
    outer: Normalised
    """Layer norm before the projection."""

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All that is held."""
        norms = (self.inner.unit, self.inner.scale, self.outer.unit, self.outer.scale)
        return (self.embedding, self.length, self.slope, *norms)

    def trimmed(self, dtype: torch.dtype) -> HeadAt:
        """The same with its large parts in `dtype`."""
        inner = replace(self.inner, unit=self.inner.unit.to(dtype))
        outer = replace(self.outer, unit=self.outer.unit.to(dtype))
        return replace(self, slope=self.slope.to(dtype), inner=inner, outer=outer)


class ClassHead:
    """From the class token behind the last attention to the embedding, and the way back.

    With o the attention's output before its projection: x1 = x0 + s1·(W_o o), x2 = x1 +
    s2·W_p act(W_f LN(x1)), f = LN(x2) P. Forwards in fp32.
    """

    def __init__(self, block: ClipModule, norm: ClipModule, projection: Tensor, dtype: torch.dtype):
        """Take the last block, `ln_post` and the projection (width × dim) of a tower.

        The products of the way back are computed in `dtype`.
        """
        self.block = in_fp32(block)
        self._norm = in_fp32(norm)
        self._projection = projection.detach().float()
        mlp, attn = self.block.mlp, self.block.attn
        matrices = (self._projection.T, mlp.c_proj.weight, mlp.c_fc.weight, attn.out_proj.weight)
        self._back = tuple(matrix.detach().to(dtype) for matrix in matrices)

    @property
    def dim(self) -> int:
        """Length of the embedding."""
        return self._projection.shape[1]

    def residual(self, tokens: Tensor, attended: Tensor) -> Tensor:
        """x1: tokens (… width) with the last attention's output (… width) added."""
        return tokens + self.block.ls_1(self.block.attn.out_proj(attended))

    def embed(self, x1: Float[Tensor, "*n width"]) -> Float[Tensor, "*n dim"]:
        """Embeddings, not yet of unit length."""
        return self.project(x1 + self.block.ls_2(self.block.mlp(self.block.ln_2(x1))))

    def project(self, x2: Float[Tensor, "*n width"]) -> Float[Tensor, "*n dim"]:
        """Embeddings of tokens behind the last block."""
        return self._norm(x2) @ self._projection

    def at(self, x1: Float32[Tensor, "n width"]) -> HeadAt:
        """Embeddings, and what gradients there need."""
        mlp = self.block.mlp
        hidden, slope = _with_slope(mlp.gelu, mlp.c_fc(self.block.ln_2(x1)))
        x2 = x1 + self.block.ls_2(mlp.c_proj(hidden))
        features = self.project(x2)
        length = features.norm(dim=-1, keepdim=True)
        inner, outer = Normalised.of(x1, self.block.ln_2.eps), Normalised.of(x2, self._norm.eps)
        return HeadAt(features / length, length, slope, inner, outer)

    def pullback(
        self, at: HeadAt, texts: Float32[Tensor, "texts dim"]
    ) -> Float32[Tensor, "n texts width"]:
        """Derivative of 100 · cosine with each text by o, the last attention's output."""
        along = (at.embedding @ texts.T)[..., None]
        grad = LOGIT_SCALE * (texts - along * at.embedding[:, None]) / at.length[:, None]
        to_width, to_hidden, from_hidden, to_attended = self._back
        grad = at.outer.pullback(_times(grad, to_width) * self._norm.weight)
        hidden = _times(_scaled(grad, self.block.ls_2), to_hidden) * at.slope[:, None]
        grad = grad + at.inner.pullback(_times(hidden, from_hidden) * self.block.ln_2.weight)
        return _times(_scaled(grad, self.block.ls_1), to_attended)


def _times(grad: Tensor, matrix: Tensor) -> Tensor:
    return (grad.to(matrix.dtype) @ matrix).float()


def _with_slope(activation: ClipModule, x: Tensor) -> tuple[Tensor, Tensor]:
    """An elementwise activation and its derivative."""
    with torch.inference_mode(False), torch.enable_grad():
        inputs = x.clone().requires_grad_()  # a clone, should a caller be in inference mode
        outputs = activation(inputs)
        (slope,) = torch.autograd.grad(outputs.sum(), inputs)
    return outputs.detach(), slope


def _scaled(grad: Tensor, layer_scale: ClipModule) -> Tensor:
    gamma = getattr(layer_scale, "gamma", None)  # an Identity has none
    return grad if gamma is None else grad * gamma


def in_fp32(module: ClipModule) -> ClipModule:
    """The module itself if all its weights are fp32, else a copy that is."""
    if all(weight.dtype == torch.float32 for weight in module.parameters()):
        return module
    return copy.deepcopy(module).float()
