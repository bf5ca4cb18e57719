"""How bright each keyframe is: cameras set exposure and white balance by themselves.

A gain and an offset per keyframe and colour channel, fitted with the field, keep it from learning a
mixture of exposures (compare the appearance embeddings of NeRF in the Wild, Martin-Brualla et al.
2021). On average they change nothing, so the field holds the colours of a mean exposure.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

LARGEST_GAP_NS = 2_000_000_000
"""A keyframe says nothing of the exposure at a time farther away than this."""


class Exposure(nn.Module):
    """Gains and offsets of up to `capacity` keyframes."""

    def __init__(self, capacity: int):
        super().__init__()
        self.numbers = nn.Parameter(torch.zeros(capacity, 2, 3))
        """Logarithm of the gain, and the offset, by keyframe and channel."""
        self.used = 0
        """How many keyframes there are."""

    def forward(
        self, color: Float[Tensor, "n 3"], owner: Int64[Tensor, " n"]
    ) -> Float[Tensor, "n 3"]:
        """The colours as the keyframe of each saw them."""
        gain, offset = self.relative()[owner].unbind(1)
        return color * gain.exp() + offset

    def relative(self) -> Float[Tensor, "used 2 3"]:
        """Logarithms of gain and offsets of the keyframes in use, against their mean."""
        used = self.numbers[: self.used]
        return used - used.mean(0)

    @torch.no_grad()
    def keep(self, left: list[int]) -> None:
        """Move the numbers of the keyframes that are left to the front; the rest start anew."""
        kept = self.numbers[left].clone()
        self.numbers.zero_()
        self.numbers[: len(left)] = kept
        self.used = len(left)

    @torch.no_grad()
    def at(self, stamp_ns: int, stamps_ns: list[int]) -> Float[Tensor, "2 3"]:
        """Gain and offset at some time, between those of the keyframes before and after it.

        `stamps_ns` are the keyframes'. A gain of 1 and no offset where none is near in time.
        """
        neutral = torch.stack([torch.ones(3), torch.zeros(3)]).to(self.numbers)
        gaps = np.array(stamps_ns, np.int64) - stamp_ns
        sides = [np.flatnonzero((gaps <= 0) & (gaps >= -LARGEST_GAP_NS))]
        sides.append(np.flatnonzero((gaps > 0) & (gaps <= LARGEST_GAP_NS)))
        near = [int(side[np.abs(gaps[side]).argmin()]) for side in sides if len(side)]
        if not near:
            return neutral
        distance = np.abs(gaps[near]).astype(np.float64)
        share = np.ones(1) if len(near) == 1 else distance[::-1] / distance.sum()
        weight = torch.from_numpy(share.copy()).to(self.numbers)[:, None, None]
        mean = (self.relative()[near] * weight).sum(0)
        return torch.stack([mean[0].exp(), mean[1]])
