"""Replies that also reach clients whom the node has yet to discover."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

UNDELIVERED = "failed to send response"
"""How rclpy's warning begins."""
SENDER = r"rclpy\.service$"
"""Actions warn from elsewhere, and have no second attempt."""
PAUSE_S = 0.3
"""Between two attempts: each holds the executor for up to 100 ms, and images must not pile up."""
ATTEMPTS = 20


class Replies:
    """Sends the replies of a node's services again until their clients are known.

    A client can find a service and be heard by it before the node has found the client's reader
    of replies; a busy machine takes a second for that. The middleware waits for 100 ms, then drops
    the reply with a warning, and the client waits in vain
    (https://github.com/ros2/rmw_fastrtps/issues/842). A client that has gone counts as served.
    """

    def __init__(self, node: Node):
        """Take over the services that the node has by now."""
        self._logger = node.get_logger()
        self._unsent: deque[tuple[Callable[[], None], int]] = deque()
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(PAUSE_S, self._resend, clock=clock)
        self._timer.cancel()
        warnings.filterwarnings("error", UNDELIVERED, RuntimeWarning, SENDER)
        for service in node.services:
            service.send_response = partial(self._send, service.send_response)

    def _send(self, send: Callable[[Any, Any], None], response: Any, header: Any) -> None:
        self._try(partial(send, response, header), ATTEMPTS)

    def _resend(self) -> None:
        self._try(*self._unsent.popleft())
        if not self._unsent:
            self._timer.cancel()

    def _try(self, send: Callable[[], None], attempts: int) -> None:
        try:
            send()
        except SystemError as error:  # a warning as an error, as it comes out of C
            if not isinstance(error.__cause__, RuntimeWarning):
                raise
            if attempts == 1:
                self._logger.warning(f"a reply was dropped: {error.__cause__}")
                return
            self._unsent.append((send, attempts - 1))
            self._timer.reset()
