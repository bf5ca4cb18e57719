"""What `nesf-ros ask` tells of what no camera has seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geometry_msgs.msg import Point, Pose

    from nesf_ros.msg import CompletedObject, HiddenRegion
    from nesf_ros.srv import LocateHidden
SHOWN = 5
"""Things or places that are told of each answer."""


def is_description(text: str) -> bool:
    """Whether a text says of something how it lies to another thing: "the keys in the drawer"."""
    from nesf_ros.errors import QueryError
    from nesf_ros.semantics.hidden.descriptions import parse_description

    try:
        parse_description(text)
    except QueryError:
        return False
    return True


def name_of(text: str) -> str:
    """The name that a text is which says no place, without quotation marks around it.

    RelationRefused for one that says a place in a way that cannot be answered, unless it is quoted.
    """
    from nesf_ros.errors import QueryError
    from nesf_ros.semantics.hidden.descriptions import RelationRefused, parse_description

    try:
        parse_description(text)
    except RelationRefused as error:
        raise RelationRefused(f"{error}; or, for one name: '\"{text}\"'") from None
    except QueryError:  # no relation is said
        pass
    return text.strip().removeprefix('"').removesuffix('"')


def told_located(reply: LocateHidden.Response) -> str:
    """Where something may be, for people."""
    asked = f"{reply.target} {reply.relation} the {reply.reference}"
    if not reply.regions:
        return f"{asked}: not found; {reply.message}"
    said = [f"{reply.reference} {reply.reference_score:.2f}", reply.message]
    told = "" if reply.reference_found else "hardly a hint: "
    head = f"{asked}: {told}{_count(len(reply.regions), 'place')} ({'; '.join(filter(None, said))})"
    head += f", as seen by {reply.camera} from {_at(reply.viewpoint.position)}"
    places = [f"{rank}. {_place(region)}" for rank, region in enumerate(reply.regions, 1)]
    return "\n".join(_listed(head, places))


def told_completed(answer: CompletedObject, threshold: float) -> str:
    """How far things reach, for people."""
    if not answer.known:
        return f"{answer.text}: unknown; the model was trained with nothing like it"
    if not answer.exists:
        best = (max([*answer.grid.probability, 1]) - 1) / 254
        if best > threshold:
            why = f"{best:.2f}, but others are more probable there, or it makes up no thing"
        else:
            why = f"{best:.2f} at best; above {threshold:.2f} it would be"
        return f"{answer.text}: not found ({why})"
    things = [
        f"whole no. {thing.id} at {_at(thing.centroid)}, {_size(thing.lower, thing.upper)}, "
        f"probability {thing.score:.2f}, {thing.voxel_count} voxels"
        for thing in answer.instances
    ]
    head = f"{answer.text} {answer.relevancy:.2f}: {_count(len(things), 'thing')}"
    head += f" above {threshold:.2f}"
    if not answer.found:
        head += f"; hardly a hint: no {answer.text} is found in the map"
    return "\n".join(_listed(head, things))


def _place(region: HiddenRegion) -> str:
    said = (
        f"{_at(region.centroid)}, {_size(region.lower, region.upper)}, probability "
        f"{region.score:.2f}, {100 * region.unobserved:.0f} % of it never seen"
    )
    if not region.has_viewpoint:
        return f"{said}; no free place is known that shows more of it"
    share = f"shows {100 * region.revealed:.0f} %"
    return f"{said}; look from {_at(region.viewpoint.position)} {_way(region.viewpoint)}: {share}"


def _way(pose: Pose) -> str:
    """Where a camera looks (its optical frame's z), seen from above and from the side."""
    from nesf_ros.ros.convert import pose_to_matrix

    x, y, z = pose_to_matrix(pose)[:3, 2].tolist()
    heading, pitch = math.degrees(math.atan2(y, x)), math.degrees(math.asin(max(-1.0, min(1.0, z))))
    tilt = f", {abs(pitch):.0f} deg {'up' if pitch > 0 else 'down'}" if abs(pitch) >= 0.5 else ""
    return f"towards {heading:.0f} deg{tilt}"


def _at(point: Point) -> str:
    return f"({point.x:.2f}, {point.y:.2f}, {point.z:.2f}) m"


def _size(lower: Point, upper: Point) -> str:
    edges = (upper.x - lower.x, upper.y - lower.y, upper.z - lower.z)
    return f"{' x '.join(f'{100 * edge:.0f}' for edge in edges)} cm"


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _listed(head: str, lines: Sequence[str]) -> list[str]:
    rest = [f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return [head, *(f"  {line}" for line in [*lines[:SHOWN], *rest])]
