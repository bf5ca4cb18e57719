"""The perception node: parameters, subscriptions, services and topics around a `SemanticMapper`.

Callbacks only enqueue. One worker thread owns the mapper and all of torch.
"""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import cv2
import rclpy
import torch
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.timer import Timer

from nesf_ros.config import NesfConfig
from nesf_ros.errors import ConfigError, FrameError, GeometryError
from nesf_ros.frames.counters import Cause, cause_of
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.ros import parameters
from nesf_ros.ros.autosave import Autosave
from nesf_ros.ros.camera_input import CameraInput, RawFrame
from nesf_ros.ros.label_topics import LabelTopics
from nesf_ros.ros.language import LanguageThread
from nesf_ros.ros.language_services import LanguageServices
from nesf_ros.ros.lifecycle import failed, refuse_invalid_transitions
from nesf_ros.ros.node_config import NodeConfig
from nesf_ros.ros.publishing import MapPublisher
from nesf_ros.ros.self_check import explain, gather
from nesf_ros.ros.services import MapServices
from nesf_ros.ros.statistics import Statistics, camera_status, language_status, map_status
from nesf_ros.ros.tf import listen
from nesf_ros.ros.worker import Worker

if TYPE_CHECKING:
    from nesf_ros.vision.models import VisionModel

POLL_S = 0.02
DIAGNOSTICS_S = 1.0
AUTOSAVE_POLL_S = 0.25


class PerceptionNode(LifecycleNode):
    """Lifecycle node `nesf`. Configured: it has a map and serves it; active: it takes in frames."""

    def __init__(self, **options):
        super().__init__("nesf", automatically_declare_parameters_from_overrides=True, **options)
        self.node_config, self.config = parameters.load(self, NodeConfig(), NesfConfig())
        self.add_on_set_parameters_callback(self._on_parameters)
        refuse_invalid_transitions(self)
        actions: dict[str, Callable[..., None]] = {"reset": self._reset, "pause": self._pause}
        self.map_services = MapServices(self, self.node_config.map_frame, actions)
        self.served = [self.map_services, LanguageServices(self, self.node_config.map_frame)]
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.cameras: list[CameraInput] = []
        self.paused = False
        self._publishing = threading.Event()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Build the mapper, load the automatic save, offer topics and services."""
        worker: Worker[RawFrame] = Worker(
            self._integrate, self._crowded_out, self.config.frames.queue
        )
        try:
            self.mapper, self.autosave = worker.call(self._build).result()
        except Exception as error:  # noqa: BLE001 - rclpy would swallow it without a word
            worker.stop()
            return failed(self, "configure", error)
        self.worker, self.numbers = worker, Statistics()
        frame = self.node_config.map_frame
        self.map_topics = MapPublisher(self, self.mapper.map, frame, self.config.publish)
        self.label_topics = LabelTopics(self, self.config.map.voxel_size_m)
        for services in self.served:
            services.open(self.mapper, self.worker)
        self.language: LanguageThread | None = None
        if self.config.semantics.enabled:
            self.language = LanguageThread(self.mapper, worker, self._load_model, self.get_logger())
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self._publish_timer = self._every(1.0 / self.config.publish.rate_hz, self._publish)
        self._service_timers = [
            self._publish_timer,
            self._every(DIAGNOSTICS_S, self._diagnose),
            self._every(AUTOSAVE_POLL_S, lambda: self.worker.call(self.autosave.save_if_due)),
        ]
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start to listen."""
        self.transforms = listen(self, self.config.frames.tf_history_s)
        for services in self.served:
            services.transforms = self.transforms
        configs = (self.node_config, self.config.frames)
        try:
            for number in range(len(self.node_config.cameras)):
                camera = CameraInput(self, number, configs, self.transforms, self._deliver)
                self.cameras.append(camera)
        except Exception as error:  # noqa: BLE001 - rclpy would swallow it without a word
            self._stop_listening()
            return failed(self, "activate", error)
        self._input_timers = [self._every(POLL_S, self._poll)]
        if self.node_config.self_check_s:
            self._input_timers.append(self._every(self.node_config.self_check_s, self._self_check))
        self.get_logger().info(
            f"listening to {', '.join(self.node_config.cameras)}; map in "
            f"{self.node_config.map_frame!r} on {self.mapper.map.device}"
        )
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop listening; the map stays and is still served."""
        for timer in self._input_timers:
            self.destroy_timer(timer)
        self._stop_listening()
        return super().on_deactivate(state)

    def _stop_listening(self) -> None:
        for camera in self.cameras:
            camera.close()
        self._drop_queued(Cause.INACTIVE)
        self.cameras = []
        for services in self.served:
            services.transforms = None
        self.transforms.close()

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Save the map where that is configured, then let go of everything."""
        for timer in self._service_timers:
            self.destroy_timer(timer)
        self.close()
        self.map_topics.close(self)
        self.label_topics.close(self)
        self.destroy_publisher(self._diagnostics)
        del self.worker, self.mapper, self.autosave, self.map_topics, self.label_topics
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Leave whatever state it is in the orderly way."""
        if state.label == "active":
            self.on_deactivate(state)
        if state.label in ("active", "inactive"):
            self.on_cleanup(state)
        return super().on_shutdown(state)

    def close(self) -> None:
        """End orderly from any state: what is configured is saved."""
        if hasattr(self, "worker"):
            for services in self.served:
                services.close()
            if self.language:
                self.language.stop()
            self.worker.call(self.autosave.save)
            self.worker.stop()

    def _every(self, period_s: float, callback: Callable[[], Any]) -> Timer:
        """A timer that also runs while simulated time stands still."""
        return self.create_timer(period_s, callback, clock=self._steady)

    def _build(self) -> tuple[SemanticMapper, Autosave]:
        # Leave a core to the callbacks: torch with all of them waits for the slowest one.
        threads = max(1, (os.cpu_count() or 1) - 1)
        torch.set_num_threads(threads)
        cv2.setNumThreads(threads)
        mapper = SemanticMapper(self.config)
        autosave = Autosave(mapper, self.get_logger())
        autosave.restore()
        return mapper, autosave

    def _load_model(self) -> VisionModel:
        from nesf_ros.vision.models import load_model  # seconds, with all that it brings

        return load_model(self.config.vision, torch.device(self.mapper.map.device))

    def _deliver(self, raw: RawFrame) -> None:
        if self.paused:
            raw.camera.frames_dropped.add(Cause.PAUSED)
        else:
            self.worker.add_frame(raw)

    def _crowded_out(self, raw: RawFrame) -> None:
        raw.camera.frames_dropped.add(Cause.QUEUE_FULL)

    def _drop_queued(self, cause: Cause) -> None:
        for raw in self.worker.drain():
            raw.camera.frames_dropped.add(cause)

    def _integrate(self, raw: RawFrame) -> None:
        """One frame into the map; runs in the worker, which no bad frame may end."""
        start = time.monotonic()
        try:
            frame = raw.camera.decode(raw)
            decoded = time.monotonic()
            report = self.mapper.add_frame(frame)
        except (FrameError, GeometryError) as error:
            raw.camera.frames_dropped.add(cause_of(error))
            self.get_logger().warning(
                f"{raw.camera.name}: image dropped: {error}", throttle_duration_sec=5.0
            )
        except Exception as error:  # noqa: BLE001 - the mapper must outlive a fault in one frame
            raw.camera.frames_dropped.add(Cause.FAILED)
            self.get_logger().error(f"{raw.camera.name}: {traceback.format_exc()}\n{error!r}")
        else:
            raw.camera.integrated += 1
            age_s = (self.get_clock().now().nanoseconds - frame.rgbd.stamp_ns) * 1e-9
            waited_s = time.monotonic() - raw.received_s
            self.numbers.add(report, {"decode": decoded - start, "queue": waited_s, "age": age_s})
            if raw.camera.integrated == 1:  # whoever waits for the first map has waited enough
                self._publish_now()

    def _poll(self) -> None:
        for camera in self.cameras:
            camera.poll()

    def _publish(self) -> None:
        if not self._publishing.is_set():
            self._publishing.set()
            self.worker.call(self._publish_now)

    def _publish_now(self) -> None:
        start = time.monotonic()
        try:
            self.map_topics.stream.layer = self.mapper.layer
            self.map_topics.publish()
            self.label_topics.publish(self.mapper.layer, self.map_topics.header())
            self.numbers.time_of("publish", time.monotonic() - start)
        except Exception:  # noqa: BLE001 - nobody waits for this result
            if self.context.ok():
                self.get_logger().error(f"publishing failed: {traceback.format_exc()}")
        finally:
            self._publishing.clear()

    def _diagnose(self) -> None:
        name = self.get_fully_qualified_name().lstrip("/")
        message = DiagnosticArray()
        message.header.stamp = self.get_clock().now().to_msg()
        queue = len(self.worker)
        message.status = [
            map_status(name, self.mapper, self.numbers, queue, self.paused),
            language_status(name, self.mapper, self.language),
        ]
        message.status += [camera_status(name, camera) for camera in self.cameras]
        self._diagnostics.publish(message)

    def _self_check(self) -> None:
        for camera in self.cameras if not self.paused else []:
            if not camera.integrated:
                lines = explain(gather(self, camera, self.transforms.frames()))
                self.get_logger().warning(
                    f"{camera.name}: no usable frame yet.\n  - " + "\n  - ".join(lines)
                )
            elif camera.unit_hint:
                self.get_logger().warning(f"{camera.name}: {camera.unit_hint}")

    def _reset(self) -> None:
        self._drop_queued(Cause.MAP_RESET)
        self.mapper.reset()

    def _pause(self, paused: bool) -> None:
        self.paused = paused
        if paused:
            self._drop_queued(Cause.PAUSED)

    def _on_parameters(self, changed: Sequence[Parameter]) -> SetParametersResult:
        """Take over live settings; refuse the others, and what is out of range, with the reason."""
        try:
            self.config = parameters.update(self.config, list(changed))
        except ConfigError as error:
            return SetParametersResult(successful=False, reason=str(error))
        if hasattr(self, "mapper"):
            self.mapper.config = self.config
            self.map_topics.apply(self.config.publish)
            self._publish_timer.timer_period_ns = round(1e9 / self.config.publish.rate_hz)
            for camera in self.cameras:
                camera.waiter.wait_s = self.config.frames.tf_wait_s
        return SetParametersResult(successful=True)


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until it is told to stop. Exit code 2 if its parameters do not let it start."""
    rclpy.init(args=args)
    try:
        node = PerceptionNode()
    except ConfigError as error:
        rclpy.logging.get_logger("nesf").fatal(str(error))
        rclpy.try_shutdown()
        return 2
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        steps = (node.trigger_configure, node.trigger_activate)
        if node.node_config.autostart and any(
            step() != TransitionCallbackReturn.SUCCESS for step in steps
        ):
            return 2  # the log says why
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except Exception:
        if rclpy.ok():  # else it is a step that a signal has cut off in the middle
            raise
    finally:
        node.close()
        node.destroy_node()
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
