import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesf_ros.errors import FrameError
from nesf_ros.geometry.images import check_unit, decode_color, decode_depth

RGB = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)


def padded(rows, padding):
    """Rows of bytes with `padding` bytes of rubbish after each; returns (step, buffer)."""
    flat = np.ascontiguousarray(rows).reshape(rows.shape[0], -1).view(np.uint8)
    rubbish = np.full((len(flat), padding), 0xAB, np.uint8)
    return flat.shape[1] + padding, np.concatenate([flat, rubbish], axis=1).tobytes()


@pytest.mark.parametrize("padding", [0, 1, 13])
@pytest.mark.parametrize(
    ("encoding", "pixels"),
    [
        ("rgb8", RGB),
        ("bgr8", RGB[..., ::-1]),
        ("8UC3", RGB[..., ::-1]),
        ("rgba8", np.dstack([RGB, RGB[..., 0]])),
        ("bgra8", np.dstack([RGB[..., ::-1], RGB[..., 0]])),
        ("8UC4", np.dstack([RGB[..., ::-1], RGB[..., 0]])),
    ],
)
def test_colour_encodings_give_rgb(encoding, pixels, padding):
    step, data = padded(pixels, padding)
    np.testing.assert_array_equal(decode_color(encoding, 5, 7, step, False, data), RGB)


@pytest.mark.parametrize("encoding", ["mono8", "8UC1"])
def test_grey_becomes_three_equal_channels(encoding):
    step, data = padded(RGB[..., 0], 3)
    decoded = decode_color(encoding, 5, 7, step, False, data)
    np.testing.assert_array_equal(decoded, np.dstack([RGB[..., 0]] * 3))


@pytest.mark.parametrize("order", ["<", ">"])
def test_16_bit_grey_keeps_its_high_byte_in_either_byte_order(order):
    grey = RGB[..., 0].astype(order + "u2") * 256 + 17
    step, data = padded(grey.astype(order + "u2"), 2)
    decoded = decode_color("mono16", 5, 7, step, order == ">", data)
    np.testing.assert_array_equal(decoded[..., 1], RGB[..., 0])


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda b: array.array("B", b)])
def test_rgb8_is_a_view_of_any_buffer(kind):
    data = kind(RGB.tobytes())
    decoded = decode_color("rgb8", 5, 7, 21, False, data)
    assert np.shares_memory(decoded, np.frombuffer(data, np.uint8))
    np.testing.assert_array_equal(decoded, RGB)


@pytest.mark.parametrize("encoding", ["16UC1", "mono16"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("padding", [0, 2, 3])
def test_16_bit_depth_in_millimetres(encoding, order, padding):
    raw = np.array([[0, 1, 999], [1234, 65534, 65535]], order + "u2")
    step, data = padded(raw, padding)
    depth_m = decode_depth(encoding, 2, 3, step, order == ">", data, 0.001)
    np.testing.assert_allclose(depth_m, [[0, 0.001, 0.999], [1.234, 65.534, 0]], rtol=1e-6)


@pytest.mark.parametrize("order", ["<", ">"])
def test_float_depth_keeps_metres_and_drops_what_is_no_reading(order):
    raw = np.array([[0.5, np.nan, np.inf], [-1.0, -np.inf, 3.25]], order + "f4")
    step, data = padded(raw, 4)
    depth_m = decode_depth("32FC1", 2, 3, step, order == ">", data, 0.001)
    np.testing.assert_array_equal(depth_m, [[0.5, 0, 0], [0, 0, 3.25]])


@given(st.binary(min_size=24, max_size=24), st.booleans())
def test_depth_of_any_bytes_is_finite_and_never_negative(data, is_bigendian):
    for encoding, width in (("32FC1", 3), ("16UC1", 6)):
        depth_m = decode_depth(encoding, 2, width, 12, is_bigendian, data, 0.001)
        assert np.isfinite(depth_m).all()
        assert (depth_m >= 0).all()


def test_unknown_encodings_are_named_with_the_known_ones():
    with pytest.raises(FrameError, match="'yuv422'.*rgb8, bgr8") as caught:
        decode_color("yuv422", 5, 7, 14, False, bytes(70))
    assert caught.value.cause == "bad_encoding"
    with pytest.raises(FrameError, match="'rgb8'.*16UC1, mono16, 32FC1"):
        decode_depth("rgb8", 5, 7, 21, False, bytes(105), 0.001)


@pytest.mark.parametrize(
    ("height", "width", "step", "length"),
    [(5, 7, 21, 104), (5, 7, 20, 105), (0, 7, 21, 105), (5, 0, 21, 105), (5, 7, 21, 0)],
)
def test_lengths_that_do_not_fit_are_refused_with_the_sizes(height, width, step, length):
    with pytest.raises(FrameError, match=f"{width}x{height} px.*{length} bytes") as caught:
        decode_color("rgb8", height, width, step, False, bytes(length))
    assert caught.value.cause == "bad_size"


def test_units_that_cannot_be_right_give_a_hint():
    room = np.full((48, 64), 2.5, np.float32)
    assert check_unit("32FC1", room) is None
    assert check_unit("16UC1", room) is None
    assert "millimetres" in check_unit("32FC1", room * 1000)
    assert "depth_scale" in check_unit("16UC1", room * 1000)
    assert "depth_scale" in check_unit("16UC1", room / 1000)
    assert check_unit("32FC1", room * 0) is None
