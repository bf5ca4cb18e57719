"""What touches, what carries and what intersects: exact tests between triangle meshes.

Two closed meshes share no point if and only if no edge of one crosses a triangle of the other, and
no solid of one lies whole within the other. Things that rest are put `GAP_M` away from what
carries them, so that the tests need no tolerance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import open3d as o3d
from jaxtyping import Bool, Float64
from numpy import ndarray

from nesf_ros.geometry import se3
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.things import Model, Thing

GAP_M = 2e-4
"""Between a thing and what carries it, metres."""
TOUCHING_M = 1e-3
"""What is no farther away than this touches."""
_SETTLED_M = 3e-3  # what is no higher above the lowest point than this stands on the ground, too
_LEAN = 0.01  # how far, in sizes of a thing, its weight may lie beyond what it stands on


@dataclass(frozen=True)
class Body:
    """A model made ready to be tested against others at many places. Frame: the model's."""

    model: Model

    @cached_property
    def _corners(self) -> Float64[ndarray, "triangles 3 3"]:
        return np.concatenate([s.corners for part in self.model.parts for s in part.solids])

    @cached_property
    def _edges(self) -> Float64[ndarray, "edges 2 3"]:
        """Start and end of every edge, once."""
        places, ids = np.unique(
            np.round(self._corners.reshape(-1, 3), 7), axis=0, return_inverse=True
        )
        triangles = ids.reshape(-1, 3)
        sides = np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=2).reshape(-1, 2)
        return places[np.unique(np.sort(sides, axis=1), axis=0)]

    @cached_property
    def _caster(self) -> o3d.t.geometry.RaycastingScene:
        caster = o3d.t.geometry.RaycastingScene(1)
        vertices = self._corners.reshape(-1, 3).astype(np.float32)
        indices = np.arange(len(vertices), dtype=np.uint32).reshape(-1, 3)
        caster.add_triangles(o3d.core.Tensor(vertices), o3d.core.Tensor(indices))
        return caster

    @cached_property
    def _starts(self) -> Float64[ndarray, "solids 3"]:
        """A point on the surface of every solid."""
        return np.array([s.corners[0, 0] for part in self.model.parts for s in part.solids])

    @cached_property
    def footprint(self) -> Float64[ndarray, "corners 2"]:
        """Convex outline seen from above."""
        points = self._corners[..., :2].reshape(-1, 1, 2).astype(np.float32)
        return cv2.convexHull(points)[:, 0].astype(np.float64)

    def bounds_at(
        self, world_T_body: Float64[ndarray, "4 4"]
    ) -> tuple[Float64[ndarray, " 3"], Float64[ndarray, " 3"]]:
        """Corners of its bounding box in the world, for a pose that keeps it upright."""
        outline = self.footprint @ world_T_body[:2, :2].T + world_T_body[:2, 3]
        bottom, top = (corner[2] + world_T_body[2, 3] for corner in self.model.bounds)
        return np.r_[outline.min(0), bottom], np.r_[outline.max(0), top]

    @cached_property
    def boxes(self) -> Float64[ndarray, "solids 2 3"]:
        """Lower and upper corner of every solid."""
        return np.array([s.bounds for part in self.model.parts for s in part.solids])

    @cached_property
    def base(self) -> Float64[ndarray, "n 3"]:
        """Points of its underside, as if it had settled: all at the height of the lowest."""
        bottom = self.model.bounds[0][2]
        low = self._corners[..., 2] < bottom + _SETTLED_M
        whole = self._corners[low.all(1)]
        points = np.concatenate(
            [self._corners[low], whole.mean(1), (whole[:, 0] + whole[:, 1]) / 2]
        )
        points[:, 2] = bottom
        return points

    @cached_property
    def flat_top(self) -> Float64[ndarray, "n 2"]:
        """Corners of the faces that make up its level top, seen from above; none if it is not."""
        high = self._corners[..., 2] > self.model.bounds[1][2] - TOUCHING_M
        return self._corners[high.all(1), :, :2].reshape(-1, 2)

    @cached_property
    def weight_at(self) -> Float64[ndarray, " 3"]:
        """Middle of its volume."""
        a, b, c = self._corners.transpose(1, 0, 2)
        volumes = np.einsum("ij,ij->i", a, np.cross(b, c))
        return np.average((a + b + c) / 4, axis=0, weights=volumes)

    def _contains(self, points: Float64[ndarray, "n 3"]) -> Bool[ndarray, " n"]:
        return Thing("", "", self.model).contains(points)

    def _is_crossed_by(self, other: Body, self_T_other: Float64[ndarray, "4 4"]) -> bool:
        """Whether an edge of the other crosses a face of this one, or a solid lies within it."""
        edges = other._edges @ self_T_other[:3, :3].T + self_T_other[:3, 3]
        lower, upper = self.model.bounds
        near = (edges.max(1) >= lower) & (edges.min(1) <= upper)
        edges = edges[near.all(1)]
        if len(edges):
            segments = np.concatenate([edges[:, 0], edges[:, 1] - edges[:, 0]], axis=1)
            rays = o3d.core.Tensor(segments.astype(np.float32))
            if self._caster.test_occlusions(rays, 0.0, 1.0).numpy().any():
                return True
        return bool(self._contains(se3.transform_points(self_T_other, other._starts)).any())


def collide(
    first: Body,
    world_T_first: Float64[ndarray, "4 4"],
    second: Body,
    world_T_second: Float64[ndarray, "4 4"],
) -> bool:
    """Whether two bodies at these rigid poses share a point."""
    first_T_second = se3.invert(world_T_first) @ world_T_second
    return first._is_crossed_by(second, first_T_second) or second._is_crossed_by(
        first, se3.invert(first_T_second)
    )


def rests(
    body: Body,
    world_T_body: Float64[ndarray, "4 4"],
    support: Body,
    world_T_support: Float64[ndarray, "4 4"],
) -> bool:
    """Whether an upright body touches the support below it with its weight above what it touches.

    Touching means no farther than TOUCHING_M; the weight may lie a hundredth of the body's size
    beyond, as the catalogue's classes may.
    """
    points = se3.transform_points(world_T_body, body.base)
    there = se3.transform_points(se3.invert(world_T_support), points + [0, 0, GAP_M / 2])
    downwards = np.broadcast_to([0.0, 0.0, -TOUCHING_M], there.shape)
    rays = np.concatenate([there, downwards], axis=1).astype(np.float32)
    held = support._caster.test_occlusions(o3d.core.Tensor(rays), 0.0, 1.0).numpy()
    if not held.any():
        return False
    middle = se3.transform_points(world_T_body, body.weight_at[None])[0]
    hull = cv2.convexHull((points[held, :2] - middle[:2]).astype(np.float32)[:, None])
    beyond_m = -cv2.pointPolygonTest(hull, (0.0, 0.0), True)
    return bool(beyond_m <= _LEAN * max(body.model.size_m))


def intersections(scene: Scene) -> list[tuple[str, str]]:
    """Names of all pairs of things that share a point, other than touching along flat faces."""
    things = scene.things
    bodies = [Body(thing.model) for thing in things]
    lower = np.array([thing.bounds[0] for thing in things])
    upper = np.array([thing.bounds[1] for thing in things])
    # Boxes that overlap by less touch: walls, floor and ceiling meet in their faces.
    overlap_m = np.minimum(upper[:, None], upper) - np.maximum(lower[:, None], lower)
    pairs = np.argwhere(np.triu((overlap_m > GAP_M / 2).all(2), 1)).tolist()
    return [
        (things[i].name, things[j].name)
        for i, j in pairs
        if collide(bodies[i], things[i].world_T_model, bodies[j], things[j].world_T_model)
    ]
