"""What rclpy's lifecycle nodes lack: reasons in the log, patience with managers, a main loop."""

from __future__ import annotations

import traceback
from typing import Any

import rclpy
from lifecycle_msgs.srv import ChangeState
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn

from nesf_ros.errors import NesfError


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
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        steps = (node.trigger_configure, node.trigger_activate)
        if autostart and any(step() != TransitionCallbackReturn.SUCCESS for step in steps):
            return 2  # the log says why
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except Exception:
        if rclpy.ok():  # else it is a step that a signal has cut off in the middle
            raise
    return 0
