"""TF for the node: the real tf2_ros where it is installed, else our buffer on the same topics."""

from __future__ import annotations

from importlib.util import find_spec

from geometry_msgs.msg import TransformStamped
from jaxtyping import Float64
from numpy import ndarray
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.time import Time
from tf2_msgs.msg import TFMessage

from nesf_ros.errors import GeometryError, TransformError
from nesf_ros.frames.tf_buffer import TransformBuffer, TransformSource
from nesf_ros.geometry import se3
from nesf_ros.ros.convert import stamp_to_ns

STATIC_QOS = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def listen(node: Node, history_s: float) -> Transforms:
    """Follow /tf and /tf_static from now on."""
    if find_spec("tf2_ros"):
        return Tf2Transforms(node, history_s)
    return TopicTransforms(node, history_s)


class TopicTransforms(TransformSource):
    """`TransformBuffer` filled from /tf and /tf_static."""

    def __init__(self, node: Node, history_s: float):
        self.buffer = TransformBuffer(history_s)
        self._node, self._log = node, node.get_logger()
        self._subscriptions = [
            node.create_subscription(TFMessage, "/tf", self._on_moving, 100),
            node.create_subscription(TFMessage, "/tf_static", self._on_static, STATIC_QOS),
        ]

    def lookup(self, target: str, source: str, stamp_ns: int) -> Float64[ndarray, "4 4"]:
        """target_T_source at a stamp; raises TransformError where it is not known."""
        return self.buffer.lookup(target, source, stamp_ns)

    def latest(self, target: str, source: str) -> Float64[ndarray, "4 4"]:
        """The newest target_T_source; raises TransformError where there is none."""
        newest = self.buffer.latest_common_time(target, source)
        return self.lookup(target, source, newest or 0)

    def frames(self) -> list[str]:
        """Names of all known frames."""
        return self.buffer.frames()

    def clear(self) -> None:
        """Forget what moves: the clock jumped backwards."""
        self.buffer.clear()

    def close(self) -> None:
        """Stop following."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)

    def _on_moving(self, message: TFMessage) -> None:
        self._take(message.transforms, static=False)

    def _on_static(self, message: TFMessage) -> None:
        self._take(message.transforms, static=True)

    def _take(self, transforms: list[TransformStamped], static: bool) -> None:
        for item in transforms:
            t, q = item.transform.translation, item.transform.rotation
            try:
                self.buffer.add(
                    item.header.frame_id,
                    item.child_frame_id,
                    stamp_to_ns(item.header.stamp),
                    (t.x, t.y, t.z),
                    (q.x, q.y, q.z, q.w),
                    static=static,
                )
            except (GeometryError, TransformError) as error:
                self._log.warning(
                    f"TF {item.header.frame_id} → {item.child_frame_id} ignored: {error}",
                    throttle_duration_sec=5.0,
                )


class Tf2Transforms(TransformSource):
    """The same questions put to tf2_ros."""

    def __init__(self, node: Node, history_s: float):
        import tf2_ros

        self._tf2 = tf2_ros
        # Without a node: with one, it offers a service that outlives us.
        self.buffer = tf2_ros.Buffer(cache_time=Duration(seconds=history_s))
        self._listener = tf2_ros.TransformListener(self.buffer, node)

    def lookup(self, target: str, source: str, stamp_ns: int) -> Float64[ndarray, "4 4"]:
        """target_T_source at a stamp; raises TransformError where it is not known."""
        if stamp_ns == 0:  # tf2 takes 0 for "newest"; an image without a stamp has no pose
            raise TransformError("the stamp is 0: the driver never set it", "extrapolation_past")
        return self._look_up(target, source, stamp_ns)

    def _look_up(self, target: str, source: str, stamp_ns: int) -> Float64[ndarray, "4 4"]:
        try:
            found = self.buffer.lookup_transform(target, source, Time(nanoseconds=stamp_ns))
        except self._tf2.ConnectivityException as error:
            raise TransformError(str(error), "not_connected") from error
        except self._tf2.ExtrapolationException as error:
            raise TransformError(str(error), self._side(target, source, stamp_ns)) from error
        except (self._tf2.LookupException, self._tf2.InvalidArgumentException) as error:
            raise TransformError(str(error), "unknown_frame") from error
        t, q = found.transform.translation, found.transform.rotation
        return se3.from_quaternion_xyzw([t.x, t.y, t.z], [q.x, q.y, q.z, q.w])

    def _side(self, target: str, source: str, stamp_ns: int) -> str:
        newest = self.buffer.get_latest_common_time(target, source).nanoseconds
        return "extrapolation_future" if stamp_ns > newest else "extrapolation_past"

    def latest(self, target: str, source: str) -> Float64[ndarray, "4 4"]:
        """The newest target_T_source; raises TransformError where there is none."""
        return self._look_up(target, source, 0)  # tf2 takes 0 for "newest"

    def frames(self) -> list[str]:
        """Names of all known frames."""
        return sorted(line.split()[1] for line in self.buffer.all_frames_as_string().splitlines())

    def clear(self) -> None:
        """Forget everything but static transforms: the clock jumped backwards."""
        self.buffer.clear()

    def close(self) -> None:
        """Stop following."""
        self._listener.unregister()


Transforms = Tf2Transforms | TopicTransforms
"""What `listen` gives; both answer alike."""
