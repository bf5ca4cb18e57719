"""Writing and reading files of labelled scenes: whole or not at all, never more than expected."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nesf_ros.errors import DatasetError

MAX_TEXT_BYTES = 64 << 20
"""Largest text file that is read."""


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to fill, which takes the name `target` once the block has ended well.

    Until then it is in a hidden folder beside `target`, so whatever has the name is complete,
    however the writing ended. What an interrupted run left there is removed first.

    Raises DatasetError where `target` exists already (nothing is ever replaced), and where the
    disk is full or cannot be written.
    """
    if target.exists():
        raise DatasetError(f"{target} exists already; remove it, or choose another name")
    partial = target.parent / f".{target.name}.partial"
    # Of the same name as at last: files in bags are named after their folder.
    filled = partial / target.name
    try:
        shutil.rmtree(partial, ignore_errors=True)
        filled.mkdir(parents=True)
        yield filled
        os.rename(filled, target)
    # sqlite3, in which bags are kept, has errors of its own for a full disk.
    except (OSError, sqlite3.Error) as error:
        shutil.rmtree(partial, ignore_errors=True)  # before the room is measured
        raise DatasetError(
            f"{target} cannot be written: {error}; nothing of it is kept. The disk has "
            f"{_free_bytes(target) / 1e6:.0f} MB left: make room, or choose another folder"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _free_bytes(path: Path) -> int:
    """Room on the disk on which the path is, or would be."""
    place = next(place for place in path.absolute().parents if place.is_dir())
    return shutil.disk_usage(place).free


def read_bounded(path: Path, limit: int) -> bytes:
    """The bytes of a file. Raises DatasetError where it is none, or has more than `limit`."""
    try:
        # Opening a pipe would wait for its other end.
        if not path.is_file():
            raise DatasetError(f"{path} is missing, or no file")
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror or error}") from error
    if len(data) > limit:
        raise DatasetError(f"{path} has more than {limit} bytes, the most that it may have")
    return data
