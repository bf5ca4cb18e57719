"""One camera's topics to posed frames: callbacks pair and wait, the worker decodes (`decoder`)."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float64
from numpy import ndarray
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from nesf_ros.config import FramesConfig
from nesf_ros.errors import TransformError
from nesf_ros.frames.counters import Cause, DropCounter, Rate, cause_of
from nesf_ros.frames.masks import MaskGate
from nesf_ros.frames.sync import Pair, RgbdSynchronizer
from nesf_ros.frames.waiting import PoseWaiter
from nesf_ros.ros.convert import stamp_to_ns
from nesf_ros.ros.decoder import FrameDecoder, ImageMessage
from nesf_ros.ros.node_config import NodeConfig
from nesf_ros.ros.tf import Transforms
from nesf_ros.types import PosedFrame


@dataclass(frozen=True)
class RawFrame:
    """Messages that belong together, with poses, still to be decoded."""

    camera: CameraInput
    color: ImageMessage
    depth: ImageMessage
    received_s: float
    """Monotonic time at which the pair was complete."""
    mask: Image | None = None
    map_T_camera: Float64[ndarray, "4 4"] | None = None
    odom_T_camera: Float64[ndarray, "4 4"] | None = None
    depth_T_color: Float64[ndarray, "4 4"] = field(default_factory=lambda: np.eye(4))


class CameraInput:
    """Subscribes to one camera. Every image received is counted until it is used or dropped."""

    def __init__(
        self,
        node: Node,
        number: int,
        configs: tuple[NodeConfig, FramesConfig],
        transforms: Transforms,
        deliver: Callable[[RawFrame], None],
    ):
        self.config, self._frames = configs
        self.name = self.config.cameras[number]
        self._node, self._transforms, self._deliver = node, transforms, deliver
        self.images_dropped = DropCounter()
        """Images that never became part of a pair."""
        self.frames_dropped = DropCounter()
        """Pairs that never reached the map."""
        self.integrated = 0
        """Pairs that are in the map; counted by the worker."""
        self.received: Counter[str] = Counter()
        """Messages by role: color, depth, color_info, depth_info, mask."""
        self.rates: defaultdict[str, Rate] = defaultdict(Rate)
        """Messages per second by role."""
        self.topics: dict[str, str] = {}
        """Full names by role."""
        self._decoder = FrameDecoder(number, configs, self.topics)
        slop, queue = self._frames.sync_slop_s, self._frames.sync_queue
        self.sync = RgbdSynchronizer[ImageMessage, ImageMessage](slop, queue, self.images_dropped)
        self._masks: MaskGate[Image] | None = None
        if self.config.mask_topic:
            self._masks = MaskGate(transforms, slop, 3 * queue)
        self.waiter = PoseWaiter[RawFrame](
            self._masks or transforms, self.config.map_frame, self._frames.tf_wait_s, queue,
            self.frames_dropped,
        )  # fmt: skip
        self._clock_resets = 0
        self._subscribe()

    def _subscribe(self) -> None:
        config = self.config
        wanted = {
            "color": (config.color_topic, Image, self._on_color),
            "depth": (config.depth_topic, Image, self._on_depth),
            "color_info": (config.color_info_topic, CameraInfo, self._on_color_info),
            "depth_info": (config.depth_info_topic, CameraInfo, self._on_depth_info),
        }
        if config.mask_topic:
            wanted["mask"] = (config.mask_topic, Image, self._on_mask)
        self.qos = QoSProfile(depth=5, reliability=ReliabilityPolicy[config.reliability.upper()])
        self.kinds, self._subscriptions = {}, []
        for role, (topic, kind, callback) in wanted.items():
            if topic.endswith(("/compressed", "/compressedDepth")):
                kind = CompressedImage
            name = topic if topic.startswith("/") else f"{self.name.rstrip('/')}/{topic}"
            self.topics[role] = self._node.resolve_topic_name(name)
            self.kinds[role] = f"sensor_msgs/msg/{kind.__name__}"
            self._subscriptions.append(
                self._node.create_subscription(kind, name, callback, self.qos)
            )

    def close(self) -> None:
        """Stop listening; what waits is dropped and counted."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self.drop_waiting(Cause.INACTIVE)

    def drop_waiting(self, cause: Cause) -> None:
        """Drop everything on its way to the map."""
        self.sync.drop_pending(cause)
        self.waiter.drop_all(cause)

    def poll(self) -> None:
        """Pass on the pairs whose pose is known by now. Called often, by a timer."""
        for raw, pose in self.waiter.poll(time.monotonic()):
            if isinstance(pose, TransformError):
                self._node.get_logger().warning(
                    f"{self.name}: no pose for an image: {pose}", throttle_duration_sec=5.0
                )
            else:
                self._complete(raw, pose)

    def _complete(self, raw: RawFrame, map_T_camera: Float64[ndarray, "4 4"]) -> None:
        stamp_ns, frame = stamp_to_ns(raw.depth.header.stamp), raw.depth.header.frame_id
        odom_T_camera, depth_T_color = None, np.eye(4)
        try:
            if raw.color.header.frame_id != frame:
                depth_T_color = self._transforms.lookup(frame, raw.color.header.frame_id, stamp_ns)
        except TransformError as error:
            self.frames_dropped.add(cause_of(error))
            self._node.get_logger().warning(
                f"{self.name}: where is its colour camera? {error}", throttle_duration_sec=5.0
            )
            return
        if self.config.odom_frame:
            try:
                odom_T_camera = self._transforms.lookup(self.config.odom_frame, frame, stamp_ns)
            except TransformError:
                odom_T_camera = None  # robots without odometry are welcome
        self._deliver(
            replace(
                raw,
                mask=self._masks.nearest(stamp_ns) if self._masks else None,
                map_T_camera=map_T_camera,
                odom_T_camera=odom_T_camera,
                depth_T_color=depth_T_color,
            )
        )

    def _count(self, role: str) -> None:
        self.received[role] += 1
        self.rates[role].tick(time.monotonic())

    def _on_color(self, message: ImageMessage) -> None:
        self._count("color")
        self._paired(self.sync.push_color(stamp_to_ns(message.header.stamp), message))

    def _on_depth(self, message: ImageMessage) -> None:
        self._count("depth")
        self._paired(self.sync.push_depth(stamp_to_ns(message.header.stamp), message))

    def _on_mask(self, message: Image) -> None:
        self._count("mask")
        if self._masks:
            self._masks.add(stamp_to_ns(message.header.stamp), message)

    def _on_color_info(self, message: CameraInfo) -> None:
        self._count("color_info")
        self._decoder.info["color"] = message

    def _on_depth_info(self, message: CameraInfo) -> None:
        self._count("depth_info")
        self._decoder.info["depth"] = message

    def _paired(self, pairs: list[Pair[ImageMessage, ImageMessage]]) -> None:
        if self.sync.clock_resets != self._clock_resets:
            self._clock_resets = self.sync.clock_resets
            self.waiter.drop_all(Cause.CLOCK_RESET)
            self._transforms.clear()
            if self._masks:
                self._masks.clear()
        for pair in pairs:
            raw = RawFrame(self, pair.color, pair.depth, time.monotonic())
            frame = pair.depth.header.frame_id
            self.waiter.push(raw, pair.depth_stamp_ns, frame, raw.received_s)
        self.poll()

    @property
    def unit_hint(self) -> str | None:
        """What is odd about the unit of the newest depth image, if anything."""
        return self._decoder.unit_hint

    def decode(self, raw: RawFrame) -> PosedFrame:
        """Decoded, rectified and masked; runs in the worker. FrameError if that cannot be done."""
        rgbd = self._decoder.decode(raw.color, raw.depth, raw.mask, raw.depth_T_color)
        assert raw.map_T_camera is not None
        return PosedFrame(rgbd, raw.map_T_camera, raw.odom_T_camera)
