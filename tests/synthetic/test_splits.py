"""What is held out stays out."""

import itertools

import pytest

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.captions import (
    COLOR_WORDS,
    FRAMES,
    MATERIAL_WORDS,
    RELATION_WORDS,
    SIZE_WORDS,
    nouns,
)
from nesf_ros.synthetic.objects import CLASSES, class_named
from nesf_ros.synthetic.splits import (
    HELD_OUT_COMPLETION,
    HELD_OUT_VISION,
    SPLITS,
    SYNONYMS,
    split_named,
)


def test_held_out_classes():
    assert len(HELD_OUT_VISION) >= 8 and len(HELD_OUT_COMPLETION) >= 6
    assert not set(HELD_OUT_VISION) & set(HELD_OUT_COMPLETION)
    for name in (*HELD_OUT_VISION, *HELD_OUT_COMPLETION):
        class_named(name)
    # Containers of three sizes, which hold something in them.
    for name in ("mug", "pot", "safe"):
        assert class_named(name).holds
    for split in SPLITS.values():
        assert set(split.excluded) >= set(HELD_OUT_VISION) or not split.excluded


def test_seeds_never_overlap():
    spans = [(split.seed(0), split.seed(99_999)) for split in SPLITS.values()]
    for (low, high), (other_low, other_high) in itertools.combinations(spans, 2):
        assert high < other_low or other_high < low
    assert min(spans)[0] == 100_000
    with pytest.raises(ConfigError, match="0 to 99999"):
        SPLITS["train"].seed(100_000)
    with pytest.raises(ConfigError, match="one of train, validation"):
        split_named("dev")


def test_synonyms_are_said_nowhere():
    assert len(SYNONYMS) >= 25
    tables = (COLOR_WORDS, MATERIAL_WORDS, SIZE_WORDS, RELATION_WORDS)
    said = [word for table in tables for words in table.values() for word in words]
    said += [*FRAMES, *(noun for name in CLASSES for noun in nouns(name))]
    for name, synonym in SYNONYMS.items():
        class_named(name)
        for words in said:
            assert f" {synonym} " not in f" {words} ", f"{words!r} says {synonym!r}"
