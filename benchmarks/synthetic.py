"""Frames per second of the ray caster.

Protocol: a room with 40 objects beside floor, walls and ceiling, its own lamps with shadows, all
outputs made (colour, depth, instances, parts, normals); 20 views along a robot's path, each
rendered once to warm up and five times to count. Latency: median over all frames of one process
that has every core. Throughput: one process per core, pinned to it, as `nesf-ros synthesize`
runs them; frames of all, over the time of the slowest.
"""

from __future__ import annotations

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from benchmarks.report import Report
from nesf_ros.synthetic.renderers.raycast import RayCaster
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.scenes import make_scene
from nesf_ros.synthetic.trajectory import camera_path
from nesf_ros.types import Intrinsics

OBJECTS, SEED, VIEWS, ROUNDS = 40, 1, 20, 5
SIZES = ((320, 240), (640, 480))


def run(args: argparse.Namespace) -> Report:
    """Speed of the renderer at two sizes, by one process and by one per core."""
    scene = crowded_room()
    report = Report("synthetic", {"things": len(scene.things), "triangles": len(scene.triangles)})
    report.figures["ms per frame"] = {
        name(size): round(1e3 * float(np.median(frame_times(scene, size))), 1) for size in SIZES
    }
    throughput = {name(size): round(frames_per_second(size), 1) for size in SIZES}
    report.figures["frames/s, a process per core"] = throughput
    report.at_least("frames/s at 320x240, one process", 1e3 / report.figures["ms per frame"]
                    [name(SIZES[0])], 30)  # fmt: skip
    report.at_least("frames/s at 320x240, a process per core", throughput[name(SIZES[0])], 30)
    return report


def name(size: tuple[int, int]) -> str:
    """Such as 320x240."""
    return f"{size[0]}x{size[1]}"


def crowded_room() -> Scene:
    """The scene that is timed."""
    return make_scene("room", SEED, count=OBJECTS)


def frame_times(scene: Scene, size: tuple[int, int]) -> list[float]:
    """Seconds for every frame along a path."""
    width, height = size
    focal = 0.82 * width
    camera = Intrinsics(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)
    poses = camera_path(scene, "robot", VIEWS, SEED)
    renderer = RayCaster(scene)
    times = []
    for turn in range(ROUNDS + 1):
        for pose in poses:
            start = time.perf_counter()
            renderer.render(camera, pose)
            if turn:
                times.append(time.perf_counter() - start)
    return times


def frames_per_second(size: tuple[int, int]) -> float:
    """Frames of one process per core over the time of the slowest."""
    cores = sorted(os.sched_getaffinity(0))
    with ProcessPoolExecutor(len(cores), get_context("spawn")) as pool:
        seconds = list(pool.map(_pinned, cores, [size] * len(cores)))
    return len(cores) * VIEWS * ROUNDS / max(seconds)


def _pinned(core: int, size: tuple[int, int]) -> float:
    os.sched_setaffinity(0, {core})  # before Embree counts its threads
    return sum(frame_times(crowded_room(), size))
