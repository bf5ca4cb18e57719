"""What relevancy costs, and what a budget buys.

Speed: ViT-B/32 with random weights, a rendered room at 640×480, the tiles of a third of its height
half overlapping and mirrored: 70 crops, whose size is about the mean of the `paper` preset's, where
cost grows with the crops. The rival is the paper's extractor with a backward pass per text
(`relevancy_rival.py`), in fp32, in the same rounds; both give the same maps. Medians.

Curve: the embedded model on the same room, for colours and things in it. `paper` once, then each
step of `live`: milliseconds, share of `paper`'s time, and rank correlation of the maps with its
maps, mean over the texts.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks import relevancy_rival
from benchmarks.report import Report
from benchmarks.synthetic import crowded_room
from nesf_ros.config import VisionConfig
from nesf_ros.synthetic.renderers.raycast import RayCaster
from nesf_ros.synthetic.trajectory import camera_path
from nesf_ros.types import Intrinsics
from nesf_ros.vision.models import VisionModel, load_model
from nesf_ros.vision.presets import LADDER, PRESETS, Preset
from nesf_ros.vision.relevancy import RelevancyExtractor
from nesf_ros.vision.text import TextEncoder
from nesf_ros.vision.torchvision_guard import import_open_clip
from nesf_ros.vision.towers.base import Tower, tower_of

LABELS = (1, 10, 50, 100)
SPEED = Preset((1 / 3,), strides=2, mirrors="all")
ROUNDS = 3
COLOURS = ("red", "green", "blue", "white")
"""Asked beside the names of what is in the room."""
FASTER = {"fp32": {1: 1.2, 10: 1.8, 50: 5}, "bf16": {1: 3.5, 10: 5, 50: 12, 100: 18}}
"""Times the rival's speed, by precision and number of labels."""


def run(args: argparse.Namespace) -> Report:
    """Speed against the rival, then the curve of `live`."""
    image, things = room()
    report = Report("relevancy", {"crops": SPEED.crops(image.shape[:2])})
    hold_speed(report, seconds(image))
    hold_curve(report, curve(image, things))
    return report


def hold_speed(report: Report, found: dict[str, dict[int, float]]) -> None:
    """Seconds, and times the rival's speed against the bars."""
    for name, row in found.items():
        report.figures[f"s, {name}, by labels"] = {str(n): round(s, 2) for n, s in row.items()}
    for precision, bars in FASTER.items():
        row = found[precision]
        for count, bar in bars.items():
            ratio = found["rival"][count] / row[count]
            report.at_least(f"times the rival, {precision}, {count} labels", ratio, bar)
        report.at_most(f"50 labels over one, {precision}", row[50] / row[1], 1.3)


def hold_curve(report: Report, steps: list[Step]) -> None:
    """The curve, and the best correlation within a twentieth of the time of `paper`."""
    for step in steps:
        report.figures[f"{step.crops} crops"] = {
            "ms": round(step.ms, 1),
            "of paper's time": round(step.share, 4),
            "rank correlation": round(step.correlation, 3),
        }
    within = [step.correlation for step in steps if step.share <= 1 / 20]
    report.at_least("rank correlation with paper, 1/20 of its time", max(within, default=0.0), 0.9)


def room() -> tuple[np.ndarray, list[str]]:
    """A rendered picture, 640×480, and the names of what it shows.

    Of 20 views along a robot's path, the one that shows most things.
    """
    scene = crowded_room()
    camera = Intrinsics(640, 480, 525.0, 525.0, 319.5, 239.5)
    renderer = RayCaster(scene)
    views = [renderer.render(camera, pose) for pose in camera_path(scene, "robot", 20, 1)]
    view = max(views, key=lambda seen: len(np.unique(seen.instances)))
    shown = [scene.things[i].class_name for i in np.unique(view.instances) if i >= 0]
    return view.color, sorted(set(shown))


def seconds(image: np.ndarray) -> dict[str, dict[int, float]]:
    """Median seconds of rival and extractor, fp32 and bf16, by number of labels."""
    visual, preprocess = vit()
    texts = F.normalize(torch.randn(max(LABELS), visual.output_dim), dim=-1)
    runs: dict[str, Callable[[Tensor], Any]] = {
        "rival": lambda some: relevancy_rival.relevancy(visual, image, some, SPEED, preprocess)
    }
    for precision in FASTER:
        extract = extractor(tower_of(visual, 224, precision), SPEED)
        runs[precision] = lambda some, extract=extract: extract.relevancy(image, some)
    check_same(runs["rival"](texts[:2]), runs["fp32"](texts[:2]))
    times: dict[str, dict[int, list[float]]] = {name: {n: [] for n in LABELS} for name in runs}
    for count in LABELS:
        for _ in range(ROUNDS):
            for name, call in runs.items():
                times[name][count].append(timed(lambda: call(texts[:count]))[0])  # noqa: B023
    return {name: {n: statistics.median(t) for n, t in row.items()} for name, row in times.items()}


def vit() -> tuple[torch.nn.Module, Callable[..., Tensor]]:
    """ViT-B/32's image tower with random weights, and CLIP's preprocessing."""
    torch.manual_seed(0)
    open_clip = import_open_clip()
    clip = open_clip.create_model("ViT-B-32-quickgelu", load_weights=False)
    return clip.visual.eval(), open_clip.image_transform(224, is_train=False)


def extractor(tower: Tower, preset: Preset) -> RelevancyExtractor:
    """With CLIP's own normalisation."""
    open_clip = import_open_clip()
    return RelevancyExtractor(
        tower, preset, (open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD)
    )


def check_same(wanted: Tensor, found: Tensor) -> None:
    """Two ways to the same maps: what is timed must be equal but for how crops are rounded."""
    error = float((found - wanted).abs().max() / wanted.max())
    if error > 0.1:
        raise RuntimeError(f"the extractor's maps differ from the rival's by {error:.0%}")


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds a call takes, and what it gives."""
    start = time.perf_counter()
    found = call()
    return time.perf_counter() - start, found


@dataclass(frozen=True)
class Step:
    """One step of `live`'s ladder against `paper`."""

    crops: int
    ms: float
    share: float
    """Of `paper`'s time."""
    correlation: float
    """Spearman's, mean over the texts."""


def curve(image: np.ndarray, things: list[str]) -> list[Step]:
    """Every step of the ladder, with the embedded model."""
    config = VisionConfig()
    model = load_model(config, torch.device("cpu"))
    texts = TextEncoder(model, config.prompts).embed([*COLOURS, *things])
    size = image.shape[:2]

    def look(preset: Preset) -> tuple[float, Tensor]:
        extract = _extractor_of(model, preset)
        return timed(lambda: extract.relevancy(image, texts, every=4))

    look(LADDER[0])  # pays for what is set up once
    wanted_s, wanted = look(PRESETS["paper"])
    steps = []
    for preset in LADDER:
        looks = [look(preset) for _ in range(ROUNDS)]
        taken = statistics.median(seconds for seconds, _ in looks)
        correlation = rank_correlation(looks[0][1], wanted)
        steps.append(Step(preset.crops(size), 1e3 * taken, taken / wanted_s, correlation))
    return steps


def _extractor_of(model: VisionModel, preset: Preset) -> RelevancyExtractor:
    return RelevancyExtractor(model.tower, preset, (model.mean, model.std))


def rank_correlation(found: Tensor, wanted: Tensor) -> float:
    """Spearman's over the pixels of each map, mean over the maps."""
    ranks = [maps.flatten(1).argsort(1).argsort(1).double() for maps in (found, wanted)]
    pairs = zip(*ranks, strict=True)
    return float(np.mean([torch.corrcoef(torch.stack(pair))[0, 1] for pair in pairs]))
