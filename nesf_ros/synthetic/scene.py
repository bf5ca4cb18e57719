"""A scene: things made of triangles, and the exact truth about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import open3d as o3d
from jaxtyping import Bool, Float32, Float64, Int32
from numpy import ndarray

from nesf_ros.datasets.labelled import NOTHING, LabelledThing
from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.lighting import Lighting
from nesf_ros.synthetic.solids import Solid
from nesf_ros.synthetic.things import Part, Thing
from nesf_ros.types import Box, Intrinsics


class Hits(NamedTuple):
    """Where rays first meet a surface."""

    ray_lengths: Float32[ndarray, " n"]
    """In units of the ray's direction; +inf for no hit."""
    triangles: Int32[ndarray, " n"]
    """Index into `Scene.triangles`; arbitrary for no hit."""
    barycentric: Float32[ndarray, "n 2"]


class Scene:
    """Things at their places, under lamps. World frame: z up.

    Nothing changes a scene; `without` and `shifted` give another one.
    """

    def __init__(
        self,
        name: str,
        things: Sequence[Thing],
        lighting: Lighting,
        interior: Box,
        air: Sequence[Box] = (),
    ):
        """Put things together.

        Args:
            name: what to call the scene in reports.
            things: carriers before what they carry. That nothing intersects is the maker's care.
            lighting: lamps, ambient light and the sky.
            interior: the space of interest, between floor and ceiling.
            air: spaces beside the interior whose surfaces a camera may see (recesses of windows).

        Raises:
            ConfigError: for no thing at all, two of one name, or an unknown support.
        """
        self.name, self.lighting, self.interior, self.air = name, lighting, interior, tuple(air)
        self.things: tuple[Thing, ...] = tuple(things)
        self.names: tuple[str, ...] = tuple(thing.name for thing in things)
        if not things or len(set(self.names)) < len(things):
            raise ConfigError(f"scene {name}: {len(things)} things, {len(set(self.names))} names")
        for thing in things:
            if thing.support and thing.support not in self.names:
                raise ConfigError(f"{thing.name} stands on {thing.support!r}, which is not here")

    @cached_property
    def solids(self) -> tuple[Solid, ...]:
        """All solids, thing by thing, part by part."""
        return tuple(solid for thing in self.things for solid in thing.solids)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """All parts, thing by thing."""
        return tuple(part for thing in self.things for part in thing.parts)

    @cached_property
    def part_of_solid(self) -> Int32[ndarray, " solids"]:
        """For each solid the index of its part within its thing."""
        counts = [len(part.solids) for part in self.parts]
        within = [index for thing in self.things for index in range(len(thing.parts))]
        return np.repeat(np.array(within, np.int32), counts)

    @cached_property
    def instance_of_solid(self) -> Int32[ndarray, " solids"]:
        """For each solid the index of its thing."""
        counts = [len(thing.solids) for thing in self.things]
        return np.repeat(np.arange(len(counts), dtype=np.int32), counts)

    @cached_property
    def solid_of(self) -> Int32[ndarray, " triangles"]:
        """For each triangle the index of its solid."""
        counts = [len(solid.made) for solid in self.solids]
        return np.repeat(np.arange(len(counts), dtype=np.int32), counts)

    @cached_property
    def triangles(self) -> Float64[ndarray, "triangles 3 3"]:
        """Corners of all triangles, world frame, metres."""
        return np.concatenate([solid.corners for solid in self.solids])

    @cached_property
    def _caster(self) -> o3d.t.geometry.RaycastingScene:
        caster = o3d.t.geometry.RaycastingScene()
        vertices = self.triangles.reshape(-1, 3).astype(np.float32)
        indices = np.arange(len(vertices), dtype=np.uint32).reshape(-1, 3)
        caster.add_triangles(o3d.core.Tensor(vertices), o3d.core.Tensor(indices))
        return caster

    def first_hits(self, rays: Float32[ndarray, "n 6"]) -> Hits:
        """Cast rays (origin, direction), metres, world frame."""
        found = self._caster.cast_rays(o3d.core.Tensor(rays))
        return Hits(
            found["t_hit"].numpy(),
            found["primitive_ids"].numpy().view(np.int32),
            found["primitive_uvs"].numpy(),
        )

    def occluded(self, segments: Float32[ndarray, "n 6"]) -> Bool[ndarray, " n"]:
        """Whether a surface lies on each segment (start, start + vector)."""
        return self._caster.test_occlusions(o3d.core.Tensor(segments), 0.0, 1.0).numpy()

    def instance_at(self, points: Float64[ndarray, "n 3"]) -> Int32[ndarray, " n"]:
        """The thing that fills each point (index into `things`), seen or unseen; else NOTHING."""
        instances = np.full(len(points), NOTHING, np.int32)
        for index, thing in enumerate(self.things):
            left = np.flatnonzero(instances == NOTHING)
            instances[left[thing.contains(points[left])]] = index
        return instances

    def occupancy(self, points: Float64[ndarray, "n 3"]) -> Bool[ndarray, " n"]:
        """Whether each point lies inside something solid."""
        return self.instance_at(points) != NOTHING

    def distance(self, points: Float64[ndarray, "n 3"]) -> Float32[ndarray, " n"]:
        """Distance to the nearest surface, metres, never negative.

        Outside of solids right to 1 mm, mostly to 1 µm: single precision suffers on long thin
        triangles. Inside, faces between touching solids count as surface.
        """
        return self._caster.compute_distance(o3d.core.Tensor(points.astype(np.float32))).numpy()

    def sample_surface(self, count: int, seed: int = 0) -> Float64[ndarray, "count 3"]:
        """Points spread evenly by area over every surface that borders the scene's air.

        Left out are faces between touching solids, and what faces neither interior nor `air`.
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
        """Outside every solid, and in the interior or a recess."""
        within = np.zeros(len(points), bool)
        for box in (self.interior, *self.air):
            within |= ((points > box.lower) & (points < box.upper)).all(1)
        within[within] = ~self.occupancy(points[within])
        return within

    def labels(self) -> tuple[LabelledThing, ...]:
        """What the scene's things are called, and where they are."""
        return tuple(_label(thing) for thing in self.things)

    def without(self, *names: str) -> Scene:
        """The scene without some things, and without all that they carry."""
        gone = set(self._known(names))
        kept = []
        for thing in self.things:
            if thing.support in gone:
                gone.add(thing.name)
            if thing.name not in gone:
                kept.append(thing)
        return Scene(self.name, kept, self.lighting, self.interior, self.air)

    def shifted(self, shifts_m: Mapping[str, tuple[float, float, float]]) -> Scene:
        """The scene with some things, and all that they carry, at another place."""
        self._known(shifts_m)
        moved: dict[str, ndarray] = {"": np.zeros(3)}
        things = []
        for thing in self.things:
            shift = moved[thing.support] + np.array(shifts_m.get(thing.name, (0, 0, 0)))
            moved[thing.name] = shift
            pose = np.eye(4)
            pose[:3, 3] = shift
            things.append(thing.moved(pose))
        return Scene(self.name, things, self.lighting, self.interior, self.air)

    def _known(self, names: Sequence[str] | Mapping[str, object]) -> list[str]:
        for name in names:
            if name not in self.names:
                raise ConfigError(f"there is no {name!r} in {self.name}: {', '.join(self.names)}")
        return list(names)


def _label(thing: Thing) -> LabelledThing:
    lower, upper = (tuple(corner.tolist()) for corner in thing.bounds)
    parts = tuple(part.name for part in thing.parts)
    main = thing.model.main
    return LabelledThing(
        thing.name, thing.class_name, Box(lower, upper), parts, main.color_name, main.kind
    )


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
