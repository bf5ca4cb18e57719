"""What asks a vision-language model about crops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float32
from numpy import ndarray
from torch import Tensor

from nesf_ros.synthetic.objects import CLASSES
from nesf_ros.synthetic.splits import HELD_OUT_VISION
from nesf_ros.training.shards import CropSet
from nesf_ros.training.vocabulary import NAMES
from nesf_ros.vision.models import VisionModel
from nesf_ros.vision.text import TextEncoder
from nesf_ros.vision.towers.base import Look

CAPTIONED = tuple(name for name in sorted(CLASSES) if name not in HELD_OUT_VISION)
"""The catalogue's classes that training shows."""
CLUTTER = 0.1
"""Share of a crop that other things fill from which on it counts as cluttered."""
_AT_ONCE = 64

Texts = Float32[Tensor, "texts dim"]


class Examiner:
    """Asks one model about crops."""

    def __init__(self, model: VisionModel, templates: str):
        """Ask with a set of prompt templates."""
        self.model = model
        self._encoder = TextEncoder(model, templates, cache_size=100_000)

    def texts(self, labels: Sequence[str]) -> Texts:
        """Embeddings of labels."""
        return self._encoder.embed(labels).cpu()

    def looks(self, crops: CropSet) -> Iterator[tuple[CropSet, Look]]:
        """The model's look at the crops, some at a time."""
        for start in range(0, len(crops), _AT_ONCE):
            part = crops.picked(np.arange(start, min(start + _AT_ONCE, len(crops))))
            yield part, self.model.tower.look(self._pictures(part))

    def images(self, crops: CropSet) -> Float32[Tensor, "n dim"]:
        """Embeddings of crops."""
        return torch.cat([look.embedding().cpu() for _, look in self.looks(crops)])

    def _pictures(self, crops: CropSet) -> Float32[Tensor, "n 3 px px"]:
        """Crops as the tower takes them: its size, normalised."""
        images = torch.from_numpy(crops.image).permute(0, 3, 1, 2).float() / 255
        size = (self.model.image_px, self.model.image_px)
        images = F.interpolate(images, size, mode="bicubic", antialias=True).clamp(0, 1)
        mean, std = (torch.tensor(v).view(3, 1, 1) for v in (self.model.mean, self.model.std))
        return ((images - mean) / std).to(self.model.device)


def of_classes(crops: CropSet, names: Sequence[str]) -> CropSet:
    """Those crops that are of one of some classes."""
    return crops.picked(np.isin(crops.name, [NAMES.index(name) for name in names]))


@dataclass(frozen=True)
class Asked:
    """Crops that have all that a question needs, and their embeddings."""

    crops: CropSet
    images: Float32[Tensor, "n dim"]

    def where(self, mask: Bool[ndarray, " n"]) -> Asked:
        """Some of them."""
        return Asked(self.crops.picked(mask), self.images[torch.from_numpy(mask)])
