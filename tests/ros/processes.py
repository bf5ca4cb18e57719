"""What the tests of the running node are made of: its process, a robot, a reader of its map."""

import json
import os
import signal
import subprocess
import sys
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Point, Pose, Quaternion, TransformStamped
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from nesf_ros.msg import VoxelMap
from nesf_ros.ros.environment import child_environment
from nesf_ros.srv import QueryPoints

WAIT_S = 30.0
"""No wait is longer than this; all are far shorter when things work."""
START_S = 60.0
"""Until a node has imported torch on a busy machine."""
WIDTH, HEIGHT, FOCAL = 160, 120, 130.0
WALL_M = 1.525
"""Depth of the wall in the images: the middle of a 5 cm voxel."""
FORWARD = (-0.5, 0.5, -0.5, 0.5)
"""Rotation of an optical frame that looks along x of a frame with z up."""
AHEAD = Pose(
    position=Point(z=1.0), orientation=Quaternion(**dict(zip("xyzw", FORWARD, strict=True)))
)
"""Of a camera in the map."""


class NodeProcess:
    """A perception node. `name` is its full name, its output goes to a file."""

    def __init__(self, folder: Path, namespace: str, parameters: dict[str, Any]):
        self.name = f"{namespace}/nesf"
        self.output = folder / "output.txt"
        parameters = {"map.folder": str(folder / "maps"), "self_check_s": 0.0,
                      "semantics.enabled": False, **parameters}  # fmt: skip
        arguments = ["--ros-args", "-r", f"__ns:={namespace or '/'}"]
        for name, value in parameters.items():
            arguments += ["-p", f"{name.replace('__', '.')}:={json.dumps(value)}"]
        command = [sys.executable, "-u", "-m", "nesf_ros.ros.perception_node", *arguments]
        with self.output.open("wb") as file:
            self.process = subprocess.Popen(
                command, stdout=file, stderr=subprocess.STDOUT, env=child_environment()
            )

    @property
    def log(self) -> str:
        """All it has written so far."""
        return self.output.read_text()

    def wait_for_log(self, text: str, timeout_s: float = WAIT_S) -> None:
        """Return once the text is in the log; AssertionError with the log if it never is."""
        end = time.monotonic() + timeout_s
        while text not in self.log:
            assert time.monotonic() < end, f"no {text!r} in:\n{self.log}"
            assert self.process.poll() is None, f"the node has ended:\n{self.log}"
            time.sleep(0.02)

    def wait_until_active(self) -> "NodeProcess":
        """Return once it listens."""
        self.wait_for_log("listening to", START_S)
        return self

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, if it still runs, and return the exit code."""
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        try:
            return self.process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the node does not end:\n{self.log}") from None


def stamp(stamp_ns: int) -> Time:
    return Time(sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)


def wall(depth_m: float = WALL_M) -> np.ndarray:
    """Depth image of a wall right ahead, metres."""
    return np.full((HEIGHT, WIDTH), depth_m, np.float32)


def shade(red: int = 200, green: int = 100, blue: int = 50) -> np.ndarray:
    """A colour image of one colour."""
    return np.full((HEIGHT, WIDTH, 3), (red, green, blue), np.uint8)


def image(pixels: np.ndarray, encoding: str, stamp_ns: int, frame: str) -> Image:
    message = Image(header=Header(stamp=stamp(stamp_ns), frame_id=frame), encoding=encoding)
    message.height, message.width = pixels.shape[:2]
    message.step = pixels[0].nbytes
    message.data = array("B", np.ascontiguousarray(pixels).tobytes())
    return message


class Camera:
    """One camera of the robot; what it sends is right unless a test wants it otherwise."""

    def __init__(self, robot: "Robot", name: str, frame: str, color_frame: str, **options: Any):
        self.name, self.frame, self.color_frame = name, frame, color_frame
        self._robot = robot
        best_effort = options.get("best_effort", False)
        policy = ReliabilityPolicy.BEST_EFFORT if best_effort else ReliabilityPolicy.RELIABLE
        qos = QoSProfile(depth=20, reliability=policy)
        kind = CompressedImage if options.get("compressed") else Image
        endings = ("/compressed", "/compressedDepth") if options.get("compressed") else ("", "")
        self.publishers = {
            "color": robot.create_publisher(kind, f"{name}/color/image_raw{endings[0]}", qos),
            "depth": robot.create_publisher(kind, f"{name}/depth/image_raw{endings[1]}", qos),
            "color_info": robot.create_publisher(CameraInfo, f"{name}/color/camera_info", qos),
            "depth_info": robot.create_publisher(CameraInfo, f"{name}/depth/camera_info", qos),
        }
        if options.get("mask"):
            self.publishers["mask"] = robot.create_publisher(Image, f"{name}/mask", qos)
        self.stamp_ns = 1000 * 10**9

    def connected(self) -> bool:
        """Whether somebody listens to all of its topics."""
        return all(p.get_subscription_count() for p in self.publishers.values())

    def info(self, **changes: Any) -> CameraInfo:
        """Its calibration: an ideal pinhole, apart from the changes."""
        k = [FOCAL, 0.0, (WIDTH - 1) / 2, 0.0, FOCAL, (HEIGHT - 1) / 2, 0.0, 0.0, 1.0]
        values: dict[str, Any] = {"width": WIDTH, "height": HEIGHT, "k": k,
                                  "distortion_model": "plumb_bob", "d": [0.0] * 5}  # fmt: skip
        return CameraInfo(**{**values, **changes})

    def send_info(self, **changes: Any) -> None:
        for role in ("color_info", "depth_info"):
            self.publishers[role].publish(self.info(**changes))

    def tick(self, step_ns: int = 50_000_000) -> int:
        """The stamp of the next frame."""
        self.stamp_ns += step_ns
        return self.stamp_ns

    def send(self, stamp_ns: int | None = None, **parts: Any) -> int:
        """Send a colour and a depth image, each a message or pixels, or None for none of it."""
        stamp_ns = self.tick() if stamp_ns is None else stamp_ns
        color, depth = parts.get("color", shade()), parts.get("depth", wall())
        if isinstance(color, np.ndarray):
            color = image(color, "rgb8", stamp_ns, self.color_frame)
        if isinstance(depth, np.ndarray):
            depth = image(depth, "32FC1", stamp_ns, self.frame)
        for role, message in (("color", color), ("depth", depth)):
            if message is not None:
                self.publishers[role].publish(message)
        self._robot.spin(0.02)
        return stamp_ns


class Robot(Node):
    """The other side of the topics and services. Callbacks run while it spins or waits."""

    def __init__(self, context: rclpy.Context):
        super().__init__("robot", context=context)
        self._executor = SingleThreadedExecutor(context=context)
        self._executor.add_node(self)
        self._tf = self.create_publisher(TFMessage, "/tf", 100)
        static = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._tf_static = self.create_publisher(TFMessage, "/tf_static", static)
        self._statics: dict[str, TransformStamped] = {}
        self._callers: dict[str, Any] = {}
        self.status: dict[str, dict[str, str]] = {}
        """Newest /diagnostics by the name of the status."""
        self.reports = 0
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        self.reports += 1
        for status in message.status:
            self.status[status.name] = {v.key: v.value for v in status.values}

    def spin(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._executor.spin_once(timeout_sec=left)

    def wait(self, reached: Callable[[], Any], what: str = "", timeout_s: float = WAIT_S) -> Any:
        """Spin until `reached` returns something true, which is returned."""
        end = time.monotonic() + timeout_s
        while not (result := reached()):
            assert time.monotonic() < end, f"waited in vain for {what or reached}: {self.status}"
            self._executor.spin_once(timeout_sec=0.05)
        return result

    def camera(
        self,
        name: str,
        place: tuple[float, float, float] | None = (0.0, 0.0, 1.0),
        color_frame: str = "",
        **options: Any,
    ) -> Camera:
        """A camera that looks along x of the map from a place; None: TF does not know it yet."""
        frame = name.strip("/") + "_frame"
        camera = Camera(self, name, frame, color_frame or frame, **options)
        if place is not None:
            self.transform("map", frame, 0, place, FORWARD, static=True)
        return camera

    def connect(self, *cameras: Camera, infos: bool = True) -> None:
        """Wait until the node hears these cameras and knows where and what they are."""
        self.wait(lambda: all(c.connected() for c in cameras), "subscriptions", START_S)
        self.wait(lambda: self._tf.get_subscription_count(), "TF listeners")
        if infos:
            self.inform(*cameras)
        else:
            self.spin(0.3)  # the node must have found the publishers as well

    def inform(self, *cameras: Camera) -> None:
        """Tell the node what these cameras are, until it reports that it has heard.

        A publisher finds a node before the node finds the publisher, and what is sent in between
        is lost.
        """
        before = {camera.name: self._infos_heard(camera) for camera in cameras}
        deaf = list(cameras)
        end = time.monotonic() + WAIT_S
        while deaf:
            assert time.monotonic() < end, f"nobody hears the CameraInfo of {deaf}: {self.status}"
            for camera in deaf:
                camera.send_info()
            self.spin(0.1)
            deaf = [c for c in deaf if self._infos_heard(c) <= before[c.name]]

    def _infos_heard(self, camera: Camera) -> int:
        """How many of each kind all nodes together say they have received."""
        heard = [values for name, values in self.status.items()
                 if name.endswith(f": camera {camera.name}")]  # fmt: skip
        roles = ("received.color_info", "received.depth_info")
        return min(sum(int(values.get(role, 0)) for values in heard) for role in roles)

    def transform(
        self,
        parent: str,
        child: str,
        stamp_ns: int,
        place: tuple[float, ...] = (0.0, 0.0, 1.0),
        quaternion: tuple[float, ...] = FORWARD,
        static: bool = False,
    ) -> None:
        item = TransformStamped(child_frame_id=child)
        item.header = Header(stamp=stamp(stamp_ns), frame_id=parent)
        t, q = item.transform.translation, item.transform.rotation
        (t.x, t.y, t.z), (q.x, q.y, q.z, q.w) = place, quaternion
        if static:
            self._statics[child] = item
            self._tf_static.publish(TFMessage(transforms=list(self._statics.values())))
        else:
            self._tf.publish(TFMessage(transforms=[item]))

    def request(self, node: NodeProcess | str, kind: Any, name: str, /, **fields: Any) -> Any:
        """Send a request; returns a future."""
        path = f"{node if isinstance(node, str) else node.name}/{name}"
        if path not in self._callers:
            self._callers[path] = self.create_client(kind, path)
        client = self._callers[path]
        self.wait(client.service_is_ready, path, START_S)
        return client.call_async(kind.Request(**fields))

    def call(self, node: NodeProcess | str, kind: Any, name: str, /, **fields: Any) -> Any:
        """The reply to a request."""
        future = self.request(node, kind, name, **fields)
        return self.wait(lambda: future.result() if future.done() else None, name)

    def look_up(self, node: NodeProcess, *points: tuple[float, float, float]) -> Any:
        """What the node knows about some points."""
        wanted = [Point(x=x, y=y, z=z) for x, y, z in points]
        reply = self.call(node, QueryPoints, "query_points", points=wanted)
        assert reply.success, reply.message
        return reply

    def counts(self, node: NodeProcess, camera: Camera, **expected: int) -> dict[str, int]:
        """The camera's counters, once the expected ones are reached; checks the balances."""
        title = f"{node.name.lstrip('/')}: camera {camera.name}"
        before = self.reports

        def reached() -> dict[str, int] | None:
            values = {k: int(v) for k, v in self.status.get(title, {}).items() if v.isdigit()}
            fits = all(values.get(key, 0) == count for key, count in expected.items())
            return values if values and self.reports > before and fits else None

        values = self.wait(reached, f"{expected} of {title}")
        images = values.get("received.color", 0) + values.get("received.depth", 0)
        assert (
            images
            == 2 * values["pairs"] + total(values, "images_dropped") + values["waiting_for_partner"]
        )
        assert values["pairs"] == (
            values["integrated"] + total(values, "frames_dropped") + values["waiting_for_pose"]
        )
        return values


def total(values: dict[str, int], group: str) -> int:
    return sum(count for key, count in values.items() if key.startswith(f"{group}."))


class MapReader:
    """Follows a map topic to the letter of VoxelMap.msg."""

    def __init__(self, robot: Robot, node: NodeProcess):
        self._robot = robot
        self.blocks: dict[tuple[int, ...], np.ndarray] = {}
        self.map_id = ""
        self.in_step = False
        self.sequences: list[int] = []
        self.kinds: list[int] = []
        self._next_chunk = 0
        qos = QoSProfile(depth=64, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._subscription = robot.create_subscription(
            VoxelMap, f"{node.name}/map", self._on_message, qos
        )

    def close(self) -> None:
        self._robot.destroy_subscription(self._subscription)

    def _on_message(self, message: VoxelMap) -> None:
        gap = bool(self.sequences) and message.sequence != self.sequences[-1] + 1
        if gap or message.map_id != self.map_id:
            self.in_step, self._next_chunk = False, 0
        self.sequences.append(message.sequence)
        self.kinds.append(message.kind)
        self.map_id = message.map_id
        if message.kind == VoxelMap.SNAPSHOT:
            if message.chunk == 0:
                self.blocks, self._next_chunk = {}, 0
            if message.chunk != self._next_chunk:
                return
            self._next_chunk += 1
            self.in_step = self._next_chunk == message.chunks
        elif not self.in_step:
            return
        self.blocks.update(blocks_of(message))
        for index in np.array(message.removed_index).reshape(-1, 3).tolist():
            self.blocks.pop(tuple(index), None)

    def states(self) -> dict[tuple[int, ...], bytes]:
        return states(self.blocks)


def blocks_of(message: VoxelMap) -> dict[tuple[int, ...], np.ndarray]:
    """Occupancy codes (z, y, x) of each block in a message."""
    size = message.block_size**3
    codes, place = np.frombuffer(message.occupancy, np.uint8), 0
    blocks = {}
    index = np.array(message.block_index).reshape(-1, 3).tolist()
    for key, uniform in zip(index, message.block_uniform, strict=True):
        if uniform:
            flat = np.full(size, uniform, np.uint8)
        else:
            flat, place = codes[place : place + size], place + size
        blocks[tuple(key)] = flat.reshape((message.block_size,) * 3)
    assert place == len(codes) and len(message.color) == 3 * place
    return blocks


def states(blocks: dict[tuple[int, ...], np.ndarray]) -> dict[tuple[int, ...], bytes]:
    """0 unobserved, 1 free, 2 occupied: what is the same in every copy of a map."""
    known = {k: (v > 0).astype(np.uint8) + (v >= 128) for k, v in blocks.items() if v.any()}
    return {key: value.tobytes() for key, value in known.items()}
