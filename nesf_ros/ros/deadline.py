"""Work whose answer comes in time, or not at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future as Work

from rclpy.node import Node
from rclpy.task import Future

from nesf_ros.errors import NesfError, QueryError
from nesf_ros.ros.worker import Worker


def in_time(node: Node, worker: Worker, work: Callable[[], None], limit_s: float) -> Future:
    """Have the worker do `work`; the future holds None once that is done, else what went wrong.

    After `limit_s` it holds a QueryError: work that has not begun by then never will, and what has
    begun ends unheard. To be awaited by a callback of the node.
    """
    answer = Future(executor=node.executor)
    start, lock = time.monotonic(), threading.Lock()

    def settle(error: BaseException | None) -> None:
        with lock:
            if not answer.done():
                answer.set_result(error)
        if node.executor is not None:
            node.executor.wake()

    def late() -> QueryError:
        return QueryError(f"not answered within {limit_s:g} s; the map is busy or too large")

    def run() -> None:
        if time.monotonic() - start > limit_s:
            raise late()
        work()

    timer = threading.Timer(limit_s, lambda: settle(late()))
    timer.daemon = True
    timer.start()

    def done(finished: Work) -> None:
        timer.cancel()
        error = finished.exception()
        if error is not None and not isinstance(error, NesfError):
            node.get_logger().error(f"a service failed: {error!r}")
        settle(error)

    worker.call(run).add_done_callback(done)
    return answer


def at_once(node: Node, error: Exception) -> Future:
    """A future that holds this error already."""
    answer = Future(executor=node.executor)
    answer.set_result(error)
    return answer
