"""Work whose answer comes in time, or not at all."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future as Work
from functools import partial

from rclpy.node import Node
from rclpy.task import Future

from nesf_ros.errors import NesfError, QueryError
from nesf_ros.ros.worker import RequestThread

Step = tuple[RequestThread, Callable[[Callable[[], None]], None]]
"""A thread, and what it is to do: a function that is given `Pending.check`."""


class Pending:
    """An answer that is waited for. What it is settled with first, it holds. For any thread."""

    def __init__(self, node: Node):
        self._node = node
        self._lock = threading.Lock()
        self.future = Future(executor=node.executor)
        """To be awaited by a callback of the node: None once the work is done, else the error."""

    def settle(self, error: BaseException | None) -> None:
        """Let the future hold this, if it holds nothing yet."""
        with self._lock:
            if not self.future.done():
                self.future.set_result(error)
        if self._node.executor is not None:
            self._node.executor.wake()

    def check(self) -> None:
        """Raise the error it holds, if any: for work to end that nobody waits for any more."""
        if self.future.done() and (error := self.future.result()) is not None:
            raise error


def in_time(node: Node, steps: Sequence[Step], limit_s: float) -> Pending:
    """Have steps done, one after another: settled with None at the end, else what went wrong.

    After `limit_s` it is settled with a QueryError. A step that has not begun when its answer is
    settled never will; what has begun ends at its next `check()`, or unheard. Steps of several
    answers that are for one thread take turns in it.
    """
    answer = Pending(node)

    def late() -> None:
        answer.settle(
            QueryError(f"not answered within {limit_s:g} s; the map is busy or too large")
        )

    def run(work: Callable[[Callable[[], None]], None]) -> None:
        answer.check()
        work(answer.check)

    timer = threading.Timer(limit_s, late)
    timer.daemon = True
    timer.start()
    left = deque(steps)

    def go_on(finished: Work | None = None) -> None:
        error = finished.exception() if finished else None
        if left and error is None:
            thread, work = left.popleft()
            thread.call(partial(run, work)).add_done_callback(go_on)
            return
        timer.cancel()
        if error is not None and not isinstance(error, NesfError):
            node.get_logger().error(f"a service failed: {error!r}")
        answer.settle(error)

    go_on()
    return answer


def at_once(node: Node, error: Exception) -> Pending:
    """Settled with this error already."""
    answer = Pending(node)
    answer.settle(error)
    return answer
