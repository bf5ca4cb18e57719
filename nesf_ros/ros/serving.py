"""What all services and actions share: each request is done by the worker, and answered in time.

Its texts are read before, in a thread of its own: they may take seconds, and frames do not wait.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from nesf_ros.ros.deadline import Pending, Step, at_once, in_time
from nesf_ros.ros.tf import Transforms
from nesf_ros.ros.worker import RequestThread, Worker
from nesf_ros.semantics.questions import all_texts
from nesf_ros.types import Box, Progress, unheard, within
from nesf_ros.voxels.map import VoxelMap

MAX_DEADLINE_S = 3600.0
REPLY_BYTES = 28 * 2**20
"""Largest content of one reply; the shipped transport profile carries 32 MiB."""
NOT_CONFIGURED = "the node is not configured; it has no map"
MOST_READING = 64
"""Requests that may wait for their texts to be read."""
READ = 0.4
"""Progress of a request once its texts are read."""

Work = Callable[[SemanticMapper, Any, Any, Progress], None]
"""Fills in the response to a request. Telling its progress may raise, as nobody waits any more."""
Texts = Callable[[Any], Sequence[str]]
"""All texts of a request. Raises QueryError where these are too many."""


class Serving:
    """Serves one mapper at a time.

    Services and actions stand as long as the node does: taken down with the mapper, they would
    take along answers that are still on their way.
    """

    def __init__(self, node: Node, map_frame: str):
        self._node = node
        self._map_frame = map_frame
        self._serving: tuple[SemanticMapper, Worker, RequestThread] | None = None
        self.transforms: Transforms | None = None
        """Set while the node is active; without it only the map frame is understood."""
        # A group of their own: a request that waits for the worker must not hold up images and TF.
        self._group = ReentrantCallbackGroup()

    def offer(
        self, name: str, kind: Any, work: Callable[..., None], texts: Texts | None = None
    ) -> None:
        """Offer a service `~/name`: `work(mapper, request, response)` runs in the worker.

        What `texts(request)` gives is read before.
        """

        def quiet(mapper: SemanticMapper, request: Any, response: Any, progress: Progress) -> None:
            work(mapper, request, response)

        self._offer(name, kind, quiet, texts)

    def offer_twins(self, name: str, service: Any, action: Any, work: Work) -> None:
        """Offer a service and an action `~/name`, whose types have the same fields.

        Texts and negatives are among these. `work(mapper, request, response, progress)` runs in
        the worker, with the service's types.
        """

        def texts(request: Any) -> Sequence[str]:
            return all_texts(request.texts, request.negatives)

        self._offer(name, service, work, texts)
        begin, where = partial(self._begin, work, texts), f"~/{name}"
        ActionTwin(
            self._node, (service, action), begin, self._reply,
            action_name=where, callback_group=self._group,
        )  # fmt: skip

    def _offer(self, name: str, kind: Any, work: Work, texts: Texts | None) -> None:
        async def handle(request: Any, response: Any) -> Any:
            error = await self._begin(work, texts, request, response, unheard).future
            return self._reply(response, error)

        self._node.create_service(kind, f"~/{name}", handle, callback_group=self._group)

    def open(self, mapper: SemanticMapper, worker: Worker, reader: RequestThread) -> None:
        """Serve this mapper, which the worker owns, from now on; texts are read by the reader."""
        self._serving = mapper, worker, reader

    def close(self) -> None:
        """Refuse what comes, and what neither thread has begun."""
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

    def _begin(
        self, work: Work, texts: Texts | None, request: Any, response: Any, tell: Progress
    ) -> Pending:
        """Have the texts of a request read, then `response` filled in by the worker."""
        serving = self._serving
        if serving is None:
            return at_once(self._node, QueryError(NOT_CONFIGURED))
        mapper, worker, reader = serving
        try:
            limit_s = _limit_s(request, mapper)
            unread = mapper.unread(texts(request)) if texts else []
            if unread and reader.requests >= MOST_READING:
                raise QueryError(f"{reader.requests} requests wait to be read; ask again later")
        except QueryError as error:
            return at_once(self._node, error)
        first = READ if unread else 0.0

        def heard(check: Callable[[], None], stage: str, share: float) -> None:
            check()
            if self._serving is not serving:
                raise QueryError(NOT_CONFIGURED)
            tell(stage, share)

        def read(number: int, check: Callable[[], None]) -> None:
            heard(check, "reading the texts", first * number / len(unread))
            mapper.read(unread[number])

        def fill(check: Callable[[], None]) -> None:
            progress = within(partial(heard, check), first, 1.0)
            progress("asking the map", 0.0)
            work(mapper, request, response, progress)
            _sign(response, mapper)  # here, where no frame can come between
            check()
            tell("done", 1.0)

        steps: list[Step] = [(reader, partial(read, number)) for number in range(len(unread))]
        return in_time(self._node, [*steps, (worker, fill)], limit_s)

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


def _limit_s(request: Any, mapper: SemanticMapper) -> float:
    limit_s = request.deadline_s or mapper.config.query.deadline_s
    if not 0 < limit_s <= MAX_DEADLINE_S:
        raise QueryError(
            f"deadline_s is {limit_s:g}; it must lie in (0, {MAX_DEADLINE_S:g}], or be 0 for "
            "the query.deadline_s parameter"
        )
    return limit_s


def _sign(response: Any, mapper: SemanticMapper) -> None:
    response.map_sequence = mapper.map.revision
    response.stamp = ns_to_stamp(mapper.map.stamp_ns)
