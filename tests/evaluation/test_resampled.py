import numpy as np
import pytest

from nesf_ros.errors import EvaluationError
from nesf_ros.evaluation.resampled import (
    interval,
    known_mean,
    mean_of_groups,
    mean_of_rooms,
    resamples,
)

VALUES = np.array([0.2, 0.4, 0.9, 0.1])
ROOMS = np.array([0, 0, 1, 1])


def test_rooms_count_alike_however_many_samples_they_have():
    draws = np.array([[0, 1, 2], [0, 0, 1], [2, 2, 2]])
    values, rooms = np.array([0.2, 0.4, 0.9]), np.array([0, 0, 1])
    # Room 2 has none: it is left out; a draw of it alone has no mean.
    np.testing.assert_allclose(mean_of_rooms(values, rooms, draws), [0.6, 0.5, np.nan])


def test_labels_count_alike_however_many_samples_they_have():
    """Label a has 0.2, 0.4 and 0.9, label b 0.1; of room 0 twice only a is known."""
    draws = np.array([[0, 1], [0, 0]])
    found = mean_of_groups(VALUES, ROOMS, ["a", "a", "a", "b"], draws)
    np.testing.assert_allclose(found, [(0.5 + 0.1) / 2, 0.3])


def test_the_first_draw_is_all_rooms_and_the_others_make_the_interval():
    draws = resamples(2)
    assert draws[0].tolist() == [0, 1] and len(draws) == 1001
    figure = interval(mean_of_rooms(VALUES, ROOMS, draws), 4)
    assert figure.value == pytest.approx(0.4) and figure.count == 4
    # Room 0 alone gives 0.3, room 1 alone 0.5; each is a quarter of the draws.
    assert (figure.low, figure.high) == pytest.approx((0.3, 0.5))


def test_what_is_not_known_is_left_out():
    table = np.array([[1.0, np.nan, 3.0], [np.nan] * 3])
    np.testing.assert_equal(known_mean(table, 1), [2.0, np.nan])
    assert np.isnan(interval(np.full(5, np.nan), 0).low)
    with pytest.raises(EvaluationError, match="no room"):
        resamples(0)
