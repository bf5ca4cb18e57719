"""Labels as subscribers hear of them: complete, and told anew only where they change."""

import numpy as np
import pytest
import torch

from nesf_ros.config import SemanticsConfig
from nesf_ros.types import Box
from nesf_ros.voxels.encoding import BlockUpdate, encode
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.grid import VOXELS
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.updates import BYTES_PER_SENT_BLOCK, UpdateStream

from .scenes import facing, small_config, view_of

WALL = Box((2.12, -9, -9), (3, 9, 9))
VIEW = view_of([WALL], facing(0.0))
Voxel = tuple[int, int, int]


class Reader:
    """Knows the name of each voxel from messages alone, by the newest table of names."""

    def __init__(self) -> None:
        self.bytes: dict[Voxel, tuple[int, int]] = {}
        self.names: tuple[str, ...] = ()

    def take(self, update: BlockUpdate) -> int:
        """Take in a message; returns how many blocks it was about."""
        self.names = update.label_names
        listed = update.block_index[update.block_uniform == 0]
        assert len(update.label) == len(update.confidence)
        assert len(update.label) in (0, len(listed) * VOXELS)
        for number, block in enumerate(listed.tolist()):
            for voxel in range(VOXELS):
                place = tuple(
                    8 * b + o
                    for b, o in zip(block, (voxel % 8, voxel // 8 % 8, voxel // 64), strict=True)
                )
                self.bytes.pop(place, None)
                at = number * VOXELS + voxel
                if len(update.label) and update.label[at]:
                    self.bytes[place] = (int(update.label[at]), int(update.confidence[at]))
        return len(update.block_index)

    def named(self) -> dict[Voxel, str]:
        return {place: self.names[byte - 1] for place, (byte, _) in self.bytes.items()}


@pytest.fixture
def world() -> tuple[VoxelMap, FeatureLayer, torch.Tensor]:
    """A wall, each of its voxels in the layer; the rows of these."""
    voxel_map = VoxelMap(small_config())
    voxel_map.integrate(VIEW)
    layer = FeatureLayer(SemanticsConfig(), "tiny@0", 8, "cpu")
    y, z = torch.meshgrid(torch.arange(-20, 20), torch.arange(-16, 16), indexing="ij")
    voxels = torch.stack([torch.full_like(y, 42), y, z], -1).reshape(-1, 3)
    features = torch.eye(8)[torch.zeros(len(voxels), dtype=torch.int64)]
    rows = layer.fuse(voxels, layer.learn(features).encode(features), torch.ones(len(voxels)))
    return voxel_map, layer, rows


def give(layer: FeatureLayer, rows: torch.Tensor, label: int, confidence: int = 200) -> None:
    count = len(rows)
    layer.set_labels(
        rows,
        torch.full((count,), label, dtype=torch.int16),
        torch.full((count,), confidence, dtype=torch.uint8),
    )


def truth(layer: FeatureLayer) -> dict[Voxel, str]:
    label = layer.column("label").tolist()
    return {
        tuple(place): layer.labels.names[n - 1]
        for place, n in zip(layer.table.voxels().tolist(), label, strict=True)
        if n
    }


def test_messages_carry_no_labels_while_there_are_none(world):
    voxel_map, layer, rows = world
    stream = UpdateStream(voxel_map, 50 * BYTES_PER_SENT_BLOCK, layer)
    for update in stream.snapshot():
        assert len(update.label) == len(update.confidence) == 0
        assert update.label_names == ()
    layer.start_labels(("wall",))
    assert stream.pending
    assert stream.delta() == []  # no voxel has one yet
    assert not stream.pending
    give(layer, rows[:0], 1)
    assert not stream.pending


def test_a_reader_knows_the_name_of_every_voxel(world):
    voxel_map, layer, rows = world
    stream, reader = UpdateStream(voxel_map, 9 * BYTES_PER_SENT_BLOCK, layer), Reader()
    right, left = layer.table.voxels()[:, 1] < 0, layer.table.voxels()[:, 1] >= 0

    def catch_up() -> int:
        told = sum(reader.take(update) for update in stream.delta())
        assert reader.named() == truth(layer)
        assert not stream.pending
        return told

    for update in stream.snapshot():
        reader.take(update)
    layer.start_labels(("wall", "door", "window"))
    give(layer, rows[right], 1)
    assert catch_up() == 3 * 4  # blocks −3, −2, −1 along y and four along z
    give(layer, rows[left], 2)
    assert catch_up() == 3 * 4
    one = layer.table.rows_of(torch.tensor([[42, 5, 3]]))
    give(layer, one, 3)
    assert catch_up() == 1
    give(layer, one, 3, confidence=10)
    assert catch_up() == 1
    assert reader.bytes[(42, 5, 3)] == (3, 10)
    give(layer, one, 3, confidence=9)  # looks the same
    assert catch_up() == 0
    # Other names, in another order: the byte of "window" was 3 and will be 1.
    layer.start_labels(("window", "wall"))
    give(layer, one, 1)
    give(layer, rows[right], 2)
    assert catch_up() == 6 * 4
    assert reader.names == ("window", "wall")
    late = Reader()
    for update in UpdateStream(voxel_map, 9 * BYTES_PER_SENT_BLOCK, layer).snapshot():
        late.take(update)
    assert late.named() == truth(layer)
    layer.start_labels(())
    assert catch_up() > 0
    assert reader.bytes == {}


def test_the_same_byte_for_another_name_is_told(world):
    voxel_map, layer, rows = world
    stream, reader = UpdateStream(voxel_map, 9 * BYTES_PER_SENT_BLOCK, layer), Reader()
    layer.start_labels(("wall",))
    give(layer, rows, 1)
    stream.snapshot()
    layer.start_labels(("door",))
    give(layer, rows, 1)
    assert sum(reader.take(update) for update in stream.delta()) == 6 * 4
    assert set(reader.named().values()) == {"door"}


def test_only_what_is_occupied_has_a_label(world):
    voxel_map, layer, _ = world
    features = torch.eye(8)[:2]
    # Free space in front of the wall, and a voxel deep behind it in the wall's block.
    voxels = torch.tensor([[41, 0, 0], [46, 0, 0]])
    rows = layer.fuse(voxels, layer.learn(features).encode(features), torch.ones(2))
    layer.start_labels(("ghost", "wall"))
    give(layer, rows, 1)
    give(layer, layer.table.rows_of(torch.tensor([[42, 0, 0]])), 2, 77)
    encoded = encode(voxel_map, torch.tensor([[5, 0, 0]], dtype=torch.int32), layer)
    labels = encoded.label[encoded.row[0]]
    assert labels.nonzero()[:, 0].tolist() == [2]  # x = 42 is the block's third
    assert encoded.confidence[encoded.row[0], 2] == 77
    assert encoded.label_names[int(labels[2]) - 1] == "wall"
    update = encoded.pick(torch.tensor([True]))
    np.testing.assert_array_equal(update.label, labels.numpy())
