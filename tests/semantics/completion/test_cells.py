"""What a network sees of a cube of two cells of 1 m along each edge."""

import pytest
import torch

from nesf_ros.semantics.completion.cells import (
    CHANNELS,
    Cloud,
    background_of,
    channels,
    geometry,
    relevant_cells,
)
from nesf_ros.semantics.completion.volume import Volume
from nesf_ros.types import FREE, OCCUPIED, UNOBSERVED

CUBE = Volume((0.0, 0.0, 0.0), 0.0, 2.0, 2)
FIRST, ACROSS = (0, 0, 0), (1, 0, 0)
TWICE = Cloud(
    torch.tensor([[0.5, 0.5, 0.5], [0.6, 0.5, 0.5], [1.5, 0.5, 0.5], [-0.1, 0.5, 0.5]]),
    torch.tensor([[1.0, 3.0, 5.0, 100.0], [0.0, 0.5, 0.0, 100.0]]),
    torch.tensor([[0.1, 0.3, 0.5, 100.0], [0.2, 0.4, 0.6, 100.0]]),
)
"""Two points in the first cell, one across, one outside; of two labels."""
ONCE = Cloud(
    torch.tensor([[0.5, 0.5, 0.5]]), torch.tensor([[1.0], [0.0]]), torch.tensor([[0.2], [0.5]])
)


@pytest.mark.parametrize(
    ("reduction", "first", "mean", "highest"), [("max", 4.0, 0.5, 0.9), ("mean", 3.0, 0.4, 0.8)]
)
def test_points_of_a_picture_are_reduced_and_pictures_count_alike(reduction, first, mean, highest):
    looked, relevancy = relevant_cells([TWICE, ONCE], CUBE, 2.0, reduction)
    # By max, 3 and 1 make 2 on the mean; by mean, 2 and 1 make 1.5. All of it is doubled.
    assert relevancy[0][FIRST] == pytest.approx(first)
    assert relevancy[0][ACROSS] == pytest.approx(10.0)
    assert looked[1][FIRST] == pytest.approx(mean)
    assert looked[2][FIRST] == pytest.approx(highest)
    assert looked[1:, 1, 0, 0].tolist() == pytest.approx([1.0, 1.2])


def test_what_no_picture_shows_is_zero_and_says_so():
    looked, relevancy = relevant_cells([TWICE, ONCE], CUBE, 2.0)
    assert looked[0].nonzero().tolist() == [[0, 0, 0], [1, 0, 0]]
    assert looked[0].max() == 1.0
    empty = looked[0] == 0
    assert not looked[:, empty].any() and not relevancy[:, empty].any()


def test_without_a_picture_nothing_was_looked_at():
    looked, relevancy = relevant_cells([], CUBE, 2.0)
    assert not looked.any()
    assert relevancy.shape == (0, 2, 2, 2)


def test_the_order_of_pictures_does_not_matter():
    for a, b in zip(
        relevant_cells([TWICE, ONCE], CUBE, 2.0),
        relevant_cells([ONCE, TWICE], CUBE, 2.0),
        strict=True,
    ):
        torch.testing.assert_close(a, b)


def test_geometry_is_in_the_order_of_cells():
    tsdf = torch.linspace(-1, 1, 8)
    state = torch.tensor([UNOBSERVED, FREE, OCCUPIED, FREE, FREE, FREE, FREE, OCCUPIED]).byte()
    distance, occupied, unobserved = geometry(tsdf, state, 2)
    assert distance[0, 0, 0] == -1.0
    assert distance[0, 0, 1] == pytest.approx(-1 + 2 / 7)  # z runs fastest
    assert occupied.nonzero().tolist() == [[0, 1, 0], [1, 1, 1]]
    assert unobserved.nonzero().tolist() == [[0, 0, 0]]


def test_labels_share_all_channels_but_the_last():
    shape, looked, relevancy = (
        torch.rand(3, 2, 2, 2),
        torch.rand(3, 2, 2, 2),
        torch.rand(5, 2, 2, 2),
    )
    cells = channels(torch.cat([shape, looked]), relevancy)
    assert cells.shape == (5, CHANNELS, 2, 2, 2)
    for label in range(5):
        torch.testing.assert_close(cells[label, :3], shape)
        torch.testing.assert_close(cells[label, 3:6], looked)
        torch.testing.assert_close(cells[label, 6], relevancy[label])


def test_the_background_is_mean_and_maximum_over_words():
    words = torch.tensor([[[0.0, 1.0]], [[3.0, 1.0]], [[0.0, 4.0]]])
    assert background_of(words).tolist() == [[[1.0, 2.0]], [[3.0, 4.0]]]
