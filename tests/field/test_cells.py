"""Cells that are looked into, and walking through them, against a plain twin and by hand."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nesf_ros.errors import FieldError
from nesf_ros.field.cells import Along, Cells
from nesf_ros.types import Box

from . import twins

FEW = settings(max_examples=20, deadline=None)
ROUNDING = 2e-3
"""Cells by which rounding may move a place: 1e-4 at each side that is crossed."""
ROW = Box((0.0, 0.0, 0.0), (5.0, 1.0, 1.0))


def row(*alive: int) -> Cells:
    """Five cells of 1 m along x."""
    cells = Cells.over(ROW, 1.0)
    cells.alive[:, 0, 0] = torch.tensor(alive, dtype=torch.bool)
    return cells


def one_ray(x: float, to: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    """A ray along the row, from x on, forwards or backwards."""
    return torch.tensor([[x, 0.5, 0.5]]), torch.tensor([[to, 0.0, 0.0]])


def along(start: float, spacing: float, phase: float = 0.0, far: float = 100.0) -> Along:
    return Along(*(torch.tensor([x]) for x in (far, start, spacing, phase)))


def chance_cells(seed: int, size: float = 0.13) -> Cells:
    rng = np.random.default_rng(seed)
    lower = tuple(rng.uniform(-2, 2, 3))
    upper = tuple(lower + size * rng.integers(1, 9, 3))
    cells = Cells.over(Box(lower, upper), size)
    share = rng.choice([0.0, 0.3, 0.7, 1.0])
    cells.alive = torch.from_numpy(rng.random(cells.alive.shape) < share)
    return cells


def chance_rays(cells: Cells, count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Rays about the box, from within and without; some run along an axis, some miss."""
    rng = np.random.default_rng(seed)
    middle = np.array(cells.lower) + 0.5 * cells.size_m * np.array(cells.alive.shape)
    origins = middle + rng.normal(0, 0.6, (count, 3))
    directions = middle + rng.normal(0, 0.3, (count, 3)) - origins
    directions[: count // 4] = np.eye(3)[rng.integers(0, 3, count // 4)]
    directions[: count // 8] *= -1
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return torch.from_numpy(origins).float(), torch.from_numpy(directions).float()


def cut(cells: Cells, rays: tuple[torch.Tensor, torch.Tensor], n: int, reach: tuple[float, float]):
    ray = rays[0][n].numpy(), rays[1][n].numpy()
    alive = cells.alive.numpy()
    return twins.pieces(alive, np.array(cells.lower), cells.size_m, ray, np.array(reach))


def near_sides(parts: twins.Pieces, living_m: float, slack: float) -> list[float]:
    """Where so much of the living part may end: by the side of a gap, before or after it."""
    several = (living_m - slack, living_m, living_m + slack)
    return [parts.place(max(x, 0.0)) for x in several if x < parts.length]


def living_within(cells: Cells, points: torch.Tensor, margin_m: float) -> torch.Tensor:
    """Whether there is a living cell so near along each axis."""
    found = torch.zeros(len(points), dtype=torch.bool)
    for corner in range(8):
        signs = [1.0 if corner >> axis & 1 else -1.0 for axis in range(3)]
        found |= cells.holds(points + margin_m * torch.tensor(signs))
    return found


@pytest.mark.parametrize(
    ("x", "to", "far", "expected"),
    [
        (-1.0, 1.0, 100.0, 3.0),  # all of cells 0, 2 and 3
        (0.25, 1.0, 100.0, 2.75),
        (0.25, 1.0, 2.0, 1.0),  # 0.75 m of cell 0, 0.25 m of cell 2
        (0.25, -1.0, 100.0, 0.25),
        (6.0, -1.0, 3.5, 1.5),  # ends in cell 2
        (5.5, 1.0, 100.0, 0.0),  # looks away
        (1.2, 1.0, 0.5, 0.0),  # ends in a dead cell
    ],
)
def test_length_along_an_axis_by_hand(x, to, far, expected):
    found = row(1, 0, 1, 1, 0).length(*one_ray(x, to), torch.tensor([far]))
    assert float(found) == pytest.approx(expected, abs=ROUNDING)


def test_length_of_a_diagonal_by_hand():
    cells = Cells.over(Box((0.0, 0.0, 0.0), (2.0, 2.0, 2.0)), 1.0)
    cells.alive[1, 1, 1] = False
    direction = torch.full((1, 3), 1 / math.sqrt(3))
    found = cells.length(torch.full((1, 3), -1.0), direction, torch.tensor([torch.inf]))
    assert float(found) == pytest.approx(math.sqrt(3), abs=ROUNDING)


@pytest.mark.parametrize("offset", [(0, 1.5, 0), (0, 0, -0.6), (0, -0.5001, 0)])
def test_rays_beside_the_box_find_nothing(offset):
    origins, directions = one_ray(-1.0)
    origins = origins + torch.tensor(offset)
    cells = row(1, 1, 1, 1, 1)
    assert float(cells.length(origins, directions, torch.tensor([100.0]))) == 0.0
    _, found = cells.march(origins, directions, along(0.0, 0.1), 8)
    assert found.tolist() == [0]


def test_march_by_hand():
    # Living: 0 to 1 m and 2 to 4 m from the row's start, 1 m more from the ray's.
    cells, rays = row(1, 0, 1, 1, 0), one_ray(-1.0)
    t, found = cells.march(*rays, along(0.0, 0.4, 0.25), 10)
    assert found.tolist() == [8]  # after 0.1, 0.5, 0.9, 1.3, … 2.9 m of it
    expected = [1.1, 1.5, 1.9, 3.3, 3.7, 4.1, 4.5, 4.9]
    np.testing.assert_allclose(t[0, :8], expected, atol=ROUNDING)


def test_march_begins_at_its_start_and_ends_at_its_end():
    cells, rays = row(1, 0, 1, 1, 0), one_ray(-1.0)
    t, found = cells.march(*rays, along(1.5, 0.3, 0.5), 10)
    # 0.5 m are left of cell 0: two places in them, and the third 0.75 − 0.5 m into cell 2.
    expected = [1.65, 1.95, 3.25, 3.55, 3.85, 4.15, 4.45, 4.75]
    np.testing.assert_allclose(t[0, : int(found)], expected, atol=ROUNDING)
    t, found = cells.march(*rays, along(1.5, 0.3, 0.5, far=3.5), 10)
    np.testing.assert_allclose(t[0, : int(found)], expected[:3], atol=ROUNDING)


def test_march_stops_when_its_places_are_filled():
    t, found = row(1, 0, 1, 1, 0).march(*one_ray(-1.0), along(0.0, 0.4, 0.25), 4)
    assert found.tolist() == [4]
    np.testing.assert_allclose(t[0], [1.1, 1.5, 1.9, 3.3], atol=ROUNDING)


def test_a_march_goes_on_where_it_stopped():
    cells, rays = row(1, 0, 1, 1, 0), one_ray(-1.0)
    whole, _ = cells.march(*rays, along(0.0, 0.3), 9)
    first, _ = cells.march(*rays, along(0.0, 0.3), 5)
    second, found = cells.march(*rays, along(float(first[0, 4]), 0.3), 5)
    np.testing.assert_allclose(second[0, : int(found)], whole[0, 4:], atol=ROUNDING)


@FEW
@given(st.integers(0, 2**31))
def test_length_equals_its_twin(seed):
    cells = chance_cells(seed)
    rays = chance_rays(cells, 40, seed)
    far = torch.rand(40) * 2
    found = cells.length(*rays, far)
    expected = [cut(cells, rays, n, (0.0, float(far[n]))).length for n in range(40)]
    np.testing.assert_allclose(found, expected, atol=5 * ROUNDING * cells.size_m)


@FEW
@given(st.integers(0, 2**31), st.floats(0.02, 0.2), st.floats(0, 0.99))
def test_march_equals_its_twin(seed, spacing, phase):
    cells, count = chance_cells(seed), 12
    rays = chance_rays(cells, 40, seed)
    rng = np.random.default_rng(seed)
    start, far = (torch.from_numpy(rng.uniform(*x, 40)).float() for x in ((0, 0.5), (0.3, 2)))
    gap, shift = (torch.full((40,), x) for x in (spacing, phase))
    t, found = cells.march(*rays, Along(far, start, gap, shift), count)
    slack = 5 * ROUNDING * cells.size_m
    for n in range(40):
        if far[n] <= start[n]:
            assert int(found[n]) == 0
            continue
        parts = cut(cells, rays, n, (float(start[n]), float(far[n])))
        wanted = phase * spacing + spacing * np.arange(count)
        # Places at the very end of the living part may be found or not.
        assert found[n] >= (wanted < parts.length - slack).sum()
        assert found[n] <= (wanted < parts.length + slack).sum()
        for k in range(int(found[n])):
            near = near_sides(parts, wanted[k], slack)
            assert min(near) - slack <= t[n, k] <= max(near) + slack


@FEW
@given(st.integers(0, 2**31), st.integers(1, 20))
def test_spread_covers_the_living_part_in_order(seed, count):
    cells = chance_cells(seed)
    rays = chance_rays(cells, 60, seed)
    torch.manual_seed(seed)
    far = torch.rand(60) * 2
    t, spacing = cells.spread(*rays, far, count)
    assert t.shape == (60, count)
    length = cells.length(*rays, far)
    torch.testing.assert_close(spacing, length / count)
    assert (t.diff(dim=1) >= 0).all()
    lives = length > ROUNDING * cells.size_m
    assert (t[~lives].diff(dim=1) <= ROUNDING).all()
    points = rays[0][:, None] + rays[1][:, None] * t[..., None]
    held = living_within(cells, points[lives].reshape(-1, 3), ROUNDING * cells.size_m)
    assert held.all()
    assert (t[lives] <= far[lives, None] + ROUNDING * cells.size_m).all()


def test_spread_puts_one_place_into_each_equal_part():
    # 3 m of life in six parts: cells 0, 2 and 3 hold two places each, whatever chance says.
    cells = row(1, 0, 1, 1, 0)
    origins, directions = (x.expand(500, 3) for x in one_ray(0.0))
    t, spacing = cells.spread(origins, directions, torch.full((500,), torch.inf), 6)
    torch.testing.assert_close(spacing, torch.full((500,), 0.5), atol=ROUNDING, rtol=0)
    edges = torch.tensor([0.0, 0.5, 2.0, 2.5, 3.0, 3.5])
    within = t - edges
    # Of a place by the very side of a gap, rounding says on which side.
    sure = (within[:, 0] > 0.01) & (within[:, 0] < 0.49)
    within = within[sure]
    assert sure.float().mean() > 0.9
    assert (within > 0).all()
    assert (within < 0.5).all()
    # Even chance: the mean of 480 is within 5 standard errors of a half of the half metre.
    torch.testing.assert_close(within.mean(0), torch.full((6,), 0.25), atol=0.033, rtol=0)
    torch.testing.assert_close(within.std(0), torch.full((6,), 0.14), atol=0.02, rtol=0)


def test_spread_of_rays_that_miss_stays_at_their_start():
    origins, directions = one_ray(9.0)
    t, spacing = row(1, 1, 1, 1, 1).spread(origins, directions, torch.tensor([5.0]), 4)
    assert t.tolist() == [[0.0, 0.0, 0.0, 0.0]]
    assert spacing.tolist() == [0.0]


def test_a_box_is_covered_by_whole_cells():
    cells = Cells.over(Box((-1.0, 0.0, 0.0), (1.0, 0.3, 0.25)), 0.1)
    assert cells.alive.shape == (20, 3, 3)  # 0.25 m take three cells
    assert cells.alive.all()


def test_more_cells_than_fit_are_refused():
    with pytest.raises(FieldError, match="134217728 cells"):
        Cells.over(Box((0.0, 0.0, 0.0), (100.0, 100.0, 100.0)), 0.1)


def test_holds_by_hand():
    cells = row(1, 0, 1, 1, 0)
    points = torch.tensor(
        [[0.5, 0.5, 0.5], [1.5, 0.5, 0.5], [2.0, 0.0, 0.0], [5.0, 0.5, 0.5], [0.5, -0.1, 0.5]]
    )
    # Lower sides belong to a cell, upper ones to the next; nothing outside is held.
    assert cells.holds(points).tolist() == [True, False, True, False, False]


def test_mark_brings_cells_within_its_margin_to_life():
    cells = row(0, 0, 0, 0, 0)
    cells.mark(torch.tensor([[2.5, 0.5, 0.5]]), 0.4)
    assert cells.alive[:, 0, 0].tolist() == [False, False, True, False, False]
    cells.mark(torch.tensor([[0.9, 0.5, 0.5], [40.0, 0.0, 0.0]]), 0.2)
    assert cells.alive[:, 0, 0].tolist() == [True, True, True, False, False]
    # One cell and a margin that reaches out of the box.
    cells.mark(torch.tensor([[4.7, 0.05, 0.5]]), 0.4)
    assert cells.alive[:, 0, 0].tolist() == [True, True, True, False, True]


def test_mark_reaches_every_cell_within_its_margin():
    cells = row(0, 0, 0, 0, 0)
    cells.mark(torch.tensor([[2.5, 0.5, 0.5]]), 2.0)
    assert cells.alive.all()


@pytest.mark.timeout(30, method="thread")  # no other way out of a kernel that never ends
def test_rays_from_far_away_come_to_an_end():
    """Where a float knows no place finer than the step into the next cell."""
    cells = Cells.over(Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), 0.02)
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(4000, 3))
    directions[:1000] = [-1, 0, 0]
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    directions = torch.from_numpy(directions).float()
    target = torch.from_numpy(rng.uniform(0.2, 0.8, (4000, 3))).float()
    far = torch.full((4000,), torch.inf)
    found = cells.length(target - 100 * directions, directions, far)
    expected = cells.length(target - 2 * directions, directions, far)
    torch.testing.assert_close(found, expected, atol=0.01, rtol=0)


@pytest.mark.gpu
def test_cuda_equals_the_cpu():
    cells = chance_cells(6)
    rays = chance_rays(cells, 200, 7)
    plan = Along(*(torch.full((200,), x) for x in (2.0, 0.1, 0.05, 0.3)))
    there = Cells(cells.lower, cells.size_m, cells.alive.cuda())
    moved = [x.cuda() for x in rays]
    length = there.length(*moved, plan.far_m.cuda()).cpu()
    torch.testing.assert_close(
        length, cells.length(*rays, plan.far_m), atol=ROUNDING * cells.size_m, rtol=0
    )
    t, found = there.march(*moved, Along(*(x.cuda() for x in plan)), 8)
    t_cpu, found_cpu = cells.march(*rays, plan, 8)
    same = found.cpu() == found_cpu
    assert same.float().mean() > 0.98
    far_off = (t.cpu() - t_cpu)[same].abs() > 5 * ROUNDING * cells.size_m
    assert far_off.float().mean() < 0.01
