"""Judging views of a room that is written by hand, by approaches that know the truth or err."""

import json
from dataclasses import replace

import pytest
import torch

from nesf_ros.evaluation.unseen_questions import COLUMNS, VALIDATION
from nesf_ros.evaluation.unseen_study import CUTOFFS, Run, digest, judge, study, views_of
from nesf_ros.training.abstraction.approaches import Approach
from nesf_ros.training.abstraction.situations import Mapper
from nesf_ros.training.abstraction.truth import Points, described, occupied
from tests.training.abstraction.small_rooms import TEXTS, TINY, small_room

ROOM = small_room(split="validation-3d")
AT_ZERO = CUTOFFS.tolist().index(0.0)


class Knowing(Approach):
    """Gives 5 to what is true and −5 to the rest, or the same of points moved by `shift_m`."""

    def __init__(self, task, shift_m=0.0):
        self.net, self._task, self._shift_m, self.times = torch.nn.Identity(), task, shift_m, 0

    def _looked_at(self, situation, asked):
        self.times += 1

        def answer(points):
            cube = situation.volume
            world = cube.to_map(points[0].double() * cube.side_m).float()
            world = world - torch.tensor([0.0, 0.0, self._shift_m])
            at = Points(situation, world)
            if self._task == "vool":
                true = torch.stack([described(at, words) for words in asked])
            else:
                true = torch.stack([occupied(at, TEXTS[words[0]]) for words in asked])
            return 10.0 * true.float() - 5.0

        return answer


def run(task, views=1, shift_m=0.0, weights="w"):
    return Run(task, "semabs", views, Knowing(task, shift_m), TINY, weights)


@pytest.mark.parametrize("task", ["ovssc", "vool"])
@pytest.mark.parametrize("views", [1, 2])
def test_who_knows_the_truth_agrees_with_it(task, views):
    judged = judge(run(task, views), VALIDATION, ROOM, 0, Mapper())
    labels = [sample.words for sample in judged.samples]
    if task == "ovssc":
        assert labels == [(name, "", "") for name in ("box", "floor", "mug", "sofa", "wall")]
    else:
        assert ("mug", "on", "box") in labels and ("couch", "on the left of", "box") not in labels
    for sample in judged.samples:
        assert sample.iou["plain"][AT_ZERO] > 0.99
        assert sample.iou["plain"][-1] == 0  # above 12 there is nothing
    assert len(judged.logits) == len(judged.truth) == 256 * len(labels)
    assert all((logit > 0) == yes for logit, yes in zip(judged.logits, judged.truth, strict=True))


def test_the_veto_takes_what_is_said_of_seen_air_and_nothing_else():
    """All is said to be 0.3 m higher than it is: then much of it is in the air that was seen."""
    judged = judge(run("ovssc", shift_m=0.3), COLUMNS[0], ROOM, 0, Mapper())
    ious = {s.words[0]: {k: v[AT_ZERO] for k, v in s.iou.items()} for s in judged.samples}
    assert 0 < ious["box"]["plain"] < ious["box"]["veto"]
    assert all(found["veto"] >= found["plain"] for found in ious.values())
    # An edge of the sofa lies in a cell that counts as free, but none lies in clear space.
    assert ious["sofa"]["plain"] < ious["sofa"]["veto"] < ious["sofa"]["clear"]
    assert judged.logits == ()  # of validation rooms alone


def test_labels_compete_for_points_or_stand_alone():
    class Greedy(Knowing):
        """Everything might be a wall, but never more than what it is."""

        def _looked_at(self, situation, asked):
            answer = super()._looked_at(situation, asked)
            wall = [words[0] == TEXTS.index("wall") for words in asked]
            return lambda points: torch.where(
                torch.tensor(wall)[:, None], answer(points).clamp(min=3.0), answer(points)
            )

    greedy = replace(run("ovssc"), approach=Greedy("ovssc"))
    judged = judge(greedy, COLUMNS[0], ROOM, 0, Mapper())
    ious = {s.words[0]: {k: v[AT_ZERO] for k, v in s.iou.items()} for s in judged.samples}
    assert ious["box"]["plain"] > 0.99 and ious["box"]["alone"] > 0.99
    assert ious["wall"]["alone"] <= ious["wall"]["plain"] < 0.5


def test_a_study_goes_on_where_it_was_cut_off(tmp_path):
    first = run("ovssc")
    whole = list(study(first, VALIDATION, [ROOM], tmp_path))
    assert [(judged.room, judged.view) for judged in whole] == [("by-hand", 0), ("by-hand", 1)]
    file = tmp_path / "ovssc-semabs-1.jsonl"
    file.write_text(file.read_text()[:-40])  # the second view's line is cut off
    again = run("ovssc")
    assert list(study(again, VALIDATION, [ROOM], tmp_path)) == whole
    assert (first.approach.times, again.approach.times) == (2, 1)
    last = run("ovssc")
    assert list(study(last, VALIDATION, [ROOM], tmp_path)) == whole and last.approach.times == 0
    assert json.loads(file.read_text().splitlines()[1])[:4] == ["w", "Validation", "by-hand", 0]


def test_other_weights_and_other_columns_are_judged_anew(tmp_path):
    list(study(run("ovssc"), VALIDATION, [ROOM], tmp_path))
    for again, column in ((run("ovssc", weights="v"), VALIDATION), (run("ovssc"), COLUMNS[0])):
        list(study(again, column, [ROOM], tmp_path))
        assert again.approach.times == 2
    path = tmp_path / "some"
    path.write_bytes(b"weights")
    one = digest(path)
    path.write_bytes(b"others")
    assert one != digest(path)


def test_some_views_of_a_test_room_are_judged_and_all_of_validation():
    room, count = small_room(split="test-rooms"), ROOM.views
    assert count > 1
    assert [each.view for each in study(run("vool"), COLUMNS[0], [room], None, 1)] == [0]
    found = [each.view for each in study(run("vool"), VALIDATION, [ROOM], None, 1)]
    assert found == list(range(count))
    assert list(views_of(COLUMNS[0], room, 99)) == list(views_of(COLUMNS[0], room, 0)) == found
