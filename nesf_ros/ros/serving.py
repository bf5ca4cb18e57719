"""What all services of the node share: the worker does a request, and each is answered in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float64
from numpy import ndarray
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Header

from nesf_ros.errors import QueryError
from nesf_ros.msg import Region
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.ros.convert import box_of, ns_to_stamp
from nesf_ros.ros.deadline import at_once, in_time
from nesf_ros.ros.tf import Transforms
from nesf_ros.ros.worker import Worker
from nesf_ros.types import Box
from nesf_ros.voxels.map import VoxelMap

MAX_DEADLINE_S = 3600.0


class Serving:
    """Serves one mapper at a time.

    Services stand as long as the node does: taken down with the mapper, they would take along
    answers that are still on their way.
    """

    def __init__(self, node: Node, map_frame: str):
        self._node = node
        self._map_frame = map_frame
        self._serving: tuple[SemanticMapper, Worker] | None = None
        self.transforms: Transforms | None = None
        """Set while the node is active; without it only the map frame is understood."""
        # A group of their own: a request that waits for the worker must not hold up images and TF.
        self._group = ReentrantCallbackGroup()

    def offer(self, name: str, kind: Any, work: Callable[..., None]) -> None:
        """Offer a service `~/name`: `work(mapper, request, response)` runs in the worker."""
        handler = self._handler(work)
        self._node.create_service(kind, f"~/{name}", handler, callback_group=self._group)

    def open(self, mapper: SemanticMapper, worker: Worker) -> None:
        """Serve this mapper from now on."""
        self._serving = mapper, worker

    def close(self) -> None:
        """Refuse what comes, and what the worker has not begun."""
        self._serving = None

    def _handler(self, work: Callable[..., None]) -> Callable:
        async def handle(request: Any, response: Any) -> Any:
            error = await self._answered(work, request, response)
            if error is not None:
                response = type(response)()  # nothing half-filled
                response.message = str(error)
                if self._serving is not None:
                    _sign(response, self._serving[0])
            response.success = error is None
            return response

        return handle

    def _answered(self, work: Callable[..., None], request: Any, response: Any) -> Future:
        """A future that holds None once `response` is filled in, or the error in its place."""
        serving = self._serving
        if serving is None:
            return at_once(self._node, QueryError("the node is not configured; it has no map"))
        mapper, worker = serving
        limit_s = request.deadline_s or mapper.config.query.deadline_s
        if not 0 < limit_s <= MAX_DEADLINE_S:
            error = QueryError(
                f"deadline_s is {limit_s:g}; it must lie in (0, {MAX_DEADLINE_S:g}], or be 0 for "
                "the query.deadline_s parameter"
            )
            return at_once(self._node, error)

        def fill() -> None:
            if self._serving is not serving:
                raise QueryError("the node is being shut down")
            work(mapper, request, response)
            _sign(response, mapper)  # here, where no frame can come between

        return in_time(self._node, worker, fill, limit_s)

    def map_T(self, frame: str) -> Float64[ndarray, "4 4"]:
        """Newest pose of a frame in the map; TransformError if TF does not know it."""
        if frame in ("", self._map_frame):
            return np.eye(4)
        transforms = self.transforms
        if transforms is None:
            raise QueryError(f"frame {frame!r}: the node is not active and follows no TF")
        return transforms.latest(self._map_frame, frame)

    def box(self, region: Region) -> Box | None:
        """The region of a request in the map frame; None for the whole map."""
        return box_of(region, self.map_T(region.frame_id))

    def header(self, voxel_map: VoxelMap) -> Header:
        """Of what is said about the map as it is now."""
        return Header(stamp=ns_to_stamp(voxel_map.stamp_ns), frame_id=self._map_frame)


def _sign(response: Any, mapper: SemanticMapper) -> None:
    response.map_sequence = mapper.map.revision
    response.stamp = ns_to_stamp(mapper.map.stamp_ns)
