"""What the depth image of an NYUv2-CAD scene tells of its voxels, and which of them are scored.

SSCNet scores only what the camera did not see to be empty: surfaces and what is behind them. How it
tells them apart, from its release (`SquaredDistanceTransform`, `downSample.m`,
`evaluation_script.m`):

1. Every voxel of 2 cm gets a signed number: + before the depth of the pixel on which its centre
   falls, − behind it; its size is the distance to the nearest voxel with a measured point, at most
   0.24 m, over 0.24 m. Pixels nearer than 0.5 m count as missing: −1. Behind the camera, beside the
   image and for depths beyond 10 m: +1.
2. A block of 4³ becomes what most of its numbers are, where more than 75 % of them are ±1, and else
   their mean.
3. Classes are scored where that is less than 1 (surfaces, and all behind); completion where it is
   from −1 to below 0 (hidden only).

Step 2's result is also published, as `eval/NYUCADtest/NYU0001_0000_vol_d4.mat`; that the depth of
NYU, not of NYUCAD, makes other voxels count is why there are two of these folders. Voxels outside
of the room are scored as empty by SSCNet's own script, and left out by later works (SATNet, DDRNet,
SISNet …): `voxel_scores` leaves out what is labelled OUTSIDE.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32
from numpy import ndarray
from scipy.ndimage import distance_transform_edt

from nesf_ros.datasets.hdf5 import opened, read_array
from nesf_ros.datasets.nyucad import CadScene
from nesf_ros.datasets.nyucad_volume import REDUCTION, SHAPE, blocks
from nesf_ros.errors import DatasetError
from nesf_ros.geometry import se3
from nesf_ros.geometry.cameras import project, unproject_image

MARGIN_M = 0.24
NEAREST_M, FARTHEST_M = 0.5, 10.0
"""Depths beyond these are not used."""
_UNIFORM = 0.75
_SLAB = 16  # of x at a time, to bound the memory


def signed_distances(scene: CadScene) -> Float32[ndarray, "x y z"]:
    """−1 to 1 for each of the scene's voxels, as in step 1 above; takes 3 s and 0.5 GB."""
    distance = np.minimum(_surface_distance_m(scene), MARGIN_M).astype(np.float32) / MARGIN_M
    signed = np.ones(distance.shape, np.float32)
    for first in range(0, len(signed), _SLAB):
        part = slice(first, first + _SLAB)
        signed[part] = _signed(scene, part, distance[part])
    return signed


def _surface_distance_m(scene: CadScene) -> Float32[ndarray, "x y z"]:
    """From every voxel to the nearest with a measured point; far away where there is no point."""
    shape = scene.volume.labels.shape
    points = unproject_image(scene.depth_m, scene.camera)[scene.depth_m > 0].astype(np.float64)
    world = se3.transform_points(scene.world_T_camera, points)
    steps = np.floor((world - scene.volume.origin_world) / scene.volume.voxel_m)
    inside = steps[((steps >= 0) & (steps < shape)).all(1)].astype(np.int64)
    free = np.ones(shape, bool)
    free[tuple(inside.T)] = False
    if free.all():
        return np.full(shape, 2 * MARGIN_M, np.float32)
    return (distance_transform_edt(free) * scene.volume.voxel_m).astype(np.float32)


def _signed(
    scene: CadScene, part: slice, distance: Float32[ndarray, "x y z"]
) -> Float32[ndarray, "x y z"]:
    """Step 1 for a slab of the voxels; `distance` is a share of the margin, 0–1."""
    x, y, z = scene.volume.labels.shape
    steps = np.stack(np.meshgrid(np.arange(x)[part], np.arange(y), np.arange(z), indexing="ij"), -1)
    centres = scene.volume.centres_world(steps)
    camera_points = se3.transform_points(se3.invert(scene.world_T_camera), centres)
    pixels = np.floor(project(camera_points, scene.camera) + 0.5)
    # NaN, for what is behind the camera, fails both.
    inside = ((pixels >= 0) & (pixels < (scene.camera.width, scene.camera.height))).all(-1)
    u, v = pixels[inside].astype(np.int64).T
    depth = scene.depth_m[v, u]
    seen = camera_points[inside]
    # Along the ray, not the axis.
    before_m = (depth - seen[:, 2]) * np.linalg.norm(seen, axis=1) / seen[:, 2]
    size = np.where(np.abs(before_m) < 2 * MARGIN_M, distance[inside], 1)
    told = np.where(before_m < 0, -size, size)
    told = np.where(depth < NEAREST_M, -1, np.where(depth > FARTHEST_M, 1, told))
    signed = np.ones(distance.shape, np.float32)
    signed[inside] = told
    return signed


def reduced_distances(
    signed: Float32[ndarray, "x y z"], factor: int = REDUCTION
) -> Float32[ndarray, "x2 y2 z2"]:
    """The same for blocks of `factor`³ voxels: step 2 above. `factor` must divide the shape."""
    parts = blocks(signed, factor)
    free, hidden = np.count_nonzero(parts >= 1, -1), np.count_nonzero(parts <= -1, -1)
    uniform = free + hidden > _UNIFORM * factor**3
    return np.where(uniform, np.where(free > hidden, 1, -1), parts.mean(-1)).astype(np.float32)


def read_distances(path: Path) -> Float32[ndarray, "x y z"]:
    """The numbers of step 2 as published, from a `_vol_d4.mat` file (MATLAB 7.3, which is HDF5).

    Raises DatasetError where the file is missing, damaged, or of another size.
    """
    with opened(path) as file:
        # HDF5 has MATLAB's axes the other way round: x, z, y.
        stored = read_array(file, "flipVol_ds", 3)
    x, y, z = (side // REDUCTION for side in SHAPE)
    if stored.shape != (x, z, y) or not np.isfinite(stored).all():
        raise DatasetError(f"{path}: {stored.shape} numbers; they must be {(x, z, y)}, and finite")
    return np.ascontiguousarray(stored.transpose(0, 2, 1), np.float32)


def scored_for_classes(reduced: Float32[ndarray, "x y z"]) -> Bool[ndarray, "x y z"]:
    """Where classes are compared: surfaces, and what they hide."""
    return (reduced < 1) & (reduced >= -1)


def scored_for_completion(reduced: Float32[ndarray, "x y z"]) -> Bool[ndarray, "x y z"]:
    """Where occupied is compared with empty: hidden voxels only."""
    return (reduced < 0) & (reduced >= -1)
