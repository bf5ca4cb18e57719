"""What a colour camera makes of a rendered image: exposure, white balance, blur, noise, JPEG."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from jaxtyping import Float32, UInt8
from numpy import ndarray

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.colorimetry import LUMA, displayed, linear

Range = tuple[float, float]

WELL_EXPOSED = 0.45
"""Mean brightness of an image (display values) that the automatic exposure aims at."""
GAIN_STOPS: Range = (-2.0, 2.5)
"""How far the automatic exposure goes from the rendered image."""
_SHADES = 4096


@dataclass(frozen=True)
class PhotoRanges:
    """From what `Photo.drawn` draws, evenly; signs of balance and exposure by chance."""

    exposure_stops: Range
    warmth_stops: Range
    vignetting: Range
    motion_px: Range
    defocus_px: Range
    full_well: Range
    jpeg_quality: Range


TRAINING = PhotoRanges(
    exposure_stops=(0.0, 0.5),
    warmth_stops=(0.0, 0.25),
    vignetting=(0.0, 0.3),
    motion_px=(0.0, 2.0),
    defocus_px=(0.0, 0.7),
    full_well=(600.0, 5000.0),
    jpeg_quality=(70.0, 98.0),
)
NOVEL = PhotoRanges(
    exposure_stops=(0.7, 1.2),
    warmth_stops=(0.35, 0.7),
    vignetting=(0.4, 0.6),
    motion_px=(3.0, 6.0),
    defocus_px=(0.9, 1.5),
    full_well=(150.0, 400.0),
    jpeg_quality=(30.0, 55.0),
)
"""Worse cameras than training ever shows: no range meets TRAINING's."""


@dataclass(frozen=True)
class Photo:
    """A colour camera and its settings. Defaults: a perfect one with automatic exposure."""

    exposure_stops: float = 0.0
    """Brighter (or darker, below 0) than the automatic exposure would have it."""
    warmth_stops: float = 0.0
    """Error of the white balance: red over blue."""
    vignetting: float = 0.0
    """Share of light that is lost in the corners, 0–1."""
    motion_px: float = 0.0
    """Length of motion blur at most; each picture draws its own, and a direction."""
    defocus_px: float = 0.0
    """Standard deviation of the blur of the lens."""
    full_well: float = np.inf
    """Electrons in a white pixel before automatic gain: the fewer, the noisier."""
    read_noise: float = 0.0
    """Standard deviation of the noise of reading out, as a share of white."""
    jpeg_quality: int = 100
    """Of the compression, 1–100; 100 compresses not at all."""

    def __post_init__(self) -> None:
        if not (
            0 <= self.vignetting < 1
            and min(self.motion_px, self.defocus_px, self.read_noise) >= 0
            and self.full_well > 0
            and 1 <= self.jpeg_quality <= 100
        ):
            raise ConfigError(
                f"{self}: vignetting must be 0 to 1, blur and noise 0 or more, full_well more "
                "than 0, jpeg_quality 1 to 100"
            )

    @classmethod
    def drawn(cls, rng: np.random.Generator, novel: bool = False) -> Photo:
        """A camera from TRAINING's ranges, or from NOVEL's."""
        ranges = NOVEL if novel else TRAINING
        signs = rng.choice((-1.0, 1.0), 2)
        full_well = float(rng.uniform(*ranges.full_well))
        return cls(
            exposure_stops=float(signs[0] * rng.uniform(*ranges.exposure_stops)),
            warmth_stops=float(signs[1] * rng.uniform(*ranges.warmth_stops)),
            vignetting=float(rng.uniform(*ranges.vignetting)),
            motion_px=float(rng.uniform(*ranges.motion_px)),
            defocus_px=float(rng.uniform(*ranges.defocus_px)),
            full_well=full_well,
            read_noise=2 / full_well,
            jpeg_quality=round(rng.uniform(*ranges.jpeg_quality)),
        )

    def apply(
        self,
        color: UInt8[ndarray, "height width 3"] | Float32[ndarray, "height width 3"],
        rng: np.random.Generator,
    ) -> UInt8[ndarray, "height width 3"]:
        """Take the picture.

        Args:
            color: a rendered image: display values as bytes, or linear light as floats.
            rng: of the motion and the noise; the same one takes the same picture.
        """
        light = _linear_of_bytes()[color] if color.dtype == np.uint8 else color.copy()
        gain = 2**self.exposure_stops * _gain(light)
        light = self._blurred(light, rng)
        if self.vignetting:
            light *= self._kept_light(light.shape[0], light.shape[1])[..., None]
        if np.isfinite(self.full_well) or self.read_noise:
            sigma = np.sqrt(light / np.float32(self.full_well) + np.float32(self.read_noise**2))
            light += sigma * rng.standard_normal(light.shape, np.float32)
        half = self.warmth_stops / 2
        light *= np.array([gain * 2**half, gain, gain * 2**-half], np.float32)
        shades = np.clip(light * (_SHADES - 1) + 0.5, 0, _SHADES - 1).astype(np.uint16)
        return self._compressed(_bytes_of_shades()[shades])

    def _blurred(
        self, light: Float32[ndarray, "height width 3"], rng: np.random.Generator
    ) -> Float32[ndarray, "height width 3"]:
        length, angle = self.motion_px * rng.random(), np.pi * rng.random()
        if length > 0.5:
            light = cv2.filter2D(light, -1, _streak(length, angle), borderType=cv2.BORDER_REFLECT)
        if self.defocus_px > 0.2:
            light = cv2.GaussianBlur(light, (0, 0), self.defocus_px, borderType=cv2.BORDER_REFLECT)
        return light

    def _kept_light(self, height: int, width: int) -> Float32[ndarray, "{height} {width}"]:
        """1 in the middle, 1 − vignetting in the corners: the fourth power of the cosine."""
        y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)
        # cos⁴ of an angle whose tangent grows with the distance from the middle.
        steep = (1 - self.vignetting) ** -0.5 - 1
        return ((1 + steep * (x * x + y * y) / 2) ** -2).astype(np.float32)

    def _compressed(
        self, image: UInt8[ndarray, "height width 3"]
    ) -> UInt8[ndarray, "height width 3"]:
        if self.jpeg_quality == 100:
            return image
        settings = (cv2.IMWRITE_JPEG_QUALITY, self.jpeg_quality)
        # JPEG stores brightness more finely than hue, so it must know which channel is which.
        coded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), settings)[1]
        back = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))
        return cv2.cvtColor(back, cv2.COLOR_BGR2RGB)


def _gain(light: Float32[ndarray, "height width 3"]) -> float:
    """What makes the mean of the display values WELL_EXPOSED, by bisection on a few pixels."""
    sample = light[3::7, 3::7] @ LUMA
    low, high = GAIN_STOPS
    for _ in range(10):
        middle = (low + high) / 2
        if float(displayed(np.minimum(sample * np.float32(2**middle), 1)).mean()) < WELL_EXPOSED:
            low = middle
        else:
            high = middle
    return 2 ** ((low + high) / 2)


def _streak(length: float, angle_rad: float) -> Float32[ndarray, "size size"]:
    """Kernel of a straight motion: its samples shared among the pixels beside them."""
    reach = int(np.ceil(length / 2)) + 1
    kernel = np.zeros((2 * reach + 1,) * 2, np.float32)
    for part in np.linspace(-0.5, 0.5, 4 * reach + 1):
        x = reach + part * length * np.cos(angle_rad)
        y = reach + part * length * np.sin(angle_rad)
        i, j = int(y), int(x)
        for row, share in ((i, 1 - (y - i)), (i + 1, y - i)):
            kernel[row, j] += share * (1 - (x - j))
            kernel[row, j + 1] += share * (x - j)
    return kernel / kernel.sum()


@cache
def _linear_of_bytes() -> Float32[ndarray, " 256"]:
    return linear(np.arange(256, dtype=np.float32) / 255)


@cache
def _bytes_of_shades() -> UInt8[ndarray, " shades"]:
    shades = displayed(np.arange(_SHADES, dtype=np.float32) / (_SHADES - 1))
    return (255 * shades + 0.5).astype(np.uint8)
