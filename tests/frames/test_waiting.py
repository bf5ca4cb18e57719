import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesf_ros.errors import TransformError
from nesf_ros.frames.counters import Cause, DropCounter
from nesf_ros.frames.tf_buffer import TransformBuffer
from nesf_ros.frames.waiting import PoseWaiter

STILL = (0.0, 0.0, 0.0, 1.0)


def make(wait_s=0.5, capacity=3):
    buffer, drops = TransformBuffer(10.0), DropCounter()
    return PoseWaiter[str](buffer, "map", wait_s, capacity, drops), buffer, drops


def test_an_item_whose_pose_is_known_does_not_wait():
    waiter, buffer, _ = make()
    buffer.add("map", "camera", 100, (1, 2, 3), STILL)
    waiter.push("image", 100, "camera", 0.0)
    ((item, pose),) = waiter.poll(0.0)
    assert item == "image"
    np.testing.assert_array_equal(pose[:3, 3], (1, 2, 3))
    assert len(waiter) == 0


def test_an_item_waits_until_tf_has_caught_up_and_gets_the_pose_of_its_own_stamp():
    waiter, buffer, drops = make()
    buffer.add("map", "camera", 100, (1, 0, 0), STILL)
    waiter.push("image", 150, "camera", 0.0)
    assert waiter.poll(0.1) == []
    buffer.add("map", "camera", 200, (3, 0, 0), STILL)
    ((_, pose),) = waiter.poll(0.2)
    assert pose[0, 3] == pytest.approx(2.0)
    assert drops.total == 0


@pytest.mark.parametrize(
    ("frame", "cause", "counted"),
    [
        ("camera", "extrapolation_future", Cause.TF_LATE),
        ("moon", "unknown_frame", Cause.TF_UNKNOWN_FRAME),
        ("tag", "not_connected", Cause.TF_NOT_CONNECTED),
    ],
)
def test_at_the_end_of_its_budget_it_comes_with_the_reason(frame, cause, counted):
    waiter, buffer, drops = make(wait_s=0.5)
    buffer.add("map", "camera", 100, (1, 0, 0), STILL)
    buffer.add("shelf", "tag", 100, (1, 0, 0), STILL)
    waiter.push("image", 150, frame, 10.0)
    assert waiter.poll(10.49) == []
    ((item, error),) = waiter.poll(10.5)
    assert item == "image"
    assert isinstance(error, TransformError)
    assert error.cause == cause
    assert drops.counts() == {counted: 1}


def test_a_static_transform_that_comes_late_still_counts():
    waiter, buffer, _ = make()
    waiter.push("image", 150, "camera", 0.0)
    assert waiter.poll(0.3) == []
    buffer.add("map", "camera", 0, (5, 0, 0), STILL, static=True)
    assert waiter.poll(0.4)[0][1][0, 3] == 5


def test_a_stamp_before_all_history_is_given_up_at_once():
    waiter, buffer, drops = make()
    buffer.add("map", "camera", 100, (1, 0, 0), STILL)
    waiter.push("image", 50, "camera", 0.0)
    ((_, error),) = waiter.poll(0.0)
    assert error.cause == "extrapolation_past"
    assert drops.counts() == {Cause.TF_TOO_OLD: 1}


def test_the_oldest_makes_room():
    waiter, buffer, drops = make(capacity=2)
    for name in "abc":
        waiter.push(name, 100, "camera", 0.0)
    assert drops.counts() == {Cause.QUEUE_FULL: 1}
    buffer.add("map", "camera", 100, (1, 0, 0), STILL)
    assert [item for item, _ in waiter.poll(0.0)] == ["b", "c"]


def test_a_ready_item_does_not_wait_behind_one_that_is_not():
    waiter, buffer, _ = make()
    buffer.add("map", "camera", 100, (1, 0, 0), STILL)
    waiter.push("late", 500, "camera", 0.0)
    waiter.push("ready", 100, "camera", 0.0)
    assert [item for item, _ in waiter.poll(0.1)] == ["ready"]
    assert len(waiter) == 1


def test_a_budget_changed_while_waiting_holds_at_once():
    waiter, _, _ = make(wait_s=10.0)
    waiter.push("image", 100, "camera", 0.0)
    assert waiter.poll(1.0) == []
    waiter.wait_s = 0.5
    assert len(waiter.poll(1.0)) == 1


def test_all_can_be_dropped_for_a_reason():
    waiter, _, drops = make()
    for name in "ab":
        waiter.push(name, 100, "camera", 0.0)
    waiter.drop_all(Cause.CLOCK_RESET)
    assert drops.counts() == {Cause.CLOCK_RESET: 2}
    assert waiter.poll(100.0) == []


steps = st.lists(
    st.one_of(
        st.tuples(st.just("push"), st.integers(0, 100), st.sampled_from(["camera", "moon"])),
        st.tuples(st.just("tf"), st.integers(0, 100), st.just("camera")),
        st.tuples(st.just("poll"), st.integers(0, 1000), st.just("")),
    ),
    max_size=60,
)


@given(steps, st.integers(1, 5))
def test_every_item_comes_back_once_and_never_with_a_made_up_pose(steps, capacity):
    waiter, buffer, drops = make(wait_s=0.2, capacity=capacity)
    pushed, posed, failed, now_s = 0, 0, 0, 0.0
    for what, number, frame in steps:
        if what == "push":
            waiter.push(str(number), number, frame, now_s)
            pushed += 1
        elif what == "tf":
            buffer.add("map", "camera", number, (float(number), 1.0, 0.0), STILL)
        else:
            now_s += number / 1000
            for item, result in waiter.poll(now_s):
                if isinstance(result, TransformError):
                    failed += 1
                else:
                    posed += 1
                    np.testing.assert_allclose(result[:3, 3], (float(item), 1.0, 0.0))
        full = drops.count(Cause.QUEUE_FULL)
        assert pushed == posed + failed + full + len(waiter)
        assert drops.total == failed + full
        assert len(waiter) <= capacity
