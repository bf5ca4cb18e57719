"""Pictures of fields that are known by formula."""

import numpy as np
import pytest
import torch

from nesf_ros.field import rendering
from nesf_ros.field.cells import Cells
from nesf_ros.field.rendering import render_rays, render_view
from nesf_ros.field.scene_field import SceneField
from nesf_ros.types import Intrinsics

from .scenes import BOX, CAMERA, SMALL, Analytic, depth_of, on_wall, paint, pose, sphere, wall

NEAR_M = 1.5e-3
"""Of a depth, for surfaces with a softness of 2 mm."""
CENTRE, RADIUS = (0.05, -0.02, 1.2), 0.3
BLUE = (0.2, 0.4, 0.8)


def cells_of(box=BOX) -> Cells:
    return Cells.over(box, 0.1)


def straight(*x: float, z: float = 0.02) -> tuple[torch.Tensor, torch.Tensor]:
    """Rays along z."""
    origins = torch.tensor([[place, 0.03, z] for place in x])
    return origins, torch.tensor([[0.0, 0.0, 1.0]]).repeat(len(x), 1)


def to_sphere(camera: Intrinsics, world_T_camera: np.ndarray) -> np.ndarray:
    """Distances along the rays of a camera to the sphere; NaN beside it."""
    points = on_wall(camera, world_T_camera, 1.0) - world_T_camera[:3, 3]
    rays = points / np.linalg.norm(points, axis=-1, keepdims=True)
    to = np.array(CENTRE) - world_T_camera[:3, 3]
    along = rays @ to
    under = RADIUS**2 - (to @ to - along**2)
    return along - np.sqrt(np.where(under > 0, under, np.nan))


@pytest.mark.parametrize("z", [1.0, 1.013, 1.237])
def test_depth_of_a_wall_is_true(z):
    view = render_view(Analytic(wall(z)), cells_of(), CAMERA, pose(), 5.0)
    np.testing.assert_allclose(view.depth_m, z, atol=NEAR_M)
    assert view.opacity.min() > 0.98


def test_a_soft_wall_is_where_half_of_the_light_is_gone():
    # At right incidence the light that is left at s is sigmoid(s/β): a half at s = 0.
    for z in (1.0, 1.0125, 1.018):
        seen = render_rays(Analytic(wall(z), beta_m=0.01), cells_of(), *straight(0.0), 5.0)
        assert float(seen.distance_m) == pytest.approx(z - 0.02, abs=1e-3)


def test_a_wall_seen_from_aslant():
    world_T_camera = pose((-0.3, 0.1, 0.1), 0.5)
    points = on_wall(CAMERA, world_T_camera, 1.1)
    # Only what lies in the box.
    inside = (np.abs(points[..., :2]) < 0.95).all(-1)
    field = Analytic(wall(1.1), lambda p: (p + 2) / 4)
    view = render_view(field, cells_of(), CAMERA, world_T_camera, 5.0)
    assert inside.mean() > 0.8
    expected = depth_of(points, world_T_camera)
    np.testing.assert_allclose(view.depth_m[inside], expected[inside], atol=2 * NEAR_M)
    np.testing.assert_allclose(view.color[inside], paint(points)[inside], atol=0.02)
    normals = view.normals_world[inside]
    np.testing.assert_allclose(normals, np.tile([0, 0, -1], (len(normals), 1)), atol=1e-4)


def test_a_sphere_is_round():
    world_T_camera = pose((0.2, 0.0, 0.1), -0.1)
    field = Analytic(sphere(CENTRE, RADIUS))
    view = render_view(field, cells_of(), CAMERA, world_T_camera, 5.0)
    true_m = to_sphere(CAMERA, world_T_camera)
    points = on_wall(CAMERA, world_T_camera, 1.0) - world_T_camera[:3, 3]
    rays = points / np.linalg.norm(points, axis=-1, keepdims=True)
    cosine = rays @ world_T_camera[:3, 2]
    normals = (world_T_camera[:3, 3] + rays * true_m[..., None] - CENTRE) / RADIUS
    face_on = -(rays * normals).sum(-1) > 0.7
    assert face_on.sum() > 100
    np.testing.assert_allclose(view.depth_m[face_on], (true_m * cosine)[face_on], atol=2 * NEAR_M)
    np.testing.assert_allclose(view.normals_world[face_on], normals[face_on], atol=0.02)
    np.testing.assert_allclose(view.color[face_on], np.tile(BLUE, (face_on.sum(), 1)), atol=0.02)
    # More than 3 cm beside the sphere there is nothing.
    beside = np.linalg.norm(np.cross(rays, world_T_camera[:3, 3] - CENTRE), axis=-1) > RADIUS + 0.03
    assert beside.sum() > 100
    for picture in (view.depth_m, view.color, view.normals_world, view.opacity):
        assert np.abs(picture[beside]).max() < 1e-3


def test_the_front_of_two_surfaces_is_seen():
    def sdf(points: torch.Tensor) -> torch.Tensor:
        board = torch.maximum((points[:, 2] - 0.7).abs() - 0.03, points[:, 0])
        return torch.minimum(board, 1.5 - points[:, 2])

    def tint(points: torch.Tensor) -> torch.Tensor:
        red = points[:, 2:] < 1.0
        return torch.where(red, torch.tensor([1.0, 0, 0]), torch.tensor([0.0, 1, 0]))

    seen = render_rays(Analytic(sdf, tint), cells_of(), *straight(-0.5, 0.5), 5.0)
    torch.testing.assert_close(seen.distance_m, torch.tensor([0.65, 1.48]), atol=NEAR_M, rtol=0)
    expected = torch.tensor([[1.0, 0, 0], [0.0, 1, 0]])
    torch.testing.assert_close(seen.color, expected, atol=0.02, rtol=0)


def test_gaps_between_living_cells_make_no_fog():
    field = Analytic(wall(1.75))
    cells = cells_of()
    cells.alive[:] = False
    cells.alive[:, :, [2, 5, 6, 11, 17]] = True
    rays = straight(-0.5, 0.0, 0.5)
    seen = render_rays(field, cells, *rays, 5.0)
    torch.testing.assert_close(seen.distance_m, torch.full((3,), 1.73), atol=NEAR_M, rtol=0)
    # Without the wall's cell there is nothing at all.
    cells.alive[:, :, 17] = False
    seen = render_rays(field, cells, *rays, 5.0)
    assert float(seen.opacity.max()) < 1e-3
    assert seen.distance_m.tolist() == [0.0, 0.0, 0.0]


def test_haze_counts_in_living_cells_alone():
    field = Analytic(lambda points: 0.1 - 0.0 * points[:, 0], beta_m=0.02)
    cells = cells_of()
    full = render_rays(field, cells, *straight(0.0), 5.0)
    cells.alive[:, :, 1::2] = False
    half = render_rays(field, cells, *straight(0.0), 5.0)
    # Even haze of sigmoid(−5)/0.02 = 0.335 per metre over 1.98 m, and over half of that.
    assert -np.log(1 - float(full.opacity)) == pytest.approx(0.335 * 1.98, rel=0.03)
    assert -np.log(1 - float(half.opacity)) == pytest.approx(0.335 * 0.98, rel=0.05)


def test_rays_end_at_their_limit():
    field = Analytic(wall(1.5))
    assert float(render_rays(field, cells_of(), *straight(0.0), 1.4).opacity) < 1e-3
    assert float(render_rays(field, cells_of(), *straight(0.0), 1.6).opacity) > 0.98


def test_rays_from_outside_of_the_box():
    field = Analytic(wall(1.5))
    seen = render_rays(field, cells_of(), *straight(0.3, 5.0, z=-3.0), 9.0)
    torch.testing.assert_close(seen.distance_m, torch.tensor([4.5, 0.0]), atol=NEAR_M, rtol=0)
    assert float(seen.opacity[1]) == 0.0


def test_no_rays_see_nothing():
    seen = render_rays(Analytic(wall(1.5)), cells_of(), *(x[:0] for x in straight(0.0)), 5.0)
    assert seen.color.shape == (0, 3)
    assert seen.distance_m.shape == (0,)


def test_views_are_the_same_in_portions(monkeypatch):
    torch.manual_seed(0)
    field = SceneField(BOX, SMALL)
    torch.nn.init.normal_(field.grid.table)
    torch.nn.init.zeros_(field.trunk[-1].bias)  # surfaces everywhere
    args = cells_of(), Intrinsics(13, 7, 12.0, 12.0, 6.0, 3.0), pose(), 5.0
    whole = render_view(field, *args)
    monkeypatch.setattr(rendering, "RAYS_AT_ONCE", 10)
    told: list[float] = []
    parts = render_view(field, *args, progress=lambda stage, share: told.append(share))
    np.testing.assert_allclose(told, [*np.arange(10, 91, 10) / 91, 1.0])
    assert (whole.depth_m > 0).any()
    for name in ("color", "depth_m", "normals_world", "opacity"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), atol=1e-5)


def test_normals_face_the_camera_from_both_sides():
    sheet = Analytic(lambda points: (points[:, 2] - 1.0).abs() - 0.03)
    for position, yaw, facing in (((0, 0, 0.1), 0.0, -1.0), ((0, 0, 1.9), np.pi, 1.0)):
        view = render_view(sheet, cells_of(), CAMERA, pose(position, yaw), 5.0)
        np.testing.assert_allclose(view.normals_world[..., 2], facing, atol=1e-4)


def test_normals_face_the_camera_that_looks_out_of_a_solid():
    field = Analytic(lambda points: points[:, 2] - 0.97)  # solid this side of 0.97 m
    cells = cells_of()
    cells.alive[:] = False
    cells.alive[:, :, 9] = True  # from 0.9 m on
    view = render_view(field, cells, CAMERA, pose(), 5.0)
    np.testing.assert_allclose(view.depth_m, 0.9, atol=0.01)
    np.testing.assert_allclose(view.normals_world[..., 2], -1.0, atol=1e-4)


def test_pictures_need_no_gradients():
    seen = render_rays(Analytic(wall(1.5)), cells_of(), *straight(0.0), 5.0)
    assert not any(x.requires_grad for x in (seen.color, seen.opacity, seen.distance_m))


def test_as_a_view_colours_are_bytes_and_what_is_not_there_is_black():
    color = np.array([[[0.0, 0.5, 1.5], [0.2, 0.4, 0.8]]], np.float32)
    depth, normals = np.array([[1.2, 0.0]], np.float32), np.zeros((1, 2, 3), np.float32)
    view = rendering.FieldView(color, depth, normals, depth).as_view()
    assert view.color.tolist() == [[[0, 128, 255], [0, 0, 0]]] and view.drawn_by == "field"
    assert view.depth_m is depth and view.normals_world is normals
