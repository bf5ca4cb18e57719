"""How the embedded vision-language model is trained: every number, with what it means."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from nesf_ros.training.augment import Augmentation


@dataclass(frozen=True)
class LossWeights:
    """Of the parts of the loss."""

    names: float = 1.0
    colors: float = 0.4
    materials: float = 0.3
    color_names: float = 0.7
    material_names: float = 0.4
    cosine: float = 0.3
    cells: float = 0.5


@dataclass(frozen=True)
class TrainConfig:
    """How to train."""

    crops: int = 2_400_000
    """How many to look at in all, those seen again counted again."""
    batch: int = 128
    stages: tuple[tuple[float, int], ...] = ((0.0, 48), (0.17, 64), (0.85, 96))
    """Share of the training from which crops have this side, pixels: small ones are seen faster."""
    learning_rate: float = 2.5e-3
    weight_decay: float = 0.1
    warmup: float = 0.02
    """Share of the training in which the learning rate rises."""
    scale: float = 25.0
    """Largest factor on cosines; higher ones teach the exact phrases and hurt their synonyms."""
    smoothing: float = 0.05
    """Share of the truth that is given to all other phrases."""
    ema: float = 0.997
    """Of the averaged weights that are kept each step."""
    rare: float = 0.5
    """How far rare classes are favoured: 0 not at all, 1 until all come equally often."""
    surroundings: float = 0.3
    """Weight of crops and cells of walls and the like against those of things."""
    glances: float = 0.0
    """Share of each batch that are tiles of a robot's pictures."""
    seed: int = 0
    weights: LossWeights = field(default_factory=LossWeights)
    augmentation: Augmentation = field(default_factory=Augmentation)

    def size_px(self, progress: float) -> int:
        """Side of crops at a share of the training."""
        return [px for since, px in self.stages if since <= progress][-1]

    def rate(self, progress: float) -> float:
        """Learning rate: up in a line, down as a cosine."""
        rise = min(1.0, (progress + 1e-3) / self.warmup)
        fall = 0.5 * (1 + math.cos(math.pi * progress))
        return self.learning_rate * rise * max(fall, 0.005)


REFINED = TrainConfig(
    crops=300_000, stages=((0.0, 112),), learning_rate=8e-4, warmup=0.03, glances=0.6,
    weights=LossWeights(cells=2.0),
)  # fmt: skip
"""What follows: with the pictures as large as they will be, and mostly cells of cluttered rooms."""
