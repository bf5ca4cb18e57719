import re
import subprocess
import sys

import pytest

from nesf_ros import __version__, cli
from nesf_ros.cli import doctor
from nesf_ros.errors import MapError

HEAVY = {"torch", "open3d", "rclpy", "warp", "cv2"}


def test_help_loads_nothing_heavy():
    code = (
        "import sys\n"
        "from nesf_ros.cli import build_parser\n"
        "build_parser().format_help()\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY.isdisjoint(done.stdout.split())


def test_every_command_is_in_the_help():
    text = cli.build_parser().format_help()
    assert all(re.search(rf"\n    {name}\s", text) for name in cli.COMMANDS)


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"nesf_ros {__version__}\n"


def test_an_error_of_ours_is_one_line_and_exit_code_2(monkeypatch, capsys):
    def fail(args):
        raise MapError("the region is 3 m³; at most 2 m³ are allowed: ask for less")

    monkeypatch.setattr(doctor, "run", fail)
    assert cli.main(["doctor"]) == 2
    output = capsys.readouterr()
    assert output.err == "nesf-ros: the region is 3 m³; at most 2 m³ are allowed: ask for less\n"
    assert output.out == ""


def test_an_error_of_anyone_else_is_not_hidden(monkeypatch):
    def fail(args):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(doctor, "run", fail)
    with pytest.raises(ZeroDivisionError):
        cli.main(["doctor"])


def test_ctrl_c_ends_quietly(monkeypatch, capsys):
    def interrupt(args):
        raise KeyboardInterrupt

    monkeypatch.setattr(doctor, "run", interrupt)
    assert cli.main(["doctor"]) == 130
    assert capsys.readouterr() == ("", "")
