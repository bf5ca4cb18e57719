"""Lessons and learning, on a room that is written by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from nesf_ros.errors import DatasetError
from nesf_ros.training.abstraction.approaches import NAMES, approach
from nesf_ros.training.abstraction.checkpoints import checkpoint_path, trained
from nesf_ros.training.abstraction.learning import Learner, missed
from nesf_ros.training.abstraction.lessons import (
    CLOSE,
    SHARES,
    LearnConfig,
    Teacher,
    _drawn,
    _next_to,
)
from nesf_ros.training.abstraction.truth import Points, described, occupied
from tests.training.abstraction.small_rooms import TEXTS, TINY, small_eyes, small_room

CONFIG = LearnConfig(steps=40, asked=3, points=512, warmup=2)
ROOMS = [small_room()]
EYES = small_eyes()


def learner(task="ovssc", name="semabs", config=CONFIG):
    torch.manual_seed(0)
    dim = EYES.model.dim
    return Learner(approach(task, name, TINY, EYES.reader.embed, dim), config)


def teacher(task, config=CONFIG):
    return Teacher(task, ROOMS, TINY, config)


@pytest.mark.parametrize("task", ["ovssc", "vool"])
def test_a_lesson_is_the_same_whenever_it_is_given(task):
    first, again = (teacher(task).lesson(3) for _ in range(2))
    assert first.asked == again.asked and first.situation.volume == again.situation.volume
    assert torch.equal(first.points, again.points) and torch.equal(first.truth, again.truth)
    assert not torch.equal(first.points[:1], teacher(task).lesson(4).points[:1])


@pytest.mark.parametrize("task", ["ovssc", "vool"])
def test_a_lesson_says_what_is_true(task):
    lesson = teacher(task).lesson(5)
    volume = lesson.situation.volume
    for words, unit, truth in zip(lesson.asked, lesson.points, lesson.truth, strict=True):
        assert unit.amin() > -1e-6 and unit.amax() < 1 + 1e-6
        points = Points(lesson.situation, volume.to_map(unit.double() * volume.side_m).float())
        true = described(points, words) if task == "vool" else occupied(points, TEXTS[words[0]])
        # Points on the border between cells of the lattice may fall on either side of it.
        assert (true.float() == truth).float().mean() > 0.99
        assert 0 < truth.mean() < 0.9 or words[0] >= len(TEXTS) - 8


@pytest.mark.parametrize("task", ["ovssc", "vool"])
def test_a_close_lesson_is_about_a_thing_in_cells_as_large(task):
    whole, close = (
        teacher(task, replace(CONFIG, close=share)).lesson(2).situation for share in (0.0, 1.0)
    )
    assert close.volume.cell_m == whole.volume.cell_m
    assert close.volume.cells * CLOSE == whole.volume.cells == TINY.cells
    assert close.shape.shape == (3, *3 * [TINY.cells // CLOSE])
    centers = close.room.arrays["center"][close.room.seen_in(close.views[0])]
    assert (close.volume.index(centers) >= 0).any()


def test_points_are_drawn_from_four_kinds_and_stand_for_all():
    true, beside, alike = (torch.zeros(1000, dtype=torch.bool) for _ in range(3))
    true[:10] = True
    beside[:50] = True  # 40 of them are not true
    alike[5:150] = True  # 100 of them are neither
    rows, weight = _drawn(true, beside, alike, SHARES["ovssc"], 80, np.random.default_rng(0))
    kinds = [(rows >= a) & (rows < b) for a, b in ((0, 10), (10, 50), (50, 150), (150, 1000))]
    assert [int(kind.sum()) for kind in kinds] == [28, 24, 16, 12]
    assert [float(weight[kind].sum()) for kind in kinds] == pytest.approx([10, 40, 100, 850])
    # Without any that is alike, the others are more, in the same proportion of 35 to 30 to 15.
    rows, weight = _drawn(true, beside, true, SHARES["ovssc"], 80, np.random.default_rng(0))
    assert int((rows < 10).sum()) == 35 and float(weight.sum()) == pytest.approx(1000, rel=1e-5)


def test_what_is_next_to_a_point_are_two_cells_all_around():
    true = torch.zeros(8, 8, 8, dtype=torch.bool)
    true[4, 0, 7] = True
    wanted = torch.zeros_like(true)
    wanted[2:7, :3, 5:] = True
    assert torch.equal(_next_to(true.flatten(), 8, 2), wanted.flatten())


def test_what_is_missed_is_one_less_the_overlap():
    """Weights 3 and 1, both true, the first said: (3 + 1) / (4 + 1) of it overlaps."""
    logits, truth = torch.tensor([[50.0, -50.0, -50.0]]), torch.tensor([[1.0, 1.0, 0.0]])
    weight = torch.tensor([[3.0, 1.0, 9.0]])
    assert float(missed(logits, truth, weight)) == pytest.approx(1 - 4 / 5)
    assert float(missed(torch.tensor([[50.0, 50.0, -50.0]]), truth, weight)) == pytest.approx(0)


@pytest.mark.parametrize(("task", "rounds"), [("ovssc", 45), ("vool", 12)])
def test_two_lessons_are_learned_by_heart(task, rounds):
    whole = replace(CONFIG, close=0.0)
    lessons = [teacher(task, whole).lesson(number) for number in (0, 1)]
    pupil = learner(task, config=replace(CONFIG, steps=2 * rounds, learning_rate=3e-2))
    losses = [sum(pupil.step(lesson) for lesson in lessons) for _ in range(rounds)]
    assert losses[-1] < 0.6 * losses[0] and pupil.steps == 2 * rounds


def test_learning_goes_on_from_a_file_as_if_it_had_not_stopped(tmp_path):
    lessons = [teacher("ovssc").lesson(number) for number in range(3)]
    path, first = tmp_path / "kept", learner()
    for lesson in lessons[:2]:
        first.step(lesson)
    first.save(path)
    second = learner()
    second.load(path)
    assert second.steps == 2
    assert second.step(lessons[2]) == first.step(lessons[2])
    for name, value in first.net.state_dict().items():
        assert torch.equal(value, second.net.state_dict()[name])
        assert torch.equal(first.average[name], second.average[name])


def test_a_file_of_another_approach_is_refused(tmp_path):
    learner("vool").save(tmp_path / "kept")
    with pytest.raises(DatasetError, match="does not fit"):
        learner("ovssc").load(tmp_path / "kept")


def test_what_is_judged_has_the_averaged_weights(tmp_path):
    pupil = learner()
    for number in range(2):
        pupil.step(teacher("ovssc").lesson(number))
    path = checkpoint_path(tmp_path, "ovssc", "semabs")
    arguments = (tmp_path, "ovssc", "semabs", TINY, EYES.reader.embed, EYES.model.dim)
    with pytest.raises(DatasetError, match=f"no {path}; train it"):
        trained(*arguments)
    pupil.save(path)
    name, value = next(iter(trained(*arguments).net.state_dict().items()))
    assert torch.equal(value, pupil.average[name])
    assert not torch.equal(value, pupil.net.state_dict()[name])


@pytest.mark.parametrize(
    ("task", "name"), [(task, name) for task, names in NAMES.items() for name in names]
)
def test_every_approach_answers_points_and_minds_what_is_asked(task, name):
    """Points that are the same for all get the logits that they get when told one by one."""
    lesson = teacher(task).lesson(1)
    room, volume = lesson.situation.room, lesson.situation.volume
    if task == "ovssc":
        asked = [(TEXTS.index("box"), "", 0), (TEXTS.index("sofa"), "", 0)]
    else:
        asked = list(room.about.descriptions[lesson.situation.views[0]][:2])
    net = learner(task, name).approach
    net.net.eval()
    points = volume.unit(volume.centers()[:100])
    with torch.no_grad():
        answer = net.looked_at(lesson.situation, asked)
        shared = answer(points[None])
        each = net.logits(lesson.situation, asked, points.expand(2, -1, -1))
    assert shared.shape == (2, 100) and torch.allclose(shared, each, atol=1e-5)
    assert not torch.allclose(shared[0], shared[1], atol=1e-4)
