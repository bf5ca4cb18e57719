import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesf_ros.datasets import open_source
from nesf_ros.errors import GeometryError
from nesf_ros.geometry.upright import (
    estimate_up,
    heading_rad,
    levelling,
    refine_up,
    surface_normals,
)
from nesf_ros.types import Intrinsics


def camera(yaw_rad, pitch_rad, world_T_level=None):
    """Optical frame of a camera held level in a z-up world, turned by yaw, looking up by pitch."""
    forward = np.array(
        [
            np.cos(pitch_rad) * np.cos(yaw_rad),
            np.cos(pitch_rad) * np.sin(yaw_rad),
            np.sin(pitch_rad),
        ]
    )
    right = np.array([np.sin(yaw_rad), -np.cos(yaw_rad), 0.0])
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(forward, right), forward], 1)
    return pose if world_T_level is None else world_T_level @ pose


def unit(vector):
    return np.array(vector) / np.linalg.norm(vector)


def test_cameras_that_look_down_in_a_z_up_world():
    poses = [camera(yaw, -0.6) for yaw in (0.0, 0.4, 0.9)]
    np.testing.assert_array_equal(estimate_up(poses), [0, 0, 1])


def test_a_world_like_the_first_camera_has_up_at_minus_y():
    level_T_world = camera(0.3, 0.0)
    poses = [np.linalg.inv(level_T_world) @ camera(yaw, 0.0) for yaw in (0.3, 0.5, 1.4)]
    np.testing.assert_array_equal(estimate_up(poses), [0, -1, 0])


def test_a_tilted_world_is_not_snapped_and_the_pitch_does_not_matter():
    level_T_world = camera(0.0, -0.7)
    poses = [np.linalg.inv(level_T_world) @ camera(yaw, -0.7) for yaw in (-0.8, 0.0, 0.8)]
    expected = level_T_world[:3, :3].T @ [0, 0, 1]
    np.testing.assert_allclose(estimate_up(poses), expected, atol=0.02)


def test_one_camera_is_taken_to_look_straight_ahead():
    np.testing.assert_allclose(estimate_up([camera(0.7, 0.0)]), [0, 0, 1], atol=1e-12)


def test_no_camera_is_an_error():
    with pytest.raises(GeometryError, match="at least one"):
        estimate_up([])


@given(st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1))
def test_levelling_is_a_rotation_that_takes_up_to_z(vector):
    up = unit(vector)
    turn = levelling(up)[:3, :3]
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-7)
    assert np.linalg.det(turn) == pytest.approx(1.0)
    np.testing.assert_allclose(turn @ up, [0, 0, 1], atol=1e-7)


def test_levelling_keeps_an_upright_world_and_turns_an_inverted_one_about_x():
    np.testing.assert_array_equal(levelling(np.array([0.0, 0.0, 1.0])), np.eye(4))
    np.testing.assert_array_equal(
        levelling(np.array([0.0, 0.0, -1.0])), np.diag([1.0, -1.0, -1.0, 1.0])
    )


def floor_depth(view, pose, height_m):
    """What a camera at `pose` sees of the plane z = 0 of a z-up world, and nothing else."""
    v, u = np.mgrid[: view.height, : view.width]
    rays = np.stack([(u - view.cx) / view.fx, (v - view.cy) / view.fy, np.ones(u.shape)], -1)
    down = -(rays @ pose[:3, :3].T)[..., 2]
    return np.where(down > 0.1, height_m / np.maximum(down, 0.1), 0).astype(np.float32)


def test_normals_of_a_floor_point_up_and_correct_an_estimate():
    view, pose = Intrinsics(640, 480, 520.0, 520.0, 319.5, 239.5), camera(0.4, -0.6)
    normals = surface_normals(floor_depth(view, pose, 1.4), view, pose)
    assert len(normals) > 30
    np.testing.assert_allclose(normals, np.tile([0, 0, 1], (len(normals), 1)), atol=1e-5)
    tilted = unit([0.1, -0.05, 1.0])
    refined = refine_up(tilted, np.tile(normals, (10, 1)))
    np.testing.assert_allclose(refined, [0, 0, 1], atol=1e-5)


def test_few_normals_or_steep_ones_leave_the_estimate_alone():
    up = unit([0.1, 0.0, 1.0])
    np.testing.assert_array_equal(refine_up(up, np.tile([0.0, 0.0, 1.0], (10, 1))), up)
    np.testing.assert_array_equal(refine_up(up, np.tile([1.0, 0.0, 0.0], (500, 1))), up)


def test_a_hand_held_recording_of_a_kitchen_is_level_within_half_a_degree(shared_data):
    source = open_source(shared_data / "sevenscenes")
    normals = [
        surface_normals(f.rgbd.depth_m, f.rgbd.depth_intrinsics, f.world_T_camera)
        for f in itertools.islice(source, 0, 60, 6)
    ]
    up = refine_up(estimate_up(source.poses), np.concatenate(normals))
    # Normal of floor and table top, by planes fitted to a map of all frames.
    assert np.rad2deg(np.arccos(up @ unit([0.0099, -0.8909, -0.454]))) < 0.5


@pytest.mark.parametrize("sine", [1e-3, 1e-6, 1e-9])
def test_levelling_keeps_its_digits_almost_upside_down(sine):
    up = unit([0.6 * sine, -0.8 * sine, -1.0])
    turn = levelling(up)[:3, :3]
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(turn @ up, [0, 0, 1], atol=1e-12)


@given(st.floats(-3.1, 3.1), st.floats(-1.57, 1.57))
def test_a_heading_does_not_depend_on_how_far_a_camera_looks_up_or_down(yaw, pitch):
    assert heading_rad(camera(yaw, pitch)) == pytest.approx(yaw, abs=1e-6)


@pytest.mark.parametrize("pitch", [-np.pi / 2, np.pi / 2])
def test_straight_down_and_up_a_camera_heads_where_it_was_tilted_from(pitch):
    for yaw in (0.0, 0.4, np.pi / 2, -3.0):
        assert heading_rad(camera(yaw, pitch)) == pytest.approx(yaw, abs=1e-9)


def test_straight_down_what_is_up_in_the_image_is_ahead():
    down = np.eye(4)
    down[:3, :3] = np.array([[1, 0, 0], [0, -1, 0], [0, 0, -1]])  # x right, image up along y
    assert heading_rad(down) == pytest.approx(np.pi / 2)
    up = np.eye(4)
    up[:3, :3] = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])  # image down along −x
    assert abs(heading_rad(up)) == pytest.approx(np.pi)
