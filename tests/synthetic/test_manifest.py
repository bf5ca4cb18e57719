"""The manifest: nothing is lost, nothing is mixed up, every change is noticed."""

import json

import pytest

from nesf_ros.errors import DatasetError
from nesf_ros.synthetic.manifest import (
    NAME,
    Manifest,
    SceneRecord,
    checksum,
    damaged,
    read_manifest,
    sole_writer,
)

ORDER = {"kind": "room", "scenes": 2, "formats": ("folder",)}


def record(folder, index):
    name = f"scene-{index}"
    (folder / name).write_bytes(bytes([index]) * 100)
    files = {name: (checksum(folder / name), 100)}
    return SceneRecord(name, index, 100_000 + index, "train", 1.5, files)


def test_records_survive_and_runs_go_on(tmp_path):
    (tmp_path / "set").mkdir()
    manifest = Manifest(tmp_path / "set", ORDER)
    first = record(tmp_path / "set", 0)
    manifest.add(first)
    again = Manifest(tmp_path / "set", ORDER)
    assert again.records == [first] and first.nbytes == 100
    again.add(record(tmp_path / "set", 1))
    order, records = read_manifest(tmp_path / "set")
    assert order == json.loads(json.dumps(ORDER)) and [r.index for r in records] == [0, 1]


def test_a_line_cut_short_is_forgotten(tmp_path):
    manifest = Manifest(tmp_path, ORDER)
    manifest.add(record(tmp_path, 0))
    path = tmp_path / NAME
    path.write_text(path.read_text() + '{"name": "scene-1", "ind')
    again = Manifest(tmp_path, ORDER)
    assert [r.index for r in again.records] == [0]
    again.add(record(tmp_path, 1))
    assert [r.index for r in read_manifest(tmp_path)[1]] == [0, 1]


def test_another_order_is_refused(tmp_path):
    Manifest(tmp_path, ORDER)
    with pytest.raises(DatasetError, match=r"other settings \(kind: room\)"):
        Manifest(tmp_path, {**ORDER, "kind": "tabletop"})


def test_a_folder_of_other_things_is_refused(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(DatasetError, match="not empty"):
        Manifest(tmp_path, ORDER)


def test_damage_is_named(tmp_path):
    manifest = Manifest(tmp_path, ORDER)
    for index in range(4):
        manifest.add(record(tmp_path, index))
    (tmp_path / "scene-1").unlink()
    (tmp_path / "scene-2").write_bytes(b"short")
    (tmp_path / "scene-3").write_bytes(b"x" * 100)
    assert list(damaged(tmp_path, manifest.records)) == [
        "scene-1 is missing",
        "scene-2 has 5 bytes; it must have 100",
        "scene-3 has changed: its SHA-256 is not the manifest's",
    ]


@pytest.mark.parametrize(
    "text", ["", "[]\n", '{"order": {}}\n{"name": "x"}\n',
             '{"order": {}}\n{"name":"x","index":0,"seed":0,"split":"","seconds":0,'
             '"files":{"../x":["",0]}}\n'],
)  # fmt: skip
def test_no_manifest(tmp_path, text):
    (tmp_path / NAME).write_text(text)
    with pytest.raises(DatasetError, match="no manifest"):
        read_manifest(tmp_path)


def test_one_run_at_a_time(tmp_path):
    folder = tmp_path / "new" / "set"
    with sole_writer(folder):
        with pytest.raises(DatasetError, match="another run is writing into"), sole_writer(folder):
            pass
        Manifest(folder, ORDER)
    with sole_writer(folder):
        pass
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="cannot be made"), sole_writer(tmp_path / "file"):
        pass
