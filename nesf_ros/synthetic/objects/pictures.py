"""Paintings and photos, for walls and covers."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from nesf_ros.synthetic.objects.draw import COLORS, Draw
from nesf_ros.synthetic.objects.screens import bytes_of, filled, landscape

Image = UInt8[ndarray, "height width 3"]
_SKIN = ((240, 205, 175), (205, 155, 115), (140, 95, 65), (90, 60, 45))


def painting(draw: Draw, size_px: tuple[int, int]) -> Image:
    """A landscape, the sea, a portrait, flowers or shapes: a picture of (width, height)."""
    width, height = size_px
    if draw.chance(0.3):
        return landscape(draw, width, height)
    return draw.choice((_sea, _portrait, _flowers, _blocks, _circles))(draw, width, height)


def _ink(draw: Draw, *names: str) -> tuple[int, int, int]:
    return bytes_of(draw.color(draw.choice(names or tuple(COLORS))))


def _sea(draw: Draw, width: int, height: int) -> Image:
    """Water, a horizon, and a boat with a sail."""
    image = filled(draw.color(draw.choice(("blue", "orange", "pink", "beige"))), width, height)
    level = round(draw.size(0.5, 0.7) * height)
    cv2.rectangle(image, (0, level), (width, height), _ink(draw, "blue", "turquoise"), -1)
    for _ in range(14):
        x, y = draw.count(0, width), draw.count(level + 4, height)
        cv2.line(image, (x, y), (x + width // 9, y), (215, 235, 245), 1, cv2.LINE_AA)
    x, size = draw.count(width // 4, 3 * width // 4), draw.size(0.12, 0.25) * height
    shape = np.array([(-0.8, 0), (0.8, 0), (0.5, 0.35), (-0.5, 0.35)])
    sail = np.array([(-0.05, -0.1), (-0.05, -2.0), (0.8, -0.1)])
    for outline, ink in ((shape, _ink(draw, "brown", "red")), (sail, (245, 245, 240))):
        corners = np.round(outline * size + (x, level)).astype(np.int32)
        cv2.fillPoly(image, [corners], ink, cv2.LINE_AA)
    return image


def _portrait(draw: Draw, width: int, height: int) -> Image:
    """A person from the shoulders up."""
    image = filled(
        draw.color(draw.choice(("green", "blue", "grey", "brown", "beige"))), width, height
    )
    unit, x, y = min(width, height) / 100, width // 2, round(0.45 * height)
    skin, hair = draw.choice(_SKIN), _ink(draw, "brown", "black", "yellow", "grey")

    def blob(dx: float, dy: float, across: float, down: float, ink: tuple[int, int, int]) -> None:
        at = (round(x + dx * unit), round(y + dy * unit))
        cv2.ellipse(image, at, (round(across * unit), round(down * unit)), 0, 0, 360, ink, -1,
                    cv2.LINE_AA)  # fmt: skip

    blob(0, -3, 23, 29, hair)
    if draw.chance(0.5):
        blob(0, 14, 24, 30, hair)
    blob(0, 72, 42, 40, _ink(draw))
    blob(0, 28, 8, 16, skin)
    blob(0, 2, 18, 24, skin)
    blob(0, -19, 18, 9, hair)
    for side in (-7, 7):
        blob(side, -1, 2.5, 2, (30, 25, 25))
    blob(0, 14, 6, 2, (170, 60, 60))
    return image


def _flowers(draw: Draw, width: int, height: int) -> Image:
    """A vase with flowers."""
    image = filled(draw.color(draw.choice(("beige", "white", "grey", "turquoise"))), width, height)
    unit, x = min(width, height) / 100, width // 2
    cv2.rectangle(
        image, (0, round(0.82 * height)), (width, height), _ink(draw, "brown", "white"), -1
    )
    low = round(0.88 * height)
    for _ in range(draw.count(5, 11)):
        at = (x + round(draw.size(-30, 30) * unit), round(draw.size(0.14, 0.5) * height))
        cv2.line(image, (x, round(0.65 * height)), at, (50, 110, 50), 2, cv2.LINE_AA)
        ink = _ink(draw, "red", "yellow", "pink", "purple", "orange", "white")
        for turn in np.arange(6) * (np.pi / 3):
            leaf = (round(at[0] + 5 * unit * np.cos(turn)), round(at[1] + 5 * unit * np.sin(turn)))
            cv2.circle(image, leaf, round(4 * unit), ink, -1, cv2.LINE_AA)
        cv2.circle(image, at, round(3 * unit), (235, 190, 60), -1, cv2.LINE_AA)
    ink = _ink(draw, "blue", "white", "red", "turquoise")
    cv2.ellipse(image, (x, low - round(13 * unit)), (round(13 * unit), round(14 * unit)), 0, 0, 360,
                ink, -1, cv2.LINE_AA)  # fmt: skip
    neck = round(6 * unit)
    cv2.rectangle(image, (x - neck, round(0.62 * height)), (x + neck, low - neck), ink, -1)
    return image


def _blocks(draw: Draw, width: int, height: int) -> Image:
    """Fields of colour between black lines."""
    image = filled((0.95, 0.94, 0.9), width, height)
    xs = sorted({0, width, *(draw.count(10, width - 10) for _ in range(draw.count(2, 4)))})
    ys = sorted({0, height, *(draw.count(10, height - 10) for _ in range(draw.count(2, 4)))})
    for left, right in zip(xs, xs[1:], strict=False):
        for top, bottom in zip(ys, ys[1:], strict=False):
            if draw.chance(0.5):
                cv2.rectangle(image, (left, top), (right, bottom), _ink(draw), -1)
            cv2.rectangle(image, (left, top), (right, bottom), (20, 20, 20), 3)
    return image


def _circles(draw: Draw, width: int, height: int) -> Image:
    """Discs and rings over each other."""
    image = filled(draw.color(draw.choice(tuple(COLORS))), width, height)
    for _ in range(draw.count(4, 10)):
        at = (draw.count(0, width), draw.count(0, height))
        radius = round(draw.size(0.06, 0.3) * min(width, height))
        thick = draw.choice((-1, -1, max(2, radius // 4)))
        cv2.circle(image, at, radius, _ink(draw), thick, cv2.LINE_AA)
    return image
