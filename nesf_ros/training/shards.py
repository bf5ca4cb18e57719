"""Crops on disk: `crops-NNNNN.npy` holds the images of a shard, `crops-NNNNN.npz` the labels.

What a shard holds depends on its split, number and size alone; one that is there is kept, so
that an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, fields
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32, Int32, UInt8
from numpy import ndarray

from nesf_ros.errors import ConfigError, DatasetError
from nesf_ros.synthetic.splits import HELD_OUT_VISION, split_named
from nesf_ros.training.crops import Crop, crops_of
from nesf_ros.training.glances import glances_of

CYCLE = ("clean", "crowd", "tabletop", "clean", "room", "crowd", "clean", "tabletop")
"""Kinds of crops of the shards, in turn."""
CROPS_PER_SHARD = 2048
_SCENES = 10_000  # numbers of scenes that are kept for each shard


@dataclass(frozen=True)
class CropSet:
    """Many crops; the columns are those of `Crop`."""

    image: UInt8[ndarray, "n size size 3"]
    scene: Int32[ndarray, " n"]
    name: UInt8[ndarray, " n"]
    color: UInt8[ndarray, " n"]
    material: UInt8[ndarray, " n"]
    size: UInt8[ndarray, " n"]
    share: Float32[ndarray, " n"]
    visible: Float32[ndarray, " n"]
    others: Float32[ndarray, " n"]
    kind: UInt8[ndarray, " n"]
    target: UInt8[ndarray, "n cells cells"]
    names: UInt8[ndarray, "n cells cells"]
    colors: UInt8[ndarray, "n cells cells"]

    def __len__(self) -> int:
        return len(self.name)

    def picked(self, chosen: ndarray) -> CropSet:
        """Some of the crops, by number or by a mask."""
        return CropSet(*(getattr(self, column.name)[chosen] for column in fields(self)))


def crop_set(crops: Sequence[Crop]) -> CropSet:
    """Put single crops together."""
    columns = {
        name: np.stack([np.asarray(getattr(crop, name)) for crop in crops]) for name in Crop._fields
    }
    types = {"share": np.float32, "visible": np.float32, "others": np.float32, "scene": np.int32}
    return CropSet(
        **{name: column.astype(types.get(name, np.uint8)) for name, column in columns.items()}
    )


def write_shard(
    folder: Path, split: str, shard: int, count: int = CROPS_PER_SHARD, glances: bool = False
) -> Path:
    """Make a shard of at most so many crops, or tiles of `glances`, unless it is there."""
    path = folder / f"crops-{shard:05d}.npz"
    if path.exists():
        return path
    # Where every class may be shown, those that training holds out are what is asked about.
    classes = None if split_named(split).excluded else HELD_OUT_VISION
    kind = CYCLE[shard % len(CYCLE)]
    made = glances_of(split, shard) if glances else crops_of(kind, split, shard, classes)
    found = crop_set(list(itertools.islice(made, count)))
    folder.mkdir(parents=True, exist_ok=True)
    labels = {name: getattr(found, name) for name in Crop._fields if name != "image"}
    parts = ((".npy", lambda file: np.save(file, found.image)),
             (".npz", lambda file: np.savez(file, **labels)))  # fmt: skip
    for suffix, write in parts:
        begun = path.with_suffix(f".begun{suffix}")
        with begun.open("wb") as file:
            write(file)
        os.replace(begun, path.with_suffix(suffix))  # labels last: they say that all is there
    return path


def write_shards(
    folder: Path,
    split: str,
    shards: Sequence[int],
    workers: int = 0,
    progress: Callable[[Path], object] = lambda path: None,
    glances: bool = False,
) -> None:
    """Make many shards, one process per core (or `workers`). Raises ConfigError for no shards."""
    if not shards:
        raise ConfigError("0 shards; there must be one to make")
    cores = sorted(os.sched_getaffinity(0))
    context = get_context("spawn")  # Open3D's threads do not survive a fork
    free = context.Queue()
    for core in cores:
        free.put(core)
    make = partial(write_shard, folder, split, glances=glances)
    with ProcessPoolExecutor(workers or len(cores), context, _take_core, (free,)) as pool:
        for job in as_completed([pool.submit(make, shard) for shard in shards]):
            progress(job.result())


def read_shards(*folders: Path, most: int | None = None) -> CropSet:
    """All finished shards of folders, in memory; numbers of scenes made different in each.

    Of the first folder, at most so many.

    Raises:
        DatasetError: where there are none.
    """
    held = [sorted(folder.glob("crops-?????.npz")) for folder in folders]
    for folder, paths in zip(folders, held, strict=True):
        if not paths:
            raise DatasetError(f"no crops in {folder}; make some with the command `crops`")
    paths = [*held[0][:most], *itertools.chain(*held[1:])]
    tables = [dict(np.load(path)) for path in paths]
    for place, table in enumerate(tables):
        table["scene"] += _SCENES * place
    labels = {name: np.concatenate([t[name] for t in tables]) for name in tables[0]}
    first = np.load(paths[0].with_suffix(".npy"), mmap_mode="r")
    images = np.empty((len(labels["name"]), *first.shape[1:]), np.uint8)
    at = 0
    for path, table in zip(paths, tables, strict=True):
        images[at : at + len(table["name"])] = np.load(path.with_suffix(".npy"), mmap_mode="r")
        at += len(table["name"])
    return CropSet(image=images, **labels)


def _take_core(free) -> None:
    os.sched_setaffinity(0, {free.get()})
    torch.set_num_threads(1)
