"""Which keyframes are replayed, and how often."""

import numpy as np
import pytest

from nesf_ros.errors import FieldError
from nesf_ros.field import replay as module
from nesf_ros.field.replay import Replay

from .scenes import pose, wall_frame


def frames_at(*x: float):
    """Keyframes from places x along the map's x axis."""
    return [wall_frame(pose((place, 0.0, 0.0))) for place in x]


def replay_of(*x: float) -> Replay:
    replay = Replay(10.0)
    for frame in frames_at(*x):
        replay.add(frame)
    return replay


def test_nothing_can_be_drawn_of_nothing():
    replay = Replay(10.0)
    assert (len(replay), replay.blind) == (0, False)
    with pytest.raises(FieldError, match="keyframe"):
        replay.draw(10)


def test_owners_say_whose_rays_they_are():
    draw = replay_of(0.0, 1.0, 2.0).draw(100)
    assert len(draw.rays) == len(draw.owner) == 102  # 34 of each
    assert np.bincount(draw.owner).tolist() == [34, 34, 34]
    np.testing.assert_array_equal(draw.rays.origins[:, 0].numpy(), draw.owner)


def test_a_batch_is_of_a_few_keyframes():
    draw = replay_of(*range(20)).draw(64)
    assert np.unique(draw.owner, return_counts=True)[1].tolist() == [4] * module.FRAMES_AT_ONCE


def test_running_loss_by_hand():
    replay = replay_of(0.0, 1.0, 2.0)
    assert replay.losses.tolist() == [1.0, 1.0, 1.0]
    replay.note(np.array([2, 0, 2, 0]), np.array([0.2, 0.0, 0.4, 1.0]))
    # 30% of the way to the mean of its own: to 0.5 and 0.3.
    np.testing.assert_allclose(replay.losses, [0.85, 1.0, 0.79])
    replay.note(np.array([0]), np.array([0.35]))
    np.testing.assert_allclose(replay.losses, [0.70, 1.0, 0.79])


def test_a_new_keyframe_counts_as_the_worst():
    replay = replay_of(0.0, 1.0)
    replay.note(np.array([0, 1]), np.array([3.0, 0.0]))
    replay.add(frames_at(2.0)[0])
    np.testing.assert_allclose(replay.losses, [1.6, 0.7, 1.6])


def test_chance_is_in_proportion_to_loss(monkeypatch):
    monkeypatch.setattr(module, "FRAMES_AT_ONCE", 1)
    replay = replay_of(0.0, 1.0, 2.0)
    # The mean is 1.0; the last counts as 0.2 of that, for all its 0.01.
    replay.losses[:] = [0.5, 2.49, 0.01]
    drawn = np.bincount([replay.draw(1).owner[0] for _ in range(1500)], minlength=3) / 1500
    # Standard errors are below 0.013.
    np.testing.assert_allclose(drawn, np.array([0.5, 2.49, 0.2]) / 3.19, atol=0.05)


def test_chance_survives_a_perfect_fit():
    replay = replay_of(*range(20))
    replay.losses[:] = 0.0
    assert len(np.unique(replay.draw(64).owner)) == module.FRAMES_AT_ONCE


def test_seeds_decide_the_draw():
    frame = frames_at(0.0)[0]
    draws = []
    for seed in (3, 3, 4):
        replay = Replay(10.0, seed)
        replay.add(frame)
        draws.append(replay.draw(50).rays.distance_m.tolist())
    assert draws[0] == draws[1] != draws[2]


def test_keeping_some():
    replay, frames = Replay(10.0), frames_at(0.0, 1.0, 2.0, 3.0)
    for frame in frames:
        replay.add(frame)
    replay.losses[:] = [0.1, 0.2, 0.3, 0.4]
    # Others, and an order of their own, change nothing.
    assert replay.keep([frames[3], frames_at(9.0)[0], frames[1]]) == [1, 3]
    assert [rays.frame for rays in replay.frames] == [frames[1], frames[3]]
    assert replay.losses.tolist() == [0.2, 0.4]
    draw = replay.draw(10)
    places = np.array([1.0, 3.0])[draw.owner]
    np.testing.assert_array_equal(draw.rays.origins[:, 0].numpy(), places)
    assert replay.keep([]) == []
    with pytest.raises(FieldError):
        replay.draw(1)
    replay.add(frames[0])
    assert replay.losses.tolist() == [1.0]


def test_a_replay_is_blind_where_a_keyframe_is():
    replay = replay_of(0.0)
    assert not replay.blind
    seeing = replay.frames[0].frame
    replay.add(wall_frame(pose(), measured=False))
    assert replay.blind
    replay.keep([seeing])
    assert not replay.blind


def test_readings_beyond_the_reach_are_not_replayed():
    replay = Replay(1.0)  # the wall is at 1.5 m
    replay.add(frames_at(0.0)[0])
    assert replay.blind
    assert (replay.draw(20).rays.distance_m == 0).all()
