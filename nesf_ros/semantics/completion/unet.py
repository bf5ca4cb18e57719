"""The residual 3D U-Net that turns cells into features (f_encode of Semantic Abstraction, §6.2).

After Lee et al., "Superhuman accuracy on the SNEMI3D connectomics challenge": residual blocks of
three convolutions, joined across by sums.
"""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn

GROUPS = 8
"""Of channels that are normalised together, at most."""


def encoder(channels: int, widths: Sequence[int], light: bool) -> nn.Module:
    """The U-Net of a preset: `LightUNet3D` or the whole `ResidualUNet3D`."""
    return (LightUNet3D if light else ResidualUNet3D)(channels, widths)


class ResidualUNet3D(nn.Module):
    """Maps channels of a grid to features of the same grid.

    Edges of the grid must be divisible by 2 for each level but the first.
    """

    def __init__(self, channels: int, widths: Sequence[int]):
        """`widths` are the feature channels of each level, the finest first."""
        super().__init__()
        self.encoders = nn.ModuleList(
            _Block(before, after)
            for before, after in zip([channels, *widths[:-1]], widths, strict=True)
        )
        self.pool = nn.MaxPool3d(2)
        coarse_to_fine = list(reversed(widths))
        pairs = list(zip(coarse_to_fine[:-1], coarse_to_fine[1:], strict=True))
        self.risers = nn.ModuleList(nn.ConvTranspose3d(a, b, 2, stride=2) for a, b in pairs)
        self.decoders = nn.ModuleList(_Block(after, after) for _, after in pairs)

    def forward(self, cells: Float[Tensor, "n channels x y z"]) -> Float[Tensor, "n width x y z"]:
        """Features at the finest level."""
        levels: list[Tensor] = []
        for encoder in self.encoders:
            cells = encoder(self.pool(cells) if levels else cells)
            levels.append(cells)
        out = levels.pop()
        for riser, decoder in zip(self.risers, self.decoders, strict=True):
            out = decoder(levels.pop() + riser(out))
        return out


class LightUNet3D(nn.Module):
    """The same with little at the finest level, which would cost more than all others together.

    The cells are folded two by two by two into the next level, and what comes back from there is
    added to a single convolution of them.
    """

    def __init__(self, channels: int, widths: Sequence[int]):
        """As `ResidualUNet3D`; two levels at the least."""
        super().__init__()
        finest, second, *_ = widths
        self.detail = nn.Conv3d(channels, finest, 3, padding=1)
        self.fold = nn.Conv3d(channels, second, 2, stride=2)
        self.inner = ResidualUNet3D(second, widths[1:])
        self.riser = nn.ConvTranspose3d(second, finest, 2, stride=2)
        self.out = nn.ELU(inplace=True)

    def forward(self, cells: Float[Tensor, "n channels x y z"]) -> Float[Tensor, "n width x y z"]:
        """Features at the finest level."""
        return self.out(self.detail(cells) + self.riser(self.inner(self.fold(cells))))


class _Block(nn.Module):
    """Three convolutions; what the first one gives is added to what the last one gives."""

    def __init__(self, before: int, after: int):
        super().__init__()
        self.first = nn.Sequential(*_layer(before, after), nn.ELU(inplace=True))
        self.rest = nn.Sequential(
            *_layer(after, after), nn.ELU(inplace=True), *_layer(after, after)
        )
        self.out = nn.ELU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        return self.out(x + self.rest(x))


def _layer(before: int, after: int) -> tuple[nn.Module, nn.Module]:
    groups = min(GROUPS, after)
    return nn.Conv3d(before, after, 3, padding=1, bias=False), nn.GroupNorm(groups, after)
