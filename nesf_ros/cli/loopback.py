"""One message out and back through DDS in this process: the heart of `nesf-ros doctor`."""

from __future__ import annotations

import os
import time
from array import array

PAYLOAD_BYTES = 1 << 20
"""Twice Fast DDS' default shared-memory segment: it needs a profile like ours, or UDP."""


def round_trip_s(timeout_s: float) -> float | None:
    """Seconds that a VoxelMap takes from publisher to callback; None if none came in time.

    Discovery is not counted, but has to happen within `timeout_s` too.
    """
    import rclpy
    from rclpy.context import Context
    from rclpy.executors import SingleThreadedExecutor

    from nesf_ros.msg import VoxelMap

    context = Context()
    rclpy.init(context=context)
    try:
        node = rclpy.create_node(f"nesf_doctor_{os.getpid()}", context=context)
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(node)
        received: list[float] = []
        topic = "~/loopback"
        node.create_subscription(VoxelMap, topic, lambda _: received.append(time.perf_counter()), 1)
        publisher = node.create_publisher(VoxelMap, topic, 1)
        deadline = time.perf_counter() + timeout_s
        while publisher.get_subscription_count() == 0 and time.perf_counter() < deadline:
            executor.spin_once(timeout_sec=0.01)
        sent = time.perf_counter()
        publisher.publish(VoxelMap(occupancy=array("B", bytes(PAYLOAD_BYTES))))
        while not received and time.perf_counter() < deadline:
            executor.spin_once(timeout_sec=0.05)
        node.destroy_node()
        return received[0] - sent if received else None
    finally:
        rclpy.try_shutdown(context=context)
