"""The end of `nesf-ros demo`: questions in words, and pictures of the answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nesf_ros.cli.ask import save_picture, told
from nesf_ros.cli.progress import Progress
from nesf_ros.cli.unseen import told_completed, told_located
from nesf_ros.cli.unseen_pictures import save_completed, save_located
from nesf_ros.errors import QueryError
from nesf_ros.ros.map_client import MapClient
from nesf_ros.semantics.hidden.descriptions import Description
from nesf_ros.types import Box

if TYPE_CHECKING:
    from nesf_ros.msg import TextAnswer

PATIENCE_S = 90.0
"""For the model to be loaded and all keyframes looked at."""
POLL_S = 0.5
AROUND_M = 0.6
"""How far around a thing that was found it is asked for what is not seen."""


def ask_in_words(
    client: MapClient, texts: Sequence[str], folder: Path, say: Callable[[str], None]
) -> dict[str, Any]:
    """Ask for each text, tell the answers, leave pictures; what summary.json holds of it."""
    if not texts:
        return {}
    state = wait_for_words(client)
    if state != "ready":
        say(f"\nIn words: no answer; {state}")
        return {"language": state}
    start_s = time.monotonic()
    reply = client.ask(texts)
    seconds = time.monotonic() - start_s
    say(f"\nIn words, {1e3 * seconds:.0f} ms for {len(texts)} texts:")
    for answer in reply.answers:
        say("  " + told(answer, reply.threshold).replace("\n", "\n  "))
        if answer.exists:
            save_picture(client.render_view, answer, ((), reply.threshold), folder)
    found = [answer for answer in reply.answers if answer.exists]
    return {
        "language": state,
        "answers": {answer.text: round(answer.score, 3) for answer in reply.answers},
        "found": [answer.text for answer in found],
        **(imagine(client, found[0], folder, say) if found else {}),
    }


def imagine(
    client: MapClient, answer: TextAnswer, folder: Path, say: Callable[[str], None]
) -> dict[str, Any]:
    """Ask how far what was found reaches, and where keys could lie in it."""
    best = answer.instances[0]
    lower, upper = ((p.x, p.y, p.z) for p in (best.lower, best.upper))
    x, y, z = (low - AROUND_M for low in lower)
    region = Box((x, y, z), (upper[0] + AROUND_M, upper[1] + AROUND_M, upper[2] + AROUND_M))
    start_s = time.monotonic()
    try:
        whole = client.complete([answer.text], region)
    except QueryError as error:  # of a wall, or all of the floor: that is no reason to end
        say(f"\nWhat no camera has seen: {error}")
        return {"unseen": str(error)}
    say(f"\nWhat no camera has seen, {time.monotonic() - start_s:.1f} s for a first look:")
    say("  " + told_completed(whole.objects[0], whole.threshold).replace("\n", "\n  "))
    save_completed(client, whole, 0, folder)
    start_s = time.monotonic()
    hidden = client.locate(str(Description("keys", "in", answer.text)), region)
    said = told_located(hidden).replace("\n", "\n  ")
    say(f"  {said}\n  ({time.monotonic() - start_s:.1f} s)")
    save_located(client, hidden, folder)
    return {
        "completed_voxels": [thing.voxel_count for thing in whole.objects[0].instances],
        "hidden_places": len(hidden.regions),
    }


def wait_for_words(client: MapClient) -> str:
    """Until the model has looked at all keyframes: "ready", or why it is not."""
    state = "no word of it in /diagnostics"
    progress, end_s = Progress(), time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        client.spin(POLL_S)
        status = language_status(client)
        state = status.get("state", state)
        if state == "ready" and status["backlog"] == "0" and status["keyframes"] != "0":
            return state
        if state not in ("ready", "loading"):
            return state
        waiting = f", {status['backlog']} keyframes to look at" if "backlog" in status else ""
        progress.tell(f"waiting for the language model: {state}{waiting}")
    return f"{state} after {PATIENCE_S:.0f} s"


def language_status(client: MapClient) -> dict[str, str]:
    """The node's diagnostics of its model; empty before the first has come."""
    found = (values for name, values in client.status.items() if name.endswith(": language"))
    return next(found, {})
