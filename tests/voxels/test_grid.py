"""Blocks of one grid: places, pool, memory."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nesf_ros.errors import MapError
from nesf_ros.types import Box
from nesf_ros.voxels.grid import BYTES_PER_BLOCK, BYTES_PER_PLACE, VOXELS, BlockGrid


def grid(shape: int = 4) -> BlockGrid:
    return BlockGrid((-2, 0, 3), (shape,) * 3, "cpu")


def places(*at: tuple[int, int, int]) -> torch.Tensor:
    return torch.tensor(at, dtype=torch.int64).reshape(-1, 3)


def pool(count: int, tsdf: float = 0.5) -> dict[str, torch.Tensor]:
    return {
        "tsdf": torch.full((count, VOXELS), tsdf),
        "weight": torch.full((count, VOXELS), 2.0),
        "color": torch.full((count, VOXELS, 3), 9.0),
    }


def test_an_empty_grid_knows_nothing_and_costs_its_index():
    empty = grid()
    assert not empty.known().any()
    assert empty.nbytes == 64 * BYTES_PER_PLACE
    assert len(empty.known_index()) == 0


def test_the_box_that_a_grid_has_room_for():
    assert BlockGrid((-2, 0, 3), (4, 2, 1), "cpu").box(0.5) == Box(
        (-1.0, 0.0, 1.5), (1.0, 1.0, 2.0)
    )


@pytest.mark.parametrize("shape", [(2**9, 2**9, 2**9), (0, 4, 4)])
def test_sizes_that_cannot_be(shape):
    with pytest.raises(MapError, match="choose a smaller region"):
        BlockGrid((0, 0, 0), shape, "cpu")


def test_a_free_block_stays_free_voxel_by_voxel():
    some = grid()
    some.free_weight[1, 2, 3] = 5.0
    slots = some.allocate(places((1, 2, 3), (0, 0, 0))).long()
    assert some.tsdf[slots[0]].tolist() == [1.0] * VOXELS
    assert some.weight[slots[0]].tolist() == [5.0] * VOXELS
    assert not some.weight[slots[1]].any()
    assert not some.free_weight.any()
    assert some.known().sum() == 2
    assert sorted(some.known_index().tolist()) == [[-2, 0, 3], [-1, 2, 6]]


def test_released_places_are_used_again_and_clean():
    some = grid()
    slots = some.allocate(places((0, 0, 0), (0, 0, 1), (0, 0, 2))).long()
    some.color[slots] = 77.0
    some.release(places((0, 0, 1)), torch.tensor([3.0]))
    assert some.free_weight[0, 0, 1] == 3.0
    assert some.slot[0, 0, 1] == -1
    again = some.allocate(places((3, 3, 3)))
    assert again.tolist() == [int(slots[1])]
    assert not some.color[again.long()].any()
    assert some.used == 3


def test_the_pool_grows_and_keeps_its_content():
    some = grid(8)
    first = some.allocate(places((0, 0, 0))).long()
    some.tsdf[first] = 0.25
    some.allocate((some.slot < 0).nonzero())
    assert some.used == 512 <= len(some.tsdf)
    assert some.tsdf[first].tolist() == [[0.25] * VOXELS]
    some.trim()
    assert some.nbytes == 512 * (BYTES_PER_BLOCK + BYTES_PER_PLACE)
    assert some.tsdf[first].tolist() == [[0.25] * VOXELS]
    assert some.slot.unique().tolist() == list(range(512))


def test_no_more_than_there_is_room_for():
    some = grid()
    some.limit = 3
    some.allocate(places((0, 0, 0), (0, 0, 1)))
    assert some.room == 1
    with pytest.raises(MapError, match=r"2 blocks wanted, room for 1: raise map\.memory_mib"):
        some.allocate(places((1, 0, 0), (1, 0, 1)))
    some.release(places((0, 0, 0)), torch.tensor([1.0]))
    assert some.room == 2
    some.limit = 0  # others have taken the memory; what was released is still ours
    assert some.room == 1
    some.allocate(places((1, 0, 0)))
    assert len(some.tsdf) <= 3


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 15), st.booleans()), max_size=60))
def test_slots_are_never_shared(steps):
    some = grid()
    some.limit = 12
    for number, take in steps:
        place = places((number // 4, number % 4, 0))
        taken = int(some.slot[tuple(place[0])]) >= 0
        if take and not taken and some.room:
            some.allocate(place)
        elif not take and taken:
            some.release(place, torch.tensor([1.0]))
        held = some.slot[some.slot >= 0]
        assert len(held.unique()) == len(held)
        assert len(held) + some.room == 12
        assert len(some.tsdf) <= 12


def test_insert_and_its_errors():
    some = grid()
    index = torch.tensor([[-2, 0, 3], [1, 3, 6]], dtype=torch.int32)
    some.insert(index, pool(2), torch.tensor([4, 9]))
    assert some.revision[0, 0, 0] == 4
    assert some.revision[3, 3, 3] == 9
    assert some.tsdf[some.slot[3, 3, 3].long()].tolist() == [0.5] * VOXELS
    assert len(some.tsdf) == 2  # no memory for blocks that will not come
    outside = torch.tensor([[-3, 0, 3], [0, 0, 7]], dtype=torch.int32)
    with pytest.raises(MapError, match="2 blocks lie outside"):
        some.insert(outside, pool(2), 1)
    with pytest.raises(MapError, match="given twice"):
        some.insert(index[:1], pool(1), 1)
    with pytest.raises(MapError, match="given twice"):
        some.insert(torch.tensor([[0, 0, 3], [0, 0, 3]], dtype=torch.int32), pool(2), 1)
    assert some.used == 2


def test_locate():
    local, inside = grid().locate(torch.tensor([[-2, 0, 3], [1, 3, 6], [2, 0, 3], [-2, -1, 3]]))
    assert local.tolist() == [[0, 0, 0], [3, 3, 3], [4, 0, 0], [0, -1, 0]]
    assert inside.tolist() == [True, True, False, False]


def test_known_since_a_revision():
    some = grid()
    some.insert(torch.tensor([[-2, 0, 3], [1, 3, 6]], dtype=torch.int32), pool(2),
                torch.tensor([4, 9]))  # fmt: skip
    assert some.known_index(since=4).tolist() == [[1, 3, 6]]
    assert some.known_index(since=9).tolist() == []


def test_only_what_is_free_throughout_collapses():
    some = grid()
    slots = some.allocate(places((0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 0, 3))).long()
    some.revision[0, 0] = torch.tensor([5, 5, 5, 2])
    some.tsdf[slots], some.weight[slots] = 1.0, 2.0
    some.weight[slots[0], 17] = 1.5  # free, one voxel with less evidence
    some.tsdf[slots[1], 17] = 0.9  # one voxel near to something
    some.weight[slots[2], 17] = 0.0  # one voxel unobserved
    assert some.collapse_free(since=2) == 1  # the fourth has not changed since
    assert some.slot[0, 0].tolist() == [-1, int(slots[1]), int(slots[2]), int(slots[3])]
    assert some.free_weight[0, 0].tolist() == [1.5, 0.0, 0.0, 0.0]
    assert some.collapse_free(since=1) == 1
    assert some.collapse_free(since=1) == 0
