"""A labelled scene small enough to compute by hand: boxes on a floor, seen from three places."""

import json

import numpy as np

from nesf_ros.datasets.labelled import (
    NOTHING,
    Caption,
    LabelledScene,
    LabelledThing,
    LabelledView,
    Relation,
)
from nesf_ros.types import Box, Intrinsics

CAMERA = Intrinsics(24, 18, 20.0, 20.0, 11.5, 8.5)
CLASSES = ("box", "floor", "mug", "unseen class")
THINGS = (
    LabelledThing("floor", "floor", Box((-2.0, -2.0, -0.1), (2.0, 2.0, 0.0))),
    LabelledThing(
        "box 1", "box", Box((-0.3, -0.3, 0.0), (0.3, 0.3, 0.4)), ("side", "top"), "red", "wood"
    ),
    LabelledThing("mug 1", "mug", Box((0.1, -0.7, 0.0), (0.4, -0.45, 0.3)), ("wall",)),
    LabelledThing("mug 2", "mug", Box((-0.1, 0.5, 0.0), (0.2, 0.8, 0.3)), ("wall",)),
)
RELATIONS = (
    Relation(2, "on the right of", 1, 0),
    Relation(3, "on the left of", 1, 0),
    Relation(1, "on the left of", 2, 0),
    Relation(2, "behind", 1, 1),
)


def look_at(eye, target=(0.0, 0.0, 0.2)):
    """Pose of a camera's optical frame, its rows level."""
    forward = np.subtract(target, eye) / np.linalg.norm(np.subtract(target, eye))
    right = np.cross(forward, (0, 0, 1))
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(forward, right), forward], 1)
    pose[:3, 3] = eye
    return pose


def render(pose, stamp_ns, camera=CAMERA):
    """Depth, things, parts and normals by meeting every pixel's ray with every box."""
    v, u = np.mgrid[: camera.height, : camera.width]
    rays = np.stack([(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones(u.shape)], 2)
    rays = rays @ pose[:3, :3].T
    depth = np.full(u.shape, np.inf)
    instances = np.full(u.shape, NOTHING, np.int32)
    normals = np.zeros((*u.shape, 3), np.float32)
    for number, thing in enumerate(THINGS):
        low, high = ((np.array(c) - pose[:3, 3]) / rays for c in (thing.box.lower, thing.box.upper))
        enter, leave = np.minimum(low, high), np.maximum(low, high)
        first, axis = enter.max(-1), enter.argmax(-1)
        hit = (first > 0) & (first < leave.min(-1)) & (first < depth)
        depth[hit], instances[hit] = first[hit], number
        facing = -np.sign(np.take_along_axis(rays, axis[..., None], 2)) * np.eye(3)[axis]
        normals[hit] = facing[hit]
    parts = np.where(instances > 0, 0, NOTHING).astype(np.int32)
    parts[(instances == 1) & (normals[..., 2] > 0.5)] = 1
    color = np.stack([10 * u, 12 * v, 60 * (instances + 1)], -1).astype(np.uint8)
    depth[~np.isfinite(depth)] = 0
    return LabelledView(
        stamp_ns, camera, pose, color, depth.astype(np.float32), instances, parts, normals
    )


def instance_at(points):
    found = np.full(len(points), NOTHING, np.int32)
    for number, thing in enumerate(THINGS):
        inside = (points >= thing.box.lower) & (points < thing.box.upper)
        found[inside.all(-1)] = number
    return found


def small_scene():
    """Behind the boxes the last camera sees past the floor's edge, so some pixels show nothing."""
    eyes = [(-1.5, 0.1, 0.9), (-1.2, -0.9, 1.1), (-1.4, 0.4, 0.5)]
    stamps = [2_000_000_000 + 100_000_000 * index for index in range(len(eyes))]
    views = tuple(render(look_at(eye), stamp) for eye, stamp in zip(eyes, stamps, strict=True))
    bounds = Box((-2.0, -2.0, -0.1), (2.0, 2.0, 1.5))
    return LabelledScene(
        name="kitchen 7",
        things=THINGS,
        classes=CLASSES,
        bounds=bounds,
        views=views,
        seed=7,
        split="validation",
        relations=RELATIONS,
        captions=(Caption(1, "color", "a red box", ("a blue box", "a red mug")),),
        instance_at=instance_at,
    )


def assert_same(read, scene, depth_m=0.0):
    """What was read is the scene that was written; depth to `depth_m`, normals to 16 bits."""
    for name in ("name", "things", "classes", "bounds", "seed", "split", "relations", "captions"):
        assert getattr(read, name) == getattr(scene, name)
    assert len(read.views) == len(scene.views)
    for found, view in zip(read.views, scene.views, strict=True):
        assert found.stamp_ns == view.stamp_ns
        assert np.abs(found.world_T_camera - view.world_T_camera).max() < 1e-9
        for name in ("width", "height", "fx", "fy", "cx", "cy"):
            assert abs(getattr(found.camera, name) - getattr(view.camera, name)) < 1e-9
        for name in ("color", "instances", "parts"):
            assert (getattr(found, name) == getattr(view, name)).all()
        assert np.abs(found.depth_m - view.depth_m).max() <= depth_m
        assert ((found.depth_m == 0) == (view.depth_m == 0)).all()
        assert np.abs(found.normals_world - view.normals_world).max() < 1e-4


def set_json(path, keys, value):
    """Set one value in a JSON file."""
    about = json.loads(path.read_text())
    place = about
    for key in keys[:-1]:
        place = place[key]
    if value is None:
        del place[keys[-1]]
    else:
        place[keys[-1]] = value
    path.write_text(json.dumps(about))
