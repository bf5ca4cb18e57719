"""What is asked about the unseen, and how long it takes.

Protocol: one room of the split "test-rooms", 16 views of 640×480 of a robot, in a map of 5 cm
voxels; all cores. A label, and ten at once, are completed in a box of 3 m, which is one cube of the
network, around the middle of what the last view shows; a hidden thing is looked for in the cube
before that view, and a viewpoint for each region. First: pictures are looked at, at up to five
keyframes; again: relevancies are at hand, median of 5.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch

from benchmarks.report import Report
from nesf_ros.config import VisionConfig
from nesf_ros.datasets.labelled import LabelledView
from nesf_ros.geometry.cameras import unproject_image
from nesf_ros.geometry.se3 import transform_points
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.semantics.completion.cells import BACKGROUND
from nesf_ros.semantics.hidden.descriptions import Description
from nesf_ros.synthetic.generate import labelled_scene
from nesf_ros.synthetic.order import Order
from nesf_ros.types import Box, PosedFrame, RgbdFrame
from nesf_ros.vision.models import load_model

VIEWS, SIZE = 16, (640, 480)
EDGE_M = 3.0
REPEATS = 5


def run(args: argparse.Namespace) -> Report:
    """Times of questions, first and again."""
    scene = labelled_scene(Order("room", "test-rooms", VIEWS, *SIZE, style="robot"), 0)
    mapper = SemanticMapper()
    mapper.use_language(load_model(VisionConfig(), torch.device("cpu")))
    for view in scene.views:
        rgbd = RgbdFrame(view.stamp_ns, "robot", view.color, view.depth_m, view.camera, view.camera)
        mapper.add_frame(PosedFrame(rgbd, view.world_T_camera))
    last = scene.views[-1]
    names = sorted({scene.things[n].class_name for n in np.unique(last.instances) if n >= 0})
    region, viewer = _around(last), last.world_T_camera
    hidden = Description("ball", "behind", names[0])
    asked: dict[str, Callable[[], object]] = {
        "one label": lambda: mapper.complete(names[:1], region),
        "ten labels": lambda: mapper.complete([*names, *BACKGROUND][:10], region),
        "a hidden thing, with viewpoints": lambda: mapper.locate(hidden, viewer=viewer),
    }
    report = Report("unseen", {"keyframes": len(mapper.keyframes), "labels": len(names)})
    again = {}
    for title, ask in asked.items():
        first, *others = (_seconds(ask) for _ in range(1 + REPEATS))
        again[title] = float(np.median(others))
        report.figures[title] = {"first, s": first, "again, s": again[title]}
    places = mapper.locate(hidden, viewer=viewer).regions
    report.figures["places of the hidden thing"] = len(places)
    report.at_most("one label, relevancy at hand, s", again["one label"], 0.5)
    report.at_most("a hidden thing, relevancy at hand, s", again[list(asked)[-1]], 1.0)
    return report


def _around(view: LabelledView) -> Box:
    points = unproject_image(view.depth_m, view.camera)[view.depth_m > 0].astype(np.float64)
    middle = np.median(transform_points(view.world_T_camera, points), axis=0)
    lower, upper = middle - EDGE_M / 2, middle + EDGE_M / 2
    return Box(tuple(lower.tolist()), tuple(upper.tolist()))


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
