"""What a model's cosines are worth: `python -m nesf_ros.evaluation.calibrate --rooms 4`.

Protocol: rooms of the split "validation", 30 hand-held views of 320×240 each, mapped as the node
does it. Confidence: each room's voxels, labelled with two thirds of the room's classes; voxels of
the other third are truly none of them. Threshold: every class that the model was trained with is
asked for in every room; the mean relevancy of its five best voxels, over rooms and classes, against
whether the class has five voxels in the map. Beside it, how well these maps answer
(`evaluation.answers`), on the same rooms.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from jaxtyping import Int64
from numpy import ndarray
from torch import Tensor
from tqdm import tqdm

from nesf_ros.config import NesfConfig, SemanticsConfig, VisionConfig
from nesf_ros.config_field import FieldConfig
from nesf_ros.datasets.labelled import LabelledScene, LabelledView
from nesf_ros.evaluation.answers import RoomAnswer, answer_figures
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.semantics.calibration import Calibration, fit_confidence, fit_threshold
from nesf_ros.semantics.fusion import projected, visible_voxels
from nesf_ros.semantics.instances import BEST
from nesf_ros.semantics.language import LanguageMap
from nesf_ros.semantics.questions import Question
from nesf_ros.semantics.reading import Model
from nesf_ros.synthetic.generate import labelled_scene
from nesf_ros.synthetic.objects import CLASSES
from nesf_ros.synthetic.order import Order
from nesf_ros.synthetic.splits import HELD_OUT_VISION
from nesf_ros.types import PosedFrame, RgbdFrame
from nesf_ros.vision.models import load_model

VIEWS, MOST = 30, 20_000
"""Views per room; voxels per room that calibrate labels."""
TRAINED = tuple(name for name in CLASSES if name not in HELD_OUT_VISION)
"""Classes that the model was trained with."""


def main(argv: Sequence[str] | None = None) -> int:
    """Print the calibration of a model, and figures of its answers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default=VisionConfig().model)
    parser.add_argument("--pretrained", default=VisionConfig().pretrained)
    parser.add_argument("--windows", type=float, nargs="+", default=SemanticsConfig().windows)
    parser.add_argument("--rooms", type=int, default=4)
    parser.add_argument("--precision", default=VisionConfig().precision)
    parser.add_argument(
        "--field",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="fit fields to each room for so long, whose answers by size are calibrated then",
    )
    args = parser.parse_args(argv)
    config = NesfConfig(
        vision=VisionConfig(model=args.model, pretrained=args.pretrained, precision=args.precision),
        field=FieldConfig(enabled=args.field > 0),
        semantics=SemanticsConfig(windows=tuple(args.windows)),
    )
    model = load_model(config.vision, torch.device("cpu"))
    order = Order("room", "validation", VIEWS, style="handheld", noise=True)
    rooms = (labelled_scene(order, index) for index in tqdm(range(args.rooms)))
    calibration, answers = calibrate(model, rooms, config, args.field)
    figures = answer_figures(answers, calibration.relevant_above)
    things, asked = figures.best.count, len(TRAINED)
    print(f"{calibration}\nrooms: {args.rooms}, things: {things}, classes asked for: {asked} each")
    print(figures.table())
    return 0


def calibrate(
    model: Model, rooms: Iterable[LabelledScene], config: NesfConfig, field_s: float = 0.0
) -> tuple[Calibration, list[RoomAnswer]]:
    """Fit a model's calibration to labelled rooms; also what their maps answered.

    With fields that are fitted for so long, seconds, answers are those by size.
    """
    rng = np.random.default_rng(0)
    samples: list[tuple[Tensor, Tensor]] = []
    answers = []
    for room in rooms:
        mapper, truth = mapped(model, room, config, field_s)
        language = mapper.language
        assert language is not None
        samples.append(_label_samples(language, truth, room, rng))
        answers.append(answered(mapper, truth, room.classes))
    labels = max(cosines.shape[1] for cosines, _ in samples)
    # Rooms have different numbers of classes: what a room lacks is as far off as can be.
    cosines = torch.cat([_widened(c, labels) for c, _ in samples])
    scale, unknown_below = fit_confidence(cosines, torch.cat([t for _, t in samples]))
    scores = np.concatenate([answer.scores for answer in answers])
    present = np.concatenate([answer.counts for answer in answers]) >= BEST
    threshold = fit_threshold(torch.from_numpy(scores), torch.from_numpy(present))
    return Calibration(scale, unknown_below, threshold), answers


def answered(
    mapper: SemanticMapper, truth: Int64[ndarray, " rows"], classes: Sequence[str]
) -> RoomAnswer:
    """What a map makes of all classes that are trained; `truth` counts the room's `classes`."""
    answer = mapper.ask(Question(TRAINED))
    number = np.array([*(TRAINED.index(c) if c in TRAINED else -1 for c in classes), -1])
    size_m = mapper.map.config.voxel_size_m
    return RoomAnswer(TRAINED, answer.voxels, answer.relevancy, number[truth], size_m)


def mapped(
    model: Model, room: LabelledScene, config: NesfConfig, field_s: float = 0.0
) -> tuple[SemanticMapper, Int64[ndarray, " rows"]]:
    """A mapper that has seen a room, and the class of every voxel with an embedding; −1: none.

    Its fields, if there are any, are fitted for `field_s` seconds.
    """
    mapper = SemanticMapper(config)
    mapper.use_language(model)
    frames = [frame_of(view) for view in room.views]
    for frame in frames:
        mapper.add_frame(frame)
    end = time.perf_counter() + field_s
    while time.perf_counter() < end and mapper.refine():
        pass
    if mapper.language_fields:
        mapper.language_fields.refresh()
    layer = mapper.layer
    assert layer is not None
    layer.follow(mapper.map)
    truth = torch.full((len(layer),), -1)
    for frame, view in zip(frames, room.views, strict=True):
        voxels, points = visible_voxels(mapper.map, frame)
        pixels, inside = projected(points, view.camera)
        rows = layer.table.rows_of(voxels[inside])
        u, v = pixels[inside].round().long().unbind(1)
        classes = torch.from_numpy(room.class_ids(view.instances)).long()[v, u]
        truth[rows[rows >= 0]] = classes[rows >= 0]
    return mapper, truth.numpy()


def frame_of(view: LabelledView) -> PosedFrame:
    """A view as the mapper gets it."""
    rgbd = RgbdFrame(view.stamp_ns, "camera", view.color, view.depth_m, view.camera, view.camera)
    return PosedFrame(rgbd, view.world_T_camera)


def _label_samples(
    language: LanguageMap,
    truth: Int64[ndarray, " rows"],
    room: LabelledScene,
    rng: np.random.Generator,
) -> tuple[Tensor, Tensor]:
    """Cosines of some voxels with two thirds of the room's classes, and which is right."""
    here = rng.permutation(np.unique(truth[truth >= 0]))
    asked = here[: max(1, 2 * len(here) // 3)]
    rows = rng.permutation(np.flatnonzero(truth >= 0))[:MOST]
    number = np.full(len(room.classes), -1)
    number[asked] = np.arange(len(asked))
    texts = language.reader.embed([room.classes[index] for index in asked])
    cosines = language.layer.similarity(texts.to(language.layer.device), torch.from_numpy(rows))
    return cosines.cpu(), torch.from_numpy(number[truth[rows]])


def _widened(cosines: Tensor, labels: int) -> Tensor:
    return torch.nn.functional.pad(cosines, (0, labels - cosines.shape[1]), value=-1.0)


if __name__ == "__main__":
    raise SystemExit(main())
