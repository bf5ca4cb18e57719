"""A view of the map in words: labels, relevancies, and colours that show what is alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int64, UInt8
from numpy import ndarray
from torch import Tensor

from nesf_ros.geometry.cameras import unproject_image
from nesf_ros.geometry.se3 import transform_points
from nesf_ros.semantics.language import LanguageMap
from nesf_ros.types import Intrinsics, ViewWords
from nesf_ros.voxels.features import FeatureLayer

SPREAD = 2.5
"""Standard deviations of the widest direction that colour channels cover to either side."""


def words_in_view(
    language: LanguageMap,
    depth_m: Float32[ndarray, "height width"],
    camera: Intrinsics,
    map_T_camera: Float64[ndarray, "4 4"],
    texts: Sequence[str] = (),
    features: bool = False,
) -> ViewWords:
    """What is known of the surfaces that a view of the map shows. Raises QueryError as `ask`."""
    seen = depth_m > 0
    points = unproject_image(depth_m, camera)[seen].astype(np.float64)
    points = transform_points(map_T_camera, points)
    words = language.describe(points, texts)
    label = None
    if language.labels is not None:
        label = np.zeros(depth_m.shape, np.uint8)
        label[seen] = words.label
    relevancy = np.full((len(texts), *depth_m.shape), np.nan, np.float32)
    relevancy[:, seen] = words.relevancy.T
    colors = None
    if features:
        colors = np.zeros((*depth_m.shape, 3), np.uint8)
        colors[seen] = feature_colors(language.layer, language.rows_at(points)).numpy()
    return ViewWords(label, words.label_names, relevancy, colors)


def feature_colors(layer: FeatureLayer, rows: Int64[Tensor, " n"]) -> UInt8[Tensor, "n 3"]:
    """RGB of rows by the three directions in which the layer's embeddings differ most.

    Black for rows below 0. One scale serves all three, so that what differs little looks so. The
    directions are those of all that the layer holds now: while the map grows, colours drift.
    """
    colors = torch.zeros((len(rows), 3), dtype=torch.uint8)
    known = rows >= 0
    if not bool(known.any()):
        return colors
    code = layer.column("code").float()
    middle = code.mean(0)
    values, directions = torch.linalg.eigh(torch.cov(code.T, correction=0))  # growing
    count = min(3, len(values))
    directions = directions[:, -count:].flip(1)
    # Of a direction and its opposite the one is taken that most codes with a long tail point to.
    directions = directions * directions.sum(0).sign().where(directions.sum(0) != 0, 1.0)
    spread = values[-1].clamp(min=1e-12).sqrt()
    places = (code[rows[known]] - middle) @ directions / (2 * SPREAD * spread) + 0.5
    colors[known.cpu(), :count] = (255 * places.clamp(0, 1)).round().to(torch.uint8).cpu()
    return colors
