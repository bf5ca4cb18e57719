"""Rooms for the 3D nets: built, looked at by a robot's glances, and asked about in words."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32, Int64
from numpy import ndarray
from torch import Tensor

from nesf_ros.config import SemanticsConfig, VisionConfig
from nesf_ros.datasets.labelled import LabelledView
from nesf_ros.errors import DatasetError
from nesf_ros.geometry import se3
from nesf_ros.geometry.cameras import project, unproject_image
from nesf_ros.semantics.completion.cells import BACKGROUND, background_of
from nesf_ros.semantics.reading import Reader
from nesf_ros.synthetic.generate import built_scene, labelled_scene, visible_things
from nesf_ros.synthetic.order import Order
from nesf_ros.synthetic.relations import center_of_mass, reach_m, viewer_axes
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.truth import Lattice
from nesf_ros.synthetic.volumes import instance_lattice
from nesf_ros.training.abstraction.asking import descriptions_of, texts_of
from nesf_ros.training.abstraction.rooms import EMPTY, EVERY, SUFFIX, About, Room, Words
from nesf_ros.types import Intrinsics
from nesf_ros.vision.models import VisionModel, load_model
from nesf_ros.vision.presets import PRESETS, Preset
from nesf_ros.vision.relevancy import Against, RelevancyExtractor

STEP_M = 0.025
"""Between points of the lattice that says what fills the room."""
LOOK = Preset((1 / 2, 1 / 4, 1 / 6), strides=2, mirrors="every other")
"""250 tiles: of the cost of a step of `live` on two cores. On rooms of validation, smaller tiles
make relevancy truer than those of `LADDER[5]`, and one of the whole picture adds nothing."""
CONTRAST = 20.0
"""How sharply texts are held against everyday words; between 10 and 40 there is little in it."""
EMBEDDED = VisionConfig(precision="bf16")
"""The model that comes with the package, in the precision that is fast."""
_NEAR = 0.05  # of the depth: two views show the same surface


@dataclass(frozen=True)
class Eyes:
    """What looks at the views, in one process."""

    reader: Reader
    model: VisionModel

    @classmethod
    def open(cls, vision: VisionConfig) -> Eyes:
        """Those of a model, on the CPU."""
        model = load_model(vision, torch.device("cpu"))
        return cls(Reader(model, vision, SemanticsConfig()), model)

    def extractor(self, name: str) -> RelevancyExtractor:
        """By `LOOK` or a named preset."""
        preset = PRESETS.get(name, LOOK)
        return RelevancyExtractor(self.model.tower, preset, (self.model.mean, self.model.std))

    def recognise(self, rooms: Sequence[Room]) -> None:
        """Raises DatasetError for rooms that another vision-language model looked at."""
        for room in rooms:
            if room.about.model != self.model.fingerprint:
                raise DatasetError(
                    f"{room.about.name} was looked at by {room.about.model}, not by "
                    f"{self.model.fingerprint}; make it again"
                )


def make_room(eyes: Eyes, split: str, index: int, views: int, style: str) -> Room:
    """Room number `index` of a split, with its truth and the model's relevancies.

    Of the pictures that are looked at, depth and things are kept at half the size, colour at a
    quarter.
    """
    order = Order.glances(split, views, style)
    scene = built_scene(order, index)
    labelled = labelled_scene(order, index, scene)
    seen = list(labelled.views)
    visible = [visible_things(view.instances) for view in seen]
    texts = texts_of(labelled, np.random.default_rng((labelled.seed, 7)))
    descriptions = descriptions_of(labelled, scene, visible, texts)
    lattice = Lattice.covering(labelled.bounds, STEP_M)
    instances = instance_lattice(scene, lattice)
    camera = _halved(seen[0].camera)
    first = [corner + STEP_M / 2 for corner in lattice.origin]
    about = About(
        name=labelled.name,
        seed=labelled.seed,
        split=split,
        model=eyes.model.fingerprint,
        classes=tuple(thing.class_name for thing in labelled.things),
        texts=texts,
        lattice=(first[0], first[1], first[2], STEP_M),
        camera=(camera.width, camera.height, camera.fx, camera.fy, camera.cx, camera.cy),
        descriptions=descriptions,
        relations=tuple((r.target, r.relation, r.reference, r.view) for r in labelled.relations),
    )
    arrays = _images(seen) | _looks(eyes, seen, texts, descriptions) | _spaces(scene)
    arrays["instances"] = torch.from_numpy(np.where(instances < 0, EMPTY, instances)).to(
        torch.uint8
    )
    arrays["seen"] = torch.tensor([[n in v for n in range(len(scene.things))] for v in visible])
    arrays["center"] = torch.from_numpy(np.stack([center_of_mass(t) for t in scene.things])).float()
    arrays["reach"] = torch.tensor(
        [[reach_m(t, viewer_axes(v.world_T_camera)) for t in scene.things] for v in seen]
    )
    arrays["overlap"] = _overlaps(seen)
    return Room(about, arrays)


def _halved(camera: Intrinsics) -> Intrinsics:
    """The camera of every other pixel."""
    return Intrinsics(
        camera.width // 2, camera.height // 2,
        camera.fx / 2, camera.fy / 2, camera.cx / 2, camera.cy / 2,
    )  # fmt: skip


def _images(seen: Sequence[LabelledView]) -> dict[str, Tensor]:
    color = np.stack([view.color[::4, ::4] for view in seen])
    depth = np.stack([np.round(1000 * view.depth_m[::2, ::2]) for view in seen]).clip(0, 65535)
    things = np.stack([np.where(v.instances < 0, EMPTY, v.instances)[::2, ::2] for v in seen])
    return {
        "color": torch.from_numpy(color),
        "depth_mm": torch.from_numpy(depth.astype(np.uint16)),
        "things": torch.from_numpy(things.astype(np.uint8)),
        "pose": torch.from_numpy(np.stack([view.world_T_camera for view in seen])),
    }


def _looks(
    eyes: Eyes,
    seen: Sequence[LabelledView],
    texts: tuple[str, ...],
    descriptions: Sequence[Sequence[Words]],
) -> dict[str, Tensor]:
    """Relevancies of texts, of sentences, and their background, by `LOOK` and as Chefer et al."""
    words = eyes.reader.embed([*texts, *BACKGROUND])
    against = Against(words[len(texts) :], CONTRAST)
    looks: dict[str, list[Tensor]] = {}
    most = max(len(described) for described in descriptions)
    for name in ("live", "chefer"):
        extractor = eyes.extractor(name)
        for view, described in zip(seen, descriptions, strict=True):
            scan = extractor.scan(view.color)
            held = against if name == "live" else None  # theirs knows no other words
            maps = scan.relevancy(words, 2 * EVERY, held)
            looks.setdefault(name, []).append(maps[: len(texts)].half())
            looks.setdefault(f"{name}_background", []).append(
                background_of(maps[len(texts) :]).half()
            )
            if name == "live":
                sentences = torch.zeros(most, *maps.shape[1:], dtype=torch.float16)
                if described:
                    said = [f"{texts[a]} {how} the {texts[b]}" for a, how, b in described]
                    read = eyes.reader.embed(said)
                    sentences[: len(said)] = scan.relevancy(read, 2 * EVERY, against).half()
                looks.setdefault("sentences", []).append(sentences)
    return {name: torch.stack(maps) for name, maps in looks.items()}


def _spaces(scene: Scene) -> dict[str, Tensor]:
    """Spaces in and on things: whose, which, and their box in the frame of the thing."""
    rows, poses = [], []
    for number, thing in enumerate(scene.things):
        for space in thing.model.receptacles:
            kind = (number, float(space.relation == "in"), float(space.round), float(space.closed))
            rows.append([*kind, *space.lower, *space.upper])
            poses.append(se3.invert(thing.world_T_model))
    return {
        "space": torch.tensor(rows, dtype=torch.float32).reshape(-1, 10),
        "thing_T_world": torch.from_numpy(np.array(poses).reshape(-1, 4, 4)).float(),
    }


def _overlaps(seen: Sequence[LabelledView]) -> Float32[Tensor, "views views"]:
    """Share of what each view shows (rows) that each other one (columns) shows, too."""
    shares = np.zeros((len(seen), len(seen)), np.float32)
    for row, one in enumerate(seen):
        points = unproject_image(one.depth_m, one.camera)[::8, ::8].reshape(-1, 3)
        points = points[points[:, 2] > 0].astype(np.float64)
        world = se3.transform_points(one.world_T_camera, points)
        for column, other in enumerate(seen):
            shares[row, column] = _shown(world, other).mean() if len(world) else 0.0
    return torch.from_numpy(shares)


def _shown(world: ndarray, view: LabelledView) -> ndarray:
    there = se3.transform_points(se3.invert(view.world_T_camera), world)
    pixel: Int64[ndarray, "n 2"] = np.nan_to_num(project(there, view.camera), nan=-9).round()
    u, v = pixel.clip(-1, 1e6).astype(np.int64).T
    inside = (u >= 0) & (v >= 0) & (u < view.camera.width) & (v < view.camera.height)
    shown = np.zeros(len(world), bool)
    depth = view.depth_m[v[inside], u[inside]]
    shown[inside] = np.abs(depth - there[inside, 2]) < _NEAR * there[inside, 2]
    return shown


def write_rooms(
    folder: Path,
    split: str,
    numbers: Sequence[int],
    views: int,
    style: str = "glances",
    workers: int = 0,
    progress: Callable[[str], object] = lambda name: None,
    vision: VisionConfig = EMBEDDED,
) -> None:
    """Make rooms of a split, a process per core (or `workers`); those that are there stay.

    Views are of a style of `trajectory.STYLES`, and `vision` looks at them.
    """
    cores = sorted(os.sched_getaffinity(0))
    context = get_context("spawn")  # Open3D's threads do not survive a fork
    free = context.Queue()
    for core in cores:
        free.put(core)
    left = [n for n in numbers if not _path(folder, n).exists()]
    count = workers or len(cores)
    with ProcessPoolExecutor(count, context, _settle, (free,)) as pool:
        jobs = [pool.submit(_write, folder, split, number, views, style, vision) for number in left]
        for job in as_completed(jobs):
            progress(job.result())


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:05d}{SUFFIX}"


_eyes: Eyes | None = None  # of this process: a model is loaded once, not for every room


def _write(
    folder: Path, split: str, number: int, views: int, style: str, vision: VisionConfig
) -> str:
    global _eyes
    _eyes = _eyes or Eyes.open(vision)
    room = make_room(_eyes, split, number, views, style)
    room.write(_path(folder, number))
    return f"{split} {number}: {len(room.about.classes)} things"


def _settle(free) -> None:
    os.sched_setaffinity(0, {free.get()})
    torch.set_num_threads(1)
