"""Labels to embeddings: the mean over templates, the cache, threads, what cannot be asked."""

import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from nesf_ros.errors import QueryError, VisionError
from nesf_ros.vision.text import LABELS_AT_ONCE, MAX_CHARACTERS, TextEncoder, clean


class Counting:
    """Encodes a text to a direction made of it, and remembers what it was asked."""

    def __init__(self):
        self.asked = []
        self.gate = threading.Event()
        self.gate.set()

    def encode_text(self, texts):
        assert self.gate.wait(10)
        self.asked.append(list(texts))
        seeds = [zlib.crc32(text.encode()) for text in texts]
        rows = [torch.randn(5, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
        return F.normalize(torch.stack(rows), dim=-1)


@pytest.fixture
def model():
    return Counting()


@pytest.fixture
def two_templates(tmp_path):
    file = tmp_path / "two.txt"
    file.write_text("a {}\nthe {}\n")
    return str(file)


def test_each_template_counts_the_same_and_the_mean_has_unit_length(two_templates):
    class Axes:
        def encode_text(self, texts):
            known = {"a mug": [1.0, 0, 0], "the mug": [0, 1.0, 0], "a cup": [0, 0.6, 0.8]}
            return torch.tensor([known.get(text, [1.0, 0, 0]) for text in texts])

    found = TextEncoder(Axes(), two_templates).embed(["mug", "cup"])
    # (1, 0, 0) + (0, 1, 0), and (0, .6, .8) + (1, 0, 0), both over their length √2
    expected = torch.tensor([[1.0, 1, 0], [1, 0.6, 0.8]]) / 2**0.5
    torch.testing.assert_close(found, expected)


def test_labels_are_put_into_the_templates_as_they_are(model, two_templates):
    TextEncoder(model, two_templates).embed(["{}", "mug {0} {x}"])
    assert model.asked == [["a {}", "the {}", "a mug {0} {x}", "the mug {0} {x}"]]


def test_a_label_is_encoded_once(model):
    encoder = TextEncoder(model, "plain")
    first = encoder.embed(["mug", "cup", " mug", "red  \t mug\n"])
    assert model.asked == [["a photo of a mug.", "a photo of a cup.", "a photo of a red mug."]]
    assert torch.equal(first[0], first[2])
    again = encoder.embed(["red mug", "mug"])
    assert len(model.asked) == 1
    assert torch.equal(again, first[[3, 0]])
    assert not torch.equal(encoder.embed(["Mug"])[0], first[0])  # case counts


def test_the_cache_keeps_what_was_asked_last(model):
    encoder = TextEncoder(model, "plain", cache_size=2)
    encoder.embed(["a"])
    encoder.embed(["b"])
    encoder.embed(["a"])
    encoder.embed(["c"])  # b goes
    model.asked.clear()
    encoder.embed(["a", "c"])
    assert model.asked == []
    encoder.embed(["b"])
    assert model.asked == [["a photo of a b."]]


def test_the_cache_holds_no_more_than_its_labels(model):
    encoder = TextEncoder(model, "imagenet", cache_size=2)
    encoder.embed(["a", "b", "c", "d"])
    held = [embedding.untyped_storage().nbytes() for embedding in encoder._cache.values()]
    assert held == [5 * 4, 5 * 4]


def test_more_labels_than_the_cache_holds(model):
    labels = [f"thing {i}" for i in range(3 * LABELS_AT_ONCE + 1)]
    few = TextEncoder(model, "plain", cache_size=3).embed(labels)
    assert max(map(len, model.asked)) == LABELS_AT_ONCE
    many = TextEncoder(model, "plain").embed(labels)
    assert torch.equal(few, many)
    assert len(torch.unique(few, dim=0)) == len(labels)


def test_which_labels_would_have_to_be_encoded(model):
    encoder = TextEncoder(model, "plain", cache_size=2)
    encoder.embed(["mug", "cup"])
    model.asked.clear()
    assert encoder.fresh([" red  mug", "cup", "cap", "mug", "cap"]) == ["red mug", "cap"]
    assert encoder.fresh([]) == [] and model.asked == []
    encoder.fresh(["mug"])  # asked for once more: the cup is older
    encoder.embed(["cap"])
    assert encoder.fresh(["mug", "cup", "cap"]) == ["cup"]
    with pytest.raises(QueryError, match="an empty text"):
        encoder.fresh(["mug", " "])


def test_what_is_given_out_is_not_the_cache(model):
    encoder = TextEncoder(model, "plain")
    first = encoder.embed(["mug"])
    wanted = first.clone()
    first.zero_()
    assert torch.equal(encoder.embed(["mug"]), wanted)


def test_known_labels_do_not_wait_for_new_ones(model):
    encoder = TextEncoder(model, "plain")
    known = encoder.embed(["mug"])
    model.gate.clear()
    with ThreadPoolExecutor(2) as pool:
        fresh = pool.submit(encoder.embed, ["cup"])
        with pytest.raises(Late):
            fresh.result(0.05)
        assert torch.equal(pool.submit(encoder.embed, ["mug"]).result(5), known)
        model.gate.set()
        assert fresh.result(5).shape == (1, 5)


def test_threads_that_ask_the_same_share_the_work(model):
    encoder = TextEncoder(model, "plain")
    model.gate.clear()
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(encoder.embed, ["mug", "cup"]) for _ in range(4)]
        model.gate.set()
        answers = [future.result(5) for future in asked]
    assert len(model.asked) == 1
    assert all(torch.equal(answer, answers[0]) for answer in answers)


@pytest.mark.parametrize(("labels", "problem"), [
    ([], "no text was given"),
    ([""], "an empty text"),
    (["mug", " \t\n"], "an empty text"),
    (["x" * 10_000], f"10000 characters was given; at most {MAX_CHARACTERS}"),
    (["mug \ud83d"], "surrogate"),
])  # fmt: skip
def test_what_cannot_be_asked(model, labels, problem):
    with pytest.raises(QueryError, match=problem):
        TextEncoder(model, "plain").embed(labels)
    assert model.asked == []


def test_an_unknown_prompt_set_is_an_error_at_once(model):
    with pytest.raises(VisionError, match="did you mean 'semabs'"):
        TextEncoder(model, "semabz")


@given(st.text(max_size=600))
def test_a_clean_label_stays_clean_or_is_a_query_error(text):
    try:
        name = clean(text)
    except QueryError:
        return
    assert clean(name) == name
    assert 0 < len(name) <= MAX_CHARACTERS
    assert name.encode().decode() == name
