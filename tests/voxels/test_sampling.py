"""Voxels around many points, against the blocks that the map hands out."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nesf_ros.types import FREE, OCCUPIED, UNOBSERVED, Box
from nesf_ros.voxels.grid import BLOCK, VOXELS, BlockGrid
from nesf_ros.voxels.map import Submap, VoxelMap
from nesf_ros.voxels.sampling import colors_of, find_voxels, sample_points
from nesf_ros.voxels.state import occupancy_code, state_of

from .scenes import GREY, facing, frame, small_config, view_of

WALL = Box((2.02, -9.0, -9.0), (3.0, 9.0, 9.0))
VOXEL_M, TRUNCATION = 0.05, 4.0


def mapped(*views) -> VoxelMap:
    voxel_map = VoxelMap(small_config())
    for view in views:
        voxel_map.integrate(view)
    return voxel_map


def oracle(voxel_map: VoxelMap, points: np.ndarray) -> tuple[list[float], list[int]]:
    """One point after the other, out of merged blocks."""
    tsdf, state = [], []
    for point in points:
        voxel = np.floor(point / voxel_map.config.voxel_size_m).astype(int)
        block = voxel // BLOCK
        x, y, z = voxel - block * BLOCK
        blocks = voxel_map.blocks(torch.from_numpy(block).int()[None])
        value, weight = torch.ones(1), blocks.free_weight
        if int(blocks.row[0]) >= 0:
            value, weight = (
                t[0, [(z * BLOCK + y) * BLOCK + x]] for t in (blocks.tsdf, blocks.weight)
            )
        tsdf.append(float(value) if float(weight) > 0 else 1.0)
        state.append(int(state_of(occupancy_code(value, weight, TRUNCATION))))
    return tsdf, state


def assert_as_in_the_blocks(voxel_map: VoxelMap, points: np.ndarray) -> None:
    tsdf, state = sample_points(voxel_map, torch.from_numpy(points))
    expected = oracle(voxel_map, points)
    assert tsdf.tolist() == expected[0]
    assert state.tolist() == expected[1]


def test_a_wall_by_hand():
    voxel_map = mapped(*[frame(2.02, facing(0.0))] * 2)
    points = [[1.0, 0.0, 0.0], [1.975, 0.02, 0.02], [2.02, 0.02, 0.02], [2.125, 0.02, 0.02],
              [2.9, 0.0, 0.0], [-1.0, 0.0, 0.0], [1e12, 0.0, 0.0], [0.0, 0.0, -1e300]]  # fmt: skip
    tsdf, state = sample_points(voxel_map, torch.tensor(points, dtype=torch.float64))
    assert state.tolist() == [FREE, FREE, OCCUPIED, *[UNOBSERVED] * 5]
    # 1 is four voxels. The voxel at 1.975 has its centre right there, that of 2.125 lies behind.
    assert tsdf.tolist() == pytest.approx(
        [1.0, 0.045 / 0.2, -0.005 / 0.2, -0.105 / 0.2, 1.0, 1.0, 1.0, 1.0], abs=0.01
    )


def test_all_states_are_those_of_the_blocks():
    views = [view_of([WALL], facing(yaw, (x, 0.0, 0.3))) for x in (0.0, 1.3) for yaw in (0.2, -0.5)]
    voxel_map = mapped(*views)
    assert len(voxel_map.submaps) == 2
    points = np.random.default_rng(0).uniform((-0.5, -1.5, -1.0), (2.5, 1.5, 1.2), (400, 3))
    assert_as_in_the_blocks(voxel_map, points)
    _, state = sample_points(voxel_map, torch.from_numpy(points))
    assert set(state.tolist()) == {UNOBSERVED, FREE, OCCUPIED}


KINDS = st.tuples(st.sampled_from(["unknown", "free", "voxels"]), st.integers(1, 4))


@settings(max_examples=60, deadline=None)
@given(st.lists(KINDS, min_size=0, max_size=4), st.integers(0, 2**16))
def test_of_overlapping_submaps_the_newest_that_saw_a_voxel_counts(kinds, seed):
    rng = np.random.default_rng(seed)
    voxel_map = VoxelMap(small_config())
    for kind, revision in kinds:
        grid = BlockGrid((-1, 0, 2), (2, 1, 1), "cpu")
        if kind == "free":
            grid.free_weight[0] = 3.0
            grid.revision[0] = revision
        elif kind == "voxels":
            weight = torch.from_numpy(rng.choice([0.0, 2.0], (1, VOXELS))).float()
            pool = {
                "tsdf": torch.from_numpy(rng.uniform(-1, 1, (1, VOXELS))).float() * (weight > 0),
                "weight": weight,
                "color": torch.zeros((1, VOXELS, 3)),
            }
            grid.insert(torch.tensor([[-1, 0, 2]]), pool, revision)
        voxel_map.submaps.append(Submap(grid, np.zeros(3)))
    points = rng.uniform((-0.45, -0.05, 0.75), (0.45, 0.45, 1.25), (40, 3))
    assert_as_in_the_blocks(voxel_map, points)


def test_colours_of_chosen_voxels_in_two_submaps():
    green, far = (10, 200, 30), facing(np.pi, (-1.5, 0.0, 0.0))
    voxel_map = mapped(frame(1.02, facing(0.0)), frame(1.02, far, color=green))
    points = torch.tensor([[1.02, 0.0, 0.0], [-2.52, 0.0, 0.0], [0.5, 0.0, 0.0], [1.02, 0.0, 0.0]])
    found = find_voxels(voxel_map, points)
    assert found.submap.tolist() == [0, 1, 0, 0]
    colors = colors_of(voxel_map, found, torch.tensor([True, True, True, False]))
    assert colors.tolist() == [list(GREY), list(green), [0, 0, 0], [0, 0, 0]]


def test_no_map_and_no_points():
    tsdf, state = sample_points(VoxelMap(small_config()), torch.zeros((2, 3)))
    assert (tsdf.tolist(), state.tolist()) == ([1.0, 1.0], [UNOBSERVED] * 2)
    voxel_map = mapped(frame(2.02, facing(0.0)))
    assert [len(part) for part in sample_points(voxel_map, torch.zeros((0, 3)))] == [0, 0]
