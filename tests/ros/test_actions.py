"""What an action does where its service only says no, on a node in this process."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from action_msgs.msg import GoalStatus
from rclpy.action import ActionClient
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter

from nesf_ros import action, srv
from nesf_ros.ros import actions
from nesf_ros.ros.actions import ActionTwin
from nesf_ros.ros.deadline import Pending, at_once

pytestmark = pytest.mark.ros
WAIT_S = 10.0


def reply(response, error):
    """A response as `Serving` makes it."""
    return response if error is None else srv.QueryPoints.Response(message=str(error))


class Bench:
    """An action `look` without a mapper, and its client."""

    def __init__(self, context):
        # Time is simulated, and stands still: nobody sends a clock.
        still = [Parameter("use_sim_time", value=True)]
        self.node = Node("looks", context=context, parameter_overrides=still)
        self.executor = SingleThreadedExecutor(context=context)
        self.executor.add_node(self.node)
        self.begin: Callable[[Any], Pending]
        self.twin = ActionTwin(
            self.node,
            (srv.QueryPoints, action.QueryPoints),
            lambda request, response, tell: self.begin(response),
            reply,
            action_name="look",
            callback_group=ReentrantCallbackGroup(),
        )
        self.client = ActionClient(self.node, action.QueryPoints, "look")
        self.wait(self.client.server_is_ready)

    def wait(self, reached):
        end_s = time.monotonic() + WAIT_S
        while not (result := reached()):
            assert time.monotonic() < end_s, "waited in vain"
            self.executor.spin_once(timeout_sec=0.05)
        return result

    def done(self, future):
        return self.wait(lambda: future.done() and future.result())

    def goal(self):
        return self.done(self.client.send_goal_async(action.QueryPoints.Goal()))

    def result(self, goal):
        return self.done(goal.get_result_async())


@pytest.fixture
def bench(ros_context):
    bench = Bench(ros_context)
    yield bench
    bench.executor.shutdown()
    bench.node.destroy_node()


def test_a_fault_aborts_the_goal_and_is_its_message(bench):
    bench.begin = lambda response: at_once(bench.node, RuntimeError("on fire"))
    answer = bench.result(bench.goal())
    assert (answer.status, answer.result.message) == (GoalStatus.STATUS_ABORTED, "on fire")


def test_what_is_called_off_too_late_has_succeeded(bench):
    pending = Pending(bench.node)
    bench.begin = lambda response: pending
    goal = bench.goal()
    asked = goal.cancel_goal_async()
    bench.wait(lambda: bench.twin._under_way)
    pending.settle(None)  # just before the server hears of it
    assert bench.done(asked) is not None
    assert bench.result(goal).status == GoalStatus.STATUS_SUCCEEDED


def test_old_results_are_emptied_though_time_stands_still(bench, monkeypatch):
    def fill(response):
        response.label_names = ["mug"]
        pending = Pending(bench.node)
        pending.settle(None)
        return pending

    bench.begin = fill
    first = bench.goal()
    assert bench.result(first).result.label_names == ["mug"]
    monkeypatch.setattr(actions, "RESULT_KEPT_S", 0)
    second = bench.goal()
    assert bench.result(second).result.label_names == ["mug"]
    late = bench.result(first).result
    assert late.label_names == [] and late.message == "asked for after more than 0 s"
