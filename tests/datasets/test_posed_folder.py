"""Labelled folders of posed RGB-D images."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from nesf_ros.datasets import Source, open_source
from nesf_ros.datasets.posed_folder import read_posed_folder, write_posed_folder
from nesf_ros.datasets.sevenscenes import open_sevenscenes
from nesf_ros.errors import DatasetError

from .labelled_scenes import CAMERA, assert_same, small_scene


@pytest.fixture(scope="module")
def scene():
    return small_scene()


@pytest.fixture
def written(scene, tmp_path):
    write_posed_folder(scene, tmp_path / "kitchen")
    return tmp_path / "kitchen"


def test_a_scene_comes_back_as_it_was(scene, written):
    read = read_posed_folder(written)
    assert_same(read, scene, depth_m=0.000501)
    for found, view in zip(read.views, scene.views, strict=True):
        assert (found.world_T_camera == view.world_T_camera).all()
        assert found.camera == CAMERA


def test_files_are_what_they_are_said_to_be(scene, written):
    def image(name):
        return cv2.imread(str(written / f"frame-000001.{name}.png"), cv2.IMREAD_UNCHANGED)

    view = scene.views[1]
    for name in ("depth", "instances", "parts", "normals"):
        assert image(name).dtype == np.uint16
    row, column = 14, 12
    thing, part = view.instances[row, column], view.parts[row, column]
    assert (thing, part) == (0, -1)
    assert image("instances")[row, column] == 1 and image("parts")[row, column] == 0
    assert image("depth")[row, column] == round(1000 * view.depth_m[row, column])
    # The floor's normal, (0, 0, 1); OpenCV reads blue first, and blue is z.
    assert image("normals")[row, column].tolist() == [65535, 32768, 32768]
    assert (image("instances") == 0).sum() == (view.instances < 0).sum() > 0
    pose = np.loadtxt(written / "frame-000001.pose.txt")
    assert (pose == view.world_T_camera).all()


def test_it_opens_as_a_recording_with_its_stamps(scene, written):
    source = open_source(written)
    assert isinstance(source, Source) and source.rate_hz == 10.0
    for frame, view in zip(source, scene.views, strict=True):
        assert frame.rgbd.stamp_ns == view.stamp_ns
        assert (frame.world_T_camera == view.world_T_camera).all()
        assert frame.rgbd.depth_m == pytest.approx(view.depth_m, abs=0.000501)
        assert frame.rgbd.color_intrinsics == frame.rgbd.depth_intrinsics == CAMERA


@pytest.mark.parametrize("with_scene_file", [True, False])
def test_it_is_a_seven_scenes_recording(scene, written, with_scene_file):
    if not with_scene_file:
        (written / "scene.json").unlink()
    source = open_sevenscenes(written) if with_scene_file else open_source(written)
    assert not source.skipped
    for frame, view in zip(source, scene.views, strict=True):
        assert (frame.world_T_camera == view.world_T_camera).all()
        assert (frame.rgbd.color == view.color).all()
        assert frame.rgbd.depth_m == pytest.approx(view.depth_m, abs=0.000501)
        assert frame.rgbd.depth_intrinsics == CAMERA


def test_depth_is_rounded_and_limited(scene, tmp_path):
    depth = np.zeros((CAMERA.height, CAMERA.width), np.float32)
    depth[0, :5] = 0.0004, 0.0006, 1.2344, 65.534, 65.5346
    views = (replace(scene.views[0], depth_m=depth),)
    write_posed_folder(replace(scene, views=views), tmp_path / "a")
    read = read_posed_folder(tmp_path / "a").views[0].depth_m
    assert read[0, :5] == pytest.approx([0, 0.001, 1.234, 65.534, 0], abs=1e-5)


def test_parts_and_normals_may_be_left_out(scene, tmp_path):
    views = (replace(scene.views[0], parts=None), replace(scene.views[1], normals_world=None))
    write_posed_folder(replace(scene, views=views), tmp_path / "a")
    first, second = read_posed_folder(tmp_path / "a").views
    assert first.parts is None and second.normals_world is None
    assert (second.parts == scene.views[1].parts).all()
    assert first.normals_world is not None


def test_broken_folders_are_errors(written):
    pose = written / "frame-000001.pose.txt"
    for text, message in [
        ("", "cannot reshape"),
        ("nan " * 16, "pose holds NaN"),
        ("1 0 0 0 0 1 0 0 0 0 x 0 0 0 0 1", "could not convert"),
        ("2 0 0 0 0 2 0 0 0 0 2 0 0 0 0 1", "not rigid"),
        ("0 " * 10_000, "more than 4096 bytes"),
    ]:
        pose.write_text(text)
        with pytest.raises(DatasetError, match=rf"frame-000001\.pose\.txt.*{message}"):
            read_posed_folder(written)
    pose.unlink()
    with pytest.raises(DatasetError, match=r"frame-000001\.pose\.txt is missing"):
        open_source(written)
    (written / "scene.json").write_text("{}")
    with pytest.raises(DatasetError, match=r"scene\.json has no 'views'"):
        open_source(written)


def test_a_part_that_there_is_not(written):
    views = read_posed_folder(written).views
    path = written / "frame-000000.parts.png"
    parts = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    parts[-1, 12] = 1  # a part of the floor, which has none
    cv2.imwrite(str(path), parts)
    with pytest.raises(DatasetError, match="part mask names parts"):
        views[0]
    path.unlink()
    with pytest.raises(DatasetError, match=r"frame-000000\.parts\.png is missing"):
        views[0]
