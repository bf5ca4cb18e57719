"""What a map can be asked: in words, about points, and for what a camera would see of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.config import NesfConfig
from nesf_ros.errors import QueryError
from nesf_ros.fields import SceneFields
from nesf_ros.geometry.se3 import check_pose
from nesf_ros.semantics.completion.results import Completed, Located
from nesf_ros.semantics.hidden.descriptions import Description, parse_description
from nesf_ros.semantics.language import LanguageMap
from nesf_ros.semantics.questions import Answer, PointWords, Question
from nesf_ros.semantics.views import words_in_view
from nesf_ros.types import (
    NOTHING,
    Box,
    Intrinsics,
    PointAnswers,
    PosedFrame,
    Progress,
    View,
    Wanted,
    unheard,
)
from nesf_ros.unseen import Unseen
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.read import SurfaceIndex, describe_points, render


class MapAnswers:
    """The questions of a `SemanticMapper`, which makes what they are asked of.

    They leave the map as it is, but for its labels. For its thread, where nothing else is said.
    """

    config: NesfConfig
    map: VoxelMap
    fields: SceneFields | None
    language: LanguageMap | None
    why_no_language: str
    unseen: Unseen | None
    newest: dict[str, PosedFrame]
    _surfaces: SurfaceIndex

    def unread(self, texts: Sequence[str]) -> list[list[str]]:
        """Texts of a question that is to come, and the canonical phrases, as `read` takes them.

        Those alone that have no embedding yet. None without a model. Raises QueryError for a text
        that cannot be read.
        """
        return self.language.reader.unread(texts) if self.language else []

    def read(self, part: Sequence[str]) -> None:
        """Embed a part of what is `unread`: a question that has its texts read waits for nothing.

        Costly with a large model; without one, nothing.
        """
        if self.language:
            self.language.reader.embed(part)

    def ask(self, question: Question, progress: Progress = unheard) -> Answer:
        """Where texts, or what an image shows, are in the map.

        QueryError for what cannot be asked, and while there is no vision-language model.
        """
        return self._asked().ask(question, progress)

    def set_labels(self, names: Sequence[str]) -> None:
        """Name voxels by these labels from now on; none ends it. QueryError as `ask`."""
        self._asked().set_labels(names)

    def unknown(self, texts: Sequence[str]) -> list[str]:
        """Those of the texts that are far from all that the model was trained with."""
        reader = self._asked().reader
        known = reader.known(reader.embed(texts)) if texts else []
        return [text for text, near in zip(texts, known, strict=True) if not near]

    def describe(
        self,
        points_map: Float64[ndarray, "n 3"],
        wanted: Wanted = NOTHING,
        progress: Progress = unheard,
    ) -> PointWords:
        """Labels of points in the map frame, and what else is wanted. QueryError as `ask`."""
        return self._asked().describe(points_map, wanted, progress)

    def complete(
        self,
        labels: Sequence[str],
        region: Box | None = None,
        voxel_m: float = 0.0,
        threshold: float = 0.0,
    ) -> Completed:
        """The whole shape of what labels name, seen or not, in a region or in all of the map.

        `voxel_m` 0: the network's cells; `threshold` 0: as validated. A node does the same in
        steps (`imagination`). QueryError as `ask`, where no keyframe shows the region, and
        without weights for the vision-language model.
        """
        unseen = self.imagination
        return unseen.complete(unseen.gather(labels, region, voxel_m), threshold)

    def locate(
        self,
        description: Description | str,
        region: Box | None = None,
        viewer: Float64[ndarray, "4 4"] | None = None,
        threshold: float = 0.0,
        camera: str = "",
    ) -> Located:
        """Where a thing may be that is described by how it lies to another ("keys in the drawer").

        Viewpoints are for a camera, without a name for the one that took the newest frame. `viewer`
        (map_T_camera) says what is left and what is behind; without it, that camera does. Without a
        region it is looked for in the cube before the viewer. QueryError as `complete`, for a
        camera that has no frame in the map, and for a sentence that says no place.
        """
        unseen = self.imagination
        seen = self.view(camera)
        pose = seen.world_T_camera if viewer is None else viewer
        said = parse_description(description) if isinstance(description, str) else description
        gathered = unseen.gather_hidden(said, pose, region)
        return unseen.viewpoints(unseen.locate(gathered, threshold), seen)

    def view(self, camera: str = "") -> PosedFrame:
        """The newest frame of a camera, or of all of them. QueryError where there is none."""
        if not self.newest:
            raise QueryError(
                "no image has come into this map (one that was loaded has none): let frames come in"
            )
        name = camera or next(reversed(self.newest))
        if name not in self.newest:
            cameras = ", ".join(map(repr, self.newest))
            raise QueryError(f"no image of camera {name!r} is in the map; there are {cameras}")
        return self.newest[name]

    @property
    def imagination(self) -> Unseen:
        """What completes and locates. QueryError while there is no vision-language model."""
        self._asked()
        assert self.unseen is not None  # it comes with the language
        return self.unseen

    def query_points(
        self, points_map: Float64[ndarray, "n 3"], region: Box | None = None
    ) -> PointAnswers:
        """State, probability, colour and nearest surface for points in the map frame, metres.

        QueryError if a point is not finite or there are more than `query.max_points`.
        """
        limit = self.config.query.max_points
        if len(points_map) > limit:
            raise QueryError(f"{len(points_map)} points; query.max_points allows {limit}")
        if not np.isfinite(points_map).all():
            raise QueryError("some points are not finite numbers; leave them out")
        return describe_points(self.map, points_map, self._surfaces, region)

    def render_view(
        self,
        intrinsics: Intrinsics,
        world_T_camera: Float64[ndarray, "4 4"],
        max_range_m: float = 20.0,
        region: Box | None = None,
        wanted: Wanted = NOTHING,
        progress: Progress = unheard,
        drawn: View | None = None,
        by_field: bool = True,
    ) -> View:
        """What a camera would see of the map, up to a depth of `max_range_m`.

        By the scene field where it shows more than the voxels: `drawn`, if that was done already,
        and never without `by_field`.
        With its labels, where there are any, and what else is `wanted` in words. Raises as `draw`
        and `ask`.
        """
        view = drawn
        if view is None and region is None and by_field:  # a part is drawn from voxels
            view = self.draw(intrinsics, world_T_camera, max_range_m)
        if view is None:
            pose = self._checked(intrinsics, world_T_camera, max_range_m)
            view = render(self.map, intrinsics, pose, max_range_m, region)
        labelled = self.language is not None and self.language.labels is not None
        if not (wanted.texts or wanted.features or labelled):
            return view
        language = self._asked()
        words = words_in_view(language, view.depth_m, intrinsics, world_T_camera, wanted, progress)
        return replace(view, words=words)

    def draw(
        self,
        intrinsics: Intrinsics,
        world_T_camera: Float64[ndarray, "4 4"],
        max_range_m: float,
        progress: Progress = unheard,
    ) -> View | None:
        """What a camera would see of a scene field; None where the voxels show more.

        Takes seconds for a large picture, in any thread. QueryError beyond `query.max_pixels` and
        for a range that is no distance; GeometryError for a pose that is none.
        """
        pose = self._checked(intrinsics, world_T_camera, max_range_m)
        return self.fields.view(intrinsics, pose, max_range_m, progress) if self.fields else None

    def _checked(
        self, intrinsics: Intrinsics, world_T_camera: Float64[ndarray, "4 4"], max_range_m: float
    ) -> Float64[ndarray, "4 4"]:
        limit = self.config.query.max_pixels
        if intrinsics.width * intrinsics.height > limit:
            raise QueryError(
                f"{intrinsics.width}x{intrinsics.height} px; query.max_pixels allows {limit}"
            )
        if not 0 < max_range_m < np.inf:
            raise QueryError(f"range {max_range_m} m; it must be greater than 0 and finite")
        return check_pose(world_T_camera)

    def _asked(self) -> LanguageMap:
        if self.language is None:
            raise QueryError(f"the map has no vision-language model: {self.why_no_language}")
        return self.language
