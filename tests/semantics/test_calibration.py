"""Confidence that means something, fitted to samples of which all is known."""

import math

import pytest
import torch

from nesf_ros.config import SemanticsConfig
from nesf_ros.semantics import calibration
from nesf_ros.semantics.calibration import (
    ANY_CLIP,
    Calibration,
    calibration_of,
    fit_confidence,
    fit_threshold,
    probabilities,
)


def test_probabilities_by_hand():
    cosines = torch.tensor([[0.3, 0.1]])
    got = probabilities(cosines, 10.0, 0.2)[0]
    total = math.exp(3) + math.exp(1) + math.exp(2)
    expected = [math.exp(3) / total, math.exp(1) / total, math.exp(2) / total]
    torch.testing.assert_close(got, torch.tensor(expected))


def test_the_scale_and_place_that_made_the_samples_are_found():
    generator = torch.Generator().manual_seed(0)
    cosines = 0.5 * torch.rand(20_000, 6, generator=generator)
    chances = probabilities(cosines, 15.0, 0.35)
    drawn = torch.multinomial(chances, 1, generator=generator)[:, 0]
    truth = torch.where(drawn == 6, -1, drawn)
    scale, none = fit_confidence(cosines, truth)
    assert scale == pytest.approx(15.0, rel=0.05)
    assert none == pytest.approx(0.35, abs=0.01)


def test_without_anything_unknown_a_label_is_always_given():
    cosines = torch.rand(500, 4, generator=torch.Generator().manual_seed(0))
    _, none = fit_confidence(cosines, cosines.argmax(1))
    assert none < float(cosines.amax(1).min())
    with pytest.raises(ValueError, match="no sample"):
        fit_confidence(cosines[:0], cosines[:0].argmax(1))


def test_thresholds_by_hand():
    scores = torch.tensor([0.1, 0.4, 0.6, 0.8])
    assert fit_threshold(scores, torch.tensor([0, 0, 1, 1]).bool()) == pytest.approx(0.5)
    # One that is there scores low: giving it up costs less than two false alarms of three.
    scores = torch.tensor([0.1, 0.2, 0.3, 0.4, 0.8, 0.9])
    present = torch.tensor([1, 0, 0, 0, 1, 1]).bool()
    assert fit_threshold(scores, present) == pytest.approx(0.6)
    with pytest.raises(ValueError, match="both kinds"):
        fit_threshold(scores, torch.ones(6).bool())


def test_settings_go_before_validation_and_that_before_what_holds_for_any_model(monkeypatch):
    validated = Calibration(30.0, 0.4, 0.6)
    monkeypatch.setitem(calibration.VALIDATED, "tiny", validated)
    assert calibration_of("tiny@0123", SemanticsConfig()) == validated
    assert calibration_of("ViT-B-32@0123", SemanticsConfig()) == ANY_CLIP
    config = SemanticsConfig(label_scale=7.0, unknown_below=-1.0)
    assert calibration_of("tiny@0123", config) == Calibration(7.0, -1.0, 0.6)
