"""Geometric accuracy: depth images against depth images, surfaces against surfaces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import open3d as o3d
from jaxtyping import Bool, Float, Float32
from numpy import ndarray

from nesf_ros.errors import GeometryError


@dataclass(frozen=True)
class DepthErrors:
    """Absolute depth errors over the pixels compared; NaN where there were none."""

    mean_m: float
    median_m: float
    coverage: float
    """Share of the pixels asked for at which there was rendered depth, 0–1."""
    pixels: int
    """How many pixels were compared."""


def depth_errors(
    rendered_m: Float[ndarray, "*views height width"],
    truth_m: Float[ndarray, "*views height width"],
    mask: Bool[ndarray, "*views height width"],
) -> DepthErrors:
    """Compare rendered depth with measured or true depth.

    Protocol: |rendered - truth| along the optical axis, at all pixels of `mask` where both images
    have depth (finite and > 0), pooled over all views; every pixel counts the same, and no error
    is capped. Coverage is the share of pixels of `mask` with true depth that have rendered depth.
    To compare two methods fairly, pass both the mask of pixels that both cover, and report each
    one's coverage from a call with the full mask.
    """
    asked = mask & _has_depth(truth_m)
    compared = asked & _has_depth(rendered_m)
    count = int(compared.sum())
    coverage = count / int(asked.sum()) if asked.any() else float("nan")
    if count == 0:
        return DepthErrors(float("nan"), float("nan"), coverage, 0)
    errors = np.abs(rendered_m[compared].astype(np.float64) - truth_m[compared])
    return DepthErrors(float(errors.mean()), float(np.median(errors)), coverage, count)


def _has_depth(depth_m: Float[ndarray, "*shape"]) -> Bool[ndarray, "*shape"]:
    return np.isfinite(depth_m) & (depth_m > 0)


@dataclass(frozen=True)
class SurfaceScore:
    """Agreement of two surfaces at a distance threshold, all 0–1."""

    precision: float
    recall: float
    f_score: float


def surface_fscore(
    points: Float[ndarray, "n 3"], truth: Float[ndarray, "m 3"], threshold_m: float
) -> SurfaceScore:
    """Compare a reconstructed surface with the true one, both given as points.

    Protocol: precision is the share of `points` whose nearest true point is nearer than the
    threshold, recall the share of `truth` whose nearest reconstructed point is; the F-score is
    their harmonic mean (0 where both are 0). Both clouds should be spread evenly over their
    surfaces, far denser than the threshold, and `truth` should hold only what was observed: what
    no camera has seen cannot be recalled. An empty reconstruction scores 0.

    Raises GeometryError for an empty `truth`, points that are not finite, or a threshold ≤ 0.
    """
    if not threshold_m > 0:
        raise GeometryError(f"distance threshold {threshold_m} m; it must be greater than 0")
    if len(truth) == 0:
        raise GeometryError("the true surface has no points; nothing can be scored against it")
    if not (np.isfinite(points).all() and np.isfinite(truth).all()):
        raise GeometryError("surface points hold NaN or infinity; leave those points out")
    if len(points) == 0:
        return SurfaceScore(0.0, 0.0, 0.0)
    precision = float((_nearest_m(points, truth) < threshold_m).mean())
    recall = float((_nearest_m(truth, points) < threshold_m).mean())
    total = precision + recall
    return SurfaceScore(precision, recall, 2 * precision * recall / total if total else 0.0)


def _nearest_m(
    points: Float[ndarray, "n 3"], others: Float[ndarray, "m 3"]
) -> Float32[ndarray, " n"]:
    """Distance of each point to the nearest of the others, metres."""
    search = o3d.core.nns.NearestNeighborSearch(o3d.core.Tensor(others.astype(np.float32)))
    search.knn_index()
    _, squared = search.knn_search(o3d.core.Tensor(points.astype(np.float32)), 1)
    return np.sqrt(squared.numpy()[:, 0])
