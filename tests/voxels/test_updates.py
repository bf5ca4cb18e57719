"""What a subscriber who follows VoxelMap.msg's rules knows, against the map itself."""

import uuid

import numpy as np
import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy import ndarray

from nesf_ros.types import Box
from nesf_ros.voxels.grid import VOXELS
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.read import SurfaceIndex, describe_points
from nesf_ros.voxels.state import occupancy_code, probability_of
from nesf_ros.voxels.storage import load_map, map_path, save_map
from nesf_ros.voxels.updates import (
    BYTES_PER_SENT_BLOCK,
    BlockUpdate,
    UpdateStream,
    dense_codes,
    encode,
    pack_keys,
    unpack_keys,
)

from .scenes import facing, frame, pose, small_config, view_of

CHUNK = 20 * BYTES_PER_SENT_BLOCK

ROOM = [Box((-9, 1.22, -2), (30, 2, 3)), Box((-9, -2, -2), (30, -1.22, 3))]
CRATE = Box((0.6, -0.3, -0.5), (1.0, 0.3, 0.5))

Blocks = dict[tuple[int, int, int], tuple[ndarray, ndarray]]
"""Codes and colours of the voxels of each block."""


class Subscriber:
    """Follows the map from messages alone."""

    def __init__(self) -> None:
        self.blocks: Blocks = {}

    def snapshot(self, chunks: list[BlockUpdate]) -> None:
        self.blocks = {}
        for update in chunks:
            self.take(update)

    def take(self, update: BlockUpdate) -> None:
        detailed = int((update.block_uniform == 0).sum())
        assert len(update.block_index) == len(update.block_uniform)
        assert len(update.occupancy) == detailed * VOXELS
        assert len(update.color) == detailed * VOXELS * 3
        codes = iter(update.occupancy.reshape(-1, VOXELS))
        colors = iter(update.color.reshape(-1, VOXELS, 3))
        for index, shared in zip(update.block_index.tolist(), update.block_uniform, strict=True):
            if shared:
                uniform = np.full(VOXELS, shared), np.zeros((VOXELS, 3), np.uint8)
                self.blocks[tuple(index)] = uniform
            else:
                self.blocks[tuple(index)] = next(codes), next(colors)
        for index in update.removed_index.tolist():
            del self.blocks[tuple(index)]  # nobody is told to remove what they do not have


def truth(voxel_map: VoxelMap) -> Blocks:
    """All blocks of the map in which anything is observed."""
    index = voxel_map.block_index()
    blocks = voxel_map.blocks(index)
    code = occupancy_code(blocks.tsdf, blocks.weight, voxel_map.config.truncation_voxels).numpy()
    out: Blocks = {}
    for place, row, free in zip(
        index.tolist(), blocks.row.tolist(), blocks.free_weight.tolist(), strict=True
    ):
        if row >= 0 and code[row].any():
            out[tuple(place)] = code[row], (blocks.color[row].numpy() + 0.5).astype(np.uint8)
        elif row < 0 and free:
            out[tuple(place)] = np.ones(VOXELS, np.uint8), np.zeros((VOXELS, 3), np.uint8)
    return out


def check_states(subscriber: Subscriber, voxel_map: VoxelMap) -> None:
    """Unobserved, free and occupied as in the map; probability and colour to about an eighth."""
    expected = truth(voxel_map)
    assert subscriber.blocks.keys() == expected.keys()
    for place, (code, color) in expected.items():
        got, got_color = subscriber.blocks[place]
        np.testing.assert_array_equal(got == 0, code == 0)
        np.testing.assert_array_equal(got >> 5, code >> 5)
        occupied = code >= 128
        np.testing.assert_array_equal(got_color[occupied] >> 5, color[occupied] >> 5)
        assert not got_color[~occupied].any()


def check_exactly(subscriber: Subscriber, voxel_map: VoxelMap) -> None:
    expected = truth(voxel_map)
    assert subscriber.blocks.keys() == expected.keys()
    for place, (code, color) in expected.items():
        got, got_color = subscriber.blocks[place]
        np.testing.assert_array_equal(got, code)
        np.testing.assert_array_equal(got_color[code >= 128], color[code >= 128])


def test_a_snapshot_says_all_there_is():
    voxel_map = VoxelMap(small_config())
    stream, subscriber = UpdateStream(voxel_map, CHUNK), Subscriber()
    chunks = stream.snapshot()
    assert len(chunks) == 1  # somebody who asks is answered, also by an empty map
    subscriber.snapshot(chunks)
    assert subscriber.blocks == {}
    for x in (0.0, 0.4):
        voxel_map.integrate(view_of([*ROOM, CRATE], facing(0.2, (x, 0.0, 0.0))))
    subscriber.snapshot(stream.snapshot())
    assert len(subscriber.blocks) > 50
    check_exactly(subscriber, voxel_map)


STEPS = st.sampled_from(["forward", "back", "turn", "crate", "wait", "late", "reset", "swap"])


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(STEPS, min_size=5, max_size=25), st.booleans())
def test_deltas_keep_a_subscriber_up_to_date(tmp_path_factory, steps, poor):
    """Also while submaps are evicted, and through resets and loads."""
    config = small_config(memory_mib=8.0 if poor else 256.0)
    voxel_map = VoxelMap(config)
    stream, subscriber = UpdateStream(voxel_map, CHUNK), Subscriber()
    subscriber.snapshot(stream.snapshot())
    folder = tmp_path_factory.mktemp("maps")
    x, yaw, crate = 0.0, 0.0, True
    for step in steps:
        x += {"forward": 0.7, "back": -0.7}.get(step, 0.0)
        yaw += 1.2 * (step == "turn")
        crate ^= step == "crate"
        if step == "reset":
            voxel_map.reset()
        elif step == "swap":  # load what was saved, and save what is there
            old, new = map_path(folder, "old"), map_path(folder, "new")
            save_map(voxel_map, new)
            if old.exists():
                load_map(voxel_map, old)
                voxel_map.map_id = uuid.uuid4().hex
            new.replace(old)
        elif step != "wait":
            boxes = [*ROOM, CRATE] if crate else ROOM
            for _ in range(3):
                voxel_map.integrate(view_of(boxes, facing(yaw, (x, 0.0, 0.0))))
        if step == "late" or stream.replaced:
            subscriber.snapshot(stream.snapshot())
            check_exactly(subscriber, voxel_map)
            assert not stream.pending
            assert not stream.replaced
        else:
            for update in stream.delta():
                assert 0 < update.nbytes <= CHUNK
                subscriber.take(update)
            check_states(subscriber, voxel_map)
        assert stream.delta() == []


def test_eviction_reaches_subscribers():
    voxel_map = VoxelMap(small_config(memory_mib=8.0))
    stream, subscriber = UpdateStream(voxel_map, CHUNK), Subscriber()
    subscriber.snapshot(stream.snapshot())
    removed = 0
    for x in np.arange(0.0, 12.0, 0.4):
        voxel_map.integrate(view_of(ROOM, facing(1.2, (x, 0.0, 0.0))))
        for update in stream.delta():
            subscriber.take(update)
            removed += len(update.removed_index)
    assert voxel_map.evicted_submaps > 0
    assert removed > 100
    check_states(subscriber, voxel_map)


def test_nothing_is_said_while_nothing_changes():
    voxel_map = VoxelMap(small_config())
    stream = UpdateStream(voxel_map, CHUNK)
    stream.snapshot()
    assert not stream.pending
    view = view_of([*ROOM, CRATE], facing(0.2))
    voxel_map.integrate(view)
    assert stream.pending
    assert stream.delta()
    for _ in range(5):
        voxel_map.integrate(view)  # the same again: more evidence, the same picture
        assert stream.delta() == []
        assert not stream.pending


def test_a_map_taken_for_another_needs_a_snapshot():
    voxel_map = VoxelMap(small_config())
    voxel_map.integrate(frame(1.0))
    stream = UpdateStream(voxel_map, CHUNK)
    stream.snapshot()
    assert not stream.replaced
    voxel_map.reset()
    assert stream.replaced
    assert stream.pending
    stream.snapshot()
    assert not stream.replaced


def test_messages_are_filled_up_to_their_limit():
    voxel_map = VoxelMap(small_config())
    for x in np.arange(0.0, 3.0, 0.3):
        voxel_map.integrate(view_of(ROOM, facing(1.2, (x, 0.0, 0.0))))
    chunks = UpdateStream(voxel_map, CHUNK).snapshot()
    sizes = [chunk.nbytes for chunk in chunks]
    assert max(sizes) <= CHUNK
    # Two neighbours never fit into one; blocks that are free throughout cost 13 bytes.
    assert all(a + b > CHUNK for a, b in zip(sizes, sizes[1:], strict=False))
    tiny = UpdateStream(voxel_map, 1).snapshot()
    assert sum(len(chunk.block_index) for chunk in tiny) == len(truth(voxel_map))
    assert all(len(chunk.block_index) == 1 for chunk in tiny)


def test_uniform_and_listed_blocks_by_hand():
    voxel_map = VoxelMap(small_config())
    voxel_map.integrate(frame(2.02, color=(250, 0, 7)))
    index = torch.tensor([[0, 0, 5], [0, 0, 3], [0, 0, 7]], dtype=torch.int32)
    encoded = encode(voxel_map, index)
    assert encoded.uniform.tolist() == [0, 1, 0]  # wall, free, unobserved
    assert [int(row) >= 0 for row in encoded.row] == [True, False, False]
    assert encoded.digest[2] == 0
    assert len(encoded.digest.unique()) == 3
    update = encoded.pick(torch.tensor([True, True, False]))
    assert update.block_index.tolist() == [[0, 0, 5], [0, 0, 3]]
    assert update.block_uniform.tolist() == [0, 1]
    codes, colors = update.occupancy.reshape(8, 8, 8), update.color.reshape(8, 8, 8, 3)
    # z, y, x: the block begins at z = 2.0 m, the wall lies in its first layer.
    assert (codes[0] >= 128).all()
    assert not codes[2:].any()
    assert (colors[0] == (250, 0, 7)).all()
    assert not colors[2:].any()


@given(st.lists(st.tuples(*[st.integers(-(2**19), 2**19 - 1)] * 3), min_size=1, max_size=50))
def test_keys_are_one_to_one(places):
    index = np.array(places, np.int32)
    keys = pack_keys(index)
    np.testing.assert_array_equal(unpack_keys(keys), index)
    assert len(set(keys.tolist())) == len(set(places))


MAPPED = VoxelMap(small_config())
for _x in (0.0, 0.5, 1.3):
    MAPPED.integrate(view_of([*ROOM, CRATE], facing(0.3, (_x, 0.0, 0.0))))
    MAPPED.integrate(frame(1.52, pose((_x, 0.1, -0.2), (0.3, 1.1, 0.2))))


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(*[st.floats(-1.5, 3.0)] * 3), st.tuples(*[st.floats(0.01, 1.0)] * 3), st.booleans()
)
def test_dense_codes_equal_answers_point_by_point(lower, size, snap):
    low, high = np.array(lower), np.array(lower) + size
    if snap:  # faces of blocks: the hard case
        low = np.round(low / 0.4) * 0.4
        high = np.maximum(np.round(high / 0.4) * 0.4, low + 0.4)
    codes, corner = dense_codes(MAPPED, Box(tuple(low.tolist()), tuple(high.tolist())))
    assert (np.abs(np.array(corner) - low) < 0.05).all()
    assert (np.array(corner) <= low + 1e-6).all()
    assert (np.array(corner) + 0.05 * np.array(codes.shape) >= high - 1e-6).all()
    steps = np.stack(np.meshgrid(*map(np.arange, codes.shape), indexing="ij"), -1)
    points = (np.array(corner) + (steps + 0.5) * 0.05).reshape(-1, 3)
    answers = describe_points(MAPPED, points, SurfaceIndex())
    expected = probability_of(torch.from_numpy(codes)).numpy().ravel()
    np.testing.assert_array_equal(answers.probability, expected)


def test_dense_codes_where_nothing_is_known():
    codes, corner = dense_codes(MAPPED, Box((50.0, 50.0, 50.0), (50.2, 50.1, 50.05)))
    assert codes.shape == (4, 2, 1)
    assert not codes.any()
    assert corner == pytest.approx((50.0, 50.0, 50.0))
