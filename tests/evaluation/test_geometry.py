"""Scores of geometry, on numbers computed by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesf_ros.errors import GeometryError
from nesf_ros.evaluation.geometry import depth_errors, surface_fscore


def test_depth_errors_by_hand():
    truth = np.array([[1.0, 2.0, 3.0], [0.0, 4.0, 5.0]], np.float32)
    rendered = np.array([[1.25, 2.0, 0.0], [9.0, 3.0, np.nan]], np.float32)
    mask = np.array([[True, True, True], [True, True, False]])
    errors = depth_errors(rendered, truth, mask)
    # Compared: 0.25, 0, 1. Asked for: four pixels with true depth within the mask.
    assert errors.mean_m == pytest.approx(1.25 / 3)
    assert errors.median_m == pytest.approx(0.25)
    assert errors.coverage == pytest.approx(3 / 4)
    assert errors.pixels == 3


def test_depth_errors_pool_views_instead_of_averaging_them():
    truth = np.ones((2, 1, 3), np.float32)
    rendered = np.array([[[2, 0, 0]], [[1, 1, 1]]], np.float32)
    assert depth_errors(rendered, truth, np.ones((2, 1, 3), bool)).mean_m == pytest.approx(0.25)


def test_no_pixels_in_common_is_nan_and_not_zero():
    errors = depth_errors(np.zeros((2, 2)), np.ones((2, 2)), np.ones((2, 2), bool))
    assert np.isnan(errors.mean_m) and np.isnan(errors.median_m)
    assert (errors.coverage, errors.pixels) == (0.0, 0)


def test_fscore_by_hand():
    truth = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0]])
    points = np.array([[0.0, 0.04, 0], [1, 0, 0.06], [9, 9, 9]])
    score = surface_fscore(points, truth, 0.05)
    assert score.precision == pytest.approx(1 / 3)
    assert score.recall == pytest.approx(1 / 4)
    assert score.f_score == pytest.approx(2 / 7)


@given(st.integers(1, 200), st.integers(1, 200), st.integers(0, 2**32 - 1))
def test_fscore_against_all_pairs(n, m, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.random((n, 3)), rng.random((m, 3))
    distance = np.linalg.norm(a[:, None] - b[None], axis=2)
    score = surface_fscore(a, b, 0.1)
    assert score.precision == pytest.approx((distance.min(1) < 0.1).mean())
    assert score.recall == pytest.approx((distance.min(0) < 0.1).mean())
    swapped = surface_fscore(b, a, 0.1)
    assert (swapped.precision, swapped.recall) == (score.recall, score.precision)


def test_fscore_of_nothing():
    truth = np.zeros((1, 3))
    assert surface_fscore(np.zeros((0, 3)), truth, 0.05).f_score == 0
    assert surface_fscore(truth + 1, truth, 0.05).f_score == 0
    with pytest.raises(GeometryError, match="no points"):
        surface_fscore(truth, np.zeros((0, 3)), 0.05)
    with pytest.raises(GeometryError, match="greater than 0"):
        surface_fscore(truth, truth, 0.0)
    with pytest.raises(GeometryError, match="NaN"):
        surface_fscore(np.full((1, 3), np.nan), truth, 0.05)
