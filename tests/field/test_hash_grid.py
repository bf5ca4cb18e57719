"""The hash grid: kernels against plain torch, and by hand."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nesf_ros.errors import FieldError
from nesf_ros.field.hash_grid import HashGrid, Lattices
from nesf_ros.types import Box

FEW = settings(max_examples=15, deadline=None)
UNIT = Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
ROOM = Box((-1.0, -0.5, 2.0), (1.2, 0.9, 3.1))
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-10}


def new_grid(features: int, dtype: torch.dtype, seed: int = 0) -> HashGrid:
    """Tables full of chance: the coarse levels fit theirs, the fine ones are hashed."""
    grid = HashGrid(ROOM, Lattices(5, features, 9, 0.5, 0.04)).to(dtype)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        grid.table.normal_(generator=generator)
    return grid


def places(count: int, dtype: torch.dtype, seed: int, reach: float) -> torch.Tensor:
    """Points about the middle of ROOM, some of them outside of it if `reach` is above 1."""
    lower, upper = torch.tensor(ROOM.lower), torch.tensor(ROOM.upper)
    share = torch.rand(count, 3, generator=torch.Generator().manual_seed(seed)) - 0.5
    return ((lower + upper) / 2 + share * reach * (upper - lower)).to(dtype)


def one_level(table: torch.Tensor, log2_entries: int) -> HashGrid:
    """Cells of 1 m on the unit box: two cells, three corners a side."""
    grid = HashGrid(UNIT, Lattices(1, table.shape[1], log2_entries, 1.0, 1.0))
    assert grid.table.shape == table.shape
    with torch.no_grad():
        grid.table.copy_(table)
    return grid


def relative(a: torch.Tensor, b: torch.Tensor) -> float:
    """Largest difference, as a share of the largest number."""
    return float((a - b).abs().max() / b.abs().max())


def both_ways(grid: HashGrid, points: torch.Tensor):
    """Values and gradients by the kernels, then by plain torch."""
    for encode in (grid.forward, grid.plain):
        at = points.clone().requires_grad_()
        out = encode(at)
        pull = torch.linspace(-1, 2, out.numel(), dtype=out.dtype).view_as(out)
        yield out.detach(), *torch.autograd.grad((out * pull).sum(), [grid.table, at])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("features", [2, 4, 8])
def test_lattices_are_both_stored_in_order_and_hashed(features, dtype):
    masks = new_grid(features, dtype).masks.tolist()
    assert masks[0] == 0
    assert masks[-1] == 511


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("features", [1, 2, 4, 8])
def test_kernels_equal_plain_torch(features, dtype):
    kernels, plain = both_ways(new_grid(features, dtype), places(200, dtype, 1, 1.6))
    for found, expected in zip(kernels, plain, strict=True):
        assert found.dtype == dtype
        assert relative(found, expected) < TOLERANCE[dtype]


@FEW
@given(st.integers(0, 2**31), st.integers(1, 40), st.floats(0.1, 4.0))
def test_kernels_equal_plain_torch_wherever_points_are(seed, count, reach):
    points = places(count, torch.float64, seed, reach)
    kernels, plain = both_ways(new_grid(2, torch.float64, seed), points)
    for found, expected in zip(kernels, plain, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


def test_gradients_are_those_of_small_differences():
    grid = new_grid(4, torch.float64)
    points = places(5, torch.float64, 3, 0.9).requires_grad_()
    assert torch.autograd.gradcheck(grid, points, eps=1e-7, atol=1e-5)


def test_interpolation_by_hand():
    # Corner (x, y, z) is row x + 3y + 9z. Its own number is linear in the place, and is found
    # again: 0.25 + 3·0.5 + 9·0.75. Beside it, corner (1, 0, 0) alone: 0.25·(1 − 0.5)·(1 − 0.75).
    table = torch.zeros(27, 2)
    table[:, 0] = torch.arange(27)
    table[1, 1] = 1.0
    grid = one_level(table, 5)
    points = torch.tensor([[0.25, 0.5, 0.75]]).requires_grad_()
    out = grid(points)
    torch.testing.assert_close(out, torch.tensor([[8.5, 0.03125]]))
    (slope,) = torch.autograd.grad(out[0, 1], points)
    torch.testing.assert_close(slope, torch.tensor([[0.125, -0.0625, -0.125]]))


def test_a_hashed_corner_by_hand():
    # 27 corners do not fit 16 entries. Of the primes' last four bits, 1 and 5, corner (1, 1, 0)
    # has 1 xor 1 = 0, and corner (0, 0, 1) 5.
    table = torch.zeros(16, 2)
    table[0, 0], table[5, 0] = 3.0, 7.0
    grid = one_level(table, 4)
    points = torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    torch.testing.assert_close(grid(points)[:, 0], torch.tensor([3.0, 7.0]))


def test_far_outside_is_as_on_the_rim_and_has_no_slope():
    grid = one_level(torch.arange(27.0)[:, None].repeat(1, 2), 5)
    points = torch.tensor([[-5.0, 0.5, 0.5], [0.5, 90.0, 0.5]]).requires_grad_()
    out = grid(points)
    # The lattice reaches from 0 to 2 m: 1.5 + 4.5, and 0.5 + 3·2 + 4.5.
    torch.testing.assert_close(out[:, 0], torch.tensor([6.0, 11.0]))
    (slope,) = torch.autograd.grad(out[:, 0].sum(), points)
    torch.testing.assert_close(slope, torch.tensor([[0.0, 3.0, 9.0], [1.0, 0.0, 9.0]]))


def test_the_gradient_of_a_table_sums_to_that_of_the_features():
    grid = new_grid(2, torch.float64)
    out = grid(places(100, torch.float64, 4, 1.0))
    out.sum().backward()  # trilinear shares sum to 1
    torch.testing.assert_close(grid.table.grad.sum(0), torch.full((2,), 500.0).double())


def test_no_points_have_no_features():
    grid = new_grid(4, torch.float32)
    out = grid(torch.zeros(0, 3))
    assert out.shape == (0, grid.dim)
    out.sum().backward()
    assert float(grid.table.grad.abs().sum()) == 0.0


def test_points_may_be_a_view_and_of_another_precision():
    grid = new_grid(2, torch.float32)
    points = places(50, torch.float64, 5, 1.0)
    turned = points.T.contiguous().T  # the same numbers, not contiguous
    torch.testing.assert_close(grid(turned), grid(points.float()))


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # Warp looks at gradients of gradients
def test_a_second_derivative_is_refused():
    grid = new_grid(2, torch.float32)
    points = places(3, torch.float32, 6, 1.0).requires_grad_()
    (slope,) = torch.autograd.grad(grid(points).square().sum(), points, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        slope.sum().backward()


def test_cell_sizes_fall_by_one_ratio():
    cells = Lattices(4, 2, 10, 0.8, 0.1).cells_m
    assert cells == pytest.approx([0.8, 0.4, 0.2, 0.1])
    assert Lattices(1, 2, 10, 0.8, 0.1).cells_m == [0.8]


@pytest.mark.parametrize(
    "wrong",
    [
        {"levels": 0},
        {"features": 0},
        {"log2_entries": 3},
        {"log2_entries": 25},
        {"finest_m": 0.0},
        {"coarsest_m": 0.01, "finest_m": 0.02},
        {"coarsest_m": float("inf")},
        {"finest_m": float("nan")},
    ],
)
def test_impossible_lattices_are_refused(wrong):
    with pytest.raises(FieldError):
        Lattices(**wrong)


@pytest.mark.gpu
@pytest.mark.parametrize("features", [2, 4])
def test_cuda_equals_the_cpu(features):
    grid = new_grid(features, torch.float32)
    points = places(500, torch.float32, 7, 1.4)
    on_cpu = next(both_ways(grid, points))
    on_cuda = next(both_ways(grid.cuda(), points.cuda()))
    for found, expected in zip(on_cuda, on_cpu, strict=True):
        # Sums in another order.
        assert relative(found.cpu(), expected) < 1e-5
