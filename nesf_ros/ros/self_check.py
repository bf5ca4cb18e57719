"""Why does nothing arrive? The causes that users meet, each told by name."""

from __future__ import annotations

from dataclasses import dataclass, field

from rclpy.node import Node
from rclpy.qos import QoSCompatibility, QoSProfile, ReliabilityPolicy, qos_check_compatible

from nesf_ros.frames.counters import EXPLANATIONS, Cause
from nesf_ros.ros.camera_input import CameraInput


@dataclass(frozen=True)
class TopicFacts:
    """What is known about one input topic."""

    name: str
    kind: str
    """Type we subscribe to, such as sensor_msgs/msg/Image."""
    received: int
    publisher_kinds: tuple[str, ...] = ()
    qos_problem: str = ""
    similar: tuple[str, ...] = ()
    """Topics of the same type that do have publishers."""


@dataclass(frozen=True)
class CameraFacts:
    """What is known about one camera that yields no frames."""

    name: str
    topics: dict[str, TopicFacts]
    images_dropped: dict[Cause, int] = field(default_factory=dict)
    frames_dropped: dict[Cause, int] = field(default_factory=dict)
    tf_frames: tuple[str, ...] = ()
    unit_hint: str | None = None


def explain(facts: CameraFacts) -> list[str]:
    """One sentence per thing that keeps this camera from the map, the likeliest cause first."""
    lines = [line for topic in facts.topics.values() if (line := _explain_topic(topic))]
    for causes in (facts.images_dropped, facts.frames_dropped):
        for cause, count in sorted(causes.items(), key=lambda item: -item[1]):
            lines.append(f"{count} × {cause}: {EXPLANATIONS[cause]}")
    if any(cause in facts.frames_dropped for cause in _ABOUT_TF):
        known = ", ".join(facts.tf_frames[:12]) or "none at all"
        lines.append(f"Frames that TF knows: {known}.")
    if facts.unit_hint:
        lines.append(facts.unit_hint)
    return lines or ["Messages arrive, with nothing wrong; the first frame is on its way."]


_ABOUT_TF = (Cause.TF_UNKNOWN_FRAME, Cause.TF_NOT_CONNECTED)


def _explain_topic(topic: TopicFacts) -> str:
    if topic.received:
        return ""
    if not topic.publisher_kinds:
        hint = f" Topics of that type: {', '.join(topic.similar[:4])}." if topic.similar else ""
        return f"{topic.name}: nobody publishes it.{hint}"
    if topic.kind not in topic.publisher_kinds:
        return f"{topic.name}: published as {topic.publisher_kinds[0]}, expected {topic.kind}."
    if topic.qos_problem:
        return f"{topic.name}: QoS cannot match: {topic.qos_problem}"
    return f"{topic.name}: has a publisher, but no message has come: is the driver streaming?"


def gather(node: Node, camera: CameraInput, tf_frames: list[str]) -> CameraFacts:
    """The facts about a camera at this moment, read from the ROS graph and the counters."""
    by_kind: dict[str, list[str]] = {}
    for name, kinds in node.get_topic_names_and_types():
        for kind in kinds:
            by_kind.setdefault(kind, []).append(name)
    topics = {}
    for role, name in camera.topics.items():
        kind = camera.kinds[role]
        publishers = node.get_publishers_info_by_topic(name)
        similar = [
            other
            for other in by_kind.get(kind, [])
            if other != name and _others_publish(node, other)
        ]
        topics[role] = TopicFacts(
            name,
            kind,
            camera.received[role],
            tuple(info.topic_type for info in publishers),
            _qos_problem(camera.qos, [info.qos_profile for info in publishers]),
            tuple(similar),
        )
    return CameraFacts(
        camera.name,
        topics,
        camera.images_dropped.counts(),
        camera.frames_dropped.counts(),
        tuple(tf_frames),
        camera.unit_hint,
    )


def _others_publish(node: Node, topic: str) -> bool:
    ours = node.get_name(), node.get_namespace()
    publishers = node.get_publishers_info_by_topic(topic)
    return any((info.node_name, info.node_namespace) != ours for info in publishers)


def _qos_problem(ours: QoSProfile, theirs: list[QoSProfile]) -> str:
    for offered in theirs:
        verdict, reason = qos_check_compatible(offered, ours)
        if verdict == QoSCompatibility.ERROR:
            advice = ""
            if offered.reliability == ReliabilityPolicy.BEST_EFFORT:
                advice = " Set the parameter reliability to best_effort."
            return reason.strip() + advice
    return ""
