"""The thread of spare time."""

import time
from concurrent.futures import Future
from types import SimpleNamespace

import pytest

from nesf_ros.pipeline import SemanticMapper
from nesf_ros.ros import field_thread
from nesf_ros.ros.field_thread import FieldThread
from nesf_ros.ros.worker import Worker


class Log:
    def __init__(self):
        self.errors = []

    def info(self, message):
        pass

    def error(self, message):
        self.errors.append(message)


class Mapper(SemanticMapper):
    """A mapper whose spare work is given."""

    def __init__(self, work, learner=None):
        self.fields, self.calls, self._given = SimpleNamespace(failure="", notice=""), 0, work
        self.language_fields = learner

    def refine(self):
        return self._given()


class Learner:
    """Language fields that know something, or nothing, of what is due."""

    def __init__(self, known):
        self.known, self.asked, self.taken = known, 0, []

    def due(self):
        return "due"

    def codes(self, due):
        self.asked += 1
        return self.known

    def take(self, asked, codes):
        self.taken.append((asked, codes))


class AtOnce(Worker):
    """A worker that does everything in the thread that asks."""

    def __init__(self):
        pass

    def call(self, work):
        future = Future()
        future.set_result(work())
        return future


def until(condition):
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


def test_it_works_until_it_is_stopped():
    mapper = Mapper(lambda: setattr(mapper, "calls", mapper.calls + 1) or True)
    thread = FieldThread(mapper, AtOnce(), 1.0, Log())
    until(lambda: mapper.calls > 3)
    thread.stop()
    calls = mapper.calls
    time.sleep(0.05)
    assert mapper.calls == calls


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_it_rests_in_proportion_to_its_work(share):
    waits = []
    mapper = Mapper(lambda: time.sleep(0.02) or True)
    thread = FieldThread(mapper, AtOnce(), share, Log())
    real = thread._over.wait
    thread._over.wait = lambda seconds: waits.append(seconds) or real(0.0)
    until(lambda: len(waits) > 3)
    thread.stop()
    # What it slept at least, times what the share leaves over.
    assert min(waits) >= 0.02 * (1 / share - 1)


def test_what_language_fields_know_goes_into_the_voxels_through_the_worker(monkeypatch):
    monkeypatch.setattr(field_thread, "REFRESH_S", 0.0)
    learner = Learner("codes")
    thread = FieldThread(Mapper(lambda: False, learner), AtOnce(), 1.0, Log())
    until(lambda: len(learner.taken) > 1)
    thread.stop()
    assert set(learner.taken) == {("due", "codes")}


def test_nothing_is_put_while_no_field_knows_anything(monkeypatch):
    monkeypatch.setattr(field_thread, "REFRESH_S", 0.0)
    learner = Learner(None)
    thread = FieldThread(Mapper(lambda: False, learner), AtOnce(), 1.0, Log())
    until(lambda: learner.asked > 1)
    thread.stop()
    assert learner.taken == []


def test_what_fails_ends_the_thread_and_is_told():
    log = Log()
    mapper = Mapper(lambda: 1 / 0)
    thread = FieldThread(mapper, AtOnce(), 1.0, log)
    until(lambda: bool(mapper.fields.failure))
    thread.stop()
    assert mapper.fields.failure.startswith("ZeroDivisionError")
    assert len(log.errors) == 1 and "the scene field has stopped" in log.errors[0]
