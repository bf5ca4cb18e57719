"""What the parts of the package hand to each other.

`frames`, `vision`, `voxels` and `field` do not import one another; they meet through these types.
Conventions (docs/conventions.md): optical frames (x right, y down, z forward), metres, nanoseconds,
`a_T_b` takes coordinates in b to coordinates in a, integer pixel coordinates are pixel centres.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Float32, Float64, UInt8
from numpy import ndarray

from nesf_ros.errors import FrameError, GeometryError

UNOBSERVED, FREE, OCCUPIED = 0, 1, 2
"""State of a voxel: no ray has reached it, rays passed through it, a surface lies in it."""

START_NS = 1_000_000_000
"""Stamp of the first frame of a source that has no clock of its own, nanoseconds."""

RELATIONS = ("in", "on", "behind", "in front of", "on the left of", "on the right of")
"""The six spatial relations of Semantic Abstraction, in its own words."""

Progress = Callable[[str, float], None]
"""Hears what is being done, and how much of it all is done, 0–1. What it raises ends the work."""


def unheard(stage: str, share: float) -> None:
    """Progress that nobody follows."""


def within(progress: Progress, first: float, last: float) -> Progress:
    """Progress of a part of some work: all of that part takes the whole from `first` to `last`."""
    return lambda stage, share: progress(stage, first + (last - first) * share)


@dataclass(frozen=True)
class Intrinsics:
    """Pinhole camera: u = fx·x/z + cx, v = fy·y/z + cy; pixel (0, 0) is centred on u = v = 0."""

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    def __post_init__(self):
        if self.width <= 0 or self.height <= 0:
            raise GeometryError(f"image size {self.width}x{self.height} px; both must be positive")
        finite = np.isfinite([self.fx, self.fy, self.cx, self.cy]).all()
        if not finite or self.fx <= 0 or self.fy <= 0:
            raise GeometryError(
                f"focal length ({self.fx}, {self.fy}) px, centre ({self.cx}, {self.cy}) px; "
                "focal lengths must be finite and positive: is the camera calibrated?"
            )

    @property
    def matrix(self) -> Float64[ndarray, "3 3"]:
        """The 3×3 projection matrix K, in pixels."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1]], np.float64)

    def scaled(self, factor: float) -> Intrinsics:
        """The same camera with an image `factor` times as large, pixel centres kept in place."""
        return Intrinsics(
            max(1, round(self.width * factor)),
            max(1, round(self.height * factor)),
            self.fx * factor,
            self.fy * factor,
            (self.cx + 0.5) * factor - 0.5,
            (self.cy + 0.5) * factor - 0.5,
        )


@dataclass(frozen=True)
class RgbdFrame:
    """One colour and depth image pair of a camera, rectified, not yet posed.

    The two images may differ in size, intrinsics and place: nothing is resampled on the way in.
    """

    stamp_ns: int
    """Time of the depth image, nanoseconds."""
    camera: str
    """Name of the camera (several may feed one map)."""
    color: UInt8[ndarray, "height width 3"]
    """RGB, 0–255."""
    depth_m: Float32[ndarray, "depth_height depth_width"]
    """Depth along the optical axis, metres, finite; 0 where there is none, never negative."""
    color_intrinsics: Intrinsics
    depth_intrinsics: Intrinsics
    depth_T_color: Float64[ndarray, "4 4"] = field(default_factory=lambda: np.eye(4))
    """Pose of the colour camera's optical frame in the depth camera's."""

    def __post_init__(self):
        for name, image, camera in (
            ("colour", self.color, self.color_intrinsics),
            ("depth", self.depth_m, self.depth_intrinsics),
        ):
            if image.shape[:2] != (camera.height, camera.width):
                raise FrameError(
                    f"{name} image is {image.shape[1]}x{image.shape[0]} px but its intrinsics "
                    f"are for {camera.width}x{camera.height} px"
                )
        if not (self.depth_m.min() >= 0 and self.depth_m.max() < np.inf):  # NaN fails both
            raise FrameError(
                "the depth image holds NaN, infinite or negative readings; 0 must stand for none",
                cause="bad_encoding",
            )


@dataclass(frozen=True)
class PosedFrame:
    """An `RgbdFrame` with the pose of its depth camera at the stamp of the image."""

    rgbd: RgbdFrame
    world_T_camera: Float64[ndarray, "4 4"]
    """Pose of the depth camera's optical frame in the map frame."""
    odom_T_camera: Float64[ndarray, "4 4"] | None = None
    """Pose in the odometry frame, which never jumps; None where there is no such frame."""

    @property
    def nbytes(self) -> int:
        """Memory held by the two images, bytes."""
        return self.rgbd.color.nbytes + self.rgbd.depth_m.nbytes


@dataclass(frozen=True)
class Box:
    """Axis-aligned box in the map frame, metres; `lower` inclusive, `upper` exclusive."""

    lower: tuple[float, float, float]
    upper: tuple[float, float, float]

    def __post_init__(self):
        corners = np.array([self.lower, self.upper], np.float64)
        if not np.isfinite(corners).all() or (corners[1] <= corners[0]).any():
            raise GeometryError(
                f"box from {self.lower} to {self.upper} m; every upper bound must be finite and "
                "larger than its lower bound"
            )

    def overlaps(self, other: Box) -> bool:
        """Whether they share any space."""
        first, last = np.maximum(self.lower, other.lower), np.minimum(self.upper, other.upper)
        return bool((first < last).all())


@dataclass(frozen=True)
class PointAnswers:
    """What the map knows about n points."""

    state: UInt8[ndarray, " n"]
    """UNOBSERVED, FREE or OCCUPIED."""
    probability: Float32[ndarray, " n"]
    """Probability that a surface lies in the voxel; NaN where unobserved."""
    color: UInt8[ndarray, "n 3"]
    """RGB of occupied voxels, 0 elsewhere."""
    distance_m: Float32[ndarray, " n"]
    """Distance to the nearest known surface, metres; +inf while the map knows none."""


@dataclass(frozen=True)
class Wanted:
    """What to tell in words of places, beside their labels."""

    texts: Sequence[str] = ()
    """How relevant are they to these?"""
    negatives: Sequence[str] = ()
    """Phrases that a text is held against; none: `semantics.canonical`."""
    features: bool = False
    """Colours that show which embeddings are alike."""


NOTHING = Wanted()


@dataclass(frozen=True)
class ViewWords:
    """What is known, in words, of what a view shows."""

    label: UInt8[ndarray, "height width"] | None
    """n: `label_names[n − 1]`, 0: no label. None: nothing is labelled."""
    label_names: tuple[str, ...]
    relevancy: Float32[ndarray, "texts height width"]
    """0–1; NaN where nothing is known, and for texts that are unknown to the model."""
    unknown: tuple[str, ...] = ()
    """Texts that are far from all that the model was trained with."""
    features: UInt8[ndarray, "height width 3"] | None = None
    """Colours that are alike where embeddings are; black where none is. None: not asked for."""


@dataclass(frozen=True)
class View:
    """What a camera at some pose would see of the map."""

    color: UInt8[ndarray, "height width 3"]
    depth_m: Float32[ndarray, "height width"]
    """Depth along the optical axis, metres; 0 where the ray meets no known surface."""
    normals_world: Float[ndarray, "height width 3"]
    """Unit surface normals in the map frame, facing the camera; 0 where there is no depth."""
    words: ViewWords | None = None
    """None where nothing is labelled and nothing was asked."""
    drawn_by: str = "voxels"
    """What it shows: the voxels, or the scene field fitted to the keyframes ("field")."""
