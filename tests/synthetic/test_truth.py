"""Which voxels were truly observed: by hand, against the room, and against brute force."""

import numpy as np
import pytest

from nesf_ros.synthetic.lighting import Lamp, Lighting
from nesf_ros.synthetic.materials import plain
from nesf_ros.synthetic.overlap import voxels_with_triangles
from nesf_ros.synthetic.scene import Scene, pixel_rays
from nesf_ros.synthetic.solids import box
from nesf_ros.synthetic.source import SyntheticSource, default_camera
from nesf_ros.synthetic.things import Model, Part, Thing, placement
from nesf_ros.synthetic.truth import AMBIGUOUS, Lattice, observation_truth, observed_surface
from nesf_ros.types import FREE, OCCUPIED, UNOBSERVED, Box

CAMERA = default_camera((80, 60))
VOXEL_M = 0.1


@pytest.fixture(scope="module")
def source():
    return SyntheticSource(2, 12, 0.4, (80, 60))


@pytest.fixture(scope="module")
def lattice(source):
    return Lattice.covering(source.scene.interior, VOXEL_M)


@pytest.fixture(scope="module")
def classes(source, lattice):
    return observation_truth(source.scene, source.poses, CAMERA, lattice)


def test_lattice_by_hand():
    lattice = Lattice.covering(Box((-0.05, 0.0, 0.1), (0.2, 0.3, 0.25)), 0.1)
    assert lattice.shape == (3, 3, 2)
    assert lattice.origin == pytest.approx((-0.1, 0.0, 0.1))
    assert lattice.centers()[0, 0, 0] == pytest.approx([-0.05, 0.05, 0.15])
    assert lattice.probes().shape == (7, 7, 5, 3)
    assert lattice.probes()[-1, -1, -1] == pytest.approx([0.2, 0.3, 0.3])


def test_every_voxel_has_one_class_and_few_are_ambiguous(classes):
    shares = [float((classes == kind).mean()) for kind in range(4)]
    assert sum(shares) == pytest.approx(1)
    assert shares[FREE] > 0.4 and shares[UNOBSERVED] > 0.1 and shares[OCCUPIED] > 0.03
    assert shares[AMBIGUOUS] < 0.2


def test_classes_agree_with_occupancy(source, lattice, classes):
    centers = lattice.centers()
    free = centers[classes == FREE]
    rng = np.random.default_rng(0)
    jittered = free + rng.uniform(-0.499, 0.499, free.shape) * VOXEL_M
    assert not source.scene.occupancy(jittered).any()
    occupied = centers[classes == OCCUPIED]
    assert source.scene.distance(occupied).max() <= VOXEL_M * np.sqrt(3) / 2
    deep = source.scene.occupancy(centers.reshape(-1, 3)).reshape(classes.shape)
    deep[deep] = source.scene.distance(centers[deep]) > VOXEL_M
    assert (classes[deep] == UNOBSERVED).all()


def test_dense_ray_marching_never_enters_an_unobserved_voxel(source, lattice, classes):
    """The oracle: walk along the rays of many pixels in steps of a quarter of a voxel."""
    visits = np.zeros(lattice.shape, int)
    for pose in source.poses:
        rays = pixel_rays(default_camera((160, 120)), pose)
        depth_m = source.scene.first_hits(rays).ray_lengths
        rays = rays[(depth_m >= 0.15) & (depth_m <= 5.0)]
        depth_m = depth_m[(depth_m >= 0.15) & (depth_m <= 5.0)]
        for reached in np.arange(0, 5.0, VOXEL_M / 4):
            walking = reached < depth_m
            points = rays[walking, :3] + reached * rays[walking, 3:]
            index = np.floor((points - lattice.origin) / VOXEL_M).astype(int)
            index = index[((index >= 0) & (index < lattice.shape)).all(1)]
            np.add.at(visits, tuple(index.T), 1)
    # A ray may slip between the probes of a voxel, 5 cm apart: hardly ever, and then briefly.
    entered = visits[classes == UNOBSERVED] > 0
    assert entered.mean() < 0.003
    assert (visits[classes == FREE] > 0).mean() > 0.999


def test_looking_at_a_wall_by_hand():
    paint = plain((0.9, 0.9, 0.9))
    model = Model((Part("wall", (box((0.2, 4.0, 4.0), paint),)),), paint)
    wall = Thing("wall", "wall", model, placement(-2.1, 0.0, 0.0))
    interior = Box((-2.0, -2.0, 0.0), (2.0, 2.0, 3.0))
    scene = Scene("a wall", [wall], Lighting((Lamp((0, 0, 2)),)), interior)
    west = np.eye(4)
    west[:3, :3] = np.array([[0.0, 0, -1], [1, 0, 0], [0, -1, 0]])
    west[:3, 3] = 0.0, 0.9, 2.15
    camera = default_camera((160, 120))
    # Eight voxels of 10 cm along the optical axis; the wall's face, x = -2, is in the middle of
    # the last but one.
    lattice = Lattice((-2.15, 0.85, 2.10), 0.1, (8, 1, 1))
    seen = observation_truth(scene, [west], camera, lattice)[:, 0, 0]
    assert seen.tolist() == [UNOBSERVED, OCCUPIED] + 6 * [FREE]
    # The sensor reads no farther than 1 m: the wall is beyond it, so nothing at all is known.
    blind = observation_truth(scene, [west], camera, lattice, (0.15, 1.0))
    assert (blind == UNOBSERVED).all()
    behind = Lattice((0.5, 0.85, 2.10), 0.1, (4, 1, 1))
    assert (observation_truth(scene, [west], camera, behind) == UNOBSERVED).all()


def test_observed_surface_lies_on_the_visible_side(source):
    points = observed_surface(source.scene, source.poses, CAMERA, 4000)
    assert 1000 < len(points) < 4000
    assert source.scene.distance(points).max() < 1e-3
    one = observed_surface(source.scene, source.poses[:1], CAMERA, 4000)
    assert len(one) < len(points)
    toward = np.einsum("ni,i->n", one - source.poses[0][:3, 3], source.poses[0][:3, 2])
    assert toward.min() > 0  # in front of the camera


def test_overlap_by_hand():
    # A right triangle in the plane z = 0.5 whose hypotenuse runs from (2, 0) to (0, 2).
    triangle = np.array([[[0.0, 0.0, 0.5], [2.0, 0.0, 0.5], [0.0, 2.0, 0.5]]])
    holds = voxels_with_triangles(triangle, np.zeros(3), 1.0, (3, 3, 2))
    assert holds[..., 0].astype(int).tolist() == [[1, 1, 0], [1, 0, 0], [0, 0, 0]]
    assert not holds[..., 1].any()
    # The voxel (1, 1) is touched at one corner only: grown by any border, it holds a part.
    grown = voxels_with_triangles(triangle, np.zeros(3), 1.0, (3, 3, 2), 0.01)
    assert grown[..., 0].astype(int).tolist() == [[1, 1, 1], [1, 1, 0], [1, 0, 0]]


def test_overlap_against_dense_samples():
    rng = np.random.default_rng(1)
    triangles = rng.uniform(-0.5, 5.5, (40, 3, 3))
    holds = voxels_with_triangles(triangles, np.zeros(3), 1.0, (5, 5, 5))
    weights = rng.dirichlet((1, 1, 1), 20000)
    index = np.floor(np.einsum("sk,nkj->nsj", weights, triangles)).astype(int).reshape(-1, 3)
    index = index[((index >= 0) & (index < 5)).all(1)]
    sampled = np.zeros((5, 5, 5), bool)
    sampled[tuple(index.T)] = True
    assert holds[sampled].all()
    # What samples miss are slivers, so few voxels differ.
    assert holds.sum() - sampled.sum() <= 0.05 * holds.sum()
