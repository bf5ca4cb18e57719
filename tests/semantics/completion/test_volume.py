"""The cube before a viewer, and points in it."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nesf_ros.semantics.completion.volume import Volume
from tests.voxels.scenes import facing

LEFTWARDS = Volume((3.0, 3.0, 0.3), math.pi / 2, 4.0, 4)
"""Turned by 90 degrees: its x is the map's y, its y the map's −x; cells of 1 m."""

volumes = st.builds(
    Volume,
    st.tuples(*[st.floats(-5, 5)] * 3),
    st.floats(-math.pi, math.pi),
    st.floats(0.5, 5),
    st.integers(1, 6),
)


def points(*rows):
    return torch.tensor(rows, dtype=torch.float64)


def is_leftwards(volume):
    np.testing.assert_allclose(volume.corner_m, LEFTWARDS.corner_m, atol=1e-9)
    assert (volume.yaw_rad, volume.side_m, volume.cells) == (pytest.approx(math.pi / 2), 4.0, 4)


def test_the_cube_before_a_viewer_begins_a_quarter_of_its_side_ahead():
    # From (1, 2) along y: near face at y = 3; to the left is −x, so its right end is at x = 3.
    # Its floor is 0.05 · 4 m below that of the map.
    is_leftwards(Volume.before(facing(math.pi / 2, (1.0, 2.0, 1.5)), 4.0, 4, floor_m=0.5))


def test_the_cube_around_a_point():
    is_leftwards(Volume.around(np.array([1.0, 5.0, 2.3]), math.pi / 2, 4.0, 4))


def test_points_go_in_and_out():
    inside, there = points([1.0, 2.0, 3.0]), points([1.0, 4.0, 3.3])
    torch.testing.assert_close(LEFTWARDS.to_map(inside), there)
    torch.testing.assert_close(LEFTWARDS.unit(there), torch.tensor([[0.25, 0.5, 0.75]]))


def test_cells_are_numbered_with_z_fastest():
    # At (1.5, 2.5, 3.5) along the cube's axes: cell (1, 2, 3). The others leave through a face.
    found = LEFTWARDS.index(
        points([0.5, 4.5, 3.8], [0.5, 2.9, 3.8], [3.1, 4.5, 3.8], [0.5, 4.5, 0.2], [0.5, 4.5, 4.4])
    )
    assert found.tolist() == [(1 * 4 + 2) * 4 + 3, -1, -1, -1, -1]


def test_the_box_around_a_turned_cube():
    assert LEFTWARDS.box.lower == pytest.approx((-1.0, 3.0, 0.3))
    assert LEFTWARDS.box.upper == pytest.approx((3.0, 7.0, 4.3))
    tilted = Volume.around(np.zeros(3), math.pi / 4, 2.0, 1).box
    assert tilted.upper == pytest.approx((math.sqrt(2), math.sqrt(2), 1.0))
    assert tilted.lower == pytest.approx((-math.sqrt(2), -math.sqrt(2), -1.0))


@given(volumes, st.lists(st.tuples(*[st.floats(0.01, 0.99)] * 3), min_size=1))
def test_points_inside_come_back_and_lie_in_the_box(volume, unit):
    there = volume.to_map(points(*unit) * volume.side_m)
    torch.testing.assert_close(volume.unit(there), torch.tensor(unit), atol=1e-5, rtol=0)
    assert (volume.index(there) >= 0).all()
    box = volume.box
    assert ((there.numpy() > box.lower) & (there.numpy() < box.upper)).all()


@given(volumes)
def test_the_middles_of_cells_are_theirs_in_order(volume):
    assert volume.index(volume.centers()).tolist() == list(range(volume.cells**3))


@given(volumes, st.integers(0, 2), st.sampled_from([-0.01, 1.01]))
def test_beyond_a_face_there_is_no_cell(volume, axis, where):
    unit = torch.full((1, 3), 0.5, dtype=torch.float64)
    unit[0, axis] = where
    assert volume.index(volume.to_map(unit * volume.side_m)).tolist() == [-1]
