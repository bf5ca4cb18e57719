"""Solids in other directions than upright, and outlines for them; builders share these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nesf_ros.synthetic.materials import Material
from nesf_ros.synthetic.solids import ORIGIN, Point, Solid, extruded
from nesf_ros.synthetic.things import placement, turned

Outline = list[tuple[float, float]]


def arc(
    radius_m: float,
    start_deg: float,
    end_deg: float,
    count: int = 8,
    center: tuple[float, float] = (0.0, 0.0),
    radius_y_m: float | None = None,
) -> Outline:
    """Points along part of a circle, or of an ellipse, ends included; 0° is +x, 90° is +y."""
    angles = np.radians(np.linspace(start_deg, end_deg, count))
    high = radius_m if radius_y_m is None else radius_y_m
    return [(center[0] + radius_m * np.cos(a), center[1] + high * np.sin(a)) for a in angles]


def oval(width_m: float, height_m: float, count: int = 20) -> Outline:
    """An ellipse around the origin by its diameters."""
    return arc(width_m / 2, 0, 360, count + 1, radius_y_m=height_m / 2)[:-1]


def lying(solid: Solid, axis: str, at: Point = ORIGIN) -> Solid:
    """A solid that was made around the origin's vertical, with its up now along +x or +y.

    What was its bottom centre comes to lie on `at`.
    """
    down = turned("y", np.pi / 2) if axis == "x" else turned("x", -np.pi / 2)
    return replace(solid, texture_at=at).moved(placement(*at) @ down)


def plate(
    outline_m: Sequence[tuple[float, float]], depth_m: float, material: Material,
    at: Point = ORIGIN,
) -> Solid:  # fmt: skip
    """An upright plate that faces ±y: an outline in (x, z) around `at`, halfway through it."""
    # Up is laid along +y upside down: an outline with z mirrored comes out upright.
    upright = extruded([(x, -z) for x, z in outline_m], depth_m, material)
    return lying(upright, "y", (at[0], at[1] - depth_m / 2, at[2]))


def profile(
    outline_m: Sequence[tuple[float, float]], width_m: float, material: Material,
    at: Point = ORIGIN,
) -> Solid:  # fmt: skip
    """A body by its side view: an outline in (y, z) around `at`, as wide as given along x."""
    upright = extruded([(-z, y) for y, z in outline_m], width_m, material)
    return lying(upright, "x", (at[0] - width_m / 2, at[1], at[2]))
