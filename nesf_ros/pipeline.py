"""The whole system on one screen; it knows no ROS. The perception node is a shell around it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nesf_ros.answers import MapAnswers
from nesf_ros.config import NesfConfig
from nesf_ros.fields import SceneFields
from nesf_ros.frames.keyframes import Keyframe, KeyframeStore
from nesf_ros.language_fields import LanguageFields, sizes_of
from nesf_ros.semantics.language import LanguageMap
from nesf_ros.semantics.reading import Model
from nesf_ros.types import PosedFrame
from nesf_ros.unseen import Unseen
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.layer_file import SavedLayer
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.read import SurfaceIndex
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


class SemanticMapper(MapAnswers):
    """Posed RGB-D frames in, a map that answers questions (`MapAnswers`) out.

    Not thread-safe: one thread owns it (`nesf_ros.ros.worker` in the node). Only `unread`, `read`
    and `draw` are for any.
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
        self.newest: dict[str, PosedFrame] = {}
        """Last frame of each camera, the very last at the end; empty while the map is as loaded."""
        self.unseen: Unseen | None = None
        """Completes things and locates hidden ones; comes with the model (`imagination`)."""
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
        self.unseen = Unseen(self.config, self.map, self.keyframes, language)
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
        self.newest.pop(frame.rgbd.camera, None)
        self.newest[frame.rgbd.camera] = frame
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

    @property
    def version(self) -> tuple[int, int]:
        """Differs once the map, or what is known of it in words, has changed."""
        return self.map.revision, self.layer.fusions if self.layer else 0

    @property
    def layer(self) -> FeatureLayer | None:
        """Embeddings and labels of the map's voxels, where there is a model."""
        return self.language.layer if self.language else None

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
        if self.unseen:
            self.unseen.clear()
        self.keyframes.clear()
        self.newest.clear()

    def _let_go(self, keyframe: Keyframe) -> None:
        if self.unseen:
            self.unseen.forget(keyframe.id)
        if self.fields:
            self.fields.forget(keyframe.frame)
        if self.language_fields:
            self.language_fields.forget(keyframe.frame)
