"""Bytes for names."""

import torch

from nesf_ros.voxels.labels import MOST_ON_WIRE, LabelTable


def test_bytes_are_given_in_the_order_names_come_up_and_stay():
    table = LabelTable(("a", "b", "c"))
    table.note(torch.tensor([3, 0, 3], dtype=torch.int16))
    table.note(torch.tensor([1, 3], dtype=torch.int16))
    assert table.wire_names == ("c", "a")
    codes = table.codes(torch.tensor([[0, 1], [2, 3]], dtype=torch.int16))
    assert codes.tolist() == [[0, 2], [0, 1]]
    assert [table.wire_names[code - 1] for code in (1, 2)] == ["c", "a"]


def test_more_names_than_a_byte_can_tell_apart():
    table = LabelTable(tuple(f"n{i}" for i in range(400)))
    every = torch.arange(1, 401, dtype=torch.int16)
    table.note(every)
    assert len(table.wire_names) == MOST_ON_WIRE
    codes = table.codes(every)
    assert codes[:255].tolist() == list(range(1, 256))
    assert not codes[255:].any()


def test_prints_depend_on_the_name_alone():
    one, other = LabelTable(("chair", "table")), LabelTable(("x", "table", "chair"))
    first = one.prints(torch.tensor([0, 1, 2], dtype=torch.int16))
    second = other.prints(torch.tensor([0, 3, 2], dtype=torch.int16))
    assert torch.equal(first, second)
    assert len(first.unique()) == 3
