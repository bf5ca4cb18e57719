"""Fitting a language field before a wall that is known by formula."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from nesf_ros.errors import FieldError
from nesf_ros.field.cells import Cells
from nesf_ros.field.fit import Fitter, near_surface
from nesf_ros.field.hash_grid import Lattices
from nesf_ros.field.rays import FrameRays, Rays
from nesf_ros.field.replay import Replay
from nesf_ros.field.scene_field import SceneField, optical_depth, weights_of
from nesf_ros.semantics.lerf.fit import Along, LanguageFitter, surfaces
from nesf_ros.semantics.lerf.language_field import LanguageField
from nesf_ros.semantics.lerf.presets import LerfPreset
from nesf_ros.semantics.lerf.supervision import CropPyramid, Crops, Lesson, crop_pyramid
from nesf_ros.types import PosedFrame
from nesf_ros.vision.tiles import Tiling
from tests.field.scenes import (
    BOX,
    CAMERA,
    SMALL,
    Analytic,
    depth_of,
    on_wall,
    pose,
    posed,
    sphere,
    wall,
)
from tests.semantics.test_language import ColorModel

WALL_M = 1.2
DIM, PATCH_DIM = 4, 3
QUICK = LerfPreset(lattices=(Lattices(4, 4, 12, 0.5, 0.1),), width=32, rays=192, steps=60)


def two_colours(world_T_camera=None, measured: bool = True) -> PosedFrame:
    """The wall, red where x < 0 and blue elsewhere."""
    view = pose() if world_T_camera is None else world_T_camera
    points = on_wall(CAMERA, view, WALL_M)
    color = np.where(points[..., :1] < 0, (255, 0, 0), (0, 0, 255)).astype(np.uint8)
    return posed(color, depth_of(points, view) * np.float32(measured), view)


def of_colours(frame: PosedFrame) -> Lesson:
    """What a model that sees colours says; its patches are every other pixel's."""
    color = frame.rgbd.color
    crops = crop_pyramid(ColorModel(), color, Crops((0.2, 0.4, 0.8)))
    return Lesson(crops, torch.from_numpy(color[::2, ::2] / 255).half())


def scene_of(*frames: PosedFrame, field: SceneField | None = None) -> Fitter:
    scene = Fitter(field or Analytic(wall(WALL_M)), Cells.over(BOX, 0.1), Replay(5.0, 0))
    for frame in frames:
        scene.add(frame)
    return scene


def new_fitter(scene: Fitter, preset: LerfPreset = QUICK, dim: int = DIM) -> LanguageFitter:
    torch.manual_seed(0)
    return LanguageFitter(LanguageField(BOX, preset, dim, PATCH_DIM), scene, preset)


def taught_fitter(*frames: PosedFrame, preset: LerfPreset = QUICK) -> LanguageFitter:
    fitter = new_fitter(scene_of(*frames), preset)
    for frame in frames:
        fitter.teach(frame, of_colours(frame))
    return fitter


def state_of(module: torch.nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


@pytest.mark.parametrize("measured", [True, False])
def test_each_place_looks_like_its_colour(measured):
    frames = [two_colours(pose((x, 0.0, z)), measured) for x, z in ((-0.1, 0.0), (0.1, 0.2))]
    fitter = taught_fitter(*frames, preset=replace(QUICK, samples=12 if not measured else 3))
    losses = [fitter.step() for _ in range(60)]
    assert np.mean(losses[-5:]) < 0.3 * losses[0]
    x = torch.tensor([-0.35, -0.25, 0.25, 0.35])
    points = torch.stack([x, torch.zeros(4), torch.full((4,), WALL_M)], 1)
    red, blue = ColorModel().encode_text(["red", "blue"])
    for size in (0.2, 0.3):
        found = fitter.language.embeddings(points, torch.full((4,), size))
        assert ((found[:2] @ red).min() > 0.9) and ((found[2:] @ blue).min() > 0.9)
        assert ((found[:2] @ blue).max() < 0.4) and ((found[2:] @ red).max() < 0.4)
    patches = fitter.language.patch_last(
        fitter.language.patch_hidden(fitter.language.encoded(points))
    )
    expected = torch.tensor([[1.0, 0, 0]] * 2 + [[0, 0, 1.0]] * 2)
    torch.testing.assert_close(patches, expected, atol=0.25, rtol=0)


def by_side(sides_px: tuple[int, ...]) -> Lesson:
    """Crops that look like the number of their size, wherever they are."""
    levels = tuple(Tiling(side, side, (0,), (0,)) for side in sides_px)
    pyramid = CropPyramid(levels, torch.eye(len(sides_px)))
    return Lesson(pyramid, torch.zeros(2, 2, PATCH_DIM).half())


def test_a_size_is_a_physical_one():
    """At 1.2 m and f = 40 px, s = s_img · t / f makes 15 cm of 5 px; at 0.6 m it takes 10."""
    far, near = two_colours(pose()), two_colours(pose((0.0, 0.0, 0.6)))
    preset = replace(QUICK, steps=120, patch_weight=0.0)
    fitter = new_fitter(scene_of(far, near), preset, dim=3)
    fitter.teach(far, by_side((5, 10, 20)))
    # From near by 30 px are 45 cm, as are 15 px from afar: half way between the last two there.
    lesson = by_side((10, 20, 30))
    lesson.crops.embeddings[2] = torch.tensor([0.0, 0.5, 0.5])
    fitter.teach(near, lesson)
    for _ in range(120):
        last = fitter.step()
    # Sizes in pixels would contradict each other.
    assert last < 0.05
    points = torch.tensor([[0.0, 0.0, WALL_M], [0.2, 0.1, WALL_M]])
    for number, size in enumerate((0.15, 0.3, 0.6)):
        found = fitter.language.embeddings(points, torch.full((2,), size))
        assert found[:, number].min() > 0.9, size


def test_the_scene_learns_nothing_from_language():
    torch.manual_seed(0)
    field = SceneField(BOX, SMALL)
    with torch.no_grad():
        field.trunk[-1].bias[0] = 0.0  # a fog, so that there is something to be taught
    frame = two_colours()
    fitter = new_fitter(scene_of(frame, field=field))
    fitter.teach(frame, of_colours(frame))
    scene, language = state_of(field), state_of(fitter.language)
    assert fitter.step() > 0
    fitter.step()
    assert all(torch.equal(now, scene[name]) for name, now in field.state_dict().items())
    assert all(parameter.grad is None for parameter in field.parameters())
    now = fitter.language.state_dict()
    assert all(not torch.equal(now[name], language[name]) for name in now)


def test_patches_that_weigh_nothing_teach_nothing():
    fitter = taught_fitter(two_colours(), preset=replace(QUICK, patch_weight=0.0))
    before = state_of(fitter.language)
    fitter.step()
    now = fitter.language.state_dict()
    same = {name for name in now if torch.equal(now[name], before[name])}
    assert same == {name for name in now if name.startswith("patch_")} and same


def test_rates_fall_and_rise_with_a_new_lesson():
    frames = two_colours(), two_colours(pose((0.1, 0.0, 0.0)))
    preset = replace(QUICK, steps=8, rays=16, table_rate=0.02, net_rate=0.004, last_rate=0.1)
    fitter = new_fitter(scene_of(*frames), preset)
    fitter.teach(frames[0], of_colours(frames[0]))
    assert fitter.rate == 1.0 and not fitter.done
    for _ in range(4):
        fitter.step()
    assert fitter.rate == pytest.approx(0.1**0.5)
    fitter.step()
    rates = [group["lr"] for group in fitter.optimizer.param_groups]
    assert rates == pytest.approx([0.02 * 0.1**0.5, 0.004 * 0.1**0.5])
    for _ in range(6):
        fitter.step()
    assert fitter.done and fitter.rate == pytest.approx(0.1)
    fitter.teach(frames[1], of_colours(frames[1]))
    assert not fitter.done and fitter.rate == pytest.approx(0.1**0.25)
    young = new_fitter(scene_of(*frames), preset)
    young.teach(frames[0], of_colours(frames[0]))
    young.step()
    young.teach(frames[1], of_colours(frames[1]))
    assert young.steps == 1  # no older for it


def test_both_fields_must_know_a_keyframe():
    known, unknown = two_colours(), two_colours()
    fitter = new_fitter(scene_of(known))
    with pytest.raises(FieldError, match="no keyframe of the field was looked at"):
        fitter.step()
    fitter.teach(unknown, of_colours(unknown))
    assert fitter.taught == []
    with pytest.raises(FieldError, match="no keyframe"):
        fitter.step()
    fitter.teach(known, of_colours(known))
    assert [rays.frame for rays in fitter.taught] == [known]
    fitter.step()
    fitter.forget(known)
    fitter.forget(known)  # twice is no harm
    with pytest.raises(FieldError, match="no keyframe"):
        fitter.step()


def test_where_the_field_has_no_surface_nothing_is_learned():
    """The reading is of something half a metre before the wall that the field does not know."""
    frame = two_colours()
    frame = replace(frame, rgbd=replace(frame.rgbd, depth_m=frame.rgbd.depth_m - np.float32(0.5)))
    fitter = taught_fitter(frame)
    before = state_of(fitter.language)
    assert fitter.step() == 0.0
    now = fitter.language.state_dict()
    assert all(torch.equal(now[name], before[name]) for name in now)


def test_a_colour_camera_that_sees_nothing_of_it_teaches_nothing():
    frame = two_colours()
    away = replace(frame.rgbd, depth_T_color=pose(yaw_rad=np.pi))
    fitter = taught_fitter(replace(frame, rgbd=away))
    assert fitter.step() == 0.0


def test_what_is_shown_is_the_last_layer_of_the_weighted_sum():
    torch.manual_seed(0)
    field = LanguageField(BOX, QUICK, DIM, PATCH_DIM)
    points, weights = torch.rand(3, 4, 3), torch.rand(3, 4)
    scale = 0.05 + torch.rand(3, 4)
    along = Along(field, points, weights)
    for ray in range(3):
        hidden = patch = 0
        for sample in range(4):
            share = weights[ray, sample] / weights[ray].sum()
            encoded = field.encoded(points[ray, sample][None])
            hidden = hidden + share * field.hidden(encoded, scale[ray, sample][None])
            patch = patch + share * field.patch_hidden(encoded)
        expected = F.normalize(field.last(hidden), dim=1)[0]
        torch.testing.assert_close(along.embeddings(scale)[ray], expected, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(along.patches()[ray], field.patch_last(patch)[0])


def bundle(frame: PosedFrame, count: int = 200) -> Rays:
    return FrameRays(frame, 5.0).draw(count, np.random.default_rng(0))


def test_weights_are_the_largest_of_twice_as_many_segments():
    scene, rays = scene_of(two_colours()), bundle(two_colours(), 50)
    torch.manual_seed(7)
    t, weights = surfaces(scene, rays, 4)
    torch.manual_seed(7)
    band = scene.field.truncation_m
    edges = near_surface(rays.distance_m, (band / 2, band / 4), 9)
    sdf = (WALL_M - rays.at(edges)[..., 2]).clamp(-band, band)
    all_weights = weights_of(optical_depth(sdf, edges, scene.field.beta_m)).detach()
    for ray in range(50):
        best = np.argsort(-all_weights[ray].numpy(), kind="stable")[:4]
        middles = ((edges[ray, 1:] + edges[ray, :-1]) / 2).numpy()
        np.testing.assert_allclose(weights[ray], all_weights[ray][best], atol=1e-5)
        heavy = weights[ray].numpy() > 1e-4  # the others are as good as equal
        np.testing.assert_allclose(t[ray].numpy()[heavy], middles[best][heavy], atol=1e-5)
    assert not weights.requires_grad and not t.requires_grad


def test_surfaces_are_found_with_and_without_a_distance():
    measured, blind = bundle(two_colours()), bundle(two_colours(measured=False))
    both = Rays.cat([measured, blind])
    count = 24
    t, weights = surfaces(scene_of(two_colours()), both, count)
    assert t.shape == weights.shape == (400, count)
    total = weights.sum(1)
    assert total.min() > 0.9 and total.max() < 1 + 1e-5
    found = (t * weights).sum(1) / total
    truth = WALL_M / both.directions[:, 2]
    # Segments of a measured ray are 7.5 cm / 48 long; others' those of the box, some 2 m / 49.
    assert (found - truth)[:200].abs().max() < 0.005
    assert (found - truth)[200:].abs().max() < 0.06
    assert (blind.distance_m == 0).all() and (measured.distance_m > 0).all()


def test_rays_that_meet_nothing_weigh_nothing():
    nothing = scene_of(two_colours(), field=Analytic(sphere((0.0, 0.0, 9.0), 0.1)))
    both = Rays.cat([bundle(two_colours(), 20), bundle(two_colours(measured=False), 20)])
    assert surfaces(nothing, both, 6)[1].max() < 1e-4
