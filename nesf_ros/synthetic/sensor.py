"""What a structured-light depth camera makes of the truth: a noise model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, UInt8
from numpy import ndarray

from nesf_ros.geometry.cameras import unproject_image
from nesf_ros.types import Intrinsics


@dataclass(frozen=True)
class SensorNoise:
    """Errors of a depth camera that measures disparity; defaults resemble the first Kinect.

    The camera sees disparity = focal_px · baseline_m / depth. Noise and quantisation are constant
    in disparity, so they grow with depth squared: 9 mm and 12 mm at 2 m with the defaults.
    """

    baseline_m: float = 0.075
    """Distance of projector and camera."""
    focal_px: float = 580.0
    """Focal length of the infrared camera; it does not change with the size of the image."""
    disparity_sigma_px: float = 0.1
    """Standard deviation of the disparity."""
    disparity_step_px: float = 0.125
    """Disparity comes in multiples of this."""
    range_m: tuple[float, float] = (0.4, 5.0)
    """Nearest and farthest depth that is reported."""
    edge_dropout: float = 0.5
    """Probability that a pixel beside a jump in depth has no reading."""
    edge_jump: float = 0.04
    """Relative difference to a neighbour that is a jump."""
    grazing_cosine: tuple[float, float] = (0.08, 0.25)
    """Cosines between ray and normal below which every reading, above which none, is lost."""
    color_sigma: float = 4.0
    """Standard deviation of each colour channel, of 255."""

    def depth(
        self,
        depth_m: Float32[ndarray, "height width"],
        camera: Intrinsics,
        rng: np.random.Generator,
    ) -> Float32[ndarray, "height width"]:
        """What the sensor reports of a true depth image; 0 where it reports nothing."""
        disparity = self.focal_px * self.baseline_m / np.where(depth_m > 0, depth_m, np.inf)
        disparity += rng.normal(0, self.disparity_sigma_px, depth_m.shape)
        disparity = np.round(disparity / self.disparity_step_px) * self.disparity_step_px
        reading = self.focal_px * self.baseline_m / np.maximum(disparity, self.disparity_step_px)
        lost = depth_m == 0
        lost |= (reading < self.range_m[0]) | (reading > self.range_m[1])
        lost |= self._beside_jump(depth_m) & (rng.random(depth_m.shape) < self.edge_dropout)
        none, full = self.grazing_cosine
        kept_share = (incidence_cosine(depth_m, camera) - none) / (full - none)
        lost |= rng.random(depth_m.shape) > kept_share
        return np.where(lost, 0, reading).astype(np.float32)

    def color(
        self, color: UInt8[ndarray, "height width 3"], rng: np.random.Generator
    ) -> UInt8[ndarray, "height width 3"]:
        """The image with independent noise on every value."""
        noisy = color + rng.normal(0, self.color_sigma, color.shape)
        return np.clip(np.round(noisy), 0, 255).astype(np.uint8)

    def _beside_jump(
        self, depth_m: Float32[ndarray, "height width"]
    ) -> Bool[ndarray, "height width"]:
        """Pixels with a neighbour (left, right, above, below) at quite another depth."""
        beside = np.zeros(depth_m.shape, bool)
        for first, second in (((slice(None), slice(1, None)), (slice(None), slice(None, -1))),
                              ((slice(1, None),), (slice(None, -1),))):  # fmt: skip
            a, b = depth_m[first], depth_m[second]
            jump = np.abs(a - b) > self.edge_jump * np.minimum(a, b)
            beside[first] |= jump
            beside[second] |= jump
        return beside


def incidence_cosine(
    depth_m: Float32[ndarray, "height width"], camera: Intrinsics
) -> Float32[ndarray, "height width"]:
    """Cosine between each pixel's ray and the surface normal: 1 head-on, 0 grazing.

    From differences of the depth image itself, to the nearer in depth of the two neighbours along
    each axis, so that a jump does not pass for a slope; 1 where a neighbour has no depth.
    """
    points = unproject_image(depth_m, camera)
    middle = points[1:-1, 1:-1]
    across = _smaller_step(points[1:-1, :-2], middle, points[1:-1, 2:])
    along = _smaller_step(points[:-2, 1:-1], middle, points[2:, 1:-1])
    normal = np.cross(across, along)
    lengths = np.linalg.norm(normal, axis=2) * np.linalg.norm(middle, axis=2)
    known = depth_m > 0
    known = (
        known[1:-1, 1:-1] & known[1:-1, 2:] & known[1:-1, :-2] & known[2:, 1:-1] & known[:-2, 1:-1]
    ) & (lengths > 0)
    dot = np.abs(np.einsum("ijk,ijk->ij", normal, middle))
    cosine = np.ones(depth_m.shape, np.float32)
    cosine[1:-1, 1:-1][known] = dot[known] / lengths[known]
    return cosine


def _smaller_step(
    before: Float32[ndarray, "height width 3"],
    middle: Float32[ndarray, "height width 3"],
    after: Float32[ndarray, "height width 3"],
) -> Float32[ndarray, "height width 3"]:
    """Of the steps to the middle and from the middle, the one that changes depth less."""
    back, ahead = middle - before, after - middle
    return np.where(np.abs(back[..., 2:]) < np.abs(ahead[..., 2:]), back, ahead)
