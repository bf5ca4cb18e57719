import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from transforms3d.axangles import axangle2mat

from nesf_ros.errors import GeometryError
from nesf_ros.geometry import se3

coordinates = arrays(np.float64, 3, elements=st.floats(-100, 100))
axes = arrays(np.float64, 3, elements=st.floats(-1, 1)).filter(lambda a: np.linalg.norm(a) > 0.1)
angles = st.floats(-math.pi, math.pi)


@st.composite
def poses(draw):
    pose = np.eye(4)
    pose[:3, :3] = axangle2mat(draw(axes), draw(angles))
    pose[:3, 3] = draw(coordinates)
    return pose


@given(poses())
def test_a_pose_times_its_inverse_is_the_identity(pose):
    np.testing.assert_allclose(pose @ se3.invert(pose), np.eye(4), atol=1e-12)
    np.testing.assert_allclose(se3.invert(pose), np.linalg.inv(pose), atol=1e-9)


@given(poses(), poses(), poses())
def test_composition_is_associative_and_inverts_in_reverse_order(a, b, c):
    product = se3.compose(a, b, c)
    np.testing.assert_allclose(product, a @ (b @ c), atol=1e-9)
    inverse = se3.compose(se3.invert(c), se3.invert(b), se3.invert(a))
    np.testing.assert_allclose(se3.invert(product), inverse, atol=1e-9)


def test_composing_nothing_gives_the_identity():
    np.testing.assert_array_equal(se3.compose(), np.eye(4))


def test_invert_takes_stacks():
    stack = np.stack([np.eye(4), np.eye(4)])
    stack[1, :3, 3] = (1, 2, 3)
    np.testing.assert_array_equal(se3.invert(stack)[1, :3, 3], (-1, -2, -3))


def test_quaternion_order_is_x_y_z_w():
    half = math.sqrt(0.5)  # 90 degrees about z: x goes to y
    pose = se3.from_quaternion_xyzw((1.0, 2.0, 3.0), (0.0, 0.0, half, half))
    expected = [[0, -1, 0, 1], [1, 0, 0, 2], [0, 0, 1, 3], [0, 0, 0, 1]]
    np.testing.assert_allclose(pose, expected, atol=1e-15)
    np.testing.assert_allclose(se3.to_quaternion_xyzw(pose), (0, 0, half, half), atol=1e-12)


@given(poses())
def test_quaternions_round_trip(pose):
    back = se3.from_quaternion_xyzw(pose[:3, 3], se3.to_quaternion_xyzw(pose))
    np.testing.assert_allclose(back, pose, atol=1e-9)


def test_slightly_unnormalised_quaternions_are_normalised():
    pose = se3.from_quaternion_xyzw((0, 0, 0), (0, 0, 0, 1.009))
    np.testing.assert_array_equal(pose, np.eye(4))


@pytest.mark.parametrize(
    ("quaternion", "norm"),
    [((0, 0, 0, 0), "norm 0"), ((0, 0, 0, 1.02), "norm 1.02"), ((0, math.nan, 0, 1), "norm nan")],
)
def test_other_quaternions_are_refused_and_the_norm_is_named(quaternion, norm):
    with pytest.raises(GeometryError, match=norm):
        se3.from_quaternion_xyzw((0, 0, 0), quaternion)


def test_a_translation_that_is_not_finite_is_refused():
    with pytest.raises(GeometryError, match="finite"):
        se3.from_quaternion_xyzw((0, math.inf, 0), (0, 0, 0, 1))


@given(poses())
def test_check_pose_lets_rigid_transforms_pass(pose):
    np.testing.assert_array_equal(se3.check_pose(pose), pose)
    np.testing.assert_allclose(se3.check_pose(pose.astype(np.float32)), pose, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.eye(3), "4x4"),
        (np.diag([1.0, 1.0, -1.0, 1.0]), "determinant -1"),
        (np.diag([1.01, 1.01, 1.01, 1.0]), "not rigid"),
        (np.full((4, 4), np.nan), "NaN"),
        (np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [1, 2, 3, 1]]), "transposed"),
    ],
)
def test_check_pose_says_what_is_wrong(matrix, message):
    with pytest.raises(GeometryError, match=message):
        se3.check_pose(matrix)


@given(axes, st.floats(0, math.pi), poses())
def test_angle_between_is_the_angle_of_the_turn(axis, angle, start):
    turn = np.eye(4)
    turn[:3, :3] = axangle2mat(axis, angle)
    assert se3.angle_between(start, start @ turn) == pytest.approx(angle, abs=1e-7)


@given(poses(), poses(), st.floats(0, 1))
def test_interpolation_keeps_to_the_straight_way(a, b, fraction):
    middle = se3.interpolate(a, b, fraction)
    expected = a[:3, 3] + fraction * (b[:3, 3] - a[:3, 3])
    np.testing.assert_allclose(middle[:3, 3], expected, atol=1e-9)
    whole = se3.angle_between(a, b)
    assert se3.angle_between(a, middle) == pytest.approx(fraction * whole, abs=1e-5)
    assert se3.angle_between(middle, b) == pytest.approx((1 - fraction) * whole, abs=1e-5)


@given(poses(), arrays(np.float64, (5, 3), elements=st.floats(-10, 10)))
def test_points_move_as_homogeneous_vectors_do(pose, points):
    expected = (pose @ np.c_[points, np.ones(5)].T).T[:, :3]
    np.testing.assert_allclose(se3.transform_points(pose, points), expected, atol=1e-9)


def test_points_keep_their_type():
    points = np.array([[1, 2, 3]], np.float32)
    moved = se3.transform_points(np.eye(4), points)
    assert moved.dtype == np.float32
    np.testing.assert_array_equal(moved, points)
