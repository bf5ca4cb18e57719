"""Cut-offs, means, leads and the veto's doings from samples whose IoU is known."""

import numpy as np
import pytest

from nesf_ros.errors import EvaluationError
from nesf_ros.evaluation.unseen_questions import COLUMNS
from nesf_ros.evaluation.unseen_study import CUTOFFS, Judged, Sample
from nesf_ros.evaluation.unseen_table import Outcome, Scores

NOVEL_ROOM, _, SYNONYMS, CLASSES = COLUMNS
LOW, HIGH = 3, 9
"""Numbers of two cut-offs; at all others nothing agrees."""


def label(name, low, high, veto=0.0, alone=0.0):
    def at(**values):
        out = [0.0] * len(CUTOFFS)
        out[LOW], out[HIGH] = values["low"], values["high"]
        return out

    return Sample(
        (name, "", ""),
        {
            "plain": at(low=low, high=high),
            "veto": at(low=veto, high=high + veto),
            "alone": at(low=alone, high=0.0),
        },
    )


def said(relation, value, target="apple"):
    return Sample((target, relation, "box"), {"plain": [value] * len(CUTOFFS)})


VALIDATED = [Judged("v", 0, (label("mug", 0.9, 0.6, alone=0.5), label("box", 0.1, 0.6)))]
TESTED = [
    Judged("a", 0, (label("mug", 0, 0.2, 0.1), label("box", 0, 0.4, -0.005))),
    Judged("a", 1, (label("mug", 0, 0.3, -0.1),)),
    Judged("b", 0, (label("mug", 0, 0.9, 0.0),)),
    Judged("c", 0, ()),
]


def outcome(task="ovssc", tested=TESTED):
    return Outcome(task, VALIDATED, {column: tested for column in COLUMNS})


def test_the_cut_off_is_that_of_the_best_mean_on_validation_rooms():
    """0.6 on average at the higher one, 0.5 at the lower one, whatever test samples say."""
    assert outcome().cutoff("plain") == outcome().cutoff("veto") == float(CUTOFFS[HIGH])
    assert outcome().cutoff("alone") == float(CUTOFFS[LOW])
    with pytest.raises(EvaluationError, match="no sample to choose a cut-off from"):
        Outcome("ovssc", [], {}).cutoff("plain")


def test_completion_is_averaged_over_rooms_or_over_labels():
    by_room = outcome().scores(NOVEL_ROOM, "plain")
    assert by_room.rooms == ("a", "b", "c") and len(by_room.values) == 4
    assert by_room.figure().value == pytest.approx((0.3 + 0.9) / 2)
    by_label = outcome().scores(CLASSES, "plain").figure()
    assert by_label.value == pytest.approx(((0.2 + 0.3 + 0.9) / 3 + 0.4) / 2)
    assert by_label.count == 4 and by_label.low < by_label.value < by_label.high


def test_hidden_places_are_averaged_over_relations_last():
    tested = [
        Judged("a", 0, (said("in", 0.1), said("in", 0.3, "hat"), said("on", 0.8))),
        Judged("b", 0, (said("in", 0.8),)),
    ]
    told = outcome("vool", tested)
    in_rooms, in_samples = (told.scores(c, "plain") for c in (NOVEL_ROOM, SYNONYMS))
    assert in_rooms.figure("in").value == pytest.approx((0.2 + 0.8) / 2)
    assert in_samples.figure("in").value == pytest.approx(0.4)
    assert (in_rooms.figure("in").count, in_rooms.figure("on").count) == (3, 1)
    assert in_rooms.figure().value == pytest.approx((0.5 + 0.8) / 2)
    assert np.isnan(in_rooms.figure("behind").value)


def test_leads_are_on_the_samples_that_both_have():
    """Without the mug of room b: 0.3 in both rooms' mean; in the same draws all the same."""
    ours = outcome().scores(NOVEL_ROOM, "plain")
    less = {key: value - 0.25 for key, value in ours.values.items() if key[0] == "a"}
    lead = ours.lead(Scores("ovssc", NOVEL_ROOM, ours.rooms, less))
    assert lead.count == 3
    assert (lead.value, lead.low, lead.high) == pytest.approx((0.25, 0.25, 0.25))


def test_the_veto_is_held_against_the_same_samples_without_it():
    """It changes 0.1, −0.005, −0.1 and 0: one of four loses more than a point."""
    told = outcome()
    change, lost = told.scores(NOVEL_ROOM, "veto").change(told.scores(NOVEL_ROOM, "plain"))
    assert change.value == pytest.approx(-0.005 / 4) and change.count == 4
    assert lost == 0.25


def test_probabilities_come_from_validation_rooms():
    rng = np.random.default_rng(0)
    rooms = []
    for number in range(4):
        logits = rng.normal(0, 3, 2000)
        truth = rng.random(2000) < 1 / (1 + np.exp(3 - logits))
        rooms.append(Judged(f"r{number}", 0, (), tuple(logits), tuple(truth.tolist())))
    found = Outcome("ovssc", rooms, {}).calibrated
    assert (found.platt.slope, found.platt.offset) == pytest.approx((1, -3), abs=0.2)
    assert found.after < 0.03 < 0.1 < found.before
    assert Outcome("ovssc", rooms[:1], {}).calibrated is None
