"""Keyframes as clouds of relevancy: where their pixels end, and what is relevant there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float32, Int64
from numpy import ndarray
from torch import Tensor

from nesf_ros.geometry import se3
from nesf_ros.geometry.cameras import project, unproject
from nesf_ros.semantics.completion.cells import BACKGROUND, Cloud, background_of
from nesf_ros.semantics.completion.volume import Volume
from nesf_ros.semantics.instances import voxel_keys
from nesf_ros.semantics.reading import Reader
from nesf_ros.types import PosedFrame
from nesf_ros.vision.relevancy import Against
from nesf_ros.vision.scans import KeyframeScans
from nesf_ros.vision.tiles import cells_along

COLUMNS = 80
"""Places across a picture at which relevancy is taken."""
COARSE_M = 0.2
"""Edge of the voxels of the map by which it is told what a keyframe shows of a cube, metres."""


@dataclass(frozen=True)
class Glimpse:
    """A keyframe, thinned to the places at which relevancy is taken."""

    keyframe: int
    frame: PosedFrame
    points_map: Float32[Tensor, "n 3"]
    """Where the pixels of its depth image end, metres."""
    pixels: Int64[Tensor, "n 2"]
    """Row and column of the cell of the colour picture that shows each."""
    every: int
    """Edge of those cells, pixels, as `vision.tiles.cells_along` takes it."""

    @classmethod
    def of(cls, keyframe: int, frame: PosedFrame) -> Glimpse:
        """Thin a keyframe; points that its colour camera does not show are left out."""
        rgbd = frame.rgbd
        step = max(1, rgbd.depth_intrinsics.width // COLUMNS)
        every = max(1, rgbd.color_intrinsics.width // COLUMNS)
        v, u = np.mgrid[: rgbd.depth_m.shape[0] : step, : rgbd.depth_m.shape[1] : step]
        depth = rgbd.depth_m[v, u]
        known = depth > 0
        pixels = np.stack([u[known], v[known]], -1).astype(np.float64)
        points = unproject(pixels, depth[known].astype(np.float64), rgbd.depth_intrinsics)
        there = se3.transform_points(se3.invert(rgbd.depth_T_color), points)
        place = project(there, rgbd.color_intrinsics)[:, ::-1]
        size = np.array(rgbd.color.shape[:2])
        shown = ((place > -0.5) & (place < size - 0.5)).all(1)  # NaN, which is behind, is neither
        world = se3.transform_points(frame.world_T_camera, points[shown]).astype(np.float32)
        cells = [cells_along(side, every) for side in rgbd.color.shape[:2]]
        where = np.floor((place[shown] + 0.5) / size * cells).astype(np.int64)
        return cls(keyframe, frame, torch.from_numpy(world), torch.from_numpy(where), every)

    @cached_property
    def shown(self) -> tuple[Int64[ndarray, " n"], Float32[Tensor, "n 3"]]:
        """Keys and middles (map frame, metres) of the coarse voxels that its points lie in."""
        voxels = (self.points_map.double() / COARSE_M).floor().long().numpy()
        keys, first = np.unique(voxel_keys(voxels), return_index=True)
        return keys, torch.from_numpy((voxels[first] + 0.5) * COARSE_M).float()


def chosen(glimpses: Sequence[Glimpse], volume: Volume, most: int) -> list[Glimpse]:
    """At most so many keyframes that show most of a cube, the one that adds most first.

    Once nothing new is to be had, those follow that show most: a second look makes surer.
    """
    shown: dict[int, tuple[Glimpse, set[int]]] = {}
    middles = [glimpse.shown[1] for glimpse in glimpses]
    inside = volume.index(torch.cat([torch.zeros(0, 3), *middles])) >= 0  # at once: that is fast
    for glimpse, within in zip(glimpses, inside.split([*map(len, middles)]), strict=True):
        if bool(within.any()):
            shown[glimpse.keyframe] = (glimpse, {*glimpse.shown[0][within.numpy()].tolist()})
    picked: list[Glimpse] = []
    covered: set[int] = set()
    while shown and len(picked) < most:
        best = max(shown, key=lambda k: (len(shown[k][1] - covered), len(shown[k][1]), -k))
        glimpse, voxels = shown.pop(best)
        picked.append(glimpse)
        covered |= voxels
    return picked


class Looker:
    """Relevancy of texts in keyframes. For one thread, but for `forget`."""

    def __init__(self, scans: KeyframeScans, reader: Reader, contrast: float):
        """Look by `scans`, read texts by `reader`, and hold them against `BACKGROUND`."""
        self._scans, self._against = scans, Against(reader.embed(BACKGROUND), contrast)
        self._background: dict[int, Float32[Tensor, "2 rows cols"]] = {}

    def cloud(self, glimpse: Glimpse, texts: Float32[Tensor, "texts dim"]) -> Cloud:
        """What a keyframe says of texts, given by their embeddings; quick if looked at before."""
        known, words = self._background.get(glimpse.keyframe), self._against.words
        wanted = texts if known is not None else torch.cat([texts, words])
        image = glimpse.frame.rgbd.color
        maps = self._scans.relevancy(
            glimpse.keyframe, image, wanted, glimpse.every, self._against
        ).cpu()
        if known is None:
            known = background_of(maps[len(texts) :])
            self._background[glimpse.keyframe] = known
            if glimpse.keyframe not in self._scans:  # forgotten meanwhile
                self._background.pop(glimpse.keyframe, None)
        row, column = glimpse.pixels.unbind(1)
        return Cloud(glimpse.points_map, maps[: len(texts), row, column], known[:, row, column])

    def forget(self, keyframe: int) -> None:
        """Let go of a keyframe that is no longer kept."""
        self._scans.forget(keyframe)
        self._background.pop(keyframe, None)
