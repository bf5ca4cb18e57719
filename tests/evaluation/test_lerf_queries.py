"""Which phrases are true of what, and which of them are asked."""

from collections import Counter

import numpy as np
import pytest

from nesf_ros.evaluation import lerf_queries
from nesf_ros.evaluation.lerf_queries import (
    CLASS,
    COLOR,
    KINDS,
    MATERIAL,
    NAMES,
    PART,
    PARTS_PER_SCENE,
    PRINT,
    PRINTED,
    QUERIES_PER_SCENE,
    Query,
    Subject,
    chosen,
    fits,
    phrases,
    presence,
    varying,
)
from nesf_ros.synthetic.captions import nouns
from nesf_ros.synthetic.objects import CLASSES, build
from nesf_ros.synthetic.objects.draw import COLORS
from nesf_ros.types import Box

BOX = Box((0.0, 0.0, 0.0), (0.1, 0.1, 0.1))


def subject(class_name, color="red", material="ceramic", words="", parts=(), seen=9):
    boxes = {part: BOX for part in parts}
    frames = {part: seen for part in ("", *parts)}
    return Subject(class_name, color, material, words, BOX, boxes, frames)


RED_MUG = subject("mug", words="HELLO", parts=("body", "handle"))


@pytest.mark.parametrize(
    ("query", "truth"),
    [
        (("mug", CLASS, "mug", ""), True),
        (("cup", CLASS, "cup", ""), None),  # some say cup to a mug
        (("stapler", CLASS, "stapler", ""), False),
        (("red mug", COLOR, "mug", "red"), True),
        (("orange mug", COLOR, "mug", "orange"), None),
        (("blue mug", COLOR, "mug", "blue"), False),
        (("red cup", COLOR, "cup", "red"), None),
        (("blue cup", COLOR, "cup", "blue"), False),
        (("ceramic mug", MATERIAL, "mug", "ceramic"), True),
        (("plastic mug", MATERIAL, "mug", "plastic"), None),
        (("metal mug", MATERIAL, "mug", "metal"), False),
        (("mug handle", PART, "mug", "handle"), True),
        (("mug lid", PART, "mug", "lid"), False),
        (("mug that says hello", PRINT, "mug", "HELLO"), True),
        (("mug that says boss", PRINT, "mug", "BOSS"), False),
    ],
)
def test_what_is_true_of_a_red_mug(query, truth):
    assert fits(Query(*query), RED_MUG) is truth


def test_without_a_word_for_it_every_colour_is_arguable():
    plain = subject("mug", color="", material="")
    assert fits(Query("blue mug", COLOR, "mug", "blue"), plain) is None
    assert fits(Query("metal mug", MATERIAL, "mug", "metal"), plain) is None


def test_phrases():
    texts = {query.text: query.kind for query in phrases(RED_MUG)}
    assert texts == {"mug that says hello": PRINT, "mug handle": PART, "ceramic mug": MATERIAL,
                     "red mug": COLOR, "mug": CLASS}  # fmt: skip
    ladle = subject("ladle", "brown", "wood")
    assert [query.text for query in phrases(ladle)] == ["wooden ladle", "brown ladle", "ladle"]
    # All bottles of milk are paper, so that the word would tell nothing.
    carton = subject("milk carton", "white", "paper")
    assert [query.text for query in phrases(carton)] == ["white milk carton", "milk carton"]
    assert [query.text for query in phrases(subject("can", "", ""))] == ["tin can"]
    assert not [*phrases(subject("wall"))] and not [*phrases(subject("torus"))]


def test_words_are_those_of_the_catalogue():
    assert all(said in nouns(name) for name, said in NAMES.items())
    alike = set().union(*lerf_queries._ALIKE)
    assert alike <= set(CLASSES) and set(PRINTED) <= set(CLASSES)
    assert set().union(*lerf_queries._ALIKE_COLORS) <= set(COLORS)
    assert varying("mug") == (True, True) and varying("milk carton") == (True, False)
    for name, form in PRINTED.items():
        said = next(build(name, seed).words for seed in range(20) if build(name, seed).words)
        queries = phrases(subject(name, words=said))
        assert next(queries).text == form.format(said.lower())


def asked_of(subjects, askable=None):
    askable = {(i, part): 1 for i, s in enumerate(subjects) for part in ("", *s.part_boxes)}
    return chosen(subjects, askable, np.random.default_rng(0))


def test_only_what_names_one_thing_is_asked():
    two = [subject("mug", "red"), subject("mug", "blue"), subject("stapler", "red", "plastic")]
    texts = {query.text for _, query in asked_of(two)}
    assert {"red mug", "blue mug"} <= texts and len(texts) == 3
    # What is red and what is orange, or a mug and what a cup, is arguable.
    assert not asked_of([subject("mug", "red"), subject("mug", "orange")])
    assert not asked_of([subject("mug", ""), subject("cup", "")])
    # Parts are asked for where no other thing has them.
    handles = [subject("mug", "red", parts=("handle",)), subject("mug", "blue", parts=("handle",))]
    assert {query.kind for _, query in asked_of(handles)} == {COLOR}


def test_kinds_take_turns_and_parts_are_few():
    names = ["bowl", "hammer", "stapler", "vase", "hat", "ruler", "wallet", "scissors", "envelope",
             "dice", "candle", "apple"]  # fmt: skip
    things = [subject(name, "green", "metal", parts=("handle", "lid")) for name in names]
    found = asked_of(things)
    assert len(found) == QUERIES_PER_SCENE
    kinds = Counter(query.kind for _, query in found)
    assert kinds[PART] == PARTS_PER_SCENE and min(kinds[CLASS], kinds[COLOR]) >= 3
    assert set(kinds) <= set(KINDS)
    for index in range(len(things)):
        mine = [query for thing, query in found if thing == index]
        assert len([query for query in mine if query.part]) <= 1
        assert len([query for query in mine if not query.part]) <= 1


def test_what_more_views_show_is_asked_first():
    things = [subject("stapler"), subject("teapot"), subject("camera")]
    order = chosen(things, {(0, ""): 1, (1, ""): 5, (2, ""): 3}, np.random.default_rng(0))
    assert [index for index, _ in order] == [1, 2, 0]
    assert not chosen(things, {}, np.random.default_rng(0))


def test_presence():
    mug, handle = Query("mug", CLASS, "mug"), Query("mug handle", PART, "mug", "handle")
    assert presence(mug, [RED_MUG, subject("stapler")], 5) is True
    assert presence(handle, [RED_MUG], 5) is True
    assert presence(mug, [subject("stapler")], 5) is False
    # There, but hardly shown; or not quite a mug.
    assert presence(mug, [subject("mug", seen=4)], 5) is None
    assert presence(mug, [subject("cup")], 5) is None
    assert presence(mug, [subject("cup"), RED_MUG], 5) is True
