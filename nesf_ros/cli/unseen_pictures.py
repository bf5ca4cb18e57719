"""Pictures of a node's answers about what no camera has seen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float64
from numpy import ndarray

from nesf_ros.cli.ask import file_of
from nesf_ros.cli.imagined import Imagined, Place, heated, picture_of, shaded
from nesf_ros.cli.pictures import write_picture
from nesf_ros.cli.unseen import SHOWN
from nesf_ros.ros.convert import pose_to_matrix
from nesf_ros.ros.convert_unseen import probability_of, winners_of
from nesf_ros.ros.map_client import MapClient

if TYPE_CHECKING:
    from nesf_ros.msg import LabelGrid, VoxelGrid
    from nesf_ros.srv import CompleteObjects, LocateHidden

STEP = 1 / 254
"""Of the probabilities in a message."""


def save_completed(
    client: MapClient, reply: CompleteObjects.Response, number: int, folder: Path
) -> Path | None:
    """The best thing of a text: blue where it was seen, orange where it is imagined; the file.

    None where there is none.
    """
    answer, grid = reply.objects[number], reply.winners
    if not answer.exists:
        return None
    best = answer.instances[0]
    middles = _middles(grid, winners_of(grid) == number + 1)
    lower, upper = (np.array([p.x, p.y, p.z]) for p in (best.lower, best.upper))
    middles = middles[((middles > lower) & (middles < upper)).all(1)]
    imagined = Imagined(middles, shaded(client.query_points(middles).state), grid.voxel_size)
    said = f"{answer.text}, whole no. {best.id} (probability {best.score:.2f})"
    return _save(client, imagined, said, folder / file_of(f"whole {answer.text}"))


def save_located(client: MapClient, reply: LocateHidden.Response, folder: Path) -> Path | None:
    """Where something may be, from yellow (the threshold) to red, and from where one would see.

    Returns the file, None where it may be nowhere.
    """
    probability = probability_of(reply.probability)
    likely = np.nan_to_num(probability) >= reply.threshold - STEP
    if not likely.any():
        return None
    places = [
        Place(
            np.array([region.centroid.x, region.centroid.y, region.centroid.z]),
            pose_to_matrix(region.viewpoint) if region.has_viewpoint else None,
        )
        for region in reply.regions[:SHOWN]
    ]
    grid, least, most = reply.probability, reply.threshold, float(probability[likely].max())
    heat = heated((probability[likely] - least) / max(most - least, 1e-6))
    imagined = Imagined(_middles(grid, likely), heat, grid.voxel_size, places)
    said = f"{reply.target} {reply.relation} the {reply.reference}"
    told = f"{said} (probability {least:.2f} to {most:.2f})"
    return _save(client, imagined, told, folder / file_of(said))


def _save(client: MapClient, imagined: Imagined, caption: str, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_picture(path, picture_of(client.render_view, imagined, caption))
    return path


def _middles(
    grid: VoxelGrid | LabelGrid, chosen: Bool[ndarray, "x y z"]
) -> Float64[ndarray, "n 3"]:
    origin = np.array([grid.origin.x, grid.origin.y, grid.origin.z])
    return origin + (np.argwhere(chosen) + 0.5) * grid.voxel_size
