"""`nesf-ros demo`: a robot's stream, the perception node, and a planner that asks it questions."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nesf_ros.cli.processes import Children, free_domain
from nesf_ros.cli.progress import Progress
from nesf_ros.errors import ConfigError, ProcessError, QueryError
from nesf_ros.ros.environment import child_environment, prepare_process, share_file
from nesf_ros.ros.node_config import WALK_S, ReplayConfig

if TYPE_CHECKING:
    from nesf_ros.ros.camera_watch import CameraWatch
    from nesf_ros.ros.map_client import MapClient

DESCRIPTION = """\
Start a robot's stream (a recording, or the built-in room) and the perception node as two ROS 2
processes, follow the map as it grows, and ask it what a planner would. Pictures, a coloured mesh,
the saved map, the logs and summary.json are left in the folder OUT.
"""
SYNTHETIC = "synthetic"
SYNTHETIC_HZ = 10.0
"""Frames a second at which the walk through the built-in room is played."""
QUESTIONS = ("a washing machine", "a picture frame", "a piano")
"""The last is not in the built-in room."""
CAMERA, MAP_FRAME, TARGET = "/camera", "map", "/nesf"
PERCEPTION, REPLAY = "perception_node", "replay_node"
START_S = 60.0
"""Longest time that a process may take to appear."""
Say = Callable[[str], None]


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `demo` to the command line."""
    parser = subparsers.add_parser(
        "demo",
        help="see it work: stream, node, planner, pictures",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--source", default=SYNTHETIC, metavar="PATH",
        help="a recording that `nesf-ros replay` can play (default: the built-in room)",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder to fill (out)")
    parser.add_argument("--frames", type=int, default=0, metavar="N", help="play N frames only")
    parser.add_argument("--rate", type=float, default=1.0, help="speed of the stream (1)")
    parser.add_argument(
        "--voxel", type=float, default=0.04, metavar="M", help="edge of a voxel, m (0.04)"
    )
    parser.add_argument(
        "--ask", nargs="*", metavar="TEXT",
        help="what to look for at the end; none for no questions (in the built-in room: "
        f"{', '.join(QUESTIONS)})",
    )  # fmt: skip
    parser.add_argument(
        "--keep-running", action="store_true", help="leave the node up until Ctrl-C, for RViz"
    )
    parser.add_argument("--json", action="store_true", help="print summary.json instead of text")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the demo; its children end with it, also on Ctrl-C, SIGTERM and failure."""
    say: Say = (lambda text: None) if args.json else (lambda text: print(text, flush=True))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    prepare_environment()
    try:
        args.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--out {args.out}: {error.strerror}; name a folder") from error
    with Children(args.out, child_environment()) as children:
        summary = perform(args, children, say)
    (args.out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    if args.json:
        print(json.dumps(summary))
    return 0


def prepare_environment() -> None:
    """This machine only, and a domain that nobody uses, unless the user has chosen otherwise."""
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    if not os.environ.get("ROS_DOMAIN_ID"):
        os.environ["ROS_DOMAIN_ID"] = str(free_domain())
    prepare_process()


def perform(args: argparse.Namespace, children: Children, say: Say) -> dict[str, Any]:
    """The story on one screen; returns what summary.json holds."""
    from nesf_ros.cli import demo_watch
    from nesf_ros.ros.camera_watch import CameraWatch
    from nesf_ros.ros.map_client import MapClient

    start_s = time.monotonic()
    say(f"Two ROS 2 processes over Fast DDS, domain {os.environ['ROS_DOMAIN_ID']}:")
    with MapClient("planner", TARGET) as client:
        watch = CameraWatch(client.node, CAMERA, MAP_FRAME)
        launch(children, PERCEPTION, perception_command(args), say)
        launch(children, REPLAY, replay_command(args), say)
        wait_for(client, children)
        balance = demo_watch.follow(client, watch, children, (PERCEPTION, REPLAY))
        say(f"\n{balance.as_text(client.map)}")
        answers = interview(client, watch, args, say)
        summary = {
            "source": args.source,
            "voxel_size_m": args.voxel,
            "frames": balance.as_dict(),
            "blocks_received": len(client.map.blocks),
            **answers,
            "seconds": round(time.monotonic() - start_s, 1),
            "files": sorted(path.name for path in args.out.iterdir() if path.is_file()),
        }
        say(f"\n{summary['seconds']} s; in {args.out}/: {' '.join(summary['files'])}")
        if args.keep_running:
            stay(client, children, say)
    return summary


def launch(children: Children, name: str, command: list[str], say: Say) -> None:
    """Start a child by the command that a user would type."""
    say(f"  $ nesf-ros {shlex.join(command)}")
    children.start(name, [sys.executable, "-m", "nesf_ros.cli", *command])


def questions(args: argparse.Namespace) -> list[str]:
    """What to look for at the end."""
    if args.ask is None:
        return list(QUESTIONS) if args.source == SYNTHETIC else []
    return list(args.ask)


def perception_command(args: argparse.Namespace) -> list[str]:
    """Arguments of `nesf-ros` for the perception node."""
    values = {
        "map.voxel_size_m": args.voxel,
        "map.folder": json.dumps(str(args.out.absolute())),
        "frames.queue": 60,  # a demo would rather be late than lose frames
        "semantics.enabled": "true" if questions(args) else "false",
    }
    assignments = [text for k, v in values.items() for text in ("-p", f"{k}:={v}")]
    return ["up", "--camera", CAMERA, "--map-frame", MAP_FRAME, *assignments]


def replay_command(args: argparse.Namespace) -> list[str]:
    """Arguments of `nesf-ros` for the stream."""
    source, frames, rate = args.source, args.frames, args.rate
    extra = []
    if source == SYNTHETIC:
        room_hz = ReplayConfig().room_hz
        if frames:  # however few they are, they see the same walk, faster than it was
            room_hz = round(frames / WALK_S, 2)
            extra = ["-p", f"room_hz:={room_hz}"]
        rate *= SYNTHETIC_HZ / room_hz
    else:
        source = str(Path(source).expanduser().absolute())
        if frames:
            extra = ["--frames", str(frames)]
    return ["replay", source, "--rate", f"{rate:g}", *extra, "--json"]


def wait_for(client: MapClient, children: Children) -> None:
    """Until the node offers its services; ProcessError if it ends or is too slow."""
    progress = Progress()

    def check() -> None:
        progress.tell("waiting for the node to start")
        children.check_alive(PERCEPTION)
        children.finished(REPLAY)  # raises where the source cannot be read

    try:
        client.wait_until_ready(START_S, check)
    except QueryError as error:
        raise ProcessError(f"{error}\n{children.tail(PERCEPTION)}") from error


def interview(
    client: MapClient, watch: CameraWatch, args: argparse.Namespace, say: Say
) -> dict[str, Any]:
    """Ask everything a planner would; leave the pictures and the map in the folder."""
    import numpy as np

    from nesf_ros.cli import pictures, planner
    from nesf_ros.cli.map import open_map
    from nesf_ros.cli.map_export import export_map
    from nesf_ros.cli.questions import ask_in_words

    poses = np.array(watch.poses)
    extent = planner.Extent.of(client.map.occupied_points(), client.map.voxel_size_m)
    dense = client.dense(extent.box)
    say("\nThe planner asks:")
    say(planner.size_text(dense))
    stops = poses[np.linspace(0, len(poses) - 1, 8).astype(int)]
    points = planner.ask_about_points(client, dense, stops)
    say(planner.points_text(points))
    shots = planner.take_pictures(client, extent, planner.viewing_azimuth(poses))
    say("  render_view    the map from above and in perspective")
    shots |= {"slice.png": planner.slice_of(client, extent)}
    if watch.example is not None:
        color, depth_m = watch.example
        shots |= {"color.png": color, "depth.png": pictures.depth_picture(depth_m)}
    for name, pixels in shots.items():
        pictures.write_picture(args.out / name, pixels)
    # Before the map is loaded: keyframes that still wait to be put into words are of this one.
    words = ask_in_words(client, questions(args), args.out, say)
    saved = planner.save_and_load(client, extent.box, dense)
    say(planner.saved_text(saved))
    triangles, _ = export_map(open_map(Path(saved["path"])), args.out / "map.ply")
    say(f"  map.ply        {triangles} coloured triangles")
    return {
        "extent_m": {"lower": extent.box.lower, "upper": extent.box.upper},
        "get_map": dense.counts,
        "query_points": points,
        "save_map": saved,
        "map_ply_triangles": triangles,
        "in_words": words,
    }


def stay(client: MapClient, children: Children, say: Say) -> None:
    """Until Ctrl-C or until the node ends."""
    view = share_file("config/nesf.rviz")
    domain = os.environ["ROS_DOMAIN_ID"]
    say(f"\nThe node goes on until Ctrl-C: ROS_DOMAIN_ID={domain} rviz2 -d {view}")
    try:
        while True:
            children.check_alive(PERCEPTION)
            client.spin(0.5)
    except KeyboardInterrupt:
        say("")
