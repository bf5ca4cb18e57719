"""The services of the map: what is where, pictures of it, saving and loading."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from numpy import ndarray
from rclpy.node import Node

from nesf_ros import action
from nesf_ros.errors import QueryError
from nesf_ros.msg import VoxelMap
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.ros.convert import (
    grid_message,
    map_message,
    points_to_array,
    pose_to_matrix,
    to_array,
)
from nesf_ros.ros.serving import REPLY_BYTES, Serving
from nesf_ros.ros.views import about_unknown, camera_of, check_size, fill_view
from nesf_ros.srv import GetMap, LoadMap, Pause, QueryPoints, RenderView, Reset, SaveMap
from nesf_ros.types import Box, Intrinsics, Progress, View, Wanted, within
from nesf_ros.voxels.updates import BYTES_PER_SENT_BLOCK, dense_codes, encode

DEFAULT_RANGE_M = 20.0
PATIENCE = 0.8
"""Of a request's time, for a picture of the scene field."""
BYTES_PER_POINT = 1 + 4 + 3 + 4 + 1 + 1 + 3
"""Of state, probability, colour, distance, label, confidence, feature colour."""


class MapServices(Serving):
    """Everything about the map but language.

    The `actions` "pause" and "reset" belong to the node, which knows about cameras.
    """

    def __init__(self, node: Node, map_frame: str, actions: dict[str, Callable[..., None]]):
        super().__init__(node, map_frame)
        self._actions = actions
        self.offer("get_map", GetMap, self._get_map)
        self.offer_twins("query_points", (QueryPoints, action.QueryPoints), self._query_points)
        self.offer_twins(
            "render_view", (RenderView, action.RenderView), self._render_view, self._draw
        )
        self.offer("save_map", SaveMap, self._save_map)
        self.offer("load_map", LoadMap, self._load_map)
        self.offer("reset", Reset, self._reset)
        self.offer("pause", Pause, self._pause)

    def _get_map(
        self, mapper: SemanticMapper, request: GetMap.Request, response: GetMap.Response
    ) -> None:
        box, voxel_map = self.box(request.region), mapper.map
        size = voxel_map.config.voxel_size_m
        if request.form == GetMap.Request.DENSE:
            if box is None:
                raise QueryError("a dense grid needs a region")
            _check_dense(box, size, mapper.config.query.max_voxels)
            codes, corner = dense_codes(voxel_map, box)
            response.grid = grid_message(codes, corner, size, self.header(voxel_map))
            return
        if request.form != GetMap.Request.BLOCKS:
            raise QueryError(f"form {request.form}; 0 asks for blocks, 1 for a dense grid")
        encoded = encode(voxel_map, voxel_map.block_index(box), mapper.layer)
        listed = int((encoded.row >= 0).sum())
        if listed * BYTES_PER_SENT_BLOCK > REPLY_BYTES:
            raise QueryError(
                f"{listed} blocks take {listed * BYTES_PER_SENT_BLOCK / 2**20:.0f} MiB, one reply "
                f"at most {REPLY_BYTES / 2**20:.0f}; give a smaller region, or subscribe to ~/map"
            )
        update = encoded.pick(encoded.digest != 0)
        response.map = map_message(update, size, self.header(voxel_map))
        response.map.kind, response.map.chunks = VoxelMap.SNAPSHOT, 1
        response.map.map_id, response.map.map_sequence = voxel_map.map_id, voxel_map.revision

    def _query_points(
        self,
        mapper: SemanticMapper,
        request: QueryPoints.Request,
        response: QueryPoints.Response,
        progress: Progress,
    ) -> None:
        size = len(request.points) * (BYTES_PER_POINT + 4 * len(request.texts))
        if size > REPLY_BYTES:
            raise QueryError(
                f"{len(request.points)} points and {len(request.texts)} texts take "
                f"{size / 2**20:.0f} MiB, one reply at most {REPLY_BYTES / 2**20:.0f}; ask in parts"
            )
        progress("looking up the points", 0.0)
        points = points_to_array(request.points)
        map_T_points = self.map_T(request.frame_id)
        points = points @ map_T_points[:3, :3].T + map_T_points[:3, 3]
        answers = mapper.query_points(points, self.box(request.region))
        response.state = to_array(answers.state)
        response.probability = to_array(answers.probability)
        response.color = to_array(answers.color)
        response.distance = to_array(answers.distance_m)
        labelled = _labelled(mapper)
        if labelled or request.texts or request.features:
            wanted = Wanted(request.texts, request.negatives, request.features)
            words = mapper.describe(points, wanted, within(progress, 0.3, 1.0))
            response.message = about_unknown(words.unknown)
            response.relevancy = to_array(words.relevancy)
            if words.features is not None:
                response.feature_color = to_array(words.features)
            if labelled:
                response.label, response.confidence = map(to_array, (words.label, words.confidence))
                response.label_names = list(words.label_names)

    def _draw(
        self, mapper: SemanticMapper, request: RenderView.Request, progress: Progress
    ) -> _Drawn:
        """What the scene field shows, and from where; frames do not wait for it."""
        pose = self.map_T(request.frame_id) @ pose_to_matrix(request.pose)
        reach = request.max_range or DEFAULT_RANGE_M
        if not 0 < reach < np.inf:
            raise QueryError(f"max_range {reach} m; it must be positive, or 0 for the default")
        camera, box = camera_of(request), self.box(request.region)
        check_size(camera, request, _labelled(mapper))
        patience = _Patience(PATIENCE * self._limit_s(request, mapper), progress)
        try:
            view = mapper.draw(camera, pose, reach, patience) if box is None else None
        except _TooSlow as error:
            return _Drawn(camera, pose, reach, box, None, str(error))
        return _Drawn(camera, pose, reach, box, view)

    def _render_view(
        self,
        mapper: SemanticMapper,
        request: RenderView.Request,
        response: RenderView.Response,
        progress: Progress,
        drawn: _Drawn,
    ) -> None:
        progress("casting rays", 0.0)
        wanted = Wanted(request.texts, request.negatives, request.features)
        words = within(progress, 0.3, 0.8)
        where = drawn.camera, drawn.pose, drawn.reach_m, drawn.box
        view = mapper.render_view(*where, wanted, words, drawn.view, by_field=False)
        progress("packing the pictures", 0.8)
        fill_view(response, view, self.header(mapper.map))
        response.message = "; ".join(filter(None, (drawn.note, response.message)))

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


@dataclass(frozen=True)
class _Drawn:
    """What is asked to be seen, and what the scene field shows of it; None: less than voxels."""

    camera: Intrinsics
    pose: Float64[ndarray, "4 4"]
    reach_m: float
    box: Box | None
    view: View | None
    note: str = ""
    """What to know about the picture."""


class _TooSlow(Exception):
    """A picture of the field would come too late."""


class _Patience:
    """Hears how far a picture is, and raises `_TooSlow` where it would take too long."""

    def __init__(self, limit_s: float, progress: Progress):
        self._limit_s, self._progress, self._start_s = limit_s, progress, time.monotonic()

    def __call__(self, stage: str, share: float) -> None:
        self._progress(stage, share)
        whole_s = (time.monotonic() - self._start_s) / share
        if whole_s > self._limit_s:
            raise _TooSlow(
                f"drawn by the voxels: the scene field takes some {whole_s:.0f} s for this "
                "picture; ask for a smaller one, or give a longer deadline_s"
            )


def _labelled(mapper: SemanticMapper) -> bool:
    return mapper.language is not None and mapper.language.labels is not None


def _check_dense(box: Box, size: float, max_voxels: int) -> None:
    voxels = float(np.prod((np.array(box.upper) - box.lower) / size + 1))
    limit = min(max_voxels, REPLY_BYTES)
    if voxels > limit:
        raise QueryError(f"the region has {voxels:.3g} voxels; {limit} are allowed")
