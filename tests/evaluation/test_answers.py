"""Answers of made-up rooms, whose figures are counted by hand."""

import numpy as np
import pytest

from nesf_ros.errors import EvaluationError
from nesf_ros.evaluation.answers import RoomAnswer, answer_figures

CLASSES = ("bed", "cup", "lamp", "sofa", "tent")


def row(start: int, length: int, y: int) -> np.ndarray:
    """Voxels side by side along x."""
    x = np.arange(start, start + length)
    return np.stack([x, np.full(length, y), np.zeros(length, int)], 1)


@pytest.fixture
def room():
    """A bed of 300 voxels, a cup of 20, a lamp of 30, a sofa of 3; no tent; a wall of 40."""
    sizes = {0: 300, 1: 20, 2: 30, 3: 3, -1: 40}
    voxels = np.concatenate([row(0, size, 5 * y) for y, size in enumerate(sizes.values())])
    truth = np.repeat(list(sizes), list(sizes.values()))
    relevancy = np.full((len(voxels), 5), 0.1, np.float32)
    relevancy[truth == 0, 0] = 0.9
    # Part of the lamp looks more like a cup than the cup does.
    relevancy[truth == 1, 1] = 0.7
    relevancy[np.flatnonzero(truth == 2)[:6], 1] = 0.8
    relevancy[truth == 2, 2] = 0.5  # right, but below the threshold
    relevancy[truth == 3, 3] = 0.95  # too small to be there, too large not to be
    relevancy[truth == -1, 4] = 0.75
    shuffled = np.random.default_rng(0).permutation(len(voxels))
    return RoomAnswer(CLASSES, voxels[shuffled], relevancy[shuffled], truth[shuffled], 0.05)


def test_figures_by_hand(room):
    figures = answer_figures([room, room], threshold=0.6)
    shares = {name: (figure.value, figure.count) for name, figure in vars(figures).items()}
    # Of bed, cup and lamp in two rooms, and two questions for a tent.
    third = pytest.approx(1 / 3)
    assert shares["best"] == (pytest.approx(2 / 3), 6)
    assert shares["best_large"] == (1.0, 2)
    assert shares["found"] == (pytest.approx(2 / 3), 6)
    assert shares["found_right"] == (third, 6)
    assert shares["invented"] == (1.0, 2)
    # 0.9 and 0.8 beat the tent's 0.75, 0.5 does not; the sofa counts on neither side.
    assert shares["told"] == (pytest.approx(2 / 3), 8)
    assert answer_figures([room], threshold=0.76).invented.value == 0.0


def test_the_best_voxels_score_five_of_them_at_most(room):
    np.testing.assert_allclose(room.scores, [0.9, 0.8, 0.5, (3 * 0.95 + 0.2) / 5, 0.75], atol=1e-6)
    assert room.counts.tolist() == [300, 20, 30, 3, 0]


def test_an_answer_is_right_if_more_than_half_of_it_is(room):
    """The cup's best answer grows over the cup itself, and is right once most of it is there."""
    relevancy = room.relevancy.copy()
    lamp = np.flatnonzero(room.truth == 2)
    for in_lamp, right in ((19, True), (20, False)):
        relevancy[:, 1] = np.where(room.truth == 1, 0.8, 0.1)
        # Moved beside the cup, so that both are one piece.
        voxels = room.voxels.copy()
        chosen = lamp[:in_lamp]
        voxels[chosen] = row(20, in_lamp, 5)
        relevancy[chosen, 1] = 0.8
        moved = RoomAnswer(CLASSES, voxels, relevancy, room.truth, 0.05)
        assert moved.best_right(0.6)[1].tolist() == [True, right]


def test_the_table_names_every_figure(room):
    lines = answer_figures([room, room], threshold=0.6).table().splitlines()
    assert len(lines) == 6
    assert lines[1].split("voxels")[1].split() == ["1.000", "[1.000,", "1.000]", "of", "2"]


def test_rooms_that_say_nothing(room):
    empty = RoomAnswer(CLASSES, room.voxels, room.relevancy, np.full_like(room.truth, -1), 0.05)
    with pytest.raises(EvaluationError, match="no sample"):
        answer_figures([empty], threshold=0.6)
