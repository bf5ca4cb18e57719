"""A robot's stream into the node, for ten minutes.

Protocol: one process plays 640×480 colour + 16-bit depth at 30 Hz over DDS from memory, in a loop;
the perception node (default settings, `--field`: with a scene field) is a second process; this one
reads ~/map, as a planner would, and /diagnostics. First map: from the start of the node's process
to the first message of ~/map that holds blocks, with the stream already waiting. Latency: from the
stamp of an image, taken when it is published, until the map holds it (median and 99th percentile
over the last 1000 frames, the worst reading of all). Memory: resident, from one minute after the
start to the end. Accounting: received = 2 · pairs + dropped + waiting, and pairs = integrated +
dropped + waiting.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.report import Report
from nesf_ros.cli.processes import Children, free_domain
from nesf_ros.ros.environment import child_environment, prepare_process

RATE_HZ = 30.0
WARM_UP_S = 60.0
LAG_S = 2.0


def run(args: argparse.Namespace) -> Report:
    """Rates, latency, CPU, memory and the balance of messages."""
    os.environ["ROS_DOMAIN_ID"] = str(free_domain())
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    prepare_process()
    with tempfile.TemporaryDirectory() as folder:
        return measure(args, Path(folder))


def measure(args: argparse.Namespace, folder: Path) -> Report:
    """One run, in processes of its own."""
    from nesf_ros.ros.map_client import MapClient

    recording = Path(args.data) / "sevenscenes"
    # Every fourth frame of a 30 Hz recording, played four times as fast.
    room = ["synthetic", "--frames", "300", "-p", "room_hz:=30.0"]
    source = [str(recording), "--rate", "4"] if recording.is_dir() else room
    command = [sys.executable, "-m", "nesf_ros.cli"]
    player = [*command, "replay", *source, "--loop", "--preload", "--json"]
    player += ["-p", "wait_for_subscriber:=false"]  # a camera does not wait either
    node = [*command, "up", "-p", f"map.folder:={folder}"]
    if args.field:
        node += ["-p", "field.enabled:=true"]
    seconds = args.minutes * 60
    with MapClient("benchmark", "/nesf") as client, Children(folder, child_environment()) as run:
        run.start("replay", player)
        while not client.node.count_publishers("/camera/color/image_raw"):
            run.check_alive("replay")
            client.spin(0.1)
        client.spin(20.0)  # while it reads its frames
        start = time.monotonic()
        run.start("node", node)
        while not client.map.blocks:
            run.check_alive("node")
            client.spin(0.005)
        first_map_s = time.monotonic() - start
        watched = watch(client, run, seconds, args.json)
        run.end("replay")
        client.spin(LAG_S)
        last = status(client)
    return report_of(first_map_s, watched, last, seconds)


def watch(client: Any, run: Children, seconds: float, quiet: bool) -> dict[str, Any]:
    """Follow the node for so long: CPU time, memory and latency."""
    pid = run.pid("node")
    start, cpu_start = time.monotonic(), cpu_seconds(pid)
    memory: list[float] = []
    medians, tails = [], []
    for _ in tqdm(range(int(seconds)), disable=quiet):
        client.spin(1.0)
        run.check_alive("node")
        run.check_alive("replay")
        seen = status(client)
        if time.monotonic() - start > min(WARM_UP_S, seconds / 4):
            memory.append(float(seen["process.mib"]))
            medians.append(float(seen["age_ms.median"]))
            tails.append(float(seen["age_ms.p99"]))
    elapsed = time.monotonic() - start
    return {
        "cpu": (cpu_seconds(pid) - cpu_start) / elapsed,
        "memory": (memory[0], memory[-1]),
        "latency": (max(medians), max(tails)),
        "integrated": int(status(client)["integrated"]) / (time.monotonic() - start),
    }


def status(client: Any) -> dict[str, str]:
    """All that /diagnostics says of the node, in one."""
    merged: dict[str, str] = {}
    for values in client.status.values():
        merged |= values
    return merged


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def report_of(
    first_map_s: float, watched: dict[str, Any], last: dict[str, str], seconds: float
) -> Report:
    """Figures and bars."""
    report = Report("live", {"seconds": seconds, "input": f"640x480 at {RATE_HZ:g} Hz"})
    before, after = watched["memory"]
    growth = (after - before) / before
    median, tail = watched["latency"]
    dropped = {key: int(value) for key, value in last.items() if "dropped." in key}
    images = sum(n for key, n in dropped.items() if key.startswith("images_"))
    frames = sum(n for key, n in dropped.items() if key.startswith("frames_"))
    received = int(last["received.color"]) + int(last["received.depth"])
    waiting = int(last["waiting_for_partner"])
    pairs, integrated = int(last["pairs"]), int(last["integrated"])
    in_flight = int(last["waiting_for_pose"]) + int(last["queue"])
    unaccounted = abs(received - 2 * pairs - images - waiting)
    unaccounted += abs(pairs - integrated - frames - in_flight)
    report.figures |= {
        "received": {"color": int(last["received.color"]), "depth": int(last["received.depth"])},
        "pairs": pairs,
        "integrated": integrated,
        "dropped": dropped,
        "integrated_hz": round(watched["integrated"], 2),
        "latency_ms": {"median": median, "p99": tail},
        "node_cpu_cores": round(watched["cpu"], 3),
        "node_mib": {"after warm-up": before, "at the end": after},
        "first_map_s": round(first_map_s, 2),
        "integrate_ms": float(last["integrate_ms.median"]),
    }
    report.at_least("frames integrated per second", watched["integrated"], 10.0)
    report.at_most("messages unaccounted for", unaccounted, 0)
    report.at_most("memory growth", growth, 0.02)
    report.at_most("first map on the wire, s", first_map_s, 4.0)
    return report
