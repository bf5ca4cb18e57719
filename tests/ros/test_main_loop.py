"""The main loop, and the ends that rclpy's signal thread makes difficult."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn

from nesf_ros.ros.lifecycle import await_shutdown, spin

pytestmark = pytest.mark.ros
SOON_S = 5.0


@pytest.fixture
def context() -> Iterator[rclpy.Context]:
    context = rclpy.Context()
    rclpy.init(context=context)
    yield context
    context.try_shutdown()


@pytest.fixture
def node(context: rclpy.Context) -> Iterator[LifecycleNode]:
    node = LifecycleNode("ending", context=context)
    yield node
    node.destroy_node()


def later(work: Callable[[], object], after_s: float) -> threading.Thread:
    thread = threading.Timer(after_s, work)
    thread.start()
    return thread


def test_it_ends_with_its_context_even_if_nobody_wakes_it(node, context, monkeypatch):
    monkeypatch.setattr(SingleThreadedExecutor, "wake", lambda self: None)
    codes: list[int] = []
    loop = threading.Thread(target=lambda: codes.append(spin(node, autostart=False)), daemon=True)
    loop.start()
    time.sleep(0.2)  # it waits by now, and has no timer
    assert loop.is_alive()
    context.shutdown()
    loop.join(SOON_S)
    assert codes == [0]


def test_a_keyboard_interrupt_waits_for_the_context_to_end(node, context, monkeypatch):
    def interrupted(self: SingleThreadedExecutor, timeout_sec: float | None = None) -> None:
        ends.append(later(context.shutdown, 0.2))
        raise KeyboardInterrupt

    ends: list[threading.Thread] = []
    monkeypatch.setattr(SingleThreadedExecutor, "spin_once", interrupted)
    assert spin(node, autostart=False) == 0
    assert not context.ok()
    ends[0].join()


def test_waiting_for_the_signal_thread_has_an_end(context, monkeypatch):
    monkeypatch.setattr("nesf_ros.ros.lifecycle.SIGNAL_S", 0.05)
    await_shutdown(context)
    assert context.ok()


def test_faults_are_raised_while_the_context_stands(node, context, monkeypatch):
    def broken(self: SingleThreadedExecutor, timeout_sec: float | None = None) -> None:
        raise RuntimeError("broken")

    def cut_off(self: SingleThreadedExecutor, timeout_sec: float | None = None) -> None:
        context.shutdown()
        raise RuntimeError("cut off")

    monkeypatch.setattr(SingleThreadedExecutor, "spin_once", broken)
    with pytest.raises(RuntimeError, match="broken"):
        spin(node, autostart=False)
    monkeypatch.setattr(SingleThreadedExecutor, "spin_once", cut_off)
    assert spin(node, autostart=False) == 0


def test_a_step_that_fails_is_exit_code_2(node, monkeypatch):
    monkeypatch.setattr(node, "trigger_configure", lambda: TransitionCallbackReturn.FAILURE)
    assert spin(node, autostart=True) == 2
