import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesf_ros.geometry import cameras, se3
from nesf_ros.types import Intrinsics

CAMERA = Intrinsics(64, 48, 50.0, 60.0, 31.5, 23.5)


def test_projection_by_hand():
    pixels = cameras.project(np.array([[0.2, -0.1, 2.0], [0.0, 0.0, 1.0]]), CAMERA)
    np.testing.assert_allclose(pixels, [[50 * 0.1 + 31.5, 60 * -0.05 + 23.5], [31.5, 23.5]])


def test_points_that_are_not_in_front_have_no_pixel():
    pixels = cameras.project(np.array([[0.0, 0.0, 0.0], [1.0, 1.0, -1.0]]), CAMERA)
    assert np.isnan(pixels).all()


@given(st.floats(-0.5, 63.5), st.floats(-0.5, 47.5), st.floats(0.01, 100))
def test_unprojection_inverts_projection(u, v, depth):
    point = cameras.unproject(np.array([u, v]), np.array(depth), CAMERA)
    assert point[2] == depth
    np.testing.assert_allclose(cameras.project(point, CAMERA), [u, v], atol=1e-9)


def test_the_image_form_equals_the_pixel_form():
    depth_m = np.random.default_rng(0).uniform(0.5, 4, (48, 64)).astype(np.float32)
    depth_m[3, 5] = 0
    v, u = np.mgrid[:48, :64].astype(float)
    expected = cameras.unproject(np.stack([u, v], -1), depth_m.astype(float), CAMERA)
    points = cameras.unproject_image(depth_m, CAMERA)
    np.testing.assert_allclose(points, expected, atol=1e-5)
    np.testing.assert_array_equal(points[3, 5], 0)


def test_a_mask_moves_by_the_parallax():
    # A colour camera 0.1 m to the right sees everything f·0.1/z = 5 px (z = 1 m) to the left.
    depth_T_color = np.eye(4)
    depth_T_color[0, 3] = 0.1
    mask = np.zeros((48, 64), bool)
    mask[10:20, 30:40] = True
    depth_m = np.ones((48, 64), np.float32)
    carried = cameras.carry_mask(mask, depth_m, CAMERA, CAMERA, depth_T_color)
    expected = np.zeros((48, 64), bool)
    expected[10:20, 35:45] = True
    np.testing.assert_array_equal(carried, expected)


def test_pixels_without_depth_and_outside_of_the_colour_image_are_not_masked():
    depth_T_color = np.eye(4)
    depth_T_color[0, 3] = 0.1
    depth_m = np.ones((48, 64), np.float32)
    depth_m[:, 40:50] = 0
    carried = cameras.carry_mask(np.ones((48, 64), bool), depth_m, CAMERA, CAMERA, depth_T_color)
    assert not carried[:, 40:50].any()
    assert not carried[:, :5].any()  # 5 px of parallax: left of the colour image
    assert carried[:, 5:40].all()
    assert carried[:, 50:].all()


def test_points_behind_the_colour_camera_are_not_masked():
    depth_T_color = np.eye(4)
    depth_T_color[2, 3] = 2.0
    depth_m = np.ones((48, 64), np.float32)
    mask = np.ones((48, 64), bool)
    assert not cameras.carry_mask(mask, depth_m, CAMERA, CAMERA, depth_T_color).any()


@pytest.mark.parametrize("turn", [0.0, 0.1])
def test_carrying_agrees_with_doing_it_point_by_point(turn):
    rng = np.random.default_rng(1)
    color = Intrinsics(80, 50, 70.0, 65.0, 41.0, 24.0)
    mask = rng.random((50, 80)) < 0.5
    depth_m = rng.uniform(0.5, 3.0, (48, 64)).astype(np.float32)
    depth_T_color = se3.from_quaternion_xyzw(
        (0.05, -0.02, 0.01), (0, np.sin(turn), 0, np.cos(turn))
    )
    points = cameras.unproject_image(depth_m, CAMERA).astype(float)
    points_color = se3.transform_points(se3.invert(depth_T_color), points)
    u, v = np.moveaxis(cameras.project(points_color, color), -1, 0)
    columns, rows = np.rint(u).astype(int), np.rint(v).astype(int)
    inside = (columns >= 0) & (columns < 80) & (rows >= 0) & (rows < 50)
    expected = inside & mask[rows.clip(0, 49), columns.clip(0, 79)]
    carried = cameras.carry_mask(mask, depth_m, CAMERA, color, depth_T_color)
    assert (carried != expected).mean() < 1e-3  # float32 at the very border of two pixels


def test_without_an_offset_the_mask_stays_where_it_is():
    mask = np.random.default_rng(2).random((48, 64)) < 0.5
    depth_m = np.ones((48, 64), np.float32)
    depth_m[0] = 0
    carried = cameras.carry_mask(mask, depth_m, CAMERA, CAMERA, np.eye(4))
    np.testing.assert_array_equal(carried[1:], mask[1:])
    assert not carried[0].any()
