"""A GPU that holds no more than a few items at a time."""

import pytest
import torch

from nesf_ros.errors import QueryError
from nesf_ros.vision.memory import by_halves


class Small:
    """Holds `room` items; notes how many it was given each time."""

    def __init__(self, room: int):
        self.room, self.given = room, []

    def squared(self, items):
        self.given.append(len(items))
        if len(items) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return torch.as_tensor(items) ** 2


@pytest.mark.parametrize("items", [torch.arange(11), range(11), list(range(11))])
def test_halves_come_back_in_order(items):
    small = Small(room=3)
    assert by_halves(small.squared, items).tolist() == [n * n for n in range(11)]
    assert small.given == [11, 5, 2, 3, 6, 3, 3]


def test_what_fits_is_done_at_once_and_nothing_at_all_too():
    small = Small(room=11)
    assert by_halves(small.squared, torch.arange(11)).tolist() == [n * n for n in range(11)]
    assert by_halves(small.squared, torch.arange(0)).tolist() == []
    assert small.given == [11, 0]


def test_a_single_item_that_does_not_fit_is_said():
    with pytest.raises(QueryError, match="too little memory.*CUDA out of memory"):
        by_halves(Small(room=0).squared, torch.arange(4))


def test_other_errors_are_not_taken_for_it():
    def broken(items):
        raise RuntimeError("shapes")

    with pytest.raises(RuntimeError, match="shapes"):
        by_halves(broken, torch.arange(4))
