import numpy as np
import pytest
import torch

from nesf_ros.errors import EvaluationError
from nesf_ros.evaluation.localisation import THRESHOLDS, localised


def test_pointing_and_overlap_by_hand():
    """A map that is 1 in one column of four and 0.5 in the next; the mask is the first two."""
    maps = torch.tensor([[1.0, 0.5, 0.1, 0.0]] * 4)[None].repeat(2, 1, 1)
    masks = np.zeros((2, 4, 4), bool)
    masks[0, :, :2], masks[1, :, 2:] = True, True
    found = localised(maps, masks)
    assert found.pointed.tolist() == [True, False]
    assert found.overlap_at(0.3).tolist() == [1.0, 0.0]
    assert found.overlap_at(0.6).tolist() == [0.5, 0.0]
    assert found.overlap_at(0.05).tolist() == [pytest.approx(2 / 3), 0.25]
    assert 0.1 <= found.best_threshold < 0.5


def test_a_map_of_nothing_points_nowhere():
    found = localised(torch.zeros(1, 3, 3), np.ones((1, 6, 6), bool))
    assert not found.pointed[0] and found.overlaps.max() == 0
    assert found.overlaps.shape == (1, len(THRESHOLDS))


def test_maps_are_enlarged():
    """A cell of a 2×2 map covers a quarter of the mask's size."""
    maps = torch.tensor([[[1.0, 0.0], [0.0, 0.0]]])
    masks = np.zeros((1, 8, 8), bool)
    masks[0, :4, :4] = True
    found = localised(maps, masks)
    assert found.pointed[0]
    assert found.overlaps.max() > 0.8


def test_masks_that_show_nothing():
    with pytest.raises(EvaluationError, match="a mask shows nothing"):
        localised(torch.zeros(1, 3, 3), np.zeros((1, 6, 6), bool))
