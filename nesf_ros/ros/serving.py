"""What all services and actions share: each request is done by the worker, and answered in time.

What takes seconds and does not need the map, such as reading its texts, is done before in a thread
of its own, and frames do not wait.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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

Work = Callable[..., None]
"""Fills in the response to a request: `work(mapper, request, response, progress)`.

Telling its progress may raise, as nobody waits any more.
"""
Prepare = Callable[[SemanticMapper, Any], Any]
"""What a request has done before, beside the worker; `Work` gets the result as its last argument.
"""
Texts = Callable[[Any], Sequence[str]]
"""All texts of a request. Raises QueryError where these are too many."""


@dataclass(frozen=True)
class _Task:
    """What is to be done for a request."""

    work: Work
    texts: Texts | None = None
    prepare: Prepare | None = None


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

        self._offer(name, kind, _Task(quiet, texts))

    def offer_twins(
        self, name: str, kinds: tuple[Any, Any], work: Work, prepare: Prepare | None = None
    ) -> None:
        """Offer a service and an action `~/name`, of two kinds that have the same fields.

        Texts and negatives are among these. `work(mapper, request, response, progress)` runs in
        the worker, with the service's types, and with what `prepare(mapper, request)` made beside
        it, if there is that.
        """
        service, action = kinds

        def texts(request: Any) -> Sequence[str]:
            return all_texts(request.texts, request.negatives)

        task = _Task(work, texts, prepare)
        self._offer(name, service, task)
        begin, where = partial(self._begin, task), f"~/{name}"
        ActionTwin(
            self._node, (service, action), begin, self._reply,
            action_name=where, callback_group=self._group,
        )  # fmt: skip

    def _offer(self, name: str, kind: Any, task: _Task) -> None:
        async def handle(request: Any, response: Any) -> Any:
            error = await self._begin(task, request, response, unheard).future
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

    def _begin(self, task: _Task, request: Any, response: Any, tell: Progress) -> Pending:
        """Have a request read and prepared, then `response` filled in by the worker."""
        serving = self._serving
        if serving is None:
            return at_once(self._node, QueryError(NOT_CONFIGURED))
        mapper, worker, reader = serving
        try:
            limit_s = _limit_s(request, mapper)
            unread = mapper.unread(task.texts(request)) if task.texts else []
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
            task.work(mapper, request, response, progress, *prepared)
            _sign(response, mapper)  # here, where no frame can come between
            check()
            tell("done", 1.0)

        prepared: list[Any] = []

        def get_ready(check: Callable[[], None]) -> None:
            heard(check, "getting ready", first)
            if task.prepare:
                prepared.append(task.prepare(mapper, request))

        steps: list[Step] = [(reader, partial(read, number)) for number in range(len(unread))]
        if task.prepare:
            steps.append((reader, get_ready))
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
