"""Captions say what is true, their negatives what is not, and never a held-out word."""

import pytest

from nesf_ros.datasets.labelled import Relation
from nesf_ros.synthetic.captions import (
    COLOR_WORDS,
    FRAMES,
    OPPOSITE,
    Captioner,
    nouns,
    phrase,
    size_word,
)
from nesf_ros.synthetic.lighting import Lighting
from nesf_ros.synthetic.objects import CLASSES, build
from nesf_ros.synthetic.objects.draw import COLORS
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.splits import HELD_OUT_VISION, SYNONYMS
from nesf_ros.synthetic.things import Thing, placement
from nesf_ros.types import Box

NAMES = ("cube", "gear", "torus", "sphere")


@pytest.fixture(scope="module")
def scene():
    things = [
        Thing(name, name, build(name, n), placement(n, 0), "cube" if n == 1 else "")
        for n, name in enumerate(NAMES)
    ]
    return Scene("shapes", things, Lighting(()), Box((-1, -1, 0), (5, 1, 1)))


@pytest.fixture(scope="module")
def captions(scene):
    told = (Relation(0, "on the left of", 2, 0),)
    return [
        caption
        for seed in range(40)
        for thing in range(len(NAMES))
        for caption in Captioner(scene, seed, HELD_OUT_VISION).about(thing, told)
    ]


def words_of(text):
    return f" {text} "


def test_facts_are_true_and_negatives_are_not(scene, captions):
    for caption in captions:
        thing = scene.things[caption.thing]
        assert any(words_of(noun) in words_of(caption.text) for noun in nouns(thing.class_name))
        assert caption.negatives and caption.text not in caption.negatives
        kinds = caption.kind.split("+")
        color = thing.model.main.color_name
        if "color" in kinds:
            words = COLOR_WORDS.get(color, (color,))
            assert any(words_of(word) in words_of(caption.text) for word in words)
        if kinds == ["color"]:
            false = [w for c in COLORS if c != color for w in COLOR_WORDS.get(c, (c,))]
            others = [
                n for n in caption.negatives if any(words_of(w) in words_of(n) for w in false)
            ]
            assert len(others) >= 2


def test_every_kind_and_many_words(captions):
    kinds = {caption.kind for caption in captions}
    assert {"class", "color", "material", "place", "relation"} <= kinds
    assert any("+" in kind for kind in kinds)
    plain = {caption.text for caption in captions if caption.kind == "class"}
    assert len(plain) > 40


def test_relations_turn_round_in_negatives(captions):
    told = [caption for caption in captions if caption.kind == "relation"]
    for caption in told:
        assert "left of" in caption.text and caption.thing == 0
        assert any("right of" in negative for negative in caption.negatives)
    assert OPPOSITE[OPPOSITE["behind"]] == "behind"


def test_held_out_words_and_classes_never_appear(captions):
    held_out = [*SYNONYMS.values(), *(n for name in HELD_OUT_VISION for n in nouns(name))]
    for caption in captions:
        for text in (caption.text, *caption.negatives):
            for word in held_out:
                assert words_of(word) not in words_of(text)


def test_negatives_name_no_other_thing_of_the_scene(scene, captions):
    for caption in captions:
        if caption.kind == "class":
            present = [phrase(noun) for name in NAMES for noun in nouns(name)]
            true = {frame.format(what) for frame in FRAMES for what in present}
            assert caption.text in true and not true & {*caption.negatives}


def test_same_seed_same_words(scene):
    assert Captioner(scene, 7).about(1) == Captioner(scene, 7).about(1)


def test_phrases_by_hand():
    assert phrase("mug") == "a mug" and phrase("apple") == "an apple"
    assert phrase("mug", color="orange", size="big") == "a big orange mug"
    assert phrase("scissors", material="metal") == "metal scissors"
    assert phrase("reading glasses") == "reading glasses" and phrase("torus") == "a torus"
    assert phrase("pair of scissors") == "a pair of scissors"


def test_size_words_split_the_range_of_a_class():
    words = {size_word(Thing("x", "cube", build("cube", seed))) for seed in range(30)}
    assert words == {"small", "large", ""}
    about = CLASSES["cube"].size_m
    smallest = min(range(60), key=lambda seed: build("cube", seed).size_m[0])
    assert build("cube", smallest).size_m[0] < 0.5 * about[0][1]
    assert size_word(Thing("x", "cube", build("cube", smallest))) == "small"
