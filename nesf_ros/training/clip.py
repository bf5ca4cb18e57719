"""The embedded vision-language model from nothing: crops, training, figures.

    python -m nesf_ros.training.clip crops FOLDER --shards 40
    python -m nesf_ros.training.clip train FOLDER --crops 1200000
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
from dataclasses import asdict
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn

from nesf_ros.config import VisionConfig
from nesf_ros.errors import ConfigError, NesfError
from nesf_ros.evaluation.examiner import Examiner
from nesf_ros.evaluation.localisation import pointing
from nesf_ros.evaluation.open_set import pairs_known, pictures_known, queries_known
from nesf_ros.evaluation.zero_shot import zero_shot
from nesf_ros.training.bank import TextBank, all_words, make_bank
from nesf_ros.training.batches import Sampler
from nesf_ros.training.checkpoints import export, load_checkpoint, save_checkpoint
from nesf_ros.training.loop import Trainer, train
from nesf_ros.training.settings import TrainConfig
from nesf_ros.training.shards import CROPS_PER_SHARD, read_shards, write_shards
from nesf_ros.vision.models import VisionModel, build, load_model, tokenizer
from nesf_ros.vision.registry import register
from nesf_ros.vision.text_tower import TextTower
from nesf_ros.vision.vocabulary import SUFFIX, Vocabulary

MODEL = "nesf-mini"
EVALUATED = ("validation", "test", "test-classes")
"""Splits of which `evaluate` needs crops; of the last the held-out classes alone."""

_log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 2 with one line on stderr for an error."""
    args = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        args.run(args)
    except NesfError as error:
        print(f"{MODEL}: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m nesf_ros.training.clip", description=__doc__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    shown = argparse.ArgumentDefaultsHelpFormatter
    defaults = TrainConfig()
    crops = commands.add_parser("crops", help="render crops to train on", formatter_class=shown)
    crops.add_argument("--split", choices=("train", *EVALUATED),
                       default="train", help="of scenes")  # fmt: skip
    crops.add_argument("--shards", type=int, default=40, help=f"of {CROPS_PER_SHARD} crops")
    crops.add_argument("--workers", type=int, default=0, help="processes; 0 for one per core")
    crops.set_defaults(run=_crops)
    fit = commands.add_parser("train", help="train the image tower", formatter_class=shown)
    fit.add_argument("--crops", type=int, default=defaults.crops, help="to look at in all")
    fit.add_argument("--batch", type=int, default=defaults.batch, help="crops per step and process")
    fit.add_argument("--seed", type=int, default=defaults.seed, help="of weights and batches")
    fit.add_argument("--workers", type=int, default=0, help="processes; 0 for one per core or GPU")
    fit.add_argument("--save-every", type=float, default=180.0, help="seconds between checkpoints")
    fit.set_defaults(run=_train)
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
    for command in (crops, fit, evaluate, words):
        command.add_argument("folder", type=Path, help="where all of it lies")
    return parser


def _crops(args: argparse.Namespace) -> None:
    write_shards(
        args.folder / "crops" / args.split, args.split, range(args.shards), args.workers,
        lambda path: _log.info("%s", path.name),
    )  # fmt: skip


def _train(args: argparse.Namespace) -> None:
    config = TrainConfig(crops=args.crops, batch=args.batch, seed=args.seed)
    cuda = torch.cuda.is_available()
    workers = args.workers or (torch.cuda.device_count() if cuda else os.cpu_count() or 1)
    if workers < 1:
        raise ConfigError(f"{workers} workers; there must be one at least")
    _bank(args.folder)  # once, before the processes part
    if workers == 1:
        fit(0, 1, args.folder, config, args.save_every, "")
        return
    with tempfile.NamedTemporaryFile() as store:
        mp.spawn(
            fit, (workers, args.folder, config, args.save_every, f"file://{store.name}"), workers
        )


def fit(
    rank: int, workers: int, folder: Path, config: TrainConfig, save_every_s: float, store: str
) -> None:
    """Train as one of several processes; the first one writes checkpoints and weights."""
    cuda = torch.cuda.is_available()
    if workers > 1:
        backend = "nccl" if cuda else "gloo"
        dist.init_process_group(backend, store, rank=rank, world_size=workers)
        torch.set_num_threads(1)  # threads that wait for each other lose more than they gain
    device = torch.device("cuda", rank) if cuda else torch.device("cpu")
    torch.manual_seed(config.seed)
    trainer = Trainer(_visual(device), _bank(folder), config)
    checkpoint = folder / "checkpoint.safetensors"
    if checkpoint.exists():
        load_checkpoint(trainer, checkpoint)
    crops = read_shards(folder / "crops" / "train")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")

    def report(trainer: Trainer, parts: dict[str, float]) -> None:
        if rank == 0:
            save_checkpoint(trainer, checkpoint)
            losses = ", ".join(f"{name} {value:.3f}" for name, value in parts.items())
            _log.info("%d of %d crops; %s", trainer.seen, config.crops, losses)

    train(trainer, Sampler(crops, config), report, save_every_s)
    if rank == 0:
        export(trainer, folder / f"{MODEL}.safetensors")
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
