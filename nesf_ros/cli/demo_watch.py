"""Following a stream into the map until every frame is accounted for."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from nesf_ros.cli.processes import Children
from nesf_ros.cli.progress import Progress
from nesf_ros.errors import ProcessError
from nesf_ros.ros.camera_watch import CameraWatch
from nesf_ros.ros.map_client import MapClient
from nesf_ros.ros.map_replica import MapReplica

SETTLE_S, MISSING_S = 3.0, 15.0
"""The numbers must stand still for so long after the stream has ended, and while frames are missing
that may only be late."""
PATIENCE_S = 120.0
"""Longest time that the node may take to work off what it has received."""


@dataclass(frozen=True)
class Balance:
    """What has become of the frames of a stream, by the node's own count."""

    sent: int
    pairs: int
    integrated: int
    dropped: dict[str, int]
    """By cause."""

    @classmethod
    def of(cls, sent: int, status: dict[str, str]) -> Balance:
        """From the node's diagnostics of a camera."""
        prefix = "frames_dropped."
        dropped = {
            key.removeprefix(prefix): int(value)
            for key, value in status.items()
            if key.startswith(prefix) and int(value)
        }
        return cls(sent, int(status.get("pairs", 0)), int(status.get("integrated", 0)), dropped)

    @property
    def settled(self) -> bool:
        """Whether every pair that arrived is in the map or counted as dropped."""
        return self.pairs == self.integrated + sum(self.dropped.values())

    @property
    def settle_s(self) -> float:
        """Seconds that the numbers must stand still to be believed."""
        return SETTLE_S if self.pairs >= self.sent else MISSING_S

    def as_dict(self) -> dict[str, Any]:
        """For summary.json."""
        return {
            "sent": self.sent,
            "paired": self.pairs,
            "integrated": self.integrated,
            "dropped": self.dropped,
        }

    def as_text(self, replica: MapReplica) -> str:
        """For people."""
        causes = "".join(f", {count} dropped ({cause})" for cause, count in self.dropped.items())
        return (
            f"{self.sent} frames sent, {self.pairs} received, {self.integrated} in the map{causes}"
            f"; {len(replica.blocks)} blocks came in {replica.messages} messages"
        )


def follow(
    client: MapClient, watch: CameraWatch, children: Children, names: tuple[str, str]
) -> Balance:
    """Tell the progress until the stream has ended and the node has worked it off.

    `names` are the children: the perception node and the stream. ProcessError if one fails.
    """
    perception, stream = names
    ended_s = changed_s = time.monotonic()
    balance, ended = Balance(0, 0, 0, {}), False
    progress, sent = Progress(), 0
    while not (ended and balance.settled and time.monotonic() - changed_s > balance.settle_s):
        client.spin(0.1)
        children.check_alive(perception)
        if not ended and children.finished(stream):
            ended, ended_s = True, time.monotonic()
            sent = frames_sent(children.log(stream).read_text())
        newest = Balance.of(sent or watch.sent, camera_status(client))
        if newest != balance:
            balance, changed_s = newest, time.monotonic()
        progress.tell(
            f"{balance.integrated} of {balance.sent} frames sent are in the map"
            if balance.sent
            else "waiting for the first frame: the stream is being prepared"
        )
        if ended and time.monotonic() - ended_s > PATIENCE_S:
            raise ProcessError(f"the map is not done {PATIENCE_S:.0f} s after the last frame")
    if not balance.integrated:
        raise ProcessError(f"no frame has reached the map:\n{children.tail(perception)}")
    return balance


def camera_status(client: MapClient) -> dict[str, str]:
    """The node's diagnostics of its only camera; empty before the first has come."""
    found = (values for name, values in client.status.items() if ": camera " in name)
    return next(found, {})


def frames_sent(log: str) -> int:
    """What the stream, started with --json, says of itself at its end."""
    report = next(line for line in reversed(log.splitlines()) if line.startswith("{"))
    return int(json.loads(report)["frames_sent"])
