"""Pictures for screens, keys and dials: what electronics show."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from nesf_ros.synthetic.materials import Color
from nesf_ros.synthetic.objects.draw import Draw

Image = UInt8[ndarray, "height width 3"]

_BRIGHT = ("red", "orange", "yellow", "green", "turquoise", "blue", "purple", "pink")
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def bytes_of(color: Color) -> tuple[int, int, int]:
    """A colour as 8-bit values."""
    red, green, blue = (round(255 * c) for c in color)
    return red, green, blue


def filled(color: Color, width: int, height: int) -> Image:
    """A picture of one colour."""
    return np.full((height, width, 3), bytes_of(color), np.uint8)


def _fading(top: Color, bottom: Color, width: int, height: int) -> Image:
    share = np.linspace(0, 1, height)[:, None, None]
    rows = (1 - share) * np.array(top) + share * np.array(bottom)
    return np.repeat(np.round(255 * rows), width, axis=1).astype(np.uint8)


def landscape(draw: Draw, width: int = 160, height: int = 90) -> Image:
    """A sky with a sun over hills, as films show."""
    image = _fading(draw.color("blue"), draw.color(draw.choice(("orange", "white", "pink"))),
                    width, height)  # fmt: skip
    sun = (draw.count(width // 8, width * 7 // 8), draw.count(height // 8, height // 2))
    cv2.circle(image, sun, height // 9, bytes_of(draw.color("yellow")), -1, cv2.LINE_AA)
    across = np.arange(width)
    for level in (0.55, 0.7, 0.85):
        waves = draw.size(0.5, 2.0) * 2 * np.pi / width
        ridge = height * (level + 0.09 * np.sin(waves * across + draw.size(0, 6)))
        outline = np.stack([across, ridge], axis=1).round().astype(np.int32)
        corners = np.concatenate([outline, [[width, height], [0, height]]]).astype(np.int32)
        color = draw.color(draw.choice(("green", "green", "brown", "turquoise")))
        cv2.fillPoly(image, [corners], bytes_of(color))
    return image


def windows(draw: Draw, width: int = 160, height: int = 100) -> Image:
    """A desktop with a bar of icons and windows full of text, as computers show."""
    image = _fading(draw.color(draw.choice(_BRIGHT)), draw.color("blue"), width, height)
    cv2.rectangle(image, (0, height - 8), (width, height), (40, 40, 48), -1)
    for number in range(draw.count(4, 9)):
        left = 4 + 9 * number
        color = bytes_of(draw.color(draw.choice(_BRIGHT)))
        cv2.rectangle(image, (left, height - 7), (left + 5, height - 2), color, -1)
    for _ in range(draw.count(1, 3)):
        left, top = draw.count(4, width // 3), draw.count(4, height // 3)
        right, bottom = left + draw.count(width // 3, width // 2), top + draw.count(30, 50)
        dark = draw.chance(0.4)
        page, ink = ((30, 32, 40), (120, 220, 140)) if dark else ((245, 245, 245), (90, 90, 90))
        cv2.rectangle(image, (left, top), (right, bottom), page, -1)
        cv2.rectangle(image, (left, top), (right, top + 5), bytes_of(draw.color("grey")), -1)
        for line in range(top + 9, bottom - 3, 4):
            end = left + 4 + int((right - left - 8) * draw.size(0.4, 1.0))
            cv2.line(image, (left + 4, line), (end, line), ink, 1)
    return image


def apps(draw: Draw, columns: int = 4, rows: int = 6, cell: int = 16) -> Image:
    """Rows of coloured tiles, as phones and tablets show."""
    width, height = columns * cell, rows * cell + cell // 2
    image = _fading(draw.color(draw.choice(_BRIGHT)), draw.color("black"), width, height)
    cv2.putText(image, "12:30", (2, 7), _FONT, 0.22, (255, 255, 255), 1, cv2.LINE_AA)
    for row in range(rows):
        for column in range(columns):
            if row < rows - 2 or row == rows - 1 or draw.chance(0.5):
                color = bytes_of(draw.color(draw.choice((*_BRIGHT, "white"))))
                left, top = column * cell + 3, row * cell + cell // 2 + 3
                cv2.rectangle(image, (left, top), (left + cell - 6, top + cell - 6), color, -1)
    return image


def keys(
    rows: tuple[str, ...], key: Color, base: Color, ink: Color, cell: tuple[int, int] = (16, 16)
) -> Image:
    """Keys with a letter each; every row of letters fills the width, "_" is a wide space bar."""
    widest = max(len(row) for row in rows)
    wide, high = cell
    image = filled(base, widest * wide, len(rows) * high)
    for number, row in enumerate(rows):
        shares = np.array([5.0 if letter == "_" else 1.0 for letter in row])
        edges = np.round(np.cumsum([0.0, *shares / shares.sum()]) * widest * wide).astype(int)
        top = number * high
        for letter, left, right in zip(row, edges, edges[1:], strict=False):
            low, high_ = (int(left) + 1, top + 1), (int(right) - 2, top + high - 2)
            cv2.rectangle(image, low, high_, bytes_of(key), -1)
            if letter != "_":
                at = (int(left) + wide // 4, top + high - high // 3)
                cv2.putText(
                    image, letter, at, _FONT, 0.02 * high, bytes_of(ink), 1, cv2.LINE_AA
                )  # fmt: skip
    return image


def digits(text: str, ink: Color, width: int = 64, height: int = 24) -> Image:
    """Glowing figures on black."""
    image = filled((0.05, 0.06, 0.06), width, height)
    across, high = cv2.getTextSize(text, _FONT, 1.0, 1)[0]
    scale = min(0.85 * width / across, 0.7 * height / high)
    at = (int((width - scale * across) / 2), int((height + scale * high) / 2))
    cv2.putText(image, text, at, _FONT, scale, bytes_of(ink), 1, cv2.LINE_AA)
    return image


def text_page(draw: Draw, width: int = 84, height: int = 60) -> Image:
    """A printed page: a heading, lines of text, a picture on some."""
    image = filled((0.96, 0.96, 0.94), width, height)
    cv2.line(image, (8, 8), (width // 2, 8), (30, 30, 40), 3)
    framed = draw.chance(0.5)
    for line in range(16, height - 4, 5):
        end = width - 8 - draw.count(0, width // 4)
        cv2.line(image, (8, line), (end, line), (120, 120, 120), 1)
    if framed:
        color = bytes_of(draw.color(draw.choice(_BRIGHT)))
        cv2.rectangle(image, (width // 2, 14), (width - 8, height // 2 + 8), color, -1)
    return image


def dial_scale(draw: Draw, width: int = 96, height: int = 40) -> Image:
    """A radio's scale: frequencies, marks, and a needle."""
    image = filled(draw.color(draw.choice(("beige", "white", "black"))), width, height)
    ink = (230, 160, 40) if int(image[0, 0].sum()) < 300 else (40, 40, 40)
    for number, text in enumerate(("88", "92", "98", "104")):
        at = (4 + number * width // 4, height // 3)
        cv2.putText(image, text, at, _FONT, 0.3, ink, 1, cv2.LINE_AA)
    for left in range(4, width - 2, 6):
        cv2.line(image, (left, height // 2), (left, height // 2 + height // 5), ink, 1)
    needle = draw.count(8, width - 8)
    cv2.line(image, (needle, 2), (needle, height - 3), (220, 30, 30), 2)
    return image


def weighing_dial(draw: Draw, size: int = 64) -> Image:
    """The round face of a weighing scale: marks, figures and a needle."""
    image = filled((0.95, 0.95, 0.92), size, size)
    middle, reach = (size - 1) / 2, 0.46 * size
    for number in range(24):
        angle = number * np.pi / 12
        way = np.array([np.sin(angle), -np.cos(angle)])
        inner = 0.7 if number % 3 == 0 else 0.85
        start, end = (tuple((middle + f * reach * way).astype(int).tolist()) for f in (inner, 1.0))
        cv2.line(image, start, end, (20, 20, 20), 2 if number % 3 == 0 else 1)
    angle = draw.size(0, 2 * np.pi)
    tip = (int(middle + 0.8 * reach * np.sin(angle)), int(middle - 0.8 * reach * np.cos(angle)))
    cv2.line(image, (size // 2, size // 2), tip, (210, 20, 20), 3)
    return image
