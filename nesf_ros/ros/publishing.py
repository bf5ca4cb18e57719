"""The map on its topics: only what somebody listens to, and only when it has changed."""

from __future__ import annotations

import threading
from array import array

import numpy as np
from geometry_msgs.msg import Point
from nav_msgs.msg import OccupancyGrid
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from nesf_ros.config import PublishConfig
from nesf_ros.msg import VoxelMap as VoxelMapMessage
from nesf_ros.ros.cloud import create_cloud
from nesf_ros.ros.convert import map_message, ns_to_stamp
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.updates import BlockUpdate, UpdateStream
from nesf_ros.voxels.views import occupancy_slice, occupied_voxels

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
MAP_DEPTH = 64
"""Map messages kept for readers that are slower than we are."""


class MapPublisher:
    """Publishes one map. `publish` runs in the worker, the matching callbacks elsewhere."""

    def __init__(self, node: Node, voxel_map: VoxelMap, map_frame: str, config: PublishConfig):
        self._config = config
        self._map, self._frame = voxel_map, map_frame
        self.stream = UpdateStream(voxel_map, int(config.chunk_mib * 2**20))
        self.sequence = 0
        """Number of the last VoxelMap message."""
        self._newcomer = threading.Event()
        joined = PublisherEventCallbacks(matched=self._on_matched)
        qos = QoSProfile(depth=MAP_DEPTH, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._blocks = node.create_publisher(VoxelMapMessage, "~/map", qos, event_callbacks=joined)
        self._points = node.create_publisher(PointCloud2, "~/points", LATCHED)
        self._markers = node.create_publisher(MarkerArray, "~/markers", LATCHED)
        self._slice = node.create_publisher(OccupancyGrid, "~/slice", LATCHED)
        self._shown: dict[Publisher, int] = {}

    def _on_matched(self, event) -> None:
        if event.current_count_change > 0:
            self._newcomer.set()

    def close(self, node: Node) -> None:
        """Take the topics down."""
        for publisher in (self._blocks, self._points, self._markers, self._slice):
            node.destroy_publisher(publisher)

    def apply(self, config: PublishConfig) -> None:
        """Take over changed settings; what they shape is shown anew."""
        self._config, self._shown = config, {}

    def publish(self) -> None:
        """Bring every topic that has listeners up to date."""
        self._publish_blocks()
        views = ((self._points, self._cloud), (self._markers, self._cubes),
                 (self._slice, self._grid))  # fmt: skip
        occupied: tuple = ()
        for publisher, make in views:
            stale = self._shown.get(publisher) != self._map.revision
            if stale and publisher.get_subscription_count():
                if not occupied and make != self._grid:
                    occupied = occupied_voxels(self._map)
                publisher.publish(make(occupied))
                self._shown[publisher] = self._map.revision

    def header(self) -> Header:
        """Header of everything that is said about the present map."""
        return Header(stamp=ns_to_stamp(self._map.stamp_ns), frame_id=self._frame)

    def _publish_blocks(self) -> None:
        if not self._blocks.get_subscription_count():
            return
        if self._newcomer.is_set() or self.stream.replaced:
            self._newcomer.clear()
            updates = self.stream.snapshot()
            for chunk, update in enumerate(updates):
                self._send(update, VoxelMapMessage.SNAPSHOT, (chunk, len(updates)))
        elif self.stream.pending:
            for update in self.stream.delta():
                self._send(update, VoxelMapMessage.DELTA, (0, 1))

    def _send(self, update: BlockUpdate, kind: int, place: tuple[int, int]) -> None:
        self.sequence += 1
        message = map_message(update, self._map.config.voxel_size_m, self.header())
        message.kind, message.sequence = kind, self.sequence
        message.map_id, message.map_sequence = self._map.map_id, self._map.revision
        message.chunk, message.chunks = place
        self._blocks.publish(message)

    def _cloud(self, occupied: tuple) -> PointCloud2:
        return create_cloud(self.header(), *occupied)

    def _cubes(self, occupied: tuple) -> MarkerArray:
        points, colors, _ = occupied
        marker = Marker(header=self.header(), ns="occupied", type=Marker.CUBE_LIST)
        marker.pose.orientation.w = 1.0
        size = float(self._map.config.voxel_size_m)
        marker.scale.x = marker.scale.y = marker.scale.z = size
        limit = self._config.marker_limit
        if len(points) > limit:
            # An even choice, the same each time while the map stands still.
            chosen = np.random.default_rng(0).permutation(len(points))[:limit]
            points, colors = points[chosen], colors[chosen]
        marker.points = [Point(x=x, y=y, z=z) for x, y, z in points.tolist()]
        marker.colors = [ColorRGBA(r=r, g=g, b=b, a=1.0) for r, g, b in (colors / 255.0).tolist()]
        marker.action = Marker.ADD if len(points) else Marker.DELETE
        return MarkerArray(markers=[marker])

    def _grid(self, _: object) -> OccupancyGrid:
        low, high = self._config.slice_min_m, self._config.slice_max_m
        cells, (x, y) = occupancy_slice(self._map, low, high)
        out = OccupancyGrid(header=self.header())
        out.info.map_load_time = out.header.stamp
        out.info.resolution = self._map.config.voxel_size_m
        out.info.height, out.info.width = cells.shape
        out.info.origin.position.x, out.info.origin.position.y = x, y
        out.info.origin.position.z, out.info.origin.orientation.w = low, 1.0
        out.data = array("b", cells.tobytes())
        return out
