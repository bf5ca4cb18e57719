"""Embeddings in map files: they come back, another model's are refused, and so is nonsense."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.numpy import save as to_bytes

from nesf_ros.config import SemanticsConfig
from nesf_ros.errors import StorageError
from nesf_ros.voxels import storage
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.storage import load_map, map_path, read_map_file, save_map

from .scenes import frame, small_config

DIM = 48
MODEL = "tiny@0123456789ab"


def empty(model: str = MODEL, dim: int = DIM, **settings) -> FeatureLayer:
    return FeatureLayer(SemanticsConfig(**{"feature_dims": 12, **settings}), model, dim, "cpu")


def small_map() -> VoxelMap:
    voxel_map = VoxelMap(small_config())
    voxel_map.integrate(frame(2.0))
    return voxel_map


def filled() -> FeatureLayer:
    """300 voxels whose embeddings lie in 10 of 48 dimensions."""
    layer, generator = empty(), torch.Generator().manual_seed(0)
    few = torch.linalg.qr(torch.randn(DIM, 10, generator=generator))[0].T
    features = F.normalize(torch.randn(300, 10, generator=generator) @ few, dim=1)
    voxels = torch.stack([torch.arange(300) - 150, torch.arange(300) % 7, torch.arange(300)], 1)
    weights = torch.rand(300, generator=generator) + 0.1
    layer.fuse(voxels, layer.learn(features).encode(features), weights)
    return layer


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = map_path(tmp_path_factory.mktemp("maps"), "room")
    save_map(small_map(), path, filled())
    return path


def test_embeddings_come_back_bit_by_bit_and_without_labels(saved):
    original, layer, voxel_map = filled(), empty(), VoxelMap(small_config())
    layer.start_labels(("wall",))
    revision = layer.revision
    load_map(voxel_map, saved, layer)
    rows = layer.table.rows_of(original.table.voxels())
    assert len(layer) == len(original) == 300
    assert torch.equal(layer.embeddings(rows), original.embeddings(torch.arange(300)))
    torch.testing.assert_close(
        layer.column("weight")[rows], original.column("weight"), rtol=1e-3, atol=0
    )
    texts = F.normalize(torch.randn(5, DIM, generator=torch.Generator().manual_seed(3)), dim=1)
    torch.testing.assert_close(layer.similarity(texts, rows), original.similarity(texts))
    assert layer.labels.names == ("wall",)
    assert not layer.column("label").any()
    assert layer.relabelled(revision) is None
    layer.follow(voxel_map)  # which holds nothing
    assert len(layer) == 0


def test_a_loaded_layer_goes_on_learning_without_losing_what_it_had(saved):
    layer = empty()
    load_map(VoxelMap(small_config()), saved, layer)
    before = layer.embeddings(torch.arange(300))
    generator = torch.Generator().manual_seed(9)
    other = F.normalize(torch.randn(2, DIM, generator=generator), dim=1)
    features = other[torch.arange(600) % 2]
    revision = layer.basis_revision
    codes = layer.learn(features).encode(features)
    layer.fuse(torch.stack([torch.arange(600) + 1000] * 3, 1), codes, torch.ones(600))
    assert layer.basis_revision == revision + 1
    assert F.cosine_similarity(layer.embeddings(torch.arange(300)), before).mean() > 0.98


@pytest.mark.parametrize("width", [8, 24, 48])
def test_another_number_of_dimensions_may_be_configured(saved, width):
    layer = empty(feature_dims=width)
    load_map(VoxelMap(small_config()), saved, layer)
    original = filled()
    rows = layer.table.rows_of(original.table.voxels())
    kept = F.cosine_similarity(layer.embeddings(rows), original.embeddings(torch.arange(300)))
    assert kept.mean() > (0.9 if width == 8 else 0.999)


def test_files_without_embeddings_and_those_of_version_1_still_load(tmp_path):
    path = map_path(tmp_path, "plain")
    save_map(small_map(), path, empty())  # nothing has been seen yet
    about, tensors = read_map_file(path, 10**9)
    assert "layer" not in about
    layer = filled()
    load_map(VoxelMap(small_config()), path, layer)
    assert len(layer) == 0
    about["version"] = 1
    write(path, about, tensors)
    voxel_map = VoxelMap(small_config())
    load_map(voxel_map, path, layer)
    assert len(voxel_map.block_index()) > 10


def test_embeddings_are_left_out_where_nobody_can_use_them(saved):
    voxel_map = VoxelMap(small_config())
    load_map(voxel_map, saved)
    assert len(voxel_map.block_index()) == len(small_map().block_index())


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (
            empty("ViT-B-32@ba9876543210"),
            "embeddings of model tiny@0123456789ab .48 .*runs ViT-B-32@ba9876543210",
        ),
        (empty(dim=20), r"\(48 numbers each\), this node runs tiny@0123456789ab \(20\)"),
    ],
)
def test_embeddings_of_another_model_are_refused_naming_both(saved, layer, message):
    voxel_map = VoxelMap(small_config())
    revision = voxel_map.revision
    with pytest.raises(StorageError, match=message):
        load_map(voxel_map, saved, layer)
    assert voxel_map.revision == revision
    assert voxel_map.submaps == []


def test_more_embeddings_than_memory_allows(tmp_path):
    layer = empty(feature_mib=64.0)
    voxels = torch.stack([torch.arange(5000) * 8, *[torch.zeros(5000, dtype=torch.int64)] * 2], 1)
    features = torch.eye(DIM)[torch.arange(5000) % DIM]
    layer.fuse(voxels, layer.learn(features).encode(features), torch.ones(5000))
    path = map_path(tmp_path, "large")
    save_map(small_map(), path, layer)
    with pytest.raises(StorageError, match="need 10 MiB of memory.*feature_mib 6 are"):
        load_map(VoxelMap(small_config()), path, empty(feature_mib=8.0))


def write(path, about, tensors) -> None:
    """A map file with a checksum that fits."""
    text = json.dumps(about)
    meta = {"about": text, "sha256": storage._checksum(text, tensors)}
    path.write_bytes(to_bytes({k: np.ascontiguousarray(v) for k, v in tensors.items()}, meta))


def put(name, place, value):
    def change(about, tensors):
        tensors[name][place] = value

    return change


HOSTILE = {
    "no header": lambda a, t: a.pop("layer"),
    "no model": lambda a, t: a["layer"].pop("model"),
    "model a number": lambda a, t: a["layer"].update(model=3),
    "model endless": lambda a, t: a["layer"].update(model="x" * 1000),
    "header a list": lambda a, t: a.update(layer=[1]),
    "no arrays": lambda a, t: [t.pop(n) for n in list(t) if n.startswith("layer/")],
    "an array missing": lambda a, t: t.pop("layer/code"),
    "an array more": lambda a, t: t.update({"layer/extra": np.zeros(3)}),
    "rows missing": lambda a, t: t.update({"layer/weight": t["layer/weight"][:-1]}),
    "another type": lambda a, t: t.update({"layer/code": t["layer/code"].astype(np.int32)}),
    "matrix flat": lambda a, t: t.update({"layer/matrix": t["layer/matrix"][0]}),
    "matrix wide": lambda a, t: t.update({"layer/matrix": t["layer/matrix"].T.copy()}),
    "matrix skew": put("layer/matrix", (0, 0), 5.0),
    "matrix NaN": put("layer/matrix", (0, 0), np.nan),
    "mean infinite": put("layer/mean", 0, np.inf),
    "code infinite": put("layer/code", (0, 0), 0x7F80),
    "code NaN": put("layer/code", (0, 0), 0xFFC0),
    "weight zero": put("layer/weight", 0, 0),
    "weight NaN": put("layer/weight", 0, np.nan),
    "voxel twice": lambda a, t: put("layer/voxel", 1, t["layer/voxel"][0])(a, t),
    "voxel far": put("layer/voxel", (0, 0), -(2**31)),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_embeddings_are_refused_and_all_is_kept(saved, tmp_path, case):
    about, tensors = read_map_file(saved, 10**9)
    tensors = {name: values.copy() for name, values in tensors.items()}
    HOSTILE[case](about, tensors)
    path = tmp_path / "hostile.nesfmap"
    write(path, about, tensors)
    layer, voxel_map = filled(), VoxelMap(small_config())
    with pytest.raises(StorageError, match=r"hostile\.nesfmap is not a valid map"):
        load_map(voxel_map, path, layer)
    assert len(layer) == 300
    assert voxel_map.submaps == []
