"""A voxel map that can be asked in words: one model, its embeddings in voxels, labels, answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int64, UInt8
from numpy import ndarray
from torch import Tensor

from nesf_ros.config import SemanticsConfig, VisionConfig
from nesf_ros.errors import QueryError
from nesf_ros.semantics.calibration import calibration_of
from nesf_ros.semantics.dense import dense_features
from nesf_ros.semantics.fusion import fuse_keyframe
from nesf_ros.semantics.instances import Instance, InstanceFinder
from nesf_ros.semantics.labels import LabelSet, relabel
from nesf_ros.semantics.lookup import rows_at
from nesf_ros.semantics.relevancy import observed_fraction, relevancy
from nesf_ros.types import Box, PosedFrame, Progress, unheard
from nesf_ros.vision.crops import Sees, crop_batches
from nesf_ros.vision.memory import by_halves
from nesf_ros.vision.text import LABELS_AT_ONCE, Encoder, TextEncoder, clean
from nesf_ros.vision.vocabulary import Vocabulary
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.layer_file import SavedLayer, check_fits, restore
from nesf_ros.voxels.map import VoxelMap

IMAGE = "(image)"
"""What an answer calls the image that was asked for."""
MAX_TEXTS = 500
"""Of one question."""
READ, COMPARED = 0.4, 0.5
"""Progress of a question once its texts are embedded, and once voxels are compared with them."""


@runtime_checkable
class Model(Sees, Encoder, Protocol):
    """What sees and reads; `vision.models.VisionModel` for one."""

    @property
    def fingerprint(self) -> str:
        """Name and digest of the weights: embeddings of others cannot be compared."""

    @property
    def vocabulary(self) -> Vocabulary | None:
        """All that it knows, where that is little."""


@dataclass(frozen=True)
class Question:
    """What is looked for."""

    texts: tuple[str, ...] = ()
    negatives: tuple[str, ...] = ()
    """Phrases that a text is held against; none: `semantics.canonical`."""
    image: UInt8[ndarray, "height width 3"] | None = None
    """A picture (RGB) of something to look for, after the texts."""
    region: Box | None = None
    """Look nowhere else; map frame."""
    threshold: float = 0.0
    """Relevancy from which something counts as found, 0–1; 0: as validated for the model."""


@dataclass(frozen=True)
class TextAnswer:
    """What was found for one text."""

    text: str
    exists: bool
    score: float
    """Of the best instance; where there is none, the highest relevancy of any voxel; 0–1."""
    peak_m: tuple[float, float, float] | None
    """Centre of the most relevant voxel, map frame; None where nothing has an embedding."""
    instances: tuple[Instance, ...] = ()
    """Best first."""
    known: bool = True
    """False: far from all that the model was trained with, so nothing was looked for."""


@dataclass(frozen=True)
class Answer:
    """What the map knows of a question."""

    texts: tuple[TextAnswer, ...]
    threshold: float
    observed: float
    """Share of the region (of all that is known, where there is none) that was observed, 0–1."""
    voxels: Int64[ndarray, "n 3"] = field(repr=False)
    """Voxels that were asked: those in the region that have an embedding."""
    relevancy: Float32[ndarray, "n texts"] = field(repr=False)
    """Of each voxel for each text, 0–1."""


@dataclass(frozen=True)
class PointWords:
    """What is known of points, in words."""

    label: UInt8[ndarray, " n"]
    """n: `label_names[n − 1]`, 0: no label."""
    confidence: UInt8[ndarray, " n"]
    """0–255 for 0–1."""
    label_names: tuple[str, ...]
    relevancy: Float32[ndarray, "n texts"]
    """0–1; NaN where nothing is known."""


class LanguageMap:
    """What a model makes of a voxel map. For the thread of the map, but for `look`."""

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
        return dense_features(self.model, frame.rgbd.color)

    def fuse(self, frame: PosedFrame, dense: Float32[Tensor, "rows cols dim"]) -> int:
        """Put a look at a frame, which is in the map, into its voxels; returns how many.

        They are labelled, if there are labels.
        """
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
        self.labels = LabelSet.of(names, self.encoder, self._calibration)
        relabel(self.layer, self.labels)

    def ask(self, question: Question, progress: Progress = unheard) -> Answer:
        """Where in the map each text is. Raises QueryError for what cannot be asked."""
        wanted, names = self._embedded(question, progress)
        threshold = question.threshold or self._calibration.relevant_above
        if not 0 < threshold < 1:
            raise QueryError(f"threshold {threshold:g}; it lies between 0 and 1")
        progress("comparing the map with them", READ)
        self.layer.follow(self._map)
        voxels, rows = self._voxels_in(question.region)
        scores = self._relevancy(wanted, rows, question.negatives).numpy()
        known = self.known(wanted[: len(question.texts)]) + [True] * (question.image is not None)
        scores[:, np.logical_not(known)] = 0.0
        where = voxels.cpu().numpy()
        texts = []
        for number, name in enumerate(names):
            progress(f"looking for {name[:40]}", COMPARED + (1 - COMPARED) * number / len(names))
            answer = self._answer(name, where, scores[:, number], threshold)
            texts.append(answer if known[number] else TextAnswer(name, False, 0.0, None, (), False))
        return Answer(
            texts=tuple(texts),
            threshold=threshold,
            observed=self._observed(question.region),
            voxels=where,
            relevancy=scores,
        )

    def describe(self, points_m: Float64[ndarray, "n 3"], texts: Sequence[str] = ()) -> PointWords:
        """Labels of points (map frame), and how relevant they are to texts. Raises QueryError.

        A point speaks for the voxel around it, or one beside it (`lookup.rows_at`).
        """
        self.layer.follow(self._map)
        rows = self.rows_at(points_m)
        known = (rows >= 0).cpu()
        rows = rows[rows >= 0]
        label, confidence = (torch.zeros(len(known), dtype=torch.uint8) for _ in range(2))
        label[known] = self.layer.labels.codes(self.layer.column("label")[rows]).cpu()
        confidence[known] = self.layer.column("confidence")[rows].cpu()
        relevant = torch.full((len(known), len(texts)), torch.nan)
        if texts:
            relevant[known] = self._relevancy(self.encoder.embed(texts), rows)
        names = self.layer.labels.wire_names
        return PointWords(label.numpy(), confidence.numpy(), names, relevant.numpy())

    def known(self, texts: Float32[Tensor, "texts dim"]) -> list[bool]:
        """Whether embedded texts are near anything that the model was trained with."""
        vocabulary = self.model.vocabulary
        if vocabulary is None:
            return [True] * len(texts)
        cosines, _ = vocabulary.nearest(texts)
        return (cosines >= (self._config.known_above or vocabulary.known_above)).tolist()

    def rows_at(self, points_m: Float64[ndarray, "n 3"]) -> Int64[Tensor, " n"]:
        """Row of the layer that speaks for each point, −1 where none does."""
        size_m = self._map.config.voxel_size_m
        return rows_at(self.layer, torch.from_numpy(points_m), size_m)

    def _relevancy(
        self, wanted: Tensor, rows: Tensor | None, negatives: Sequence[str] = ()
    ) -> Float32[Tensor, "n texts"]:
        """Of rows of the layer (all where None) for embedded texts; in main memory."""
        phrases = self.encoder.embed(negatives or self._config.canonical)
        texts = torch.cat([wanted, phrases]).to(self.layer.device)

        def of(part: Tensor | range) -> Tensor:
            chosen = slice(part.start, part.stop) if isinstance(part, range) else part
            cosines = self.layer.similarity(texts, chosen)
            return relevancy(cosines[:, : len(wanted)], cosines[:, len(wanted) :]).cpu()

        return by_halves(of, range(len(self.layer)) if rows is None else rows)

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
        if len(question.texts) > MAX_TEXTS:
            raise QueryError(f"{len(question.texts)} texts; at most {MAX_TEXTS} at a time")
        parts, names = [], list(question.texts)
        for name in names:
            clean(name)  # one that cannot be read is an error before the others take their time
        for start in range(0, len(names), LABELS_AT_ONCE):
            progress("reading the texts", READ * start / len(names))
            parts.append(self.encoder.embed(names[start : start + LABELS_AT_ONCE]))
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
        lower, upper = (torch.tensor(c, device=voxels.device) for c in (region.lower, region.upper))
        rows = ((centres >= lower) & (centres < upper)).all(1).nonzero()[:, 0]
        return voxels[rows], rows

    def _observed(self, region: Box | None) -> float:
        return 1.0 if region is None else observed_fraction(self._map, region)

    def _answer(
        self,
        text: str,
        voxels: Int64[ndarray, "n 3"],
        scores: Float32[ndarray, " n"],
        threshold: float,
    ) -> TextAnswer:
        if not len(voxels):
            return TextAnswer(text, False, 0.0, None)
        instances = tuple(self._finder.find(text, voxels, scores, threshold))
        best = int(scores.argmax())
        x, y, z = ((voxels[best] + 0.5) * self._map.config.voxel_size_m).tolist()
        score = instances[0].score if instances else float(scores[best])
        return TextAnswer(text, bool(instances), score, (x, y, z), instances)
