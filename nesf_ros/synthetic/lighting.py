"""What lights a scene: lamps, daylight through windows, and light from everywhere."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from nesf_ros.synthetic.colorimetry import tint
from nesf_ros.synthetic.materials import Color
from nesf_ros.types import Box

Point = tuple[float, float, float]
Range = tuple[float, float]

TEMPERATURE_K: Range = (2700.0, 6500.0)
"""Of ordinary lamps, from warm white to daylight tubes."""
DAYLIGHT_K: Range = (5500.0, 7500.0)
"""Of what comes in through windows."""


@dataclass(frozen=True)
class LightRanges:
    """From what `Lighting.drawn` draws, evenly."""

    lamps: tuple[int, int]
    """How many, besides windows."""
    height: Range
    """Where they hang, as a share of the space's height."""
    ambient: Range
    """Brightness from everywhere."""
    key: Range
    """Brightness that all lamps together add in the middle of the space."""
    saturation: Range = (0.0, 0.0)
    """Of lamps that are of any hue, 0–1; they have a colour temperature where this is 0."""


TRAINING = LightRanges(lamps=(1, 4), height=(0.85, 0.97), ambient=(0.4, 0.6), key=(0.4, 0.75))
"""Rooms as one meets them."""
NOVEL: dict[str, LightRanges] = {
    "coloured": LightRanges((1, 3), (0.85, 0.97), (0.4, 0.55), (0.4, 0.7), (0.4, 0.65)),
    "low key": LightRanges((1, 1), (0.85, 0.97), (0.12, 0.24), (0.4, 0.7)),
    "side": LightRanges((1, 2), (0.25, 0.5), (0.25, 0.36), (0.5, 0.8)),
}
"""Kinds of light that training never shows: each has one range that does not meet TRAINING's."""

SKIES: tuple[tuple[Color, Color], ...] = (
    ((0.62, 0.78, 0.93), (0.62, 0.70, 0.55)),
    ((0.86, 0.88, 0.90), (0.66, 0.68, 0.64)),
    ((0.45, 0.65, 0.92), (0.50, 0.62, 0.42)),
    ((0.93, 0.80, 0.68), (0.55, 0.50, 0.45)),
)
"""What is seen through windows, above and below the horizon: fair, overcast, deep blue, dusk."""


@dataclass(frozen=True)
class Lamp:
    """A point light."""

    position: Point
    """World frame, metres."""
    strength: float = 0.4
    """Brightness it adds where it shines straight on from 2 m away; see `reach`."""
    color: Color = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Lighting:
    """What lights a scene, and what is seen where a ray leaves it.

    Brightness is a factor on the colours of surfaces as they are written to an image.
    """

    lamps: tuple[Lamp, ...]
    ambient: float = 0.48
    """Brightness from everywhere, shadows included."""
    zenith: Color = SKIES[0][0]
    """Sky above the horizon."""
    horizon: Color = SKIES[0][1]
    """Below the horizon."""
    ambient_color: Color = (1.0, 1.0, 1.0)

    @classmethod
    def drawn(
        cls,
        seed: int | Sequence[int],
        space: Box,
        windows: Sequence[Box] = (),
        lamps_at: Sequence[Point] = (),
        novel: bool = False,
    ) -> Lighting:
        """Light for a box-shaped space; the same seed draws the same.

        Args:
            seed: of all that is drawn.
            space: the room, or the air over a table, metres.
            windows: openings beside the space, each one with daylight outside.
            lamps_at: where lamps hang; where there are none, places high in the space are drawn.
            novel: one of NOVEL's kinds of light in place of TRAINING's.
        """
        rng = np.random.default_rng(seed)
        ranges = list(NOVEL.values())[rng.integers(len(NOVEL))] if novel else TRAINING
        places = list(lamps_at) or _places(rng, ranges, space)
        colors = [_color(rng, ranges, TEMPERATURE_K) for _ in places]
        for window in windows:
            places.append(_outside(window, space))
            colors.append(_color(rng, ranges, DAYLIGHT_K))
        shares = rng.dirichlet(np.full(len(places), 4.0)) * rng.uniform(*ranges.key)
        middle = (np.array(space.lower) + np.array(space.upper)) / 2
        lamps = tuple(
            Lamp(place, float(share) / reach(float(np.linalg.norm(middle - place))), color)
            for place, share, color in zip(places, shares, colors, strict=True)
        )
        # Walls mix the light of all lamps, and their own colours make it paler.
        mixed = 0.5 + 0.5 * np.average(np.array(colors), axis=0, weights=shares)
        zenith, horizon = SKIES[rng.integers(len(SKIES))]
        ambient = float(rng.uniform(*ranges.ambient))
        return cls(lamps, ambient, zenith, horizon, _as_color(mixed))


def reach(distance_m: float) -> float:
    """Brightness that a lamp of strength 1 gives to a surface that faces it.

    Softer than the inverse square, as in a room whose walls throw light back; 1 at 2 m.
    """
    return 1 / (0.6 + 0.2 * distance_m)


def _places(rng: np.random.Generator, ranges: LightRanges, space: Box) -> list[Point]:
    """Places in the space, a tenth of its width away from the walls at least."""
    lower, size = np.array(space.lower), np.array(space.upper) - np.array(space.lower)
    places = []
    for _ in range(int(rng.integers(ranges.lamps[0], ranges.lamps[1] + 1))):
        shares = [*rng.uniform(0.1, 0.9, 2), rng.uniform(*ranges.height)]
        places.append(_as_color(lower + shares * size))
    return places


def _outside(window: Box, space: Box) -> Point:
    """A place well beyond an opening, as seen from the space."""
    at = (np.array(window.lower) + np.array(window.upper)) / 2
    beyond = np.maximum(at - np.array(space.upper), np.array(space.lower) - at)
    axis = int(np.argmax(beyond))
    outwards = 1.0 if at[axis] > space.upper[axis] else -1.0
    at[axis] += outwards * 0.6
    at[2] += 0.4
    return _as_color(at)


def _color(rng: np.random.Generator, ranges: LightRanges, kelvin: Range) -> Color:
    hue, saturation = rng.random(), rng.uniform(*ranges.saturation)
    if saturation > 0:
        return colorsys.hsv_to_rgb(hue, saturation, 1.0)
    return tint(float(rng.uniform(*kelvin)))


def _as_color(values: ndarray) -> Color:
    first, second, third = values.tolist()
    return first, second, third
