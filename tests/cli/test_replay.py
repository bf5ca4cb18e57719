import pytest

from nesf_ros import cli
from nesf_ros.cli import build_parser
from nesf_ros.cli.replay import node_arguments


def arguments(*given):
    return node_arguments(build_parser().parse_args(["replay", *given]))


def test_options_become_parameters_of_the_node_quoted_for_yaml():
    given = arguments("/my data/[1]", "--rate", "0.5", "--frames", "7", "--loop", "-p", "seed:=3")
    assert given == [
        "--ros-args", "-p", 'source:="/my data/[1]"', "-p", 'camera:="/camera"', "-p", "rate:=0.5",
        "-p", "loop:=true", "-p", "frames:=7", "-p", "preload:=false", "-p", "seed:=3",
    ]  # fmt: skip


@pytest.mark.ros
def test_a_source_that_cannot_be_read_gives_exit_code_2():
    assert cli.main(["replay", "/nowhere/at/all"]) == 2


def test_a_malformed_parameter_is_an_error(capsys):
    assert cli.main(["replay", "synthetic", "-p", "seed=3"]) == cli.EXIT_ERROR
    assert "name:=value" in capsys.readouterr().err
