"""Embeddings by size in voxels: how they are counted, kept, carried and asked."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from nesf_ros.config import SemanticsConfig
from nesf_ros.voxels.basis import Basis
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.sized import NO_SIZES, SizedCodes, SizedColumns, Sizes

DIM = 8
NAMES = {"sized_code", "sized_lift", "sized", "stale", "views"}


def new_layer(sizes: Sizes, dim: int = DIM, width: int | None = None) -> FeatureLayer:
    config = SemanticsConfig(feature_dims=width or dim)
    return FeatureLayer(config, "tiny@0123456789ab", dim, "cpu", sizes)


def look(layer: FeatureLayer, voxels: list[list[int]], features: Tensor) -> Tensor:
    """A keyframe that shows each voxel as something."""
    codes = layer.learn(features).encode(features)
    return layer.fuse(torch.tensor(voxels), codes, torch.ones(len(codes)))


def turned(dim: int, width: int, seed: int, shift: float = 0.1) -> Basis:
    """A basis by chance, whose mean is not 0."""
    random = torch.Generator().manual_seed(seed)
    matrix = torch.linalg.qr(torch.randn(dim, dim, generator=random))[0][:width]
    return Basis(shift * torch.randn(dim, generator=random), matrix)


def units(count: int, dim: int, seed: int) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(count, dim, generator=random), dim=1)


def encoded(basis: Basis, embeddings: Tensor) -> SizedCodes:
    """Codes (n × sizes) of embeddings (n × sizes × dim), each with a lift of 1."""
    code = basis.encode(embeddings.flatten(0, 1)).unflatten(0, embeddings.shape[:2])
    return SizedCodes(code, torch.ones(embeddings.shape[:2]))


def rows_of(columns: SizedColumns, count: int) -> dict[str, Tensor]:
    """A table of so many voxels, of which nothing is known yet."""
    empty = columns.empty(torch.device("cpu"))
    return {name: column.new_zeros((count, *column.shape[1:])) for name, column in empty.items()}


def test_views_are_counted_and_stop_at_255():
    layer = new_layer(Sizes((0.1, 0.3), min_views=2))
    both = look(layer, [[0, 0, 0], [9, 0, 0]], torch.eye(DIM)[:2])
    look(layer, [[9, 0, 0]], torch.eye(DIM)[1:2])
    assert layer.column("views")[both].tolist() == [1, 2]
    assert layer.column("stale")[both].tolist() == [1, 2]
    layer.sized.put(layer.table.columns, both, encoded(layer.basis, torch.zeros(2, 2, DIM)))
    assert layer.column("views")[both].tolist() == [1, 2]
    assert layer.column("stale")[both].tolist() == [0, 0]
    for _ in range(300):
        look(layer, [[9, 0, 0]], torch.eye(DIM)[1:2])
    assert layer.column("views")[both].tolist() == [1, 255]
    assert layer.column("stale")[both].tolist() == [0, 255]


def test_a_new_voxel_begins_at_nothing_where_another_was():
    layer = new_layer(Sizes((0.1,)))
    rows = look(layer, [[0, 0, 0]], torch.eye(DIM)[:1])
    layer.sized.put(layer.table.columns, rows, encoded(layer.basis, torch.ones(1, 1, DIM)))
    layer.table.remove(rows)
    again = look(layer, [[5, 0, 0]], torch.eye(DIM)[:1])
    assert again.tolist() == rows.tolist() == [0]
    assert layer.column("views").tolist() == [1]
    assert layer.column("sized").tolist() == [False]
    assert layer.column("sized_code").abs().max() == 0


def test_out_of_date_at_once_but_no_less_than_they_were():
    layer = new_layer(Sizes((0.1,)))
    rows = look(layer, [[0, 0, 0], [9, 0, 0]], torch.eye(DIM)[:2])
    layer.sized.put(layer.table.columns, rows, encoded(layer.basis, torch.zeros(2, 1, DIM)))
    for _ in range(3):
        look(layer, [[9, 0, 0]], torch.eye(DIM)[1:2])
    layer.sized.all_stale(layer.table.columns)
    assert layer.column("stale").tolist() == [1, 3]


def test_a_layer_without_sizes_pays_nothing_for_them():
    layer = new_layer(NO_SIZES)
    look(layer, [[0, 0, 0]], torch.eye(DIM)[:1])
    layer.sized.all_stale(layer.table.columns)
    assert len(layer.sized) == 0
    assert not NAMES & set(layer.table.columns)
    sized = new_layer(Sizes((0.1, 0.2, 0.4)))
    assert set(sized.table.columns) >= NAMES
    # Per size a code of two bytes a number and a lift of four; three single bytes.
    extra = sized.table.row_bytes - layer.table.row_bytes
    assert extra == 3 * (2 * DIM + 4) + 3


def test_they_are_asked_for_as_what_they_are():
    basis = turned(DIM, DIM, 0)
    truth = units(6, DIM, 1).view(3, 2, DIM)
    texts = units(5, DIM, 2)
    columns = SizedColumns(Sizes((0.1, 0.4)), DIM)
    table = rows_of(columns, 4)
    rows = torch.tensor([2, 0, 3])
    columns.put(table, rows, encoded(basis, truth))
    assert columns.puts == 3
    for size in (0, 1):
        found = columns.cosines(table, texts, (size, rows), basis)
        torch.testing.assert_close(found, truth[:, size] @ texts.T, atol=0.015, rtol=0)
        whole = columns.cosines(table, texts, (size, slice(None)), basis)
        torch.testing.assert_close(whole[rows], found)
        assert whole[1].abs().max() == 0  # has no code


def test_a_lift_scales_the_mean_of_the_basis_too():
    basis = turned(DIM, DIM, 3, shift=0.5)
    truth, texts = units(2, DIM, 4), units(3, DIM, 5)
    columns = SizedColumns(Sizes((0.1,)), DIM)
    table = rows_of(columns, 2)
    lift = torch.tensor([[2.0], [0.5]])
    columns.put(
        table, torch.arange(2), SizedCodes(basis.encode(truth)[:, None] * lift[..., None], lift)
    )
    found = columns.cosines(table, texts, (0, torch.arange(2)), basis)
    torch.testing.assert_close(found, lift * (truth @ texts.T), atol=0.03, rtol=0)


def test_known_are_those_with_codes_that_were_seen_often_enough():
    columns = SizedColumns(Sizes((0.1,), min_views=3), DIM)
    table = {
        "sized": torch.tensor([True, True, False, True]),
        "views": torch.tensor([3, 2, 9, 255], dtype=torch.uint8),
    }
    assert columns.known(table, slice(None)).tolist() == [True, False, False, True]
    assert columns.known(table, torch.tensor([3, 1])).tolist() == [True, False]


@pytest.mark.parametrize("seed", [0, 1])
def test_another_basis_changes_what_is_said_in_it_alone(seed):
    """Both bases span the same space, so nothing may be lost but digits."""
    dim, width = 12, 5
    random = torch.Generator().manual_seed(seed)
    old = turned(dim, width, seed)
    mix = torch.linalg.qr(torch.randn(width, width, generator=random))[0]
    new = Basis(old.mean + torch.randn(width, generator=random) @ old.matrix, mix @ old.matrix)
    columns = SizedColumns(Sizes((0.1, 0.2)), width)
    table = rows_of(columns, 4)
    # Lengths of 1 along with the mean, for one half; the other half's embeddings are longer.
    lift = torch.tensor([[1.0, 1.0], [1.0, 1.0], [1.7, 0.6], [1.3, 2.0]])
    columns.put(
        table, torch.arange(4), SizedCodes(torch.randn(4, 2, width, generator=random), lift)
    )
    truth = lift[..., None] * old.mean + table["sized_code"].float() @ old.matrix
    # What a mean outside of the space adds is the same in both.
    texts = units(6, dim, seed + 10)
    columns.carry(table, new, old)
    for size in (0, 1):
        found = columns.cosines(table, texts, (size, slice(None)), new)
        torch.testing.assert_close(found, truth[:, size] @ texts.T, atol=0.06, rtol=0)


def test_a_layer_that_fits_its_basis_anew_carries_them():
    dim, width = 64, 16
    layer = new_layer(Sizes((0.1, 0.3)), dim, width)
    directions = torch.linalg.qr(torch.randn(64, 64, generator=torch.Generator().manual_seed(1)))[0]
    rows = look(layer, [[8 * i, 0, 0] for i in range(8)], directions[:8])
    by_size = torch.stack([directions[:8], directions[:8].roll(1, 0)], 1)
    layer.sized.put(layer.table.columns, rows, encoded(layer.basis, by_size))
    texts = directions[:8]

    def asked() -> Tensor:
        columns, basis = layer.table.columns, layer.basis
        return torch.stack([layer.sized.cosines(columns, texts, (s, rows), basis) for s in (0, 1)])

    before, revision = asked(), layer.basis_revision
    look(layer, [[8 * i, 0, 0] for i in range(100, 104)], directions[8:12])
    assert layer.basis_revision == revision + 1
    torch.testing.assert_close(asked(), before, atol=0.03, rtol=0)
    torch.testing.assert_close(before[0], torch.eye(8), atol=0.03, rtol=0)
    torch.testing.assert_close(before[1], torch.eye(8).roll(1, 0), atol=0.03, rtol=0)
