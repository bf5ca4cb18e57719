"""The scene field: signed distance and colour of every point of a box.

Density is the derivative of transparency for a surface whose signed distance s is logistic:
σ = sigmoid(−s/β)/β per metre. Along a segment on which s is linear its integral has a closed form
(`optical_depth`), exact however coarse the samples; at right incidence it gives the weights of
NeuS (Wang et al. 2021, eq. 13), and being a density it belongs to points, as NeSF needs it
(VolSDF, Yariv et al. 2021, eq. 2, with a logistic in place of the Laplace distribution).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from nesf_ros.field.hash_grid import HashGrid, Lattices
from nesf_ros.types import Box

TRUNK, FEATURES = 32, 15
SHADE = 64
POINTS_AT_ONCE = 2**18


class Shape(NamedTuple):
    """What the trunk says of points."""

    sdf_m: Float[Tensor, " n"]
    """Signed distance to the nearest surface, metres, positive outside, cut off at truncation."""
    features: Float[Tensor, "n features"]
    """What heads (colour, …) build on."""


class SceneField(nn.Module):
    """Geometry and colour from one hash grid; it holds weights and nothing else."""

    def __init__(
        self,
        box: Box,
        lattices: Lattices | None = None,
        truncation_m: float = 0.06,
        beta_m: float = 0.006,
    ):
        """A field of which nothing is known yet.

        Args:
            box: what it spans, map frame, metres.
            lattices: of its hash grid.
            truncation_m: signed distances are cut off at this.
            beta_m: softness of surfaces to begin with; soft ones are found without depth.
        """
        super().__init__()
        self.truncation_m = truncation_m
        self.grid = HashGrid(box, lattices)
        last = nn.Linear(TRUNK, 1 + FEATURES)
        nn.init.constant_(last.bias[:1], 1.0)  # what nobody has seen is free
        self.trunk = nn.Sequential(nn.Linear(self.grid.dim, TRUNK), nn.ReLU(), last)
        self.shade = nn.Sequential(
            nn.Linear(self.grid.dim + FEATURES, SHADE), nn.ReLU(), nn.Linear(SHADE, 3), nn.Sigmoid()
        )
        self.log_beta = nn.Parameter(torch.tensor(math.log(beta_m)))

    @property
    def box(self) -> Box:
        """Where the field knows anything, map frame, metres."""
        return self.grid.box

    @property
    def beta_m(self) -> Float[Tensor, ""]:
        """Softness of surfaces, metres; never below a fiftieth of the truncation.

        Rays without a distance alone tell of it; to the others it is given.
        """
        return self.log_beta.exp().clamp(min=self.truncation_m / 50)

    def shape(self, points: Float[Tensor, "n 3"]) -> Shape:
        """Signed distance and features of points in the map frame, metres."""
        encoded = self.grid(points)
        out = self.trunk(encoded)
        return Shape(out[:, 0] * self.truncation_m, torch.cat([encoded, out[:, 1:]], 1))

    def color(self, shape: Shape) -> Float[Tensor, "n 3"]:
        """RGB, 0–1, of points whose shape is known."""
        return self.shade(shape.features)

    def density(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, " n"]:
        """Density of points, per metre, without gradients, in bounded portions."""
        with torch.no_grad():
            parts = [self._density(some) for some in points.split(POINTS_AT_ONCE)]
        return torch.cat(parts) if parts else points.new_zeros(0)

    def _density(self, points: Tensor) -> Tensor:
        beta = self.beta_m
        return torch.sigmoid(-self.shape(points).sdf_m / beta) / beta

    def normals(self, points: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3"]:
        """Unit gradients of the signed distance; 0 where it is flat."""
        with torch.enable_grad():
            points = points.detach().requires_grad_()
            total = self.shape(points).sdf_m.sum()
            (gradient,) = torch.autograd.grad(total, points)
        return F.normalize(gradient, dim=-1)


def optical_depth(
    sdf_m: Float[Tensor, "rays samples"],
    t_m: Float[Tensor, "rays samples"],
    beta_m: Float[Tensor, ""],
) -> Float[Tensor, "rays samples-1"]:
    """∫ σ dt over each segment between samples, s taken as linear within it.

    −softplus(−s/β) is an antiderivative of σ by s, so the integral is the segment's length times
    the difference quotient of softplus; where s hardly changes, its derivative.
    """
    x = -sdf_m / beta_m
    rise = x[:, 1:] - x[:, :-1]
    flat = rise.abs() < 1e-3
    quotient = (F.softplus(x[:, 1:]) - F.softplus(x[:, :-1])) / torch.where(flat, 1.0, rise)
    slope = torch.sigmoid((x[:, 1:] + x[:, :-1]) / 2)
    return torch.where(flat, slope, quotient) * t_m.diff(dim=1).clamp(min=0) / beta_m


def weights_of(depth: Float[Tensor, "rays segments"]) -> Float[Tensor, "rays segments"]:
    """Share of a ray's light that each segment sends back: T·(1 − e^−τ), sums to at most 1."""
    before = depth.cumsum(1) - depth
    return torch.exp(-before) * -torch.expm1(-depth)
