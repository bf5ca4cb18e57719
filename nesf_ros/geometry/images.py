"""Image buffers of ROS encodings to RGB and metric depth, without ROS types.

The arguments are the fields of sensor_msgs/Image, so any reader (a node, a bag, a test) can call
these. Depth comes out in metres with 0 for "no reading", whatever the driver wrote for that.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from jaxtyping import Float, Float32, Integer, UInt8
from numpy import ndarray

from nesf_ros.errors import FrameError

NO_READING = 65535
"""Some drivers write the largest 16-bit value where there is no depth (others write 0)."""

COLOR_ENCODINGS: dict[str, tuple[str, int, int | None]] = {
    # name: (component type, channels, OpenCV conversion to RGB; None where it is RGB already)
    "rgb8": ("u1", 3, None),
    "bgr8": ("u1", 3, cv2.COLOR_BGR2RGB),
    "8UC3": ("u1", 3, cv2.COLOR_BGR2RGB),
    "rgba8": ("u1", 4, cv2.COLOR_RGBA2RGB),
    "bgra8": ("u1", 4, cv2.COLOR_BGRA2RGB),
    "8UC4": ("u1", 4, cv2.COLOR_BGRA2RGB),
    "mono8": ("u1", 1, cv2.COLOR_GRAY2RGB),
    "8UC1": ("u1", 1, cv2.COLOR_GRAY2RGB),
    "mono16": ("u2", 1, cv2.COLOR_GRAY2RGB),
}
"""Colour encodings that `decode_color` reads. 8UC3 and 8UC4 are blue first, as OpenCV writes."""

DEPTH_ENCODINGS = {"16UC1": "u2", "mono16": "u2", "32FC1": "f4"}
"""Depth encodings that `decode_depth` reads, with their component types."""


def decode_color(
    encoding: str, height: int, width: int, step: int, is_bigendian: bool, data: Any
) -> UInt8[ndarray, "height width 3"]:
    """RGB image of a colour or grey buffer.

    `step` is the length of a row in bytes, padding included; `data` is anything with the buffer
    protocol. An rgb8 image is a view of `data` (read-only where that is); others are copies.
    16-bit grey keeps its high byte. Raises FrameError for an unknown encoding or a wrong length.
    """
    if encoding not in COLOR_ENCODINGS:
        raise _unknown_encoding("colour", encoding, COLOR_ENCODINGS)
    kind, channels, conversion = COLOR_ENCODINGS[encoding]
    pixels = _pixels(kind, channels, (height, width, step), is_bigendian, data)
    if kind == "u2":
        pixels = (pixels >> 8).astype(np.uint8)
    if conversion is None:
        return pixels
    return cv2.cvtColor(np.ascontiguousarray(pixels), conversion)


def decode_depth(
    encoding: str,
    height: int,
    width: int,
    step: int,
    is_bigendian: bool,
    data: Any,
    scale_m: float,
) -> Float32[ndarray, "height width"]:
    """Depth in metres, 0 where there is none (NaN, infinite, negative or 65535 readings).

    `scale_m` is the metres per unit of a 16-bit image; 32FC1 is in metres by definition.
    Raises FrameError for an unknown encoding or a wrong length.
    """
    if encoding not in DEPTH_ENCODINGS:
        raise _unknown_encoding("depth", encoding, DEPTH_ENCODINGS)
    shape = (height, width, step)
    raw = _pixels(DEPTH_ENCODINGS[encoding], 1, shape, is_bigendian, data)[..., 0]
    return clean_depth(raw) if raw.dtype.kind == "f" else scale_depth(raw, scale_m)


def scale_depth(
    raw: Integer[ndarray, "height width"], scale_m: float
) -> Float32[ndarray, "height width"]:
    """Metres from integer readings of `scale_m` metres per unit; 0 and 65535 mean no reading."""
    depth_m = np.multiply(raw, np.float32(scale_m), dtype=np.float32)
    depth_m[raw >= NO_READING] = 0.0
    return depth_m


def clean_depth(depth_m: Float[ndarray, "height width"]) -> Float32[ndarray, "height width"]:
    """Metric depth as float32 with 0 in place of NaN, infinite and negative readings."""
    usable = (depth_m > 0) & (depth_m < np.inf)
    return np.where(usable, depth_m, 0).astype(np.float32)


def check_unit(encoding: str, depth_m: Float32[ndarray, "height width"]) -> str | None:
    """A hint for the user where decoded depth is implausible, else None.

    Millimetres in a 32FC1 image, or a wrong scale of a 16-bit one, show in the median of the
    valid readings: no depth camera sees a median of 50 m, or of 2 cm.
    """
    sample = depth_m[::4, ::4]
    valid = sample[sample > 0]
    if valid.size == 0:
        return None
    median = float(np.median(valid))
    if median > 50.0 and encoding == "32FC1":
        return (
            f"the median depth is {median:.0f} m; a 32FC1 image must be in metres, this one looks "
            "like millimetres: publish 16UC1, or divide by 1000 in the driver"
        )
    if encoding != "32FC1" and not 0.02 <= median <= 50.0:
        return (
            f"the median depth is {median:.4g} m in a {encoding} image; check frames.depth_scale "
            "(metres per unit: 0.001 for millimetres)"
        )
    return None


def _unknown_encoding(what: str, encoding: str, known: dict) -> FrameError:
    return FrameError(
        f"{what} encoding {encoding!r} is not supported; publish one of {', '.join(known)}",
        "bad_encoding",
    )


def _pixels(
    kind: str, channels: int, shape: tuple[int, int, int], is_bigendian: bool, data: Any
) -> ndarray:
    """The buffer as (height, width, channels), a view wherever the byte order is native."""
    height, width, step = shape
    dtype = np.dtype((">" if is_bigendian else "<") + kind)
    used = width * channels * dtype.itemsize
    octets = np.frombuffer(data, np.uint8)
    if height <= 0 or width <= 0 or step < used or octets.size < step * height:
        raise FrameError(
            f"image of {width}x{height} px with rows of {step} bytes has {octets.size} bytes; "
            f"its rows need at least {used} bytes and the whole {height * max(step, used)}: "
            "is the message truncated, or its encoding wrong?",
            "bad_size",
        )
    rows = octets[: step * height].reshape(height, step)[:, :used]
    pixels = rows.view(dtype).reshape(height, width, channels)
    return pixels if dtype.isnative else pixels.astype(dtype.newbyteorder("="))
