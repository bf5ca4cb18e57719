"""Class-token ViTs of open_clip: one forward pass, then every text in closed form.

Relevancy is Chefer et al.'s (ICCV 2021) as SemAbs (§3.2) uses it: R = I + mean over heads of
(A ⊙ ∂y/∂A)⁺ of the last block alone, of which the class token's row is read. That row of A needs
the class token's query only, and the derivative is the product of the values with the head's
gradient: no backward pass, and nothing of the forward pass depends on the texts.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from jaxtyping import Float, Float32
from torch import Tensor, nn

from nesf_ros.errors import VisionError
from nesf_ros.vision.towers.class_head import ClassHead, ClipModule, HeadAt, in_fp32
from nesf_ros.vision.towers.pooled import share

ROWS = 4096
"""Gradients held at once, pictures × texts: bounds the memory of a query, 50 MB for ViT-B."""


@dataclass(frozen=True)
class ClassTokenLook:
    """What the last block of a class-token ViT holds of n pictures."""

    head: ClassHead
    grid: tuple[int, int]
    head_at: HeadAt
    """At the class tokens behind the last attention."""
    attention: Float32[Tensor, "n heads patches"]
    """Of the class token to each patch; with what it pays to itself the sum is 1."""
    values: Float[Tensor, "n patches width"]
    """Of the last attention, all heads side by side."""
    tokens: Float32[Tensor, "n patches width"] | None
    """Input of the last block, which only dense features need; None once trimmed."""

    @property
    def nbytes(self) -> int:
        """Memory held, bytes."""
        held = (*self.head_at.tensors, self.attention, self.values, self.tokens)
        return sum(tensor.nbytes for tensor in held if tensor is not None)

    def trimmed(self, dtype: torch.dtype) -> ClassTokenLook:
        """The same without what only `dense` needs, its large parts in `dtype`."""
        return replace(
            self,
            head_at=self.head_at.trimmed(dtype),
            attention=self.attention.contiguous(),  # no view of what is left behind
            values=self.values.to(dtype).contiguous(),
            tokens=None,
        )

    def embedding(self) -> Float32[Tensor, "n dim"]:
        """Image embeddings of unit length, as open_clip's `encode_image(normalize=True)`."""
        return self.head_at.embedding

    @torch.no_grad()
    def dense(self) -> Float32[Tensor, "n grid_height grid_width dim"]:
        """MaskCLIP's features (ECCV 2022): every patch goes on with its own value, unit length.

        Raises VisionError after `trimmed`.
        """
        if self.tokens is None:
            raise VisionError(
                "dense features were asked of a look that keeps only what texts need; ask the "
                "tower for a new look at the picture"
            )
        patches = self.head.embed(self.head.residual(self.tokens, self.values.float()))
        return F.normalize(patches, dim=-1).unflatten(1, self.grid)

    @torch.no_grad()
    def relevancy(
        self, texts: Float32[Tensor, "texts dim"]
    ) -> Float32[Tensor, "n texts grid_height grid_width"]:
        """How much each patch raises 100 · cosine with each text, ≥ 0; mean over heads."""
        n, heads, patches = self.attention.shape
        values = self.values.float().view(n, patches, heads, -1).permute(0, 2, 3, 1)
        maps = self.attention.new_empty(n, len(texts), patches)
        step = max(1, ROWS // max(1, n))
        for start in range(0, len(texts), step):
            some = slice(start, start + step)
            gradient = self.head.pullback(self.head_at, texts[some])
            by_head = gradient.unflatten(-1, (heads, -1)).transpose(1, 2)
            raised = (by_head @ values) * self.attention[:, :, None]
            maps[:, some] = raised.clamp_(min=0).mean(1)
        return maps.unflatten(-1, self.grid)

    def contrast(
        self,
        texts: Float32[Tensor, "texts dim"],
        words: Float32[Tensor, "words dim"],
        scale: float,
    ) -> Float32[Tensor, "n texts grid_height grid_width"]:
        """How far each text stands out from all the words in each patch, 0–1; without `scale`."""
        return share(self.relevancy(texts), self.relevancy(words))


class ClassTokenTower:
    """A ViT of open_clip that pools by its class token, frozen."""

    def __init__(self, visual: ClipModule, dtype: torch.dtype = torch.float32):
        """Freeze a tower; its trunk computes in `dtype`, with weights cast here, once.

        The residual stream, the layer norms and the last block stay fp32, but for the products of
        its way back. Raises VisionError for blocks other than open_clip's usual ones.
        """
        blocks = list(visual.transformer.resblocks)
        _check_blocks(blocks)
        self.dtype = dtype
        self.image_px: int = visual.image_size[0]
        self.grid: tuple[int, int] = visual.grid_size
        self.head = ClassHead(blocks[-1], visual.ln_post, visual.proj, dtype)
        self.heads: int = blocks[-1].attn.num_heads
        self.blocks = [_cast(block, dtype) for block in blocks[:-1]] + [self.head.block]
        self._patches = _cast_all(visual.conv1, dtype)
        self._class_token = visual.class_embedding.detach().float()
        self._position = visual.positional_embedding.detach().float()
        self._norm = in_fp32(visual.ln_pre)

    @property
    def dim(self) -> int:
        """Length of the embedding."""
        return self.head.dim

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self._position.device

    @torch.no_grad()
    def look(self, images: Float32[Tensor, "n 3 px px"]) -> ClassTokenLook:
        """One forward pass over normalised pictures, up to the last attention."""
        tokens = self.tokens(images, len(self.blocks) - 1)
        attention, values = self._class_attention(tokens)
        n, heads, length = attention.shape
        by_head = values.view(n, length, heads, -1).transpose(1, 2)
        attended = (attention[:, :, None] @ by_head).flatten(1)
        return ClassTokenLook(
            head=self.head,
            grid=self.grid,
            head_at=self.head.at(self.head.residual(tokens[:, 0], attended)),
            attention=attention[:, :, 1:],
            values=values[:, 1:],
            tokens=tokens[:, 1:],
        )

    def tokens(self, images: Float32[Tensor, "n 3 px px"], depth: int) -> Tensor:
        """Class token and patches, n × (1 + patches) × width, behind the first `depth` blocks."""
        x = self._patches(images.to(self.dtype)).flatten(2).transpose(1, 2).float()
        x = torch.cat([self._class_token.expand(len(x), 1, -1), x], 1) + self._position
        x = self._norm(x)
        for block in self.blocks[:depth]:
            normed = block.ln_1(x).to(self.dtype)
            x = x + block.ls_1(block.attn(normed, normed, normed, need_weights=False)[0])
            x = x + block.ls_2(block.mlp(block.ln_2(x).to(self.dtype)))
        return x

    def _class_attention(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """The class token's attention (n heads tokens) in the last block, and all values."""
        block = self.head.block
        normed = block.ln_1(tokens)
        width = tokens.shape[-1]
        weight, bias = block.attn.in_proj_weight, block.attn.in_proj_bias
        query = F.linear(normed[:, 0], weight[:width], bias[:width])
        query = query.unflatten(-1, (self.heads, 1, -1)) * (width // self.heads) ** -0.5
        # q·(W_k x) = (q W_k)·x, one product per head for all tokens; the keys' bias, the same for
        # all of them, drops out of the softmax.
        by_width = query @ weight[width : 2 * width].unflatten(0, (self.heads, -1))
        attention = (by_width.squeeze(2) @ normed.transpose(1, 2)).softmax(-1)
        return attention, F.linear(normed, weight[2 * width :], bias[2 * width :])


def _check_blocks(blocks: Iterable[ClipModule]) -> None:
    for block in blocks:
        if not isinstance(block.attn, nn.MultiheadAttention):
            raise VisionError(
                f"the tower's blocks are {type(block).__name__} with {type(block.attn).__name__}; "
                "supported are open_clip's ResidualAttentionBlock with nn.MultiheadAttention: "
                "choose a model without block_type 'custom'"
            )


def _cast(block: ClipModule, dtype: torch.dtype) -> ClipModule:
    """The block with its products in `dtype` and its layer norms in fp32."""
    block = in_fp32(block)
    if dtype == torch.float32:
        return block
    block = copy.deepcopy(block)
    if type(block.mlp.gelu).__name__ == "QuickGELU":
        _fold_quick_gelu(block.mlp)
    block.attn.to(dtype)
    block.mlp.to(dtype)
    return block


@torch.no_grad()
def _fold_quick_gelu(mlp: ClipModule) -> None:
    """X · sigmoid(1.702 x) is silu(1.702 x) / 1.702, which torch does in one pass over memory."""
    mlp.c_fc.weight *= 1.702
    mlp.c_fc.bias *= 1.702
    mlp.c_proj.weight /= 1.702
    mlp.gelu = nn.SiLU()


def _cast_all(module: ClipModule, dtype: torch.dtype) -> ClipModule:
    return in_fp32(module) if dtype == torch.float32 else copy.deepcopy(module).to(dtype)
