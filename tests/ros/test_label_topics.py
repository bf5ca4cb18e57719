"""What RViz is shown of labels."""

import numpy as np
import pytest
import torch

from nesf_ros.config import SemanticsConfig
from nesf_ros.ros.label_topics import ROW_PX, SHOWN, labelled_points, legend
from nesf_ros.semantics.labels import label_color
from nesf_ros.voxels.features import FeatureLayer


@pytest.fixture
def layer():
    """Four voxels: mug, wall, nothing, wall."""
    layer = FeatureLayer(SemanticsConfig(feature_dims=8), "none@0", 8, "cpu")
    features = torch.eye(8)[:4]
    voxels = torch.tensor([[0, 0, 0], [1, 0, -1], [2, 0, 0], [9, 9, 9]])
    rows = layer.fuse(voxels, layer.learn(features).encode(features), torch.ones(4))
    layer.start_labels(("mug", "wall", "chair"))
    confidence = torch.tensor([255, 51, 0, 102], dtype=torch.uint8)
    layer.set_labels(rows, torch.tensor([1, 2, 0, 2], dtype=torch.int16), confidence)
    return layer


def test_labelled_voxels_have_the_colours_of_their_names(layer):
    points, colors, confidence, counts = labelled_points(layer, 0.1)
    order = np.argsort(points[:, 0])
    expected = [[0.05, 0.05, 0.05], [0.15, 0.05, -0.05], [0.95, 0.95, 0.95]]
    np.testing.assert_allclose(points[order], expected, atol=1e-6)
    mug, wall = label_color("mug"), label_color("wall")
    assert [tuple(c) for c in colors[order].tolist()] == [mug, wall, wall]
    np.testing.assert_allclose(confidence[order], [1.0, 0.2, 0.4], atol=1e-6)
    assert counts == {"mug": 1, "wall": 2}


def test_the_legend_has_a_row_for_each_name_in_order():
    picture = legend({"wall": 5, "mug": 9})
    assert picture.shape[0] == 2 * ROW_PX
    assert tuple(picture[ROW_PX // 2, 10]) == label_color("mug")
    assert tuple(picture[ROW_PX + ROW_PX // 2, 10]) == label_color("wall")
    assert (picture[:ROW_PX, 40:] < 100).any()  # the name is written


def test_a_long_legend_shows_what_there_is_most_of():
    counts = {f"thing {number:02d}": number + 1 for number in range(SHOWN + 5)}
    picture = legend(counts)
    assert picture.shape[0] == (SHOWN + 1) * ROW_PX
    assert tuple(picture[ROW_PX // 2, 10]) == label_color("thing 05")
    assert legend({}).shape[0] == ROW_PX
    assert legend({"чашка 🚗": 1}).shape[0] == ROW_PX
