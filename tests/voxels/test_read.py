"""Answers about points, and views rendered from any pose."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesf_ros.types import FREE, OCCUPIED, UNOBSERVED, Box, Intrinsics
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.read import SurfaceIndex, describe_points, render

from .scenes import CAMERA, GREY, facing, frame, pose, rays, small_config, view_of

WALL = Box((-9.0, -9.0, 2.02), (9.0, 9.0, 3.0))
CRATE = Box((-0.3, -0.3, 1.23), (0.3, 0.3, 1.6))
VOXEL_M = 0.05


def mapped(*views, **settings) -> VoxelMap:
    voxel_map = VoxelMap(small_config(**settings))
    for view in views:
        voxel_map.integrate(view)
    return voxel_map


SCENE = mapped(*[view_of([WALL, CRATE], pose((x, 0.0, 0.0))) for x in (-0.2, 0.0, 0.2)] * 2)


# --- points ---


def test_points_by_hand():
    points = np.array([[0.0, 0.0, 0.8], [0.0, 0.0, 1.23], [0.0, 0.0, 1.5], [0.0, 0.0, 50.0]])
    answers = describe_points(SCENE, points, SurfaceIndex())
    assert answers.state.tolist() == [FREE, OCCUPIED, UNOBSERVED, UNOBSERVED]
    assert answers.color.tolist() == [[0, 0, 0], list(GREY), [0, 0, 0], [0, 0, 0]]
    assert answers.probability[0] < 0.01
    assert answers.probability[1] > 0.8
    assert np.isnan(answers.probability[2:]).all()
    assert answers.distance_m[:3] == pytest.approx([0.43, 0.0, 0.27], abs=0.036)
    assert answers.distance_m[3] == pytest.approx(50 - 2.02, abs=0.03)


@settings(max_examples=50, deadline=None)
@given(st.tuples(st.floats(-0.3, 0.3), st.floats(-0.2, 0.2), st.floats(0.2, 1.8)))
def test_distances_to_a_plain_wall(point):
    answers = describe_points(PLAIN, np.array([point]), INDEX)
    # Surface points lie 5 cm apart on the wall: at most 3.6 cm beside the foot of the normal.
    distance = 2.02 - point[2]
    assert distance - 0.005 <= answers.distance_m[0] <= np.hypot(distance + 0.005, 0.036)


PLAIN, INDEX = mapped(*[frame(2.02)] * 2), SurfaceIndex()


def test_no_points_and_no_map():
    nothing = describe_points(SCENE, np.zeros((0, 3)), SurfaceIndex())
    assert len(nothing.state) == len(nothing.distance_m) == 0
    answers = describe_points(VoxelMap(small_config()), np.zeros((2, 3)), SurfaceIndex())
    assert answers.state.tolist() == [UNOBSERVED] * 2
    assert np.isinf(answers.distance_m).all()


def test_points_beyond_all_maps():
    far = np.array([[1e12, 0, 0], [0, -1e15, 0], [1e300, 0, 0], [2.0**31 * 0.4, 0, 0.8]])
    answers = describe_points(SCENE, far, SurfaceIndex())
    assert answers.state.tolist() == [UNOBSERVED] * 4
    assert answers.distance_m[:2] == pytest.approx([1e12, 1e15], rel=1e-6)
    assert (answers.distance_m > 1e8).all()


def test_coordinates_that_would_wrap_around_to_known_blocks():
    # 2^32 blocks of 0.4 m farther on lies the same 32-bit index.
    answers = describe_points(SCENE, np.array([[2.0**32 * 0.4, 0.0, 0.8]]), SurfaceIndex())
    assert answers.state.tolist() == [UNOBSERVED]


def test_a_region_hides_what_lies_outside():
    points = np.array([[0.0, 0.0, 0.6], [0.0, 0.0, 0.8], [0.0, 0.0, 1.23]])
    region = Box((-1.0, -1.0, 0.6), (1.0, 1.0, 0.8))
    answers = describe_points(SCENE, points, SurfaceIndex(), region)
    assert answers.state.tolist() == [FREE, UNOBSERVED, UNOBSERVED]  # upper bound is exclusive
    assert not answers.color.any()
    region = Box((-1.0, -1.0, 0.6), (1.0, 1.0, 0.8 + 1e-9))  # and exact
    assert describe_points(SCENE, points, SurfaceIndex(), region).state[1] == FREE


def test_distances_follow_the_map():
    voxel_map, index = mapped(frame(2.02)), SurfaceIndex()
    point = np.array([[0.0, 0.0, 1.0]])
    assert index.distance(voxel_map, point)[0] == pytest.approx(1.02, abs=0.01)
    for _ in range(30):
        voxel_map.integrate(view_of([WALL, CRATE], pose()))
    assert index.distance(voxel_map, point)[0] == pytest.approx(0.23, abs=0.02)
    voxel_map.reset()
    assert np.isinf(index.distance(voxel_map, point)[0])


def test_points_in_memory_of_any_kind():
    points = np.array([[0.0, 0.0, 1.23], [0.0, 0.0, 0.8]])
    points.flags.writeable = False
    answers = describe_points(SCENE, points[::-1], SurfaceIndex())
    assert answers.state.tolist() == [FREE, OCCUPIED]


# --- views ---


def test_a_wall_is_drawn_where_it_is():
    view = render(PLAIN, CAMERA, np.eye(4))
    inner = (slice(3, -3), slice(3, -3))
    np.testing.assert_allclose(view.depth_m[inner], 2.02, atol=VOXEL_M / 20)
    assert (view.color[inner] == GREY).all()
    np.testing.assert_allclose(view.normals_world[inner] @ [0.0, 0.0, -1.0], 1.0, atol=1e-3)


def test_a_slanted_wall_from_another_place():
    normal = np.array([0.3, -0.2, 1.0]) / np.linalg.norm([0.3, -0.2, 1.0])
    depth = 1.5 / (rays(CAMERA) @ normal)
    world_T_camera = pose((7.3, -4.1, 0.7), (0.4, 1.1, -0.8))
    voxel_map = mapped(*[frame(depth, world_T_camera)] * 2)
    camera_T_other = pose((0.1, 0.05, 0.3), (0.0, 0.1, 0.2))
    small = Intrinsics(20, 16, 40.0, 40.0, 9.5, 7.5)
    view = render(voxel_map, small, world_T_camera @ camera_T_other)
    # The same plane in the other camera.
    turned = normal @ camera_T_other[:3, :3]
    expected = (1.5 - normal @ camera_T_other[:3, 3]) / (rays(small) @ turned)
    error = np.abs(view.depth_m - expected)
    assert (view.depth_m > 0).all()
    assert error.mean() < VOXEL_M / 5
    normal_world = -world_T_camera[:3, :3] @ normal
    cosines = view.normals_world @ normal_world
    assert np.median(cosines) > 0.995
    np.testing.assert_allclose(np.linalg.norm(view.normals_world, axis=-1), 1.0, atol=1e-5)


def test_what_is_in_front_hides_what_is_behind():
    view = render(SCENE, CAMERA, np.eye(4))
    expected = view_of([WALL, CRATE], pose()).rgbd.depth_m
    solid = np.ones(expected.shape, bool)
    edges = np.abs(np.diff(expected, axis=1)) > 0.1
    solid[:, 1:] &= ~edges
    solid[:, :-1] &= ~edges
    solid[1:] &= np.abs(np.diff(expected, axis=0)) < 0.1
    solid[:-1] &= np.abs(np.diff(expected, axis=0)) < 0.1
    solid[:3] = solid[-3:] = False
    solid[:, :3] = solid[:, -3:] = False
    drawn = view.depth_m > 0
    assert (drawn & solid).sum() > 0.9 * solid.sum()
    assert np.quantile(np.abs(view.depth_m - expected)[drawn & solid], 0.95) < VOXEL_M / 2


def test_nothing_is_drawn_of_nothing():
    everywhere = np.eye(4)
    for voxel_map, where in (
        (VoxelMap(small_config()), everywhere),  # an empty map
        (PLAIN, facing(0.0, (0.0, 0.0, 30.0))),  # far behind
        (PLAIN, pose((0.0, 0.0, 0.5), (0.0, np.pi, 0.0))),  # looking away
        (mapped(frame(50.0)), everywhere),  # free space alone
    ):
        view = render(voxel_map, CAMERA, where)
        assert not view.depth_m.any()
        assert not view.color.any()
        assert not view.normals_world.any()


def test_the_back_of_a_surface_is_not_drawn():
    behind = pose((0.0, 0.0, 3.0), (0.0, np.pi, 0.0))
    assert not render(PLAIN, CAMERA, behind).depth_m.any()


def test_range_and_region_end_the_view():
    assert not render(PLAIN, CAMERA, np.eye(4), max_range_m=1.9).depth_m.any()
    assert render(PLAIN, CAMERA, np.eye(4), max_range_m=2.1).depth_m[18, 24] > 0
    region = Box((0.0, -0.2, 0.0), (5.0, 0.2, 5.0))
    view = render(PLAIN, CAMERA, np.eye(4), region=region)
    points = rays(CAMERA) * view.depth_m[..., None]
    drawn = view.depth_m > 0
    assert drawn.sum() > 100
    assert (points[drawn][:, 0] >= -1e-3).all()
    assert (np.abs(points[drawn][:, 1]) <= 0.2 + 1e-3).all()
    full = render(PLAIN, CAMERA, np.eye(4))
    np.testing.assert_allclose(view.depth_m[drawn], full.depth_m[drawn], atol=0.005)
    outside = Box((5.0, 5.0, 5.0), (6.0, 6.0, 6.0))
    assert not render(PLAIN, CAMERA, np.eye(4), region=outside).depth_m.any()


@pytest.mark.parametrize("distance_m", [50.0, 3000.0, 40_000.0, 1e7, 1e12])
def test_a_view_from_afar_ends(distance_m):
    narrow = Intrinsics(8, 8, 8.0 * distance_m, 8.0 * distance_m, 3.5, 3.5)
    far = pose((0.0, 0.0, -distance_m))
    view = render(PLAIN, narrow, far, max_range_m=2 * distance_m)
    if distance_m < 10_000:
        tolerance = VOXEL_M if distance_m < 100 else 0.2 * VOXEL_M * distance_m / 100
        np.testing.assert_allclose(view.depth_m, distance_m + 2.02, atol=tolerance)


def test_a_view_over_several_submaps_equals_that_over_one():
    views = [view_of([WALL], pose((x, 0.0, 0.0))) for x in (0.0, 0.6, 1.2, 1.8)]
    several = mapped(*views)
    one = mapped(*views, submap_radius_m=3.0)
    assert (len(several.submaps), len(one.submaps)) == (2, 1)
    from_here = pose((0.9, 0.0, 0.3))
    a, b = render(several, CAMERA, from_here), render(one, CAMERA, from_here)
    assert (a.depth_m > 0).sum() > 1000
    np.testing.assert_allclose(a.depth_m, b.depth_m, atol=0.01)
