"""Convex solids: exact inside tests, and meshes that close."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesf_ros.synthetic.materials import plain
from nesf_ros.synthetic.solids import ball, box, cylinder

PAINT = plain((0.5, 0.5, 0.5))
SOLIDS = {
    "box": box((1.0, 2.0, 3.0), PAINT, (0.5, 0.0, 1.0)),
    "cylinder": cylinder(0.5, 2.0, PAINT, (1.0, 2.0, 0.0)),
    "cone": cylinder(0.5, 1.0, PAINT, top_radius_m=0.25),
    "ball": ball(0.75, PAINT, (0.0, 0.0, 2.0)),
}
VOLUMES = {
    "box": 6.0,
    "cylinder": np.pi * 0.25 * 2,
    "cone": np.pi * (0.25 + 0.125 + 0.0625) / 3,
    "ball": 4 / 3 * np.pi * 0.75**3,
}


def volume(corners):
    return np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6


@pytest.mark.parametrize("name", SOLIDS)
def test_mesh_is_closed_and_faces_outwards(name):
    corners = SOLIDS[name].corners
    edges = np.round(corners[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2, 3), 9)
    forward = {tuple(edge.ravel()) for edge in edges}
    backward = {tuple(edge[::-1].ravel()) for edge in edges}
    assert forward == backward and len(forward) == len(edges)
    # Signed volume by the divergence theorem; 32-sided things are a little smaller than round.
    assert volume(corners) == pytest.approx(VOLUMES[name], rel=0.02)
    assert volume(corners) <= VOLUMES[name] + 1e-9


@pytest.mark.parametrize("name", SOLIDS)
def test_shading_normals_are_unit_and_face_outwards(name):
    solid = SOLIDS[name]
    assert np.linalg.norm(solid.normals, axis=2) == pytest.approx(1)
    a, b, c = solid.corners.transpose(1, 0, 2)
    faces = np.cross(b - a, c - a)
    faces /= np.linalg.norm(faces, axis=1, keepdims=True)
    assert (np.einsum("ij,ikj->ik", faces, solid.normals) > 0.8).all()


def test_points_inside_by_hand():
    points = np.array([[0.5, 0.9, 3.9], [0.5, 1.1, 3.9], [1.01, 0.0, 2.0], [0.01, -0.99, 1.01]])
    assert SOLIDS["box"].contains(points).tolist() == [True, False, False, True]
    points = np.array([[0.0, 0.0, 0.99], [0.26, 0.0, 0.99], [0.45, 0.0, 0.1], [0.45, 0.0, 0.3]])
    assert SOLIDS["cone"].contains(points).tolist() == [True, False, True, False]
    points = np.array([[0.0, 0.0, 2.01], [0.0, 0.0, 3.49], [0.5, 0.5, 2.9], [0.5, 0.5, 3.4]])
    assert SOLIDS["ball"].contains(points).tolist() == [True, True, True, False]


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(-3, 3), st.floats(-np.pi, np.pi))
def test_moving_a_solid_moves_its_inside(x, y, z, yaw):
    pose = np.eye(4)
    pose[:2, :2] = [[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]]
    pose[:3, 3] = x, y, z
    points = np.random.default_rng(3).uniform(-1, 4, (200, 3))
    for solid in SOLIDS.values():
        moved = solid.moved(pose)
        there = points @ pose[:3, :3].T + pose[:3, 3]
        assert (moved.contains(there) == solid.contains(points)).all()
        assert (moved.local == solid.local).all()


def test_grain_runs_along_the_longest_side():
    assert box((0.1, 0.3, 0.2), PAINT).grain == 1
    assert box((0.1, 0.1, 0.1), PAINT).grain == 0
    leg = cylinder(0.02, 0.7, PAINT)
    assert leg.grain == 2
    # In the frame it was made in, however it lies; stretching may change it.
    lying = np.eye(4)[[0, 2, 1, 3]]
    lying[2] *= -1
    assert leg.moved(lying).grain == 2
    assert leg.moved(np.diag([30.0, 1.0, 1.0, 1.0])).grain == 0
