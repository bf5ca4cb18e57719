"""Replies to clients whom the middleware does not know yet."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode
from std_srvs.srv import Trigger

from nesf_ros.ros import replies
from nesf_ros.ros.replies import Replies

pytestmark = pytest.mark.ros
LOST = RuntimeWarning("failed to send response (timeout): client will not receive response")
WAIT_S = 10.0


class Bench:
    """A service and its client; the first `undelivered` attempts to reply fail as rclpy's do."""

    def __init__(self, node: LifecycleNode, context: Any):
        self.attempts = self.undelivered = 0
        self.cause: Exception = LOST
        self._executor = SingleThreadedExecutor(context=context)
        self._executor.add_node(node)
        service = node.create_service(Trigger, "~/ping", self._ping)
        self._send, service.send_response = service.send_response, self._reply
        self.client = node.create_client(Trigger, "~/ping")
        Replies(node)

    def _ping(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = True
        return response

    def _reply(self, response: Trigger.Response, header: Any) -> None:
        self.attempts += 1
        if self.attempts <= self.undelivered:
            raise SystemError("returned a result with an exception set") from self.cause
        self._send(response, header)

    def ask(self) -> Any:
        self.wait(self.client.service_is_ready)
        return self.client.call_async(Trigger.Request())

    def wait(self, reached: Callable[[], bool]) -> None:
        end = time.monotonic() + WAIT_S
        while not reached():
            assert time.monotonic() < end
            self._executor.spin_once(timeout_sec=0.05)


@pytest.fixture
def bench(ros_context, monkeypatch) -> Iterator[Bench]:
    monkeypatch.setattr(replies, "PAUSE_S", 0.01)
    node = LifecycleNode("replying", context=ros_context)
    yield Bench(node, ros_context)
    node.destroy_node()


def test_replies_go_out_again_until_their_clients_are_known(bench):
    bench.undelivered = 3
    futures = [bench.ask(), bench.ask()]
    bench.wait(lambda: all(future.done() for future in futures))
    assert all(future.result().success for future in futures)
    assert bench.attempts == 5  # three in vain, and none once all are delivered


def test_after_many_attempts_a_reply_is_given_up(bench):
    bench.undelivered = replies.ATTEMPTS
    lost = bench.ask()
    bench.wait(lambda: bench.attempts == replies.ATTEMPTS)
    found = bench.ask()
    bench.wait(found.done)
    assert found.result().success and not lost.done()
    assert bench.attempts == replies.ATTEMPTS + 1


def test_other_errors_are_not_swallowed(bench):
    bench.undelivered, bench.cause = 1, ValueError("of another kind")
    bench.ask()
    with pytest.raises(SystemError):
        bench.wait(lambda: False)
