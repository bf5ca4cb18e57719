import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesf_ros.errors import GeometryError
from nesf_ros.geometry.upright import estimate_up, levelling


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
