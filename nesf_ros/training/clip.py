"""The embedded vision-language model from nothing: crops, training, figures.

    python -m nesf_ros.training.clip crops FOLDER --shards 40
    python -m nesf_ros.training.clip train FOLDER --crops 3200000
    python -m nesf_ros.training.clip crops FOLDER --shards 20 --glances
    python -m nesf_ros.training.clip refine FOLDER
    python -m nesf_ros.training.clip evaluate FOLDER
    python -m nesf_ros.training.clip words FOLDER

Every command goes on where it stopped. All that is made lies in the folder; what the package
ships is `FOLDER/nesf-mini.safetensors` and `FOLDER/nesf-mini.words.safetensors`.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn

from nesf_ros.config import VisionConfig
from nesf_ros.errors import ConfigError
from nesf_ros.evaluation.examiner import Examiner
from nesf_ros.evaluation.glances import relevancy_in_rooms
from nesf_ros.evaluation.localisation import pointing
from nesf_ros.evaluation.open_set import pairs_known, pictures_known, queries_known
from nesf_ros.evaluation.zero_shot import zero_shot
from nesf_ros.training.bank import TextBank, all_words, make_bank
from nesf_ros.training.batches import Sampler
from nesf_ros.training.checkpoints import averaged, export, load_checkpoint, save_checkpoint
from nesf_ros.training.commands import run_command
from nesf_ros.training.loop import Trainer, train
from nesf_ros.training.settings import REFINED, TrainConfig
from nesf_ros.training.shards import CROPS_PER_SHARD, read_shards, write_shards
from nesf_ros.vision.models import VisionModel, build, load_model, tokenizer
from nesf_ros.vision.registry import register
from nesf_ros.vision.text_tower import TextTower
from nesf_ros.vision.vocabulary import SUFFIX, Vocabulary

MODEL = "nesf-mini"
EVALUATED = ("validation", "test", "test-classes")
"""Splits of which `evaluate` needs crops; of the last the held-out classes alone."""
ROOMS = 12
"""In which `evaluate` asks for what a robot sees."""

_log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 2 with one line on stderr for an error."""
    return run_command(_parser(), arguments, MODEL)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m nesf_ros.training.clip", description=__doc__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    shown = argparse.ArgumentDefaultsHelpFormatter
    crops = commands.add_parser("crops", help="render crops to train on", formatter_class=shown)
    crops.add_argument("--split", choices=("train", *EVALUATED),
                       default="train", help="of scenes")  # fmt: skip
    crops.add_argument("--shards", type=int, default=40, help=f"of {CROPS_PER_SHARD} crops")
    crops.add_argument(
        "--glances", action="store_true", help="tiles of a robot's pictures of rooms, for `refine`"
    )
    crops.add_argument("--workers", type=int, default=0, help="processes; 0 for one per core")
    crops.set_defaults(run=_crops)
    fit = commands.add_parser("train", help="train the image tower", formatter_class=shown)
    fit.set_defaults(run=_train, config=TrainConfig())
    refined = commands.add_parser(
        "refine", help="train it on, with tiles of a robot's pictures", formatter_class=shown
    )
    refined.add_argument(
        "--shards", type=int, default=48, help="of crops, beside tiles: each takes 80 MB of memory"
    )
    refined.set_defaults(run=_refine, config=REFINED)
    for command, config in ((fit, TrainConfig()), (refined, REFINED)):
        command.add_argument("--crops", type=int, default=config.crops, help="to look at in all")
        command.add_argument(
            "--batch", type=int, default=config.batch, help="crops per step and process"
        )
        command.add_argument("--seed", type=int, default=config.seed, help="of weights and batches")
        command.add_argument(
            "--workers", type=int, default=0, help="processes; 0 for one per core or GPU"
        )
        command.add_argument(
            "--save-every", type=float, default=180.0, help="seconds between checkpoints"
        )
    evaluate = commands.add_parser(
        "evaluate", help="figures on unseen scenes, as JSON", formatter_class=shown
    )
    evaluate.set_defaults(run=_evaluate)
    words = commands.add_parser("words", help="the words it knows, to lie beside its weights")
    words.set_defaults(run=_words)
    for command in (evaluate, words):
        command.add_argument(
            "--weights", type=Path, help="safetensors; those of the folder if none"
        )
    for command in (crops, fit, refined, evaluate, words):
        command.add_argument("folder", type=Path, help="where all of it lies")
    return parser


def _crops(args: argparse.Namespace) -> None:
    kind = f"{args.split}-glances" if args.glances else args.split
    write_shards(
        args.folder / "crops" / kind, args.split, range(args.shards), args.workers,
        lambda path: _log.info("%s", path.name), args.glances,
    )  # fmt: skip


@dataclass(frozen=True)
class Run:
    """A training: where it lies, what it reads, and from what it begins."""

    folder: Path
    checkpoint: Path
    crops: tuple[Path, ...]
    config: TrainConfig
    save_every_s: float
    most: int | None = None
    """Shards of the first folder of crops, at most."""
    start: Path | None = None
    """Checkpoint whose averaged weights are the first ones; None for random weights."""


def _train(args: argparse.Namespace) -> None:
    crops = args.folder / "crops"
    _spawn(_run(args, "checkpoint.safetensors", (crops / "train",)), args.workers)


def _refine(args: argparse.Namespace) -> None:
    crops, start = args.folder / "crops", args.folder / "checkpoint.safetensors"
    if not start.exists():
        raise ConfigError(f"no {start}; `train` first")
    run = _run(args, "refined.safetensors", (crops / "train", crops / "train-glances"))
    _spawn(replace(run, most=args.shards, start=start), args.workers)


def _run(args: argparse.Namespace, checkpoint: str, crops: tuple[Path, ...]) -> Run:
    config = replace(args.config, crops=args.crops, batch=args.batch, seed=args.seed)
    return Run(args.folder, args.folder / checkpoint, crops, config, args.save_every)


def _spawn(run: Run, workers: int) -> None:
    """Train in so many processes, or one per core or GPU."""
    cuda = torch.cuda.is_available()
    workers = workers or (torch.cuda.device_count() if cuda else os.cpu_count() or 1)
    if workers < 1:
        raise ConfigError(f"{workers} workers; there must be one at least")
    _bank(run.folder)  # once, before the processes part
    if workers == 1:
        fit(0, 1, run, "")
        return
    with tempfile.NamedTemporaryFile() as store:
        mp.spawn(fit, (workers, run, f"file://{store.name}"), workers)


def fit(rank: int, workers: int, run: Run, store: str) -> None:
    """Train as one of several processes; the first one writes checkpoints and weights."""
    cuda, config = torch.cuda.is_available(), run.config
    if workers > 1:
        backend = "nccl" if cuda else "gloo"
        dist.init_process_group(backend, store, rank=rank, world_size=workers)
        torch.set_num_threads(1)  # threads that wait for each other lose more than they gain
    device = torch.device("cuda", rank) if cuda else torch.device("cpu")
    torch.manual_seed(config.seed)
    visual = _visual(device)
    if run.start:
        visual.load_state_dict(averaged(run.start))
    trainer = Trainer(visual, _bank(run.folder), config)
    if run.checkpoint.exists():
        load_checkpoint(trainer, run.checkpoint)
    crops = read_shards(*run.crops, most=run.most)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")

    def report(trainer: Trainer, parts: dict[str, float]) -> None:
        if rank == 0:
            save_checkpoint(trainer, run.checkpoint)
            losses = ", ".join(f"{name} {value:.3f}" for name, value in parts.items())
            _log.info("%d of %d crops; %s", trainer.seen, config.crops, losses)

    train(trainer, Sampler(crops, config), report, run.save_every_s)
    if rank == 0:
        export(trainer, run.folder / f"{MODEL}.safetensors")
    if workers > 1:
        dist.destroy_process_group()


def _visual(device: torch.device) -> nn.Module:
    """The image tower with random weights."""
    return build(register(MODEL)).visual.requires_grad_(True).to(device)


def _bank(folder: Path) -> TextBank:
    """The text bank, from the folder, where it is made if it is not there."""
    path = folder / "bank.safetensors"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        model = register(MODEL)
        tower = TextTower(build(model), tokenizer(model), "fp32")
        make_bank(lambda texts: tower.encode(texts, torch.device("cpu"))).save(path)
    return TextBank.load(path)


def _words(args: argparse.Namespace) -> None:
    examiner = Examiner(_model(args), VisionConfig().prompts)
    words = all_words()
    known = queries_known(examiner)
    path = args.folder / f"{MODEL}{SUFFIX}"
    Vocabulary(words, examiner.texts(words), known.threshold).save(path)
    _log.info("%s: %d words; queries %s", path.name, len(words), known)


def _model(args: argparse.Namespace) -> VisionModel:
    weights = args.weights or args.folder / f"{MODEL}.safetensors"
    return load_model(VisionConfig(model=MODEL, pretrained=str(weights)), torch.device("cpu"))


def _evaluate(args: argparse.Namespace) -> None:
    examiner = Examiner(_model(args), VisionConfig().prompts)
    crops = {split: read_shards(args.folder / "crops" / split) for split in EVALUATED}
    test, held_out = crops["test"], crops["test-classes"]
    figures = zero_shot(examiner, test, held_out) | pointing(examiner, test, crops["validation"])
    figures |= relevancy_in_rooms(examiner, "test", ROOMS)
    known = {
        "known queries": queries_known(examiner),
        "known pictures": pictures_known(examiner, test, held_out),
        "asked for what is there": pairs_known(examiner, test),
    }
    for name, figure in figures.items():
        _log.info("%-40s %s (n = %d)", name, figure, figure.count)
    for name, found in known.items():
        _log.info("%-40s %s", name, found)
    table = {name: asdict(figure) for name, figure in (figures | known).items()}
    (args.folder / "figures.json").write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    sys.exit(main())
