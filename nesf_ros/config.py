"""Every default of the mapper, written once: one frozen dataclass per component.

A setting is added here and nowhere else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from nesf_ros.config_field import FieldConfig, LerfConfig
from nesf_ros.config_language import SemanticsConfig, VisionConfig
from nesf_ros.config_unseen import Reach, UnseenConfig
from nesf_ros.errors import ConfigError
from nesf_ros.settings import Checked, setting


@dataclass(frozen=True)
class FramesConfig(Checked):
    """From messages to posed frames (`nesf_ros.frames`)."""

    sync_slop_s: float = setting(
        0.02, "largest stamp difference of a colour and a depth image, s", low=0.0, high=1.0
    )
    sync_queue: int = setting(
        10, "unmatched images kept per stream while waiting for a partner", low=1, high=200
    )
    tf_wait_s: float = setting(
        0.25, "how long a frame waits for the TF of its stamp, s", low=0.0, high=10.0, live=True
    )
    tf_history_s: float = setting(10.0, "length of the TF history, s", low=0.5, high=3600.0)
    queue: int = setting(
        4, "posed frames waiting for the map; the oldest is dropped when full", low=1, high=100
    )
    depth_scale: float = setting(
        0.001, "metres per unit of a 16UC1 depth image", low=1e-6, high=1.0
    )


@dataclass(frozen=True)
class KeyframesConfig(Checked):
    """Which frames are kept for later use (`nesf_ros.frames.keyframes`)."""

    translation_m: float = setting(0.15, "motion that makes a keyframe, m", low=0.0, high=100.0)
    rotation_rad: float = setting(0.20, "turn that makes a keyframe, rad", low=0.0, high=math.pi)
    max_overlap: float = setting(
        0.9,
        "a frame that some keyframe already covers by this share is not kept",
        low=0.0,
        high=1.0,
    )
    max_count: int = setting(200, "keyframes held at most", low=1, high=100_000)
    max_mib: float = setting(
        512.0, "memory that keyframes' images may hold, MiB", low=1.0, high=1e6
    )


@dataclass(frozen=True)
class MapConfig(Checked):
    """The voxel map (`nesf_ros.voxels`)."""

    device: str = setting("auto", "auto (CUDA if there is one), cpu, cuda or cuda:N")
    voxel_size_m: float = setting(0.05, "edge of a voxel, m", low=0.005, high=1.0)
    truncation_voxels: float = setting(
        3.0, "signed distances are cut off at this many voxels", low=1.5, high=16.0
    )
    min_depth_m: float = setting(0.15, "nearer depth readings are ignored, m", low=0.0, high=10.0)
    max_depth_m: float = setting(
        5.0, "nothing is built or carved farther away than this, m", low=0.2, high=100.0
    )
    max_weight: float = setting(
        64.0,
        "readings at 1 m remembered per voxel; later ones replace the oldest",
        low=1.0,
        high=1e4,
    )
    contradiction_frames: float = setting(
        12.0,
        "what a voxel held before counts as at most so many frames against readings that "
        "contradict it, so that what has left or come is soon believed",
        low=1.0,
        high=1e4,
    )
    submap_radius_m: float = setting(
        4.0, "a new submap begins this far from the centre of the last one, m", low=0.5, high=1e3
    )
    memory_mib: float = setting(
        2048.0, "memory for voxels, MiB; far submaps go first", low=8.0, high=1e7
    )
    folder: str = setting("~/.ros/nesf_maps", "the only folder maps are saved to and loaded from")
    autosave_s: float = setting(
        30.0,
        "seconds between automatic saves of a changed map; 0 = never",
        low=0.0,
        high=86400.0,
        live=True,
    )
    autosave_name: str = setting(
        "", "name of the automatic save, loaded again at start; empty = off"
    )

    def __post_init__(self):
        super().__post_init__()
        if self.min_depth_m >= self.max_depth_m:
            raise ConfigError(
                f"min_depth_m is {self.min_depth_m}, max_depth_m {self.max_depth_m}; no reading "
                "lies between them"
            )


@dataclass(frozen=True)
class PublishConfig(Checked):
    """What the perception node puts on the wire, and how often."""

    rate_hz: float = setting(2.0, "map updates per second", low=0.05, high=30.0, live=True)
    chunk_mib: float = setting(
        4.0, "largest map message, MiB; below the transport's limit", low=0.01, high=30.0
    )
    marker_limit: int = setting(
        20_000,
        "cubes shown at most in RViz; PointCloud2 has them all",
        low=0,
        high=1_000_000,
        live=True,
    )
    slice_min_m: float = setting(
        0.1,
        "lower limit of the occupancy grid's slice above the map origin, m",
        low=-1e3,
        high=1e3,
        live=True,
    )
    slice_max_m: float = setting(
        1.5,
        "upper limit of the occupancy grid's slice above the map origin, m",
        low=-1e3,
        high=1e3,
        live=True,
    )


@dataclass(frozen=True)
class QueryConfig(Checked):
    """Limits of the services."""

    deadline_s: float = setting(
        5.0, "answer time where a request names none, s", low=0.01, high=3600.0, live=True
    )
    max_points: int = setting(200_000, "points of one query at most", low=1, high=10_000_000)
    max_pixels: int = setting(
        4_000_000, "pixels of one rendered view at most", low=1, high=100_000_000
    )
    max_voxels: int = setting(
        30_000_000, "voxels of one dense reply at most", low=1, high=1_000_000_000
    )


@dataclass(frozen=True)
class NesfConfig(Checked):
    """The whole package."""

    frames: FramesConfig = field(default_factory=FramesConfig)
    keyframes: KeyframesConfig = field(default_factory=KeyframesConfig)
    map: MapConfig = field(default_factory=MapConfig)
    vision: VisionConfig = field(default_factory=VisionConfig)
    semantics: SemanticsConfig = field(default_factory=SemanticsConfig)
    publish: PublishConfig = field(default_factory=PublishConfig)
    query: QueryConfig = field(default_factory=QueryConfig)
    lerf: LerfConfig = field(default_factory=LerfConfig)
    unseen: UnseenConfig = field(default_factory=UnseenConfig)
    reach: Reach = field(default_factory=Reach)
    field: FieldConfig = field(default_factory=FieldConfig)
