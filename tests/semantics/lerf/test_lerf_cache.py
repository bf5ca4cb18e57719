"""What a language field knows, in the voxels: against the field itself, and against the map."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from nesf_ros.config import SemanticsConfig
from nesf_ros.field.hash_grid import Lattices
from nesf_ros.semantics.lerf.cache import due, in_voxels, on_surface, picked, put, sized_codes
from nesf_ros.semantics.lerf.language_field import LanguageField
from nesf_ros.semantics.lerf.presets import LerfPreset
from nesf_ros.voxels.basis import Basis
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.sized import NO_SIZES, SizedCodes, Sizes
from tests.field.scenes import BOX, Analytic, sphere, wall

DIM = 20
SIZES_M = (0.1, 0.3, 0.9)
SIZES = Sizes(SIZES_M)


def units(count: int, seed: int) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(count, DIM, generator=random), dim=1)


def new_basis(width: int) -> Basis:
    """By chance, with a mean that is not 0."""
    random = torch.Generator().manual_seed(5)
    matrix = torch.linalg.qr(torch.randn(DIM, DIM, generator=random))[0][:width]
    return Basis(0.15 * torch.randn(DIM, generator=random), matrix)


def new_layer(count: int, width: int = DIM, sizes: Sizes = SIZES) -> FeatureLayer:
    """Voxels in a row, each seen once, with means of other lengths than 1."""
    layer = FeatureLayer(SemanticsConfig(feature_dims=width), "tiny@0", DIM, "cpu", sizes)
    layer.basis = new_basis(width)
    means = units(count, 1) * torch.linspace(0.4, 1.0, count)[:, None]
    voxels = torch.tensor([[8 * i, 0, 0] for i in range(count)])
    layer.fuse(voxels, layer.basis.encode(means), torch.ones(count))
    return layer


def new_language() -> LanguageField:
    """Weights by chance, large enough to tell places and sizes apart."""
    torch.manual_seed(2)
    preset = LerfPreset(lattices=(Lattices(2, 4, 10, 0.5, 0.2),), width=16)
    field = LanguageField(BOX, preset, DIM, 3)
    with torch.no_grad():
        for parameter in field.parameters():
            parameter.copy_(0.5 * torch.randn_like(parameter))
    return field


def codes_of(asked) -> SizedCodes:
    shape = len(asked.voxels), len(SIZES_M)
    return SizedCodes(torch.full((*shape, asked.code.shape[1]), 0.5), torch.ones(shape))


@pytest.mark.parametrize("width", [DIM, 8])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_cosines_are_those_of_the_field_and_of_the_mean(width, share):
    count, texts, language = 7, units(4, 3), new_language()
    layer = new_layer(count, width)
    basis, rows, points = layer.basis, torch.arange(count), torch.rand(count, 3)
    asked = picked(layer, rows)
    layer.sized.put(layer.table.columns, rows, sized_codes(language, points, asked, SIZES_M, share))
    for number, size_m in enumerate(SIZES_M):
        truth = language.embeddings(points, torch.full((count,), size_m)).detach()
        if width == DIM:
            by_mean = F.normalize(layer.embeddings(rows), dim=1) @ texts.T
        else:  # what the basis leaves out of either is lost
            truth = basis.decode(basis.encode(truth))
            by_mean = layer.similarity(texts)
        expected = (1 - share) * (truth @ texts.T) + share * by_mean
        found = layer.sized.cosines(layer.table.columns, texts, (number, rows), basis)
        torch.testing.assert_close(found, expected, atol=0.03, rtol=0)
    spread = torch.stack(
        [language.embeddings(points, torch.full((count,), size_m)) for size_m in SIZES_M]
    )
    assert (spread[0] - spread[2]).norm(dim=1).min() > 0.1  # else sizes might be mixed up unseen


def test_codes_are_worked_out_without_gradients_and_share_no_memory():
    layer, language = new_layer(3), new_language()
    codes = sized_codes(language, torch.rand(3, 3), picked(layer, torch.arange(3)), SIZES_M)
    assert not codes.code.requires_grad and not codes.lift.requires_grad
    codes.lift[0, 0] = 9.0
    assert codes.lift.eq(9.0).sum() == 1


def test_those_seen_most_since_are_due_first():
    layer = new_layer(4)
    for row, times in enumerate((1, 5, 0, 3)):
        for _ in range(times):
            layer.sized.note_seen(layer.table.columns, torch.tensor([row]))
    asked = due(layer, 2)
    assert asked.voxels.tolist() == [[8, 0, 0], [24, 0, 0]]
    torch.testing.assert_close(asked.code, layer.column("code")[[1, 3]].float())
    torch.testing.assert_close(asked.length, layer.column("length")[[1, 3]])
    assert put(layer, asked, codes_of(asked)) == 2
    assert due(layer, 2).voxels.tolist() == [[0, 0, 0], [16, 0, 0]]
    assert put(layer, due(layer, 1), codes_of(due(layer, 1))) == 1
    assert due(layer, 99).voxels.tolist() == [[16, 0, 0]]  # no more than are out of date
    put(layer, due(layer, 99), codes_of(due(layer, 99)))
    assert due(layer, 99) is None
    assert layer.sized.puts == 4
    layer.sized.all_stale(layer.table.columns)
    assert len(due(layer, 99).voxels) == 4


def test_nothing_is_due_where_there_is_nothing():
    assert due(new_layer(2, sizes=NO_SIZES), 9) is None
    layer = new_layer(2)
    layer.clear()
    assert due(layer, 9) is None


def test_a_part_of_what_is_due():
    asked = picked(new_layer(3), torch.tensor([2, 0, 1]))
    part = asked.part(torch.tensor([True, False, True]))
    assert part.voxels.tolist() == [[16, 0, 0], [8, 0, 0]]
    assert torch.equal(part.code, asked.code[[0, 2]])
    assert torch.equal(part.length, asked.length[[0, 2]]) and part.basis is asked.basis


def test_voxels_that_have_gone_are_passed_over():
    layer = new_layer(4)
    asked = due(layer, 4)
    order = [voxel[0] // 8 for voxel in asked.voxels.tolist()]
    codes = codes_of(asked)
    codes.code[:] = torch.tensor(order)[:, None, None]  # the voxel's own number
    layer.table.remove(layer.table.rows_of(asked.voxels[:1]))
    layer.drop(asked.voxels[2:3] // 8)
    assert put(layer, asked, codes) == 2
    assert len(layer) == 2
    for row, voxel in enumerate(layer.table.voxels().tolist()):
        assert layer.column("sized_code")[row].unique().tolist() == [voxel[0] // 8]
    assert layer.column("sized").all() and layer.sized.puts == 2


def test_codes_of_another_basis_are_refused():
    layer = new_layer(3)
    asked = due(layer, 3)
    layer.basis = new_basis(DIM)  # the same numbers, yet another one
    assert put(layer, asked, codes_of(asked)) == 0
    assert not layer.column("sized").any() and layer.sized.puts == 0
    assert len(due(layer, 3).voxels) == 3  # still
    layer.clear()
    assert put(layer, asked, codes_of(asked)) == 0


def test_points_are_moved_on_to_a_wall():
    field = Analytic(wall(1.5))
    points = torch.tensor([[0.1, 0.2, 1.46], [0.3, -0.4, 1.53], [0.0, 0.0, 1.5]])
    moved = on_surface(field, points, 0.05)
    torch.testing.assert_close(moved[:, 2], torch.full((3,), 1.5))
    torch.testing.assert_close(moved[:, :2], points[:, :2])


def test_points_are_moved_no_farther_than_that():
    points = torch.tensor([[0.1, 0.2, 1.44], [0.1, 0.2, 1.56], [0.0, 0.0, 1.2]])
    moved = on_surface(Analytic(wall(1.5)), points, 0.02)
    # The last is too far away for the field to know where the wall is.
    torch.testing.assert_close(moved[:, 2], torch.tensor([1.46, 1.54, 1.2]))
    torch.testing.assert_close(moved[:, :2], points[:, :2])


def test_points_are_moved_on_to_a_sphere():
    field = Analytic(sphere((0.0, 0.0, 1.0), 0.5))
    rays = F.normalize(torch.randn(40, 3, generator=torch.Generator().manual_seed(0)), dim=1)
    centre = torch.tensor([0.0, 0.0, 1.0])
    points = centre + rays * torch.linspace(0.43, 0.57, 40)[:, None]
    moved = on_surface(field, points, 0.1)
    torch.testing.assert_close(moved, centre + rays * 0.5, atol=1e-4, rtol=0)
    near = on_surface(field, points, 0.01)
    assert (near - points).abs().max() < 0.01 + 1e-6
    before, after = field.shape(points).sdf_m.abs(), field.shape(near).sdf_m.abs()
    assert (after <= before + 1e-6).all()


def test_the_point_of_a_voxel_is_on_the_surface_within_it():
    """Voxels of 10 cm; the last is too far from the wall for the field to know where that is."""
    voxels = torch.tensor([[1, -2, 14], [0, 0, 15], [0, 0, 12]])
    found = in_voxels(Analytic(wall(1.49)), voxels, 0.1)
    torch.testing.assert_close(
        found, torch.tensor([[0.15, -0.15, 1.49], [0.05, 0.05, 1.49], [0.05, 0.05, 1.25]])
    )
