"""A perception node in a process of its own, and a robot that talks to it."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import rclpy

from .processes import NodeProcess, Robot

# Discovery stays on this machine: the tests must not hear a robot on the network.
os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")


@pytest.fixture(scope="session")
def ros_context() -> Iterator[rclpy.Context]:
    """One DDS participant for all tests of the session."""
    context = rclpy.Context()
    rclpy.init(context=context)
    yield context
    context.try_shutdown()


@pytest.fixture(scope="module")
def robot(ros_context: rclpy.Context) -> Iterator[Robot]:
    """Publishes images and TF, calls services, listens to /diagnostics."""
    robot = Robot(ros_context)
    yield robot
    robot.destroy_node()


StartNode = Callable[..., NodeProcess]


@pytest.fixture(scope="module")
def start_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartNode]:
    """Starts perception nodes with the given parameters; ends them with the module."""
    started: list[NodeProcess] = []

    def start(namespace: str = "", **parameters: object) -> NodeProcess:
        folder: Path = tmp_path_factory.mktemp("node")
        started.append(NodeProcess(folder, namespace, parameters))
        return started[-1]

    yield start
    for process in started:
        process.end()


TINY = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}


@pytest.fixture(scope="session")
def vision(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Settings of a node whose model is small, with weights of chance."""
    import torch

    from nesf_ros.vision.models import build  # seconds, for those tests alone that need it
    from nesf_ros.vision.registry import register

    folder = tmp_path_factory.mktemp("model")
    (folder / "tiny.json").write_text(json.dumps(TINY))
    torch.manual_seed(0)
    clip = build(register(str(folder / "tiny.json")))
    torch.save(clip.state_dict(), folder / "tiny.pt")
    return {
        "vision.model": str(folder / "tiny.json"),
        "vision.pretrained": str(folder / "tiny.pt"),
        "vision.prompts": "plain",
        "semantics.enabled": True,
        "semantics.unknown_below": -1.0,
    }
