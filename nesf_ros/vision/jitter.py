"""Colour jitter, the same for every picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image

from nesf_ros.vision.torchvision_guard import ensure_torchvision

BRIGHTNESS = CONTRAST = SATURATION = 0.6
HUE = 0.1
"""Half the ranges of SemAbs' release, about 1 and, for the hue, 0."""


def jittered(
    image: UInt8[ndarray, "height width 3"], index: int
) -> UInt8[ndarray, "height width 3"]:
    """An RGB image in the `index`-th colours; 0 are its own.

    Brightness, contrast, saturation and hue are drawn, and put in order, by the index alone: maps
    of a thing then change with the thing only, not from frame to frame.
    """
    if index == 0:
        return image
    random = torch.Generator().manual_seed(index)
    factors = 1 + (2 * torch.rand(4, generator=random) - 1) * torch.tensor(
        [BRIGHTNESS, CONTRAST, SATURATION, HUE]
    )
    shown = Image.fromarray(image)  # as in the release; torch takes four times as long
    for step in torch.randperm(4, generator=random).tolist():
        value = float(factors[step]) - (1 if step == 3 else 0)
        shown = _adjustments()[step](shown, value)
    return np.asarray(shown)


@cache
def _adjustments() -> tuple[Callable[[Image.Image, float], Image.Image], ...]:
    ensure_torchvision()
    from torchvision.transforms import functional

    return (
        functional.adjust_brightness,
        functional.adjust_contrast,
        functional.adjust_saturation,
        functional.adjust_hue,
    )
