import time

import pytest
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from nesf_ros.config import FramesConfig
from nesf_ros.frames.counters import EXPLANATIONS, Cause
from nesf_ros.geometry.images import check_unit
from nesf_ros.ros.camera_input import CameraInput
from nesf_ros.ros.node_config import NodeConfig
from nesf_ros.ros.self_check import CameraFacts, TopicFacts, _qos_problem, explain, gather
from nesf_ros.ros.tf import listen

from .processes import wall

IMAGE = "sensor_msgs/msg/Image"


def depth_topic(**facts) -> TopicFacts:
    values = {"name": "/camera/depth/image_raw", "kind": IMAGE, "received": 0}
    return TopicFacts(**{**values, **facts})


def told(topic: TopicFacts) -> list[str]:
    return explain(CameraFacts("/camera", {"depth": topic}))


def test_nobody_publishes():
    assert told(depth_topic()) == ["/camera/depth/image_raw: nobody publishes it."]
    many = tuple(f"/other/{n}" for n in range(6))
    assert told(depth_topic(similar=many)) == [
        "/camera/depth/image_raw: nobody publishes it. "
        "Topics of that type: /other/0, /other/1, /other/2, /other/3."
    ]


def test_published_as_another_type():
    assert told(depth_topic(publisher_kinds=("sensor_msgs/msg/CompressedImage",))) == [
        "/camera/depth/image_raw: published as sensor_msgs/msg/CompressedImage, "
        "expected sensor_msgs/msg/Image."
    ]


def test_qos_that_cannot_match():
    topic = depth_topic(publisher_kinds=(IMAGE,), qos_problem="no.")
    assert told(topic) == ["/camera/depth/image_raw: QoS cannot match: no."]


def test_a_silent_publisher():
    assert told(depth_topic(publisher_kinds=(IMAGE,))) == [
        "/camera/depth/image_raw: has a publisher, but no message has come: "
        "is the driver streaming?"
    ]


def test_nothing_wrong_so_far():
    assert told(depth_topic(received=3, publisher_kinds=(IMAGE,))) == [
        "Messages arrive, with nothing wrong; the first frame is on its way."
    ]


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_is_told_with_its_count_and_what_to_do(cause):
    lines = explain(CameraFacts("/camera", {}, frames_dropped={cause: 12}))
    assert lines[0] == f"12 × {cause}: {EXPLANATIONS[cause]}"


def test_the_most_frequent_cause_comes_first_and_topics_before_all():
    facts = CameraFacts(
        "/camera",
        {"depth": depth_topic()},
        images_dropped={Cause.NO_PARTNER: 1},
        frames_dropped={Cause.TF_LATE: 2, Cause.NO_CAMERA_INFO: 9},
    )
    starts = [line.split(":")[0] for line in explain(facts)]
    assert starts == ["/camera/depth/image_raw", "1 × no_partner", "9 × no_camera_info",
                      "2 × tf_late"]  # fmt: skip


def test_frames_that_are_known_are_named_where_one_is_missing():
    dropped = {Cause.TF_UNKNOWN_FRAME: 1}
    facts = CameraFacts("/camera", {}, frames_dropped=dropped, tf_frames=("base", "map"))
    assert explain(facts)[1] == "Frames that TF knows: base, map."
    facts = CameraFacts("/camera", {}, frames_dropped=dropped)
    assert explain(facts)[1] == "Frames that TF knows: none at all."
    facts = CameraFacts("/camera", {}, frames_dropped={Cause.TF_LATE: 1}, tf_frames=("base",))
    assert len(explain(facts)) == 1


def test_the_hint_about_the_unit_is_passed_on():
    hint = check_unit("32FC1", wall() * 1000)
    assert explain(CameraFacts("/camera", {}, unit_hint=hint)) == [
        "the median depth is 1525 m; a 32FC1 image must be in metres, this one looks like "
        "millimetres: publish 16UC1, or divide by 1000 in the driver"
    ]


@pytest.mark.ros
def test_topics_of_the_node_itself_are_no_hint(ros_context):
    ours, other = (Node(name, context=ros_context, namespace="/hint") for name in ("nesf", "cam"))
    for node, topic in ((ours, "~/legend"), (other, "color"), (ours, "both"), (other, "both")):
        node.create_publisher(Image, topic, 1)
    configs = NodeConfig(cameras=("/camera",)), FramesConfig()
    transforms = listen(ours, 1.0)
    camera = CameraInput(ours, 0, configs, transforms, lambda raw: None)

    def similar():
        found = gather(ours, camera, []).topics["depth"].similar
        return sorted(topic for topic in found if topic.startswith("/hint/"))

    end_s = time.monotonic() + 5.0
    while similar() != ["/hint/both", "/hint/color"]:
        assert time.monotonic() < end_s, similar()
        time.sleep(0.02)
    assert ours.count_publishers("/hint/nesf/legend") == 1
    camera.close()
    transforms.close()
    for node in (ours, other):
        node.destroy_node()


def test_qos_is_compared_as_rmw_does():
    reliable = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
    lossy = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
    assert _qos_problem(lossy, [reliable, lossy]) == ""
    assert _qos_problem(reliable, [reliable]) == ""
    problem = _qos_problem(reliable, [reliable, lossy])
    assert problem.endswith(" Set the parameter reliability to best_effort.")
    latched = QoSProfile(depth=5, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    problem = _qos_problem(latched, [reliable])
    assert problem and "reliability" not in problem
