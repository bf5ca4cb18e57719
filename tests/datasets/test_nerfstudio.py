"""nerfstudio captures, written here in their format."""

import json

import cv2
import numpy as np
import pytest

from nesf_ros.datasets import open_source
from nesf_ros.datasets.nerfstudio import open_nerfstudio
from nesf_ros.errors import DatasetError
from nesf_ros.geometry.cameras import project
from nesf_ros.types import START_NS, Intrinsics

CAMERA = {"camera_model": "OPENCV", "fl_x": 20.0, "fl_y": 21.0, "cx": 8.0, "cy": 6.0,
          "w": 16, "h": 12, "k1": 0.0, "k2": 0.0, "p1": 0.0, "p2": 0.0}  # fmt: skip


def pose_at(x):
    """OpenGL's camera at (x, 2, 3), level, looking along the world's +y."""
    return [[1, 0, 0, x], [0, 0, -1, 2], [0, 1, 0, 3], [0, 0, 0, 1]]


@pytest.fixture
def capture(tmp_path, color, write_color):
    """A function that writes a capture of three frames and returns its folder."""
    for number in (1, 2, 3):
        write_color(tmp_path / f"images/frame_0000{number}.png", color + np.uint8(number))

    def write(frame_keys=None, **keys):
        # Not in the order of their names, as COLMAP leaves them.
        frames = [
            {"file_path": f"images/frame_0000{n}.png", "transform_matrix": pose_at(n)}
            | (frame_keys or {})
            for n in (3, 1, 2)
        ]
        about = {**CAMERA, "frames": frames, **keys}
        (tmp_path / "transforms.json").write_text(json.dumps(about))
        return tmp_path

    return write


def test_frames_in_order_with_poses_and_camera(capture, color):
    applied = [[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0]]
    folder = capture(applied_transform=applied, ply_file_path="sparse_pc.ply")
    for source in (open_source(folder), open_nerfstudio(folder / "transforms.json")):
        assert (source.name, len(source), source.rate_hz) == (folder.name, 3, 10.0)
        frames = list(source)
        assert [f.world_T_camera[0, 3] for f in frames] == [1, 2, 3] and not source.skipped
        assert [(f.rgbd.stamp_ns - START_NS) // 10**8 for f in frames] == [0, 1, 2]
        assert (frames[1].rgbd.color == color + np.uint8(2)).all()
        # Pixel centres lie at + 0.5 there, at whole numbers here.
        assert frames[0].rgbd.color_intrinsics == Intrinsics(16, 12, 20.0, 21.0, 7.5, 5.5)
        # Optical axes: x stays, y points down, z forward.
        assert frames[0].world_T_camera.tolist() == [[1, 0, 0, 1], [0, 0, 1, 2], [0, -1, 0, 3],
                                                     [0, 0, 0, 1]]  # fmt: skip
        assert (source.poses[2] == frames[2].world_T_camera).all()


def test_without_depth_no_pixel_has_a_reading(capture):
    rgbd = next(iter(open_nerfstudio(capture()))).rgbd
    assert rgbd.depth_m.shape == (12, 16) and not rgbd.depth_m.any()
    assert rgbd.depth_intrinsics == rgbd.color_intrinsics


def test_depth_of_its_own_size_and_scale(capture, write_depth):
    """A depth image with half as many pixels, in millimetres, or in another unit if told so."""
    folder = capture({"depth_file_path": "depths/depth.png"})
    units = np.full((6, 8), 1500, np.uint16)
    units[0, 0], units[0, 1] = 0, 65535
    (folder / "depths").mkdir()
    cv2.imwrite(str(folder / "depths/depth.png"), units)
    rgbd = next(iter(open_nerfstudio(folder))).rgbd
    assert rgbd.depth_m[3, 4] == pytest.approx(1.5) and rgbd.depth_m[0, :2].tolist() == [0, 0]
    # cx 8 of 16 px is 4 of 8, and 3.5 counted from the first pixel's centre.
    assert rgbd.depth_intrinsics == Intrinsics(8, 6, 10.0, 10.5, 3.5, 2.5)
    rgbd = next(iter(open_nerfstudio(folder, depth_scale_m=0.002))).rgbd
    assert rgbd.depth_m[3, 4] == pytest.approx(3.0)


def test_depth_as_an_array(capture):
    folder = capture({"depth_file_path": "depth.npy"})
    metres = np.full((12, 16), 2.5, np.float32)
    metres[0, 0] = np.nan
    np.save(folder / "depth.npy", metres)
    depth_m = next(iter(open_nerfstudio(folder, depth_scale_m=1.0))).rgbd.depth_m
    assert depth_m[0, 0] == 0 and (depth_m[1:] == 2.5).all()
    np.save(folder / "depth.npy", np.array([{}]))  # would have to be unpickled
    source = open_nerfstudio(folder)
    assert not list(source) and source.skipped == {"bad_image": 3}


def test_lens_distortion_is_undone(capture, write_color):
    """A dot where OpenCV's own projection puts a point ends where a pinhole camera sees it."""
    bends = {"k1": 0.4, "k2": 0.05, "p1": 0.01, "p2": -0.01}
    size = {"w": 160, "h": 120, "fl_x": 100.0, "fl_y": 100.0, "cx": 80.5, "cy": 60.5}
    folder = capture(**bends, **size)
    matrix = np.array([[100, 0, 80], [0, 100, 60], [0, 0, 1]], float)
    point = np.array([[0.45, 0.3, 1.0]])
    bent, _ = cv2.projectPoints(
        point, np.zeros(3), np.zeros(3), matrix, np.array([*bends.values()])
    )
    image = np.zeros((120, 160, 3), np.uint8)
    column, row = np.rint(bent.ravel()).astype(int)
    image[row - 1 : row + 2, column - 1 : column + 2] = 255
    write_color(folder / "images/frame_00001.png", image)
    rgbd = next(iter(open_nerfstudio(folder))).rgbd
    found = np.argwhere(rgbd.color[..., 0] > 100).mean(0)[::-1]
    wanted = project(point, rgbd.color_intrinsics)[0]
    assert np.abs(found - wanted).max() < 0.75 and np.abs(bent.ravel() - wanted).max() > 4


def test_a_fisheye_is_made_a_pinhole(capture, write_color):
    """Equidistant: a ray 30° off the axis falls f · π/6 from the centre, then f · tan 30°."""
    size = {"w": 161, "h": 121, "fl_x": 100.0, "fl_y": 100.0, "cx": 80.5, "cy": 60.5}
    folder = capture(**size, camera_model="OPENCV_FISHEYE")
    image = np.zeros((121, 161, 3), np.uint8)
    image[59:62, 80 + 51 : 80 + 54] = 255
    write_color(folder / "images/frame_00001.png", image)
    rgbd = next(iter(open_nerfstudio(folder))).rgbd
    found = np.argwhere(rgbd.color[..., 0] > 100).mean(0)
    assert found.tolist() == pytest.approx([60, 80 + 57.7], abs=0.7)


def test_cameras_of_single_frames(capture):
    own = {"fl_x": 30.0, "fl_y": 30.0}
    folder = capture(own)
    about = json.loads((folder / "transforms.json").read_text())
    assert next(iter(open_nerfstudio(folder))).rgbd.color_intrinsics.fx == 20.0  # the top prevails
    del about["fl_x"], about["fl_y"]
    about["frames"][0]["fl_x"] = 40.0  # frame 3
    (folder / "transforms.json").write_text(json.dumps(about))
    focal = [frame.rgbd.color_intrinsics.fx for frame in open_nerfstudio(folder)]
    assert focal == [30.0, 30.0, 40.0]


def test_splits(capture):
    names = [f"images/frame_0000{n}.png" for n in (1, 2, 3)]
    folder = capture(train_filenames=names[:2], test_filenames=names[2:])
    train, test = (open_nerfstudio(folder, split) for split in ("train", "test"))
    assert [pose[0, 3] for pose in train.poses] == [1, 2]
    assert [pose[0, 3] for pose in test.poses] == [3] and len(open_nerfstudio(folder)) == 3
    # Stamps are those that the frames have in the whole capture.
    assert next(iter(test)).rgbd.stamp_ns == START_NS + 200_000_000
    with pytest.raises(DatasetError, match="no split 'val'; it lists train, test"):
        open_nerfstudio(folder, "val")
    with pytest.raises(DatasetError, match="train lists images/none.png, which no frame has"):
        open_nerfstudio(capture(train_filenames=["images/none.png"]), "train")


def test_bad_frames_are_skipped_and_counted(capture, write_color, color):
    folder = capture()
    about = json.loads((folder / "transforms.json").read_text())
    about["frames"][1]["transform_matrix"] = np.full((4, 4), np.nan).tolist()  # frame 1
    (folder / "transforms.json").write_text(json.dumps(about))
    source = open_nerfstudio(folder)
    assert len(source) == 2 and source.skipped == {"bad_pose": 1}
    (folder / "images/frame_00002.png").unlink()
    write_color(folder / "images/frame_00003.png", color[:-2])
    for _ in range(2):
        assert not list(source)
        assert source.skipped == {"bad_pose": 1, "bad_image": 1, "bad_size": 1}
    with pytest.raises(DatasetError, match=r"no usable frame \(bad_pose: 3\)"):
        open_nerfstudio(capture({"transform_matrix": np.diag([2.0, 2, 2, 1]).tolist()}))


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"frames": []}, "no usable frame"),
        ({"frames": [{"file_path": "a.png"}]}, "has no 'transform_matrix'"),
        ({"frames": [{"transform_matrix": pose_at(1)}]}, "has no 'file_path'"),
        ({"frames": [{"file_path": "a.png", "transform_matrix": [[1, 2], [3, 4]]}]}, "reshape"),
        ({"frames": 5}, "transforms.json: 'int' object"),
        ({"camera_model": "EQUIRECTANGULAR"}, "'EQUIRECTANGULAR'; it must be one of SIMPLE_PIN"),
        ({"fl_x": 0.0}, "focal lengths must be finite and positive"),
        ({"cy": float("nan")}, "must be 3x3 finite numbers"),
        ({"k1": float("inf")}, "it must be finite, and k4 a fisheye's"),
        ({"k4": 0.1}, "it must be finite, and k4 a fisheye's"),
    ],
)
def test_broken_files_are_errors(capture, keys, words):
    with pytest.raises(DatasetError, match=words):
        open_nerfstudio(capture(**keys))


def test_missing_files_and_keys(capture, tmp_path):
    with pytest.raises(DatasetError, match="transforms.json is missing, or no file"):
        open_nerfstudio(tmp_path / "nowhere")
    folder = capture()
    about = json.loads((folder / "transforms.json").read_text())
    for key in ("fl_x", "h"):
        del about[key]
    (folder / "transforms.json").write_text(json.dumps(about))
    with pytest.raises(DatasetError, match="frame_00001.png has no fl_x, h, neither here nor"):
        open_nerfstudio(folder)
    (folder / "transforms.json").write_text("{")
    with pytest.raises(DatasetError, match="transforms.json: Expecting property name"):
        open_nerfstudio(folder)
