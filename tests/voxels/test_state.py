"""Signed distance and evidence to codes, states and probabilities."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nesf_ros.types import FREE, OCCUPIED, UNOBSERVED
from nesf_ros.voxels.state import (
    HALF_WIDTH,
    SPREAD,
    occupancy_code,
    probability_of,
    state_of,
    surface_probability,
)

DISTANCES = st.floats(-4, 4, width=32)


def code_at(distance_voxels: float, weight: float = 1.0, truncation: float = 4.0) -> int:
    value = torch.tensor([distance_voxels / truncation])
    return int(occupancy_code(value, torch.tensor([weight]), truncation))


def test_probability_by_hand():
    def normal(x: float) -> float:
        return 0.5 * (1 + math.erf(x / math.sqrt(2)))

    for d in (-1.0, -0.3, 0.0, 0.5, HALF_WIDTH, 1.2):
        expected = normal((HALF_WIDTH - d) / SPREAD) - normal((-HALF_WIDTH - d) / SPREAD)
        assert float(surface_probability(torch.tensor(d))) == pytest.approx(expected, abs=1e-6)
    # At a border of the band, one half: the other border is many deviations away.
    assert float(surface_probability(torch.tensor(HALF_WIDTH))) == pytest.approx(0.5, abs=1e-6)


@given(st.lists(DISTANCES, min_size=2))
def test_probability_falls_with_the_distance_and_is_even(distances):
    near_first = torch.tensor(sorted(distances, key=abs))
    probability = surface_probability(near_first)
    assert (probability.diff() <= 1e-6).all()
    torch.testing.assert_close(probability, surface_probability(-near_first), atol=1e-6, rtol=0)


@given(DISTANCES)
def test_codes_from_128_up_are_exactly_those_of_one_half_and_more(distance):
    probability = float(surface_probability(torch.tensor([distance / 4.0]) * 4.0))
    code = code_at(distance)
    assert (code >= 128) == (probability >= 0.5)
    if code:
        assert (code - 1) / 254 <= probability + 1e-6
        assert probability < code / 254 + 1e-6


def test_states_apart():
    assert code_at(0.0, weight=0.0) == 0  # a surface nobody has seen
    assert code_at(4.0) == 1  # surely free
    assert code_at(0.0) >= 240
    outside = HALF_WIDTH + 0.05
    assert code_at(outside) in range(1, 128)  # just in front of a surface: free
    assert code_at(-outside) == 0  # just behind it: nobody has seen that
    assert code_at(-HALF_WIDTH + 0.05) == code_at(HALF_WIDTH - 0.05) >= 128
    codes = torch.tensor([0, 1, 127, 128, 255], dtype=torch.uint8)
    assert state_of(codes).tolist() == [UNOBSERVED, FREE, FREE, OCCUPIED, OCCUPIED]


def test_probability_of_codes():
    values = probability_of(torch.tensor([0, 1, 128, 255], dtype=torch.uint8)).tolist()
    assert math.isnan(values[0])
    assert values[1:] == pytest.approx([0.0, 0.5, 1.0])
