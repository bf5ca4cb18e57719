import threading

import pytest

from nesf_ros.errors import FrameError, GeometryError, TransformError
from nesf_ros.frames.counters import EXPLANATIONS, Cause, DropCounter, Rate, cause_of


def test_every_cause_is_explained_in_a_sentence():
    assert set(EXPLANATIONS) == set(Cause)
    for text in EXPLANATIONS.values():
        assert text.endswith((".", "?"))
        assert ":" in text or "." in text[:-1]  # what it means, and what to do


def test_only_what_has_occurred_is_listed():
    drops = DropCounter()
    drops.add(Cause.NO_PARTNER)
    drops.add(Cause.QUEUE_FULL, 3)
    drops.add(Cause.PAUSED, 0)
    assert drops.counts() == {"no_partner": 1, "queue_full": 3}
    assert (drops.count(Cause.QUEUE_FULL), drops.count(Cause.PAUSED), drops.total) == (3, 0, 4)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (TransformError("", "unknown_frame"), Cause.TF_UNKNOWN_FRAME),
        (TransformError("", "not_connected"), Cause.TF_NOT_CONNECTED),
        (TransformError("", "cycle"), Cause.TF_CYCLE),
        (TransformError("", "extrapolation_future"), Cause.TF_LATE),
        (TransformError("", "extrapolation_past"), Cause.TF_TOO_OLD),
        (FrameError("", "bad_encoding"), Cause.BAD_ENCODING),
        (FrameError(""), Cause.BAD_SIZE),
        (FrameError("", Cause.EMPTY_DEPTH), Cause.EMPTY_DEPTH),
        (GeometryError(""), Cause.BAD_POSE),
    ],
)
def test_errors_know_their_cause(error, cause):
    assert cause_of(error) is cause


def test_no_count_is_lost_between_threads():
    drops = DropCounter()
    threads = [
        threading.Thread(target=lambda: [drops.add(Cause.DUPLICATE) for _ in range(5000)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drops.total == 20_000


def test_a_rate_is_that_of_the_last_events_and_ends_with_them():
    rate = Rate(window=3, idle_s=2.0)
    assert rate.hz(0.0) == 0.0
    for now_s in (0.0, 10.0, 10.5, 11.0):
        rate.tick(now_s)
    assert rate.hz(11.0) == pytest.approx(2.0)
    assert rate.hz(13.5) == 0.0
