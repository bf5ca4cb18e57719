"""A field fitted to 60 views of a made-up room, judged at 15 others.

Room 0, 75 hand-held views of 320×240 at 1 Hz, exact images, index % 5 == 2 held out. The voxels of
the map (5 cm) say where the field is sampled. Depth: mean absolute error over all pixels at which
there is truth and the field shows a surface, and the share of these. Colour: PSNR over the same
pixels, mean of the views. Seconds are those of fitting alone. Colour alone: the same views without
their depth, the box of the room given, whole pictures.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import torch
from tqdm import tqdm

from benchmarks.field_views import Setting, fitter_for, psnr, seen_by
from benchmarks.report import Report
from nesf_ros.field.cells import Cells
from nesf_ros.field.fit import FitConfig, Fitter
from nesf_ros.field.hash_grid import Lattices
from nesf_ros.field.replay import Replay
from nesf_ros.field.scene_field import SceneField
from nesf_ros.synthetic.source import SyntheticSource
from nesf_ros.types import Box, PosedFrame

FRAMES, SIZE, RANGE_M = 75, (320, 240), 8.0
SETTING = Setting(0.05, RANGE_M, 0.06, Lattices())
MARKS_S = (2.0, 5.0, 10.0, 30.0)
BLIND_MARKS_S = (60.0, 300.0)
BLIND_CELL_M, BLIND_TRUNCATION_M, BLIND_BETA_M = 0.1, 0.1, 0.05
BLIND_FIT = replace(FitConfig(), half_life=4000)


def run(args: argparse.Namespace) -> Report:
    """Errors after some seconds of fitting, with depth and without."""
    frames = list(SyntheticSource(0, FRAMES, 1.0, SIZE))
    held = [frame for index, frame in enumerate(frames) if index % 5 == 2]
    train = [frame for index, frame in enumerate(frames) if index % 5 != 2]
    fitter = fitter_for(train, SETTING)
    report = Report("field_synthetic", {"threads": torch.get_num_threads()})
    found = curve(fitter, held, MARKS_S, report, args.json)
    report.at_most("mean depth error after 5 s, cm", found[5.0][0] * 100, 2)
    report.at_least("PSNR after 30 s, dB", found[30.0][2], 26)
    without = curve(blind(train, fitter.field.box), held, BLIND_MARKS_S, report, args.json)
    report.at_least("PSNR by colour alone after 5 min (bar: 10), dB", without[300.0][2], 22)
    return report


def blind(frames: list[PosedFrame], box: Box) -> Fitter:
    """A new field of the same frames without their depth."""
    torch.manual_seed(0)
    field = SceneField(box, Lattices(), BLIND_TRUNCATION_M, BLIND_BETA_M)
    fitter = Fitter(field, Cells.over(box, BLIND_CELL_M), Replay(RANGE_M), BLIND_FIT)
    for frame in frames:
        none = np.zeros_like(frame.rgbd.depth_m)
        fitter.add(replace(frame, rgbd=replace(frame.rgbd, depth_m=none)))
    return fitter


def curve(
    fitter: Fitter, held: list[PosedFrame], marks: tuple[float, ...], report: Report, quiet: bool
) -> dict[float, tuple[float, float, float]]:
    """Mean depth error (m), coverage and PSNR (dB) after so many seconds of fitting."""
    out: dict[float, tuple[float, float, float]] = {}
    spent = 0.0
    for mark in tqdm(marks, desc="fit", disable=quiet):
        fitter.run(mark - spent)
        spent = mark
        error, median, covered, colour = judged(fitter, held)
        out[mark] = error, covered, colour
        name = "with depth" if fitter.replay.frames[0].measured else "colour alone"
        report.figures[f"{name}, {mark:g} s"] = {
            "steps": fitter.steps,
            "mean_cm": round(error * 100, 2),
            "median_cm": round(median * 100, 3),
            "coverage": round(covered, 4),
            "psnr_db": round(colour, 2),
        }
    return out


def judged(fitter: Fitter, held: list[PosedFrame]) -> tuple[float, float, float, float]:
    """Mean and median depth error in metres, coverage, PSNR in dB."""
    errors, covered, colours = [], [], []
    measured = fitter.replay.frames[0].measured
    for frame in held:
        rgbd = frame.rgbd
        view = seen_by(fitter, rgbd.depth_intrinsics, frame.world_T_camera, RANGE_M)
        truth = rgbd.depth_m > 0
        both = truth & (view.depth_m > 0)
        errors.append(np.abs(view.depth_m - rgbd.depth_m)[both])
        covered.append(both.sum() / truth.sum())
        mask = both if measured else np.ones_like(both)
        colours.append(psnr(view.color, rgbd.color / 255.0, mask))
    every = np.concatenate(errors)
    return float(every.mean()), float(np.median(every)), float(np.mean(covered)), np.mean(colours)
