from dataclasses import replace

import torch

from nesf_ros.evaluation.unseen_questions import COLUMNS, VALIDATION
from tests.training.abstraction.small_rooms import TEXTS, small_room

ROOM = small_room()
NOVEL_ROOM, NOVEL_VISUAL, SYNONYMS, CLASSES = COLUMNS


def told(column, task, room=ROOM, view=0):
    asked = column.asked(task, room, view)
    texts = room.about.texts
    words = [(texts[a], how, texts[b] if how else "") for a, how, b in asked.words]
    return {words: scored for words, scored in zip(words, asked.scored, strict=True)}


def test_all_classes_that_a_view_shows_are_asked_and_scored():
    seen = torch.tensor([[True, True, True, True, False], [False] * 5])
    room = replace(ROOM, arrays=ROOM.arrays | {"seen": seen})
    names = {(name, "", ""): True for name in ("box", "floor", "mug", "sofa")}
    assert told(NOVEL_ROOM, "ovssc", room) == names == told(VALIDATION, "ovssc", room)
    assert told(NOVEL_ROOM, "ovssc", room, view=1) == {}


def test_synonyms_stand_for_classes_and_alone_are_scored():
    found = told(SYNONYMS, "ovssc")
    assert ("sofa", "", "") not in found
    assert [words[0] for words, scored in found.items() if scored] == ["couch"]
    assert [words[0] for words, scored in found.items() if not scored] == [
        "box", "floor", "mug", "wall",
    ]  # fmt: skip


def test_held_out_classes_alone_are_scored_among_all():
    assert [words[0] for words, scored in told(CLASSES, "ovssc").items() if scored] == ["mug"]
    about = replace(ROOM.about, classes=("floor", "box", "box", "sofa", "wall"))
    assert told(CLASSES, "ovssc", replace(ROOM, about=about)) == {}


def test_descriptions_are_those_of_the_column():
    left, couch = ("sofa", "on the left of", "box"), ("couch", "on the left of", "box")
    apples = [("apple", "in", "box"), ("apple", "behind", "box")]
    assert list(told(NOVEL_ROOM, "vool")) == [("mug", "on", "box"), left, *apples]
    assert list(told(SYNONYMS, "vool")) == [couch]
    assert list(told(CLASSES, "vool")) == [("mug", "on", "box")]
    assert "couch" in TEXTS
