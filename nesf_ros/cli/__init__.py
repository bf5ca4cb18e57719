"""The `nesf-ros` command.

How to add a subcommand: write `nesf_ros/cli/<name>.py` with `add_parser(subparsers)`, which calls
`set_defaults(run=run)` on the parser it adds, and `run(args) -> int`, which returns the exit code;
name it in `COMMANDS`. Import whatever is heavy (torch, open3d, rclpy) inside `run`, so that help
stays instant. Errors for the user are `NesfError`s.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from nesf_ros import __version__
from nesf_ros.errors import NesfError

COMMANDS = (
    "demo",
    "up",
    "ask",
    "label",
    "replay",
    "map",
    "config",
    "synthesize",
    "doctor",
    "evaluate",
)
"""Modules of this package that are subcommands, in the order of the help text."""

EXIT_ERROR = 2
EXIT_INTERRUPTED = 130


def build_parser() -> argparse.ArgumentParser:
    """The parser with all subcommands."""
    parser = argparse.ArgumentParser(
        prog="nesf-ros",
        description="Posed RGB-D frames become a live voxel map that answers questions.",
    )
    parser.add_argument("--version", action="version", version=f"nesf_ros {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in COMMANDS:
        import_module(f"nesf_ros.cli.{name}").add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command: its exit code, 2 with one line on stderr for an error, 130 on Ctrl-C."""
    args = build_parser().parse_args(argv)
    try:
        return args.run(args)
    except NesfError as error:
        print(f"nesf-ros: {error}", file=sys.stderr)
        return EXIT_ERROR
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
