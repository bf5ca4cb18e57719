"""How well a fitted field shows views that it has not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32
from numpy import ndarray

from nesf_ros.config import MapConfig
from nesf_ros.field.cells import Cells
from nesf_ros.field.fit import FitConfig, Fitter
from nesf_ros.field.hash_grid import Lattices
from nesf_ros.field.rendering import FieldView, render_view
from nesf_ros.field.replay import Replay
from nesf_ros.field.scene_field import SceneField
from nesf_ros.types import Intrinsics, PosedFrame
from nesf_ros.voxels import VoxelMap
from nesf_ros.voxels.surface import surface_points


@dataclass(frozen=True)
class Setting:
    """How a field is set up."""

    voxel_m: float
    """Of the map whose surfaces say where the field is sampled."""
    range_m: float
    truncation_m: float
    lattices: Lattices
    fit: FitConfig = FitConfig()


def fitter_for(frames: list[PosedFrame], setting: Setting) -> Fitter:
    """A new field of the frames, in the living cells of a voxel map of them."""
    torch.manual_seed(0)
    voxel_map = VoxelMap(
        MapConfig(device="cpu", voxel_size_m=setting.voxel_m, max_depth_m=setting.range_m)
    )
    for frame in frames:
        voxel_map.integrate(frame)
    surface = torch.from_numpy(surface_points(voxel_map)[0])
    cells = Cells.around(surface, setting.voxel_m)
    field = SceneField(cells.box, setting.lattices, setting.truncation_m)
    fitter = Fitter(field, cells, Replay(setting.range_m), setting.fit)
    for frame in frames:
        fitter.add(frame)
    return fitter


def seen_by(fitter: Fitter, camera: Intrinsics, pose: ndarray, range_m: float) -> FieldView:
    """What the field shows."""
    return render_view(fitter.field, fitter.cells, camera, pose, 1.3 * range_m)


def as_exposed(
    fitter: Fitter, view: FieldView, stamp_ns: int
) -> Float32[ndarray, "height width 3"]:
    """The view's colours as the keyframes next in time were exposed."""
    stamps = [rays.frame.rgbd.stamp_ns for rays in fitter.replay.frames]
    gain, offset = fitter.exposure.at(stamp_ns, stamps).numpy()
    return (view.color * gain + offset).clip(0, 1)


def psnr(
    shown: Float[ndarray, "height width 3"],
    truth: Float[ndarray, "height width 3"],
    mask: Bool[ndarray, "height width"],
) -> float:
    """Peak signal-to-noise ratio of colours 0–1 within a mask, dB."""
    return float(-10 * np.log10(np.square(shown - truth)[mask].mean()))
