"""Defaults of completion and hidden-object search; `nesf_ros.config` gathers all."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nesf_ros.errors import ConfigError
from nesf_ros.settings import Checked, setting


@dataclass(frozen=True)
class UnseenConfig(Checked):
    """What no camera has seen: whole shapes, and hidden places (`nesf_ros.unseen`)."""

    completion: str = setting(
        "embedded",
        "weights (.safetensors) of the network that completes things, or embedded for those that "
        "come with this package, which know nesf-mini alone",
    )
    hidden: str = setting(
        "embedded", "weights of the network that locates hidden things, as `completion`"
    )
    views: int = setting(
        5, "keyframes whose pictures are looked at for a cube of space, at most", low=1, high=64
    )
    scan_mib: float = setting(
        512.0,
        "memory for pictures that were looked at, MiB: about 13 for each, of nesf-mini; asked "
        "again, they need not be looked at",
        low=1.0,
        high=1e6,
    )
    deadline_s: float = setting(
        60.0,
        "time that a request may take which names none, s: the first look at a picture takes a "
        "good part of a second",
        low=0.01,
        high=3600.0,
    )
    max_tiles: int = setting(
        24, "cubes that one request may take, each of some 3 m", low=1, high=10_000
    )


@dataclass(frozen=True)
class Reach(Checked):
    """Where the robot can bring its camera, and what the camera sees from there."""

    lift_m: float = setting(
        0.1, "how far the camera goes above and below its present height, m", low=0.0, high=10.0
    )
    nearest_m: float = setting(0.4, "what is nearer cannot be seen, m", low=0.0, high=10.0)
    farthest_m: float = setting(2.5, "what is farther away does not count, m", low=0.1, high=20.0)
    lowest_pitch_rad: float = setting(
        -1.0, "how far down it can look, rad from level", low=-math.pi / 2, high=0.0
    )
    highest_pitch_rad: float = setting(
        0.6, "how far up it can look, rad from level", low=0.0, high=math.pi / 2
    )
    clearance_m: float = setting(
        0.2, "radius around the camera that must be known to be free, m", low=0.0, high=2.0
    )
    spacing_m: float = setting(0.2, "distance of places that are tried, m", low=0.02, high=2.0)

    def __post_init__(self):
        super().__post_init__()
        if self.nearest_m >= self.farthest_m:
            raise ConfigError(
                f"reach.nearest_m is {self.nearest_m}; it must be below reach.farthest_m, "
                f"{self.farthest_m}"
            )
