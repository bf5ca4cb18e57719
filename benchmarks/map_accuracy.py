"""How true the map is, in a room of which everything is known.

Protocol: synthetic rooms (seeds 0, 1, 2; 120 hand-held frames each, 320×240), 5 cm voxels, default
settings, with exact depth, with exact depth and every thing below 40 cm taken out, and with the
depth-camera noise model. Surface: zero crossings
against points spread over the truly observed surface, F-score at 5 cm. Space: every voxel of the
room's air by the classes of `nesf_ros.synthetic.truth` (ambiguous ones are not scored).
"""

from __future__ import annotations

import argparse

import numpy as np
from tqdm import tqdm

from benchmarks.report import Report
from nesf_ros.config import MapConfig
from nesf_ros.evaluation.geometry import surface_fscore
from nesf_ros.synthetic.sensor import SensorNoise
from nesf_ros.synthetic.source import SyntheticSource
from nesf_ros.synthetic.truth import Lattice, observation_truth, observed_surface
from nesf_ros.types import FREE, OCCUPIED, UNOBSERVED, Box
from nesf_ros.voxels import VoxelMap
from nesf_ros.voxels.surface import surface_points
from nesf_ros.voxels.updates import dense_codes

SEEDS = (0, 1, 2)
FRAMES = 120
SIZE = (320, 240)
THRESHOLD_M = 0.05
SURFACE_POINTS = 100_000
SMALL_M = 0.4


def run(args: argparse.Namespace) -> Report:
    """Clean and noisy rooms against their truth."""
    report = Report("map_accuracy")
    for kind, noise in (
        ("clean", None),
        ("clean, furniture alone", None),
        ("noisy", SensorNoise()),
    ):
        scores = [
            score(seed, noise, "alone" in kind)
            for seed in tqdm(SEEDS, desc=kind, disable=args.json)
        ]
        mean = {key: float(np.mean([s[key] for s in scores])) for key in scores[0]}
        worst = {key: [round(s[key], 5) for s in scores] for key in ("f_score", "free_found")}
        report.figures[kind] = mean
        report.figures[f"{kind}, per room"] = worst
        if kind == "clean":
            report.at_least("clean: surface F-score at 5 cm", mean["f_score"], 0.97)
        report.at_least(f"{kind}: free cells called free", mean["free_found"], 0.99)
        report.at_most(
            f"{kind}: never-observed cells called known", mean["unobserved_known"], 0.005
        )
    return report


def score(seed: int, noise: SensorNoise | None, alone: bool) -> dict[str, float]:
    """One room; `alone`: all that is smaller than SMALL_M taken out."""
    source = SyntheticSource(seed, FRAMES, rate_hz=10.0, size=SIZE, noise=noise)
    if alone:
        small = [thing.name for thing in source.scene.things if max(thing.model.size_m) < SMALL_M]
        source = source.through(source.scene.without(*small))
    config = MapConfig()
    voxel_map = VoxelMap(config)
    for frame in source:
        voxel_map.integrate(frame)
    points, _ = surface_points(voxel_map)
    truth_points = observed_surface(source.scene, source.poses, source.camera, SURFACE_POINTS)
    surface = surface_fscore(points, truth_points, THRESHOLD_M)
    lattice = Lattice.covering(source.scene.interior, config.voxel_size_m)
    truth = observation_truth(source.scene, source.poses, source.camera, lattice)
    upper = np.array(lattice.origin) + np.array(lattice.shape) * lattice.voxel_size_m
    codes, origin = dense_codes(voxel_map, Box(lattice.origin, tuple(upper.tolist())))
    if codes.shape != truth.shape or not np.allclose(origin, lattice.origin):
        raise RuntimeError(f"lattices differ: {codes.shape} at {origin}, {truth.shape}")
    free, never, surfaces = (truth == kind for kind in (FREE, UNOBSERVED, OCCUPIED))
    return {
        "f_score": surface.f_score,
        "precision": surface.precision,
        "recall": surface.recall,
        "free_found": float(((codes > 0) & (codes < 128))[free].mean()),
        "unobserved_known": float((codes > 0)[never].mean()),
        "occupied_found": float((codes >= 128)[surfaces].mean()),
        "occupied_called_free": float(((codes > 0) & (codes < 128))[surfaces].mean()),
        "free_called_occupied": float((codes >= 128)[free].mean()),
        "observed_share": float((truth != UNOBSERVED).mean()),
    }
