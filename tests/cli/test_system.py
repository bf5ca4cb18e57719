import subprocess
import sys
from types import SimpleNamespace

import pytest

from nesf_ros.cli import system


@pytest.fixture
def machine(monkeypatch):
    """A Debian machine, run as root, where all is in place; and the commands it was told to run."""
    commands = []
    monkeypatch.setattr(system, "LIBRARIES", {})
    monkeypatch.setattr(system, "missing_build_tools", list)
    monkeypatch.setattr(system, "unsupported", lambda: None)
    monkeypatch.setattr(system.os, "geteuid", lambda: 0)
    monkeypatch.setattr(system.shutil, "which", lambda name: f"/usr/bin/{name}")

    def call(command, env):
        commands.append(command)
        return 100 if command[-1] == "broken" else 0

    monkeypatch.setattr(system.subprocess, "call", call)
    return SimpleNamespace(commands=commands)


def lack(monkeypatch, *packages):
    monkeypatch.setattr(system, "missing_libraries", lambda: list(packages))


def test_a_complete_machine_is_left_alone(machine):
    assert system.main() == 0
    assert machine.commands == []


def test_root_installs_what_is_missing(machine, monkeypatch):
    lack(monkeypatch, "libegl1", "libusb-1.0-0")
    assert system.main() == 0
    assert machine.commands == [
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "--no-install-recommends", "libegl1", "libusb-1.0-0"],
    ]


def test_a_failing_install_fails(machine, monkeypatch):
    lack(monkeypatch, "broken")
    assert system.main() == 100


@pytest.mark.parametrize("why", ["not root", "no apt-get"])
def test_others_get_the_line_to_run(machine, monkeypatch, capsys, why):
    lack(monkeypatch, "libegl1")
    if why == "not root":
        monkeypatch.setattr(system.os, "geteuid", lambda: 1000)
    else:
        monkeypatch.setattr(system.shutil, "which", lambda name: None)
    assert system.main() == 1
    assert machine.commands == []
    line = "  sudo apt-get install -y --no-install-recommends libegl1"
    assert line in capsys.readouterr().err.splitlines()


def test_a_library_that_cannot_be_loaded_is_missing(monkeypatch):
    known = {"libc.so.6": "libc6", "libnone.so.7": "libnone7"}
    monkeypatch.setattr(system, "LIBRARIES", known)
    assert system.missing_libraries() == ["libnone7"]


def test_missing_headers_and_compilers_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(system.shutil, "which", lambda name: None if name == "g++" else "/bin/x")
    monkeypatch.setattr(system.sysconfig, "get_path", lambda name: str(tmp_path))
    python = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    assert system.missing_build_tools() == ["g++", f"{python}-dev"]
    (tmp_path / "Python.h").touch()
    assert system.missing_build_tools() == ["g++"]


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        ("sys.version_info", (3, 10, 1), "versions 3.11 to 3.14 work"),
        ("platform.machine", lambda: "aarch64", "build with colcon"),
    ],
)
def test_what_cannot_work_is_refused_with_a_way_out(monkeypatch, attribute, value, message):
    assert system.unsupported() is None
    monkeypatch.setattr(f"nesf_ros.cli.system.{attribute}", value)
    assert message in system.unsupported()


def test_it_runs_by_its_path_with_nothing_but_the_standard_library():
    done = subprocess.run([sys.executable, "-I", "-S", system.__file__], capture_output=True)
    assert done.returncode == 0, done.stderr
