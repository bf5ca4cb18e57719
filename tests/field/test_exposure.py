"""Exposures of keyframes, against their mean."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nesf_ros.field.exposure import LARGEST_GAP_NS, Exposure

S = 1_000_000_000
NEUTRAL = torch.tensor([[1.0, 1, 1], [0.0, 0, 0]])


def exposure_of(*numbers: tuple[float, float]) -> Exposure:
    """Log gain and offset of each keyframe, alike for the three channels."""
    exposure = Exposure(8)
    exposure.used = len(numbers)
    with torch.no_grad():
        exposure.numbers[: len(numbers)] = torch.tensor(numbers)[..., None]
    return exposure


def test_colours_by_hand():
    # Gains of 2 and 1/2 are as far from their mean, offsets 0.1 and 0.3 from 0.2.
    exposure = exposure_of((math.log(2), 0.1), (-math.log(2), 0.3))
    color = torch.tensor([[0.2, 0.3, 0.4], [0.2, 0.3, 0.4]])
    out = exposure(color, torch.tensor([0, 1]))
    torch.testing.assert_close(out, torch.tensor([[0.3, 0.5, 0.7], [0.2, 0.25, 0.3]]))


def test_channels_differ():
    exposure = Exposure(2)
    exposure.used = 2
    with torch.no_grad():
        exposure.numbers[0, 0] = torch.tensor([math.log(4), 0.0, -math.log(4)])
    out = exposure(torch.full((1, 3), 0.4), torch.tensor([0]))
    torch.testing.assert_close(out, torch.tensor([[0.8, 0.4, 0.2]]))


@settings(max_examples=30)
@given(st.floats(-2, 2), st.floats(-1, 1), st.integers(0, 1000))
def test_what_all_keyframes_share_changes_nothing(gain, offset, seed):
    generator = torch.Generator().manual_seed(seed)
    numbers = [tuple(x) for x in torch.randn(5, 2, generator=generator).tolist()]
    shifted = [(a + gain, b + offset) for a, b in numbers]
    color, owner = torch.rand(5, 3, generator=generator), torch.arange(5)
    found = exposure_of(*shifted)(color, owner)
    torch.testing.assert_close(found, exposure_of(*numbers)(color, owner), rtol=1e-4, atol=1e-5)


def test_on_average_nothing_changes():
    relative = exposure_of((0.3, 0.1), (0.7, -0.4), (-0.2, 0.5)).relative()
    torch.testing.assert_close(relative.mean(0), torch.zeros(2, 3), atol=1e-7, rtol=0)


def test_one_keyframe_alone_is_the_measure():
    color = torch.rand(3, 3)
    out = exposure_of((0.9, -0.3))(color, torch.zeros(3, dtype=torch.long))
    assert torch.equal(out, color)


def test_between_two_keyframes_by_hand():
    exposure = exposure_of((0.4, 0.2), (-0.4, -0.2))
    # A quarter of the way from the first to the second: 0.75·0.4 − 0.25·0.4.
    found = exposure.at(S // 4, [0, S])
    torch.testing.assert_close(found[0], torch.full((3,), math.exp(0.2)))
    torch.testing.assert_close(found[1], torch.full((3,), 0.1))


@pytest.mark.parametrize("order", [1, -1])
def test_those_before_and_after_count_and_no_third(order):
    exposure = exposure_of(*[(0.6, 0.0), (0.0, 0.0), (-0.6, 0.0)][::order])
    found = exposure.at(6 * S, [int(x * S) for x in (4.5, 5.5, 6.5)][::order])
    torch.testing.assert_close(found[0], torch.full((3,), math.exp(-0.3)))


def test_the_nearest_before_and_after_count_even_if_two_on_one_side_are_nearer():
    exposure = exposure_of((0.6, 0.0), (0.0, 0.0), (-0.6, 0.0))
    # 0.2 s after the second and 0.8 s before the third: a fifth of the way.
    found = exposure.at(int(5.2 * S), [int(x * S) for x in (4.9, 5.0, 6.0)])
    torch.testing.assert_close(found[0], torch.full((3,), math.exp(-0.12)))


def test_at_a_keyframe_itself():
    found = exposure_of((0.4, 0.2), (-0.4, -0.2)).at(5 * S, [5 * S, 6 * S])
    torch.testing.assert_close(found[:, 0], torch.tensor([math.exp(0.4), 0.2]))


def test_beyond_the_last_keyframe_its_own_is_taken():
    found = exposure_of((0.4, 0.2), (-0.4, -0.2)).at(6 * S, [2 * S, 5 * S])
    torch.testing.assert_close(found[:, 0], torch.tensor([math.exp(-0.4), -0.2]))


def test_neutral_where_no_keyframe_is_near():
    exposure = exposure_of((0.4, 0.2), (-0.4, -0.2))
    assert torch.equal(exposure.at(5 * S + LARGEST_GAP_NS + 1, [0, 5 * S]), NEUTRAL)
    assert not torch.equal(exposure.at(5 * S + LARGEST_GAP_NS, [0, 5 * S]), NEUTRAL)
    assert torch.equal(Exposure(4).at(0, []), NEUTRAL)


def test_keeping_some():
    exposure = exposure_of((0.1, 0.0), (0.2, 0.0), (0.4, 0.0), (0.8, 0.0))
    exposure.keep([1, 3])
    torch.testing.assert_close(exposure.numbers[:3, 0, 0], torch.tensor([0.2, 0.8, 0.0]))
    assert exposure.used == 2
    # 0.3 either side of their mean.
    torch.testing.assert_close(exposure.relative()[:, 0, 0], torch.tensor([-0.3, 0.3]))
    exposure.keep([])
    assert exposure.used == 0
    assert not exposure.numbers.any()


def test_gradients_reach_the_keyframes_in_use_alone_and_cancel():
    exposure = exposure_of((0.1, 0.0), (0.2, 0.0))
    exposure(torch.rand(4, 3), torch.tensor([0, 0, 0, 1])).sum().backward()
    slope = exposure.numbers.grad
    assert float(slope[2:].abs().sum()) == 0.0
    assert float(slope[0].abs().sum()) > 0
    torch.testing.assert_close(slope[0], -slope[1])  # against the mean
