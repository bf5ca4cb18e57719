"""SSCNet's files of NYUv2-CAD, written here in their format."""

import struct

import cv2
import h5py
import numpy as np
import pytest

from nesf_ros.datasets import open_source
from nesf_ros.datasets.nyucad import CAMERA, CadScene, read_nyucad, scenes_in
from nesf_ros.datasets.nyucad_seen import (
    read_distances,
    reduced_distances,
    scored_for_classes,
    scored_for_completion,
    signed_distances,
)
from nesf_ros.datasets.nyucad_volume import (
    CLASSES,
    EMPTY,
    FINE_CLASSES,
    OUTSIDE,
    SHAPE,
    LabelVolume,
    read_volume,
)
from nesf_ros.errors import DatasetError
from nesf_ros.types import Intrinsics

VOXELS = 240 * 144 * 240
LEVEL = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 1.2], [0, 0, 0, 1]])
"""A camera 1.2 m above the floor that looks along the world's y."""


def fine(name):
    return 1 + FINE_CLASSES.index(name)


def encoded(runs, origin=(-1.5, 0.5, -0.05), pose=LEVEL):
    """A .bin file: origin, pose by rows, pairs of class and count."""
    numbers = [number for run in runs for number in run]
    header = struct.pack("<19f", *origin, *np.ravel(pose))
    return header + struct.pack(f"<{len(numbers)}I", *numbers)


def write_scene(path, runs=((0, VOXELS),), **kwargs):
    path.write_bytes(encoded(runs, **kwargs))
    depth_mm = np.full((480, 640), 2000, np.uint16)
    depth_mm[0, 0], depth_mm[1, 0] = 0, 8197
    # Rotated by three bits: 8197 = 0b10000000000101, whose top bits wrap around.
    stored = (depth_mm.astype(np.uint32) << 3 | depth_mm >> 13).astype(np.uint16)
    assert stored[1, 0] == (8197 * 8 & 0xFFFF) + 1
    assert cv2.imwrite(str(path.with_suffix(".png")), stored)
    return path


@pytest.fixture
def scene(tmp_path):
    return tmp_path / "NYU0001_0000.bin"


def test_voxels_lie_where_the_file_puts_them(scene):
    # The file's order: y runs fastest, then z, then x.
    chair = 7 + 240 * (5 + 144 * 2)
    scene.write_bytes(encoded([(0, chair), (6, 2), (255, VOXELS - chair - 2)]))
    volume, pose = read_volume(scene)
    assert volume.labels.shape == SHAPE and volume.classes == FINE_CLASSES
    assert np.argwhere(volume.labels > 0).tolist() == [[2, 7, 5], [2, 8, 5]]
    assert volume.labels[2, 7, 5] == fine("chair") == 6
    assert volume.labels[2, 9, 5] == OUTSIDE and volume.labels[2, 6, 5] == EMPTY
    assert (volume.labels == OUTSIDE).sum() == VOXELS - chair - 2
    np.testing.assert_allclose(
        volume.centres_world(np.array([2, 7, 5])), [-1.46, 0.64, 0.05], atol=1e-6
    )
    np.testing.assert_allclose(pose, LEVEL, atol=1e-6)


def test_a_volume_without_truth_is_one_voxel_short(scene):
    scene.write_bytes(encoded([(0, VOXELS - 1)]))
    assert not read_volume(scene)[0].labels.any()


def test_depth_camera_and_colour(scene):
    write_scene(scene)
    bare = read_nyucad(scene)
    assert (bare.name, bare.camera, bare.color) == ("NYU0001_0000", CAMERA, None)
    assert bare.depth_m[0, 0] == 0 and bare.depth_m[5, 5] == pytest.approx(2.0)
    assert bare.depth_m[1, 0] == pytest.approx(8.197)
    with pytest.raises(DatasetError, match=r"no colour image; put NYUv2's beside it"):
        open_source(scene)
    rgb = np.zeros((480, 640, 3), np.uint8)
    rgb[..., 0], rgb[3, 4] = 200, (1, 2, 3)
    assert cv2.imwrite(str(scene.with_name("NYU0001_rgb.png")), rgb[..., ::-1])
    source = open_source(scene)
    (frame,) = list(source)
    assert (len(source), source.name, dict(source.skipped)) == (1, "NYU0001_0000", {})
    assert (frame.rgbd.color == rgb).all() and frame.rgbd.depth_intrinsics == CAMERA
    np.testing.assert_allclose(frame.world_T_camera, source.poses[0])
    np.testing.assert_allclose(frame.world_T_camera, LEVEL, atol=1e-6)


def test_scenes_of_a_folder(tmp_path):
    with pytest.raises(DatasetError, match=r"no \.bin file"):
        scenes_in(tmp_path)
    for name in ("NYU0009_0000.bin", "NYU0001_0000.bin", "list.txt"):
        (tmp_path / name).touch()
    assert [path.stem for path in scenes_in(tmp_path)] == ["NYU0001_0000", "NYU0009_0000"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has 0 bytes; it must have 76"),
        (encoded([(0, VOXELS)])[:-3], "has 81 bytes"),
        (encoded([]), "has 76 bytes"),
        (encoded([(0, VOXELS - 5)]), f"runs of {VOXELS - 5} voxels together; they must be"),
        (encoded([(0, 2**32 - 1), (1, 2**32 - 1)]), "runs of 8589934590 voxels"),
        (encoded([(37, VOXELS)]), "holds the class 37; allowed are 0 to 36, and 255"),
        (encoded([(0, VOXELS)], pose=LEVEL * np.nan), "pose holds NaN"),
        (encoded([(0, VOXELS)], pose=2 * LEVEL), "last row of the pose"),
        (encoded([(0, VOXELS)], origin=(0, np.inf, 0)), "not finite"),
    ],
)
def test_hostile_volumes(scene, content, message):
    scene.write_bytes(content)
    with pytest.raises(DatasetError, match=message):
        read_volume(scene)


def test_a_file_that_is_too_long_is_not_read(scene):
    with scene.open("wb") as file:
        file.truncate(76 + 8 * VOXELS + 1)
    with pytest.raises(DatasetError, match="more than"):
        read_volume(scene)


def test_images_of_another_size_or_kind(scene):
    write_scene(scene)
    color = scene.with_suffix(".jpg")
    assert cv2.imwrite(str(color), np.zeros((48, 64, 3), np.uint8))
    with pytest.raises(DatasetError, match=r"\(64, 48\) px; it must be of \(640, 480\)"):
        read_nyucad(scene)
    color.write_bytes(b"GIF89a")
    with pytest.raises(DatasetError, match="cannot be read as JPEG or PNG"):
        read_nyucad(scene)
    depth = scene.with_suffix(".png")
    assert cv2.imwrite(str(depth), np.zeros((240, 320), np.uint16))
    with pytest.raises(DatasetError, match="320x240 px; it must be 640x480"):
        read_nyucad(scene)
    depth.unlink()
    with pytest.raises(DatasetError, match="missing"):
        read_nyucad(scene)


def test_eleven_classes():
    names = [FINE_CLASSES[n - 1] for n in range(1, 37)]
    labels = np.arange(-1, 37, dtype=np.int16).reshape(1, 1, 38)
    volume = LabelVolume(labels, FINE_CLASSES, np.zeros(3), 0.02).collapsed()
    # The table in the release's network files (seg_class_map).
    table = [0, 1, 2, 3, 4, 11, 5, 6, 7, 8, 8, 10, 10, 10, 11, 11, 9, 8, 11, 11, 11, 11, 11, 11, 11]
    table += [11, 11, 10, 10, 11, 8, 10, 11, 9, 11, 11, 11]
    assert volume.labels.ravel().tolist() == [OUTSIDE, *table]
    assert volume.classes == CLASSES and len(set(names)) == 36
    with pytest.raises(DatasetError, match="11 classes cannot be collapsed"):
        volume.collapsed()


def test_reduction_of_a_block():
    """61 of 64 empty voxels leave none; 60 give the block to the class that most others have."""

    def block(**counts):
        values = np.repeat([int(name[1:]) for name in counts], list(counts.values()))
        labels = np.where(values == 255, OUTSIDE, values).astype(np.int16).reshape(4, 4, 4)
        return LabelVolume(labels, FINE_CLASSES, np.zeros(3), 0.02).reduced().labels.item()

    assert block(_0=61, _5=3) == EMPTY
    assert block(_0=60, _5=3, _9=1) == 5
    assert block(_0=30, _255=31, _9=3) == OUTSIDE
    assert block(_0=32, _255=32) == EMPTY
    assert block(_0=40, _9=12, _5=12) == 5


def test_reduced_voxels_lie_about_those_they_stand_for():
    labels = np.zeros((8, 4, 4), np.int16)
    labels[4:] = 7
    volume = LabelVolume(labels, FINE_CLASSES, np.array([1.0, 2, 3]), 0.02).reduced()
    assert volume.labels.ravel().tolist() == [0, 7] and volume.voxel_m == 0.08
    np.testing.assert_allclose(volume.centres_world(np.array([1, 0, 0])), [1.11, 2.03, 3.03])
    with pytest.raises(DatasetError, match="not divisible by 3"):
        volume.reduced(3)


def wall_scene(depth_m):
    """40 voxels along the view of a camera of one pixel, which looks along x."""
    labels = np.zeros((40, 1, 1), np.int16)
    forward_x = np.array([[0.0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
    volume = LabelVolume(labels, FINE_CLASSES, np.array([0.61, 0.0, 0.0]), 0.02)
    camera = Intrinsics(1, 1, 100.0, 100.0, 0.0, 0.0)
    depth = np.full((1, 1), depth_m, np.float32)
    return CadScene("wall", camera, forward_x, depth, None, volume)


def test_signed_distances_before_and_behind_a_wall():
    signed = signed_distances(wall_scene(1.02))[:, 0, 0]
    # The wall is in voxel floor((1.02 − 0.61) / 0.02) = 20; 12 voxels are the margin.
    np.testing.assert_allclose(signed[[0, 8, 14, 20]], [1, 1, 0.5, 0], atol=1e-6)
    np.testing.assert_allclose(signed[[21, 26, 32, 39]], [-1 / 12, -0.5, -1, -1], atol=1e-6)
    assert (signed_distances(wall_scene(0.0)) == -1).all()
    assert (signed_distances(wall_scene(11.0)) == 1).all()


def test_nothing_is_hidden_behind_the_camera_or_beside_the_image():
    scene = wall_scene(1.02)
    behind = LabelVolume(scene.volume.labels, FINE_CLASSES, np.array([-5.0, 0, 0]), 0.02)
    beside = LabelVolume(scene.volume.labels, FINE_CLASSES, np.array([0.61, 1.0, 0]), 0.02)
    for volume in (behind, beside):
        moved = CadScene("", scene.camera, scene.world_T_camera, scene.depth_m, None, volume)
        assert (signed_distances(moved) == 1).all()


def test_blocks_of_distances_and_which_of_them_count():
    parts = [[1] * 64, [-1] * 64, [1] * 25 + [-1] * 24 + [0.5] * 15, [1] * 48 + [0.5] * 16]
    parts += [[-1] * 48 + [-0.5] * 16]
    signed = np.concatenate([np.reshape(part, (4, 4, 4)) for part in parts]).astype(np.float32)
    reduced = reduced_distances(signed)
    assert reduced[:, 0, 0].tolist() == [1, -1, 1, 0.875, -0.875]
    assert scored_for_classes(reduced)[:, 0, 0].tolist() == [False, True, False, True, True]
    assert scored_for_completion(reduced)[:, 0, 0].tolist() == [False, True, False, False, True]


def test_published_distances(tmp_path):
    path = tmp_path / "NYU0001_0000_vol_d4.mat"
    stored = np.ones((60, 36, 60))
    stored[1, 2, 3] = -1
    with h5py.File(path, "w", userblock_size=512) as file:
        file["flipVol_ds"] = stored
    assert np.argwhere(read_distances(path) < 0).tolist() == [[1, 3, 2]]
    with h5py.File(path, "w") as file:
        file["flipVol_ds"] = stored[:, :, :30]
    with pytest.raises(DatasetError, match=r"they must be \(60, 36, 60\)"):
        read_distances(path)
