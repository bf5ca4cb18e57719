"""Sizes of the networks that complete and find things."""

from __future__ import annotations

from dataclasses import dataclass

from nesf_ros.semantics.completion.cells import Reduction


@dataclass(frozen=True)
class Preset:
    """How a network is built, and what it is given."""

    cells: int
    """Of the cube, along an edge."""
    side_m: float
    """Edge of the cube, metres."""
    widths: tuple[int, ...]
    """Feature channels of the U-Net's levels, the finest first."""
    light: bool = False
    """Whether the finest level has next to nothing (`unet.LightUNet3D`)."""
    reduction: Reduction = "max"
    """Of the points of one picture in a cell."""


PRESETS = {
    # §3.1, §6.2; its cube of 2 units is 3.33 m of the rooms that it is made of.
    "paper": Preset(128, 2 / 0.6, (16, 32, 64, 128, 256, 512)),
    "cpu": Preset(64, 3.2, (16, 24, 48, 96), light=True),
}
"""Semantic Abstraction's own, and what two cores train in an hour and run in a fraction of one."""
