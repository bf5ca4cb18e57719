"""Every default of the package, written once.

One frozen dataclass per component. ROS parameters, their descriptors and the YAML are derived
from these fields (`nesf_ros.ros.parameters`), so a setting is added here and nowhere else.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeVar, get_origin, get_type_hints

from nesf_ros.errors import ConfigError

ConfigT = TypeVar("ConfigT")


def setting(
    default: Any,
    doc: str,
    *,
    low: float | None = None,
    high: float | None = None,
    live: bool = False,
    choices: tuple[str, ...] = (),
) -> Any:
    """A configuration field: its default, what it means, its closed range.

    `live` settings may be changed while the node runs; the others need a restart.
    """
    return field(
        default=default,
        metadata={"doc": doc, "low": low, "high": high, "live": live, "choices": choices},
    )


class Checked:
    """Checks types and ranges of every field on construction."""

    def __post_init__(self):
        hints = get_type_hints(type(self))
        for item in fields(self):  # type: ignore[arg-type]
            check_value(item, hints[item.name], getattr(self, item.name))


def check_value(item: Field, kind: Any, value: Any) -> None:
    """Raise ConfigError unless `value` has the field's type and lies in its range."""
    if is_dataclass(kind):
        return
    if get_origin(kind) is tuple:
        if not isinstance(value, tuple) or not all(isinstance(v, str) for v in value):
            raise ConfigError(f"{item.name} is {value!r}; it must be a list of strings")
        return
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ConfigError(f"{item.name} is {value!r}; it must be of type {kind.__name__}")
    low, high, choices = (item.metadata.get(key) for key in ("low", "high", "choices"))
    if kind in (int, float):
        if kind is float and not math.isfinite(value):
            raise ConfigError(f"{item.name} is {value}; it must be finite")
        if (low is not None and value < low) or (high is not None and value > high):
            raise ConfigError(f"{item.name} is {value}; it must lie in [{low}, {high}]")
    if choices and value not in choices:
        raise ConfigError(f"{item.name} is {value!r}; it must be one of {', '.join(choices)}")


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
    max_mib: float = setting(512.0, "memory that keyframes may hold, MiB", low=1.0, high=1e6)


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
class VisionConfig(Checked):
    """The vision-language model (`nesf_ros.vision`)."""

    model: str = setting(
        "nesf-mini",
        "an architecture that open_clip knows (ViT-B-32, ViT-B-16 …), the path of a model "
        "configuration (.json), local-dir:FOLDER, or hf-hub:ORGANISATION/NAME",
    )
    pretrained: str = setting(
        "embedded",
        "its weights: a tag of open_clip (laion2b_s34b_b79k …), a file (.safetensors, .pt, .bin), "
        "or embedded for those that come with this package; local-dir and hf-hub bring their own",
    )
    precision: str = setting(
        "fp32",
        "of the weights; bf16 is fast where the processor computes in it (recent x86, CUDA)",
        choices=("fp32", "bf16"),
    )
    prompts: str = setting(
        "embedded",
        "what a label is put into before it is encoded: embedded (what that model was trained "
        "with), plain, imagenet, semabs, clip2scene, or a text file of templates with one {} each",
    )
    text_cache: int = setting(
        4096, "labels whose embeddings are kept (2 kB each); the oldest go", low=1, high=1_000_000
    )


@dataclass(frozen=True)
class SemanticsConfig(Checked):
    """What voxels know about language (`nesf_ros.voxels.features`, `nesf_ros.semantics`)."""

    enabled: bool = setting(
        False, "load the vision-language model and answer in words; the map needs none of it"
    )
    feature_dims: int = setting(
        64, "numbers kept of each voxel's embedding (2 bytes each)", low=8, high=1024
    )
    feature_mib: float = setting(
        256.0,
        "memory for voxels' embeddings, MiB; those not seen for longest go first",
        low=8.0,
        high=1e6,
    )
    max_weight: float = setting(
        16.0,
        "keyframes at 1 m remembered per voxel; later ones replace the oldest",
        low=1.0,
        high=1e4,
    )
    label_scale: float = setting(
        0.0,
        "how fast a label's confidence grows with its cosine; 0 = as validated for the model",
        low=0.0,
        high=1000.0,
    )
    unknown_below: float = setting(
        0.0,
        "cosine below which a voxel is of none of the labels; 0 = as validated for the model",
        low=-1.0,
        high=1.0,
    )
    canonical: tuple[str, ...] = setting(
        ("object", "things", "stuff", "texture"),
        "phrases that a text is held against unless a question names others (LERF §3.5)",
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
        30.0, "frames a second of the built-in room; fewer cover more of it", low=0.1, high=240.0
    )
    seed: int = setting(0, "of the built-in room", low=0, high=2**31 - 1)


def walk(config: Any, prefix: str = "") -> Iterator[tuple[str, Field, Any]]:
    """Yield (dotted name, field, value) of every leaf setting, in order of declaration."""
    for item in fields(config):
        value = getattr(config, item.name)
        if is_dataclass(value):
            yield from walk(value, f"{prefix}{item.name}.")
        else:
            yield f"{prefix}{item.name}", item, value


def with_values(config: ConfigT, values: Mapping[str, Any]) -> ConfigT:
    """A copy of `config` with the (dotted) names in `values` replaced.

    Raises ConfigError for an unknown name (naming the nearest valid one), a wrong type or range.
    """
    known = {name: value for name, _, value in walk(config)}
    grouped: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            raise ConfigError(f"unknown setting {name!r}; did you mean {near[0]!r}?")
        if isinstance(known[name], float) and type(value) is int:  # True is no length
            value = float(value)
        section, _, leaf = name.rpartition(".")
        grouped.setdefault(section, {})[leaf] = value
    changes = grouped.pop("", {})
    for section, part in grouped.items():
        changes[section] = replace(getattr(config, section), **part)
    return replace(config, **changes)  # type: ignore[type-var]
