"""Occupied voxels, and the slice from above, on maps built by hand."""

import numpy as np
import pytest
import torch

from nesf_ros.types import Box
from nesf_ros.voxels.grid import BlockGrid
from nesf_ros.voxels.map import Submap, VoxelMap
from nesf_ros.voxels.updates import dense_codes
from nesf_ros.voxels.views import BLOCKED, CLEAR, UNKNOWN, occupancy_slice, occupied_voxels

from .scenes import facing, frame, small_config


def hand_made(
    occupied: list[tuple[int, int, int]], free: list[tuple[int, int, int]],
    free_blocks: list[tuple[int, int, int]],
) -> VoxelMap:  # fmt: skip
    """A map with single voxels set; occupied ones are (10, 20, 30)."""
    voxel_map = VoxelMap(small_config())
    grid = BlockGrid((-4, -4, -4), (8, 8, 8), "cpu")
    for voxels, tsdf in ((free, 1.0), (occupied, 0.0)):
        for voxel in voxels:
            block = np.floor_divide(voxel, 8)
            place = tuple((block + 4).tolist())
            if grid.slot[place] < 0:
                grid.allocate(torch.from_numpy(block + 4)[None])
            x, y, z = np.mod(voxel, 8)
            at = int(grid.slot[place]), int((z * 8 + y) * 8 + x)
            grid.tsdf[at], grid.weight[at] = tsdf, 1.0
            grid.color[at] = torch.tensor([10.0, 20.0, 30.0])
    for block in free_blocks:
        grid.free_weight[tuple((np.array(block) + 4).tolist())] = 1.0
    voxel_map.submaps = [Submap(grid, np.zeros(3))]
    return voxel_map


def test_slice_by_hand():
    voxel_map = hand_made(
        occupied=[(0, 0, 2), (3, 1, 5), (9, 1, 20), (2, 2, 1)],
        free=[(0, 0, 3), (1, 0, 2), (-1, -1, 4), (5, 5, 9)],
        free_blocks=[(1, 0, 0)],
    )
    # Heights 0.1 to 0.4 m: voxels 2 to 7.
    cells, corner = occupancy_slice(voxel_map, 0.1, 0.4)
    assert corner == pytest.approx((-0.4, -0.4))
    assert cells.shape == (16, 24)  # y, x

    def cell(x: int, y: int) -> int:
        return int(cells[y + 8, x + 8])

    assert cell(0, 0) == BLOCKED  # free above, occupied below: something is in the way
    assert cell(3, 1) == BLOCKED
    assert cell(1, 0) == CLEAR
    assert cell(-1, -1) == CLEAR
    assert cell(2, 2) == UNKNOWN  # occupied, but under the slice
    assert cell(5, 5) == UNKNOWN  # free, but above it
    assert [cell(x, 3) for x in range(8, 16)] == [CLEAR] * 8  # a block that is free throughout
    assert (cells != UNKNOWN).sum() == 4 + 64


def test_heights_that_end_on_voxel_faces():
    voxel_map = hand_made(occupied=[(0, 0, 6)], free=[(1, 0, 5), (2, 0, 7)], free_blocks=[])
    # 0.3 is 5.999… voxels of 5 cm, 0.35 is 6.999…: voxel 6 alone lies between.
    cells, _ = occupancy_slice(voxel_map, 0.3, 0.35)
    assert cells[0, :3].tolist() == [BLOCKED, UNKNOWN, UNKNOWN]


@pytest.mark.parametrize("heights", [(5.0, 6.0), (0.4, 0.1)])
def test_a_slice_of_nothing(heights):
    voxel_map = hand_made(occupied=[(0, 0, 2)], free=[], free_blocks=[])
    cells, corner = occupancy_slice(voxel_map, *heights)
    assert cells.tolist() == [[UNKNOWN]]
    assert corner == (0.0, 0.0)
    assert occupancy_slice(VoxelMap(small_config()), 0.1, 1.5)[0].tolist() == [[UNKNOWN]]


def test_occupied_voxels_by_hand():
    voxel_map = hand_made(
        occupied=[(0, 0, 2), (-9, 1, 20)], free=[(1, 0, 2)], free_blocks=[(1, 0, 0)]
    )
    points, colors, probability = occupied_voxels(voxel_map)
    order = np.argsort(points[:, 0])
    np.testing.assert_allclose(
        points[order], [[-0.425, 0.075, 1.025], [0.025, 0.025, 0.125]], atol=1e-6
    )
    assert colors.tolist() == [[10, 20, 30]] * 2
    assert (probability > 0.95).all()


def test_occupied_voxels_equal_the_dense_codes():
    voxel_map = VoxelMap(small_config())
    for x in (0.0, 0.7, 1.5):
        voxel_map.integrate(frame(1.3, facing(0.5, (x, 0.0, 0.0)), color=(200, 7, 90)))
    assert len(voxel_map.submaps) == 2
    points, colors, probability = occupied_voxels(voxel_map)
    codes, corner = dense_codes(voxel_map, Box((-1.0,) * 3, (4.0,) * 3))
    voxels = np.floor((points - np.array(corner)) / 0.05).astype(int)
    assert len(np.unique(voxels, axis=0)) == len(points) == (codes >= 128).sum()
    code = codes[tuple(voxels.T)]
    assert (code >= 128).all()
    np.testing.assert_allclose(probability, (code - 1) / 254, atol=1e-6)
    assert (colors == (200, 7, 90)).all()


def test_an_empty_map_has_no_occupied_voxels():
    points, colors, probability = occupied_voxels(VoxelMap(small_config()))
    assert (len(points), len(colors), len(probability)) == (0, 0, 0)
    only_free = hand_made(occupied=[], free=[(0, 0, 0)], free_blocks=[(1, 0, 0)])
    assert len(occupied_voxels(only_free)[0]) == 0
