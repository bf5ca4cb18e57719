"""What all services and actions share: the worker does a request, and each is answered in time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float64
from numpy import ndarray
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from std_msgs.msg import Header

from nesf_ros.errors import QueryError
from nesf_ros.msg import Region
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.ros.actions import ActionTwin
from nesf_ros.ros.convert import box_of, ns_to_stamp
from nesf_ros.ros.deadline import Pending, at_once, in_time
from nesf_ros.ros.tf import Transforms
from nesf_ros.ros.worker import Worker
from nesf_ros.types import Box, Progress, unheard
from nesf_ros.voxels.map import VoxelMap

MAX_DEADLINE_S = 3600.0
REPLY_BYTES = 28 * 2**20
"""Largest content of one reply; the shipped transport profile carries 32 MiB."""
NOT_CONFIGURED = "the node is not configured; it has no map"

Work = Callable[[SemanticMapper, Any, Any, Progress], None]
"""Fills in the response to a request. Telling its progress may raise, as nobody waits any more."""


class Serving:
    """Serves one mapper at a time.

    Services and actions stand as long as the node does: taken down with the mapper, they would
    take along answers that are still on their way.
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
        self._offer(name, kind, lambda mapper, asked, response, _: work(mapper, asked, response))

    def offer_twins(self, name: str, service: Any, action: Any, work: Work) -> None:
        """Offer a service and an action `~/name`, whose types have the same fields.

        `work(mapper, request, response, progress)` runs in the worker, with the service's types.
        """
        self._offer(name, service, work)
        begin, where = partial(self._begin, work), f"~/{name}"
        ActionTwin(
            self._node, (service, action), begin, self._reply,
            action_name=where, callback_group=self._group,
        )  # fmt: skip

    def _offer(self, name: str, kind: Any, work: Work) -> None:
        async def handle(request: Any, response: Any) -> Any:
            error = await self._begin(work, request, response, unheard).future
            return self._reply(response, error)

        self._node.create_service(kind, f"~/{name}", handle, callback_group=self._group)

    def open(self, mapper: SemanticMapper, worker: Worker) -> None:
        """Serve this mapper from now on."""
        self._serving = mapper, worker

    def close(self) -> None:
        """Refuse what comes, and what the worker has not begun."""
        self._serving = None

    def _reply(self, response: Any, error: BaseException | None) -> Any:
        """What to send: the response as it was filled in, or the error."""
        if error is not None:
            response = type(response)()  # nothing half-filled
            response.message = str(error)
            if self._serving is not None:
                _sign(response, self._serving[0])
        response.success = error is None
        return response

    def _begin(self, work: Work, request: Any, response: Any, tell: Progress) -> Pending:
        """Have `response` filled in by the worker."""
        serving = self._serving
        if serving is None:
            return at_once(self._node, QueryError(NOT_CONFIGURED))
        mapper, worker = serving
        limit_s = request.deadline_s or mapper.config.query.deadline_s
        if not 0 < limit_s <= MAX_DEADLINE_S:
            error = QueryError(
                f"deadline_s is {limit_s:g}; it must lie in (0, {MAX_DEADLINE_S:g}], or be 0 for "
                "the query.deadline_s parameter"
            )
            return at_once(self._node, error)

        def fill(check: Callable[[], None]) -> None:
            def progress(stage: str, share: float) -> None:
                check()
                if self._serving is not serving:
                    raise QueryError(NOT_CONFIGURED)
                tell(stage, share)

            progress("begun", 0.0)
            work(mapper, request, response, progress)
            _sign(response, mapper)  # here, where no frame can come between
            check()
            tell("done", 1.0)

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
