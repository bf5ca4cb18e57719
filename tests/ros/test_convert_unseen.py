import numpy as np
import pytest
from geometry_msgs.msg import Point
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from std_msgs.msg import Header

from nesf_ros.errors import QueryError
from nesf_ros.ros import convert_unseen as convert
from nesf_ros.ros.convert import codes_of, grid_message, pose_to_matrix
from nesf_ros.semantics.completion.imagining import IMAGINED
from nesf_ros.semantics.hidden.descriptions import Description
from nesf_ros.srv import LocateHidden

from .test_convert import over_the_wire
from .unseen_answers import BASIS, GRID, LOOKING, completed, located, voxels

HEADER = Header(frame_id="map")


SURE = np.full(GRID.shape, IMAGINED, np.uint8)


def test_probabilities_lie_with_x_fastest_in_bytes_of_2_to_255():
    probability = voxels(_100=1.0, _010=0.5, _001=0.001, _123=0.75)
    message = convert.probability_message(probability, SURE, GRID, HEADER)
    assert (message.size_x, message.size_y, message.size_z) == (2, 3, 4)
    assert message.voxel_size == 0.25 and message.origin == Point(x=1.0, y=2.0, z=-0.5)
    assert message.header.frame_id == "map"
    flat = list(message.probability)
    assert len(flat) == 24 and flat[1] == 255 and flat[2] == 128 and flat[6] == 2
    assert flat[23] == 1 + 190 and sum(flat) == 24 + 254 + 127 + 190 + 21


@given(arrays(np.float32, GRID.shape, elements=st.floats(0, 1, width=32)))
def test_probabilities_survive_to_half_a_step(probability):
    message = over_the_wire(convert.probability_message(probability, SURE, GRID, HEADER))
    expected = np.maximum(probability, 1 / 254)  # 0 is for what was observed to be free
    np.testing.assert_allclose(convert.probability_of(message), expected, atol=0.5 / 254 + 1e-6)


def test_free_space_is_told_from_what_is_unknown_and_from_what_is_improbable():
    message = convert.probability_message(voxels(_123=0.5), BASIS, GRID, HEADER)
    codes = codes_of(message)
    assert (codes[0, 0, 1], codes[0, 0, 2]) == (1, 0)  # clear, and shown by no keyframe
    assert codes[1, 2, 3] == 128 and (np.delete(codes.reshape(-1), [1, 2, 23]) == 2).all()
    found = convert.probability_of(message)
    assert found[0, 0, 1] == 0 and np.isnan(found[0, 0, 2])


def test_codes_come_back_as_they_went():
    codes = np.arange(24, dtype=np.uint8).reshape(GRID.shape)
    message = over_the_wire(grid_message(codes, GRID.origin_m, GRID.voxel_m, HEADER))
    np.testing.assert_array_equal(codes_of(message), codes)


def test_winners_come_back_as_they_went():
    winner = voxels(np.uint8, _100=255, _023=2)
    message = over_the_wire(convert.winners_message(winner, GRID, HEADER))
    assert list(message.label) == [0, 255, *[0] * 20, 2, 0]
    assert message.voxel_size == 0.25 and message.origin == Point(x=1.0, y=2.0, z=-0.5)
    np.testing.assert_array_equal(convert.winners_of(message), winner)


def test_a_completed_object_has_its_own_grid_and_instances():
    sofa, chair, zorb = (
        over_the_wire(convert.object_message(completed(), number, HEADER)) for number in range(3)
    )
    assert (sofa.text, sofa.known, sofa.exists) == ("sofa", True, True)
    assert sofa.instances[0].id == 7 and sofa.instances[0].voxel_count == 1
    assert sofa.instances[0].upper == Point(x=1.5, y=2.75, z=0.5)
    assert (chair.text, chair.known, chair.exists) == ("chair", True, False)
    assert convert.probability_of(chair.grid)[1, 0, 0] == pytest.approx(0.5)
    assert (sofa.found, sofa.relevancy) == (True, 0.75)
    assert (chair.found, chair.relevancy) == (False, 0.5)
    assert (zorb.known, zorb.exists) == (False, False) and not any(zorb.grid.probability)


def test_a_hidden_region_survives():
    first, second = (over_the_wire(convert.hidden_message(region)) for region in located().regions)
    assert first.lower == Point(x=1.25, y=2.5, z=0.25)
    assert first.upper == Point(x=1.5, y=2.75, z=0.5)
    assert first.centroid == Point(x=1.375, y=2.625, z=0.375)
    assert (first.score, first.volume, first.unobserved) == (0.75, 1 / 64, 1.0)
    assert first.has_viewpoint and first.revealed == pytest.approx(0.8)
    np.testing.assert_allclose(pose_to_matrix(first.viewpoint), LOOKING, atol=1e-12)
    assert not second.has_viewpoint and second.revealed == 0.0


def test_a_description_is_a_sentence_or_three_parts():
    keys = Description("keys", "in", "drawer")
    for fields in (
        {"description": "where are my keys in the drawer?"},
        {"target": "keys", "relation": "inside", "reference": "the drawer", "description": " "},
    ):
        assert convert.description_of(LocateHidden.Request(**fields)) == keys


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "target and relation and reference missing"),
        ({"target": "keys", "relation": " "}, "relation and reference missing"),
        ({"description": "keys in the box", "target": "keys"}, "a description and target were"),
        ({"description": "keys"}, "has no spatial relation"),
        ({"target": "keys", "relation": "near", "reference": "box"}, "none of the relations"),
    ],
)
def test_a_description_that_is_none_is_refused(fields, message):
    with pytest.raises(QueryError, match=message):
        convert.description_of(LocateHidden.Request(**fields))
