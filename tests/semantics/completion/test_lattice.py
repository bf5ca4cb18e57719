"""Voxels of answers, and cubes over a region."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nesf_ros.errors import QueryError
from nesf_ros.semantics.completion.lattice import EDGE, OVERLAP, SLACK, Grid, tiles, window
from nesf_ros.semantics.completion.presets import Preset
from nesf_ros.types import Box

SMALL = Preset(cells=4, side_m=2.0, widths=(4,))


def test_voxels_lie_at_multiples_of_their_size():
    grid = Grid.covering(Box((0.07, -0.12, 0.0), (0.21, 0.0, 0.1)), 0.05, 100)
    assert grid.origin_m == pytest.approx((0.05, -0.15, 0.0))
    assert grid.shape == (4, 3, 2)
    assert grid.first.tolist() == [1, -3, 0]
    assert grid.box.upper == pytest.approx((0.25, 0.0, 0.1))


def test_a_box_that_ends_at_voxels_takes_no_others():
    # 0.3 / 0.1 is a little less than 3, 0.7 / 0.1 less than 7, 0.6 / 0.1 less than 6.
    grid = Grid.covering(Box((0.3, 0.3, -0.3), (0.7, 0.6, 0.3)), 0.1, 100)
    assert (grid.first.tolist(), grid.shape) == ([3, 3, -3], (4, 3, 6))


def test_the_smallest_box_has_a_voxel():
    grid = Grid.covering(Box((0.1, 0.1, 0.1), (0.1 + 1e-9, 0.2, 0.2)), 0.1, 100)
    assert grid.shape == (1, 1, 1)


def test_too_many_voxels():
    with pytest.raises(QueryError, match=r"1e\+03 voxels of 0.1 m; 999 are allowed"):
        Grid.covering(Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), 0.1, 999)
    assert Grid.covering(Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), 0.1, 1000).shape == (10, 10, 10)


def test_middles_of_voxels_with_z_fastest():
    centers = Grid((1.0, 2.0, -0.5), 0.25, (2, 3, 4)).centers()
    assert len(centers) == 24
    assert centers[0].tolist() == [1.125, 2.125, -0.375]
    assert centers[1].tolist() == [1.125, 2.125, -0.125]
    assert centers[(1 * 3 + 2) * 4 + 3].tolist() == [1.375, 2.625, 0.375]


grids = st.builds(
    Grid,
    st.tuples(*[st.integers(-9, 9).map(lambda n: 0.25 * n)] * 3),
    st.just(0.25),
    st.tuples(*[st.integers(1, 5)] * 3),
)
ends = st.tuples(*[st.floats(-3, 3)] * 3)


@given(grids, ends, ends)
def test_voxels_in_a_box_are_those_whose_middles_are(grid, one, other):
    low, high = np.minimum(one, other), np.maximum(one, other) + 0.01
    middles = grid.centers().double().numpy()
    # On its very faces they count, so let none lie next to one.
    near_face = (np.abs(middles - low) < 1e-5) | (np.abs(middles - high) < 1e-5)
    inside = ((middles >= low) & (middles <= high)).all(1) & ~near_face.any(1)
    found = grid.numbers_in(Box(tuple(low.tolist()), tuple(high.tolist()))).tolist()
    assert [n for n in found if not near_face[n].any()] == np.flatnonzero(inside).tolist()
    assert found == sorted({*found})


def test_middles_on_the_faces_of_a_box_lie_in_it():
    grid = Grid((0.0, 0.0, 0.0), 0.5, (4, 1, 2))
    assert grid.numbers_in(Box((0.75, 0.0, 0.0), (1.25, 0.3, 0.6))).tolist() == [2, 4]
    assert grid.numbers_in(Box((5.0, 0.0, 0.0), (6.0, 1.0, 1.0))).tolist() == []


def corners(cubes):
    return np.array([cube.corner_m for cube in cubes])


def test_one_cube_stands_on_the_floor_where_the_box_fits():
    (cube,) = tiles(Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), 0.0, 0.5, SMALL, 9)
    # 5 % of 2 m below a floor at 0.5 would be 0.4; but the box begins at 0, out of reach of that.
    assert cube.corner_m == pytest.approx((-0.5, -0.5, -0.5))
    (cube,) = tiles(Box((0.0, 0.0, 0.4), (1.0, 1.0, 1.0)), 0.0, 0.5, SMALL, 9)
    assert cube.corner_m == pytest.approx((-0.5, -0.5, 0.4))
    assert (cube.side_m, cube.cells) == (2.0, 4)


def test_a_box_as_large_as_a_cube_takes_one():
    (cube,) = tiles(Box((-0.7, 0.1, 1.1), (1.3, 2.1, 3.1)), 0.0, 0.0, SMALL, 9)
    assert cube.corner_m == pytest.approx((-0.7, 0.1, 1.1))


def test_more_cubes_overlap_by_a_quarter_at_least():
    two = tiles(Box((0.0, 0.0, 0.0), (3.5, 1.0, 1.0)), 0.0, 0.0, SMALL, 9)
    np.testing.assert_allclose(corners(two)[:, 0], [0.0, 1.5])
    three = tiles(Box((0.0, 0.0, 0.0), (3.6, 1.0, 1.0)), 0.0, 0.0, SMALL, 9)
    np.testing.assert_allclose(corners(three)[:, 0], [0.0, 0.8, 1.6])


def test_cubes_turn_with_the_viewer():
    two = tiles(Box((0.0, 0.0, 0.0), (3.5, 1.0, 1.0)), math.pi / 2, 0.0, SMALL, 9)
    # Their x runs along the map's y, so they are beside each other along their own y, the map's −x.
    np.testing.assert_allclose(corners(two)[:, :2], [[3.5, -0.5], [2.0, -0.5]], atol=1e-9)


boxes = st.builds(
    lambda low, size: Box(low, tuple(a + b for a, b in zip(low, size, strict=True))),
    st.tuples(*[st.floats(-5, 5)] * 3),
    st.tuples(st.floats(0.1, 9), st.floats(0.1, 9), st.floats(0.1, 5)),
)


@given(
    boxes,
    st.floats(-math.pi, math.pi),
    st.floats(-2, 2),
    st.lists(st.tuples(*[st.floats(0, 1)] * 3), min_size=1),
)
def test_every_point_of_a_box_lies_in_a_cube(box, yaw, floor_m, shares):
    cubes = tiles(box, yaw, floor_m, SMALL, 1000)
    low, high = np.array(box.lower), np.array(box.upper)
    points = low + np.array(shares) * (high - low)
    bottom = corners(cubes)[:, 2].min()
    top = corners(cubes)[:, 2].max() + 2.0
    reached = points[:, 2].clip(bottom, top)
    assert np.abs(reached - points[:, 2]).max() <= SLACK * 2.0 + 1e-6
    points[:, 2] = reached
    units = torch.stack([cube.unit(torch.from_numpy(points)) for cube in cubes])
    assert ((units >= -1e-5) & (units <= 1 + 1e-5)).all(2).any(0).all()


@given(boxes, st.floats(-math.pi, math.pi))
def test_neighbours_overlap(box, yaw):
    cubes = tiles(box, yaw, 0.0, SMALL, 1000)
    along = corners(cubes) @ cubes[0].rotation
    for axis in range(3):
        steps = np.diff(np.unique(along[:, axis].round(6)))
        assert (steps <= (1 - OVERLAP) * 2.0 + 1e-5).all()


@pytest.mark.parametrize("size_m", [20.0, 1e6, 1e15])
def test_too_many_cubes_however_many(size_m):
    with pytest.raises(QueryError, match=r"cubes of 2 m; 24 are allowed.*unseen.max_tiles"):
        tiles(Box((-size_m / 2,) * 3, (size_m / 2,) * 3), 0.3, 0.0, SMALL, 24)


def test_a_cube_is_heard_less_towards_its_faces():
    units = torch.tensor(
        [[0.5, 0.5, 0.5], [0.125, 0.5, 0.875], [0.0, 0.5, 0.5], [1.0, 0.0, 1.0], [0.5, 0.0625, 0.5]]
    )
    # It rises from the face to an eighth of the side: halfway there it is in the middle.
    expected = [1.0, 1.0, EDGE, EDGE**3, EDGE + (1 - EDGE) / 2]
    assert window(units).tolist() == pytest.approx(expected)
