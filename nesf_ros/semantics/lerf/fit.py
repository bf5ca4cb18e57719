"""Fitting a language field to keyframes; the geometry under it learns nothing from that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from nesf_ros.errors import FieldError
from nesf_ros.field.fit import Fitter, near_surface
from nesf_ros.field.rays import FrameRays, Rays
from nesf_ros.field.scene_field import optical_depth, weights_of
from nesf_ros.semantics.fusion import sample
from nesf_ros.semantics.lerf.language_field import LanguageField
from nesf_ros.semantics.lerf.presets import LerfPreset
from nesf_ros.semantics.lerf.supervision import Lesson
from nesf_ros.types import PosedFrame, RgbdFrame

FRAMES_AT_ONCE = 4
"""Keyframes of a step at most: to look up crops costs more by the keyframe than by the ray."""
HUBER = 1.25
"""Of LERF's code. Embeddings of unit length are nearer to each other, but for opposites: the loss
is half their squared distance, which falls as their cosine grows (§3.2)."""
OPAQUE = 0.5
"""Rays of which the scene field stops less light than this say nothing about language yet."""


class LanguageFitter:
    """A language field, the scene field that tells where surfaces are, and what both learn from."""

    def __init__(self, language: LanguageField, scene: Fitter, preset: LerfPreset, seed: int = 0):
        self.language, self.scene, self.preset = language, scene, preset
        self.steps = 0
        self._lessons: dict[int, tuple[RgbdFrame, Lesson]] = {}
        """By the identity of the images, which are held: poses may be corrected meanwhile."""
        self._chance = np.random.default_rng(seed)
        tables = [grid.table for grid in language.grids]
        nets = [p for name, p in language.named_parameters() if not name.startswith("grids")]
        groups = [
            {"params": tables, "rate": preset.table_rate},
            {"params": nets, "rate": preset.net_rate},
        ]
        self.optimizer = torch.optim.Adam(groups, lr=1.0, eps=1e-15, betas=(0.9, 0.99), fused=True)

    def teach(self, frame: PosedFrame, lesson: Lesson) -> None:
        """Learn from a keyframe too, as soon as the scene field knows it; full rates again."""
        self._lessons[id(frame.rgbd)] = frame.rgbd, lesson
        self.steps = min(self.steps, self.preset.steps // 4)

    def forget(self, frame: PosedFrame) -> None:
        """Learn no more from a keyframe."""
        self._lessons.pop(id(frame.rgbd), None)

    @property
    def taught(self) -> list[FrameRays]:
        """Keyframes that both fields learn from."""
        known = self.scene.replay.frames
        return [rays for rays in known if id(rays.frame.rgbd) in self._lessons]

    @property
    def rate(self) -> float:
        """Share of the full learning rate."""
        return self.preset.last_rate ** min(1.0, self.steps / self.preset.steps)

    @property
    def done(self) -> bool:
        """Whether more steps would change next to nothing until another keyframe comes."""
        return self.steps >= self.preset.steps

    def step(self) -> float:
        """One step; returns the loss. FieldError while there is nothing to learn from."""
        taught = self.taught
        if not taught:
            raise FieldError("no keyframe of the field was looked at with a language model yet")
        count = min(FRAMES_AT_ONCE, len(taught))
        chosen = self._chance.choice(len(taught), count, False)
        each = -(-self.preset.rays // count)
        loss = self._loss(_Batch.cat([self._drawn(taught[i], each) for i in chosen]))
        for group in self.optimizer.param_groups:
            group["lr"] = group["rate"] * self.rate
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.steps += 1
        return float(loss.detach())

    def _drawn(self, frame: FrameRays, count: int) -> _Batch:
        """Rays of a keyframe by chance, each with a size by chance, and what it shows there."""
        lesson = self._lessons[id(frame.frame.rgbd)][1]
        rays = frame.draw(count, self._chance)
        rays = rays[rays.colored]
        camera = frame.frame.rgbd.color_intrinsics
        pixels, depth = frame.on_image(rays)
        least, most = lesson.crops.sides_px[[0, -1]].tolist()
        side = torch.from_numpy(self._chance.uniform(least, most, len(rays)).astype(np.float32))
        # s = s_img · t / f (LERF §3.1, the other way up than printed), with t the depth.
        slope = side / camera.fx * depth
        crops = lesson.crops.at(pixels, side)
        patches = sample(lesson.patches.float(), pixels.double(), camera)
        return _Batch(rays, slope, crops, patches)

    def _loss(self, batch: _Batch) -> Float[Tensor, ""]:
        device, preset, language = self.scene.device, self.preset, self.language
        rays = batch.rays.to(device)
        t, weights = surfaces(self.scene, rays, preset.samples)
        along = Along(language, rays.at(t), weights)
        counted = (weights.sum(1) > OPAQUE).float()
        counted = counted / counted.sum().clamp(min=1)
        seen = along.embeddings(batch.slope.to(device)[:, None] * t)
        error = F.huber_loss(seen, batch.crops.to(device), delta=HUBER, reduction="none").sum(1)
        if preset.patch_weight > 0:
            patch = (along.patches() - batch.patches.to(device)).square().sum(1)
            error = error + preset.patch_weight * patch
        return (error * counted).sum()


@dataclass(frozen=True)
class _Batch:
    """Rays, and what they are to show."""

    rays: Rays
    slope: Float[Tensor, " rays"]
    """Size of what a crop shows, metres, for each metre along the ray."""
    crops: Float[Tensor, "rays dim"]
    patches: Float[Tensor, "rays patch_dim"]

    @classmethod
    def cat(cls, parts: list[_Batch]) -> _Batch:
        """All rays of several batches."""
        others = ("slope", "crops", "patches")
        joined = (torch.cat([getattr(part, name) for part in parts]) for name in others)
        return cls(Rays.cat([part.rays for part in parts]), *joined)


class Along:
    """What a language field shows along rays; the last layers come behind the sum (§3.1)."""

    def __init__(
        self,
        language: LanguageField,
        points: Float[Tensor, "rays samples 3"],
        weights: Float[Tensor, "rays samples"],
    ):
        """Encode points along rays, of which each has a weight."""
        self._language = language
        self._encoded = language.encoded(points.flatten(0, 1))
        share = weights / weights.sum(1, keepdim=True).clamp(min=1e-6)
        self._share = share[..., None]

    def embeddings(self, scale_m: Float[Tensor, "rays samples"]) -> Float[Tensor, "rays dim"]:
        """Of unit length, of volumes whose sides are so long at each sample."""
        hidden = self._language.hidden(self._encoded, scale_m.flatten())
        return F.normalize(self._language.last(self._sum(hidden)), dim=-1)

    def patches(self) -> Float[Tensor, "rays patch_dim"]:
        """Features of patches."""
        return self._language.patch_last(self._sum(self._language.patch_hidden(self._encoded)))

    def _sum(self, hidden: Tensor) -> Tensor:
        return (hidden.unflatten(0, self._share.shape[:2]) * self._share).sum(1)


@torch.no_grad()
def surfaces(
    scene: Fitter, rays: Rays, count: int
) -> tuple[Float[Tensor, "rays samples"], Float[Tensor, "rays samples"]]:
    """Where rays meet surfaces of the scene field: distances, metres, and weights there.

    Of segments around the distance of a ray, or along all of it where that is 0, those of the
    largest weights; LERF's code keeps half of its samples, too.
    """
    field, segments = scene.field, 2 * count
    t = torch.empty(len(rays), segments + 1, device=rays.origins.device)
    even = torch.empty_like(t)
    measured = rays.distance_m > 0
    if bool(measured.any()):
        band = field.truncation_m / 2, field.truncation_m / 4
        t[measured] = even[measured] = near_surface(rays.distance_m[measured], band, segments + 1)
    if not bool(measured.all()):
        blind = rays[~measured]
        far = torch.full_like(blind.distance_m, torch.inf)
        t[~measured], gap = scene.cells.spread(blind.origins, blind.directions, far, segments + 1)
        even[~measured] = torch.arange(segments + 1, device=t.device) * gap[:, None]
    sdf = field.shape(rays.at(t).reshape(-1, 3)).sdf_m.view(t.shape)
    best = weights_of(optical_depth(sdf, even, field.beta_m)).topk(count, dim=1)
    return ((t[:, 1:] + t[:, :-1]) / 2).gather(1, best.indices), best.values
