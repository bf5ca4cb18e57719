"""Signs of life on stderr, while something takes long."""

from __future__ import annotations

import sys
import time

EVERY_S = 5.0
"""No line sooner than so after the start, or after the last one."""


class Progress:
    """Tells every few seconds what is being waited for; says nothing where that is quick."""

    def __init__(self) -> None:
        self._start_s = self._told_s = time.monotonic()

    def tell(self, text: str) -> None:
        """Write a line, with the seconds since the start, if it is time for one."""
        now_s = time.monotonic()
        if now_s - self._told_s >= EVERY_S:
            self._told_s = now_s
            print(f"  [{now_s - self._start_s:.0f} s] {text}", file=sys.stderr, flush=True)
