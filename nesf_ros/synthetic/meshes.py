"""Closed triangle meshes with outward faces, as corners, and normals to shade them with."""

from __future__ import annotations

import mapbox_earcut
import numpy as np
import open3d as o3d
from jaxtyping import Float64, Int64
from numpy import ndarray

Corners = Float64[ndarray, "triangles 3 3"]

_CREASE_COSINE = np.cos(np.radians(40))


def revolved(profile: Float64[ndarray, "n 2"], sides: int) -> Corners:
    """A counter-clockwise polygon in (radius ≥ 0, height), swept around z in straight pieces."""
    angle = np.arange(sides + 1) % sides * (2 * np.pi / sides)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    rings = np.empty((len(profile), sides + 1, 3))
    rings[..., :2] = profile[:, :1, None] * circle
    rings[..., 2] = profile[:, 1:]
    following = np.roll(rings, -1, axis=0)
    low0, low1, high0, high1 = rings[:, :-1], rings[:, 1:], following[:, :-1], following[:, 1:]
    first = np.stack([low0, low1, high1], axis=2)
    second = np.stack([low0, high1, high0], axis=2)
    # Where the polygon touches the axis, rings are points, and triangles are lines or nothing.
    on_axis = np.isclose(profile[:, 0], 0)
    after = np.roll(on_axis, -1)
    return np.concatenate([first[~on_axis].reshape(-1, 3, 3), second[~after].reshape(-1, 3, 3)])


def extruded(outline: Float64[ndarray, "n 2"], low: float, high: float) -> Corners:
    """A counter-clockwise simple polygon in (x, y), from one height to another."""
    count = len(outline)
    faces = mapbox_earcut.triangulate_float64(outline, np.array([count], np.uint32))
    cap: Int64[ndarray, "n 3"] = faces.astype(np.int64).reshape(-1, 3)
    a, b, c = outline[cap].transpose(1, 0, 2)
    turn = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    cap = np.where(turn[:, None] > 0, cap, cap[:, ::-1])
    bottom = np.c_[outline, np.full(count, low)]
    top = np.c_[outline, np.full(count, high)]
    bottom1, top1 = np.roll(bottom, -1, axis=0), np.roll(top, -1, axis=0)
    sides = np.stack([bottom, bottom1, top1, bottom, top1, top], axis=1).reshape(-1, 3, 3)
    return np.concatenate([bottom[cap[:, ::-1]], top[cap], sides])


def hull(points: Float64[ndarray, "n 3"]) -> Corners:
    """The convex hull of points that do not lie in one plane."""
    cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points))
    mesh, _ = cloud.compute_convex_hull()
    corners = np.asarray(mesh.vertices)[np.asarray(mesh.triangles)]
    a, b, c = corners.transpose(1, 0, 2)
    inwards = np.einsum("ij,ij->i", np.cross(b - a, c - a), a - points.mean(0)) < 0
    corners[inwards] = corners[inwards][:, ::-1]
    return corners


def shading_normals(corners: Corners) -> Corners:
    """Unit normals at the corners: faces that meet at less than 40° are shaded as one."""
    a, b, c = corners.transpose(1, 0, 2)
    faces = np.cross(b - a, c - a)
    areas = np.linalg.norm(faces, axis=1, keepdims=True)
    directions = faces / areas
    # All pairs of corners at the same place.
    keys = np.round(corners.reshape(-1, 3), 7) + 0.0  # -0.0 becomes 0.0
    _, place = np.unique(keys, axis=0, return_inverse=True)
    place = place.reshape(-1)
    order = np.argsort(place, kind="stable")
    counts = np.bincount(place)
    starts = np.cumsum(counts) - counts
    repeats = counts[place[order]]
    first = np.repeat(order, repeats)
    number = np.arange(len(first)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    second = order[np.repeat(starts[place[order]], repeats) + number]
    cosines = np.einsum("ij,ij->i", directions[first // 3], directions[second // 3])
    smooth = cosines > _CREASE_COSINE
    total = np.zeros((3 * len(corners), 3))
    np.add.at(total, first[smooth], faces[second[smooth] // 3])
    return (total / np.linalg.norm(total, axis=1, keepdims=True)).reshape(corners.shape)
