"""Frames for the figures: the real recording where it is at hand, else the built-in room."""

from __future__ import annotations

from pathlib import Path

from nesf_ros.datasets import open_source
from nesf_ros.synthetic.source import SyntheticSource
from nesf_ros.types import PosedFrame

ROOM_FRAMES = 60


def frames_vga(data: str) -> tuple[str, list[PosedFrame]]:
    """Name and 640×480 frames: 7-Scenes from `data`, or the synthetic room."""
    folder = Path(data) / "sevenscenes"
    if folder.is_dir():
        return "7-Scenes", list(open_source(folder))
    return "synthetic room 0", list(SyntheticSource(0, ROOM_FRAMES, 10.0))
