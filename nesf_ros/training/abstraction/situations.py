"""What the 3D nets learn from: some views of a room, a cube in it, and what is true there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Float32, Float64, Int64
from numpy import ndarray
from torch import Tensor

from nesf_ros.config import MapConfig
from nesf_ros.geometry import se3
from nesf_ros.geometry.cameras import unproject_image
from nesf_ros.semantics.completion.cells import Cloud, Reduction, geometry, relevant_cells
from nesf_ros.semantics.completion.volume import Volume
from nesf_ros.training.abstraction.rooms import EVERY, Room
from nesf_ros.types import Intrinsics, PosedFrame, RgbdFrame
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.sampling import sample_points

BEHIND_M = 0.05
"""How far behind the surface that a view shows a point counts as hidden from it."""


@dataclass(frozen=True)
class Situation:
    """Views of a room, mapped as a robot maps them, and a cube there."""

    room: Room
    views: tuple[int, ...]
    """The first is the viewer who says what is left and what is behind."""
    volume: Volume
    shape: Float32[Tensor, "3 x y z"]
    """Geometry of the cells, from the map that the views make."""
    hint: float = 0.0
    """How much relevancy what is meant is given beside its own (`learning.LearnConfig.hint`)."""

    def clouds(self, texts: Sequence[int], look: str = "live") -> list[Cloud]:
        """Relevancy of texts (by number) in each view, by a way of looking."""
        wanted = torch.tensor(texts, dtype=torch.int64)
        return [
            self._cloud(
                view,
                self.room.arrays[look][view][wanted],
                self.room.arrays[f"{look}_background"][view],
            )
            for view in self.views
        ]

    def told(self, sentences: Sequence[int]) -> list[Cloud]:
        """Relevancy of whole descriptions of the viewer (by number) in the viewer's picture."""
        view, arrays = self.views[0], self.room.arrays
        wanted = torch.tensor(sentences, dtype=torch.int64)
        maps = arrays["sentences"][view][wanted]
        return [self._cloud(view, maps, arrays["live_background"][view])]

    def masks(self, texts: Sequence[str], names: dict[str, tuple[str, ...]]) -> list[Cloud]:
        """As `clouds`, with the truth in place of relevancy: 1 on what a text means."""
        found = []
        for view in self.views:
            things = self.room.arrays["things"][view][::EVERY, ::EVERY]
            meant = [torch.tensor(self.room.things_of(text, names)) for text in texts]
            maps = torch.stack([torch.isin(things, one.to(torch.uint8)) for one in meant]).half()
            found.append(self._cloud(view, maps, torch.zeros(2, *things.shape)))
        return found

    def colors(self) -> list[Cloud]:
        """Red, green and blue (0–1) as three labels: what SemAware sees instead."""
        found = []
        for view in self.views:
            maps = self.room.arrays["color"][view][::2, ::2].permute(2, 0, 1).float() / 255
            found.append(self._cloud(view, maps, torch.zeros(2, *maps.shape[1:])))
        return found

    def relevant(
        self, clouds: Sequence[Cloud], scale: float, reduction: Reduction
    ) -> tuple[Float32[Tensor, "3 x y z"], Float32[Tensor, "labels x y z"]]:
        """Cells of the cube, as `relevant_cells`."""
        return relevant_cells(clouds, self.volume, scale, reduction)

    def points(self, generator: torch.Generator | None = None) -> Float32[Tensor, "n 3"]:
        """A point in each cell: by chance, or the middle where there is no generator."""
        centers = self.volume.centers()
        if generator is None:
            return centers
        shift = (torch.rand(len(centers), 3, generator=generator) - 0.5) * self.volume.cell_m
        return centers + shift @ torch.from_numpy(self.volume.rotation.T).float()

    def seen(self, points: Float32[Tensor, "n 3"]) -> tuple[Bool[Tensor, " n"], Bool[Tensor, " n"]]:
        """Which points lie in any picture, and which of them lie behind what every one shows."""
        inside, open_to_view = (torch.zeros(len(points), dtype=torch.bool) for _ in range(2))
        for view in self.views:
            pixel, z, within = self._pixels(view, points)
            depth = self.room.depth_m(view).flatten()[pixel]
            inside |= within
            open_to_view |= within & (depth > 0) & (z < depth + BEHIND_M)
        return inside, inside & ~open_to_view

    def _pixels(
        self, view: int, points: Float32[Tensor, "n 3"]
    ) -> tuple[Int64[Tensor, " n"], Float32[Tensor, " n"], Bool[Tensor, " n"]]:
        """Pixel that each point falls on (by number), its depth, and whether there is one."""
        camera = self.room.about.intrinsics
        pose = torch.from_numpy(se3.invert(self.room.pose(view))).float()
        x, y, z = pose[:3, :3] @ points.T + pose[:3, 3:]
        near = z.clamp(min=1e-3)
        column = (camera.fx * x / near + camera.cx).round()
        row = (camera.fy * y / near + camera.cy).round()
        within = (z > 1e-3) & (row >= 0) & (row < camera.height)
        within &= (column >= 0) & (column < camera.width)
        pixel = torch.where(within, row * camera.width + column, 0.0).long()
        return pixel, z, within

    def _cloud(self, view: int, maps: Tensor, background: Tensor) -> Cloud:
        where, known = self._surface[view]
        return Cloud(
            where, maps.float().flatten(1)[:, known], background.float().flatten(1)[:, known]
        )

    @cached_property
    def _surface(self) -> dict[int, tuple[Float32[Tensor, "n 3"], Bool[Tensor, " pixels"]]]:
        """Of each view, where the pixels end that relevancy is known at, and which do."""
        return {view: surface_of(self.room, view) for view in self.views}


def surface_of(room: Room, view: int) -> tuple[Float32[Tensor, "n 3"], Bool[Tensor, " pixels"]]:
    """Where the pixels of a view end that relevancy is known at (world, metres), and which do."""
    depth = room.depth_m(view)[::EVERY, ::EVERY].numpy()
    camera = room.about.intrinsics
    coarse = Intrinsics(
        depth.shape[1], depth.shape[0],
        camera.fx / EVERY, camera.fy / EVERY, camera.cx / EVERY, camera.cy / EVERY,
    )  # fmt: skip
    points = unproject_image(np.ascontiguousarray(depth), coarse).reshape(-1, 3)
    world = se3.transform_points(room.pose(view), points.astype(np.float64))
    known = torch.from_numpy(depth.reshape(-1) > 0)
    return torch.from_numpy(world).float()[known], known


class Mapper:
    """Maps views as the perception node does."""

    def __init__(self, config: MapConfig | None = None):
        self._map = VoxelMap(config or MapConfig(device="cpu"))

    def situation(self, room: Room, views: tuple[int, ...], volume: Volume) -> Situation:
        """What these views tell of a cube."""
        self._map.reset()
        camera = room.about.intrinsics
        color = np.zeros((camera.height, camera.width, 3), np.uint8)
        for number, view in enumerate(views):
            rgbd = RgbdFrame(number + 1, "", color, room.depth_m(view).numpy(), camera, camera)
            self._map.integrate(PosedFrame(rgbd, room.pose(view)))
        tsdf, state = sample_points(self._map, volume.centers())
        return Situation(room, views, volume, geometry(tsdf, state, volume.cells))


def companions(room: Room, view: int, count: int, dice: np.random.Generator) -> tuple[int, ...]:
    """The view, and others that see some of the same, by chance, the more the likelier."""
    shares = room.arrays["overlap"][view].numpy().astype(np.float64).copy()
    shares[view] = 0.0
    others = min(count - 1, int((shares > 0).sum()))
    if others < 1:
        return (view,)
    picked: Int64[ndarray, " others"] = dice.choice(
        len(shares), others, replace=False, p=shares / shares.sum()
    )
    return (view, *picked.tolist())


def nearest_views(room: Room, view: int, count: int) -> tuple[int, ...]:
    """The view, and those others that see most of the same."""
    shares: Float64[ndarray, " views"] = room.arrays["overlap"][view].numpy().astype(np.float64)
    order = [int(n) for n in np.argsort(-shares, kind="stable") if n != view]
    return (view, *order[: count - 1])
