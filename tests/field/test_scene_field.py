"""Density of a signed distance, its integral, and what follows from it."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nesf_ros.field import scene_field
from nesf_ros.field.scene_field import SceneField, optical_depth, weights_of

from .scenes import BOX, SMALL, Analytic, sphere, wall

FEW = settings(max_examples=40, deadline=None)
BETA = torch.tensor(0.01, dtype=torch.float64)


def depth_of(sdf: list[float], t: list[float], beta: torch.Tensor = BETA) -> torch.Tensor:
    return optical_depth(*(torch.tensor([x], dtype=torch.float64) for x in (sdf, t)), beta)[0]


def integral(first: float, last: float, length: float, beta: float) -> float:
    """∫ sigmoid(−s/β)/β over a segment on which s is linear, by the trapezoid rule."""
    s = np.linspace(first, last, 200_001)
    return float(np.trapezoid(1 / (1 + np.exp(s / beta)) / beta, dx=length / 200_000))


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (0.05, -0.05),  # through a surface
        (-0.05, 0.05),  # out of one
        (0.02, 0.02),
        (0.0, 0.0),
        (-0.03, -0.03),
        (0.02, 0.02 + 5e-6),  # so flat that the quotient would be rounding
        (0.02, 0.02 + 2e-5),
        (0.1, 0.0),
        (0.1, 0.09),
    ],
)
@pytest.mark.parametrize("length", [0.001, 0.1, 3.0])
def test_optical_depth_is_the_integral_of_density(first, last, length):
    found = depth_of([first, last], [1.0, 1.0 + length])
    assert float(found) == pytest.approx(integral(first, last, length, 0.01), rel=1e-5)


@FEW
@given(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1), st.floats(0.002, 0.05), st.floats(0.0, 2.0))
def test_optical_depth_is_that_integral_everywhere(first, last, beta, length):
    found = depth_of([first, last], [0.5, 0.5 + length], torch.tensor(beta, dtype=torch.float64))
    expected = integral(first, last, length, beta)
    assert float(found) == pytest.approx(expected, rel=1e-5, abs=1e-12)


def test_coarse_segments_say_the_same_as_fine_ones():
    t = np.linspace(0, 0.4, 65)
    sdf = 0.23 - 0.6 * t
    fine = depth_of(sdf.tolist(), t.tolist())
    coarse = depth_of(sdf[::16].tolist(), t[::16].tolist())
    torch.testing.assert_close(coarse, fine.view(4, 16).sum(1))


def test_optical_depth_by_hand():
    # Flat at the surface, s = 0: half of 1/β over 0.3 m. Deep inside: 1/β over 0.2 m.
    found = depth_of([0.0, 0.0, -1.0, -1.0], [0.0, 0.3, 0.3, 0.5])
    torch.testing.assert_close(found, torch.tensor([15.0, 0.0, 20.0]).double())


def test_optical_depth_stays_finite_far_from_surfaces():
    beta = torch.tensor(0.002)
    depth = optical_depth(torch.tensor([[50.0, 50.0, -50.0]]), torch.tensor([[0.0, 1, 2]]), beta)
    # From −50 to 50 m, half of the segment is solid: 0.5 m / β.
    torch.testing.assert_close(depth, torch.tensor([[0.0, 250.0]]))


def test_gradients_of_flat_segments_are_finite():
    sdf = torch.full((1, 3), 0.02).requires_grad_()
    optical_depth(sdf, torch.tensor([[0.0, 0.1, 0.2]]), torch.tensor(0.01)).sum().backward()
    # −σ′ over 0.2 m, half of it at the middle sample: sigmoid(−2)·(1 − sigmoid(−2))/β².
    slope = -0.104994 / 1e-4
    expected = torch.tensor([[0.05, 0.1, 0.05]]) * slope
    torch.testing.assert_close(sdf.grad, expected, rtol=1e-3, atol=0)


def test_places_out_of_order_add_nothing():
    assert depth_of([0.0, 0.0], [1.0, 0.5]).tolist() == [0.0]


@FEW
@given(st.floats(0.0, 0.1), st.floats(-0.1, 0.1))
def test_light_that_is_left_at_right_incidence_is_a_ratio_of_sigmoids(start, end):
    end = min(end, start)
    steps = np.linspace(start, end, 8)
    depth = depth_of(steps.tolist(), (start - steps).tolist())
    left = torch.exp(-depth.sum())
    expected = torch.sigmoid(end / BETA) / torch.sigmoid(start / BETA)
    torch.testing.assert_close(left, expected, rtol=1e-6, atol=1e-9)


def test_weights_by_hand():
    depth = torch.tensor([[math.log(2), math.log(4), 0.0, torch.inf]])
    # Half is taken, three quarters of the rest, nothing, all.
    torch.testing.assert_close(weights_of(depth[:, :3]), torch.tensor([[0.5, 0.375, 0.0]]))


@FEW
@given(st.lists(st.floats(0, 100), min_size=1, max_size=20))
def test_weights_are_what_the_light_loses(depths):
    depth = torch.tensor([depths], dtype=torch.float64)
    weights = weights_of(depth)
    assert (weights >= 0).all()
    total = weights.sum()
    assert total <= 1 + 1e-12
    torch.testing.assert_close(total, 1 - torch.exp(-depth.sum()))


def test_density_by_hand():
    field = Analytic(wall(1.0), beta_m=0.01)
    points = torch.tensor([[0.0, 0.0, z] for z in (0.98, 1.0, 1.02, 0.2, 1.8)])
    # sigmoid(±2)/β beside the surface, 1/(2β) on it; the signed distance ends at ±0.1 m.
    ends = [100 / (1 + math.exp(10)), 100 / (1 + math.exp(-10))]
    expected = [100 * 0.119203, 50.0, 100 * 0.880797, *ends]
    torch.testing.assert_close(field.density(points), torch.tensor(expected), rtol=1e-3, atol=0)


def test_density_is_the_same_in_portions(monkeypatch):
    field = SceneField(BOX, SMALL)
    points = torch.rand(50, 3)
    whole = field.density(points)
    monkeypatch.setattr(scene_field, "POINTS_AT_ONCE", 7)
    torch.testing.assert_close(field.density(points), whole)
    assert not whole.requires_grad
    assert field.density(points[:0]).shape == (0,)


def test_surfaces_never_get_sharper_than_a_fiftieth_of_the_truncation():
    field = SceneField(BOX, SMALL, truncation_m=0.2, beta_m=0.02)
    assert field.beta_m.item() == pytest.approx(0.02)
    torch.nn.init.constant_(field.log_beta, -20.0)
    assert field.beta_m.item() == pytest.approx(0.004)


def test_a_new_field_is_free_everywhere():
    field = SceneField(BOX, SMALL, truncation_m=0.1, beta_m=0.01)
    points = torch.tensor(BOX.lower) + torch.rand(500, 3) * 2
    # Signed distances are near the truncation: 1/β · sigmoid(−10) and a little.
    assert (field.density(points) < 0.05).all()
    color = field.color(field.shape(points))
    assert ((color > 0) & (color < 1)).all()


def test_normals_of_a_sphere_are_radial():
    centre = (0.1, -0.2, 0.9)
    outward = torch.nn.functional.normalize(torch.randn(50, 3), dim=1)
    points = torch.tensor(centre) + outward * (0.3 + 0.05 * torch.rand(50, 1))
    normals = Analytic(sphere(centre, 0.3)).normals(points)
    torch.testing.assert_close(normals, outward, atol=1e-5, rtol=0)
    assert not normals.requires_grad


def test_normals_are_nothing_where_the_field_is_flat():
    field = Analytic(wall(1.0))
    points = torch.tensor([[0.0, 0.0, 0.2], [0.0, 0.0, 1.01]])
    expected = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
    assert torch.equal(field.normals(points), expected)


def test_normals_of_a_learned_field_are_its_slopes():
    torch.manual_seed(0)
    field = SceneField(BOX, SMALL).double()
    torch.nn.init.normal_(field.grid.table)
    points = torch.rand(20, 3, dtype=torch.float64)
    step = 1e-7 * torch.eye(3, dtype=torch.float64)
    with torch.no_grad():
        slopes = [field.shape(points + d).sdf_m - field.shape(points - d).sdf_m for d in step]
    expected = torch.nn.functional.normalize(torch.stack(slopes, 1), dim=1)
    torch.testing.assert_close(field.normals(points), expected, atol=1e-5, rtol=0)


def test_normals_leave_no_gradients_behind():
    field = SceneField(BOX, SMALL)
    with torch.no_grad():
        field.normals(torch.rand(5, 3))
    assert all(p.grad is None for p in field.parameters())
