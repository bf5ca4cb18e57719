import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesf_ros.cli import pictures
from nesf_ros.errors import StorageError
from nesf_ros.types import Box, View


def corners_of(box):
    return np.array(np.meshgrid(*zip(box.lower, box.upper, strict=True))).reshape(3, 8).T


@given(
    azimuth=st.floats(-4, 4),
    elevation=st.floats(0.2, 1.57),
    size=st.tuples(*[st.floats(0.5, 20)] * 3),
)
def test_all_of_the_box_is_in_view_and_the_picture_stands_upright(azimuth, elevation, size):
    box = Box((1.0, -2.0, 0.5), (1.0 + size[0], -2.0 + size[1], 0.5 + size[2]))
    camera = pictures.long_lens(400, 300, np.deg2rad(40))
    pose = pictures.looking(azimuth, elevation, box, camera)
    x, y, z = ((corners_of(box) - pose[:3, 3]) @ pose[:3, :3]).T
    u, v = camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy
    assert (z > 0).all()
    assert u.min() >= -0.5 and u.max() <= 399.5 and v.min() >= -0.5 and v.max() <= 299.5
    # What limits the view comes within a tenth of its edges.
    assert max(np.abs(u - 199.5).max() / 200, np.abs(v - 149.5).max() / 150) > 0.85
    assert pose[2, 0] == pytest.approx(0, abs=1e-12)  # the horizon is level
    assert pose[2, 1] <= 1e-9  # the image's down is not up
    assert np.linalg.det(pose[:3, :3]) == pytest.approx(1)


def test_from_above_x_is_to_the_right_and_y_up():
    camera = pictures.long_lens(400, 300, np.deg2rad(40))
    pose = pictures.looking(np.pi / 2, np.pi / 2, Box((0, 0, 0), (1, 1, 1)), camera)
    np.testing.assert_allclose(pose[:3, 0], [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(pose[:3, 1], [0, -1, 0], atol=1e-12)


def test_a_portrait_is_trimmed_to_what_it_shows_on_a_light_background():
    color = np.zeros((100, 200, 3), np.uint8)
    depth_m = np.zeros((100, 200), np.float32)
    normals = np.zeros((100, 200, 3), np.float32)
    color[40:60, 100:160], depth_m[40:60, 100:160] = (200, 0, 0), 2.0
    normals[40:60, 100:160] = (0, 0, -1)
    picture = pictures.portrait(View(color, depth_m, normals), np.eye(4))
    margin = 4  # 2 % of 200
    assert picture.shape == ((20 + 2 * margin) // 2, (60 + 2 * margin) // 2, 3)
    assert tuple(picture[0, 0]) == pictures.BACKGROUND
    red, green, blue = picture[7, 17].tolist()
    assert red > 150 and green == blue == 0


def test_an_empty_portrait_is_all_background():
    nothing = View(
        np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8), np.float32), np.zeros((8, 8, 3), np.float32)
    )
    picture = pictures.portrait(nothing, np.eye(4))
    assert (picture == pictures.BACKGROUND).all()


def test_depth_goes_from_red_to_blue_and_black_where_there_is_none():
    depth_m = np.tile(np.linspace(0.5, 4.0, 100, dtype=np.float32), (10, 1))
    depth_m[:, 0] = 0
    picture = pictures.depth_picture(depth_m).astype(int)
    assert (picture[:, 0] == 0).all()
    near, far = picture[0, 1], picture[0, 90]
    assert near[0] > near[2] and far[2] > far[0]


def test_a_slice_is_white_black_and_grey_with_y_up():
    cells = np.array([[0, 100], [-1, 0], [0, 0]], np.int8)
    picture = pictures.slice_picture(cells)
    factor = picture.shape[0] // 3
    expected = np.array([[255, 255], [190, 255], [255, 0]], np.uint8)
    np.testing.assert_array_equal(picture[factor // 2 :: factor, factor // 2 :: factor], expected)


def test_pictures_are_written_as_rgb_and_failures_told(tmp_path):
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[..., 0] = 255
    pictures.write_picture(tmp_path / "red.png", pixels)
    assert cv2.imread(str(tmp_path / "red.png"))[0, 0].tolist() == [0, 0, 255]
    with pytest.raises(StorageError, match="cannot be written"):
        pictures.write_picture(tmp_path / "no" / "red.png", pixels)
