"""Keyframes replayed to a field, those it knows least most often."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64
from numpy import ndarray

from nesf_ros.errors import FieldError
from nesf_ros.field.rays import FrameRays, Rays
from nesf_ros.types import PosedFrame

FRAMES_AT_ONCE = 16
"""Keyframes in a batch at most."""
FLOOR = 0.2
"""Chance of the best known keyframe, as a share of the mean's."""
SMOOTHING = 0.3
"""Weight of the newest loss in a keyframe's running mean."""


class Draw(NamedTuple):
    """Rays drawn by chance, and which keyframe each is of."""

    rays: Rays
    owner: Int64[ndarray, " n"]
    """Index into `Replay.frames`."""


class Replay:
    """Draws rays of keyframes; a keyframe's chance grows with the loss that it had lately."""

    def __init__(self, max_depth_m: float, seed: int = 0):
        self.max_depth_m = max_depth_m
        self.frames: list[FrameRays] = []
        self.losses: Float64[ndarray, " frames"] = np.zeros(0)
        """Running mean of each keyframe's loss."""
        self._chance = np.random.default_rng(seed)

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def blind(self) -> bool:
        """Whether some keyframe has no depth."""
        return not all(rays.measured for rays in self.frames)

    def add(self, frame: PosedFrame) -> None:
        """Take in a keyframe; until it is known better it counts as the worst."""
        worst = self.losses.max() if len(self.losses) else 1.0
        self.frames.append(FrameRays(frame, self.max_depth_m))
        self.losses = np.append(self.losses, worst)

    def keep(self, kept: list[PosedFrame]) -> list[int]:
        """Let go of all other keyframes; returns the indices of those that are left."""
        wanted = {id(frame) for frame in kept}
        left = [i for i, rays in enumerate(self.frames) if id(rays.frame) in wanted]
        self.frames = [self.frames[i] for i in left]
        self.losses = self.losses[left]
        return left

    def draw(self, count: int) -> Draw:
        """At least so many rays, from a few keyframes. FieldError while there is none."""
        if not self.frames:
            raise FieldError("the field has no keyframe to learn from yet")
        chance = np.maximum(self.losses, FLOOR * self.losses.mean()) + 1e-9
        size = min(FRAMES_AT_ONCE, len(self.frames))
        chosen = self._chance.choice(len(self.frames), size, False, chance / chance.sum())
        share = -(-count // size)
        parts = [self.frames[i].draw(share, self._chance) for i in chosen]
        return Draw(Rays.cat(parts), np.repeat(chosen, share))

    def note(self, owner: Int64[ndarray, " n"], loss: ndarray) -> None:
        """Hear the loss of rays that were drawn."""
        chosen, place = np.unique(owner, return_inverse=True)
        mean = np.bincount(place, loss) / np.bincount(place)
        self.losses[chosen] += SMOOTHING * (mean - self.losses[chosen])
