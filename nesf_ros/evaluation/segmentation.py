"""How well labels agree with the truth."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int
from numpy import ndarray

from nesf_ros.errors import EvaluationError


class Confusion:
    """Counts of true against given labels. Classes are 0 … n − 1."""

    def __init__(self, classes: int):
        self.counts = np.zeros((classes, classes + 1), np.int64)
        """True class by given class; the last column is for "none of them"."""

    def add(self, truth: Int[ndarray, " n"], given: Int[ndarray, " n"]) -> None:
        """Count samples; `given` is −1 where no label was given. `truth` −1 is not counted.

        Raises EvaluationError for labels beyond the classes.
        """
        classes = len(self.counts)
        counted = truth >= 0
        truth, given = truth[counted].astype(np.int64), given[counted].astype(np.int64)
        if len(truth) and (max(truth.max(), given.max()) >= classes or given.min() < -1):
            raise EvaluationError(f"a label beyond the {classes} classes")
        column = np.where(given < 0, classes, given)
        flat = np.bincount(truth * (classes + 1) + column, minlength=self.counts.size)
        self.counts += flat.reshape(self.counts.shape)

    @property
    def iou(self) -> Float64[ndarray, " classes"]:
        """Intersection over union of each class; NaN for those that are nowhere true."""
        right = np.diagonal(self.counts).astype(float)
        true, given = self.counts.sum(1), self.counts[:, :-1].sum(0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(true > 0, right / (true + given - right), np.nan)

    @property
    def mean_iou(self) -> float:
        """Mean over the classes that are somewhere true; EvaluationError if none is."""
        self._needs_samples()
        return float(np.nanmean(self.iou))

    @property
    def accuracy(self) -> float:
        """Share of samples with the right label; EvaluationError without samples."""
        self._needs_samples()
        return float(np.diagonal(self.counts).sum() / self.counts.sum())

    @property
    def labelled(self) -> float:
        """Share of samples that were given any label; EvaluationError without samples."""
        self._needs_samples()
        return float(self.counts[:, :-1].sum() / self.counts.sum())

    def _needs_samples(self) -> None:
        if not self.counts.any():
            raise EvaluationError("there is no sample to compare")
