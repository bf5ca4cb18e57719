import pytest
import torch

from nesf_ros.errors import DatasetError
from nesf_ros.training.abstraction.rooms import Room, read_rooms
from tests.training.abstraction.small_rooms import small_room


def test_a_room_is_read_as_it_was_written(tmp_path):
    room = small_room()
    room.write(tmp_path / "00000.room")
    (again,) = read_rooms(tmp_path)
    assert again.about == room.about and again.arrays.keys() == room.arrays.keys()
    assert all(torch.equal(again.arrays[name], array) for name, array in room.arrays.items())
    assert (again.views, again.about.intrinsics.width) == (2, 32)


def test_what_is_no_room_is_told_from_one(tmp_path):
    with pytest.raises(DatasetError, match="no rooms in"):
        read_rooms(tmp_path)
    path = tmp_path / "00000.room"
    path.write_bytes(b"a room")
    with pytest.raises(DatasetError, match="00000.room is no room"):
        Room.read(path)


def test_points_half_a_step_beyond_the_lattice_are_outside():
    room = small_room()
    inside = room.within(torch.tensor([(0.001, 0.1, 0.1), (-0.01, 0.1, 0.1), (3.99, 3.99, 2.39),
                                       (3.99, 3.99, 2.41)]))  # fmt: skip
    assert inside.tolist() == [True, False, True, False]
