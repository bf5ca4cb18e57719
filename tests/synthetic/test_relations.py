"""Relations by hand, in a small scene on the floor."""

import numpy as np
import pytest

from nesf_ros.synthetic.lighting import Lighting
from nesf_ros.synthetic.materials import plain
from nesf_ros.synthetic.relations import (
    center_of_mass,
    directions,
    reach_m,
    relations_seen,
    viewer_axes,
)
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.solids import box, revolved
from nesf_ros.synthetic.things import Model, Part, Thing, placement
from nesf_ros.types import Box

PAINT = plain((0.5, 0.5, 0.5))


def block(name, class_name, size, x, y, z=0.0, support="floor", relation="on"):
    solid = box(size, PAINT)
    model = Model((Part("body", (solid,)),), PAINT)
    return Thing(name, class_name, model, placement(x, y, z), support, relation)


def viewer_looking_along_x():
    """Stands at x = -3, looks towards +x and a little down; +y is on the left."""
    pose = np.eye(4)
    forward = np.array([np.cos(0.3), 0, -np.sin(0.3)])
    right = np.array([0.0, -1, 0])
    pose[:3, :3] = np.stack([right, np.cross(forward, right), forward], 1)
    pose[:3, 3] = -3, 0, 1
    return pose


@pytest.fixture
def scene():
    things = [
        block("floor", "floor", (8, 8, 0.1), 0, 0, -0.1, ""),
        block("crate", "crate", (0.3, 0.3, 0.3), 0, 0),
        block("ball", "sphere", (0.1, 0.1, 0.1), 0.3, 0),  # farther from the viewer
        block("cup", "cup", (0.1, 0.1, 0.1), 0, 0.3),  # to the left
        block("pen", "pen", (0.02, 0.1, 0.02), 0, 0, 0.3, "crate"),
        block("far cup", "cup", (0.1, 0.1, 0.1), 0, -0.7),  # to the right, beyond twice 0.3 m
        block("near cup", "cup", (0.1, 0.1, 0.1), -0.25, -0.25),  # right and in front at once
    ]
    return Scene("six", things, Lighting(()), Box((-4, -4, 0), (4, 4, 3)))


def said(scene, visible):
    found = relations_seen(scene, viewer_looking_along_x(), visible)
    return {(scene.names[r.target], r.relation, scene.names[r.reference]) for r in found}


def test_by_hand(scene):
    about_crate = {(t, r) for t, r, reference in said(scene, range(7)) if reference == "crate"}
    assert about_crate == {
        ("ball", "behind"),
        ("cup", "on the left of"),
        ("pen", "on"),
        ("near cup", "on the right of"),
        ("near cup", "in front of"),
    }
    # Small references reach 2 × 0.1 m only.
    assert not {s for s in said(scene, range(7)) if s[2] in ("ball", "cup", "pen")}


def test_what_must_be_seen(scene):
    names = scene.names
    crate_only = {names.index("crate")}
    assert said(scene, crate_only) == {("ball", "behind", "crate"), ("pen", "on", "crate")}
    assert said(scene, set(range(7)) - crate_only) == set()


def test_two_of_a_class_are_not_related():
    things = [block(f"cup {n}", "cup", (0.1, 0.1, 0.1), 0, 0.15 * n, 0, "") for n in (1, 2)]
    pair = Scene("pair", things, Lighting(()), Box((-4, -4, 0), (4, 4, 3)))
    assert said(pair, {0, 1}) == set()


def test_direction_needs_a_cosine_above_six_tenths():
    axes = viewer_axes(viewer_looking_along_x())
    assert axes == pytest.approx(np.array([[1, 0, 0], [0, -1, 0], [0, 0, 1]]))
    high = np.array([0.59, 0.0, np.sqrt(1 - 0.59**2)])
    assert directions(high, np.zeros(3), axes, 2.0) == ()
    high[0] = 0.61
    assert directions(high, np.zeros(3), axes, 2.0) == ("behind",)
    assert directions(high, np.zeros(3), axes, 0.5) == ()
    assert directions(np.zeros(3), np.zeros(3), axes, 2.0) == ()


def test_reach_is_clamped():
    axes = np.eye(3)
    for side, expected in ((0.01, 0.1), (0.2, 0.4), (3.0, 1.0)):
        assert reach_m(block("x", "x", (side, side / 2, 9), 0, 0), axes) == pytest.approx(expected)


def test_center_of_mass_by_hand():
    # A cone's lies at a quarter of its height.
    cone = revolved([(0.0, 0.0), (1.0, 0.0), (0.0, 2.0)], PAINT)
    thing = Thing("cone", "cone", Model((Part("body", (cone,)),), PAINT), placement(3, 4, 5))
    assert center_of_mass(thing) == pytest.approx([3, 4, 5.5])
