"""Batches of crops to train on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.distributed as dist
from jaxtyping import Bool, Float32, Float64, Int64, UInt8
from numpy import ndarray
from torch import Tensor

from nesf_ros.errors import ConfigError
from nesf_ros.training.augment import labels_through, seen_through
from nesf_ros.training.bank import KNOWN
from nesf_ros.training.crops import KINDS
from nesf_ros.training.settings import TrainConfig
from nesf_ros.training.shards import CropSet
from nesf_ros.training.vocabulary import NAMES, NONE, SURROUNDINGS

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
"""open_clip's own, for red, green and blue, 0 to 1."""


@dataclass(frozen=True)
class Batch:
    """Crops as the loss needs them; class numbers are places in KNOWN, -1 for none."""

    images: Float32[Tensor, "n 3 px px"]
    """Normalised."""
    names: Int64[Tensor, " n"]
    colors: Int64[Tensor, " n"]
    materials: Int64[Tensor, " n"]
    cells: Int64[Tensor, "n cells cells"]
    """Class of what is seen in each cell of the last map."""


def known_numbers(names: UInt8[Tensor, "*n"]) -> Int64[Tensor, "*n"]:
    """From places in NAMES to places in KNOWN; -1 for held-out classes and for NONE."""
    table = torch.full((256,), -1, dtype=torch.int64)
    table[: len(NAMES)] = torch.tensor([KNOWN.index(n) if n in KNOWN else -1 for n in NAMES])
    return table.to(names.device)[names.long()]


def _numbers(column: UInt8[ndarray, " n"]) -> Int64[Tensor, " n"]:
    """Numbers of words, -1 for NONE."""
    return torch.from_numpy(np.where(column == NONE, -1, column.astype(np.int64)))


def normalized(images: Float32[Tensor, "n 3 px px"]) -> Float32[Tensor, "n 3 px px"]:
    """As the tower takes them, from 0 to 1."""
    mean, std = (torch.tensor(v, device=images.device).view(3, 1, 1) for v in (MEAN, STD))
    return ((images - mean) / std).contiguous(memory_format=torch.channels_last)


def _share(weights: Float64[ndarray, " n"], which: Bool[ndarray, " n"]) -> Float64[ndarray, " n"]:
    """Weights of some rows, that sum to 1; 0 for the others, and for all where there are none."""
    kept = np.where(which, weights, 0.0)
    return kept / max(kept.sum(), 1e-12)


def _rare_cells(
    names: UInt8[ndarray, "n cells cells"], which: Bool[ndarray, " n"], power: float
) -> Float64[ndarray, " n"]:
    """Weights of tiles: the mean over the cells of one, those of rare classes counting more.

    0 for the other rows.
    """
    tiles = names[which]
    counts = np.bincount(tiles.ravel(), minlength=256).astype(np.float64)
    worth = np.maximum(counts, 1.0) ** -power
    worth[NONE] = 0.0
    weights = np.zeros(len(names))
    weights[which] = worth[tiles].mean((1, 2))
    return weights


class Sampler:
    """Draws crops to train on, rare classes more often than they come."""

    def __init__(self, crops: CropSet, config: TrainConfig):
        """Draw from `crops`, of which none shows a held-out class."""
        self.crops, self.config = crops, config
        rare = np.bincount(crops.name, minlength=256)[crops.name] ** -config.rare
        around = np.isin(crops.name, [NAMES.index(name) for name in SURROUNDINGS])
        rare[around] *= config.surroundings
        tiles = crops.kind == KINDS.index("glance")
        if config.glances and not tiles.any():
            raise ConfigError("a share of tiles is wanted, and there are none; make some")
        weights = (1 - config.glances) * _share(rare, ~tiles) + config.glances * _share(
            _rare_cells(crops.names, tiles, config.rare), tiles
        )
        self._cumulated = np.cumsum(weights / weights.sum())

    def batch(self, size_px: int, cells: int, step: int, device: torch.device) -> Batch:
        """The batch of a step; the same step draws the same."""
        config = self.config
        rank = dist.get_rank() if dist.is_initialized() else 0
        rng = np.random.default_rng((config.seed, step, rank))
        chosen = np.searchsorted(self._cumulated, rng.random(config.batch))
        picked = self.crops.picked(np.minimum(chosen, len(self.crops) - 1))
        dice = torch.Generator().manual_seed(int(rng.integers(2**62)))
        views = config.augmentation.views(config.batch, dice, device)
        images = seen_through(torch.from_numpy(picked.image).to(device), views, size_px)
        labels = labels_through(torch.from_numpy(picked.names).to(device), views, cells)
        images, recolored = config.augmentation.recolor(images, dice)
        gone = recolored.cpu().numpy()
        return Batch(
            images=normalized(config.augmentation.light(images, dice)),
            names=known_numbers(torch.from_numpy(picked.name).to(device)),
            colors=_numbers(np.where(gone, np.uint8(NONE), picked.color)).to(device),
            materials=_numbers(np.where(gone, np.uint8(NONE), picked.material)).to(device),
            cells=known_numbers(labels),
        )
