"""What runs while the node is configured: the mapper, the thread that owns it, and its helpers."""

from __future__ import annotations

import os
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import torch
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node

from nesf_ros.config import NesfConfig
from nesf_ros.errors import FrameError, GeometryError
from nesf_ros.frames.counters import Cause, cause_of
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.ros.autosave import Autosave
from nesf_ros.ros.camera_input import RawFrame
from nesf_ros.ros.field_thread import FieldThread
from nesf_ros.ros.label_topics import LabelTopics
from nesf_ros.ros.language import LanguageThread
from nesf_ros.ros.publishing import MapPublisher
from nesf_ros.ros.statistics import Statistics, language_status, map_status
from nesf_ros.ros.worker import RequestThread, Worker

if TYPE_CHECKING:
    from nesf_ros.vision.models import VisionModel


class Engine:
    """A mapper with its worker thread, three that help it answer, automatic save, language, topics.

    Everything here returns at once; what touches the mapper happens in the worker.
    """

    def __init__(self, node: Node, config: NesfConfig, map_frame: str):
        """Build the mapper and load the automatic save; whatever that raises."""
        self._node, self._config = node, config
        self.worker: Worker[RawFrame] = Worker(
            self._integrate, self._crowded_out, config.frames.queue
        )
        try:
            self.mapper, self._autosave = self.worker.call(self._build).result()
        except Exception:
            self.worker.stop()
            raise
        for name in ("completion", "hidden"):
            path = getattr(config.unseen, name)
            if path and not Path(path).is_file():
                node.get_logger().error(f"unseen.{name}: there are no weights at {path}")
        self.reader = RequestThread("nesf-reader")
        sections = "query", "unseen"
        self.preparers = {name: RequestThread(f"nesf-{name}") for name in sections}
        """By the section that says how patient their services are: who imagines takes longest."""
        self.paused = False
        self.numbers = Statistics()
        self.map_topics = MapPublisher(node, self.mapper.map, map_frame, config.publish)
        self._label_topics = LabelTopics(node, config.map.voxel_size_m)
        self._publishing = threading.Event()
        self._field: FieldThread | None = None
        if self.mapper.fields:
            share = config.field.share
            self._field = FieldThread(self.mapper, self.worker, share, node.get_logger())
        self._language: LanguageThread | None = None
        if config.semantics.enabled:
            self._language = LanguageThread(
                self.mapper, self.worker, self._load_model, node.get_logger()
            )
        else:
            self.mapper.why_no_language = "semantics.enabled is false"

    def close(self) -> None:
        """Save what is configured, and end the threads."""
        if self._field:
            self._field.stop()
        if self._language:
            self._language.stop()
        self.reader.stop()
        for preparer in self.preparers.values():
            preparer.stop()
        self.worker.call(self._autosave.save)
        self.worker.stop()

    def take_down_topics(self) -> None:
        """Leave no topic behind; once closed."""
        self.map_topics.close(self._node)
        self._label_topics.close(self._node)

    def apply(self, config: NesfConfig) -> None:
        """Take over live settings."""
        self._config = self.mapper.config = config
        self.map_topics.apply(config.publish)

    def deliver(self, raw: RawFrame) -> None:
        """Have a frame integrated, unless the node is paused."""
        if self.paused:
            raw.camera.frames_dropped.add(Cause.PAUSED)
        else:
            self.worker.add_frame(raw)

    def drop_queued(self, cause: Cause) -> None:
        """Let go of the frames that wait."""
        for raw in self.worker.drain():
            raw.camera.frames_dropped.add(cause)

    def reset(self) -> None:
        """Forget the map; for the worker."""
        self.drop_queued(Cause.MAP_RESET)
        self.mapper.reset()

    def pause(self, paused: bool) -> None:
        """Take in no frames, or take them in again."""
        self.paused = paused
        if paused:
            self.drop_queued(Cause.PAUSED)

    def save_if_due(self) -> None:
        """Save the map from time to time, as configured."""
        self.worker.call(self._autosave.save_if_due)

    def publish(self) -> None:
        """Bring the topics up to date, unless that is under way."""
        if not self._publishing.is_set():
            self._publishing.set()
            self.worker.call(self._publish_now)

    def status(self, name: str) -> list[DiagnosticStatus]:
        """Diagnostics under the node's name. Reads plain numbers only: it need not wait."""
        queue = len(self.worker)
        return [
            map_status(name, self.mapper, self.numbers, queue, self.paused),
            language_status(name, self.mapper, self._language),
        ]

    def _build(self) -> tuple[SemanticMapper, Autosave]:
        # Leave a core to the callbacks: torch with all of them waits for the slowest one.
        threads = max(1, (os.cpu_count() or 1) - 1)
        torch.set_num_threads(threads)
        cv2.setNumThreads(threads)
        mapper = SemanticMapper(self._config)
        autosave = Autosave(mapper, self._node.get_logger())
        autosave.restore()
        return mapper, autosave

    def _load_model(self) -> VisionModel:
        vision = self._config.vision
        self._node.get_logger().info(f"loading the vision-language model {vision.model} ...")
        from nesf_ros.vision.models import load_model  # seconds, with all that it brings

        return load_model(vision, torch.device(self.mapper.map.device))

    def _crowded_out(self, raw: RawFrame) -> None:
        raw.camera.frames_dropped.add(Cause.QUEUE_FULL)

    def _integrate(self, raw: RawFrame) -> None:
        """One frame into the map; runs in the worker, which no bad frame may end."""
        start, log = time.monotonic(), self._node.get_logger()
        try:
            frame = raw.camera.decode(raw)
            decoded = time.monotonic()
            report = self.mapper.add_frame(frame)
        except (FrameError, GeometryError) as error:
            raw.camera.frames_dropped.add(cause_of(error))
            log.warning(f"{raw.camera.name}: image dropped: {error}", throttle_duration_sec=5.0)
        except Exception as error:  # noqa: BLE001 - the mapper must outlive a fault in one frame
            raw.camera.frames_dropped.add(Cause.FAILED)
            log.error(f"{raw.camera.name}: {traceback.format_exc()}\n{error!r}")
        else:
            raw.camera.integrated += 1
            age_s = (self._node.get_clock().now().nanoseconds - frame.rgbd.stamp_ns) * 1e-9
            waited_s = time.monotonic() - raw.received_s
            self.numbers.add(report, {"decode": decoded - start, "queue": waited_s, "age": age_s})
            if raw.camera.integrated == 1:
                log.info(f"{raw.camera.name}: the first image is in the map")
                self._publish_now()  # whoever waits for the first map has waited enough

    def _publish_now(self) -> None:
        start = time.monotonic()
        try:
            self.map_topics.stream.layer = self.mapper.layer
            self.map_topics.publish()
            self._label_topics.publish(self.mapper.layer, self.map_topics.header())
            self.numbers.time_of("publish", time.monotonic() - start)
        except Exception:  # noqa: BLE001 - nobody waits for this result
            if self._node.context.ok():
                self._node.get_logger().error(f"publishing failed: {traceback.format_exc()}")
        finally:
            self._publishing.clear()
