import numpy as np
import pytest

from nesf_ros.errors import EvaluationError
from nesf_ros.evaluation.voxel_scores import (
    CompletionScores,
    any_of,
    any_point,
    mean_by_label,
    point_voxel_iou,
    voxel_iou,
)

CUBE = np.array([[0.0, 0, 0], [1, 1, 1]])


def grid(*labels):
    return np.array(labels, np.int16).reshape(1, 1, -1)


def mask(text):
    return np.array([letter == "x" for letter in text]).reshape(1, 1, -1)


def test_classes_are_pooled_and_completion_is_averaged_over_scenes():
    scores = CompletionScores(3)
    # Hidden voxels: the last three. Class 1: 1 hit, 1 missed, 1 false; class 2: 1 hit, 1 false.
    scores.add(grid(1, 1, 2, 0, 0), grid(1, 2, 2, 1, 0), mask("xxxxx"), mask("..xxx"))
    # Class 1: 2 hits, 1 missed; the voxels that do not count are all wrong.
    scores.add(grid(1, 1, 1, 0, 2), grid(1, 1, 0, 3, 0), mask("xxx.."), mask(".xx.."))
    np.testing.assert_allclose(scores.class_iou, [3 / 6, 1 / 2, np.nan])
    assert scores.mean_iou == pytest.approx(0.5)
    completion = scores.completion
    assert completion.scenes == 2
    # First scene: 1 hit of 2 said and 1 true; second: 1 hit of 1 said and 2 true.
    assert completion.precision == pytest.approx((1 / 2 + 1) / 2)
    assert completion.recall == pytest.approx((1 + 1 / 2) / 2)
    assert completion.iou == pytest.approx((1 / 2 + 1 / 2) / 2)


def test_unknown_voxels_and_scenes_without_anything():
    scores = CompletionScores(2)
    scores.add(grid(-1, -1, 0, 0), grid(1, 2, 0, 0), mask("xxxx"), mask("xxxx"))
    assert scores.completion.scenes == 0 and np.isnan(scores.completion.iou)
    with pytest.raises(EvaluationError, match="no voxel that counts is of any class"):
        _ = scores.mean_iou
    scores.add(grid(1, 0), grid(0, 0), mask("xx"), mask("xx"))
    scores.add(grid(1, 2), grid(1, 2), mask("xx"), mask("xx"))
    completion = scores.completion
    assert (completion.precision, completion.recall, completion.iou) == (0.5, 0.5, 0.5)
    assert scores.class_iou.tolist() == [0.5, 1.0]


def test_labels_that_cannot_be_scored():
    scores = CompletionScores(2)
    for given, match in ((3, "beyond"), (-1, "was given no label")):
        with pytest.raises(EvaluationError, match=match):
            scores.add(grid(1), grid(given), mask("x"), mask("x"))
    assert scores.completion.scenes == 0


def test_voxel_iou_by_hand():
    prediction, truth = mask("xx.x."), mask("x.xx.")
    assert voxel_iou(prediction, truth, mask("xxxxx")) == 2 / 4
    assert voxel_iou(prediction, truth, mask("x..xx")) == 1.0
    assert np.isnan(voxel_iou(prediction, truth, mask("....x")))


def test_any_of_finer_voxels():
    fine = np.zeros((4, 2, 2), bool)
    fine[3, 1, 0] = True
    assert any_of(fine, 2).ravel().tolist() == [False, True]
    with pytest.raises(EvaluationError, match="not divisible by 3"):
        any_of(fine, 3)


def test_points_fall_into_voxels_as_in_the_release():
    points = np.array([[0.0, 0, 0], [0.49, 0.51, 0], [1, 1, 0.99], [1.01, 0, 0], [-0.1, 0, 0]])
    voxels = any_point(points, np.ones(5, bool), CUBE, 3)
    # Voxels of a half: the third along an axis begins at the upper face.
    assert np.argwhere(voxels).tolist() == [[0, 0, 0], [0, 1, 0], [2, 2, 1]]
    assert not any_point(points, np.zeros(5, bool), CUBE, 3).any()


@pytest.mark.parametrize(
    ("bounds", "side", "point", "match"),
    [
        (CUBE, 1, 0.5, "2 voxels or more"),
        (CUBE[::-1], 3, 0.5, "not empty"),
        (CUBE * np.nan, 3, 0.5, "must be finite"),
        (CUBE, 3, np.nan, "NaN or infinity"),
    ],
)
def test_grids_and_points_that_cannot_be(bounds, side, point, match):
    with pytest.raises(EvaluationError, match=match):
        any_point(np.full((1, 3), point), np.ones(1, bool), bounds, side)


def test_point_voxel_iou_drops_voxels_with_a_point_that_does_not_count():
    # Four voxels along x (0, 1/4, 1/2, 3/4), with two points each.
    x = np.repeat([0.05, 0.3, 0.55, 0.8], 2) + np.tile([0, 0.1], 4)
    points = np.stack([x, np.zeros(8), np.zeros(8)], 1)
    prediction = np.array([1, 0, 1, 1, 0, 0, 1, 1], bool)
    truth = np.array([0, 1, 0, 0, 1, 0, 1, 1], bool)
    counted = np.ones(8, bool)
    # Hits: voxels 0 and 3; voxel 1 is predicted alone, voxel 2 true alone.
    assert point_voxel_iou(points, prediction, truth, counted, CUBE, 5) == 2 / 4
    counted[7] = False
    assert point_voxel_iou(points, prediction, truth, counted, CUBE, 5) == 1 / 3
    assert np.isnan(point_voxel_iou(points, prediction, truth, np.zeros(8, bool), CUBE, 5))


def test_means_by_label():
    figures = [("chair", 0.2), ("bed", 0.5), ("chair", 0.4), ("bed", np.nan), ("sofa", np.nan)]
    assert mean_by_label(figures) == {"chair": pytest.approx(0.3), "bed": 0.5}
