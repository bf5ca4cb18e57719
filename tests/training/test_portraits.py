import numpy as np

from nesf_ros.training.portraits import drawn, hangs

SMALL, LARGE, HANGING = ("apple", "bowl", "mug"), ("bed", "desk", "sofa"), ("curtain",)
KNOWN = (*SMALL, *LARGE, *HANGING)


def test_a_crowd_is_of_like_size_and_what_hangs_is_alone():
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(100):
        first, *others = drawn(KNOWN, True, rng)
        seen.add(first)
        if hangs(first):
            assert first in HANGING and not others
            continue
        # Three to five in all; a bed does not stand beside an apple.
        assert 2 <= len(others) <= 4
        assert set(others) <= set(SMALL if first in SMALL else LARGE)
    assert seen == set(KNOWN)


def test_what_is_no_crowd_is_one_thing():
    rng = np.random.default_rng(0)
    assert {len(drawn(KNOWN, False, rng)) for _ in range(50)} == {1}
