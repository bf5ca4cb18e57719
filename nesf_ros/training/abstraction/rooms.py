"""Rooms to learn completion and hidden places from, one safetensors file each.

A file holds views, where each text is relevant in them, and the whole truth: what fills the room,
seen or not, and the spaces in and on its things. Reading maps it into memory: what is not asked for
stays on the disk.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int64
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from nesf_ros.errors import DatasetError
from nesf_ros.types import Intrinsics

EVERY = 4
"""Relevancy is kept at each so many-th pixel of depth, along rows and columns."""
EMPTY = 255
"""Of a lattice point that nothing fills, and of a pixel that shows nothing."""
ABSENT = 8
"""The last words of a room: what is not there. Hidden things are asked for by these, too."""
SUFFIX = ".room"

Words = tuple[int, str, int]
"""A description: numbers of the target's and of the reference's text, and the relation between."""


@dataclass(frozen=True)
class About:
    """What a room's file says in words."""

    name: str
    seed: int
    split: str
    model: str
    """Fingerprint of the vision-language model."""
    classes: tuple[str, ...]
    """Of each thing."""
    texts: tuple[str, ...]
    """That relevancies are of: classes of the room, their synonyms, and what it has not."""
    lattice: tuple[float, float, float, float]
    """Middle of the first point of the lattice, and the step, metres."""
    camera: tuple[int, int, float, float, float, float]
    descriptions: tuple[tuple[Words, ...], ...]
    """Of each view."""
    relations: tuple[tuple[int, str, int, int], ...]
    """Target thing, relation, reference thing, view."""

    @property
    def intrinsics(self) -> Intrinsics:
        """Of every view."""
        return Intrinsics(*self.camera)


@dataclass(frozen=True)
class Room:
    """A room's file; every array lies in memory once it is touched."""

    about: About
    arrays: dict[str, Tensor]

    @classmethod
    def read(cls, path: Path) -> Room:
        """Open a file. DatasetError where it is no such file."""
        try:
            with safe_open(path, "pt") as file:
                told = json.loads((file.metadata() or {})["about"])
            return cls(_about(told), load_file(path))
        except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
            raise DatasetError(f"{path} is no room ({error}); make it again") from None

    def write(self, path: Path) -> None:
        """Write a file, in place of what is there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        begun = path.with_name(f".{path.name}.begun")
        about = {"about": json.dumps(asdict(self.about))}
        save_file({name: value.contiguous() for name, value in self.arrays.items()}, begun, about)
        os.replace(begun, path)

    @property
    def views(self) -> int:
        """How many there are."""
        return len(self.arrays["pose"])

    def pose(self, view: int) -> np.ndarray:
        """world_T_camera of a view, 4×4."""
        return self.arrays["pose"][view].numpy()

    def depth_m(self, view: int) -> Float32[Tensor, "height width"]:
        """Depth along the optical axis, metres; 0 where there is none."""
        return self.arrays["depth_mm"][view].float() / 1000

    def things_of(self, text: str, names: dict[str, tuple[str, ...]]) -> list[int]:
        """Things that a text means; `names` gives the classes of a synonym."""
        meant = names.get(text, (text,))
        return [n for n, name in enumerate(self.about.classes) if name in meant]

    def seen_in(self, view: int) -> Bool[Tensor, " things"]:
        """Things that a view shows well enough."""
        return self.arrays["seen"][view]

    def thing_at(self, points_world: Float32[Tensor, "n 3"]) -> Int64[Tensor, " n"]:
        """Which thing fills each point (the lattice's nearest speaks for it); EMPTY for air."""
        *first, step = self.about.lattice
        lattice = self.arrays["instances"]
        place = ((points_world - torch.tensor(first)) / step).round().long()
        shape = torch.tensor(lattice.shape)
        inside = ((place >= 0) & (place < shape)).all(1)
        found = torch.full((len(place),), EMPTY, dtype=torch.int64)
        x, y, z = place[inside].unbind(1)
        found[inside] = lattice[x, y, z].long()
        return found

    def within(self, points_world: Float32[Tensor, "n 3"]) -> Bool[Tensor, " n"]:
        """Whether points lie in the room at all."""
        *first, step = self.about.lattice
        place = (points_world - torch.tensor(first)) / step
        last = torch.tensor(self.arrays["instances"].shape) - 0.5
        return ((place >= -0.5) & (place < last)).all(1)


def read_rooms(folder: Path) -> list[Room]:
    """All rooms of a folder, by name. DatasetError where there are none."""
    paths = sorted(folder.glob(f"*{SUFFIX}"))
    if not paths:
        raise DatasetError(f"no rooms in {folder}; make some with the command `rooms`")
    return [Room.read(path) for path in paths]


def _about(told: dict[str, Any]) -> About:
    """Lists are tuples again."""

    def frozen(value: Any) -> Any:
        return tuple(map(frozen, value)) if isinstance(value, list) else value

    return About(**{name: frozen(value) for name, value in told.items()})
