"""Colour jitter, the same for every picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from jaxtyping import UInt8
from torch import Tensor

from nesf_ros.vision.torchvision_guard import ensure_torchvision

BRIGHTNESS = CONTRAST = SATURATION = 0.6
HUE = 0.1
"""Half the ranges of SemAbs' release, about 1 and, for the hue, 0."""


def jittered(
    picture: UInt8[Tensor, "3 height width"], index: int
) -> UInt8[Tensor, "3 height width"]:
    """The picture in the `index`-th colours; 0 are its own.

    Brightness, contrast, saturation and hue are drawn, and put in order, by the index alone: maps
    of a thing then change with the thing only, not from frame to frame.
    """
    if index == 0:
        return picture
    random = torch.Generator().manual_seed(index)
    factors = 1 + (2 * torch.rand(4, generator=random) - 1) * torch.tensor(
        [BRIGHTNESS, CONTRAST, SATURATION, HUE]
    )
    for step in torch.randperm(4, generator=random).tolist():
        value = float(factors[step]) - (1 if step == 3 else 0)
        picture = _adjustments()[step](picture, value)
    return picture


@cache
def _adjustments() -> tuple[Callable[[Tensor, float], Tensor], ...]:
    ensure_torchvision()
    from torchvision.transforms import functional

    return (
        functional.adjust_brightness,
        functional.adjust_contrast,
        functional.adjust_saturation,
        functional.adjust_hue,
    )
