"""From relevant voxels to things: how many, where, which is best, and that they keep their ids."""

from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesf_ros.semantics import instances
from nesf_ros.semantics.instances import InstanceFinder, group, voxel_keys
from nesf_ros.types import Box

SIZE = 0.05


def cube(corner, edge: int = 2) -> np.ndarray:
    steps = np.stack(np.meshgrid(*[np.arange(edge)] * 3, indexing="ij"), -1).reshape(-1, 3)
    return (np.array(corner) + steps).astype(np.int64)


def scores(*parts: tuple[np.ndarray, float]) -> tuple[np.ndarray, np.ndarray]:
    voxels = np.concatenate([voxels for voxels, _ in parts])
    values = np.concatenate([np.full(len(voxels), value) for voxels, value in parts])
    return voxels, values.astype(np.float32)


@given(st.sets(st.tuples(*[st.integers(-3, 3)] * 3), min_size=1, max_size=60))
def test_pieces_are_what_can_be_reached_by_steps_to_neighbours(places):
    ordered = sorted(places, key=lambda place: place[::-1])  # as their keys
    keys = voxel_keys(np.array(ordered, np.int64))
    assert (np.diff(keys) > 0).all()
    pieces = group(keys)
    left, expected = set(places), []
    while left:
        reached = stack = {left.pop()}
        while stack:
            stack = {
                other for other in left for place in stack
                if max(abs(a - b) for a, b in zip(place, other, strict=True)) <= 1
            }  # fmt: skip
            left -= stack
            reached = reached | stack
        expected.append(reached)
    got = [{ordered[i] for i in np.flatnonzero(pieces == n)} for n in np.unique(pieces)]
    assert sorted(map(sorted, got)) == sorted(map(sorted, expected))


def test_things_by_hand():
    left, right, noise = cube((0, 0, 0)), cube((10, 0, -4), 3), cube((30, 0, 0), 1)
    voxels, relevancy = scores((left, 0.9), (right, 0.7), (noise, 1.0), (cube((0, 9, 0)), 0.2))
    relevancy[8] = 0.99  # the right one's best voxel: (10, 0, -4)
    found = InstanceFinder(SIZE).find("mug", voxels, relevancy, 0.5)
    assert len(found) == 2
    first, second = found
    assert first.box.lower == (0.0, 0.0, 0.0)
    assert first.box.upper == pytest.approx((0.1, 0.1, 0.1))
    assert first.centroid_m == pytest.approx((0.05, 0.05, 0.05))
    assert first.score == pytest.approx(0.9)
    assert second.box.lower == pytest.approx((0.5, 0.0, -0.2))
    assert second.peak_m == pytest.approx((0.525, 0.025, -0.175))
    assert second.score == pytest.approx((4 * 0.7 + 0.99) / 5)  # the best 5 of its 27
    assert len(second.voxels) == 27
    assert first.id != second.id


def test_ids_are_kept_while_things_grow_change_order_and_go():
    finder = InstanceFinder(SIZE)
    a, b = cube((0, 0, 0)), cube((10, 0, 0))
    first = finder.find("mug", *scores((a, 0.9), (b, 0.8)), 0.5)
    other = finder.find("cup", *scores((a, 0.9)), 0.5)
    second = finder.find("mug", *scores((cube((9, 0, 0), 3), 0.95), (a, 0.6)), 0.5)
    assert [i.id for i in second] == [first[1].id, first[0].id]
    assert other[0].id not in {i.id for i in first}
    third = finder.find("mug", *scores((cube((40, 0, 0)), 0.9), (a, 0.6)), 0.5)
    assert third[1].id == first[0].id
    assert third[0].id not in {i.id for i in (*first, *other)}


def test_of_what_comes_apart_the_larger_piece_is_the_old_thing():
    finder = InstanceFinder(SIZE)
    bar = np.array([[x, 0, 0] for x in range(20)], np.int64)
    whole = finder.find("bar", *scores((bar, 0.9)), 0.5)
    parts = finder.find("bar", *scores((bar[:5], 0.99), (bar[8:], 0.8)), 0.5)
    assert parts[1].id == whole[0].id
    assert len(parts[1].voxels) == 12
    assert parts[0].id != whole[0].id
    together = finder.find("bar", *scores((bar, 0.9)), 0.5)
    assert [i.id for i in together] == [whole[0].id]


def test_nothing_relevant_and_too_many_texts(monkeypatch):
    monkeypatch.setattr(instances, "TEXTS_REMEMBERED", 2)
    finder = InstanceFinder(SIZE)
    assert finder.find("mug", *scores((cube((0, 0, 0)), 0.5)), 0.5) == []
    assert finder.find("mug", np.zeros((0, 3), np.int64), np.zeros(0, np.float32), 0.5) == []
    first = finder.find("a", *scores((cube((0, 0, 0)), 0.9)), 0.5)
    for text in ("b", "c"):
        finder.find(text, *scores((cube((0, 0, 0)), 0.9)), 0.5)
    again = finder.find("a", *scores((cube((0, 0, 0)), 0.9)), 0.5)
    assert again[0].id != first[0].id  # forgotten
    same = finder.find("a", *scores((cube((0, 0, 0)), 0.9)), 0.5)
    assert same[0].id == again[0].id
    finder.clear()
    assert finder.find("a", *scores((cube((0, 0, 0)), 0.9)), 0.5)[0].id != again[0].id


def test_ids_outlive_a_question_about_a_part_of_the_map():
    finder = InstanceFinder(SIZE)
    a, b = cube((0, 0, 0)), cube((10, 0, 0))
    whole = finder.find("mug", *scores((a, 0.9), (b, 0.8)), 0.5)
    around_b = Box((0.2, -1.0, -1.0), (2.0, 2.0, 2.0))
    (part,) = finder.find("mug", *scores((b, 0.8)), 0.5, around_b)
    assert part.id == whole[1].id
    again = finder.find("mug", *scores((a, 0.9), (b, 0.8)), 0.5)
    assert [i.id for i in again] == [i.id for i in whole]
    finder.find("mug", *scores((b, 0.8)), 0.5)  # the whole map: the other one has gone
    new = finder.find("mug", *scores((a, 0.9), (b, 0.8)), 0.5)
    assert new[0].id not in {i.id for i in whole} and new[1].id == whole[1].id


def test_what_has_gone_from_a_part_of_the_map_is_forgotten():
    """Also where nothing else is relevant by now."""
    finder, region = InstanceFinder(SIZE), Box((-1.0, -1.0, -1.0), (0.2, 1.0, 1.0))
    a, b = cube((-3, -3, -3)), cube((10, 0, 0))
    first, other = finder.find("mug", *scores((a, 0.9), (b, 0.8)), 0.5)
    nothing = np.zeros((0, 3), np.int64), np.zeros(0, np.float32)
    assert finder.find("mug", *nothing, 0.5, region) == []
    new, same = finder.find("mug", *scores((a, 0.9), (b, 0.8)), 0.5)
    assert new.id not in (first.id, other.id) and same.id == other.id


def test_finders_can_take_ids_from_one_source():
    ids = count(5)
    one, two = InstanceFinder(SIZE, ids=ids), InstanceFinder(2 * SIZE, ids=ids)
    found = [finder.find("mug", *scores((cube((0, 0, 0)), 0.9)), 0.5) for finder in (one, two, one)]
    assert [thing.id for (thing,) in found] == [5, 6, 5]


def test_another_question_for_the_text_leaves_the_ids_of_the_plain_one():
    finder = InstanceFinder(SIZE)
    a, b, c = cube((0, 0, 0)), cube((3, 0, 0)), cube((20, 0, 0))
    bridge = cube((2, 0, 0), 1)
    room = scores((a, 0.9), (b, 0.8), (bridge, 0.6), (c, 0.6))
    plain = [thing.id for thing in finder.find("mug", *room, 0.7)]
    assert plain == [1, 2]
    # Lower: c is new, and what lies between a and b parts them still; higher: a alone.
    low = [thing.id for thing in finder.find("mug", *room, 0.5, apart="0.5")]
    assert low == [1, 2, 3]
    assert [thing.id for thing in finder.find("mug", *room, 0.85, apart="0.85")] == [1]
    assert [thing.id for thing in finder.find("mug", *room, 0.7)] == plain
    assert [thing.id for thing in finder.find("mug", *room, 0.5, apart="0.5")] == low


def test_memory_of_voxels_is_bounded(monkeypatch):
    monkeypatch.setattr(instances, "VOXELS_REMEMBERED", 20)
    finder = InstanceFinder(SIZE)
    first = {text: finder.find(text, *scores((cube((0, 0, 0)), 0.9)), 0.5)[0].id for text in "abc"}
    again = {text: finder.find(text, *scores((cube((0, 0, 0)), 0.9)), 0.5)[0].id for text in "cba"}
    assert again["c"] == first["c"] and again["a"] != first["a"]


def test_a_thing_reaches_farther_than_what_makes_it_sure():
    """The bar's end alone is above 0.8; the bar is above 0.8 · 0.9; the box beside it is not."""
    bar = np.array([[x, 0, 0] for x in range(20)], np.int64)
    voxels, relevancy = scores((bar, 0.75), (cube((0, 1, 0)), 0.70), (cube((0, 9, 0)), 0.76))
    relevancy[:6] = 0.9
    (thing,) = InstanceFinder(SIZE).find("bar", voxels, relevancy, 0.8)
    assert len(thing.voxels) == 20 and thing.score == pytest.approx(0.9)
    assert InstanceFinder(SIZE).find("bar", voxels, relevancy, 0.95) == []
    # However low the threshold is, the box is no part of it; another thing is found, then.
    low = InstanceFinder(SIZE).find("bar", voxels, relevancy, 0.6)
    assert sorted(len(thing.voxels) for thing in low) == [8, 20]
    everything = InstanceFinder(SIZE, extent=0.0).find("bar", voxels, relevancy, 0.6)
    assert sorted(len(thing.voxels) for thing in everything) == [8, 28]
