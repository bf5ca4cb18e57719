import os
import sys

import pytest

from nesf_ros import cli
from nesf_ros.cli import build_parser
from nesf_ros.cli.up import node_arguments
from nesf_ros.ros import environment


def arguments(*given):
    return node_arguments(build_parser().parse_args(["up", *given]))


def test_the_shipped_parameters_come_first_and_the_name_is_nesf(root):
    file = str(root / "config/perception.yaml")
    assert arguments() == ["--ros-args", "--params-file", file, "-r", "__node:=nesf"]


def test_options_become_ros_arguments_that_win_over_the_file(tmp_path):
    file = tmp_path / "my.yaml"
    file.write_text("")
    given = arguments(
        "--params", str(file), "--camera", "/left,/right", "--map-frame", "world",
        "--name", "mapper", "--namespace", "/robot1/", "--use-sim-time",
        "-p", "map.voxel_size_m:=0.02", "-p", "map.folder:=/data",
    )  # fmt: skip
    assert given == [
        "--ros-args", "--params-file", str(file), "-r", "__node:=mapper", "-r", "__ns:=/robot1",
        "-p", 'cameras:=["/left", "/right"]', "-p", 'map_frame:="world"',
        "-p", "use_sim_time:=true", "-p", "map.voxel_size_m:=0.02", "-p", "map.folder:=/data",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["map.voxel_size_m=0.02", ":=3", "-r:=x", "x"])
def test_a_malformed_parameter_is_an_error(text, capsys):
    assert cli.main(["up", f"--param={text}"]) == cli.EXIT_ERROR
    assert "name:=value" in capsys.readouterr().err


def test_a_missing_file_is_an_error(capsys):
    assert cli.main(["up", "--params", "/nowhere.yaml"]) == cli.EXIT_ERROR
    assert "/nowhere.yaml: there is no such file" in capsys.readouterr().err


def test_it_becomes_the_node_with_the_fast_dds_profile(monkeypatch, root):
    for name in environment.PROFILE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    seen = []

    def execve(*call):
        seen.append(call)
        raise SystemExit  # the real one does not return either

    monkeypatch.setattr(os, "execve", execve)
    with pytest.raises(SystemExit):
        cli.main(["up", "--name", "mapper"])
    ((program, command, environ),) = seen
    assert program == command[0] == sys.executable
    assert command[1:3] == ["-m", "nesf_ros.ros.perception_node"]
    assert command[-2:] == ["-r", "__node:=mapper"]
    profile = str(root / "config/fastdds.xml")
    assert {environ[name] for name in environment.PROFILE_VARIABLES} == {profile}
    assert environment.BOOTSTRAP_VARIABLE not in environ
