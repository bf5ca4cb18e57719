"""Logits made into probabilities that mean how often they are right (Platt scaling)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from torch import Tensor

from nesf_ros.errors import EvaluationError

_BINS = 15


@dataclass(frozen=True)
class Platt:
    """Probability is the logistic function of slope × logit + offset."""

    slope: float = 1.0
    offset: float = 0.0

    def probability(self, logits: Float[ndarray, " n"]) -> Float[ndarray, " n"]:
        """Of each logit."""
        return np.asarray(1 / (1 + np.exp(-(self.slope * logits + self.offset).clip(-50, 50))))


def fit_platt(logits: Float[ndarray, " n"], truth: Bool[ndarray, " n"]) -> Platt:
    """The likeliest. EvaluationError unless there are samples of both kinds."""
    if not truth.any() or truth.all():
        raise EvaluationError("probabilities need samples of both kinds: what is true and what not")
    given, wanted = torch.from_numpy(logits).double(), torch.from_numpy(truth).double()
    parameters = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([parameters], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = F.binary_cross_entropy_with_logits(given * parameters[0] + parameters[1], wanted)
        value.backward()
        return value

    optimizer.step(loss)
    return Platt(*parameters.detach().tolist())


def calibration_error(probability: Float[ndarray, " n"], truth: Bool[ndarray, " n"]) -> float:
    """How far probabilities are from how often they are right, on average (ECE).

    Protocol: fifteen bins of equal width; each counts as often as samples fall into it.
    Raises EvaluationError without samples.
    """
    if not len(truth):
        raise EvaluationError("there is no sample to hold probabilities against")
    bins = (probability * _BINS).astype(int).clip(0, _BINS - 1)
    gaps = np.bincount(bins, probability - truth, _BINS)
    return float(np.abs(gaps).sum() / len(truth))


def halves(
    logits: Float[ndarray, " n"], truth: Bool[ndarray, " n"], rooms: Int[ndarray, " n"]
) -> tuple[float, float]:
    """Error of plain logistic probabilities, and of those fitted on the other half of the rooms.

    Rooms of even and of odd number are the halves; both errors are the mean of the two.
    Raises EvaluationError as `fit_platt`.
    """
    before, after = [], []
    for half in (0, 1):
        here = rooms % 2 == half
        fitted = fit_platt(logits[~here], truth[~here])
        before.append(calibration_error(Platt().probability(logits[here]), truth[here]))
        after.append(calibration_error(fitted.probability(logits[here]), truth[here]))
    return float(np.mean(before)), float(np.mean(after))
