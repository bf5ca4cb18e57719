"""Agreement of voxels: semantic scene completion as in SSCNet, and IoU as in Semantic Abstraction.

SSCNet (Song et al. 2017, `evaluation_script.m`) counts a class's voxels over all scenes together
and takes the mean of eleven IoUs; completion is scored scene by scene, and the figures' mean taken.

Semantic Abstraction (`utils.py`: `voxelize_points`, `prediction_analysis`) knows points, and makes
voxels of them: 32³ in AI2-THOR, 60³ on NYUv2-CAD. Its figure is the IoU of one text in one view;
the mean over a class's views is the class's, and the mean of those is its Table 3, at whichever
threshold makes the mean of all its test figures largest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int
from numpy import ndarray

from nesf_ros.errors import EvaluationError
from nesf_ros.evaluation.segmentation import Confusion


@dataclass(frozen=True)
class Completion:
    """Occupied voxels against empty ones, means over scenes, each 0–1; NaN without any scene."""

    precision: float
    recall: float
    iou: float
    scenes: int
    """Scenes with a voxel that is occupied, or said to be."""


class CompletionScores:
    """Semantic scene completion by SSCNet's protocol, over scenes added one by one."""

    def __init__(self, classes: int):
        """`classes` beside the air: labels are 0 for empty and 1 … `classes`."""
        self._counts = Confusion(classes + 1)
        self._scenes: list[tuple[float, float, float]] = []

    def add(
        self,
        truth: Int[ndarray, "x y z"],
        given: Int[ndarray, "x y z"],
        for_classes: Bool[ndarray, "x y z"],
        for_completion: Bool[ndarray, "x y z"],
    ) -> None:
        """Count a scene.

        Args:
            truth: labels; voxels of −1 (unknown, or outside of the room) are not counted. SSCNet's
                own script counts those of outside as empty: make them 0 for its figures.
            given: labels by the method, 0 or more.
            for_classes: voxels whose class counts (SSCNet: surfaces, and what they hide).
            for_completion: voxels whose being occupied counts (SSCNet: hidden ones).

        Raises EvaluationError for labels beyond the classes; the scene is not counted then.
        """
        counted, completed = for_classes & (truth >= 0), for_completion & (truth >= 0)
        if (given[counted | completed] < 0).any():
            raise EvaluationError("a voxel that counts was given no label; 0 stands for empty")
        self._counts.add(truth[counted], given[counted])
        self._scenes.append(_occupancy(truth[completed] > 0, given[completed] > 0))

    @property
    def class_iou(self) -> Float64[ndarray, " classes"]:
        """IoU of each class over all scenes; NaN for those that are nowhere true."""
        return self._counts.iou[1:]

    @property
    def mean_iou(self) -> float:
        """Mean over the classes that are somewhere true; EvaluationError if none is."""
        iou = self.class_iou
        if np.isnan(iou).all():
            raise EvaluationError("no voxel that counts is of any class; nothing can be scored")
        return float(np.nanmean(iou))

    @property
    def completion(self) -> Completion:
        """Scenes in which nothing is occupied, nor said to be, are left out of the means."""
        figures = np.array([scene for scene in self._scenes if not np.isnan(scene[2])])
        if not len(figures):
            return Completion(float("nan"), float("nan"), float("nan"), 0)
        precision, recall, iou = figures.mean(0).tolist()
        return Completion(precision, recall, iou, len(figures))


def _occupancy(
    truth: Bool[ndarray, " n"], given: Bool[ndarray, " n"]
) -> tuple[float, float, float]:
    """Precision, recall and IoU; the first two are 0 where SSCNet says so: without any hit."""
    hits = int((truth & given).sum())
    if not hits:
        return 0.0, 0.0, 0.0 if (truth | given).any() else float("nan")
    return hits / int(given.sum()), hits / int(truth.sum()), hits / int((truth | given).sum())


def voxel_iou(
    prediction: Bool[ndarray, "*grid"],
    truth: Bool[ndarray, "*grid"],
    counted: Bool[ndarray, "*grid"],
) -> float:
    """Intersection over union at the voxels that count; NaN where neither has any."""
    union = int(((prediction | truth) & counted).sum())
    return int((prediction & truth & counted).sum()) / union if union else float("nan")


def any_of(fine: Bool[ndarray, "x y z"], factor: int) -> Bool[ndarray, "x2 y2 z2"]:
    """Voxels `factor` times as large, true where any of the finer ones is.

    Raises EvaluationError where the factor does not divide the shape.
    """
    if factor < 1 or any(side % factor for side in fine.shape):
        raise EvaluationError(f"a grid of {fine.shape} is not divisible by {factor}")
    x, y, z = (side // factor for side in fine.shape)
    return np.asarray(fine.reshape(x, factor, y, factor, z, factor).any((1, 3, 5)))


def any_point(
    points: Float[ndarray, "n 3"],
    chosen: Bool[ndarray, " n"],
    bounds: Float[ndarray, "2 3"],
    side: int,
) -> Bool[ndarray, "side side side"]:
    """Voxels of a cube of `side`³ in which any of the chosen points lies.

    As in Semantic Abstraction, the lattice has its first and last voxel begin at the bounds' lower
    and upper corner: side − 1 voxels fill them, and the last ones hold only points on the upper
    faces. Points beyond the bounds are in no voxel (theirs would move to the nearest; its data has
    none).

    Raises EvaluationError for points or bounds that are not finite, an empty box or side < 2.
    """
    lower, upper = bounds.astype(np.float64)
    if side < 2 or not np.isfinite(bounds).all() or (upper <= lower).any():
        raise EvaluationError(
            f"a grid of {side}³ from {lower} to {upper}; the box must be finite and not empty, and "
            "have 2 voxels or more along each side"
        )
    if not np.isfinite(points).all():
        raise EvaluationError("points hold NaN or infinity; leave those out")
    inside = chosen & ((points >= lower) & (points <= upper)).all(1)
    steps = ((points[inside] - lower) * ((side - 1) / (upper - lower))).astype(np.int64)
    voxels = np.zeros((side, side, side), bool)
    voxels[tuple(steps.T)] = True
    return voxels


def point_voxel_iou(
    points: Float[ndarray, "n 3"],
    prediction: Bool[ndarray, " n"],
    truth: Bool[ndarray, " n"],
    counted: Bool[ndarray, " n"],
    bounds: Float[ndarray, "2 3"],
    side: int = 32,
) -> float:
    """Semantic Abstraction's voxel IoU of points: a voxel is occupied where any point in it is.

    Voxels without any point are left out, and so are those with even one that does not count (out
    of the image, or of the room): all of such a voxel goes, its good points, too. NaN where nothing
    is left that is or should be occupied. Raises EvaluationError as `any_point`.
    """
    every = np.ones(len(points), bool)
    kept = any_point(points, every, bounds, side) & ~any_point(points, ~counted, bounds, side)
    predicted = any_point(points, prediction, bounds, side)
    return voxel_iou(predicted, any_point(points, truth, bounds, side), kept)


def mean_by_label(figures: Iterable[tuple[str, float]]) -> dict[str, float]:
    """For each label the mean of its figures, one a view; NaN ones and labels of only those go."""
    found: dict[str, list[float]] = {}
    for label, figure in figures:
        if not np.isnan(figure):
            found.setdefault(label, []).append(figure)
    return {label: float(np.mean(of_label)) for label, of_label in found.items()}
