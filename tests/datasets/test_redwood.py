"""Open3D/Redwood folders, written here in their format."""

import json

import numpy as np
import pytest

from nesf_ros.datasets import open_source
from nesf_ros.errors import DatasetError
from nesf_ros.types import START_NS, Intrinsics

TURNED = np.array([[0.0, 0, 1, 1], [0, 1, 0, 2], [-1, 0, 0, 3], [0, 0, 0, 1]])


@pytest.fixture
def recording(tmp_path, color, write_color, write_depth):
    folder = tmp_path / "livingroom"
    blocks = []
    for index in range(3):
        write_color(folder / "color" / f"{index:05d}.png", color + np.uint8(index))
        write_depth(folder / "depth" / f"{index:05d}.png", 2000 + index)
        pose = TURNED.copy()
        pose[0, 3] += index
        rows = "\n".join(" ".join(map(str, row)) for row in pose)
        blocks.append(f"{index} {index} {index + 1}\n{rows}\n")
    (folder / "trajectory.log").write_text("".join(blocks))
    matrix = [500.0, 0, 0, 0, 510.0, 0, 7.5, 5.5, 1]
    camera = {"width": 16, "height": 12, "intrinsic_matrix": matrix}
    (folder / "camera_primesense.json").write_text(json.dumps(camera))
    return folder


def test_pixels_poses_and_camera(recording, color):
    source = open_source(recording)
    frames = list(source)
    assert (len(source), source.rate_hz, dict(source.skipped)) == (3, 30.0, {})
    for index, frame in enumerate(frames):
        assert (frame.rgbd.color == color + np.uint8(index)).all()
        assert frame.rgbd.depth_m[4, 4] == pytest.approx((2000 + index) / 1000)
        assert frame.rgbd.depth_m[0, :2].tolist() == [0, 0]
        assert frame.world_T_camera[:3, 3].tolist() == [1 + index, 2, 3]
        assert (frame.world_T_camera[:3, :3] == TURNED[:3, :3]).all()
        assert frame.rgbd.stamp_ns == START_NS + round(index * 1e9 / 30)
    # The matrix is stored by columns.
    assert frames[0].rgbd.depth_intrinsics == Intrinsics(16, 12, 500.0, 510.0, 7.5, 5.5)


def test_camera_by_default_and_other_folder_names(recording):
    (recording / "camera_primesense.json").unlink()
    (recording / "color").rename(recording / "rgb")
    rgbd = next(iter(open_source(recording))).rgbd
    assert rgbd.color_intrinsics == Intrinsics(16, 12, 525.0, 525.0, 319.5, 239.5)


def test_unequal_counts_are_an_error(recording):
    (recording / "depth" / "00001.png").unlink()
    with pytest.raises(DatasetError, match="3 colour and 2 depth images and 3 poses"):
        open_source(recording)


def test_bad_poses_are_skipped_and_broken_files_are_errors(recording):
    log = recording / "trajectory.log"
    text = log.read_text()
    log.write_text(text.replace("0.0 1.0 0.0 2.0", "0 1 0 nan", 1))
    source = open_source(recording)
    assert [f.world_T_camera[0, 3] for f in source] == [2, 3]
    assert source.skipped == {"bad_pose": 1}
    log.write_text(text.rsplit("\n", 2)[0])
    with pytest.raises(DatasetError, match="14 lines; each pose takes five"):
        open_source(recording)
    log.write_text(text.replace("1.0", "one", 1))
    with pytest.raises(DatasetError, match="must hold 4x4 matrices of numbers"):
        open_source(recording)
    log.write_text(text)
    (recording / "camera_primesense.json").write_text('{"intrinsic_matrix": [1, 2]}')
    with pytest.raises(DatasetError, match="nine numbers, by columns"):
        open_source(recording)


def test_truncated_image_is_skipped(recording):
    path = recording / "depth" / "00002.png"
    path.write_bytes(path.read_bytes()[:20])
    source = open_source(recording)
    assert len(list(source)) == 2 and source.skipped == {"bad_image": 1}
