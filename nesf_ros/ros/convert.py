"""Messages to our types and back: pure functions, and the only place that knows both."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Pose, Transform
from jaxtyping import Float32, Float64, UInt8
from numpy import ndarray
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from nesf_ros.errors import QueryError
from nesf_ros.geometry import se3
from nesf_ros.geometry.compressed import decode_compressed_color, decode_compressed_depth
from nesf_ros.geometry.images import decode_color, decode_depth
from nesf_ros.geometry.rectify import Calibration
from nesf_ros.msg import Instance as InstanceMessage
from nesf_ros.msg import Region, VoxelGrid, VoxelMap
from nesf_ros.msg import TextAnswer as TextAnswerMessage
from nesf_ros.semantics.instances import Instance
from nesf_ros.semantics.questions import TextAnswer
from nesf_ros.types import Box, Intrinsics
from nesf_ros.voxels.grid import BLOCK
from nesf_ros.voxels.updates import BlockUpdate

NANOSECONDS = 1_000_000_000

MOST_INSTANCES = 100
"""Of a text, in one reply."""


def stamp_to_ns(stamp: Time) -> int:
    """Nanoseconds of a stamp."""
    return stamp.sec * NANOSECONDS + stamp.nanosec


def ns_to_stamp(stamp_ns: int) -> Time:
    """The stamp for nanoseconds."""
    return Time(sec=stamp_ns // NANOSECONDS, nanosec=stamp_ns % NANOSECONDS)


def to_array(values: ndarray) -> array:
    """A flat array in the form that messages take without copying element by element."""
    out = array({"u1": "B", "i4": "i", "f4": "f", "f8": "d"}[values.dtype.str[1:]])
    out.frombytes(np.ascontiguousarray(values).tobytes())
    return out


def color_of(message: Image | CompressedImage) -> UInt8[ndarray, "height width 3"]:
    """RGB of an image message; FrameError if it cannot be decoded."""
    if isinstance(message, CompressedImage):
        return decode_compressed_color(message.format, message.data)
    return decode_color(
        message.encoding, message.height, message.width, message.step, bool(message.is_bigendian),
        message.data,
    )  # fmt: skip


def depth_of(message: Image | CompressedImage, scale_m: float) -> Float32[ndarray, "height width"]:
    """Depth in metres of an image message, 0 where there is none; FrameError if undecodable."""
    if isinstance(message, CompressedImage):
        return decode_compressed_depth(message.format, message.data, scale_m)
    return decode_depth(
        message.encoding, message.height, message.width, message.step, bool(message.is_bigendian),
        message.data, scale_m,
    )  # fmt: skip


def calibration_of(message: CameraInfo) -> Calibration:
    """The calibration in a CameraInfo, unchecked (`Rectifier` does that)."""
    roi = message.roi
    return Calibration(
        message.width,
        message.height,
        tuple(message.k),
        message.distortion_model,
        tuple(message.d),
        tuple(message.r),
        tuple(message.p),
        (message.binning_x, message.binning_y),
        (roi.x_offset, roi.y_offset, roi.width, roi.height),
    )


def info_message(camera: Intrinsics, header: Header) -> CameraInfo:
    """CameraInfo of an ideal pinhole camera."""
    k = camera.matrix
    return CameraInfo(
        header=header, width=camera.width, height=camera.height, distortion_model="plumb_bob",
        d=[0.0] * 5, k=k.ravel(), r=np.eye(3).ravel(), p=np.c_[k, np.zeros(3)].ravel(),
    )  # fmt: skip


def image_message(pixels: ndarray, encoding: str, header: Header) -> Image:
    """An image message; `pixels` are height × width (× channels) of the encoding's type."""
    height, width = pixels.shape[:2]
    message = Image(header=header, height=height, width=width, encoding=encoding)
    message.step = pixels[0].nbytes
    message.data = array("B", np.ascontiguousarray(pixels).tobytes())
    return message


def pose_to_matrix(pose: Pose) -> Float64[ndarray, "4 4"]:
    """parent_T_child of a pose; GeometryError for a quaternion that is none."""
    p, q = pose.position, pose.orientation
    return se3.from_quaternion_xyzw([p.x, p.y, p.z], [q.x, q.y, q.z, q.w])


def matrix_to_transform(matrix: Float64[ndarray, "4 4"]) -> Transform:
    """The transform message for parent_T_child."""
    out = Transform()
    out.translation.x, out.translation.y, out.translation.z = matrix[:3, 3].tolist()
    q = se3.to_quaternion_xyzw(matrix).tolist()
    out.rotation.x, out.rotation.y, out.rotation.z, out.rotation.w = q
    return out


def matrix_to_pose(matrix: Float64[ndarray, "4 4"]) -> Pose:
    """The pose message for parent_T_child."""
    transform = matrix_to_transform(matrix)
    return Pose(position=point_message(matrix[:3, 3].tolist()), orientation=transform.rotation)


def points_to_array(points: list[Point]) -> Float64[ndarray, "n 3"]:
    """Coordinates of points, metres."""
    flat = np.array([(p.x, p.y, p.z) for p in points], np.float64)
    return flat.reshape(-1, 3)


def box_of(region: Region, map_T_region: Float64[ndarray, "4 4"]) -> Box | None:
    """The box in the map frame that encloses a region; None for an empty region (the whole map).

    QueryError if an upper bound lies below its lower one.
    """
    lower, upper = points_to_array([region.lower, region.upper])
    if not lower.any() and not upper.any():
        return None
    if not np.isfinite([lower, upper]).all() or (upper <= lower).any():
        raise QueryError(
            f"region from {lower.tolist()} to {upper.tolist()} m; every upper bound must be finite "
            "and above its lower bound (all zeros mean the whole map)"
        )
    choices = np.array(np.meshgrid(*zip(lower, upper, strict=True))).reshape(3, 8).T
    corners = se3.transform_points(map_T_region, choices)
    return Box(tuple(corners.min(0).tolist()), tuple(corners.max(0).tolist()))


def region_message(box: Box | None) -> Region:
    """The message for a box in the map frame; None for the whole map."""
    if box is None:
        return Region()
    return Region(lower=point_message(box.lower), upper=point_message(box.upper))


def map_message(update: BlockUpdate, voxel_size_m: float, header: Header) -> VoxelMap:
    """The block part of a VoxelMap message; the caller fills in kind, ids and counters."""
    return VoxelMap(
        header=header,
        voxel_size=voxel_size_m,
        block_size=BLOCK,
        block_index=to_array(update.block_index),
        block_uniform=to_array(update.block_uniform),
        occupancy=to_array(update.occupancy),
        color=to_array(update.color),
        removed_index=to_array(update.removed_index),
        label=to_array(update.label),
        confidence=to_array(update.confidence),
        label_names=list(update.label_names),
    )


def grid_message(
    codes: UInt8[ndarray, "x y z"], origin: Any, voxel_size_m: float, header: Header
) -> VoxelGrid:
    """A dense box of occupancy codes; `origin` is the outer corner of the first voxel, metres."""
    out = VoxelGrid(header=header, voxel_size=voxel_size_m)
    out.origin.x, out.origin.y, out.origin.z = (float(v) for v in origin)
    out.size_x, out.size_y, out.size_z = codes.shape
    out.probability = to_array(codes.transpose(2, 1, 0))
    return out


def codes_of(message: VoxelGrid) -> UInt8[ndarray, "x y z"]:
    """The codes that `grid_message` was given."""
    flat = np.frombuffer(message.probability, np.uint8)
    return flat.reshape(message.size_z, message.size_y, message.size_x).transpose(2, 1, 0)


def answer_message(answer: TextAnswer) -> TextAnswerMessage:
    """What was found for one text."""
    out = TextAnswerMessage(text=answer.text, known=answer.known, exists=answer.exists)
    out.score = answer.score
    out.peak = point_message(answer.peak_m or (math.nan,) * 3)
    best = answer.instances[:MOST_INSTANCES]
    out.instances = [instance_message(instance) for instance in best]
    return out


def instance_message(instance: Instance) -> InstanceMessage:
    """One thing that was found."""
    return InstanceMessage(
        id=instance.id,
        lower=point_message(instance.box.lower),
        upper=point_message(instance.box.upper),
        centroid=point_message(instance.centroid_m),
        peak=point_message(instance.peak_m),
        score=instance.score,
        voxel_count=len(instance.voxels),
    )


def point_message(point_m: Sequence[float]) -> Point:
    """A place, metres."""
    x, y, z = point_m
    return Point(x=x, y=y, z=z)
