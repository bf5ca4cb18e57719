"""Pictures on things: words, and packaging with brand, emblem and product."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from nesf_ros.synthetic.materials import Color
from nesf_ros.synthetic.objects.draw import Draw

Picture = UInt8[ndarray, "height width 3"]
Area = tuple[float, float, float, float]
"""Left, top, right and bottom edge as shares of a picture's width and height."""

_FONTS = (cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_COMPLEX)
_FIFTH = 2 * np.pi / 5
_WHITE, _DARK, _CREAM = (0.97, 0.97, 0.95), (0.1, 0.1, 0.14), (0.97, 0.92, 0.78)

BRANDS: dict[str, tuple[str, ...]] = {
    "breakfast": ("CRISPEO", "OATIKA", "MORNELLO", "KORNIX", "HAPPLO", "ZUNNY"),
    "dairy": ("ALMARA", "MOOLINE", "LACTERRA", "GRUNFELD", "SNOWELL"),
    "pantry": ("ORTOLAN", "BELLAVO", "GARDENA VERDE", "TASTIQ", "OLD BARN", "MAREVA"),
    "soda": ("FIZZARO", "KOLARIX", "ZINGOLA", "POPPEL", "LIMORA", "BUZZLE"),
    "wine": ("CHATEAU VERAL", "MONTE SOLA", "CASA LUMO", "DOMAINE ORVEL", "WILD HERON"),
    "water": ("AQUAVELL", "NORDSPRING", "PURALPA", "CLEARMONT", "BLUE FJELL"),
    "shop": ("MARKTO", "VELVETTE", "URBANIQ", "FRESH CORNER", "PAPERLANE", "NOVELLA"),
    "freight": ("QUIKSHIP", "PARCELO", "MOVANTO", "CARGOLINE"),
}
"""Names that no company has, by what is sold under them."""


def label(words: str, background: Color, ink: Color, size_px: tuple[int, int] = (128, 96),
          font: int = cv2.FONT_HERSHEY_DUPLEX) -> Picture:  # fmt: skip
    """Words, one under the other, as large as fits a picture of (width, height)."""
    image = _blank(background, size_px)
    _write(image, words, ink, (0.05, 0.04, 0.95, 0.96), font)
    return image


def packaging(
    draw: Draw, brand: str, words: str, background: Color, size_px: tuple[int, int] = (160, 192)
) -> Picture:
    """The front of a package: a name, an emblem and what is in it, in one of several layouts.

    Args:
        draw: dice for layout, font, emblem and colours.
        brand: what is written largest, such as one of `BRANDS`.
        words: what it is, in a smaller script.
        background: colour of most of the picture.
        size_px: width and height of the picture.
    """
    image = _blank(background, size_px)
    accent = _contrasting(draw, background)
    layout, font = draw.choice(_LAYOUTS), draw.choice(_FONTS)
    layout(image, (brand, words), accent, font, draw.choice(tuple(_EMBLEMS)))
    return image


def around(image: Picture) -> UInt8[ndarray, "height circumference 3"]:
    """A picture for a full turn ("round", -π to π) that shows `image` at the front and the back.

    Between the two its left and right edges go on, so that each can be read from one side.
    """
    margin = round(0.22 * image.shape[1])
    return np.concatenate([np.pad(image, ((0, 0), (margin, margin), (0, 0)), "edge")] * 2, axis=1)


def _blank(background: Color, size_px: tuple[int, int]) -> Picture:
    return np.full((size_px[1], size_px[0], 3), np.round(255 * np.array(background)), np.uint8)


def _bytes(color: Color) -> tuple[float, float, float]:
    red, green, blue = (float(round(255 * c)) for c in color)
    return red, green, blue


def _brightness(color: Color) -> float:
    return 0.3 * color[0] + 0.59 * color[1] + 0.11 * color[2]


def _contrasting(draw: Draw, background: Color) -> Color:
    """A colour far brighter or far darker than the background."""
    inks = (_WHITE, _CREAM, _DARK, *map(draw.color, ("yellow", "red", "blue", "green", "purple")))
    gaps = [abs(_brightness(ink) - _brightness(background)) for ink in inks]
    return draw.choice([ink for ink, gap in zip(inks, gaps, strict=True) if gap > 0.38])


def _on(color: Color) -> Color:
    """Ink that can be read on a colour."""
    return _WHITE if _brightness(color) < 0.5 else _DARK


def _write(image: Picture, words: str, ink: Color, area: Area, font: int) -> None:
    """Words in an area, broken into as many lines as let them be largest."""
    height, width = image.shape[:2]
    left, top = area[0] * width, area[1] * height
    across, down = (area[2] - area[0]) * width, (area[3] - area[1]) * height
    scale, lines = max((_fit(lines, across, down, font), lines) for lines in _breaks(words.split()))
    thick = max(2, round(1.6 * scale))
    row = down / len(lines)
    for number, line in enumerate(lines):
        (wide, high), _ = cv2.getTextSize(line, font, scale, thick)
        corner = (left + (across - wide) / 2, top + (number + 0.5) * row + high / 2)
        at = (round(corner[0]), round(corner[1]))
        cv2.putText(image, line, at, font, scale, _bytes(ink), thick, cv2.LINE_AA)


def _breaks(words: Sequence[str]) -> list[tuple[str, ...]]:
    """All ways to set words in lines of equally many words."""
    return [
        tuple(" ".join(words[i : i + n]) for i in range(0, len(words), n))
        for n in range(1, len(words) + 1)
    ]


def _fit(lines: Sequence[str], across: float, down: float, font: int) -> float:
    widest = max(cv2.getTextSize(line, font, 1.0, 2)[0][0] for line in lines)
    tall = cv2.getTextSize(lines[0], font, 1.0, 2)[0][1]
    return min(across / widest, 0.78 * down / (len(lines) * tall))


_EMBLEMS: dict[str, Callable[[ndarray], ndarray]] = {
    "disc": lambda a: np.ones_like(a),
    "star": lambda a: 0.42 + 0.58 * np.abs((a / _FIFTH + 0.75) % 1 * 2 - 1),
    "flower": lambda a: 0.75 + 0.25 * np.cos(6 * a),
    "sun": lambda a: 0.8 + 0.2 * np.sign(np.sin(12 * a)),
    "diamond": lambda a: 1 / (np.abs(np.cos(a)) + np.abs(np.sin(a))),
    "drop": lambda a: 0.62 + 0.38 * np.clip(-np.sin(a), 0, 1) ** 6,
    "leaf": lambda a: 0.9 * np.abs(np.cos(1.5 * (a + np.pi / 2))) ** 0.5 + 0.1,
    "hill": lambda a: np.where(np.sin(a) > 0.5, 0.5 / np.maximum(np.sin(a), 0.5), 1.0),
}
"""Radius over angle (both of the unit circle) of each emblem's outline."""


def _emblem(image: Picture, shape: str, area: Area, color: Color) -> None:
    """The largest emblem that fits an area, in its middle."""
    height, width = image.shape[:2]
    angle = np.arange(60) * (2 * np.pi / 60)
    reach = min((area[2] - area[0]) * width, (area[3] - area[1]) * height) / 2
    radius = reach * _EMBLEMS[shape](angle)
    x = (area[0] + area[2]) * width / 2 + radius * np.cos(angle)
    y = (area[1] + area[3]) * height / 2 + radius * np.sin(angle)
    outline = np.round(np.stack([x, y], axis=1)).astype(np.int32)
    cv2.fillPoly(image, [outline], _bytes(color), cv2.LINE_AA)


def _fill(image: Picture, area: Area, color: Color) -> None:
    height, width = image.shape[:2]
    rows = slice(round(area[1] * height), round(area[3] * height))
    image[rows, round(area[0] * width) : round(area[2] * width)] = _bytes(color)


def _band(image: Picture, words: tuple[str, str], accent: Color, font: int, shape: str) -> None:
    """The name in a band across the middle, the emblem above, the rest below."""
    _emblem(image, shape, (0.1, 0.05, 0.9, 0.33), accent)
    _fill(image, (0, 0.37, 1, 0.68), accent)
    _write(image, words[0], _on(accent), (0.05, 0.39, 0.95, 0.66), font)
    _write(image, words[1], accent, (0.1, 0.72, 0.9, 0.96), font)


def _badge(image: Picture, words: tuple[str, str], accent: Color, font: int, shape: str) -> None:
    """The name in a large oval, small emblems in the corners, the rest below."""
    height, width = image.shape[:2]
    middle, axes = (width // 2, round(0.38 * height)), (round(0.46 * width), round(0.3 * height))
    cv2.ellipse(image, middle, axes, 0, 0, 360, _bytes(accent), -1, cv2.LINE_AA)
    _write(image, words[0], _on(accent), (0.12, 0.22, 0.88, 0.54), font)
    _write(image, words[1], accent, (0.22, 0.73, 0.78, 0.97), font)
    for left in (0.03, 0.8):
        _emblem(image, shape, (left, 0.75, left + 0.17, 0.95), accent)


def _banner(image: Picture, words: tuple[str, str], accent: Color, font: int, shape: str) -> None:
    """The name on top, a large emblem in the middle, the rest in a strip at the bottom."""
    _write(image, words[0], accent, (0.05, 0.04, 0.95, 0.32), font)
    _emblem(image, shape, (0.1, 0.34, 0.9, 0.76), accent)
    _fill(image, (0, 0.79, 1, 0.97), accent)
    _write(image, words[1], _on(accent), (0.05, 0.8, 0.95, 0.96), font)


def _split(image: Picture, words: tuple[str, str], accent: Color, font: int, shape: str) -> None:
    """The lower part in the other colour behind a slanting edge, an emblem across it."""
    height, width = image.shape[:2]
    edge = [(0, 0.6), (1, 0.44), (1, 1), (0, 1)]
    corners = np.round(np.array(edge) * (width, height)).astype(np.int32)
    cv2.fillPoly(image, [corners], _bytes(accent), cv2.LINE_AA)
    _write(image, words[0], accent, (0.05, 0.05, 0.95, 0.4), font)
    _emblem(image, shape, (0.62, 0.62, 0.96, 0.95), _on(accent))
    _write(image, words[1], _on(accent), (0.05, 0.64, 0.6, 0.95), font)


_LAYOUTS = (_band, _badge, _banner, _split)
