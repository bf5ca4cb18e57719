"""The voxel map: what is free, occupied and unobserved, what changes, submaps and memory."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy import ndarray

from nesf_ros.config import MapConfig
from nesf_ros.errors import ConfigError, GeometryError, MapError
from nesf_ros.types import Box
from nesf_ros.voxels.grid import VOXELS, BlockGrid
from nesf_ros.voxels.map import (
    COLLAPSE_EVERY,
    Submap,
    VoxelMap,
    choose_device,
    voxel_range,
)
from nesf_ros.voxels.updates import dense_codes

from .scenes import facing, frame, pose, small_config, view_of

WALL = Box((-9.0, -9.0, 2.02), (9.0, 9.0, 3.0))
CRATE = Box((-0.3, -0.3, 1.4), (0.3, 0.3, 1.7))
"""In front of the wall, and its front face on a face between voxels."""


def codes(voxel_map: VoxelMap, lower: tuple, upper: tuple) -> ndarray:
    return dense_codes(voxel_map, Box(lower, upper))[0]


def mapped(*views, config: MapConfig | None = None) -> VoxelMap:
    voxel_map = VoxelMap(config or small_config())
    for view in views:
        voxel_map.integrate(view)
    return voxel_map


def test_free_occupied_and_unobserved_are_apart():
    along_axis = codes(mapped(frame(2.02)), (0.0, 0.0, 0.0), (0.05, 0.05, 3.0))[0, 0]
    seen_from = 4  # nothing nearer than 15 cm is looked at, and there the image is small
    assert (along_axis[seen_from:39] == 1).sum() >= 34
    assert ((along_axis[seen_from:40] >= 1) & (along_axis[seen_from:40] < 128)).all()
    assert along_axis[40] >= 128  # 2.00 to 2.05 m: the wall at 2.02 m
    assert not along_axis[41:].any()  # behind it nobody has looked


def test_what_lies_behind_a_surface_stays_unobserved_however_long_one_looks():
    voxel_map = mapped(*[view_of([WALL, CRATE], pose((x, 0.0, 0.0))) for x in
                         np.linspace(-0.3, 0.3, 40)])  # fmt: skip
    inside = codes(voxel_map, (-0.2, -0.2, 1.45), (0.2, 0.2, 1.7))
    assert not inside.any()
    # The crate's shadow on the wall, where none of the views reach.
    shadow = codes(voxel_map, (-0.05, -0.05, 1.75), (0.05, 0.05, 2.3))
    assert not shadow.any()


def test_what_has_left_becomes_free_and_takes_nothing_with_it():
    config = small_config()
    view, without = view_of([WALL, CRATE], pose()), view_of([WALL], pose())
    voxel_map = mapped(*[view] * 40, config=config)
    region = ((-0.8, -0.5, 0.8), (0.8, 0.5, 2.2))
    before = codes(voxel_map, *region)
    face = codes(voxel_map, (-0.25, -0.25, 1.35), (0.25, 0.25, 1.45))
    assert ((face >= 128).any(-1)).all()
    for _ in range(int(config.contradiction_frames)):
        voxel_map.integrate(without)
    space = codes(voxel_map, (-0.3, -0.3, 1.2), (0.3, 0.3, 1.85))
    assert ((space > 0) & (space < 128)).all()
    after = codes(voxel_map, *region)
    elsewhere = np.ones(before.shape, bool)
    elsewhere[8:24, 2:18, 10:20] = False  # the crate and two voxels around it
    assert (after >= 128)[elsewhere & (before >= 128)].all()
    assert (after > 0)[before > 0].all()


def test_what_appears_in_free_space_becomes_occupied():
    config = small_config()
    voxel_map = mapped(*[view_of([WALL], pose())] * 60, config=config)
    index = torch.tensor([[0, 0, 3], [-1, -1, 3]], dtype=torch.int32)  # 1.2 to 1.6 m
    assert (voxel_map.blocks(index).free_weight > 0).all()  # one flag each
    for _ in range(2 * int(config.contradiction_frames)):
        voxel_map.integrate(view_of([WALL, CRATE], pose()))
    face = codes(voxel_map, (-0.25, -0.25, 1.3), (0.25, 0.25, 1.55))
    assert (face >= 128).any(-1).all()
    in_front = codes(voxel_map, (-0.25, -0.25, 0.8), (0.25, 0.25, 1.3))
    assert ((in_front > 0) & (in_front < 128)).all()


def test_blocks_that_have_become_free_give_their_memory_back():
    with_crate, without = view_of([WALL, CRATE], pose()), view_of([WALL], pose())
    voxel_map = mapped(*[with_crate] * 3)
    index = torch.tensor([[0, 0, 3], [-1, -1, 3]], dtype=torch.int32)
    assert (voxel_map.blocks(index).row >= 0).all()
    for _ in range(12 * COLLAPSE_EVERY):
        voxel_map.integrate(without)
    assert (voxel_map.blocks(index).free_weight > 0).all()
    grid = voxel_map.submaps[0].grid
    assert grid.room > grid.limit - grid.used


CORRIDOR = [Box((-9, 1.22, -1), (30, 2, 3)), Box((-9, -2, -1), (30, -1.22, 3))]


def drive(voxel_map: VoxelMap, metres: float, step: float = 0.25, yaw: float = 0.6) -> None:
    for x in np.arange(0.0, metres, step):
        voxel_map.integrate(view_of(CORRIDOR, facing(yaw, (x, 0.0, 0.5))))


def test_submaps_follow_the_robot():
    voxel_map = VoxelMap(small_config())
    drive(voxel_map, 20.0, yaw=1.2)
    centres = np.array([submap.centre_m[0] for submap in voxel_map.submaps])
    # A new one each time that the last centre is farther away than 1 m, which is every 5th frame.
    np.testing.assert_allclose(np.diff(centres), 1.25)
    assert len(centres) == 16
    assert voxel_map.active is voxel_map.submaps[-1]
    # Nothing is missing where one submap ends and the next begins.
    wall = codes(voxel_map, (1.0, 1.2, 0.3), (19.0, 1.25, 0.7))
    assert (wall >= 128).all()


def test_a_frame_goes_into_one_submap():
    voxel_map = mapped(frame(1.0, facing(0.0)))
    first = voxel_map.submaps[0].grid
    before = first.weight.sum()
    voxel_map.integrate(frame(1.0, facing(0.0, (1.5, 0.0, 0.0))))
    assert len(voxel_map.submaps) == 2
    assert first.weight.sum() == before
    # Back in the first: it is taken up again.
    voxel_map.integrate(frame(1.0, facing(0.0)))
    assert len(voxel_map.submaps) == 2
    assert voxel_map.active is voxel_map.submaps[0]
    assert first.weight.sum() > before


def test_a_submap_left_and_taken_up_again_knows_what_has_changed():
    wall = Box((-9.0, 2.22, -9.0), (9.0, 3.0, 9.0))
    crate = Box((0.4, 1.2, -0.2), (0.8, 1.5, 0.2))
    voxel_map = VoxelMap(small_config())

    def look(x: float, boxes: list[Box], yaw: float = np.pi / 2, times: int = 20) -> None:
        for _ in range(times):
            voxel_map.integrate(view_of(boxes, facing(yaw, (x, 0.0, 0.0))))

    def crate_voxels() -> int:
        return int((codes(voxel_map, (0.4, 1.1, -0.2), (0.8, 1.4, 0.2)) >= 128).sum())

    look(0.3, [wall, crate])
    look(1.5, [wall, crate], yaw=2.2)
    assert len(voxel_map.submaps) == 2
    assert crate_voxels() > 30
    look(1.5, [wall], yaw=2.2)  # gone, as seen from the second place
    assert crate_voxels() == 0
    look(0.3, [wall], yaw=-np.pi / 2)  # back at the first, looking the other way
    assert voxel_map.active is voxel_map.submaps[0]
    assert crate_voxels() == 0
    look(0.3, [wall], yaw=1.9)  # and now at half of the blocks that held the crate
    assert crate_voxels() == 0


def test_memory_stays_below_its_limit_and_the_farthest_goes_first():
    config = small_config(memory_mib=8.0)
    voxel_map = VoxelMap(config)
    limit = 8 * 2**20
    for x in np.arange(0.0, 15.0, 0.25):
        voxel_map.integrate(view_of(CORRIDOR, facing(1.2, (x, 0.0, 0.5))))
        assert voxel_map.nbytes <= limit
        centres = [submap.centre_m[0] for submap in voxel_map.submaps]
        assert centres == sorted(centres)  # the oldest, here the farthest, are gone
    assert voxel_map.evicted_submaps > 0
    assert not codes(voxel_map, (0.5, 1.2, 0.3), (1.0, 1.3, 0.7)).any()
    assert (codes(voxel_map, (13.5, 1.2, 0.4), (14.5, 1.25, 0.6)) >= 128).all()


def test_blocks_refused_for_want_of_memory_are_counted():
    voxel_map = VoxelMap(small_config(memory_mib=8.0, voxel_size_m=0.02))
    report = voxel_map.integrate(view_of(CORRIDOR, facing(1.2)))
    assert report.refused_blocks > 0
    assert voxel_map.refused_blocks == report.refused_blocks
    assert voxel_map.evicted_submaps == 0
    assert voxel_map.nbytes <= 8 * 2**20
    again = voxel_map.integrate(view_of(CORRIDOR, facing(1.2)))
    assert again.new_blocks == 0
    assert voxel_map.refused_blocks == report.refused_blocks + again.refused_blocks


def single(value: float, revision: int) -> Submap:
    """A submap of one block at the origin."""
    grid = BlockGrid((0, 0, 0), (1, 1, 1), "cpu")
    pool = {"tsdf": torch.full((1, VOXELS), value), "weight": torch.ones((1, VOXELS)),
            "color": torch.zeros((1, VOXELS, 3))}  # fmt: skip
    grid.insert(torch.zeros((1, 3), dtype=torch.int32), pool, revision)
    return Submap(grid, np.zeros(3))


def test_eviction_uncovers_the_newest_of_what_lies_beneath():
    voxel_map = VoxelMap(small_config())
    middle, oldest, newest = single(0.2, 5), single(0.1, 3), single(0.3, 8)
    newest.centre_m[:] = 50.0  # the farthest, so it goes
    voxel_map.submaps, voxel_map.revision = [oldest, middle, newest], 10
    here = torch.zeros((1, 3), dtype=torch.int32)
    assert float(voxel_map.blocks(here).tsdf[0, 0]) == pytest.approx(0.3)
    assert voxel_map._evict_farthest(np.zeros(3))
    assert float(voxel_map.blocks(here).tsdf[0, 0]) == pytest.approx(0.2)
    assert voxel_map.block_index(since=10).tolist() == [[0, 0, 0]]  # readers are told
    assert voxel_map.revision == 11


def test_a_wide_view_does_not_leave_the_submap():
    # At the rim of the submap, corners of the image reach farther than max_depth_m.
    voxel_map = mapped(frame(1.0, facing(0.3)))
    view = frame(2.9, facing(0.3, (0.9, 0.3, 0.0)))
    voxel_map.integrate(view)
    assert len(voxel_map.submaps) == 1
    edge = view.world_T_camera @ np.array([23.5 / 40 * 2.9, 0.0, 2.9, 1.0])
    index = torch.from_numpy(np.floor(edge[None, :3] / 0.4)).int()
    assert int(voxel_map.blocks(index).row[0]) >= 0


def test_revisions_stamps_and_ids():
    voxel_map = VoxelMap(small_config())
    before, first_id = voxel_map.revision, voxel_map.map_id
    voxel_map.integrate(frame(1.0, stamp_ns=900))
    voxel_map.integrate(frame(1.0, stamp_ns=500))  # late, from another camera
    assert voxel_map.revision == before + 2
    assert voxel_map.stamp_ns == 900
    assert len(voxel_map.block_index(since=before)) == len(voxel_map.block_index())
    assert len(voxel_map.block_index(since=voxel_map.revision)) == 0
    voxel_map.reset()
    assert voxel_map.map_id != first_id
    assert voxel_map.revision == before + 3
    assert (voxel_map.stamp_ns, voxel_map.nbytes, len(voxel_map.block_index())) == (0, 0, 0)


def test_space_seen_to_be_free_again_has_not_changed():
    voxel_map = mapped(*[frame(2.02)] * 3)
    changed = voxel_map.block_index(since=voxel_map.revision - 1)
    free = voxel_map.blocks(voxel_map.block_index()).free_weight > 0
    assert free.sum() >= 4
    assert not (voxel_map.blocks(changed).free_weight > 0).any()


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (np.full((4, 4), np.nan), "NaN or infinity"),
        (np.diag([2.0, 1.0, 1.0, 1.0]), "not rigid"),
        (pose((5e5, 0.0, 0.0)), "use a local frame"),
    ],
)
def test_poses_that_cannot_be(bad, reason):
    voxel_map = mapped(frame(1.0))
    before = voxel_map.revision
    with pytest.raises(GeometryError, match=reason):
        voxel_map.integrate(frame(1.0, bad))
    assert voxel_map.revision == before
    assert len(voxel_map.submaps) == 1


def test_settings_whose_index_would_not_fit():
    with pytest.raises(ConfigError, match=r"raise map\.voxel_size_m or map\.memory_mib"):
        VoxelMap(MapConfig(voxel_size_m=0.005))
    with pytest.raises(ConfigError, match="are allowed"):
        VoxelMap(MapConfig(memory_mib=8.0, voxel_size_m=0.02))


def test_devices():
    assert choose_device("cpu") == "cpu"
    assert choose_device("auto") in ("cpu", "cuda:0")
    with pytest.raises(ConfigError, match="use auto, cpu, cuda or cuda:N"):
        choose_device("gpu")
    if not torch.cuda.is_available():
        with pytest.raises(ConfigError, match="finds no CUDA device"):
            choose_device("cuda:1")


@given(
    st.sampled_from([0.02, 0.03, 0.05, 0.1, 0.7]),
    st.lists(st.integers(-(10**6), 10**6), min_size=3, max_size=3),
    st.lists(st.integers(1, 1000), min_size=3, max_size=3),
)
def test_boxes_that_end_on_voxel_faces_hold_the_voxels_between(size, first, count):
    last = [a + n for a, n in zip(first, count, strict=True)]
    box = Box(tuple(k * size for k in first), tuple(k * size for k in last))
    lower, upper = voxel_range(box, size)
    assert (lower.tolist(), upper.tolist()) == (first, last)


def test_boxes_beyond_all_numbers():
    voxel_map = mapped(frame(1.0))
    everything = Box((-1e300,) * 3, (1e300,) * 3)
    assert len(voxel_map.block_index(everything)) == len(voxel_map.block_index())
    assert len(voxel_map.block_index(Box((1e300,) * 3, (2e300,) * 3))) == 0


@given(st.integers(-3, 7), st.integers(1, 4), st.sampled_from([0, 1, 2]))
def test_block_index_of_a_box_by_comparison(first, count, axis):
    voxel_map = SEEN
    lower, upper = [-50.0] * 3, [50.0] * 3
    lower[axis], upper[axis] = first * 0.4 + 0.1, (first + count) * 0.4
    every = voxel_map.block_index()
    inside = (every[:, axis] >= first) & (every[:, axis] < first + count)
    found = voxel_map.block_index(Box(tuple(lower), tuple(upper)))
    assert found.tolist() == every[inside].tolist()


SEEN = mapped(frame(2.02), frame(1.0, facing(0.3, (1.5, 0.0, 0.0))))


def test_one_grid_out_of_several_submaps():
    assert len(SEEN.submaps) == 2
    box = Box((-0.9, -0.9, 0.1), (1.1, 0.9, 2.3))
    grid = SEEN.dense(box)
    index = SEEN.block_index(box)
    expected, alone = SEEN.blocks(index), VoxelMap(SEEN.config)
    alone.submaps = [Submap(grid, np.zeros(3))]
    got = alone.blocks(index)
    assert torch.equal(got.free_weight, expected.free_weight)
    assert torch.equal(got.row, expected.row)
    for name in ("tsdf", "weight", "color"):
        assert torch.equal(getattr(got, name), getattr(expected, name))
    assert len(grid.known_index()) == len(index)


def test_one_grid_out_of_nothing_and_out_of_too_much():
    assert VoxelMap(small_config()).dense(Box((-1e6,) * 3, (1e6,) * 3)).shape == (1, 1, 1)
    far = mapped(frame(1.0), frame(1.0, pose((900.0, 900.0, 900.0))))
    assert far.dense(Box((-9.0,) * 3, (9.0,) * 3)).used > 0
    with pytest.raises(MapError, match="choose a smaller region"):
        far.dense(Box((-1e4,) * 3, (1e4,) * 3))
