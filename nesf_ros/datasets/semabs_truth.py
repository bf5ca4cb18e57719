"""What Semantic Abstraction's scenes hold beside images, computed from a labelled scene.

All of it is in a frame of its own for every view: x level and away from the viewer, y to the left,
z up, everything 0.6 times its size. The viewer stands at x = -1.5, y = 0; height 0 stays height 0.
Of that world, only SCENE_BOUNDS counts: a cube of 3.33 m, the near side of which is 0.83 m away.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64, Int32
from numpy import ndarray

from nesf_ros.datasets.labelled import LabelledScene
from nesf_ros.geometry import se3
from nesf_ros.geometry.cameras import project
from nesf_ros.types import Intrinsics

SCENE_BOUNDS = np.array([[-1.0, -1.0, -0.1], [1.0, 1.0, 1.9]])
"""Lower and upper corner of what a network sees."""
SCALE = 0.6
"""Size of things in that frame over their size in metres."""
OUT_OF_BOUNDS, EMPTY = "out of bounds", "empty"
"""Classes of points that are outside of the scene, and in the air. Loaders take the highest
number for the air."""
TSDF_SIDE = 64
_VIEWER_X = -1.5
_TRUNCATION_VOXELS = 5


def scene_T_world(
    world_T_camera: Float64[ndarray, "4 4"],
) -> Float64[ndarray, "4 4"]:
    """Takes points in the world, metres, to the frame of a view; scaled, so it is not rigid."""
    forward = world_T_camera[:3, 2] * (1, 1, 0)
    if np.linalg.norm(forward) < 1e-6:
        # Straight up or down: what is up in the image is ahead.
        forward = -world_T_camera[:3, 1] * (1, 1, 0)
    forward = forward / np.linalg.norm(forward)
    up = np.array([0.0, 0.0, 1.0])
    transform = np.eye(4)
    transform[:3, :3] = SCALE * np.stack([forward, np.cross(up, forward), up])
    viewer = world_T_camera[:3, 3] * (1, 1, 0)
    transform[:3, 3] = (_VIEWER_X, 0, 0) - transform[:3, :3] @ viewer
    return transform


def sample_points(
    scene: LabelledScene, transform: Float64[ndarray, "4 4"], count: int, seed: tuple[int, ...]
) -> tuple[Float32[ndarray, "count 3"], Int32[ndarray, " count"]]:
    """Random points in SCENE_BOUNDS, and which thing fills each, seen or unseen.

    The numbers after the last thing's are OUT_OF_BOUNDS, for what fills no thing and lies beyond
    the scene's own bounds, and EMPTY. The scene must have `instance_at`.
    """
    assert scene.instance_at is not None
    lower, upper = SCENE_BOUNDS
    points = np.random.default_rng(seed).uniform(lower, upper, (count, 3)).astype(np.float32)
    world = se3.transform_points(np.linalg.inv(transform), points.astype(np.float64))
    things = scene.instance_at(world)
    inside = ((world >= scene.bounds.lower) & (world < scene.bounds.upper)).all(1)
    nothing = np.where(inside, len(scene.things) + 1, len(scene.things))
    return points, np.where(things >= 0, things, nothing).astype(np.int32)


def signed_distances(
    depth_m: Float32[ndarray, "height width"],
    camera: Intrinsics,
    scene_T_camera: Float64[ndarray, "4 4"],
) -> tuple[Float32[ndarray, "n 3"], Float32[ndarray, " n"]]:
    """Lower corners of 64³ voxels that fill SCENE_BOUNDS, and how far each lies before a surface.

    Along the optical axis, over five voxels, from 1 (that far before it, or farther) to -1; -1 also
    where the view tells nothing. Voxels are in the frame of the view, distances in metres, as in
    the data set.
    """
    size = (SCENE_BOUNDS[1, 0] - SCENE_BOUNDS[0, 0]) / TSDF_SIDE
    steps = np.stack(np.meshgrid(*[np.arange(TSDF_SIDE)] * 3, indexing="ij"), -1).reshape(-1, 3)
    voxels = SCENE_BOUNDS[0] + size * steps
    seen_from = se3.transform_points(np.linalg.inv(scene_T_camera), voxels)
    pixels = np.rint(project(seen_from, camera))
    inside = ((pixels >= 0) & (pixels < (camera.width, camera.height))).all(1)
    u, v = pixels[inside].astype(int).T
    depth = np.zeros(len(voxels))
    depth[inside] = depth_m[v, u]
    before = (depth - seen_from[:, 2]) / (_TRUNCATION_VOXELS * size)
    known = (depth > 0) & (before >= -1)
    return voxels.astype(np.float32), np.where(known, before.clip(-1, 1), -1).astype(np.float32)


def descriptions(scene: LabelledScene, view: int) -> dict[str, list[str] | list[int]]:
    """The view's relations as columns, in words of classes.

    A sentence of classes can mean several pairs of things; the first is kept, because a loader
    would take the same words for different places.
    """
    found = {}
    for relation in scene.relations:
        target, reference = scene.things[relation.target], scene.things[relation.reference]
        words = (target.class_name, relation.relation, reference.class_name)
        if relation.view == view and words not in found:
            found[words] = (relation.target, target.material, reference.material)
    return {
        "target_obj_name": [words[0] for words in found],
        "target_obj_material": [about[1] for about in found.values()],
        "target_obj_id": [about[0] for about in found.values()],
        "reference_obj_name": [words[2] for words in found],
        "reference_obj_material": [about[2] for about in found.values()],
        "spatial_relation_name": [words[1] for words in found],
    }
