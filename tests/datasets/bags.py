"""Writes small ROS 2 bags with `rosbags`."""

import struct

import cv2
import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

STORE = get_typestore(Stores.ROS2_JAZZY)
T = STORE.types
START = 1_700_000_000_000_000_000
MAP, BASE, DEPTH, COLOR = "map", "base_link", "depth_optical", "color_optical"


def header(stamp_ns, frame_id):
    stamp = T["builtin_interfaces/msg/Time"](*divmod(stamp_ns, 10**9))
    return T["std_msgs/msg/Header"](stamp, frame_id)


def image(stamp_ns, frame_id, pixels, encoding):
    height, width = pixels.shape[:2]
    data = np.ascontiguousarray(pixels).view(np.uint8).reshape(-1)
    step = data.size // height
    return T["sensor_msgs/msg/Image"](
        header(stamp_ns, frame_id), height, width, encoding, 0, step, data
    )


def compressed(stamp_ns, frame_id, pixels, depth=False):
    """PNG inside; as compressedDepth, behind its header of twelve bytes."""
    bgr = pixels if depth else pixels[..., ::-1]
    data = np.frombuffer(cv2.imencode(".png", bgr)[1].tobytes(), np.uint8)
    form = "rgb8; png compressed bgr8"
    if depth:
        form = "16UC1; compressedDepth png"
        data = np.r_[np.frombuffer(struct.pack("<iff", 0, 0, 0), np.uint8), data]
    return T["sensor_msgs/msg/CompressedImage"](header(stamp_ns, frame_id), form, data)


def camera_info(stamp_ns, frame_id, size, focal, d=()):
    width, height = size
    k = np.array([focal, 0, 7.5, 0, focal, 5.5, 0, 0, 1.0])
    p = np.array([focal, 0, 7.5, 0, 0, focal, 5.5, 0, 0, 0, 1.0, 0])
    roi = T["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    return T["sensor_msgs/msg/CameraInfo"](
        header(stamp_ns, frame_id), height, width, "plumb_bob", np.array(d, np.float64), k,
        np.eye(3).ravel(), p, 0, 0, roi,
    )  # fmt: skip


def transform(stamp_ns, parent, child, xyz, xyzw=(0.0, 0.0, 0.0, 1.0)):
    move = T["geometry_msgs/msg/Vector3"](*map(float, xyz))
    turn = T["geometry_msgs/msg/Quaternion"](*map(float, xyzw))
    pose = T["geometry_msgs/msg/Transform"](move, turn)
    stamped = T["geometry_msgs/msg/TransformStamped"](header(stamp_ns, parent), child, pose)
    return T["tf2_msgs/msg/TFMessage"]([stamped])


def write_bag(path, messages, storage="sqlite3"):
    """`messages`: (time of recording, topic, message), in any order."""
    plugin = {"sqlite3": StoragePlugin.SQLITE3, "mcap": StoragePlugin.MCAP}[storage]
    with Writer(path, version=9, storage_plugin=plugin) as writer:
        connections = {}
        for at_ns, topic, message in sorted(messages, key=lambda item: item[0]):
            kind = message.__msgtype__
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=STORE)
            writer.write(connections[topic], at_ns, STORE.serialize_cdr(message, kind))
    return path


def drive(color, depth, count=4, hide=()):
    """A robot that moves along x at 1 m/s: an image pair every 100 ms, TF every 50 ms.

    The static transforms come last of all. `hide` names topics to leave out.
    """
    messages = []
    for index in range(count):
        at = START + index * 100_000_000
        shade = color + np.uint8(index)
        units = depth + np.uint16(index) * (depth % 65535 > 0)  # no reading stays none
        messages += [
            (at + 5, "/camera/color/image_raw", image(at, COLOR, shade, "rgb8")),
            (at + 6, "/camera/depth/image_rect_raw", image(at, DEPTH, units, "16UC1")),
            (at + 3, "/camera/color/camera_info", camera_info(at, COLOR, (16, 12), 20.0)),
            (at + 4, "/camera/depth/camera_info", camera_info(at, DEPTH, (16, 12), 18.0)),
        ]
    for index in range(2 * count):
        at = START - 25_000_000 + index * 50_000_000
        x = (at - START) * 1e-9
        messages.append((at, "/tf", transform(at, MAP, BASE, (x, 0, 0))))
    end = START + count * 100_000_000
    messages += [
        (end, "/tf_static", transform(0, BASE, DEPTH, (0, 0, 1), (-0.5, 0.5, -0.5, 0.5))),
        (end, "/tf_static", transform(0, DEPTH, COLOR, (0.05, 0, 0))),
    ]
    return [item for item in messages if item[1] not in hide]
