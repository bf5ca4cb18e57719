"""What fills space, seen or unseen: instances on a lattice, and the air within receptacles."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, Int32
from numpy import ndarray

from nesf_ros.datasets.labelled import NOTHING
from nesf_ros.errors import ConfigError
from nesf_ros.geometry import se3
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.truth import Lattice


def instance_lattice(scene: Scene, lattice: Lattice) -> Int32[ndarray, "nx ny nz"]:
    """The thing that fills the middle of each voxel (index into `things`), or NOTHING.

    The same as `Scene.instance_at` of all middles, but each solid looks at its own voxels alone.
    """
    instances = np.full(lattice.shape, NOTHING, np.int32)
    centers = lattice.centers()
    for solid, index in zip(scene.solids, scene.instance_of_solid, strict=True):
        ends = [(corner - lattice.origin) / lattice.voxel_size_m for corner in solid.bounds]
        first = np.clip(np.floor(ends[0]).astype(int), 0, lattice.shape)
        last = np.clip(np.ceil(ends[1]).astype(int), 0, lattice.shape)
        block = tuple(slice(low, high) for low, high in zip(first, last, strict=True))
        left = instances[block] == NOTHING
        left[left] = solid.contains(centers[block][left])
        instances[block][left] = index
    return instances


def receptacle_at(
    scene: Scene, name: str, points: Float64[ndarray, "n 3"], relation: str | None = None
) -> Bool[ndarray, " n"]:
    """Whether each point (world frame, metres) is air within a receptacle of a thing.

    Args:
        scene: what there is; whatever fills a receptacle is no air.
        name: of the thing.
        points: where to look.
        relation: count only receptacles IN or ON the thing; both where None.

    Raises:
        ConfigError: for a thing that the scene has not.
    """
    if name not in scene.names:
        raise ConfigError(f"there is no {name!r} in {scene.name}: {', '.join(scene.names)}")
    thing = scene.things[scene.names.index(name)]
    there = se3.transform_points(se3.invert(thing.world_T_model), points)
    within = np.zeros(len(points), bool)
    for space in thing.model.receptacles:
        if relation in (None, space.relation):
            within |= space.contains(there)
    within[within] = ~scene.occupancy(points[within])
    return within
