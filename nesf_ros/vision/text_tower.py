"""The text half of an open_clip model, without the work that padding would be."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float32, Int64
from torch import Tensor
from torch.func import functional_call

from nesf_ros.vision.towers.base import DTYPES
from nesf_ros.vision.towers.class_head import ClipModule

Tokenizer = Callable[[list[str]], Int64[Tensor, "texts tokens"]]

TEXTS_AT_ONCE = 256
"""Texts encoded in one batch: bounds the memory, some 100 MB for CLIP's text towers."""


class TextTower:
    """Encodes texts as they stand. Frozen; not for several threads at once.

    open_clip pads every text to the model's full length, 77 tokens for most, of which a label
    needs ten. Padding that a tower masks, or that comes behind what a causal one reads, changes
    nothing: there, texts are cut to the longest of their batch. Others are left as they are.
    """

    def __init__(self, clip: ClipModule, tokenize: Tokenizer, precision: str):
        """Take an open_clip model that has no image tower any more, and its tokenizer.

        Sentence encoders keep fp32, since open_clip cannot cast them; they are small.
        """
        from open_clip.hf_model import HFTextEncoder

        self._tokenize = tokenize
        sentences = isinstance(getattr(clip, "text", None), HFTextEncoder)
        self._clip = clip if sentences else clip.to(DTYPES[precision])
        self._padding = tokenize.tokenizer.pad_token_id if sentences else 0  # type: ignore[attr-defined]
        self._causal = {} if sentences else _causal_parts(clip, tokenize)
        self._cuts = sentences or bool(self._causal)

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the weights."""
        return next(self._clip.parameters()).dtype

    @torch.no_grad()
    def encode(self, texts: Sequence[str], device: torch.device) -> Float32[Tensor, "texts dim"]:
        """Embeddings of unit length of at least one text; what is too long is cut off."""
        batches = (texts[i : i + TEXTS_AT_ONCE] for i in range(0, len(texts), TEXTS_AT_ONCE))
        parts = [self._features(self._tokenize(list(batch)), device) for batch in batches]
        return F.normalize(torch.cat(parts).float(), dim=-1)

    def _features(self, tokens: Int64[Tensor, "texts tokens"], device: torch.device) -> Tensor:
        if not self._cuts:
            return self._clip.encode_text(tokens.to(device))
        length = int((tokens != self._padding).any(0).nonzero().max()) + 1
        shortened = {
            name: tensor[tuple(slice(length) for _ in range(axes))]
            for name, (tensor, axes) in self._causal.items()
        }
        arguments = {"text": tokens[:, :length].to(device)}
        return functional_call(self._clip, shortened, (), arguments, tie_weights=False)[1]


def _causal_parts(clip: ClipModule, tokenize: Tokenizer) -> dict[str, tuple[Tensor, int]]:
    """What has a model's text length in a tower that reads up to the end-of-text token alone.

    By name, with the number of axes that have this length. Empty for other towers.
    """
    from open_clip.tokenizer import SimpleTokenizer

    part: ClipModule = getattr(clip, "text", clip)
    pool = getattr(part, "pool_type", getattr(part, "text_pool_type", None))
    causal = isinstance(getattr(part, "attn_mask", None), Tensor) and pool == "argmax"
    if not causal or not isinstance(tokenize, SimpleTokenizer):
        return {}
    if getattr(part, "cls_emb", None) is not None:
        return {}
    prefix = "" if part is clip else "text."
    return {
        f"{prefix}positional_embedding": (part.positional_embedding, 1),
        f"{prefix}attn_mask": (part.attn_mask, 2),
    }
