"""At which size a question is answered: by hand, in any portions, remembered and made anew."""

import pytest
import torch
from torch import Tensor

from nesf_ros.config import SemanticsConfig
from nesf_ros.semantics.lerf import choice as module
from nesf_ros.semantics.lerf.cache import VOXEL_SHARE
from nesf_ros.semantics.lerf.choice import SizeChoice, best_sizes
from nesf_ros.semantics.relevancy import relevancy
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.sized import SizedCodes, Sizes

DIM = 8
SIZES = Sizes((0.1, 0.2, 0.4), min_views=1)
PHRASES = torch.eye(DIM)[7:]


def mean_layer(means: Tensor) -> FeatureLayer:
    """A voxel for each row, that was seen once."""
    layer = FeatureLayer(SemanticsConfig(feature_dims=DIM), "tiny@0", DIM, "cpu", SIZES)
    voxels = torch.tensor([[9 * i, 0, 0] for i in range(len(means))])
    layer.fuse(voxels, layer.learn(means).encode(means), torch.ones(len(means)))
    return layer


def tell(layer: FeatureLayer, rows: list[int], field: Tensor) -> None:
    """What a language field says by size (rows × sizes × dim), with the voxels' own share."""
    basis, own = layer.basis, layer.embeddings(torch.tensor(rows))[:, None]
    mixed = field * (1 - VOXEL_SHARE) + own * VOXEL_SHARE
    code = basis.encode(mixed.flatten(0, 1)).unflatten(0, mixed.shape[:2])
    codes = SizedCodes(code, torch.ones(mixed.shape[:2]))
    layer.sized.put(layer.table.columns, torch.tensor(rows), codes)


def by_hand() -> FeatureLayer:
    """Two voxels that look like texts 0 and 1 at sizes 2 and 1, whatever their means are like."""
    layer = mean_layer(torch.eye(DIM)[[1, 0, 0]])
    field = torch.zeros(3, 3, DIM)
    field[0, 2, 0], field[1, 1, 1] = 0.9, 0.8
    field[0, 0, 1], field[1, 0, 0] = 0.7, 0.6
    tell(layer, [0, 1, 2], field)
    return layer


def test_the_size_of_the_best_voxel_by_hand():
    texts = torch.eye(DIM)[:2]
    assert best_sizes(by_hand(), texts, PHRASES).tolist() == [2, 1]


def test_the_phrases_have_a_say():
    """What looks like a text looks even more like a phrase at one size."""
    layer = by_hand()
    layer.sized.put(layer.table.columns, torch.tensor([0]), by_hand_with_phrase(layer))
    assert best_sizes(layer, torch.eye(DIM)[:1], PHRASES).tolist() == [0]


def by_hand_with_phrase(layer: FeatureLayer) -> SizedCodes:
    field = torch.zeros(1, 3, DIM)
    field[0, 2, 0], field[0, 2, 7], field[0, 0, 0] = 0.9, 1.0, 0.7
    mixed = field * (1 - VOXEL_SHARE) + layer.embeddings(torch.tensor([0]))[:, None] * VOXEL_SHARE
    return SizedCodes(layer.basis.encode(mixed[0])[None], torch.ones(1, 3))


def test_voxels_that_were_not_seen_often_enough_have_none():
    layer = by_hand()
    layer.sized.sizes = Sizes(SIZES.metres, min_views=2)
    assert best_sizes(layer, torch.eye(DIM)[:2], PHRASES).tolist() == [0, 0]
    seen_again = torch.eye(DIM)[:1]  # of the middle voxel alone
    layer.fuse(torch.tensor([[9, 0, 0]]), layer.learn(seen_again).encode(seen_again), torch.ones(1))
    assert best_sizes(layer, torch.eye(DIM)[:2], PHRASES).tolist() == [0, 1]


@pytest.fixture(scope="module")
def large() -> FeatureLayer:
    random = torch.Generator().manual_seed(3)
    layer = mean_layer(torch.nn.functional.normalize(torch.randn(60, DIM, generator=random), dim=1))
    field = torch.randn(45, 3, DIM, generator=random)
    tell(layer, list(range(0, 60, 4)) + list(range(1, 60, 2)),
         torch.nn.functional.normalize(field, dim=2))  # fmt: skip
    return layer


@pytest.mark.parametrize("at_once", [1, 40, 200, 2**24])
def test_portions_change_nothing(large, monkeypatch, at_once):
    """Against the field's own share, taken apart again in one piece."""
    texts = torch.eye(DIM)[:6]
    columns, count = large.table.columns, len(texts)
    known = large.sized.known(columns, slice(0, len(large)))
    assert 0 < int(known.sum()) < len(large)
    everything = torch.cat([texts, PHRASES])
    peaks = []
    for size in range(3):
        all_rows = (size, slice(0, len(large)))
        found = large.sized.cosines(columns, everything, all_rows, large.basis)[known]
        field = (found - VOXEL_SHARE * large.similarity(everything)[known]) / (1 - VOXEL_SHARE)
        peaks.append(relevancy(field[:, :count], field[:, count:]).amax(0))
    monkeypatch.setattr(module, "AT_ONCE", at_once)
    expected = torch.stack(peaks).argmax(0)
    assert len(expected.unique()) > 1
    assert best_sizes(large, texts, PHRASES).tolist() == expected.tolist()


@pytest.fixture
def counted(monkeypatch) -> list[int]:
    """How many texts sizes were chosen for, each time."""
    asked: list[int] = []
    real = best_sizes

    def counting(layer, texts, phrases):
        asked.append(len(texts))
        return real(layer, texts, phrases)

    monkeypatch.setattr(module, "best_sizes", counting)
    return asked


def test_choices_are_remembered_for_a_text_and_its_phrases(counted):
    layer, chosen, texts = by_hand(), SizeChoice(), torch.eye(DIM)[:2]
    assert chosen.of(layer, texts, PHRASES).tolist() == [2, 1]
    assert chosen.of(layer, texts.flip(0), PHRASES).tolist() == [1, 2]
    assert counted == [2]
    chosen.of(layer, torch.eye(DIM)[:3], PHRASES)
    assert counted == [2, 1]  # the third alone
    chosen.of(layer, texts, torch.eye(DIM)[6:])
    assert counted == [2, 1, 2]
    assert chosen.of(layer, texts[[0, 0]], PHRASES).tolist() == [2, 2]
    assert chosen.of(layer, texts[:0], PHRASES).tolist() == []
    chosen.clear()
    chosen.of(layer, texts, PHRASES)
    assert counted == [2, 1, 2, 2]


def test_choices_are_made_anew_after_a_quarter_of_the_voxels(counted):
    layer, chosen, text = mean_layer(torch.eye(DIM)[[1] * 8]), SizeChoice(), torch.eye(DIM)[:1]
    field = torch.zeros(1, 3, DIM)
    field[0, 0, 0] = 0.5
    for row in range(8):
        tell(layer, [row], field)
    assert chosen.of(layer, text, PHRASES).tolist() == [0]
    field[0, 1, 0] = 0.9
    for row in (3, 4):  # two of eight are not yet more than a quarter
        tell(layer, [row], field)
        assert chosen.of(layer, text, PHRASES).tolist() == [0]
    tell(layer, [5], field)
    assert chosen.of(layer, text, PHRASES).tolist() == [1]
    assert counted == [1, 1]


def test_a_choice_is_made_however_few_voxels_have_codes(counted):
    layer = mean_layer(torch.eye(DIM)[[1] * 40])
    field = torch.zeros(1, 3, DIM)
    field[0, 2, 0] = 0.5
    tell(layer, [7], field)
    assert SizeChoice().of(layer, torch.eye(DIM)[:1], PHRASES).tolist() == [2]
    assert counted == [1]


def test_a_layer_that_was_cleared_is_asked_at_any_size():
    layer = by_hand()
    layer.clear()
    assert SizeChoice().of(layer, torch.eye(DIM)[:2], PHRASES).tolist() == [0, 0]


def test_no_more_choices_are_kept_than_that(counted, monkeypatch):
    monkeypatch.setattr(module, "KEPT", 2)
    layer, chosen, texts = by_hand(), SizeChoice(), torch.eye(DIM)
    assert chosen.of(layer, texts[:3], PHRASES).tolist()[:2] == [2, 1]  # more than are kept
    chosen.of(layer, texts[1:2], PHRASES)
    chosen.of(layer, texts[4:5], PHRASES)
    chosen.of(layer, texts[1:2], PHRASES)
    chosen.of(layer, texts[4:5], PHRASES)
    assert counted == [3, 1]
    chosen.of(layer, texts[2:3], PHRASES)  # went, being the one not asked for longest
    assert counted == [3, 1, 1]
