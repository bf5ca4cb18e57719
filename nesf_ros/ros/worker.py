"""Threads that do what is handed to them: one of them owns the mapper."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, Generic, TypeVar

from nesf_ros.errors import QueryError

FrameT = TypeVar("FrameT")


class RequestThread:
    """Does what it is asked to, in the order it is asked.

    Nothing here blocks the threads that hand work over.
    """

    def __init__(self, name: str):
        """Start at once; `name` is what debuggers show."""
        self._requests: deque[tuple[Callable[[], Any], Future]] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def requests(self) -> int:
        """How many wait."""
        return len(self._requests)

    def call(self, work: Callable[[], Any]) -> Future:
        """Have `work` done; its result or exception is the future's. QueryError once stopped."""
        future: Future = Future()
        with self._wake:
            if self._stopping:
                future.set_exception(QueryError("the node is not configured any more"))
                return future
            self._requests.append((work, future))
            self._wake.notify()
        return future

    def stop(self, timeout_s: float = 30.0) -> None:
        """Finish the requests that wait, then end the thread."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            with self._wake:
                while (work := self._take()) is None and not self._stopping:
                    self._wake.wait()
            if work is None:
                return
            work()

    def _take(self) -> Callable[[], None] | None:
        """What to do next, if there is anything. The lock is held."""
        return partial(_answer, *self._requests.popleft()) if self._requests else None


class Worker(RequestThread, Generic[FrameT]):
    """Does requests at once and frames as time allows, in the order each kind came.

    Frames wait in a bounded queue: the oldest makes room for the newest, and `on_dropped` hears of
    it. Requests are few and never dropped. Frames that wait when it is stopped are left.
    """

    def __init__(
        self,
        on_frame: Callable[[FrameT], None],
        on_dropped: Callable[[FrameT], None],
        capacity: int,
    ):
        self._on_frame = on_frame
        self._on_dropped = on_dropped
        self._capacity = capacity
        self._frames: deque[FrameT] = deque()
        super().__init__("nesf-worker")

    def __len__(self) -> int:
        """Frames that wait."""
        return len(self._frames)

    def add_frame(self, frame: FrameT) -> None:
        """Queue a frame; the oldest waiting one is dropped if the queue is full."""
        dropped = None
        with self._wake:
            if len(self._frames) >= self._capacity:
                dropped = self._frames.popleft()
            self._frames.append(frame)
            self._wake.notify()
        if dropped is not None:
            self._on_dropped(dropped)

    def drain(self) -> list[FrameT]:
        """Take back the frames that wait."""
        with self._wake:
            frames, self._frames = list(self._frames), deque()
        return frames

    def _take(self) -> Callable[[], None] | None:
        request = super()._take()
        if request is None and self._frames and not self._stopping:
            return partial(self._on_frame, self._frames.popleft())
        return request


def _answer(work: Callable[[], Any], future: Future) -> None:
    if future.set_running_or_notify_cancel():
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 - belongs to whoever asked
            future.set_exception(error)
