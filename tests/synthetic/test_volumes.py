"""Instances on a lattice, and the air in receptacles."""

import numpy as np
import pytest

from nesf_ros.datasets.labelled import NOTHING
from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.lighting import Lamp, Lighting
from nesf_ros.synthetic.materials import plain
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.solids import ball, box, vessel
from nesf_ros.synthetic.things import IN, ON, Model, Part, Receptacle, Thing, placement
from nesf_ros.synthetic.truth import Lattice
from nesf_ros.synthetic.volumes import instance_lattice, receptacle_at
from nesf_ros.types import Box

GREY = plain((0.5, 0.5, 0.5))


@pytest.fixture(scope="module")
def bowl():
    """A pot 1 m wide at x = 2, walls of 10 cm, with a ball of 20 cm in it; a slab with a top."""
    pot = Model(
        (Part("body", (vessel([(0.5, 0.0), (0.5, 1.0)], 0.1, GREY),)),), GREY,
        (Receptacle(IN, (-0.4, -0.4, 0.1), (0.4, 0.4, 1.0), round=True),),
    )  # fmt: skip
    slab = Model((Part("slab", (box((6.0, 2.0, 0.5), GREY, (0, 0, -0.5)),)),), GREY,
                 (Receptacle(ON, (-3.0, -1.0, 0.0), (3.0, 1.0, 2.0)),))  # fmt: skip
    inside = Model((Part("ball", (ball(0.1, GREY),)),), GREY)
    things = [
        Thing("slab", "slab", slab),
        Thing("pot", "pot", pot, placement(2.0, 0.0), "slab"),
        Thing("ball", "ball", inside, placement(2.0, 0.0, 0.1), "pot", IN),
    ]
    return Scene("pot", things, Lighting((Lamp((0, 0, 3)),)), Box((-3, -1, 0), (3, 1, 2)))


def test_a_lattice_by_hand(bowl):
    # A row of voxels of 10 cm through the pot, 20 cm above the slab.
    lattice = Lattice((1.3, -0.05, 0.15), 0.1, (14, 1, 1))
    row = instance_lattice(bowl, lattice)[:, 0, 0]
    air = NOTHING
    assert row.tolist() == [air, air, 1, air, air, air, 2, 2, air, air, air, 1, air, air]


@pytest.mark.parametrize(("kind", "seed"), [("tabletop", 0), ("klevr", 3), ("room", 0)])
def test_a_lattice_is_what_the_scene_says(scene_of, kind, seed):
    scene = scene_of(kind, seed)
    size = float(np.ptp([scene.interior.lower, scene.interior.upper], axis=0).max())
    lattice = Lattice.covering(scene.interior, size / 45)
    points = lattice.centers().reshape(-1, 3)
    instances = instance_lattice(scene, lattice)
    assert instances.dtype == np.int32 and len(np.unique(instances)) > 4
    assert (instances.ravel() == scene.instance_at(points)).all()


def test_receptacles_by_hand(bowl):
    # In the air of the pot, in the ball, in the pot's wall, outside, in the corner of its box.
    points = np.array([[2.2, 0, 0.3], [2, 0, 0.2], [2.45, 0, 0.3], [1, 0, 0.3], [2.37, 0.37, 0.9]])
    assert receptacle_at(bowl, "pot", points).tolist() == [True, False, False, False, False]
    assert not receptacle_at(bowl, "pot", points, ON).any()
    # On the slab is all the air above it, in the pot or beside it.
    assert receptacle_at(bowl, "slab", points, ON).tolist() == [True, False, False, True, True]
    with pytest.raises(ConfigError, match="no 'pan' in pot: slab, pot, ball"):
        receptacle_at(bowl, "pan", points)
