"""Maps as files that other programs read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8
from numpy import ndarray

from nesf_ros.errors import StorageError
from nesf_ros.voxels.grid import BLOCK
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.surface import surface_mesh, surface_points
from nesf_ros.voxels.updates import encode
from nesf_ros.voxels.views import occupied_voxels

CONTENTS = {
    ".ply": ("mesh", "points", "voxels"),
    ".obj": ("mesh",),
    ".npz": ("mesh", "points", "voxels"),  # holds arrays, whatever is asked for
}
"""What each format can hold."""


def check_target(out: Path, what: str, force: bool) -> None:
    """StorageError for an unknown suffix, a content it cannot hold, or a file that is there."""
    if out.suffix not in CONTENTS:
        raise StorageError(f"{out}: suffix {out.suffix!r}; use one of {', '.join(CONTENTS)}")
    if what not in CONTENTS[out.suffix]:
        raise StorageError(f"{out}: {out.suffix} holds no {what}; write a .ply")
    if out.exists() and not force:
        raise StorageError(f"{out} is there already; --force overwrites it")
    if not out.absolute().parent.is_dir():
        raise StorageError(f"{out}: the folder {out.absolute().parent} does not exist")


def export_map(voxel_map: VoxelMap, out: Path, what: str = "mesh") -> tuple[int, str]:
    """Write a map in the format of `out`'s suffix; returns how many of what.

    A file is complete or not there. StorageError if the map holds no surface, or on a full disk.
    """
    if out.suffix == ".npz":
        return _written(out, lambda path: _write_arrays(voxel_map, path)), "occupied voxels"
    if what == "mesh":
        return _written(out, lambda path: _write_mesh(voxel_map, path)), "triangles"
    if what == "points":
        points, colors = surface_points(voxel_map)
        colors = (colors.clip(0, 1) * 255 + 0.5).astype(np.uint8)
    else:
        points, colors, _ = occupied_voxels(voxel_map)
    return _written(out, lambda path: _write_points(points, colors, path)), what


def _written(out: Path, write: Callable[[Path], int]) -> int:
    temporary = out.with_name(f".{out.stem}.part{out.suffix}")
    try:
        count = write(temporary)
        if not count:
            raise StorageError(f"{out} is not written: the map holds no surface")
        os.replace(temporary, out)
    except OSError as error:
        raise StorageError(f"{out} cannot be written: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)
    return count


def _write_mesh(voxel_map: VoxelMap, path: Path) -> int:
    import open3d as o3d

    mesh = surface_mesh(voxel_map).to_legacy()
    mesh.vertex_colors = o3d.utility.Vector3dVector(np.asarray(mesh.vertex_colors).clip(0, 1))
    if len(mesh.triangles) and not o3d.io.write_triangle_mesh(str(path), mesh):
        raise StorageError(f"{path} cannot be written; is the disk full?")
    return len(mesh.triangles)


def _write_points(
    points: Float32[ndarray, "n 3"], colors: UInt8[ndarray, "n 3"], path: Path
) -> int:
    import open3d as o3d

    cloud = o3d.t.geometry.PointCloud(o3d.core.Tensor(points))
    cloud.point.colors = o3d.core.Tensor(colors)
    if len(points) and not o3d.t.io.write_point_cloud(str(path), cloud):
        raise StorageError(f"{path} cannot be written; is the disk full?")
    return len(points)


def _write_arrays(voxel_map: VoxelMap, path: Path) -> int:
    points, colors, probability = occupied_voxels(voxel_map)
    encoded = encode(voxel_map, voxel_map.block_index())
    update = encoded.pick(encoded.digest != 0)
    np.savez_compressed(
        path,
        points=points,
        colors=colors,
        probability=probability,
        block_index=update.block_index,
        block_uniform=update.block_uniform,
        occupancy=update.occupancy,
        color=update.color,
        voxel_size=voxel_map.config.voxel_size_m,
        block_size=BLOCK,
        stamp_ns=voxel_map.stamp_ns,
        map_id=voxel_map.map_id,
    )
    return len(points)
