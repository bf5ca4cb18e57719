"""What every image tower offers, and how an open_clip tower becomes one."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float32
from torch import Tensor, nn

from nesf_ros.errors import VisionError
from nesf_ros.vision.towers.maps import average_vit_tower, resnet_tower, timm_tower
from nesf_ros.vision.towers.vit import ClassTokenTower

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
"""Precisions of a tower's trunk; what follows it is fp32 always."""


@runtime_checkable
class Look(Protocol):
    """What one forward pass over n pictures leaves: all that a text asked later needs."""

    @property
    def nbytes(self) -> int:
        """Memory held, bytes."""

    def trimmed(self, dtype: torch.dtype) -> Look:
        """The same without what only `dense` needs, its large part kept in `dtype`."""

    def embedding(self) -> Float32[Tensor, "n dim"]:
        """Image embeddings of unit length, as open_clip's `encode_image(normalize=True)`."""

    def dense(self) -> Float32[Tensor, "n grid_height grid_width dim"]:
        """An embedding of unit length for each cell; VisionError where the tower allows none."""

    def relevancy(
        self, texts: Float32[Tensor, "texts dim"]
    ) -> Float32[Tensor, "n texts grid_height grid_width"]:
        """What speaks for each text (unit length) in each cell, ≥ 0; the scale is the tower's."""

    def contrast(
        self,
        texts: Float32[Tensor, "texts dim"],
        words: Float32[Tensor, "words dim"],
        scale: float,
    ) -> Float32[Tensor, "n texts grid_height grid_width"]:
        """How far each text stands out from all the words in each cell, 0–1.

        Where cells have embeddings, the share of the text in a softmax of `scale` times cosines;
        else that of its squared relevancy among all of them.
        """


@runtime_checkable
class Tower(Protocol):
    """A frozen image tower."""

    image_px: int
    """Side of the square pictures it takes."""
    grid: tuple[int, int]
    """Rows and columns of the cells of its relevancies and dense features."""

    @property
    def dim(self) -> int:
        """Length of the embedding."""

    @property
    def dtype(self) -> torch.dtype:
        """Precision of its trunk."""

    @property
    def device(self) -> torch.device:
        """Where its weights are."""

    def look(self, images: Float32[Tensor, "n 3 px px"]) -> Look:
        """One forward pass over normalised pictures, without gradients."""


def tower_of(visual: nn.Module, image_px: int, precision: str = "fp32") -> Tower:
    """Wrap the `visual` of an open_clip model, which is put into evaluation mode and kept.

    `precision` is "fp32" or "bf16"; weights are cast once, here. Raises VisionError for pooling
    or blocks that are not supported, naming them.
    """
    from open_clip.modified_resnet import ModifiedResNet  # loaded already, or there were no visual
    from open_clip.timm_model import TimmModel
    from open_clip.transformer import VisionTransformer

    if precision not in DTYPES:
        raise VisionError(f"precision {precision!r}; known are {', '.join(DTYPES)}")
    dtype = DTYPES[precision]
    visual.eval()
    if isinstance(visual, TimmModel):
        return timm_tower(visual, image_px, dtype)
    if isinstance(visual, ModifiedResNet):
        return resnet_tower(visual, image_px, dtype)
    if not isinstance(visual, VisionTransformer):
        raise VisionError(
            f"image tower {type(visual).__name__}; supported are open_clip's VisionTransformer, "
            "ModifiedResNet and TimmModel"
        )
    if visual.attn_pool is not None or visual.pool_type not in ("tok", "avg"):
        raise VisionError(
            f"the image tower pools by {type(visual.attn_pool).__name__} / "
            f"{visual.pool_type!r}; a VisionTransformer must pool by its class token ('tok') or "
            "by the average ('avg')"
        )
    if visual.pool_type == "avg":
        return average_vit_tower(visual, image_px, dtype)
    return ClassTokenTower(visual, dtype)
