"""Pictures on things: labels with words."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from nesf_ros.synthetic.materials import Color


def label(
    words: str, background: Color, ink: Color, size_px: tuple[int, int] = (128, 96)
) -> UInt8[ndarray, "height width 3"]:
    """Words, one under the other, as large as fits a picture of (width, height)."""
    width, height = size_px
    image = np.empty((height, width, 3), np.uint8)
    image[:] = np.round(255 * np.array(background))
    lines = words.split()
    font = cv2.FONT_HERSHEY_DUPLEX
    widest = max(cv2.getTextSize(line, font, 1.0, 2)[0][0] for line in lines)
    row = height / (len(lines) + 0.5)
    scale = min(0.9 * width / widest, 0.7 * row / 22)
    color = tuple(float(255 * c) for c in ink)
    for number, line in enumerate(lines):
        across = cv2.getTextSize(line, font, scale, 2)[0][0]
        at = (int((width - across) / 2), int((number + 0.85) * row))
        cv2.putText(image, line, at, font, scale, color, max(1, round(2 * scale)), cv2.LINE_AA)
    return image
