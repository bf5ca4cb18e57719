import threading

import pytest
from rclpy.node import Node

from nesf_ros.errors import MapError, QueryError
from nesf_ros.ros.deadline import at_once, in_time
from nesf_ros.ros.worker import Worker

pytestmark = pytest.mark.ros
WAIT_S = 10.0


@pytest.fixture
def node(ros_context):
    node = Node("asks", context=ros_context)
    yield node
    node.destroy_node()


@pytest.fixture
def worker():
    worker: Worker = Worker(lambda frame: None, lambda frame: None, 1)
    yield worker
    worker.stop(WAIT_S)


def result(answer):
    """What it is settled with, once it is. Nothing spins here, so callbacks run at once."""
    settled = threading.Event()
    answer.future.add_done_callback(lambda _: settled.set())
    assert settled.wait(WAIT_S)
    return answer.future.result()


def test_work_that_is_done_in_time_has_no_error(node, worker):
    done = []
    assert result(in_time(node, worker, lambda check: done.append(1), WAIT_S)) is None
    assert done == [1]


def test_an_error_is_the_answer(node, worker):
    def fail(check):
        raise MapError("no map")

    error = result(in_time(node, worker, fail, WAIT_S))
    assert isinstance(error, MapError) and str(error) == "no map"


def test_what_has_begun_too_late_is_never_done(node, worker):
    hold, done = threading.Event(), []
    worker.call(lambda: hold.wait(WAIT_S))
    error = result(in_time(node, worker, lambda check: done.append(1), 0.01))
    assert isinstance(error, QueryError)
    assert str(error) == "not answered within 0.01 s; the map is busy or too large"
    hold.set()
    worker.call(lambda: None).result(WAIT_S)
    assert done == []


@pytest.mark.parametrize("checks", [False, True])
def test_work_that_takes_too_long_ends_unheard_or_where_it_checks(node, worker, checks):
    hold, done = threading.Event(), []

    def work(check):
        check()
        hold.wait(WAIT_S)
        if checks:
            check()
        done.append(1)

    answer = in_time(node, worker, work, 0.05)
    error = result(answer)
    assert isinstance(error, QueryError)
    hold.set()
    worker.call(lambda: None).result(WAIT_S)
    assert done == ([] if checks else [1]) and answer.future.result() is error


def test_what_is_settled_before_it_begins_is_never_done(node, worker):
    hold, done = threading.Event(), []
    worker.call(lambda: hold.wait(WAIT_S))
    answer = in_time(node, worker, lambda check: done.append(1), WAIT_S)
    called_off = QueryError("called off")
    answer.settle(called_off)
    assert result(answer) is called_off
    hold.set()
    worker.call(lambda: None).result(WAIT_S)
    assert done == [] and answer.future.result() is called_off


def test_an_error_can_be_the_answer_at_once(node):
    error = QueryError("no")
    assert at_once(node, error).future.result() is error
