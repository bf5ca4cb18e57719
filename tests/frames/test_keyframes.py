import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transforms3d.axangles import axangle2mat

from nesf_ros.config import KeyframesConfig
from nesf_ros.errors import GeometryError
from nesf_ros.frames.keyframes import KeyframeStore
from nesf_ros.types import Intrinsics, PosedFrame, RgbdFrame

CAMERA = Intrinsics(96, 72, 96.0, 96.0, 47.5, 35.5)
"""Sees a strip 2 m wide of a wall 2 m away."""
IMAGES = 96 * 72 * (3 + 4)
"""Bytes of one frame's two images."""


def at(x, turn_rad=0.0):
    pose = np.eye(4)
    pose[:3, :3] = axangle2mat((0, 1, 0), turn_rad)
    pose[0, 3] = x
    return pose


def frame(x, turn_rad=0.0, camera="front", depth_m=2.0):
    rgbd = RgbdFrame(
        0,
        camera,
        np.zeros((72, 96, 3), np.uint8),
        np.full((72, 96), depth_m, np.float32),
        CAMERA,
        CAMERA,
    )
    return PosedFrame(rgbd, at(x, turn_rad), odom_T_camera=at(x + 100, turn_rad))


def ids(store):
    return [keyframe.id for keyframe in store]


def make(**settings):
    gone = []
    defaults = {"translation_m": 0.2, "rotation_rad": 0.3, "max_overlap": 0.95}
    store = KeyframeStore(
        KeyframesConfig(**(defaults | settings)), lambda keyframe: gone.append(keyframe.id)
    )
    return store, gone


def test_the_first_frame_is_kept_and_those_after_enough_motion():
    store, _ = make()
    kept = [store.offer(frame(x)) is not None for x in (0.0, 0.1, 0.19, 0.21, 0.3, 0.40, 0.45)]
    assert kept == [True, False, False, True, False, False, True]
    assert ids(store) == [0, 1, 2]
    assert [keyframe.frame.world_T_camera[0, 3] for keyframe in store] == [0.0, 0.21, 0.45]


def test_a_turn_on_the_spot_makes_a_keyframe():
    store, _ = make(max_overlap=1.0)
    kept = [store.offer(frame(0, turn)) is not None for turn in (0.0, 0.29, 0.31, 0.5, 0.62)]
    assert kept == [True, False, True, False, True]


def test_a_known_view_is_not_kept_again():
    store, _ = make(max_overlap=0.8)
    for x in (0.0, 1.0, 2.0):
        assert store.offer(frame(x))
    assert store.offer(frame(1.05)) is None  # moved far, but keyframe 1 sees 97 % of it
    assert store.offer(frame(0.5))  # three quarters seen


def test_cameras_move_on_their_own():
    store, _ = make()
    assert store.offer(frame(0, camera="front"))
    assert store.offer(frame(0, np.pi, camera="rear"))
    assert store.offer(frame(0.1, camera="front")) is None
    assert store.offer(frame(0.1, np.pi, camera="rear")) is None
    assert store.offer(frame(0.3, camera="front"))
    assert len(store) == 3


def test_the_frame_is_kept_as_it_came():
    store, _ = make()
    offered = frame(0)
    keyframe = store.offer(offered)
    assert keyframe.frame is offered
    assert keyframe.nbytes == IMAGES
    np.testing.assert_array_equal(keyframe.frame.odom_T_camera, at(100))


def test_the_most_redundant_is_evicted():
    store, gone = make(max_count=4)
    # Shares seen by the best other: 0 of the one at 10 m, most of the one between its neighbours.
    for x in (0.0, 0.9, 10.0, 0.5):
        store.offer(frame(x))
    store.offer(frame(20.0))
    # 0.5 m and 0.9 m see 80 % of each other; of the two the older one (id 1) goes.
    assert gone == [1]
    assert ids(store) == [0, 2, 3, 4]
    store.offer(frame(30.0))  # now 0 and 3 are equals, 75 %
    assert gone == [1, 0]


def test_redundancy_is_measured_anew_when_its_partner_has_gone():
    store, gone = make(max_count=3)
    for x in (0.0, 0.4, 0.7):  # pairs 0-1: 80 %, 1-2: 85 %, 0-2: 65 %
        store.offer(frame(x))
    store.offer(frame(5.0))
    assert gone == [1]
    store.offer(frame(5.5))  # 3-4: 75 %, more than the 65 % left between 0 and 2
    assert gone == [1, 3]


def test_the_newest_is_never_evicted():
    store, gone = make(max_count=1)
    for x in (0.0, 0.5, 1.0):
        store.offer(frame(x))
    assert (gone, ids(store)) == ([0, 1], [2])


def test_bytes_are_bounded_with_what_is_attached():
    store, gone = make(max_mib=1.0)
    limit = 2**20
    count = limit // IMAGES
    for x in range(count):
        store.offer(frame(3.0 * x))
    assert (len(store), store.nbytes, gone) == (count, count * IMAGES, [])
    assert store.attach(count - 1, limit - (count - 1) * IMAGES)
    assert gone == [0]  # no two overlap: the oldest of equals
    assert store.nbytes <= limit
    assert store.get(count - 1).nbytes == IMAGES + limit - (count - 1) * IMAGES
    assert store.get(0) is None
    assert not store.attach(0, 10)


def test_one_keyframe_larger_than_the_limit_is_held_alone():
    store, gone = make(max_mib=1.0)
    for x in (0.0, 3.0):
        store.offer(frame(x))
    assert store.attach(1, 2**21)
    assert (ids(store), gone) == ([1], [0])


def test_corrected_poses_move_keyframes_and_leave_odometry_alone():
    store, _ = make()
    for x in (0.0, 3.0):
        store.offer(frame(x))
    store.repose({0: at(-1.0), 1: at(2.0), 77: at(5.0)})
    assert [keyframe.frame.world_T_camera[0, 3] for keyframe in store] == [-1.0, 2.0]
    assert [keyframe.frame.odom_T_camera[0, 3] for keyframe in store] == [100.0, 103.0]
    assert store.offer(frame(2.1)) is None  # motion counts from the corrected pose
    assert store.offer(frame(3.0))


def test_a_correction_with_a_broken_pose_moves_nothing():
    store, _ = make()
    store.offer(frame(0.0))
    store.offer(frame(3.0))
    with pytest.raises(GeometryError, match="not rigid"):
        store.repose({0: at(1.0), 1: np.diag([2.0, 2.0, 2.0, 1.0])})
    assert [keyframe.frame.world_T_camera[0, 3] for keyframe in store] == [0.0, 3.0]


def test_redundancy_follows_corrected_poses():
    store, gone = make(max_count=3)
    for x in (0.0, 5.0, 5.5):
        store.offer(frame(x))
    store.repose({2: at(0.2), 1: at(9.0)})  # 2 now overlaps 0 by 90 %, and 1 nothing
    store.offer(frame(20.0))
    assert gone == [0]


def test_clearing_lets_all_go_and_never_uses_a_number_twice():
    store, gone = make()
    store.offer(frame(0.0))
    store.offer(frame(3.0))
    store.clear()
    assert (len(store), store.nbytes, gone) == (0, 0, [0, 1])
    assert store.offer(frame(3.0)).id == 2


def test_frames_without_depth_are_judged_by_motion_alone():
    store, _ = make(max_overlap=0.0)
    assert store.offer(frame(0.0, depth_m=0.0))
    assert store.offer(frame(0.1, depth_m=0.0)) is None
    assert store.offer(frame(0.3, depth_m=0.0))


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.floats(-3, 3), st.floats(-3, 3)), min_size=1, max_size=25),
    st.integers(1, 6),
    st.floats(0.3, 1.0),
)
def test_bounds_order_and_novelty_hold_on_any_way(way, max_count, max_overlap):
    store, gone = make(max_count=max_count, max_overlap=max_overlap)
    for x, turn in way:
        keyframe = store.offer(frame(x, turn))
        assert 1 <= len(store) <= max_count
        if keyframe is not None:
            assert ids(store)[-1] == keyframe.id
        assert ids(store) == sorted(ids(store))
        assert sorted(gone + ids(store)) == list(range(len(gone) + len(store)))
