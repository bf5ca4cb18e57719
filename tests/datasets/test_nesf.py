"""NeSF's layout: ours, and the real one."""

import itertools
import json
import math
import resource
from dataclasses import replace

import cv2
import numpy as np
import pytest

from nesf_ros.datasets import Source, open_source
from nesf_ros.datasets.nesf import read_nesf, write_nesf
from nesf_ros.errors import DatasetError
from nesf_ros.geometry import se3
from nesf_ros.geometry.cameras import project, unproject_image
from nesf_ros.types import Intrinsics

from .labelled_scenes import assert_same, render, set_json, small_scene


@pytest.fixture(scope="module")
def scene():
    return small_scene()


@pytest.fixture
def written(scene, tmp_path):
    write_nesf(scene, tmp_path / "7")
    return tmp_path / "7"


def test_a_scene_comes_back_as_it_was(scene, written):
    assert_same(read_nesf(written), scene)
    assert [path.name for path in written.parent.iterdir()] == ["7"]


def test_files_are_as_published(scene, written):
    about = json.loads((written / "metadata.json").read_text())
    assert about["segmentation_labels"] == ["box", "floor", "mug", "unseen class"]
    assert about["split_ids"] == {"train": [0, 1], "test": [2]}
    assert about["scene_boundaries"] == {"min": [-2.0, -2.0, -0.1], "max": [2.0, 2.0, 1.5]}
    camera = about["camera"]
    assert (camera["width"], camera["height"], camera["sensor_width"]) == (24, 18, 32.0)
    assert camera["focal_length"] == pytest.approx(20 * 32 / 24)
    assert camera["field_of_view"] == pytest.approx(2 * math.atan(12 / 20))
    assert camera["K"] == [[20, 0, -12], [0, -20, -9], [0, 0, -1]]
    # The camera looks along +x and a little down; Blender's z points backward, its x right.
    turn = np.array(camera["R"])
    assert turn[:, 2] == pytest.approx(-scene.views[0].world_T_camera[:3, 2])
    assert turn[1, 0] < -0.9 and camera["positions"][0] == [-1.5, 0.1, 0.9]
    view = scene.views[2]
    depth = cv2.imread(str(written / "depth_00002.tiff"), cv2.IMREAD_UNCHANGED)
    assert depth.dtype == np.float32 and (depth == 1e10).sum() == (view.depth_m == 0).sum() > 0
    segmentation = cv2.imread(str(written / "segmentation_00002.png"), cv2.IMREAD_UNCHANGED)
    assert segmentation.dtype == np.uint16
    # Nothing, floor, box, mug, mug, by their place among the classes.
    assert (segmentation == np.array([2, 1, 3, 3, 0])[view.instances]).all()
    rgba = cv2.imread(str(written / "rgba_00002.png"), cv2.IMREAD_UNCHANGED)
    assert (rgba[..., 3] == 255).all() and (rgba[..., :3] == view.color[..., ::-1]).all()


def test_a_class_may_be_background(scene, tmp_path):
    write_nesf(scene, tmp_path / "a", test_views=[0], background=["floor"])
    about = json.loads((tmp_path / "a" / "metadata.json").read_text())
    assert about["segmentation_labels"] == ["box", "mug", "unseen class"]
    assert about["split_ids"] == {"train": [1, 2], "test": [0]}
    segmentation = cv2.imread(str(tmp_path / "a/segmentation_00000.png"), cv2.IMREAD_UNCHANGED)
    assert (segmentation == np.array([0, 1, 2, 2, 0])[scene.views[0].instances]).all()
    assert_same(read_nesf(tmp_path / "a"), scene)


def test_without_our_files_classes_are_things(scene, written):
    for path in [written / "scene.json", *written.glob("instance_*"), *written.glob("normal_*")]:
        path.unlink()
    read = read_nesf(written)
    assert [thing.name for thing in read.things] == list(scene.classes)
    view = read.views[1]
    assert view.parts is None and view.normals_world is None
    assert (view.instances == scene.class_ids(scene.views[1].instances)).all()
    assert [read.views.stored[i].stamp_ns for i in (0, 1)] == [1_000_000_000, 1_033_333_333]


def test_it_opens_as_a_recording(scene, written):
    source = open_source(written)
    assert isinstance(source, Source)
    assert (source.name, len(source), source.rate_hz) == ("7", 3, 10.0)
    for frame, view in zip(source, scene.views, strict=True):
        assert (frame.rgbd.depth_m == view.depth_m).all()
        assert (frame.rgbd.color == view.color).all()
        assert frame.world_T_camera == pytest.approx(view.world_T_camera, abs=1e-12)
    (written / "rgba_00001.png").write_bytes(b"no image")
    assert len(list(source)) == 2 and source.skipped == {"bad_image": 1}


def test_views_are_read_when_asked_for(scene, written):
    # Here, the check of types looks at one of the views whenever several are handed over.
    views = read_nesf(written).views
    later = views[1:]
    for path in written.glob("rgba_*"):
        if path.name != "rgba_00002.png":
            path.unlink()
    assert (views[-1].color == scene.views[2].color).all()
    assert len(later) == 2 and (later[1].color == scene.views[2].color).all()
    with pytest.raises(DatasetError, match=r"rgba_00001\.png is missing"):
        later[0]
    with pytest.raises(IndexError):
        views[3]


@pytest.mark.parametrize(
    ("camera", "message"),
    [
        (Intrinsics(24, 18, 20.0, 21.0, 11.5, 8.5), "square pixels"),
        (Intrinsics(24, 18, 20.0, 20.0, 12.0, 8.5), r"in the middle, \(11.5, 8.5\)"),
    ],
)
def test_cameras_without_words_are_refused(scene, tmp_path, camera, message):
    view = render(scene.views[0].world_T_camera, 0, camera)
    with pytest.raises(DatasetError, match=message):
        write_nesf(replace(scene, views=(view,)), tmp_path / "a")
    with pytest.raises(DatasetError, match="view 1 of 'kitchen 7' is by"):
        write_nesf(replace(scene, views=(scene.views[0], view)), tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written(scene, written, tmp_path):
    with pytest.raises(DatasetError, match="exists already"):
        write_nesf(scene, written)
    with pytest.raises(DatasetError, match=r"has 3 views; those for test, \[3\]"):
        write_nesf(scene, tmp_path / "a", test_views=[3])
    with pytest.raises(DatasetError, match="no class sky for the background"):
        write_nesf(scene, tmp_path / "a", background=["sky"])
    with pytest.raises(DatasetError, match="has no view to write"):
        write_nesf(replace(scene, views=()), tmp_path / "a")
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match="cannot be written: .*Not a directory.* MB left"):
        write_nesf(scene, tmp_path / "file" / "a")


def test_a_full_disk_leaves_nothing(scene, tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(DatasetError, match=r"7 cannot be written.*nothing of it.* MB left"):
            write_nesf(scene, tmp_path / "7")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (["camera"], None, "has no 'camera'"),
        (["camera", "quaternions"], None, "has no 'quaternions'"),
        (["camera", "positions"], [[0, 0, 0]], "zip"),
        (["camera", "quaternions", 0], [0, 0, 0, 0], "norm"),
        (["camera", "positions", 1], ["x", 0, 0], "could not convert"),
        (["camera", "sensor_width"], 0, "division by zero"),
        (["camera", "width"], -24, "must be a whole number"),
        (["camera", "width"], 24.5, "must be a whole number"),
        (["camera", "focal_length"], "nan", "focal lengths must be finite"),
        (["scene_boundaries", "max"], [0, 0], "unpack"),
        (["scene_boundaries", "max"], [-3, 9, 9], "every upper bound"),
        (["segmentation_labels"], 5, "not iterable"),
        (["metadata", "seed"], "seven", "must be a whole number"),
    ],
)
def test_broken_metadata_is_an_error(written, keys, value, message):
    set_json(written / "metadata.json", keys, value)
    with pytest.raises(DatasetError, match=message):
        read_nesf(written)


def test_depth_that_is_none(scene, written):
    path = written / "depth_00000.tiff"
    depth = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    depth[0, :4] = np.nan, np.inf, -1.0, 1e9
    cv2.imwrite(str(path), depth)
    read = read_nesf(written).views[0].depth_m
    assert (read[0, :4] == 0).all() and (read[1:] == scene.views[0].depth_m[1:]).all()


def reprojected(a, b):
    """Per point of view a that lies in view b: depth there less depth of the point, and labels."""
    points = unproject_image(a.depth_m, a.camera).reshape(-1, 3).astype(np.float64)
    some = points[:, 2] > 0
    there = se3.transform_points(se3.invert(b.world_T_camera) @ a.world_T_camera, points[some])
    pixels = project(there, b.camera)
    inside = ((pixels >= 0) & (pixels <= (b.camera.width - 1, b.camera.height - 1))).all(1)
    u, v = pixels[inside].astype(np.float32).T
    seen = cv2.remap(b.depth_m, u[None], v[None], cv2.INTER_LINEAR)[0]
    labels = b.instances[np.round(v).astype(int), np.round(u).astype(int)]
    return seen - there[inside, 2], a.instances.reshape(-1)[some][inside], labels


@pytest.mark.parametrize("number", [0, 1])
def test_published_depth_agrees_between_views(shared_data, number):
    if not (shared_data / "klevr_sample").is_dir():
        pytest.skip(f"no sample of KLEVR in {shared_data}")
    scene = read_nesf(shared_data / "klevr_sample" / str(number))
    assert scene.classes == ("Cube", "Cylinder", "Sphere", "Torus", "Gear")
    for a, b in itertools.permutations(scene.views, 2):
        errors, labels, there = reprojected(a, b)
        # Depth along the ray is out by 7 cm, pixel centres on whole numbers by 0.9 mm.
        assert np.median(np.abs(errors)) < 0.0002
        near = np.abs(errors) < 0.01
        assert near.mean() > 0.9
        shown = near & ((labels >= 0) | (there >= 0))
        assert (labels == there)[shown].mean() > 0.99
    assert len(list(open_source(shared_data / "klevr_sample" / str(number)))) == 3


def test_the_published_floor_is_flat(shared_data):
    """The scene's floor lies 1 cm up, and only where depth, pose and camera are all read right."""
    if not (shared_data / "klevr_sample").is_dir():
        pytest.skip(f"no sample of KLEVR in {shared_data}")
    for view in read_nesf(shared_data / "klevr_sample" / "1").views:
        points = unproject_image(view.depth_m, view.camera)[
            (view.instances < 0) & (view.depth_m > 0)
        ]
        heights = se3.transform_points(view.world_T_camera, points.astype(np.float64))[:, 2]
        assert np.percentile(heights, [1, 50, 99]) == pytest.approx([0.00998] * 3, abs=5e-5)


def test_a_published_scene_is_rewritten_as_it_was(shared_data, tmp_path):
    if not (shared_data / "klevr_sample").is_dir():
        pytest.skip(f"no sample of KLEVR in {shared_data}")
    folder = shared_data / "klevr_sample" / "0"
    write_nesf(read_nesf(folder), tmp_path / "0", test_views=[2])
    ours, theirs = (json.loads((f / "metadata.json").read_text()) for f in (tmp_path / "0", folder))
    assert ours.keys() == theirs.keys() and ours["camera"].keys() == theirs["camera"].keys()
    for key in ("segmentation_labels", "scene_boundaries", "split_ids"):
        assert ours[key] == theirs[key]
    for key, value in theirs["camera"].items():
        assert np.asarray(ours["camera"][key]) == pytest.approx(np.asarray(value), abs=1e-6)
    for path in folder.glob("*_*"):
        same = cv2.imread(str(tmp_path / "0" / path.name), cv2.IMREAD_UNCHANGED)
        assert (same == cv2.imread(str(path), cv2.IMREAD_UNCHANGED)).all()
