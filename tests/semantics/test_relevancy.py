"""LERF's formula against its own words, and how much of a box is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nesf_ros.config import MapConfig, SemanticsConfig
from nesf_ros.errors import QueryError
from nesf_ros.semantics import relevancy as module
from nesf_ros.semantics.relevancy import (
    DOUBT,
    Asked,
    observed_fraction,
    relevancies,
    relevancy,
    trust,
)
from nesf_ros.types import Box, Intrinsics, PosedFrame, RgbdFrame, unheard
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.sized import SizedCodes, Sizes
from nesf_ros.voxels.updates import dense_codes


def test_the_least_of_the_pairwise_softmaxes():
    generator = torch.Generator().manual_seed(0)
    texts = torch.rand(50, 3, generator=generator)
    phrases = torch.rand(50, 4, generator=generator)
    pairs = torch.stack([texts[..., None].expand(50, 3, 4), phrases[:, None].expand(50, 3, 4)])
    expected = (10 * pairs).softmax(0)[0].amin(-1)  # as LERF's code has it
    torch.testing.assert_close(relevancy(texts, phrases), expected)
    assert relevancy(torch.tensor([[0.3]]), torch.tensor([[0.3, 0.1]])).item() == 0.5


def test_relevancies_of_a_layer_by_hand_and_no_more_than_fit(monkeypatch):
    layer = FeatureLayer(SemanticsConfig(), "tiny@0", 8, "cpu")
    features = torch.eye(8)[:3]
    voxels = torch.tensor([[0, 0, 0], [1, 0, 0], [2, 0, 0]])
    layer.fuse(voxels, layer.learn(torch.eye(8)).encode(features), torch.ones(3))
    asked = Asked(torch.eye(8)[:2], torch.eye(8)[5:7])  # no voxel is like the phrases
    near, far = 1 / (1 + np.exp(-10)), 0.5
    whole = relevancies(layer, asked, None, unheard)
    expected = torch.tensor([[near, far], [far, near], [far, far]], dtype=torch.float32)
    torch.testing.assert_close(whole, expected, atol=0.02, rtol=0)
    rows = torch.tensor([2, 0])
    torch.testing.assert_close(relevancies(layer, asked, rows, unheard), whole[rows])
    assert relevancies(layer, asked, rows[:0], unheard).shape == (0, 2)
    monkeypatch.setattr(module, "MAX_SCORES", 5)
    with pytest.raises(QueryError, match="2 texts in 3 voxels are more than 5"):
        relevancies(layer, asked, None, unheard)
    assert len(relevancies(layer, asked, rows, unheard)) == 2


def sized_layer() -> FeatureLayer:
    """Two voxels with codes, one with codes that was seen once only, and one without any."""
    sizes = Sizes((0.1, 0.5), min_views=2)
    layer = FeatureLayer(SemanticsConfig(), "tiny@0", 8, "cpu", sizes)
    voxels = torch.tensor([[0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0]])
    for seen in (voxels, voxels[[0, 1, 3]]):
        means = torch.eye(8)[2 * (seen[:, 0] == 3).long()]  # of the last voxel another one
        layer.fuse(seen, layer.learn(means).encode(means), torch.ones(len(seen)))
    told = torch.zeros(3, 2, 8)
    told[0, 0, 1], told[0, 1, 2], told[1, 1, 1], told[2, :, 1] = 0.5, 0.75, 0.25, 1.0
    layer.sized.put(layer.table.columns, torch.arange(3), SizedCodes(told, torch.ones(3, 2)))
    return layer


def believed(log_odds: list[list[float]]) -> torch.Tensor:
    """Relevancies of the four voxels, of which the third was seen once, the rest twice, at 1 m."""
    weights = torch.tensor([2.0, 2.0, 1.0, 2.0])
    return (torch.tensor(log_odds) * (weights / (weights + DOUBT))[:, None]).sigmoid()


def test_each_text_is_answered_at_its_size_where_there_are_codes():
    layer, eye = sized_layer(), torch.eye(8)
    # Texts are like the mean of most voxels, and like what is told at either size.
    asked = Asked(eye[:3], eye[5:6], torch.tensor([1, 0, 1]))
    found = relevancies(layer, asked, None, unheard)
    by_mean, last = [10.0, 0.0, 0.0], [0.0, 0.0, 10.0]
    expected = believed([[0.0, 5.0, 7.5], [0.0, 0.0, 0.0], by_mean, last])
    torch.testing.assert_close(found, expected, atol=2e-3, rtol=0)
    other = relevancies(layer, replace(asked, sizes=torch.tensor([0, 1, 0])), None, unheard)
    expected = believed([[0.0, 0.0, 0.0], [0.0, 2.5, 0.0], by_mean, last])
    torch.testing.assert_close(other, expected, atol=2e-3, rtol=0)
    means = relevancies(layer, replace(asked, sizes=None), None, unheard)
    torch.testing.assert_close(means, believed([*[by_mean] * 3, last]), atol=2e-3, rtol=0)


@pytest.mark.parametrize("at_once", [1, 8, 2**24])
def test_rows_and_portions_change_nothing_of_what_is_answered_by_size(at_once, monkeypatch):
    layer, eye = sized_layer(), torch.eye(8)
    asked = Asked(eye[:3], eye[5:6], torch.tensor([1, 0, 1]))
    whole = relevancies(layer, asked, None, unheard)
    assert len(whole.unique(dim=0)) == 4
    monkeypatch.setattr(module, "AT_ONCE", at_once)
    assert torch.equal(relevancies(layer, asked, None, unheard), whole)
    rows = torch.tensor([3, 0, 2, 1, 0])
    assert torch.equal(relevancies(layer, asked, rows, unheard), whole[rows])
    assert relevancies(layer, asked, rows[:0], unheard).shape == (0, 3)


def test_what_was_hardly_seen_is_hardly_believed():
    layer = FeatureLayer(SemanticsConfig(), "tiny@0", 8, "cpu")
    like = torch.nn.functional.normalize(torch.tensor([[0.2, 0, 0, 0, 0, 0, 0, 0.98]]), dim=1)
    voxels = torch.tensor([[0, 0, 0], [1, 0, 0], [2, 0, 0]])
    codes = layer.learn(torch.eye(8)).encode(like.expand(3, 8))
    layer.fuse(voxels, codes, torch.tensor([0.03, 0.3, 3.0]))
    torch.testing.assert_close(trust(layer, slice(None)), torch.tensor([1 / 11, 0.5, 10 / 11]))
    asked = Asked(torch.eye(8)[:1], torch.eye(8)[5:6])
    found = relevancies(layer, asked, None, unheard)[:, 0]
    log_odds = 10 * 0.2 * torch.tensor([1 / 11, 0.5, 10 / 11])
    torch.testing.assert_close(found, log_odds.sigmoid(), atol=2e-3, rtol=0)


@pytest.fixture(scope="module")
def corridor() -> VoxelMap:
    camera = Intrinsics(48, 36, 40.0, 40.0, 23.5, 17.5)
    config = MapConfig(device="cpu", submap_radius_m=1.0, max_depth_m=3.0)
    voxel_map = VoxelMap(config)
    for x in (0.0, 1.3):
        depth, color = np.full((36, 48), 2.0, np.float32), np.zeros((36, 48, 3), np.uint8)
        pose = np.eye(4)
        pose[0, 3] = x
        voxel_map.integrate(PosedFrame(RgbdFrame(1, "c", color, depth, camera, camera), pose))
    assert len(voxel_map.submaps) == 2
    return voxel_map


@given(st.tuples(*[st.floats(-1.5, 1.5)] * 3), st.tuples(*[st.floats(0.01, 2.0)] * 3))
def test_the_share_that_is_known_equals_that_of_the_dense_map(corridor, lower, size):
    box = Box(lower, tuple(a + b for a, b in zip(lower, size, strict=True)))
    codes, _ = dense_codes(corridor, box)
    assert observed_fraction(corridor, box) == pytest.approx(float((codes > 0).mean()), abs=1e-9)


def test_nothing_is_known_of_an_empty_map():
    box = Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    assert observed_fraction(VoxelMap(MapConfig(device="cpu")), box) == 0.0
