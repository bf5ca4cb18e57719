"""Data sets of labelled scenes: made over all cores, resumable, every file with a checksum.

`labelled_scene` makes one scene with its views and labels; `generate` writes many of them. What
comes out depends on the `Order` and the number of the scene alone, not on workers or restarts.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int32
from numpy import ndarray

from nesf_ros.datasets.bag_writer import write_rosbag
from nesf_ros.datasets.labelled import Caption, LabelledScene, LabelledView, Relation
from nesf_ros.datasets.nesf import write_nesf
from nesf_ros.datasets.posed_folder import write_posed_folder
from nesf_ros.datasets.semabs import write_semabs
from nesf_ros.errors import ConfigError, ProcessError
from nesf_ros.synthetic.captions import Captioner
from nesf_ros.synthetic.manifest import Manifest, SceneRecord, checksum, sole_writer
from nesf_ros.synthetic.objects import CLASSES
from nesf_ros.synthetic.order import Order
from nesf_ros.synthetic.photo import Photo
from nesf_ros.synthetic.relations import UNRELATED, relations_seen
from nesf_ros.synthetic.renderers import Renderer
from nesf_ros.synthetic.renderers.pathtrace import PathTracer
from nesf_ros.synthetic.renderers.raycast import RayCaster
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.scenes import SCENES, make_scene
from nesf_ros.synthetic.sensor import SensorNoise
from nesf_ros.synthetic.splits import split_named
from nesf_ros.synthetic.trajectory import camera_path
from nesf_ros.types import START_NS


def _write_nesf(scene: LabelledScene, folder: Path) -> None:
    """As NeSF's own data: where there are no rooms, what things stand on is background."""
    ground = () if "wall" in scene.classes else {"floor", "backdrop"} & {*scene.classes}
    write_nesf(scene, folder, background=ground)


WRITERS: dict[str, Callable[[LabelledScene, Path], None]] = {
    "folder": write_posed_folder,
    "nesf": _write_nesf,
    "semabs": write_semabs,
    "rosbag": write_rosbag,
}
"""What writes each format, into a path that is not there yet."""

VISIBLE_SHARE = 3e-4
"""Share of an image's pixels from which a thing counts as visible: 23 px of 320×240."""
_VIEW_HZ = 1.0


def built_scene(order: Order, index: int) -> Scene:
    """What there is in scene number `index` of the order's split."""
    split, count = split_named(order.split), order.count or None
    seed, excluded = split.seed(index), split.excluded
    return make_scene(order.kind, seed, novel=split.novel, exclude=excluded, count=count)


def labelled_scene(order: Order, index: int, built: Scene | None = None) -> LabelledScene:
    """Scene number `index` of the order's split: built, seen from everywhere, and labelled.

    `built` spares the building where it has been done, by `built_scene`.
    """
    split = split_named(order.split)
    seed = split.seed(index)
    scene = built or built_scene(order, index)
    style = order.style or SCENES[order.kind].style
    poses = camera_path(scene, style, order.views, seed, _VIEW_HZ)
    views = list(_views(scene, order, poses, seed, split.novel))
    visible = [visible_things(view.instances) for view in views]
    relations = tuple(
        relation
        for number, (pose, seen) in enumerate(zip(poses, visible, strict=True))
        for relation in relations_seen(scene, pose, seen, number)
    )
    return LabelledScene(
        name=f"{order.kind}-{seed:07d}",
        things=scene.labels(),
        classes=class_table(order.kind),
        bounds=scene.interior,
        views=views,
        seed=seed,
        split=order.split,
        relations=relations,
        captions=_captions(scene, seed, frozenset().union(*visible), relations, split.excluded),
        instance_at=scene.instance_at,
    )


def class_table(kind: str) -> tuple[str, ...]:
    """Names of all classes that scenes of a kind may show: of the surroundings, then things."""
    return SCENES[kind].classes or (*UNRELATED, "door", *sorted({*CLASSES} - {*UNRELATED}))


def visible_things(instances: Int32[ndarray, "height width"]) -> frozenset[int]:
    """Things of which an image shows enough to count as visible."""
    numbers, counts = np.unique(instances[instances >= 0], return_counts=True)
    return frozenset(numbers[counts >= VISIBLE_SHARE * instances.size].tolist())


def _views(
    scene: Scene, order: Order, poses: Sequence[Float64[ndarray, "4 4"]], seed: int, novel: bool
) -> Iterator[LabelledView]:
    rng = np.random.default_rng((seed, 1))
    traced = rng.random(len(poses)) < order.path_traced
    caster = RayCaster(scene)
    tracer: Renderer = PathTracer(scene, seed=seed) if traced.any() else caster
    photo = Photo.drawn(rng, novel)
    for number, pose in enumerate(poses):
        seen = (tracer if traced[number] else caster).render(order.camera, pose)
        color, depth_m = seen.color, seen.depth_m
        if order.noise:
            dice = np.random.default_rng((seed, 2, number))
            surface = caster.surface(order.camera, pose)
            depth_m = SensorNoise().depth(
                depth_m, order.camera, dice, gloss=surface.gloss, albedo=surface.albedo
            )
            color = photo.apply(color, dice)
        yield LabelledView(
            stamp_ns=START_NS + round(1e9 * number / _VIEW_HZ),
            camera=order.camera,
            world_T_camera=pose,
            color=color,
            depth_m=depth_m,
            instances=seen.instances,
            parts=seen.parts,
            normals_world=seen.normals_world,
        )


def _captions(
    scene: Scene,
    seed: int,
    visible: frozenset[int],
    relations: Sequence[Relation],
    excluded: Sequence[str],
) -> tuple[Caption, ...]:
    captioner = Captioner(scene, seed, excluded)
    return tuple(c for thing in sorted(visible) for c in captioner.about(thing, relations))


def generate(
    order: Order,
    folder: Path,
    scenes: int,
    workers: int = 0,
    progress: Callable[[SceneRecord], object] = lambda record: None,
) -> list[SceneRecord]:
    """Write the first scenes of an order into a folder; go on where an earlier run stopped.

    Args:
        order: what to make.
        folder: of the data set: new, empty, or begun with the same order.
        scenes: how many there shall be, those from earlier runs included.
        workers: processes, each on a core of its own; 0 for one per core.
        progress: called with every scene that is done.

    Returns:
        All finished scenes, by number.

    Raises:
        ConfigError: for an impossible number of scenes or workers.
        ProcessError: where a worker dies.
        DatasetError: where the folder holds something else, another run writes into it, or the
            disk is full; what is finished stays, and the same call goes on with it.
    """
    cores = sorted(os.sched_getaffinity(0))
    if scenes < 1 or not 0 <= workers <= len(cores):
        raise ConfigError(
            f"{scenes} scenes by {workers} workers; there must be a scene to make, and one worker "
            f"per core at the most, of which there are {len(cores)}"
        )
    split_named(order.split).seed(scenes - 1)
    with sole_writer(folder):
        return _generate(order, folder, scenes, workers, progress)


def _generate(
    order: Order,
    folder: Path,
    scenes: int,
    workers: int,
    progress: Callable[[SceneRecord], object],
) -> list[SceneRecord]:
    cores = sorted(os.sched_getaffinity(0))
    manifest = Manifest(folder, asdict(order))
    done = {record.index for record in manifest.records}
    left = [index for index in range(scenes) if index not in done]
    context = get_context("spawn")  # Open3D's threads do not survive a fork
    free: Queue[int] = context.Queue()
    for core in cores:
        free.put(core)
    count = min(workers or len(cores), max(len(left), 1))
    with ProcessPoolExecutor(count, context, _take_core, (free,)) as pool:
        jobs = [pool.submit(write_scene, order, index, folder) for index in left]
        try:
            for job in as_completed(jobs):
                manifest.add(job.result())
                progress(manifest.records[-1])
        except BrokenProcessPool as error:
            raise ProcessError(
                f"a worker has died, maybe for lack of memory; {len(manifest.records)} scenes are "
                "finished: run the same command again, with fewer workers"
            ) from error
        finally:
            # After a failure: what is begun is finished and kept, the rest is not begun.
            for job in jobs:
                job.cancel()
            recorded = {record.index for record in manifest.records}
            for job in wait(jobs).done:
                finished = not job.cancelled() and job.exception() is None
                if finished and job.result().index not in recorded:
                    manifest.add(job.result())
    return sorted(manifest.records, key=lambda record: record.index)


def write_scene(order: Order, index: int, folder: Path) -> SceneRecord:
    """Make one scene and write it into the data set's folder, in place of what may be there."""
    started = time.process_time()
    scene = labelled_scene(order, index)
    path = folder / scene.name
    if path.is_dir():
        shutil.rmtree(path)
    WRITERS[order.format](scene, path)
    return SceneRecord(
        name=scene.name,
        index=index,
        seed=scene.seed,
        split=order.split,
        seconds=time.process_time() - started,
        files={
            str(file.relative_to(folder)): (checksum(file), file.stat().st_size)
            for file in sorted(path.rglob("*"))
            if file.is_file()
        },
    )


def _take_core(free: Queue[int]) -> None:
    """Bind this worker to one core, so that the workers' thread pools do not get in the way."""
    os.sched_setaffinity(0, {free.get()})
