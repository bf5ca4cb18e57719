"""The spare time in which fields are fitted: a thread of low priority."""

from __future__ import annotations

import os
import threading
import time
import traceback

from nesf_ros.pipeline import SemanticMapper
from nesf_ros.ros.language import Logger
from nesf_ros.ros.worker import Worker

IDLE_S = 0.2
"""Between two looks for something to do."""
REFRESH_S = 0.5
"""Between two times that voxels are told what the language fields know of them."""
NICENESS = 10
"""Of the thread, where the system knows of threads' priorities: whoever needs the core gets it."""


class FieldThread:
    """Fits the fields of a mapper, for a share of its time."""

    def __init__(self, mapper: SemanticMapper, worker: Worker, share: float, logger: Logger):
        """Start at once; what touches the map is done by its `worker`."""
        self._mapper, self._worker, self._share, self._logger = mapper, worker, share, logger
        self._refreshed_s = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="nesf-field", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the step under way; call before the worker is stopped."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        if hasattr(os, "setpriority"):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        try:
            while not self._over.is_set():
                start = time.monotonic()
                worked = self._mapper.refine()
                if start - self._refreshed_s > REFRESH_S:
                    self._refreshed_s = start
                    worked = self._refresh() or worked
                spent = time.monotonic() - start
                self._over.wait(spent * (1 / self._share - 1) if worked else IDLE_S)
        except Exception as error:  # noqa: BLE001 - the map lives on without its fields
            if self._mapper.fields:
                self._mapper.fields.failure = f"{type(error).__name__}: {error}"
            self._logger.error(f"the scene field has stopped: {traceback.format_exc()}")

    def _refresh(self) -> bool:
        """Bring what the language fields know into some voxels; False if all is up to date."""
        learner = self._mapper.language_fields
        if learner is None:
            return False
        due = self._worker.call(learner.due).result()
        codes = learner.codes(due) if due is not None else None
        if due is None or codes is None:
            return False
        self._worker.call(lambda: learner.take(due, codes)).result()
        return True
