import pytest

from nesf_ros.errors import TransformError
from nesf_ros.frames.counters import Cause, DropCounter
from nesf_ros.frames.masks import MaskGate
from nesf_ros.frames.tf_buffer import TransformBuffer
from nesf_ros.frames.waiting import PoseWaiter

MS = 1_000_000


def make(capacity=3):
    buffer = TransformBuffer(10.0)
    buffer.add("map", "camera", 0, (1, 2, 3), (0, 0, 0, 1), static=True)
    return MaskGate[str](buffer, 0.02, capacity)


def test_the_nearest_mask_within_the_slop_serves():
    gate = make()
    gate.add(100 * MS, "early")
    gate.add(130 * MS, "late")
    assert gate.nearest(112 * MS) == "early"
    assert gate.nearest(118 * MS) == "late"
    assert gate.nearest(80 * MS) == "early"  # exactly the slop away
    assert gate.nearest(80 * MS - 1) is None


def test_only_the_last_masks_are_kept():
    gate = make(capacity=2)
    for number in range(3):
        gate.add(number * 100 * MS, str(number))
    assert gate.nearest(0) is None
    assert gate.nearest(100 * MS) == "1"


def test_after_a_clock_reset_old_masks_mean_nothing():
    gate = make()
    gate.add(100 * MS, "old")
    gate.clear()
    assert gate.nearest(100 * MS) is None


def test_a_pose_is_known_once_its_mask_is():
    gate = make()
    with pytest.raises(TransformError, match="no mask within 20 ms of the image of camera") as e:
        gate.lookup("map", "camera", 100 * MS)
    assert e.value.cause == "no_mask"
    gate.add(101 * MS, "mask")
    assert gate.lookup("map", "camera", 100 * MS)[:3, 3].tolist() == [1, 2, 3]


def test_a_frame_waits_for_its_mask_and_is_counted_without():
    gate, drops = make(), DropCounter()
    waiter = PoseWaiter[str](gate, "map", 0.5, 5, drops)
    waiter.push("first", 100 * MS, "camera", 0.0)
    waiter.push("second", 200 * MS, "camera", 0.1)
    assert waiter.poll(0.2) == []
    gate.add(100 * MS, "mask")
    assert [item for item, _ in waiter.poll(0.3)] == ["first"]
    ((item, error),) = waiter.poll(0.6)
    assert item == "second" and error.cause == "no_mask"
    assert drops.counts() == {Cause.NO_MASK: 1}
