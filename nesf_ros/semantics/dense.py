"""An embedding for every part of a picture, from one look at it as a whole and some closer ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float32, UInt8
from numpy import ndarray
from torch import Tensor

from nesf_ros.vision.crops import Sees
from nesf_ros.vision.memory import by_halves
from nesf_ros.vision.tiles import Tiling, resized, tile

EVERY = 16
"""Pixels of the picture per cell of what comes out."""
_BATCH = 32


def dense_features(
    model: Sees,
    image: UInt8[ndarray, "height width 3"],
    windows: Sequence[float],
    every: int = EVERY,
) -> Float32[Tensor, "rows cols dim"]:
    """Embeddings of unit length on an even grid over an RGB picture.

    Windows of each size (`SemanticsConfig.windows`) are looked at, their cells enlarged to the
    picture and averaged where they overlap, then over sizes. Raises VisionError where the model's
    tower has no dense features.
    """
    picture = torch.from_numpy(np.ascontiguousarray(image)).to(model.device).permute(2, 0, 1)
    size = (image.shape[0], image.shape[1])
    tilings = [tile(size, part, strides=2) for part in windows]
    merged = torch.stack([_dense(model, picture, tiling, every) for tiling in tilings]).mean(0)
    return F.normalize(merged, dim=0).permute(1, 2, 0)


def _dense(model: Sees, picture: Tensor, tiling: Tiling, every: int) -> Tensor:
    size = (picture.shape[1], picture.shape[2])

    def look(tiles: range) -> Tensor:
        crops = tiling.cut(picture, slice(tiles.start, tiles.stop))
        images = resized(crops, model.image_px, model.mean, model.std)
        return model.tower.look(images).dense()

    tiles = range(len(tiling))
    parts = [by_halves(look, tiles[n : n + _BATCH]) for n in tiles[::_BATCH]]
    return tiling.merge(torch.cat(parts).permute(0, 3, 1, 2), size, every)
