"""From signed distance and evidence to occupied, free, unobserved and a probability."""

from __future__ import annotations

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from nesf_ros.types import FREE, OCCUPIED, UNOBSERVED

HALF_WIDTH = 0.6
"""A voxel is occupied where the nearest surface is within so many voxels of its centre."""
SPREAD = 0.2
"""Standard deviation of a fused signed distance, in voxels: sampling and what noise is left."""


def surface_probability(
    distance_voxels: Float[Tensor, ...],
) -> Float[Tensor, ...]:
    """Probability that the surface passes within `HALF_WIDTH` of a voxel's centre.

    The true distance is taken to be normally distributed around the fused one with `SPREAD`.
    """
    scale = SPREAD * 2**0.5
    upper = torch.erf((HALF_WIDTH - distance_voxels) / scale)
    lower = torch.erf((-HALF_WIDTH - distance_voxels) / scale)
    return 0.5 * (upper - lower)


def occupancy_code(
    tsdf: Float[Tensor, ...], weight: Float[Tensor, ...], truncation_voxels: float
) -> UInt8[Tensor, ...]:
    """The byte of VoxelMap.msg: 0 unobserved, else 1 + 254·p; occupied from 128 up, free below.

    Behind a surface, nothing has been observed: those voxels are 0, whatever their weight.
    """
    distance = tsdf * truncation_voxels
    probability = surface_probability(distance)
    code = (1.0 + 254.0 * probability).to(torch.uint8)  # rounded down: 128 begins at p = 0.5
    hidden = (weight <= 0) | ((distance < 0) & (probability < 0.5))
    return torch.where(hidden, UNOBSERVED, code)


def state_of(code: UInt8[Tensor, ...]) -> UInt8[Tensor, ...]:
    """UNOBSERVED, FREE or OCCUPIED for each occupancy code."""
    known = torch.where(code >= 128, OCCUPIED, FREE)
    return torch.where(code == 0, UNOBSERVED, known).to(torch.uint8)


def probability_of(code: UInt8[Tensor, ...]) -> Float[Tensor, ...]:
    """Probability for each occupancy code; NaN where unobserved."""
    value = (code.float() - 1.0) / 254.0
    return torch.where(code == 0, torch.nan, value)
