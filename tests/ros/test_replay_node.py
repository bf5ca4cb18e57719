import json

import numpy as np
import pytest
import rclpy
from rclpy.parameter import Parameter

from nesf_ros.ros import replay_node
from nesf_ros.ros.replay_node import ReplayNode, main
from nesf_ros.types import START_NS, Intrinsics, PosedFrame, RgbdFrame

pytestmark = pytest.mark.ros


def recording(frames):
    camera = Intrinsics(4, 3, 4.0, 4.0, 1.5, 1.0)
    images = np.zeros((3, 4, 3), np.uint8), np.ones((3, 4), np.float32)
    seen = [
        PosedFrame(RgbdFrame(START_NS + i, "camera", *images, camera, camera, np.eye(4)), np.eye(4))
        for i in range(frames)
    ]

    class Recording(list):
        name, rate_hz, skipped, poses = "three frames", 1.0, {}, []

    return Recording(seen)


def test_the_built_in_room_is_walked_through_for_45_s_however_many_frames(ros_context, monkeypatch):
    asked = []
    room = recording(0)
    monkeypatch.setattr(replay_node, "SyntheticSource", lambda *a: asked.append(a) or room)
    for values in ({}, {"room_hz": 30.0}, {"frames": 7}, {"frames": 200}):
        given = [Parameter(key, value=value) for key, value in values.items()]
        node = ReplayNode(context=ros_context, parameter_overrides=given)
        assert node.open() is room
        node.destroy_node()
    # Seed, frames, frames a second. Seven frames are the first of the same walk; 200 go on.
    assert asked == [(0, 180, 4.0), (0, 1350, 30.0), (0, 180, 4.0), (0, 200, 4.0)]


@pytest.mark.parametrize("stopped", [False, True])
def test_a_replay_that_is_stopped_ends_without_a_word(monkeypatch, capfd, stopped):
    monkeypatch.setattr(ReplayNode, "open", lambda node: recording(3))
    sent = []

    def on_sent(count, total):
        sent.append((count, total))
        if stopped:
            rclpy.shutdown()  # as the handler of SIGTERM does

    values = {"frames": 2, "wait_for_subscriber": False}
    given = [text for k, v in values.items() for text in ("-p", f"{k}:={json.dumps(v)}")]
    assert main(["--ros-args", *given], on_sent) == 0
    assert sent == ([(1, 2)] if stopped else [(1, 2), (2, 2)])
    written = capfd.readouterr().err
    assert "Failed to publish" not in written
    assert ("2 frames of three frames sent" in written) != stopped
