import numpy as np
import pytest
from transforms3d.axangles import axangle2mat

from nesf_ros.frames.overlap import CoarseView, seen_by_each, share_seen
from nesf_ros.types import Intrinsics, PosedFrame, RgbdFrame

CAMERA = Intrinsics(96, 72, 96.0, 96.0, 47.5, 35.5)
"""Sees a strip 2 m wide and 1.5 m high of a wall 2 m away."""


def view(depth_m=2.0, x=0.0, z=0.0, turn_rad=0.0, camera=CAMERA):
    image = np.broadcast_to(np.float32(depth_m), (camera.height, camera.width)).astype(np.float32)
    rgbd = RgbdFrame(0, "camera", np.zeros((*image.shape, 3), np.uint8), image, camera, camera)
    pose = np.eye(4)
    pose[:3, :3] = axangle2mat((0, 1, 0), turn_rad)
    pose[:3, 3] = x, 0, z
    return CoarseView.of(PosedFrame(rgbd, pose))


def both_ways(a, b):
    forward = seen_by_each(a, [b])
    np.testing.assert_array_equal(share_seen([a], b), forward)
    return float(forward[0])


def test_a_view_sees_all_of_itself():
    assert both_ways(view(), view()) == 1.0


@pytest.mark.parametrize("size", [(48, 36), (31, 50), (640, 480)])
def test_each_reading_is_compared_with_its_own_cell(size):
    camera = Intrinsics(*size, 50.0, 50.0, size[0] / 2 - 0.3, size[1] / 2)
    random = np.random.default_rng(0).uniform(0.5, 5, (camera.height, camera.width))
    assert both_ways(view(random, camera=camera), view(random, camera=camera)) == 1.0


@pytest.mark.parametrize(("depth_m", "share"), [(1.06, 1.0), (1.08, 0.0), (5.25, 1.0), (5.4, 0.0)])
def test_the_depths_must_agree_within_2_cm_and_5_percent(depth_m, share):
    assert both_ways(view(depth_m), view(round(depth_m))) == share


@pytest.mark.parametrize(("x", "share"), [(0.5, 0.75), (1.0, 0.5), (-1.5, 0.25), (2.1, 0.0)])
def test_along_a_wall_the_share_falls_with_the_way(x, share):
    assert both_ways(view(), view(x=x)) == pytest.approx(share, abs=0.5 / 16)


def test_the_nearer_view_is_seen_by_the_farther_one_and_not_the_reverse():
    near, far = view(depth_m=1.0, z=1.0), view()  # of the same wall, at z = 2 m
    assert both_ways(near, far) == 1.0
    assert both_ways(far, near) == pytest.approx(0.25, abs=0.1)  # half as wide, half as high


def test_a_surface_hidden_behind_another_is_not_seen():
    assert both_ways(view(depth_m=2.0), view(depth_m=1.0)) == 0.0
    assert both_ways(view(depth_m=1.0), view(depth_m=2.0)) == 0.0


def test_nothing_is_seen_backwards():
    assert both_ways(view(), view(turn_rad=np.pi)) == 0.0


def test_what_has_no_depth_neither_sees_nor_is_seen():
    half = np.full((72, 96), 2.0, np.float32)
    half[:, :48] = 0
    assert both_ways(view(half), view()) == 1.0
    assert both_ways(view(), view(half)) == 0.5
    assert both_ways(view(0.0), view()) == 0.0
    assert both_ways(view(), view(0.0)) == 0.0


def test_cameras_of_any_size_are_compared():
    tiny, large = Intrinsics(24, 18, 24.0, 24.0, 11.5, 8.5), CAMERA.scaled(5.0)
    assert both_ways(view(camera=tiny), view(camera=large)) == 1.0
    assert both_ways(view(camera=large), view(x=1.0, camera=tiny)) == pytest.approx(0.5, abs=0.05)


def test_many_at_once_equal_one_by_one():
    rng = np.random.default_rng(0)
    views = [
        view(rng.uniform(0, 3, (72, 96)), x=rng.uniform(-1, 1), turn_rad=rng.uniform(-1, 1))
        for _ in range(12)
    ]
    one_by_one = np.array([[seen_by_each(a, [b])[0] for b in views] for a in views])
    np.testing.assert_array_equal([seen_by_each(a, views) for a in views], one_by_one)
    difference = np.array([share_seen(views, by=b) for b in views]).T - one_by_one
    assert np.abs(difference).max() <= 2 / 192  # float32: a point on the border of two cells
    assert 0 < one_by_one[0, 1:].max() < 1


def test_nothing_to_compare_with():
    assert seen_by_each(view(), []).shape == (0,)
    assert share_seen([], view()).shape == (0,)
