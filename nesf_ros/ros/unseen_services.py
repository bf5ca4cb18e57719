"""The services that answer about what no camera has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from geometry_msgs.msg import Pose
from jaxtyping import Float64
from numpy import ndarray
from rclpy.node import Node
from std_msgs.msg import Header

from nesf_ros import action
from nesf_ros.errors import QueryError
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.ros.convert import MOST_INSTANCES, matrix_to_pose, ns_to_stamp, pose_to_matrix
from nesf_ros.ros.convert_unseen import (
    description_of,
    hidden_message,
    object_message,
    probability_message,
    winners_message,
)
from nesf_ros.ros.serving import REPLY_BYTES, Serving
from nesf_ros.ros.unseen_topics import UnseenTopics
from nesf_ros.ros.views import about_unknown
from nesf_ros.semantics.completion.gathering import Gathered
from nesf_ros.semantics.completion.lattice import Grid
from nesf_ros.semantics.completion.results import Completed, HiddenRegion, Located, Moment
from nesf_ros.semantics.questions import all_texts
from nesf_ros.srv import CompleteObjects, LocateHidden
from nesf_ros.types import PosedFrame, Progress, within
from nesf_ros.unseen import MOST_LABELS, MOST_REGIONS

UPWARDS = 0.98
"""Of the optical axis: z in the map. Nobody looks like that, but `base_link` does, and the map."""
LOCATED = 0.8
"""How much is done of what is prepared once all but the viewpoints is."""


class UnseenServices(Serving):
    """`~/complete_objects` and `~/locate_hidden`, actions as well, and the topics they show.

    Keyframes are looked at beside the worker, which is asked for what the map knows.
    """

    patience = "unseen"

    def __init__(self, node: Node, map_frame: str):
        super().__init__(node, map_frame)
        self._topics = UnseenTopics(node)
        self.offer_twins(
            "complete_objects",
            (CompleteObjects, action.CompleteObjects),
            self._completed,
            self._complete,
            _labels_of,
        )
        self.offer_twins(
            "locate_hidden",
            (LocateHidden, action.LocateHidden),
            self._located,
            self._locate,
            _names_of,
        )

    def _complete(
        self, mapper: SemanticMapper, request: CompleteObjects.Request, progress: Progress
    ) -> Completed:
        unseen, region = mapper.imagination, self.box(request.region)
        ways = "a smaller region, a coarser resolution or fewer texts"
        check = partial(check_size, count=len(request.texts) + 1, ways=ways)
        gather = partial(unseen.gather, request.texts, region, request.resolution, check)
        gathered = self.in_worker(gather)
        return unseen.complete(gathered, request.threshold, progress)

    def _locate(
        self, mapper: SemanticMapper, request: LocateHidden.Request, progress: Progress
    ) -> Located:
        unseen = mapper.imagination
        gathered, camera = self.in_worker(partial(self._gather_hidden, mapper, request))
        located = unseen.locate(gathered, request.threshold, within(progress, 0.0, LOCATED))
        viewing = within(progress, LOCATED, 1.0)
        regions: list[HiddenRegion] = []
        for number, found in enumerate(located.regions):  # one by one: frames come between
            viewing("looking for viewpoints", number / len(located.regions))
            one = replace(located, regions=(found,))
            regions += self.in_worker(partial(_look_for, mapper, one, camera)).regions
        return replace(located, regions=tuple(regions), camera=camera)

    def _gather_hidden(
        self, mapper: SemanticMapper, request: LocateHidden.Request
    ) -> tuple[Gathered, str]:
        """What is needed, and the camera that is to find viewpoints; in the worker."""
        seen = mapper.view(request.camera)
        viewer = self._viewer(request, seen)
        said, region = description_of(request), self.box(request.region)
        check = partial(check_size, count=1, ways="a smaller region")
        gathered = mapper.imagination.gather_hidden(said, viewer, region, check)
        return gathered, seen.rgbd.camera

    def _viewer(self, request: LocateHidden.Request, seen: PosedFrame) -> Float64[ndarray, "4 4"]:
        """map_T_camera of who sees the relation."""
        frame, pose = request.viewpoint.header.frame_id, request.viewpoint.pose
        if frame:
            viewer = self.map_T(frame) @ pose_to_matrix(pose)
            if viewer[2, 2] > UPWARDS:
                raise QueryError(
                    f"the viewpoint in {frame!r} looks straight up: give the pose of an optical "
                    "frame, which looks along its z axis"
                )
            return viewer
        if pose != Pose():
            raise QueryError(
                "the viewpoint has a pose but no frame_id; name the frame that the pose is in, "
                f"such as {self._map_frame!r}, or leave the pose out for the newest image's"
            )
        return seen.world_T_camera

    def _completed(
        self,
        mapper: SemanticMapper,
        request: CompleteObjects.Request,
        response: CompleteObjects.Response,
        progress: Progress,
        completed: Completed,
    ) -> None:
        progress("packing the answer", 0.0)
        header = self._signed(mapper, response, completed.moment)
        response.frame_id = self._map_frame
        count = range(len(completed.labels))
        response.objects = [object_message(completed, number, header) for number in count]
        response.winners = winners_message(completed.winner, completed.grid, header)
        response.threshold = completed.threshold
        response.observed = completed.observed
        response.message = about_completed(completed)
        self._topics.show_completed(completed, header)

    def _located(
        self,
        mapper: SemanticMapper,
        request: LocateHidden.Request,
        response: LocateHidden.Response,
        progress: Progress,
        located: Located,
    ) -> None:
        progress("packing the answer", 0.0)
        header = self._signed(mapper, response, located.moment)
        description = located.description
        response.frame_id = self._map_frame
        response.target, response.reference = description.target, description.reference
        response.relation = description.relation
        response.target_known = located.target_known
        response.reference_found = located.reference.found
        response.reference_score = located.reference.score
        response.probability = probability_message(
            located.probability, located.basis, located.grid, header
        )
        response.regions = [hidden_message(region) for region in located.regions]
        response.viewpoint, response.camera = matrix_to_pose(located.viewer), located.camera
        response.threshold = located.threshold
        unknown = mapper.unknown([description.target, description.reference])
        response.message = about_located(located, unknown)
        self._topics.show_located(located, header)

    def _signed(self, mapper: SemanticMapper, response: Any, moment: Moment) -> Header:
        """Sign with the map that was asked, not with what has come since; what grids are of.

        QueryError where another one is in its place.
        """
        mapper.imagination.check(moment)
        response.map_sequence, response.stamp = moment.revision, ns_to_stamp(moment.stamp_ns)
        return Header(stamp=response.stamp, frame_id=self._map_frame)


def _look_for(mapper: SemanticMapper, located: Located, camera: str) -> Located:
    """Viewpoints for a camera from where it is by now; in the worker."""
    return mapper.imagination.viewpoints(located, mapper.view(camera))


def _labels_of(request: CompleteObjects.Request) -> Sequence[str]:
    if not 1 <= len(request.texts) <= MOST_LABELS:
        raise QueryError(f"{len(request.texts)} texts; give 1 to {MOST_LABELS} at a time")
    return all_texts(request.texts, ())


def _names_of(request: LocateHidden.Request) -> Sequence[str]:
    description = description_of(request)
    return [description.target, description.reference]


def check_size(grid: Grid, count: int, ways: str) -> None:
    """Raises QueryError where so many of these grids fill more than one reply; `ways` are out."""
    x, y, z = grid.shape
    size = x * y * z * count
    if size > REPLY_BYTES:
        raise QueryError(
            f"{count} x {x} x {y} x {z} voxels take {size / 2**20:.0f} MiB, one reply at most "
            f"{REPLY_BYTES / 2**20:.0f}; ask for {ways}"
        )


def about_completed(completed: Completed) -> str:
    """What to know about an answer; mostly nothing."""
    pairs = zip(completed.labels, completed.known, strict=True)
    said = [about_unknown([label for label, known in pairs if not known])]
    most = max((len(found) for found in completed.instances), default=0)
    if most > MOST_INSTANCES:
        said.append(f"up to {most} things for a text; the best {MOST_INSTANCES} are sent")
    said.append(_about_unshown(completed.unshown))
    return "; ".join(filter(None, said))


def about_located(located: Located, unknown: Sequence[str]) -> str:
    """What to know about an answer; mostly nothing."""
    said = [about_unknown(unknown)]
    reference, found = located.description.reference, located.reference
    if not found.found:
        said.append(f"no {reference} is found in the map ({found.score:.2f} at best)")
    elif not found.within:
        said.append(f"the {reference} that is found lies outside of the space that was searched")
    if not located.regions:
        best, least = float(located.probability.max(initial=0.0)), located.threshold
        said.append(f"no place is probable enough ({best:.3f} at best; {least:.3f} would be)")
    if wide := sum(region.too_wide for region in located.regions):
        said.append(f"too many voxels around {wide} of the places to look for viewpoints")
    if len(located.regions) == MOST_REGIONS:
        said.append(f"the best {MOST_REGIONS} places are told")
    said.append(_about_unshown(located.unshown))
    return "; ".join(filter(None, said))


def _about_unshown(cubes: int) -> str:
    if not cubes:
        return ""
    return f"no keyframe shows {cubes} of the cubes of the region, where nothing was imagined"
