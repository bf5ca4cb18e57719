"""What rclpy's lifecycle nodes lack: reasons in the log, patience with managers, a main loop."""

from __future__ import annotations

import time
import traceback
from typing import Any

from lifecycle_msgs.srv import ChangeState
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn

from nesf_ros.errors import NesfError

WAKE_S = 0.5
"""A signal wakes the executor before it ends the context: who looks in between must look again."""
SIGNAL_S, POLL_S = 5.0, 0.005
"""Longest wait for rclpy's signal thread, and how often to look."""


def failed(node: LifecycleNode, step: str, error: Exception) -> TransitionCallbackReturn:
    """Say in the log why a transition fails; rclpy swallows the exceptions of its callbacks."""
    known = isinstance(error, NesfError)
    details = str(error) if known else "".join(traceback.format_exception(error))
    node.get_logger().error(f"cannot {step}: {details}")
    return TransitionCallbackReturn.FAILURE


def refuse_invalid_transitions(node: LifecycleNode) -> None:
    """Answer a transition that does not fit the state with no; rclpy lets it end the process."""
    service = node._service_change_state
    change_state = service.callback

    def answer(request: ChangeState.Request, response: ChangeState.Response) -> Any:
        try:
            return change_state(request, response)
        except RuntimeError as error:
            node.get_logger().warning(f"transition refused: {error}")
            response.success = False
            return response

    service.callback = answer


def spin(node: LifecycleNode, autostart: bool) -> int:
    """Run a node until it is told to stop; the exit code. 2 if it cannot start by itself."""
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    try:
        steps = (node.trigger_configure, node.trigger_activate)
        if autostart and any(step() != TransitionCallbackReturn.SUCCESS for step in steps):
            return 2  # the log says why
        while node.context.ok():
            executor.spin_once(timeout_sec=WAKE_S)
    except KeyboardInterrupt:
        await_shutdown(node.context)
    except ExternalShutdownException:
        pass
    except Exception:
        if node.context.ok():  # else it is a step that a signal has cut off in the middle
            raise
    return 0


def await_shutdown(context: Context) -> None:
    """After Ctrl-C: wait until rclpy's signal thread is done.

    That thread ends the context, as nobody else may then; and it crashes where an executor goes
    before it has looked at all of them.
    """
    end_s = time.monotonic() + SIGNAL_S
    while context.ok() and time.monotonic() < end_s:
        time.sleep(POLL_S)
