"""Which blocks of a table go when memory is full."""

import pytest
import torch

from nesf_ros.voxels.forgetting import FILL, make_room
from nesf_ros.voxels.table import BYTES_PER_BLOCK, VoxelTable


def line(count: int, first: int = 0) -> torch.Tensor:
    """Voxels in as many blocks."""
    x = 8 * torch.arange(first, first + count)
    return torch.stack([x, torch.zeros_like(x), torch.zeros_like(x)], 1)


@pytest.fixture
def table():
    """100 blocks of one voxel each, a row of 16 bytes: block n was seen at time n."""
    table = VoxelTable(torch.device("cpu"), value=torch.zeros(0, dtype=torch.int64))
    table.add(line(100))
    table.seen[:] = table.block_index[:, 0]
    return table


def limit_mib(blocks: float) -> float:
    """What so many blocks with a row each fill."""
    return blocks * (BYTES_PER_BLOCK + 16) / FILL / 2**20


def test_nothing_goes_while_there_is_room(table):
    kept = make_room(table, line(10, first=95), now=200, limit_mib=limit_mib(105.5))
    assert kept.all() and table.blocks == 100
    assert (table.seen == 200).sum() == 5  # 95 to 99 are seen again


def test_the_oldest_go_a_part_at_a_time_and_what_is_seen_stays(table):
    # Five more fit into 100 once five have gone; 1 + 95 // 16 of those not seen now go at a time.
    kept = make_room(table, torch.cat([line(5), line(5, first=100)]), 200, limit_mib(100.5))
    assert kept.all()
    assert sorted(table.block_index[:, 0].tolist()) == [*range(5), *range(11, 100)]


def test_what_fits_not_even_alone_is_cut_off(table):
    kept = make_room(table, torch.cat([line(5), line(20, first=100)]), 200, limit_mib(15.5))
    # Voxels that are in the table stay in any case; ten more blocks fit beside them.
    assert kept.tolist() == [True] * 15 + [False] * 10
    assert sorted(table.block_index[:, 0].tolist()) == [*range(5)]
