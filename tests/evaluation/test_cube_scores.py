import numpy as np
import pytest
import torch

from nesf_ros.evaluation.cube_scores import FAR, CubeVoxels, ious
from nesf_ros.evaluation.voxel_scores import point_voxel_iou


def test_voxels_are_as_high_as_their_highest_point():
    """Side 3: two voxels fill the cube along each axis. The second one has a point too many."""
    points = torch.tensor([[0.1, 0.1, 0.1], [0.2, 0.2, 0.2], [0.1, 0.1, 0.9], [0.1, 0.2, 0.6],
                           [0.9, 0.1, 0.1]])  # fmt: skip
    counted = torch.tensor([True, True, True, False, True])
    voxels = CubeVoxels(points, counted, side=3)
    logits = torch.tensor([[-3.0, -1.0, 9.0, -FAR]])  # of the points that count
    assert voxels.highest(logits).tolist() == [[-1.0, -FAR]]
    true = torch.tensor([[False, True, True, False]])
    assert voxels.filled(true).tolist() == [[True, False]]


def test_overlap_at_each_cut_off():
    """At −2 three of four, of which two are true; at 0 one, which is; at 1 (not above) none."""
    highest, true = torch.tensor([[1.0, -1.0, -1.0, -3.0]]), torch.tensor([[True, True, False, 0]])
    found = ious(highest, true.bool(), torch.tensor([-2.0, 0.0, 1.0]))
    assert found[0].tolist() == pytest.approx([2 / 3, 1 / 2, 0.0])
    nothing = ious(highest, torch.zeros(1, 4, dtype=torch.bool), torch.tensor([0.0, 1.0]))
    assert nothing[0, 0] == 0 and nothing[0, 1].isnan()
    assert ious(highest[:0], true[:0].bool(), torch.zeros(5)).shape == (0, 5)


def test_the_rule_is_that_of_points():
    rng = np.random.default_rng(1)
    points = rng.random((4000, 3)).astype(np.float32)
    logits, true = rng.normal(size=4000), rng.random(4000) < 0.05
    counted = rng.random(4000) < 0.97
    voxels = CubeVoxels(torch.from_numpy(points), torch.from_numpy(counted), side=12)
    highest = voxels.highest(torch.from_numpy(logits[None, counted]))
    filled = voxels.filled(torch.from_numpy(true[None, counted]))
    found = ious(highest, filled, torch.tensor([0.5, 2.0]))
    bounds = np.array([[0.0, 0, 0], [1, 1, 1]])
    wanted = [point_voxel_iou(points, logits > c, true, counted, bounds, 12) for c in (0.5, 2.0)]
    assert found[0].tolist() == pytest.approx(wanted)
