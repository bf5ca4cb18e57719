"""The training of the embedded vision-language model: an image tower learns to speak.

The text tower is frozen, and every phrase is embedded before (`bank`). A crop shall be nearest to
the phrases that are true of it, among those of all classes, colours, materials, colours of
classes, and materials of classes; and each cell of its map to the class of what is seen there.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import torch
import torch.distributed as dist
import torch.nn.functional as F
from jaxtyping import Float32, Int64
from torch import Tensor, nn
from torch.distributed.algorithms.model_averaging.averagers import PeriodicModelAverager

from nesf_ros.training.bank import KNOWN, TextBank
from nesf_ros.training.batches import Batch, Sampler
from nesf_ros.training.settings import TrainConfig
from nesf_ros.training.vocabulary import COLOR_NAMES, MATERIALS, SURROUNDINGS
from nesf_ros.vision.towers.class_head import ClipModule

START_SCALE = 20.0
TOGETHER = 8
"""Steps after which several processes average their weights."""


class Trainer:
    """An image tower in training, its optimizer, and the average of its weights."""

    def __init__(self, visual: ClipModule, bank: TextBank, config: TrainConfig):
        """Train `visual`, open_clip's tower around one of timm's that averages its last map."""
        self.config = config
        self.device = next(visual.parameters()).device
        self.visual = visual.to(memory_format=torch.channels_last).train()
        self.bank = bank.to(self.device)
        self.average = {name: value.clone() for name, value in visual.state_dict().items()}
        self.log_scale = nn.Parameter(torch.tensor(math.log(START_SCALE), device=self.device))
        wide = [p for p in visual.parameters() if p.ndim > 1]
        flat = [p for p in visual.parameters() if p.ndim <= 1]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": wide, "weight_decay": config.weight_decay},
                {"params": [*flat, self.log_scale], "weight_decay": 0.0},
            ],
            betas=(0.9, 0.98),
        )
        self.steps, self.seconds = 0, 0.0
        self.seen = 0
        """Crops looked at by all processes."""
        self._processes = dist.get_world_size() if dist.is_initialized() else 1
        self._averager = PeriodicModelAverager(TOGETHER) if dist.is_initialized() else None
        around = torch.tensor([name in SURROUNDINGS for name in KNOWN])
        self._cell_weights = torch.where(around, config.surroundings, 1.0).to(self.device)

    @property
    def progress(self) -> float:
        """Share of the training that is over."""
        return min(self.seen / self.config.crops, 1.0)

    @property
    def together(self) -> bool:
        """Whether all processes have the same weights."""
        return self._averager is None or self.steps % TOGETHER == 1

    def step(self, sampler: Sampler) -> dict[str, float]:
        """One step; returns the parts of the loss."""
        started = time.monotonic()
        px = self.config.size_px(self.progress)
        batch = sampler.batch(px, self.grid(px), self.steps, self.device)
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.rate(self.progress)
        with torch.autocast(self.device.type, torch.bfloat16):
            features = self.visual.trunk.forward_features(batch.images)
        parts = self.losses(features.float(), batch)
        loss = torch.stack([getattr(self.config.weights, k) * v for k, v in parts.items()]).sum()
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.visual.parameters(), 1.0)
        self.optimizer.step()
        self.log_scale.data.clamp_(max=math.log(self.config.scale))
        self.seconds += time.monotonic() - started
        if self._averager is not None:
            self._averager.step = self.steps  # which a resumed run has not begun at 0
            self._averager.average_parameters(self.optimizer.param_groups)
        self._follow()
        self.steps += 1
        self.seen += self.config.batch * self._processes
        return {name: float(value.detach()) for name, value in parts.items()}

    def grid(self, size_px: int) -> int:
        """Cells across the last map of pictures of a size."""
        reduction = self.visual.trunk.feature_info[-1]["reduction"]
        return -(-size_px // int(reduction))

    def losses(
        self, features: Float32[Tensor, "n channels cells cells"], batch: Batch
    ) -> dict[str, Tensor]:
        """The parts of the loss, by the fields of `LossWeights`."""
        bank, dice = self.bank, torch.Generator().manual_seed(self.steps)
        projection = self.visual.head.proj.weight
        image = F.normalize(features.mean((2, 3)) @ projection.T, dim=-1)
        color_names = batch.names * len(COLOR_NAMES) + batch.colors
        color_names = torch.where((batch.colors < 0) | (batch.names < 0), -1, color_names)
        material_names = batch.names * len(MATERIALS) + batch.materials
        nameless = (batch.materials < 0) | (batch.names < 0)
        material_names = torch.where(nameless, -1, material_names)
        names = _drawn(bank.names, dice)
        colored = _drawn(bank.color_names, dice)
        cells = F.normalize(features.permute(0, 2, 3, 1) @ projection.T, dim=-1)
        return {
            "names": self._matched(image, names, batch.names),
            "colors": self._matched(image, _drawn(bank.colors, dice), batch.colors),
            "materials": self._matched(image, _drawn(bank.materials, dice), batch.materials),
            "color_names": self._matched(image, colored, color_names),
            "material_names": self._matched(
                image, _drawn(bank.material_names, dice), material_names
            ),
            "cosine": _distance(image, names, batch.names),
            "cells": self._matched(
                cells.flatten(0, 2), names, batch.cells.flatten(), self._cell_weights
            ),
        }

    def _matched(
        self,
        images: Float32[Tensor, "n dim"],
        texts: Float32[Tensor, "texts dim"],
        truth: Int64[Tensor, " n"],
        weights: Float32[Tensor, " texts"] | None = None,
    ) -> Tensor:
        """Cross entropy of the softmax over texts; 0 where nothing is known."""
        logits = self.log_scale.exp() * images @ texts.T
        loss = F.cross_entropy(
            logits, truth, weights, ignore_index=-1, label_smoothing=self.config.smoothing,
            reduction="sum",
        )  # fmt: skip
        counted = truth[truth >= 0]
        count = len(counted) if weights is None else weights[counted].sum()
        return loss / max(float(count), 1.0)

    @torch.no_grad()
    def _follow(self) -> None:
        """Draw the average after the weights, faster at first."""
        keep = min(self.config.ema, (1 + self.steps) / (10 + self.steps))
        for name, value in self.visual.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - keep)
            else:
                self.average[name].copy_(value)


def train(
    trainer: Trainer,
    sampler: Sampler,
    report: Callable[[Trainer, dict[str, float]], object],
    every_s: float = 180.0,
) -> None:
    """Train to the end; report each so many seconds, and at the end."""
    reported = trainer.seconds
    totals: dict[str, float] = {}
    count = 0
    while trainer.progress < 1 or not trainer.together:
        for name, value in trainer.step(sampler).items():
            totals[name] = totals.get(name, 0.0) + value
        count += 1
        over = trainer.progress >= 1 and trainer.together
        if trainer.seconds - reported > every_s or over:
            report(trainer, {name: total / count for name, total in totals.items()})
            reported, totals, count = trainer.seconds, {}, 0


def _distance(
    images: Float32[Tensor, "n dim"],
    texts: Float32[Tensor, "texts dim"],
    truth: Int64[Tensor, " n"],
) -> Tensor:
    """Mean of 1 - cosine of images with their texts; 0 where nothing is known."""
    known = truth >= 0
    cosines = (images * texts[truth.clamp(min=0)]).sum(-1)
    return ((1 - cosines) * known).sum() / known.sum().clamp(min=1)


def _drawn(
    bank: Float32[Tensor, "rows variants dim"], dice: torch.Generator
) -> Float32[Tensor, "rows dim"]:
    """One variant of each row by chance."""
    chosen = torch.randint(bank.shape[1], (len(bank),), generator=dice).to(bank.device)
    return bank[torch.arange(len(bank), device=bank.device), chosen]
