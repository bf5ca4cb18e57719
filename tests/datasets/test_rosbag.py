"""ROS 2 bags, written here in both storage formats."""

import numpy as np
import pytest

from nesf_ros.datasets import Source, open_source
from nesf_ros.datasets.rosbag import open_rosbag
from nesf_ros.datasets.topics import CAMERA_INFO, COMPRESSED, IMAGE, BagTopics, choose_topics
from nesf_ros.errors import DatasetError
from nesf_ros.types import Intrinsics

from .bags import (
    BASE,
    COLOR,
    DEPTH,
    MAP,
    START,
    camera_info,
    compressed,
    drive,
    image,
    transform,
    write_bag,
)

COLOR_TOPIC, DEPTH_TOPIC = "/camera/color/image_raw", "/camera/depth/image_rect_raw"


@pytest.fixture
def depth():
    units = np.full((12, 16), 1500, np.uint16)
    units[0, :2] = 0, 65535
    return units


def checked_frames(source, color, count=4):
    frames = list(source)
    for index, frame in enumerate(frames):
        rgbd = frame.rgbd
        assert rgbd.stamp_ns == START + index * 100_000_000
        assert (rgbd.color == color + np.uint8(index)).all()
        assert rgbd.depth_m[6, 6] == pytest.approx((1500 + index) / 1000)
        assert rgbd.depth_m[0, 0] == 0
        assert rgbd.color_intrinsics == Intrinsics(16, 12, 20.0, 20.0, 7.5, 5.5)
        assert rgbd.depth_intrinsics == Intrinsics(16, 12, 18.0, 18.0, 7.5, 5.5)
        assert rgbd.depth_T_color[:3, 3] == pytest.approx([0.05, 0, 0])
        # The robot is at x = 0.1 · index, between two samples of TF; the camera looks along +x.
        assert frame.world_T_camera[:3, 3] == pytest.approx([0.1 * index, 0, 1])
        assert frame.world_T_camera[:3, 2] == pytest.approx([1, 0, 0])
        assert frame.world_T_camera[:3, 1] == pytest.approx([0, 0, -1])
        assert frame.odom_T_camera is None
    assert len(frames) == count
    return frames


@pytest.mark.parametrize("storage", ["sqlite3", "mcap"])
def test_pixels_poses_and_stamps(tmp_path, color, depth, storage):
    bag = write_bag(tmp_path / "bag", drive(color, depth), storage)
    source = open_source(bag)
    assert isinstance(source, Source)
    assert (source.name, len(source), source.map_frame) == ("bag", 4, "map")
    assert source.rate_hz == pytest.approx(3 / 0.425, rel=0.05)
    checked_frames(source, color)
    assert not source.skipped
    checked_frames(source, color)  # a second time, from the start
    file = next(p for p in bag.iterdir() if p.suffix in (".db3", ".mcap"))
    checked_frames(open_source(file), color)


def test_compressed_images(tmp_path, color, depth):
    messages = []
    for at, topic, message in drive(color, depth):
        stamp = message.header.stamp if hasattr(message, "header") else None
        if topic == COLOR_TOPIC:
            pixels = message.data.reshape(12, 16, 3)
            message = compressed(stamp.sec * 10**9 + stamp.nanosec, COLOR, pixels)
            topic += "/compressed"
        elif topic == DEPTH_TOPIC:
            units = message.data.view(np.uint16).reshape(12, 16)
            message = compressed(stamp.sec * 10**9 + stamp.nanosec, DEPTH, units, depth=True)
            topic += "/compressedDepth"
        messages.append((at, topic, message))
    source = open_rosbag(write_bag(tmp_path / "bag", messages, "mcap"))
    checked_frames(source, color)
    assert not source.skipped


def test_stamps_of_a_pair_may_differ(tmp_path, color, depth):
    messages = drive(color, depth, hide=(COLOR_TOPIC,))
    for index in range(4):
        at = START + index * 100_000_000 - 7_000_000
        shade = color + np.uint8(index)
        messages.append((at, COLOR_TOPIC, image(at, COLOR, shade, "rgb8")))
    # The stamp, and so the pose, is that of the depth image.
    checked_frames(open_rosbag(write_bag(tmp_path / "bag", messages)), color)


def test_distortion_is_rectified(tmp_path, color, depth):
    messages = drive(color, depth, count=1, hide=("/camera/color/camera_info",))
    bent = camera_info(START, COLOR, (16, 12), 20.0, (0.3, 0.0, 0.0, 0.0, 0.0))
    messages.append((START, "/camera/color/camera_info", bent))
    (frame,) = open_rosbag(write_bag(tmp_path / "bag", messages))
    # At (13, 5), (x, y) = (5.5, -0.5) / 20: the ray of this pixel fell 0.3 · (x² + y²) farther out.
    u = 7.5 + 5.5 * (1 + 0.3 * (5.5**2 + 0.5**2) / 400)
    assert frame.rgbd.color[5, 13, 0] == pytest.approx(10 * u, abs=1)


def test_what_cannot_be_used_is_counted(tmp_path, color, depth):
    messages = [
        item
        for item in drive(color, depth, count=6)
        if not (item[1] == "/tf" and item[0] > START + 450_000_000)
    ]

    def at(index, topic):
        stamp = START + index * 100_000_000
        return next(
            i for i, item in enumerate(messages)
            if item[1] == topic and START + index * 100_000_000 <= item[0] < stamp + 50_000_000
        )  # fmt: skip

    del messages[at(0, COLOR_TOPIC)]
    messages[at(1, DEPTH_TOPIC)][2].encoding = "yuv422"
    messages[at(2, DEPTH_TOPIC)][2].data[:] = 0
    messages[at(3, COLOR_TOPIC)][2].data = messages[at(3, COLOR_TOPIC)][2].data[:-5]
    messages.append((START, "/tf", transform(START, MAP, BASE, (0, 0, 0), (0, 0, 0, 0))))
    source = open_rosbag(write_bag(tmp_path / "bag", messages))
    (frame,) = source
    assert frame.rgbd.stamp_ns == START + 400_000_000
    assert source.skipped == {
        "no_partner": 1, "bad_encoding": 1, "empty_depth": 1, "bad_size": 1, "tf_late": 1,
        "bad_transform": 1,
    }  # fmt: skip
    # Every depth image is accounted for.
    assert 1 + sum(source.skipped.values()) - source.skipped["bad_transform"] == len(source)


def test_odometry_and_map_frame(tmp_path, color, depth):
    messages = drive(color, depth, count=2)
    renamed = []
    for at, topic, message in messages:
        if topic == "/tf":
            message.transforms[0].header.frame_id = "odom"
        renamed.append((at, topic, message))
    bag = write_bag(tmp_path / "no_map", renamed)
    assert open_rosbag(bag).map_frame == "odom"
    renamed.append((START, "/tf_static", transform(0, MAP, "odom", (0, 2, 0))))
    source = open_rosbag(write_bag(tmp_path / "map", renamed))
    frames = list(source)
    assert source.map_frame == "map"
    assert frames[1].world_T_camera[:3, 3] == pytest.approx([0.1, 2, 1])
    assert frames[1].odom_T_camera[:3, 3] == pytest.approx([0.1, 0, 1])
    in_odom = list(open_rosbag(tmp_path / "map", map_frame="/odom"))
    assert in_odom[1].world_T_camera[:3, 3] == pytest.approx([0.1, 0, 1])
    with pytest.raises(DatasetError, match="no frame mars.*base_link.*map, odom"):
        open_rosbag(tmp_path / "map", map_frame="mars")


def test_missing_topics_are_errors(tmp_path, color, depth):
    for number, (hidden, message) in enumerate(
        [
            ((COLOR_TOPIC,), "no color image topic"),
            ((DEPTH_TOPIC,), "no depth image topic"),
            (("/camera/depth/camera_info",), "no CameraInfo topic '/camera/depth/camera_info'"),
            (("/tf", "/tf_static"), "no transforms"),
        ]
    ):
        bag = write_bag(tmp_path / f"bag{number}", drive(color, depth, hide=hidden))
        with pytest.raises(DatasetError, match=message):
            open_rosbag(bag)


@pytest.mark.parametrize("storage", ["sqlite3", "mcap"])
def test_damaged_bags_are_errors(tmp_path, color, depth, storage):
    bag = write_bag(tmp_path / "bag", drive(color, depth, count=20), storage)
    file = next(p for p in bag.iterdir() if p.suffix in (".db3", ".mcap"))
    whole = file.read_bytes()
    for share in (0.0, 0.4, 0.9):
        file.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(DatasetError, match="cannot be opened|is damaged|no "):
            list(open_rosbag(bag))
    file.write_bytes(whole)
    (bag / "metadata.yaml").write_text("rosbag2_bagfile_information: [")
    with pytest.raises(DatasetError, match="cannot be opened"):
        open_rosbag(bag)


def test_topics_by_custom():
    types = {
        "/camera/aligned_depth_to_color/image_raw": IMAGE,
        "/camera/aligned_depth_to_color/image_raw/compressedDepth": COMPRESSED,
        "/camera/aligned_depth_to_color/camera_info": CAMERA_INFO,
        "/camera/depth/image_rect_raw": IMAGE,
        "/camera/depth/image_rect_raw/compressed": COMPRESSED,
        "/camera/depth/camera_info": CAMERA_INFO,
        "/camera/infra1/image_rect_raw": IMAGE,
        "/camera/color/image_raw": IMAGE,
        "/camera/color/image_raw/compressed": COMPRESSED,
        "/camera/color/camera_info": CAMERA_INFO,
        "/rosout": "rcl_interfaces/msg/Log",
    }
    aligned = "/camera/aligned_depth_to_color"
    found = choose_topics(types, BagTopics())
    assert found == BagTopics(
        "/camera/color/image_raw", f"{aligned}/image_raw",
        "/camera/color/camera_info", f"{aligned}/camera_info",
    )  # fmt: skip
    other = choose_topics(types, BagTopics(depth="/camera/depth/image_rect_raw"))
    assert other.depth_info == "/camera/depth/camera_info"
    with pytest.raises(DatasetError, match="no image topic '/x'; it has /camera/al"):
        choose_topics(types, BagTopics(color="/x"))


def test_ambiguous_topics_name_the_choices():
    kinds = {"image_raw": IMAGE, "camera_info": CAMERA_INFO}
    types = {
        f"/{side}/{camera}/{name}": kind
        for side in ("front", "rear")
        for camera in ("rgb", "depth")
        for name, kind in kinds.items()
    }
    with pytest.raises(
        DatasetError,
        match=r"several color topics: /front/rgb/image_raw, /rear/rgb/image_raw; choose one with "
        r"topics=BagTopics\(color=",
    ):
        choose_topics(types, BagTopics())
    wanted = BagTopics(color="/rear/rgb/image_raw", depth="/rear/depth/image_raw")
    assert choose_topics(types, wanted).color_info == "/rear/rgb/camera_info"
