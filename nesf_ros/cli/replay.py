"""`nesf-ros replay`: a recording, played as a robot would publish it."""

from __future__ import annotations

import argparse
import json
import time

from nesf_ros.cli.up import assignments
from nesf_ros.ros.environment import prepare_process

DESCRIPTION = """\
Publish a recording as ROS topics (colour, depth, CameraInfo) and TF, under the present time.
SOURCE is a 7-Scenes, Open3D/Redwood or TUM RGB-D folder, a rosbag2 (sqlite3 or mcap), or
`synthetic` for a walk of 45 s through the built-in room, 4 frames a second (more of them by
`-p room_hz:=30.0`). Nothing is sent before somebody listens.

  nesf-ros replay ~/recordings/kitchen --rate 0.5
"""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `replay` to the command line."""
    parser = subparsers.add_parser(
        "replay",
        help="play a recording as ROS topics and TF",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="SOURCE", help="path of a recording, or synthetic")
    parser.add_argument(
        "--rate", type=float, default=1.0, help="speed, as a multiple of the recording's"
    )
    parser.add_argument("--loop", action="store_true", help="start again at the end, until Ctrl-C")
    parser.add_argument(
        "--frames", type=int, default=0, metavar="N", help="stop after N frames (default: all)"
    )
    parser.add_argument(
        "--camera", default="/camera", metavar="TOPIC", help="base name of the topics"
    )
    parser.add_argument(
        "--preload", action="store_true", help="read all frames before the first is sent"
    )
    parser.add_argument(
        "-p", "--param", action="append", default=[], metavar="NAME:=VALUE",
        help="set another parameter of the replay node, such as upright:=false",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Play the source with a progress bar on stderr."""
    from tqdm import tqdm

    prepare_process()
    from nesf_ros.ros.replay_node import main

    sent, start_s = 0, time.monotonic()
    with tqdm(desc=args.source, unit=" frames", disable=None) as bar:

        def on_sent(count: int, total: int) -> None:
            nonlocal sent
            sent, bar.total = count, total or None
            bar.update()

        code = main(node_arguments(args), on_sent)
    if args.json:
        seconds = round(time.monotonic() - start_s, 3)
        print(json.dumps({"source": args.source, "frames_sent": sent, "seconds": seconds}))
    return code


def node_arguments(args: argparse.Namespace) -> list[str]:
    """ROS arguments for what was given on the command line."""
    values = {
        "source": args.source,
        "camera": args.camera,
        "rate": args.rate,
        "loop": args.loop,
        "frames": args.frames,
        "preload": args.preload,
    }
    given = [f"{name}:={json.dumps(value)}" for name, value in values.items()]
    return ["--ros-args", *assignments([*given, *args.param])]
