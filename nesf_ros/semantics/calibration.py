"""From cosines to confidence: what a model's cosines are worth, found on validation scenes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float32, Int64
from torch import Tensor

from nesf_ros.config import SemanticsConfig


@dataclass(frozen=True)
class Calibration:
    """How to read a model's cosines."""

    scale: float
    """Logit of a label per unit of cosine."""
    unknown_below: float
    """Cosine that "none of these" has: a label must come nearer."""
    relevant_above: float
    """Relevancy (`relevancy.relevancy`) from which something asked for counts as found."""


ANY_CLIP = Calibration(scale=100.0, unknown_below=0.2, relevant_above=0.5)
"""For models that were not validated: the scale CLIP is trained with, a cosine that its dense
features rarely reach for words that do not fit, and LERF's even chance."""

VALIDATED = {
    "nesf-mini": Calibration(scale=33.8, unknown_below=0.253, relevant_above=0.632),
}
"""By the name of the model, as its fingerprint begins (`nesf_ros.evaluation.calibrate`)."""


def calibration_of(model: str, config: SemanticsConfig) -> Calibration:
    """What validation gave for a model (its fingerprint), unless settings say otherwise."""
    found = VALIDATED.get(model.partition("@")[0], ANY_CLIP)
    return Calibration(
        config.label_scale or found.scale,
        config.unknown_below or found.unknown_below,
        found.relevant_above,
    )


def probabilities(
    cosines: Float32[Tensor, "n labels"], scale: float, unknown_below: float
) -> Float32[Tensor, "n labels_and_none"]:
    """Probability of each label, and last that of none of them: a softmax with one more logit."""
    none = torch.full_like(cosines[:, :1], unknown_below)
    return (scale * torch.cat([cosines, none], 1)).softmax(1)


def fit_confidence(
    cosines: Float32[Tensor, "n labels"], truth: Int64[Tensor, " n"]
) -> tuple[float, float]:
    """Scale and `unknown_below` under which the truth (−1: none of the labels) is likeliest.

    Without a sample that is none of the labels nothing says where "none" begins: it then lies
    below all of them.
    """
    if not len(cosines):
        raise ValueError("no sample to calibrate with")
    start = torch.tensor([3.0, float(cosines.amax(1).median())])
    parameters = start.clone().requires_grad_()
    wanted = torch.where(truth < 0, cosines.shape[1], truth)
    optimizer = torch.optim.LBFGS([parameters], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        scale, none = parameters[0].exp(), parameters[1].expand(len(cosines), 1)
        # A weak pull to the start keeps what the samples say nothing about from running away.
        pull = 1e-3 * (parameters - start).square().sum()
        value = F.cross_entropy(scale * torch.cat([cosines, none], 1), wanted) + pull
        value.backward()
        return value

    optimizer.step(loss)
    scale, none = parameters.detach().tolist()
    return math.exp(scale), none


def fit_threshold(scores: Float32[Tensor, " n"], present: Bool[Tensor, " n"]) -> float:
    """The score from which to say yes so that as many of both kinds as possible are right.

    Maximises the mean of the two rates (Youden's index); halfway between the neighbours there.
    """
    if not bool(present.any()) or bool(present.all()):
        raise ValueError("a threshold needs samples of both kinds: what is there and what is not")
    order = scores.argsort()
    values, yes = scores[order], present[order].float()
    no = 1 - yes
    # Saying yes from values[i] on: what is right above, and what is right below.
    right = yes.flip(0).cumsum(0).flip(0) / yes.sum() + (no.cumsum(0) - no) / no.sum()
    best = int(right.argmax())
    below = values[best - 1] if best else values[best]
    return float((values[best] + below) / 2)
