from array import array

import numpy as np
import pytest

from nesf_ros.msg import VoxelMap
from nesf_ros.ros.map_replica import MapReplica

pytestmark = pytest.mark.ros


def message(sequence, blocks=(), kind=VoxelMap.DELTA, removed=(), chunk=0, map_id="a"):
    """A message with blocks {index: code shared by all voxels, or the list of their codes}."""
    blocks = dict(blocks)
    out = VoxelMap(kind=kind, sequence=sequence, chunk=chunk, map_id=map_id)
    out.voxel_size, out.block_size = 0.5, 2
    out.block_index = array("i", [n for index in blocks for n in index])
    shared = {index: code for index, code in blocks.items() if isinstance(code, int)}
    out.block_uniform = array("B", [shared.get(index, 0) for index in blocks])
    listed = [code for code in blocks.values() if not isinstance(code, int)]
    out.occupancy = array("B", [code for codes in listed for code in codes])
    out.removed_index = array("i", [n for index in removed for n in index])
    return out


def snapshot(sequence, blocks=(), **more):
    return message(sequence, blocks, kind=VoxelMap.SNAPSHOT, **more)


WALL = [0, 0, 0, 0, 200, 1, 0, 130]  # x fastest: occupied at (0, 0, 1) and (1, 1, 1)


def test_a_snapshot_in_chunks_and_a_delta_make_the_map():
    replica = MapReplica()
    replica.take(snapshot(7, {(0, 0, 0): 1}))
    replica.take(snapshot(8, {(1, 0, -1): WALL}, chunk=1))
    replica.take(message(9, {(0, 0, 0): WALL, (5, 5, 5): 1}, removed=[(1, 0, -1)]))
    assert set(replica.blocks) == {(0, 0, 0), (5, 5, 5)}
    assert replica.blocks[5, 5, 5] == 1
    points = replica.occupied_points()
    np.testing.assert_allclose(sorted(points.tolist()), [[0.25, 0.25, 0.75], [0.75, 0.75, 0.75]])


def test_voxels_of_several_blocks_are_not_mixed_up():
    replica = MapReplica()
    other = [200, 0, 0, 0, 0, 0, 0, 0]
    replica.take(snapshot(1, {(0, 0, 0): other, (9, 9, 9): 1, (-1, 0, 0): WALL}))
    expected = [[0.25, 0.25, 0.25], [-0.75, 0.25, 0.75], [-0.25, 0.75, 0.75]]
    np.testing.assert_allclose(sorted(replica.occupied_points().tolist()), sorted(expected))


@pytest.mark.parametrize(
    "late", [message(4, {(1, 1, 1): 1}), message(3, {(1, 1, 1): 1}, map_id="b")]
)
def test_after_a_gap_or_another_map_nothing_counts_until_the_next_snapshot(late):
    replica = MapReplica()
    replica.take(snapshot(1, {(0, 0, 0): 1}))
    replica.take(message(2, {(2, 2, 2): 1}))
    replica.take(late)
    assert replica.blocks == {}
    replica.take(message(late.sequence + 1, {(3, 3, 3): 1}, map_id=late.map_id))
    assert replica.blocks == {}
    replica.take(snapshot(late.sequence + 2, {(4, 4, 4): 1}, map_id=late.map_id))
    assert set(replica.blocks) == {(4, 4, 4)}


def test_an_empty_map_has_no_occupied_points():
    replica = MapReplica()
    replica.take(snapshot(1))
    assert replica.occupied_points().shape == (0, 3)
