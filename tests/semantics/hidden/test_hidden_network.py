"""The network that says which places fit a description."""

import pytest
import torch

from nesf_ros.semantics.completion.cells import CHANNELS
from nesf_ros.semantics.completion.presets import PRESETS, Preset
from nesf_ros.semantics.hidden.network import TEMPERATURE, HiddenNet, pointed
from nesf_ros.types import RELATIONS

TINY = Preset(8, 1.6, (4, 8))


@pytest.fixture
def net():
    torch.manual_seed(0)
    return HiddenNet(TINY).eval().requires_grad_(False)


def some(count=1):
    random = torch.Generator().manual_seed(1)
    cells = (torch.rand(count, CHANNELS, 8, 8, 8, generator=random) for _ in range(2))
    return *cells, torch.rand(count, 40, 3, generator=random)


def test_cosines_by_hand():
    places = torch.tensor([[[1.0, 0.0], [0.0, 2.0], [-3.0, -4.0]]])
    found = pointed(places, torch.tensor([[3.0, 4.0]]))
    assert (TEMPERATURE * found).tolist() == [pytest.approx([0.6, 0.8, -1.0])]


def test_the_same_places_serve_all_that_is_wanted():
    places = torch.tensor([[[1.0, 0.0], [0.0, 2.0]]])
    found = pointed(places, torch.tensor([[1.0, 0.0], [0.0, 5.0], [-1.0, 0.0]]))
    assert (TEMPERATURE * found).tolist() == [
        pytest.approx([1.0, 0.0]), pytest.approx([0.0, 1.0]), pytest.approx([-1.0, 0.0]),
    ]  # fmt: skip


def test_each_relation_says_something_else(net):
    target, reference, points = some()
    answers = [net(target, reference, torch.tensor([n]), points) for n in range(len(RELATIONS))]
    for n, answer in enumerate(answers):
        for other in answers[:n]:
            assert float((answer - other).abs().max()) > 0.5


def test_target_and_reference_are_not_interchangeable(net):
    target, reference, points = some()
    on = torch.tensor([1])
    swapped = net(reference, target, on, points)
    assert float((net(target, reference, on, points) - swapped).abs().max()) > 0.1


def test_logits_are_bounded_by_the_temperature_around_the_bias(net):
    net.bias.fill_(-3.0)
    logits = net(*some(2)[:2], torch.tensor([0, 5]), some(2)[2])
    assert logits.shape == (2, 40)
    assert float((logits + 3.0).abs().max()) <= 1 / TEMPERATURE + 1e-4


def test_descriptions_are_answered_alone_as_together_and_from_features(net):
    target, reference, points = some(2)
    relations = torch.tensor([0, 4])
    together = net(target, reference, relations, points)
    for n in range(2):
        one = slice(n, n + 1)
        alone = net(target[one], reference[one], relations[one], points[one])
        torch.testing.assert_close(together[one], alone, atol=1e-4, rtol=0)
    pairs = torch.cat([net.encode(target), net.encode(reference)], 1)
    encoded = net.locate(pairs, relations, points)
    torch.testing.assert_close(together, encoded, atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", ["paper", "cpu"])
def test_presets_can_be_built_with_an_embedding_for_each_relation(name):
    with torch.device("meta"):
        net = HiddenNet(PRESETS[name])
    assert net.relations.num_embeddings == len(RELATIONS)
    assert net.place.layers[0].in_features == 2 * PRESETS[name].widths[0] + 3
