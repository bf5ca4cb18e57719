"""The thread that shows keyframes to a model, without a node."""

import threading
import time

import pytest
import torch

from nesf_ros.config import KeyframesConfig, MapConfig, NesfConfig, VisionConfig
from nesf_ros.errors import QueryError, VisionError
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.ros.language import LanguageThread
from nesf_ros.ros.worker import Worker
from nesf_ros.semantics.questions import Question
from tests.semantics.test_language import ColorModel, wall


class Log:
    def __init__(self):
        self.lines = []

    def info(self, message):
        self.lines.append(message)

    error = info


class Forgetful(ColorModel):
    """A model on a GPU whose memory somebody else holds for the first looks."""

    def __init__(self, looks: int):
        super().__init__()
        self.tower, self.looks = self, looks
        self.dim, self.grid, self.dtype = 4, (8, 8), torch.float32

    def look(self, images):
        self.looks -= 1
        if self.looks >= 0:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return ColorModel.tower.look(images)


@pytest.fixture
def mapper(tmp_path):
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("{}\n")
    return SemanticMapper(
        NesfConfig(
            keyframes=KeyframesConfig(max_count=5),
            map=MapConfig(device="cpu", submap_radius_m=1.0, max_depth_m=3.0, folder=str(tmp_path)),
            vision=VisionConfig(prompts=str(prompts)),
        )
    )


@pytest.fixture
def worker():
    worker = Worker(lambda frame: None, lambda frame: None, 1)
    yield worker
    worker.stop()


def wait(reached):
    end_s = time.monotonic() + 20.0
    while not reached():
        assert time.monotonic() < end_s
        time.sleep(0.01)


def test_a_keyframe_without_memory_is_counted_and_the_next_one_is_seen(mapper, worker):
    log = Log()
    # The two tiles of the picture fail together, then the first one alone.
    thread = LanguageThread(mapper, worker, lambda: Forgetful(looks=2), log)
    wait(lambda: thread.state == "ready")
    worker.call(lambda: mapper.add_frame(wall(1))).result()
    wait(lambda: thread.refused + thread.seen)
    assert (thread.refused, thread.seen, len(mapper.layer)) == (1, 0, 0)
    assert any("left for this: CUDA out of memory" in line for line in log.lines)
    thread.offer(wall(2))
    wait(lambda: thread.seen)
    assert thread.state == "ready" and len(mapper.layer) > 100
    thread.stop()


def test_a_map_of_another_model_has_no_language_until_it_is_reset(mapper, worker):
    mapper.use_language(ColorModel())
    mapper.add_frame(wall(1))
    mapper.save("theirs")
    ours = SemanticMapper(mapper.config)
    ours.load("theirs")
    log = Log()
    thread = LanguageThread(ours, worker, lambda: ColorModel("shapes@111111111111"), log)
    wait(lambda: thread.state != "loading")
    assert "holds embeddings of model colours@0" in thread.state
    assert len(log.lines) == 1 and "~/reset" in log.lines[0]
    with pytest.raises(QueryError, match="holds embeddings of model colours@0"):
        ours.ask(Question(("red",)))
    worker.call(lambda: ours.add_frame(wall(1))).result()
    wait(lambda: not thread.backlog)
    assert thread.seen == thread.refused == 0
    worker.call(ours.reset).result()
    assert thread.state == "ready"
    worker.call(lambda: ours.add_frame(wall(2))).result()
    wait(lambda: thread.seen)
    assert len(ours.layer) > 100 and len(log.lines) == 1
    thread.stop()


def test_a_model_that_cannot_be_had_is_said_and_nothing_is_held(mapper, worker):
    asked = threading.Event()

    def load():
        asked.wait(20.0)
        raise VisionError("no file /nowhere.pt")

    log = Log()
    thread = LanguageThread(mapper, worker, load, log)
    with pytest.raises(QueryError, match="model: it is still being loaded; ask again"):
        mapper.ask(Question(("red",)))
    asked.set()
    wait(lambda: thread.state != "loading")
    with pytest.raises(QueryError, match="model: no file /nowhere.pt$"):
        mapper.ask(Question(("red",)))
    worker.call(lambda: mapper.add_frame(wall(1))).result()
    assert thread.state == "no file /nowhere.pt" and thread.backlog == 0
    assert log.lines == ["no language: no file /nowhere.pt"]
    thread.stop()
