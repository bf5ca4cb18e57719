"""Rows of the table from verdicts that are known, and a study that was cut off."""

import json

import numpy as np
import pytest

from nesf_ros.config import NesfConfig
from nesf_ros.errors import EvaluationError
from nesf_ros.evaluation import lerf_table
from nesf_ros.evaluation.lerf_metrics import POINTS, RENDERED, Answers, SceneVerdict
from nesf_ros.evaluation.lerf_table import METHODS, SINGLE, VOXELS, known, rows, study, text
from tests.evaluation.test_lerf_metrics import HEIGHT, SCENES, WIDTH
from tests.semantics.test_language import ColorModel

LERF = "LERF live"


def verdict(hits, scores):
    return SceneVerdict([(hit, "class", 0.25) for hit in hits], scores)


def scene_of(lerf, voxels, single, scores=((0.9, True), (0.1, False))):
    scores = list(scores)
    return {
        VOXELS: {RENDERED: verdict(voxels, scores), POINTS: verdict(voxels, scores)},
        SINGLE: {RENDERED: verdict(single, scores)},
        LERF: {RENDERED: verdict(lerf, scores), POINTS: verdict(lerf[::-1], scores)},
    }


TEST = [
    scene_of([True, True], [True, False], [False, False]),
    scene_of([True, False], [True, False], [False, True], [(0.5, True), (0.7, False)]),
]


def test_rows_are_of_each_method_in_each_protocol_that_it_answers_in():
    table = rows(TEST, [])
    assert [(row.method, row.protocol) for row in table] == [
        (VOXELS, RENDERED), (VOXELS, POINTS), (SINGLE, RENDERED), (LERF, RENDERED), (LERF, POINTS),
    ]  # fmt: skip
    values = [row.figures["localisation"].value for row in table]
    assert values == [0.5, 0.5, 0.25, 0.75, 0.75]
    assert all(row.figures["localisation by chance"].value == 0.25 for row in table)
    # True things are first and third of the four: (1 + 2 / 3) / 2.
    precision = table[3].figures["existence, average precision"]
    assert precision.value == pytest.approx((1 + 2 / 3) / 2)
    assert "existence, precision" not in table[3].figures  # no threshold without validation


def test_leads_are_over_what_could_answer_too():
    voxels, at_points, single, lerf, points = rows(TEST, [])
    # Rendered: 2 − 1 and 1 − 1 of 2 phrases each; a single picture: 2 − 0 and 1 − 1.
    assert {rival: figure.value for rival, figure in lerf.leads.items()} == {
        VOXELS: 0.25, SINGLE: 0.5,
    }  # fmt: skip
    assert (lerf.leads[VOXELS].low, lerf.leads[VOXELS].high) == (0.0, 0.5)
    assert set(points.leads) == {VOXELS} == set(single.leads)
    assert set(voxels.leads) == {SINGLE} and not at_points.leads
    assert voxels.leads[SINGLE].value == -single.leads[VOXELS].value == 0.25


def test_thresholds_come_from_validation_scenes():
    """There, true phrases score 0.9 and others 0.1 to 0.7: 0.8 it is."""
    tried = scene_of([True], [True], [True], [(0.9, True), (0.7, False), (0.1, False)])
    lerf = rows(TEST, [tried])[3]
    assert lerf.figures["existence, precision"].value == 1.0  # of 0.9 alone
    assert lerf.figures["existence, recall"].value == 0.5
    low = scene_of([True], [True], [True], [(0.3, True), (0.1, False)])
    lerf = rows(TEST, [low])[3]  # at 0.2 all but one are said to be there
    assert lerf.figures["existence, precision"].value == pytest.approx(2 / 3)
    assert lerf.figures["existence, recall"].value == 1.0


def test_the_text_has_a_block_for_each_protocol():
    lines = text(rows(TEST, [])).splitlines()
    first, second = lines.index(RENDERED), lines.index(POINTS)
    assert first == 0
    named = [line.strip() for line in lines if line.startswith("  ") and line[2] != " "]
    assert named == [VOXELS, SINGLE, LERF, VOXELS, LERF]
    assert f"  {SINGLE}" not in lines[second:]
    line = next(line for line in lines if line.split()[0] == "localisation")
    assert line.split()[1:] == ["0.500", "[0.500,", "0.500]"]
    assert max(map(len, lines)) <= 100


class Made:
    """Methods that answer nothing but how often they were asked to learn a scene."""

    def __init__(self):
        self.learned = []

    def method(self, name):
        def answers(studied):
            self.learned.append((name, studied.scene.name))
            maps = np.zeros((HEIGHT, WIDTH), np.float32)
            maps[3, 5] = 0.9
            return Answers(lambda texts, frame: np.stack([maps] * len(texts)))

        return answers


@pytest.fixture
def made(monkeypatch):
    made = Made()
    for name in ("one", "two"):
        monkeypatch.setitem(METHODS, name, made.method(name))
    monkeypatch.setattr(lerf_table, "load_model", lambda config, device: ColorModel())
    return made


def test_a_study_that_was_cut_off_goes_on(made, tmp_path):
    folder = tmp_path / "kept"
    first = next(study(SCENES, NesfConfig(), ["one"], folder))  # cut off after a scene
    assert made.learned == [("one", "kitchen")]
    again = list(study(SCENES, NesfConfig(), ["one", "two"], folder))
    assert made.learned[1:] == [("two", "kitchen"), ("one", "office"), ("two", "office")]
    assert again[0]["one"] == first["one"]  # whether judged now or read
    assert [hit for hit, *_ in first["one"][RENDERED].hits] == [True, False]
    assert list(study(SCENES, NesfConfig(), ["two", "one"], folder)) == again
    assert len(made.learned) == 4
    (alone,) = study(SCENES[:1], NesfConfig(), ["two"], None)  # no folder: judged again
    assert made.learned[4:] == [("two", "kitchen")] and set(alone) == {"two"}


def test_what_was_judged_beside_other_scenes_is_judged_anew(made, tmp_path):
    """Each scene is asked for the phrases of all."""
    (alone,) = study(SCENES[:1], NesfConfig(), ["one"], tmp_path)
    assert len(alone["one"][RENDERED].scores) == 1
    both = list(study(SCENES, NesfConfig(), ["one"], tmp_path))
    assert [len(found["one"][RENDERED].scores) for found in both] == [2, 2]
    assert made.learned == [("one", "kitchen"), ("one", "kitchen"), ("one", "office")]


def test_what_is_kept_is_whole_or_as_it_was(made, tmp_path, monkeypatch):
    list(study(SCENES[:1], NesfConfig(), ["one"], tmp_path))
    before = (tmp_path / "kitchen.json").read_text()
    real = type(tmp_path).write_text

    def cut_off(path, content, *rest):
        real(path, content[: len(content) // 2], *rest)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(tmp_path), "write_text", cut_off)
        with pytest.raises(KeyboardInterrupt):
            list(study(SCENES[:1], NesfConfig(), ["one", "two"], tmp_path))
    assert (tmp_path / "kitchen.json").read_text() == before
    (found,) = study(SCENES[:1], NesfConfig(), ["one", "two"], tmp_path)
    assert set(found) == set(json.loads((tmp_path / "kitchen.json").read_text())) == {"one", "two"}
    assert made.learned.count(("one", "kitchen")) == 1


def test_unknown_methods(made):
    with pytest.raises(EvaluationError, match="no method 'three'; there are voxel mean, single"):
        next(study(SCENES, NesfConfig(), ["one", "three"], None))
    assert made.learned == []
    assert known(["two", "one"]) == ["two", "one"] and known([]) == list(METHODS)


def test_what_is_compared_with_the_others_comes_first():
    assert list(METHODS)[:2] == [VOXELS, SINGLE]
