"""A furnished room made of triangles: RGB-D by ray casting, and exact ground truth about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import open3d as o3d
from jaxtyping import Bool, Float32, Float64, Int32, UInt8
from numpy import ndarray

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic import scene, things
from nesf_ros.synthetic.furniture import Thing
from nesf_ros.synthetic.layout import furnish
from nesf_ros.synthetic.lighting import Lamp, Lighting
from nesf_ros.synthetic.renderers.raycast import RayCaster
from nesf_ros.synthetic.shell import HEIGHT_M
from nesf_ros.synthetic.things import Model, Part
from nesf_ros.types import Box, Intrinsics

NOTHING = -1
"""Instance id of a pixel whose ray leaves through the window."""


class Rendering(NamedTuple):
    """What a camera sees."""

    color: UInt8[ndarray, "height width 3"]
    depth_m: Float32[ndarray, "height width"]
    """Exact depth along the optical axis, metres; 0 where the ray meets nothing."""
    instances: Int32[ndarray, "height width"]
    """Index into `Room.names`; NOTHING where the ray meets nothing."""


class Hits(NamedTuple):
    """Where rays first meet a surface."""

    ray_lengths: Float32[ndarray, " n"]
    """In units of the ray's direction; +inf for no hit."""
    triangles: Int32[ndarray, " n"]
    """Index into `Room.triangles`; arbitrary for no hit."""
    barycentric: Float32[ndarray, "n 2"]


class Room:
    """A furnished room of about 4 × 5 × 2.5 m; the same seed gives the same bytes.

    World frame: z up, floor at z = 0, origin in the middle of the floor. Nothing intersects, and
    everything rests on something. The window is an opening: rays through it meet nothing.
    """

    def __init__(
        self,
        seed: int = 0,
        without: Sequence[str] = (),
        moved: Mapping[str, tuple[float, float, float]] | None = None,
    ):
        """Furnish a room; `without` and `moved` change it, for tests of what comes and goes.

        Args:
            seed: layout, sizes and colours.
            without: names of things to leave out, together with all they carry.
            moved: name → shift (m) of a thing and all it carries. That the new place is free is
                the caller's care.

        Raises:
            ConfigError: for a name that is not in the room.
        """
        self.plan, things = furnish(seed)
        things = _changed(things, without, moved or {})
        self.things: tuple[Thing, ...] = tuple(things)
        self.names: tuple[str, ...] = tuple(thing.name for thing in things)
        self._solids = [solid for thing in things for solid in thing.solids]
        counts = [len(solid.corners) for solid in self._solids]
        owners = np.repeat(np.arange(len(things)), [len(thing.solids) for thing in things])
        self._solid_of = np.repeat(np.arange(len(counts)), counts)
        self._instance_of = owners[self._solid_of].astype(np.int32)
        self.triangles: Float64[ndarray, "triangles 3 3"] = np.concatenate(
            [solid.corners for solid in self._solids]
        )
        self._scene = _scene(self.triangles)

    @property
    def interior(self) -> Box:
        """The space between floor, walls and ceiling (without the door and window recesses)."""
        x, y = self.plan.width / 2, self.plan.depth / 2
        return Box((-x, -y, 0.0), (x, y, HEIGHT_M))

    def first_hits(self, rays: Float32[ndarray, "n 6"]) -> Hits:
        """Cast rays (origin, direction), metres, world frame."""
        found = self._scene.cast_rays(o3d.core.Tensor(rays))
        return Hits(
            found["t_hit"].numpy(),
            found["primitive_ids"].numpy().view(np.int32),
            found["primitive_uvs"].numpy(),
        )

    def render(self, intrinsics: Intrinsics, world_T_camera: Float64[ndarray, "4 4"]) -> Rendering:
        """Colour, exact depth and instances seen from a pose of the optical frame."""
        seen = self._renderer.render(intrinsics, world_T_camera)
        return Rendering(seen.color, seen.depth_m, seen.instances)

    @cached_property
    def _renderer(self) -> RayCaster:
        y0, y1 = self.plan.window
        outside = (self.plan.width / 2 + 0.6, (y0 + y1) / 2, 1.9)
        lighting = Lighting((Lamp((0.1, 0.1, 1.95), 0.36), Lamp(outside, 0.40)))
        things = [
            things.Thing(t.name, t.name, Model((Part("", t.solids),), t.solids[0].material))
            for t in self.things
        ]
        return RayCaster(scene.Scene("room", things, lighting, self.interior))

    def occupancy(self, points: Float64[ndarray, "n 3"]) -> Bool[ndarray, " n"]:
        """Whether each point lies inside something solid (furniture, walls, floor, ceiling)."""
        inside = np.zeros(len(points), bool)
        for solid in self._solids:
            left = np.flatnonzero(~inside)
            inside[left] = solid.contains(points[left])
        return inside

    def distance(self, points: Float64[ndarray, "n 3"]) -> Float32[ndarray, " n"]:
        """Distance to the nearest surface, metres, never negative.

        Outside of solids right to 1 mm, mostly to 1 µm: single precision suffers on long thin
        triangles. Inside, the faces between touching solids count as surface.
        """
        return self._scene.compute_distance(o3d.core.Tensor(points.astype(np.float32))).numpy()

    def sample_surface(self, count: int, seed: int = 0) -> Float64[ndarray, "count 3"]:
        """Points spread evenly by area over every surface that borders the room's air.

        Left out are faces between touching solids and the outer faces of the shell.
        """
        rng = np.random.default_rng(seed)
        sides = self.triangles[:, 1:] - self.triangles[:, :1]
        normals = np.cross(sides[:, 0], sides[:, 1])
        doubled_area = np.linalg.norm(normals, axis=1)
        normals /= doubled_area[:, None]
        kept: list[ndarray] = []
        while sum(map(len, kept)) < count:
            chosen = rng.choice(len(sides), 2 * count, p=doubled_area / doubled_area.sum())
            u, v = rng.random((2, 2 * count, 1))
            folded = u + v > 1
            u, v = np.where(folded, 1 - u, u), np.where(folded, 1 - v, v)
            points = self.triangles[chosen, 0] + u * sides[chosen, 0] + v * sides[chosen, 1]
            kept.append(points[self._in_air(points + 1e-4 * normals[chosen])])
        return np.concatenate(kept)[:count]

    def _in_air(self, points: Float64[ndarray, "n 3"]) -> Bool[ndarray, " n"]:
        """Outside every solid, and inside the shell or its recesses."""
        x, y = self.plan.width / 2 + 0.199, self.plan.depth / 2 + 0.199
        within = (np.abs(points) < [x, y, HEIGHT_M]).all(1) & (points[:, 2] > 0)
        within[within] = ~self.occupancy(points[within])
        return within


def pixel_rays(
    intrinsics: Intrinsics, world_T_camera: Float64[ndarray, "4 4"]
) -> Float32[ndarray, "pixels 6"]:
    """A ray through every pixel centre, row by row, scaled so that its length is the depth."""
    x = (np.arange(intrinsics.width) - intrinsics.cx) / intrinsics.fx
    y = (np.arange(intrinsics.height) - intrinsics.cy) / intrinsics.fy
    right, down, forward = world_T_camera[:3, :3].T
    rays = np.empty((intrinsics.height, intrinsics.width, 6), np.float32)
    rays[..., :3] = world_T_camera[:3, 3]
    rays[..., 3:] = (x[:, None] * right + forward) + (y[:, None] * down)[:, None]
    return rays.reshape(-1, 6)


def _scene(triangles: Float64[ndarray, "triangles 3 3"]) -> o3d.t.geometry.RaycastingScene:
    scene = o3d.t.geometry.RaycastingScene()
    vertices = triangles.reshape(-1, 3).astype(np.float32)
    indices = np.arange(len(vertices), dtype=np.uint32).reshape(-1, 3)
    scene.add_triangles(o3d.core.Tensor(vertices), o3d.core.Tensor(indices))
    return scene


def _changed(
    things: list[Thing],
    without: Sequence[str],
    moved: Mapping[str, tuple[float, float, float]],
) -> list[Thing]:
    """The things left, at their new places; what a thing carries shares its fate."""
    known = [thing.name for thing in things]
    for name in (*without, *moved):
        if name not in known:
            raise ConfigError(f"there is no {name!r} in this room; it has {', '.join(known)}")
    gone: set[str] = set(without)
    shifts: dict[str, ndarray] = {"": np.zeros(3)}
    kept = []
    for thing in things:
        if thing.on in gone:
            gone.add(thing.name)
        shift = shifts[thing.name] = shifts[thing.on] + np.array(moved.get(thing.name, (0, 0, 0)))
        if thing.name not in gone:
            pose = np.eye(4)
            pose[:3, 3] = shift
            kept.append(thing.moved(pose))
    return kept
