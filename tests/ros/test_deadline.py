import threading

import pytest
from rclpy.node import Node

from nesf_ros.errors import MapError, QueryError
from nesf_ros.ros.deadline import at_once, in_time
from nesf_ros.ros.worker import RequestThread, Worker

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
    assert result(in_time(node, [(worker, lambda check: done.append(1))], WAIT_S)) is None
    assert done == [1]


def test_an_error_is_the_answer(node, worker):
    def fail(check):
        raise MapError("no map")

    error = result(in_time(node, [(worker, fail)], WAIT_S))
    assert isinstance(error, MapError) and str(error) == "no map"


def test_what_has_begun_too_late_is_never_done(node, worker):
    hold, done = threading.Event(), []
    worker.call(lambda: hold.wait(WAIT_S))
    error = result(in_time(node, [(worker, lambda check: done.append(1))], 0.01))
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

    answer = in_time(node, [(worker, work)], 0.05)
    error = result(answer)
    assert isinstance(error, QueryError)
    hold.set()
    worker.call(lambda: None).result(WAIT_S)
    assert done == ([] if checks else [1]) and answer.future.result() is error


def test_what_is_settled_before_it_begins_is_never_done(node, worker):
    hold, done = threading.Event(), []
    worker.call(lambda: hold.wait(WAIT_S))
    answer = in_time(node, [(worker, lambda check: done.append(1))], WAIT_S)
    called_off = QueryError("called off")
    answer.settle(called_off)
    assert result(answer) is called_off
    hold.set()
    worker.call(lambda: None).result(WAIT_S)
    assert done == [] and answer.future.result() is called_off


@pytest.fixture
def reader():
    reader = RequestThread("reads")
    yield reader
    reader.stop(WAIT_S)


def test_steps_are_done_in_their_order_each_in_its_thread(node, worker, reader):
    done = []
    threads = {id(worker): "nesf-worker", id(reader): "reads"}

    def step(number):
        return lambda check: done.append((number, threading.current_thread().name))

    order = [reader, reader, worker, reader]
    steps = [(thread, step(number)) for number, thread in enumerate(order)]
    assert result(in_time(node, steps, WAIT_S)) is None
    assert done == [(number, threads[id(thread)]) for number, thread in enumerate(order)]


def test_after_a_step_that_fails_none_is_done(node, worker, reader):
    def fail(check):
        raise MapError("no map")

    done = []
    error = result(in_time(node, [(reader, fail), (worker, lambda check: done.append(1))], WAIT_S))
    worker.call(lambda: None).result(WAIT_S)
    assert str(error) == "no map" and done == []


@pytest.mark.parametrize("called_off", [False, True])
def test_between_steps_an_answer_can_be_settled(node, worker, reader, called_off):
    hold, begun, done = threading.Event(), threading.Event(), []

    def first(check):
        begun.set()
        hold.wait(WAIT_S)

    steps = [(reader, first), (reader, lambda check: done.append(1)), (worker, done.append)]
    answer = in_time(node, steps, WAIT_S if called_off else 0.2)
    assert begun.wait(WAIT_S)
    if called_off:
        answer.settle(QueryError("called off"))
    error = result(answer)
    assert isinstance(error, QueryError)
    hold.set()
    for thread in (reader, reader, worker):  # what would be done next is behind the first of these
        thread.call(lambda: None).result(WAIT_S)
    assert done == [] and answer.future.result() is error


def test_steps_of_two_answers_take_turns(node, reader):
    hold, done = threading.Event(), []
    reader.call(lambda: hold.wait(WAIT_S))
    many, few = (
        in_time(node, [(reader, lambda check, c=c, n=n: done.append((c, n))) for n in range(count)],
                WAIT_S)
        for c, count in (("many", 4), ("few", 2))
    )  # fmt: skip
    hold.set()
    assert result(many) is None and result(few) is None
    assert done == [("many", 0), ("few", 0), ("many", 1), ("few", 1), ("many", 2), ("many", 3)]


def test_what_comes_once_a_thread_has_stopped_is_refused(node, reader):
    reader.stop(WAIT_S)
    error = result(in_time(node, [(reader, lambda check: None)], WAIT_S))
    assert isinstance(error, QueryError) and "not configured" in str(error)


def test_an_error_can_be_the_answer_at_once(node):
    error = QueryError("no")
    assert at_once(node, error).future.result() is error
