"""The whole system on one screen; it knows no ROS. The perception node is a shell around it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.config import NesfConfig
from nesf_ros.errors import QueryError
from nesf_ros.fields import SceneFields
from nesf_ros.frames.keyframes import Keyframe, KeyframeStore
from nesf_ros.geometry.se3 import check_pose
from nesf_ros.language_fields import LanguageFields, sizes_of
from nesf_ros.semantics.language import LanguageMap
from nesf_ros.semantics.questions import Answer, PointWords, Question
from nesf_ros.semantics.reading import Model
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
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.layer_file import SavedLayer
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.read import SurfaceIndex, describe_points, render
from nesf_ros.voxels.sized import NO_SIZES
from nesf_ros.voxels.storage import load_map, map_path, save_map


@dataclass(frozen=True)
class FrameReport:
    """What became of one frame."""

    changed_blocks: int
    new_blocks: int
    refused_blocks: int
    keyframe: bool
    seconds: dict[str, float]
    """Time per stage."""


class SemanticMapper:
    """Posed RGB-D frames in, a map that answers questions out.

    Not thread-safe: one thread owns it (`nesf_ros.ros.worker` in the node). Only `unread` and
    `read` are for any.
    """

    def __init__(self, config: NesfConfig | None = None):
        self.config = config or NesfConfig()
        self.map = VoxelMap(self.config.map)
        self.keyframes = KeyframeStore(self.config.keyframes, self._let_go)
        self.language: LanguageMap | None = None
        """What a vision-language model makes of the map; None until `use_language`."""
        self.why_no_language = "none was given to it, see use_language"
        """For whoever asks meanwhile; who brings the model sets it, from any thread."""
        self.on_keyframe: Callable[[PosedFrame], None] = self.understand
        """Called with every keyframe once it is in the map; replace it to look at it elsewhere."""
        self.fields: SceneFields | None = None
        """Refine the map in spare time (`SceneFields.work`); None where that is not wanted."""
        if self.config.field.enabled:
            self.fields = SceneFields(self.config.field, self.map)
        self.language_fields: LanguageFields | None = None
        """Learn language beside them, where there is a model."""
        self._surfaces = SurfaceIndex()
        self._unread: SavedLayer | None = None
        """Embeddings of the map that was loaded, while no model has come for them."""
        self._unfit: LanguageMap | None = None
        """Of a model that cannot use them, and waits for another map."""

    def use_language(self, model: Model) -> None:
        """Take in keyframes by a vision-language model (`vision.models.load_model`) from now on.

        Those that are held already are looked at now. StorageError if the map was loaded with
        another model's embeddings: they are not thrown away, and there is no language until the
        map is reset or another one is loaded.
        """
        learns = self.fields is not None and self.config.lerf.enabled
        sizes = sizes_of(self.config.lerf) if learns else NO_SIZES
        config = self.config.vision, self.config.semantics
        language = LanguageMap(self.map, model, config, sizes)
        if self.fields and learns:
            self.language_fields = LanguageFields(self.config.lerf, self.fields, language)
        if self._unread is not None:
            self._unfit = language
            language.restore(self._unread, "the loaded map")
        self.language, self._unread, self._unfit = language, None, None
        for keyframe in self.keyframes:
            self.on_keyframe(keyframe.frame)

    def understand(self, frame: PosedFrame) -> None:
        """Put what the model sees in a frame of the map into its voxels."""
        if self.language is not None:
            dense = self.language.look(frame)
            self.language.fuse(frame, dense)
            if self.language_fields:
                self.language_fields.teach(frame, self.language_fields.lesson(frame, dense))

    def refine(self) -> bool:
        """One step of fitting; False if there is nothing to fit. For any one thread."""
        worked = self.fields.work() if self.fields else False
        return (self.language_fields.work() if self.language_fields else False) or worked

    def add_frame(self, frame: PosedFrame) -> FrameReport:
        """Integrate a frame into the map and keep it if it shows something new."""
        start = time.perf_counter()
        integration = self.map.integrate(frame)
        integrated = time.perf_counter()
        keyframe = self.keyframes.offer(frame) is not None
        if keyframe:
            if self.fields:
                self.fields.add_keyframe(frame)
            self.on_keyframe(frame)
        seconds = {"integrate": integrated - start, "keyframe": time.perf_counter() - integrated}
        return FrameReport(
            integration.changed_blocks,
            integration.new_blocks,
            integration.refused_blocks,
            keyframe,
            seconds,
        )

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

    def _asked(self) -> LanguageMap:
        if self.language is None:
            raise QueryError(f"the map has no vision-language model: {self.why_no_language}")
        return self.language

    @property
    def version(self) -> tuple[int, int]:
        """Differs once the map, or what is known of it in words, has changed."""
        return self.map.revision, self.layer.fusions if self.layer else 0

    @property
    def layer(self) -> FeatureLayer | None:
        """Embeddings and labels of the map's voxels, where there is a model."""
        return self.language.layer if self.language else None

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
    ) -> View:
        """What a camera would see of the map, up to a depth of `max_range_m`.

        By the scene field where it shows more than the voxels: `drawn`, if that was done already.
        With its labels, where there are any, and what else is `wanted` in words. Raises as `draw`
        and `ask`.
        """
        view = drawn
        if view is None and region is None:  # a part of the map is drawn from its voxels
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
        self, intrinsics: Intrinsics, world_T_camera: Float64[ndarray, "4 4"], max_range_m: float
    ) -> View | None:
        """What a camera would see of a scene field; None where the voxels show more.

        Takes seconds for a large picture, in any thread. QueryError beyond `query.max_pixels` and
        for a range that is no distance; GeometryError for a pose that is none.
        """
        pose = self._checked(intrinsics, world_T_camera, max_range_m)
        return self.fields.view(intrinsics, pose, max_range_m) if self.fields else None

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

    def save(self, name: str) -> tuple[Path, int]:
        """Write the map into the configured folder; returns path and size in bytes."""
        path = map_path(self.config.map.folder, name)
        if self.layer is not None:
            self.layer.follow(self.map)
        layer = self._unread if self.language is None else self.layer
        return path, save_map(self.map, path, layer)

    def load(self, name: str) -> None:
        """Replace the map by a saved one; on StorageError the present map is kept.

        One with embeddings of another model than the one that `use_language` was given is refused.
        """
        language = self.language or self._unfit
        layer = language.layer if language else None
        saved = load_map(self.map, map_path(self.config.map.folder, name), layer)
        self._unread = saved if language is None else None
        self.language, self._unfit = language, None
        # Not the saved id: a map loaded over its own continuation must reach readers as a new one.
        self.map.map_id = uuid.uuid4().hex
        self._forget_views()
        if self.language:
            self.language.taken_over()

    def reset(self) -> None:
        """Forget map and keyframes."""
        self.map.reset()
        self._forget_views()
        self.language = self.language or self._unfit
        self._unread = self._unfit = None
        if self.language:
            self.language.clear()

    def _forget_views(self) -> None:
        if self.fields:
            self.fields.reset()
        if self.language_fields:
            self.language_fields.reset()
        self.keyframes.clear()

    def _let_go(self, keyframe: Keyframe) -> None:
        if self.fields:
            self.fields.forget(keyframe.frame)
        if self.language_fields:
            self.language_fields.forget(keyframe.frame)
