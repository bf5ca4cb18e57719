"""A field fitted to a real recording, judged at views that it has not seen.

Protocol: 7-Scenes, list index % 5 == 2 held out, 4 m range, 60 s of fitting on the map of 2 cm
voxels. Depth against the measured one, in the depth camera, pooled over all pixels at which every
method has depth (common mask). Colour in the colour camera, over all pixels at which both show a
surface: at the mean exposure of the recording, and as exposed by the keyframes next in time (what
the fit has learned of them; of the judged picture only its stamp is used). The rival is Open3D's
TSDF with its defaults at 2 cm as a mesh with vertex colours.
"""

from __future__ import annotations

import argparse

import numpy as np
import open3d as o3d
import open3d.core as core
import torch
from tqdm import tqdm

from benchmarks.field_views import Setting, as_exposed, fitter_for, psnr, seen_by
from benchmarks.recordings import held_out
from benchmarks.report import Report
from benchmarks.rival import Open3dTsdf
from nesf_ros.evaluation.geometry import depth_errors
from nesf_ros.field.hash_grid import Lattices
from nesf_ros.geometry.cameras import unproject
from nesf_ros.types import Intrinsics, PosedFrame

VOXEL_M, RANGE_M, SECONDS = 0.02, 4.0, 60.0
LATTICES = Lattices(log2_entries=18, finest_m=0.006)
SETTING = Setting(VOXEL_M, RANGE_M, 0.06, LATTICES)


def run(args: argparse.Namespace) -> Report:
    """Depth and colour of field and rival on the held-out views."""
    train, held = held_out(args.data)
    mesh = Mesh(train)
    fitter = fitter_for(train, SETTING)
    steps = fitter.run(SECONDS)
    report = Report(
        "field_real",
        {"held-out views": len(held), "steps": steps, "threads": torch.get_num_threads()},
    )
    depth, rival, truth, colours = [], [], [], []
    for frame in tqdm(held, desc="render", disable=args.json):
        rgbd, pose = frame.rgbd, frame.world_T_camera
        depth.append(seen_by(fitter, rgbd.depth_intrinsics, pose, RANGE_M).depth_m)
        rival.append(mesh.view(rgbd.depth_intrinsics, pose)[0])
        truth.append(rgbd.depth_m)
        colours.append(colour_psnr(fitter, mesh, frame))
    hold_depth(report, np.stack(depth), np.stack(rival), np.stack(truth))
    mean, exposed, theirs = np.mean(colours, 0)
    report.figures["PSNR, dB"] = {
        "field, mean exposure": round(mean, 2),
        "field, as exposed": round(exposed, 2),
        "open3d mesh": round(theirs, 2),
    }
    report.at_least("PSNR as exposed, dB", exposed, 21)
    return report


def hold_depth(report: Report, ours: np.ndarray, rival: np.ndarray, truth: np.ndarray) -> None:
    """Errors on the common mask against the rival's."""
    valid = (truth > 0) & (truth < RANGE_M)
    common = valid & (ours > 0) & (rival > 0)
    scores = {}
    for name, depth in (("field", ours), ("open3d mesh", rival)):
        scores[name] = depth_errors(depth, truth, common)
        report.figures[name] = {
            "mean_cm": round(scores[name].mean_m * 100, 3),
            "median_cm": round(scores[name].median_m * 100, 3),
            "coverage": round(depth_errors(depth, truth, valid).coverage, 4),
        }
    bar = scores["open3d mesh"]
    report.at_most("mean error, cm", scores["field"].mean_m * 100, round(bar.mean_m * 100, 3))
    report.at_most("median error, cm", scores["field"].median_m * 100, round(bar.median_m * 100, 3))


def colour_psnr(fitter, mesh: Mesh, frame: PosedFrame) -> tuple[float, float, float]:
    """Of the field at mean exposure, as exposed, and of the mesh, dB."""
    rgbd = frame.rgbd
    pose = frame.world_T_camera @ rgbd.depth_T_color
    view = seen_by(fitter, rgbd.color_intrinsics, pose, RANGE_M)
    depth, theirs = mesh.view(rgbd.color_intrinsics, pose)
    mask = (view.depth_m > 0) & (depth > 0)
    shown = (view.color, as_exposed(fitter, view, rgbd.stamp_ns), theirs)
    return tuple(psnr(color, rgbd.color / 255.0, mask) for color in shown)  # type: ignore[return-value]


class Mesh:
    """The rival's mesh, with colours."""

    def __init__(self, frames: list[PosedFrame]):
        tsdf = Open3dTsdf(VOXEL_M, RANGE_M, 16, 8.0)
        for frame in frames:
            tsdf.integrate(*tsdf.prepare(frame))
        mesh = tsdf.grid.extract_triangle_mesh(1.0)
        self.scene = o3d.t.geometry.RaycastingScene()
        self.scene.add_triangles(mesh)  # this very mesh: another one numbers its triangles anew
        self.colors = mesh.vertex.colors.numpy()
        self.triangles = mesh.triangle.indices.numpy()

    def view(self, camera: Intrinsics, pose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Depth in metres, 0 where there is none, and colours 0–1."""
        v, u = np.mgrid[: camera.height, : camera.width]
        pixels = np.stack([u, v], -1).astype(np.float64)
        rays = unproject(pixels, np.ones(pixels.shape[:2]), camera) @ pose[:3, :3].T
        origins = np.broadcast_to(pose[:3, 3], rays.shape)
        cast = np.concatenate([origins, rays], -1).astype(np.float32)
        hits = self.scene.cast_rays(core.Tensor(cast))
        depth = hits["t_hit"].numpy()
        found = np.isfinite(depth) & (depth < RANGE_M)
        corners = self.triangles[np.where(found, hits["primitive_ids"].numpy(), 0)]
        uv = hits["primitive_uvs"].numpy()
        share = np.stack([1 - uv.sum(-1), uv[..., 0], uv[..., 1]], -1)
        color = (self.colors[corners] * share[..., None]).sum(-2)
        return np.where(found, depth, 0).astype(np.float32), color
