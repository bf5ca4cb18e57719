"""A bystander's look at one camera: how many images it sends, from where, and one example."""

from __future__ import annotations

from functools import partial

import numpy as np
from jaxtyping import Float32, Float64, UInt8
from numpy import ndarray
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image

from nesf_ros.config import FramesConfig
from nesf_ros.errors import TransformError
from nesf_ros.ros.convert import color_of, depth_of, stamp_to_ns
from nesf_ros.ros.node_config import NodeConfig
from nesf_ros.ros.tf import listen

INFO_QOS = QoSProfile(depth=50)
IMAGE_QOS = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)


class CameraWatch:
    """Counts the frames of a camera and remembers its way through the map frame."""

    def __init__(self, node: Node, camera: str, map_frame: str):
        self._map_frame = map_frame
        self.sent = 0
        """Frames that the camera has announced by a CameraInfo."""
        self.poses: list[Float64[ndarray, "4 4"]] = []
        """map_T_camera, as TF had it whenever a frame came."""
        self.example: tuple[UInt8[ndarray, "h w 3"], Float32[ndarray, "H W"]] | None = None
        """Colour and depth (metres) of the pair with the most to see."""
        self._most_to_see = 0.0
        names, base = NodeConfig(), camera.rstrip("/")
        self._transforms = listen(node, FramesConfig().tf_history_s)
        node.create_subscription(
            CameraInfo, f"{base}/{names.depth_info_topic}", self._on_info, INFO_QOS
        )
        self._newest: dict[str, Image] = {}
        for role, topic in (("color", names.color_topic), ("depth", names.depth_topic)):
            keep = partial(self._on_image, role)
            node.create_subscription(Image, f"{base}/{topic}", keep, IMAGE_QOS)

    def _on_image(self, role: str, message: Image) -> None:
        self._newest[role] = message
        stamps = {stamp_to_ns(image.header.stamp) for image in self._newest.values()}
        if len(self._newest) < 2 or len(stamps) > 1:
            return
        color = color_of(self._newest["color"])
        depth_m = depth_of(self._newest["depth"], FramesConfig().depth_scale)
        known = float((depth_m[::8, ::8] > 0).mean())
        much = known * float(color[::8, ::8].std((0, 1)).sum())
        if much > self._most_to_see:
            self._most_to_see, self.example = much, (color, depth_m)

    def _on_info(self, message: CameraInfo) -> None:
        self.sent += 1
        try:
            pose = self._transforms.latest(self._map_frame, message.header.frame_id)
        except TransformError:
            return  # TF comes by another topic and may be later
        self.poses.append(np.asarray(pose))
