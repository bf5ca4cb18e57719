"""What lights a scene: lamps, and light from everywhere."""

from __future__ import annotations

from dataclasses import dataclass

from nesf_ros.synthetic.materials import Color


@dataclass(frozen=True)
class Lamp:
    """A point light."""

    position: tuple[float, float, float]
    """World frame, metres."""
    strength: float = 0.4
    """Brightness it adds where it shines straight on from 2 m away."""
    color: Color = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Lighting:
    """What lights a scene, and what is seen where a ray leaves it."""

    lamps: tuple[Lamp, ...]
    ambient: float = 0.48
    """Brightness from everywhere, shadows included."""
    zenith: Color = (0.62, 0.78, 0.93)
    """Sky above the horizon."""
    horizon: Color = (0.62, 0.70, 0.55)
    """Below the horizon."""
    ambient_color: Color = (1.0, 1.0, 1.0)
