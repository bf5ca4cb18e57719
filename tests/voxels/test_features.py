"""Embeddings in voxels: running means by hand, memory, and what the map lets go."""

import pytest
import torch
import torch.nn.functional as F

from nesf_ros.config import SemanticsConfig
from nesf_ros.errors import MapError
from nesf_ros.types import Box
from nesf_ros.voxels.features import MIN_KEPT, FeatureLayer
from nesf_ros.voxels.map import VoxelMap

from .scenes import facing, frame, small_config, view_of


def small_layer(dim: int = 8, **settings) -> FeatureLayer:
    return FeatureLayer(SemanticsConfig(**settings), "tiny@0123456789ab", dim, "cpu")


def put(layer: FeatureLayer, voxels, features, weight: float = 1.0) -> torch.Tensor:
    features = torch.as_tensor(features, dtype=torch.float32)
    codes = layer.learn(features).encode(features)
    return layer.fuse(torch.tensor(voxels), codes, torch.full((len(codes),), weight))


def unit(*places: int, dim: int = 8) -> torch.Tensor:
    return torch.eye(dim)[list(places)]


def line(count: int, first: int = 0) -> list[list[int]]:
    """Voxels in as many blocks."""
    return [[8 * i, 0, 0] for i in range(first, first + count)]


def test_the_mean_is_weighted_and_remembers_so_much_and_no_more():
    layer = small_layer(max_weight=2.0)
    put(layer, [[1, 2, 3], [0, 0, 0]], unit(0, 1), 1.0)
    rows = put(layer, [[1, 2, 3]], unit(2), 3.0)
    got = layer.embeddings(rows)[0]
    torch.testing.assert_close(got, torch.tensor([0.25, 0, 0.75, 0, 0, 0, 0, 0]))
    assert layer.column("weight")[rows].tolist() == [2.0]  # of 4
    put(layer, [[1, 2, 3]], unit(0), 2.0)  # half of the new mean
    torch.testing.assert_close(
        layer.embeddings(rows)[0], torch.tensor([0.625, 0, 0.375, 0, 0, 0, 0, 0])
    )
    other = layer.table.rows_of(torch.tensor([[0, 0, 0]]))
    assert layer.embeddings(other)[0].tolist() == unit(1)[0].tolist()
    assert len(layer) == 2


def test_similarity_is_the_cosine_with_the_embedding():
    generator = torch.Generator().manual_seed(0)
    layer = small_layer(100, feature_dims=16)
    features = F.normalize(torch.randn(300, 100, generator=generator), dim=1)
    rows = put(layer, line(300), features)
    texts = F.normalize(torch.randn(7, 100, generator=generator), dim=1)
    expected = F.normalize(layer.embeddings(rows), dim=1) @ texts.T
    torch.testing.assert_close(layer.similarity(texts, rows), expected, atol=0.01, rtol=0)
    assert torch.equal(layer.similarity(texts)[rows[:9]], layer.similarity(texts, rows[:9]))
    assert small_layer().similarity(unit(0)).shape == (0, 1)


def test_a_basis_that_does_not_do_is_fitted_anew_and_the_old_rows_stay_what_they_were():
    layer = small_layer(64, feature_dims=16)
    directions = torch.linalg.qr(torch.randn(64, 64, generator=torch.Generator().manual_seed(1)))[0]
    known, new = directions[:8], directions[8:12]
    first = put(layer, line(8), known)
    revision = layer.basis_revision
    put(layer, line(8), known)
    assert layer.basis_revision == revision  # nothing new in that
    rows = put(layer, line(4, first=100), new)
    assert layer.basis_revision == revision + 1
    for group, truth in ((first, known), (rows, new)):
        kept = F.cosine_similarity(layer.embeddings(group), truth)
        assert kept.min() > MIN_KEPT
    torch.testing.assert_close(
        layer.column("length"), layer.embeddings(torch.arange(12)).norm(dim=1), atol=1e-4, rtol=0
    )


def test_nothing_can_be_put_in_before_there_is_a_basis():
    with pytest.raises(MapError, match="no basis"):
        small_layer().fuse(torch.zeros((1, 3), dtype=torch.int64), unit(0), torch.ones(1))


def test_memory_is_bounded_and_what_was_not_seen_for_longest_goes():
    layer = small_layer(feature_mib=8.0)
    put(layer, line(1500), unit(*[i % 8 for i in range(1500)]))
    put(layer, line(1500, first=1500), unit(*[1] * 1500))
    put(layer, line(100), unit(*[2] * 100))  # these are seen once more
    revision = layer.revision
    for first in range(3000, 6000, 300):
        put(layer, line(300, first), unit(*[3] * 300))
        assert layer.nbytes <= 8 * 2**20
    rows = layer.table.rows_of(torch.tensor(line(6000))).numpy()
    assert (rows[-300:] >= 0).all()  # the newest
    assert (rows[100:1500] < 0).all()  # the oldest
    assert layer.refused == 0
    assert layer.relabelled(revision) is None  # readers must look at everything
    kept = layer.embeddings(torch.from_numpy(rows[rows >= 0]))
    assert (kept.norm(dim=1) > 0.99).all()
    voxels = torch.tensor(line(9000, first=20_000))  # more than there is room for at all
    layer.fuse(voxels, unit(*[4] * 9000), torch.ones(9000))
    assert 0 < layer.refused < 9000
    assert len(layer) == 9000 - layer.refused
    assert layer.nbytes <= 8 * 2**20


def test_voxels_and_blocks_are_dropped_and_the_others_keep_theirs():
    layer = small_layer()
    put(layer, line(8), unit(*range(8)))
    layer.table.remove(layer.table.rows_of(torch.tensor([[0, 0, 0], [16, 0, 0]])))
    layer.drop(torch.tensor([[7, 0, 0], [99, 0, 0]]))
    assert len(layer) == 5
    left = torch.tensor(line(8))[[1, 3, 4, 5, 6]]
    got = layer.embeddings(layer.table.rows_of(left))
    assert torch.equal(got, unit(1, 3, 4, 5, 6))


def test_it_follows_the_map_in_letting_go():
    voxel_map = VoxelMap(small_config(memory_mib=8.0))
    layer = small_layer()
    layer.follow(voxel_map)
    voxel_map.integrate(view_of([Box((1.02, -9, -9), (2, 9, 9))], facing(0.0)))
    layer.follow(voxel_map)
    put(layer, [[20, 0, 0], [20, 1, 0], [-900, 0, 0]], unit(0, 1, 2))
    while voxel_map.evicted_submaps == 0:
        x = float(voxel_map.submaps[-1].centre_m[0]) - 1.1
        voxel_map.integrate(frame(1.0, facing(1.5, (x, 0.0, 0.0))))
    layer.follow(voxel_map)
    known = {tuple(index) for index in voxel_map.block_index().tolist()}
    assert (2, 0, 0) not in known
    assert len(layer) == 0  # the others were in no block of the map
    put(layer, [[0, 0, 0]], unit(0))
    layer.start_labels(("a",))
    voxel_map.reset()
    layer.follow(voxel_map)
    assert len(layer) == 0
    assert layer.basis is None
    assert layer.labels.names == ("a",)


def test_what_has_left_is_forgotten():
    voxel_map, layer = VoxelMap(small_config()), small_layer()
    wall, crate = Box((2.12, -9, -9), (3, 9, 9)), Box((1.02, -0.2, -0.2), (1.3, 0.2, 0.2))
    for _ in range(3):
        voxel_map.integrate(view_of([wall, crate], facing(0.0)))
    layer.follow(voxel_map)
    put(layer, [[20, 0, 0], [42, 20, 0]], unit(0, 1))  # crate and wall, both occupied
    layer.follow(voxel_map)
    assert len(layer) == 2
    for _ in range(9):
        voxel_map.integrate(view_of([wall], facing(0.0)))
    layer.follow(voxel_map)
    assert layer.table.voxels().tolist() == [[42, 20, 0]]


def test_blocks_whose_labels_look_different_are_named():
    layer = small_layer()
    rows = put(layer, line(3), unit(0, 1, 2))
    layer.start_labels(("chair", "table"))
    start = layer.revision
    assert layer.relabelled(start - 1) is None
    byte = torch.tensor([200, 100, 0], dtype=torch.uint8)
    layer.set_labels(rows, torch.tensor([2, 1, 0], dtype=torch.int16), byte)
    assert sorted(layer.relabelled(start).tolist()) == [[0, 0, 0], [1, 0, 0]]
    assert layer.column("label").tolist() == [2, 1, 0]
    now = layer.revision
    byte = torch.tensor([223, 96, 0], dtype=torch.uint8)  # the same to a part in eight
    layer.set_labels(rows, torch.tensor([2, 1, 0], dtype=torch.int16), byte)
    assert layer.revision == now
    assert len(layer.relabelled(now)) == 0
    layer.set_labels(rows[1:2], torch.tensor([1], dtype=torch.int16), byte[:1])
    assert layer.relabelled(now).tolist() == [[1, 0, 0]]
    layer.start_labels(())
    assert not layer.column("label").any()
