import threading

import pytest

from nesf_ros.errors import QueryError
from nesf_ros.ros.worker import RequestThread, Worker

WAIT_S = 10.0


class Gate:
    """Holds the worker in its first frame until opened."""

    def __init__(self, capacity: int = 2):
        self.seen: list = []
        self.dropped: list = []
        self.entered, self.opened = threading.Event(), threading.Event()
        self.worker: Worker = Worker(self._frame, self.dropped.append, capacity)
        self.worker.add_frame("held")
        assert self.entered.wait(WAIT_S)

    def _frame(self, frame) -> None:
        self.entered.set()
        assert self.opened.wait(WAIT_S)
        self.seen.append(frame)

    def finish(self) -> list:
        """Open, wait until all frames that wait are done, stop."""
        self.opened.set()
        while len(self.worker):
            self.worker.call(lambda: None).result(WAIT_S)
        self.worker.stop(WAIT_S)
        return self.seen


def test_requests_go_before_frames_and_keep_their_order():
    gate = Gate()
    gate.worker.add_frame("frame")
    futures = [gate.worker.call(lambda n=n: gate.seen.append(n) or n) for n in range(3)]
    assert gate.finish() == ["held", 0, 1, 2, "frame"]
    assert [future.result(0) for future in futures] == [0, 1, 2]


def test_the_oldest_frame_makes_room_and_is_told():
    gate = Gate(capacity=2)
    for number in range(5):
        gate.worker.add_frame(number)
        assert len(gate.worker) <= 2
    assert gate.dropped == [0, 1, 2]
    assert gate.finish() == ["held", 3, 4]


def test_an_exception_reaches_the_caller_and_the_worker_goes_on():
    gate = Gate()
    failing = gate.worker.call(lambda: 1 // 0)
    gate.opened.set()
    with pytest.raises(ZeroDivisionError):
        failing.result(WAIT_S)
    assert gate.worker.call(lambda: "still here").result(WAIT_S) == "still here"
    gate.worker.stop(WAIT_S)


def test_a_request_that_was_cancelled_is_not_done():
    gate = Gate()
    done = []
    future = gate.worker.call(lambda: done.append(1))
    assert future.cancel()
    gate.finish()
    assert done == []


def test_drain_hands_back_what_waits():
    gate = Gate(capacity=3)
    for number in range(3):
        gate.worker.add_frame(number)
    assert gate.worker.drain() == [0, 1, 2]
    assert len(gate.worker) == 0
    assert gate.finish() == ["held"]
    assert gate.dropped == []


def test_stop_finishes_requests_leaves_frames_and_refuses_what_comes_later():
    gate = Gate()
    gate.worker.add_frame("left")
    future = gate.worker.call(lambda: "done")
    stopper = threading.Thread(target=gate.worker.stop, args=(WAIT_S,))
    stopper.start()
    gate.opened.set()
    stopper.join(WAIT_S)
    assert not stopper.is_alive()
    assert future.result(0) == "done"
    assert gate.seen == ["held"] and gate.worker.drain() == ["left"]
    with pytest.raises(QueryError, match="not configured any more"):
        gate.worker.call(lambda: None).result(0)


def test_a_thread_of_requests_alone_does_them_in_order_and_counts_what_waits():
    hold, entered, done = threading.Event(), threading.Event(), []
    thread = RequestThread("reads")
    thread.call(lambda: (entered.set(), hold.wait(WAIT_S)))
    assert entered.wait(WAIT_S)
    futures = [thread.call(lambda n=n: done.append(n) or n) for n in range(3)]
    assert thread.requests == 3 and done == []
    hold.set()
    thread.stop(WAIT_S)
    assert done == [0, 1, 2] and [future.result(0) for future in futures] == done
    assert thread.requests == 0


def test_under_stress_every_frame_and_request_is_accounted_for():
    taken, dropped, asked = [], [], []
    worker: Worker = Worker(taken.append, dropped.append, 4)
    threads, each = 6, 400

    def hand_over(thread: int) -> None:
        for number in range(each):
            worker.add_frame((thread, number))
            if number % 3 == 0:
                asked.append(worker.call(lambda: threading.get_ident()))

    workers = [threading.Thread(target=hand_over, args=(n,)) for n in range(threads)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join(WAIT_S)
    # A lost wake-up would leave a request without an answer here.
    idents = {future.result(WAIT_S) for future in asked}
    while len(worker):
        worker.call(lambda: None).result(WAIT_S)
    worker.stop(WAIT_S)
    assert len(idents) == 1
    assert sorted(taken + dropped) == [(t, n) for t in range(threads) for n in range(each)]
    for thread in range(threads):
        mine = [number for t, number in taken if t == thread]
        assert mine == sorted(mine)
