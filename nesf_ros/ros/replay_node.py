"""Plays a recording as a robot would publish it: images, CameraInfo, TF."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import rclpy
from geometry_msgs.msg import TransformStamped
from jaxtyping import Float64
from numpy import ndarray
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from nesf_ros.datasets import Source, open_source
from nesf_ros.errors import NesfError
from nesf_ros.geometry.upright import estimate_up, levelling, refine_up, surface_normals
from nesf_ros.ros import parameters
from nesf_ros.ros.convert import image_message, info_message, matrix_to_transform, ns_to_stamp
from nesf_ros.ros.lifecycle import await_shutdown
from nesf_ros.ros.node_config import WALK_S, NodeConfig, ReplayConfig
from nesf_ros.synthetic.source import SyntheticSource
from nesf_ros.types import PosedFrame

IMAGE_QOS = QoSProfile(depth=5)
STATIC_QOS = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
MM_PER_M = 1000.0

UPRIGHT_FRAMES, UPRIGHT_EVERY = 60, 6
"""Frames that are looked at for floors, to tell up."""

MATCHING_S = 0.5
"""What listens must have been the same for so long: DDS may know of it here, and not yet there."""

OnSent = Callable[[int, int], None]
"""Hears of each frame: how many have been sent, and of how many; 0 where there is no end."""


class ReplayNode(Node):
    """Publishes the frames of a source on the topics of one camera."""

    def __init__(self, **options):
        super().__init__("replay", automatically_declare_parameters_from_overrides=True, **options)
        (self.config,) = parameters.load(self, ReplayConfig())
        base, names = self.config.camera.rstrip("/"), NodeConfig()
        self._images = {
            role: self.create_publisher(Image, f"{base}/{topic}", IMAGE_QOS)
            for role, topic in (("color", names.color_topic), ("depth", names.depth_topic))
        }
        self._infos = {
            role: self.create_publisher(CameraInfo, f"{base}/{topic}", IMAGE_QOS)
            for role, topic in (
                ("color", names.color_info_topic),
                ("depth", names.depth_info_topic),
            )
        }
        self._tf = self.create_publisher(TFMessage, "/tf", 100)
        self._tf_static = self.create_publisher(TFMessage, "/tf_static", STATIC_QOS)
        self._map_T_odom = np.eye(4)
        prefix = base.strip("/").replace("/", "_")
        self._frame_ids = {role: f"{prefix}_{role}_optical_frame" for role in ("color", "depth")}

    def open(self) -> Source:
        """The source named by the parameters."""
        if self.config.source == "synthetic":
            # More frames than asked for are only planned; nobody renders them.
            frames = max(self.config.frames, round(WALK_S * self.config.room_hz))
            return SyntheticSource(self.config.seed, frames, self.config.room_hz)
        return open_source(self.config.source)

    def play(self, source: Source, on_sent: OnSent = lambda sent, total: None) -> int:
        """Publish until the source ends or the node is shut down; returns the frames sent."""
        limit = min(self.config.frames or len(source), len(source))
        total = 0 if self.config.loop else limit
        if self.config.upright and len(source.poses):
            self._map_T_odom = levelling(up_of(source))
        if not np.array_equal(self._map_T_odom, np.eye(4)):
            self.get_logger().info("the recording's world is not z up: map → odom turns it upright")
        held = list(self._limited(source)) if self.config.preload else None
        if self.config.wait_for_subscriber:
            self._wait_for_listeners()
        sent = 0
        while rclpy.ok(context=self.context):
            start_s = time.monotonic()
            start_ns = self.get_clock().now().nanoseconds
            first_ns = None
            for frame in held if held is not None else self._limited(source):
                if first_ns is None:
                    first_ns = frame.rgbd.stamp_ns
                elapsed_ns = round((frame.rgbd.stamp_ns - first_ns) / self.config.rate)
                time.sleep(max(0.0, start_s + elapsed_ns * 1e-9 - time.monotonic()))
                if not rclpy.ok(context=self.context):
                    return sent
                self.send(frame, start_ns + elapsed_ns, first=sent == 0)
                sent += 1
                on_sent(sent, total)
            if not self.config.loop:
                return sent
            # One period between the last frame of a round and the first of the next.
            time.sleep(1.0 / source.rate_hz / self.config.rate)
        return sent

    def _limited(self, source: Source) -> Iterator[PosedFrame]:
        for number, frame in enumerate(source):
            if self.config.frames and number >= self.config.frames:
                return
            yield frame

    def _wait_for_listeners(self) -> None:
        wanted = [*self._images.values(), *self._infos.values(), self._tf]
        counts, changed_s = [0], time.monotonic()
        while rclpy.ok(context=self.context):
            newest = [publisher.get_subscription_count() for publisher in wanted]
            if newest != counts:
                counts, changed_s = newest, time.monotonic()
            if all(counts) and time.monotonic() - changed_s > MATCHING_S:
                return
            time.sleep(0.02)

    def send(self, frame: PosedFrame, stamp_ns: int, first: bool) -> None:
        """Publish one frame under a new stamp; its transform goes first."""
        rgbd, stamp = frame.rgbd, ns_to_stamp(stamp_ns)
        color_id, depth_id = self._frame_ids["color"], self._frame_ids["depth"]
        if np.array_equal(rgbd.depth_T_color, np.eye(4)):
            color_id = depth_id
        elif first:
            self._static(depth_id, color_id, rgbd.depth_T_color, stamp_ns)
        if first:
            self._static(self.config.map_frame, "odom", self._map_T_odom, stamp_ns)
        moving = self._transform("odom", depth_id, frame.world_T_camera, stamp_ns)
        self._tf.publish(TFMessage(transforms=[moving]))
        headers = {"color": Header(stamp=stamp, frame_id=color_id),
                   "depth": Header(stamp=stamp, frame_id=depth_id)}  # fmt: skip
        cameras = {"color": rgbd.color_intrinsics, "depth": rgbd.depth_intrinsics}
        for role, header in headers.items():
            self._infos[role].publish(info_message(cameras[role], header))
        depth_mm = np.clip(rgbd.depth_m * MM_PER_M + 0.5, 0, 65534).astype(np.uint16)
        self._images["color"].publish(image_message(rgbd.color, "rgb8", headers["color"]))
        self._images["depth"].publish(image_message(depth_mm, "16UC1", headers["depth"]))

    def _static(self, parent: str, child: str, pose: np.ndarray, stamp_ns: int) -> None:
        self._statics = [*getattr(self, "_statics", []),
                         self._transform(parent, child, pose, stamp_ns)]  # fmt: skip
        self._tf_static.publish(TFMessage(transforms=self._statics))

    def _transform(
        self, parent: str, child: str, pose: np.ndarray, stamp_ns: int
    ) -> TransformStamped:
        header = Header(stamp=ns_to_stamp(stamp_ns), frame_id=parent)
        return TransformStamped(
            header=header, child_frame_id=child, transform=matrix_to_transform(pose)
        )


def up_of(source: Source) -> Float64[ndarray, " 3"]:
    """Unit vector that points up in the world of a source that knows its poses."""
    up = estimate_up(source.poses)
    if np.abs(up).max() == 1.0:  # an axis of the world: made so on purpose
        return up
    frames = itertools.islice(source, 0, UPRIGHT_FRAMES, UPRIGHT_EVERY)
    normals = [
        surface_normals(f.rgbd.depth_m, f.rgbd.depth_intrinsics, f.world_T_camera) for f in frames
    ]
    return refine_up(up, np.concatenate(normals))


def main(args: Sequence[str] | None = None, on_sent: OnSent = lambda sent, total: None) -> int:
    """Play the source named by the parameters. Exit code 2 if it cannot be read."""
    rclpy.init(args=args)
    try:
        node = ReplayNode()
        source = node.open()
        sent = node.play(source, on_sent)
        if not rclpy.ok():  # stopped by a signal: nobody hears the log any more
            return 0
        node.get_logger().info(f"{sent} frames of {source.name} sent")
        if any(source.skipped.values()):
            left_out = ", ".join(f"{count} {cause}" for cause, count in source.skipped.items())
            node.get_logger().warning(f"frames left out: {left_out}")
        time.sleep(0.5)  # let the last messages leave before the process does
    except NesfError as error:
        rclpy.logging.get_logger("replay").fatal(str(error))
        return 2
    except KeyboardInterrupt:
        await_shutdown(rclpy.get_default_context())
    except ExternalShutdownException:
        pass
    finally:
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
