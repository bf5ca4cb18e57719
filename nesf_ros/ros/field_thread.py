"""The spare time in which scene fields are fitted: a thread of low priority."""

from __future__ import annotations

import os
import threading
import time
import traceback

from nesf_ros.fields import SceneFields
from nesf_ros.ros.language import Logger

IDLE_S = 0.2
"""Between two looks for something to do."""
NICENESS = 10
"""Of the thread, where the system knows of threads' priorities: whoever needs the core gets it."""


class FieldThread:
    """Fits the fields of a mapper, for a share of its time."""

    def __init__(self, fields: SceneFields, share: float, logger: Logger):
        """Start at once."""
        self._fields, self._share, self._logger = fields, share, logger
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="nesf-field", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the step under way."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        if hasattr(os, "setpriority"):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        try:
            while not self._over.is_set():
                start = time.monotonic()
                worked = self._fields.work()
                spent = time.monotonic() - start
                self._over.wait(spent * (1 / self._share - 1) if worked else IDLE_S)
        except Exception as error:  # noqa: BLE001 - the map lives on without its fields
            self._fields.failure = f"{type(error).__name__}: {error}"
            self._logger.error(f"the scene field has stopped: {traceback.format_exc()}")
