"""What a map file must hold, and nothing else: every number in it is checked before it is used."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
from numpy import ndarray

from nesf_ros.voxels import layer_file
from nesf_ros.voxels.grid import MAX_PLACES, VOXELS
from nesf_ros.voxels.map import MAX_INDEX

FORMAT, VERSION = "nesf_map", 2
READABLE = (1, 2)
"""Version 1 is 2 without embeddings."""
MAX_SUBMAPS = 4096
COLUMNS = {  # per submap: dtype and shape behind the number of blocks
    "index": (np.int32, (3,)),
    "tsdf": (np.float16, (VOXELS,)),
    "weight": (np.float16, (VOXELS,)),
    "color": (np.uint8, (VOXELS, 3)),
    "free_index": (np.int32, (3,)),
    "free_weight": (np.float16, ()),
    "revision": (np.int64, ()),
    "free_revision": (np.int64, ()),
}
FAINTEST = 2.0**-24
"""Smallest number of half precision: evidence is never rounded to none."""
_MAX_REVISION = 2**53


def check(about: dict, tensors: dict[str, ndarray]) -> None:
    """Raise ValueError, KeyError or TypeError unless header and arrays are those of a map."""
    _check_about(about)
    embeddings = {name: v for name, v in tensors.items() if name.startswith(layer_file.PREFIX)}
    _check_tensors(about, {n: v for n, v in tensors.items() if n not in embeddings})
    if embeddings or "layer" in about:
        layer_file.check(about["layer"], embeddings)


def _check_about(about: dict) -> None:
    if about["format"] != FORMAT or about["version"] not in READABLE:
        raise ValueError(
            f"format {about['format']} {about['version']}; this release reads {FORMAT} "
            f"{' and '.join(map(str, READABLE))}"
        )
    if not re.fullmatch(r"[0-9a-f]{32}", about["map_id"]):
        raise ValueError("map_id is not an id")
    for key, highest in (("stamp_ns", 2**63 - 1), ("revision", _MAX_REVISION)):
        if type(about[key]) is not int or not 0 <= about[key] <= highest:
            raise ValueError(f"{key} is out of range")
    if not all(_is_positive(about[key]) for key in ("voxel_size_m", "truncation_voxels")):
        raise ValueError("the voxel size or the truncation is not a positive number")
    if type(about["submaps"]) is not list or len(about["submaps"]) > MAX_SUBMAPS:
        raise ValueError(f"there must be a list of at most {MAX_SUBMAPS} submaps")
    for entry in about["submaps"]:
        offset, shape, centre = (entry[key] for key in ("offset", "shape", "centre_m"))
        if not _are_integers(offset, -MAX_INDEX) or not _are_integers(shape, 1):
            raise ValueError("a submap has no valid place")
        if len(centre) != 3 or not all(_is_positive(abs(c) + 1) for c in centre):
            raise ValueError("a submap has no valid centre")
        if math.prod(shape) > MAX_PLACES:
            raise ValueError(f"a submap of {shape} blocks")


def _is_positive(value: Any) -> bool:
    return type(value) in (int, float) and 0 < value < math.inf


def _are_integers(values: Any, lowest: int) -> bool:
    """Whether these are three whole numbers from `lowest` to the largest block index."""
    if type(values) is not list or len(values) != 3:
        return False
    return all(type(value) is int and lowest <= value <= MAX_INDEX for value in values)


def _check_tensors(about: dict, tensors: dict[str, ndarray]) -> None:
    expected = {f"{n}/{column}" for n in range(len(about["submaps"])) for column in COLUMNS}
    if set(tensors) != expected:
        raise ValueError(f"holds arrays {sorted(tensors)[:8]}, expected {sorted(expected)[:8]}")
    revisions, most = (0, about["revision"]), 65504.0
    bounds = {"tsdf": (-1, 1), "weight": (0, most), "free_weight": (FAINTEST, most),
              "revision": revisions, "free_revision": revisions}  # fmt: skip
    for name, values in tensors.items():
        number, column = name.split("/")
        dtype, shape = COLUMNS[column]
        rows = "free_index" if column.startswith("free") else "index"
        length = len(tensors[f"{number}/{rows}"])
        if values.dtype != dtype or values.shape != (length, *shape):
            raise ValueError(f"array {name} is {values.dtype} {values.shape}")
        low, high = bounds.get(column, (-np.inf, np.inf))
        if values.size and not (low <= values.min() and values.max() <= high):  # NaN fails, too
            raise ValueError(f"array {name} holds numbers that are not in [{low}, {high}]")
