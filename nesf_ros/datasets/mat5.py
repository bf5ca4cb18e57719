"""Reading MATLAB 5 files of unknown origin with scipy, after a walk that bounds what it may do.

scipy unpacks, allocates and recurses as the file says. So first all sizes, shapes and depths are
held against the bytes that are really there.
"""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import scipy.io

from nesf_ros.datasets.storing import read_bounded
from nesf_ros.errors import DatasetError

MAX_BYTES = 1 << 28
"""Most of a file, and of what it unpacks to."""
MAX_DEPTH = 32
"""Deepest that cells and structs may hold one another."""
_HEADER_BYTES = 128
_MATRIX, _COMPRESSED = 14, 15
# Cells, structs, text and numbers; not objects, functions or sparse matrices.
_CLASSES = {1, 2, 4, *range(6, 16)}


def read_mat(path: Path, *names: str) -> dict[str, Any]:
    """These variables: structs as dicts, cells as lists (one cell alone as what it holds).

    Raises DatasetError where the file is missing, damaged, too large when unpacked, holds
    other kinds of values, or lacks one of the variables.
    """
    data = read_bounded(path, MAX_BYTES)
    if data[:6] != b"MATLAB" or data[126:128] != b"IM":
        raise DatasetError(f"{path} is no MATLAB 5 file (little-endian, saved as -v6 or -v7)")
    try:
        _check(data)
        found = scipy.io.loadmat(io.BytesIO(data), simplify_cells=True, variable_names=names)
    # What is raised for damage depends on where it lies.
    except Exception as error:
        raise DatasetError(f"{path} cannot be read as a MATLAB file: {error}") from error
    if missing := set(names) - set(found):
        raise DatasetError(f"{path} has no variable {', '.join(sorted(missing))}")
    return {name: found[name] for name in names}


def _check(data: bytes) -> None:
    """Raise ValueError, struct.error or zlib.error for what scipy had better not see."""
    place, room = _HEADER_BYTES, MAX_BYTES
    while place < len(data):
        kind, size = struct.unpack_from("<II", data, place)
        content = memoryview(data)[place + 8 : place + 8 + size]
        if kind == _COMPRESSED:
            content = memoryview(zlib.decompressobj().decompress(content, room + 1))
            if (room := room - len(content)) < 0:
                raise ValueError(f"it unpacks to more than {MAX_BYTES} bytes")
            kind, size = struct.unpack_from("<II", content)
            content = content[8:]
            place += 8 + struct.unpack_from("<I", data, place + 4)[0]
        else:
            place += 8 + size
        if kind != _MATRIX or len(content) < size:
            raise ValueError(f"an element of kind {kind} has {len(content)} bytes of {size}")
        _check_matrix(content[:size])


def _check_matrix(matrix: memoryview) -> None:
    stack = [(matrix, 0)]
    while stack:
        content, depth = stack.pop()
        if not len(content):  # an empty cell
            continue
        parts = _parts(content)
        if depth > MAX_DEPTH or len(parts) < 3 or parts[0][1][0] not in _CLASSES:
            raise ValueError(f"a value of unknown kind, or {depth} deep in others")
        shape = np.frombuffer(parts[1][1], "<i4").astype(object)
        if (shape < 0).any() or shape.prod() > len(content):
            raise ValueError(f"a value of shape {shape.tolist()} in {len(content)} bytes")
        stack += [(part, depth + 1) for kind, part in parts if kind == _MATRIX]


def _parts(content: memoryview) -> list[tuple[int, memoryview]]:
    """Kind and bytes of every element in these."""
    parts, place = [], 0
    while place < len(content):
        kind, size = struct.unpack_from("<II", content, place)
        # Up to four bytes stand in place of their size, which then shares a word with the kind.
        small = kind >> 16
        start = place + 4 if small else place + 8
        kind, size = (kind & 0xFFFF, small) if small else (kind, size)
        if start + size > len(content):
            raise ValueError(f"an element of {size} bytes where {len(content) - start} are left")
        parts.append((kind, content[start : start + size]))
        place = place + 8 if small else start + size + -size % 8
    return parts


def cells(value: Any) -> list[Any]:
    """What the cells of a value hold, however many there are."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value if isinstance(value, list) else [value]
