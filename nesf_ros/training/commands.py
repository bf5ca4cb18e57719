"""What the commands of training have in common."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

from nesf_ros.errors import NesfError


def run_command(parser: argparse.ArgumentParser, arguments: Sequence[str] | None, name: str) -> int:
    """Run `args.run`, its log on stderr: 0; or 2, with one line that begins with `name`."""
    args = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        args.run(args)
    except NesfError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    return 0
