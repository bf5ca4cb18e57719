import pytest

from nesf_ros import cli
from nesf_ros.evaluation import lerf_scenes, lerf_table
from nesf_ros.evaluation.lerf_metrics import POINTS, RENDERED
from tests.evaluation.test_lerf_table import TEST


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
