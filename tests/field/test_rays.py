"""Rays of keyframes: a painted wall seen by a depth and a colour camera that differ."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy import ndarray

from nesf_ros.field.rays import FrameRays, Rays, camera_rays
from nesf_ros.types import Intrinsics, PosedFrame, RgbdFrame

from .scenes import CAMERA, depth_of, on_wall, paint, pose, to_bytes, wall_frame

WALL_M = 2.0
COLOR_CAMERA = Intrinsics(80, 60, 100.0, 90.0, 41.0, 28.0)
"""Narrower than the depth camera, and finer."""
WORLD_T_DEPTH = pose((0.3, -0.1, 0.2), 0.15)
DEPTH_T_COLOR = pose((0.12, 0.03, -0.05), -0.08)
WORLD_T_COLOR = WORLD_T_DEPTH @ DEPTH_T_COLOR


def two_cameras() -> PosedFrame:
    depth = depth_of(on_wall(CAMERA, WORLD_T_DEPTH, WALL_M), WORLD_T_DEPTH)
    color = to_bytes(paint(on_wall(COLOR_CAMERA, WORLD_T_COLOR, WALL_M)))
    rgbd = RgbdFrame(0, "two", color, depth, COLOR_CAMERA, CAMERA, DEPTH_T_COLOR)
    return PosedFrame(rgbd, WORLD_T_DEPTH)


def drawn(frame: PosedFrame, count: int = 2000, max_depth_m: float = 10.0) -> Rays:
    return FrameRays(frame, max_depth_m).draw(count, np.random.default_rng(0))


def ends(rays: Rays) -> ndarray:
    return rays.at(rays.distance_m[:, None])[:, 0].numpy()


def pixels_of(points: ndarray, camera: Intrinsics, world_T_camera: ndarray) -> ndarray:
    """Where a camera sees points, from the definition of a pinhole."""
    local = np.linalg.inv(world_T_camera) @ np.concatenate([points.T, np.ones((1, len(points)))])
    return np.stack(
        [camera.fx * local[0] / local[2] + camera.cx, camera.fy * local[1] / local[2] + camera.cy],
        1,
    )


def test_camera_rays_by_hand():
    camera = Intrinsics(4, 4, 2.0, 2.0, 1.0, 1.0)
    # Turned by a quarter about y: its z axis is the map's x, its x axis the map's −z.
    origins, directions = camera_rays(
        camera, pose((1, 2, 3), np.pi / 2), np.array([[1, 1], [3, 1]])
    )
    np.testing.assert_allclose(origins, [[1, 2, 3], [1, 2, 3]])
    half = np.sqrt(0.5)
    np.testing.assert_allclose(directions, [[1, 0, 0], [half, 0, -half]], atol=1e-12)


def test_one_camera_sees_its_own_pixels():
    frame = wall_frame(pose((0.1, 0.2, 0.0), 0.2), WALL_M)
    rays = drawn(frame)
    assert rays.colored.all()
    points = ends(rays)
    np.testing.assert_allclose(points[:, 2], WALL_M, atol=1e-5)
    # Every ray goes through the centre of a pixel, and has its colour.
    np.testing.assert_allclose(rays.color.numpy(), paint(points), atol=0.51 / 255)
    pixels = pixels_of(points, CAMERA, frame.world_T_camera)
    np.testing.assert_allclose(pixels, pixels.round(), atol=1e-3)
    assert len(np.unique(pixels.round(), axis=0)) > 900  # of 1200, after 2000 draws


def test_rays_of_two_cameras_end_on_the_wall_and_have_its_colours():
    rays = drawn(two_cameras())
    points = ends(rays)
    np.testing.assert_allclose(points[:, 2], WALL_M, atol=1e-5)
    lengths = rays.directions.norm(dim=1)
    torch.testing.assert_close(lengths, torch.ones(2000))
    # Colours are those of the nearest pixel: half a pixel off, 1/90 rad, at 2.1 m and aslant.
    error = np.abs(rays.color.numpy() - paint(points))[rays.colored.numpy()]
    assert error.max() < 0.5 * 2.4 / 90 / 4 + 0.51 / 255


def test_each_ray_is_of_the_camera_that_measured_it():
    rays = drawn(two_cameras())
    seen = rays.colored.numpy()
    pixels = pixels_of(ends(rays), COLOR_CAMERA, WORLD_T_COLOR)
    size = [COLOR_CAMERA.width, COLOR_CAMERA.height]
    inside = ((pixels >= -0.5) & (pixels < np.array(size) - 0.5)).all(1)
    np.testing.assert_array_equal(seen, inside)
    assert 0.2 < seen.mean() < 0.9
    origins = np.where(seen[:, None], WORLD_T_COLOR[:3, 3], WORLD_T_DEPTH[:3, 3])
    np.testing.assert_allclose(rays.origins.numpy(), origins, atol=1e-6)
    assert (rays.color.numpy()[~seen] == 0).all()


@pytest.mark.parametrize("finer", [1, 2, 3])
def test_what_the_colour_camera_cannot_see_has_no_colour(finer):
    """A board before the left half of a wall, and a colour camera farther left."""
    board_m, wall_m, color_x = 0.8, 2.0, -0.25
    depth = np.full((30, 40), wall_m, np.float32)
    depth[:, :20] = board_m  # up to x = 0
    camera = CAMERA.scaled(finer)
    color = np.full((camera.height, camera.width, 3), 90, np.uint8)
    world_T_color = pose((color_x, 0.0, 0.0))
    rgbd = RgbdFrame(0, "two", color, depth, camera, CAMERA, world_T_color)
    rays = drawn(PosedFrame(rgbd, np.eye(4)), 3000)
    points, seen = ends(rays), rays.colored.numpy()
    # Where the way from the colour camera to the wall goes through the board's plane. A pixel of
    # the depth image is 2 cm wide there.
    crossing = color_x + (points[:, 0] - color_x) * board_m / wall_m
    beyond = points[:, 2] > 1.5
    hidden = beyond & (crossing < -0.03)
    pixels = pixels_of(points, CAMERA, world_T_color)  # as wide, whatever its resolution
    inside = (np.abs(pixels - [19.5, 14.5]) < [19.5, 14.5]).all(1)
    assert hidden.sum() > 100
    assert seen[hidden].mean() == 0
    assert seen[inside & ~beyond].all()
    assert seen[inside & beyond & (crossing > 0.03)].all()


def test_frames_without_depth_give_the_colour_cameras_rays():
    frame = two_cameras()
    frame = replace(frame, rgbd=replace(frame.rgbd, depth_m=np.zeros((30, 40), np.float32)))
    bundle = FrameRays(frame, 10.0)
    assert not bundle.measured
    rays = bundle.draw(3000, np.random.default_rng(0))
    assert rays.colored.all()
    assert (rays.distance_m == 0).all()
    np.testing.assert_allclose(
        rays.origins.numpy(), np.tile(WORLD_T_COLOR[:3, 3], (3000, 1)), atol=1e-6
    )
    # They go through pixel centres, whose colours say where they meet the wall.
    t = (WALL_M - rays.origins[:, 2]) / rays.directions[:, 2]
    points = rays.at(t[:, None])[:, 0].numpy()
    np.testing.assert_allclose(rays.color.numpy(), paint(points), atol=0.51 / 255)
    pixels = pixels_of(points, COLOR_CAMERA, WORLD_T_COLOR).round()
    assert (pixels.min(0) == [0, 0]).all()
    assert (pixels.max(0) == [79, 59]).all()


@pytest.mark.parametrize("measured", [True, False])
def test_rays_of_the_colour_camera_are_found_on_its_image(measured):
    frame = two_cameras()
    if not measured:
        frame = replace(frame, rgbd=replace(frame.rgbd, depth_m=np.zeros((30, 40), np.float32)))
    bundle = FrameRays(frame, 10.0)
    rays = bundle.draw(500, np.random.default_rng(0))
    rays = rays[rays.colored]
    assert len(rays) > 100
    points = rays.at(torch.full((len(rays), 1), 1.7))[:, 0].numpy().astype(np.float64)
    pixels, depth = bundle.on_image(rays)
    np.testing.assert_allclose(pixels, pixels_of(points, COLOR_CAMERA, WORLD_T_COLOR), atol=2e-3)
    np.testing.assert_allclose(1.7 * depth.numpy(), depth_of(points, WORLD_T_COLOR), atol=1e-5)
    assert depth.min() < 0.95 and depth.max() > 0.99  # corners and middle


def test_missing_and_far_readings_are_never_drawn():
    frame = wall_frame(pose(), WALL_M)
    depth = frame.rgbd.depth_m.copy()
    depth[:, :10] = 0
    depth[:, 10:20] = 3.1
    depth[0, 20:] = 3.0  # as far as is allowed
    bundle = FrameRays(replace(frame, rgbd=replace(frame.rgbd, depth_m=depth)), 3.0)
    rays = bundle.draw(4000, np.random.default_rng(0))
    points = ends(rays)
    pixels = pixels_of(points, CAMERA, np.eye(4)).round().astype(int)
    assert pixels[:, 0].min() == 20
    np.testing.assert_allclose(points[:, 2], np.where(pixels[:, 1] == 0, 3.0, WALL_M), atol=1e-5)
    assert (pixels[:, 1] == 0).any()


def test_a_frame_with_far_readings_alone_counts_as_one_without_depth():
    bundle = FrameRays(wall_frame(pose(), WALL_M), 1.0)
    assert not bundle.measured
    assert (bundle.draw(5, np.random.default_rng(0)).distance_m == 0).all()


def test_bundles_are_joined_and_parted():
    first, second = drawn(wall_frame(pose()), 3), drawn(two_cameras(), 4)
    both = Rays.cat([first, second])
    assert len(both) == 7
    chosen = torch.tensor([False, True, False, False, False, True, False])
    part = both[chosen]
    assert torch.equal(part.origins, torch.stack([first.origins[1], second.origins[2]]))
    assert torch.equal(part.color, torch.stack([first.color[1], second.color[2]]))
    assert part.colored.tolist() == [bool(first.colored[1]), bool(second.colored[2])]


def test_places_along_rays_by_hand():
    one = torch.ones(1)
    rays = Rays(
        torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[0.0, 0.6, 0.8]]), one, one.repeat(1, 3),
        one.bool(),
    )  # fmt: skip
    points = rays.at(torch.tensor([[0.0, 5.0]]))
    torch.testing.assert_close(points, torch.tensor([[[1.0, 2.0, 3.0], [1.0, 5.0, 7.0]]]))


def test_memory_of_a_frame():
    # 1200 readings of four bytes; for two cameras a depth for each of 80 × 60 colour pixels.
    assert FrameRays(wall_frame(pose()), 10.0).nbytes == 4800
    assert FrameRays(two_cameras(), 10.0).nbytes == 4800 + 4 * 4800
