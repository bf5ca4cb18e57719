"""A bystander's look at one camera: how many images it sends, from where, and one example."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64, UInt8
from numpy import ndarray
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image

from nesf_ros.config import FramesConfig, NodeConfig
from nesf_ros.errors import TransformError
from nesf_ros.ros.convert import color_of, depth_of, stamp_to_ns
from nesf_ros.ros.tf import listen

INFO_QOS = QoSProfile(depth=50)
IMAGE_QOS = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)


class CameraWatch:
    """Counts the frames of a camera and remembers its way through the map frame."""

    def __init__(self, node: Node, camera: str, map_frame: str):
        self._node, self._map_frame = node, map_frame
        self.sent = 0
        """Frames that the camera has announced by a CameraInfo."""
        self.poses: list[Float64[ndarray, "4 4"]] = []
        """map_T_camera, as TF had it whenever a frame came."""
        self.example: tuple[UInt8[ndarray, "h w 3"], Float32[ndarray, "H W"]] | None = None
        """Colour and depth (metres) of the newest pair, until `release_images`."""
        names, base = NodeConfig(), camera.rstrip("/")
        self._transforms = listen(node, FramesConfig().tf_history_s)
        node.create_subscription(
            CameraInfo, f"{base}/{names.depth_info_topic}", self._on_info, INFO_QOS
        )
        self._newest: dict[str, Image] = {}
        self._images = [
            node.create_subscription(Image, f"{base}/{topic}", self._keep(role), IMAGE_QOS)
            for role, topic in (("color", names.color_topic), ("depth", names.depth_topic))
        ]

    def _keep(self, role: str):
        def keep(message: Image) -> None:
            self._newest[role] = message
            stamps = {stamp_to_ns(image.header.stamp) for image in self._newest.values()}
            if len(self._newest) == 2 and len(stamps) == 1:
                depth_m = depth_of(self._newest["depth"], FramesConfig().depth_scale)
                self.example = color_of(self._newest["color"]), depth_m

        return keep

    def release_images(self) -> None:
        """Keep the example there is, and hear of no more images."""
        for subscription in self._images:
            self._node.destroy_subscription(subscription)
        self._images = []

    def _on_info(self, message: CameraInfo) -> None:
        self.sent += 1
        try:
            pose = self._transforms.latest(self._map_frame, message.header.frame_id)
        except TransformError:
            return  # TF comes by another topic and may be later
        self.poses.append(np.asarray(pose))
