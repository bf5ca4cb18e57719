import numpy as np
import pytest

from nesf_ros.errors import EvaluationError
from nesf_ros.evaluation.segmentation import Confusion


def test_figures_by_hand():
    confusion = Confusion(4)
    confusion.add(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]))
    confusion.add(np.array([1, 2, -1, 2]), np.array([-1, 3, 0, 2]))
    # Class 0: 2 of 3; class 1: 1 of {two true, two given} = 3; class 2: 1 of 2; 3 is nowhere.
    np.testing.assert_allclose(confusion.iou, [2 / 3, 1 / 3, 1 / 2, np.nan])
    assert confusion.mean_iou == pytest.approx((2 / 3 + 1 / 3 + 1 / 2) / 3)
    assert confusion.accuracy == pytest.approx(4 / 7)
    assert confusion.labelled == pytest.approx(6 / 7)


def test_perfect_labels_and_none_at_all():
    truth = np.repeat(np.arange(5), 7)
    confusion, nothing = Confusion(5), Confusion(5)
    confusion.add(truth, truth)
    nothing.add(truth, np.full_like(truth, -1))
    assert (confusion.mean_iou, confusion.accuracy, confusion.labelled) == (1.0, 1.0, 1.0)
    assert (nothing.mean_iou, nothing.accuracy, nothing.labelled) == (0.0, 0.0, 0.0)


def test_what_cannot_be_counted():
    with pytest.raises(EvaluationError, match="beyond the 3 classes"):
        Confusion(3).add(np.array([0]), np.array([3]))
    with pytest.raises(EvaluationError, match="beyond the 3 classes"):
        Confusion(3).add(np.array([5]), np.array([0]))
    with pytest.raises(EvaluationError, match="no sample"):
        _ = Confusion(3).mean_iou
