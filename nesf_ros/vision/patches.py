"""Features of patches that follow outlines, by a self-supervised ViT of timm (DINO, DINOv2)."""

from __future__ import annotations

import contextlib
import difflib
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float32, UInt8
from numpy import ndarray
from torch import Tensor

from nesf_ros.errors import VisionError
from nesf_ros.vision.checkpoints import offline
from nesf_ros.vision.torchvision_guard import ensure_torchvision


class PatchModel:
    """A frozen ViT of timm, whose patches' features are taken as they are (LERF §3.3)."""

    def __init__(self, name: str, checkpoint: Path, side_px: int, device: torch.device):
        """Load it from a file.

        Args:
            name: timm's, such as vit_small_patch14_dinov2.
            checkpoint: its weights, as timm or their authors publish them (.pth, .safetensors).
            side_px: to which the shorter side of a picture is brought, about.
            device: where it computes.

        Raises VisionError for a name that timm does not know, for a model without patches, and
        for a file that is missing, not of that model, or that asks for code to be run.
        """
        if not checkpoint.is_file():
            raise VisionError(
                f"no file {checkpoint} with the weights of {name}; put it there, or leave the "
                "setting empty to use the image tower's own patches"
            )
        ensure_torchvision()  # which timm needs
        from timm.models import load_checkpoint
        from timm.models.vision_transformer import checkpoint_filter_fn

        self._trunk = _untrained(name)
        try:
            with offline():
                found = load_checkpoint(
                    self._trunk, str(checkpoint), strict=False, filter_fn=checkpoint_filter_fn
                )
        except Exception as error:  # noqa: BLE001 - timm has no error of its own
            raise VisionError(f"{checkpoint} does not hold {name}: {error}") from error
        # None for .npz, of which timm itself misses what is not there.
        if found is not None and found.missing_keys:
            first, count = found.missing_keys[0], len(found.missing_keys)
            raise VisionError(
                f"{checkpoint} does not hold {name}: {count} of its weights are missing, "
                f"{first} for one; take the file that was published with this model"
            )
        self._trunk.eval().requires_grad_(False).to(device)
        self._side_px, self._device = side_px, device
        self.dim: int = self._trunk.embed_dim

    @torch.no_grad()
    def look(self, image: UInt8[ndarray, "height width 3"]) -> Float32[Tensor, "rows cols dim"]:
        """Features evenly over an RGB picture, of unit length on average."""
        grow = self._side_px / min(image.shape[:2])
        patches = self._trunk.patch_embed.patch_size
        rows, cols = (
            max(1, round(length * grow / patch))
            for length, patch in zip(image.shape[:2], patches, strict=True)
        )
        picture = torch.from_numpy(np.ascontiguousarray(image)).to(self._device)
        size = rows * patches[0], cols * patches[1]
        pixels = F.interpolate(
            picture.permute(2, 0, 1)[None].float() / 255, size, mode="bicubic", antialias=True
        )
        mean, std = (
            torch.tensor(self._trunk.pretrained_cfg[key], device=self._device).view(3, 1, 1)
            for key in ("mean", "std")
        )
        tokens = self._trunk.forward_features((pixels - mean) / std)
        cells = tokens[0, self._trunk.num_prefix_tokens :].unflatten(0, (rows, cols))
        return cells / cells.norm(dim=-1).mean()


def _untrained(name: str) -> Any:
    """Timm's vision transformer of a name, for pictures of any size."""
    import timm
    from timm.models.vision_transformer import VisionTransformer

    if not timm.is_model(name):
        known = timm.list_models(module="vision_transformer")
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.0)
        raise VisionError(
            f"timm knows no model {name!r}; name one of its {len(known)} vision transformers "
            f"(timm.list_models('vit_*')), the nearest are {', '.join(near)}"
        )
    made = None
    with offline(), contextlib.suppress(TypeError):  # other kinds do not know such an argument
        made = timm.create_model(name, pretrained=False, num_classes=0, dynamic_img_size=True)
    if not isinstance(made, VisionTransformer):
        raise VisionError(
            f"timm's {name} is no vision transformer of the kind whose patches can be taken; name "
            "one that is, such as vit_small_patch14_dinov2 or vit_small_patch16_224"
        )
    return made
