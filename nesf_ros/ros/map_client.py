"""The planner's side: follow a perception node's map and ask its services, in plain arrays.

>>> with MapClient("planner", "/nesf") as client:
...     client.wait_until_ready(10.0)
...     answers = client.query_points(np.array([[1.0, 0.0, 0.5]]))
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Point
from jaxtyping import Float64, UInt8
from nav_msgs.msg import OccupancyGrid
from numpy import ndarray
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.parameter_client import AsyncParameterClient
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.signals import SignalHandlerOptions

from nesf_ros import srv
from nesf_ros.errors import QueryError
from nesf_ros.ros.convert import codes_of, matrix_to_pose, region_message
from nesf_ros.ros.map_replica import OCCUPIED_FROM, MapReplica
from nesf_ros.ros.views import view_of
from nesf_ros.types import NOTHING, Box, Intrinsics, PointAnswers, View, Wanted

MAP_QOS = QoSProfile(depth=64, durability=DurabilityPolicy.TRANSIENT_LOCAL)
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
SERVICES = {
    "get_map": srv.GetMap,
    "query_points": srv.QueryPoints,
    "render_view": srv.RenderView,
    "query_relevancy": srv.QueryRelevancy,
    "complete_objects": srv.CompleteObjects,
    "locate_hidden": srv.LocateHidden,
    "set_labels": srv.SetLabels,
    "save_map": srv.SaveMap,
    "load_map": srv.LoadMap,
    "reset": srv.Reset,
}
LOOKING_S = 120.0
"""Time to look at keyframes that were never looked at so closely before."""
POINTS_AT_ONCE = 100_000
"""Of one request; the node's query.max_points is 200,000 unless it was lowered."""
MARGIN_S = 5.0
"""How much longer than a request's deadline its answer may take to arrive."""


@dataclass(frozen=True)
class DenseMap:
    """A box of the map, voxel by voxel."""

    codes: UInt8[ndarray, "x y z"]
    """0: unobserved, 1–127: free, from 128 up: occupied."""
    origin: Float64[ndarray, " 3"]
    """Outer corner of voxel (0, 0, 0), map frame, metres."""
    voxel_size_m: float

    @property
    def counts(self) -> dict[str, int]:
        """Voxels by state."""
        codes = self.codes
        return {
            "free": int(((codes > 0) & (codes < OCCUPIED_FROM)).sum()),
            "occupied": int((codes >= OCCUPIED_FROM).sum()),
            "unobserved": int((codes == 0).sum()),
        }


class MapClient:
    """A node of its own beside the perception node `target`.

    Nothing happens between calls: `spin` takes in what has arrived.
    """

    def __init__(self, name: str, target: str):
        self._context = Context()
        rclpy.init(context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self.node: Node = rclpy.create_node(name, context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self.target = target
        self.map = MapReplica()
        """What ~/map has told so far."""
        self.status: dict[str, dict[str, str]] = {}
        """Newest /diagnostics, by the name of the status."""
        create = self.node.create_subscription
        create(self.map.message_type, f"{target}/map", self.map.take, MAP_QOS)
        create(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)
        self._clients = {
            service: self.node.create_client(kind, f"{target}/{service}")
            for service, kind in SERVICES.items()
        }

    def __enter__(self) -> MapClient:
        return self

    def __exit__(self, *error: object) -> None:
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            self.status[status.name] = {item.key: item.value for item in status.values}

    def spin(self, seconds: float) -> None:
        """Take in messages for so long."""
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            self._executor.spin_once(timeout_sec=left_s)

    @property
    def ready(self) -> bool:
        """Whether all services have been found."""
        return all(client.service_is_ready() for client in self._clients.values())

    def wait_until_ready(self, timeout_s: float, check: Callable[[], None] = lambda: None) -> None:
        """Until all services have been found; QueryError if they are not in time.

        `check` is called again and again and may raise what makes waiting vain.
        """
        end_s = time.monotonic() + timeout_s
        while not self.ready:
            if time.monotonic() > end_s:
                raise QueryError(
                    f"no services of {self.target} after {timeout_s:.0f} s; does the node run, in "
                    "this ROS_DOMAIN_ID? `nesf-ros doctor` checks DDS"
                )
            check()
            self.spin(0.1)

    def call(self, service: str, deadline_s: float = 10.0, **request: Any) -> Any:
        """The reply of a service; QueryError where it says no, with the reason, or is silent."""
        asked = SERVICES[service].Request(deadline_s=deadline_s, **request)
        future = self._clients[service].call_async(asked)
        self._executor.spin_until_future_complete(future, timeout_sec=deadline_s + MARGIN_S)
        if not future.done():
            future.cancel()
            raise QueryError(f"{self.target}/{service} did not answer; does the node still run?")
        reply = future.result()
        if not reply.success:
            raise QueryError(f"{self.target}/{service}: {reply.message}")
        return reply

    def dense(self, box: Box) -> DenseMap:
        """Every voxel of a box."""
        grid = self.call("get_map", form=srv.GetMap.Request.DENSE, region=region_message(box)).grid
        origin = np.array([grid.origin.x, grid.origin.y, grid.origin.z])
        return DenseMap(codes_of(grid), origin, float(grid.voxel_size))

    def query_points(self, points_map: Float64[ndarray, "n 3"]) -> PointAnswers:
        """What the map knows about points, metres; in as many requests as these take."""
        points = [Point(x=x, y=y, z=z) for x, y, z in points_map.tolist()]
        replies = [
            self.call("query_points", points=points[start : start + POINTS_AT_ONCE])
            for start in range(0, max(1, len(points)), POINTS_AT_ONCE)
        ]
        return PointAnswers(
            np.concatenate([np.array(reply.state, np.uint8) for reply in replies]),
            np.concatenate([np.array(reply.probability, np.float32) for reply in replies]),
            np.concatenate([np.array(reply.color, np.uint8) for reply in replies]).reshape(-1, 3),
            np.concatenate([np.array(reply.distance, np.float32) for reply in replies]),
        )

    def render_view(
        self,
        camera: Intrinsics,
        map_T_camera: Float64[ndarray, "4 4"],
        max_range_m: float,
        region: Box | None = None,
        wanted: Wanted = NOTHING,
    ) -> View:
        """What a camera would see of the map, or of a region of it, as RenderView.srv tells."""
        reply = self.call(
            "render_view", 30.0, pose=matrix_to_pose(map_T_camera), max_range=max_range_m,
            width=camera.width, height=camera.height, fx=camera.fx, fy=camera.fy,
            cx=camera.cx, cy=camera.cy, region=region_message(region),
            texts=list(wanted.texts), negatives=list(wanted.negatives), features=wanted.features,
        )  # fmt: skip
        return view_of(reply)

    def ask(
        self, texts: Sequence[str], negatives: Sequence[str] = (), threshold: float = 0.0
    ) -> srv.QueryRelevancy.Response:
        """Where texts are in the map, as QueryRelevancy.srv tells."""
        return self.call(
            "query_relevancy", texts=list(texts), negatives=list(negatives), threshold=threshold
        )

    def complete(
        self,
        texts: Sequence[str],
        region: Box | None = None,
        resolution_m: float = 0.0,
        threshold: float = 0.0,
    ) -> srv.CompleteObjects.Response:
        """Whole things, of which the map holds a part, as CompleteObjects.srv tells."""
        asked = {"texts": list(texts), "resolution": resolution_m, "threshold": threshold}
        return self.call("complete_objects", LOOKING_S, region=region_message(region), **asked)

    def locate(
        self,
        description: str,
        region: Box | None = None,
        threshold: float = 0.0,
        camera: str = "",
    ) -> srv.LocateHidden.Response:
        """Where something may be that no camera has seen, as LocateHidden.srv tells."""
        asked = {"description": description, "threshold": threshold, "camera": camera}
        return self.call("locate_hidden", LOOKING_S, region=region_message(region), **asked)

    def save_map(self, name: str) -> tuple[str, int]:
        """Path and size in bytes of the file that the node has written."""
        reply = self.call("save_map", 60.0, name=name)
        return reply.path, reply.bytes

    def load_map(self, name: str) -> None:
        """Have the node replace its map by a saved one."""
        self.call("load_map", 60.0, name=name)

    def reset(self) -> None:
        """Have the node forget its map."""
        self.call("reset")

    def set_parameters(self, values: dict[str, Any]) -> None:
        """Change live parameters of the node; QueryError with its reason where it refuses."""
        client = AsyncParameterClient(self.node, self.target)
        future = client.set_parameters([Parameter(name, value=v) for name, v in values.items()])
        self._executor.spin_until_future_complete(future, timeout_sec=MARGIN_S)
        if not future.done():
            raise QueryError(f"{self.target} does not take parameters; does it still run?")
        for result in future.result().results:
            if not result.successful:
                raise QueryError(f"{self.target}: {result.reason}")

    def occupancy_grid(self, timeout_s: float = 10.0) -> OccupancyGrid:
        """The next occupancy grid on ~/slice; QueryError if none comes."""
        grids: list[OccupancyGrid] = []
        topic = f"{self.target}/slice"
        subscription = self.node.create_subscription(OccupancyGrid, topic, grids.append, LATCHED)
        end_s = time.monotonic() + timeout_s
        while not grids and time.monotonic() < end_s:
            self.spin(0.1)
        self.node.destroy_subscription(subscription)
        if not grids:
            raise QueryError(f"nothing came on {topic} within {timeout_s:.0f} s")
        return grids[-1]
