"""From what is gathered of a region to probabilities: cubes, networks, and what the robot knows.

Neighbouring cubes are blended, so that no seam is seen; and where the robot has looked and seen
nothing, nothing is (the veto).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float32, UInt8
from torch import Tensor

from nesf_ros.semantics.completion.cells import Cloud, relevant_cells
from nesf_ros.semantics.completion.lattice import Grid, window
from nesf_ros.semantics.completion.looking import Glimpse, Looker
from nesf_ros.semantics.completion.volume import Volume
from nesf_ros.semantics.completion.weights import Trained
from nesf_ros.types import UNOBSERVED, Progress

CLEAR_SPACE, UNIMAGINED, IMAGINED = 0, 1, 2
"""What an answer rests on: the robot has looked and seen nothing (the veto); nothing, as no
keyframe shows the place, or it lies under the floor; a network. The higher one holds for a voxel
that has some of each."""


@dataclass(frozen=True)
class Tile:
    """A cube, what the map knows of it, and the keyframes that show most of it."""

    volume: Volume
    shape: Float32[Tensor, "3 x y z"]
    glimpses: tuple[Glimpse, ...]


@dataclass(frozen=True)
class Space:
    """What the map knows of a region, gathered at one moment."""

    grid: Grid
    """Voxels whose middles are asked about."""
    state: UInt8[Tensor, " n"]
    """UNOBSERVED, FREE or OCCUPIED, at the middles of the grid's voxels."""
    clear: Bool[Tensor, " n"]
    """Where nothing can be (`cells.clear`), there."""
    beneath: Bool[Tensor, " n"]
    """What lies under the lowest floor, where nothing is imagined."""
    tiles: tuple[Tile, ...]

    @property
    def unshown(self) -> int:
        """How many cubes no keyframe shows."""
        return sum(not tile.glimpses for tile in self.tiles)

    @property
    def observed(self) -> float:
        """Share of the voxels that were ever observed, 0–1."""
        return float((self.state != UNOBSERVED).float().mean())


Decode = Callable[
    [
        Float32[Tensor, "channels x y z"],
        Float32[Tensor, "texts x y z"],
        Float32[Tensor, "points 3"],
    ],
    Float32[Tensor, "answers points"],
]
"""From what all texts share of a cube's cells, the relevancy of each there, and points 0–1 in the
cube, to logits."""


def imagine(
    space: Space,
    texts: Float32[Tensor, "texts dim"],
    answers: int,
    model: tuple[Trained, Looker, Decode],
    progress: Progress,
) -> tuple[Float32[Tensor, "answers n"], UInt8[Tensor, " n"]]:
    """Probability of each answer at the middles of the grid's voxels, and what it rests on.

    0 where that is not `IMAGINED`.
    """
    trained, looker, decode = model
    points = space.grid.centers()
    total = torch.zeros(answers, len(points))
    weight = torch.zeros(len(points))
    looks = sum(len(tile.glimpses) for tile in space.tiles) + len(space.tiles)
    done = 0
    seen: dict[int, Cloud] = {}  # neighbouring cubes are shown by the same keyframes
    for tile in filter(lambda tile: tile.glimpses, space.tiles):
        for glimpse in tile.glimpses:
            progress("looking at what was seen", done / looks)
            if glimpse.keyframe not in seen:
                seen[glimpse.keyframe] = looker.cloud(glimpse, texts)
            done += 1
        clouds = [seen[glimpse.keyframe] for glimpse in tile.glimpses]
        progress("imagining what was not", done / looks)
        done += 1
        looked, relevancy = relevant_cells(
            clouds, tile.volume, trained.scale, trained.network.reduction
        )
        near = space.grid.numbers_in(tile.volume.box)
        unit = tile.volume.unit(points[near])
        within = ((unit >= 0) & (unit <= 1)).all(1)
        inside, unit = near[within], unit[within]
        heard = window(unit)
        logits = decode(torch.cat([tile.shape, looked]), relevancy, unit)
        total[:, inside] += logits * heard
        weight[inside] += heard
    logits = total / weight.clamp(min=1e-9)
    probability = torch.sigmoid(trained.slope * logits + trained.offset)
    imagined = (weight > 0) & ~space.beneath
    basis = torch.where(imagined, IMAGINED, UNIMAGINED).masked_fill(space.clear, CLEAR_SPACE)
    probability[:, basis != IMAGINED] = 0.0
    return probability, basis.to(torch.uint8)
