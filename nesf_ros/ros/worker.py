"""The one thread that owns the mapper, and does all that touches it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

FrameT = TypeVar("FrameT")


class Worker(Generic[FrameT]):
    """Runs requests at once and frames as time allows, in the order each kind came.

    Frames wait in a bounded queue: the oldest makes room for the newest, and `on_dropped` hears of
    it. Requests are few and never dropped. Nothing here blocks the threads that hand work over.
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
        self._requests: deque[tuple[Callable[[], Any], Future]] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="nesf-worker", daemon=True)
        self._thread.start()

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

    def call(self, work: Callable[[], Any]) -> Future:
        """Run `work` before any waiting frame; its result or exception is the future's."""
        future: Future = Future()
        with self._wake:
            if self._stopping:
                future.set_exception(RuntimeError("the worker has stopped"))
                return future
            self._requests.append((work, future))
            self._wake.notify()
        return future

    def drain(self) -> list[FrameT]:
        """Take back the frames that wait."""
        with self._wake:
            frames, self._frames = list(self._frames), deque()
        return frames

    def stop(self, timeout_s: float = 30.0) -> None:
        """Finish the requests that wait, then end the thread. Frames that wait are left."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            with self._wake:
                while not (self._requests or self._frames or self._stopping):
                    self._wake.wait()
                request = self._requests.popleft() if self._requests else None
                if request is None and self._stopping:
                    return
                frame = self._frames.popleft() if request is None else None
            if request is not None:
                self._answer(*request)
            elif frame is not None:
                self._on_frame(frame)

    def _answer(self, work: Callable[[], Any], future: Future) -> None:
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(work())
            except Exception as error:  # noqa: BLE001 - belongs to whoever asked
                future.set_exception(error)
