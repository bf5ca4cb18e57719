"""What is asked for, as embeddings: by a model that sees colours and reads their names."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nesf_ros.errors import QueryError
from nesf_ros.semantics.questions import Question
from nesf_ros.semantics.reading import Reader
from nesf_ros.types import unheard
from nesf_ros.vision.text import LABELS_AT_ONCE
from nesf_ros.vision.vocabulary import Vocabulary

from . import test_language
from .test_language import BLUE, ColorModel

config = test_language.config  # a fixture: held against "thing" and "stuff", plain prompts
SLIGHT = 1e-3
"""Of all that a text of the model is not about."""


@pytest.fixture
def reader(config):
    return Reader(ColorModel(), config.vision, config.semantics)


def axis(number):
    return F.normalize(torch.full((4,), SLIGHT).index_fill(0, torch.tensor(number), 1.0), dim=0)


def test_what_is_unread_comes_in_parts_with_the_canonical_phrases_until_it_is_read(reader):
    texts = [f"thing {number}" for number in range(LABELS_AT_ONCE)]
    parts = reader.unread([*texts, " thing  0 "])
    assert parts == [texts, ["thing", "stuff"]]
    reader.embed(parts[0])
    assert reader.unread(texts) == reader.unread(()) == [["thing", "stuff"]]
    reader.embed(parts[1])
    assert reader.unread(texts) == []
    assert reader.unread(["red"]) == [["red"]]
    with pytest.raises(QueryError, match="empty text"):
        reader.unread(["red", ""])


def test_phrases_are_the_negatives_or_the_canonical_ones(reader):
    torch.testing.assert_close(reader.phrases(["red"]), axis(0)[None])
    torch.testing.assert_close(reader.phrases(()), torch.stack([axis(3), axis(3)]))


def test_a_question_is_its_texts_then_its_image(reader):
    blue = np.full((30, 20, 3), BLUE, np.uint8)
    asked = reader.question(Question(("green", "red"), image=blue), unheard)
    # What it sees has a fourth number of 0.2, for what is of no colour.
    seen = F.normalize(torch.tensor([0.0, 0.0, 1.0, 0.2]), dim=0)
    torch.testing.assert_close(asked, torch.stack([axis(1), axis(0), seen]))
    alone = reader.question(Question(image=blue), unheard)
    torch.testing.assert_close(alone, seen[None])


def test_a_question_tells_its_progress_while_it_reads_negatives_included(reader):
    told = []
    texts = tuple(f"thing {number}" for number in range(LABELS_AT_ONCE))
    question = Question(texts, tuple(f"stuff {text}" for text in texts))
    reader.question(question, lambda *step: told.append(step))
    # Two parts of texts and negatives, one of canonical phrases.
    assert told == [("reading the texts", pytest.approx(number / 3)) for number in range(3)]
    told.clear()
    reader.question(question, lambda *step: told.append(step))
    assert told == []


def test_what_is_known_lies_near_the_vocabulary(config):
    model = ColorModel()
    model.vocabulary = Vocabulary(("red",), model.encode_text(["red"]), known_above=0.8)
    reader = Reader(model, config.vision, config.semantics)
    texts = reader.embed(["red", "blue", "red blue"])  # at cosines of 1, 0 and √½ = 0.71
    assert reader.known(texts) == [True, False, False]
    lower = replace(config.semantics, known_above=0.7)
    assert Reader(model, config.vision, lower).known(texts) == [True, False, True]
    model.vocabulary = None
    assert reader.known(texts) == [True, True, True]
