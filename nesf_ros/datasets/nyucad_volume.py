"""Labelled volumes of NYUv2-CAD: classes, run-length files, and what is left at a coarser size.

Facts from SSCNet's release (Song et al. 2017), checked on the one scene that it ships:

* a .bin file is little-endian: 3 float32 (place of the first voxel in the world, metres), 16 more
  (world_T_camera, row by row), then pairs of uint32, a class and for how many voxels it holds;
* 240 × 144 × 240 voxels of 2 cm, of which the last index runs fastest in the file: x, then z, then
  y of the world. There, z is up and the floor at z = 0 (the grid begins 5 cm below), and the camera
  stands over x = y = 0. So world and optical frame are ours already; only y and z are swapped here;
* the labels were sampled at first voxel + 2 cm · index, so these are centres: the floor of 4 cm
  that they draw about z = 0 fills the voxels at −1 and +1 cm;
* 0 is empty, 255 is empty and outside of the room's floor plan, others are of `FINE_CLASSES`;
* a volume of a single value (test data without truth) is one run that is one voxel short.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64, Int, Int16
from numpy import ndarray

from nesf_ros.datasets.storing import read_bounded
from nesf_ros.errors import DatasetError, GeometryError
from nesf_ros.geometry import se3

VOXEL_M = 0.02
SHAPE = (240, 240, 144)
"""Voxels along x, y and z."""
REDUCTION = 4
"""Voxels of a file along each side of one that is scored: 60 × 60 × 36 of 8 cm."""
OUTSIDE, EMPTY = -1, 0
"""Labels of voxels outside of the room (255 in files), and of air."""
CLASSES = (
    *("ceiling", "floor", "wall", "window", "chair", "bed"),
    *("sofa", "table", "tvs", "furn", "objs"),
)
"""What all papers score, in the order of their tables."""
_GROUPS = {
    "ceiling": "ceiling",
    "floor": "floor",
    "wall": "wall",
    "window": "window",
    "door": "objs",
    "chair": "chair",
    "bed": "bed",
    "sofa": "sofa",
    "table": "table",
    "side_table": "table",
    "bookshelf": "furn",
    "kitchen_cabinet": "furn",
    "closets_wardrobes_cabinets": "furn",
    "lamp": "objs",
    "car": "objs",
    "computer": "tvs",
    "desk": "table",
    "music": "objs",
    "gym": "objs",
    "household_appliance": "objs",
    "kitchen_appliance": "objs",
    "pillow": "objs",
    "pets": "objs",
    "plants": "objs",
    "pool": "objs",
    "recreation": "objs",
    "night_stand": "furn",
    "bathtub": "furn",
    "shower": "objs",
    "table_and_chair": "table",
    "toilet": "furn",
    "trash_can": "objs",
    "tvs": "tvs",
    "sink": "objs",
    "mirror": "objs",
    "dont_care": "objs",
}
FINE_CLASSES = tuple(_GROUPS)
"""The classes of the files: label n is the n-th of them."""
_HEADER_BYTES = 4 * (3 + 16)
_VOXELS = int(np.prod(SHAPE))
_OUTSIDE_IN_FILE = 255
_MOSTLY = 0.95  # of a block must be air or outside for it not to take the class of the rest


@dataclass(frozen=True)
class LabelVolume:
    """What fills a box of the world, seen or unseen."""

    labels: Int16[ndarray, "x y z"]
    """OUTSIDE, EMPTY, or n for the n-th of `classes` (from 1)."""
    classes: tuple[str, ...]
    origin_world: Float64[ndarray, " 3"]
    """Centre of the voxel [0, 0, 0] in the world (z up), metres."""
    voxel_m: float
    """Side of a voxel."""

    def centres_world(self, voxels: Int[ndarray, "*n 3"]) -> Float64[ndarray, "*n 3"]:
        """Centres of the voxels of these indices (x, y, z), metres."""
        return self.origin_world + self.voxel_m * voxels

    def collapsed(self) -> LabelVolume:
        """The same in the eleven `CLASSES`; DatasetError where its own are not `FINE_CLASSES`."""
        if self.classes != FINE_CLASSES:
            raise DatasetError(
                f"a volume of {len(self.classes)} classes cannot be collapsed; only the "
                f"{len(FINE_CLASSES)} of SSCNet's files can"
            )
        groups = [1 + CLASSES.index(group) for group in _GROUPS.values()]
        # One more entry, so that OUTSIDE = -1 picks the last.
        table = np.array([EMPTY, *groups, OUTSIDE], np.int16)
        return replace(self, labels=table[self.labels], classes=CLASSES)

    def reduced(self, factor: int = REDUCTION) -> LabelVolume:
        """The same in voxels `factor` times as large, by SSCNet's rule (`downSample.m`).

        Where more than 95 % of a block are empty or outside, it becomes whichever of the two there
        is more of; else the class that fills most of it, of equal ones the first. To get SSCNet's
        truth, reduce, then collapse: the other way round, classes that become one vote together,
        as in the loaders of later works. Raises DatasetError where the factor does not divide the
        shape.
        """
        if factor < 1 or any(side % factor for side in self.labels.shape):
            raise DatasetError(f"a volume of {self.labels.shape} is not divisible by {factor}")
        air = _counts(self.labels == EMPTY, factor)
        outside = _counts(self.labels == OUTSIDE, factor)
        nothing = np.where(outside > air, OUTSIDE, EMPTY)
        best = np.full(air.shape, EMPTY, np.int16)
        most = np.zeros(air.shape, np.int64)
        for label in np.unique(self.labels[self.labels > EMPTY]).tolist():
            count = _counts(self.labels == label, factor)
            best[count > most] = label
            most = np.maximum(most, count)
        labels = np.where(air + outside > _MOSTLY * factor**3, nothing, best).astype(np.int16)
        origin = self.origin_world + self.voxel_m * (factor - 1) / 2
        return replace(self, labels=labels, origin_world=origin, voxel_m=self.voxel_m * factor)


def blocks(grid: ndarray, factor: int) -> ndarray:
    """The grid [x, y, z] as [x', y', z', factor³], the voxels of every block in its last axis."""
    x, y, z = (side // factor for side in grid.shape)
    split = grid.reshape(x, factor, y, factor, z, factor)
    return split.transpose(0, 2, 4, 1, 3, 5).reshape(x, y, z, factor**3)


def _counts(chosen: Bool[ndarray, "x y z"], factor: int) -> ndarray:
    return np.count_nonzero(blocks(chosen, factor), axis=-1)


def read_volume(path: Path) -> tuple[LabelVolume, Float64[ndarray, "4 4"]]:
    """The volume of a .bin file in `FINE_CLASSES`, and world_T_camera (optical frame, z up).

    Raises DatasetError where the file is missing, truncated or longer than any volume can be, its
    pose is not rigid, a class is unknown, or its runs do not fill the volume exactly.
    """
    data = read_bounded(path, _HEADER_BYTES + 8 * _VOXELS)
    if len(data) < _HEADER_BYTES + 8 or (len(data) - _HEADER_BYTES) % 8:
        raise DatasetError(
            f"{path} has {len(data)} bytes; it must have {_HEADER_BYTES} and then 8 for every run "
            "of voxels: is it truncated?"
        )
    header = np.frombuffer(data, "<f4", 3 + 16).astype(np.float64)
    origin, matrix = header[:3], header[3:].reshape(4, 4)
    if not np.isfinite(origin).all():
        raise DatasetError(f"{path}: the first voxel is at {origin}, which is not finite")
    try:
        pose = se3.check_pose(matrix)
    except GeometryError as error:
        raise DatasetError(f"{path}: {error}") from error
    runs = np.frombuffer(data, "<u4", offset=_HEADER_BYTES).reshape(-1, 2)
    labels = _unrolled(path, runs[:, 0], runs[:, 1].astype(np.int64))
    x, y, z = SHAPE
    upright = np.ascontiguousarray(labels.reshape(x, z, y).transpose(0, 2, 1))
    return LabelVolume(upright, FINE_CLASSES, origin, VOXEL_M), pose


def _unrolled(path: Path, values: ndarray, counts: ndarray) -> Int16[ndarray, " n"]:
    known = (values <= len(FINE_CLASSES)) | (values == _OUTSIDE_IN_FILE)
    if not known.all():
        raise DatasetError(
            f"{path} holds the class {values[~known][0]}; allowed are 0 to {len(FINE_CLASSES)}, "
            f"and {_OUTSIDE_IN_FILE}"
        )
    if len(counts) == 1 and counts[0] == _VOXELS - 1:
        counts = counts + 1
    # At most 8294400 runs of less than 2³² voxels: no overflow.
    if (total := int(counts.sum())) != _VOXELS:
        raise DatasetError(f"{path} has runs of {total} voxels together; they must be {_VOXELS}")
    labels = np.where(values == _OUTSIDE_IN_FILE, OUTSIDE, values.astype(np.int64))
    return np.repeat(labels.astype(np.int16), counts)
