"""Frames for the figures: the real recording where it is at hand, else the built-in room."""

from __future__ import annotations

from pathlib import Path

from nesf_ros.datasets import open_source
from nesf_ros.errors import DatasetError
from nesf_ros.synthetic.source import SyntheticSource
from nesf_ros.types import PosedFrame

ROOM_FRAMES = 60


def frames_vga(data: str) -> tuple[str, list[PosedFrame]]:
    """Name and 640×480 frames: 7-Scenes from `data`, or the synthetic room."""
    folder = Path(data) / "sevenscenes"
    if folder.is_dir():
        return "7-Scenes", list(open_source(folder))
    return "synthetic room 0", list(SyntheticSource(0, ROOM_FRAMES, 10.0))


def held_out(data: str) -> tuple[list[PosedFrame], list[PosedFrame]]:
    """7-Scenes from `data`: frames to learn from, and every fifth to judge by (index % 5 == 2)."""
    folder = Path(data) / "sevenscenes"
    if not folder.is_dir():
        raise DatasetError(f"{folder} is not there; name the recordings' folder with --data")
    frames = list(open_source(folder))
    train = [frame for index, frame in enumerate(frames) if index % 5 != 2]
    return train, frames[2::5]
