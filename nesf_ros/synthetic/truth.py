"""What a camera path has truly shown of a scene: the yardstick for maps.

Protocol. The scene's air is probed at the points of a grid of half a voxel, so that each voxel has
27 probes: its corners, and the middles of its edges, faces and body. A probe is *seen* if, in some
frame, it lies in the image and the ray from the camera through it meets its first surface no
nearer than the probe (within BORDER of a voxel) and at a depth that the sensor reads. That is
the limit of infinitely many pixels: no pixel grid blurs it. Rays through the window meet nothing
and show nothing. A voxel is then

* FREE: all 27 probes were seen and no triangle reaches into it;
* OCCUPIED: the ray of some pixel of some frame ends well inside it;
* UNOBSERVED: no probe was seen and no pixel's ray ends in it;
* AMBIGUOUS: everything else, chiefly voxels at the rim of a shadow, which the cameras saw in
  part, and voxels that a surface only touches. No score counts these.

"Well inside" and "reaches into" allow for BORDER: a surface that lies between two voxels, as the
floor does, belongs to neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64, UInt8
from numpy import ndarray

from nesf_ros.config import MapConfig
from nesf_ros.geometry.cameras import project
from nesf_ros.synthetic.overlap import voxels_with_triangles
from nesf_ros.synthetic.scene import Scene, pixel_rays
from nesf_ros.types import FREE, OCCUPIED, UNOBSERVED, Box, Intrinsics

AMBIGUOUS = 3
"""Class of a voxel that no score counts."""
BORDER = 0.05
"""How near a voxel's face, in voxels, a surface lies on the border between two."""
READABLE_M = (MapConfig().min_depth_m, MapConfig().max_depth_m)
"""Depths that a map takes notice of, unless a caller names others."""
_CHUNK = 100_000  # points tested at a time: their arrays stay in the processor's cache


@dataclass(frozen=True)
class Lattice:
    """A box of voxels, indexed [x, y, z]."""

    origin: tuple[float, float, float]
    """Lower corner of voxel 0, 0, 0, metres."""
    voxel_size_m: float
    shape: tuple[int, int, int]

    @classmethod
    def covering(cls, box: Box, voxel_size_m: float) -> Lattice:
        """The voxels at multiples of their size that have a part in the box."""
        low = np.floor(np.array(box.lower) / voxel_size_m + 1e-9)
        high = np.ceil(np.array(box.upper) / voxel_size_m - 1e-9)
        nx, ny, nz = (high - low).astype(int).tolist()
        x, y, z = (low * voxel_size_m).tolist()
        return cls((x, y, z), voxel_size_m, (nx, ny, nz))

    def centers(self) -> Float64[ndarray, "nx ny nz 3"]:
        """Middles of all voxels, metres."""
        steps = np.stack(np.meshgrid(*map(np.arange, self.shape), indexing="ij"), -1)
        return np.array(self.origin) + (steps + 0.5) * self.voxel_size_m

    def probes(self) -> Float64[ndarray, "px py pz 3"]:
        """The grid of half a voxel, 2n + 1 points along an edge of n voxels, metres."""
        counts = [2 * n + 1 for n in self.shape]
        steps = np.stack(np.meshgrid(*map(np.arange, counts), indexing="ij"), -1)
        return np.array(self.origin) + steps * (self.voxel_size_m / 2)


def observation_truth(
    scene: Scene,
    poses: Sequence[Float64[ndarray, "4 4"]],
    camera: Intrinsics,
    lattice: Lattice,
    readable_m: tuple[float, float] = READABLE_M,
) -> UInt8[ndarray, "nx ny nz"]:
    """Class of every voxel after frames from these poses (world_T_camera); see the module."""
    border_m = BORDER * lattice.voxel_size_m
    probes = lattice.probes()
    seen = _seen(scene, probes.reshape(-1, 3), poses, camera, readable_m, border_m)
    count = _probes_per_voxel(seen.reshape(probes.shape[:3]))
    ends = np.zeros(lattice.shape, bool)
    for pose in poses:
        _mark_ray_ends(ends, scene, pose, camera, lattice, readable_m)
    reached = voxels_with_triangles(
        scene.triangles, np.array(lattice.origin), lattice.voxel_size_m, lattice.shape, border_m
    )
    classes = np.full(lattice.shape, AMBIGUOUS, np.uint8)
    classes[(count == 0) & ~ends] = UNOBSERVED
    classes[(count == 27) & ~reached] = FREE
    classes[ends] = OCCUPIED
    return classes


def observed_surface(
    scene: Scene,
    poses: Sequence[Float64[ndarray, "4 4"]],
    camera: Intrinsics,
    count: int,
    readable_m: tuple[float, float] = READABLE_M,
) -> Float64[ndarray, "n 3"]:
    """Those of `count` points spread evenly over the scene's surfaces that some frame shows."""
    points = scene.sample_surface(count)
    return points[_seen(scene, points, poses, camera, readable_m, 1e-3)]


def _seen(
    scene: Scene,
    points: Float64[ndarray, "n 3"],
    poses: Sequence[Float64[ndarray, "4 4"]],
    camera: Intrinsics,
    readable_m: tuple[float, float],
    tolerance_m: float,
) -> Bool[ndarray, " n"]:
    """Whether each point is visible from any of the poses."""
    seen = np.zeros(len(points), bool)
    for start in range(0, len(points), _CHUNK):
        for pose in poses:
            left = start + np.flatnonzero(~seen[start : start + _CHUNK])
            seen[left] = _visible(scene, points[left], pose, camera, readable_m, tolerance_m)
    return seen


def _visible(
    scene: Scene,
    points: Float64[ndarray, "n 3"],
    world_T_camera: Float64[ndarray, "4 4"],
    camera: Intrinsics,
    readable_m: tuple[float, float],
    tolerance_m: float,
) -> Bool[ndarray, " n"]:
    """Whether each point lies in the image, and the ray through it ends at or behind the point.

    The ray must end on a surface at a readable depth; `tolerance_m` is along the optical axis.
    """
    origin = world_T_camera[:3, 3]
    towards = (points - origin).astype(np.float32)
    # A contiguous matrix: the product takes five times as long with a view of the pose.
    in_camera = towards @ np.ascontiguousarray(world_T_camera[:3, :3], np.float32)
    pixels = project(in_camera, camera)
    u, v = pixels[:, 0], pixels[:, 1]
    inside = (u >= -0.5) & (u <= camera.width - 0.5) & (v >= -0.5) & (v <= camera.height - 0.5)
    candidates = np.flatnonzero(inside)
    depth_m = in_camera[candidates, 2]
    directions = towards[candidates] / depth_m[:, None]
    origins = np.broadcast_to(origin, directions.shape)
    rays = np.concatenate([origins, directions], axis=1).astype(np.float32)
    end_m = scene.first_hits(rays).ray_lengths
    low, high = readable_m
    shown = np.zeros(len(points), bool)
    shown[candidates] = (end_m >= depth_m - tolerance_m) & (end_m >= low) & (end_m <= high)
    return shown


def _mark_ray_ends(
    ends: Bool[ndarray, "nx ny nz"],
    scene: Scene,
    pose: Float64[ndarray, "4 4"],
    camera: Intrinsics,
    lattice: Lattice,
    readable_m: tuple[float, float],
) -> None:
    """Mark the voxels well inside of which the ray of a pixel ends."""
    rays = pixel_rays(camera, pose)
    depth_m = scene.first_hits(rays).ray_lengths
    read = (depth_m >= readable_m[0]) & (depth_m <= readable_m[1])
    points: Float32[ndarray, "n 3"] = rays[read, :3] + depth_m[read, None] * rays[read, 3:]
    voxels = (points - np.array(lattice.origin)) / lattice.voxel_size_m
    index: Int64[ndarray, "n 3"] = np.floor(voxels).astype(np.int64)
    inside = (np.abs(voxels - index - 0.5) < 0.5 - BORDER).all(1)
    inside &= ((index >= 0) & (index < lattice.shape)).all(1)
    ends[tuple(index[inside].T)] = True


def _probes_per_voxel(seen: Bool[ndarray, "px py pz"]) -> UInt8[ndarray, "nx ny nz"]:
    """How many of its 27 probes each voxel has seen."""
    count = seen.astype(np.uint8)
    for axis in range(3):
        count = np.moveaxis(count, axis, 0)
        count = count[:-1:2] + count[1::2] + count[2::2]
        count = np.moveaxis(count, 0, axis)
    return count
