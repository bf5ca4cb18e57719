"""The Warp kernels against their plain twins, and by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import warp as wp
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy import ndarray

from nesf_ros.config import MapConfig
from nesf_ros.types import Intrinsics, PosedFrame
from nesf_ros.voxels.grid import VOXELS, BlockGrid
from nesf_ros.voxels.integrate import Integrator, camera_struct

from . import twins
from .scenes import CAMERA, frame, pose, rays, small_config

# Frames are drawn by seed, so there is nothing simpler to look for after a failure.
FEW = settings(max_examples=12, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
CONFIG = small_config(max_depth_m=1.8)
TALL = Intrinsics(33, 21, 30.0, 28.0, 15.0, 11.0)
"""A camera whose image is no whole number of tiles."""


def new_grid(shape: int = 10) -> BlockGrid:
    return BlockGrid((-shape // 2,) * 3, (shape,) * 3, "cpu")


def scrambled_grid(seed: int) -> BlockGrid:
    """All blocks allocated, full of readings that never were, some voxels unobserved."""
    grid = new_grid()
    rng = np.random.default_rng(seed)
    count = int(np.prod(grid.shape))
    grid.allocate((grid.slot < 0).nonzero())
    grid.tsdf[:count] = torch.from_numpy(rng.uniform(-1, 1, (count, VOXELS)))
    grid.weight[:count] = torch.from_numpy(rng.choice([0.0, 0.3, 5.0, 64.0], (count, VOXELS)))
    grid.tsdf[grid.weight == 0] = 0
    grid.color[:count] = torch.from_numpy(rng.uniform(0, 255, (count, VOXELS, 3)).round())
    grid.color[grid.weight == 0] = 0
    return grid


def content(grid: BlockGrid) -> tuple[ndarray, ndarray, ndarray]:
    """Signed distance, weight and colour of a fully allocated grid, blocks by place."""
    slot = grid.slot.long()
    return tuple(t[slot].double().numpy() for t in (grid.tsdf, grid.weight, grid.color))


@st.composite
def frames(draw: st.DrawFn) -> PosedFrame:
    """A random pose; depth of a slanted plane, with steps, holes and far readings in it."""
    camera = draw(st.sampled_from([CAMERA, TALL]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    normal = np.array([*rng.uniform(-0.8, 0.8, 2), 1.0])
    depth = rng.uniform(0.5, 1.6) / np.maximum(rays(camera) @ normal, 0.2)
    for _ in range(draw(st.integers(0, 4))):
        v, u = (np.sort(rng.integers(0, n + 1, 2)) for n in depth.shape)
        depth[v[0] : v[1], u[0] : u[1]] = rng.choice([0.0, 0.4, 1.0, 1.5, 4.0])
    color = rng.integers(1, 255, (camera.height, camera.width, 3), dtype=np.uint8)
    made = frame(depth, pose(rng.uniform(-0.6, 0.6, 3), rng.uniform(-2, 2, 3)), color, camera)
    if draw(st.booleans()):
        return made
    beside = replace(camera, fx=camera.fx * 1.3, cx=camera.cx - 2.0)
    offset = pose((0.05, -0.02, 0.01), (0.0, 0.05, 0.02))
    return replace(made, rgbd=replace(made.rgbd, color_intrinsics=beside, depth_T_color=offset))


@FEW
@given(frames())
def test_summaries_equal_their_twins(view):
    depth, camera = view.rgbd.depth_m, view.rgbd.depth_intrinsics
    integrator = Integrator(CONFIG, "cpu")
    struct = camera_struct(camera, np.eye(4))
    summary, factor = integrator._summarise(wp.from_numpy(depth, wp.float32), struct)
    np.testing.assert_allclose(factor.numpy(), twins.normal_factors(depth, camera), atol=2e-4)
    nearest, farthest, holes = twins.tiles(depth)
    np.testing.assert_allclose(summary.nearest.numpy(), nearest, rtol=1e-6)
    np.testing.assert_allclose(summary.farthest.numpy(), farthest, rtol=1e-6)
    np.testing.assert_array_equal(summary.holes.numpy().astype(bool), holes)


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_normal_factor_of_a_plane_is_the_cosine_to_its_normal(slope):
    # n·p = 1 with n along (slope, 0, 1): the distance of a point that is dz in front is dz·r·n.
    normal = np.array([slope, 0.0, 1.0]) / np.hypot(slope, 1)
    depth = 1.0 / (rays(CAMERA) @ normal)
    factor = twins.normal_factors(depth.astype(np.float32), CAMERA)
    expected = (rays(CAMERA) @ normal)[::2, ::2].clip(0.15, 1.5)
    middle = (slice(4, 14), slice(6, 20))
    # The second-order error of differences over six pixels.
    np.testing.assert_allclose(factor[middle], expected[middle], rtol=0.03)


@FEW
@given(frames(), st.integers(0, 100))
def test_fusion_equals_its_twin(view, seed):
    """Also proves that no block is passed over in which a voxel had something to learn."""
    grid, points = scrambled_grid(seed), twins.centres(new_grid(), CONFIG.voxel_size_m)
    tsdf, weight, color = content(grid)
    Integrator(CONFIG, "cpu").integrate(grid, view, 7)
    reading = twins.read(points, view, CONFIG)
    new_tsdf, new_weight, share = twins.fuse(tsdf, weight, reading, CONFIG)
    new_color, unsure = twins.paint(color, points, view, reading, share)
    margin = np.abs(np.abs(reading.value - tsdf) - twins.CONTRADICTION)
    unsure |= reading.unsure | (margin < twins.EDGE)
    sure = ~unsure & ~(reading.grazing & (np.abs(reading.lag_m) > 0.1))
    after = content(grid)
    np.testing.assert_allclose(after[0][sure], new_tsdf[sure], atol=2e-3)
    np.testing.assert_allclose(after[1][sure], new_weight[sure], atol=2e-3, rtol=2e-3)
    np.testing.assert_allclose(after[2][sure], new_color[sure], atol=0.5)
    assert not np.isnan(after[0]).any()
    touched = (sure & reading.seen).any(-1)
    assert (grid.revision.numpy()[touched] == 7).all()


@FEW
@given(frames())
def test_uniform_blocks_are_free_throughout_and_skipped_ones_unseen(view):
    grid = new_grid()
    Integrator(CONFIG, "cpu").integrate(grid, view, 1)
    reading = twins.read(twins.centres(grid, CONFIG.voxel_size_m), view, CONFIG)
    uniform = ((grid.slot < 0) & (grid.free_weight > 0)).numpy()
    truly_free = reading.seen & (reading.value > 0.999)
    # In front of every reading, whatever the angle at which its surface is seen ...
    assert (reading.seen & (reading.lag_m < 0))[uniform].all()
    # ... and a truncation distance away from it, but for angles that are not followed in full.
    assert (truly_free | reading.grazing)[uniform].all()
    unknown = ~grid.known().numpy()
    sure = ~reading.unsure & ~reading.grazing
    assert not (reading.seen & sure)[unknown].any()


def one_voxel(grid: BlockGrid, point: tuple[float, float, float]) -> tuple:
    """Signed distance, weight and colour of the voxel around a point."""
    voxel = np.floor(np.array(point) / 0.05).astype(int)
    block = torch.from_numpy(voxel // 8 - grid.offset)
    x, y, z = voxel % 8
    slot, i = int(grid.slot[tuple(block)]), (z * 8 + y) * 8 + x
    return float(grid.tsdf[slot, i]), float(grid.weight[slot, i]), grid.color[slot, i].tolist()


def fused(*views: PosedFrame, config: MapConfig = CONFIG) -> BlockGrid:
    grid, integrator = new_grid(), Integrator(config, "cpu")
    for revision, view in enumerate(views):
        integrator.integrate(grid, view, revision + 1)
    return grid


VOXEL = (0.025, 0.025, 0.975)


def test_one_voxel_over_two_frames_by_hand():
    first, second = frame(1.0, color=(200, 100, 50)), frame(1.05, color=(100, 200, 150))
    value, weight, color = one_voxel(fused(first), VOXEL)
    # 2.5 cm in front of a wall at 1 m, over 20 cm; evidence 1 / 1².
    assert (value, weight) == pytest.approx((0.125, 1.0), abs=1e-5)
    assert color == pytest.approx([200, 100, 50], abs=1e-3)
    value, weight, color = one_voxel(fused(first, second), VOXEL)
    share = (1 / 1.05**2) / (1 + 1 / 1.05**2)  # 7.5 cm in front of one at 1.05 m
    assert value == pytest.approx(0.125 + (0.375 - 0.125) * share, abs=1e-5)
    assert weight == pytest.approx(1 + 1 / 1.05**2, abs=1e-5)
    step = 100 * share
    assert color == pytest.approx([200 - step, 100 + step, 50 + step], abs=0.01)


def test_evidence_fades_behind_the_surface_and_ends():
    grid = fused(frame(1.0))
    # 0.5, 1.5 and 2.5 voxels behind: full, three quarters, a quarter. 3.5: nothing.
    for voxels, evidence in ((0.5, 1.0), (1.5, 0.75), (2.5, 0.25), (3.5, 0.0)):
        value, weight, _ = one_voxel(grid, (0.025, 0.025, 1.0 + 0.05 * voxels))
        assert weight == pytest.approx(evidence, abs=1e-4)
        assert value == pytest.approx(-voxels / 4 if evidence else 0.0, abs=1e-4)


def test_evidence_is_bounded_above_and_near_by():
    near = frame(0.3, camera=replace(CAMERA, fx=20.0, fy=20.0))
    # Nearer than half a metre, readings count no more than there: 4 each.
    assert one_voxel(fused(near), (0.025, 0.025, 0.275))[1] == pytest.approx(4.0, abs=1e-4)
    many = fused(*[near] * 20)
    assert one_voxel(many, (0.025, 0.025, 0.275))[1] == pytest.approx(CONFIG.max_weight)


def test_what_contradicts_is_believed_after_few_frames():
    # Twenty times a surface in the voxel, then it is gone and the wall behind it shows.
    grid = fused(*[frame(0.975)] * 20, frame(1.6))
    evidence = 1 / 1.6**2
    value, weight, _ = one_voxel(grid, VOXEL)
    assert value == pytest.approx(1 / 7, abs=1e-3)  # six frames' worth of past against one
    assert weight == pytest.approx(7 * evidence, abs=1e-3)


def test_what_agrees_is_averaged_with_all_of_the_past():
    grid = fused(*[frame(0.975)] * 20, frame(1.035))
    value, _, _ = one_voxel(grid, VOXEL)
    share = (1 / 1.035**2) / (20 / 0.975**2 + 1 / 1.035**2)
    assert value == pytest.approx(0.3 * share, abs=1e-4)


def test_colour_comes_through_a_second_camera():
    # The colour camera sits 10 cm to the right and is half as large: red left of its middle
    # column, blue right of it.
    beside = Intrinsics(24, 18, 20.0, 20.0, 11.5, 8.5)
    image = np.zeros((18, 24, 3), np.uint8)
    image[:, :12, 0], image[:, 12:, 2] = 250, 240
    view = frame(1.0)
    rgbd = replace(view.rgbd, color=image, color_intrinsics=beside,
                   depth_T_color=pose((0.1, 0.0, 0.0)))  # fmt: skip
    grid = fused(replace(view, rgbd=rgbd))
    # Its middle lies at x = 0.1 m: voxels left of that are red, those right of it blue.
    assert one_voxel(grid, (0.075, 0.025, 0.975))[2] == pytest.approx([250, 0, 0])
    assert one_voxel(grid, (0.125, 0.025, 0.975))[2] == pytest.approx([0, 0, 240])
    # Seen by the depth camera, not by the other one: mapped, without colour.
    value, weight, color = one_voxel(grid, (-0.525, 0.025, 0.975))
    assert (value, weight, color) == (pytest.approx(0.125, abs=1e-4), pytest.approx(1.0), [0, 0, 0])


def test_the_first_colour_counts_in_full_where_space_was_free_before():
    before = [frame(1.6)] * 30
    grid = fused(*before, frame(1.0, color=(200, 100, 50)))
    assert one_voxel(grid, VOXEL)[2] == pytest.approx([200, 100, 50], abs=1e-3)


def test_no_reading_teaches_nothing():
    grid = fused(frame(0.0))
    assert not grid.known().any()
    half = np.zeros((36, 48))
    half[:, 24:] = 1.0  # the left half of the image has no readings
    grid = fused(frame(half))
    weight = grid.weight[grid.slot[grid.slot >= 0].long()]
    assert weight.amax() > 0
    x = twins.centres(grid, 0.05)[..., 0][(grid.slot >= 0).numpy()]
    assert not weight.numpy()[x < -0.05].any()


def test_far_readings_clear_the_way_to_the_limit_and_build_nothing():
    grid = fused(frame(50.0))
    points = twins.centres(grid, CONFIG.voxel_size_m)
    known = grid.known().numpy()
    assert known.any()
    assert points[known][..., 2].min(-1).max() < CONFIG.max_depth_m
    rows = grid.slot[grid.slot >= 0].long()
    observed = grid.weight[rows] > 0
    assert (grid.tsdf[rows][observed] == 1.0).all()


def test_a_camera_at_the_rim_maps_what_lies_within():
    grid = fused(frame(1.0, pose((0.0, 0.0, 1.3))))  # the grid ends at z = 2
    assert grid.known()[5, 5].tolist() == [False] * 8 + [True, True]
    grid = fused(frame(1.0, pose((0.0, 0.0, 3.0))))  # looks away from it
    assert not grid.known().any()


def test_the_band_behind_a_surface_reaches_into_the_next_block():
    # A wall at 1.12 m is followed to 1.27 m; a block begins at 1.2 m.
    narrow = small_config(truncation_voxels=1.5, max_depth_m=1.8)
    value, weight, _ = one_voxel(fused(frame(1.12), config=narrow), (0.025, 0.025, 1.225))
    fade = (3 - 2.1) / 2
    assert weight == pytest.approx(fade / 1.12**2, abs=1e-4)
    assert value == -1.0  # cut off at 1.5 voxels


def test_blocks_without_room_are_left_out_and_counted():
    grid = new_grid()
    grid.limit = 5
    report = Integrator(CONFIG, "cpu").integrate(grid, frame(1.0), 1)
    free = new_grid()
    complete = Integrator(CONFIG, "cpu").integrate(free, frame(1.0), 1)
    assert report.new_blocks == grid.used == 5
    assert report.refused_blocks == complete.new_blocks - 5
    assert report.changed_blocks == complete.changed_blocks - report.refused_blocks
    again = Integrator(CONFIG, "cpu").integrate(grid, frame(1.0), 2)
    assert (again.new_blocks, again.refused_blocks) == (0, report.refused_blocks)
