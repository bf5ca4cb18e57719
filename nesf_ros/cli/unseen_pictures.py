"""Pictures of a node's answers about what no camera has seen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float64
from numpy import ndarray

from nesf_ros.cli.ask import file_of
from nesf_ros.cli.imagined import Imagined, heated, picture_of, shaded
from nesf_ros.cli.pictures import write_picture
from nesf_ros.ros.convert import pose_to_matrix
from nesf_ros.ros.convert_unseen import probability_of, winners_of
from nesf_ros.ros.map_client import MapClient

if TYPE_CHECKING:
    from nesf_ros.msg import LabelGrid, VoxelGrid
    from nesf_ros.srv import CompleteObjects, LocateHidden

STEP = 1 / 254
"""Of the probabilities in a message."""
VIEWPOINTS = 3
"""Of hidden places, the best ones, that are drawn."""


def save_completed(
    client: MapClient, reply: CompleteObjects.Response, number: int, folder: Path
) -> Path | None:
    """What a text has won: blue where it was seen, orange where it is imagined; the file.

    None where it has won nothing.
    """
    answer, grid = reply.objects[number], reply.winners
    middles = _middles(grid, winners_of(grid) == number + 1)
    if not len(middles):
        return None
    imagined = Imagined(middles, shaded(client.query_points(middles).state), grid.voxel_size)
    return _save(client, imagined, answer.text, folder / file_of(f"whole {answer.text}"))


def save_located(client: MapClient, reply: LocateHidden.Response, folder: Path) -> Path | None:
    """Where something may be, from blue to red, and from where one would see; the file.

    None where it may be nowhere.
    """
    probability = probability_of(reply.probability)
    likely = np.nan_to_num(probability) >= reply.threshold - STEP
    if not likely.any():
        return None
    arrows = {
        rank: pose_to_matrix(region.viewpoint)
        for rank, region in enumerate(reply.regions[:VIEWPOINTS], 1)
        if region.has_viewpoint
    }
    grid = reply.probability
    heat = heated(probability[likely] / max(float(probability[likely].max()), 1e-6))
    imagined = Imagined(_middles(grid, likely), heat, grid.voxel_size, arrows)
    said = f"{reply.target} {reply.relation} the {reply.reference}"
    return _save(client, imagined, said, folder / file_of(said))


def _save(client: MapClient, imagined: Imagined, caption: str, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_picture(path, picture_of(client.render_view, imagined, caption))
    return path


def _middles(
    grid: VoxelGrid | LabelGrid, chosen: Bool[ndarray, "x y z"]
) -> Float64[ndarray, "n 3"]:
    origin = np.array([grid.origin.x, grid.origin.y, grid.origin.z])
    return origin + (np.argwhere(chosen) + 0.5) * grid.voxel_size
