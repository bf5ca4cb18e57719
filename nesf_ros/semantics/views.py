"""A view of the map in words: labels, relevancies, and colours that show what is alike."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64
from numpy import ndarray

from nesf_ros.geometry.cameras import unproject_image
from nesf_ros.geometry.se3 import transform_points
from nesf_ros.semantics.language import LanguageMap
from nesf_ros.types import Intrinsics, Progress, ViewWords, Wanted, unheard


def words_in_view(
    language: LanguageMap,
    depth_m: Float32[ndarray, "height width"],
    camera: Intrinsics,
    map_T_camera: Float64[ndarray, "4 4"],
    wanted: Wanted,
    progress: Progress = unheard,
) -> ViewWords:
    """What is known of the surfaces that a view of the map shows. Raises QueryError as `ask`."""
    seen = depth_m > 0
    points = unproject_image(depth_m, camera)[seen].astype(np.float64)
    points = transform_points(map_T_camera, points)
    words = language.describe(points, wanted, progress)
    label = None
    if language.labels is not None:
        label = np.zeros(depth_m.shape, np.uint8)
        label[seen] = words.label
    relevancy = np.full((len(wanted.texts), *depth_m.shape), np.nan, np.float32)
    relevancy[:, seen] = words.relevancy.T
    colors = None
    if words.features is not None:
        colors = np.zeros((*depth_m.shape, 3), np.uint8)
        colors[seen] = words.features
    return ViewWords(label, words.label_names, relevancy, words.unknown, colors)
