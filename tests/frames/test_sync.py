import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesf_ros.frames.counters import Cause, DropCounter
from nesf_ros.frames.sync import RgbdSynchronizer

MS = 1_000_000
S = 1_000 * MS


def make(slop_s=0.02, queue=5):
    drops = DropCounter()
    return RgbdSynchronizer[str, str](slop_s, queue, drops), drops


def feed(sync, messages):
    """Push ("c" or "d", stamp) messages; returns the stamps of the pairs in order."""
    pairs = []
    for kind, stamp in messages:
        push = sync.push_color if kind == "c" else sync.push_depth
        pairs += push(stamp, f"{kind}{stamp}")
    for pair in pairs:
        assert (pair.color, pair.depth) == (f"c{pair.color_stamp_ns}", f"d{pair.depth_stamp_ns}")
    return [(pair.color_stamp_ns, pair.depth_stamp_ns) for pair in pairs]


def balanced(sync, drops):
    counts = sync.counts
    assert counts.received == 2 * counts.pairs + counts.dropped + counts.pending
    assert counts.dropped == drops.total
    return counts


def test_equal_stamps_pair_at_once():
    sync, drops = make(slop_s=0.0)
    assert feed(sync, [("c", 0)]) == []
    assert feed(sync, [("d", 0)]) == [(0, 0)]
    assert feed(sync, [("d", 33 * MS), ("c", 33 * MS)]) == [(33 * MS, 33 * MS)]
    assert balanced(sync, drops) == (4, 2, 0, 0)


def test_a_constant_offset_pairs_without_delay_once_the_rhythm_is_known():
    sync, _ = make()
    stamps = [(t * 33 * MS, (t * 33 + 7) * MS) for t in range(10)]
    feed(sync, [("c", stamps[0][0]), ("d", stamps[0][1])])
    feed(sync, [("c", stamps[1][0]), ("d", stamps[1][1])])
    for color, depth in stamps[2:]:
        assert feed(sync, [("c", color)]) == []
        assert feed(sync, [("d", depth)]) == [(color, depth)]
    assert sync.counts == (20, 10, 0, 0)


def test_the_nearest_partner_is_waited_for():
    # Depth at 20 ms is within the slop of the colour image at 0, but belongs to the one at 33.
    sync, drops = make(slop_s=0.025)
    feed(sync, [("c", -33 * MS), ("d", -33 * MS), ("c", 0)])
    assert feed(sync, [("d", 20 * MS)]) == []
    assert feed(sync, [("c", 33 * MS)]) == [(33 * MS, 20 * MS)]
    assert balanced(sync, drops).pending == 1


def test_a_lost_partner_is_not_replaced_by_the_neighbours():
    sync, drops = make(slop_s=0.04, queue=5)
    pairs = []
    for t in range(0, 3000, 33):
        pairs += feed(sync, [("c", t * MS)])
        if t != 990:
            pairs += feed(sync, [("d", (t + 3) * MS)])
    assert all(depth - color == 3 * MS for color, depth in pairs)
    assert len(pairs) == len(range(0, 3000, 33)) - 1
    counts = balanced(sync, drops)
    assert counts.dropped + counts.pending == 1


def test_the_slop_is_inclusive_and_final():
    sync, _ = make(slop_s=0.02)
    feed(sync, [("c", 0), ("d", 20 * MS)])
    assert feed(sync, [("c", 100 * MS), ("d", 120 * MS + 1)]) == [(0, 20 * MS)]
    assert feed(sync, [("c", 300 * MS), ("d", 300 * MS)]) == [(300 * MS, 300 * MS)]


def test_late_images_still_find_their_partner():
    sync, _ = make()
    assert feed(sync, [("c", 0), ("c", 33 * MS), ("c", 66 * MS), ("d", 66 * MS)]) == [
        (66 * MS, 66 * MS)
    ]
    assert feed(sync, [("d", 0), ("d", 33 * MS)]) == [(0, 0), (33 * MS, 33 * MS)]


def test_repeated_images_are_dropped_whether_pending_or_paired():
    sync, drops = make()
    feed(sync, [("c", 0), ("c", 0), ("d", 0), ("d", 0), ("c", 0)])
    assert drops.counts() == {Cause.DUPLICATE: 3}
    assert balanced(sync, drops) == (5, 1, 3, 0)


def test_a_full_queue_drops_the_oldest():
    sync, drops = make(queue=3)
    feed(sync, [("c", t * 33 * MS) for t in range(10)])
    assert drops.counts() == {Cause.NO_PARTNER: 7}
    assert feed(sync, [("d", 7 * 33 * MS)]) == [(7 * 33 * MS, 7 * 33 * MS)]
    assert feed(sync, [("d", 0)]) == []
    balanced(sync, drops)


def test_a_full_queue_gives_up_waiting_for_a_better_partner():
    sync, drops = make(slop_s=0.1, queue=2)
    feed(sync, [("c", 0), ("d", 50 * MS)])  # a nearer depth image for 0 might still come
    assert feed(sync, [("c", 1 * MS)]) == []
    assert feed(sync, [("c", 2 * MS)]) == [(0, 50 * MS)]
    assert balanced(sync, drops) == (4, 1, 0, 2)


def test_a_clock_that_jumps_back_starts_anew():
    sync, drops = make()
    feed(sync, [("c", 100 * S), ("d", 100 * S), ("c", 101 * S), ("d", 102 * S)])
    assert feed(sync, [("c", 0), ("d", 0)]) == [(0, 0)]
    assert sync.clock_resets == 1
    assert drops.counts() == {Cause.CLOCK_RESET: 2}
    # The same stamps as before the jump are new images.
    assert feed(sync, [("c", 100 * S), ("d", 100 * S)]) == [(100 * S, 100 * S)]
    balanced(sync, drops)


def test_an_image_a_little_late_is_no_clock_reset():
    sync, drops = make()
    feed(sync, [("c", 10 * S), ("c", 9 * S + 100 * MS)])
    assert sync.clock_resets == 0
    assert drops.total == 0


def test_what_waits_can_be_dropped_for_a_reason():
    sync, drops = make()
    feed(sync, [("c", 0), ("d", 500 * MS), ("c", 900 * MS)])
    sync.drop_pending(Cause.PAUSED)
    assert drops.counts() == {Cause.PAUSED: 3}
    assert balanced(sync, drops) == (3, 0, 3, 0)
    feed(sync, [("d", 500 * MS)])  # it has been here before
    assert drops.count(Cause.DUPLICATE) == 1
    feed(sync, [("c", -500 * MS)])
    assert sync.clock_resets == 1


messages = st.lists(
    st.tuples(
        st.sampled_from("cd"),
        st.one_of(st.integers(0, 400), st.integers(0, 5000), st.just(0)).map(lambda t: t * MS),
    ),
    max_size=80,
)


@given(messages, st.integers(1, 6), st.sampled_from([0.0, 0.005, 0.02, 0.5]))
def test_every_image_is_accounted_for_whatever_comes(stream, queue, slop_s):
    drops = DropCounter()
    sync = RgbdSynchronizer[int, int](slop_s, queue, drops)
    used = []
    for serial, (kind, stamp) in enumerate(stream):
        push = sync.push_color if kind == "c" else sync.push_depth
        for pair in push(stamp, serial):
            assert abs(pair.color_stamp_ns - pair.depth_stamp_ns) <= slop_s * S
            assert stream[pair.color] == ("c", pair.color_stamp_ns)
            assert stream[pair.depth] == ("d", pair.depth_stamp_ns)
            used += [pair.color, pair.depth]
        counts = balanced(sync, drops)
        assert counts.received == serial + 1
        assert counts.pending <= 2 * queue
    assert len(used) == len(set(used)) == 2 * sync.counts.pairs
    assert set(drops.counts()) <= {Cause.NO_PARTNER, Cause.DUPLICATE, Cause.CLOCK_RESET}


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=3, max_size=40), st.data())
def test_images_of_one_trigger_always_find_each_other(present, data):
    """Jitter of up to 8 ms, 33 ms apart, images lost at random: pairs are those of one trigger."""
    sync, drops = make(slop_s=0.016, queue=5)
    jitter = st.integers(-4 * MS, 4 * MS)
    pairs, whole = [], []
    for trigger, kinds in enumerate(present):
        stamps = [trigger * 33 * MS + data.draw(jitter) for _ in range(2)]
        order = data.draw(st.permutations([0, 1]))
        pairs += feed(sync, [("cd"[kind], stamps[kind]) for kind in order if kinds[kind]])
        whole += [tuple(stamps)] if all(kinds) else []
    pairs += feed(sync, [("c", 9 * S), ("d", 9 * S)])  # whatever was undecided is settled now
    assert sorted(pairs[:-1]) == sorted(whole)
    balanced(sync, drops)


def test_two_threads_lose_nothing():
    sync, drops = make(queue=100)
    pairs = []

    def push(kind):
        for t in range(500):
            pairs.extend(feed(sync, [(kind, t * MS)]))

    threads = [threading.Thread(target=push, args=(kind,)) for kind in "cd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = balanced(sync, drops)
    assert counts.received == 1000
    assert counts.pairs == len(pairs) == len(set(pairs))


@pytest.mark.parametrize("slop_s", [0.0, 0.02])
def test_payloads_are_handed_through_untouched(slop_s):
    drops = DropCounter()
    sync = RgbdSynchronizer[object, object](slop_s, 3, drops)
    color, depth = object(), object()
    sync.push_color(7, color)
    (pair,) = sync.push_depth(7, depth)
    assert pair.color is color
    assert pair.depth is depth
