"""Fitting a field to the rays of keyframes, a step at a time."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from nesf_ros.errors import FieldError
from nesf_ros.field.cells import Cells
from nesf_ros.field.exposure import Exposure
from nesf_ros.field.rays import Rays
from nesf_ros.field.replay import Replay
from nesf_ros.field.scene_field import SceneField, optical_depth, weights_of
from nesf_ros.field.survey import Survey
from nesf_ros.types import PosedFrame

KEYFRAMES = 1024
"""Of one field at most."""
SURVEY_EVERY, SURVEY_AFTER, SURVEY_SHARE = 8, 100, 0.25
"""Steps between two searches for clear cells, steps before the first, share of the cells in each.
"""


@dataclass(frozen=True)
class FitConfig:
    """How a field is fitted."""

    rays: int = 2048
    """Of one step."""
    free: int = 3
    """Samples of a measured ray on its way to the surface."""
    near: int = 6
    """Samples of a measured ray around its surface."""
    behind: float = 0.3
    """How far behind the surface those reach, as a share of the truncation: thin things have
    another side."""
    tints: int = 4096
    """Further readings of one step, of which only the colour at the surface is learned."""
    blind: int = 32
    """Samples of a ray without a distance."""
    table_rate: float = 1e-2
    net_rate: float = 1e-2
    exposure_rate: float = 1e-3
    color_weight: float = 1.5
    tint_weight: float = 6.0
    half_life: int = 1000
    """Steps after the last keyframe in which the learning rate falls to a half."""
    least_rate: float = 0.03
    """Share of the learning rate at which a field is done until another keyframe comes."""


class Fitter:
    """A field, what it is fitted to, and the state of that."""

    def __init__(
        self, field: SceneField, cells: Cells, replay: Replay, config: FitConfig | None = None
    ):
        self.field, self.cells, self.replay = field, cells, replay
        self.config = config or FitConfig()
        self.device = field.grid.table.device
        self.exposure = Exposure(KEYFRAMES).to(self.device)
        self.exposure.used = len(replay)
        nets = [p for name, p in field.named_parameters() if name != "grid.table"]
        groups = [
            {"params": [field.grid.table], "rate": self.config.table_rate, "eps": 1e-15},
            {"params": nets, "rate": self.config.net_rate},
            {"params": [self.exposure.numbers], "rate": self.config.exposure_rate},
        ]
        self.optimizer = torch.optim.Adam(groups, lr=1.0, betas=(0.9, 0.99), fused=True)
        self.survey: Survey | None = None
        """Of empty space, where no map tells of it and keyframes have no depth."""
        self.steps = 0
        self.since_change = 0
        """Steps since the last keyframe came."""

    def add(self, frame: PosedFrame) -> None:
        """Take in a keyframe; the rate of learning rises again. FieldError beyond `KEYFRAMES`."""
        if len(self.replay) == KEYFRAMES:
            raise FieldError(f"the field learns from {KEYFRAMES} keyframes already; let some go")
        self.replay.add(frame)
        self.exposure.used = len(self.replay)
        # Where a map has told which cells live, it alone knows when these die.
        if self.survey is None and self.replay.blind and bool(self.cells.alive.all()):
            self.survey = Survey(self.cells)
        self.since_change = min(self.since_change, self.config.half_life // 4)

    def keep(self, frames: list[PosedFrame]) -> None:
        """Let go of all other keyframes."""
        left = self.replay.keep(frames)
        self.exposure.keep(left)
        self.optimizer.state.pop(self.exposure.numbers, None)

    @property
    def rate(self) -> float:
        """Share of the full learning rate."""
        return max(0.5 ** (self.since_change / self.config.half_life), self.config.least_rate)

    @property
    def done(self) -> bool:
        """Whether more steps would change next to nothing until another keyframe comes."""
        return self.rate <= self.config.least_rate

    def run(self, seconds: float) -> int:
        """Fit for so long, or until it is done; returns the number of steps."""
        end, first = time.perf_counter() + seconds, self.steps
        while time.perf_counter() < end and not self.done:
            self.step()
        return self.steps - first

    def step(self) -> float:
        """One step; returns the loss."""
        rays, owner = self.replay.draw(self.config.rays)
        place = torch.from_numpy(owner).to(self.device)
        rays = rays.to(self.device)
        each = self._losses(rays, place) * self._stands(rays)
        loss = each.mean() + self._tints()
        for group in self.optimizer.param_groups:
            group["lr"] = group["rate"] * self.rate
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.replay.note(owner, each.detach().double().cpu().numpy())
        self.steps += 1
        self.since_change += 1
        if self.survey and self.steps > SURVEY_AFTER and self.steps % SURVEY_EVERY == 0:
            self.survey.update(self.field, SURVEY_SHARE)
        return float(loss.detach())

    def _stands(self, rays: Rays) -> Bool[Tensor, " rays"]:
        """Whether what each ray has met is still there, as far as the living cells tell.

        What has left the map since teaches nothing any more; of rays without a distance nobody
        can say.
        """
        ends = rays.at(rays.distance_m[:, None])[:, 0]
        return self.cells.holds(ends) | (rays.distance_m == 0)

    def _losses(self, rays: Rays, owner: Tensor) -> Float[Tensor, " rays"]:
        """Loss of each ray."""
        measured = rays.distance_m > 0
        if bool(measured.all()):
            return self._measured(rays, owner)
        if not bool(measured.any()):
            return self._blind(rays, owner)
        out = torch.zeros_like(rays.distance_m)
        out[measured] = self._measured(rays[measured], owner[measured])
        out[~measured] = self._blind(rays[~measured], owner[~measured])
        return out

    def _measured(self, rays: Rays, owner: Tensor) -> Float[Tensor, " rays"]:
        """Of rays with a distance: signed distances along them, and the colour they end in."""
        config, field = self.config, self.field
        band = field.truncation_m
        before = (rays.distance_m - band).clamp(min=0)
        free, _ = self.cells.spread(rays.origins, rays.directions, before, config.free)
        near = near_surface(rays.distance_m, (band, config.behind * band), config.near)
        t = torch.cat([free, near], 1)
        shape = field.shape(rays.at(t).reshape(-1, 3))
        sdf = shape.sdf_m.view(t.shape)
        target = (rays.distance_m[:, None] - t).clamp(-band, band)
        error = (sdf - target).abs() / band
        depth = optical_depth(sdf[:, config.free :], near, field.beta_m)
        # Geometry is for the depth camera to tell: colour only says which colour it has.
        weights = weights_of(depth).detach()
        features = shape.features.view(*t.shape, -1)[:, config.free :]
        seen = self._shaded(weights, (features[:, 1:] + features[:, :-1]) / 2)
        shade = (self.exposure(seen, owner) - rays.color).abs().mean(1) * rays.colored
        loss = error[:, config.free :].mean(1) + error[:, : config.free].mean(1)
        return loss + config.color_weight * shade

    def _blind(self, rays: Rays, owner: Tensor) -> Float[Tensor, " rays"]:
        """Of rays without a distance: the colour along all that the field lets through."""
        far = torch.full_like(rays.distance_m, torch.inf)
        count = self.config.blind
        t, spacing = self.cells.spread(rays.origins, rays.directions, far, count)
        shape = self.field.shape(rays.at(t).reshape(-1, 3))
        sdf = shape.sdf_m.view(t.shape)
        # Samples are evenly spaced along living cells, whatever gaps lie between these.
        even = torch.arange(count, device=t.device) * spacing[:, None]
        weights = weights_of(optical_depth(sdf, even, self.field.beta_m))
        features = shape.features.view(*t.shape, -1)
        seen = self._shaded(weights, (features[:, 1:] + features[:, :-1]) / 2)
        error = (self.exposure(seen, owner) - rays.color).square().mean(1)
        return self.config.tint_weight * error

    def _shaded(self, weights: Tensor, features: Tensor) -> Float[Tensor, "rays 3"]:
        tint = self.field.shade(features.flatten(0, 1)).view(*weights.shape, 3)
        return (weights[..., None] * tint).sum(1)

    def _tints(self) -> Float[Tensor, ""]:
        """Of further readings: the colour at the surface."""
        rays, owner = self.replay.draw(self.config.tints)
        place, rays = torch.from_numpy(owner).to(self.device), rays.to(self.device)
        chosen = (rays.distance_m > 0) & rays.colored & self._stands(rays)
        if not bool(chosen.any()):
            return self.exposure.numbers.new_zeros(())
        place, rays = place[chosen], rays[chosen]
        blur = torch.randn_like(rays.distance_m) * self.field.beta_m.detach()
        points = rays.at((rays.distance_m + blur)[:, None])[:, 0]
        tint = self.exposure(self.field.color(self.field.shape(points)), place)
        return self.config.tint_weight * (tint - rays.color).square().mean()


def near_surface(
    distance_m: Float[Tensor, " rays"], band_m: tuple[float, float], count: int
) -> Float[Tensor, "rays samples"]:
    """Distances stratified over so much before a surface and so much behind it, in order."""
    before, behind = band_m
    device = distance_m.device
    share = torch.arange(count, device=device) + torch.rand(len(distance_m), count, device=device)
    return (distance_m[:, None] - before + share * (before + behind) / count).clamp(min=0)
