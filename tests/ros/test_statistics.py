import mmap
from collections import deque
from dataclasses import replace
from types import SimpleNamespace

import pytest
from diagnostic_msgs.msg import DiagnosticStatus

from nesf_ros.config import MapConfig, NesfConfig
from nesf_ros.config_field import FieldConfig
from nesf_ros.pipeline import FrameReport, SemanticMapper
from nesf_ros.ros import statistics
from nesf_ros.ros.language import LanguageThread
from nesf_ros.ros.statistics import Statistics, language_status, map_status, resident_mib
from tests.semantics.test_language import ColorModel, wall


class Clock:
    """Time that stands still unless it is told to go on."""

    now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(statistics, "time", clock)
    return clock


def report(integrate_s: float) -> FrameReport:
    return FrameReport(1, 1, 0, False, {"integrate": integrate_s})


def test_the_rate_is_that_of_the_last_frames_and_zero_when_idle(clock):
    numbers = Statistics()
    assert numbers.rate_hz == 0.0
    for _ in range(201):
        clock.now_s += 0.1
        numbers.add(report(0.01), {"decode": 0.002})
    assert numbers.rate_hz == pytest.approx(10.0)
    clock.now_s += 2.1
    assert numbers.rate_hz == 0.0


def test_times_are_medians_and_largest_values_in_milliseconds(clock):
    numbers = Statistics()
    for integrate_s in (0.010, 0.030, 0.020):
        clock.now_s += 0.1
        numbers.add(report(integrate_s), {"decode": 0.002, "age": 0.05})
    numbers.time_of("publish", 0.004)
    values = numbers.values()
    assert values["integrate_ms.median"] == "20.0" and values["integrate_ms.max"] == "30.0"
    assert values["decode_ms.median"] == "2.0" and values["age_ms.max"] == "50.0"
    assert values["publish_ms.median"] == "4.0" and values["rate_hz"] == "10.0"


def test_the_tail_is_the_99th_percentile():
    numbers = Statistics()
    for milliseconds in range(200):
        numbers.time_of("publish", milliseconds * 1e-3)
    assert numbers.values()["publish_ms.p99"] == "198.0"


def test_old_times_are_forgotten():
    numbers = Statistics()
    numbers.time_of("publish", 9.0)
    for _ in range(statistics.WINDOW):
        numbers.time_of("publish", 0.001)
    assert numbers.values()["publish_ms.max"] == "1.0"


def test_the_state_of_the_map_warns_where_memory_is_used_up():
    mapper = SemanticMapper(NesfConfig(map=MapConfig(device="cpu")))
    status = map_status("left/nesf", mapper, Statistics(), 3, False)
    values = {pair.key: pair.value for pair in status.values}
    assert status.name == "left/nesf: map" and status.level == DiagnosticStatus.OK
    assert values["queue"] == "3" and values["map.submaps"] == "0" and values["device"] == "cpu"
    mapper.map.refused_blocks = 5
    status = map_status("nesf", mapper, Statistics(), 0, False)
    assert status.level == DiagnosticStatus.WARN
    assert "map.memory_mib is used up" in status.message
    assert map_status("nesf", mapper, Statistics(), 0, True).message == "paused"


def pairs_of(status):
    return {pair.key: pair.value for pair in status.values}


def test_what_language_fields_have_learned_and_told_is_shown_where_there_are_any():
    config = NesfConfig(map=MapConfig(device="cpu"))
    mapper = SemanticMapper(config)
    assert not [key for key in pairs_of(map_status("nesf", mapper, Statistics(), 0, False))
                if key.startswith(("lerf", "field"))]  # fmt: skip
    mapper = SemanticMapper(replace(config, field=FieldConfig(enabled=True)))
    mapper.language_fields = SimpleNamespace(steps=70)
    values = pairs_of(map_status("nesf", mapper, Statistics(), 0, False))
    assert (values["field.steps"], values["lerf.steps"]) == ("0", "70")
    assert values["lerf.voxels_told"] == "0"  # there is no layer yet
    mapper.language_fields = None
    mapper.use_language(ColorModel())
    mapper.map.integrate(wall(1))
    mapper.language.fuse(wall(1), mapper.language.look(wall(1)))
    mapper.layer.sized.puts = 123
    values = pairs_of(map_status("nesf", mapper, Statistics(), 0, False))
    assert (values["lerf.steps"], values["lerf.voxels_told"]) == ("0", "123")


def test_keyframes_that_fields_learn_nothing_from_are_counted():
    mapper = SemanticMapper(NesfConfig(map=MapConfig(device="cpu")))
    thread = LanguageThread.__new__(LanguageThread)  # one that does not run
    vars(thread).update(
        _failure="", _misfit="", _mapper=mapper, _waiting=deque([0, 1]),
        look_s=0.25, seen=5, refused=2, untaught=3,
    )  # fmt: skip
    status = language_status("nesf", mapper, thread)
    values = pairs_of(status)
    assert values["untaught"] == "3" and values["refused"] == "2" and values["backlog"] == "2"
    assert (values["state"], values["keyframes"], values["look_ms"]) == ("loading", "5", "250")
    assert status.level == DiagnosticStatus.OK and status.message == "5 keyframes in the voxels"
    thread._failure = "no file"
    status = language_status("nesf", mapper, thread)
    assert status.level == DiagnosticStatus.ERROR and status.message == "no file"
    assert language_status("nesf", mapper, None).message == "semantics.enabled is false"


def test_memory_is_that_of_this_process():
    before = resident_mib()
    with mmap.mmap(-1, 64 * 2**20) as held:  # memory of its own, whatever others have given back
        held.write(b"x" * len(held))
        assert 32 < resident_mib() - before < 160
