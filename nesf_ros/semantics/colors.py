"""Colours that show which embeddings are alike."""

from __future__ import annotations

import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from nesf_ros.voxels.features import FeatureLayer

SPREAD = 2.5
"""Standard deviations of the widest direction that colour channels cover to either side."""


def feature_colors(layer: FeatureLayer, rows: Int64[Tensor, " n"]) -> UInt8[Tensor, "n 3"]:
    """RGB of rows by the three directions in which the layer's embeddings differ most.

    One scale serves all three, so that what differs little looks so. The directions are those of
    all that the layer holds now: while the map grows, colours drift.
    """
    colors = torch.zeros((len(rows), 3), dtype=torch.uint8)
    if not len(rows):
        return colors
    code = layer.column("code").float()
    middle = code.mean(0)
    values, directions = torch.linalg.eigh(torch.cov(code.T, correction=0))  # growing
    count = min(3, len(values))
    directions = directions[:, -count:].flip(1)
    # A direction is as good as its opposite; the sign of its sum settles which, each time alike.
    directions = directions * directions.sum(0).sign().where(directions.sum(0) != 0, 1.0)
    spread = values[-1].clamp(min=1e-12).sqrt()
    places = (code[rows] - middle) @ directions / (2 * SPREAD * spread) + 0.5
    colors[:, :count] = (255 * places.clamp(0, 1)).round().to(torch.uint8).cpu()
    return colors
