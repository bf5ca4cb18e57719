"""`nesf-ros up`: the perception node, without ros2 or a launch file."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence

from nesf_ros.errors import ConfigError
from nesf_ros.ros.environment import child_environment, share_file

DESCRIPTION = """\
Start the perception node with the parameter file and the Fast DDS profile that the launch file
uses. It runs until Ctrl-C. `nesf-ros config` prints every parameter.

  nesf-ros up --camera /camera --map-frame map
  nesf-ros up --camera /left /right -p map.voxel_size_m:=0.02 -p map.folder:=/data/maps
"""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `up` to the command line."""
    parser = subparsers.add_parser(
        "up",
        help="start the perception node",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--params", metavar="FILE", help="parameter file (default: config/perception.yaml)"
    )
    parser.add_argument(
        "--camera",
        nargs="+",
        metavar="TOPIC",
        help="base name of each camera's topics, with spaces or commas between them",
    )
    parser.add_argument("--map-frame", metavar="FRAME", help="TF frame of the map, z up")
    parser.add_argument("--name", default="nesf", help="name of the node (default: nesf)")
    parser.add_argument("--namespace", default="", metavar="NS", help="namespace of the node")
    parser.add_argument("--use-sim-time", action="store_true", help="take the time from /clock")
    parser.add_argument(
        "-p", "--param", action="append", default=[], metavar="NAME:=VALUE",
        help="set one parameter; may be repeated, and wins over the file",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Become the perception node: signals reach it directly, and its exit code is ours."""
    command = [sys.executable, "-m", "nesf_ros.ros.perception_node", *node_arguments(args)]
    os.execve(sys.executable, command, child_environment())


def node_arguments(args: argparse.Namespace) -> list[str]:
    """ROS arguments for what was given on the command line; ConfigError where it is malformed."""
    file = args.params or str(share_file("config/perception.yaml"))
    if not os.path.isfile(file):
        raise ConfigError(f"--params {file}: there is no such file; `nesf-ros config` prints one")
    out = ["--ros-args", "--params-file", file, "-r", f"__node:={args.name}"]
    if args.namespace:
        out += ["-r", f"__ns:=/{args.namespace.strip('/')}"]
    cameras = [name for given in args.camera or () for name in given.split(",")]
    if cameras:
        out += ["-p", f"cameras:={json.dumps(cameras)}"]
    if args.map_frame:
        out += ["-p", f"map_frame:={json.dumps(args.map_frame)}"]
    if args.use_sim_time:
        out += ["-p", "use_sim_time:=true"]
    return out + assignments(args.param)


def assignments(given: Sequence[str]) -> list[str]:
    """ROS arguments for `name:=value` texts; ConfigError for one that is none."""
    out = []
    for text in given:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*:=.*", text, re.DOTALL):
            raise ConfigError(f"-p {text}: write it as name:=value, such as map.voxel_size_m:=0.02")
        out += ["-p", text]
    return out
