"""How fast scenes become images, and images become data sets.

Protocol, renderers: a room with 40 objects beside floor, walls and ceiling, its own lamps with
shadows, all outputs made (colour, depth, instances, parts, normals). Ray caster: 20 views along a
robot's path, each rendered once to warm up and five times to count; latency is the median of one
process that has every core, throughput one process per core, pinned to it, as `nesf-ros
synthesize` runs them: frames of all, over the time of the slowest. Path tracer: 3 of these views
at 320x240, 64 paths per pixel, one process.

Protocol, data sets: `generate` into an empty folder, a worker per core, as many views of 320x240
as the settings give by default, rendered by the ray caster; scenes per minute count from the
first worker's start to the last file, and bytes are those of all files of a scene.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks.report import Report
from nesf_ros.synthetic.generate import generate
from nesf_ros.synthetic.order import FORMATS, Order
from nesf_ros.synthetic.renderers import Renderer
from nesf_ros.synthetic.renderers.pathtrace import PathTracer
from nesf_ros.synthetic.renderers.raycast import RayCaster
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.scenes import make_scene
from nesf_ros.synthetic.trajectory import camera_path

OBJECTS, SEED, VIEWS, ROUNDS, TRACED = 40, 1, 20, 5, 3
SIZES = ((320, 240), (640, 480))
KINDS = {"room": 6, "tabletop": 10, "klevr": 16}
"""How many scenes of each kind are written."""


def run(args: argparse.Namespace) -> Report:
    """Speed of both renderers, and of writing data sets."""
    scene = crowded_room()
    report = Report("synthetic", {"things": len(scene.things), "triangles": len(scene.triangles)})
    times = {name(size): np.median(frame_times(RayCaster(scene), scene, size)) for size in SIZES}
    report.figures["ray caster, ms per frame"] = {
        size: round(1e3 * float(seconds), 1) for size, seconds in times.items()
    }
    throughput = {name(size): round(frames_per_second(size), 1) for size in SIZES}
    report.figures["ray caster, frames/s by a process per core"] = throughput
    poses = camera_path(scene, "robot", VIEWS, SEED)[:TRACED]
    tracer = PathTracer(scene)
    report.figures["path tracer, s per frame of 320x240"] = round(
        float(np.median([seconds_for(tracer, SIZES[0], pose) for pose in poses])), 2
    )
    report.figures["data sets (folder)"] = {kind: data_set(kind, "folder") for kind in KINDS}
    report.figures["room, by format"] = {
        format_name: data_set("room", format_name) for format_name in FORMATS
    }
    report.at_least("frames/s at 320x240, one process", 1 / float(times["320x240"]), 30)
    report.at_least("frames/s at 320x240, a process per core", throughput["320x240"], 30)
    return report


def name(size: tuple[int, int]) -> str:
    """Such as 320x240."""
    return f"{size[0]}x{size[1]}"


def crowded_room() -> Scene:
    """The scene that is timed."""
    return make_scene("room", SEED, count=OBJECTS)


def seconds_for(renderer: Renderer, size: tuple[int, int], pose: np.ndarray) -> float:
    """Time of one frame."""
    camera = Order(width=size[0], height=size[1]).camera
    start = time.perf_counter()
    renderer.render(camera, pose)
    return time.perf_counter() - start


def frame_times(renderer: Renderer, scene: Scene, size: tuple[int, int]) -> list[float]:
    """Seconds for every frame along a path, the first round left out."""
    poses = camera_path(scene, "robot", VIEWS, SEED)
    times = [seconds_for(renderer, size, pose) for _ in range(ROUNDS + 1) for pose in poses]
    return times[VIEWS:]


def frames_per_second(size: tuple[int, int]) -> float:
    """Frames of one process per core over the time of the slowest."""
    cores = sorted(os.sched_getaffinity(0))
    with ProcessPoolExecutor(len(cores), get_context("spawn")) as pool:
        seconds = list(pool.map(_pinned, cores, [size] * len(cores)))
    return len(cores) * VIEWS * ROUNDS / max(seconds)


def _pinned(core: int, size: tuple[int, int]) -> float:
    os.sched_setaffinity(0, {core})  # before Embree counts its threads
    scene = crowded_room()
    return sum(frame_times(RayCaster(scene), scene, size))


def data_set(kind: str, format_name: str) -> dict[str, float]:
    """Scenes per minute and megabytes per scene of one kind in one format."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        records = generate(Order(kind=kind, format=format_name), Path(folder), KINDS[kind])
        seconds = time.perf_counter() - start
    size = np.mean([record.nbytes for record in records])
    return {
        "scenes/minute": round(60 * len(records) / seconds, 1),
        "MB/scene": round(float(size) / 1e6, 2),
    }
