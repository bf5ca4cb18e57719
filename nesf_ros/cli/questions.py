"""The end of `nesf-ros demo`: questions in words, and pictures of the answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from nesf_ros.cli.ask import save_picture, told
from nesf_ros.cli.progress import Progress
from nesf_ros.ros.map_client import MapClient

PATIENCE_S = 90.0
"""For the model to be loaded and all keyframes looked at."""
POLL_S = 0.5


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
    return {
        "language": state,
        "answers": {answer.text: round(answer.score, 3) for answer in reply.answers},
        "found": [answer.text for answer in reply.answers if answer.exists],
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
