"""Tiles of what a robot's camera sees of rooms: what the relevancy extractor cuts up, to train on.

Crops of one thing teach what a thing is called; tiles teach to tell things apart where many stand
together, small and far away, behind a camera's noise.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Int64, UInt8
from numpy import ndarray

from nesf_ros.datasets.labelled import LabelledView
from nesf_ros.synthetic.generate import labelled_scene, visible_things
from nesf_ros.synthetic.order import Order
from nesf_ros.training.crops import CELL_PX, KINDS, SIZE_PX, Crop
from nesf_ros.training.vocabulary import NAMES, NONE, number

ROOMS_PER_SHARD = 12
FIRST_ROOM = 50_000
"""Number of the first room: those before are for crops of the kind "room"."""
_VIEWS, _TILES = 9, 20
_SIDES = (1 / 7, 1.0)  # of tiles, in heights of the picture
_AIMED = 0.75  # share of tiles that show a thing which is drawn first, large or small
_CELLS = SIZE_PX // CELL_PX


def glances_of(split: str, shard: int) -> Iterator[Crop]:
    """Tiles of the pictures of `ROOMS_PER_SHARD` rooms; the same arguments give the same tiles."""
    order = Order.glances(split, _VIEWS)
    for place in range(ROOMS_PER_SHARD):
        room = FIRST_ROOM + shard * ROOMS_PER_SHARD + place
        scene = labelled_scene(order, room)
        rng = np.random.default_rng((scene.seed, 5))
        names = np.array([number(NAMES, t.class_name) for t in scene.things] + [NONE], np.uint8)
        for view in scene.views:
            for _ in range(_TILES):
                yield _tile(view, names, rng)._replace(scene=place)


def _tile(view: LabelledView, names: UInt8[ndarray, " things"], rng: np.random.Generator) -> Crop:
    height, width = view.instances.shape
    side = round(height * float(np.exp(rng.uniform(*np.log(_SIDES)))))
    room_for = np.array([height - side, width - side])
    corner = rng.integers(0, room_for + 1)
    shown = sorted(visible_things(view.instances))
    if shown and rng.random() < _AIMED:
        pixels: Int64[ndarray, "n 2"] = np.argwhere(view.instances == rng.choice(shown))
        corner = (rng.choice(pixels) - rng.integers(0, side, 2)).clip(0, room_for)
    row, column = (slice(int(first), int(first) + side) for first in corner)
    middles = ((np.arange(_CELLS) + 0.5) * side / _CELLS).astype(np.int64)
    seen = names[view.instances[row, column][np.ix_(middles, middles)]]  # -1 is the last one
    return Crop(
        image=_resized(view.color[row, column]), scene=0, name=NONE, color=NONE, material=NONE,
        size=NONE, share=0.0, visible=0.0, others=0.0, kind=KINDS.index("glance"),
        target=np.zeros_like(seen), names=seen, colors=np.full_like(seen, NONE),
    )  # fmt: skip


def _resized(picture: UInt8[ndarray, "side side 3"]) -> UInt8[ndarray, "size size 3"]:
    """As `vision.tiles.resized` does."""
    planes = torch.from_numpy(picture.transpose(2, 0, 1).copy())[None]
    sized = F.interpolate(planes, (SIZE_PX, SIZE_PX), mode="bicubic", antialias=True)
    return sized[0].permute(1, 2, 0).contiguous().numpy()
