"""The language fields of the map: one beside each scene field, taught by looks at keyframes.

Three threads meet here. The one that runs the model makes lessons of keyframes (`lesson`) and hands
them over (`teach`); that of spare time learns (`work`) and works out what voxels are to know
(`codes`); the one that owns the map says which voxels these are, and takes what was found
(`semantics.lerf.cache`).
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import torch
from jaxtyping import Float32
from torch import Tensor

from nesf_ros.config_field import LerfConfig
from nesf_ros.fields import SceneFields, SubmapField
from nesf_ros.semantics.language import LanguageMap
from nesf_ros.semantics.lerf.cache import Due, due, in_voxels, middles, put, sized_codes
from nesf_ros.semantics.lerf.fit import LanguageFitter
from nesf_ros.semantics.lerf.language_field import LanguageField
from nesf_ros.semantics.lerf.presets import PRESETS, LerfPreset
from nesf_ros.semantics.lerf.supervision import Lesson, crop_pyramid
from nesf_ros.types import PosedFrame
from nesf_ros.vision.patches import PatchModel
from nesf_ros.voxels.sized import SizedCodes, Sizes

FEWEST_CROPS = 15
"""Of a keyframe, whatever the time they take."""
PATCHES_PX = 448
"""Of a picture's shorter side, where other patches than the model's own are wanted."""
AT_ONCE = 4096
"""Voxels that are told at a time."""
MOST_SIZES = 6
"""That voxels keep; of more in a preset, so many that are evenly spread."""
YOUNG = 200
"""Steps before which a language field has nothing to say."""


class LanguageFields:
    """What a model's looks at keyframes teach fields, beside the scene fields of a map."""

    def __init__(self, config: LerfConfig, fields: SceneFields, language: LanguageMap):
        """Nothing is learned yet; `language` has room for `sizes_of(config)`.

        Raises VisionError for `lerf.patches` that cannot be loaded.
        """
        self.preset = preset_of(config)
        self._config, self._fields, self._language = config, fields, language
        self._made: list[tuple[SubmapField, LanguageFitter]] = []
        self._patches: PatchModel | None = None
        """What shows outlines; None: the vision-language model itself does."""
        if config.patches:
            file, device = Path(config.patches).expanduser(), language.model.device
            self._patches = PatchModel(config.patch_model, file, PATCHES_PX, device)
        self._crop_s = 0.0
        """What a crop took at the last keyframe, seconds."""
        self._settled = False
        """A field is done: then all that it has said before is out of date."""

    @property
    def steps(self) -> int:
        """Of all fields, since their last keyframes at least."""
        return sum(fitter.steps for _, fitter in self._made)

    def lesson(self, frame: PosedFrame, dense: Float32[Tensor, "rows cols dim"]) -> Lesson:
        """Look at a keyframe in crops, as many as there is time for. For the model's thread."""
        limit = self.preset.crops.limit
        if self._config.budget_ms > 0:
            # The first time nothing is known of what a crop takes.
            afford = 1e-3 * self._config.budget_ms / self._crop_s if self._crop_s else FEWEST_CROPS
            limit = max(FEWEST_CROPS, min(int(afford), limit or int(afford)))
        start = time.perf_counter()
        crops = crop_pyramid(
            self._language.model, frame.rgbd.color, replace(self.preset.crops, limit=limit)
        )
        self._crop_s = (time.perf_counter() - start) / len(crops.embeddings)
        patches = self._patches.look(frame.rgbd.color) if self._patches else dense
        return Lesson(crops, patches.half())

    def teach(self, frame: PosedFrame, lesson: Lesson) -> None:
        """Have the field learn that learns the keyframe's geometry; none does if that is gone."""
        with self._fields.lock:
            for entry in self._fields.entries:
                if entry.holds(frame):
                    self._fitter_of(entry, lesson).teach(frame, lesson)

    def forget(self, frame: PosedFrame) -> None:
        """Learn no more from a keyframe."""
        with self._fields.lock:
            for _, fitter in self._made:
                fitter.forget(frame)

    def reset(self) -> None:
        """Forget all fields."""
        with self._fields.lock:
            self._made = []
            self._settled = False

    def work(self) -> bool:
        """One step of the newest field that has something to learn; False if none has."""
        with self._fields.lock:
            self._made = [pair for pair in self._made if pair[0] in self._fields.entries]
            for entry, fitter in reversed(self._made):
                if fitter.taught and not fitter.done and entry.fitter.steps > YOUNG:
                    fitter.step()
                    self._settled |= fitter.done
                    return True
        return False

    def due(self, most: int = AT_ONCE) -> Due | None:
        """Voxels that are to be told what the fields know; None if there are none.

        For the thread that owns the map. What `codes` makes of them in any thread is for `take`.
        """
        layer = self._language.layer
        if self._settled:
            self._settled = False
            layer.sized.all_stale(layer.table.columns)
        return due(layer, most)

    def take(self, asked: Due, codes: SizedCodes) -> int:
        """Tell the voxels that are still there; returns how many. For the map's thread."""
        return put(self._language.layer, asked, codes)

    def refresh(self) -> int:
        """All of that for all voxels, where one thread does everything; returns how many."""
        told = 0
        while (asked := self.due()) is not None and (codes := self.codes(asked)) is not None:
            told += self.take(asked, codes)
        return told

    def codes(self, asked: Due) -> SizedCodes | None:
        """What the fields say of voxels; of each the newest one that knows of it.

        None if no field has learned enough.
        """
        asked = asked.to(self._fields.device)
        size_m, sizes_m = self._fields.voxel_size_m, self.preset.sizes_m
        points = middles(asked.voxels, size_m)
        code = asked.code[:, None].repeat(1, len(sizes_m), 1)
        lift = code.new_zeros(code.shape[:2])
        told = torch.zeros(len(code), dtype=torch.bool, device=code.device)
        with self._fields.lock:
            learned = [(entry, each) for entry, each in self._made if each.steps >= YOUNG]
            for entry, fitter in learned:  # what a newer one says comes in place of it
                inside = entry.fitter.cells.holds(points)
                part = asked.part(inside)
                places = in_voxels(entry.fitter.field, part.voxels, size_m)
                known = sized_codes(fitter.language, places, part, sizes_m)
                code[inside], lift[inside], told[inside] = known.code, known.lift, True
        return SizedCodes(code, lift, told) if learned else None

    def _fitter_of(self, entry: SubmapField, lesson: Lesson) -> LanguageFitter:
        for known, fitter in self._made:
            if known is entry:
                return fitter
        scene = entry.fitter
        dim, patch_dim = lesson.crops.embeddings.shape[1], lesson.patches.shape[2]
        field = LanguageField(scene.field.box, self.preset, dim, patch_dim).to(scene.device)
        if self._made:  # what decodes one room's features decodes the next one's
            field.take_heads(self._made[-1][1].language)
        self._made.append((entry, LanguageFitter(field, scene, self.preset)))
        return self._made[-1][1]


def preset_of(config: LerfConfig) -> LerfPreset:
    """The preset that is configured, with what is set beside it."""
    preset = PRESETS[config.preset]
    every = -(-len(preset.sizes_m) // MOST_SIZES)
    views = config.min_views or preset.min_views
    return replace(preset, min_views=views, sizes_m=preset.sizes_m[::every])


def sizes_of(config: LerfConfig) -> Sizes:
    """What voxels need room for."""
    preset = preset_of(config)
    return Sizes(preset.sizes_m, preset.min_views)
