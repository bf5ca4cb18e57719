"""`nesf-ros evaluate`: tables of the papers, on scenes whose truth is known."""

from __future__ import annotations

import argparse
from pathlib import Path

DESCRIPTION = """\
Tables of the papers. lerf: where long-tail phrases are, and whether what they name is there at all
(LERF, sections 4.2 and 4.3), for language fields, for voxels and for single pictures. Twelve made
scenes; thresholds are chosen on five others. About two hours on two cores.
"""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `evaluate`."""
    parser = subparsers.add_parser(
        "evaluate",
        help="print a paper's table",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("table", choices=("lerf",), help="which one")
    parser.add_argument("--scenes", type=int, default=0, metavar="N", help="only the first N")
    parser.add_argument(
        "--methods", nargs="+", metavar="NAME", help="only these; another name lists them"
    )
    parser.add_argument(
        "--precision", choices=("fp32", "bf16"), default="fp32", help="of the model"
    )
    parser.add_argument("--model", default="", help="an architecture of open_clip")
    parser.add_argument("--pretrained", default="", help="its weights")
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="FOLDER",
        help="where to keep what was judged: with the same model, another run goes on from there",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the table."""
    from tqdm import tqdm

    from nesf_ros.config import NesfConfig, VisionConfig
    from nesf_ros.evaluation.lerf_scenes import lerf_scenes
    from nesf_ros.evaluation.lerf_table import known, rows, study, text

    given = {k: v for k in ("model", "pretrained", "precision") if (v := getattr(args, k))}
    config = NesfConfig(vision=VisionConfig(**given))
    methods = known(args.methods or ())  # before scenes are made, which takes a minute
    found = {}
    for split in ("validation", "test"):
        scenes = list(lerf_scenes(split))[: args.scenes or None]
        work = study(scenes, config, methods, args.keep)
        found[split] = list(tqdm(work, split, len(scenes)))
    print(text(rows(found["test"], found["validation"])))
    return 0
