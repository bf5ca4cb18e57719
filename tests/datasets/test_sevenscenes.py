"""7-Scenes folders, written here in their format, and the real one."""

import itertools

import numpy as np
import pytest

from nesf_ros.datasets import open_source
from nesf_ros.errors import DatasetError
from nesf_ros.geometry import se3
from nesf_ros.geometry.cameras import project, unproject_image
from nesf_ros.types import START_NS, Intrinsics


def write_pose(path, pose):
    path.write_text("\n".join("\t".join(f"{x:.8e}" for x in row) + "\t" for row in pose) + "\n")


@pytest.fixture
def recording(tmp_path, color, write_color, write_depth):
    """Frames 0, 4 and 8 in seq-01; colour brightens and depth grows with the number."""
    folder = tmp_path / "office"
    for number in (0, 4, 8):
        stem = folder / "seq-01" / f"frame-{number:06d}"
        write_color(stem.with_suffix(".color.png"), color + np.uint8(number))
        write_depth(stem.with_suffix(".depth.png"), 1000 + number)
        pose = se3.from_quaternion_xyzw((number, 0.0, 0.5), (0.0, 0.6, 0.0, 0.8))
        write_pose(stem.with_suffix(".pose.txt"), pose)
    return folder


def test_pixels_poses_and_stamps(recording, color):
    source = open_source(recording)
    assert (source.name, len(source), source.rate_hz) == ("office", 3, 7.5)
    frames = list(source)
    for number, frame in zip((0, 4, 8), frames, strict=True):
        rgbd = frame.rgbd
        assert (rgbd.color == color + np.uint8(number)).all()
        assert rgbd.depth_m[5, 7] == pytest.approx((1000 + number) / 1000)
        assert rgbd.depth_m[0, 0] == 0 and rgbd.depth_m[0, 1] == 0
        assert frame.world_T_camera[:3, 3] == pytest.approx([number, 0, 0.5])
        assert frame.world_T_camera[0, 2] == pytest.approx(0.96)
        assert rgbd.stamp_ns == START_NS + round(number / 30 * 1e9)
        assert rgbd.depth_intrinsics == Intrinsics(16, 12, 585.0, 585.0, 320.0, 240.0)
        assert rgbd.color_intrinsics == rgbd.depth_intrinsics
        assert (rgbd.depth_T_color == np.eye(4)).all()
    assert not source.skipped


def test_cameras_of_its_own(recording):
    for name, focal in (("camera", 500), ("color", 520)):
        (recording / f"{name}-intrinsics.txt").write_text(f"{focal} 0 8\n0 {focal} 6\n0 0 1\n")
    rgbd = next(iter(open_source(recording))).rgbd
    assert rgbd.depth_intrinsics == Intrinsics(16, 12, 500.0, 500.0, 8.0, 6.0)
    assert rgbd.color_intrinsics.fx == 520.0
    # p_color = p_depth + (-0.016, 0, 0), so the colour camera stands at +0.016 m.
    point = se3.transform_points(se3.invert(rgbd.depth_T_color), np.array([0.1, 0.2, 1.0]))
    assert point == pytest.approx([0.084, 0.2, 1.0])


def test_bad_frames_are_skipped_and_counted(recording, write_depth):
    frames = recording / "seq-01"
    write_pose(frames / "frame-000004.pose.txt", np.full((4, 4), np.nan))
    source = open_source(recording)
    assert [f.world_T_camera[0, 3] for f in source] == [0, 8]
    assert source.skipped == {"bad_pose": 1}
    write_pose(frames / "frame-000004.pose.txt", np.diag([2.0, 2, 2, 1]))
    assert open_source(recording).skipped == {"bad_pose": 1}
    (frames / "frame-000004.pose.txt").write_text("-1.#IND " * 16)
    assert open_source(recording).skipped == {"bad_pose": 1}
    (frames / "frame-000004.pose.txt").unlink()
    assert open_source(recording).skipped == {"no_pose": 1}
    (frames / "frame-000004.depth.png").unlink()
    assert open_source(recording).skipped == {"no_partner": 1}
    (frames / "frame-000008.color.png").write_bytes(b"no image")
    source = open_source(recording)
    assert len(source) == 2
    for _ in range(2):  # what an iteration finds is counted once, not once more each time
        assert len(list(source)) == 1
        assert source.skipped == {"no_partner": 1, "bad_image": 1}


def test_images_of_another_size_are_skipped(recording, color, write_color):
    write_color(recording / "seq-01" / "frame-000004.color.png", color[:-2])
    source = open_source(recording)
    assert len(list(source)) == 2 and source.skipped == {"bad_size": 1}


def test_nothing_usable_and_too_much(recording):
    (recording / "seq-01").rename(recording / "seq-02")
    assert len(open_source(recording)) == 3
    (recording / "seq-03").symlink_to(recording / "seq-02")
    with pytest.raises(DatasetError, match="not seq-02, seq-03; name one of them"):
        open_source(recording)
    assert len(open_source(recording / "seq-03")) == 3
    for pose in (recording / "seq-02").glob("*.pose.txt"):
        pose.unlink()
    with pytest.raises(DatasetError, match=r"no usable frame \(no_pose: 3\)"):
        open_source(recording / "seq-02")


def test_broken_calibration_is_an_error(recording):
    (recording / "camera-intrinsics.txt").write_text("585 0 320 0 585 240 0 0")
    with pytest.raises(DatasetError, match="must hold 3x3 numbers"):
        open_source(recording)
    (recording / "camera-intrinsics.txt").write_text("0 0 320 0 0 240 0 0 1")
    with pytest.raises(DatasetError, match="focal lengths must be finite and positive"):
        open_source(recording)


@pytest.mark.parametrize(
    ("name", "count", "bound_m"), [("sevenscenes", 100, 0.01), ("redwood_livingroom", 5, 0.007)]
)
def test_real_depth_agrees_between_neighbours(shared_data, name, count, bound_m):
    source = open_source(shared_data / name)
    frames = list(itertools.islice(source, 30))
    assert len(source) == count and not source.skipped
    errors = []
    for a, b in itertools.pairwise(frames):
        camera = b.rgbd.depth_intrinsics
        points = unproject_image(a.rgbd.depth_m, camera)[::2, ::2].reshape(-1, 3).astype(np.float64)
        there = se3.transform_points(se3.invert(b.world_T_camera) @ a.world_T_camera, points)
        pixels = project(there[points[:, 2] > 0], camera)
        inside = ((pixels >= 0) & (pixels < (camera.width - 1, camera.height - 1))).all(1)
        u, v = np.round(pixels[inside]).astype(int).T
        seen = b.rgbd.depth_m[v, u]
        difference = np.abs(seen - there[points[:, 2] > 0][inside, 2])
        errors.append(np.median(difference[seen > 0]))
    assert np.median(errors) <= bound_m
