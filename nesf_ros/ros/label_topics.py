"""Labels for people in RViz: voxels in the colours of their labels, and what the colours mean."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from jaxtyping import Float32, UInt8
from numpy import ndarray
from rclpy.node import Node
from sensor_msgs.msg import Image, PointCloud2
from std_msgs.msg import Header

from nesf_ros.ros.cloud import create_cloud
from nesf_ros.ros.convert import image_message
from nesf_ros.ros.publishing import LATCHED
from nesf_ros.semantics.labels import label_color
from nesf_ros.voxels.features import FeatureLayer

SHOWN = 40
"""Labels in the legend: those of most voxels."""
ROW_PX, WIDTH_PX, SWATCH_PX = 28, 320, 18
BACKGROUND, INK = 250, (30, 30, 30)


class LabelTopics:
    """`~/labels` and `~/legend`, brought up to date while somebody listens."""

    def __init__(self, node: Node, voxel_size_m: float):
        self._voxel_size_m = voxel_size_m
        self._cloud = node.create_publisher(PointCloud2, "~/labels", LATCHED)
        self._legend = node.create_publisher(Image, "~/legend", LATCHED)
        self._shown: tuple[FeatureLayer, int, int] | None = None

    def close(self, node: Node) -> None:
        """Take the topics down."""
        for publisher in (self._cloud, self._legend):
            node.destroy_publisher(publisher)

    def publish(self, layer: FeatureLayer | None, header: Header) -> None:
        """Show the labels of a layer, if they have changed and somebody looks."""
        if layer is None:
            return
        now = layer, layer.revision, len(layer)
        listeners = self._cloud.get_subscription_count() + self._legend.get_subscription_count()
        if not listeners or now == self._shown:
            return
        self._shown = now
        points, colors, confidence, counts = labelled_points(layer, self._voxel_size_m)
        self._cloud.publish(create_cloud(header, points, colors, confidence))
        self._legend.publish(image_message(legend(counts), "rgb8", header))


def labelled_points(
    layer: FeatureLayer, voxel_size_m: float
) -> tuple[Float32[ndarray, "n 3"], UInt8[ndarray, "n 3"], Float32[ndarray, " n"], dict[str, int]]:
    """Centres (m), colours and confidences (0–1) of labelled voxels, and how many each name has."""
    rows = layer.column("label").nonzero()[:, 0]
    label = layer.column("label")[rows].long().cpu()
    palette = torch.tensor([label_color(name) for name in ("", *layer.labels.names)])
    centres = (layer.table.voxels(rows).cpu().numpy() + 0.5) * voxel_size_m
    confidence = layer.column("confidence")[rows].cpu().numpy() / np.float32(255)
    counts = torch.bincount(label, minlength=len(palette))[1:].tolist()
    names = zip(layer.labels.names, counts, strict=True)
    return (
        centres.astype(np.float32),
        palette[label].numpy().astype(np.uint8),
        confidence.astype(np.float32),
        {name: count for name, count in names if count},
    )


def legend(counts: dict[str, int]) -> UInt8[ndarray, "height width 3"]:
    """A picture of the names of most voxels, in alphabetical order, each beside its colour."""
    most = sorted(counts, key=lambda name: -counts[name])
    lines: Sequence[tuple[str, str]] = [(name, name) for name in sorted(most[:SHOWN])]
    if len(most) > SHOWN:
        lines = [*lines, ("", f"and {len(most) - SHOWN} more")]
    picture = np.full((ROW_PX * max(1, len(lines)), WIDTH_PX, 3), BACKGROUND, np.uint8)
    gap = (ROW_PX - SWATCH_PX) // 2
    for row, (name, text) in enumerate(lines):
        top = row * ROW_PX + gap
        if name:
            picture[top : top + SWATCH_PX, gap : gap + SWATCH_PX] = label_color(name)
        # OpenCV's fonts have no other characters.
        text = text.encode("ascii", "replace").decode()
        place = (SWATCH_PX + 3 * gap, top + SWATCH_PX - 4)
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, INK, 1, cv2.LINE_AA)
    return picture
