"""The language field: its scale of sizes, its heads, and that it holds weights alone."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from nesf_ros.field.hash_grid import Lattices
from nesf_ros.semantics.lerf.language_field import KNOTS_M, LanguageField, octaves
from nesf_ros.semantics.lerf.presets import LerfPreset
from nesf_ros.types import Box

BOX = Box((-1.0, -1.0, 0.0), (1.0, 1.0, 2.0))
GRIDS = (Lattices(2, 2, 10, 0.5, 0.2), Lattices(1, 4, 10, 0.1, 0.1))
DIM, PATCH_DIM = 6, 3


def new_field(seed: int = 0, **how) -> LanguageField:
    torch.manual_seed(seed)
    return LanguageField(BOX, LerfPreset(lattices=GRIDS, width=16, **how), DIM, PATCH_DIM)


@given(st.floats(KNOTS_M[0], KNOTS_M[-1]))
def test_two_neighbours_share_the_weight_of_a_size(size_m):
    weights = octaves(torch.tensor([size_m]))[0]
    assert float(weights.sum()) == pytest.approx(1.0, abs=1e-5)
    held = weights.nonzero()[:, 0].tolist()
    assert len(held) in (1, 2) and held == list(range(held[0], held[-1] + 1))
    # On a scale of octaves it is the mean of the two.
    place = float((weights * torch.tensor(KNOTS_M).log2()).sum())
    assert 2**place == pytest.approx(size_m, rel=1e-4)


def test_knots_stand_for_themselves_and_what_lies_beyond_for_the_outermost():
    assert torch.allclose(octaves(torch.tensor(KNOTS_M)), torch.eye(len(KNOTS_M)), atol=1e-6)
    beyond = octaves(torch.tensor([0.0, -1.0, 0.001, 3.0, torch.inf]))
    assert beyond[:3, 0].tolist() == [1.0] * 3 and beyond[3:, -1].tolist() == [1.0] * 2
    assert beyond.sum(1).tolist() == [1.0] * 5
    between = octaves(torch.tensor([0.02 * 2**0.25]))[0]  # a quarter of an octave
    torch.testing.assert_close(between[:2], torch.tensor([0.75, 0.25]), atol=1e-5, rtol=0)


def test_an_embedding_is_the_head_of_grids_and_size():
    field = new_field(layers=2)
    points, size = torch.rand(7, 3), torch.full((7,), 0.3)
    encoded = torch.cat([grid.plain(points) for grid in field.grids], 1)
    assert encoded.shape == (7, 2 * 2 + 1 * 4)
    hidden = torch.cat([encoded, octaves(size)], 1)
    for layer in (field.trunk[0], field.trunk[2]):
        hidden = (hidden @ layer.weight.T + layer.bias).relu()
    assert len(field.trunk) == 4
    expected = F.normalize(hidden @ field.last.weight.T + field.last.bias, dim=1)
    torch.testing.assert_close(field.embeddings(points, size), expected, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(field.embeddings(points, size).norm(dim=1), torch.ones(7))
    patch = (encoded @ field.patch_trunk[0].weight.T + field.patch_trunk[0].bias).relu()
    torch.testing.assert_close(
        field.patch_hidden(field.encoded(points)), patch, atol=1e-5, rtol=1e-4
    )


def test_heads_of_another_field_are_taken_over_and_its_grids_are_not():
    field, other = new_field(0), new_field(1)
    grids = [grid.table.detach().clone() for grid in field.grids]
    field.take_heads(other)
    points, size = torch.rand(5, 3), torch.full((5,), 0.2)
    for grid, before, given_ in zip(field.grids, grids, other.grids, strict=True):
        assert torch.equal(grid.table, before) and not torch.equal(before, given_.table)
    encoded = field.encoded(points)
    assert torch.equal(field.hidden(encoded, size), other.hidden(encoded, size))
    assert torch.equal(field.last.weight, other.last.weight)
    assert torch.equal(field.patch_last(field.patch_hidden(encoded)),
                       other.patch_last(other.patch_hidden(encoded)))  # fmt: skip
    with torch.no_grad():
        other.last.weight.zero_()
    assert field.last.weight.abs().min() > 0  # they are copies


def test_no_points_no_embeddings():
    assert new_field().embeddings(torch.zeros(0, 3), torch.zeros(0)).shape == (0, DIM)
