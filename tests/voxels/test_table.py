"""Rows of voxels, against a dictionary."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nesf_ros.voxels.table import VoxelTable, block_keys, split, unpacked

PLACES = st.tuples(*[st.integers(-20, 20)] * 3)
STEP = st.tuples(
    st.sampled_from(["add", "add", "remove", "blocks"]),
    st.lists(PLACES, min_size=1, max_size=40, unique=True),
)


def tensor(places) -> torch.Tensor:
    return torch.tensor(sorted(places), dtype=torch.int64).reshape(-1, 3)


@settings(max_examples=40)
@given(st.lists(STEP, min_size=1, max_size=8))
def test_rows_follow_their_voxels_through_all_changes(steps):
    table, known = VoxelTable(torch.device("cpu"), value=torch.zeros(0, dtype=torch.int64)), {}
    for number, (kind, places) in enumerate(steps):
        if kind == "add":
            fresh = [place for place in places if place not in known]
            rows = table.add(tensor(fresh))
            assert not table.columns["value"][rows].any()
            values = torch.arange(len(fresh)) + 1000 * number
            table.columns["value"][rows] = values
            known |= dict(zip(sorted(fresh), values.tolist(), strict=True))
            continue
        if kind == "remove":
            gone = [place for place in places if place in known]
            table.remove(table.rows_of(tensor(gone)))
        else:
            blocks = split(tensor(places))[0].unique(dim=0)
            slots = table.slots(blocks)
            table.remove_blocks(slots[slots >= 0])
            there = set(map(tuple, blocks.tolist()))
            gone = [place for place in known if tuple(c // 8 for c in place) in there]
        for place in gone:
            del known[place]
    assert table.rows == len(known)
    everything = tensor(known)
    rows = table.rows_of(everything)
    assert sorted(rows.tolist()) == list(range(len(known)))
    expected = [known[tuple(place)] for place in everything.tolist()]
    assert table.columns["value"][rows].tolist() == expected
    assert torch.equal(table.voxels(rows), everything)
    assert table.rows_of(tensor([(500, 0, 0)])).tolist() == [-1]


def test_rows_of_a_block_stand_where_its_voxels_do():
    table = VoxelTable(torch.device("cpu"))
    rows = table.add(torch.tensor([[-8, -1, 9], [-7, -8, 8]]))  # block (-1, -1, 1)
    listed = table.rows_of_blocks(torch.tensor([[-1, -1, 1], [0, 0, 0]]))
    assert (listed[1] == -1).all()
    assert listed[0].nonzero()[:, 0].tolist() != []
    assert listed[0, (1 * 8 + 7) * 8 + 0] == rows[0]
    assert listed[0, (0 * 8 + 0) * 8 + 1] == rows[1]
    assert (listed[0] >= 0).sum() == 2
    assert table.slots(torch.tensor([[-1, -1, 1], [0, 0, 0]])).tolist() == [0, -1]


def test_stamps_go_with_their_blocks():
    table = VoxelTable(torch.device("cpu"))
    table.add(torch.tensor([[0, 0, 0], [8, 0, 0], [16, 0, 0]]))
    stamp = table.block_index[:, 0].clone()
    table.seen[:], table.changed[:] = stamp, -stamp
    table.remove_blocks(table.slots(torch.tensor([[0, 0, 0]])))
    assert sorted(table.seen.tolist()) == [1, 2]
    assert torch.equal(table.seen, table.block_index[:, 0].long())
    assert torch.equal(table.changed, -table.seen)


@given(st.lists(st.tuples(*[st.integers(-(2**19), 2**19 - 1)] * 3), min_size=1, max_size=30))
def test_block_keys_are_one_to_one_and_ordered_as_the_indices(places):
    index = torch.tensor(places)
    assert torch.equal(unpacked(block_keys(index)), index)
    order = block_keys(index).argsort(stable=True).tolist()
    assert [places[i] for i in order] == sorted(places)
