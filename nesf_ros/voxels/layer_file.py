"""The embeddings of a map in its file: what they are, and what must hold before they are used."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy import ndarray

from nesf_ros.errors import StorageError
from nesf_ros.voxels import table
from nesf_ros.voxels.basis import Basis
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.forgetting import FILL
from nesf_ros.voxels.grid import BLOCK
from nesf_ros.voxels.map import MAX_INDEX

PREFIX = "layer/"
_MAX_DIM = 2**16
_COLUMNS = {  # dtype and shape; names are sizes
    "voxel": (np.int32, ("rows", 3)),
    "code": (np.uint16, ("rows", "width")),  # bits of bfloat16, which numpy does not have
    "weight": (np.float16, ("rows",)),
    "mean": (np.float32, ("dim",)),
    "matrix": (np.float32, ("width", "dim")),
}


@dataclass(frozen=True)
class SavedLayer:
    """Embeddings as a file has them, checked, for a model that is not there (yet)."""

    about: dict
    tensors: dict[str, ndarray] = field(repr=False)


def columns(layer: FeatureLayer) -> dict[str, ndarray]:
    """A layer's arrays for the file; none at all for one that holds nothing."""
    if layer.basis is None or not len(layer):
        return {}
    values = {
        "voxel": layer.table.voxels(),
        "code": layer.column("code").view(torch.uint16),
        "weight": layer.column("weight"),
        "mean": layer.basis.mean,
        "matrix": layer.basis.matrix,
    }
    return {
        PREFIX + name: np.ascontiguousarray(value.cpu().numpy().astype(_COLUMNS[name][0]))
        for name, value in values.items()
    }


def header(layer: FeatureLayer) -> dict[str, str]:
    """What the file's header says of the layer."""
    return {"model": layer.model}


def check(about: dict, tensors: dict[str, ndarray]) -> None:
    """Raise ValueError, KeyError or TypeError unless these are the header and arrays of a layer."""
    if type(about["model"]) is not str or not 0 < len(about["model"]) <= 200:
        raise ValueError("the embeddings' model has no name")
    width, dim = tensors[PREFIX + "matrix"].shape
    sizes = {"rows": len(tensors[PREFIX + "voxel"]), "width": width, "dim": dim}
    if not 0 < width <= dim <= _MAX_DIM:
        raise ValueError(f"embeddings of {width} numbers for {dim}")
    if set(tensors) != {PREFIX + name for name in _COLUMNS}:
        raise ValueError(f"holds arrays {sorted(tensors)[:8]} of embeddings")
    for name, (dtype, shape) in _COLUMNS.items():
        values = tensors[PREFIX + name]
        wanted = tuple(sizes[size] if isinstance(size, str) else size for size in shape)
        if values.dtype != dtype or values.shape != wanted:
            raise ValueError(f"array {PREFIX}{name} is {values.dtype} {values.shape}")
    _check_values(tensors)


def _check_values(tensors: dict[str, ndarray]) -> None:
    voxel, code, weight, mean, matrix = (tensors[PREFIX + name] for name in _COLUMNS)
    if len(voxel) and not (np.abs(voxel.astype(np.int64)) < MAX_INDEX * BLOCK).all():
        raise ValueError("an embedding lies outside of every map")
    if len(np.unique(voxel, axis=0)) != len(voxel):
        raise ValueError("a voxel has two embeddings")
    if ((code & 0x7F80) == 0x7F80).any() or not np.isfinite(mean).all():
        raise ValueError("an embedding is not finite")
    if len(weight) and not (weight.min() > 0 and weight.max() < np.inf):
        raise ValueError("an embedding has no weight")
    product = matrix @ matrix.T
    if not np.abs(product - np.eye(len(matrix))).max() < 1e-2:  # NaN fails, too
        raise ValueError("the embeddings' basis is none")


def check_fits(layer: FeatureLayer, saved: SavedLayer, name: str) -> None:
    """Raise StorageError if a saved layer is another model's, or too large for this one."""
    about, tensors = saved.about, saved.tensors
    dim = tensors[PREFIX + "mean"].shape[0]
    if about["model"] != layer.model or dim != layer.dim:
        raise StorageError(
            f"{name} holds embeddings of model {about['model']} ({dim} numbers each), this node "
            f"runs {layer.model} ({layer.dim}): set vision.model and vision.pretrained to that "
            "model, or map anew"
        )
    voxel = torch.from_numpy(tensors[PREFIX + "voxel"]).long()
    blocks = len(table.block_keys(table.split(voxel)[0]).unique())
    needed = len(voxel) * layer.table.row_bytes + blocks * table.BYTES_PER_BLOCK
    limit = FILL * layer.config.feature_mib * 2**20
    if needed > limit:
        raise StorageError(
            f"the embeddings in {name} need {needed / 2**20:.0f} MiB of memory, of "
            f"semantics.feature_mib {limit / 2**20:.0f} are for them: raise it"
        )


def restore(layer: FeatureLayer, saved: SavedLayer) -> None:
    """Fill a layer from a saved one that fits."""
    voxel, code, weight, mean, matrix = (
        torch.from_numpy(saved.tensors[PREFIX + name]).to(layer.device) for name in _COLUMNS
    )
    layer.restore(voxel.long(), code.view(torch.bfloat16), weight.float(), Basis(mean, matrix))
