"""How long a question takes while frames come in.

Protocol: a room of the split "test", 60 hand-held views of 640×480, mapped with voxels of 1.8 cm
and put into words by the embedded model: more than 200 000 voxels have an embedding. Then the
node's worker thread gets these views again at 30 Hz, and questions of one text between them. Fresh:
names of classes, none asked before, through the model's four prompts; cached: the same again. New
texts are read in a thread of their own before, as in the node. From handing the question over to
the answer; the model looks at no keyframes meanwhile. `--field`: voxels have codes by size, too, of
a language field that was fitted a little (nothing is fitted while questions are asked).
"""

from __future__ import annotations

import argparse
import itertools
import threading
import time

import numpy as np
import torch

from benchmarks.report import Report
from nesf_ros.config import MapConfig, NesfConfig
from nesf_ros.config_field import FieldConfig
from nesf_ros.evaluation.calibrate import frame_of
from nesf_ros.evaluation.examiner import CAPTIONED
from nesf_ros.language_fields import YOUNG
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.ros.worker import RequestThread, Worker
from nesf_ros.semantics.questions import Question
from nesf_ros.synthetic.generate import labelled_scene
from nesf_ros.synthetic.order import Order
from nesf_ros.types import PosedFrame
from nesf_ros.vision.models import load_model

VOXELS, VIEWS, RATE_HZ, TEXTS = 200_000, 60, 30.0, 40
MANY = 5
"""Language fields of a room may be several: as many times as many steps as one needs."""


def run(args: argparse.Namespace) -> Report:
    """Fresh and cached questions."""
    torch.set_num_threads(1)  # as the node on two cores
    order = Order("room", "test", VIEWS, 640, 480, style="handheld", noise=True)
    frames = [frame_of(view) for view in labelled_scene(order, 0).views]
    voxels = MapConfig(device="cpu", voxel_size_m=0.018)
    mapper = SemanticMapper(NesfConfig(map=voxels, field=FieldConfig(enabled=args.field)))
    mapper.use_language(load_model(mapper.config.vision, torch.device("cpu")))
    for frame in frames:
        mapper.add_frame(frame)
    mapper.on_keyframe = lambda frame: None
    assert mapper.layer is not None
    report = Report("questions", {"voxels": len(mapper.layer)})
    if mapper.language_fields:
        while mapper.language_fields.steps < MANY * YOUNG and mapper.refine():
            pass
        start = time.perf_counter()
        told = mapper.language_fields.refresh()
        seconds = time.perf_counter() - start
        report.figures["voxels told by size, per second"] = [told, round(told / seconds)]
    times = asked(mapper, frames)
    for name, bound in (("fresh", 200.0), ("cached", 50.0)):
        report.figures[f"{name}, ms: median, 90 %"] = [
            round(float(np.quantile(times[name], part)), 1) for part in (0.5, 0.9)
        ]
        report.at_most(f"{name} text, median ms", float(np.median(times[name])), bound)
    report.at_least("voxels with an embedding", len(mapper.layer), VOXELS)
    return report


def asked(mapper: SemanticMapper, frames: list[PosedFrame]) -> dict[str, list[float]]:
    """Milliseconds of each question, fresh and cached, while frames come."""
    worker: Worker[PosedFrame] = Worker(mapper.add_frame, lambda frame: None, 4)
    reader = RequestThread("reader")
    over = threading.Event()

    def stream() -> None:
        for frame in itertools.cycle(frames):
            worker.add_frame(frame)
            if over.wait(1 / RATE_HZ):
                return

    feeder = threading.Thread(target=stream)
    feeder.start()
    texts = np.random.default_rng(0).permutation(CAPTIONED)[:TEXTS].tolist()
    times: dict[str, list[float]] = {"fresh": [], "cached": []}
    for name in times:
        for text in texts:
            question = Question((text,))
            start = time.perf_counter()
            for part in mapper.unread([text]):
                reader.call(lambda part=part: mapper.read(part)).result()
            worker.call(lambda question=question: mapper.ask(question)).result()
            times[name].append(1e3 * (time.perf_counter() - start))
            time.sleep(0.1)
    over.set()
    feeder.join()
    reader.stop()
    worker.stop()
    return times
