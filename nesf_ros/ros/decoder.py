"""One camera's messages to RGB-D frames: decoded, rectified, masked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import cv2
import numpy as np
from jaxtyping import Bool, Float64
from numpy import ndarray
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from nesf_ros.config import FramesConfig
from nesf_ros.errors import ConfigError, FrameError
from nesf_ros.frames.counters import Cause
from nesf_ros.geometry.cameras import carry_mask
from nesf_ros.geometry.images import check_unit
from nesf_ros.geometry.rectify import Rectifier
from nesf_ros.ros.convert import calibration_of, color_of, depth_of, stamp_to_ns
from nesf_ros.ros.node_config import NodeConfig
from nesf_ros.types import RgbdFrame

ImageMessage: TypeAlias = Image | CompressedImage


class FrameDecoder:
    """Decodes what one camera has sent. `decode` is for the worker's thread."""

    def __init__(
        self, number: int, configs: tuple[NodeConfig, FramesConfig], topics: Mapping[str, str]
    ):
        """For camera `number` of the settings; `topics` are their full names by role, for errors.

        Raises ConfigError for a mask image that cannot be read.
        """
        self._config, self._depth_scale = configs[0], configs[1].depth_scale
        self._name, self._topics = self._config.cameras[number], topics
        self.info: dict[str, CameraInfo] = {}
        """Newest calibration by role, color or depth; for the camera's callbacks to write."""
        self.unit_hint: str | None = None
        """What is odd about the unit of the newest depth image, if anything."""
        self._rectifiers: dict[str, tuple[object, Rectifier]] = {}
        self._static_mask = self._load_mask(number)

    def decode(
        self,
        color_message: ImageMessage,
        depth_message: ImageMessage,
        mask: Image | None,
        depth_T_color: Float64[ndarray, "4 4"],
    ) -> RgbdFrame:
        """A frame, decoded, rectified and masked; FrameError if that cannot be done."""
        depth_m = depth_of(depth_message, self._depth_scale)
        self.unit_hint = check_unit(_encoding(depth_message), depth_m)
        depth_camera, color_camera = self._rectifier("depth"), self._rectifier("color")
        depth_m = depth_camera.depth(depth_m)
        color = color_camera.color(color_of(color_message))
        ignored = self._ignored(mask, depth_m, depth_T_color)
        if ignored is not None:
            depth_m = np.where(ignored, np.float32(0), depth_m)
        if not depth_m.any():
            raise FrameError("the depth image holds no reading at all", Cause.EMPTY_DEPTH)
        return RgbdFrame(
            stamp_to_ns(depth_message.header.stamp),
            self._name,
            color,
            depth_m,
            color_camera.intrinsics,
            depth_camera.intrinsics,
            depth_T_color,
        )

    def _rectifier(self, role: str) -> Rectifier:
        message = self.info.get(role)
        if message is None:
            raise FrameError(
                f"no CameraInfo on {self._topics[role + '_info']} yet", Cause.NO_CAMERA_INFO
            )
        calibration = calibration_of(message)
        if self._config.rectified:
            calibration = calibration.undistorted()
        cached = self._rectifiers.get(role)
        if cached is None or cached[0] != calibration:
            cached = self._rectifiers[role] = (calibration, Rectifier(calibration))
        return cached[1]

    def _load_mask(self, number: int) -> Bool[ndarray, "height width"] | None:
        names = self._config.mask_images
        if number >= len(names) or not names[number]:
            return None
        image = cv2.imread(names[number], cv2.IMREAD_GRAYSCALE)
        if image is None:
            raise ConfigError(f"mask_images: {names[number]} cannot be read as an image")
        return image > 0

    def _ignored(
        self, message: Image | None, depth_m: ndarray, depth_T_color: ndarray
    ) -> Bool[ndarray, "depth_height depth_width"] | None:
        """Depth pixels that must not enter the map, by the static mask and the mask topic."""
        masks = [self._static_mask] if self._static_mask is not None else []
        if message is not None:
            masks.append(color_of(message)[..., 0] > 0)
        if not masks:
            return None
        of = self._config.mask_camera
        camera = self._rectifier(of)
        for mask in masks:
            if mask.shape != (camera.raw.height, camera.raw.width):
                raise FrameError(
                    f"mask of {mask.shape[1]}x{mask.shape[0]} px, but the {of} camera has "
                    f"{camera.raw.width}x{camera.raw.height}; set mask_camera, or make masks of "
                    "that size",
                    Cause.BAD_SIZE,
                )
        merged = np.logical_or.reduce([camera.mask(mask) for mask in masks])
        if of == "depth":
            return merged
        cameras = (self._rectifier("depth").intrinsics, camera.intrinsics)
        return carry_mask(merged, depth_m, *cameras, depth_T_color)


def _encoding(message: ImageMessage) -> str:
    """Encoding of the pixels; that of a compressed image precedes the kind of compression."""
    if isinstance(message, CompressedImage):
        return message.format.partition(";")[0].strip()
    return message.encoding
