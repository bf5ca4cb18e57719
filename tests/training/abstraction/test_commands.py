"""`python -m nesf_ros.training.abstraction`, with a tiny network and a room written by hand."""

import logging

import pytest

from nesf_ros.config import VisionConfig
from nesf_ros.semantics.completion.presets import PRESETS
from nesf_ros.training.abstraction import __main__ as commands
from nesf_ros.training.abstraction.making import EMBEDDED, Eyes
from tests.training.abstraction.small_rooms import TINY, small_eyes, small_room


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setitem(PRESETS, "cpu", TINY)
    monkeypatch.setattr(Eyes, "open", staticmethod(small_eyes))
    small_room().write(tmp_path / "train-3d" / "00000.room")
    return tmp_path


def test_training_goes_on_where_it_stopped(folder, caplog):
    caplog.set_level(logging.INFO)
    words = ["train", str(folder), "--task", "ovssc", "--approach", "truth"]
    assert commands.main([*words, "--steps", "2"]) == 0
    kept = folder / "ovssc-truth.checkpoint.safetensors"
    first = kept.read_bytes()
    assert commands.main([*words, "--steps", "3"]) == 0
    told = [record.getMessage() for record in caplog.records]
    assert told[0] == "ovssc, truth: 1 rooms, step 0 of 2, on the CPU"
    assert told[1].startswith("step 2: loss ") and told[3].startswith("step 3: loss ")
    assert told[2] == "ovssc, truth: 1 rooms, step 2 of 3, on the CPU"
    assert kept.read_bytes() != first


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train", "--task", "ovssc", "--approach", "clipspatial"],
         "no approach 'clipspatial' to ovssc; there are semabs, chefer, semaware, truth"),
        (["train", "--task", "vool", "--approach", "semabs", "--steps", "0"], "0 steps"),
        (["rooms", "--rooms", "0"], "0 rooms; there must be one"),
        (["rooms", "--views", "-1"], "-1 views; there must be one"),
        (["rooms", "--workers", "-1"], "-1 workers; there must be one"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_line(folder, capsys, words, said):
    assert commands.main([words[0], str(folder), *words[1:]]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"abstraction: {said}") and told.count("\n") == 1


def test_rooms_that_another_model_looked_at_are_refused(folder, capsys, monkeypatch):
    eyes = small_eyes()
    eyes.model.fingerprint = "other@2"
    monkeypatch.setattr(Eyes, "open", staticmethod(lambda vision: eyes))
    assert commands.main(["train", str(folder), "--task", "vool", "--approach", "semabs"]) == 2
    assert "by-hand was looked at by by-hand@1, not by other@2" in capsys.readouterr().err


def test_rooms_are_made_where_training_looks_for_them(folder, monkeypatch):
    asked = []
    monkeypatch.setattr(commands, "write_rooms", lambda *words: asked.append(words[:6]))
    assert commands.main(["rooms", str(folder), "--split", "test-rooms", "--rooms", "3"]) == 0
    assert asked == [(folder / "test-rooms", "test-rooms", range(3), 14, "glances", 0)]


def test_another_model_looks_where_it_is_named(folder, monkeypatch):
    given = []
    monkeypatch.setattr(commands, "write_rooms", lambda *words: given.append(words[7]))
    named = ["--model", "ViT-B-32", "--pretrained", "clip.safetensors", "--precision", "fp32"]
    for words in ([], named):
        assert commands.main(["rooms", str(folder), *words]) == 0
    assert given == [EMBEDDED, VisionConfig("ViT-B-32", "clip.safetensors", "fp32")]
