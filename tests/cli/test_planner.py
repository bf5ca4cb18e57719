import numpy as np
import pytest

from nesf_ros.cli.planner import Extent, nearest_obstacles, points_text, viewing_azimuth
from nesf_ros.errors import MapError
from nesf_ros.ros.map_client import DenseMap

pytestmark = pytest.mark.ros


def room(codes):
    return DenseMap(codes, np.array([-1.0, -1.0, 0.0]), 0.1)


def test_obstacles_are_the_first_occupied_voxel_in_each_direction():
    codes = np.ones((20, 20, 3), np.uint8)  # free
    codes[17, :, :] = 200  # a wall at x = 0.7 … 0.8
    codes[19, :, :] = 200  # and one behind it
    hits, behind = nearest_obstacles(room(codes), np.array([0.05, 0.05, 0.15]))
    ahead = np.abs(hits[:, 1] - 0.05).argmin()
    np.testing.assert_allclose(hits[ahead], [0.75, 0.05, 0.15])
    np.testing.assert_allclose(behind[ahead], [1.05, 0.05, 0.15])
    np.testing.assert_allclose(hits[:, 0], 0.75)  # never the second wall, never behind the robot


def test_no_obstacle_at_all():
    hits, behind = nearest_obstacles(room(np.ones((20, 20, 3), np.uint8)), np.zeros(3))
    assert hits.shape == behind.shape == (0, 3)


def test_a_dense_map_counts_its_voxels_by_state():
    codes = np.array([0, 1, 127, 128, 255, 0], np.uint8).reshape(1, 2, 3)
    assert room(codes).counts == {"free": 2, "occupied": 2, "unobserved": 2}


def test_the_extent_leaves_out_strays_and_cuts_the_ceiling():
    rng = np.random.default_rng(0)
    points = rng.uniform((0, 0, 0), (4, 5, 2.5), (20_000, 3))
    points[0] = (100, 0, 0)
    extent = Extent.of(points, 0.05)
    np.testing.assert_allclose(extent.box.lower, (0, 0, 0), atol=0.1)
    np.testing.assert_allclose(extent.box.upper, (4, 5, 2.5), atol=0.1)
    assert extent.without_ceiling().upper[2] == pytest.approx(0.72 * 2.5, abs=0.1)
    low_m, high_m = extent.slice_limits()
    assert 0.1 < low_m < 0.3 and 1.3 < high_m < 1.6


def test_a_map_without_surface_has_no_extent():
    with pytest.raises(MapError, match="no surface"):
        Extent.of(np.zeros((0, 3)), 0.05)


def facing(*directions):
    poses = np.tile(np.eye(4), (len(directions), 1, 1))
    poses[:, :3, 2] = directions
    return poses


def test_the_view_is_taken_the_way_the_cameras_looked():
    poses = facing((0.0, 1.0, 0.0), (0.1, 0.9, -0.3), (-0.1, 0.9, -0.3))
    assert viewing_azimuth(poses) == pytest.approx(np.pi / 2)
    around = facing((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0))
    assert viewing_azimuth(around) == pytest.approx(np.deg2rad(40))


def test_answers_read_well():
    report = {"here": {"points": 3, "free": 2, "occupied": 0, "unobserved": 1,
                       "nearest_surface_m": 0.5}}  # fmt: skip
    assert points_text(report) == (
        "  query_points   here: 2 free, 1 unobserved of 3, nearest surface 0.50 m away"
    )
