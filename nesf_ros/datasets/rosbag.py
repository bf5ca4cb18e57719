"""ROS 2 bags (sqlite3 or mcap), read without ROS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

from nesf_ros.config import FramesConfig
from nesf_ros.datasets.bag_messages import calibration_of, color_of, depth_of, stamp_ns_of
from nesf_ros.datasets.topics import TF, BagTopics, choose_topics
from nesf_ros.errors import DatasetError, FrameError, GeometryError, TransformError
from nesf_ros.frames.counters import Cause, DropCounter, cause_of
from nesf_ros.frames.sync import Pair, RgbdSynchronizer
from nesf_ros.frames.tf_buffer import TransformBuffer
from nesf_ros.geometry.rectify import Rectifier
from nesf_ros.types import PosedFrame, RgbdFrame

NEEDS = (
    "rosbag2: a folder with metadata.yaml and .db3 or .mcap files, or one such file, with colour "
    "and depth images, their CameraInfo, /tf and /tf_static"
)
MAP_FRAMES = ("map", "world", "odom")
"""Names of the fixed frame, tried in this order where the caller names none."""
ODOM_FRAME = "odom"
BAD_MESSAGE = "bad_message"


def matches(path: Path) -> bool:
    """Whether the path looks like a bag."""
    if path.is_dir():
        return (path / "metadata.yaml").is_file()
    return path.suffix in (".db3", ".mcap")


def open_rosbag(
    path: Path,
    topics: BagTopics | None = None,
    map_frame: str = "",
    config: FramesConfig | None = None,
) -> RosbagSource:
    """The frames of one camera in a bag.

    Args:
        path: the bag's folder, or its only file.
        topics: needed where names and types do not tell which topics are meant.
        map_frame: the fixed frame; by default the first of MAP_FRAMES that TF knows.
        config: stamps of a pair may differ by `sync_slop_s`; `depth_scale` is the unit of depth.

    Raises:
        DatasetError: for a broken bag, topics or frames that are missing or ambiguous.
    """
    return RosbagSource(path, topics or BagTopics(), map_frame, config or FramesConfig())


class RosbagSource:
    """Frames of one camera in a bag; implements `Source`.

    All transforms are read first, so that one recorded late still poses the images before it.
    Images are then read, paired, posed at the stamp of the depth image and rectified one by one.
    The first CameraInfo of each camera holds for the whole bag.
    """

    def __init__(self, path: Path, topics: BagTopics, map_frame: str, config: FramesConfig):
        self.name = path.name
        self.poses: tuple[np.ndarray, ...] = ()  # known only image by image
        self._path, self._config = path, config
        self._refused: Counter[str] = Counter()
        self._unused: Counter[str] = Counter()
        self._unpaired = DropCounter()
        with opened(path) as reader:
            types = {c.topic: c.msgtype for c in reader.connections}
            self.topics = choose_topics(types, topics)
            self._transforms = self._read_transforms(reader)
            self._rectifiers = {
                topic: self._read_rectifier(reader, topic)
                for topic in (self.topics.color_info, self.topics.depth_info)
            }
            self._count = reader.topics[self.topics.depth].msgcount
            duration_s = max(reader.duration * 1e-9, 1e-9)
        self.rate_hz = max(self._count - 1, 1) / duration_s
        self.map_frame = _map_frame(self._transforms, map_frame, path)

    @property
    def skipped(self) -> Counter[str]:
        """Transforms and messages that were broken, images without partner, frames of no use."""
        unpaired = {str(cause): count for cause, count in self._unpaired.counts().items()}
        return self._refused + self._unused + Counter(unpaired)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[PosedFrame]:
        self._unused, self._unpaired = Counter(), DropCounter()
        sync = RgbdSynchronizer[Any, Any](
            self._config.sync_slop_s, self._config.sync_queue, self._unpaired
        )
        wanted = {self.topics.color: sync.push_color, self.topics.depth: sync.push_depth}
        with opened(self._path) as reader:
            for topic, message in messages_of(reader, tuple(wanted), self._unused):
                for pair in wanted[topic](stamp_ns_of(message), message):
                    frame = self._posed(pair)
                    if frame is not None:
                        yield frame
        sync.drop_pending(Cause.NO_PARTNER)

    def _posed(self, pair: Pair) -> PosedFrame | None:
        """The frame of a pair of messages; None, and counted, where it cannot be used."""
        color_frame, depth_frame = (m.header.frame_id for m in (pair.color, pair.depth))
        stamp_ns = pair.depth_stamp_ns
        try:
            world_T_camera = self.world_T(depth_frame, stamp_ns)
            depth_T_color = self._transforms.lookup(depth_frame, color_frame, stamp_ns)
            color_camera = self._rectifiers[self.topics.color_info]
            depth_camera = self._rectifiers[self.topics.depth_info]
            rgbd = RgbdFrame(
                stamp_ns=stamp_ns,
                camera=self.topics.depth,
                color=color_camera.color(color_of(pair.color)),
                depth_m=depth_camera.depth(depth_of(pair.depth, self._config.depth_scale)),
                color_intrinsics=color_camera.intrinsics,
                depth_intrinsics=depth_camera.intrinsics,
                depth_T_color=depth_T_color,
            )
        except (FrameError, TransformError, GeometryError) as error:
            self._unused[str(cause_of(error))] += 1
            return None
        if not rgbd.depth_m.any():
            self._unused[str(Cause.EMPTY_DEPTH)] += 1
            return None
        return PosedFrame(rgbd, world_T_camera, self._odometry(depth_frame, stamp_ns))

    def world_T(self, frame: str, stamp_ns: int) -> np.ndarray:
        """Pose of a frame in the fixed frame. Raises TransformError where TF does not tell."""
        return self._transforms.lookup(self.map_frame, frame, stamp_ns)

    def _odometry(self, camera_frame: str, stamp_ns: int) -> np.ndarray | None:
        """odom_T_camera; None where the robot had no odometry frame, or not at this time."""
        try:
            return self._transforms.lookup(ODOM_FRAME, camera_frame, stamp_ns)
        except TransformError:
            return None

    def _read_transforms(self, reader: AnyReader) -> TransformBuffer:
        """Everything that /tf and /tf_static say. Transforms that are none are counted."""
        buffer = TransformBuffer(history_s=reader.duration * 1e-9 + 3600.0)
        topics = [c.topic for c in reader.connections if c.msgtype == TF]
        if not topics:
            raise DatasetError(f"{self._path} has no transforms on /tf or /tf_static, so no poses")
        for topic, message in messages_of(reader, tuple(topics), self._refused):
            for item in message.transforms:
                move, turn = item.transform.translation, item.transform.rotation
                try:
                    buffer.add(
                        item.header.frame_id,
                        item.child_frame_id,
                        stamp_ns_of(item),
                        (move.x, move.y, move.z),
                        (turn.x, turn.y, turn.z, turn.w),
                        static=topic.endswith("tf_static"),
                    )
                except GeometryError:
                    self._refused["bad_transform"] += 1
        return buffer

    def _read_rectifier(self, reader: AnyReader, topic: str) -> Rectifier:
        """From the first CameraInfo of a topic."""
        for _, message in messages_of(reader, (topic,), self._refused):
            try:
                return Rectifier(calibration_of(message))
            except FrameError as error:
                raise DatasetError(f"{self._path}, {topic}: {error}") from error
        raise DatasetError(f"{self._path} has no message on {topic}; its camera is not known")


@contextmanager
def opened(path: Path) -> Iterator[AnyReader]:
    """A reader of the bag. Raises DatasetError where it cannot be opened."""
    jazzy = get_typestore(Stores.ROS2_JAZZY)  # for bags that hold no definitions of their own
    try:
        reader = AnyReader([path], default_typestore=jazzy)
        reader.open()
    # What the library raises for damage depends on where it lies, and is documented nowhere.
    except Exception as error:
        raise DatasetError(f"{path} cannot be opened as a bag: {error!r}") from error
    try:
        yield reader
    finally:
        reader.close()


def messages_of(
    reader: AnyReader,
    topics: tuple[str, ...],
    broken: Counter[str],
    recorded_ns: int | None = None,
) -> Iterator[tuple[str, Any]]:
    """(topic, message) in order of recording; messages that cannot be decoded are counted.

    With `recorded_ns`, only those recorded at that time. Raises DatasetError where the file itself
    is damaged.
    """
    end_ns = None if recorded_ns is None else recorded_ns + 1
    wanted = [c for c in reader.connections if c.topic in topics]
    if not wanted:
        return  # to the library, no topic means all of them
    stream = reader.messages(wanted, recorded_ns, end_ns)
    while True:
        try:
            connection, _, data = next(stream)
        except StopIteration:
            return
        except Exception as error:  # as in opened
            path = reader.paths[0]
            raise DatasetError(f"{path} is damaged, and ends early: {error!r}") from error
        try:
            message = reader.deserialize(data, connection.msgtype)
        except Exception:  # as in opened; whatever it was, this message is lost
            broken[BAD_MESSAGE] += 1
            continue
        yield connection.topic, message


def _map_frame(transforms: TransformBuffer, wanted: str, path: Path) -> str:
    """The fixed frame. Raises DatasetError where there is none."""
    known = transforms.frames()
    found = [name for name in ([wanted.lstrip("/")] if wanted else MAP_FRAMES) if name in known]
    if not found:
        raise DatasetError(
            f"{path} has no frame {wanted or ' or '.join(MAP_FRAMES)}; name the fixed one with "
            f"map_frame=..., out of {', '.join(known) or 'none'}"
        )
    return found[0]
