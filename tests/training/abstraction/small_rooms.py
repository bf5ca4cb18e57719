"""A room of five boxes, written by hand: what fills it can be reckoned in the head.

4 × 4 × 2.4 m in steps of 0.1 m. From x = 0.3, view 0 looks along +x at a hollow box with a mug on
it, a sofa to its left and a wall behind; from y = 0.3, view 1 looks along +y at the same.
"""

import hashlib

import numpy as np
import torch

from nesf_ros.semantics.completion.presets import Preset
from nesf_ros.training.abstraction.making import Eyes
from nesf_ros.training.abstraction.rooms import EMPTY, EVERY, About, Room
from nesf_ros.types import Intrinsics

TINY = Preset(16, 3.2, (4, 8))
CAMERA = (32, 24, 20.0, 20.0, 15.5, 11.5)
THINGS = {
    # In metres: lower and upper corner.
    "floor": ((0, 0, 0), (4, 4, 0.1)),
    "box": ((2, 1.7, 0.1), (2.6, 2.3, 0.7)),
    "mug": ((2.2, 1.9, 0.7), (2.4, 2.1, 0.9)),
    "sofa": ((2, 2.7, 0.1), (2.6, 3.3, 0.7)),
    "wall": ((3.9, 0, 0.1), (4, 4, 2.4)),
}
FLOOR, BOX, MUG, SOFA, WALL = range(5)
HOLLOW = ((2.1, 1.8, 0.2), (2.5, 2.2, 0.6))
ABSENT_WORDS = ("apple", "bread", "hat", "shoe", "towel", "soap", "pan", "kettle")
TEXTS = ("box", "floor", "mug", "sofa", "wall", "couch", *ABSENT_WORDS)
MODEL = "by-hand@1"
POSES = (
    np.array([[0, 0, 1, 0.3], [-1, 0, 0, 2.0], [0, -1, 0, 0.9], [0, 0, 0, 1.0]]),
    np.array([[1, 0, 0, 2.3], [0, 0, 1, 0.3], [0, -1, 0, 0.9], [0, 0, 0, 1.0]]),
)
RELATIONS = (
    (MUG, "on", BOX, 0), (MUG, "on", BOX, 1), (SOFA, "on the left of", BOX, 0),
    (SOFA, "behind", BOX, 1),
)  # fmt: skip


def words(target, relation, reference):
    return TEXTS.index(target), relation, TEXTS.index(reference)


DESCRIPTIONS = (
    (
        words("mug", "on", "box"), words("sofa", "on the left of", "box"),
        words("apple", "in", "box"), words("apple", "behind", "box"),
        words("couch", "on the left of", "box"),
    ),
    (words("mug", "on", "box"), words("sofa", "behind", "box"), words("hat", "in", "box")),
)  # fmt: skip


def small_room(name="by-hand", split="train-3d", seed=7):
    """The room, with relevancies as good as they can be."""
    instances = _filled()
    about = About(
        name, seed, split, MODEL, tuple(THINGS), TEXTS, (0.05, 0.05, 0.05, 0.1), CAMERA,
        DESCRIPTIONS, RELATIONS,
    )  # fmt: skip
    arrays = {"instances": instances, "pose": torch.from_numpy(np.stack(POSES))}
    depth, things = zip(*(_seen(instances, pose) for pose in POSES), strict=True)
    arrays["depth_mm"] = (torch.stack(depth) * 1000).round().to(torch.uint16)
    arrays["things"] = torch.stack(things).to(torch.uint8)
    arrays["color"] = (40 * arrays["things"][:, ::2, ::2, None].expand(-1, -1, -1, 3)).contiguous()
    shown = arrays["things"][:, None, ::EVERY, ::EVERY]
    meant = torch.tensor([_meant(text) for text in TEXTS])[None, :, None, None]
    arrays["live"] = 0.3 * (shown == meant).half()
    arrays["chefer"] = 0.1 * (shown == meant).half() + 0.05
    for look in ("live", "chefer"):
        arrays[f"{look}_background"] = torch.zeros(2, 2, *shown.shape[2:], dtype=torch.float16)
    arrays["sentences"] = torch.stack(
        [arrays["live"][view][[w[0] for w in DESCRIPTIONS[0]]] for view in range(2)]
    )
    arrays["seen"] = torch.ones(2, len(THINGS), dtype=torch.bool)
    arrays["center"] = torch.tensor(
        [np.mean(corners, 0).tolist() for corners in THINGS.values()], dtype=torch.float32
    )
    arrays["reach"] = torch.ones(2, len(THINGS))
    arrays["overlap"] = torch.tensor([[1.0, 0.5], [0.5, 1.0]])
    arrays["space"] = torch.tensor(
        [
            [BOX, 1, 0, 0, -0.2, -0.2, 0.1, 0.2, 0.2, 0.5],
            [BOX, 0, 0, 0, -0.3, -0.3, 0.6, 0.3, 0.3, 0.8],
        ]
    )
    arrays["thing_T_world"] = torch.eye(4).repeat(2, 1, 1)
    arrays["thing_T_world"][:, :3, 3] = torch.tensor([-2.3, -2.0, -0.1])
    return Room(about, arrays)


def small_eyes(vision=None):
    """Eyes that look at nothing, and embed words by their letters."""
    eyes = object.__new__(Eyes)
    object.__setattr__(eyes, "reader", _Reader())
    object.__setattr__(eyes, "model", _Model())
    return eyes


class _Reader:
    def embed(self, texts):
        rows = []
        for text in texts:
            seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
            rows.append(torch.randn(_Model.dim, generator=torch.Generator().manual_seed(seed)))
        return torch.stack(rows)


class _Model:
    dim = 6
    fingerprint = MODEL


def _filled():
    instances = torch.full((40, 40, 24), EMPTY, dtype=torch.uint8)
    for number, corners in enumerate(THINGS.values()):
        instances[_block(corners)] = number
    instances[_block(HOLLOW)] = EMPTY
    return instances


def _block(corners):
    lower, upper = (np.round(np.array(corner) * 10).astype(int) for corner in corners)
    return tuple(slice(a, b) for a, b in zip(lower, upper, strict=True))


def _seen(instances, pose):
    """Depth and things by steps of a centimetre along each pixel's ray."""
    camera = Intrinsics(*CAMERA)
    v, u = np.mgrid[: camera.height, : camera.width]
    rays = np.stack([(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones(u.shape)])
    steps = np.arange(0.05, 5.0, 0.01)
    world = pose[:3, :3] @ rays.reshape(3, -1)
    points = world[:, None] * steps[:, None] + pose[:3, 3, None, None]
    place = torch.from_numpy(np.floor(points * 10)).long()
    inside = ((place >= 0) & (place < torch.tensor([40, 40, 24])[:, None, None])).all(0)
    x, y, z = torch.where(inside, place, 0)
    thing = torch.where(inside, instances[x, y, z].long(), EMPTY)
    hit = thing != EMPTY
    first = hit.int().argmax(0)
    depth = torch.where(hit.any(0), torch.from_numpy(steps)[first], 0.0)
    found = torch.where(hit.any(0), thing.gather(0, first[None])[0], EMPTY)
    return depth.view(u.shape), found.view(u.shape)


def _meant(text):
    name = {"couch": "sofa"}.get(text, text)
    return list(THINGS).index(name) if name in THINGS else -1
