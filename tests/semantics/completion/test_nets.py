"""Trained networks as what decodes cells."""

from itertools import pairwise

import pytest
import torch

from nesf_ros.errors import QueryError
from nesf_ros.semantics.completion import nets
from nesf_ros.semantics.completion.cells import CHANNELS, channels
from nesf_ros.semantics.completion.nets import LABELS_AT_ONCE, Completer, Locator
from nesf_ros.semantics.completion.network import CompletionNet
from nesf_ros.semantics.completion.presets import PRESETS, Preset
from nesf_ros.semantics.completion.weights import Trained, write_weights
from nesf_ros.semantics.hidden.network import HiddenNet
from nesf_ros.types import RELATIONS
from nesf_ros.vision.presets import PRESETS as LOOKS

TINY = Preset(8, 1.6, (4, 8))
CPU = torch.device("cpu")
HALF = 0.05
"""What half precision may change of logits around 1."""


def write(net, task, folder):
    trained = Trained(task, "tiny", "model", LOOKS["chefer"], 20.0, 2.0, 0.5, 1.0, 0.0)
    write_weights(net.state_dict(), trained, folder / task)
    return str(folder / task)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setitem(PRESETS, "tiny", TINY)
    torch.manual_seed(0)
    return tmp_path


def some(labels, points=30):
    """What labels share, their relevancies, and points."""
    random = torch.Generator().manual_seed(1)
    return (
        torch.rand(CHANNELS - 1, 8, 8, 8, generator=random),
        torch.rand(labels, 8, 8, 8, generator=random),
        torch.rand(points, 3, generator=random),
    )


def test_a_completer_says_what_its_network_does(folder, monkeypatch):
    net = CompletionNet(TINY).eval()
    completer = Completer(write(net, "ovssc", folder), "model", CPU)
    shared, relevancy, points = some(LABELS_AT_ONCE + 1)
    with torch.no_grad():
        cells = channels(shared, relevancy)
        expected = net(cells, points.expand(len(cells), -1, -1))[..., 0]
    whole = completer(shared, relevancy, points)
    torch.testing.assert_close(whole, expected, atol=HALF, rtol=0)
    assert expected.std() > HALF  # else the line above says nothing
    monkeypatch.setattr(nets, "POINTS_AT_ONCE", 7)
    torch.testing.assert_close(completer(shared, relevancy, points), whole, atol=0.01, rtol=0)


def test_a_label_alone_is_completed_as_among_others(folder):
    completer = Completer(write(CompletionNet(TINY), "ovssc", folder), "model", CPU)
    shared, relevancy, points = some(LABELS_AT_ONCE + 1)
    together = completer(shared, relevancy, points)
    for label in (0, LABELS_AT_ONCE):
        alone = completer(shared, relevancy[label : label + 1], points)
        torch.testing.assert_close(together[label : label + 1], alone, atol=0.01, rtol=0)


def test_a_locator_says_what_its_network_does_for_each_relation(folder, monkeypatch):
    net = HiddenNet(TINY).eval()
    locator = Locator(write(net, "vool", folder), "model", CPU)
    seen = some(2)
    target, reference = channels(*seen[:2])[:, None]
    answers = []
    for number, relation in enumerate(RELATIONS):
        with torch.no_grad():
            expected = net(target, reference, torch.tensor([number]), seen[2][None])
        answers.append(locator.logits(*seen, relation))
        torch.testing.assert_close(answers[-1], expected, atol=3 * HALF, rtol=0)
    assert min(float((a - b).abs().max()) for a, b in pairwise(answers)) > 3 * HALF
    monkeypatch.setattr(nets, "POINTS_AT_ONCE", 7)
    torch.testing.assert_close(locator.logits(*seen, RELATIONS[-1]), answers[-1], atol=HALF, rtol=0)


def test_weights_of_the_other_task_are_refused(folder):
    path = write(CompletionNet(TINY), "ovssc", folder)
    with pytest.raises(QueryError, match="was trained for ovssc; vool is wanted"):
        Locator(path, "model", CPU)
