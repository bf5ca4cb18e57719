"""Names for voxels: which, how sure, and when none of them."""

import math

import pytest
import torch
import torch.nn.functional as F

from nesf_ros.config import SemanticsConfig
from nesf_ros.errors import QueryError
from nesf_ros.semantics.calibration import Calibration, probabilities
from nesf_ros.semantics.labels import MOST, UNKNOWN_COLOR, LabelSet, label_color, relabel
from nesf_ros.voxels.features import FeatureLayer

SHARP = Calibration(scale=50.0, unknown_below=0.5, relevant_above=0.5)
WORDS = ("wall", "floor", "mug", "chair")


class Encoder:
    """Each word is a direction of its own."""

    def embed(self, labels):
        return torch.eye(8)[[WORDS.index(label) for label in labels]]


def layer_of(features: torch.Tensor) -> FeatureLayer:
    layer = FeatureLayer(SemanticsConfig(), "tiny@0", 8, "cpu")
    features = F.normalize(features, dim=1)
    voxels = torch.tensor([[8 * i, 0, 0] for i in range(len(features))])
    layer.fuse(voxels, layer.learn(features).encode(features), torch.ones(len(features)))
    return layer


def test_names_are_taken_once_and_in_order():
    labels = LabelSet.of(["mug", " wall ", "mug"], Encoder(), SHARP)
    assert labels.names == ("mug", "wall")
    assert torch.equal(labels.embeddings, torch.eye(8)[[2, 0]])
    for names, allowed in (([], f"1 to {MOST}"), ([str(i) for i in range(MOST + 1)], "or none")):
        with pytest.raises(QueryError, match=allowed):
            LabelSet.of(names, Encoder(), SHARP)


def test_labels_and_confidence_by_hand():
    labels = LabelSet.of(["mug", "wall"], Encoder(), Calibration(10.0, 0.4, 0.5))
    label, confidence = labels.classify(torch.tensor([[0.7, 0.6], [0.3, 0.39], [0.0, 0.9]]))
    assert label.tolist() == [1, 0, 2]
    first = math.exp(7) / (math.exp(7) + math.exp(6) + math.exp(4))
    last = math.exp(9) / (math.exp(0) + math.exp(9) + math.exp(4))
    torch.testing.assert_close(confidence, torch.tensor([first, 0.0, last]))


def test_confidence_is_the_calibrated_probability_of_the_label():
    cosines = torch.rand(500, len(WORDS), generator=torch.Generator().manual_seed(0))
    labels = LabelSet.of(WORDS, Encoder(), Calibration(12.0, 0.7, 0.5))
    label, confidence = labels.classify(cosines)
    chances = probabilities(cosines, 12.0, 0.7)
    best = chances.argmax(1)
    assert torch.equal(label.long(), torch.where(best == len(WORDS), 0, best + 1))
    known = label > 0
    assert 0 < known.sum() < 500
    torch.testing.assert_close(confidence[known], chances[known].amax(1))


def test_voxels_are_labelled_with_the_nearest_name_or_none():
    layer = layer_of(torch.eye(8)[[2, 0, 5, 1]])
    relabel(layer, LabelSet.of(["wall", "floor", "mug"], Encoder(), SHARP))
    assert layer.column("label").tolist() == [3, 1, 0, 2]
    assert layer.column("confidence").tolist() == [255, 255, 0, 255]
    assert layer.labels.wire_names == ("wall", "floor", "mug")
    relabel(layer, LabelSet.of(["mug", "chair"], Encoder(), SHARP))
    assert layer.column("label").tolist() == [1, 0, 0, 0]
    assert layer.labels.wire_names == ("mug",)


def test_some_rows_can_be_labelled_alone_and_only_what_changes_is_told():
    layer = layer_of(torch.eye(8)[[2, 0, 3]])
    labels = LabelSet.of(["wall", "mug"], Encoder(), SHARP)
    relabel(layer, labels, torch.tensor([0]))  # new names: all rows are
    assert layer.column("label").tolist() == [2, 1, 0]
    revision = layer.revision
    relabel(layer, labels)
    assert layer.revision == revision
    wall = torch.eye(8)[[0]]
    for _ in range(20):
        rows = layer.fuse(torch.tensor([[16, 0, 0]]), wall, torch.ones(1))
    relabel(layer, labels, rows)
    assert layer.column("label").tolist() == [2, 1, 1]
    assert layer.relabelled(revision).tolist() == [[2, 0, 0]]


def test_labels_in_portions_equal_labels_at_once(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    layer = layer_of(torch.randn(100, 8, generator=generator))
    labels = LabelSet.of(WORDS, Encoder(), SHARP)
    relabel(layer, labels)
    whole = layer.column("label").clone()
    assert len(whole.unique()) > 3
    layer.start_labels(())
    monkeypatch.setattr("nesf_ros.semantics.labels._AT_ONCE", 28)
    relabel(layer, labels)
    assert torch.equal(layer.column("label"), whole)


def test_colours_belong_to_names():
    colors = [label_color(name) for name in WORDS]
    assert colors == [label_color(name) for name in WORDS]
    assert len(set(colors)) == len(WORDS)
    assert all(max(color) - min(color) > 30 for color in colors)  # none of them is grey
    assert label_color("") == UNKNOWN_COLOR
    assert label_color("mug") == label_color("mug")
