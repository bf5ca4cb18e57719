"""`nesf-ros evaluate`: tables of the papers, on scenes whose truth is known."""

from __future__ import annotations

import argparse
from pathlib import Path

from nesf_ros.vision.options import add_model, vision_of

LERF = """\
LERF's table: where long-tail phrases are, and whether what they name is there at all (sections 4.2
and 4.3), for language fields, for voxels and for single pictures. Twelve made scenes; thresholds
are chosen on five others. About two hours on two cores.
"""
UNSEEN = """\
Tables 1, 2 and 4 of Semantic Abstraction: {what}, beside the paper's
baselines, in rooms, looks, words and classes that training never shows. Rooms and weights are
those of `python -m nesf_ros.training.abstraction`; cut-offs are chosen on validation rooms. A view
takes about three seconds of a core.
"""
NYUCAD = """\
Semantic scene completion of single Kinect views, SSCNet's table: its folder NYUCADtest, and beside
each .bin file NYUv2's colour image. With annotations, also Semantic Abstraction's Table 3 (every
name alone). A scene takes about ten seconds on two cores.
"""
TASKS = {"ovssc": "completion in open vocabulary", "vool": "localisation of hidden things"}


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `evaluate`."""
    parser = subparsers.add_parser("evaluate", help="print a paper's table")
    tables = parser.add_subparsers(dest="table", metavar="TABLE", required=True)
    _add_lerf(tables)
    for task, what in TASKS.items():
        _add_unseen(tables, task, what)
    _add_nyucad(tables)


def _add_lerf(tables: argparse._SubParsersAction) -> None:
    parser = tables.add_parser(
        "lerf",
        help="language fields",
        description=LERF,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--scenes", type=int, default=0, metavar="N", help="only the first N")
    parser.add_argument(
        "--methods", nargs="+", metavar="NAME", help="only these; another name lists them"
    )
    add_model(parser)
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="FOLDER",
        help="where to keep what was judged: with the same model, another run goes on from there",
    )
    parser.set_defaults(run=_lerf)


def _add_unseen(tables: argparse._SubParsersAction, task: str, what: str) -> None:
    parser = tables.add_parser(
        task,
        help=what,
        description=UNSEEN.format(what=what),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--rooms", type=Path, required=True, metavar="FOLDER", help="a folder for each split"
    )
    parser.add_argument(
        "--weights", type=Path, required=True, metavar="FOLDER", help="checkpoints of training"
    )
    parser.add_argument(
        "--approaches", nargs="+", default=(), metavar="NAME",
        help="only these; another name lists them",
    )  # fmt: skip
    parser.add_argument(
        "--preset", choices=("cpu", "paper"), default="cpu", help="size of the networks"
    )
    add_model(parser, "bf16")
    parser.add_argument(
        "--limit", type=int, default=0, metavar="N", help="only the first N rooms of each split"
    )
    parser.add_argument(
        "--views", type=int, default=0, metavar="N",
        help="only the first N views of each test room; the others are still looked from",
    )  # fmt: skip
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="FOLDER",
        help="where to keep what was judged: with the same weights, another run goes on from there",
    )
    parser.set_defaults(run=_unseen)


def _add_nyucad(tables: argparse._SubParsersAction) -> None:
    parser = tables.add_parser(
        "nyucad",
        help="completion of NYUv2-CAD",
        description=NYUCAD,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help="scenes, such as NYUCADtest")
    parser.add_argument(
        "--models", type=Path, metavar="FOLDER",
        help="annotations (0001.mat …) and ClassMapping.mat: for the table of all names",
    )  # fmt: skip
    add_model(parser)
    parser.add_argument("--completion", default="", help="weights of the 3D network for that model")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="only the first N scenes")
    parser.set_defaults(run=_nyucad)


def _lerf(args: argparse.Namespace) -> int:
    """Print LERF's table."""
    from tqdm import tqdm

    from nesf_ros.config import NesfConfig
    from nesf_ros.evaluation.lerf_scenes import lerf_scenes
    from nesf_ros.evaluation.lerf_table import known, rows, study, text

    config = NesfConfig(vision=vision_of(args))
    methods = known(args.methods or ())  # before scenes are made, which takes a minute
    found = {}
    for split in ("validation", "test"):
        scenes = list(lerf_scenes(split))[: args.scenes or None]
        work = study(scenes, config, methods, args.keep)
        found[split] = list(tqdm(work, split, len(scenes)))
    print(text(rows(found["test"], found["validation"])))
    return 0


def _unseen(args: argparse.Namespace) -> int:
    """Print Semantic Abstraction's tables."""
    from tqdm import tqdm

    from nesf_ros.errors import EvaluationError
    from nesf_ros.evaluation.unseen_runs import known, outcome, rooms_of, runs
    from nesf_ros.evaluation.unseen_study import views_of
    from nesf_ros.evaluation.unseen_text import text
    from nesf_ros.training.abstraction.making import Eyes

    if args.views < 0 or args.limit < 0:
        raise EvaluationError("--views and --limit count from 1; 0 is all")
    names = known(args.table, args.approaches)  # before anything is loaded
    eyes = Eyes.open(vision_of(args))
    rooms = rooms_of(args.rooms, args.limit, eyes)
    views = sum(
        len(views_of(column, room, args.views)) for column, those in rooms.items() for room in those
    )
    found = {}
    for run in runs(args.table, args.weights, names, args.preset, eyes):
        with tqdm(desc=run.title, total=views) as bar:
            found[run.name, run.views] = outcome(run, rooms, args.keep, bar.update, args.views)
    print(text(args.table, found))
    return 0


def _nyucad(args: argparse.Namespace) -> int:
    """Print SSCNet's table, and Semantic Abstraction's of all names."""
    import torch
    from tqdm import tqdm

    from nesf_ros.config import NesfConfig, UnseenConfig
    from nesf_ros.datasets.nyucad import read_nyucad, scenes_in
    from nesf_ros.datasets.nyucad_models import read_fine_classes
    from nesf_ros.evaluation.nyucad import Names, table, text
    from nesf_ros.vision.models import load_model
    from nesf_ros.voxels.map import choose_device

    given = {"completion": args.completion} if args.completion else {}
    config = NesfConfig(vision=vision_of(args), unseen=UnseenConfig(**given))
    paths = scenes_in(args.folder)[: args.limit or None]
    names = None
    if args.models:
        folder = args.models
        names = Names(
            lambda scene: folder / f"{scene.name.removeprefix('NYU').split('_')[0]}.mat",
            read_fine_classes(folder / "ClassMapping.mat"),
        )
    model = load_model(config.vision, torch.device(choose_device(config.map.device)))
    scenes = (read_nyucad(path) for path in tqdm(paths, "scenes"))
    print(text(table(scenes, model, config, names)))
    return 0
