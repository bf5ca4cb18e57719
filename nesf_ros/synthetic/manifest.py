"""The manifest of a data set: how it was made, and a checksum of every file.

`manifest.jsonl` has one JSON object a line: first the order that the whole data set answers, then
one line per finished scene, appended as scenes are done. A run that was cut short leaves at most a
broken last line, which counts for nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nesf_ros import __version__
from nesf_ros.datasets.storing import read_bounded
from nesf_ros.errors import DatasetError

NAME = "manifest.jsonl"
_MAX_BYTES = 1 << 30


@dataclass(frozen=True)
class SceneRecord:
    """One finished scene."""

    name: str
    """Its folder in the data set, or file name without suffix."""
    index: int
    """Number within the split."""
    seed: int
    split: str
    seconds: float
    """Processor time that it took."""
    files: Mapping[str, tuple[str, int]]
    """Path relative to the data set → SHA-256 (hexadecimal) and length in bytes."""

    @property
    def nbytes(self) -> int:
        """Bytes of all its files."""
        return sum(size for _, size in self.files.values())


class Manifest:
    """The manifest of one data set folder."""

    def __init__(self, folder: Path, order: Mapping[str, Any]):
        """Open the manifest of a folder that is there, or begin it.

        Raises DatasetError where the folder holds another data set, or other things, and where it
        cannot be written.
        """
        self.folder, self._path = folder, folder / NAME
        self.records: list[SceneRecord] = []
        order = json.loads(json.dumps(order))  # tuples become lists, as in the file
        if self._path.exists():
            made, self.records = read_manifest(folder)
            if made != order:
                changed = [k for k in {*made, *order} if made.get(k) != order.get(k)]
                raise DatasetError(
                    f"{folder} holds a data set made with other settings "
                    f"({', '.join(f'{k}: {made.get(k)}' for k in sorted(changed))}); ask for the "
                    "same ones to go on with it, or name another folder"
                )
            self._rewrite(order)
            return
        if any(folder.iterdir()):
            raise DatasetError(f"{folder} is not empty and holds no {NAME}; name another folder")
        self._rewrite(order)

    def add(self, record: SceneRecord) -> None:
        """Write down a finished scene; it is on the disk when this returns."""
        self.records.append(record)
        self._append(_line(asdict(record)))

    def _rewrite(self, order: Mapping[str, Any]) -> None:
        """The whole manifest anew, without the broken line that a crash may have left."""
        lines = [_line({"nesf_ros": __version__, "order": order})]
        lines += [_line(asdict(record)) for record in self.records]
        partial = self._path.with_suffix(".partial")
        try:
            partial.write_text("".join(lines), "utf-8")
            os.replace(partial, self._path)
        except OSError as error:
            raise DatasetError(f"{self._path} cannot be written: {error.strerror}") from error

    def _append(self, line: str) -> None:
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise DatasetError(
                f"{self._path} cannot be written: {error.strerror}; make room, and run the same "
                "command again: it goes on after the last scene that is written down"
            ) from error


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Make the folder of a data set and hold it, so that no other run writes into it meanwhile.

    Raises DatasetError where it cannot be made, or another run holds it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise DatasetError(f"{folder} cannot be made: {error.strerror}") from error
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    """Let go by closing the handle, or when the process ends in whatever way."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise DatasetError(f"another run is writing into {folder}; wait for its end") from error


def read_manifest(folder: Path) -> tuple[dict[str, Any], list[SceneRecord]]:
    """The order and the finished scenes of a data set. Raises DatasetError for anything else."""
    path = folder / NAME
    lines = read_bounded(path, _MAX_BYTES).decode("utf-8", "replace").splitlines(keepends=True)
    complete = [line for line in lines if line.endswith("\n")]
    try:
        order = json.loads(complete[0])["order"]
        records = [_record(json.loads(line)) for line in complete[1:]]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise DatasetError(f"{path} is no manifest of this package: {error!r}") from error
    return order, records


def begun(folder: Path) -> int:
    """How many scenes a folder holds already; 0 where there is no data set yet."""
    return len(read_manifest(folder)[1]) if (folder / NAME).is_file() else 0


def damaged(folder: Path, records: Iterable[SceneRecord]) -> Iterator[str]:
    """What is wrong with the files of a data set, one message for each bad file."""
    for record in records:
        for name, (digest, size) in record.files.items():
            path = folder / name
            if not path.is_file():
                yield f"{name} is missing"
            elif path.stat().st_size != size:
                yield f"{name} has {path.stat().st_size} bytes; it must have {size}"
            elif checksum(path) != digest:
                yield f"{name} has changed: its SHA-256 is not the manifest's"


def checksum(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _line(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, separators=(",", ":")) + "\n"


def _record(entry: dict[str, Any]) -> SceneRecord:
    files = {}
    for name, (digest, size) in entry["files"].items():
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise ValueError(f"file {name} lies outside the data set")
        files[str(name)] = (str(digest), int(size))
    return SceneRecord(
        str(entry["name"]), int(entry["index"]), int(entry["seed"]), str(entry["split"]),
        float(entry["seconds"]), files,
    )  # fmt: skip
