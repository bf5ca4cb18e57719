"""Light and the values that stand for it in images; the colour of lamps."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64
from numpy import ndarray

from nesf_ros.errors import ConfigError

NEUTRAL_K = 4500.0
"""Light of this colour temperature looks white to the camera."""
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""How bright red, green and blue display values look (ITU-R BT.601)."""


def tint(kelvin: float) -> tuple[float, float, float]:
    """What light of a colour temperature does to the display values of what it lights.

    Brightness stays the same; 4500 K changes nothing. As for an eye, half of the difference goes
    unseen: cameras balance their white, but never fully.
    """
    light = np.maximum(_planck(kelvin) / _planck(NEUTRAL_K), 0).astype(np.float32)
    seen = np.sqrt(displayed(light))
    red, green, blue = (seen / (seen @ LUMA)).tolist()
    return red, green, blue


def _planck(kelvin: float) -> Float64[ndarray, " 3"]:
    """Linear RGB (sRGB primaries, luminance 1) of a black body.

    The locus is the cubic spline of Kim et al., "Design of advanced color temperature control
    system for HDTV applications", 2002.

    Raises:
        ConfigError: outside the spline's range.
    """
    if not 1667 <= kelvin <= 25000:
        raise ConfigError(f"light of {kelvin} K; it must be 1667 to 25000 K")
    t = 1e3 / kelvin
    if kelvin <= 4000:
        x = ((-0.2661239 * t - 0.2343589) * t + 0.8776956) * t + 0.179910
    else:
        x = ((-3.0258469 * t + 2.1070379) * t + 0.2226347) * t + 0.240390
    if kelvin <= 2222:
        y = ((-1.1063814 * x - 1.34811020) * x + 2.18555832) * x - 0.20219683
    elif kelvin <= 4000:
        y = ((-0.9549476 * x - 1.37418593) * x + 2.09137015) * x - 0.16748867
    else:
        y = ((3.0817580 * x - 5.87338670) * x + 3.75112997) * x - 0.37001483
    xyz_to_rgb = [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.9692660, 1.8760108, 0.0415560],
        [0.0556434, -0.2040259, 1.0572252],
    ]
    return np.array(xyz_to_rgb) @ [x / y, 1.0, (1 - x - y) / y]


def linear(displayed: Float32[ndarray, "*shape"]) -> Float32[ndarray, "*shape"]:
    """Light (0–1) of sRGB values (0–1), IEC 61966-2-1."""
    return np.where(
        displayed <= 0.04045, displayed / 12.92, ((displayed + 0.055) / 1.055) ** 2.4
    ).astype(np.float32)


def displayed(light: Float32[ndarray, "*shape"]) -> Float32[ndarray, "*shape"]:
    """The sRGB values (0–1) of light; what is brighter than 1 exceeds 1."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055).astype(
        np.float32
    )
