"""Services that may take their time are served as actions, too: with feedback, to be called off."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from rclpy.action import ActionServer, CancelResponse
from rclpy.action.server import RCLError, ServerGoalHandle
from rclpy.exceptions import InvalidHandle
from rclpy.node import Node

from nesf_ros.errors import QueryError
from nesf_ros.ros.deadline import Pending, at_once
from nesf_ros.types import Progress

RESULT_KEPT_S = 10
"""For whoever asks late. Not rclpy's 15 minutes: a picture is up to 28 MiB."""

Begin = Callable[[Any, Any, Progress], Pending]
"""Have a request answered, by filling in a response."""
Reply = Callable[[Any, BaseException | None], Any]
"""The response to send: as it was filled in, or the error in its place."""


class ActionTwin:
    """The action of a service: goal, result and feedback for its request, response and progress.

    Every goal is accepted: one that cannot be met is aborted, and the result says why. For nodes
    in a single-threaded executor.
    """

    def __init__(
        self, node: Node, kinds: tuple[Any, Any], begin: Begin, reply: Reply, **options: Any
    ):
        """`kinds` are the types of service and action; `options` are rclpy's of its server."""
        self._node = node
        self._service, self._action = kinds
        self._begin, self._reply = begin, reply
        self._under_way: dict[bytes, Pending] = {}
        self._results: deque[tuple[float, Any]] = deque()
        ActionServer(
            node,
            self._action,
            execute_callback=self._execute,
            cancel_callback=self._call_off,
            result_timeout=RESULT_KEPT_S,
            **options,
        )

    async def _execute(self, goal: ServerGoalHandle) -> Any:
        key = bytes(goal.goal_id.uuid)
        request, response = copied(goal.request, self._service.Request), self._service.Response()
        if goal.is_cancel_requested:
            answer = at_once(self._node, called_off())
        else:
            answer = self._begin(request, response, partial(self._tell, goal))
        self._under_way[key] = answer
        error = await answer.future
        del self._under_way[key]
        result = copied(self._reply(response, error), self._action.Result)
        if error is None:
            goal.succeed()
        elif goal.is_cancel_requested:
            goal.canceled()
        else:
            goal.abort()
        self._keep(result)
        return result

    def _keep(self, result: Any) -> None:
        """Empty what is too old: while simulated time stands still, rclpy holds all results."""
        now_s = time.monotonic()
        self._results.append((now_s, result))
        while self._results[0][0] < now_s - RESULT_KEPT_S:
            _, old = self._results.popleft()
            empty = self._action.Result(message=f"asked for after more than {RESULT_KEPT_S} s")
            for name in old.get_fields_and_field_types():
                setattr(old, name, getattr(empty, name))

    def _call_off(self, goal: ServerGoalHandle) -> CancelResponse:
        """The goal's end need not wait for the worker, which hears of it at its next step."""
        answer = self._under_way.get(bytes(goal.goal_id.uuid))
        if answer is not None:
            answer.settle(called_off())
        return CancelResponse.ACCEPT

    def _tell(self, goal: ServerGoalHandle, stage: str, share: float) -> None:
        """Publish feedback; from any thread."""
        try:
            goal.publish_feedback(self._action.Feedback(stage=stage, progress=float(share)))
        except (RCLError, InvalidHandle):
            if self._node.context.ok():  # else the process is ending, and nobody listens
                raise


def called_off() -> QueryError:
    """Why there is no answer."""
    return QueryError("called off by the client")


def copied(message: Any, kind: Any) -> Any:
    """A message of another type that has the same fields."""
    return kind(**{name: getattr(message, name) for name in message.get_fields_and_field_types()})
