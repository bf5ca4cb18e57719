"""Reading HDF5 files of unknown origin: only what lies in the file itself, and never too much."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
from numpy import ndarray

from nesf_ros.errors import DatasetError

MAX_BYTES = 1 << 29
"""Most that one item of a dataset may take in memory."""
NUMBERS = "iuf"
"""Kinds of types that hold numbers."""


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """The file, to be read. Raises DatasetError where it is none, or found to be damaged."""
    # Opening a pipe would wait for its other end.
    if not path.is_file():
        raise DatasetError(f"{path} is missing, or no file")
    try:
        with h5py.File(path, "r") as file:
            yield file
    # What the library raises for damage depends on where it lies.
    except (OSError, LookupError, ValueError, TypeError, RuntimeError) as error:
        raise DatasetError(f"{path} is no HDF5 file, or damaged: {error}") from error


def read_array(file: h5py.File, name: str, dims: int, kinds: str = NUMBERS) -> ndarray:
    """A whole dataset. Raises DatasetError where it is missing, of another kind or too large."""
    dataset = _dataset(file, name, dims, kinds)
    _check_size(file, name, dataset.shape, dataset.dtype)
    return dataset[()]


def item_of(file: h5py.File, name: str, dims: int) -> ndarray:
    """The item of the dataset `name` at which the first region reference in data/`name` points.

    Raises DatasetError where either is missing, of another kind or too large, or the region is not
    one whole item.
    """
    references = read_array(file, f"data/{name}", 1, "O")
    dataset = _dataset(file, name, dims + 1, NUMBERS)
    _check_size(file, name, dataset.shape[1:], dataset.dtype)
    regions = h5py.check_ref_dtype(references.dtype) is h5py.RegionReference
    if not regions or not len(references) or not references[0]:
        raise DatasetError(f"{file.filename}: data/{name} holds no region references")
    region = h5py.h5r.get_region(references[0], file.id)
    first, last = region.get_select_bounds()
    whole = region.shape == dataset.shape and first[1:] == (0,) * dims
    if not whole or last != (first[0], *(size - 1 for size in dataset.shape[1:])):
        raise DatasetError(f"{file.filename}: data/{name} points at no item of {name}")
    return dataset[first[0]]


def _dataset(file: h5py.File, name: str, dims: int, kinds: str) -> h5py.Dataset:
    place = file
    for part in name.split("/"):
        inside = isinstance(place, h5py.Group)
        # Other links may lead into other files.
        if not inside or not isinstance(place.get(part, getlink=True), h5py.HardLink):
            raise DatasetError(f"{file.filename} has no {name!r}")
        place = place[part]
    if not isinstance(place, h5py.Dataset) or place.external or place.is_virtual:
        raise DatasetError(f"{file.filename}: {name!r} is no dataset with values in this file")
    if place.ndim != dims or place.dtype.kind not in kinds:
        raise DatasetError(
            f"{file.filename}: {name!r} is {place.dtype} of shape {place.shape}; it must have "
            f"{dims} dimensions and be of a kind in {kinds!r}"
        )
    if place.chunks:
        _check_size(file, name, place.chunks, place.dtype)
    return place


def _check_size(file: h5py.File, name: str, shape: tuple[int, ...], dtype: np.dtype) -> None:
    size = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if size > MAX_BYTES or not size and len(shape) > 1:
        raise DatasetError(f"{file.filename}: {name!r} takes {size} bytes of at most {MAX_BYTES}")
