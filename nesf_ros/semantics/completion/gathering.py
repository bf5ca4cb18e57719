"""What the map gives for a request: states, cubes, and the keyframes that show most of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float32, Float64, UInt8
from numpy import ndarray

from nesf_ros.config import NesfConfig
from nesf_ros.errors import QueryError
from nesf_ros.semantics.completion.cells import UNOBSERVED_CHANNEL, clear, geometry
from nesf_ros.semantics.completion.imagining import Space, Tile
from nesf_ros.semantics.completion.lattice import Grid, tiles
from nesf_ros.semantics.completion.looking import Glimpse, chosen
from nesf_ros.semantics.completion.presets import Preset
from nesf_ros.semantics.completion.results import Moment, Pieces, Reference
from nesf_ros.semantics.completion.volume import BELOW, Volume
from nesf_ros.semantics.hidden.descriptions import Description
from nesf_ros.types import FREE, OCCUPIED, UNOBSERVED, Box, PosedFrame
from nesf_ros.voxels.features import FeatureLayer
from nesf_ros.voxels.map import VoxelMap
from nesf_ros.voxels.sampling import sample_points

STRAY = 0.5
"""Percent of voxels on each side that do not count for where the map ends: single wrong readings
lie far out."""
FLOOR = 2.0
"""Percent of voxels that lie below the floor: what little is wrong, or goes down from it."""
TALL_M = 2.0
"""How far below a camera floors are sought that stands on none of the lowest one's storey."""
VOXELS_M = (0.005, 1.0)
"""Edges that an answer's voxels can have, metres."""
SAMPLED_AT_ONCE = 2**20
"""Places of which the map is asked at a time, for the sake of memory."""
_ROUNDING = 1e-6  # of what came as single precision

_SWAPPED = torch.tensor([FREE, UNOBSERVED, OCCUPIED], dtype=torch.uint8)
"""States in an order in which the highest holds for a voxel of several; swapped back likewise."""


@dataclass(frozen=True)
class Gathered:
    """What the map gives for a request."""

    texts: tuple[str, ...]
    """Labels; or the target and the reference of a description."""
    space: Space
    moment: Moment
    pieces: Pieces
    """That this map's things are known by."""
    parts: int = 1
    """Along an edge of the answer's voxels: voxels of `space`."""
    seen: tuple[Reference, ...] = ()
    """What the map has of each label; of the reference alone where something was described."""
    described: Described | None = None
    """None for labels."""

    @property
    def grid(self) -> Grid:
        """The answer's voxels."""
        return self.space.grid.joined(self.parts)


@dataclass(frozen=True)
class Described:
    """What is known of a description before anything is imagined."""

    description: Description
    viewer: Float64[ndarray, "4 4"]
    """map_T_camera of who says what is left and what is behind."""


class Gatherer:
    """Takes what a request needs out of a map. For the map's thread, but for `forget`."""

    def __init__(self, config: NesfConfig, voxel_map: VoxelMap, layer: FeatureLayer):
        """Of a map, and of what is known of it in words."""
        self._config, self._map, self._layer = config, voxel_map, layer
        self._glimpses: dict[int, Glimpse] = {}

    def forget(self, keyframe: int) -> None:
        """Let go of a keyframe that is no longer kept."""
        self._glimpses.pop(keyframe, None)

    def extent(self) -> Box:
        """Where the vision-language model has seen surfaces. QueryError where it has not."""
        surface = self._surface_m()
        if not len(surface):
            raise QueryError("the vision-language model has seen no surface of the map yet")
        lower, upper = np.percentile(surface, [STRAY, 100 - STRAY], axis=0)
        half = self._map.config.voxel_size_m / 2
        return Box(tuple((lower - half).tolist()), tuple((upper + half).tolist()))

    def floor_m(self) -> float:
        """Height of the lowest floor in the map frame; 0 while nothing is known."""
        heights = self._surface_m()[:, 2]
        return float(np.percentile(heights, FLOOR)) if len(heights) else 0.0

    def cube_before(self, map_T_camera: Float64[ndarray, "4 4"], preset: Preset) -> Volume:
        """The cube before a camera: on the lowest floor, where a cube on it reaches the camera.

        Else, in another storey, on what lies at most `TALL_M` below the camera.
        """
        floor_m = self._floor_under(float(map_T_camera[2, 3]), preset)
        return Volume.before(map_T_camera, preset.side_m, preset.cells, floor_m)

    def cube_about(
        self, point_m: tuple[float, float, float], yaw_rad: float, preset: Preset
    ) -> Volume:
        """The cube about a point, on the same floor as one before a camera there."""
        x, y, z = point_m
        floor_m = self._floor_under(z, preset)
        middle = np.array([x, y, floor_m + (0.5 - BELOW) * preset.side_m])
        return Volume.around(middle, yaw_rad, preset.side_m, preset.cells)

    def _floor_under(self, height_m: float, preset: Preset) -> float:
        floor_m = self.floor_m()
        if floor_m - BELOW * preset.side_m <= height_m <= floor_m + (1 - BELOW) * preset.side_m:
            return floor_m
        heights = self._surface_m()[:, 2]
        near = heights[(heights < height_m) & (heights > height_m - TALL_M)]
        return float(np.percentile(near, FLOOR)) if len(near) else height_m - TALL_M

    def cubes(self, box: Box, yaw_rad: float, preset: Preset) -> tuple[Volume, ...]:
        """Cubes that cover a box, as `lattice.tiles`."""
        return tiles(box, yaw_rad, self.floor_m(), preset, self._config.unseen.max_tiles)

    def voxels(self, box: Box, voxel_m: float, cell_m: float) -> tuple[Grid, int]:
        """The answer's voxels (of `voxel_m`; 0: as a network's cells), and in how many parts.

        So many along an edge that none is larger than a cell: small things would fall between the
        middles of large ones. QueryError for a size out of `VOXELS_M`, and where they are too many.
        """
        size_m = voxel_m or cell_m
        if not VOXELS_M[0] - _ROUNDING <= size_m <= VOXELS_M[1] + _ROUNDING:
            raise QueryError(
                f"voxels of {size_m:g} m; they must be of {VOXELS_M[0]} to {VOXELS_M[1]} m"
            )
        parts = max(1, math.ceil(size_m / cell_m - _ROUNDING))
        return Grid.covering(box, size_m, self._config.query.max_voxels // parts**3), parts

    def space(
        self, grid: Grid, cubes: Sequence[Volume], keyframes: Iterable[tuple[int, PosedFrame]]
    ) -> Space:
        """What is known of some voxels.

        QueryError where nothing around was observed, and where no keyframe shows anything.
        """
        glimpses = [self._glimpse(*keyframe) for keyframe in keyframes]
        found = [self._tile(cube, glimpses) for cube in cubes]
        # A region may well be hidden as a whole; of what is around it something must be known.
        if not any(bool((tile.shape[UNOBSERVED_CHANNEL] == 0).any()) for tile in found):
            raise QueryError("nothing of the region, or around it, has been observed yet")
        if not any(tile.glimpses for tile in found):
            raise QueryError(
                f"none of the {len(glimpses)} keyframes that are held shows the region (a map that "
                "was loaded has none): let frames of it come in"
            )
        centers, beneath_m = grid.centers(), self._lowest_floor(cubes) - grid.voxel_m
        parts = [self._known(points) for points in centers.split(SAMPLED_AT_ONCE)]
        state, is_clear = (torch.cat(each) for each in zip(*parts, strict=True))
        return Space(grid, state, is_clear, centers[:, 2] < beneath_m, tuple(found))

    def _known(
        self, points: Float32[torch.Tensor, "n 3"]
    ) -> tuple[UInt8[torch.Tensor, " n"], Bool[torch.Tensor, " n"]]:
        """The state of places, and whether they are clear."""
        tsdf, state = (each.cpu() for each in sample_points(self._map, points))
        return state, clear(tsdf, state)

    def _lowest_floor(self, cubes: Sequence[Volume]) -> float:
        """Of the map, or of what lies in some cubes: of a storey of which little was seen yet."""
        surface = self._surface_m()
        ends = np.array([(cube.box.lower, cube.box.upper) for cube in cubes])
        inside = (surface >= ends[:, 0].min(0)) & (surface < ends[:, 1].max(0))
        heights = surface[inside.all(1), 2]
        here_m = float(np.percentile(heights, FLOOR)) if len(heights) else np.inf
        return min(self.floor_m(), here_m)

    def _tile(self, cube: Volume, glimpses: Sequence[Glimpse]) -> Tile:
        tsdf, state = sample_points(self._map, cube.centers())
        shape = geometry(tsdf.cpu(), state.cpu(), cube.cells)
        return Tile(cube, shape, tuple(chosen(glimpses, cube, self._config.unseen.views)))

    def _glimpse(self, keyframe: int, frame: PosedFrame) -> Glimpse:
        held = self._glimpses.get(keyframe)
        if held is None or held.frame is not frame:
            self._glimpses[keyframe] = held = Glimpse.of(keyframe, frame)
        return held

    def _surface_m(self) -> Float64[ndarray, "n 3"]:
        self._layer.follow(self._map)
        voxels = self._layer.table.voxels().double().cpu().numpy()
        return (voxels + 0.5) * self._map.config.voxel_size_m


def highest_state(
    grid: Grid, state: UInt8[torch.Tensor, " n"], parts: int
) -> UInt8[torch.Tensor, "nx ny nz"]:
    """OCCUPIED voxels are those with an occupied part, FREE ones those with free parts alone."""
    highest = grid.highest(_SWAPPED[state.long()][None], parts)[0]
    return _SWAPPED[highest.long()]
