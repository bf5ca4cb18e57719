"""What a structured-light depth camera makes of the truth: a noise model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, UInt8
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
    least_return: tuple[float, float] = (0.003, 0.008)
    """Light that comes back (albedo · cosine / depth², depth in metres) below which every
    reading, above which none, is lost: black things at 3 to 5 m, or seen at a slant."""
    glare_gloss: tuple[float, float] = (0.1, 0.5)
    """Gloss up to which a surface that faces the camera is read, and from which it dazzles."""
    glare_cosine: float = 0.97
    """Cosine between ray and normal from which a glossy surface faces the camera."""
    mirrored_share: float = 0.5
    """Share of a perfect mirror's other readings that are wrong: of what it mirrors, so farther;
    it falls with the square of the gloss."""

    def depth(
        self,
        depth_m: Float32[ndarray, "height width"],
        camera: Intrinsics,
        rng: np.random.Generator,
        gloss: Float32[ndarray, "height width"] | None = None,
        albedo: Float32[ndarray, "height width"] | None = None,
    ) -> Float32[ndarray, "height width"]:
        """What the sensor reports of a true depth image; 0 where it reports nothing.

        Args:
            depth_m: exact depth, 0 where there is none.
            camera: of the depth image.
            rng: the dice.
            gloss: share of light that surfaces mirror, 0–1; without it nothing mirrors.
            albedo: brightness of surfaces, 0–1; without it nothing is too dark.
        """
        disparity = self.focal_px * self.baseline_m / np.where(depth_m > 0, depth_m, np.inf)
        disparity += rng.normal(0, self.disparity_sigma_px, depth_m.shape)
        disparity = np.round(disparity / self.disparity_step_px) * self.disparity_step_px
        reading = self.focal_px * self.baseline_m / np.maximum(disparity, self.disparity_step_px)
        lost = depth_m == 0
        lost |= (reading < self.range_m[0]) | (reading > self.range_m[1])
        lost |= self._beside_jump(depth_m) & (rng.random(depth_m.shape) < self.edge_dropout)
        cosine = incidence_cosine(depth_m, camera)
        lost |= rng.random(depth_m.shape) > _between(cosine, self.grazing_cosine)
        if gloss is not None:
            reading *= self._detour(gloss, rng)
            dazzled = _between(gloss, self.glare_gloss) * (cosine >= self.glare_cosine)
            lost |= (patches(depth_m.shape, rng) < dazzled) | (reading > self.range_m[1])
        if albedo is not None:
            returned = albedo * cosine / np.maximum(depth_m, 1e-3) ** 2
            lost |= rng.random(depth_m.shape) > _between(returned, self.least_return)
        return np.where(lost, 0, reading).astype(np.float32)

    def _detour(
        self, gloss: Float32[ndarray, "height width"], rng: np.random.Generator
    ) -> Float64[ndarray, "height width"]:
        """How much farther than the surface the readings are, by patches: 1 to 1.5 times."""
        wrong = patches(gloss.shape, rng) < self.mirrored_share * gloss**2
        return np.where(wrong, 1 + 0.5 * patches(gloss.shape, rng), 1)

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


def _between(
    values: Float[ndarray, "height width"], limits: tuple[float, float]
) -> Float[ndarray, "height width"]:
    """0 below the limits, 1 above them, and linear between."""
    return np.clip((values - limits[0]) / (limits[1] - limits[0]), 0, 1)


def patches(
    shape: tuple[int, ...], rng: np.random.Generator, size_px: int = 8
) -> Float64[ndarray, "height width"]:
    """Smooth random numbers, evenly spread from 0 to 1: what is low is so by patches."""
    height, width = shape
    knots = rng.standard_normal((height // size_px + 2, width // size_px + 2))
    rows, down = np.divmod(np.arange(height) / size_px, 1.0)
    columns, right = np.divmod(np.arange(width) / size_px, 1.0)
    i, j, down = rows.astype(int), columns.astype(int), down[:, None]
    along = (1 - right) * knots[:, j] + right * knots[:, j + 1]
    mixed = (1 - down) * along[i] + down * along[i + 1]
    # Between knots a mean of two or four: its spread is made 1 again.
    spread = ((1 - down) ** 2 + down**2) * ((1 - right) ** 2 + right**2)
    # The logistic function with this factor is within 0.01 of the normal distribution's.
    return 1 / (1 + np.exp(-1.702 * mixed / np.sqrt(spread)))


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
