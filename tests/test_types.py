"""The types that parts hand to each other: what they refuse, and what they compute."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesf_ros.errors import FrameError, GeometryError
from nesf_ros.types import Box, Intrinsics, PosedFrame, RgbdFrame

CAMERA = Intrinsics(6, 4, 5.0, 5.5, 2.5, 1.5)


def rgbd(depth: np.ndarray, color_shape: tuple[int, ...] = (4, 6, 3)) -> RgbdFrame:
    return RgbdFrame(1, "c", np.zeros(color_shape, np.uint8), depth, CAMERA, CAMERA)


def test_projection_matrix():
    assert CAMERA.matrix.tolist() == [[5.0, 0.0, 2.5], [0.0, 5.5, 1.5], [0.0, 0.0, 1.0]]


@pytest.mark.parametrize(("values", "reason"), [
    ((0, 4, 5.0, 5.0, 1.0, 1.0), "image size 0x4 px"),
    ((6, -4, 5.0, 5.0, 1.0, 1.0), "must be positive"),
    ((6, 4, 0.0, 5.0, 1.0, 1.0), "is the camera calibrated"),
    ((6, 4, 5.0, -5.0, 1.0, 1.0), "is the camera calibrated"),
    ((6, 4, 5.0, float("nan"), 1.0, 1.0), "is the camera calibrated"),
    ((6, 4, 5.0, 5.0, float("inf"), 1.0), "is the camera calibrated"),
])  # fmt: skip
def test_cameras_that_cannot_be(values, reason):
    with pytest.raises(GeometryError, match=reason):
        Intrinsics(*values)


@given(
    st.integers(1, 2000), st.integers(1, 2000), st.floats(0.1, 4.0),
    st.floats(-1.0, 1.0), st.floats(-1.0, 1.0),
)  # fmt: skip
def test_scaling_keeps_rays_at_the_edges_of_the_image(width, height, factor, x, y):
    camera = Intrinsics(width, height, 300.0, 310.0, width / 2 - 3, height / 2 + 2)
    scaled = camera.scaled(factor)
    # The outer corner of the image at −0.5 stays at −0.5, so all coordinates scale from there.
    for f, c, g, d, t in ((camera.fx, camera.cx, scaled.fx, scaled.cx, x),
                          (camera.fy, camera.cy, scaled.fy, scaled.cy, y)):  # fmt: skip
        assert t * g + d + 0.5 == pytest.approx((t * f + c + 0.5) * factor, abs=1e-6)
    assert scaled.width == max(1, round(width * factor))


def test_halving_an_image_by_hand():
    half = Intrinsics(640, 480, 500.0, 510.0, 319.5, 239.5).scaled(0.5)
    assert half == Intrinsics(320, 240, 250.0, 255.0, 159.5, 119.5)


def test_frames_whose_images_do_not_fit_their_cameras():
    with pytest.raises(FrameError, match=r"colour image is 5x4 px .* for 6x4 px") as error:
        rgbd(np.zeros((4, 6), np.float32), (4, 5, 3))
    assert error.value.cause == "bad_size"
    with pytest.raises(FrameError, match=r"depth image is 4x6 px .* for 6x4 px"):
        rgbd(np.zeros((6, 4), np.float32))


@pytest.mark.parametrize("reading", [np.nan, np.inf, -np.inf, -0.1])
def test_depth_that_is_no_depth(reading):
    depth = np.ones((4, 6), np.float32)
    depth[2, 3] = reading
    with pytest.raises(FrameError, match="0 must stand for none") as error:
        rgbd(depth)
    assert error.value.cause == "bad_encoding"


def test_memory_of_a_frame():
    frame = PosedFrame(rgbd(np.zeros((4, 6), np.float32)), np.eye(4))
    assert frame.nbytes == 4 * 6 * 3 + 4 * 6 * 4
    assert frame.rgbd.depth_T_color.tolist() == np.eye(4).tolist()


@pytest.mark.parametrize("upper", [(1.0, 1.0, 0.0), (1.0, -1.0, 1.0), (1.0, 1.0, float("nan")),
                                   (1.0, 1.0, float("inf"))])  # fmt: skip
def test_boxes_that_hold_nothing(upper):
    with pytest.raises(GeometryError, match="every upper bound must be finite and larger"):
        Box((0.0, 0.0, 0.0), upper)


@pytest.mark.parametrize(("lower", "shared"), [((0.5, 0.5, 0.5), True), ((1.0, 0.0, 0.0), False),
                                               ((0.0, 0.0, -3.0), False)])  # fmt: skip
def test_boxes_share_space_unless_they_only_touch(lower, shared):
    box = Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    other = Box(lower, tuple(low + 2.0 for low in lower))
    assert box.overlaps(other) is other.overlaps(box) is shared
