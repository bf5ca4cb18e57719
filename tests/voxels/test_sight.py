"""Dense states, clear balls and rays through what is not known, by hand and by brute force."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nesf_ros.errors import MapError
from nesf_ros.types import FREE, OCCUPIED, UNOBSERVED, Box
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.sampling import sample_points
from nesf_ros.voxels.sight import StateGrid, is_clear, states_in, transmittance
from nesf_ros.voxels.state import HALF_WIDTH

from .scenes import facing, small_config, view_of

SIZE_M = 0.1
FIRST = (-3, 5, 0)


def grid_of(state: np.ndarray) -> StateGrid:
    return StateGrid(torch.from_numpy(state.astype(np.uint8)), torch.tensor(FIRST), SIZE_M)


def middle(*voxel: float) -> torch.Tensor:
    """Middle of a voxel of a grid, metres."""
    place = [(i + f + 0.5) * SIZE_M for i, f in zip(voxel, FIRST, strict=True)]
    return torch.tensor([place], dtype=torch.float64)


def corridor(*states: int) -> StateGrid:
    """One row of voxels along x."""
    return grid_of(np.array(states)[:, None, None])


def test_states_of_a_box_are_those_of_its_voxels():
    wall = Box((1.62, -9.0, -9.0), (3.0, 9.0, 9.0))
    voxel_map = VoxelMap(small_config())
    for x in (0.0, 1.2):
        voxel_map.integrate(view_of([wall], facing(0.3, (x - 0.5, 0.0, 0.0))))
    grid = states_in(voxel_map, Box((0.5, -0.9, -0.3), (2.0, 0.6, 0.1)))
    assert grid.first.tolist() == [8, -24, -8]  # whole blocks of 0.4 m
    assert grid.state.shape == (32, 40, 16)
    voxels = torch.cartesian_prod(*(torch.arange(n) for n in grid.state.shape))
    state = sample_points(voxel_map, grid.centres(voxels))[1]
    assert torch.equal(grid.state.flatten(), state)
    assert torch.equal(grid.state_at(grid.centres(voxels)), state)
    assert state.unique().tolist() == [UNOBSERVED, FREE, OCCUPIED]


def test_a_box_of_too_many_voxels():
    with pytest.raises(MapError, match="choose a smaller region"):
        states_in(VoxelMap(small_config()), Box((0, 0, 0), (100.0, 100.0, 100.0)))


def test_what_rays_meet():
    grid = corridor(
        FREE, FREE, UNOBSERVED, UNOBSERVED, UNOBSERVED, FREE, UNOBSERVED, OCCUPIED, FREE
    )
    ends = torch.cat([middle(i, 0, 0) for i in range(9)])
    passing = transmittance(grid, middle(0, 0, 0), ends, sight_m=0.3)[0]
    # Metres of unobserved space before the voxel of each point itself.
    unknown = [0.0, 0.0, 0.0, 0.1, 0.2, 0.3, 0.3, 0.4]
    # Rays are sampled every half voxel: each end of a stretch may be missed by half of that.
    assert (-0.3 * passing[:8].log()).tolist() == pytest.approx(unknown, abs=0.3 * SIZE_M)
    assert passing[:3].tolist() == [1.0, 1.0, 1.0]
    assert passing[8] == 0.0  # behind a surface; the surface itself can be seen
    back = transmittance(grid, ends, middle(0, 0, 0), sight_m=0.3)[:, 0]
    assert back[:2].tolist() == [1.0, 1.0]
    assert back[8] == 0.0


@pytest.mark.parametrize(
    ("normal", "leak"),
    # A wall at just 45 degrees is a row of voxels that touch at their edges only.
    [
        ((1, 0, 0), 0.0),
        ((1, 1, 0), 0.06),
        ((1, 1, 1), 0.01),
        ((3, -1, 0.4), 0.01),
        ((1, 2, 0), 0.03),
    ],
)
def test_a_wall_is_tight_from_everywhere(normal, leak):
    unit = np.array(normal) / np.linalg.norm(normal)
    middles = np.stack(np.indices((20, 20, 20)), -1) + 0.5
    thick = np.abs((middles - 10) @ unit) <= HALF_WIDTH
    grid = grid_of(np.where(thick, OCCUPIED, FREE))
    ends = np.random.default_rng(0).uniform(0, 20, (400, 3))
    ahead = (ends - 10) @ unit
    places = (torch.from_numpy(ends) + torch.tensor(FIRST)) * SIZE_M
    eyes, points = places[ahead < -2], places[ahead > 2]
    assert len(eyes) * len(points) > 1000
    assert float((transmittance(grid, eyes, points, 1.0) > 0).float().mean()) <= leak
    assert bool((transmittance(grid, eyes, eyes, 1.0) == 1.0).all())


def test_rays_by_brute_force():
    rng = np.random.default_rng(1)
    state = rng.choice([FREE, UNOBSERVED], (12, 10, 8), p=[0.6, 0.4])
    grid = grid_of(state)
    low = np.array(FIRST) * SIZE_M
    eyes, points = (rng.uniform(0, (1.2, 1.0, 0.8), (12, 3)) for _ in range(2))
    found = transmittance(
        grid, torch.from_numpy(eyes + low), torch.from_numpy(points + low), sight_m=0.5
    )
    share = (np.arange(4000) + 0.5) / 4000
    for i, eye in enumerate(eyes):
        for j, point in enumerate(points):
            at = np.floor((eye + share[:, None] * (point - eye)) / SIZE_M).astype(int)
            own = (at == np.floor(point / SIZE_M).astype(int)).all(1)
            unknown = (state[tuple(at.T)] == UNOBSERVED) & ~own
            length = np.linalg.norm(point - eye) * unknown.mean()
            # A sample stands for half a voxel at each end of each stretch.
            assert -0.5 * np.log(float(found[i, j])) == pytest.approx(length, abs=1.5 * SIZE_M)


def test_no_rays():
    grid = corridor(FREE)
    nothing = torch.zeros((0, 3), dtype=torch.float64)
    assert transmittance(grid, nothing, middle(0, 0, 0), 1.0).shape == (0, 1)
    assert transmittance(grid, middle(0, 0, 0), nothing, 1.0).shape == (1, 0)


def test_a_ball_is_clear_where_it_touches_free_voxels_alone():
    state = np.full((9, 9, 9), FREE)
    state[7, 4, 4] = UNOBSERVED
    voxels = torch.tensor([[4, 4, 4], [3, 4, 4], [4, 5, 4]])
    # Its face is 2.5, 3.5 and √(2.5² + 0.5²) = 2.55 voxels from the middles of these.
    assert is_clear(grid_of(state), voxels, 0.249).tolist() == [True, True, True]
    assert is_clear(grid_of(state), voxels, 0.252).tolist() == [False, True, True]
    assert is_clear(grid_of(state), voxels, 0.256).tolist() == [False, True, False]
    edge = torch.tensor([[0, 4, 4], [2, 4, 4], [-5, 4, 4], [4, 4, 20]])
    assert is_clear(grid_of(state), edge, 0.24).tolist() == [False, True, False, False]
    assert is_clear(grid_of(state), edge, 0.0).tolist() == [True, True, False, False]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**16), st.floats(0.0, 0.33))
def test_clear_balls_by_brute_force(seed, radius_m):
    rng = np.random.default_rng(seed)
    state = rng.choice([FREE, OCCUPIED], (7, 7, 7), p=[0.95, 0.05])
    grid = grid_of(state)
    voxels = torch.tensor([[3, 3, 3]])
    ball = rng.uniform(-radius_m, radius_m, (50_000, 3))
    ball = ball[np.linalg.norm(ball, axis=1) < radius_m]
    points = grid.centres(voxels) + torch.from_numpy(ball)
    if bool(is_clear(grid, voxels, radius_m)):
        assert state[3, 3, 3] == FREE
        assert bool((grid.state_at(points) == FREE).all())
    else:
        # Points close to the ball's rim may all miss the voxel that it only just touches.
        bigger = grid.centres(voxels) + torch.from_numpy(ball * (1 + 0.02 / max(radius_m, 0.02)))
        assert state[3, 3, 3] != FREE or bool((grid.state_at(bigger) != FREE).any())
