"""The network that says where a described thing can be (Semantic Abstraction §3.4).

One completion network turns the relevancy of the target, and that of the reference, into features
of the same kind; each relation has a learned embedding, and a place fits a description as far as
its two features, put together, point the same way.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn

from nesf_ros.semantics.completion.cells import CHANNELS
from nesf_ros.semantics.completion.network import PointDecoder
from nesf_ros.semantics.completion.presets import Preset
from nesf_ros.semantics.completion.unet import encoder
from nesf_ros.types import RELATIONS

POINTING = 64
"""Numbers that a relation's embedding has."""
TEMPERATURE = 0.07
"""What cosines are divided by."""


class HiddenNet(nn.Module):
    """Semantic Abstraction's network for visually obscured object localisation."""

    def __init__(self, preset: Preset):
        """With random weights."""
        super().__init__()
        self.preset = preset
        self.encode = encoder(CHANNELS, preset.widths, preset.light)
        self.place = PointDecoder(2 * preset.widths[0], POINTING)
        self.relations = nn.Embedding(len(RELATIONS), POINTING)
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(
        self,
        target: Float[Tensor, "n channels x y z"],
        reference: Float[Tensor, "n channels x y z"],
        relations: Int64[Tensor, " n"],
        points: Float[Tensor, "n points 3"],
    ) -> Float[Tensor, "n points"]:
        """Logit of each point, 0–1 along the axes of the cube, for n descriptions.

        Relations are numbers in `RELATIONS`.
        """
        features = self.encode(torch.cat([target, reference]))
        return self.locate(torch.cat(features.chunk(2), 1), relations, points)

    def locate(
        self,
        pairs: Float[Tensor, "n features x y z"],
        relations: Int64[Tensor, " n"],
        points: Float[Tensor, "n points 3"],
    ) -> Float[Tensor, "n points"]:
        """The same from what `encode` made of targets, and of references as further channels."""
        return pointed(self.place(pairs, points), self.relations(relations)) + self.bias


def pointed(
    places: Float[Tensor, "rows points dim"], wanted: Float[Tensor, "n dim"]
) -> Float[Tensor, "n points"]:
    """Scaled cosine of each place with what is wanted: the release's pointing attention.

    Places are others for each that is wanted, or, where there is but one row, the same for all.
    """
    toward = F.normalize(wanted.to(places.dtype), dim=-1)[:, :, None]
    return (F.normalize(places, dim=-1) @ toward)[..., 0] / TEMPERATURE
