"""The thread of spare time."""

import time

import pytest

from nesf_ros.fields import SceneFields
from nesf_ros.ros.field_thread import FieldThread


class Log:
    def __init__(self):
        self.errors = []

    def info(self, message):
        pass

    def error(self, message):
        self.errors.append(message)


class Fields(SceneFields):
    """Fields whose work is given."""

    def __init__(self, work):
        self.failure, self.calls, self._given = "", 0, work

    def work(self):
        return self._given()


def until(condition):
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


def test_it_works_until_it_is_stopped():
    fields = Fields(lambda: setattr(fields, "calls", fields.calls + 1) or True)
    thread = FieldThread(fields, 1.0, Log())
    until(lambda: fields.calls > 3)
    thread.stop()
    calls = fields.calls
    time.sleep(0.05)
    assert fields.calls == calls


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_it_rests_in_proportion_to_its_work(share):
    waits = []
    fields = Fields(lambda: time.sleep(0.02) or True)
    thread = FieldThread(fields, share, Log())
    real = thread._over.wait
    thread._over.wait = lambda seconds: waits.append(seconds) or real(0.0)
    until(lambda: len(waits) > 3)
    thread.stop()
    # What it slept at least, times what the share leaves over.
    assert min(waits) >= 0.02 * (1 / share - 1)


def test_what_fails_ends_the_thread_and_is_told():
    log = Log()
    fields = Fields(lambda: 1 / 0)
    thread = FieldThread(fields, 1.0, log)
    until(lambda: bool(fields.failure))
    thread.stop()
    assert fields.failure.startswith("ZeroDivisionError")
    assert len(log.errors) == 1 and "the scene field has stopped" in log.errors[0]
