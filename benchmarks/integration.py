"""Time per frame: our map (TSDF, colour, free space) against Open3D's TSDF and colour alone.

Protocol: 640×480 frames at 2 cm, 4 m range, our default settings otherwise. Each frame goes to our
map and to every form of the rival in turn, so that all meet the same load; medians over all frames
after the first ten. Both use their default threads. The bar holds against the rival as it comes
(blocks of 16, truncation 8); the other forms are shown beside it.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from tqdm import tqdm

from benchmarks.recordings import frames_vga
from benchmarks.report import Report
from benchmarks.rival import Open3dTsdf
from nesf_ros.config import MapConfig
from nesf_ros.voxels import VoxelMap

VOXEL_M, RANGE_M = 0.02, 4.0
WARM_UP = 10


def run(args: argparse.Namespace) -> Report:
    """Milliseconds per frame, and ratios."""
    name, frames = frames_vga(args.data)
    config = MapConfig(device="cpu", voxel_size_m=VOXEL_M, max_depth_m=RANGE_M)
    ours = VoxelMap(config)
    rivals = {
        f"open3d, blocks of {block}, truncation {truncation:g}": Open3dTsdf(
            VOXEL_M, RANGE_M, block, truncation
        )
        for block, truncation in ((16, 8.0), (16, 4.0), (8, 4.0))
    }
    times: dict[str, list[float]] = {key: [] for key in ("nesf_ros", *rivals)}
    for frame in tqdm(frames, disable=args.json):
        start = time.perf_counter()
        ours.integrate(frame)
        times["nesf_ros"].append(time.perf_counter() - start)
        for key, rival in rivals.items():
            prepared = rival.prepare(frame)
            start = time.perf_counter()
            rival.integrate(*prepared)
            times[key].append(time.perf_counter() - start)
    medians = {key: float(np.median(values[WARM_UP:])) * 1e3 for key, values in times.items()}
    report = Report("integration", {"recording": name, "frames": len(frames)})
    report.figures["ms per frame"] = {key: round(value, 2) for key, value in medians.items()}
    ratios = {key: round(medians["nesf_ros"] / medians[key], 3) for key in rivals}
    report.figures["time against it"] = ratios
    report.figures["MiB"] = round(ours.nbytes / 2**20, 1)
    default = next(iter(rivals))
    report.at_most("time against Open3D's defaults", medians["nesf_ros"] / medians[default], 2.0)
    return report
