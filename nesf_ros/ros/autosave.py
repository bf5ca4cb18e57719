"""A copy of the map on disk that follows it, so that a node which was killed has its map back."""

from __future__ import annotations

import time
from typing import Any

from nesf_ros.errors import NesfError
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.voxels.storage import SUFFIX, map_path


class Autosave:
    """Saves one mapper under one name. Runs in the worker, as all that touches the mapper does."""

    def __init__(self, mapper: SemanticMapper, log: Any):
        """`log` is the node's. StorageError if `map.autosave_name` is no name of a map."""
        self._mapper, self._log = mapper, log
        config = mapper.config.map
        self._name = config.autosave_name
        self._path = map_path(config.folder, self._name) if self._name else None
        self._version = mapper.version
        self._tried_s = time.monotonic()

    def restore(self) -> None:
        """Load the copy, if there is one. One that cannot be used is kept under another name."""
        if self._path is None or not self._path.exists():
            return
        try:
            self._mapper.load(self._name)
            self._log.info(f"map {self._name!r} loaded")
        except NesfError as error:
            # The next save must not overwrite what another setting may still be able to read.
            aside = self._path.with_name(f"{self._name.removesuffix(SUFFIX)}.unused{SUFFIX}")
            self._path.replace(aside)
            self._log.error(f"the saved map is not used, and kept as {aside}: {error}")
        self._version = self._mapper.version

    def save_if_due(self) -> None:
        """Save a changed map once `map.autosave_s` have passed since the last time."""
        period_s = self._mapper.config.map.autosave_s
        if period_s and time.monotonic() - self._tried_s >= period_s:
            self.save()

    def save(self) -> None:
        """Save the map if it has changed; where that fails, the log says why."""
        version = self._mapper.version
        if self._path is None or version == self._version:
            return
        self._tried_s = time.monotonic()
        try:
            self._mapper.save(self._name)
            self._version = version
        except NesfError as error:
            self._log.error(f"automatic save failed: {error}")
