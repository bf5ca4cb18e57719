"""The services that answer in words, and what they found as a cloud for RViz."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import PointCloud2

from nesf_ros import action
from nesf_ros.errors import QueryError
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.ros.cloud import create_cloud, shades
from nesf_ros.ros.convert import MOST_INSTANCES, answer_message, color_of
from nesf_ros.ros.publishing import LATCHED
from nesf_ros.ros.serving import Serving
from nesf_ros.ros.views import about_unknown
from nesf_ros.semantics.labels import names_once
from nesf_ros.semantics.questions import Answer, Question
from nesf_ros.srv import QueryRelevancy, SetLabels
from nesf_ros.types import Progress
from nesf_ros.voxels.labels import MOST_ON_WIRE


class LanguageServices(Serving):
    """`~/query_relevancy` (an action, too), `~/set_labels`, and the topic `~/relevancy`."""

    def __init__(self, node: Node, map_frame: str):
        super().__init__(node, map_frame)
        self._cloud = node.create_publisher(PointCloud2, "~/relevancy", LATCHED)
        self.offer_twins(
            "query_relevancy", (QueryRelevancy, action.QueryRelevancy), self._query_relevancy
        )
        self._newest_labels: Any = None
        self.offer("set_labels", SetLabels, self._set_labels, self._labels_of)

    def _query_relevancy(
        self,
        mapper: SemanticMapper,
        request: QueryRelevancy.Request,
        response: QueryRelevancy.Response,
        progress: Progress,
    ) -> None:
        image = color_of(request.image) if request.image.width else None
        question = Question(
            tuple(request.texts),
            tuple(request.negatives),
            image,
            self.box(request.region),
            request.threshold,
        )
        answer = mapper.ask(question, progress)
        response.frame_id = self._map_frame
        response.answers = [answer_message(text) for text in answer.texts]
        most = max((len(text.instances) for text in answer.texts), default=0)
        if most > MOST_INSTANCES:
            response.message = f"up to {most} things for a text; the best {MOST_INSTANCES} are sent"
        if not len(answer.voxels):
            response.message = why_nothing(answer.observed, question.region is not None)
        response.threshold, response.observed = answer.threshold, answer.observed
        self._show(mapper, answer)

    def _show(self, mapper: SemanticMapper, answer: Answer) -> None:
        """The most relevant text of each voxel, on the latched topic."""
        points = (answer.voxels + 0.5) * mapper.map.config.voxel_size_m
        best = answer.relevancy.max(1)
        header = self.header(mapper.map)
        self._cloud.publish(create_cloud(header, points.astype(np.float32), shades(best), best))

    def _labels_of(self, request: SetLabels.Request) -> Sequence[str]:
        names = names_once(request.labels)
        self._newest_labels = request
        return names

    def _set_labels(
        self, mapper: SemanticMapper, request: SetLabels.Request, response: SetLabels.Response
    ) -> None:
        if request is not self._newest_labels:  # which may be set already
            raise QueryError("other labels were given while these were read; these are not set")
        mapper.set_labels(list(request.labels))
        response.message = about_unknown(mapper.unknown(request.labels))
        if len(set(request.labels)) > MOST_ON_WIRE:
            response.message += f" ~/map can tell no more than {MOST_ON_WIRE} labels apart."


def why_nothing(observed: float, region: bool) -> str:
    """Why no voxel could be asked, of a region or of the whole map."""
    place = "the region" if region else "the map"
    if not observed:
        return f"nothing of {place} has been observed yet" if region else "nothing is mapped yet"
    return f"the vision-language model has seen no surface of {place} yet"
