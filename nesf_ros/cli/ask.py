"""`nesf-ros ask`: where something is in a running node's map, in words and as a picture."""

from __future__ import annotations

import argparse
import math
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nesf_ros.cli.found import Render
    from nesf_ros.msg import Instance, TextAnswer
    from nesf_ros.ros.map_client import MapClient
SHOWN = 5
"""Instances that are told of each text."""
MOST_DIGITS = 8
"""More tell nothing of numbers in single precision."""


def add_parser(subparsers: Any) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "ask",
        help="where something is in the map of a running node",
        description="Ask a running perception node where things are; a picture of the best answer "
        "to each text is saved. What is said to be in, on, behind, in front of, on the left or on "
        "the right of something is looked for where no camera has seen it; quote a name that holds "
        "such a word, as in '\"mug on the left\"'.",
    )
    parser.add_argument(
        "texts", nargs="+", metavar="TEXT",
        help='such as "the red mug", or "the keys in the drawer"',
    )  # fmt: skip
    parser.add_argument(
        "--complete", action="store_true", help="ask for whole things, seen or not: how far a sofa "
        "reaches behind the table",
    )  # fmt: skip
    parser.add_argument(
        "--negatives", nargs="+", default=[], metavar="TEXT",
        help="phrases to hold the texts against (the node's); for plain questions",
    )  # fmt: skip
    parser.add_argument(
        "--camera", default="", help="which of the node's cameras is to look for hidden things and "
        "says what is left and behind (the one that took the newest image)",
    )  # fmt: skip
    parser.add_argument(
        "--threshold", type=float, default=0.0,
        help="relevancy, or probability of what is not seen, from which something counts as found, "
        "0–1 (as validated for the model)",
    )  # fmt: skip
    parser.add_argument("--node", default="/nesf", help="name of the node (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path(), help="folder of the pictures (.)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Ask, tell, and leave pictures; 1 where nothing was found.

    QueryError for negatives of what no camera has seen.
    """
    from nesf_ros.cli.unseen import is_description, name_of
    from nesf_ros.errors import QueryError
    from nesf_ros.ros.environment import prepare_process
    from nesf_ros.ros.map_client import MapClient

    prepare_process()
    hidden = [] if args.complete else [text for text in args.texts if is_description(text)]
    if args.negatives and (args.complete or hidden):
        raise QueryError("--negatives are for plain questions, about what was seen")
    seen = [text for text in args.texts if text not in hidden]
    for text in filter(is_description, seen):
        print(f"{text}: asked for as one name; without --complete, where this may be is asked")
    if not args.complete:
        seen = [name_of(text) for text in seen]
    with MapClient("asking", args.node) as client:
        client.wait_until_ready(10.0)
        found = [_ask_hidden(client, text, args) for text in hidden]
        if args.complete:
            found.append(_ask_whole(client, seen, args))
        elif seen:
            found.append(_ask_seen(client, seen, args))
    return 0 if any(found) else 1


def _ask_seen(client: MapClient, texts: Sequence[str], args: argparse.Namespace) -> bool:
    answers = client.ask(texts, args.negatives, args.threshold)
    held = args.negatives, answers.threshold
    if answers.message:
        print(answers.message)
    for answer in answers.answers:
        print(told(answer, answers.threshold))
        if answer.exists:
            print(f"  {save_picture(client.render_view, answer, held, args.out)}")
    return any(answer.exists for answer in answers.answers)


def _ask_hidden(client: MapClient, text: str, args: argparse.Namespace) -> bool:
    from nesf_ros.cli.unseen import told_located
    from nesf_ros.cli.unseen_pictures import save_located

    reply = client.locate(text, threshold=args.threshold, camera=args.camera)
    print(told_located(reply))
    if picture := save_located(client, reply, args.out):
        print(f"  {picture}")
    return bool(reply.regions) and reply.reference_found


def _ask_whole(client: MapClient, texts: Sequence[str], args: argparse.Namespace) -> bool:
    from nesf_ros.cli.unseen import told_completed
    from nesf_ros.cli.unseen_pictures import save_completed

    reply = client.complete(texts, threshold=args.threshold)
    for number, answer in enumerate(reply.objects):
        print(told_completed(answer, reply.threshold))
        if picture := save_completed(client, reply, number, args.out):
            print(f"  {picture}")
    return any(answer.exists and answer.found for answer in reply.objects)


def told(answer: TextAnswer, threshold: float) -> str:
    """What was found, for people."""
    if not answer.known:
        return f"{answer.text}: unknown; the model was trained with nothing like it"
    if not answer.exists:
        return f"{answer.text}: not found{_why_not(answer, threshold)}"
    lines = [f"{answer.text}: {answer.score:.2f}"]
    lines += [f"  {_place(instance)}" for instance in answer.instances[:SHOWN]]
    if len(answer.instances) > SHOWN:
        lines.append(f"  and {len(answer.instances) - SHOWN} more")
    return "\n".join(lines)


def _why_not(answer: TextAnswer, threshold: float) -> str:
    if math.isnan(answer.peak.x):
        return ""  # no voxel was asked, so there is no score
    if answer.score > threshold:
        return f" ({answer.score:.2f}, but of voxels here and there that make up no thing)"
    digits = 2
    while digits < MOST_DIGITS and f"{answer.score:.{digits}f}" == f"{threshold:.{digits}f}":
        digits += 1
    return f" ({answer.score:.{digits}f}; above {threshold:.{digits}f} it would be)"


def _place(instance: Instance) -> str:
    at, low, high = instance.centroid, instance.lower, instance.upper
    size = (high.x - low.x, high.y - low.y, high.z - low.z)
    return (
        f"no. {instance.id} at ({at.x:.2f}, {at.y:.2f}, {at.z:.2f}) m, "
        f"{' x '.join(f'{100 * edge:.0f}' for edge in size)} cm, relevancy {instance.score:.2f}, "
        f"{instance.voxel_count} voxels"
    )


def file_of(text: str) -> str:
    """Name of the picture of an answer."""
    name = re.sub(r"[^\w]+", "-", text.lower()).strip("-")
    return f"{name or f'found-{zlib.crc32(text.encode()):08x}'}.png"


def save_picture(
    render: Render, answer: TextAnswer, held: tuple[Sequence[str], float], folder: Path
) -> Path:
    """A view of the map with the best answer outlined; the file.

    `held` are the negatives of the question and its threshold.
    """
    from nesf_ros.cli.found import Found, picture_of
    from nesf_ros.cli.pictures import write_picture
    from nesf_ros.semantics.instances import EXTENT
    from nesf_ros.types import Box

    best = answer.instances[0]
    box = Box(*((p.x, p.y, p.z) for p in (best.lower, best.upper)))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_of(answer.text)
    found = Found(box, answer.text, min(held[1], EXTENT * best.score), held[0])
    write_picture(path, picture_of(render, found, f"{answer.text} ({answer.score:.2f})"))
    return path
