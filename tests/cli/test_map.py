import json

import cv2
import numpy as np
import open3d as o3d
import pytest
import torch

from nesf_ros import cli
from nesf_ros.cli.map import open_map
from nesf_ros.cli.map_export import export_map
from nesf_ros.config import MapConfig, NesfConfig, SemanticsConfig
from nesf_ros.errors import StorageError
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.types import Intrinsics, PosedFrame, RgbdFrame
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.format import VERSION
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.storage import save_map

VOXEL_M = 0.05


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A map of a wall across the z axis at 1.02 m, orange, and the mapper that made it."""
    folder = tmp_path_factory.mktemp("maps")
    mapper = SemanticMapper(
        NesfConfig(map=MapConfig(device="cpu", voxel_size_m=VOXEL_M, folder=str(folder)))
    )
    camera = Intrinsics(64, 48, 60.0, 60.0, 31.5, 23.5)
    color = np.full((48, 64, 3), (200, 100, 50), np.uint8)
    depth_m = np.full((48, 64), 1.02, np.float32)
    for number in range(3):
        frame = RgbdFrame(10**9 * (1 + number), "camera", color, depth_m, camera, camera)
        mapper.add_frame(PosedFrame(frame, np.eye(4)))
    path, _ = mapper.save("wall")
    return path, mapper


def test_info_tells_what_the_mapper_knows(saved, capsys):
    path, mapper = saved
    assert cli.main(["map", "info", str(path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["bytes"] == path.stat().st_size
    assert facts["map_id"] == mapper.map.map_id
    assert facts["stamp_ns"] == 3 * 10**9
    assert facts["voxel_size_m"] == VOXEL_M
    assert (facts["format_version"], facts["submaps"]) == (VERSION, 1)
    assert facts["language"] is None
    assert facts["blocks"] == len(mapper.map.block_index())
    assert sum(facts["voxels"].values()) == 512 * facts["blocks"]
    # The wall is 64 × 48 pixels of 1.7 cm: 1.09 m × 0.82 m, one voxel thick.
    assert facts["voxels"]["occupied"] == pytest.approx(1.09 * 0.82 / VOXEL_M**2, rel=0.15)
    extent = facts["occupied_extent_m"]
    assert (extent["lower"][2], extent["upper"][2]) == (1.0, 1.05)
    np.testing.assert_allclose(extent["upper"][0] - extent["lower"][0], 1.09, atol=2 * VOXEL_M)


def test_info_names_the_model_of_what_is_known_of_words(saved, tmp_path, capsys):
    layer = FeatureLayer(SemanticsConfig(), "tiny@0123456789ab", 8, "cpu")
    features = torch.eye(8)
    voxels = torch.stack([torch.arange(8)] * 3, 1)
    layer.fuse(voxels, layer.learn(features).encode(features), torch.ones(8))
    path = tmp_path / "named.nesfmap"
    save_map(saved[1].map, path, layer)
    assert cli.main(["map", "info", str(path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["language"] == {"model": "tiny@0123456789ab", "voxels": 8}
    assert cli.main(["map", "info", str(path)]) == 0
    line = capsys.readouterr().out.splitlines()[-1]
    assert line == "words   8 voxels have embeddings of tiny@0123456789ab"


def test_info_for_people(saved, capsys):
    assert cli.main(["map", "info", str(saved[0])]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].endswith("newest image at 3.000 s")
    assert lines[2].endswith("of 8x8x8 voxels of 0.05 m, in 1 submaps")


def test_a_mesh_lies_in_the_wall_and_has_its_colour(saved, tmp_path, capsys):
    out = tmp_path / "wall.ply"
    assert cli.main(["map", "export", str(saved[0]), str(out)]) == 0
    assert "triangles" in capsys.readouterr().out
    mesh = o3d.io.read_triangle_mesh(str(out))
    inner = np.abs(np.asarray(mesh.vertices)[:, :2]).max(1) < 0.3
    np.testing.assert_allclose(np.asarray(mesh.vertices)[inner, 2], 1.02, atol=2e-3)
    colors = np.asarray(mesh.vertex_colors)[inner] * 255
    np.testing.assert_allclose(colors, np.tile([200, 100, 50], (len(colors), 1)), atol=1.5)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["wall.ply"]


def test_obj_holds_the_same_triangles(saved, tmp_path):
    voxel_map = open_map(saved[0])
    count, unit = export_map(voxel_map, tmp_path / "wall.obj")
    assert unit == "triangles"
    lines = (tmp_path / "wall.obj").read_text().splitlines()
    assert sum(line.startswith("f ") for line in lines) == count
    assert export_map(voxel_map, tmp_path / "wall.ply")[0] == count


@pytest.mark.parametrize("what", ["points", "voxels"])
def test_points_and_voxels_lie_at_the_wall(saved, tmp_path, what):
    out = tmp_path / "wall.ply"
    assert cli.main(["map", "export", str(saved[0]), str(out), "--what", what]) == 0
    cloud = o3d.io.read_point_cloud(str(out))
    z = np.asarray(cloud.points)[:, 2]
    np.testing.assert_allclose(z, 1.025 if what == "voxels" else 1.02, atol=3e-3)
    assert np.median(np.asarray(cloud.colors), 0) * 255 == pytest.approx([200, 100, 50], abs=1.5)


def test_arrays_hold_voxels_and_blocks(saved, tmp_path):
    out = tmp_path / "wall.npz"
    count, _ = export_map(open_map(saved[0]), out)
    arrays = np.load(out)
    assert arrays["points"].shape == (count, 3)
    assert (arrays["probability"] > 0.5).all()
    assert arrays["map_id"] == saved[1].map.map_id
    # The same voxels, told by the block arrays.
    listed = arrays["block_index"][arrays["block_uniform"] == 0]
    block, voxel = np.nonzero(arrays["occupancy"].reshape(-1, 512) >= 128)
    offset = np.stack([voxel % 8, voxel // 8 % 8, voxel // 64], 1)
    centres = (listed[block] * 8 + offset + 0.5) * arrays["voxel_size"]
    order = [np.lexsort(points.round(4).T) for points in (centres, arrays["points"])]
    np.testing.assert_allclose(centres[order[0]], arrays["points"][order[1]], atol=1e-5)


def test_nothing_is_overwritten_without_force(saved, tmp_path, capsys):
    out = tmp_path / "wall.ply"
    out.write_text("mine")
    assert cli.main(["map", "export", str(saved[0]), str(out)]) == cli.EXIT_ERROR
    assert "--force" in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert cli.main(["map", "export", str(saved[0]), str(out), "--force"]) == 0
    assert out.read_bytes().startswith(b"ply")


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("wall.stl", [], "use one of .ply, .obj, .npz"),
        ("wall.obj", ["--what", "points"], ".obj holds no points"),
        ("no/wall.ply", [], "does not exist"),
    ],
)
def test_targets_that_cannot_be(saved, tmp_path, capsys, name, options, message):
    command = ["map", "export", str(saved[0]), str(tmp_path / name), *options]
    assert cli.main(command) == cli.EXIT_ERROR
    assert message in capsys.readouterr().err


def test_a_file_that_is_no_map(tmp_path, capsys):
    path = tmp_path / "picture.nesfmap"
    path.write_bytes(cv2.imencode(".png", np.zeros((8, 8), np.uint8))[1].tobytes())
    assert cli.main(["map", "info", str(path)]) == cli.EXIT_ERROR
    assert "is not a map file" in capsys.readouterr().err
    assert cli.main(["map", "info", str(tmp_path / "none.nesfmap")]) == cli.EXIT_ERROR
    assert "does not exist" in capsys.readouterr().err


def test_an_empty_map_is_not_exported(tmp_path):
    with pytest.raises(StorageError, match="holds no surface"):
        export_map(VoxelMap(MapConfig(device="cpu")), tmp_path / "empty.ply")
    assert list(tmp_path.iterdir()) == []
