"""The perception node: parameters, subscriptions, services and topics around a `SemanticMapper`.

Callbacks only enqueue. One worker thread owns the mapper; a second one looks at keyframes, a third
one reads texts, two more prepare answers.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.timer import Timer

from nesf_ros.config import NesfConfig
from nesf_ros.errors import ConfigError
from nesf_ros.frames.counters import Cause
from nesf_ros.ros import parameters
from nesf_ros.ros.camera_input import CameraInput
from nesf_ros.ros.engine import Engine
from nesf_ros.ros.language_services import LanguageServices
from nesf_ros.ros.lifecycle import failed, refuse_invalid_transitions, spin
from nesf_ros.ros.node_config import NodeConfig
from nesf_ros.ros.replies import Replies
from nesf_ros.ros.self_check import explain, gather
from nesf_ros.ros.services import MapServices
from nesf_ros.ros.statistics import camera_status
from nesf_ros.ros.tf import listen
from nesf_ros.ros.unseen_services import UnseenServices

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
        actions: dict[str, Callable[..., None]] = {
            "reset": lambda: self.engine.reset(),
            "pause": lambda paused: self.engine.pause(paused),
        }
        frame = self.node_config.map_frame
        self.served = [MapServices(self, frame, actions), LanguageServices(self, frame),
                       UnseenServices(self, frame)]  # fmt: skip
        self._replies = Replies(self)
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.cameras: list[CameraInput] = []

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Build the mapper, load the automatic save, offer topics and services."""
        try:
            self.engine = Engine(self, self.config, self.node_config.map_frame)
        except Exception as error:  # noqa: BLE001 - rclpy would swallow it without a word
            return failed(self, "configure", error)
        for services in self.served:
            engine = self.engine
            preparer = engine.preparers[services.patience]
            services.open(engine.mapper, engine.worker, engine.reader, preparer)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self._publish_timer = self._every(1.0 / self.config.publish.rate_hz, self.engine.publish)
        self._service_timers = [
            self._publish_timer,
            self._every(DIAGNOSTICS_S, self._diagnose),
            self._every(AUTOSAVE_POLL_S, self.engine.save_if_due),
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
                camera = CameraInput(self, number, configs, self.transforms, self.engine.deliver)
                self.cameras.append(camera)
        except Exception as error:  # noqa: BLE001 - rclpy would swallow it without a word
            self._stop_listening()
            return failed(self, "activate", error)
        self._input_timers = [self._every(POLL_S, self._poll)]
        if self.node_config.self_check_s:
            self._input_timers.append(self._every(self.node_config.self_check_s, self._self_check))
        self.get_logger().info(
            f"listening to {', '.join(self.node_config.cameras)}; map in "
            f"{self.node_config.map_frame!r} on {self.engine.mapper.map.device}"
            f"{', with a scene field' if self.engine.mapper.fields else ''}"
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
        self.engine.drop_queued(Cause.INACTIVE)
        self.cameras = []
        for services in self.served:
            services.transforms = None
        self.transforms.close()

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Save the map where that is configured, then let go of everything."""
        for timer in self._service_timers:
            self.destroy_timer(timer)
        self.close()
        self.engine.take_down_topics()
        self.destroy_publisher(self._diagnostics)
        del self.engine
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
        if hasattr(self, "engine"):
            for services in self.served:
                services.close()
            self.engine.close()

    def _every(self, period_s: float, callback: Callable[[], Any]) -> Timer:
        """A timer that also runs while simulated time stands still."""
        return self.create_timer(period_s, callback, clock=self._steady)

    def _poll(self) -> None:
        for camera in self.cameras:
            camera.poll()

    def _diagnose(self) -> None:
        name = self.get_fully_qualified_name().lstrip("/")
        message = DiagnosticArray()
        message.header.stamp = self.get_clock().now().to_msg()
        message.status = self.engine.status(name)
        message.status += [camera_status(name, camera) for camera in self.cameras]
        self._diagnostics.publish(message)

    def _self_check(self) -> None:
        for camera in self.cameras if not self.engine.paused else []:
            if not camera.integrated:
                lines = explain(gather(self, camera, self.transforms.frames()))
                self.get_logger().warning(
                    f"{camera.name}: no usable frame yet.\n  - " + "\n  - ".join(lines)
                )
            elif camera.unit_hint:
                self.get_logger().warning(f"{camera.name}: {camera.unit_hint}")

    def _on_parameters(self, changed: Sequence[Parameter]) -> SetParametersResult:
        """Take over live settings; refuse the others, and what is out of range, with the reason."""
        try:
            self.config = parameters.update(self.config, list(changed))
        except ConfigError as error:
            return SetParametersResult(successful=False, reason=str(error))
        if hasattr(self, "engine"):
            self.engine.apply(self.config)
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
    try:
        return spin(node, node.node_config.autostart)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one would cut the saving off
        node.close()
        node.destroy_node()
        rclpy.try_shutdown()


if __name__ == "__main__":
    raise SystemExit(main())
