"""A vision-language model beside the map: loaded, and shown keyframes, in a thread of its own."""

from __future__ import annotations

import bisect
import contextlib
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

from torch import Tensor

from nesf_ros.errors import NesfError, QueryError, StorageError
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.ros.worker import Worker
from nesf_ros.semantics.reading import Model
from nesf_ros.types import PosedFrame

LESSONS = 32
"""Keyframes that may wait to be looked at in crops."""


@runtime_checkable
class Logger(Protocol):
    """What rclpy's loggers can do that is needed here."""

    def info(self, message: str) -> object:
        """Tell."""

    def error(self, message: str) -> object:
        """Complain."""


@dataclass(frozen=True)
class _Offer:
    """A keyframe that is to be looked at."""

    number: int
    """In the order they came."""
    map_id: str
    """Of the map that it is in."""
    frame: PosedFrame


class LanguageThread:
    """Gives a mapper its language.

    Loading a model takes seconds and a look at a keyframe a large part of one: frames go into the
    map meanwhile. Only what must be done where the map lives is handed to the worker.
    """

    def __init__(
        self,
        mapper: SemanticMapper,
        worker: Worker,
        load: Callable[[], Model],
        logger: Logger,
    ):
        """Start at once; `load` brings the model."""
        self._failure = self._misfit = ""
        self.look_s = 0.0
        """Time that the last look took."""
        self.seen = 0
        """Keyframes in the voxels."""
        self.refused = 0
        """Keyframes left out because something failed, such as for want of memory."""
        self.untaught = 0
        """Keyframes that language fields learn nothing from, since too many waited for that."""
        self._mapper, self._worker, self._load, self._logger = mapper, worker, load, logger
        self._offered = 0
        self._waiting: deque[_Offer] = deque(maxlen=mapper.config.keyframes.max_count)
        self._lessons: list[tuple[_Offer, Tensor]] = []
        """Keyframes that are in the voxels, and are still to be looked at in crops; newest last."""
        self._wake = threading.Condition()
        self._stopping = False
        mapper.on_keyframe = self.offer
        mapper.why_no_language = "it is still being loaded; ask again in a moment"
        self._thread = threading.Thread(target=self._run, name="nesf-language", daemon=True)
        self._thread.start()

    @property
    def state(self) -> str:
        """loading, ready, or why there is no language."""
        if self._failure or self._mapper.language is not None:
            return self._failure or "ready"
        return self._misfit or "loading"

    @property
    def backlog(self) -> int:
        """Keyframes that wait to be looked at."""
        return len(self._waiting)

    def offer(self, frame: PosedFrame) -> None:
        """Have a keyframe looked at; the oldest that waits goes if there are too many."""
        with self._wake:
            if not self._stopping:
                self._offered += 1
                self._waiting.append(_Offer(self._offered, self._mapper.map.map_id, frame))
                self._wake.notify()

    def stop(self) -> None:
        """End the thread after what it is doing; call before the worker is stopped."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join(30.0)

    def _run(self) -> None:
        try:
            self._begin()
            while (work := self._next()) is not None:
                try:
                    work()
                except Exception as error:  # noqa: BLE001 - the next one may fare better
                    self._refuse(error)
        except NesfError as error:
            self._fail(str(error))
            self._logger.error(f"no language: {error}")
        except Exception:  # noqa: BLE001 - the map lives on without
            self._fail("failed, the log says why")
            if not self._stopping:
                self._logger.error(f"language has ended: {traceback.format_exc()}")
        with self._wake:  # nobody looks at frames any more: hold none
            self._stopping = True
            self._waiting.clear()
            self._lessons.clear()

    def _begin(self) -> None:
        start = time.monotonic()
        model = self._load()
        try:
            self._worker.call(lambda: self._use(model)).result()
        except StorageError as error:  # the mapper takes the model up with the next map it fits
            self._mapper.why_no_language = self._misfit = str(error)
            self._logger.error(f"no language with this map; ~/reset makes a new one: {error}")
            return
        with contextlib.suppress(QueryError):  # a question will say what is wrong
            for phrases in self._mapper.unread(()):  # which every question needs
                self._mapper.read(phrases)
        seconds = time.monotonic() - start
        self._logger.info(
            f"vision-language model {model.fingerprint} is ready, after {seconds:.1f} s"
        )

    def _fail(self, reason: str) -> None:
        self._mapper.why_no_language = self._failure = reason

    def _use(self, model: Model) -> None:
        self._waiting.clear()  # the mapper offers all that it holds
        self._mapper.use_language(model)

    def _refuse(self, error: Exception) -> None:
        if self._stopping:
            return
        self.refused += 1
        details = str(error) if isinstance(error, NesfError) else traceback.format_exc()
        self._logger.error(f"a keyframe is not put into words: {details}")

    def _next(self) -> Callable[[], None] | None:
        """What is to be done with the newest keyframe that waits, or None at the end.

        Voxels come first, crops for the language fields when no keyframe waits for that. What the
        robot sees now is asked for sooner than what it has left.
        """
        with self._wake:
            while not (self._waiting or self._lessons or self._stopping):
                self._wake.wait()
            if self._stopping:
                return None
            if self._waiting:
                return partial(self._understand, self._waiting.pop())
            return partial(self._teach, *self._lessons.pop())

    def _understand(self, offer: _Offer) -> None:
        language = self._mapper.language
        if language is None or not self._is_of_this_map(offer):
            return
        start = time.monotonic()
        dense = language.look(offer.frame)
        self.look_s = time.monotonic() - start

        def fuse() -> None:
            if self._is_of_this_map(offer):
                language.fuse(offer.frame, dense)
                self.seen += 1

        self._worker.call(fuse).result()
        if self._mapper.language_fields:
            # Of a burst, the newest came into the voxels first.
            bisect.insort(self._lessons, (offer, dense), key=lambda lesson: lesson[0].number)
            if len(self._lessons) > LESSONS:
                del self._lessons[0]
                self.untaught += 1

    def _teach(self, offer: _Offer, dense: Tensor) -> None:
        learner = self._mapper.language_fields
        if learner is not None and self._is_of_this_map(offer):
            learner.teach(offer.frame, learner.lesson(offer.frame, dense))

    def _is_of_this_map(self, offer: _Offer) -> bool:
        return self._mapper.map.map_id == offer.map_id
