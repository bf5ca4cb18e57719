"""Messages to and from what no camera has seen: pure functions, as those of `convert`."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, UInt8
from numpy import ndarray
from std_msgs.msg import Header

from nesf_ros.errors import QueryError
from nesf_ros.msg import CompletedObject, LabelGrid, VoxelGrid
from nesf_ros.msg import HiddenRegion as HiddenRegionMessage
from nesf_ros.ros.convert import (
    MOST_INSTANCES,
    codes_of,
    grid_message,
    instance_message,
    matrix_to_pose,
    point_message,
    to_array,
)
from nesf_ros.semantics.completion.imagining import CLEAR_SPACE, IMAGINED, UNIMAGINED
from nesf_ros.semantics.completion.lattice import Grid
from nesf_ros.semantics.completion.results import Completed, HiddenRegion
from nesf_ros.semantics.hidden.descriptions import Description, parse_description
from nesf_ros.srv import LocateHidden


def description_of(request: LocateHidden.Request) -> Description:
    """What a request describes, in a sentence or in three parts.

    QueryError for both, for neither, for parts that are missing, and as `Description` does.
    """
    parts = {name: getattr(request, name) for name in ("target", "relation", "reference")}
    given = [name for name, value in parts.items() if value.strip()]
    if request.description.strip():
        if given:
            raise QueryError(
                f"both a description and {' and '.join(given)} were given; give a description, or "
                "target, relation and reference"
            )
        return parse_description(request.description)
    if missing := [name for name in parts if name not in given]:
        raise QueryError(
            f"{' and '.join(missing)} missing; give a description, or target, relation and "
            "reference"
        )
    return Description(**parts)


def probability_message(
    probability: Float32[ndarray, "x y z"],
    basis: UInt8[ndarray, "x y z"],
    grid: Grid,
    header: Header,
) -> VoxelGrid:
    """Probabilities 0–1 in steps of 1/254, at least one where imagined: 0 is for clear space."""
    imagined = np.rint(254 * probability).clip(min=1).astype(np.uint8) + np.uint8(1)
    codes = np.where(basis == IMAGINED, imagined, basis == CLEAR_SPACE).astype(np.uint8)
    return grid_message(codes, grid.origin_m, grid.voxel_m, header)


def probability_of(message: VoxelGrid) -> Float32[ndarray, "x y z"]:
    """Probabilities 0–1 of a message; NaN where they are unknown."""
    codes = codes_of(message)
    probability = (codes.astype(np.float32) - 1) / 254
    return np.where(codes > 0, probability, np.float32(np.nan))


def winners_message(winner: UInt8[ndarray, "x y z"], grid: Grid, header: Header) -> LabelGrid:
    """Which text holds in each voxel; n: the n-th, 0: none."""
    out = LabelGrid(header=header, voxel_size=grid.voxel_m, origin=point_message(grid.origin_m))
    out.size_x, out.size_y, out.size_z = winner.shape
    out.label = to_array(winner.transpose(2, 1, 0))
    return out


def winners_of(message: LabelGrid) -> UInt8[ndarray, "x y z"]:
    """What `winners_message` was made of."""
    flat = np.frombuffer(message.label, np.uint8)
    return flat.reshape(message.size_z, message.size_y, message.size_x).transpose(2, 1, 0)


def object_message(completed: Completed, number: int, header: Header) -> CompletedObject:
    """What was completed for one of the labels."""
    found, known = completed.instances[number], completed.known[number]
    out = CompletedObject(text=completed.labels[number], known=known, exists=bool(found))
    out.found, out.relevancy = completed.seen[number].found, completed.seen[number].score
    basis = completed.basis if known else np.full_like(completed.basis, UNIMAGINED)
    out.grid = probability_message(completed.probability[number], basis, completed.grid, header)
    out.instances = [instance_message(instance) for instance in found[:MOST_INSTANCES]]
    return out


def hidden_message(region: HiddenRegion) -> HiddenRegionMessage:
    """A place that may hide something."""
    out = HiddenRegionMessage(
        lower=point_message(region.lower_m),
        upper=point_message(region.upper_m),
        centroid=point_message(region.centroid_m),
        score=region.score,
        volume=region.volume_m3,
        unobserved=region.unobserved,
    )
    if region.viewpoint is not None:
        out.has_viewpoint = True
        out.viewpoint = matrix_to_pose(region.viewpoint.map_T_camera)
        out.revealed = region.viewpoint.revealed
    return out
