"""The completion network: from cells to the probability that a point belongs to the thing."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from nesf_ros.semantics.completion.cells import CHANNELS
from nesf_ros.semantics.completion.presets import Preset
from nesf_ros.semantics.completion.unet import encoder


class CompletionNet(nn.Module):
    """Semantic Abstraction's 3D module (§3.1): U-Net, trilinear features, a small perceptron."""

    def __init__(self, preset: Preset, channels: int = CHANNELS, out: int = 1):
        """With random weights; `out` numbers for each point."""
        super().__init__()
        self.preset = preset
        self.encode = encoder(channels, preset.widths, preset.light)
        self.decode = PointDecoder(preset.widths[0], out)

    def forward(
        self, cells: Float[Tensor, "n channels x y z"], points: Float[Tensor, "n points 3"]
    ) -> Float[Tensor, "n points out"]:
        """What is said of points, 0–1 along the axes of the cube: a logit where `out` is 1."""
        return self.decode(self.encode(cells), points)


class PointDecoder(nn.Module):
    """Features at points, and where they are, to numbers (f_decode of §3.1)."""

    def __init__(self, features: int, out: int):
        """A perceptron of one hidden layer, as wide as the features."""
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(features + 3, features), nn.LeakyReLU(), nn.Linear(features, out)
        )

    def forward(
        self, volume: Float[Tensor, "n features x y z"], points: Float[Tensor, "n points 3"]
    ) -> Float[Tensor, "n points out"]:
        """For points 0–1 along the axes of the volume."""
        return self.layers(torch.cat([sampled(volume, points), 2 * points - 1], -1))


def sampled(
    volume: Float[Tensor, "n features x y z"], points: Float[Tensor, "n points 3"]
) -> Float[Tensor, "n points features"]:
    """Trilinear features at points, 0–1 along the axes; beyond the outer cells' middles, theirs.

    In single precision: half of it would move points by up to an eighth of a cell of 64.
    """
    where = (2 * points.float() - 1).flip(-1)[:, :, None, None]
    found = F.grid_sample(volume.float(), where, padding_mode="border", align_corners=False)
    return found[..., 0, 0].transpose(1, 2)
