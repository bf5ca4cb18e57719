"""Labelled scenes in ROS 2 bags."""

import json
import resource
import struct
from dataclasses import replace

import numpy as np
import pytest
from rosbags.highlevel import AnyReader
from rosbags.interfaces import QosDurability

from nesf_ros.datasets import Source, open_source
from nesf_ros.datasets.bag_labels import read_rosbag
from nesf_ros.datasets.bag_writer import write_rosbag
from nesf_ros.errors import DatasetError
from nesf_ros.types import Intrinsics

from .bags import drive, write_bag
from .labelled_scenes import CAMERA, assert_same, render, small_scene


@pytest.fixture(scope="module")
def scene():
    return small_scene()


@pytest.fixture(scope="module", params=["sqlite3", "mcap"])
def written(request, scene, tmp_path_factory):
    path = tmp_path_factory.mktemp("bag") / "kitchen"
    write_rosbag(scene, path, request.param)
    return path


def spoil(path, old, new):
    """Put other bytes, as many, in place of some of a bag's; returns what it was."""
    assert len(old) == len(new)
    file = path / f"{path.name}.db3"
    whole = file.read_bytes()
    assert old in whole
    file.write_bytes(whole.replace(old, new))
    return file, whole


def test_a_scene_comes_back_as_it_was(scene, written):
    read = read_rosbag(written)
    assert_same(read, scene)
    assert read.views[0].camera == CAMERA
    assert sorted(path.suffix for path in written.iterdir()) in (
        [".db3", ".yaml"],
        [".mcap", ".yaml"],
    )
    assert [path.name for path in written.parent.iterdir()] == ["kitchen"]


def test_it_is_an_ordinary_recording(scene, written):
    source = open_source(written)
    assert isinstance(source, Source) and not source.skipped
    assert source.map_frame == "map" and source.rate_hz == pytest.approx(10)
    for frame, view in zip(source, scene.views, strict=True):
        assert frame.rgbd.stamp_ns == view.stamp_ns
        assert np.abs(frame.world_T_camera - view.world_T_camera).max() < 1e-9
        assert (frame.rgbd.color == view.color).all()
        assert (frame.rgbd.depth_m == view.depth_m).all()
        assert frame.rgbd.depth_intrinsics == frame.rgbd.color_intrinsics == CAMERA
        assert (frame.rgbd.depth_T_color == np.eye(4)).all()
    assert not source.skipped


def test_messages_are_what_ros_tools_expect(scene, written):
    with AnyReader([written]) as reader:
        profiles = {c.topic: c.ext.offered_qos_profiles[0] for c in reader.connections}
        latched = {t for t, q in profiles.items() if q.durability == QosDurability.TRANSIENT_LOCAL}
        assert latched == {"/camera/labels/scene", "/tf_static"}
        found = {}
        for connection, at_ns, data in reader.messages():
            message = reader.deserialize(data, connection.msgtype)
            found.setdefault(connection.topic, []).append((at_ns, message))
    view = scene.views[1]
    for name, numbers in (
        ("instances", view.instances),
        ("classes", scene.class_ids(view.instances)),
    ):
        at_ns, message = found[f"/camera/labels/{name}"][1]
        assert (at_ns, message.encoding) == (view.stamp_ns, "mono16")
        assert (message.data.view("<u2").reshape(18, 24) == numbers + 1).all()
    depth = found["/camera/depth_registered/image_rect"][2][1]
    values = depth.data.view("<f4").reshape(18, 24)
    assert depth.encoding == "32FC1" and depth.step == 96
    assert (np.isnan(values) == (scene.views[2].depth_m == 0)).all() and np.isnan(values).any()
    ((_, text),) = found["/camera/labels/scene"]
    assert json.loads(text.data)["classes"] == ["box", "floor", "mug", "unseen class"]
    ((_, static),) = found["/tf_static"]
    turn = static.transforms[0].transform.rotation
    assert [turn.x, turn.y, turn.z, turn.w] == pytest.approx([0.5, -0.5, 0.5, -0.5]) or [
        turn.x, turn.y, turn.z, turn.w,
    ] == pytest.approx([-0.5, 0.5, -0.5, 0.5])  # fmt: skip
    moves = [message.transforms[0] for _, message in found["/tf"]]
    assert [m.transform.translation.z for m in moves] == pytest.approx([0.9, 1.1, 0.5])
    info = found["/camera/color/camera_info"][0][1]
    assert (info.width, info.height, info.p.tolist()[:4]) == (24, 18, [20, 0, 11.5, 0])
    assert info.header.frame_id == depth.header.frame_id == static.transforms[0].child_frame_id


def test_parts_and_normals_may_be_left_out(scene, tmp_path):
    views = (replace(scene.views[0], parts=None), replace(scene.views[1], normals_world=None))
    write_rosbag(replace(scene, views=views), tmp_path / "a")
    first, second = read_rosbag(tmp_path / "a").views
    assert first.parts is None and second.normals_world is None
    assert (second.parts == views[1].parts).all() and first.normals_world is not None


def test_what_cannot_be_written(scene, tmp_path):
    first, second, _ = scene.views
    other = render(first.world_T_camera, 9 * 10**9, Intrinsics(24, 18, 21.0, 21.0, 11.5, 8.5))
    nan = replace(second, depth_m=second.depth_m * np.float32(np.nan))
    for views, message in [
        ((second, first), "view 1 of 'kitchen 7' has the stamp 2000000000 after 2100000000"),
        ((first, first), "they must rise"),
        ((replace(first, stamp_ns=-1),), "the stamp -1"),
        ((replace(first, stamp_ns=2**31 * 10**9),), "the stamp 2147483648000000000"),
        ((first, other), "this format knows one camera"),
        ((first, nan), "view 1 of 'kitchen 7': depth is negative or not finite"),
        ((), "has no view to write"),
    ]:
        with pytest.raises(DatasetError, match=message):
            write_rosbag(replace(scene, views=views), tmp_path / "a")
    with pytest.raises(DatasetError, match="no storage 'zip'; take one of sqlite3, mcap"):
        write_rosbag(scene, tmp_path / "a", "zip")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("storage", ["sqlite3", "mcap"])
def test_a_full_disk_leaves_nothing(scene, tmp_path, storage):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(DatasetError, match="kitchen cannot be written.* MB left"):
            write_rosbag(scene, tmp_path / "kitchen", storage)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_a_bag_without_labels(tmp_path, color):
    bag = write_bag(tmp_path / "bag", drive(color, np.full((12, 16), 1500, np.uint16)))
    with pytest.raises(DatasetError, match="0 messages on /camera/labels/scene where one must be"):
        read_rosbag(bag)


def test_spoiled_bags_are_errors(scene, tmp_path):
    write_rosbag(scene, tmp_path / "a")
    views = read_rosbag(tmp_path / "a").views
    for old, new, message in [
        (b'"things"', b'"thongs"', "/camera/labels/scene has no 'things'"),
        (b'"seed": 7', b'"seed": x', "is no JSON"),
    ]:
        file, whole = spoil(tmp_path / "a", old, new)
        with pytest.raises(DatasetError, match=message):
            read_rosbag(tmp_path / "a")
        file.write_bytes(whole)
    for old, new, message in [
        (b"\x07\0\0\0mono16\0", b"\x07\0\0\0mono61\0", "a label image is mono61"),
        (b"\x06\0\0\x0032FC1\0", b"\x06\0\0\x0032FC9\0", "32FC9"),
        (struct.pack("<II", 48, 864), struct.pack("<II", 50, 864), "step and byte order"),
        (b"rgb8\0", b"bgr9\0", "bgr9"),
    ]:
        file, whole = spoil(tmp_path / "a", old, new)
        with pytest.raises(DatasetError, match=f"view 0: .*{message}"):
            views[0]
        file.write_bytes(whole)
    assert (views[0].instances == scene.views[0].instances).all()


def test_views_of_a_truncated_bag_are_errors(scene, tmp_path):
    write_rosbag(scene, tmp_path / "a", "mcap")
    views = read_rosbag(tmp_path / "a").views
    file = tmp_path / "a" / "a.mcap"
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(DatasetError, match="cannot be opened|is damaged"):
        views[2]
