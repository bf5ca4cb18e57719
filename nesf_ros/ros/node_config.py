"""Settings of the nodes alone: what they listen to, what they play."""

from __future__ import annotations

from dataclasses import dataclass

from nesf_ros.errors import ConfigError
from nesf_ros.settings import Checked, setting

WALK_S = 45.0
"""The walk through the built-in room, at least: most of it has been seen by then."""


@dataclass(frozen=True)
class NodeConfig(Checked):
    """What the perception node listens to. Topics without a leading slash lie below the camera."""

    cameras: tuple[str, ...] = setting(("/camera",), "base name of each camera")
    map_frame: str = setting("map", "TF frame of the map, z up")
    odom_frame: str = setting(
        "odom", "TF frame that never jumps, kept with keyframes where TF has it; empty: none"
    )
    color_topic: str = setting(
        "color/image_raw", "colour images; ends in /compressed for CompressedImage"
    )
    color_info_topic: str = setting("color/camera_info", "CameraInfo of the colour camera")
    depth_topic: str = setting(
        "depth/image_raw", "depth images; ends in /compressedDepth for CompressedImage"
    )
    depth_info_topic: str = setting("depth/camera_info", "CameraInfo of the depth camera")
    mask_topic: str = setting(
        "", "mono8 images, above 0 = ignore (people, the robot), one for each frame; empty: none"
    )
    mask_images: tuple[str, ...] = setting(
        (), "per camera, an image file, white = ignore; empty string: none"
    )
    mask_camera: str = setting("color", "whose pixels the masks are in", choices=("color", "depth"))
    rectified: bool = setting(
        False, "the images come rectified (topics named image_rect): apply no distortion again"
    )
    reliability: str = setting(
        "best_effort",
        "QoS of the image subscriptions; best_effort hears every publisher",
        choices=("best_effort", "reliable"),
    )
    self_check_s: float = setting(
        5.0,
        "seconds without a usable frame before the log says why; 0 = never",
        low=0.0,
        high=3600.0,
    )
    autostart: bool = setting(True, "configure and activate without a lifecycle manager")

    def __post_init__(self):
        super().__post_init__()
        for name in self.cameras:
            if not name.strip("/") or self.cameras.count(name) > 1:
                problem = "twice" if name.strip("/") else "as a camera; each needs a base name"
                raise ConfigError(f"cameras names {name!r} {problem}")
        if not self.cameras:
            raise ConfigError("cameras is empty; name at least one")
        if len(self.mask_images) > len(self.cameras):
            raise ConfigError(
                f"{len(self.mask_images)} mask_images for {len(self.cameras)} cameras; give one "
                "for each, in the same order"
            )


@dataclass(frozen=True)
class ReplayConfig(Checked):
    """What the replay node plays, and how."""

    source: str = setting("synthetic", "a recording's path, or synthetic for the built-in room")
    camera: str = setting("/camera", "base name of the camera it plays")
    map_frame: str = setting("map", "TF frame of the poses")
    rate: float = setting(1.0, "speed, as a multiple of the recording's", low=0.01, high=100.0)
    frames: int = setting(0, "stop after so many frames; 0 = all", low=0, high=10_000_000)
    loop: bool = setting(False, "start again at the end, until stopped")
    preload: bool = setting(False, "read all frames before the first is sent")
    wait_for_subscriber: bool = setting(True, "send nothing before somebody listens")
    upright: bool = setting(
        True, "turn a recording whose world is not z up, as its cameras show, so that the map is"
    )
    room_hz: float = setting(
        4.0, f"frames a second of the {WALK_S:.0f} s walk through the room", low=0.1, high=240.0
    )
    seed: int = setting(0, "of the built-in room", low=0, high=2**31 - 1)
