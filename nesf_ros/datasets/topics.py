"""Which topics of a bag are the colour and the depth camera: by type, then by custom of naming."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from nesf_ros.errors import DatasetError

IMAGE, COMPRESSED = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"
CAMERA_INFO, TF = "sensor_msgs/msg/CameraInfo", "tf2_msgs/msg/TFMessage"

_TRANSPORT = re.compile(r"/(compressed|compressedDepth)$")
_DEPTH = re.compile("depth")
_OTHER = re.compile(r"infra|/ir\b|mask|label|confidence|disparity|thermal|theora|ffmpeg")
_COLOR_ORDER = (
    r"/(color|rgb)/image_rect(_color|_raw)?$",
    r"/(color|rgb)/image(_raw|_color)?$",
    r"color|rgb",
    r"",
)
_DEPTH_ORDER = (
    r"/aligned_depth_to_color/image(_raw)?$",
    r"/depth(_registered)?/image_rect(_raw)?$",
    r"/depth(_registered)?/image(_raw)?$",
    r"",
)
"""Patterns of names, the likeliest first; the first that fits any topic decides."""


@dataclass(frozen=True)
class BagTopics:
    """Topics of one camera in a bag; an empty name means: find it."""

    color: str = ""
    depth: str = ""
    color_info: str = ""
    depth_info: str = ""


def choose_topics(types: Mapping[str, str], wanted: BagTopics) -> BagTopics:
    """Fill in the names that are left open. `types` holds the message type of every topic.

    Raises DatasetError where a named topic is not there, none fits, or several fit equally well.
    """
    images = [name for name, kind in types.items() if kind in (IMAGE, COMPRESSED)]
    infos = [name for name, kind in types.items() if kind == CAMERA_INFO]
    depths = [name for name in images if _is_depth(name, types[name])]
    colors = [name for name in images if name not in depths and not _OTHER.search(name)]
    depths = [name for name in depths if not _OTHER.search(name)]
    color = _chosen("color", wanted.color, colors, images, _COLOR_ORDER)
    depth = _chosen("depth", wanted.depth, depths, images, _DEPTH_ORDER)
    return BagTopics(
        color,
        depth,
        _info("color_info", wanted.color_info, color, infos),
        _info("depth_info", wanted.depth_info, depth, infos),
    )


def _is_depth(name: str, kind: str) -> bool:
    # A JPEG of a depth image, which some transports record by default, is useless.
    if kind == COMPRESSED:
        return name.endswith("/compressedDepth")
    return bool(_DEPTH.search(name))


def _chosen(
    role: str, wanted: str, fitting: list[str], known: list[str], order: tuple[str, ...]
) -> str:
    """The topic that is wanted, or the likeliest of those that fit."""
    if wanted:
        if wanted not in known:
            raise DatasetError(f"the bag has no image topic {wanted!r}; it has {_listed(known)}")
        return wanted
    # A topic that names depth but came as plain JPEG is neither of the two.
    usable = [n for n in fitting if role == "depth" or not _DEPTH.search(_TRANSPORT.sub("", n))]
    for pattern in order:
        likely = [name for name in usable if re.search(pattern, _TRANSPORT.sub("", name))]
        raw = [name for name in likely if not _TRANSPORT.search(name)]
        likely = raw or likely
        if len(likely) == 1:
            return likely[0]
        if likely:
            raise DatasetError(
                f"the bag has several {role} topics: {_listed(likely)}; choose one with "
                f"topics=BagTopics({role}=...)"
            )
    raise DatasetError(
        f"the bag has no {role} image topic among {_listed(known)}; name one with "
        f"topics=BagTopics({role}=...)"
    )


def _info(role: str, wanted: str, image: str, infos: list[str]) -> str:
    """The CameraInfo topic beside an image topic, as every ROS camera driver names it."""
    name = wanted or _TRANSPORT.sub("", image).rsplit("/", 1)[0] + "/camera_info"
    if name not in infos:
        raise DatasetError(
            f"the bag has no CameraInfo topic {name!r} for {image!r}; it has {_listed(infos)}: "
            f"name one with topics=BagTopics({role}=...)"
        )
    return name


def _listed(names: list[str]) -> str:
    return ", ".join(sorted(names)) or "none"
