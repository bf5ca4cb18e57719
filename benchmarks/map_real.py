"""Depth rendered from the map at views that it has not seen, on a real recording.

Protocol: 7-Scenes, list index % 5 == 2 held out; 2 cm voxels, 4 m range. Each method renders the
held-out views; absolute errors against the measured depth are pooled over all pixels at which
every method has depth (common mask). The rival is run with its default truncation (8 voxels) and
with half of it, each rendered by its ray caster and as a marching-cubes mesh. The bars hold against
its defaults at their best, which is the mesh; the other rows say what more can be had from it.
"""

from __future__ import annotations

import argparse

import numpy as np
import open3d.core as core
from tqdm import tqdm

from benchmarks.recordings import held_out
from benchmarks.report import Report
from benchmarks.rival import Open3dTsdf
from nesf_ros.config import MapConfig
from nesf_ros.evaluation.geometry import depth_errors
from nesf_ros.geometry.cameras import unproject
from nesf_ros.types import PosedFrame
from nesf_ros.voxels import VoxelMap
from nesf_ros.voxels.read import render

VOXEL_M, RANGE_M = 0.02, 4.0
WEIGHT = 1.0


def run(args: argparse.Namespace) -> Report:
    """Mean and median error of all methods on their common mask, and each one's coverage."""
    train, held = held_out(args.data)
    images = rendered(train, held, args.json)
    truth = np.stack([frame.rgbd.depth_m for frame in held])
    valid = (truth > 0) & (truth < RANGE_M)
    common = valid & np.all([depth > 0 for depth in images.values()], axis=0)
    report = Report("map_real", {"held-out views": len(held), "pixels": int(common.sum())})
    scores = {}
    for name, depth in images.items():
        scores[name] = depth_errors(depth, truth, common)
        report.figures[name] = {
            "mean_cm": round(scores[name].mean_m * 100, 3),
            "median_cm": round(scores[name].median_m * 100, 3),
            "coverage": round(depth_errors(depth, truth, valid).coverage, 4),
        }
    ours, rival = scores["nesf_ros"], scores["open3d mesh, truncation 8"]
    report.at_most("mean error, cm", ours.mean_m * 100, round(rival.mean_m * 100, 3))
    report.at_most("median error, cm", ours.median_m * 100, round(rival.median_m * 100, 3))
    return report


def rendered(train: list[PosedFrame], held: list[PosedFrame], quiet: bool) -> dict[str, np.ndarray]:
    """Depth images of the held-out views by method, views × height × width, metres."""
    ours = VoxelMap(MapConfig(device="cpu", voxel_size_m=VOXEL_M, max_depth_m=RANGE_M))
    rivals = {t: Open3dTsdf(VOXEL_M, RANGE_M, 16, t) for t in (8.0, 4.0)}
    for frame in tqdm(train, desc="integrate", disable=quiet):
        ours.integrate(frame)
        for rival in rivals.values():
            rival.integrate(*rival.prepare(frame))
    out: dict[str, list[np.ndarray]] = {}
    scenes = {t: rival.mesh_scene(WEIGHT) for t, rival in rivals.items()}
    for frame in tqdm(held, desc="render", disable=quiet):
        camera, pose = frame.rgbd.depth_intrinsics, frame.world_T_camera
        out.setdefault("nesf_ros", []).append(render(ours, camera, pose, RANGE_M).depth_m)
        for t, rival in rivals.items():
            cast = rival.render(camera, pose, WEIGHT)
            out.setdefault(f"open3d ray cast, truncation {t:g}", []).append(cast)
            mesh = mesh_depth(scenes[t], frame)
            out.setdefault(f"open3d mesh, truncation {t:g}", []).append(mesh)
    return {name: np.stack(images) for name, images in out.items()}


def mesh_depth(scene, frame: PosedFrame) -> np.ndarray:
    """Depth of a mesh seen by a frame's depth camera, 0 where there is none."""
    camera, pose = frame.rgbd.depth_intrinsics, frame.world_T_camera
    v, u = np.mgrid[: camera.height, : camera.width]
    pixels = np.stack([u, v], -1).astype(np.float64)
    rays = unproject(pixels, np.ones(pixels.shape[:2]), camera) @ pose[:3, :3].T
    origins = np.broadcast_to(pose[:3, 3], rays.shape)
    hits = scene.cast_rays(core.Tensor(np.concatenate([origins, rays], -1).astype(np.float32)))
    depth = hits["t_hit"].numpy()
    return np.where(np.isfinite(depth) & (depth < RANGE_M), depth, 0).astype(np.float32)
