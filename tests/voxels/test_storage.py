"""Maps on disk: what comes back, what is refused, and that nothing is ever half done."""

import errno
import json
import os
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy import ndarray
from safetensors.numpy import save as to_bytes

from nesf_ros.errors import StorageError
from nesf_ros.types import Box
from nesf_ros.voxels import storage
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.state import occupancy_code
from nesf_ros.voxels.storage import load_map, map_path, read_map_file, save_map
from nesf_ros.voxels.updates import dense_codes

from .scenes import facing, frame, small_config, view_of

CONFIG = small_config()
REGION = Box((-2.0,) * 3, (4.0,) * 3)


def make_map() -> VoxelMap:
    """Two submaps that overlap and differ: a crate, seen to be gone from the second."""
    voxel_map = VoxelMap(CONFIG)
    wall, crate = Box((2.12, -9, -9), (3, 9, 9)), Box((1.02, -0.2, -0.2), (1.3, 0.2, 0.2))
    for _ in range(3):
        voxel_map.integrate(view_of([wall, crate], facing(0.0), color=(9, 130, 250)))
    voxel_map.integrate(frame(2.9, facing(2.0)))
    for _ in range(9):
        voxel_map.integrate(view_of([wall], facing(0.6, (0.0, -1.1, 0.0)), stamp_ns=77))
    assert len(voxel_map.submaps) == 2
    return voxel_map


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = map_path(tmp_path_factory.mktemp("maps"), "room")
    save_map(make_map(), path)
    return path


def voxels(voxel_map: VoxelMap) -> tuple[ndarray, ...]:
    """Signed distance, weight, colour of all blocks, and evidence of free ones, in order."""
    blocks = voxel_map.blocks(voxel_map.block_index())
    rows = blocks.row >= 0
    parts = (blocks.tsdf, blocks.weight, blocks.color)
    return *(p[blocks.row[rows]].numpy() for p in parts), blocks.free_weight.numpy()


def untouched(voxel_map: VoxelMap) -> Any:
    """A check that the map is still what it is now."""
    before = (voxel_map.map_id, voxel_map.revision, voxel_map.stamp_ns, *voxel_map.submaps)

    def check() -> None:
        now = (voxel_map.map_id, voxel_map.revision, voxel_map.stamp_ns, *voxel_map.submaps)
        assert now == before

    return check


def test_round_trip_within_half_precision(tmp_path):
    original, path = make_map(), map_path(tmp_path, "a")
    size = save_map(original, path)
    assert size == path.stat().st_size
    loaded = VoxelMap(CONFIG)
    start = loaded.revision
    load_map(loaded, path)
    assert torch.equal(loaded.block_index(), original.block_index())
    tsdf, weight, color, free = voxels(original)
    got_tsdf, got_weight, got_color, got_free = voxels(loaded)
    np.testing.assert_allclose(got_tsdf, tsdf, atol=2**-11)
    np.testing.assert_allclose(got_weight, weight, rtol=2**-10)
    np.testing.assert_array_equal(got_weight == 0, weight == 0)
    np.testing.assert_allclose(got_color, color, atol=0.5)
    np.testing.assert_allclose(got_free, free, rtol=2**-10)
    assert loaded.stamp_ns == 77
    assert loaded.revision > start
    assert len(loaded.block_index(since=start)) == len(loaded.block_index())
    # Which of two overlapping submaps is the newer has not been forgotten.
    codes = [dense_codes(m, REGION)[0].astype(int) for m in (original, loaded)]
    np.testing.assert_array_equal(codes[0] == 0, codes[1] == 0)
    assert np.abs(codes[0] - codes[1]).max() <= 2
    crate = Box((0.95, -0.1, -0.1), (1.15, 0.1, 0.1))
    assert (dense_codes(loaded, crate)[0] < 128).all()


def test_a_loaded_map_is_saved_as_the_same_bytes_again_and_goes_on(saved, tmp_path):
    voxel_map = VoxelMap(CONFIG)
    load_map(voxel_map, saved)
    second = VoxelMap(CONFIG)
    path = map_path(tmp_path, "again")
    save_map(voxel_map, path)
    load_map(second, path)
    for a, b in zip(voxels(voxel_map), voxels(second), strict=True):
        np.testing.assert_array_equal(a, b)
    revision, known = voxel_map.revision, len(voxel_map.block_index())
    voxel_map.integrate(frame(1.5, facing(2.5)))
    assert voxel_map.revision == revision + 1
    assert len(voxel_map.block_index()) > known
    assert voxel_map.nbytes <= CONFIG.memory_mib * 2**20


def test_an_empty_map_round_trips(tmp_path):
    path = map_path(tmp_path, "empty")
    save_map(VoxelMap(CONFIG), path)
    voxel_map = make_map()
    load_map(voxel_map, path)
    assert voxel_map.submaps == []
    assert len(voxel_map.block_index()) == 0


def test_faint_evidence_is_not_rounded_to_none(tmp_path):
    voxel_map, path = VoxelMap(CONFIG), map_path(tmp_path, "faint")
    voxel_map.integrate(frame(2.0))
    grid = voxel_map.submaps[0].grid
    observed = grid.weight > 0
    grid.weight[observed] = 1e-9  # a reading at 30 km; half precision ends at 6e-8
    grid.free_weight[grid.free_weight > 0] = 1e-9
    before = dense_codes(voxel_map, REGION)[0]
    save_map(voxel_map, path)
    load_map(voxel_map, path)
    after = dense_codes(voxel_map, REGION)[0]
    np.testing.assert_array_equal(after == 0, before == 0)


def test_codes_survive(saved):
    voxel_map = VoxelMap(CONFIG)
    load_map(voxel_map, saved)
    blocks = voxel_map.blocks(voxel_map.block_index())
    assert (occupancy_code(blocks.tsdf, blocks.weight, 4.0) >= 128).sum() > 300


# --- writing ---


@pytest.mark.parametrize("name", [
    "..", ".", "", "a/b", "/etc/passwd", "../a", ".hidden", "a\\b", "a b", "a\0", "a\n", "é",
    "x" * 101, "..nesfmap",
])  # fmt: skip
def test_names_that_could_lead_elsewhere(tmp_path, name):
    with pytest.raises(StorageError, match="letters, digits"):
        map_path(tmp_path, name)


def test_names_that_are_fine(tmp_path):
    assert map_path(tmp_path, "a-1_b.c") == tmp_path / "a-1_b.c.nesfmap"
    assert map_path(tmp_path, "room.nesfmap") == tmp_path / "room.nesfmap"
    assert map_path(tmp_path, "x" * 100).name == "x" * 100 + ".nesfmap"
    assert map_path("~/maps", "a") == Path.home() / "maps" / "a.nesfmap"


def test_links_are_not_followed(tmp_path):
    (tmp_path / "secret").write_text("x")
    (tmp_path / "a.nesfmap").symlink_to(tmp_path / "secret")
    (tmp_path / "b.nesfmap").symlink_to(tmp_path / "nowhere")
    for name in ("a", "b"):
        with pytest.raises(StorageError, match="is a link"):
            map_path(tmp_path, name)


def test_folders_that_cannot_be_used(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("x")
    with pytest.raises(StorageError, match="cannot be written"):
        save_map(VoxelMap(CONFIG), map_path(blocked, "a"))
    with pytest.raises(StorageError, match="file/a.nesfmap"):
        load_map(VoxelMap(CONFIG), map_path(blocked, "a"))
    with pytest.raises(StorageError, match="cannot be used"):
        map_path("~nobody-of-that-name/maps", "a")

    def forbidden(*_: object) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "is_symlink", forbidden)
    with pytest.raises(StorageError, match="Permission denied"):
        map_path(tmp_path, "a")
    monkeypatch.undo()
    monkeypatch.setattr(Path, "stat", forbidden)
    with pytest.raises(StorageError, match="Permission denied"):
        read_map_file(tmp_path / "a", 10**6)


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_the_old_file_survives_a_save_that_fails(tmp_path, monkeypatch, step):
    path = map_path(tmp_path, "a")
    save_map(make_map(), path)
    before = path.read_bytes()
    full = OSError(errno.ENOSPC, "No space left on device")

    class FullDisk:
        def __init__(self, handle: int, mode: str):
            self._file = os.fdopen(handle, mode)

        def __enter__(self) -> "FullDisk":
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

        def write(self, data: bytes) -> None:
            self._file.write(data[: len(data) // 2])
            raise full

    def fail(*_: object) -> None:
        raise full

    fakes = {"write": ("fdopen", FullDisk), "fsync": ("fsync", fail), "replace": ("replace", fail)}
    name, fake = fakes[step]
    other = VoxelMap(CONFIG)
    with monkeypatch.context() as patch:
        patch.setattr(storage, "os", _Os(os, **{name: fake}))
        with pytest.raises(StorageError, match="cannot be written: No space left on device"):
            save_map(other, path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.nesfmap"]
    save_map(other, path)
    assert path.read_bytes() != before


class _Os:
    """The os module with some functions replaced."""

    def __init__(self, real: Any, **fakes: Any):
        self.__dict__.update({**vars(real), **fakes})


# --- reading what is damaged ---


def refused(path: Path, match: str) -> None:
    voxel_map = VoxelMap(CONFIG)
    voxel_map.integrate(frame(1.0))
    check = untouched(voxel_map)
    with pytest.raises(StorageError, match=match):
        load_map(voxel_map, path)
    check()


def test_missing_files_and_folders(tmp_path):
    refused(tmp_path / "a.nesfmap", "does not exist")
    (tmp_path / "folder.nesfmap").mkdir()
    refused(tmp_path / "folder.nesfmap", "is not a map file")


def test_truncated_at_any_length(saved, tmp_path):
    data, path = saved.read_bytes(), tmp_path / "cut.nesfmap"
    rng = np.random.default_rng(0)
    lengths = [0, 1, 7, 8, 9, 100, len(data) - 1, *rng.integers(0, len(data), 30).tolist()]
    for length in lengths:
        path.write_bytes(data[:length])
        refused(path, "damaged|not a map")
    path.write_bytes(data + b"\0")
    refused(path, "damaged|not a map")


def test_one_flipped_bit_anywhere(saved, tmp_path):
    data, path = saved.read_bytes(), tmp_path / "bad.nesfmap"
    header = 8 + struct.unpack("<Q", data[:8])[0]
    rng = np.random.default_rng(1)
    places = [*range(8), *rng.integers(8, header, 60), *rng.integers(header, len(data), 60)]
    for place in places:
        changed = bytearray(data)
        changed[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(changed)
        with pytest.raises(StorageError):
            read_map_file(path, 10**9)


def test_a_file_larger_than_memory(saved):
    with pytest.raises(StorageError, match=r"at most 1000 are allowed"):
        read_map_file(saved, max_bytes=1000)


def test_other_voxels(saved):
    for settings, name in (({"voxel_size_m": 0.1}, "voxel_size_m 0.05"),
                           ({"truncation_voxels": 3.0}, "truncation_voxels 4.0")):  # fmt: skip
        other = VoxelMap(small_config(**settings))
        with pytest.raises(StorageError, match=f"has {name}, the node .*; set map."):
            load_map(other, saved)


def test_files_of_other_kinds(tmp_path):
    class Evil:
        def __reduce__(self) -> tuple:
            return os.mkdir, (str(tmp_path / "owned"),)

    path = tmp_path / "a.nesfmap"
    foreign = to_bytes({"weights": np.zeros(4, np.float32)}, {"format": "pt"})
    huge = struct.pack("<Q", 2**62) + b"{}"
    nested = b'{"a":' + b"[" * 100_000
    deep = struct.pack("<Q", len(nested)) + nested
    bfloat = b'{"0/tsdf":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}'
    odd = struct.pack("<Q", len(bfloat)) + bfloat + b"\0" * 4
    for data in (b"", b"{}", pickle.dumps(Evil()), foreign, huge, deep, odd, os.urandom(1000)):
        path.write_bytes(data)
        refused(path, "is not a map|damaged")
    assert not (tmp_path / "owned").exists()


# --- reading what has been made with care to do harm: the checksum is right ---


def forge(saved: Path, path: Path, change: Any) -> None:
    """Write the saved map with its header and arrays changed, and a checksum that fits."""
    about, tensors = read_map_file(saved, 10**9)
    text = change(about, tensors)
    text = json.dumps(about) if text is None else text
    meta = {"about": text, "sha256": storage._checksum(text, tensors)}
    path.write_bytes(to_bytes({k: np.ascontiguousarray(v) for k, v in tensors.items()}, meta))


def header(*keys: Any, value: Any) -> Any:
    def change(about: dict, tensors: dict) -> None:
        at: Any = about
        for key in keys[:-1]:
            at = at[key]
        at[keys[-1]] = value

    return change


def array(name: str, function: Any) -> Any:
    def change(about: dict, tensors: dict) -> None:
        tensors[name] = function(tensors[name].copy())

    return change


def setting(place: Any, value: Any) -> Any:
    def change(values: ndarray) -> ndarray:
        values[place] = value
        return values

    return change


def text(value: str) -> Any:
    return lambda about, tensors: value


def without(key: str) -> Any:
    def change(about: dict, tensors: dict) -> None:
        (about if key in about else tensors).pop(key)

    return change


HOSTILE = {
    "version": header("version", value=99),
    "format": header("format", value="other"),
    "no version": without("version"),
    "no voxel size": without("voxel_size_m"),
    "no array": without("0/color"),
    "voxel size text": header("voxel_size_m", value="0.05"),
    "voxel size NaN": header("voxel_size_m", value=float("nan")),
    "truncation infinite": header("truncation_voxels", value=float("inf")),
    "stamp text": header("stamp_ns", value="12"),
    "stamp fraction": header("stamp_ns", value=1.5),
    "stamp infinite": header("stamp_ns", value=float("inf")),
    "stamp large": header("stamp_ns", value=2**63),
    "stamp true": header("stamp_ns", value=True),
    "revision negative": header("revision", value=-1),
    "revision large": header("revision", value=2**62),
    "id": header("map_id", value="../../x"),
    "id number": header("map_id", value=12),
    "submaps a number": header("submaps", value=3),
    "submaps a dict": header("submaps", value={"0": 1}),
    "no submaps": header("submaps", value=[]),
    "too many submaps": header("submaps", value=[{}] * 5000),
    "submap empty": header("submaps", 0, value={}),
    "shape giant": header("submaps", 0, "shape", value=[2**18] * 3),
    "shape beyond numbers": header("submaps", 0, "shape", value=[10**400, 1, 1]),
    "shape zero": header("submaps", 0, "shape", value=[0, 1, 1]),
    "shape negative": header("submaps", 0, "shape", value=[-1, -1, 1]),
    "shape fraction": header("submaps", 0, "shape", value=[20.5, 20, 20]),
    "shape flat": header("submaps", 0, "shape", value=[20, 20]),
    "shape too small": header("submaps", 0, "shape", value=[1, 1, 1]),
    "shape text": header("submaps", 0, "shape", value="abc"),
    "offset far": header("submaps", 0, "offset", value=[2**20, 0, 0]),
    "offset moved": header("submaps", 0, "offset", value=[900, 0, 0]),
    "offset fraction": header("submaps", 0, "offset", value=[0.5, 0, 0]),
    "offset nested": header("submaps", 0, "offset", value=[[1], [2], [3]]),
    "centre NaN": header("submaps", 0, "centre_m", value=[0.0, float("nan"), 0.0]),
    "centre text": header("submaps", 0, "centre_m", value=["a", "b", "c"]),
    "centre missing": header("submaps", 0, "centre_m", value=None),
    "index outside": array("0/index", setting((0, 0), 5000)),
    "index negative": array("0/index", setting((0, 0), -(2**31))),
    "index twice": array("0/index", setting(1, np.int32(0))),
    "index repeated": array("0/index", lambda v: np.repeat(v[:1], len(v), 0)),
    "free outside": array("0/free_index", setting((0, 0), 5000)),
    "free and detailed": lambda a, t: t["0/free_index"].__setitem__(0, t["0/index"][0]),
    "fewer rows": array("0/tsdf", lambda v: v[:-1]),
    "other type": array("0/tsdf", lambda v: v.astype(np.float32)),
    "other shape": array("0/color", lambda v: v.reshape(len(v), -1)),
    "no rows": array("0/index", lambda v: v[0, 0]),
    "tsdf NaN": array("0/tsdf", setting((0, 0), np.nan)),
    "tsdf large": array("0/tsdf", setting((0, 0), 60000)),
    "weight infinite": array("0/weight", setting((0, 0), np.inf)),
    "weight negative": array("0/weight", setting((0, 0), -1)),
    "free weight zero": array("0/free_weight", setting(0, 0)),
    "free weight NaN": array("0/free_weight", setting(0, np.nan)),
    "revision of the future": array("0/revision", setting(0, 2**60)),
    "revision of a block negative": array("0/free_revision", setting(0, -5)),
    "one more array": lambda a, t: t.__setitem__("0/extra", np.zeros(3)),
    "not json": text("{"),
    "not a dict": text("[1, 2]"),
    "null": text("null"),
    "number": text("12"),
    "deep": text("[" * 100_000),
    "digits": text('{"format": ' + "9" * 10_000 + "}"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files_are_refused_and_the_map_is_kept(saved, tmp_path, case):
    path = tmp_path / "hostile.nesfmap"
    forge(saved, path, HOSTILE[case])
    refused(path, "hostile.nesfmap|submap 0 of the file")


def test_a_small_file_cannot_claim_much_memory(saved, tmp_path):
    def claim(about: dict, tensors: dict) -> None:
        entry = {"offset": [0, 0, 0], "shape": [400, 400, 400], "centre_m": [0, 0, 0]}
        about["submaps"] = [entry] * 50
        columns = {k.split("/")[1]: v[:0] for k, v in tensors.items()}
        tensors.clear()
        tensors.update({f"{n}/{k}": v for n in range(50) for k, v in columns.items()})

    path = tmp_path / "claim.nesfmap"
    forge(saved, path, claim)
    assert path.stat().st_size < 100_000
    refused(path, r"needs 48828 MiB of memory, map.memory_mib allows 256")


def test_the_forger_can_also_write_good_files(saved, tmp_path):
    path = tmp_path / "good.nesfmap"
    forge(saved, path, lambda about, tensors: None)
    voxel_map = VoxelMap(CONFIG)
    load_map(voxel_map, path)
    assert len(voxel_map.submaps) == 2
