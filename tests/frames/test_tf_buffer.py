import math
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transforms3d.axangles import axangle2mat, mat2axangle

from nesf_ros.errors import GeometryError, TransformError
from nesf_ros.frames.tf_buffer import TransformBuffer, TransformSource
from nesf_ros.geometry import se3

MS = 1_000_000
STILL = (0.0, 0.0, 0.0, 1.0)


def pose(x=0.0, y=0.0, z=0.0, axis=(0, 0, 1), angle=0.0):
    matrix = np.eye(4)
    matrix[:3, :3] = axangle2mat(axis, angle)
    matrix[:3, 3] = x, y, z
    return matrix


def half_way(a, b, fraction):
    """Oracle: the rotation vector of the way from a to b, scaled (the matrix logarithm)."""
    axis, angle = mat2axangle(a[:3, :3].T @ b[:3, :3])
    middle = np.eye(4)
    middle[:3, :3] = a[:3, :3] @ axangle2mat(axis, angle * fraction)
    middle[:3, 3] = a[:3, 3] + fraction * (b[:3, 3] - a[:3, 3])
    return middle


@pytest.fixture
def robot():
    """Edges map → odom → base → camera (static), and base → arm; 0 to 1 s in steps of 100 ms."""
    buffer = TransformBuffer(history_s=10.0)
    buffer.add_matrix("base", "camera", 0, pose(0.2, 0, 0.5, (0, 1, 0), 0.3), static=True)
    for step in range(11):
        stamp = step * 100 * MS
        buffer.add_matrix("map", "odom", stamp, pose(0.01 * step, angle=0.001 * step))
        buffer.add_matrix("odom", "base", stamp, pose(0.1 * step, 0.2, angle=0.1 * step))
        buffer.add_matrix("base", "arm", stamp, pose(0, 0.3, axis=(1, 0, 0), angle=-0.2 * step))
    return buffer


def expected(step, name):
    poses = {
        "odom": pose(0.01 * step, angle=0.001 * step),
        "base": pose(0.1 * step, 0.2, angle=0.1 * step),
        "arm": pose(0, 0.3, axis=(1, 0, 0), angle=-0.2 * step),
        "camera": pose(0.2, 0, 0.5, (0, 1, 0), 0.3),
    }
    return poses[name]


def cause_of(call, *args):
    with pytest.raises(TransformError) as caught:
        call(*args)
    return caught.value.cause, str(caught.value)


def test_a_lookup_composes_the_edges_up_the_tree(robot):
    found = robot.lookup("map", "camera", 300 * MS)
    chain = expected(3, "odom") @ expected(3, "base") @ expected(3, "camera")
    np.testing.assert_allclose(found, chain, atol=1e-12)


def test_a_lookup_goes_up_one_branch_and_down_the_other(robot):
    found = robot.lookup("camera", "arm", 700 * MS)
    base_T_camera, base_T_arm = expected(7, "camera"), expected(7, "arm")
    np.testing.assert_allclose(found, se3.invert(base_T_camera) @ base_T_arm, atol=1e-12)


def test_down_the_tree_is_the_inverse_of_up(robot):
    up, down = robot.lookup("map", "arm", 333 * MS), robot.lookup("arm", "map", 333 * MS)
    np.testing.assert_allclose(up @ down, np.eye(4), atol=1e-12)


@given(st.integers(0, 9), st.floats(0, 1))
def test_each_edge_is_interpolated_between_its_neighbours(step, fraction):
    buffer = TransformBuffer(10.0)
    ends = [pose(0.3 * i, axis=(1, 1, 1) / np.sqrt(3), angle=0.3 * i) for i in range(11)]
    for i, end in enumerate(ends):
        buffer.add_matrix("map", "base", i * 100 * MS, end)
    found = buffer.lookup("map", "base", step * 100 * MS + round(fraction * 100 * MS))
    np.testing.assert_allclose(found, half_way(ends[step], ends[step + 1], fraction), atol=1e-7)


def test_edges_of_different_rates_are_interpolated_one_by_one():
    buffer = TransformBuffer(10.0)
    for stamp in (0, 1000):
        buffer.add("map", "odom", stamp, (stamp / 100, 0, 0), STILL)
    for stamp in (200, 600):
        buffer.add("odom", "base", stamp, (0, stamp / 100, 0), STILL)
    np.testing.assert_allclose(buffer.lookup("map", "base", 300)[:3, 3], (3, 3, 0))


def test_quaternions_of_opposite_sign_are_the_same_rotation():
    buffer = TransformBuffer(10.0)
    buffer.add("map", "base", 0, (0, 0, 0), (0, 0, math.sin(0.1), math.cos(0.1)))
    buffer.add("map", "base", 100, (0, 0, 0), (0, 0, -math.sin(0.2), -math.cos(0.2)))
    found = buffer.lookup("map", "base", 50)
    np.testing.assert_allclose(found, pose(angle=0.3), atol=1e-9)


def test_both_ends_of_the_history_can_be_looked_up_and_nothing_beyond(robot):
    for stamp in (0, 1000 * MS):
        robot.lookup("map", "camera", stamp)
    cause, message = cause_of(robot.lookup, "map", "camera", 1250 * MS)
    assert cause == "extrapolation_future"
    assert "0.250 s after the newest transform" in message
    assert "'base' to 'odom'" in message
    cause, message = cause_of(robot.lookup, "map", "camera", -50 * MS)
    assert cause == "extrapolation_past"
    assert "0.050 s before the oldest" in message


def test_only_the_edges_between_the_two_frames_matter(robot):
    robot.add_matrix("odom", "base", 1200 * MS, pose())  # map → odom ends at 1.0 s
    robot.add_matrix("base", "arm", 1200 * MS, pose())
    robot.lookup("camera", "arm", 1100 * MS)
    robot.lookup("odom", "camera", 1100 * MS)
    assert cause_of(robot.lookup, "map", "camera", 1100 * MS)[0] == "extrapolation_future"


def test_static_transforms_hold_at_every_stamp(robot):
    for stamp in (-(10**18), 0, 10**18):
        np.testing.assert_allclose(
            robot.lookup("base", "camera", stamp), expected(0, "camera"), atol=1e-12
        )


def test_one_moving_sample_holds_at_its_own_stamp_alone():
    buffer = TransformBuffer(10.0)
    buffer.add("map", "base", 100, (1, 2, 3), STILL)
    assert buffer.lookup("map", "base", 100)[1, 3] == 2
    assert cause_of(buffer.lookup, "map", "base", 101)[0] == "extrapolation_future"
    assert cause_of(buffer.lookup, "map", "base", 99)[0] == "extrapolation_past"


def test_a_frame_in_itself_is_the_identity_even_where_unknown():
    np.testing.assert_array_equal(TransformBuffer(1.0).lookup("map", "map", 5), np.eye(4))


def test_unknown_frames_are_answered_with_the_nearest_names(robot):
    cause, message = cause_of(robot.lookup, "map", "camra", 0)
    assert cause == "unknown_frame"
    assert "'camra'" in message
    assert "camera" in message.partition("nearest")[2]
    cause, message = cause_of(TransformBuffer(1.0).lookup, "map", "base", 0)
    assert (cause, "no transform has arrived" in message) == ("unknown_frame", True)


def test_separate_trees_are_named_by_their_roots(robot):
    robot.add("shelf", "tag", 0, (0, 0, 0), STILL, static=True)
    cause, message = cause_of(robot.lookup, "map", "tag", 0)
    assert cause == "not_connected"
    assert "under 'shelf'" in message
    assert "under 'map'" in message


def test_loops_are_reported_and_go_when_mended():
    buffer = TransformBuffer(10.0)
    for parent, child in (("a", "b"), ("b", "c"), ("c", "a"), ("map", "d")):
        buffer.add(parent, child, 5, (0, 0, 0), STILL)
    cause, message = cause_of(buffer.lookup, "a", "map", 5)
    assert cause == "cycle"
    assert "loop" in message
    buffer.add("map", "a", 6, (0, 0, 0), STILL)
    buffer.add("b", "c", 6, (0, 0, 0), STILL)
    buffer.add("a", "b", 6, (0, 0, 0), STILL)
    np.testing.assert_array_equal(buffer.lookup("map", "c", 6), np.eye(4))


def test_leading_slashes_mean_nothing(robot):
    np.testing.assert_array_equal(
        robot.lookup("/map", "/camera", 0), robot.lookup("map", "camera", 0)
    )
    robot.add("/camera", "/lens", 0, (0, 0, 1), STILL, static=True)
    assert robot.lookup("camera", "lens", 0)[2, 3] == 1


@pytest.mark.parametrize(
    ("args", "event", "message"),
    [
        (("map", "base", 0, (0, 0, 0), (0, 0, 0, 0)), "bad_pose", "norm 0"),
        (("map", "base", 0, (0, 0, 0), (0, 0, 0, 1.1)), "bad_pose", "norm 1.1"),
        (("map", "base", 0, (0, math.nan, 0), STILL), "bad_pose", "finite"),
        (("map", "map", 0, (0, 0, 0), STILL), "bad_frame_id", "'map' to 'map'"),
        (("map", "/", 0, (0, 0, 0), STILL), "bad_frame_id", "two frames"),
    ],
)
def test_what_is_no_transform_is_counted_and_never_stored(args, event, message):
    buffer = TransformBuffer(10.0)
    with pytest.raises(GeometryError, match=message):
        buffer.add(*args)
    assert buffer.events == {event: 1}
    assert buffer.frames() == []


def test_matrices_must_be_rigid():
    with pytest.raises(GeometryError, match="not rigid"):
        TransformBuffer(1.0).add_matrix("map", "base", 0, np.diag([2.0, 2.0, 2.0, 1.0]))


def test_late_samples_find_their_place_and_repeated_ones_replace():
    buffer = TransformBuffer(10.0)
    for stamp, x in ((0, 0.0), (200, 2.0), (100, 5.0), (200, 4.0)):
        buffer.add("map", "base", stamp, (x, 0, 0), STILL)
    assert buffer.lookup("map", "base", 50)[0, 3] == pytest.approx(2.5)
    assert buffer.lookup("map", "base", 150)[0, 3] == pytest.approx(4.5)


def test_the_history_is_bounded_and_older_samples_are_counted():
    buffer = TransformBuffer(history_s=1.0)
    for step in range(100):
        buffer.add("map", "base", step * 100 * MS, (step, 0, 0), STILL)
    assert cause_of(buffer.lookup, "map", "base", 8_850 * MS)[0] == "extrapolation_past"
    assert buffer.lookup("map", "base", 8_950 * MS)[0, 3] == pytest.approx(89.5)
    buffer.add("map", "base", 0, (7, 7, 7), STILL)
    assert buffer.events == {"too_old": 1}


def test_a_new_parent_starts_a_new_history():
    buffer = TransformBuffer(10.0)
    buffer.add("map", "table", 0, (0, 0, 0), STILL, static=True)
    buffer.add("table", "cup", 100, (1, 0, 0), STILL)
    buffer.add("map", "cup", 200, (9, 0, 0), STILL)
    # Between the two it was in neither frame: no pose is made up.
    assert cause_of(buffer.lookup, "map", "cup", 150)[0] == "extrapolation_past"
    assert buffer.lookup("map", "cup", 200)[0, 3] == 9
    buffer.add("table", "cup", 150, (2, 0, 0), STILL)  # late news of the old parent
    assert buffer.lookup("map", "cup", 200)[0, 3] == 9
    assert buffer.events == {"parent_changed": 2}


def test_static_and_moving_publishers_of_one_frame_replace_each_other():
    buffer = TransformBuffer(10.0)
    buffer.add("map", "base", 100, (1, 0, 0), STILL, static=True)
    buffer.add("map", "base", 200, (2, 0, 0), STILL)
    assert cause_of(buffer.lookup, "map", "base", 100)[0] == "extrapolation_past"
    buffer.add("map", "base", 0, (3, 0, 0), STILL, static=True)
    assert buffer.lookup("map", "base", 100)[0, 3] == 3


def test_clearing_keeps_what_is_static(robot):
    robot.clear()
    assert robot.frames() == ["base", "camera"]
    robot.lookup("base", "camera", 0)
    assert cause_of(robot.lookup, "map", "camera", 0)[0] == "unknown_frame"
    robot.add_matrix("map", "base", -500 * MS, pose(1))  # a clock that started again
    assert robot.lookup("map", "camera", -500 * MS)[0, 3] == pytest.approx(1.2)


def test_the_latest_common_time_is_that_of_the_slowest_edge(robot):
    assert robot.latest_common_time("map", "camera") == 1000 * MS
    robot.add_matrix("odom", "base", 1300 * MS, pose())
    robot.add_matrix("map", "odom", 1200 * MS, pose())
    assert robot.latest_common_time("map", "camera") == 1200 * MS
    assert robot.latest_common_time("camera", "odom") == 1300 * MS
    assert robot.latest_common_time("base", "camera") is None
    assert cause_of(robot.latest_common_time, "map", "moon")[0] == "unknown_frame"
    robot.lookup("map", "camera", 1200 * MS)


@settings(max_examples=30)
@given(st.permutations(list(range(12))), st.lists(st.integers(0, 1100), max_size=5))
def test_the_order_of_arrival_does_not_matter(order, stamps):
    sorted_buffer, shuffled = TransformBuffer(10.0), TransformBuffer(10.0)
    for target, steps in ((sorted_buffer, range(12)), (shuffled, order)):
        for step in steps:
            target.add_matrix("map", "base", step * 100, pose(step**2, angle=0.2 * step))
    for stamp in stamps:
        np.testing.assert_array_equal(
            shuffled.lookup("map", "base", stamp), sorted_buffer.lookup("map", "base", stamp)
        )


def test_lookups_while_transforms_arrive_are_exact_or_refused():
    buffer = TransformBuffer(history_s=0.001)
    stop = threading.Event()

    def publish():
        stamp = 0
        while not stop.is_set():
            stamp += 1000
            buffer.add("map", "base", stamp, (stamp, 0, 0), STILL)

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        found = 0
        while found < 300:
            stamp = buffer.latest_common_time("map", "base") if buffer.frames() else None
            if stamp is None:
                continue
            try:
                assert buffer.lookup("map", "base", stamp - 500)[0, 3] == stamp - 500
                found += 1
            except TransformError as error:
                assert error.cause == "extrapolation_past"
    finally:
        stop.set()
        thread.join()


def test_the_buffer_satisfies_the_protocol():
    source: TransformSource = TransformBuffer(1.0)
    assert isinstance(source, TransformSource)
    np.testing.assert_array_equal(source.lookup("a", "a", 0), np.eye(4))
