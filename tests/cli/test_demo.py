import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import cv2
import open3d as o3d
import pytest

from nesf_ros.cli import build_parser
from nesf_ros.cli.demo import (
    QUESTIONS,
    perception_command,
    prepare_environment,
    questions,
    replay_command,
)
from nesf_ros.cli.demo_watch import SETTLE_S, Balance, frames_sent
from nesf_ros.ros.map_replica import MapReplica


def parsed(*given):
    return build_parser().parse_args(["demo", *given])


def demo_process(out, *options):
    # Its own choice of a domain, as for a user who has chosen none.
    environ = {k: v for k, v in os.environ.items() if k != "ROS_DOMAIN_ID"}
    command = [sys.executable, "-m", "nesf_ros.cli", "demo", "--out", str(out), *options]
    return subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def processes_that_name(path):
    """Ids of processes with `path` in their command line."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            if str(path).encode() in file.read_bytes():
                found.append(file.parent.name)
    return found


def test_the_children_are_commands_that_a_user_could_type(tmp_path):
    args = parsed("--out", str(tmp_path), "--source", "/data/kitchen", "--frames", "9")
    for command in (perception_command(args), replay_command(args)):
        build_parser().parse_args(command)  # exits if it could not be typed
    assert f'map.folder:="{tmp_path}"' in perception_command(args)
    assert replay_command(args) == [
        "replay", "/data/kitchen", "--rate", "1", "--frames", "9", "--json",
    ]  # fmt: skip


def test_questions_are_asked_where_there_are_answers(tmp_path):
    assert questions(parsed()) == list(QUESTIONS) and questions(parsed("--ask")) == []
    assert questions(parsed("--source", "/data/kitchen")) == []
    assert questions(parsed("--source", "/data/kitchen", "--ask", "a sink")) == ["a sink"]
    assert "semantics.enabled:=false" in perception_command(parsed("--ask"))
    assert "semantics.enabled:=true" in perception_command(parsed())


def test_fewer_synthetic_frames_cover_the_same_walk_at_ten_frames_a_second():
    assert replay_command(parsed()) == ["replay", "synthetic", "--rate", "2.5", "--json"]
    assert replay_command(parsed("--frames", "45"))[2:] == [
        "--rate", "10", "-p", "room_hz:=1.0", "--json",
    ]  # fmt: skip


def test_a_domain_of_the_users_is_kept_and_another_is_free(monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "42")
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
    prepare_environment()
    assert os.environ["ROS_DOMAIN_ID"] == "42"
    assert os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "SUBNET"
    monkeypatch.delenv("ROS_DOMAIN_ID")
    monkeypatch.delenv("ROS_AUTOMATIC_DISCOVERY_RANGE")
    prepare_environment()
    assert 1 <= int(os.environ["ROS_DOMAIN_ID"]) <= 100
    assert os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"


def test_the_balance_is_settled_when_every_pair_is_in_the_map_or_dropped():
    status = {"pairs": "10", "integrated": "7", "frames_dropped.queue_full": "2",
              "frames_dropped.bad_size": "0"}  # fmt: skip
    balance = Balance.of(11, status)
    assert balance == Balance(11, 10, 7, {"queue_full": 2})
    assert not balance.settled
    assert Balance.of(11, status | {"integrated": "8"}).settled
    # A frame that is missing may be late; with all of them there, the map only has to settle.
    assert balance.settle_s > Balance.of(10, status).settle_s == SETTLE_S
    replica = MapReplica()
    replica.blocks, replica.messages = {(0, 0, 0): 1}, 3
    assert balance.as_text(replica) == (
        "11 frames sent, 10 received, 7 in the map, 2 dropped (queue_full); "
        "1 blocks came in 3 messages"
    )


def test_the_stream_says_at_its_end_how_many_frames_it_has_sent():
    log = '[INFO] ready\n{"source": "x", "frames_sent": 12, "seconds": 3.1}\n[INFO] {bye}\n'
    assert frames_sent(log) == 12


@pytest.mark.ros
@pytest.mark.slow
def test_from_stream_to_pictures_and_a_map_that_loads(tmp_path):
    out = tmp_path / "out"
    process = demo_process(out, "--frames", "30", "--voxel", "0.1", "--json")
    stdout, stderr = process.communicate(timeout=150)
    assert process.returncode == 0, stderr
    summary = json.loads(stdout)
    assert summary == json.loads((out / "summary.json").read_text())
    frames = summary["frames"]
    assert frames["sent"] == 30
    assert frames["integrated"] + sum(frames["dropped"].values()) == frames["paired"] <= 30
    assert frames["integrated"] >= 25
    # The room is 4.4 × 5.2 × 2.6 m; a walk through it sees most of it.
    voxels = summary["get_map"]
    assert voxels["free"] + voxels["occupied"] > 0.4 * sum(voxels.values())
    ahead, obstacles, hidden = summary["query_points"].values()
    assert ahead["occupied"] == 0 and ahead["free"] >= 7
    assert obstacles["occupied"] == obstacles["points"] >= 8
    assert hidden["unobserved"] >= 0.6 * hidden["points"]
    assert summary["save_map"]["known_after_reset"] == 0
    assert summary["save_map"]["same_after_load"] > 0.999
    words = summary["in_words"]
    assert words["language"] == "ready" and tuple(words["answers"]) == QUESTIONS
    assert all(0 < score < 1 for score in words["answers"].values())
    assert set(words["found"]) <= set(QUESTIONS)
    for name in ("color", "depth", "map_top", "map_perspective", "slice"):
        picture = cv2.imread(str(out / f"{name}.png"))
        assert picture.std() > 10, f"{name}.png shows nothing"
    mesh = o3d.io.read_triangle_mesh(str(out / "map.ply"))
    assert len(mesh.triangles) == summary["map_ply_triangles"] > 1000
    assert mesh.has_vertex_colors()
    assert {"map.nesfmap", "perception_node.log", "replay_node.log"} <= set(summary["files"])
    assert processes_that_name(out) == []


@pytest.mark.ros
@pytest.mark.slow
def test_a_source_that_fails_is_told_and_leaves_no_process(tmp_path):
    process = demo_process(tmp_path, "--source", str(tmp_path / "nowhere"))
    _, stderr = process.communicate(timeout=100)
    assert process.returncode == 2
    assert "replay_node ended with exit code 2" in stderr
    assert "nowhere does not exist" in stderr
    assert processes_that_name(tmp_path) == []


@pytest.mark.ros
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_no_process(tmp_path, number):
    process = demo_process(tmp_path)
    end_s = time.monotonic() + 60
    while len(processes_that_name(tmp_path)) < 2:  # the demo itself, and its perception node
        assert time.monotonic() < end_s
        time.sleep(0.2)
    time.sleep(1.0)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert processes_that_name(tmp_path) == []
