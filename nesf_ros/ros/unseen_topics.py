"""What no camera has seen, for people in RViz: the last answers as clouds and markers."""

from __future__ import annotations

import numpy as np
from geometry_msgs.msg import Point, Vector3
from jaxtyping import Float32, UInt8
from numpy import ndarray
from rclpy.node import Node
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from nesf_ros.ros.cloud import create_cloud, shades
from nesf_ros.ros.convert import point_message
from nesf_ros.ros.publishing import LATCHED
from nesf_ros.semantics.completion.results import Completed, HiddenRegion, Located
from nesf_ros.semantics.hidden.viewpoints import Viewpoint
from nesf_ros.semantics.labels import label_color
from nesf_ros.types import UNOBSERVED

SHOWN_FROM = 0.2
"""Hidden places are shown down to this part of the threshold."""
TEXT_M, ARROW_M = 0.08, 0.4
"""Height of letters, length of an arrow."""
ARROW_SHAPE = Vector3(x=0.03, y=0.06, z=0.1)
"""Width of its shaft and of its head, and how long that is, m."""
BOX_ALPHA = 0.35
INK = ColorRGBA(r=1.0, g=1.0, b=1.0, a=1.0)
Points = tuple[Float32[ndarray, "n 3"], UInt8[ndarray, "n 3"], Float32[ndarray, " n"]]
"""Places (m), colours and probabilities."""


class UnseenTopics:
    """`~/completion`, `~/hidden` and `~/hidden_markers`: each the answer to the last question."""

    def __init__(self, node: Node):
        self._completion = node.create_publisher(PointCloud2, "~/completion", LATCHED)
        self._hidden = node.create_publisher(PointCloud2, "~/hidden", LATCHED)
        self._markers = node.create_publisher(MarkerArray, "~/hidden_markers", LATCHED)

    def show_completed(self, completed: Completed, header: Header) -> None:
        """Whole things, seen or not."""
        self._completion.publish(create_cloud(header, *completed_points(completed)))

    def show_located(self, located: Located, header: Header) -> None:
        """Where a hidden thing may be, and from where one would see."""
        self._hidden.publish(create_cloud(header, *hidden_points(located)))
        self._markers.publish(hidden_markers(located, header))


def completed_points(completed: Completed) -> Points:
    """Voxels that a label has won, in the colours of their labels."""
    winner = completed.winner.reshape(-1)
    won = np.flatnonzero(winner)
    rows = winner[won].astype(np.int64) - 1
    palette = np.array([label_color(name) for name in completed.labels], np.uint8).reshape(-1, 3)
    probability = completed.probability.reshape(len(completed.labels), -1)[rows, won]
    return completed.grid.centers().numpy()[won], palette[rows], probability


def hidden_points(located: Located) -> Points:
    """Unobserved voxels that are not too improbable; red is the most probable of them."""
    probability = located.probability.reshape(-1)
    hidden = located.state.reshape(-1) == UNOBSERVED
    shown = np.flatnonzero(hidden & (probability > SHOWN_FROM * located.threshold))
    likely = probability[shown]
    colors = shades(likely / likely.max(initial=np.float32(1e-9)))
    return located.grid.centers().numpy()[shown], colors, likely


def hidden_markers(located: Located, header: Header) -> MarkerArray:
    """For each region its box, rank and score, and an arrow from where to look into it.

    The first marker takes away those of the answer before.
    """
    markers = [Marker(header=header, action=Marker.DELETEALL)]
    for rank, region in enumerate(located.regions, 1):
        of_region = [_box(region), _words(region, f"{rank}: {region.score:.2f}")]
        if region.viewpoint is not None:
            of_region.append(_arrow(region.viewpoint))
        for marker in of_region:
            marker.header, marker.id = header, rank
        markers += of_region
    return MarkerArray(markers=markers)


def _box(region: HiddenRegion) -> Marker:
    lower, upper = np.array(region.lower_m), np.array(region.upper_m)
    out = Marker(ns="regions", type=Marker.CUBE)
    out.pose.position = point_message(((lower + upper) / 2).tolist())
    out.pose.orientation.w = 1.0
    out.scale.x, out.scale.y, out.scale.z = (upper - lower).tolist()
    out.color = _shade(region.score, BOX_ALPHA)
    return out


def _words(region: HiddenRegion, text: str) -> Marker:
    x, y, _ = region.centroid_m
    out = Marker(ns="scores", type=Marker.TEXT_VIEW_FACING, text=text, color=INK)
    out.pose.position = Point(x=x, y=y, z=region.upper_m[2] + TEXT_M)
    out.pose.orientation.w = 1.0
    out.scale.z = TEXT_M
    return out


def _arrow(viewpoint: Viewpoint) -> Marker:
    """From where to look, and which way."""
    start, forward = viewpoint.map_T_camera[:3, 3], viewpoint.map_T_camera[:3, 2]
    out = Marker(ns="viewpoints", type=Marker.ARROW, scale=ARROW_SHAPE)
    out.pose.orientation.w = 1.0
    out.points = [point_message(end.tolist()) for end in (start, start + ARROW_M * forward)]
    out.color = _shade(viewpoint.revealed, 1.0)
    return out


def _shade(value: float, alpha: float) -> ColorRGBA:
    red, green, blue = (shades(np.array([value], np.float32))[0] / 255.0).tolist()
    return ColorRGBA(r=red, g=green, b=blue, a=alpha)
