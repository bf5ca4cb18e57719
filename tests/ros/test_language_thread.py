"""The thread that shows keyframes to a model, without a node."""

import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from nesf_ros.config import KeyframesConfig, MapConfig, NesfConfig, VisionConfig
from nesf_ros.config_field import FieldConfig
from nesf_ros.errors import QueryError, VisionError
from nesf_ros.language_fields import LanguageFields
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.ros import language
from nesf_ros.ros.language import LanguageThread
from nesf_ros.ros.worker import Worker
from nesf_ros.semantics.lerf.supervision import Crops, Lesson, crop_pyramid
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


class Teaching(LanguageFields):
    """Language fields that note what they are given, and wait or fail as they are told to."""

    def __init__(self, fails=()):
        self.made, self.taught, self._fails = [], [], list(fails)
        self.began, self.may = threading.Event(), threading.Event()
        self.may.set()

    def lesson(self, frame, dense):
        self.began.set()
        self.may.wait(20.0)
        self.made.append(frame.rgbd.stamp_ns)
        if frame.rgbd.stamp_ns in self._fails:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return Lesson(crop_pyramid(ColorModel(), frame.rgbd.color, Crops((1.0,))), dense.half())

    def forget(self, frame):
        pass

    def reset(self):
        pass

    def teach(self, frame, lesson):
        self.taught.append(frame.rgbd.stamp_ns)


@pytest.fixture
def teaching(mapper, worker):
    """A thread that is ready, and what it teaches; nothing is in the map but one look."""
    fields, log = Teaching(fails=[13]), Log()
    thread = LanguageThread(mapper, worker, ColorModel, log)
    wait(lambda: thread.state == "ready")
    worker.call(lambda: mapper.map.integrate(wall(1))).result()
    mapper.language_fields = fields
    yield SimpleNamespace(thread=thread, fields=fields, log=log)
    fields.may.set()
    thread.stop()


def begin(thread, fields):
    """A keyframe is in the voxels, and is being looked at in crops until `may` is set."""
    fields.may.clear()
    thread.offer(wall(1))
    wait(fields.began.is_set)
    assert thread.seen == 1


def test_lessons_are_made_when_no_keyframe_waits_for_the_voxels(teaching):
    thread, fields = teaching.thread, teaching.fields
    seen_by_then = []
    look = fields.lesson
    fields.lesson = lambda frame, dense: (seen_by_then.append(thread.seen), look(frame, dense))[1]
    begin(thread, fields)
    for stamp in (2, 3, 4):
        thread.offer(wall(stamp))
    fields.may.set()
    wait(lambda: len(fields.taught) == 4)
    assert seen_by_then == [1, 4, 4, 4]
    assert fields.taught == [1, 4, 3, 2] and (thread.untaught, thread.refused) == (0, 0)


def test_of_too_many_lessons_the_oldest_go_and_are_counted(teaching, monkeypatch):
    monkeypatch.setattr(language, "LESSONS", 2)
    thread, fields = teaching.thread, teaching.fields
    begin(thread, fields)
    for stamp in (2, 3, 4, 5):
        thread.offer(wall(stamp))
    fields.may.set()
    wait(lambda: thread.untaught == 2)
    wait(lambda: len(fields.taught) == 3)
    # Seen were 5, 4, 3, 2; those that came last are kept, and taught first.
    assert fields.taught == [1, 5, 4] and thread.seen == 5


def test_lessons_of_before_a_reset_are_dropped(teaching, mapper, worker):
    thread, fields = teaching.thread, teaching.fields
    begin(thread, fields)
    thread.offer(wall(2))
    worker.call(mapper.reset).result()
    worker.call(lambda: mapper.map.integrate(wall(3))).result()
    thread.offer(wall(3))
    fields.may.set()
    wait(lambda: 3 in fields.taught)
    # What was under way is offered to the fields, which know that its keyframe has gone.
    assert fields.made == fields.taught == [1, 3]
    assert thread.seen == 2 and thread.refused == 0


def test_lessons_that_wait_at_a_reset_are_dropped(teaching, mapper, worker):
    thread, fields = teaching.thread, teaching.fields
    gone = threading.Event()

    def lesson(frame, dense):
        fields.made.append(frame.rgbd.stamp_ns)
        if len(fields.made) == 2:  # with one more in wait
            gone.wait(20.0)
        return Teaching.lesson(Teaching(), frame, dense)

    first = fields.lesson
    fields.lesson = lambda frame, dense: (first(frame, dense), setattr(fields, "lesson", lesson))[0]
    begin(thread, fields)
    thread.offer(wall(2))
    thread.offer(wall(3))
    fields.may.set()
    wait(lambda: len(fields.made) == 2)  # 1, and then the one that came last
    worker.call(mapper.map.reset).result()
    gone.set()
    thread.offer(wall(4))
    wait(lambda: fields.made[-1] == 4)
    assert fields.made == [1, 3, 4]


def test_a_lesson_that_fails_is_counted_and_the_next_one_is_learned(teaching):
    thread, fields, log = teaching.thread, teaching.fields, teaching.log
    thread.offer(wall(13))
    wait(lambda: any("CUDA out of memory" in line for line in log.lines))
    thread.offer(wall(14))
    wait(lambda: bool(fields.taught))
    assert fields.taught == [14] and (thread.seen, thread.refused) == (2, 1)
    assert thread.state == "ready"


def test_without_language_fields_no_lesson_is_kept(teaching, mapper):
    mapper.language_fields = None
    teaching.thread.offer(wall(1))
    wait(lambda: teaching.thread.seen == 1)
    teaching.thread.stop()
    assert not teaching.fields.made and teaching.thread.untaught == 0


def test_what_is_learned_reaches_the_fields_of_the_map(mapper, worker):
    """With nothing made up: a keyframe of the map is learned from by its language field."""
    mapper = SemanticMapper(replace(mapper.config, field=FieldConfig(enabled=True)))
    thread = LanguageThread(mapper, worker, ColorModel, Log())
    wait(lambda: thread.state == "ready")
    worker.call(lambda: mapper.add_frame(wall(1))).result()
    fields = mapper.language_fields
    wait(lambda: thread.seen == 1 and bool(fields._made))
    assert mapper.refine()  # takes the keyframe in
    mapper.fields.entries[0].fitter.steps = 1000
    assert fields.work() and fields.steps == 1
    thread.stop()
