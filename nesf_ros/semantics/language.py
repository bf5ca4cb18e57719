"""A voxel map that can be asked in words: one model, its embeddings in voxels, labels, answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int64, UInt8
from numpy import ndarray
from torch import Tensor

from nesf_ros.config import SemanticsConfig, VisionConfig
from nesf_ros.errors import QueryError, VisionError
from nesf_ros.semantics.calibration import calibration_of
from nesf_ros.semantics.colors import feature_colors
from nesf_ros.semantics.dense import dense_features
from nesf_ros.semantics.fusion import fuse_keyframe
from nesf_ros.semantics.instances import Instance, InstanceFinder, score_of
from nesf_ros.semantics.labels import LabelSet, relabel
from nesf_ros.semantics.lookup import rows_at
from nesf_ros.semantics.questions import (
    IMAGE,
    Answer,
    PointWords,
    Question,
    TextAnswer,
    all_texts,
)
from nesf_ros.semantics.relevancy import observed_fraction, relevancy
from nesf_ros.types import NOTHING, Box, PosedFrame, Progress, Wanted, unheard, within
from nesf_ros.vision.crops import Sees, crop_batches
from nesf_ros.vision.memory import by_halves
from nesf_ros.vision.text import LABELS_AT_ONCE, Encoder, TextEncoder
from nesf_ros.vision.vocabulary import Vocabulary
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.layer_file import SavedLayer, check_fits, restore
from nesf_ros.voxels.map import VoxelMap

MAX_SCORES = 2**28
"""Relevancies of one question: 1 GiB."""
AT_ONCE = 2**24
"""Cosines held at a time: 64 MiB."""
READ, COMPARED = 0.4, 0.5
"""Progress of a question once its texts are embedded, and once voxels are compared with them."""
POINTS_AT_ONCE = 2**15
"""Looked up before it is told how far this is."""
LOOKED_UP = 0.6
"""Progress once points are looked up, of what is to be told of them."""


@runtime_checkable
class Model(Sees, Encoder, Protocol):
    """What sees and reads; `vision.models.VisionModel` for one."""

    @property
    def fingerprint(self) -> str:
        """Name and digest of the weights: embeddings of others cannot be compared."""

    @property
    def vocabulary(self) -> Vocabulary | None:
        """All that it knows, where that is little."""


class LanguageMap:
    """What a model makes of a voxel map. For the thread of the map, but for `look` and `unread`."""

    def __init__(
        self, voxel_map: VoxelMap, model: Model, vision: VisionConfig, semantics: SemanticsConfig
    ):
        """Nothing is known yet; keyframes are taken in by `look` and `fuse`."""
        self.model = model
        self.encoder = TextEncoder(model, vision.prompts, vision.text_cache)
        self.layer = FeatureLayer(
            semantics, model.fingerprint, model.tower.dim, str(voxel_map.device)
        )
        self.labels: LabelSet | None = None
        self._map = voxel_map
        self._config = semantics
        self._calibration = calibration_of(model.fingerprint, semantics)
        self._finder = InstanceFinder(voxel_map.config.voxel_size_m)

    def look(self, frame: PosedFrame) -> Float32[Tensor, "rows cols dim"]:
        """Embeddings over a frame's picture: the costly part, for any thread."""
        return dense_features(self.model, frame.rgbd.color, self._config.windows)

    def fuse(self, frame: PosedFrame, dense: Float32[Tensor, "rows cols dim"]) -> int:
        """Put a look at a frame, which is in the map, into its voxels; returns how many.

        They are labelled, if there are labels.
        """
        if not bool(dense.isfinite().all()):
            raise VisionError("the model gives numbers for this keyframe that are not finite")
        rows = fuse_keyframe(self._map, self.layer, frame, dense)
        if self.labels is not None and len(rows):
            relabel(self.layer, self.labels, rows)
        return len(rows)

    def set_labels(self, names: Sequence[str]) -> None:
        """Label all voxels with these names from now on; no name ends it. Raises QueryError."""
        if not names:
            self.labels = None
            self.layer.start_labels(())
            return
        labels = LabelSet.of(names, self.encoder, self._calibration)
        try:
            relabel(self.layer, labels)
        except QueryError:  # what was begun with is gone, so there are none
            self.labels = None
            self.layer.start_labels(())
            raise
        self.labels = labels

    def unread(self, texts: Sequence[str]) -> list[list[str]]:
        """Texts, and the canonical phrases, that have no embedding yet.

        In parts that take `encoder.embed` a moment each. Raises QueryError for a text that cannot
        be read.
        """
        fresh = self.encoder.fresh([*texts, *self._config.canonical])
        return [fresh[i : i + LABELS_AT_ONCE] for i in range(0, len(fresh), LABELS_AT_ONCE)]

    def ask(self, question: Question, progress: Progress = unheard) -> Answer:
        """Where in the map each text is. Raises QueryError for what cannot be asked."""
        wanted, names = self._embedded(question, progress)
        threshold = question.threshold or self._calibration.relevant_above
        if not 0 < threshold < 1:
            raise QueryError(f"threshold {threshold:g}; it lies between 0 and 1")
        self.layer.follow(self._map)
        voxels, rows = self._voxels_in(question.region)
        compared = within(progress, READ, COMPARED)
        scores = self._relevancy(wanted, rows, question.negatives, compared).numpy()
        known = self.known(wanted[: len(question.texts)]) + [True] * (question.image is not None)
        scores[:, np.logical_not(known)] = 0.0
        where = voxels.cpu().numpy()
        texts = []
        for number, (name, key) in enumerate(zip(names, question.keys(), strict=True)):
            progress(f"looking for {name[:40]}", COMPARED + (1 - COMPARED) * number / len(names))
            if not known[number]:
                texts.append(TextAnswer(name, False, 0.0, None, (), False))
                continue
            found = self._finder.find(key, where, scores[:, number], threshold, rows is not None)
            texts.append(self._answer(name, where, scores[:, number], found))
        return Answer(
            texts=tuple(texts),
            threshold=threshold,
            observed=self._observed(question.region),
            voxels=where,
            relevancy=scores,
        )

    def describe(
        self,
        points_m: Float64[ndarray, "n 3"],
        wanted: Wanted = NOTHING,
        progress: Progress = unheard,
    ) -> PointWords:
        """Labels of points (map frame), and what else is wanted of them. Raises QueryError.

        A point speaks for the voxel around it, or one beside it (`lookup.rows_at`).
        """
        self.layer.follow(self._map)
        rows = self._rows_at(points_m, within(progress, 0.0, LOOKED_UP))
        known = (rows >= 0).cpu()
        rows = rows[rows >= 0]
        label, confidence = (torch.zeros(len(known), dtype=torch.uint8) for _ in range(2))
        label[known] = self.layer.labels.codes(self.layer.column("label")[rows]).cpu()
        confidence[known] = self.layer.column("confidence")[rows].cpu()
        relevant = torch.full((len(known), len(wanted.texts)), torch.nan)
        unknown = []
        if wanted.texts:
            all_texts(wanted.texts, wanted.negatives)
            texts = self.encoder.embed(wanted.texts)
            compared = within(progress, LOOKED_UP, 1.0)
            relevant[known] = self._relevancy(texts, rows, wanted.negatives, compared)
            near = self.known(texts)
            relevant[:, ~torch.tensor(near)] = torch.nan
            unknown = [
                text for text, is_known in zip(wanted.texts, near, strict=True) if not is_known
            ]
        colors = None
        if wanted.features:
            colors = np.zeros((len(known), 3), np.uint8)
            colors[known.numpy()] = feature_colors(self.layer, rows).numpy()
        names = self.layer.labels.wire_names
        return PointWords(
            label.numpy(), confidence.numpy(), names, relevant.numpy(), tuple(unknown), colors
        )

    def known(self, texts: Float32[Tensor, "texts dim"]) -> list[bool]:
        """Whether embedded texts are near anything that the model was trained with."""
        vocabulary = self.model.vocabulary
        if vocabulary is None:
            return [True] * len(texts)
        return (
            vocabulary.nearest(texts) >= (self._config.known_above or vocabulary.known_above)
        ).tolist()

    def _rows_at(
        self, points_m: Float64[ndarray, "n 3"], progress: Progress
    ) -> Int64[Tensor, " n"]:
        parts = torch.from_numpy(points_m).split(POINTS_AT_ONCE)
        rows = []
        for number, part in enumerate(parts):
            progress("putting the points into words", number / len(parts))
            rows.append(rows_at(self.layer, part, self._map.config.voxel_size_m))
        return torch.cat(rows)

    def _relevancy(
        self, wanted: Tensor, rows: Tensor | None, negatives: Sequence[str], progress: Progress
    ) -> Float32[Tensor, "n texts"]:
        """Of rows of the layer (all where None) for embedded texts; in main memory."""
        phrases = self.encoder.embed(negatives or self._config.canonical)
        texts = torch.cat([wanted, phrases]).to(self.layer.device)
        count = len(self.layer) if rows is None else len(rows)
        if count * len(wanted) > MAX_SCORES:
            raise QueryError(
                f"{len(wanted)} texts in {count} voxels are more than {MAX_SCORES} answers at a "
                "time; ask for fewer texts, or in a smaller region"
            )
        out = torch.empty(count, len(wanted))

        def of(part: range) -> Tensor:
            chosen = slice(part.start, part.stop) if rows is None else rows[part.start : part.stop]
            cosines = self.layer.similarity(texts, chosen)
            return relevancy(cosines[:, : len(wanted)], cosines[:, len(wanted) :]).cpu()

        step = max(1, AT_ONCE // len(texts))
        for start in range(0, count, step):
            progress("comparing the map with the texts", start / count)
            part = range(start, min(start + step, count))
            out[part.start : part.stop] = by_halves(of, part)
        return out

    def clear(self) -> None:
        """Forget everything but the labels."""
        self.layer.clear()
        self._finder.clear()

    def restore(self, saved: SavedLayer, name: str) -> None:
        """Take over embeddings of a file called `name`. StorageError if they do not fit."""
        check_fits(self.layer, saved, name)
        restore(self.layer, saved)

    def taken_over(self) -> None:
        """A saved layer has come into `layer`: its voxels have no labels yet."""
        self._finder.clear()
        if self.labels is not None:
            relabel(self.layer, self.labels)

    def _embedded(self, question: Question, progress: Progress) -> tuple[Tensor, list[str]]:
        """Embeddings of all that is asked for, and what to call it."""
        unread = self.unread(all_texts(question.texts, question.negatives))
        for number, part in enumerate(unread):
            progress("reading the texts", READ * number / len(unread))
            self.encoder.embed(part)
        names = list(question.texts)
        parts = [self.encoder.embed(names)] if names else []
        if question.image is not None:
            parts.append(self._image(question.image))
            names.append(IMAGE)
        if not parts:
            raise QueryError("neither a text nor an image was given; say what to look for")
        return torch.cat(parts), names

    def _image(self, image: UInt8[ndarray, "height width 3"]) -> Float32[Tensor, "1 dim"]:
        if image.ndim != 3 or image.shape[2] != 3 or not image.size:
            raise QueryError(f"an image of shape {image.shape}; it must be RGB, not empty")
        whole = np.array([[0, 0, image.shape[1], image.shape[0]]])
        (picture,) = crop_batches(image, whole, self.model)
        return self.model.tower.look(picture).embedding()

    def _voxels_in(self, region: Box | None) -> tuple[Tensor, Tensor | None]:
        """Voxels to ask, and their rows (None: all)."""
        voxels = self.layer.table.voxels()
        if region is None:
            return voxels, None
        centres = (voxels.double() + 0.5) * self._map.config.voxel_size_m
        lower, upper = (
            torch.tensor(corner, dtype=torch.float64, device=voxels.device)
            for corner in (region.lower, region.upper)
        )
        rows = ((centres >= lower) & (centres < upper)).all(1).nonzero()[:, 0]
        return voxels[rows], rows

    def _observed(self, region: Box | None) -> float:
        return 1.0 if region is None else observed_fraction(self._map, region)

    def _answer(
        self,
        text: str,
        voxels: Int64[ndarray, "n 3"],
        scores: Float32[ndarray, " n"],
        found: Sequence[Instance],
    ) -> TextAnswer:
        if not len(voxels):
            return TextAnswer(text, False, 0.0, None)
        best = int(scores.argmax())
        x, y, z = ((voxels[best] + 0.5) * self._map.config.voxel_size_m).tolist()
        score = found[0].score if found else score_of(scores)
        return TextAnswer(text, bool(found), score, (x, y, z), tuple(found))
