"""Surface points and meshes lie where the surface is."""

import numpy as np
import pytest

from nesf_ros.types import Box
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.surface import surface_mesh, surface_points

from .scenes import CAMERA, facing, frame, pose, rays, small_config

VOXEL_M = 0.05


@pytest.mark.parametrize("depth_m", [1.0, 1.013, 1.025, 1.6375])
def test_a_wall_is_where_it_is(depth_m):
    voxel_map = VoxelMap(small_config())
    for _ in range(3):
        voxel_map.integrate(frame(depth_m, color=(250, 100, 0)))
    points, colors = surface_points(voxel_map)
    assert len(points) > 300
    np.testing.assert_allclose(points[:, 2], depth_m, atol=VOXEL_M / 10)
    np.testing.assert_allclose(colors, np.tile([250 / 255, 100 / 255, 0], (len(points), 1)),
                               atol=0.01)  # fmt: skip
    # As wide as the image: half of 48 px over 40 px, to within a voxel and half a pixel.
    assert np.abs(points[:, 0]).max() == pytest.approx(0.6 * depth_m, abs=0.08)
    mesh = surface_mesh(voxel_map)
    vertices, faces = mesh.vertex.positions.numpy(), mesh.triangle.indices.numpy()
    np.testing.assert_allclose(vertices[:, 2], depth_m, atol=VOXEL_M / 10)
    corners = vertices[faces]
    area = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    # Faces look at the camera, and together cover what the image shows, but for its rim.
    assert (area[np.abs(area[:, 2]) > 1e-9][:, 2] < 0).all()
    seen = (1.2 * depth_m) * (0.9 * depth_m)
    assert 0.8 * seen < np.abs(area[:, 2]).sum() / 2 <= seen * 1.05


def test_a_slanted_wall_anywhere_in_the_world():
    # n·p = 1.2 in the camera, seen under up to 60 degrees.
    normal = np.array([0.35, -0.2, 1.0]) / np.linalg.norm([0.35, -0.2, 1.0])
    depth = 1.2 / (rays(CAMERA) @ normal)
    world_T_camera = pose((7.3, -4.1, 0.7), (0.4, 1.1, -0.8))
    voxel_map = VoxelMap(small_config())
    for _ in range(2):
        voxel_map.integrate(frame(depth, world_T_camera))
    points, _ = surface_points(voxel_map)
    assert len(points) > 300
    in_camera = (points - world_T_camera[:3, 3]) @ world_T_camera[:3, :3]
    error = np.abs(in_camera @ normal - 1.2)
    assert np.quantile(error, 0.95) < VOXEL_M / 5  # pixels of 3 cm are drawn into voxels of 5
    assert error.mean() < VOXEL_M / 10


def test_a_box_of_the_surface():
    voxel_map = VoxelMap(small_config())
    voxel_map.integrate(frame(1.02))
    box = Box((0.0, 0.0, 0.0), (0.4, 0.4, 2.0))
    points, _ = surface_points(voxel_map, box)
    everything, _ = surface_points(voxel_map)
    assert 0 < len(points) < len(everything) / 4
    assert ((points >= -1e-6) & (points[:, 2:] <= 1.1)).all()
    assert len(surface_points(voxel_map, Box((5, 5, 5), (6, 6, 6)))[0]) == 0


def test_no_surface_where_free_space_borders_on_the_hidden():
    # A panel in front of a wall hides part of what lies between: its rim's shadow is no surface.
    depth = np.full((36, 48), 2.5)
    depth[8:28, 14:34] = 1.2
    voxel_map = VoxelMap(small_config())
    for _ in range(5):
        voxel_map.integrate(frame(depth))
    points, _ = surface_points(voxel_map)
    near_panel = np.abs(points[:, 2] - 1.2) < 0.06
    near_wall = np.abs(points[:, 2] - 2.5) < 0.06
    assert near_panel.sum() > 80
    assert near_wall.sum() > 500
    assert (near_panel | near_wall).mean() > 0.97


def test_maps_without_a_surface():
    voxel_map = VoxelMap(small_config())
    for view in (None, frame(50.0, facing(0.0))):
        if view is not None:
            voxel_map.integrate(view)  # all free
        points, colors = surface_points(voxel_map)
        assert points.shape == colors.shape == (0, 3)
        mesh = surface_mesh(voxel_map)
        assert "positions" not in mesh.vertex or len(mesh.vertex.positions) == 0
