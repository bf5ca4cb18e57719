"""Towers of open_clip that end in a feature map: timm's, CLIP's ResNets, average-pooled ViTs."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from nesf_ros.errors import VisionError
from nesf_ros.vision.towers.class_head import ClipModule, in_fp32
from nesf_ros.vision.towers.pooled import MapTower


def timm_tower(visual: ClipModule, image_px: int, dtype: torch.dtype) -> MapTower:
    """A tower for open_clip's `TimmModel`; its trunk computes in `dtype`.

    Raises VisionError for those that read a class token.
    """
    trunk, head = visual.trunk, in_fp32(visual.head)
    prefix = int(getattr(trunk, "num_prefix_tokens", 0))
    pool = getattr(trunk, "global_pool", "")
    if prefix and pool != "avg":
        raise VisionError(
            f"timm's {type(trunk).__name__} pools by {pool!r} and has a class token; relevancy by "
            "a class token is for open_clip's own ViTs. Choose one of those, or an average-pooled "
            "tower"
        )
    pooling, cast = in_fp32(trunk), cast_trunk(trunk, dtype)

    def to_map(images: Tensor) -> Tensor:
        features = cast.forward_features(images.to(dtype))
        if features.ndim == 3:  # n (prefix + cells) channels, on a square of cells
            return square(features[:, prefix:])
        return features if _channels_last(trunk) else features.permute(0, 2, 3, 1)

    def to_embedding(cells: Tensor, tokens: bool) -> Tensor:
        if tokens:  # averaging passes over the prefix, so its values do not matter
            cells = nn.functional.pad(cells.flatten(1, 2), (0, 0, prefix, 0))
        elif not _channels_last(trunk):
            cells = cells.permute(0, 3, 1, 2)
        return head(pooling.forward_head(cells))

    with torch.no_grad():
        pixels = torch.zeros(1, 3, image_px, image_px, device=_device(visual))
        tokens = cast.forward_features(pixels.to(dtype)).ndim == 3
    return MapTower(to_map, lambda cells: to_embedding(cells, tokens), image_px, _device(visual))


def resnet_tower(visual: ClipModule, image_px: int, dtype: torch.dtype) -> MapTower:
    """A tower for open_clip's `ModifiedResNet`, which pools by attention."""
    trunk = cast_trunk(visual, dtype)
    pool = in_fp32(visual.attnpool)

    def to_map(images: Tensor) -> Tensor:
        x = trunk.stem(images.to(dtype))
        for layer in (trunk.layer1, trunk.layer2, trunk.layer3, trunk.layer4):
            x = layer(x)
        return x.permute(0, 2, 3, 1)

    def to_embedding(cells: Tensor) -> Tensor:
        return pool(cells.permute(0, 3, 1, 2))

    return MapTower(to_map, to_embedding, image_px, _device(visual))


def average_vit_tower(visual: ClipModule, image_px: int, dtype: torch.dtype) -> MapTower:
    """A tower for open_clip's `VisionTransformer` with pool_type 'avg'."""
    trunk, norm = cast_trunk(visual, dtype), in_fp32(visual.ln_post)
    projection = visual.proj.detach().float()
    before, after = (nn.Identity(), norm) if visual.final_ln_after_pool else (norm, nn.Identity())

    def to_map(images: Tensor) -> Tensor:
        tokens = trunk.transformer(trunk._embeds(images.to(dtype)))
        return square(before(tokens.float())[:, 1:])

    def to_embedding(cells: Tensor) -> Tensor:
        return after(cells.mean((1, 2))) @ projection

    return MapTower(to_map, to_embedding, image_px, _device(visual))


def cast_trunk(trunk: ClipModule, dtype: torch.dtype) -> ClipModule:
    """The trunk itself in fp32, or a copy cast once; batch norms keep fp32, their inputs do not.

    Channels come last in memory: CNNs are half as fast again.
    """
    trunk = in_fp32(trunk).to(memory_format=torch.channels_last)
    if dtype == torch.float32:
        return trunk
    trunk = copy.deepcopy(trunk).to(dtype)
    for module in trunk.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.float()
    return trunk


def square(tokens: Tensor) -> Tensor:
    """Tokens n × side² × channels as a map n × side × side × channels."""
    side = round(tokens.shape[1] ** 0.5)
    if side * side != tokens.shape[1]:
        raise VisionError(
            f"the tower gives {tokens.shape[1]} patches, which make no square; only models of "
            "square images are supported"
        )
    return tokens.unflatten(1, (side, side))


def _channels_last(trunk: ClipModule) -> bool:
    return getattr(trunk, "output_fmt", "NCHW") == "NHWC"


def _device(module: ClipModule) -> torch.device:
    return next(module.parameters()).device
