import json

import numpy as np
import pytest
import rclpy
from rclpy.parameter import Parameter

from nesf_ros.ros.replay_node import ReplayNode, main
from nesf_ros.synthetic.source import SyntheticSource

pytestmark = pytest.mark.ros


def poses(context, **values):
    node = ReplayNode(
        context=context, parameter_overrides=[Parameter(k, value=v) for k, v in values.items()]
    )
    try:
        return np.array(node.open().poses)
    finally:
        node.destroy_node()


def test_the_built_in_room_is_walked_through_for_45_s_at_any_frame_rate(ros_context):
    whole = poses(ros_context)
    np.testing.assert_array_equal(whole, SyntheticSource(0, 180, 4.0).poses)
    np.testing.assert_allclose(poses(ros_context, room_hz=8.0)[::2], whole, atol=1e-9)


def test_fewer_frames_are_the_beginning_of_the_walk(ros_context):
    np.testing.assert_array_equal(poses(ros_context, frames=7), poses(ros_context))


def test_a_replay_that_is_stopped_ends_without_a_word(capfd):
    sent = []

    def stop(count, total):  # as the handler of SIGTERM does
        sent.append((count, total))
        rclpy.shutdown()

    values = {"frames": 3, "wait_for_subscriber": False, "rate": 100.0}
    given = [text for k, v in values.items() for text in ("-p", f"{k}:={json.dumps(v)}")]
    assert main(["--ros-args", *given], stop) == 0
    assert sent == [(1, 3)]
    assert "rosout" not in capfd.readouterr().err
