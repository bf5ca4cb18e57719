"""Blocks out of overlapping grids: the newest observation of each voxel counts."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nesf_ros.voxels.blocks import adopt, merge
from nesf_ros.voxels.grid import VOXELS, BlockGrid

HERE = torch.zeros((1, 3), dtype=torch.int32)


def grid_with(
    tsdf: list[float], weight: list[float], revision: int, free: float = 0.0
) -> BlockGrid:
    """A grid of one block whose voxels repeat the given ones; `free`: a uniformly free block."""
    grid = BlockGrid((0, 0, 0), (1, 1, 1), "cpu")
    if free:
        grid.free_weight[0, 0, 0] = free
        grid.revision[0, 0, 0] = revision
    elif tsdf:
        times = VOXELS // len(tsdf)
        values = torch.tensor(tsdf).repeat(times)[None]
        pool = {
            "tsdf": values,
            "weight": torch.tensor(weight).repeat(times)[None],
            "color": (values * 100)[..., None].expand(1, VOXELS, 3),
        }
        grid.insert(HERE, pool, revision)
    return grid


def test_newest_wins_and_older_shows_through_where_it_saw_nothing():
    old = grid_with([0.1, 0.2, 0.3, 0.4], [5.0, 5.0, 5.0, 0.0], 3)
    new = grid_with([0.9, 0.8, 0.0, 0.0], [1.0, 2.0, 0.0, 0.0], 8)
    for grids in ([old, new], [new, old]):
        blocks = merge(grids, HERE)
        assert blocks.row.tolist() == [0]
        torch.testing.assert_close(blocks.tsdf[0, :3], torch.tensor([0.9, 0.8, 0.3]))
        assert blocks.weight[0, :4].tolist() == [1.0, 2.0, 5.0, 0.0]
        torch.testing.assert_close(blocks.color[0, :3, 0], torch.tensor([90.0, 80.0, 30.0]))


def test_uniformly_free_blocks_in_a_merge():
    detailed = grid_with([0.1, 0.2], [5.0, 0.0], 3)
    free = grid_with([], [], 8, free=7.0)
    blocks = merge([detailed, free], HERE)  # free, and newest: that is all there is to say
    assert (blocks.row.tolist(), blocks.free_weight.tolist()) == ([-1], [7.0])
    detailed.revision[0, 0, 0] = 9
    blocks = merge([detailed, free], HERE)  # older and free: shows where the newer one saw nothing
    assert blocks.free_weight.tolist() == [0.0]
    torch.testing.assert_close(blocks.tsdf[0, :2], torch.tensor([0.1, 1.0]))
    assert blocks.weight[0, :2].tolist() == [5.0, 7.0]


def test_unknown_blocks_come_back_unobserved():
    grid = grid_with([0.5], [1.0], 1)
    index = torch.tensor([[5, 0, 0], [0, 0, 0], [-1, 0, 0]], dtype=torch.int32)
    blocks = merge([grid], index)
    assert blocks.row.tolist() == [-1, 0, -1]
    assert not blocks.free_weight.any()
    for grids in ([], [grid_with([], [], 0)]):
        nothing = merge(grids, index)
        assert nothing.row.tolist() == [-1, -1, -1]
        assert not nothing.free_weight.any()
        assert nothing.tsdf.shape == (0, VOXELS)


def random_grid(seed: int, revision: int) -> BlockGrid:
    """3×1×1 blocks, each unknown, free, or detailed with gaps."""
    rng = torch.Generator().manual_seed(seed)
    grid = BlockGrid((0, 0, 0), (3, 1, 1), "cpu")
    for i in range(3):
        kind = int(torch.randint(3, (1,), generator=rng))
        grid.revision[i] = revision
        if kind == 1:
            grid.free_weight[i] = 1.0 + seed % 7
        elif kind == 2:
            slot = grid.allocate(torch.tensor([[i, 0, 0]])).long()
            grid.weight[slot] = torch.randint(0, 3, (1, VOXELS), generator=rng).float()
            grid.tsdf[slot] = torch.rand((1, VOXELS), generator=rng)
            grid.color[slot] = torch.rand((1, VOXELS, 3), generator=rng) * 255
    return grid


def as_voxels(grids: list[BlockGrid]) -> tuple[torch.Tensor, torch.Tensor]:
    """Signed distance and weight of all voxels of the row of blocks, however they are held."""
    index = torch.tensor([[0, 0, 0], [1, 0, 0], [2, 0, 0]], dtype=torch.int32)
    blocks = merge(grids, index)
    weight = blocks.free_weight[:, None].expand(3, VOXELS).clone()
    tsdf = (weight > 0).float()
    rows = blocks.row >= 0
    tsdf[rows], weight[rows] = blocks.tsdf[blocks.row[rows]], blocks.weight[blocks.row[rows]]
    return torch.where(weight > 0, tsdf, 0.0), (weight > 0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=4), st.randoms())
def test_merge_equals_painting_over_from_old_to_new(seeds, random):
    grids = [random_grid(seed, revision + 1) for revision, seed in enumerate(seeds)]
    tsdf, known = torch.zeros((3, VOXELS)), torch.zeros((3, VOXELS), dtype=torch.bool)
    for grid in grids:
        own, seen = as_voxels([grid])
        tsdf, known = torch.where(seen, own, tsdf), known | seen
    shuffled = random.sample(grids, len(grids))
    merged, merged_known = as_voxels(shuffled)
    torch.testing.assert_close(merged, tsdf)
    assert torch.equal(merged_known, known)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=4), st.integers(0, 3))
def test_adopting_changes_nothing_that_readers_see(seeds, chosen):
    grids = [random_grid(seed, revision + 1) for revision, seed in enumerate(seeds)]
    grid = grids[chosen % len(grids)]
    before = as_voxels(grids)
    known = grid.known().clone()
    adopt(grid, [other for other in grids if other is not grid])
    after = as_voxels(grids)
    torch.testing.assert_close(after[0], before[0])
    assert torch.equal(after[1], before[1])
    assert torch.equal(grid.known(), known)
    # Alone, it now says nothing that is out of date.
    alone, seen = as_voxels([grid])
    torch.testing.assert_close(alone[seen], before[0][seen])
    held = grid.slot[grid.slot >= 0]
    assert len(held.unique()) == len(held)
    assert not ((grid.slot >= 0) & (grid.free_weight > 0)).any()


def test_adopting_stops_where_memory_does():
    old, new = grid_with([], [], 3, free=2.0), grid_with([0.1], [1.0], 8)
    old.limit = 0
    adopt(old, [new])
    assert old.used == 0
    assert old.revision[0, 0, 0] == 3  # so the other one still counts as the newer
    torch.testing.assert_close(merge([old, new], HERE).tsdf[0, :1], torch.tensor([0.1]))
