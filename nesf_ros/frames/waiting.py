"""Items that wait for their pose: images outrun TF, so a pair is held until TF has caught up."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.errors import TransformError
from nesf_ros.frames.counters import Cause, DropCounter, cause_of
from nesf_ros.frames.tf_buffer import TransformSource

ItemT = TypeVar("ItemT")

HOPELESS = ("extrapolation_past",)
"""Gaps that waiting cannot close: TF older than its history does not come back."""


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[ItemT]):
    item: ItemT
    stamp_ns: int
    frame: str
    since_s: float


class PoseWaiter(Generic[ItemT]):
    """Holds items until the pose of their frame at their stamp is known, or their time is up.

    Time is what the caller passes in, so nothing here sleeps or starts threads. Every item comes
    back from `poll`, with its pose or with the reason why there is none, or is pushed out by
    newer ones; the latter two are counted. For use by one thread.
    """

    def __init__(
        self,
        transforms: TransformSource,
        target: str,
        wait_s: float,
        capacity: int,
        drops: DropCounter,
    ):
        """Poses are in the frame `target`; at most `capacity` items wait, `wait_s` seconds each."""
        self.wait_s = wait_s
        """May be changed at any time; holds for those that wait already, too."""
        self._transforms = transforms
        self._target = target
        self._capacity = capacity
        self._drops = drops
        self._waiting: deque[_Waiting[ItemT]] = deque()

    def __len__(self) -> int:
        """Items that wait."""
        return len(self._waiting)

    def push(self, item: ItemT, stamp_ns: int, frame: str, now_s: float) -> None:
        """Take in an item of a frame; the oldest one is dropped where there is no room."""
        if len(self._waiting) >= self._capacity:
            self._waiting.popleft()
            self._drops.add(Cause.QUEUE_FULL)
        self._waiting.append(_Waiting(item, stamp_ns, frame, now_s))

    def poll(self, now_s: float) -> list[tuple[ItemT, Float64[ndarray, "4 4"] | TransformError]]:
        """Items that need not wait any more, in the order they came, with target_T_frame.

        One whose budget is over comes with the TransformError of its last look-up, already
        counted. A frame that TF has never heard of waits as well: it may be about to be published.
        """
        finished: list[tuple[ItemT, Float64[ndarray, "4 4"] | TransformError]] = []
        still: deque[_Waiting[ItemT]] = deque()
        for entry in self._waiting:
            try:
                pose = self._transforms.lookup(self._target, entry.frame, entry.stamp_ns)
            except TransformError as error:
                if error.cause in HOPELESS or now_s - entry.since_s >= self.wait_s:
                    self._drops.add(cause_of(error))
                    finished.append((entry.item, error))
                else:
                    still.append(entry)
            else:
                finished.append((entry.item, pose))
        self._waiting = still
        return finished

    def drop_all(self, cause: Cause) -> None:
        """Drop all that waits, for instance because the clock was set back."""
        self._drops.add(cause, len(self._waiting))
        self._waiting.clear()
