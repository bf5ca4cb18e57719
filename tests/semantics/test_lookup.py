"""Points and the voxels that answer for them."""

import numpy as np
import torch

from nesf_ros.config import SemanticsConfig
from nesf_ros.semantics.lookup import REACH_VOXELS, rows_at, rows_in
from nesf_ros.types import Box
from nesf_ros.voxels.features import FeatureLayer


def test_each_point_belongs_to_its_own_voxel_or_else_to_the_nearest_beside():
    rng = np.random.default_rng(0)
    voxels = np.unique(rng.integers(-6, 6, (300, 3)), axis=0)
    layer = FeatureLayer(SemanticsConfig(), "tiny@0", 8, "cpu")
    features = torch.eye(8)[torch.arange(len(voxels)) % 8]
    layer.fuse(
        torch.from_numpy(voxels), layer.learn(features).encode(features), torch.ones(len(voxels))
    )
    points = rng.uniform(-8, 8, (2000, 3))
    rows = rows_at(layer, torch.from_numpy(points * 0.1), 0.1).numpy()
    known = layer.table.voxels().numpy()
    for point, row in zip(points, rows.tolist(), strict=True):
        own = (known == np.floor(point)).all(1)
        distance = np.linalg.norm(known + 0.5 - point, axis=1)
        if own.any():
            assert row == own.argmax()
        elif distance.min() <= REACH_VOXELS:
            assert row == distance.argmin()
        else:
            assert row == -1
    assert (rows < 0).any()
    assert ((known[rows] != np.floor(points)).any(1) & (rows >= 0)).sum() > 100


def test_a_box_holds_the_voxels_whose_centres_lie_in_it():
    layer = FeatureLayer(SemanticsConfig(), "tiny@0", 8, "cpu")
    voxels = torch.tensor([[0, 0, 0], [1, 0, 0], [2, 0, 0], [-1, 0, 0], [1, 1, 0], [20, 0, 0]])
    codes = layer.learn(torch.eye(8)).encode(torch.eye(8)[: len(voxels)])
    rows = layer.fuse(voxels, codes, torch.ones(len(voxels)))
    # Centres at 5, 15, 25, −5 and 205 cm along x; the lower side belongs to a box, the upper not.
    box = Box((0.05, 0.0, 0.0), (0.25, 0.1, 0.1))
    assert rows_in(layer, box, 0.1).tolist() == sorted(rows[:2].tolist())
    assert rows_in(layer, Box((5.0, 5.0, 5.0), (6.0, 6.0, 6.0)), 0.1).tolist() == []


def test_points_out_of_every_map_and_an_empty_layer():
    layer = FeatureLayer(SemanticsConfig(), "tiny@0", 8, "cpu")
    far = torch.tensor([[1e30, 0.0, 0.0], [0.0, 0.0, 0.0]], dtype=torch.float64)
    assert rows_at(layer, far, 0.05).tolist() == [-1, -1]
    features = torch.eye(8)[:1]
    codes = layer.learn(features).encode(features)
    layer.fuse(torch.zeros((1, 3), dtype=torch.int64), codes, torch.ones(1))
    assert rows_at(layer, far, 0.05).tolist() == [-1, 0]
