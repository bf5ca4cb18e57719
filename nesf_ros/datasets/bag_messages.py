"""Messages as `rosbags` reads them, to images, calibrations and stamps.

They have the fields of the ROS messages but none of their classes, so that no ROS is needed.
"""

from __future__ import annotations

from typing import Any

from jaxtyping import Float32, UInt8
from numpy import ndarray

from nesf_ros.datasets.topics import COMPRESSED
from nesf_ros.geometry.compressed import decode_compressed_color, decode_compressed_depth
from nesf_ros.geometry.images import decode_color, decode_depth
from nesf_ros.geometry.rectify import Calibration


def stamp_ns_of(message: Any) -> int:
    """Stamp in the header of a message, nanoseconds."""
    stamp = message.header.stamp
    return stamp.sec * 1_000_000_000 + stamp.nanosec


def color_of(message: Any) -> UInt8[ndarray, "height width 3"]:
    """RGB of an Image or CompressedImage; FrameError where it cannot be decoded."""
    if message.__msgtype__ == COMPRESSED:
        return decode_compressed_color(message.format, message.data)
    return decode_color(*_buffer(message))


def depth_of(message: Any, scale_m: float) -> Float32[ndarray, "height width"]:
    """Depth in metres of an Image or CompressedImage, 0 for none; FrameError if undecodable."""
    if message.__msgtype__ == COMPRESSED:
        return decode_compressed_depth(message.format, message.data, scale_m)
    return decode_depth(*_buffer(message), scale_m)


def _buffer(message: Any) -> tuple[str, int, int, int, bool, Any]:
    """The fields of an Image that say what is in its buffer, and the buffer."""
    order = bool(message.is_bigendian)
    return message.encoding, message.height, message.width, message.step, order, message.data


def calibration_of(message: Any) -> Calibration:
    """The calibration in a CameraInfo, unchecked (`Rectifier` does that)."""
    roi = message.roi
    return Calibration(
        message.width,
        message.height,
        message.k.tolist(),
        message.distortion_model,
        message.d.tolist(),
        message.r.tolist(),
        message.p.tolist(),
        (message.binning_x, message.binning_y),
        (roi.x_offset, roi.y_offset, roi.width, roi.height),
    )
