"""The paper's relevancy extractor, written down as its release does it: one backward pass per text.

What makes it slow is kept on purpose, and nothing is added: crops are cut and resized one by one
with PIL; the forward pass records the attention of every block, as the method needs it in general;
texts go in groups of 32, each with a forward pass of its own and one backward pass per text; and
the map of every crop is enlarged and added up alone.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from nesf_ros.vision.presets import Preset
from nesf_ros.vision.tiles import Tiling

CROPS_AT_ONCE = TEXTS_AT_ONCE = 32


def relevancy(
    visual: nn.Module, image: np.ndarray, texts: Tensor, preset: Preset, preprocess
) -> Tensor:
    """Relevancy of each text at each pixel, texts × height × width; without colour jitters."""
    size = image.shape[:2]
    maps = [_one_size(visual, image, texts, tiling, preset.mirrors == "all", preprocess)
            for tiling in preset.tilings(size)]  # fmt: skip
    return torch.stack(maps).mean(0)


def _one_size(visual, image, texts, tiling: Tiling, mirrored: bool, preprocess) -> Tensor:
    windows = [(slice(r, r + tiling.height), slice(c, c + tiling.width))
               for r in tiling.rows for c in tiling.cols]  # fmt: skip
    crops = torch.stack([preprocess(Image.fromarray(image[window])) for window in windows])
    maps = _maps(visual, crops, texts)
    if mirrored:
        maps = (maps + _maps(visual, crops.flip(-1), texts).flip(-1)) / 2
    total, count = torch.zeros(len(texts), *image.shape[:2]), torch.full(image.shape[:2], 1e-5)
    for number, window in enumerate(windows):
        total[:, *window] += F.interpolate(
            maps[:, number : number + 1], (tiling.height, tiling.width), mode="bilinear"
        )[:, 0]
        count[window] += 1
    return total / count


def _maps(visual: nn.Module, crops: Tensor, texts: Tensor) -> Tensor:
    """Texts × crops × grid × grid."""
    return torch.cat([
        torch.cat([_batch(visual, some, group) for some in crops.split(CROPS_AT_ONCE)], 1)
        for group in texts.split(TEXTS_AT_ONCE)
    ])  # fmt: skip


def _batch(visual: nn.Module, crops: Tensor, texts: Tensor) -> Tensor:
    x = visual._embeds(crops)
    for block in visual.transformer.resblocks:
        attended, attention = _attend(block.attn, block.ln_1(x))
        x = x + attended
        x = x + block.mlp(block.ln_2(x))
    features = visual.ln_post(x[:, 0]) @ visual.proj
    logits = 100.0 * F.normalize(features, dim=-1) @ texts.T
    rows = []
    for logit in logits.sum(0):
        (gradient,) = torch.autograd.grad(logit, attention, retain_graph=True)
        raised = (gradient * attention.detach()).clamp(min=0).mean(1)
        relevance = torch.eye(raised.shape[-1]).expand_as(raised)
        rows.append((relevance + raised @ relevance)[:, 0, 1:])
    return torch.stack(rows).unflatten(-1, visual.grid_size)


def _attend(attn: nn.MultiheadAttention, x: Tensor) -> tuple[Tensor, Tensor]:
    parts = F.linear(x, attn.in_proj_weight, attn.in_proj_bias).chunk(3, -1)
    query, key, value = (part.unflatten(-1, (attn.num_heads, -1)).transpose(1, 2) for part in parts)
    attention = (query * query.shape[-1] ** -0.5 @ key.transpose(-1, -2)).softmax(-1)
    return attn.out_proj((attention @ value).transpose(1, 2).flatten(2)), attention
