"""What a planner asks of a map, and what it makes of the answers: the heart of `nesf-ros demo`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from nesf_ros.cli.pictures import OVERSAMPLING, long_lens, looking, portrait, slice_picture
from nesf_ros.errors import MapError
from nesf_ros.ros.map_client import DenseMap, MapClient
from nesf_ros.ros.map_replica import OCCUPIED_FROM
from nesf_ros.types import FREE, OCCUPIED, UNOBSERVED, Box

MAP_NAME = "map"
DIRECTIONS = 16
AHEAD_M, BEHIND_M = 0.4, 0.3
MAX_REACH_M = 5.0
CUT_SHARE = 0.72
"""Views from outside show the room up to this share of its height, without the ceiling."""
VIEW_PIXELS = 700 * 525


@dataclass(frozen=True)
class Extent:
    """Where the map's occupied voxels are; stray ones left out."""

    box: Box

    @classmethod
    def of(cls, points: Float64[ndarray, "n 3"], voxel_size_m: float) -> Extent:
        """Around nearly all points. MapError if there is none."""
        if not len(points):
            raise MapError("the map holds no surface; see the log of the perception node")
        lower, upper = np.percentile(points, (0.3, 99.7), axis=0)
        margin = 1.5 * voxel_size_m
        return cls(Box(tuple((lower - margin).tolist()), tuple((upper + margin).tolist())))

    @property
    def height_m(self) -> float:
        """From the lowest to the highest surface."""
        return self.box.upper[2] - self.box.lower[2]

    def without_ceiling(self) -> Box:
        """The lower part of it."""
        top = self.box.lower[2] + CUT_SHARE * self.height_m
        return Box(self.box.lower, (*self.box.upper[:2], top))

    def slice_limits(self) -> tuple[float, float]:
        """Heights between which a robot would bump into things: off the floor, below lintels."""
        return self.box.lower[2] + 0.1 * self.height_m, self.box.lower[2] + 0.6 * self.height_m


def nearest_obstacles(
    dense: DenseMap, start_map: Float64[ndarray, " 3"]
) -> tuple[Float64[ndarray, "n 3"], Float64[ndarray, "n 3"]]:
    """First occupied voxel in each of `DIRECTIONS` level directions, and a point behind each."""
    angles = np.arange(DIRECTIONS) * 2 * np.pi / DIRECTIONS
    ways = np.stack([np.cos(angles), np.sin(angles), np.zeros(DIRECTIONS)], 1)
    steps = np.arange(0, MAX_REACH_M, dense.voxel_size_m / 2)
    hits, behind = [], []
    for way in ways:
        points = start_map + steps[:, None] * way
        voxel = np.floor((points - dense.origin) / dense.voxel_size_m).astype(int)
        inside = ((voxel >= 0) & (voxel < dense.codes.shape)).all(1)
        blocked = np.zeros(len(steps), bool)
        blocked[inside] = dense.codes[tuple(voxel[inside].T)] >= OCCUPIED_FROM
        if blocked.any():
            first = int(blocked.argmax())
            centre = (voxel[first] + 0.5) * dense.voxel_size_m + dense.origin
            hits.append(centre)
            behind.append(centre + BEHIND_M * way)
    return np.array(hits).reshape(-1, 3), np.array(behind).reshape(-1, 3)


def ask_about_points(
    client: MapClient, dense: DenseMap, poses: Float64[ndarray, "n 4 4"]
) -> dict[str, dict[str, float]]:
    """State and clearance of places ahead of the robot, of obstacles, and of what they hide."""
    ahead = poses[:, :3, 3] + AHEAD_M * poses[:, :3, 2]
    hits, behind = nearest_obstacles(dense, poses[-1, :3, 3])
    groups = {"40 cm ahead of the robot": ahead, "nearest obstacles": hits,
              "30 cm behind them": behind}  # fmt: skip
    report = {}
    for name, points in groups.items():
        answers = client.query_points(points)
        report[name] = {
            "points": len(points),
            "free": int((answers.state == FREE).sum()),
            "occupied": int((answers.state == OCCUPIED).sum()),
            "unobserved": int((answers.state == UNOBSERVED).sum()),
            "nearest_surface_m": round(float(answers.distance_m.min(initial=np.inf)), 3),
        }
    return report


def viewing_azimuth(poses: Float64[ndarray, "n 4 4"]) -> float:
    """Direction to look in from outside: that of the cameras; where they looked all around, 40°."""
    mean = poses[:, :2, 2].mean(0)
    if np.linalg.norm(mean) < 0.35:
        return float(np.deg2rad(40.0))
    return float(np.arctan2(mean[1], mean[0]))


def take_pictures(client: MapClient, extent: Extent, azimuth_rad: float) -> dict[str, ndarray]:
    """The map from above and in perspective, rendered by the node, without the ceiling."""
    region = extent.without_ceiling()
    across_m, along_m = (region.upper[axis] - region.lower[axis] for axis in (0, 1))
    shots = {  # direction, elevation, angle of view, width over height
        "map_top.png": (np.pi / 2, 89.9, 25.0, float(np.clip(across_m / along_m, 0.6, 1.7))),
        "map_perspective.png": (azimuth_rad, 42.0, 40.0, 4 / 3),
    }
    pictures = {}
    for name, (azimuth, elevation_deg, view_deg, aspect) in shots.items():
        height = OVERSAMPLING * (VIEW_PIXELS / aspect) ** 0.5
        camera = long_lens(int(height * aspect), int(height), np.deg2rad(view_deg))
        pose = looking(azimuth, np.deg2rad(elevation_deg), region, camera)
        reach_m = float(np.linalg.norm(pose[:3, 3] - region.lower) + 20.0)
        pictures[name] = portrait(client.render_view(camera, pose, reach_m, region), pose)
    return pictures


def slice_of(client: MapClient, extent: Extent) -> ndarray:
    """The node's occupancy grid, between heights that fit this map, as a picture."""
    low_m, high_m = extent.slice_limits()
    client.set_parameters({"publish.slice_min_m": low_m, "publish.slice_max_m": high_m})
    grid = client.occupancy_grid()
    cells = np.array(grid.data, np.int8).reshape(grid.info.height, grid.info.width)
    return slice_picture(cells)


def save_and_load(client: MapClient, box: Box, dense: DenseMap) -> dict[str, Any]:
    """Save, forget, load again; how much of the loaded map says the same as before."""
    path, size = client.save_map(MAP_NAME)
    client.reset()
    forgotten = client.dense(box).counts
    client.load_map(MAP_NAME)
    loaded = client.dense(box)
    same = _states(loaded.codes) == _states(dense.codes)
    return {
        "path": path,
        "bytes": size,
        "known_after_reset": forgotten["free"] + forgotten["occupied"],
        "same_after_load": round(float(same.mean()), 6),
    }


def _states(codes: ndarray) -> ndarray:
    return (codes > 0).astype(np.uint8) + (codes >= OCCUPIED_FROM)


def size_text(dense: DenseMap) -> str:
    """What get_map answered."""
    size_m = " x ".join(f"{n * dense.voxel_size_m:.1f}" for n in dense.codes.shape)
    counts = ", ".join(f"{count} {state}" for state, count in dense.counts.items())
    return f"  get_map        {size_m} m of {dense.voxel_size_m * 100:g} cm voxels: {counts}"


def points_text(report: dict[str, dict[str, float]]) -> str:
    """What query_points answered."""
    lines = []
    for name, found in report.items():
        states = [f"{found[s]} {s}" for s in ("free", "occupied", "unobserved") if found[s]]
        line = f"  query_points   {name}: {', '.join(states) or 'none'} of {found['points']}"
        if found["free"]:
            line += f", nearest surface {found['nearest_surface_m']:.2f} m away"
        lines.append(line)
    return "\n".join(lines)


def saved_text(saved: dict[str, Any]) -> str:
    """What save_map, reset and load_map did."""
    return (
        f"  save_map       {saved['path']}, {saved['bytes'] / 2**20:.1f} MiB\n"
        f"  reset          {saved['known_after_reset']} voxels known\n"
        f"  load_map       {100 * saved['same_after_load']:.3f} % of all voxels as before"
    )
