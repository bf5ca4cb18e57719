"""Completion of single Kinect views: NYUv2-CAD by SSCNet's protocol, and in all its names.

SSCNet's table has eleven classes, each voxel one of them, scored over all scenes together.
Semantic Abstraction's Table 3 asks for each of NYUv2's names alone and takes the IoU of each. Both
are in voxels of 8 cm; what the networks say of a voxel is what they say of its middle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64, Int
from numpy import ndarray

from nesf_ros.config import NesfConfig
from nesf_ros.datasets.nyucad import CadScene
from nesf_ros.datasets.nyucad_models import named_volume, read_models
from nesf_ros.datasets.nyucad_seen import (
    reduced_distances,
    scored_for_classes,
    scored_for_completion,
    signed_distances,
)
from nesf_ros.datasets.nyucad_volume import CLASSES, LabelVolume
from nesf_ros.evaluation.voxel_scores import Completion, CompletionScores, mean_by_label, voxel_iou
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.semantics.reading import Model
from nesf_ros.types import Box, PosedFrame

WORDS = {"tvs": "television", "furn": "furniture", "objs": "object"}
"""What is asked for, where a class has no word for a name."""


@dataclass(frozen=True)
class Table:
    """Figures over some scenes, 0–1."""

    classes: dict[str, float]
    """IoU of each of `CLASSES`; NaN for those that are nowhere true."""
    mean: float
    """Over those that are somewhere true."""
    completion: Completion
    names: dict[str, float]
    """IoU of each of NYUv2's names, mean over the scenes that have it; empty without models."""


@dataclass(frozen=True)
class Names:
    """All names of NYUv2: where the annotation of a scene is, and the class of each name."""

    file_of: Callable[[CadScene], Path]
    fine_classes: dict[str, str]


def table(
    scenes: Iterable[CadScene], model: Model, config: NesfConfig, names: Names | None = None
) -> Table:
    """Complete each scene from its one view, and score it.

    Voxels outside of the room are left out. Raises DatasetError for a scene without colour or
    annotation, QueryError where there are no weights for the model, EvaluationError for no scene.
    """
    scores, found = CompletionScores(len(CLASSES)), []
    for scene in scenes:
        reduced = reduced_distances(signed_distances(scene))
        counted = scored_for_classes(reduced)
        mapper = SemanticMapper(config)
        mapper.use_language(model)
        truth = scene.volume.reduced().collapsed()
        frame, box = _beside_origin(scene.frame(), truth)
        mapper.add_frame(frame)
        words = [WORDS.get(name, name) for name in CLASSES]
        given = mapper.complete(words, box, truth.voxel_m).winner.astype(np.int64)
        scores.add(truth.labels, given, counted, scored_for_completion(reduced))
        if names:
            named = named_volume(
                scene.volume, read_models(names.file_of(scene)), names.fine_classes
            ).reduced()
            found += _named(mapper, box, named, counted)
    classes = dict(zip(CLASSES, scores.class_iou.tolist(), strict=True))
    return Table(classes, scores.mean_iou, scores.completion, mean_by_label(found))


def _named(
    mapper: SemanticMapper,
    box: Box,
    volume: LabelVolume,
    counted: Bool[ndarray, "x y z"],
) -> list[tuple[str, float]]:
    """IoU of every name that a scene has: the voxels above the threshold, whatever else wins."""
    there: Int[ndarray, " n"] = np.unique(volume.labels[volume.labels > 0])
    words = [volume.classes[number - 1] for number in there.tolist()]
    if not words:
        return []
    given = mapper.complete(words, box, volume.voxel_m)
    kept = counted & (volume.labels >= 0)
    return [
        (word, voxel_iou(probability >= given.threshold, volume.labels == number, kept))
        for word, number, probability in zip(words, there.tolist(), given.probability, strict=True)
    ]


def _beside_origin(frame: PosedFrame, volume: LabelVolume) -> tuple[PosedFrame, Box]:
    """The frame in a world whose origin is the volume's lower corner, and the volume there.

    So the volume's voxels are those of the answer.
    """
    corner = volume.origin_world - volume.voxel_m / 2
    pose: Float64[ndarray, "4 4"] = frame.world_T_camera.copy()
    pose[:3, 3] -= corner
    x, y, z = (np.array(volume.labels.shape) * volume.voxel_m).tolist()
    return replace(frame, world_T_camera=pose), Box((0.0, 0.0, 0.0), (x, y, z))


def text(found: Table) -> str:
    """The tables, in per cent."""
    rows = [f"{'completion':<14}{100 * found.completion.iou:6.1f}  of {found.completion.scenes}"]
    rows[0] += f" scenes, precision {100 * found.completion.precision:.1f}"
    rows[0] += f", recall {100 * found.completion.recall:.1f}"
    rows += [f"{name:<14}{100 * iou:6.1f}" for name, iou in found.classes.items()]
    rows.append(f"{'mean':<14}{100 * found.mean:6.1f}")
    if found.names:
        mean = float(np.mean([*found.names.values()]))
        rows.append(f"\n{len(found.names)} names of NYUv2, each alone: {100 * mean:.1f}")
        rows += [f"{name:<14}{100 * iou:6.1f}" for name, iou in sorted(found.names.items())]
    return "\n".join(rows)
