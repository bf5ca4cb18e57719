"""Maps on disk: safetensors inside, checksummed, written atomically, refused when damaged."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
from pathlib import Path

import numpy as np
import torch
from numpy import ndarray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from nesf_ros.errors import MapError, StorageError
from nesf_ros.voxels.grid import BYTES_PER_BLOCK, VOXELS, BlockGrid
from nesf_ros.voxels.map import Submap, VoxelMap

SUFFIX = ".nesfmap"
FORMAT, VERSION = "nesf_map", 1
MAX_SUBMAPS = 4096
MAX_GRID_BLOCKS = 2**27
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_COLUMNS = {  # per submap: dtype and shape behind the number of blocks
    "index": (np.int32, (3,)),
    "tsdf": (np.float16, (VOXELS,)),
    "weight": (np.float16, (VOXELS,)),
    "color": (np.uint8, (VOXELS, 3)),
    "free_index": (np.int32, (3,)),
    "free_weight": (np.float16, ()),
}


def map_path(folder: str | Path, name: str) -> Path:
    """Where the map `name` lives in `folder`; StorageError if the name could lead elsewhere."""
    if not _NAME.fullmatch(name):
        raise StorageError(
            f"map name {name[:80]!r}; use up to 100 letters, digits, '.', '_' or '-', "
            "and no leading '.'"
        )
    root = Path(folder).expanduser()
    path = root / (name if name.endswith(SUFFIX) else name + SUFFIX)
    if path.is_symlink():
        raise StorageError(f"{path} is a link; maps are only kept as files in {root}")
    return path


def save_map(voxel_map: VoxelMap, path: Path) -> int:
    """Write the map to `path` in one step: a reader sees the old file or the new one, never half.

    Signed distances and weights are rounded to half precision (a part in 2000 of the truncation
    distance). Returns the size in bytes. StorageError if the disk is full or not writable.
    """
    tensors: dict[str, ndarray] = {}
    for number, submap in enumerate(voxel_map.submaps):
        for column, values in _columns(submap.grid).items():
            tensors[f"{number}/{column}"] = values
    about = {
        "format": FORMAT,
        "version": VERSION,
        "map_id": voxel_map.map_id,
        "stamp_ns": voxel_map.stamp_ns,
        "voxel_size_m": voxel_map.config.voxel_size_m,
        "truncation_voxels": voxel_map.config.truncation_voxels,
        "submaps": [
            {"offset": s.grid.offset, "shape": s.grid.shape, "centre_m": s.centre_m.tolist()}
            for s in voxel_map.submaps
        ],
    }
    text = json.dumps(about, sort_keys=True)
    data = to_bytes(tensors, {"about": text, "sha256": _checksum(text, tensors)})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, data)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}") from error
    return len(data)


def _columns(grid: BlockGrid) -> dict[str, ndarray]:
    local = (grid.slot >= 0).nonzero()
    rows = grid.slot[tuple(local.T)].long()
    free = ((grid.slot < 0) & (grid.free_weight > 0)).nonzero()
    offset = torch.tensor(grid.offset, device=grid.device)
    columns = {
        "index": local + offset,
        "tsdf": grid.tsdf[rows],
        # Half precision must not turn faint evidence into none.
        "weight": grid.weight[rows],
        "color": grid.color[rows] + 0.5,
        "free_index": free + offset,
        "free_weight": grid.free_weight[tuple(free.T)],
    }
    return {
        name: np.ascontiguousarray(values.cpu().numpy().astype(_COLUMNS[name][0]))
        for name, values in columns.items()
    }


def _checksum(text: str, tensors: dict[str, ndarray]) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        digest.update(f"{name}{tensors[name].dtype}{tensors[name].shape}".encode())
        digest.update(tensors[name].data if tensors[name].size else b"")
    return digest.hexdigest()


def _replace(path: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def load_map(voxel_map: VoxelMap, path: Path) -> None:
    """Replace the content of `voxel_map` by a saved one; unchanged if anything is wrong.

    StorageError says what: missing, larger than the memory limit, truncated, tampered with, of
    another version, or of another voxel size than the configured one.
    """
    about, tensors = read_map_file(path, max_bytes=int(voxel_map.config.memory_mib * 2**20))
    for key in ("voxel_size_m", "truncation_voxels"):
        saved, configured = about[key], getattr(voxel_map.config, key)
        if abs(saved - configured) > 1e-9:
            raise StorageError(f"{path} has {key} {saved}, the node {configured}; set map.{key}")
    needed = sum(len(values) for name, values in tensors.items() if name.endswith("/index"))
    if needed * BYTES_PER_BLOCK > voxel_map.config.memory_mib * 2**20:
        raise StorageError(
            f"{path} needs {needed * BYTES_PER_BLOCK / 2**20:.0f} MiB of voxels, "
            f"map.memory_mib allows {voxel_map.config.memory_mib:.0f}"
        )
    revision = voxel_map.revision + 1
    submaps = [
        _submap(number, entry, tensors, voxel_map.device, revision)
        for number, entry in enumerate(about["submaps"])
    ]
    voxel_map.reset()
    voxel_map.map_id, voxel_map.stamp_ns = about["map_id"], about["stamp_ns"]
    voxel_map.submaps = submaps


def read_map_file(path: Path, max_bytes: int) -> tuple[dict, dict[str, ndarray]]:
    """Header and arrays of a map file, checked against its checksum and the format.

    Never runs code from the file and never reads one larger than `max_bytes`.
    """
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise StorageError(f"{path} is {size} bytes; at most {max_bytes} are allowed")
        with safe_open(path, framework="np") as file:
            meta = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError as error:
        raise StorageError(f"{path} does not exist") from error
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise StorageError(f"{path} is not a map file, or is damaged: {error}") from error
    text = meta.get("about", "")
    if meta.get("sha256") != _checksum(text, tensors):
        raise StorageError(f"{path} is damaged: its checksum does not match")
    try:
        about = json.loads(text)
        _check_about(about)
        _check_tensors(about, tensors)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StorageError(f"{path} is not a valid map: {error}") from error
    return about, tensors


def _check_about(about: dict) -> None:
    if about["format"] != FORMAT or about["version"] != VERSION:
        raise ValueError(
            f"format {about['format']} {about['version']}; this release reads {FORMAT} {VERSION}"
        )
    if not re.fullmatch(r"[0-9a-f]{32}", about["map_id"]):
        raise ValueError("map_id is not an id")
    if not 0 <= int(about["stamp_ns"]) < 2**63:
        raise ValueError("stamp_ns is out of range")
    if len(about["submaps"]) > MAX_SUBMAPS:
        raise ValueError(f"{len(about['submaps'])} submaps; at most {MAX_SUBMAPS}")
    for entry in about["submaps"]:
        offset, shape = np.array(entry["offset"]), np.array(entry["shape"])
        centre = np.array(entry["centre_m"], np.float64)
        fits = offset.shape == shape.shape == centre.shape == (3,)
        if not fits or not np.isfinite(centre).all() or np.abs(offset).max() > 2**19:
            raise ValueError("a submap has no valid place")
        if shape.min() < 1 or np.prod(shape.astype(float)) > MAX_GRID_BLOCKS:
            raise ValueError(f"a submap of {shape.tolist()} blocks")


def _check_tensors(about: dict, tensors: dict[str, ndarray]) -> None:
    expected = {f"{n}/{column}" for n in range(len(about["submaps"])) for column in _COLUMNS}
    if set(tensors) != expected:
        raise ValueError(f"holds arrays {sorted(tensors)[:8]}, expected {sorted(expected)[:8]}")
    for name, values in tensors.items():
        number, column = name.split("/")
        dtype, shape = _COLUMNS[column]
        rows = "free_index" if column.startswith("free") else "index"
        length = len(tensors[f"{number}/{rows}"])
        if values.dtype != dtype or values.shape != (length, *shape):
            raise ValueError(f"array {name} is {values.dtype} {values.shape}")
        if values.dtype == np.float16 and not np.isfinite(values).all():
            raise ValueError(f"array {name} holds numbers that are not finite")


def _submap(
    number: int, entry: dict, tensors: dict[str, ndarray], device: str, revision: int
) -> Submap:
    column = {name: torch.from_numpy(tensors[f"{number}/{name}"]) for name in _COLUMNS}
    grid = BlockGrid(tuple(entry["offset"]), tuple(entry["shape"]), device)
    try:
        pool = {name: column[name] for name in ("tsdf", "weight", "color")}
        grid.insert(column["index"].to(device), pool, revision)
        local, inside = grid.locate(column["free_index"].to(device))
    except MapError as error:
        raise StorageError(f"submap {number} of the file is inconsistent: {error}") from error
    if not bool(inside.all()):
        raise StorageError(f"submap {number} of the file has free blocks outside of its box")
    grid.free_weight[tuple(local.T)] = column["free_weight"].float().to(device)
    grid.revision[tuple(local.T)] = revision
    return Submap(grid, np.array(entry["centre_m"], np.float64))
