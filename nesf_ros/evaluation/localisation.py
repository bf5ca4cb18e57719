"""How well a vision-language model points at what it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch.nn.functional as F
from jaxtyping import Bool, Float32
from numpy import ndarray
from torch import Tensor

from nesf_ros.errors import EvaluationError
from nesf_ros.evaluation.examiner import CAPTIONED, CLUTTER, Examiner
from nesf_ros.evaluation.figures import Figure, mean_over
from nesf_ros.synthetic.splits import HELD_OUT_VISION
from nesf_ros.training.shards import CropSet
from nesf_ros.training.vocabulary import NAMES

THRESHOLDS = tuple(np.arange(0.05, 0.96, 0.05).round(2).tolist())
"""Shares of a map's maximum that are tried as its outline."""
_NUMBERS = [NAMES.index(name) for name in CAPTIONED]


@dataclass(frozen=True)
class Localised:
    """Of n maps, each asked for what one mask shows."""

    pointed: Bool[ndarray, " n"]
    """Whether the map's maximum lies in the mask."""
    overlaps: Float32[ndarray, "n thresholds"]
    """Intersection over union of the mask and what exceeds each of THRESHOLDS."""

    @property
    def best_threshold(self) -> float:
        """Where the mean overlap is largest; to be taken from validation."""
        return THRESHOLDS[int(self.overlaps.mean(0).argmax())]

    def overlap_at(self, threshold: float) -> Float32[ndarray, " n"]:
        """Overlaps at one of THRESHOLDS."""
        return self.overlaps[:, THRESHOLDS.index(threshold)]


def localised(
    maps: Float32[Tensor, "n grid_height grid_width"], masks: Bool[ndarray, "n height width"]
) -> Localised:
    """Compare relevancy maps with masks.

    Protocol: maps are enlarged bilinearly to the masks' size. Pointing (Zhang et al. 2018) asks
    whether the largest value lies in the mask, the first one of equals. For the overlap, what
    exceeds a share of the map's maximum is taken as the answer; an all-zero map answers nothing,
    points nowhere and overlaps with nothing.

    Raises EvaluationError for a mask that shows nothing.
    """
    if not masks.any((1, 2)).all():
        raise EvaluationError("a mask shows nothing; leave out what cannot be seen")
    large = F.interpolate(maps[:, None], masks.shape[1:], mode="bilinear")[:, 0].cpu().numpy()
    flat, inside = large.reshape(len(large), -1), masks.reshape(len(masks), -1)
    largest = flat.max(1)
    pointed = inside[np.arange(len(flat)), flat.argmax(1)] & (largest > 0)
    overlaps = np.zeros((len(flat), len(THRESHOLDS)), np.float32)
    for index, share in enumerate(THRESHOLDS):
        answer = (flat > share * largest[:, None]) & (largest > 0)[:, None]
        overlaps[:, index] = (answer & inside).sum(1) / (answer | inside).sum(1)
    return Localised(pointed, overlaps)


def localised_crops(examiner: Examiner, crops: CropSet) -> Localised:
    """Maps of crops, each asked for its own class by name, against what shows the thing."""
    numbers = sorted(set(crops.name.tolist()))
    texts = examiner.texts([NAMES[number] for number in numbers]).to(examiner.model.device)
    found = []
    for part, look in examiner.looks(crops):
        rows = [numbers.index(number) for number in part.name.tolist()]
        maps = look.relevancy(texts)[range(len(part)), rows]
        found.append(localised(maps.float().cpu(), part.target.astype(bool)))
    return Localised(
        np.concatenate([each.pointed for each in found]),
        np.concatenate([each.overlaps for each in found]),
    )


def cells_right(examiner: Examiner, crops: CropSet) -> tuple[ndarray, ndarray]:
    """For every cell of dense features: is the nearest class the one that is seen there?

    Protocol: each cell of the tower's grid against the class seen in its middle, among CAPTIONED
    and the surroundings; cells that show nothing, or a held-out class, are left out. Returns
    whether each is right, and the number of its crop.
    """
    labels = tuple(name for name in NAMES if name not in HELD_OUT_VISION)
    numbers = np.array([NAMES.index(label) for label in labels])
    texts = examiner.texts(labels).to(examiner.model.device)
    right, owners, start = [], [], 0
    for part, look in examiner.looks(crops):
        nearest = numbers[(look.dense() @ texts.T).argmax(-1).cpu().numpy()]
        middles = [
            (np.arange(cells) + 0.5) * part.names.shape[1] / cells for cells in nearest.shape[1:]
        ]
        rows, cols = (middle.astype(int) for middle in middles)
        truth = part.names[:, rows[:, None], cols]
        counted = np.isin(truth, numbers)
        right.append((nearest == truth)[counted])
        owners.append(np.nonzero(counted)[0] + start)
        start += len(part)
    return np.concatenate(right), np.concatenate(owners)


def pointing(examiner: Examiner, crops: CropSet, validation: CropSet) -> dict[str, Figure]:
    """Figures of `localised_crops` and `cells_right`; outlines as they suit validation best."""
    crops, validation = (
        each.picked(np.isin(each.name, _NUMBERS) & each.target.any((1, 2)))
        for each in (crops, validation)
    )
    threshold = localised_crops(examiner, validation).best_threshold
    found, scenes = localised_crops(examiner, crops), crops.scene
    sides = {"clean": crops.kind == 0, "clutter": crops.others >= CLUTTER}
    figures = {}
    for side, mask in sides.items():
        if mask.any():
            figures[f"pointing, {side}"] = mean_over(found.pointed[mask], scenes[mask])
            overlaps = found.overlap_at(threshold)[mask]
            figures[f"overlap, {side}"] = mean_over(overlaps, scenes[mask])
            share = mean_over(crops.target.mean((1, 2))[mask], scenes[mask])
            figures[f"pointing by chance, {side}"] = share
    right, owners = cells_right(examiner, crops)
    figures["cells"] = mean_over(right, scenes[owners])
    return figures
