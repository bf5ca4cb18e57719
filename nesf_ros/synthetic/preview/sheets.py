"""Contact sheets as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
from jaxtyping import UInt8
from numpy import ndarray

from nesf_ros.errors import DatasetError
from nesf_ros.synthetic.generate import labelled_scene
from nesf_ros.synthetic.objects import CLASSES
from nesf_ros.synthetic.order import Order
from nesf_ros.synthetic.preview.classes import class_sheet
from nesf_ros.synthetic.preview.scenes import SHEETS
from nesf_ros.synthetic.splits import split_named

_CLASSES_PER_SHEET = 6


def write_class_sheets(folder: Path, names: Sequence[str], split: str = "train") -> list[Path]:
    """Sheets of the named classes (all where none is named), dressed as in a split; their files."""
    names = list(names) or sorted(CLASSES)
    written = []
    for start in range(0, len(names), _CLASSES_PER_SHEET):
        sheet = class_sheet(
            names[start : start + _CLASSES_PER_SHEET], novel=split_named(split).novel
        )
        number = start // _CLASSES_PER_SHEET
        written.append(_write(folder / f"classes-{number:02d}.png", sheet))
    return written


def write_scene_sheets(folder: Path, order: Order, scenes: int) -> list[Path]:
    """Every kind of sheet of the first scenes of an order; their files."""
    written = []
    for index in range(scenes):
        scene = labelled_scene(order, index)
        for name, sheet in SHEETS.items():
            written.append(_write(folder / f"{scene.name}-{name}.png", sheet(scene)))
    return written


def _write(path: Path, image: UInt8[ndarray, "height width 3"]) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1].tobytes())
    except OSError as error:
        raise DatasetError(f"{path} cannot be written: {error.strerror}") from error
    return path
