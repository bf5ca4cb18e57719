"""What all services and actions share: each request is done by the worker, and answered in time.

What takes seconds and does not need the map is done before, in other threads, and frames do not
wait: one reads texts, one prepares, and neither waits for the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

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
READY = 0.7
"""How much of what is left is done once it is prepared."""

Work = Callable[..., None]
"""Fills in the response to a request: `work(mapper, request, response, progress)`.

It signs what is true of an earlier map than the present one, with which all else is signed.
Telling its progress may raise, as nobody waits any more.
"""
Prepare = Callable[[SemanticMapper, Any, Progress], Any]
"""What a request has done before, beside the worker; `Work` gets the result as its last argument.

It may ask the map now and then (`Serving.in_worker`).
"""
ResultT = TypeVar("ResultT")
Texts = Callable[[Any], Sequence[str]]
"""All texts of a request. Raises QueryError where these are too many."""


@dataclass(frozen=True)
class _Task:
    """What is to be done for a request."""

    work: Work
    texts: Texts | None = None
    prepare: Prepare | None = None


def question_texts(request: Any) -> Sequence[str]:
    """The texts and the negatives of a request."""
    return all_texts(request.texts, request.negatives)


class Serving:
    """Serves one mapper at a time.

    Services and actions stand as long as the node does: taken down with the mapper, they would
    take along answers that are still on their way.
    """

    patience = "query"
    """Section of the settings whose `deadline_s` holds where a request names none."""

    def __init__(self, node: Node, map_frame: str):
        self._node = node
        self._map_frame = map_frame
        self._serving: tuple[SemanticMapper, Worker, RequestThread, RequestThread] | None = None
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
        self,
        name: str,
        kinds: tuple[Any, Any],
        work: Work,
        prepare: Prepare | None = None,
        texts: Texts = question_texts,
    ) -> None:
        """Offer a service and an action `~/name`, of two kinds that have the same fields.

        What `texts(request)` gives is read first. `work(mapper, request, response, progress)` runs
        in the worker, with the service's types, and with what `prepare(mapper, request, progress)`
        made beside it, if there is that.
        """
        service, action = kinds
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

    def open(
        self,
        mapper: SemanticMapper,
        worker: Worker,
        reader: RequestThread,
        preparer: RequestThread,
    ) -> None:
        """Serve this mapper, which the worker owns, from now on.

        Texts are read by the reader; what else is done beside the map, the preparer does.
        """
        self._serving = mapper, worker, reader, preparer

    def close(self) -> None:
        """Refuse what comes, and what no thread has begun."""
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
        mapper, worker, reader, preparer = serving
        try:
            limit_s = self._limit_s(request, mapper)
            unread = mapper.unread(task.texts(request)) if task.texts else []
            if unread and reader.requests >= MOST_READING:
                raise QueryError(f"{reader.requests} requests wait to be read; ask again later")
        except QueryError as error:
            return at_once(self._node, error)
        read_at = READ if unread else 0.0
        ready_at = read_at + READY * (1.0 - read_at) if task.prepare else read_at
        prepared: list[Any] = []

        def heard(check: Callable[[], None], stage: str, share: float) -> None:
            check()
            if self._serving is not serving:
                raise QueryError(NOT_CONFIGURED)
            tell(stage, share)

        def read(number: int, check: Callable[[], None]) -> None:
            heard(check, "reading the texts", read_at * number / len(unread))
            mapper.read(unread[number])

        def get_ready(check: Callable[[], None]) -> None:
            progress = within(partial(heard, check), read_at, ready_at)
            progress("getting ready", 0.0)
            if task.prepare:
                prepared.append(task.prepare(mapper, request, progress))

        def fill(check: Callable[[], None]) -> None:
            progress = within(partial(heard, check), ready_at, 1.0)
            progress("asking the map", 0.0)
            task.work(mapper, request, response, progress, *prepared)
            if not response.map_sequence:
                _sign(response, mapper)  # here, where no frame can come between
            check()
            tell("done", 1.0)

        steps: list[Step] = [(reader, partial(read, number)) for number in range(len(unread))]
        if task.prepare:
            steps.append((preparer, get_ready))
        return in_time(self._node, [*steps, (worker, fill)], limit_s)

    def in_worker(self, work: Callable[[], ResultT]) -> ResultT:
        """What the worker makes of some work; to be waited for beside it, where requests prepare.

        Frames get their turn between one such work and the next.
        """
        serving = self._serving  # read once: it may be closed meanwhile
        if serving is None:
            raise QueryError(NOT_CONFIGURED)
        return serving[1].call(work).result()

    def _limit_s(self, request: Any, mapper: SemanticMapper) -> float:
        limit_s = request.deadline_s or getattr(mapper.config, self.patience).deadline_s
        if not 0 < limit_s <= MAX_DEADLINE_S:
            raise QueryError(
                f"deadline_s is {limit_s:g}; it must lie in (0, {MAX_DEADLINE_S:g}], or be 0 for "
                f"the {self.patience}.deadline_s parameter"
            )
        return limit_s

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
