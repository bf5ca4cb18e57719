"""`se3`, in matrices, is the oracle of `pose7`."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nesf_ros.geometry import pose7, se3

numbers = st.floats(-10, 10)


@st.composite
def poses(draw):
    parts = st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: math.hypot(*q) > 0.1)
    quaternion = draw(parts)
    norm = math.hypot(*quaternion)
    translation = draw(st.tuples(numbers, numbers, numbers))
    return (*translation, *(value / norm for value in quaternion))


def matrix(pose):
    return se3.from_quaternion_xyzw(pose[:3], pose[3:])


@given(poses())
def test_matrices_agree(pose):
    np.testing.assert_allclose(pose7.to_matrix(pose), matrix(pose), atol=1e-12)


@given(poses(), poses())
def test_products_agree(a, b):
    np.testing.assert_allclose(matrix(pose7.multiply(a, b)), matrix(a) @ matrix(b), atol=1e-9)


@given(poses())
def test_inverses_agree(pose):
    np.testing.assert_allclose(matrix(pose7.invert(pose)), se3.invert(matrix(pose)), atol=1e-9)


@given(poses(), poses(), st.floats(0, 1))
def test_interpolation_does_not_depend_on_the_sign_of_a_quaternion(a, b, fraction):
    negated = (*b[:3], *(-value for value in b[3:]))
    one, other = (pose7.interpolate(a, end, fraction) for end in (b, negated))
    # Half a turn apart both ways are equally short, and either is right.
    if abs(sum(p * q for p, q in zip(a[3:], b[3:], strict=True))) > 1e-6:
        np.testing.assert_allclose(matrix(one), matrix(other), atol=1e-9)


def test_small_and_large_turns_are_interpolated_at_constant_speed():
    for angle in (1e-6, 0.01, 0.03, 1.0, 3.1):
        end = (0.0, 0.0, math.sin(angle / 2), math.cos(angle / 2))
        _, _, z, w = pose7.slerp((0.0, 0.0, 0.0, 1.0), end, 0.3)
        assert math.isclose(2 * math.atan2(z, w), 0.3 * angle, rel_tol=1e-5)
