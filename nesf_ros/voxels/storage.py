"""Maps on disk: safetensors inside, checksummed, written atomically, refused when damaged."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import re
import tempfile
from pathlib import Path

import numpy as np
import torch
from numpy import ndarray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes
from torch import Tensor

from nesf_ros.errors import MapError, StorageError
from nesf_ros.voxels import layer_file
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.format import COLUMNS, FAINTEST, FORMAT, VERSION, check
from nesf_ros.voxels.grid import BYTES_PER_BLOCK, BYTES_PER_PLACE, BlockGrid
from nesf_ros.voxels.layer_file import SavedLayer
from nesf_ros.voxels.map import Submap, VoxelMap

SUFFIX = ".nesfmap"
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_DAMAGE = (OSError, SafetensorError, ValueError, KeyError, TypeError, AttributeError, OverflowError)
"""What reading a file that is no map may end in."""


def map_path(folder: str | Path, name: str) -> Path:
    """Where the map `name` lives in `folder`; StorageError if the name could lead elsewhere."""
    if not _NAME.fullmatch(name):
        raise StorageError(
            f"map name {name[:80]!r}; use up to 100 letters, digits, '.', '_' or '-', "
            "and no leading '.'"
        )
    try:
        root = Path(folder).expanduser()
        path = root / (name if name.endswith(SUFFIX) else name + SUFFIX)
        linked = path.is_symlink()
    except (OSError, RuntimeError) as error:  # RuntimeError: a home that does not exist
        raise StorageError(f"map folder {folder} cannot be used: {error}") from error
    if linked:
        raise StorageError(f"{path} is a link; maps are only kept as files in {root}")
    return path


def save_map(
    voxel_map: VoxelMap, path: Path, layer: FeatureLayer | SavedLayer | None = None
) -> int:
    """Write the map to `path` in one step: a reader sees the old file or the new one, never half.

    The embeddings of `layer` go with it; its labels do not, since names can be given anew. Signed
    distances and weights are rounded to half precision (a part in 2000 of the truncation
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
        "revision": voxel_map.revision,
        "stamp_ns": voxel_map.stamp_ns,
        "voxel_size_m": voxel_map.config.voxel_size_m,
        "truncation_voxels": voxel_map.config.truncation_voxels,
        "submaps": [
            {"offset": s.grid.offset, "shape": s.grid.shape, "centre_m": s.centre_m.tolist()}
            for s in voxel_map.submaps
        ],
    }
    if isinstance(layer, SavedLayer):
        tensors |= layer.tensors
        about["layer"] = layer.about
    elif layer is not None and (embeddings := layer_file.columns(layer)):
        tensors |= embeddings
        about["layer"] = layer_file.header(layer)
    text = json.dumps(about, sort_keys=True)
    data = to_bytes(tensors, {"about": text, "sha256": _checksum(text, tensors)})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, data)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}") from error
    return len(data)


def _columns(grid: BlockGrid) -> dict[str, ndarray]:
    local = (grid.slot >= 0).nonzero()
    rows = grid.slot[tuple(local.T)].long()
    free = ((grid.slot < 0) & (grid.free_weight > 0)).nonzero()
    offset = torch.tensor(grid.offset, device=grid.device)
    columns = {
        "index": local + offset,
        "tsdf": grid.tsdf[rows],
        "weight": _half(grid.weight[rows]),
        "color": grid.color[rows] + 0.5,
        "free_index": free + offset,
        "free_weight": _half(grid.free_weight[tuple(free.T)]),
        "revision": grid.revision[tuple(local.T)],
        "free_revision": grid.revision[tuple(free.T)],
    }
    return {
        name: np.ascontiguousarray(values.cpu().numpy().astype(COLUMNS[name][0]))
        for name, values in columns.items()
    }


def _half(evidence: Tensor) -> Tensor:
    """Evidence that half precision keeps apart from none."""
    return torch.where(evidence > 0, evidence.clamp(min=FAINTEST), evidence)


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


def load_map(
    voxel_map: VoxelMap, path: Path, layer: FeatureLayer | None = None
) -> SavedLayer | None:
    """Replace map and embeddings by saved ones; both are unchanged if anything is wrong.

    Returns the embeddings that the file has. They go into `layer`, if there is one, which is empty
    from then on if there are none. StorageError says what is wrong: missing, larger than the
    memory limit, truncated, tampered with, of another version, of another voxel size than the
    configured one, or embeddings of another model.
    """
    limit = int(voxel_map.config.memory_mib * 2**20)
    more = int(layer.config.feature_mib * 2**20) if layer is not None else 0
    about, tensors = read_map_file(path, max_bytes=limit + more)
    for key in ("voxel_size_m", "truncation_voxels"):
        saved, configured = about[key], getattr(voxel_map.config, key)
        if abs(saved - configured) > 1e-9:
            raise StorageError(f"{path} has {key} {saved}, the node {configured}; set map.{key}")
    places = sum(math.prod(entry["shape"]) for entry in about["submaps"])
    blocks = sum(len(values) for name, values in tensors.items() if name.endswith("/index"))
    needed = places * BYTES_PER_PLACE + blocks * BYTES_PER_BLOCK
    if needed > limit:
        raise StorageError(
            f"{path} needs {needed / 2**20:.0f} MiB of memory, map.memory_mib allows "
            f"{limit / 2**20:.0f}"
        )
    embeddings = {name: v for name, v in tensors.items() if name.startswith(layer_file.PREFIX)}
    saved = SavedLayer(about["layer"], embeddings) if embeddings else None
    if layer is not None and saved is not None:
        layer_file.check_fits(layer, saved, str(path))
    base = voxel_map.revision + 1
    submaps = [
        _submap(number, entry, tensors, voxel_map.device, base)
        for number, entry in enumerate(about["submaps"])
    ]
    voxel_map.reset()
    voxel_map.map_id, voxel_map.stamp_ns = about["map_id"], about["stamp_ns"]
    voxel_map.submaps = submaps
    voxel_map.revision = base + about["revision"]
    if layer is not None:
        layer.clear()
        if saved is not None:
            layer_file.restore(layer, saved)
    return saved


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
    except _DAMAGE as error:
        raise StorageError(f"{path} is not a map file, or is damaged: {error}") from error
    text = meta.get("about", "")
    if meta.get("sha256") != _checksum(text, tensors):
        raise StorageError(f"{path} is damaged: its checksum does not match")
    try:
        about = json.loads(text)
        check(about, tensors)
    except (*_DAMAGE, RecursionError) as error:
        raise StorageError(f"{path} is not a valid map: {error}") from error
    return about, tensors


def _submap(
    number: int, entry: dict, tensors: dict[str, ndarray], device: str, base: int
) -> Submap:
    """A submap of the file, its revisions counted from `base`."""
    column = {n: torch.from_numpy(tensors[f"{number}/{n}"]).to(device) for n in COLUMNS}
    grid = BlockGrid(tuple(entry["offset"]), tuple(entry["shape"]), device)
    try:
        pool = {name: column[name] for name in ("tsdf", "weight", "color")}
        grid.insert(column["index"], pool, base + column["revision"])
    except MapError as error:
        raise StorageError(f"submap {number} of the file is inconsistent: {error}") from error
    local, inside = grid.locate(column["free_index"])
    if not bool(inside.all()) or bool((grid.slot[tuple(local.T)] >= 0).any()):
        raise StorageError(f"submap {number} of the file has free blocks where none can be")
    grid.free_weight[tuple(local.T)] = column["free_weight"].float()
    grid.revision[tuple(local.T)] = base + column["free_revision"]
    return Submap(grid, np.array(entry["centre_m"], np.float64))
