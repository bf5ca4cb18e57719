"""The 3D nets of Semantic Abstraction, and the paper's baselines, from nothing: rooms, training.

    python -m nesf_ros.training.abstraction rooms FOLDER --split train-3d --rooms 100 --views 14
    python -m nesf_ros.training.abstraction train FOLDER --task ovssc --approach semabs

    python -m nesf_ros.training.abstraction export FOLDER --task ovssc --out WEIGHTS

`rooms` writes FOLDER/SPLIT/00000.room and so on; `train` reads FOLDER/train-3d and keeps
FOLDER/TASK-APPROACH.checkpoint.safetensors, which `nesf-ros evaluate ovssc` and `vool` read. Every
command goes on where it stopped: also where a run ended, if more steps are asked for. For another
vision-language model than nesf-mini, give all of them its `--model` and `--pretrained`.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from nesf_ros.errors import ConfigError
from nesf_ros.evaluation.unseen_questions import VALIDATION
from nesf_ros.evaluation.unseen_runs import outcome, runs
from nesf_ros.semantics.completion.presets import PRESETS
from nesf_ros.semantics.completion.weights import Trained, write_weights
from nesf_ros.synthetic.splits import SPLITS, split_named
from nesf_ros.training.abstraction.approaches import NAMES, SCALE, approach
from nesf_ros.training.abstraction.checkpoints import checkpoint_path
from nesf_ros.training.abstraction.learning import Learner, learn
from nesf_ros.training.abstraction.lessons import LearnConfig, Teacher
from nesf_ros.training.abstraction.making import CONTRAST, EMBEDDED, LOOK, Eyes, write_rooms
from nesf_ros.training.abstraction.rooms import read_rooms
from nesf_ros.training.commands import run_command
from nesf_ros.vision.options import add_model, vision_of

VIEWS = 5
"""With which weights for the package are calibrated, as a robot has many."""
LOOKS = ("glances", "rounds")
"""Styles of views: of anything, or of the same things again and again, from elsewhere."""
SPLIT = "train-3d"
"""That is learned from."""

_log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 2 with one line on stderr for an error."""
    return run_command(_parser(), arguments, "abstraction")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m nesf_ros.training.abstraction",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    shown = argparse.ArgumentDefaultsHelpFormatter
    rooms = commands.add_parser("rooms", help="make rooms of a split", formatter_class=shown)
    rooms.add_argument("--split", choices=tuple(SPLITS), default=SPLIT, help="of rooms")
    rooms.add_argument("--rooms", type=int, default=100, help="how many")
    rooms.add_argument("--views", type=int, default=14, help="of each room")
    rooms.add_argument("--style", choices=LOOKS, default=LOOKS[0], help="of the views")
    rooms.add_argument("--workers", type=int, default=0, help="processes; 0 for one per core")
    rooms.set_defaults(run=_rooms)
    defaults = LearnConfig()
    fit = commands.add_parser("train", help="train one approach", formatter_class=shown)
    fit.add_argument("--task", choices=tuple(NAMES), required=True, help="what to learn")
    fit.add_argument("--approach", required=True, help="another name lists them")
    fit.add_argument("--steps", type=int, default=defaults.steps, help="in all")
    fit.add_argument("--preset", choices=tuple(PRESETS), default="cpu", help="size of the network")
    fit.add_argument("--seed", type=int, default=defaults.seed, help="of weights and lessons")
    fit.set_defaults(run=_train)
    give = commands.add_parser(
        "export", help="weights for the package, calibrated on rooms", formatter_class=shown
    )
    give.add_argument("--task", choices=tuple(NAMES), required=True, help="of the network")
    give.add_argument("--approach", default="semabs", help="to take the weights of")
    give.add_argument("--preset", choices=tuple(PRESETS), default="cpu", help="as it was trained")
    give.add_argument("--out", type=Path, required=True, help="the file (.safetensors)")
    give.set_defaults(run=_export)
    for command in (rooms, fit, give):
        add_model(command, EMBEDDED.precision)
        command.add_argument("folder", type=Path, help="where all of it lies")
    return parser


def _rooms(args: argparse.Namespace) -> None:
    split_named(args.split)
    for name in ("rooms", "views"):
        if getattr(args, name) < 1:
            raise ConfigError(f"{getattr(args, name)} {name}; there must be one at least")
    if args.workers < 0:
        raise ConfigError(f"{args.workers} workers; there must be one at least, or 0 for all cores")
    numbers = range(args.rooms)
    write_rooms(
        args.folder / args.split, args.split, numbers, args.views, args.style,
        args.workers, lambda room: _log.info("%s", room), vision_of(args),
    )  # fmt: skip


def _train(args: argparse.Namespace) -> None:
    names = NAMES[args.task]
    if args.approach not in names:
        raise ConfigError(
            f"no approach {args.approach!r} to {args.task}; there are {', '.join(names)}"
        )
    if args.steps < 1:
        raise ConfigError(f"{args.steps} steps; there must be one at least")
    rooms = read_rooms(args.folder / SPLIT)
    config = LearnConfig(steps=args.steps, seed=args.seed)
    preset, eyes = PRESETS[args.preset], Eyes.open(vision_of(args))
    eyes.recognise(rooms)
    torch.manual_seed(args.seed)
    learner = Learner(
        approach(args.task, args.approach, preset, eyes.reader.embed, eyes.model.dim), config
    )
    path = checkpoint_path(args.folder, args.task, args.approach)
    if path.exists():
        learner.load(path)
    _log.info(
        "%s, %s: %d rooms, step %d of %d, on the CPU",
        args.task, args.approach, len(rooms), learner.steps, config.steps,
    )  # fmt: skip

    def report(learner: Learner, loss: float) -> None:
        learner.save(path)
        seconds = learner.seconds / learner.steps
        _log.info("step %d: loss %.4f, %.2f s a step", learner.steps, loss, seconds)

    learn(learner, Teacher(args.task, rooms, preset, config), report)


def _export(args: argparse.Namespace) -> None:
    eyes = Eyes.open(vision_of(args))
    rooms = read_rooms(args.folder / VALIDATION.split)
    eyes.recognise(rooms)
    (run,) = (
        run
        for run in runs(args.task, args.folder, (args.approach,), args.preset, eyes)
        if run.views == VIEWS
    )
    found = outcome(run, {VALIDATION: rooms}, None)
    if found.calibrated is None:
        raise ConfigError(f"{len(rooms)} of the rooms of validation: at least 2 are needed")
    platt = found.calibrated.platt
    threshold = float(platt.probability(np.array([found.cutoff("plain")]))[0])
    about = Trained(
        args.task, args.preset, eyes.model.fingerprint, LOOK, CONTRAST, SCALE,
        threshold, platt.slope, platt.offset,
    )  # fmt: skip
    write_weights(run.approach.net.state_dict(), about, args.out)
    _log.info("%s: %s; calibration %s", args.out, about, found.calibrated)


if __name__ == "__main__":
    sys.exit(main())
