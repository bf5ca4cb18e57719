"""`nesf-ros synthesize`: data sets of labelled scenes, and pictures of what they hold."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

from nesf_ros.synthetic.order import Order


def add_parser(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "synthesize",
        help="make labelled scenes: data sets for training, or pictures to look at",
        description="Make scenes with exact labels. Run the same command again to go on with a "
        "data set that was cut short.",
    )
    parser.add_argument("out", type=Path, help="folder of the data set, or of the pictures")
    parser.add_argument("--scenes", type=int, default=10, help="how many in all (%(default)s)")
    parser.add_argument(
        "--workers", type=int, default=0, help="processes (0: one per core; %(default)s)"
    )
    hints = get_type_hints(Order)
    for item in fields(Order):
        about: dict[str, Any] = {"help": f"{item.metadata['doc']} (%(default)s)"}
        if hints[item.name] is bool:
            about["action"] = argparse.BooleanOptionalAction
        else:
            about["type"], about["choices"] = hints[item.name], item.metadata["choices"] or None
        parser.add_argument("--" + item.name.replace("_", "-"), default=item.default, **about)
    parser.add_argument(
        "--preview",
        choices=("classes", "scenes"),
        help="write contact sheets into the folder instead of a data set",
    )
    parser.add_argument(
        "--classes", nargs="+", default=[], metavar="NAME", help="of --preview classes (all)"
    )
    parser.add_argument(
        "--verify", action="store_true", help="only check the files of a data set against its sums"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Carry the command out; 1 where --verify finds damage."""
    if args.verify:
        return verify(args.out)
    order = Order(**{item.name: getattr(args, item.name) for item in fields(Order)})
    if args.preview:
        from nesf_ros.synthetic.preview.sheets import write_class_sheets, write_scene_sheets

        written = (
            write_class_sheets(args.out, args.classes, order.split)
            if args.preview == "classes"
            else write_scene_sheets(args.out, order, args.scenes)
        )
        for path in written:
            print(path)
        return 0
    return synthesize(order, args.out, args.scenes, args.workers)


def synthesize(order: Order, folder: Path, scenes: int, workers: int) -> int:
    """Write a data set, with a progress bar."""
    from tqdm import tqdm

    from nesf_ros.synthetic.generate import generate
    from nesf_ros.synthetic.manifest import begun

    with tqdm(total=scenes, initial=begun(folder), unit="scene") as bar:
        records = generate(order, folder, scenes, workers, lambda record: bar.update())
    size = sum(record.nbytes for record in records)
    print(f"{len(records)} scenes, {size / 1e6:.1f} MB, in {folder}")
    return 0


def verify(folder: Path) -> int:
    """Name every file that is not what the manifest says; 1 where there is one."""
    from nesf_ros.synthetic.manifest import damaged, read_manifest

    _, records = read_manifest(folder)
    faults = list(damaged(folder, records))
    for fault in faults:
        print(fault)
    print(f"{len(records)} scenes, {len(faults)} bad files")
    return 1 if faults else 0
