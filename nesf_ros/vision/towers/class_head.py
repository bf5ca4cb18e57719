"""What follows the last attention of a class-token ViT, forwards and backwards for many texts.

Only the class token reaches the embedding, so behind the last attention there is one token per
picture, and the derivative of its cosine with any number of texts is a few small products.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from jaxtyping import Float, Float32
from torch import Tensor, nn

ClipModule = Any
"""A module of open_clip or timm: the attributes of a torch module have no types."""

LOGIT_SCALE = 100.0
"""CLIP's cosines times 100 are the logits that Chefer et al. and SemAbs differentiate."""


class ClassHead:
    """From the class token behind the last attention to the embedding, and the way back.

    With o the attention's output before its projection: x1 = x0 + s1·(W_o o), x2 = x1 +
    s2·W_p act(W_f LN(x1)), f = LN(x2) P. All in fp32.
    """

    def __init__(self, block: ClipModule, norm: ClipModule, projection: Tensor):
        """Take the last block, `ln_post` and the projection (width × dim) of a tower."""
        self.block = in_fp32(block)
        self._norm = in_fp32(norm)
        self._projection = projection.detach().float()

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

    def pullback(
        self, x1: Float32[Tensor, "n width"], texts: Float32[Tensor, "texts dim"]
    ) -> Float32[Tensor, "n texts width"]:
        """Derivative of 100 · cosine with each text by o, the last attention's output."""
        mlp = self.block.mlp
        inner = _Normalised(x1, self.block.ln_2)
        hidden, slope = _with_slope(mlp.gelu, mlp.c_fc(inner.value))
        outer = _Normalised(x1 + self.block.ls_2(mlp.c_proj(hidden)), self._norm)
        features = outer.value @ self._projection
        length = features.norm(dim=-1, keepdim=True)
        unit = features / length
        along = (unit @ texts.T)[..., None]
        grad = LOGIT_SCALE * (texts - along * unit[:, None]) / length[:, None]
        grad = outer.pullback(grad @ self._projection.T)
        through = (_scaled(grad, self.block.ls_2) @ mlp.c_proj.weight) * slope[:, None]
        grad = grad + inner.pullback(through @ mlp.c_fc.weight)
        return _scaled(grad, self.block.ls_1) @ self.block.attn.out_proj.weight


class _Normalised:
    """A layer norm's output, and the way back through it."""

    def __init__(self, x: Tensor, norm: ClipModule):
        variance, mean = torch.var_mean(x, -1, correction=0, keepdim=True)
        self._scale = (variance + norm.eps).rsqrt()
        self._unit = (x - mean) * self._scale
        self._weight = norm.weight
        self.value = self._unit * norm.weight + norm.bias

    def pullback(self, grad: Tensor) -> Tensor:
        """Gradients by the input (n texts width) from those by the output."""
        grad = grad * self._weight
        unit = self._unit[:, None]
        along = (grad * unit).mean(-1, keepdim=True)
        return self._scale[:, None] * (grad - grad.mean(-1, keepdim=True) - unit * along)


def _with_slope(activation: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """An elementwise activation and its derivative."""
    with torch.enable_grad():
        inputs = x.detach().requires_grad_()
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
