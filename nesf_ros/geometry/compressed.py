"""Messages of the `compressed` and `compressedDepth` image transports to RGB and metric depth."""

from __future__ import annotations

import struct
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float32, UInt8, UInt16
from numpy import ndarray

from nesf_ros.errors import FrameError
from nesf_ros.geometry.images import clean_depth, scale_depth

HEADER = struct.Struct("<iff")
"""What precedes a compressedDepth stream: quantisation kind, then its two parameters."""
RVL_SIZE = struct.Struct("<II")
"""What precedes the run-length code of an RVL stream: columns, rows."""
MAX_PIXELS = 1 << 26
"""Larger RVL images are refused before memory is taken for them (8192×8192)."""


def decode_compressed_color(format: str, data: Any) -> UInt8[ndarray, "height width 3"]:
    """RGB image of a sensor_msgs/CompressedImage (JPEG, PNG or what else OpenCV reads).

    `format` is the message's: "jpeg", or "rgb8; jpeg compressed bgr8", whose last word names the
    channel order inside the stream. Raises FrameError where the stream cannot be decoded.
    """
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    image = _decode(flags, format, np.frombuffer(data, np.uint8))
    if "compressed rgb" in format:
        return image
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def decode_compressed_depth(
    format: str, data: Any, scale_m: float
) -> Float32[ndarray, "height width"]:
    """Depth in metres of a compressedDepth message, 0 where there is none.

    `format` is the message's, such as "16UC1; compressedDepth png" (or rvl). 16-bit images hold
    units of `scale_m` metres; 32FC1 ones hold inverse depth, quantised by the two parameters of
    the header: depth = a / (value - b). Raises FrameError where the stream cannot be decoded.
    """
    encoding, _, transport = (part.strip() for part in format.partition(";"))
    if encoding not in ("16UC1", "mono16", "32FC1"):
        raise FrameError(
            f"compressed depth of encoding {encoding!r} (format {format!r}); "
            "it must be 16UC1 or 32FC1",
            "bad_encoding",
        )
    octets = np.frombuffer(data, np.uint8)
    if octets.size <= HEADER.size:
        raise _broken(format, octets, f"its header alone has {HEADER.size} bytes")
    _, scale, offset = HEADER.unpack(octets[: HEADER.size].tobytes())
    if transport.endswith("rvl"):
        raw = decode_rvl(octets[HEADER.size :])
    elif transport in ("", "compressedDepth", "compressedDepth png"):
        raw = _decode(cv2.IMREAD_UNCHANGED, format, octets[HEADER.size :])
        if raw.dtype != np.uint16 or raw.ndim != 2:
            raise _broken(format, octets, f"it holds {raw.dtype} of shape {raw.shape}, not 16 bit")
    else:
        raise FrameError(
            f"compressed depth format {format!r}; the stream must be png or rvl", "bad_encoding"
        )
    if encoding != "32FC1":
        return scale_depth(raw, scale_m)
    with np.errstate(divide="ignore", invalid="ignore"):
        depth_m = np.float32(scale) / (raw.astype(np.float32) - np.float32(offset))
    return clean_depth(np.where(raw > 0, depth_m, np.float32(0)))


def decode_rvl(octets: UInt8[ndarray, " n"]) -> UInt16[ndarray, "height width"]:
    """16-bit image of an RVL stream (A. Wilson, "Fast Lossless Depth Image Compression", 2017).

    The code is a list of numbers in groups of 3 bits, the fourth bit of each nibble saying that
    the number goes on. They read: run of zeros, run of values, that many differences to the
    previous value (sign in the lowest bit), and so on. Only the runs need a loop.
    """
    if octets.size < RVL_SIZE.size:
        raise _broken("rvl", octets, f"its size alone takes {RVL_SIZE.size} bytes")
    width, height = RVL_SIZE.unpack(octets[: RVL_SIZE.size].tobytes())
    pixels = width * height
    if not 0 < pixels <= MAX_PIXELS:
        raise _broken("rvl", octets, f"it claims {width}x{height} px")
    numbers = _rvl_numbers(octets[RVL_SIZE.size :])
    filled: list[ndarray] = []
    positions: list[ndarray] = []
    index = pixel = 0
    while pixel < pixels:
        if index + 1 >= numbers.size:
            raise _broken("rvl", octets, f"it ends at pixel {pixel} of {pixels}")
        pixel += int(numbers[index])
        run = int(numbers[index + 1])
        differences = numbers[index + 2 : index + 2 + run]
        if pixel + run > pixels or differences.size < run:
            raise _broken("rvl", octets, f"a run of {run} values at pixel {pixel} of {pixels}")
        filled.append(differences)
        positions.append(np.arange(pixel, pixel + run))
        pixel += run
        index += 2 + run
    coded = np.concatenate(filled)
    image = np.zeros(pixels, np.uint16)
    signed = (coded >> 1) ^ -(coded & 1)
    image[np.concatenate(positions)] = np.cumsum(signed).astype(np.uint16)
    return image.reshape(height, width)


def _rvl_numbers(octets: UInt8[ndarray, " n"]) -> ndarray:
    """The numbers of an RVL code: little-endian 32-bit words, highest nibble first."""
    octets = octets[: octets.size // 4 * 4].reshape(-1, 4)[:, ::-1].reshape(-1)
    nibbles = np.stack([octets >> 4, octets & 15], axis=1).reshape(-1)
    ends = np.flatnonzero(nibbles < 8)
    if ends.size == 0:
        return np.zeros(0, np.int64)
    starts = np.concatenate([[0], ends[:-1] + 1])
    nibbles = nibbles[: ends[-1] + 1].astype(np.int64)
    place = np.arange(nibbles.size) - np.repeat(starts, ends - starts + 1)
    # 11 nibbles hold 33 bits; a longer number can only be damage, and must not overflow.
    return np.add.reduceat((nibbles & 7) << (3 * np.minimum(place, 10)), starts)


def _decode(flags: int, format: str, octets: UInt8[ndarray, " n"]) -> ndarray:
    try:
        image = cv2.imdecode(octets, flags) if octets.size else None
    except cv2.error as error:
        raise _broken(format, octets, str(error)) from error
    if image is None:
        raise _broken(format, octets, "it is no image that OpenCV can read")
    return image


def _broken(format: str, octets: ndarray, reason: str) -> FrameError:
    return FrameError(
        f"compressed image of format {format!r} and {octets.size} bytes cannot be decoded: "
        f"{reason}",
        "bad_compressed",
    )
