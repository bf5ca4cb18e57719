import math
import sys
import types

import numpy as np
import pytest
from geometry_msgs.msg import TransformStamped
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.time import Time
from tf2_msgs.msg import TFMessage

from nesf_ros.errors import GeometryError, TransformError
from nesf_ros.frames.counters import Cause, cause_of
from nesf_ros.ros import tf

from .processes import stamp

pytestmark = pytest.mark.ros
SECOND = 10**9


def transform(parent, child, stamp_ns, x, w=1.0):
    item = TransformStamped(child_frame_id=child)
    item.header.frame_id, item.header.stamp = parent, stamp(stamp_ns)
    item.transform.translation.x, item.transform.rotation.w = float(x), w
    return item


@pytest.fixture
def node(ros_context):
    node = Node("listener", context=ros_context)
    yield node
    node.destroy_node()


@pytest.fixture
def heard(node):
    """What a node hears, fed without waiting for DDS."""
    transforms = tf.TopicTransforms(node, 10.0)
    transforms._on_static(TFMessage(transforms=[transform("base", "camera", 0, 0.5)]))
    for second, x in ((100, 0.0), (101, 1.0)):
        moving = transform("map", "base", second * SECOND, x)
        transforms._on_moving(TFMessage(transforms=[moving]))
    yield transforms
    transforms.close()


def test_tf_messages_are_the_official_ones(robot):
    """Built by us where tf2_msgs is absent, they must still talk to every other node."""
    # Robots of earlier tests may not yet be forgotten.
    hashes = {str(p.topic_type_hash) for p in robot.get_publishers_info_by_topic("/tf")}
    assert hashes == {"RIHS01_e369d0f05a23ae52508854b66f6aa0437f3449d652e8cbf22d5abe85d020f087"}


def test_poses_are_interpolated_and_static_frames_hold_at_every_stamp(heard):
    pose = heard.lookup("map", "camera", 100 * SECOND + SECOND // 4)
    np.testing.assert_allclose(pose[:3, 3], [0.75, 0, 0])
    np.testing.assert_allclose(heard.lookup("base", "camera", 5)[:3, 3], [0.5, 0, 0])
    np.testing.assert_allclose(heard.latest("map", "camera")[:3, 3], [1.5, 0, 0])
    np.testing.assert_allclose(heard.latest("base", "camera")[:3, 3], [0.5, 0, 0])
    assert heard.frames() == ["base", "camera", "map"]


def test_what_is_no_pose_is_left_out_and_the_rest_of_the_message_taken(heard):
    crooked, good = transform("map", "arm", 0, 1, w=3.0), transform("map", "leg", 0, 2)
    lost = transform("map", "nan", 0, math.nan)
    heard._on_static(TFMessage(transforms=[crooked, lost, good]))
    assert heard.frames() == ["base", "camera", "leg", "map"]
    assert heard.buffer.events["bad_pose"] == 2


def test_clearing_keeps_what_is_static(heard):
    heard.clear()
    assert heard.lookup("base", "camera", 7)[0, 3] == 0.5
    with pytest.raises(TransformError) as caught:
        heard.latest("map", "camera")
    assert caught.value.cause == "unknown_frame"


def test_a_static_transform_is_heard_by_who_comes_later(robot, ros_context, node):
    robot.transform("map", "lamp", 0, (3.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0), static=True)
    robot._executor.add_node(node)
    transforms = tf.TopicTransforms(node, 10.0)
    robot.wait(lambda: "lamp" in transforms.frames(), "the static transform")
    assert transforms.latest("map", "lamp")[0, 3] == 3.0
    before = len(list(node.subscriptions))
    transforms.close()
    assert len(list(node.subscriptions)) == before - 2


class FakeTf2:
    """tf2_ros as it behaves: its exceptions, 0 for the newest, Time for times."""

    class TransformException(Exception):
        pass

    class LookupException(TransformException):
        pass

    class ConnectivityException(TransformException):
        pass

    class ExtrapolationException(TransformException):
        pass

    class InvalidArgumentException(TransformException):
        pass

    def __init__(self):
        outer = self
        self.raises: type[Exception] | None = None
        self.w = 1.0
        self.asked: list[tuple] = []
        self.ended = False

        class Buffer:
            def __init__(self, cache_time=None, node=None):
                assert isinstance(cache_time, Duration) and cache_time.nanoseconds == 10 * SECOND
                assert node is None

            def lookup_transform(self, target, source, time, timeout=None):
                assert isinstance(time, Time)
                outer.asked.append((target, source, time.nanoseconds))
                if outer.raises:
                    raise outer.raises("so says tf2")
                return transform(target, source, 0, 4.0, outer.w)

            def get_latest_common_time(self, target, source):
                return Time(nanoseconds=100 * SECOND)

            def all_frames_as_string(self):
                return "Frame camera exists with parent base.\nFrame base exists with parent map.\n"

            def clear(self):
                outer.asked.clear()

        class TransformListener:
            def __init__(self, buffer, node):
                assert isinstance(node, Node)

            def unregister(self):
                outer.ended = True

        self.module = types.ModuleType("tf2_ros")
        self.module.Buffer, self.module.TransformListener = Buffer, TransformListener
        for name in ("TransformException", "LookupException", "ConnectivityException",
                     "ExtrapolationException", "InvalidArgumentException"):  # fmt: skip
            setattr(self.module, name, getattr(FakeTf2, name))


@pytest.fixture
def fake(monkeypatch):
    fake = FakeTf2()
    monkeypatch.setitem(sys.modules, "tf2_ros", fake.module)
    monkeypatch.setattr(tf, "find_spec", lambda name: name == "tf2_ros")
    return fake


def test_tf2_ros_is_asked_where_it_is_installed(fake, node):
    transforms = tf.listen(node, 10.0)
    assert isinstance(transforms, tf.Tf2Transforms)
    assert transforms.lookup("map", "camera", 5 * SECOND)[:3, 3].tolist() == [4, 0, 0]
    transforms.latest("map", "camera")
    assert fake.asked == [("map", "camera", 5 * SECOND), ("map", "camera", 0)]
    assert transforms.frames() == ["base", "camera"]
    transforms.clear()
    transforms.close()
    assert fake.ended and fake.asked == []


@pytest.mark.parametrize(
    ("raised", "stamp_s", "cause"),
    [
        (FakeTf2.LookupException, 50, Cause.TF_UNKNOWN_FRAME),
        (FakeTf2.InvalidArgumentException, 50, Cause.TF_UNKNOWN_FRAME),
        (FakeTf2.ConnectivityException, 50, Cause.TF_NOT_CONNECTED),
        (FakeTf2.ExtrapolationException, 101, Cause.TF_LATE),
        (FakeTf2.ExtrapolationException, 99, Cause.TF_TOO_OLD),
    ],
)
def test_exceptions_of_tf2_are_counted_under_their_cause(fake, node, raised, stamp_s, cause):
    transforms = tf.listen(node, 10.0)
    fake.raises = raised
    with pytest.raises(TransformError, match="so says tf2") as caught:
        transforms.lookup("map", "camera", stamp_s * SECOND)
    assert cause_of(caught.value) == cause


def test_an_image_without_a_stamp_is_not_posed_with_the_newest_transform(fake, node, heard):
    for transforms in (tf.listen(node, 10.0), heard):
        with pytest.raises(TransformError) as caught:
            transforms.lookup("map", "camera", 0)
        assert cause_of(caught.value) == Cause.TF_TOO_OLD


def test_tf2_may_hand_out_what_is_no_rotation(fake, node):
    fake.w = 2.0
    with pytest.raises(GeometryError, match="has norm 2"):
        tf.listen(node, 10.0).lookup("map", "camera", SECOND)
