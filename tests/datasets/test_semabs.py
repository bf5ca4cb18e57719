"""Semantic Abstraction's HDF5 files: ours, and such as its own generator writes."""

import resource
from dataclasses import replace

import h5py
import numpy as np
import pytest

from nesf_ros.datasets import Source, open_source
from nesf_ros.datasets.labelled import Relation
from nesf_ros.datasets.semabs import read_semabs, write_semabs
from nesf_ros.datasets.semabs_truth import SCENE_BOUNDS, scene_T_world
from nesf_ros.errors import DatasetError

from .labelled_scenes import THINGS, assert_same, instance_at, look_at, small_scene


@pytest.fixture(scope="module")
def scene():
    return small_scene()


@pytest.fixture(scope="module")
def original(scene, tmp_path_factory):
    folder = tmp_path_factory.mktemp("semabs") / "kitchen"
    write_semabs(scene, folder, points=5000)
    return folder


@pytest.fixture
def written(original, tmp_path):
    """A copy to spoil."""
    folder = tmp_path / "kitchen"
    folder.mkdir()
    for path in original.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def pointed_at(file, name):
    """What a loader gets: the first region reference in data/name, followed."""
    return file[name][file["data"][name][0]][0]


def cloud(file):
    """Points of the depth image in the frame of the view, as their loaders compute them."""
    depth, (fx, fy, cx, cy) = (
        pointed_at(file, "depth"),
        file["data/cam_intr"][()][[0, 1, 0, 1], [0, 1, 2, 2]],
    )
    v, u = np.mgrid[: depth.shape[0], : depth.shape[1]]
    camera = np.stack(
        [(u - cx) * depth / fx, (v - cy) * depth / fy, depth, np.ones(depth.shape)], -1
    )
    return (camera @ file["data/cam_pose"][()].T)[..., :3]


def test_a_scene_comes_back_as_it_was(scene, original):
    read = read_semabs(original)
    assert_same(read, scene)
    for found, view in zip(read.views, scene.views, strict=True):
        assert (found.world_T_camera == view.world_T_camera).all()
        assert (found.normals_world == view.normals_world).all()


def test_all_keys_that_their_loaders_index_are_there(scene, original):
    with h5py.File(original / "00000.hdf5") as file:
        group, view = file["data"], scene.views[0]
        assert (pointed_at(file, "rgb") == view.color).all()
        assert (pointed_at(file, "depth") == view.depth_m).all()
        assert (pointed_at(file, "seg") == view.instances).all()
        assert (group["cam_intr"][()] == view.camera.matrix).all()
        assert (group["scene_bounds"][()] == [[-1, -1, -0.1], [1, 1, 1.9]]).all()
        assert group["objid_to_class"][()].astype(str).tolist() == [
            "floor[0]", "box[1]", "mug[2]", "mug[3]", "out of bounds[4]", "empty[5]",
        ]  # fmt: skip
        about = {name: column[()] for name, column in group["descriptions"].items()}
        assert about["target_obj_name"].astype(str).tolist() == ["mug", "mug", "box"]
        assert about["target_obj_id"].tolist() == [2, 3, 1]
        assert about["reference_obj_name"].astype(str).tolist() == ["box", "box", "mug"]
        assert about["reference_obj_material"].astype(str).tolist() == ["wood", "wood", ""]
        assert about["spatial_relation_name"].astype(str).tolist() == [
            "on the right of", "on the left of", "on the left of",
        ]  # fmt: skip
        assert file["saliencies"].shape == (0, 128, 128)
        assert file["saliencies"].maxshape == (None, 128, 128)
    with h5py.File(original / "00002.hdf5") as file:  # no relation was seen from there
        assert file["data/descriptions/target_obj_name"][()].astype(str).tolist() == []


def test_images_lie_where_the_points_are(scene, original):
    """In the frame of the view, as the loaders compute it, both agree with the real scene."""
    for index in range(3):
        with h5py.File(original / f"{index:05d}.hdf5") as file:
            surface, seg = cloud(file), pointed_at(file, "seg")
            xyz, ids = pointed_at(file, "full_xyz_pts"), pointed_at(file, "full_objid_pts")
            pose = file["data/cam_pose"][()]
        assert np.linalg.det(pose[:3, :3]) == pytest.approx(0.6**3)
        viewer = pose[:3, 3]
        height = scene.views[index].world_T_camera[2, 3]
        assert viewer == pytest.approx([-1.5, 0, 0.6 * height])
        assert abs(surface[seg == 0][:, 2]).max() < 1e-6  # the floor is flat, at height 0
        lowest, highest = surface[seg == 1][:, 2].min(), surface[seg == 1][:, 2].max()
        assert lowest + 1e-6 >= 0 and highest == pytest.approx(0.24, abs=1e-6)
        inside = (xyz >= SCENE_BOUNDS[0]) & (xyz <= SCENE_BOUNDS[1])
        assert inside.all() and len(xyz) == 5000
        assert set(ids) == set(range(6))
        back = (
            np.c_[xyz.astype(float), np.ones(5000)]
            @ np.linalg.inv(scene_T_world(scene.views[index].world_T_camera)).T
        )
        truth = instance_at(back[:, :3])
        assert (ids[truth >= 0] == truth[truth >= 0]).all()
        beyond = (truth < 0) & ((back[:, :3] < -2) | (back[:, :3] >= 2))[:, :2].any(1)
        assert (ids[beyond] == 4).all() and beyond.any()


def test_the_frame_of_a_view():
    # Three metres along x, one up, looking along -y: left of it is +x.
    pose = look_at((3.0, 5.0, 1.0), (3.0, 0.0, 1.0))
    transform = scene_T_world(pose)

    def moved(*point):
        return (transform @ [*point, 1.0])[:3]

    assert moved(3, 5, 0) == pytest.approx([-1.5, 0, 0])
    assert moved(3, 4, 0) == pytest.approx([-0.9, 0, 0])
    assert moved(4, 5, 1) == pytest.approx([-1.5, 0.6, 0.6])
    down = np.eye(4)
    down[:3, :3] = np.diag([1.0, -1.0, -1.0])  # straight down, the image's top towards +y
    ahead = scene_T_world(down) @ [0, 1, 0, 0]
    assert ahead[:3] == pytest.approx([0.6, 0, 0])


def test_signed_distances_tell_before_and_behind(scene, original):
    with h5py.File(original / "00000.hdf5") as file:
        voxels, values = pointed_at(file, "tsdf_xyz_pts"), pointed_at(file, "tsdf_value_pts")
        surface, seg = cloud(file), pointed_at(file, "seg")
    assert voxels.shape == (64**3, 3) and (voxels[0] == np.float32([-1, -1, -0.1])).all()
    assert voxels[1] == pytest.approx([-1, -1, -0.1 + 2 / 64])
    assert values.min() == -1 and values.max() == 1
    # Along the ray through the middle of the box's front.
    row, column = np.argwhere(seg == 1)[len(np.argwhere(seg == 1)) // 2]
    point, viewer = surface[row, column], np.array([-1.5, 0, 0.54])
    ray = (point - viewer) / np.linalg.norm(point - viewer)

    def value(at):
        return values[np.linalg.norm(voxels - at, axis=1).argmin()]

    assert value(point - 0.3 * ray) == 1
    assert 0 < value(point - 0.06 * ray) < 1
    assert -1 <= value(point + 0.05 * ray) < 0


def test_one_sentence_has_one_meaning(scene, tmp_path):
    relations = (Relation(2, "behind", 1, 0), Relation(3, "behind", 1, 0))
    write_semabs(replace(scene, relations=relations), tmp_path / "a", points=1)
    with h5py.File(tmp_path / "a" / "00000.hdf5") as file:
        assert file["data/descriptions/target_obj_id"][()].tolist() == [2]
    assert read_semabs(tmp_path / "a").relations == relations


def test_without_truth_there_are_no_points(scene, tmp_path):
    write_semabs(replace(scene, instance_at=None), tmp_path / "a")
    with h5py.File(tmp_path / "a" / "00000.hdf5") as file:
        assert "full_objid_pts" not in file["data"]
    assert_same(read_semabs(tmp_path / "a"), scene)


def test_points_are_the_same_for_the_same_seed(scene, original, tmp_path):
    write_semabs(scene, tmp_path / "a", points=5000)
    for path in original.iterdir():
        assert (tmp_path / "a" / path.name).read_bytes() == path.read_bytes()


def test_it_opens_as_a_recording(scene, original):
    source = open_source(original)
    assert isinstance(source, Source) and (len(source), source.rate_hz) == (3, 10.0)
    for frame, view in zip(source, scene.views, strict=True):
        assert (frame.rgbd.depth_m == view.depth_m).all()
        assert (frame.world_T_camera == view.world_T_camera).all()


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_published_file_is_a_scene_in_metres(scene, written, mirrored):
    path = written / "00001.hdf5"
    with h5py.File(path, "r+") as file:
        del file["nesf_ros"]
        if mirrored:  # as their generator leaves it: rows go up
            for name in ("rgb", "depth", "seg"):
                file[name][0] = file[name][0][::-1]
            file["data/cam_pose"][...] = file["data/cam_pose"][()] @ np.diag([1, -1, 1, 1])
            file["data/cam_intr"][1, 2] = 17 - file["data/cam_intr"][1, 2]
        surface = cloud(file)[::-1] if mirrored else cloud(file)
    read = read_semabs(path)
    (view,), (original_view,) = read.views, scene.views[1:2]
    assert (view.color == original_view.color).all()
    assert (view.instances == original_view.instances).all()  # all four things are in it
    assert view.camera == original_view.camera
    assert [thing.name for thing in read.things] == ["floor 0", "box 1", "mug 2", "mug 3"]
    assert read.classes == ("floor", "box", "mug")
    # Metres: the camera is as high as it was, and the box as tall.
    assert view.world_T_camera[2, 3] == pytest.approx(1.1)
    assert read.things[1].box.upper[2] == pytest.approx(0.4, abs=0.04)
    assert read.bounds.upper == pytest.approx((1 / 0.6, 1 / 0.6, 1.9 / 0.6))
    rays = np.linalg.inv(view.camera.matrix) @ [11, 9, 1] * view.depth_m[9, 11]
    point = view.world_T_camera[:3, :3] @ rays + view.world_T_camera[:3, 3]
    assert point == pytest.approx(surface[9, 11] / 0.6, abs=1e-6)
    assert len(list(open_source(path))) == 1


def test_what_cannot_be_written(scene, tmp_path):
    odd = (replace(THINGS[0], class_name="tür"), *THINGS[1:])
    for changes, points, message in [
        ({"things": odd}, 5, "'tür' cannot be written: only ASCII"),
        ({"things": (replace(THINGS[0], class_name="a[1]"), *THINGS[1:])}, 5, "without '\\['"),
        ({"views": ()}, 5, "0 views, 5 points"),
        ({}, 0, "3 views, 0 points"),
    ]:
        with pytest.raises(DatasetError, match=message):
            write_semabs(replace(scene, **changes), tmp_path / "a", points)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("limit", [1000, 60_000])
def test_a_full_disk_leaves_nothing(scene, tmp_path, limit):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limits[1]))
    try:
        with pytest.raises(DatasetError, match="kitchen cannot be written.* MB left"):
            write_semabs(scene, tmp_path / "kitchen", 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_damaged_files_are_errors(scene, written):
    path = written / "00000.hdf5"
    whole = path.read_bytes()
    for share in (0.0, 0.3, 0.99):
        path.write_bytes(whole[: int(share * len(whole))])
        for opened in (written, path):
            with pytest.raises(DatasetError, match=r"00000\.hdf5 is no HDF5 file, or damaged"):
                read_semabs(opened)
    path.unlink()
    with pytest.raises(DatasetError, match="00000.hdf5 is missing"):
        read_semabs(written)


def spoil_link(file):
    del file["rgb"]
    file["rgb"] = h5py.ExternalLink("/etc/other.hdf5", "rgb")


def spoil_region(file):
    del file["data/rgb"]
    refs = [file["rgb"].regionref[0, :3]]
    file["data"].create_dataset("rgb", data=refs, dtype=h5py.regionref_dtype)


def spoil_null(file):
    del file["data/rgb"]
    file["data"].create_dataset("rgb", shape=(1,), dtype=h5py.regionref_dtype)


def replaced(name, value):
    def spoil(file):
        del file[name]
        if value is not None:
            file[name] = value

    return spoil


def huge(file):
    del file["depth"]
    file.create_dataset("depth", shape=(1, 1 << 20, 1 << 20), dtype="f4", chunks=(1, 64, 64))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_link, "has no 'rgb'"),
        (spoil_region, "data/rgb points at no item of rgb"),
        (spoil_null, "holds no region references"),
        (huge, "'depth' takes 4398046511104 bytes of at most"),
        (replaced("seg", None), "has no 'seg'"),
        (replaced("seg", 3), "'seg' is int64 of shape"),
        (replaced("rgb", np.zeros((1, 18, 24, 3), "S3")), "of a kind in"),
        (replaced("data/rgb", np.zeros(1)), "'data/rgb' is float64"),
        (replaced("data", np.zeros(1)), "has no 'data/rgb'"),
        (replaced("data/cam_pose", None), "has no 'data/cam_pose'"),
        (replaced("data/cam_pose", np.full((4, 4), np.nan)), "must be .*finite"),
        (replaced("data/cam_pose", np.zeros((4, 4))), "cam_pose scales by 0"),
        (replaced("data/cam_pose", np.diag([1.0, 2, 3, 1])), "not rigid"),
        (replaced("data/cam_pose", np.eye(3)), r"must be \(4, 4\)"),
        (replaced("data/cam_intr", np.zeros((3, 3))), "focal lengths must be finite and positive"),
        (replaced("data/scene_bounds", -SCENE_BOUNDS), "every upper bound"),
        (
            replaced("data/objid_to_class", np.array([b"a[0]"])),
            "number 5 has no class",
        ),
        (replaced("data/objid_to_class", np.array([b"\xff"] * 6)), "codec can't decode"),
    ],
)
def test_files_that_are_not_what_they_must_be(written, spoil, message):
    path = written / "00000.hdf5"
    with h5py.File(path, "r+") as file:
        spoil(file)
    with pytest.raises(DatasetError, match=rf"00000\.hdf5.*{message}"):
        read_semabs(path)


def test_our_own_parts_are_checked(scene, written):
    views = read_semabs(written).views
    with h5py.File(written / "00000.hdf5", "r+") as file:
        file["seg"][0, 3, 3] = 4
    with h5py.File(written / "00001.hdf5", "r+") as file:
        replaced("nesf_ros/parts", np.zeros((2, 2), np.int32))(file)
    with pytest.raises(DatasetError, match="from -1 to 4|from 0 to 4"):
        views[0]
    with pytest.raises(DatasetError, match="not of the camera's size"):
        views[1]
    with h5py.File(written / "00002.hdf5", "r+") as file:
        replaced("nesf_ros/world_T_camera", np.diag([2.0, 2, 2, 1]))(file)
    with pytest.raises(DatasetError, match="00002.hdf5: pose is not rigid"):
        read_semabs(written)
