"""The node's services: each request becomes one piece of work for the worker, with a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float64
from numpy import ndarray
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Header

from nesf_ros.errors import NesfError, QueryError
from nesf_ros.msg import Region, VoxelMap
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.ros.convert import (
    box_of,
    grid_message,
    image_message,
    map_message,
    ns_to_stamp,
    points_to_array,
    pose_to_matrix,
    to_array,
)
from nesf_ros.ros.tf import Transforms
from nesf_ros.ros.worker import Worker
from nesf_ros.srv import GetMap, LoadMap, Pause, QueryPoints, RenderView, Reset, SaveMap
from nesf_ros.types import Box, Intrinsics
from nesf_ros.voxels.updates import BYTES_PER_SENT_BLOCK, dense_codes, encode

REPLY_BYTES = 28 * 2**20
"""Largest content of one reply; the shipped transport profile carries 32 MiB."""
BYTES_PER_PIXEL = 3 + 4 + 12
"""Of a rendered view: colour, depth, normals."""
MAX_DEADLINE_S = 3600.0
DEFAULT_SIZE = (640, 480)
DEFAULT_VIEW_RAD = np.deg2rad(70.0)
DEFAULT_RANGE_M = 20.0


class MapServices:
    """Serves one mapper. Requests are queued, worked off by the worker, and answered in time.

    The `actions` "pause" and "reset" belong to the node, which knows about cameras.
    """

    def __init__(
        self,
        node: Node,
        mapper: SemanticMapper,
        worker: Worker,
        map_frame: str,
        actions: dict[str, Callable[..., None]],
    ):
        self._node, self._mapper, self._worker = node, mapper, worker
        self._map_frame, self._actions = map_frame, actions
        self.transforms: Transforms | None = None
        """Set while the node is active; without it only the map frame is understood."""
        kinds = {
            "get_map": (GetMap, self._get_map),
            "query_points": (QueryPoints, self._query_points),
            "render_view": (RenderView, self._render_view),
            "save_map": (SaveMap, self._save_map),
            "load_map": (LoadMap, self._load_map),
            "reset": (Reset, self._reset),
            "pause": (Pause, self._pause),
        }
        # A group of their own: a request that waits for the worker must not hold up images and TF.
        group = ReentrantCallbackGroup()
        self._services = [
            node.create_service(kind, f"~/{name}", self._handler(work), callback_group=group)
            for name, (kind, work) in kinds.items()
        ]
        self._unanswered = 0
        self._closing = False

    def close(self) -> None:
        """Take the services down, once the requests that came before have their answers."""
        self._closing = True
        if not self._unanswered:
            self._destroy()

    def _destroy(self) -> None:
        for service in self._services:
            self._node.destroy_service(service)

    def _handler(self, work: Callable[[Any, Any], None]) -> Callable:
        async def handle(request: Any, response: Any) -> Any:
            self._unanswered += 1
            error = await self._answered(work, request, response)
            if error is not None:
                response = type(response)()  # nothing half-filled
                response.message = str(error)
                self._sign(response)
            response.success = error is None
            self._unanswered -= 1
            if self._closing and not self._unanswered:
                self._node.executor.create_task(self._destroy)  # this answer leaves before that
            return response

        return handle

    def _sign(self, response: Any) -> None:
        response.map_sequence = self._mapper.map.revision
        response.stamp = ns_to_stamp(self._mapper.map.stamp_ns)

    def _answered(self, work: Callable[[Any, Any], None], request: Any, response: Any) -> Future:
        """A future that holds None once `response` is filled in, or the error in its place."""
        limit_s = request.deadline_s or self._mapper.config.query.deadline_s
        if not 0 < limit_s <= MAX_DEADLINE_S:
            answer = Future(executor=self._node.executor)
            answer.set_result(
                QueryError(
                    f"deadline_s is {limit_s:g}; it must lie in (0, {MAX_DEADLINE_S:g}], or be 0 "
                    "for the query.deadline_s parameter"
                )
            )
            return answer

        def fill() -> None:
            work(request, response)
            self._sign(response)  # here, where no frame can come between

        return self._finished(fill, limit_s)

    def _finished(self, work: Callable[[], None], limit_s: float) -> Future:
        """A future that holds None once the work is done, or the error that stopped it."""
        answer = Future(executor=self._node.executor)
        start, lock = time.monotonic(), threading.Lock()

        def settle(error: Exception | None) -> None:
            with lock:
                if not answer.done():
                    answer.set_result(error)
            if self._node.executor is not None:
                self._node.executor.wake()

        def late() -> QueryError:
            return QueryError(f"not answered within {limit_s:g} s; the map is busy or too large")

        def run() -> None:
            if time.monotonic() - start > limit_s:
                raise late()
            work()

        timer = threading.Timer(limit_s, lambda: settle(late()))
        timer.daemon = True
        timer.start()

        def done(future) -> None:
            timer.cancel()
            error = future.exception()
            if error is not None and not isinstance(error, NesfError):
                self._node.get_logger().error(f"a service failed: {error!r}")
            settle(error)

        self._worker.call(run).add_done_callback(done)
        return answer

    def _map_T(self, frame: str) -> Float64[ndarray, "4 4"]:
        """Newest pose of a frame in the map; TransformError if TF does not know it."""
        if frame in ("", self._map_frame):
            return np.eye(4)
        transforms = self.transforms
        if transforms is None:
            raise QueryError(f"frame {frame!r}: the node is not active and follows no TF")
        return transforms.latest(self._map_frame, frame)

    def _box(self, region: Region) -> Box | None:
        return box_of(region, self._map_T(region.frame_id))

    def _header(self) -> Header:
        voxel_map = self._mapper.map
        return Header(stamp=ns_to_stamp(voxel_map.stamp_ns), frame_id=self._map_frame)

    def _get_map(self, request: GetMap.Request, response: GetMap.Response) -> None:
        box, voxel_map = self._box(request.region), self._mapper.map
        size = voxel_map.config.voxel_size_m
        if request.form == GetMap.Request.DENSE:
            if box is None:
                raise QueryError("a dense grid needs a region")
            self._check_dense(box, size)
            codes, corner = dense_codes(voxel_map, box)
            response.grid = grid_message(codes, corner, size, self._header())
            return
        if request.form != GetMap.Request.BLOCKS:
            raise QueryError(f"form {request.form}; 0 asks for blocks, 1 for a dense grid")
        encoded = encode(voxel_map, voxel_map.block_index(box))
        listed = int((encoded.row >= 0).sum())
        if listed * BYTES_PER_SENT_BLOCK > REPLY_BYTES:
            raise QueryError(
                f"{listed} blocks take {listed * BYTES_PER_SENT_BLOCK / 2**20:.0f} MiB, one reply "
                f"at most {REPLY_BYTES / 2**20:.0f}; give a smaller region, or subscribe to ~/map"
            )
        update = encoded.pick(encoded.digest != 0)
        response.map = map_message(update, size, self._header())
        response.map.kind, response.map.chunks = VoxelMap.SNAPSHOT, 1
        response.map.map_id, response.map.map_sequence = voxel_map.map_id, voxel_map.revision

    def _check_dense(self, box: Box, size: float) -> None:
        voxels = float(np.prod((np.array(box.upper) - box.lower) / size + 1))
        limit = min(self._mapper.config.query.max_voxels, REPLY_BYTES)
        if voxels > limit:
            raise QueryError(f"the region has {voxels:.3g} voxels; {limit} are allowed")

    def _query_points(self, request: QueryPoints.Request, response: QueryPoints.Response) -> None:
        points = points_to_array(request.points)
        map_T_points = self._map_T(request.frame_id)
        points = points @ map_T_points[:3, :3].T + map_T_points[:3, 3]
        answers = self._mapper.query_points(points, self._box(request.region))
        response.state = to_array(answers.state)
        response.probability = to_array(answers.probability)
        response.color = to_array(answers.color)
        response.distance = to_array(answers.distance_m)

    def _render_view(self, request: RenderView.Request, response: RenderView.Response) -> None:
        pose = self._map_T(request.frame_id) @ pose_to_matrix(request.pose)
        reach = request.max_range or DEFAULT_RANGE_M
        if not 0 < reach < np.inf:
            raise QueryError(f"max_range {reach} m; it must be positive, or 0 for the default")
        camera, box = camera_of(request), self._box(request.region)
        if camera.width * camera.height * BYTES_PER_PIXEL > REPLY_BYTES:
            raise QueryError(
                f"{camera.width}x{camera.height} px; one reply holds at most "
                f"{REPLY_BYTES // BYTES_PER_PIXEL} px: ask for a smaller view"
            )
        view = self._mapper.render_view(camera, pose, reach, box)
        header = self._header()
        response.color = image_message(view.color, "rgb8", header)
        response.depth = image_message(view.depth_m, "32FC1", header)
        response.normals = image_message(view.normals_world, "32FC3", header)

    def _save_map(self, request: SaveMap.Request, response: SaveMap.Response) -> None:
        path, size = self._mapper.save(request.name)
        response.path, response.bytes = str(path), size

    def _load_map(self, request: LoadMap.Request, response: LoadMap.Response) -> None:
        self._mapper.load(request.name)

    def _reset(self, request: Reset.Request, response: Reset.Response) -> None:
        self._actions["reset"]()

    def _pause(self, request: Pause.Request, response: Pause.Response) -> None:
        self._actions["pause"](request.paused)


def camera_of(request: RenderView.Request) -> Intrinsics:
    """The camera of a request, zeros replaced by the defaults its comments name."""
    width, height = request.width or DEFAULT_SIZE[0], request.height or DEFAULT_SIZE[1]
    fx = request.fx or width / 2 / float(np.tan(DEFAULT_VIEW_RAD / 2))
    cx, cy = request.cx or (width - 1) / 2, request.cy or (height - 1) / 2
    return Intrinsics(width, height, fx, request.fy or fx, cx, cy)
