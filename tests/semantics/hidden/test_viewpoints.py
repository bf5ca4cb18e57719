"""Where to look from, in a room with a crate that hides what is behind it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from nesf_ros.config_unseen import Reach
from nesf_ros.errors import ConfigError, MapError
from nesf_ros.semantics.hidden.viewpoints import Viewpoint, best_viewpoint
from nesf_ros.types import FREE, UNOBSERVED, Box, Intrinsics
from nesf_ros.voxels import sight
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.sampling import sample_points
from tests.voxels.scenes import CAMERA, depth_of, facing, frame, small_config, view_of

FLOOR = Box((-9.0, -9.0, -1.0), (9.0, 9.0, 0.02))
WALL = Box((2.52, -9.0, -1.0), (4.0, 9.0, 9.0))
CRATE = Box((0.02, -0.38, 0.0), (0.42, 0.38, 1.3))
SOLIDS = [FLOOR, WALL, CRATE]
HERE = np.array([-1.5, 0.0, 1.0])
REACH = Reach(clearance_m=0.15, farthest_m=2.0)
FRONT = [((-1.5, y, 1.0), yaw) for y in (-0.3, 0.0, 0.3) for yaw in (-0.7, 0.0, 0.7)]


def mapped(solids: list[Box], places: list[tuple], camera: Intrinsics = CAMERA) -> VoxelMap:
    voxel_map = VoxelMap(small_config(max_depth_m=4.5, submap_radius_m=2.0))
    for position, yaw in places:
        pose = facing(yaw, position)
        voxel_map.integrate(frame(depth_of(solids, pose, camera), pose, camera=camera))
    return voxel_map


MAP = mapped(SOLIDS, FRONT)


def lattice(lower: tuple, upper: tuple) -> np.ndarray:
    """Middles of the voxels of a box."""
    lines = [np.arange(a + 0.025, b, 0.05) for a, b in zip(lower, upper, strict=True)]
    return np.stack(np.meshgrid(*lines, indexing="ij"), -1).reshape(-1, 3)


BEHIND = lattice((0.5, -0.25, 0.1), (0.9, 0.25, 0.8))
ALIKE = np.ones(len(BEHIND))


def state_at(points: np.ndarray, voxel_map: VoxelMap = MAP) -> np.ndarray:
    return sample_points(voxel_map, torch.from_numpy(points))[1].numpy()


def visible(points: np.ndarray, pose: np.ndarray, solids: list[Box] = SOLIDS) -> np.ndarray:
    """Which points nothing stands in front of, by the exact depth image."""
    x, y, z = ((points - pose[:3, 3]) @ pose[:3, :3]).T
    ahead = np.where(z > 0, z, np.nan)
    u, v = CAMERA.fx * x / ahead + CAMERA.cx, CAMERA.fy * y / ahead + CAMERA.cy
    inside = (np.abs(u - 23.5) < 24) & (np.abs(v - 17.5) < 18)
    out = np.zeros(len(points), bool)
    at = (np.rint(v[inside]).astype(int), np.rint(u[inside]).astype(int))
    out[inside] = depth_of(solids, pose)[at] > z[inside]
    return out


def found(*args, **settings) -> Viewpoint:
    viewpoint = best_viewpoint(*args, **settings)
    assert viewpoint is not None
    return viewpoint


def test_the_far_side_of_a_crate_is_looked_at_from_the_side():
    assert (state_at(BEHIND) == UNOBSERVED).all()
    assert not visible(BEHIND, facing(0.0, HERE)).any()
    viewpoint = found(MAP, BEHIND, ALIKE, CAMERA, REACH, HERE)
    pose = viewpoint.map_T_camera
    seen = visible(BEHIND, pose)
    assert seen.mean() > 0.9
    assert 0.3 < viewpoint.revealed <= seen.mean()
    assert abs(pose[1, 3]) > 0.38  # past the side of the crate
    assert abs(pose[2, 3] - 1.0) <= REACH.lift_m + 0.025
    # Level, upright and rigid.
    assert pose[2, 0] == 0.0
    assert pose[2, 1] < 0.0
    np.testing.assert_allclose(pose[:3, :3] @ pose[:3, :3].T, np.eye(3), atol=1e-12)
    assert np.linalg.det(pose[:3, :3]) == pytest.approx(1.0)


def test_it_stands_in_space_known_to_be_free():
    pose = found(MAP, BEHIND, ALIKE, CAMERA, REACH, HERE).map_T_camera
    ball = np.random.default_rng(0).uniform(-0.15, 0.15, (20_000, 3))
    ball = ball[np.linalg.norm(ball, axis=1) < 0.15]
    assert (state_at(pose[:3, 3] + ball) == FREE).all()


def test_what_lies_off_the_map_is_not_looked_through(monkeypatch):
    """Sight of 20 m makes a box of 40 m, of which the map knows a room."""
    monkeypatch.setattr(sight, "MAX_VOXELS", 2**21)
    far = replace(REACH, farthest_m=20.0)
    pose = found(MAP, BEHIND, ALIKE, CAMERA, far, HERE).map_T_camera
    assert visible(BEHIND, pose).mean() > 0.9
    with pytest.raises(MapError, match="voxels; at most"):
        monkeypatch.setattr(sight, "MAX_VOXELS", 2**15)
        best_viewpoint(MAP, BEHIND, ALIKE, CAMERA, far, HERE)


def test_the_same_question_has_the_same_answer():
    one, two = (found(MAP, BEHIND, ALIKE, CAMERA, REACH, HERE) for _ in range(2))
    np.testing.assert_array_equal(one.map_T_camera, two.map_T_camera)
    assert one.revealed == two.revealed


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_of_two_sides_the_nearer_is_taken(side):
    here = HERE + (0.0, 0.2 * side, 0.0)
    pose = found(MAP, BEHIND, ALIKE, CAMERA, REACH, here).map_T_camera
    assert pose[1, 3] * side > 0


def test_what_is_seen_already_is_not_revealed():
    before = lattice((-0.5, -0.25, 0.8), (-0.2, 0.25, 1.2))
    assert (state_at(before) == FREE).all()
    assert best_viewpoint(MAP, before, np.ones(len(before)), CAMERA, REACH, HERE) is None
    alone = found(MAP, BEHIND, ALIKE, CAMERA, REACH, HERE)
    both = np.concatenate([BEHIND, before])
    weights = np.concatenate([ALIKE, np.full(len(before), 3 * len(BEHIND) / len(before))])
    mixed = found(MAP, both, weights, CAMERA, REACH, HERE)
    assert mixed.revealed == pytest.approx(alone.revealed / 4, rel=1e-3)


def test_points_of_no_weight_do_not_count():
    alone = found(MAP, BEHIND, ALIKE, CAMERA, REACH, HERE)
    far = np.concatenate([BEHIND, BEHIND + (0.0, 0.0, 900.0)])
    padded = found(MAP, far, np.concatenate([5 * ALIKE, 0 * ALIKE]), CAMERA, REACH, HERE)
    np.testing.assert_array_equal(alone.map_T_camera, padded.map_T_camera)
    assert padded.revealed == pytest.approx(alone.revealed, rel=1e-5)
    assert best_viewpoint(MAP, BEHIND, 0 * ALIKE, CAMERA, REACH, HERE) is None


def test_the_weightier_part_is_looked_at():
    left, right = (BEHIND + (0.0, y, 0.0) for y in (0.25, -0.25))
    both = np.concatenate([left, right])
    for weights, sign in (((9.0, 0.1), 1.0), ((0.1, 9.0), -1.0)):
        narrow = replace(CAMERA, fx=160.0, fy=160.0)
        pose = found(MAP, both, np.repeat(weights, len(left)), narrow, REACH, HERE).map_T_camera
        middle = (both.mean(0) + (0.0, 0.25 * sign, 0.0) - pose[:3, 3]) @ pose[:3, :3]
        assert np.abs(middle[:2] / middle[2]).max() < 0.12  # where the image ends


def test_a_closed_crate_cannot_be_looked_into():
    turns = [(np.cos(a), np.sin(a), a + np.pi) for a in np.arange(0.0, 6.2, 0.4)]
    around = [((1.3 * x, 1.3 * y, z), yaw) for x, y, yaw in turns for z in (0.5, 1.2)]
    crate = Box((-0.4, -0.4, 0.0), (0.4, 0.4, 0.9))
    voxel_map = mapped([FLOOR, crate], around, CAMERA.scaled(5))
    inner = lattice((-0.2, -0.2, 0.3), (0.2, 0.2, 0.7))
    assert (state_at(inner, voxel_map) == UNOBSERVED).all()
    weights = np.ones(len(inner))
    assert best_viewpoint(voxel_map, inner, weights, CAMERA, REACH, HERE) is None
    # From below, a few rays slip in at the corners.
    low = best_viewpoint(voxel_map, inner, weights, CAMERA, REACH)
    assert low is None or low.revealed < 0.1


def test_nothing_is_in_reach():
    assert best_viewpoint(MAP, BEHIND + (0.0, 50.0, 0.0), ALIKE, CAMERA, REACH, HERE) is None
    assert best_viewpoint(MAP, BEHIND, ALIKE, CAMERA, REACH, HERE + (0.0, 0.0, 30.0)) is None
    empty = VoxelMap(small_config())
    assert best_viewpoint(empty, BEHIND, ALIKE, CAMERA, REACH, HERE) is None


def test_no_free_space_is_wide_enough():
    wide = replace(REACH, clearance_m=1.5)
    assert best_viewpoint(MAP, BEHIND, ALIKE, CAMERA, wide, HERE) is None


def test_a_camera_that_cannot_tilt_looks_level():
    fixed = replace(REACH, lowest_pitch_rad=0.0, highest_pitch_rad=0.0)
    viewpoint = found(MAP, BEHIND, ALIKE, CAMERA, fixed, HERE)
    assert viewpoint.map_T_camera[2, 2] == 0.0
    tilting = found(MAP, BEHIND, ALIKE, CAMERA, REACH, HERE)
    assert tilting.map_T_camera[2, 2] < -0.2
    assert tilting.revealed > viewpoint.revealed


def test_distances_and_heights_are_kept():
    for nearest_m, farthest_m in ((0.4, 1.2), (1.5, 2.2)):
        reach = replace(REACH, nearest_m=nearest_m, farthest_m=farthest_m)
        pose = found(MAP, BEHIND, ALIKE, CAMERA, reach, HERE).map_T_camera
        distance = np.linalg.norm(BEHIND - pose[:3, 3], axis=1)
        sharp = (distance >= nearest_m) & (distance <= farthest_m)
        assert sharp.mean() > 0.5
    high = found(MAP, BEHIND, ALIKE, CAMERA, replace(REACH, lift_m=0.4), HERE + (0.0, 0.0, 0.3))
    assert 0.9 - 0.025 <= high.map_T_camera[2, 3] <= 1.7 + 0.025
    for lift_m in (0.1, 0.3):  # less than a step, and no multiple of it
        low = found(MAP, BEHIND, ALIKE, CAMERA, replace(REACH, lift_m=lift_m), HERE)
        assert abs(abs(low.map_T_camera[2, 3] - HERE[2]) - lift_m) < 0.05 + 1e-6
    anywhere = found(MAP, BEHIND, ALIKE, CAMERA, REACH)
    best = found(MAP, BEHIND, ALIKE, CAMERA, REACH, HERE)
    assert anywhere.revealed > 0.95 * best.revealed


def test_the_next_view_reveals_what_was_promised():
    voxel_map = mapped(SOLIDS, FRONT)
    viewpoint = found(voxel_map, BEHIND, ALIKE, CAMERA, REACH, HERE)
    voxel_map.integrate(view_of(SOLIDS, viewpoint.map_T_camera))
    assert (state_at(BEHIND, voxel_map) != UNOBSERVED).mean() >= viewpoint.revealed


def test_a_reach_that_cannot_be():
    with pytest.raises(ConfigError, match="clearance_m"):
        Reach(clearance_m=-0.1)
    with pytest.raises(ConfigError, match="reach.nearest_m is 2.5; it must be below"):
        Reach(nearest_m=2.5)
