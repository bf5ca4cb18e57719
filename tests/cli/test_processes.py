import os
import signal
import socket
import sys
import time

import pytest

from nesf_ros.cli import processes
from nesf_ros.cli.processes import Children, free_domain
from nesf_ros.errors import ProcessError

SLEEPER = [sys.executable, "-c", "import time; print('awake', flush=True); time.sleep(60)"]
STUBBORN = [
    sys.executable, "-c",
    "import signal, time\n"
    "signal.signal(signal.SIGINT, signal.SIG_IGN); signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('awake', flush=True); time.sleep(60)",
]  # fmt: skip


def started(children, name, command):
    """Process id of a child that has said its first word."""
    children.start(name, command)
    end_s = time.monotonic() + 20
    while "awake" not in children.log(name).read_text() and time.monotonic() < end_s:
        time.sleep(0.01)
    return children._running[name].pid


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_children_end_when_something_fails(tmp_path):
    pids = []
    with (
        pytest.raises(RuntimeError, match="boom"),
        Children(tmp_path, os.environ) as children,
    ):
        pids += [started(children, name, SLEEPER) for name in ("one", "two")]
        assert all(map(is_running, pids))
        raise RuntimeError("boom")
    assert not any(map(is_running, pids))


def test_children_end_when_one_of_them_fails_and_its_log_is_told(tmp_path):
    with (
        pytest.raises(ProcessError, match="bad ended with exit code 3:\n    line 1\n    line 2"),
        Children(tmp_path, os.environ) as children,
    ):
        pid = started(children, "good", SLEEPER)
        children.start(
            "bad", [sys.executable, "-c", "print('line 1\\nline 2'); raise SystemExit(3)"]
        )
        while not children.finished("bad"):
            time.sleep(0.01)
    assert not is_running(pid)


def test_a_child_that_ends_well_has_finished_but_is_not_alive(tmp_path):
    with Children(tmp_path, os.environ) as children:
        children.start("short", [sys.executable, "-c", "print('done')"])
        while not children.finished("short"):
            time.sleep(0.01)
        assert children.tail("short") == "    done"
        with pytest.raises(ProcessError, match=r"short has ended by itself \(code 0\)"):
            children.check_alive("short")


def test_a_child_that_does_not_listen_is_killed(tmp_path, monkeypatch):
    gentle = [(number, 0.2) for number, _ in processes.ENDINGS]
    monkeypatch.setattr(processes, "ENDINGS", gentle)
    with Children(tmp_path, os.environ) as children:
        started(children, "deaf", STUBBORN)
        assert children.end("deaf") == -signal.SIGKILL


def test_a_domain_in_use_is_not_chosen(monkeypatch):
    monkeypatch.setattr(processes, "DOMAINS", range(100, 102))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("", 7400 + 250 * 100))
        assert free_domain() == 101
        monkeypatch.setattr(processes, "DOMAINS", range(100, 101))
        with pytest.raises(ProcessError, match="ROS_DOMAIN_ID"):
            free_domain()
