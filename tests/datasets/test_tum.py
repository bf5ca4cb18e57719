"""TUM RGB-D folders, written here in their format."""

import numpy as np
import pytest

from nesf_ros.datasets import open_source
from nesf_ros.datasets.tum import read_stamped
from nesf_ros.errors import DatasetError
from nesf_ros.types import Intrinsics

T0 = 1305031102


@pytest.fixture
def recording(tmp_path, color, write_color, write_depth):
    """Depth at 0.16, 0.2 … 0.32 s, colour 5 ms later, poses from 0.15 to 0.31 s."""
    folder = tmp_path / "rgbd_dataset_freiburg1_desk"
    lists = {"rgb": ["# color images", "# timestamp filename"], "depth": ["# depth maps"]}
    for index in range(5):
        stamp = f"{T0}.{160000 + 40000 * index:06d}"
        later = f"{T0}.{165000 + 40000 * index:06d}"
        write_depth(folder / "depth" / f"{stamp}.png", 5000 + 500 * index)
        write_color(folder / "rgb" / f"{later}.png", color + np.uint8(index))
        lists["depth"].append(f"{stamp} depth/{stamp}.png")
        lists["rgb"].append(f"{later} rgb/{later}.png")
    for name, lines in lists.items():
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n")
    # Moves along x at 1 m/s, turns about z at 1 rad/s.
    truth = ["# timestamp tx ty tz qx qy qz qw"]
    for ms in range(150, 311, 10):
        half = ms / 2000
        truth.append(f"{T0}.{ms:03d}0 {ms / 1000} 0 1 0 0 {np.sin(half):.9f} {np.cos(half):.9f}")
    (folder / "groundtruth.txt").write_text("\n".join(truth) + "\n")
    return folder


def test_pixels_poses_and_stamps(recording, color):
    source = open_source(recording)
    frames = list(source)
    assert source.rate_hz == pytest.approx(25)
    assert source.skipped == {"no_pose": 1}  # the last depth image is after the last pose
    for index, frame in enumerate(frames):
        at = 0.16 + 0.04 * index
        assert frame.rgbd.stamp_ns == T0 * 10**9 + 160_000_000 + 40_000_000 * index
        assert (frame.rgbd.color == color + np.uint8(index)).all()
        assert frame.rgbd.depth_m[3, 3] == pytest.approx(1 + 0.1 * index)
        assert frame.world_T_camera[:3, 3] == pytest.approx([at, 0, 1])
        assert frame.world_T_camera[0, 0] == pytest.approx(np.cos(at))
    assert len(frames) == 4
    assert frames[0].rgbd.depth_intrinsics == Intrinsics(16, 12, 525.0, 525.0, 319.5, 239.5)


def test_poses_are_interpolated_and_gaps_are_not(recording):
    path = recording / "groundtruth.txt"
    lines = path.read_text().splitlines()
    # Without the poses at 0.16, 0.19 … the neighbours at 10 ms serve.
    path.write_text("\n".join(line for line in lines if not line.startswith(f"{T0}.160")))
    frames = list(open_source(recording))
    assert frames[0].world_T_camera[:3, 3] == pytest.approx([0.16, 0, 1])
    assert frames[0].world_T_camera[1, 0] == pytest.approx(np.sin(0.16))
    keep = [line for line in lines if not f"{T0}.170" <= line < f"{T0}.280"]
    path.write_text("\n".join(keep))
    source = open_source(recording)
    # 0.16 and 0.28 are given; 0.20 and 0.24 lie in a gap of 0.12 s; 0.32 is beyond the end.
    assert [f.world_T_camera[0, 3] for f in source] == pytest.approx([0.16, 0.28])
    assert source.skipped == {"no_pose": 3}


def test_bad_poses_are_skipped(recording):
    path = recording / "groundtruth.txt"
    path.write_text(path.read_text().replace("0.16 0 1 0 0", "0.16 0 nan 0 0"))
    source = open_source(recording)
    assert len(list(source)) == 3
    assert source.skipped == {"no_pose": 1, "bad_pose": 1}


def test_images_without_partner_are_skipped(recording):
    path = recording / "rgb.txt"
    path.write_text("\n".join(
        line for line in path.read_text().splitlines() if not line.startswith(f"{T0}.205")
    ))  # fmt: skip
    source = open_source(recording)
    # The depth image at 0.20 is nearest to no colour image that is nearest to it.
    assert [round(f.world_T_camera[0, 3], 6) for f in source] == [0.16, 0.24, 0.28]
    assert source.skipped == {"no_partner": 1, "no_pose": 1}


def test_cameras(recording):
    third = recording.rename(recording.with_name("rgbd_dataset_freiburg3_office"))
    assert next(iter(open_source(third))).rgbd.color_intrinsics.fx == 535.4
    (third / "camera.txt").write_text("500 501 8 6\n")
    camera = next(iter(open_source(third))).rgbd.color_intrinsics
    assert camera == Intrinsics(16, 12, 500.0, 501.0, 8.0, 6.0)
    (third / "camera.txt").write_text("500 501 8\n")
    with pytest.raises(DatasetError, match="four numbers, fx fy cx cy"):
        open_source(third)


def test_stamps_are_exact(tmp_path):
    path = tmp_path / "rgb.txt"
    path.write_text("1305031102.175304001 b.png\n# no line\n1305031102.1 a.png\n")
    assert read_stamped(path) == [
        (1305031102_100000000, ["a.png"]),
        (1305031102_175304001, ["b.png"]),
    ]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("rgb", "soon rgb/1.png", "line 1: 'soon' is no stamp"),
        ("rgb", "inf rgb/1.png", "line 1: 'inf' is no stamp"),
        ("depth", "1.5", "line 1 has a stamp and nothing else"),
        ("depth", "# nothing", "has no entries"),
        ("groundtruth", "1.5 1 2 3", "it must be tx ty tz qx qy qz qw"),
        ("groundtruth", "1.5 1 2 3 0 0 0 x", "it must be tx ty tz qx qy qz qw"),
    ],
)
def test_broken_files_are_errors(recording, name, text, message):
    (recording / f"{name}.txt").write_text(text)
    with pytest.raises(DatasetError, match=message):
        open_source(recording)
