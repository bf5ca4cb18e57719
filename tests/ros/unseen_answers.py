"""Answers about what no camera has seen, made by hand."""

import numpy as np

from nesf_ros.semantics.completion.imagining import CLEAR_SPACE, IMAGINED, UNIMAGINED
from nesf_ros.semantics.completion.lattice import Grid
from nesf_ros.semantics.completion.results import (
    Completed,
    HiddenRegion,
    Located,
    Moment,
    Reference,
)
from nesf_ros.semantics.hidden.descriptions import Description
from nesf_ros.semantics.hidden.viewpoints import Viewpoint
from nesf_ros.semantics.instances import Instance
from nesf_ros.types import FREE, OCCUPIED, UNOBSERVED, Box

GRID = Grid((1.0, 2.0, -0.5), 0.25, (2, 3, 4))
LOOKING = np.array([[0.0, 0, 1, 0.5], [-1, 0, 0, 2.0], [0, -1, 0, 1.0], [0, 0, 0, 1]])
"""At (0.5, 2, 1), along x, upright."""


def voxels(kind=np.float32, **values):
    """Of the grid, all 0 but for some: _123=0.5 is voxel (1, 2, 3)."""
    out = np.zeros(GRID.shape, kind)
    for name, value in values.items():
        out[tuple(int(digit) for digit in name[1:])] = value
    return out


BASIS = np.full(GRID.shape, IMAGINED, np.uint8)
BASIS[0, 0, 1], BASIS[0, 0, 2] = CLEAR_SPACE, UNIMAGINED
MOMENT = Moment("a map", 7, 5_000_000_001)


def thing():
    """Of one voxel, (1, 2, 3)."""
    box = Box((1.25, 2.5, 0.25), (1.5, 2.75, 0.5))
    middle = (1.375, 2.625, 0.375)
    return Instance(7, box, middle, middle, 0.75, np.array([[5, 10, 1]]))


def completed():
    """A sofa, mostly unseen, a chair beside it, and a word that the model does not know."""
    sofa, chair = voxels(_123=0.75, _100=0.6, _000=0.2), voxels(_100=0.5, _010=0.6)
    return Completed(
        ("sofa", "chair", "zorb"),
        (True, True, False),
        (Reference(True, 0.75, True), Reference(False, 0.5, False), Reference(False, 0.0, False)),
        GRID,
        np.stack([sofa, chair, voxels()]),
        BASIS,
        voxels(np.uint8, _123=1, _100=1, _010=2),
        voxels(np.uint8, _123=UNOBSERVED, _100=OCCUPIED, _010=FREE),
        ((thing(),), (), ()),
        0.5,
        0,
        2 / 24,
        MOMENT,
    )


def located(reference_found=True, regions=True):
    """Keys in a drawer, in two places; one of them can be looked into."""
    first = HiddenRegion(
        (1.25, 2.5, 0.25), (1.5, 2.75, 0.5), (1.375, 2.625, 0.375), 0.75, 1 / 64, 1.0,
        np.array([[1, 2, 3]]), Viewpoint(LOOKING, 0.8),
    )  # fmt: skip
    second = HiddenRegion(
        (1.0, 2.25, -0.5), (1.25, 2.5, 0.0), (1.125, 2.375, -0.25), 0.4, 2 / 64, 0.5,
        np.array([[0, 1, 0], [0, 1, 1]]),
    )  # fmt: skip
    return Located(
        Description("keys", "in", "drawer"),
        GRID,
        voxels(_123=0.75, _010=0.4, _011=0.3, _100=0.5, _000=0.01),
        BASIS,
        voxels(np.uint8, _100=OCCUPIED, _011=OCCUPIED),
        (first, second) if regions else (),
        True,
        Reference(reference_found, 0.625, True),
        0.25,
        LOOKING,
        0,
        MOMENT,
    )
