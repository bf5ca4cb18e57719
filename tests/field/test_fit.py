"""Fitting a field to a few pictures of a painted wall."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from nesf_ros.errors import FieldError
from nesf_ros.field import fit
from nesf_ros.field.cells import Cells
from nesf_ros.field.fit import FitConfig, Fitter, near_surface
from nesf_ros.field.rendering import render_view
from nesf_ros.field.replay import Replay
from nesf_ros.field.scene_field import SceneField

from .scenes import BOX, CAMERA, SMALL, depth_of, on_wall, paint, pose, wall_frame

QUICK = FitConfig(rays=256, free=3, near=6, tints=256, blind=24, half_life=1000)
WALL_M = 1.2
VIEWS = (pose((-0.1, 0.0, 0.1)), pose((0.1, 0.05, 0.0), 0.05), pose((0.0, -0.1, 0.05), -0.05))


def new_fitter(*frames, config: FitConfig = QUICK, seed: int = 0) -> Fitter:
    torch.manual_seed(seed)
    field = SceneField(BOX, SMALL)
    fitter = Fitter(field, Cells.over(BOX, 0.1), Replay(5.0, seed), config)
    for frame in frames:
        fitter.add(frame)
    return fitter


def wall_frames(**how):
    return [wall_frame(view, WALL_M, **how) for view in VIEWS]


def sdf_slopes(fitter: Fitter) -> torch.Tensor:
    """What the last step says of the weights that make signed distances and nothing else."""
    return fitter.field.trunk[-1].weight.grad[0].clone()


def test_a_wall_is_found_and_painted():
    fitter = new_fitter(*wall_frames())
    first = fitter.step()
    for _ in range(79):
        last = fitter.step()
    assert last < first / 4
    seen_from = pose((0.03, 0.02, 0.02), 0.02)  # nobody was here
    view = render_view(fitter.field, fitter.cells, CAMERA, seen_from, 5.0)
    points = on_wall(CAMERA, seen_from, WALL_M)
    middle = (slice(4, -4), slice(4, -4))
    error = np.abs(view.depth_m - depth_of(points, seen_from))[middle]
    assert np.median(error) < 0.01
    assert error.mean() < 0.01
    assert np.abs(view.color - paint(points))[middle].mean() < 0.08
    assert np.median(view.normals_world[middle][..., 2]) < -0.9
    assert view.opacity[middle].min() > 0.9


def test_the_way_to_a_surface_is_clear():
    fitter = new_fitter(*wall_frames())
    for _ in range(60):
        fitter.step()
    places = torch.tensor([[0.0, 0.0, z] for z in (0.3, 0.6, 0.9, WALL_M - 0.06)])
    assert (fitter.field.density(places) < 1.0).all()
    assert float(fitter.field.density(torch.tensor([[0.0, 0.0, WALL_M + 0.01]]))) > 20


def test_a_frame_without_depth_is_learned_from():
    fitter = new_fitter(wall_frame(pose(), WALL_M, measured=False))
    losses = [fitter.step() for _ in range(60)]
    assert np.isfinite(losses).all()
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:3])


def test_frames_with_and_without_depth_together():
    fitter = new_fitter(*wall_frames()[:2], wall_frame(VIEWS[2], WALL_M, measured=False))
    losses = [fitter.step()]
    # All began at 1, and have gone three tenths of the way to their own.
    assert (np.abs(fitter.replay.losses - 0.7) > 0.01).all()
    losses += [fitter.step() for _ in range(39)]
    assert np.mean(losses[-3:]) < 0.5 * losses[0]
    assert fitter.replay.blind


def test_colour_says_nothing_of_where_measured_surfaces_are():
    slopes = []
    for gain in (1.0, 0.2):
        fitter = new_fitter(*wall_frames(gain=gain))
        torch.nn.init.zeros_(fitter.field.trunk[-1].bias)  # dense, so that all weights matter
        fitter.step()
        slopes.append(sdf_slopes(fitter))
        assert fitter.field.shade[0].weight.grad.abs().sum() > 0
    assert slopes[0].abs().sum() > 0
    torch.testing.assert_close(slopes[0], slopes[1], rtol=1e-5, atol=1e-8)


def test_colour_alone_says_where_unmeasured_surfaces_are():
    slopes = []
    for gain in (1.0, 0.2):
        fitter = new_fitter(*wall_frames(gain=gain, measured=False))
        fitter.step()
        slopes.append(sdf_slopes(fitter))
    assert slopes[0].abs().sum() > 0
    assert (slopes[0] - slopes[1]).abs().max() > 0.1 * slopes[0].abs().max()


@pytest.mark.parametrize(("measured", "expected"), [(True, 0), (False, 3)])
def test_clear_cells_are_searched_where_depth_is_missing(monkeypatch, measured, expected):
    monkeypatch.setattr(fit, "SURVEY_AFTER", 4)
    monkeypatch.setattr(fit, "SURVEY_EVERY", 2)
    seen = []
    monkeypatch.setattr(fit.Survey, "update", lambda *args: seen.append(args))
    config = replace(QUICK, rays=16, tints=16)
    fitter = new_fitter(*wall_frames(measured=measured), config=config)
    for _ in range(10):
        fitter.step()
    assert len(seen) == expected  # after steps 6, 8 and 10


def test_exposures_of_keyframes_are_told_apart():
    bright, dark = wall_frame(VIEWS[0], WALL_M), wall_frame(VIEWS[0], WALL_M, gain=0.5)
    fitter = new_fitter(bright, dark, config=replace(QUICK, exposure_rate=0.02))
    for _ in range(80):
        fitter.step()
    grey = torch.full((2, 3), 0.5)
    seen = fitter.exposure(grey, torch.tensor([0, 1])).mean(1)
    # Twice as bright: the field's colours lie between the two.
    assert (seen[0] / seen[1]).item() == pytest.approx(2.0, rel=0.25)


def test_the_rate_falls_by_half_lives_and_rises_with_a_keyframe():
    frames = wall_frames()
    config = replace(QUICK, rays=16, tints=16, half_life=8, least_rate=0.1)
    fitter = new_fitter(frames[0], config=config)
    assert fitter.rate == 1.0
    rates = []
    for _ in range(16):
        fitter.step()
        rates.append(fitter.rate)
    assert (rates[7], rates[15]) == (0.5, 0.25)
    assert rates == sorted(rates, reverse=True)
    fitter.add(frames[1])
    assert fitter.rate == pytest.approx(0.5**0.25)  # a quarter of a half-life


def test_a_keyframe_does_not_slow_a_field_that_learns_fast():
    frames = wall_frames()
    fitter = new_fitter(frames[0], config=replace(QUICK, rays=16, tints=16))
    fitter.step()
    before = fitter.rate
    fitter.add(frames[1])
    assert fitter.rate == before


def test_a_run_ends_when_the_field_is_done():
    config = replace(QUICK, rays=16, tints=16, half_life=2, least_rate=0.25)
    frames = wall_frames()
    fitter = new_fitter(frames[0], config=config)
    assert not fitter.done
    # Two half-lives of two steps.
    assert fitter.run(60.0) == 4
    assert fitter.done
    assert fitter.run(60.0) == 0
    fitter.add(frames[1])
    assert not fitter.done
    assert fitter.run(60.0) > 0
    assert fitter.steps > 4


def test_a_run_ends_in_time():
    fitter = new_fitter(*wall_frames(), config=replace(QUICK, rays=16, tints=16))
    assert fitter.run(0.0) == 0
    steps = fitter.run(0.05)
    assert 0 < steps == fitter.steps < 1000
    assert not fitter.done


def test_nothing_is_learned_of_nothing():
    with pytest.raises(FieldError):
        new_fitter().step()


def test_keyframes_let_go_are_learned_no_more():
    frames = wall_frames()
    fitter = new_fitter(*frames, config=replace(QUICK, rays=16, tints=16))
    for _ in range(3):
        fitter.step()
    kept = fitter.exposure.numbers[[0, 2]].detach().clone()
    fitter.keep([frames[0], frames[2]])
    assert len(fitter.replay) == fitter.exposure.used == 2
    assert torch.equal(fitter.exposure.numbers[:2], kept)
    fitter.step()
    assert not fitter.exposure.numbers[2:].any()
    fitter.add(frames[1])
    assert fitter.exposure.used == 3
    fitter.step()


def test_the_replay_hears_the_loss_of_each_keyframe(monkeypatch):
    config = replace(QUICK, rays=16, tints=16)
    fitter = new_fitter(*wall_frames(), config=config)
    loss = torch.arange(18.0, requires_grad=True)  # six rays of each, in the order of a draw
    monkeypatch.setattr(fitter, "_losses", lambda rays, owner: loss)
    order = []
    heard = fitter.replay.note
    monkeypatch.setattr(fitter.replay, "note", lambda *args: (order.extend(args[0]), heard(*args)))
    fitter.step()
    # Means of 2.5, 8.5 and 14.5: three tenths of the way there from 1.
    expected = np.zeros(3)
    expected[order[::6]] = [1.45, 3.25, 5.05]
    np.testing.assert_allclose(fitter.replay.losses, expected)


def test_places_near_a_surface_are_stratified():
    torch.manual_seed(0)
    distance = torch.tensor([1.0, 2.0]).repeat(500)
    t = near_surface(distance, (0.1, 0.02), 6)
    # Six parts of 2 cm from 10 cm before the surface on, one place in each.
    lower = distance[:, None] - 0.1 + 0.02 * torch.arange(6)
    assert ((t >= lower - 1e-6) & (t <= lower + 0.02 + 1e-6)).all()
    torch.testing.assert_close((t - lower).mean(0), torch.full((6,), 0.01), atol=1e-3, rtol=0)


def test_no_place_lies_behind_a_camera():
    t = near_surface(torch.tensor([0.05]).repeat(50), (0.1, 0.02), 6)
    assert (t >= 0).all()
    assert (t[:, :2] == 0).all()


def test_what_has_left_the_map_teaches_nothing():
    fitter = new_fitter(*wall_frames())
    fitter.cells.alive[:] = False  # where the wall was is nothing any more
    before = [parameter.detach().clone() for parameter in fitter.field.parameters()]
    assert fitter.step() == 0.0
    assert all(map(torch.equal, before, fitter.field.parameters()))
    fitter.cells.alive[:] = True
    assert fitter.step() > 0.1
