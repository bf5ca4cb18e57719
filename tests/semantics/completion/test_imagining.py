"""Cubes put together to one answer, and what free space forbids."""

import math
from dataclasses import replace

import pytest
import torch

from nesf_ros.semantics.completion.cells import Cloud
from nesf_ros.semantics.completion.imagining import (
    CLEAR_SPACE,
    IMAGINED,
    UNIMAGINED,
    Space,
    Tile,
    imagine,
)
from nesf_ros.semantics.completion.lattice import Grid, window
from nesf_ros.semantics.completion.looking import Glimpse, Looker
from nesf_ros.semantics.completion.presets import PRESETS, Preset
from nesf_ros.semantics.completion.volume import Volume
from nesf_ros.semantics.completion.weights import Trained
from nesf_ros.types import FREE, OCCUPIED, UNOBSERVED, unheard
from nesf_ros.vision.presets import PRESETS as LOOKS
from tests.voxels.scenes import frame

LEFT, RIGHT = Volume((0.0, 0.0, 0.0), 0.0, 2.0, 2), Volume((1.0, 0.0, 0.0), 0.0, 2.0, 2)
GRID = Grid((0.0, 0.5, 0.5), 0.5, (8, 1, 1))
"""Along x, middles at 0.25, 0.75, … 3.75 m: the last two lie in neither cube."""
SEEN_FREE = 1
"""Of the voxels of `GRID`."""
TEXTS = torch.tensor([[1.0], [4.0]])


@pytest.fixture
def trained(monkeypatch):
    monkeypatch.setitem(PRESETS, "tiny", Preset(2, 2.0, (4,)))
    return Trained(
        "ovssc", "tiny", "model", LOOKS["chefer"], 20.0, 3.0, 0.5, slope=2.0, offset=-1.0
    )


class OnePoint(Looker):
    """Each keyframe shows the point (0.5, 0.5, 0.5), as relevant as the text's first number."""

    def __init__(self):
        self.looked = []

    def cloud(self, glimpse, texts):
        self.looked.append(glimpse.keyframe)
        return Cloud(torch.full((1, 3), 0.5), texts[:, :1].clone(), torch.zeros(2, 1))


def tile(volume, *keyframes, mark=0.0):
    """A cube that these keyframes show; `mark` is what its geometry says everywhere."""
    nothing = torch.zeros(0, 3), torch.zeros(0, 2, dtype=torch.int64), 1
    glimpses = tuple(Glimpse(number, frame(1.0), *nothing) for number in keyframes)
    return Tile(volume, torch.full((3, 2, 2, 2), mark), glimpses)


def space(*tiles):
    state = torch.full((8,), UNOBSERVED, dtype=torch.uint8)
    state[SEEN_FREE], state[2] = FREE, OCCUPIED
    return Space(GRID, state, state == FREE, torch.zeros(8, dtype=torch.bool), tiles)


def marked(shared, relevancy, points):
    """The mark of a cube's geometry is its logit, for every text and place."""
    return shared[0, 0, 0, 0].expand(len(relevancy), len(points)).clone()


def logistic(logit):
    return 1 / (1 + math.exp(1.0 - 2.0 * logit))  # slope 2, offset −1


def test_a_constant_answer_has_no_seams_and_ends_where_cubes_do(trained):
    found, basis = imagine(
        space(tile(LEFT, 0, mark=0.7), tile(RIGHT, 1, mark=0.7)), TEXTS, 2,
        (trained, OnePoint(), marked), unheard,
    )  # fmt: skip
    rests = [IMAGINED] * 6 + [UNIMAGINED] * 2
    rests[SEEN_FREE] = CLEAR_SPACE
    assert basis.tolist() == rests
    expected = [logistic(0.7)] * 8
    expected[SEEN_FREE] = expected[6] = expected[7] = 0.0
    assert found[0].tolist() == pytest.approx(expected)
    assert torch.equal(found[0], found[1])


def test_neighbours_are_blended_by_how_far_they_are_heard(trained):
    found = imagine(
        space(tile(LEFT, 0, mark=1.0), tile(RIGHT, 0, mark=-1.0)), TEXTS, 2,
        (trained, OnePoint(), marked), unheard,
    )[0][0]  # fmt: skip
    # At x = 1.25 m the first cube is heard fully, the second at an eighth of its side, too.
    weights = window(torch.tensor([[0.625, 0.5, 0.5], [0.125, 0.5, 0.5]]))
    assert weights.tolist() == [1.0, 1.0]
    assert found[2] == found[3] == pytest.approx(logistic(0.0))
    assert found[0] == pytest.approx(logistic(1.0))
    assert found[5] == pytest.approx(logistic(-1.0))


def test_a_cube_that_no_keyframe_shows_says_nothing(trained):
    looker, dark = OnePoint(), space(tile(LEFT, 0, mark=1.0), tile(RIGHT, mark=-9.0))
    found, basis = imagine(dark, TEXTS, 2, (trained, looker, marked), unheard)
    assert found[0, [2, 3]].tolist() == pytest.approx([logistic(1.0)] * 2)
    assert found[0, 4:].tolist() == [0.0] * 4
    assert basis[4:].tolist() == [UNIMAGINED] * 4
    assert dark.unshown == 1
    assert looker.looked == [0]


def test_nothing_is_imagined_under_the_floor(trained):
    there = space(tile(LEFT, 0, mark=1.0))
    deep = replace(there, beneath=torch.arange(8) == 2)
    found, basis = imagine(deep, TEXTS, 2, (trained, OnePoint(), marked), unheard)
    assert found[:, 2].tolist() == [0.0, 0.0] and found[0, 3] > 0
    assert basis[:4].tolist() == [IMAGINED, CLEAR_SPACE, UNIMAGINED, IMAGINED]


def test_labels_reach_the_network_scaled_and_one_by_one(trained):
    def relevant(shared, relevancy, points):
        assert shared.shape == (6, 2, 2, 2) and relevancy.shape == (2, 2, 2, 2)
        # The one cell that was looked at, and the label's channel alone, hold something.
        assert shared[3].nonzero().tolist() == [[0, 0, 0]]
        return relevancy[:, 0, 0, 0, None].expand(-1, len(points)).clone()

    found, _ = imagine(
        space(tile(LEFT, 0)), TEXTS / 10, 2, (trained, OnePoint(), relevant), unheard
    )  # fmt: skip
    assert found[:, 0].tolist() == pytest.approx([logistic(0.3), logistic(1.2)])


def test_points_are_given_along_the_cube(trained):
    def ahead(shared, relevancy, points):
        return points[:, 0].expand(2, -1)

    found = imagine(space(tile(RIGHT, 0)), TEXTS, 2, (trained, OnePoint(), ahead), unheard)[0][0]
    expected = [0.0, 0.0, *(logistic(x) for x in (0.125, 0.375, 0.625, 0.875)), 0.0, 0.0]
    assert found.tolist() == pytest.approx(expected)


def test_a_keyframe_is_looked_at_once_and_progress_only_grows(trained):
    looker, told = OnePoint(), []
    imagine(
        space(tile(LEFT, 3, 1), tile(RIGHT, 1, 3, 2)), TEXTS, 2, (trained, looker, marked),
        lambda stage, share: told.append(share),
    )  # fmt: skip
    assert looker.looked == [3, 1, 2]
    assert told == sorted(told) and told[0] == 0.0 and told[-1] < 1.0
