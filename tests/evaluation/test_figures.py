import numpy as np
import pytest

from nesf_ros.errors import EvaluationError
from nesf_ros.evaluation.figures import (
    auroc,
    auroc_over,
    average_precision,
    average_precision_over,
    best_threshold,
    mean_over,
)


def test_mean_and_interval_of_independent_samples():
    """Of 400 samples with p = 0.25 the standard error is 0.0217: ±1.96 of it."""
    values = np.arange(400) % 4 == 0
    figure = mean_over(values, np.arange(400))
    assert (figure.value, figure.count) == (0.25, 400)
    assert figure.low == pytest.approx(0.25 - 1.96 * 0.02165, abs=0.01)
    assert figure.high == pytest.approx(0.25 + 1.96 * 0.02165, abs=0.01)
    assert str(figure).startswith("0.250 [0.2")


def test_samples_of_a_group_do_not_count_as_independent():
    values = np.repeat([1.0, 0.0, 1.0, 0.0], 100)
    single = mean_over(values, np.arange(400))
    grouped = mean_over(values, np.repeat([5, 6, 7, 8], 100))
    assert grouped.value == single.value == 0.5
    assert grouped.high - grouped.low > 5 * (single.high - single.low)


def test_no_samples():
    with pytest.raises(EvaluationError, match="no sample"):
        mean_over(np.zeros(0), np.zeros(0, int))
    with pytest.raises(EvaluationError, match="0 positive and 2 negative"):
        auroc(np.zeros(0), np.zeros(2))


def test_auroc_by_hand():
    """Of the four pairs two are right, one is a tie: (2 + 0.5) / 4."""
    assert auroc(np.array([0.9, 0.5]), np.array([0.5, 0.7])) == pytest.approx(2.5 / 4)
    assert auroc(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 1.0


def test_auroc_over_groups_is_that_of_all_samples_and_as_sure_as_groups_agree():
    rng = np.random.default_rng(0)
    positive, groups = np.arange(800) % 4 == 0, np.arange(800) // 100
    scores = rng.normal(size=800) + positive
    alike = auroc_over(scores, positive, groups)
    assert alike.value == auroc(scores[positive], scores[~positive]) and alike.count == 800
    # Two normal distributions one apart: Φ(1/√2) = 0.760; errors of 200 and 600 samples ≈ 0.02.
    assert alike.value == pytest.approx(0.760, abs=0.04)
    assert 0.02 < alike.high - alike.low < 0.14 and alike.low < alike.value < alike.high
    # The same samples in two groups of which one is all right and one all wrong: from 0 to 1.
    right = np.array([1.0, 0.0, 0.0, 1.0])
    split = auroc_over(right, np.array([True, False, True, False]), np.array([3, 3, 8, 8]))
    assert (split.value, split.low, split.high) == (0.5, 0.0, 1.0)


def test_auroc_over_groups_leaves_out_resamples_without_a_side():
    """Of two groups with one side each, only both together say something."""
    figure = auroc_over(np.array([2.0, 1.0]), np.array([True, False]), np.array([0, 1]))
    assert (figure.value, figure.low, figure.high, figure.count) == (1.0, 1.0, 1.0, 2)
    with pytest.raises(EvaluationError, match="0 positive and 2 negative"):
        auroc_over(np.zeros(2), np.zeros(2, bool), np.arange(2))


def test_threshold_between_the_sides():
    assert best_threshold(np.array([0.8, 0.9]), np.array([0.1, 0.2])) == pytest.approx(0.5)
    # One positive among the negatives is given up.
    threshold = best_threshold(np.array([0.15, 0.8, 0.9]), np.array([0.1, 0.2, 0.3]))
    assert threshold == pytest.approx(0.55)


def test_average_precision_by_hand():
    scores, there = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, False, True, False])
    assert average_precision(scores, there) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(scores[::-1].copy(), there[::-1].copy()) == pytest.approx(5 / 6)
    assert average_precision(scores, there[::-1].copy()) == pytest.approx((1 / 2 + 2 / 4) / 2)
    # Equal scores: no order among them is better than another.
    assert average_precision(np.ones(4), there) == 0.5
    with pytest.raises(EvaluationError, match="nothing of what was asked for is there"):
        average_precision(scores, np.zeros(4, bool))


def test_the_interval_of_average_precision_is_over_scenes():
    rng = np.random.default_rng(0)
    there = rng.random(400) < 0.2
    scores = rng.random(400) + 0.5 * there
    one = average_precision_over(scores, there, np.arange(400) // 40)
    again = average_precision_over(scores, there, np.arange(400) // 40)
    assert one == again and one.value == average_precision(scores, there)
    assert one.low < one.value < one.high and one.count == 400
    # Scenes of which one has all that is hard differ more than scenes alike.
    order = np.argsort(scores - there, kind="stable")
    apart = average_precision_over(scores[order], there[order], np.arange(400) // 100)
    assert apart.high - apart.low > one.high - one.low
