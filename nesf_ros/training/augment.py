"""What is done to crops while training: turned, zoomed, blurred, lit otherwise, partly covered."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Float32, UInt8
from torch import Tensor

from nesf_ros.training.vocabulary import NONE


@dataclass(frozen=True)
class Augmentation:
    """How much of it. Shares are of a crop's side, brightness of the whole range."""

    zoom: tuple[float, float] = (0.72, 1.12)
    """Side of what is shown, in sides of the crop."""
    stretch: float = 0.2
    turn_rad: float = 0.2
    shift: float = 0.06
    gain: tuple[float, float] = (0.75, 1.3)
    tint: float = 0.06
    offset: float = 0.06
    contrast: tuple[float, float] = (0.8, 1.2)
    recolored: float = 0.3
    """How often a crop's hues are turned anywhere: its colour is then no longer what it was."""
    noise: float = 0.04
    coarse: float = 0.25
    """How often crops look as if cut from a coarse image, batch by batch."""
    covered: float = 0.25
    """How often a rectangle hides a part, batch by batch."""

    def views(
        self, count: int, generator: torch.Generator, device: torch.device
    ) -> Float32[Tensor, "{count} 2 3"]:
        """Random maps from places in the output to places in the crop, both from -1 to 1."""

        def drawn(low: float, high: float) -> Tensor:
            return torch.empty(count).uniform_(low, high, generator=generator)

        zoom, stretch = drawn(*self.zoom), drawn(-self.stretch, self.stretch).exp()
        mirror = torch.where(drawn(0, 1) < 0.5, -1.0, 1.0)
        turn = drawn(-self.turn_rad, self.turn_rad)
        cos, sin = turn.cos(), turn.sin()
        views = torch.zeros(count, 2, 3)
        views[:, 0, 0], views[:, 0, 1] = zoom * mirror * cos * stretch, -zoom * sin
        views[:, 1, 0], views[:, 1, 1] = zoom * mirror * sin, zoom * cos / stretch
        views[:, 0, 2], views[:, 1, 2] = (drawn(-2, 2) * self.shift for _ in range(2))
        return views.to(device)

    def recolor(
        self, images: Float32[Tensor, "n 3 px px"], generator: torch.Generator
    ) -> tuple[Float32[Tensor, "n 3 px px"], Bool[Tensor, " n"]]:
        """Turn the hues of some crops, brightness kept; which ones."""
        count = len(images)
        changed = torch.rand(count, generator=generator) < self.recolored
        angle = torch.empty(count).uniform_(0.6, 2 * math.pi - 0.6, generator=generator) * changed
        # A rotation about the grey axis, written as a mix of the three channels.
        cos, sin = angle.cos(), angle.sin() / math.sqrt(3)
        same, next_, last = (1 + 2 * cos) / 3, (1 - cos) / 3 - sin, (1 - cos) / 3 + sin
        rows = [(same, next_, last), (last, same, next_), (next_, last, same)]
        mixes = torch.stack([torch.stack(row, 1) for row in rows], 1).to(images.device)
        turned = torch.einsum("nij,njhw->nihw", mixes, images).clamp(0, 1)
        return turned, changed.to(images.device)

    def light(
        self, images: Float32[Tensor, "n 3 px px"], generator: torch.Generator
    ) -> Float32[Tensor, "n 3 px px"]:
        """Other light, another camera; 0 to 1."""
        count, device = len(images), images.device

        def drawn(channels: int, low: float, high: float) -> Tensor:
            values = torch.empty(count, channels, 1, 1)
            return values.uniform_(low, high, generator=generator).to(device)

        if float(torch.rand((), generator=generator)) < self.coarse:
            px = images.shape[-1]
            small = int(px * (0.5 + 0.45 * float(torch.rand((), generator=generator))))
            shrunk = F.interpolate(images, (small, small), mode="area")
            images = F.interpolate(shrunk, (px, px), mode="bilinear")
        middle = images.mean((1, 2, 3), keepdim=True)
        images = (images - middle) * drawn(1, *self.contrast) + middle
        images = images * drawn(1, *self.gain) * drawn(3, 1 - self.tint, 1 + self.tint)
        images = images + drawn(1, -self.offset, self.offset)
        noise = torch.randn(images.shape, generator=generator).to(device)
        images = images + noise * drawn(1, 0, self.noise)
        if float(torch.rand((), generator=generator)) < self.covered:
            px = images.shape[-1]
            height, width = torch.randint(px // 8, px // 3, (2,), generator=generator).tolist()
            y, x = torch.randint(0, px - px // 3, (2,), generator=generator).tolist()
            images[:, :, y : y + height, x : x + width] = drawn(3, 0, 1)
        return images.clamp(0, 1)


def seen_through(
    images: UInt8[Tensor, "n size size 3"], views: Float32[Tensor, "n 2 3"], size_px: int
) -> Float32[Tensor, "n 3 px px"]:
    """Crops resampled to another size, 0 to 1; beyond the edge they are mirrored."""
    values = images.permute(0, 3, 1, 2).float().div_(255)
    grid = F.affine_grid(views, [len(values), 3, size_px, size_px], align_corners=False)
    return F.grid_sample(values, grid, padding_mode="reflection", align_corners=False)


def labels_through(
    labels: UInt8[Tensor, "n cells cells"], views: Float32[Tensor, "n 2 3"], cells: int
) -> UInt8[Tensor, "n out out"]:
    """The labels in the middle of each cell of the resampled crop; NONE beyond the edge."""
    values = labels[:, None].float() - NONE  # so that the 0 beyond the edge means NONE
    grid = F.affine_grid(views, [len(values), 1, cells, cells], align_corners=False)
    seen = F.grid_sample(values, grid, mode="nearest", align_corners=False)
    return (seen[:, 0] + NONE).round().to(torch.uint8)


def centered(count: int, device: torch.device) -> Float[Tensor, "{count} 2 3"]:
    """The views that change nothing, for validation."""
    return torch.eye(2, 3, device=device).expand(count, 2, 3)
