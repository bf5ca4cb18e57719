"""Towers that average a feature map and project the mean: class-activation maps in closed form.

Whatever stands between the map and the embedding (pooling, norms, linear layers) is taken as one
function, the head. Where it is affine in the map's mean, as for most CNNs, it is probed once into
one matrix, and the map of a text is that matrix' product with it (Zhou et al., CVPR 2016). Where
it is not (ConvNeXt's norm behind the pool, attention pooling), the same map, activation times
gradient, is taken by autograd through the head alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Float32
from torch import Tensor

from nesf_ros.errors import VisionError

PROBES = 64
"""Maps that are sent through the head at once while it is probed."""


class Affine(NamedTuple):
    """Embedding = mean of the map · matrix + bias."""

    matrix: Float32[Tensor, "channels dim"]
    bias: Float32[Tensor, " dim"]


@dataclass(frozen=True)
class MapHead:
    """What turns a feature map into an embedding."""

    function: Callable[[Tensor], Tensor]
    """Map (n height width channels, fp32) → embedding (n dim), not of unit length."""
    averages: bool
    """Whether the embedding depends on the map's mean alone."""
    affine: Affine | None
    """The same as a matrix, where there is one."""

    def cells(self, features: Float32[Tensor, "n height width channels"]) -> Tensor:
        """Embedding (n height width dim) of pictures that look all over as they do in a cell."""
        if self.affine is not None:
            return features @ self.affine.matrix + self.affine.bias
        if not self.averages:
            raise VisionError(
                "dense features need a tower that averages its feature map; this one pools in "
                "another way. Choose an average-pooled tower or a class-token ViT"
            )
        single = features.flatten(0, 2)[:, None, None]
        return self.function(single).unflatten(0, features.shape[:3])


@dataclass(frozen=True)
class MapLook:
    """The last feature map of n pictures."""

    head: MapHead
    features: Float[Tensor, "n grid_height grid_width channels"]

    @property
    def nbytes(self) -> int:
        """Memory held, bytes."""
        return self.features.nbytes

    def trimmed(self, dtype: torch.dtype) -> MapLook:
        """The same, kept in `dtype`."""
        return replace(self, features=self.features.to(dtype))

    @torch.no_grad()
    def embedding(self) -> Float32[Tensor, "n dim"]:
        """Image embeddings of unit length, as open_clip's `encode_image(normalize=True)`."""
        return F.normalize(self.head.function(self.features.float()), dim=-1)

    @torch.no_grad()
    def dense(self) -> Float32[Tensor, "n grid_height grid_width dim"]:
        """The projected feature map, unit length; VisionError where the pooling allows none."""
        return F.normalize(self.head.cells(self.features.float()), dim=-1)

    @torch.no_grad()
    def relevancy(
        self, texts: Float32[Tensor, "texts dim"]
    ) -> Float32[Tensor, "n texts grid_height grid_width"]:
        """What each cell adds to the cosine with each text, ≥ 0.

        Before negative cells are cut, a map's mean is the cosine (less what the head's bias adds).
        The embedding's length is held fixed: with it the sum over a map would always be 0, and a
        thing that fills the picture would vanish.
        """
        features = self.features.float()
        if self.head.affine is None:
            return self._by_autograd(features, texts).clamp_(min=0)
        length = self.head.function(features).norm(dim=-1)
        weights = self.head.affine.matrix @ texts.T
        maps = (features @ weights).permute(0, 3, 1, 2) / length[:, None, None, None]
        return maps.clamp_(min=0)

    @torch.no_grad()
    def contrast(
        self,
        texts: Float32[Tensor, "texts dim"],
        words: Float32[Tensor, "words dim"],
        scale: float,
    ) -> Float32[Tensor, "n texts grid_height grid_width"]:
        """How far each text stands out from all the words in each cell, 0–1."""
        if self.head.affine is None and not self.head.averages:
            return share(self.relevancy(texts), self.relevancy(words))
        cells = scale * self.dense()
        rivals = torch.logsumexp(cells @ words.T, -1, keepdim=True)
        return torch.sigmoid(cells @ texts.T - rivals).permute(0, 3, 1, 2).contiguous()

    def _by_autograd(self, features: Tensor, texts: Tensor) -> Tensor:
        cells = self.features.shape[1] * self.features.shape[2]
        if not len(texts):
            return features.new_zeros(len(features), 0, *features.shape[1:3])
        with torch.inference_mode(False), torch.enable_grad():
            inputs = features.clone().requires_grad_()  # should a caller be in inference mode
            embedding = self.head.function(inputs)
            cosines = embedding @ texts.T / embedding.detach().norm(dim=-1, keepdim=True)
            gradients = [
                torch.autograd.grad(cosine.sum(), inputs, retain_graph=True)[0]
                for cosine in cosines.T
            ]
        return cells * (torch.stack(gradients, 1) * features[:, None]).sum(-1)


def share(
    relevancy: Float32[Tensor, "n texts grid_height grid_width"],
    rivals: Float32[Tensor, "n words grid_height grid_width"],
) -> Float32[Tensor, "n texts grid_height grid_width"]:
    """Of each text's squared relevancy in it and all rivals' together; 0 where nothing speaks."""
    squared = relevancy.square()
    total = squared + rivals.square().sum(1, keepdim=True)
    return squared / total.clamp(min=torch.finfo(total.dtype).tiny)


class MapTower:
    """A tower whose embedding comes from its last feature map, frozen."""

    def __init__(
        self,
        trunk: Callable[[Tensor], Tensor],
        function: Callable[[Tensor], Tensor],
        image_px: int,
        device: torch.device,
    ):
        """Probe a trunk (pictures → map n height width channels) and a head (map → embedding)."""
        self.image_px = image_px
        self.device = device
        self._trunk = trunk
        with torch.no_grad():
            features = trunk(torch.zeros(1, 3, image_px, image_px, device=device))
            self.dtype = features.dtype
            self.grid: tuple[int, int] = (features.shape[1], features.shape[2])
            self.head = _probed(function, features.float())
            self.dim: int = function(features.float()).shape[-1]

    @torch.no_grad()
    def look(self, images: Float32[Tensor, "n 3 px px"]) -> MapLook:
        """One forward pass over normalised pictures."""
        return MapLook(self.head, self._trunk(images).float())


def _probed(function: Callable[[Tensor], Tensor], features: Tensor) -> MapHead:
    """The head with its matrix, if it is affine in the map's mean; `features` is a map of size 1.

    Constant maps of one channel at a time give the matrix, and a wild one, in which attention or
    a maximum would pick single cells, tells whether it holds.
    """
    wild = 10 * torch.randn(features.shape, generator=torch.Generator().manual_seed(0))
    wild = wild.to(features.device)
    wanted = function(wild)

    def differs(found: Tensor) -> bool:
        """Rounding stays below 1e-5; a norm behind the pool is off by far more than 1e-3."""
        return not (found - wanted).norm() < 1e-3 * wanted.norm()

    mean = wild.mean((1, 2))
    if differs(function(mean[:, None, None].expand(wild.shape).contiguous())):
        return MapHead(function, False, None)
    bias = function(torch.zeros_like(features))[0]
    rows = []
    for units in torch.eye(mean.shape[-1], device=mean.device).split(PROBES):
        constant = units[:, None, None].expand(-1, *features.shape[1:3], -1)
        rows.append(function(constant.contiguous()) - bias)
    matrix = torch.cat(rows)
    if differs(mean @ matrix + bias):
        return MapHead(function, True, None)
    return MapHead(function, True, Affine(matrix, bias))
