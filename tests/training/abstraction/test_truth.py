"""What is true of points of a room that is written by hand (`small_rooms`)."""

from dataclasses import replace

import pytest
import torch

from nesf_ros.semantics.completion.volume import Volume
from nesf_ros.training.abstraction.rooms import EMPTY
from nesf_ros.training.abstraction.situations import Mapper, nearest_views
from nesf_ros.training.abstraction.truth import CLASSES_OF, Points, described, occupied
from tests.training.abstraction.small_rooms import BOX, MUG, TINY, small_room, words

ROOM = small_room()
MIDDLE, MUGS = (2.3, 2.0, 0.4), (2.3, 2.0, 0.8)
BESIDE_SOFA, BESIDE_NOTHING = (2.75, 2.85, 0.3), (2.75, 1.15, 0.3)


def situation(*views):
    cube = Volume.before(ROOM.pose(views[0]), TINY.side_m, TINY.cells)
    return Mapper().situation(ROOM, views, cube)


def points(*places, views=(0,)):
    return Points(situation(*views), torch.tensor(places))


def test_each_point_is_of_the_thing_that_fills_it_or_of_the_air():
    found = points((2.05, 2.0, 0.4), MIDDLE, MUGS, (2.3, 2.0, 1.5), (-0.2, 2.0, 0.5))
    assert found.thing.tolist() == [BOX, EMPTY, MUG, EMPTY, EMPTY]
    assert found.room.tolist() == [True, True, True, True, False]
    assert occupied(found, "mug").tolist() == [False, False, True, False, False]


def test_points_are_hidden_behind_what_pictures_show():
    """Of three places one is behind the box, one above it, and one behind the viewer."""
    found = points((3.2, 2.0, 0.2), (2.3, 2.0, 1.2), (0.1, 2.0, 0.9))
    assert found.pictured.tolist() == [True, True, False]
    assert found.hidden.tolist() == [True, False, False]
    # The second view looks past the box from its right.
    both = points((3.2, 2.0, 0.2), MIDDLE, views=(0, 1))
    assert both.hidden.tolist() == [False, True]


@pytest.mark.parametrize(
    ("target", "relation", "yes", "no"),
    [
        # What is there: the things of that relation, wherever they are, and nothing else.
        ("mug", "on", [MUGS], [MIDDLE, (2.05, 2.0, 0.4), (2.3, 2.0, 1.2)]),
        ("sofa", "on the left of", [(2.3, 3.0, 0.4)], [MUGS, BESIDE_SOFA]),
        ("couch", "on the left of", [(2.3, 3.0, 0.4)], [MUGS, BESIDE_SOFA]),
        # What is not: hidden air in the hollow, behind within a metre, to the left.
        ("apple", "in", [MIDDLE], [(2.05, 2.0, 0.4), (2.3, 2.0, 1.2), MUGS]),
        ("apple", "behind", [(2.9, 2.0, 0.2)], [(2.9, 2.0, 1.3), (3.6, 2.0, 0.2), (1.6, 2, 0.3)]),
        ("apple", "on the left of", [BESIDE_SOFA], [BESIDE_NOTHING, (2.3, 2.5, 1.2), MIDDLE]),
    ],
)
def test_descriptions_mean_all_places_that_fit(target, relation, yes, no):
    found = described(points(*yes, *no), words(target, relation, "box"))
    assert found.tolist() == [True] * len(yes) + [False] * len(no)


def test_left_is_the_viewers_left():
    """From view 1, the sofa is behind the box; what nobody sees left of it is nowhere."""
    asked = points((2.3, 3.0, 0.4), views=(1,))
    assert described(asked, words("sofa", "behind", "box")).tolist() == [True]
    assert described(asked, words("sofa", "on the left of", "box")).tolist() == [False]


def test_a_reference_that_the_viewer_does_not_see_locates_nothing_hidden():
    blind = replace(ROOM, arrays=ROOM.arrays | {"seen": torch.zeros(2, 5, dtype=torch.bool)})
    at = situation(0)
    assert not described(Points(replace(at, room=blind), torch.tensor([MIDDLE])),
                         words("apple", "in", "box")).any()  # fmt: skip


def test_a_synonym_of_two_classes_means_both():
    assert CLASSES_OF["computer"] == ("desktop", "laptop") and CLASSES_OF["couch"] == ("sofa",)
    about = replace(ROOM.about, classes=("laptop", "box", "desktop", "sofa", "wall"))
    assert replace(ROOM, about=about).things_of("computer", CLASSES_OF) == [0, 2]


def test_the_nearest_views_come_first():
    assert nearest_views(ROOM, 1, 1) == (1,) and nearest_views(ROOM, 1, 5) == (1, 0)


def test_a_situation_looks_at_the_cube_that_it_is_given():
    """Cells of 0.2 m: the box's front is occupied, the air before it free, its inside unseen."""
    at = situation(0)
    index = at.volume.index(torch.tensor([(2.05, 2.0, 0.4), (1.5, 2.0, 0.5), (2.35, 2.0, 0.4)]))
    _, filled, unseen = at.shape.flatten(1)[:, index]
    assert filled.tolist() == [1, 0, 0] and unseen.tolist() == [0, 0, 1]
    looked, relevant = at.relevant(at.clouds([2]), 10.0, "max")  # the mug, relevant by 0.3
    assert relevant.amax() == pytest.approx(3.0, abs=0.01) and looked[0].sum() > 10
    best = at.volume.centers()[relevant.flatten().argmax()]
    assert (best - torch.tensor((2.2, 2.0, 0.8))).abs().amax() < 0.15  # the mug's front
