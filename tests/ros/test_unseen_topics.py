"""What RViz is shown of what no camera has seen."""

from dataclasses import replace

import numpy as np
from geometry_msgs.msg import Point
from std_msgs.msg import Header
from visualization_msgs.msg import Marker

from nesf_ros.ros.cloud import shades
from nesf_ros.ros.unseen_topics import ARROW_M, completed_points, hidden_markers, hidden_points
from nesf_ros.semantics.labels import label_color

from .unseen_answers import completed, located


def test_winners_are_shown_in_the_colours_of_their_labels():
    points, colors, probability = completed_points(completed())
    # Voxels (0, 1, 0), (1, 0, 0) and (1, 2, 3).
    np.testing.assert_allclose(
        points, [[1.125, 2.375, -0.375], [1.375, 2.125, -0.375], [1.375, 2.625, 0.375]]
    )
    assert [tuple(c) for c in colors.tolist()] == [
        label_color(name) for name in ("chair", "sofa", "sofa")
    ]
    np.testing.assert_allclose(probability, [0.6, 0.6, 0.75])


def test_unobserved_places_that_are_not_improbable_are_shown():
    points, colors, probability = hidden_points(located())
    # Not (0, 1, 1) and (1, 0, 0), which were observed, nor (0, 0, 0), which is too improbable.
    np.testing.assert_allclose(points, [[1.125, 2.375, -0.375], [1.375, 2.625, 0.375]])
    np.testing.assert_allclose(probability, [0.4, 0.75])
    expected = shades(np.array([0.4 / 0.75, 1.0], np.float32))
    np.testing.assert_array_equal(colors, expected)
    assert colors[1, 0] > 100 and colors[1, 2] < 50  # red


def test_nothing_is_shown_of_nowhere():
    nowhere = replace(located(), probability=0 * located().probability, regions=())
    assert [len(part) for part in hidden_points(nowhere)] == [0, 0, 0]
    (only,) = hidden_markers(nowhere, Header(frame_id="map")).markers
    assert only.action == Marker.DELETEALL


def test_regions_have_a_box_a_rank_and_where_to_look_from():
    header = Header(frame_id="map")
    first, *rest = hidden_markers(located(), header).markers
    assert first.action == Marker.DELETEALL
    assert all(marker.header == header and marker.action == Marker.ADD for marker in rest)
    assert [(marker.ns, marker.id) for marker in rest] == [
        ("regions", 1), ("scores", 1), ("viewpoints", 1), ("regions", 2), ("scores", 2)
    ]  # fmt: skip
    box, words, arrow = rest[:3]
    assert box.type == Marker.CUBE and box.pose.position == Point(x=1.375, y=2.625, z=0.375)
    assert (box.scale.x, box.scale.y, box.scale.z) == (0.25, 0.25, 0.25)
    assert words.text == "1: 0.75" and words.pose.position.z > 0.5
    assert arrow.points[0] == Point(x=0.5, y=2.0, z=1.0)
    assert arrow.points[1] == Point(x=0.5 + ARROW_M, y=2.0, z=1.0)
    assert rest[3].scale.z == 0.5
