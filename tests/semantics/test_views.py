"""Views of the map in words, of a wall that is red on the left and blue on the right."""

import numpy as np
import pytest
import torch

from nesf_ros.config import SemanticsConfig
from nesf_ros.errors import QueryError
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.semantics.colors import feature_colors
from nesf_ros.types import Wanted
from nesf_ros.voxels.features import FeatureLayer

from . import test_language
from .test_language import CAMERA, ColorModel, wall

config, mapper = test_language.config, test_language.mapper  # fixtures
LEFT, RIGHT = np.s_[16:32, 10:26], np.s_[16:32, 38:54]


def test_a_view_tells_how_relevant_it_is_where(mapper):
    view = mapper.render_view(CAMERA, np.eye(4), wanted=Wanted(["blue", "red"]))
    assert view.words.relevancy.shape == (2, 48, 64) and view.words.label is None
    blue, red = view.words.relevancy
    assert blue[RIGHT].min() > 0.6 > 0.45 > blue[LEFT].max()
    assert red[LEFT].min() > 0.6 > 0.45 > red[RIGHT].max()
    away = np.diag([-1.0, 1.0, -1.0, 1.0])
    assert np.isnan(mapper.render_view(CAMERA, away, wanted=Wanted(["blue"])).words.relevancy).all()


def test_a_view_has_labels_while_the_map_has(mapper):
    assert mapper.render_view(CAMERA, np.eye(4)).words is None
    mapper.set_labels(["green", "blue", "red"])
    words = mapper.render_view(CAMERA, np.eye(4)).words
    assert set(words.label_names) == {"blue", "red"} and words.relevancy.shape == (0, 48, 64)
    assert words.features is None
    for part, name in ((LEFT, "red"), (RIGHT, "blue")):
        assert (words.label[part] == words.label_names.index(name) + 1).all()
    mapper.set_labels([])
    assert mapper.render_view(CAMERA, np.eye(4)).words is None


def test_what_is_alike_has_one_colour(mapper):
    colors = mapper.render_view(
        CAMERA, np.eye(4), wanted=Wanted(features=True)
    ).words.features.astype(int)
    for part in (LEFT, RIGHT):
        assert np.ptp(colors[part], axis=(0, 1)).max() < 40
    assert abs(colors[LEFT].mean((0, 1)) - colors[RIGHT].mean((0, 1))).max() > 80


def test_colours_of_directions_by_hand():
    layer = FeatureLayer(SemanticsConfig(feature_dims=8), "none@0", 8, "cpu")
    # Along the second number ±2, along the fourth ±1: standard deviations of 2 and 1.
    features = torch.zeros((4, 8))
    features[:, 1], features[:, 3] = torch.tensor([2, -2, 2, -2.0]), torch.tensor([1, 1, -1, -1.0])
    voxels = torch.tensor([[0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0]])
    rows = layer.fuse(voxels, layer.learn(features).encode(features), torch.ones(4))
    colors = feature_colors(layer, rows).int()
    assert sorted(set(colors[:4, 0].tolist())) == [round(255 * 0.3), round(255 * 0.7)]
    assert sorted(set(colors[:4, 1].tolist())) == [round(255 * 0.4), round(255 * 0.6)]
    assert torch.equal(colors[0, 0], colors[2, 0]) and torch.equal(colors[0, 1], colors[1, 1])
    assert (colors[0, :2] != colors[3, :2]).all()
    assert feature_colors(layer, rows[:0]).shape == (0, 3)


def test_without_a_model_texts_and_features_are_refused(config):
    mapper = SemanticMapper(config)
    mapper.add_frame(wall())
    assert mapper.render_view(CAMERA, np.eye(4)).words is None
    for wanted in (Wanted(["blue"]), Wanted(features=True)):
        with pytest.raises(QueryError, match="no vision-language model"):
            mapper.render_view(CAMERA, np.eye(4), wanted=wanted)
    mapper.use_language(ColorModel())
    with pytest.raises(QueryError, match="empty"):
        mapper.render_view(CAMERA, np.eye(4), wanted=Wanted([""]))
