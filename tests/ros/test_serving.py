"""Texts of requests are read beside the map, on a node in this process."""

import threading
import time

import pytest
from action_msgs.msg import GoalStatus
from geometry_msgs.msg import Point
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from nesf_ros import action, srv
from nesf_ros.config import KeyframesConfig, MapConfig, NesfConfig, VisionConfig
from nesf_ros.msg import Region
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.ros import serving
from nesf_ros.ros.language_services import LanguageServices
from nesf_ros.ros.services import MapServices
from nesf_ros.ros.worker import RequestThread, Worker
from nesf_ros.semantics.labels import MOST
from nesf_ros.vision.text import LABELS_AT_ONCE
from tests.semantics.test_language import ColorModel, wall

pytestmark = pytest.mark.ros
WAIT_S = 10.0
KINDS = {
    "query_relevancy": srv.QueryRelevancy,
    "query_points": srv.QueryPoints,
    "set_labels": srv.SetLabels,
}
MANY = [f"red thing {number}" for number in range(10 * LABELS_AT_ONCE)]


class Slow(ColorModel):
    """Reads a few texts each time it is let."""

    def __init__(self):
        super().__init__()
        self.turns = threading.Semaphore(10**6)
        self.begun = 0
        self.threads: set[str] = set()

    def encode_text(self, texts):
        self.begun += 1
        self.threads.add(threading.current_thread().name)
        assert self.turns.acquire(timeout=WAIT_S)
        return super().encode_text(texts)


class Bench:
    """A mapper, its three threads and its services, and clients of these."""

    kinds = KINDS
    twin = "query_relevancy", action.QueryRelevancy

    def __init__(self, context, config: NesfConfig):
        self.model, self.integrated = Slow(), []
        self.mapper = SemanticMapper(config)
        self.mapper.use_language(self.model)
        for part in self.mapper.unread(()):
            self.mapper.read(part)
        self.mapper.add_frame(wall(1))
        # From here on it reads only when it is let.
        self.model.turns, self.model.begun = threading.Semaphore(0), 0
        self.model.read.clear()
        self.model.threads.clear()
        self.worker: Worker = Worker(self._integrate, lambda frame: None, 100)
        self.reader, self.preparer = RequestThread("reads"), RequestThread("prepares")
        self.nodes = [Node(name, context=context) for name in ("nesf", "asks")]
        self.executor = SingleThreadedExecutor(context=context)
        self.services = self.serve(self.nodes[0])
        for node in self.nodes:
            self.executor.add_node(node)
        for services in self.services:
            services.open(self.mapper, self.worker, self.reader, self.preparer)
        self._clients = {
            name: self.nodes[1].create_client(kind, f"nesf/{name}")
            for name, kind in self.kinds.items()
        }
        name, kind = self.twin
        self.actions = ActionClient(self.nodes[1], kind, f"nesf/{name}")
        for client in self._clients.values():
            self.wait(client.service_is_ready)
        self.wait(self.actions.server_is_ready)

    def serve(self, node):
        """The services to try."""
        return [LanguageServices(node, "map"), MapServices(node, "map", {})]

    def _integrate(self, frame):
        self.mapper.add_frame(frame)
        self.integrated.append(frame.rgbd.stamp_ns)

    def wait(self, reached):
        end_s = time.monotonic() + WAIT_S
        while not (result := reached()):
            assert time.monotonic() < end_s, "waited in vain"
            self.executor.spin_once(timeout_sec=0.02)
        return result

    def ask(self, name, **fields):
        """Send a request; returns a future."""
        return self._clients[name].call_async(self.kinds[name].Request(**fields))

    def reply(self, future):
        return self.wait(lambda: future.done() and future.result())

    def let(self, turns=10**6):
        """Let the model read, so many times."""
        self.model.turns.release(turns)

    def take_frames(self, count):
        """Have frames integrated, and wait until they are."""
        first = 2 + len(self.integrated)
        for stamp in range(first, first + count):
            self.worker.add_frame(wall(stamp))
        self.wait(lambda: len(self.integrated) == first - 2 + count)

    def close(self):
        self.let()
        for services in self.services:
            services.close()
        self.reader.stop(WAIT_S)
        self.preparer.stop(WAIT_S)
        self.worker.stop(WAIT_S)
        self.executor.shutdown()
        for node in self.nodes:
            node.destroy_node()


@pytest.fixture
def config(tmp_path):
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("{}\n")
    return NesfConfig(
        keyframes=KeyframesConfig(max_count=5),
        map=MapConfig(device="cpu", submap_radius_m=1.0, max_depth_m=3.0),
        vision=VisionConfig(prompts=str(prompts)),
    )


@pytest.fixture
def bench(ros_context, config):
    bench = Bench(ros_context, config)
    yield bench
    bench.close()


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("query_relevancy", {"texts": MANY[:40], "negatives": MANY[40:]}),
        ("query_points", {"points": [Point(x=0.4, z=1.5)], "texts": MANY}),
        ("set_labels", {"labels": MANY}),
    ],
    ids=["query_relevancy", "query_points", "set_labels"],
)
def test_frames_go_into_the_map_while_texts_are_read(bench, name, fields):
    asked = bench.ask(name, **fields)
    for turn in range(1, 4):
        bench.wait(lambda turn=turn: bench.model.begun == turn)
        bench.take_frames(3)
        assert bench.model.begun == turn and not asked.done()
        bench.let(1)
    assert len(bench.integrated) == 9
    bench.let()
    reply = bench.reply(asked)
    assert reply.success, reply.message
    # Each once, all by the reader, so the map's own thread has found what it needs.
    assert sorted(bench.model.read) == sorted(MANY) and bench.model.threads == {"reads"}


def test_what_is_known_already_does_not_wait_for_what_is_read(bench):
    bench.let(1)
    known = bench.reply(bench.ask("query_relevancy", texts=["red"]))
    assert known.success and known.answers[0].exists
    slow = bench.ask("query_relevancy", texts=MANY)
    bench.wait(lambda: bench.model.begun == 2)
    again = bench.reply(bench.ask("query_relevancy", texts=["red"]))
    assert again.answers[0].exists and bench.model.begun == 2 and not slow.done()


def test_a_short_question_does_not_wait_for_a_long_one(bench):
    slow = bench.ask("query_relevancy", texts=MANY)
    bench.wait(lambda: bench.model.begun == 1)
    short = bench.ask("query_relevancy", texts=["red"])
    bench.wait(lambda: bench.reader.requests == 1)
    bench.let(2)  # one part of the long one, and the short one
    assert bench.reply(short).answers[0].exists
    assert len(bench.model.read) == LABELS_AT_ONCE + 1 and not slow.done()


def test_a_goal_is_called_off_while_its_texts_are_read(bench):
    heard = []
    sent = bench.actions.send_goal_async(
        action.QueryRelevancy.Goal(texts=MANY),
        feedback_callback=lambda message: heard.append(message.feedback),
    )
    goal = bench.reply(sent)
    bench.wait(lambda: bench.model.begun == 1)
    asked = goal.get_result_async()
    bench.reply(goal.cancel_goal_async())
    result = bench.reply(asked)
    assert result.status == GoalStatus.STATUS_CANCELED and "called off" in result.result.message
    assert not bench.model.read  # it ended before the text tower was done
    bench.let()
    bench.reader.call(lambda: None).result(WAIT_S)
    bench.reader.call(lambda: None).result(WAIT_S)
    assert bench.model.read == MANY[:LABELS_AT_ONCE]
    assert all(feedback.stage == "reading the texts" for feedback in heard)


def test_reading_has_a_deadline(bench):
    reply = bench.reply(bench.ask("set_labels", labels=MANY, deadline_s=0.3))
    assert reply.message == "not answered within 0.3 s; the map is busy or too large"
    assert bench.model.begun == 1 and bench.mapper.language.labels is None


def test_labels_that_were_given_later_stay(bench):
    older = bench.ask("set_labels", labels=MANY)
    bench.wait(lambda: bench.model.begun == 1)
    newer = bench.ask("set_labels", labels=["red"])
    bench.wait(lambda: bench.reader.requests == 1)
    bench.let()
    assert bench.reply(newer).success
    refused = bench.reply(older)
    assert not refused.success and "these are not set" in refused.message
    assert bench.mapper.language.labels.names == ("red",)


def test_labels_that_are_refused_do_not_stand_in_the_way_of_those_before(bench):
    older = bench.ask("set_labels", labels=MANY)
    bench.wait(lambda: bench.model.begun == 1)
    assert "empty text" in bench.reply(bench.ask("set_labels", labels=["red", " "])).message
    bench.let()
    assert bench.reply(older).success and bench.mapper.language.labels.names == tuple(MANY)


def test_what_is_too_much_is_refused_before_it_is_read(bench):
    for name, fields, message in (
        ("query_relevancy", {"texts": ["x"] * 501}, "501 texts"),
        ("query_points", {"texts": ["red"], "negatives": ["x"] * 501}, "501 negatives"),
        ("query_relevancy", {"texts": ["red"], "negatives": [" "]}, "a negative is empty"),
        ("set_labels", {"labels": [str(n) for n in range(MOST + 1)]}, f"give {MOST} at most"),
        ("set_labels", {"labels": ["red", " "]}, "empty text"),
    ):
        reply = bench.reply(bench.ask(name, **fields))
        assert not reply.success and message in reply.message
    assert bench.model.begun == 0


def test_an_answer_from_nothing_says_so(bench):
    bench.let()
    whole = bench.reply(bench.ask("query_relevancy", texts=["red"]))
    assert whole.message == "" and whole.observed == 1.0
    for size, start, message in (
        (0.2, 9.0, "nothing of the region has been observed yet"),
        (0.2, 0.5, "the vision-language model has seen no surface of the region yet"),  # free
    ):
        lower, upper = (Point(x=-0.1, y=-0.1, z=start), Point(x=0.1, y=0.1, z=start + size))
        region = Region(lower=lower, upper=upper)
        reply = bench.reply(bench.ask("query_relevancy", texts=["red"], region=region))
        assert reply.success and reply.message == message and not reply.answers[0].exists
        assert (reply.observed == 0.0) == (start == 9.0)
    bench.mapper.reset()
    empty = bench.reply(bench.ask("query_relevancy", texts=["red"]))
    assert empty.success and empty.message == "nothing is mapped yet" and empty.observed == 0.0


def test_no_more_requests_wait_than_may(bench, monkeypatch):
    monkeypatch.setattr(serving, "MOST_READING", 1)
    held = bench.ask("query_relevancy", texts=["red"])
    bench.wait(lambda: bench.model.begun == 1)
    waits = bench.ask("query_relevancy", texts=["blue"])
    bench.wait(lambda: bench.reader.requests == 1)
    refused = bench.reply(bench.ask("query_relevancy", texts=["green"]))
    assert refused.message == "1 requests wait to be read; ask again later"
    bench.let()
    assert bench.reply(held).success and bench.reply(waits).success


def test_who_waits_when_the_node_is_taken_down_hears_of_it(bench):
    asked = bench.ask("query_relevancy", texts=MANY)
    bench.wait(lambda: bench.model.begun == 1)
    for services in bench.services:
        services.close()
    bench.let()
    bench.reader.stop(WAIT_S)
    assert "not configured" in bench.reply(asked).message
    assert bench.model.read == MANY[:LABELS_AT_ONCE]
