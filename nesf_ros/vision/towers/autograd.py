"""Relevancy of class-token ViTs by autograd: the slow path, for more than the last block."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float32
from torch import Tensor

from nesf_ros.errors import VisionError
from nesf_ros.vision.towers.class_head import LOGIT_SCALE, ClipModule
from nesf_ros.vision.towers.vit import ClassTokenTower


def relevancy_by_autograd(
    tower: ClassTokenTower,
    images: Float32[Tensor, "n 3 px px"],
    texts: Float32[Tensor, "texts dim"],
    layers: int = 1,
) -> Float32[Tensor, "n texts grid_height grid_width"]:
    """Chefer et al.'s (ICCV 2021) eq. 5 and 6 over the last `layers` blocks.

    R = I, then R += mean over heads of (A ⊙ ∂y/∂A)⁺ · R from block to block; the class token's
    row is returned. One block gives what `look(images).relevancy(texts)` gives, with a backward
    pass per text. Raises VisionError if the tower has fewer blocks.
    """
    if not 1 <= layers <= len(tower.blocks):
        raise VisionError(f"{layers} blocks asked of a tower that has {len(tower.blocks)}")
    with torch.no_grad():
        x = tower.tokens(images, len(tower.blocks) - layers)
    attentions: list[Tensor] = []
    with torch.enable_grad():
        x.requires_grad_()
        for block in tower.blocks[-layers:]:
            attended, attention = _attend(block, x, tower.heads)
            attentions.append(attention)
            x = x + block.ls_1(attended)
            x = x + block.ls_2(block.mlp(block.ln_2(x).to(_dtype(block))))
        unit = F.normalize(tower.head.project(x[:, 0].float()), dim=-1)
        logits = LOGIT_SCALE * unit @ texts.T
    rows = [_rollout(logits[:, text].sum(), attentions) for text in range(len(texts))]
    return torch.stack(rows, 1).unflatten(-1, tower.grid)


def _rollout(logit: Tensor, attentions: list[Tensor]) -> Tensor:
    """The class token's row of R, without itself: n × patches."""
    gradients = torch.autograd.grad(logit, attentions, retain_graph=True)
    relevance = torch.eye(attentions[0].shape[-1], device=logit.device)
    for attention, gradient in zip(attentions, gradients, strict=True):
        raised = (attention * gradient).detach().clamp(min=0).mean(1).float()
        relevance = relevance + raised @ relevance
    return relevance[:, 0, 1:]


def _attend(block: ClipModule, x: Tensor, heads: int) -> tuple[Tensor, Tensor]:
    """Output of a block's attention, and its probabilities (n heads tokens tokens)."""
    attn = block.attn
    normed = block.ln_1(x).to(_dtype(block))
    parts = F.linear(normed, attn.in_proj_weight, attn.in_proj_bias).chunk(3, -1)
    query, key, value = (part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in parts)
    attention = (query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5).softmax(-1)
    return attn.out_proj((attention @ value).transpose(1, 2).flatten(2)), attention


def _dtype(block: ClipModule) -> torch.dtype:
    return block.attn.in_proj_weight.dtype
