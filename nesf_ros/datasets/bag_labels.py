"""Labelled scenes out of the bags that `bag_writer` writes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64, UInt16
from numpy import ndarray

from nesf_ros.datasets.bag_messages import calibration_of, color_of, depth_of, stamp_ns_of
from nesf_ros.datasets.bag_writer import COLOR, DEPTH, LABELS, OPTICAL_FRAME, SCENE_TOPIC
from nesf_ros.datasets.label_images import check_labels, decode_ids, decode_normals
from nesf_ros.datasets.labelled import LabelledScene, LabelledThing, LabelledView
from nesf_ros.datasets.rosbag import messages_of, open_rosbag, opened
from nesf_ros.datasets.scene_json import parse_json, parse_scene
from nesf_ros.datasets.stored_views import StoredView, StoredViews
from nesf_ros.datasets.storing import MAX_TEXT_BYTES
from nesf_ros.errors import DatasetError, FrameError, TransformError
from nesf_ros.geometry.rectify import Rectifier
from nesf_ros.types import Intrinsics

_INFO = f"{COLOR}/camera_info"
_IMAGES = (f"{COLOR}/image_raw", f"{DEPTH}/image_rect")
_MASKS = tuple(f"{LABELS}/{name}" for name in ("instances", "parts", "normals"))


def read_rosbag(path: Path) -> LabelledScene:
    """The scene in a bag of ours; its views are read when they are asked for.

    What was recorded anew has other times of recording, and is an ordinary bag (`open_rosbag`).

    Raises DatasetError for a bag that is damaged, or without labels; for images, when the view is
    read.
    """
    source = open_rosbag(path)
    with opened(path) as reader:
        about = _only(list(messages_of(reader, (SCENE_TOPIC,), Counter())), SCENE_TOPIC, path)
        infos = [message for _, message in messages_of(reader, (_INFO,), Counter())]
        topics = {connection.topic for connection in reader.connections}
    if len(about.data) > MAX_TEXT_BYTES:
        raise DatasetError(f"{path}, {SCENE_TOPIC}: {len(about.data)} characters are too many")
    scene, _ = parse_scene(parse_json(about.data, str(path)), f"{path}, {SCENE_TOPIC}")
    try:
        # The first holds for the whole bag.
        camera = Rectifier(calibration_of(infos[0])).intrinsics
        stamps = [stamp_ns_of(info) for info in infos]
        poses = [source.world_T(OPTICAL_FRAME, stamp_ns) for stamp_ns in stamps]
    except (FrameError, TransformError) as error:
        raise DatasetError(f"{path}: {error}") from error
    extras = (_MASKS[1] in topics, _MASKS[2] in topics)
    stored = [StoredView(stamp_ns, camera, *extras) for stamp_ns in stamps]
    load = partial(_read_view, path, scene.things, stored, poses)
    return replace(scene, views=StoredViews(stored, poses, load))


def _only(found: list[tuple[str, Any]], topic: str, path: Path) -> Any:
    if len(found) != 1:
        raise DatasetError(
            f"{path} has {len(found)} messages on {topic} where one must be: is it one of our "
            "labelled bags, and as it was written?"
        )
    return found[0][1]


def _read_view(
    path: Path,
    things: tuple[LabelledThing, ...],
    stored: list[StoredView],
    poses: list[Float64[ndarray, "4 4"]],
    index: int,
) -> LabelledView:
    view, where = stored[index], f"{path}, view {index}"
    with opened(path) as reader:
        found = list(messages_of(reader, _IMAGES + _MASKS, Counter(), view.stamp_ns))

    def message(topic: str) -> Any:
        return _only([item for item in found if item[0] == topic], topic, path)

    try:
        color, depth_m = color_of(message(_IMAGES[0])), depth_of(message(_IMAGES[1]), 0.001)
    except FrameError as error:
        raise DatasetError(f"{where}: {error}") from error
    size = (view.camera.height, view.camera.width)
    if color.shape[:2] != size or depth_m.shape != size:
        raise DatasetError(f"{where}: its images are not of the camera's size, {size}")
    present = {topic for topic, _ in found}
    instances = decode_ids(_pixels(message(_MASKS[0]), view.camera, where)[..., 0])
    parts = normals = None
    if _MASKS[1] in present:
        parts = decode_ids(_pixels(message(_MASKS[1]), view.camera, where)[..., 0])
    if _MASKS[2] in present:
        normals = decode_normals(_pixels(message(_MASKS[2]), view.camera, where, 3))
    check_labels(things, instances, parts, where)
    labels = (instances, parts, normals)
    return LabelledView(view.stamp_ns, view.camera, poses[index], color, depth_m, *labels)


def _pixels(
    message: Any, camera: Intrinsics, where: str, channels: int = 1
) -> UInt16[ndarray, "height width channels"]:
    """A 16-bit image. Raises DatasetError where the message is another."""
    expected = (camera.height, camera.width, 2 * channels * camera.width, 0)
    found = (message.height, message.width, message.step, message.is_bigendian)
    coded = message.encoding == {1: "mono16", 3: "16UC3"}[channels]
    if not coded or found != expected or len(message.data) != expected[0] * expected[2]:
        raise DatasetError(
            f"{where}: a label image is {message.encoding} with height, width, step and byte order "
            f"{found} and {len(message.data)} bytes; the last must be {expected}"
        )
    pixels = np.frombuffer(message.data, "<u2").astype(np.uint16)
    return pixels.reshape(camera.height, camera.width, channels)
