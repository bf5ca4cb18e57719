import importlib
import json
import shutil
from types import SimpleNamespace

import pytest

from nesf_ros import cli
from nesf_ros.cli import checks, doctor, machine_checks
from nesf_ros.cli.checks import FAIL, OK, WARN, Finding
from nesf_ros.config import MapConfig
from nesf_ros.ros import environment


def of(findings, name):
    """The one finding of that name."""
    (found,) = (finding for finding in findings if finding.name == name)
    return found


@pytest.mark.ros
@pytest.mark.slow
def test_this_installation_is_sound(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cli.main(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is True
    assert {check["name"] for check in report["checks"]} >= {
        "Python",
        "system libraries",
        "interfaces",
        "DDS round trip",
        "shared memory",
        "GPU",
        "kernel cache",
        "map folder",
        *(distributions[0] for distributions in checks.DEPENDENCIES.values()),
    }


def test_a_failure_gives_exit_code_1_and_its_remedy(monkeypatch, capsys):
    def bad():
        yield Finding("DDS", FAIL, "silence", "plug it in")

    def good():
        yield Finding("Python", OK, "3.11")

    monkeypatch.setattr(doctor, "CHECKS", (bad, good))
    assert cli.main(["doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["✗ DDS: silence", "    → plug it in", "✓ Python: 3.11"]
    assert lines[-1] == "1 ok, 0 warnings, 1 failures"


def test_a_warning_is_no_failure(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "CHECKS", (lambda: [Finding("cache", WARN, "cold", "warm it")],))
    assert cli.main(["doctor", "--json"]) == 0
    (check,) = json.loads(capsys.readouterr().out)["checks"]
    assert check == {"name": "cache", "status": "warn", "detail": "cold", "remedy": "warm it"}


def test_a_check_that_breaks_down_is_a_failure_and_the_rest_runs(monkeypatch, capsys):
    def check_the_moon():
        raise RuntimeError("no rocket")

    monkeypatch.setattr(doctor, "CHECKS", (check_the_moon, lambda: [Finding("x", OK, "fine")]))
    assert cli.main(["doctor"]) == 1
    output = capsys.readouterr().out
    assert "✗ the moon: the check broke down: RuntimeError: no rocket" in output
    assert "✓ x: fine" in output


def test_a_package_that_cannot_be_imported_is_named_with_the_reason(monkeypatch):
    real = importlib.import_module

    def import_module(name):
        if name == "open3d":
            raise OSError("libusb-1.0.so.0: cannot open shared object file")
        return real(name)

    monkeypatch.setattr(checks.importlib, "import_module", import_module)
    found = of(checks.check_dependencies(), "open3d-cpu")
    assert found.status == FAIL
    assert "libusb-1.0.so.0" in found.detail


def test_missing_system_libraries_come_with_the_command(monkeypatch):
    monkeypatch.setattr(checks.system, "LIBRARIES", {"libnone.so.7": "libnone7"})
    (found,) = checks.check_system_libraries()
    assert found == Finding(
        "system libraries",
        FAIL,
        "missing: libnone7",
        "sudo apt-get install -y --no-install-recommends libnone7",
    )


def test_a_changed_interface_is_reported_stale(tmp_path):
    tree, share = tmp_path / "tree", tmp_path / "share"
    for folder in (tree, share):
        (folder / "msg").mkdir(parents=True)
        (folder / "msg" / "A.msg").write_text("uint8 a\n")
        (folder / "msg" / "B.msg").write_text("uint8 b\n")
    assert checks.stale_interfaces(tree, share) == []  # not a source tree: nothing to compare
    (tree / "package.xml").touch()
    assert checks.stale_interfaces(tree, share) == []
    (tree / "msg" / "B.msg").write_text("uint16 b\n")
    (tree / "msg" / "C.msg").write_text("uint8 c\n")
    assert checks.stale_interfaces(tree, share) == ["B", "C"]


@pytest.mark.parametrize(("free_mib", "status"), [(255, WARN), (256, OK), (128, WARN), (127, FAIL)])
def test_shared_memory_must_hold_the_segments_of_two_processes(monkeypatch, free_mib, status):
    usage = SimpleNamespace(free=free_mib << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    (found,) = machine_checks.check_shared_memory()
    assert found.status == status
    assert f"{free_mib} MiB free" in found.detail


def test_a_profile_that_does_not_exist_is_a_failure(monkeypatch, tmp_path):
    monkeypatch.setenv(environment.PROFILE_VARIABLES[0], str(tmp_path / "gone.xml"))
    (found,) = machine_checks.check_fastdds_profile()
    assert found.status == FAIL
    assert "gone.xml does not exist" in found.detail


def test_a_map_folder_that_cannot_be_made_is_a_failure(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    blocked = MapConfig(folder=str(tmp_path / "file" / "maps"))
    monkeypatch.setattr(machine_checks, "MapConfig", lambda: blocked)
    (found,) = machine_checks.check_map_folder()
    assert found.status == FAIL
    assert str(tmp_path / "file" / "maps") in found.detail
