"""Child processes with a log each, which end when their parent does, whatever happens."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from nesf_ros.errors import ProcessError

ENDINGS = ((signal.SIGINT, 10.0), (signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0))
"""What a child is told when it has to end, and how long it gets to obey, s."""
LOG_LINES = 15
DOMAINS = range(1, 101)
"""DDS domains whose ports lie below Linux' ephemeral ones."""


class Children:
    """Processes started by this one. Leaving the `with` block ends those that still run."""

    def __init__(self, log_folder: Path, environment: Mapping[str, str]):
        self._folder, self._environment = log_folder, dict(environment)
        self._running: dict[str, subprocess.Popen] = {}

    def __enter__(self) -> Children:
        return self

    def __exit__(self, *error: object) -> None:
        for name in reversed(list(self._running)):
            self.end(name)

    def log(self, name: str) -> Path:
        """Where a child's output goes."""
        return self._folder / f"{name}.log"

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start a process; its standard output and error go to its log."""
        # A session of its own: Ctrl-C in the terminal reaches us only, and we end it in order.
        with self.log(name).open("wb") as log:
            self._running[name] = subprocess.Popen(
                command, env=self._environment, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def pid(self, name: str) -> int:
        """Process id of a child that runs."""
        return self._running[name].pid

    def finished(self, name: str) -> bool:
        """Whether a child has done its work; ProcessError with the end of its log if it failed."""
        code = self._running[name].poll()
        if code:
            raise ProcessError(f"{name} ended with exit code {code}:\n{self.tail(name)}")
        return code == 0

    def check_alive(self, name: str) -> None:
        """ProcessError with the end of its log if a child that should go on has ended."""
        if self._running[name].poll() is not None:
            code = self._running[name].returncode
            raise ProcessError(f"{name} has ended by itself (code {code}):\n{self.tail(name)}")

    def end(self, name: str) -> int:
        """End a child, gently at first; returns its exit code."""
        child = self._running.pop(name)
        for number, patience_s in ENDINGS:
            if child.poll() is None:
                os.killpg(child.pid, number)
                try:
                    child.wait(patience_s)
                except subprocess.TimeoutExpired:
                    continue
        return child.returncode

    def tail(self, name: str) -> str:
        """The last lines of a child's log, indented."""
        lines = self.log(name).read_text("utf-8", "replace").splitlines()[-LOG_LINES:]
        return "\n".join(f"    {line}" for line in lines) or "    (it said nothing)"


def free_domain() -> int:
    """A DDS domain that nobody on this machine uses at the moment."""
    for domain in random.sample(DOMAINS, len(DOMAINS)):
        # Discovery's multicast port, and the unicast port of the first participant.
        ports = [7400 + 250 * domain + offset for offset in (0, 10)]
        if all(map(_is_free, ports)):
            return domain
    raise ProcessError("no free DDS domain from 1 to 100; choose one by ROS_DOMAIN_ID")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
