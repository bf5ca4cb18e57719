"""`nesf-ros config`: the parameter file of the perception node, made from the configuration."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Iterator
from dataclasses import Field, fields, is_dataclass
from typing import Any

from nesf_ros.config import NesfConfig
from nesf_ros.ros.node_config import NodeConfig

HEADER = """\
# Every parameter of the perception node with its default. Written by `nesf-ros config`:
# change defaults in nesf_ros/config.py, then run `nesf-ros config > config/perception.yaml`.
# [live] may be changed while the node runs (ros2 param set); the others need a restart.

"""
WIDTH = 98


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `config` to the command line."""
    parser = subparsers.add_parser(
        "config",
        help="print a complete parameter file",
        description="Print every parameter of the perception node as a YAML parameter file: "
        "meaning, range and default. Redirect it to a file, keep the lines you want to change, "
        "and give it to `nesf-ros up --params` or to the launch file's params_file.",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the parameter file."""
    print(parameter_file(), end="")
    return 0


def parameter_file() -> str:
    """The parameter file, for a node of any name in any namespace."""
    lines = ["/**:", "  ros__parameters:"]
    for config in (NodeConfig(), NesfConfig()):
        lines += _section(config, "    ")
    return HEADER + "\n".join(lines) + "\n"


def _section(config: Any, indent: str) -> Iterator[str]:
    """Lines of a dataclass: each setting under its comment, each nested one as a section."""
    for item in fields(config):
        value = getattr(config, item.name)
        if is_dataclass(value):
            about = (type(value).__doc__ or "").splitlines()[0].split(" (`")[0].rstrip(".")
            yield from ("", f"{indent}# {about}", f"{indent}{item.name}:")
            yield from _section(value, indent + "  ")
        else:
            comment = f"# {_comment(item)}"
            yield from textwrap.wrap(
                comment, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}# "
            )
            yield f"{indent}{_assignment(item.name, value)}"


def _comment(item: Field) -> str:
    about = item.metadata
    text = about["doc"]
    if about["choices"]:
        text += f" ({' | '.join(about['choices'])})"
    if about["low"] is not None:
        text += f" [{about['low']:g} … {about['high']:g}]"
    return text + (" [live]" if about["live"] else "")


def _assignment(name: str, value: Any) -> str:
    """One line of YAML."""
    if value == ():
        # rcl cannot tell the type of an empty list and refuses it.
        return f"# {name}: []"
    return f"{name}: {json.dumps(value, ensure_ascii=False)}"  # JSON is YAML
