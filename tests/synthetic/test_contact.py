"""Intersection and rest: by hand, and against points drawn inside of both."""

import numpy as np
import pytest

from nesf_ros.synthetic.contact import GAP_M, Body, collide, intersections, rests
from nesf_ros.synthetic.lighting import Lamp, Lighting
from nesf_ros.synthetic.materials import plain
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.solids import box, cylinder, torus, vessel
from nesf_ros.synthetic.things import Model, Part, Thing, placement
from nesf_ros.types import Box

GREY = plain((0.5, 0.5, 0.5))


def body(*solids):
    return Body(Model((Part("body", solids),), GREY))


CUBE = body(box((1.0, 1.0, 1.0), GREY))
AT_HOME = np.eye(4)


@pytest.mark.parametrize(
    ("pose", "expected"),
    [
        (placement(0.999, 0, 0), True),
        (placement(1.001, 0, 0), False),
        (placement(0, 0, 0.9999), True),
        (placement(0, 0, 1 + GAP_M), False),
        # Turned by 45° a cube reaches √½ = 0.707 m: 0.5 + 0.707 = 1.207 m.
        (placement(1.2, 0, 0, np.pi / 4), True),
        (placement(1.21, 0, 0, np.pi / 4), False),
    ],
)
def test_cubes_by_hand(pose, expected):
    assert collide(CUBE, AT_HOME, CUBE, pose) == expected
    assert collide(CUBE, pose, CUBE, AT_HOME) == expected


def test_one_within_the_other():
    small = body(box((0.1, 0.1, 0.1), GREY))
    for first, second in ((CUBE, small), (small, CUBE)):
        poses = {id(CUBE): AT_HOME, id(small): placement(0, 0, 0.5)}
        assert collide(first, poses[id(first)], second, poses[id(second)])
    # In the hollow of a pot nothing is in the way, in its wall something is.
    pot = body(vessel([(0.5, 0.0), (0.5, 1.0)], 0.05, GREY))
    assert not collide(pot, AT_HOME, small, placement(0, 0, 0.05 + GAP_M))
    assert collide(pot, AT_HOME, small, placement(0.45, 0, 0.5))
    # Through the hole of a ring.
    ring, stick = body(torus(0.2, 0.05, GREY)), body(cylinder(0.1, 2.0, GREY))
    assert not collide(ring, placement(0, 0, 0.5), stick, AT_HOME)
    assert collide(ring, placement(0.1, 0, 0.5), stick, AT_HOME)


def test_random_pairs_against_sampled_points():
    """Whatever shares a sampled point collides; what collides mostly shares one."""
    rng = np.random.default_rng(0)
    shapes = [CUBE, body(torus(0.5, 0.2, GREY)), body(vessel([(0.5, 0), (0.6, 1)], 0.2, GREY))]
    shared, collided = 0, 0
    for _ in range(150):
        first, second = (shapes[i] for i in rng.integers(3, size=2))
        pose = placement(*rng.uniform(-0.9, 0.9, 3), rng.uniform(0, 6))
        points = rng.uniform(-1, 1.5, (4000, 3))
        inside = Thing("a", "a", first.model).contains(points)
        inside &= Thing("b", "b", second.model, pose).contains(points)
        found = collide(first, AT_HOME, second, pose)
        assert found or not inside.any()
        shared, collided = shared + inside.any(), collided + found
    assert 50 < shared <= collided < 1.1 * shared


def test_rest_by_hand():
    floor = body(box((10.0, 10.0, 0.1), GREY, (0.0, 0.0, -0.1)))
    on_floor = placement(0, 0, GAP_M)
    assert rests(CUBE, on_floor, floor, AT_HOME)
    assert not rests(CUBE, placement(0, 0, 0.002), floor, AT_HOME)  # it floats
    # Over the edge: it holds while its middle is above the floor.
    assert rests(CUBE, placement(4.99, 0, GAP_M), floor, AT_HOME)
    assert not rests(CUBE, placement(5.1, 0, GAP_M), floor, AT_HOME)
    # Across two rails it lies; on one alone it would fall.
    rail = box((0.1, 10.0, 0.1), GREY)
    both = body(rail.moved(placement(-0.4, 0)), rail.moved(placement(0.4, 0)))
    assert rests(CUBE, placement(0, 0, 0.1 + GAP_M), body(box((0.8, 1, 0.1), GREY)), AT_HOME)
    assert not rests(CUBE, placement(0.6, 0, 0.1 + GAP_M), both, AT_HOME)


def test_intersections_of_a_scene():
    def cube(name, x, z):
        return Thing(name, "cube", CUBE.model, placement(x, 0, z))

    things = [cube("a", 0, 0), cube("b", 1.0, 0), cube("c", 1.5, 1 + GAP_M), cube("d", 2.4, 1.5)]
    scene = Scene("cubes", things, Lighting((Lamp((0, 0, 3)),)), Box((-1, -1, -1), (3, 3, 3)))
    # a and b share a face, which is no intersection.
    assert intersections(scene) == [("c", "d")]
