"""The node's services: each request becomes one piece of work for the worker, with a deadline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float64
from numpy import ndarray
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Header

from nesf_ros.errors import QueryError
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
from nesf_ros.ros.deadline import at_once, in_time
from nesf_ros.ros.tf import Transforms
from nesf_ros.ros.worker import Worker
from nesf_ros.srv import GetMap, LoadMap, Pause, QueryPoints, RenderView, Reset, SaveMap
from nesf_ros.types import Box, Intrinsics
from nesf_ros.voxels.map import VoxelMap as Map
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
    """Serves one mapper at a time. The worker does the requests, and each is answered in time.

    The services stand as long as the node does: taken down with the mapper, they would take along
    answers that are still on their way. The `actions` "pause" and "reset" belong to the node,
    which knows about cameras.
    """

    def __init__(self, node: Node, map_frame: str, actions: dict[str, Callable[..., None]]):
        self._node = node
        self._map_frame, self._actions = map_frame, actions
        self._serving: tuple[SemanticMapper, Worker] | None = None
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
        for name, (kind, work) in kinds.items():
            node.create_service(kind, f"~/{name}", self._handler(work), callback_group=group)

    def open(self, mapper: SemanticMapper, worker: Worker) -> None:
        """Serve this mapper from now on."""
        self._serving = mapper, worker

    def close(self) -> None:
        """Refuse what comes, and what the worker has not begun."""
        self._serving = None

    def _handler(self, work: Callable[..., None]) -> Callable:
        async def handle(request: Any, response: Any) -> Any:
            error = await self._answered(work, request, response)
            if error is not None:
                response = type(response)()  # nothing half-filled
                response.message = str(error)
                if self._serving is not None:
                    _sign(response, self._serving[0])
            response.success = error is None
            return response

        return handle

    def _answered(self, work: Callable[..., None], request: Any, response: Any) -> Future:
        """A future that holds None once `response` is filled in, or the error in its place."""
        serving = self._serving
        if serving is None:
            return at_once(self._node, QueryError("the node is not configured; it has no map"))
        mapper, worker = serving
        limit_s = request.deadline_s or mapper.config.query.deadline_s
        if not 0 < limit_s <= MAX_DEADLINE_S:
            error = QueryError(
                f"deadline_s is {limit_s:g}; it must lie in (0, {MAX_DEADLINE_S:g}], or be 0 for "
                "the query.deadline_s parameter"
            )
            return at_once(self._node, error)

        def fill() -> None:
            if self._serving is not serving:
                raise QueryError("the node is being shut down")
            work(mapper, request, response)
            _sign(response, mapper)  # here, where no frame can come between

        return in_time(self._node, worker, fill, limit_s)

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

    def _header(self, voxel_map: Map) -> Header:
        return Header(stamp=ns_to_stamp(voxel_map.stamp_ns), frame_id=self._map_frame)

    def _get_map(
        self, mapper: SemanticMapper, request: GetMap.Request, response: GetMap.Response
    ) -> None:
        box, voxel_map = self._box(request.region), mapper.map
        size = voxel_map.config.voxel_size_m
        if request.form == GetMap.Request.DENSE:
            if box is None:
                raise QueryError("a dense grid needs a region")
            _check_dense(box, size, mapper.config.query.max_voxels)
            codes, corner = dense_codes(voxel_map, box)
            response.grid = grid_message(codes, corner, size, self._header(voxel_map))
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
        response.map = map_message(update, size, self._header(voxel_map))
        response.map.kind, response.map.chunks = VoxelMap.SNAPSHOT, 1
        response.map.map_id, response.map.map_sequence = voxel_map.map_id, voxel_map.revision

    def _query_points(
        self, mapper: SemanticMapper, request: QueryPoints.Request, response: QueryPoints.Response
    ) -> None:
        points = points_to_array(request.points)
        map_T_points = self._map_T(request.frame_id)
        points = points @ map_T_points[:3, :3].T + map_T_points[:3, 3]
        answers = mapper.query_points(points, self._box(request.region))
        response.state = to_array(answers.state)
        response.probability = to_array(answers.probability)
        response.color = to_array(answers.color)
        response.distance = to_array(answers.distance_m)

    def _render_view(
        self, mapper: SemanticMapper, request: RenderView.Request, response: RenderView.Response
    ) -> None:
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
        view = mapper.render_view(camera, pose, reach, box)
        header = self._header(mapper.map)
        response.color = image_message(view.color, "rgb8", header)
        response.depth = image_message(view.depth_m, "32FC1", header)
        response.normals = image_message(view.normals_world, "32FC3", header)

    def _save_map(
        self, mapper: SemanticMapper, request: SaveMap.Request, response: SaveMap.Response
    ) -> None:
        path, size = mapper.save(request.name)
        response.path, response.bytes = str(path), size

    def _load_map(
        self, mapper: SemanticMapper, request: LoadMap.Request, response: LoadMap.Response
    ) -> None:
        mapper.load(request.name)

    def _reset(
        self, mapper: SemanticMapper, request: Reset.Request, response: Reset.Response
    ) -> None:
        self._actions["reset"]()

    def _pause(
        self, mapper: SemanticMapper, request: Pause.Request, response: Pause.Response
    ) -> None:
        self._actions["pause"](request.paused)


def camera_of(request: RenderView.Request) -> Intrinsics:
    """The camera of a request, zeros replaced by the defaults its comments name."""
    width, height = request.width or DEFAULT_SIZE[0], request.height or DEFAULT_SIZE[1]
    fx = request.fx or width / 2 / float(np.tan(DEFAULT_VIEW_RAD / 2))
    cx, cy = request.cx or (width - 1) / 2, request.cy or (height - 1) / 2
    return Intrinsics(width, height, fx, request.fy or fx, cx, cy)


def _check_dense(box: Box, size: float, max_voxels: int) -> None:
    voxels = float(np.prod((np.array(box.upper) - box.lower) / size + 1))
    limit = min(max_voxels, REPLY_BYTES)
    if voxels > limit:
        raise QueryError(f"the region has {voxels:.3g} voxels; {limit} are allowed")


def _sign(response: Any, mapper: SemanticMapper) -> None:
    response.map_sequence = mapper.map.revision
    response.stamp = ns_to_stamp(mapper.map.stamp_ns)
