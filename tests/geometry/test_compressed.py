import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from nesf_ros.errors import FrameError
from nesf_ros.geometry.compressed import (
    decode_compressed_color,
    decode_compressed_depth,
    decode_rvl,
)

HEADER = struct.pack("<iff", 0, 0.0, 0.0)
SCENE = np.array([[0, 500, 501, 499], [65535, 1200, 0, 0], [30000, 7, 7, 0]], np.uint16)


def png(image):
    return cv2.imencode(".png", image)[1].tobytes()


def rvl(image):
    """The published code, one number at a time: the oracle of the vectorised decoder."""
    nibbles = []

    def write(value):
        while True:
            nibble, value = value & 7, value >> 3
            nibbles.append(nibble | (8 if value else 0))
            if not value:
                return

    pixels = image.ravel().astype(int).tolist()
    index = previous = 0
    while index < len(pixels):
        zeros = index
        while index < len(pixels) and pixels[index] == 0:
            index += 1
        write(index - zeros)
        start = index
        while index < len(pixels) and pixels[index] != 0:
            index += 1
        write(index - start)
        for value in pixels[start:index]:
            delta, previous = value - previous, value
            write(delta * 2 if delta >= 0 else -delta * 2 - 1)
    nibbles += [0] * (-len(nibbles) % 8)
    words = [
        int("".join(f"{n:x}" for n in nibbles[i : i + 8]), 16) for i in range(0, len(nibbles), 8)
    ]
    size = struct.pack("<II", image.shape[1], image.shape[0])
    return size + struct.pack(f"<{len(words)}I", *words)


def test_png_colour_is_lossless_in_every_spelling_of_the_format():
    rgb = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    as_bgr = png(rgb[..., ::-1])
    for format in ("png", "rgb8; png compressed bgr8", "bgr8; png compressed bgr8"):
        np.testing.assert_array_equal(decode_compressed_color(format, as_bgr), rgb)
    as_rgb = png(rgb)  # a publisher that compressed the buffer as it was
    decoded = decode_compressed_color("rgb8; png compressed rgb8", as_rgb)
    np.testing.assert_array_equal(decoded, rgb)


def test_jpeg_keeps_red_red_and_grey_grey():
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 2] = 200  # blue, green, red
    data = cv2.imencode(".jpg", red)[1].tobytes()
    decoded = decode_compressed_color("jpeg", data).astype(int)
    assert np.abs(decoded - (200, 0, 0)).max() <= 3
    grey = cv2.imencode(".jpg", np.full((16, 16), 77, np.uint8))[1].tobytes()
    decoded = decode_compressed_color("mono8; jpeg compressed ", grey).astype(int)
    assert decoded.shape == (16, 16, 3)
    assert np.abs(decoded - 77).max() <= 1


@pytest.mark.parametrize("data", [b"", b"not an image", png(np.zeros((4, 4), np.uint8))[:20]])
def test_broken_colour_streams_are_refused(data):
    with pytest.raises(FrameError, match=f"'jpeg' and {len(data)} bytes") as caught:
        decode_compressed_color("jpeg", data)
    assert caught.value.cause == "bad_compressed"


@pytest.mark.parametrize(
    ("format", "encode"),
    [
        ("16UC1; compressedDepth", png),
        ("16UC1; compressedDepth png", png),
        ("mono16; compressedDepth png", png),
        ("16UC1", png),
        ("16UC1; compressedDepth rvl", rvl),
    ],
)
def test_16_bit_depth_is_lossless(format, encode):
    depth_m = decode_compressed_depth(format, HEADER + encode(SCENE), 0.001)
    expected = np.where(SCENE == 65535, 0, SCENE * 0.001)
    np.testing.assert_allclose(depth_m, expected, rtol=1e-6)


@pytest.mark.parametrize(("name", "encode"), [("png", png), ("rvl", rvl)])
def test_float_depth_comes_back_from_its_inverse(name, encode):
    # The publisher's quantisation: z0 = 100, at most 10 m, value = a / depth + b.
    a = 100.0 * 101.0
    b = 1.0 - a / 10.0
    depth_m = np.array([[0.5, 1.0, 2.0], [5.0, 9.9, 0.0]])
    with np.errstate(divide="ignore"):
        raw = np.where(depth_m > 0, a / depth_m + b, 0).astype(np.uint16)
    data = struct.pack("<iff", 0, a, b) + encode(raw)
    decoded = decode_compressed_depth(f"32FC1; compressedDepth {name}", data, 0.001)
    assert decoded[1, 2] == 0
    # One step of the quantiser is depth² / a.
    assert (np.abs(decoded - depth_m) <= depth_m**2 / a + 1e-5).all()


@given(arrays(np.uint16, array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_rvl_round_trips(image):
    octets = np.frombuffer(rvl(image), np.uint8)
    np.testing.assert_array_equal(decode_rvl(octets), image)


@given(arrays(np.uint16, (8, 9), elements=st.sampled_from([0, 0, 1000, 1001])), st.data())
def test_damaged_rvl_never_does_worse_than_a_clear_error(image, data):
    octets = bytearray(rvl(image))
    position = data.draw(st.integers(0, len(octets) - 1))
    octets[position] = data.draw(st.integers(0, 255))
    octets = octets[: data.draw(st.integers(0, len(octets)))]
    try:
        decoded = decode_rvl(np.frombuffer(bytes(octets), np.uint8))
    except FrameError as error:
        assert error.cause == "bad_compressed"
    else:
        assert decoded.size <= 1 << 26


@pytest.mark.parametrize("nibbles", ["f" * 31 + "7", "f" * 20 + "7" + "0" * 11, "0" + "f" * 31])
def test_an_endless_rvl_number_is_damage(nibbles):
    words = [int(nibbles[i : i + 8], 16) for i in range(0, len(nibbles), 8)]
    octets = struct.pack("<II", 4, 4) + struct.pack(f"<{len(words)}I", *words)
    with pytest.raises(FrameError, match="of 16|ends at pixel"):
        decode_rvl(np.frombuffer(octets, np.uint8))


@pytest.mark.parametrize(
    ("format", "data", "message", "cause"),
    [
        ("16UC1; compressedDepth png", HEADER, "header alone", "bad_compressed"),
        ("16UC1; compressedDepth png", b"", "header alone", "bad_compressed"),
        ("16UC1; compressedDepth png", HEADER + b"rubbish", "cannot be decoded", "bad_compressed"),
        (
            "16UC1; compressedDepth png",
            HEADER + png(np.zeros((2, 2), np.uint8)),
            "uint8.*not 16 bit",
            "bad_compressed",
        ),
        ("16UC1; compressedDepth rvl", HEADER + b"1234", "its size", "bad_compressed"),
        (
            "16UC1; compressedDepth rvl",
            HEADER + struct.pack("<II", 2**31, 2**31),
            "claims 2147483648x2147483648",
            "bad_compressed",
        ),
        ("16UC1; compressedDepth zstd", HEADER + b"rubbish", "png or rvl", "bad_encoding"),
        ("rgb8; jpeg compressed bgr8", HEADER + b"rubbish", "16UC1 or 32FC1", "bad_encoding"),
    ],
)
def test_depth_streams_that_cannot_be_read_say_why(format, data, message, cause):
    with pytest.raises(FrameError, match=message) as caught:
        decode_compressed_depth(format, data, 0.001)
    assert caught.value.cause == cause
