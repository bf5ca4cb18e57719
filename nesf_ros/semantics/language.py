"""A voxel map that can be asked in words: one model, its embeddings in voxels, labels, answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int64
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
from nesf_ros.semantics.lerf.choice import SizeChoice
from nesf_ros.semantics.lookup import rows_at, rows_in
from nesf_ros.semantics.questions import Answer, PointWords, Question, TextAnswer, all_texts
from nesf_ros.semantics.reading import Model, Reader
from nesf_ros.semantics.relevancy import Asked, observed_fraction, relevancies
from nesf_ros.types import NOTHING, Box, PosedFrame, Progress, Wanted, unheard, within
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.layer_file import SavedLayer, check_fits, restore
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.sized import NO_SIZES, Sizes

READ, COMPARED = 0.4, 0.5
"""Progress of a question once its texts are embedded, and once voxels are compared with them."""
LOOKED_UP = 0.6
"""Progress once points are looked up, of what is to be told of them."""


class LanguageMap:
    """What a model makes of a voxel map. For the thread of the map, but for `look` and `reader`."""

    def __init__(
        self,
        voxel_map: VoxelMap,
        model: Model,
        config: tuple[VisionConfig, SemanticsConfig],
        sizes: Sizes = NO_SIZES,
    ):
        """Nothing is known yet; keyframes are taken in by `look` and `fuse`.

        With room for what a language field knows of voxels by size, where there are `sizes`.
        """
        vision, semantics = config
        self.model = model
        self.reader = Reader(model, vision, semantics)
        self.layer = FeatureLayer(
            semantics, model.fingerprint, model.tower.dim, str(voxel_map.device), sizes
        )
        self.labels: LabelSet | None = None
        self._map = voxel_map
        self._config = semantics
        self._calibration = calibration_of(model.fingerprint, semantics)
        self._finder = InstanceFinder(voxel_map.config.voxel_size_m)
        self._choice = SizeChoice()

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
        labels = LabelSet.of(names, self.reader, self._calibration)
        try:
            relabel(self.layer, labels)
        except QueryError:  # what was begun with is gone, so there are none
            self.labels = None
            self.layer.start_labels(())
            raise
        self.labels = labels

    def ask(self, question: Question, progress: Progress = unheard) -> Answer:
        """Where in the map each text is. Raises QueryError for what cannot be asked."""
        wanted = self.reader.question(question, within(progress, 0.0, READ))
        threshold = question.threshold or self._calibration.relevant_above
        if not 0 < threshold < 1:
            raise QueryError(f"threshold {threshold:g}; it lies between 0 and 1")
        self.layer.follow(self._map)
        size_m = self._map.config.voxel_size_m
        rows = None if question.region is None else rows_in(self.layer, question.region, size_m)
        compared = within(progress, READ, COMPARED)
        phrases = self.reader.phrases(question.negatives)
        scores = relevancies(self.layer, self._asked(wanted, phrases), rows, compared).numpy()
        names, count = question.names(), len(question.texts)
        known = [*self.reader.known(wanted[:count]), *(True for _ in names[count:])]
        scores[:, np.logical_not(known)] = 0.0
        where = self.layer.table.voxels(rows).cpu().numpy()
        texts = []
        for number, (name, key) in enumerate(zip(names, question.keys(), strict=True)):
            progress(f"looking for {name[:40]}", COMPARED + (1 - COMPARED) * number / len(names))
            if not known[number]:
                texts.append(TextAnswer(name, False, 0.0, None, (), False))
                continue
            column, region = scores[:, number], question.region
            found = self._finder.find(key, where, column, threshold, region, question.apart())
            texts.append(self._answer(name, where, column, found))
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
        points, size_m = torch.from_numpy(points_m), self._map.config.voxel_size_m
        rows = rows_at(self.layer, points, size_m, within(progress, 0.0, LOOKED_UP))
        known = (rows >= 0).cpu()
        rows = rows[rows >= 0]
        label, confidence = (torch.zeros(len(known), dtype=torch.uint8) for _ in range(2))
        label[known] = self.layer.labels.codes(self.layer.column("label")[rows]).cpu()
        confidence[known] = self.layer.column("confidence")[rows].cpu()
        relevant = torch.full((len(known), len(wanted.texts)), torch.nan)
        unknown = []
        if wanted.texts:
            all_texts(wanted.texts, wanted.negatives)
            texts, phrases = self.reader.embed(wanted.texts), self.reader.phrases(wanted.negatives)
            compared = within(progress, LOOKED_UP, 1.0)
            asked = self._asked(texts, phrases)
            relevant[known] = relevancies(self.layer, asked, rows, compared)
            near = self.reader.known(texts)
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

    def clear(self) -> None:
        """Forget everything but the labels."""
        self.layer.clear()
        self._finder.clear()
        self._choice.clear()

    def restore(self, saved: SavedLayer, name: str) -> None:
        """Take over embeddings of a file called `name`. StorageError if they do not fit."""
        check_fits(self.layer, saved, name)
        restore(self.layer, saved)

    def taken_over(self) -> None:
        """A saved layer has come into `layer`: its voxels have no labels yet."""
        self._finder.clear()
        self._choice.clear()
        if self.labels is not None:
            relabel(self.layer, self.labels)

    def _asked(self, texts: Tensor, phrases: Tensor) -> Asked:
        """By size, once a language field has told some of the voxels that are there."""
        if not len(self.layer.sized) or not bool(self.layer.column("sized").any()):
            return Asked(texts, phrases)
        sizes = self._choice.of(self.layer, texts, phrases)
        return Asked(texts, phrases, sizes)

    def _observed(self, region: Box | None) -> float:
        if region is None:
            return float(any(submap.grid.knows_something for submap in self._map.submaps))
        return observed_fraction(self._map, region)

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
