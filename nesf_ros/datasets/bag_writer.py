"""Labelled scenes as ROS 2 bags, written without ROS: any tool plays them, rviz2 shows the masks.

One camera, whose colour and depth share their frame. Everything of a view bears its stamp, and is
recorded at that time:

* `/tf` (map → camera_link) and `/tf_static` (camera_link → camera_color_optical_frame, REP 103);
* `/camera/color/image_raw` (rgb8) and `/camera/depth_registered/image_rect` (32FC1, metres, NaN for
  none), each with its `camera_info`;
* `/camera/labels/instances` and `/camera/labels/classes` (mono16: 0 for nothing, else index plus
  one), and, where the views have them, `/camera/labels/parts` (mono16) and `/camera/labels/normals`
  (16UC3; see `label_images`);
* `/camera/labels/scene` (std_msgs/String, latched): things, classes, relations, as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64
from numpy import ndarray
from rosbags.interfaces import (
    Connection,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from nesf_ros.datasets.label_images import encode_ids, encode_normals, views_of_one_camera
from nesf_ros.datasets.labelled import LabelledScene, LabelledView
from nesf_ros.datasets.scene_json import scene_text
from nesf_ros.datasets.storing import new_folder
from nesf_ros.errors import DatasetError
from nesf_ros.geometry import se3
from nesf_ros.types import Intrinsics

COLOR, DEPTH = "/camera/color", "/camera/depth_registered"
LABELS = "/camera/labels"
SCENE_TOPIC = f"{LABELS}/scene"
MAP_FRAME, LINK_FRAME, OPTICAL_FRAME = "map", "camera_link", "camera_color_optical_frame"
STORAGES = {"sqlite3": StoragePlugin.SQLITE3, "mcap": StoragePlugin.MCAP}
"""Formats of the bag's file."""
LINK_T_OPTICAL = se3.from_quaternion_xyzw((0, 0, 0), (-0.5, 0.5, -0.5, 0.5))
"""From x right, y down, z forward to x forward, y left, z up (REP 103)."""
_LAST_NS = (1 << 31) * 10**9
_ANY_TIME = QosTime(2147483647, 4294967295)
_TYPES = get_typestore(Stores.ROS2_JAZZY)


def write_rosbag(scene: LabelledScene, path: Path, storage: str = "sqlite3") -> None:
    """Write the scene to a new bag, which is a folder.

    Args:
        scene: its views by one camera, their stamps rising.
        path: where; it must not exist yet.
        storage: one of `STORAGES`.

    Raises:
        DatasetError: for views that cannot be written (`views_of_one_camera`), stamps that do not
            rise or that ROS cannot hold, an unknown storage, a path that exists, or a full disk.
    """
    if storage not in STORAGES:
        raise DatasetError(f"no storage {storage!r}; take one of {', '.join(STORAGES)}")
    with new_folder(path) as place:
        place.rmdir()  # the library makes it itself
        with Writer(place, version=9, storage_plugin=STORAGES[storage]) as writer:
            connections: dict[str, Connection] = {}
            last_ns = -1
            for index, view in views_of_one_camera(scene):
                if not last_ns < view.stamp_ns < _LAST_NS:
                    raise DatasetError(
                        f"view {index} of {scene.name!r} has the stamp {view.stamp_ns} after "
                        f"{last_ns}; in a bag they must rise, from 0 to {_LAST_NS} ns"
                    )
                last_ns = view.stamp_ns
                messages = [] if index else list(_latched(scene, view.stamp_ns))
                for topic, message in [*messages, *_messages(scene, view)]:
                    kind = message.__msgtype__
                    if topic not in connections:
                        connections[topic] = _connect(writer, topic, kind)
                    data = _TYPES.serialize_cdr(message, kind)
                    writer.write(connections[topic], view.stamp_ns, data)


def _connect(writer: Writer, topic: str, kind: str) -> Connection:
    latched = topic in (SCENE_TOPIC, "/tf_static")
    qos = Qos(
        QosHistory.KEEP_LAST,
        1 if latched else 10,
        QosReliability.RELIABLE,
        QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE,
        _ANY_TIME,
        _ANY_TIME,
        QosLiveliness.AUTOMATIC,
        _ANY_TIME,
        False,
    )
    return writer.add_connection(topic, kind, typestore=_TYPES, offered_qos_profiles=[qos])


def _latched(scene: LabelledScene, stamp_ns: int) -> Iterator[tuple[str, Any]]:
    """What is said once."""
    yield SCENE_TOPIC, _message("std_msgs/msg/String", scene_text(scene))
    yield "/tf_static", _transform(stamp_ns, LINK_FRAME, OPTICAL_FRAME, LINK_T_OPTICAL)


def _messages(scene: LabelledScene, view: LabelledView) -> Iterator[tuple[str, Any]]:
    """(topic, message) of all that is said of a view."""
    stamp_ns = view.stamp_ns
    map_T_link = view.world_T_camera @ se3.invert(LINK_T_OPTICAL)
    yield "/tf", _transform(stamp_ns, MAP_FRAME, LINK_FRAME, map_T_link)
    info = _camera_info(stamp_ns, view.camera)
    yield f"{COLOR}/camera_info", info
    yield f"{DEPTH}/camera_info", info
    depth = np.where(view.depth_m > 0, view.depth_m, np.float32(np.nan))
    yield f"{COLOR}/image_raw", _image(stamp_ns, view.color, "rgb8")
    yield f"{DEPTH}/image_rect", _image(stamp_ns, depth, "32FC1")
    masks = {"instances": view.instances, "classes": scene.class_ids(view.instances)}
    if view.parts is not None:
        masks["parts"] = view.parts
    for name, ids in masks.items():
        yield f"{LABELS}/{name}", _image(stamp_ns, encode_ids(ids), "mono16")
    if view.normals_world is not None:
        pixels = encode_normals(view.normals_world)
        yield f"{LABELS}/normals", _image(stamp_ns, pixels, "16UC3")


def _message(kind: str, *fields: Any) -> Any:
    return _TYPES.types[kind](*fields)


def _header(stamp_ns: int, frame: str) -> Any:
    stamp = _message("builtin_interfaces/msg/Time", *divmod(stamp_ns, 10**9))
    return _message("std_msgs/msg/Header", stamp, frame)


def _transform(
    stamp_ns: int, parent: str, child: str, parent_T_child: Float64[ndarray, "4 4"]
) -> Any:
    move = _message("geometry_msgs/msg/Vector3", *parent_T_child[:3, 3].tolist())
    turn = se3.to_quaternion_xyzw(parent_T_child).tolist()
    pose = _message(
        "geometry_msgs/msg/Transform", move, _message("geometry_msgs/msg/Quaternion", *turn)
    )
    header = _header(stamp_ns, parent)
    stamped = _message("geometry_msgs/msg/TransformStamped", header, child, pose)
    return _message("tf2_msgs/msg/TFMessage", [stamped])


def _image(stamp_ns: int, pixels: ndarray, encoding: str) -> Any:
    height, width = pixels.shape[:2]
    little = pixels.astype(pixels.dtype.newbyteorder("<"))
    data = np.frombuffer(little.tobytes(), np.uint8)
    header, step = _header(stamp_ns, OPTICAL_FRAME), data.size // height
    return _message("sensor_msgs/msg/Image", header, height, width, encoding, 0, step, data)


def _camera_info(stamp_ns: int, camera: Intrinsics) -> Any:
    whole = _message("sensor_msgs/msg/RegionOfInterest", 0, 0, 0, 0, False)
    return _message(
        "sensor_msgs/msg/CameraInfo",
        _header(stamp_ns, OPTICAL_FRAME),
        camera.height,
        camera.width,
        "plumb_bob",
        np.zeros(5),
        camera.matrix.ravel(),
        np.eye(3).ravel(),
        np.c_[camera.matrix, np.zeros(3)].ravel(),
        0,
        0,
        whole,
    )
