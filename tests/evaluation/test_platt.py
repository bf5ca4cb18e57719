import numpy as np
import pytest

from nesf_ros.errors import EvaluationError
from nesf_ros.evaluation.platt import Platt, calibration_error, fit_platt, halves


def drawn(count=20000, slope=0.5, offset=-2.0, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, count)
    return logits, rng.random(count) < Platt(slope, offset).probability(logits)


def test_the_fit_finds_what_samples_were_drawn_by():
    fitted = fit_platt(*drawn())
    assert (fitted.slope, fitted.offset) == pytest.approx((0.5, -2.0), abs=0.07)


def test_the_error_is_the_gap_between_what_is_said_and_what_is():
    """Two bins: 0.9 said of four, of which two are true; 0.1 of six, of which none is."""
    said = np.array([0.9] * 4 + [0.1] * 6)
    truth = np.array([True] * 2 + [False] * 8)
    assert calibration_error(said, truth) == pytest.approx(0.4 * 0.4 + 0.6 * 0.1)
    assert calibration_error(np.array([1.0, 0.0]), np.array([True, False])) == 0


def test_each_half_of_the_rooms_is_judged_by_a_fit_on_the_other():
    logits, truth = drawn()
    rooms = np.arange(len(logits)) // 1000
    before, after = halves(logits, truth, rooms)
    assert before > 0.1 and after < 0.02
    # What one half says of the other is wrong where the halves differ.
    _, crossed = halves(logits, np.where(rooms % 2 == 0, truth, ~truth), rooms)
    assert crossed > 0.3


@pytest.mark.parametrize("truth", [[True, True], [False, False], []])
def test_samples_of_one_kind_say_nothing(truth):
    with pytest.raises(EvaluationError, match="both kinds"):
        fit_platt(np.zeros(len(truth)), np.array(truth, bool))
    if not truth:
        with pytest.raises(EvaluationError, match="no sample"):
            calibration_error(np.zeros(0), np.zeros(0, bool))
