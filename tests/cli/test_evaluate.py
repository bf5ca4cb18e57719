import pytest

from nesf_ros import cli
from nesf_ros.evaluation import lerf_scenes, lerf_table, unseen_study
from nesf_ros.evaluation.lerf_metrics import POINTS, RENDERED
from nesf_ros.semantics.completion.presets import PRESETS
from nesf_ros.training.abstraction.approaches import approach
from nesf_ros.training.abstraction.learning import Learner
from nesf_ros.training.abstraction.lessons import LearnConfig
from nesf_ros.training.abstraction.making import Eyes
from tests.evaluation.test_lerf_table import TEST
from tests.training.abstraction.small_rooms import TINY, small_eyes, small_room


def parsed(*words):
    return cli.build_parser().parse_args(["evaluate", *words])


def test_the_command_as_it_is_written():
    args = parsed("lerf")
    assert (args.table, args.scenes, args.methods, args.keep) == ("lerf", 0, None, None)
    assert (args.model, args.pretrained, args.precision) == ("", "", "fp32")
    args = parsed(
        "lerf", "--scenes", "2", "--methods", "voxel mean", "LERF live", "--keep", "out/kept",
        "--precision", "bf16",
    )  # fmt: skip
    assert args.methods == ["voxel mean", "LERF live"] and str(args.keep) == "out/kept"
    assert (args.scenes, args.precision) == (2, "bf16")


@pytest.mark.parametrize("words", [(), ("nesf",), ("lerf", "--precision", "fp8")])
def test_what_there_is_no_table_of(words, capsys):
    with pytest.raises(SystemExit) as stop:
        parsed(*words)
    assert stop.value.code == 2 and "usage: nesf-ros evaluate" in capsys.readouterr().err


def test_an_unknown_method_is_one_line_before_any_scene_is_made(monkeypatch, capsys):
    def made(split):
        raise AssertionError("scenes take a minute")

    monkeypatch.setattr(lerf_scenes, "lerf_scenes", made)
    assert cli.main(["evaluate", "lerf", "--methods", "LERF alive"]) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1
    assert told.err.startswith("nesf-ros: no method 'LERF alive'; there are voxel mean, ")


@pytest.mark.parametrize("words", [(), ("--rooms", "r"), ("--rooms", "r", "--weights", "w",
                                                       "--preset", "huge")])  # fmt: skip
def test_rooms_and_weights_must_be_named(words, capsys):
    with pytest.raises(SystemExit) as stop:
        parsed("ovssc", *words)
    assert stop.value.code == 2 and "usage: nesf-ros evaluate ovssc" in capsys.readouterr().err


def test_an_unknown_approach_is_one_line_before_any_model_is_loaded(monkeypatch, capsys):
    def opened(vision):
        raise AssertionError("models take seconds")

    monkeypatch.setattr(Eyes, "open", staticmethod(opened))
    words = ["evaluate", "ovssc", "--rooms", "r", "--weights", "w", "--approaches", "clipspatial"]
    assert cli.main(words) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1
    assert told.err.startswith("nesf-ros: no approach 'clipspatial' to ovssc; there are semabs, ")


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Two splits of a room that is written by hand, and an untrained network."""
    monkeypatch.setitem(PRESETS, "cpu", TINY)
    monkeypatch.setattr(unseen_study, "CELLS", 32)
    monkeypatch.setattr(Eyes, "open", staticmethod(small_eyes))
    for split in ("validation-3d", "test-rooms"):
        for number in range(2):
            room = small_room(f"{split}-{number}", split)
            room.write(tmp_path / "rooms" / split / f"{number:05d}.room")
    embed, dim = small_eyes().reader.embed, small_eyes().model.dim
    learner = Learner(approach("vool", "semabs", TINY, embed, dim), LearnConfig())
    learner.save(tmp_path / "weights" / "vool-semabs.checkpoint.safetensors")
    return tmp_path


def test_hidden_places_are_judged_and_kept(made, capsys):
    words = ["evaluate", "vool", "--rooms", str(made / "rooms"), "--weights",
             str(made / "weights"), "--keep", str(made / "kept")]  # fmt: skip
    assert cli.main([*words, "--approaches", "semabs", "--limit", "1"]) == 0
    first = capsys.readouterr().out
    assert "| approach | Novel Room | Novel Synonyms |" in first
    assert "| ours, five views | " in first and "| ours | behind | " in first
    kept = (made / "kept" / "vool-semabs-5.jsonl").read_text()
    assert len(kept.split()) and kept.count('"Novel Room"') == 2  # views of one room
    assert cli.main([*words, "--approaches", "semabs", "--limit", "1"]) == 0
    assert capsys.readouterr().out == first
    assert (made / "kept" / "vool-semabs-5.jsonl").read_text() == kept
    fewer = [*words[:-1], str(made / "fewer"), "--approaches", "semabs", "--limit", "1"]
    assert cli.main([*fewer, "--views", "1"]) == 0
    assert (made / "fewer" / "vool-semabs-5.jsonl").read_text().count('"Novel Room"') == 1
    capsys.readouterr()
    assert cli.main([*fewer, "--views", "-1"]) == 2
    assert "count from 1" in capsys.readouterr().err
    assert cli.main([*words, "--approaches", "semabs", "chefer"]) == 2
    assert "vool-chefer.checkpoint.safetensors; train it" in capsys.readouterr().err


def test_validation_rooms_must_be_there(made, capsys):
    (made / "rooms" / "validation-3d").rename(made / "elsewhere")
    words = ["--rooms", str(made / "rooms"), "--weights", str(made / "weights")]
    assert cli.main(["evaluate", "vool", *words]) == 2
    assert "holds too few splits of validation-3d, test-rooms, " in capsys.readouterr().err


def test_the_table_is_printed(monkeypatch, capsys, tmp_path):
    asked = []

    def study(scenes, config, methods, folder):
        asked.append((scenes, config.vision.precision, config.vision.model, folder))
        return iter([{name: TEST[0][name] for name in methods} for _ in scenes])

    monkeypatch.setattr(lerf_scenes, "lerf_scenes", lambda split: iter([f"{split} {n}" for n in
                                                                        range(5)]))  # fmt: skip
    monkeypatch.setattr(lerf_table, "study", study)
    words = ["lerf", "--scenes", "2", "--precision", "bf16", "--keep", str(tmp_path)]
    assert cli.main(["evaluate", *words, "--methods", "voxel mean", "LERF live"]) == 0
    assert asked == [
        (["validation 0", "validation 1"], "bf16", "nesf-mini", tmp_path),
        (["test 0", "test 1"], "bf16", "nesf-mini", tmp_path),
    ]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == RENDERED and POINTS in lines
    assert [line for line in lines if line.startswith("  ") and line[2] != " "] == [
        "  voxel mean", "  LERF live", "  voxel mean", "  LERF live",
    ]  # fmt: skip
    assert any(line.split()[:2] == ["existence,", "precision"] for line in lines)
