"""A running node that is asked in words, by a small model with weights of chance."""

import numpy as np
import pytest
from geometry_msgs.msg import Point
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image, PointCloud2

from nesf_ros.msg import Region, VoxelMap
from nesf_ros.ros.cloud import read_records
from nesf_ros.ros.views import view_of
from nesf_ros.srv import GetMap, QueryPoints, QueryRelevancy, RenderView, Reset, SetLabels

from .processes import AHEAD, START_S, WALL_M, MapReader, image, shade

pytestmark = pytest.mark.ros


@pytest.fixture(scope="module")
def node(start_node, vision):
    node = start_node("/words", cameras=["/iris"], **vision, **{"publish.rate_hz": 10.0})
    return node.wait_until_active()


@pytest.fixture(scope="module")
def seen(robot, node):
    """A camera whose wall is in the map, and in words, too."""
    camera = robot.camera("/iris")
    robot.connect(camera)
    early = robot.call(node, QueryRelevancy, "query_relevancy", texts=["a mug"])
    if not early.success:  # else the model was quicker
        assert "still being loaded" in early.message
    while not robot.call(node, GetMap, "get_map").map.block_index:
        camera.send()
    name = "words/nesf: language"
    robot.wait(lambda: int(robot.status.get(name, {}).get("voxels", 0)) > 100, "words", START_S)
    assert robot.status[name]["state"] == "ready"
    node.wait_for_log("loading the vision-language model", 1.0)
    node.wait_for_log("is ready, after", 1.0)
    return camera


def test_where_texts_and_images_are(robot, node, seen):
    clouds = []
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    robot.create_subscription(PointCloud2, f"{node.name}/relevancy", clouds.append, latched)
    answer = robot.call(
        node, QueryRelevancy, "query_relevancy", texts=["wall", "a red mug 🚗"],
        image=image(shade(), "rgb8", 0, ""), threshold=1e-6,
    )  # fmt: skip
    assert answer.success, answer.message
    assert [found.text for found in answer.answers] == ["wall", "a red mug 🚗", "(image)"]
    assert answer.frame_id == "map" and answer.observed == 1.0 and answer.map_sequence
    for found in answer.answers:
        # Everything is above so low a threshold: one thing, the wall ahead along x.
        assert found.exists and len(found.instances) == 1
        wall = found.instances[0]
        assert wall.centroid.x == pytest.approx(WALL_M, abs=0.08)
        assert abs(wall.centroid.y) < 0.1 and wall.lower.y < -0.5 and wall.upper.y > 0.5
        assert wall.voxel_count > 100 and 0 < wall.score < 1
        assert found.peak.x == pytest.approx(WALL_M, abs=0.08)
    robot.wait(lambda: clouds, "the cloud")
    points = read_records(clouds[-1])
    assert len(points) >= answer.answers[0].instances[0].voxel_count
    assert ((points["probability"] > 0) & (points["probability"] < 1)).all()


def test_labels_reach_the_map(robot, node, seen):
    reader = MapReader(robot, node)
    robot.wait(lambda: reader.in_step, "a snapshot")
    messages = []
    robot.create_subscription(VoxelMap, f"{node.name}/map", messages.append, 10)
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    clouds, legends = [], []
    robot.create_subscription(PointCloud2, f"{node.name}/labels", clouds.append, latched)
    robot.create_subscription(Image, f"{node.name}/legend", legends.append, latched)
    done = robot.call(node, SetLabels, "set_labels", labels=["wall", "mug", "wall"])
    assert done.success, done.message
    labelled = robot.wait(
        lambda: [m for m in messages if m.label_names or any(m.label)] or None, "labels"
    )[-1]
    assert set(labelled.label_names) <= {"wall", "mug"}
    assert len(labelled.label) == len(labelled.confidence) == len(labelled.occupancy)
    codes, labels = np.frombuffer(labelled.occupancy, np.uint8), np.frombuffer(labelled.label, "u1")
    assert (labels <= len(labelled.label_names)).all() and (labels[codes < 128] == 0).all()
    robot.wait(lambda: clouds and len(read_records(clouds[-1])), "labelled points")
    robot.wait(lambda: legends and legends[-1].height > 0, "a legend")
    assert legends[-1].height == 28 * len(labelled.label_names)
    points = [Point(x=WALL_M, z=1.0), Point(x=0.5, z=1.0)]
    told = robot.call(node, QueryPoints, "query_points", points=points, texts=["wall", "mug"])
    assert told.success and len(told.label) == 2 and told.label[1] == 0
    assert told.label_names[told.label[0] - 1] in ("wall", "mug")
    relevancy = np.reshape(told.relevancy, (2, 2))
    assert ((relevancy[0] > 0) & (relevancy[0] < 1)).all() and np.isnan(relevancy[1]).all()
    view = view_of(robot.call(
        node, RenderView, "render_view", pose=AHEAD, texts=["wall"], features=True, width=64,
        height=48,
    ))  # fmt: skip
    hit = view.depth_m > 0
    assert set(view.words.label_names) <= {"wall", "mug"} and view.words.label[hit].any()
    assert hit.any() and np.isfinite(view.words.relevancy[0][hit]).mean() > 0.9
    assert np.isnan(view.words.relevancy[0][~hit]).all()
    assert view.words.features.shape == (48, 64, 3) and view.words.features[hit].any()
    assert robot.call(node, SetLabels, "set_labels", labels=[]).success


def test_what_cannot_be_asked_gets_a_reason(robot, node, seen):
    for request, reason in (
        ({}, "neither a text nor an image"),
        ({"texts": [" "]}, "empty text"),
        ({"texts": ["x" * 10_000]}, "10000 characters"),
        ({"texts": ["mug"], "threshold": 7.0}, "between 0 and 1"),
        ({"texts": ["mug"], "region": Region(frame_id="moon")}, "moon"),
        ({"texts": ["mug"], "deadline_s": -1.0}, "deadline_s is -1"),
    ):
        answer = robot.call(node, QueryRelevancy, "query_relevancy", **request)
        assert not answer.success and reason in answer.message, answer.message
    labels = robot.call(node, SetLabels, "set_labels", labels=[""])
    assert not labels.success and "empty text" in labels.message
    assert robot.call(node, QueryRelevancy, "query_relevancy", texts=["mug"]).success


def test_after_a_reset_nothing_is_found(robot, node, seen):
    assert robot.call(node, Reset, "reset").success
    answer = robot.call(node, QueryRelevancy, "query_relevancy", texts=["mug"])
    assert answer.success and not answer.answers[0].exists and np.isnan(answer.answers[0].peak.x)
    assert answer.message == "nothing is mapped yet" and answer.observed == 0.0


def test_without_semantics_the_setting_is_named(start_node, robot):
    node = start_node("/still", cameras=["/blind"], **{"semantics.enabled": False})
    node.wait_until_active()
    answer = robot.call(node, QueryRelevancy, "query_relevancy", texts=["mug"])
    assert answer.message == "the map has no vision-language model: semantics.enabled is false"


def test_without_its_weights_the_node_maps_on_and_says_what_is_missing(start_node, robot):
    missing = {"semantics.enabled": True, "vision.model": "ViT-B-32",
               "vision.pretrained": "/nowhere/clip.safetensors"}  # fmt: skip
    node = start_node("/mute", cameras=["/blind"], **missing).wait_until_active()
    node.wait_for_log("/nowhere/clip.safetensors", 60.0)
    answer = robot.call(node, QueryRelevancy, "query_relevancy", texts=["mug"])
    assert not answer.success and "/nowhere/clip.safetensors" in answer.message
    assert robot.call(node, GetMap, "get_map").success
    assert node.end() == 0
