"""Square tiles over a picture, and the way back from maps of tiles to a map of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float32, Int64, UInt8
from torch import Tensor


@dataclass(frozen=True)
class Tiling:
    """Tiles of one size, at every combination of some rows and columns; pixels."""

    height: int
    width: int
    rows: tuple[int, ...]
    """Upper edges."""
    cols: tuple[int, ...]
    """Left edges."""

    def __len__(self) -> int:
        return len(self.rows) * len(self.cols)

    def cut(
        self, picture: UInt8[Tensor, "3 image_height image_width"], which: slice
    ) -> UInt8[Tensor, "n 3 height width"]:
        """Some of the tiles, counted row by row."""
        corners = [(row, col) for row in self.rows for col in self.cols][which]
        return torch.stack(
            [picture[:, r : r + self.height, c : c + self.width] for r, c in corners]
        )

    def every_other(self, which: slice) -> Bool[Tensor, " n"]:
        """Of some of the tiles, whether they are the black ones of a chessboard."""
        number = torch.arange(len(self))[which]
        return (number // len(self.cols) + number % len(self.cols)) % 2 == 1

    def merge(
        self,
        maps: Float32[Tensor, "n texts grid_height grid_width"],
        size: tuple[int, int],
        every: int = 1,
    ) -> Float32[Tensor, "texts height width"]:
        """Maps of all tiles, enlarged bilinearly and averaged where tiles overlap.

        `size` is the picture's height and width. What is returned are pixels in the middle of
        cells that cover it evenly, `every` pixels wide and high or as near to that as may be.
        Pixels that no tile covers are 0. Enlarging is linear and the same along each axis, so
        all of it is one small product from the left and one from the right.
        """
        _, texts, *grid = maps.shape
        table = maps.view(len(self.rows), len(self.cols), texts, *grid).permute(2, 0, 3, 1, 4)
        table = table.reshape(texts, len(self.rows) * grid[0], len(self.cols) * grid[1])
        down = _placement(self.rows, self.height, grid[0], size[0])[_middles(size[0], every)]
        right = _placement(self.cols, self.width, grid[1], size[1])[_middles(size[1], every)]
        return down.to(maps.device) @ (table @ right.T.to(maps.device))


def cells_along(length: int, every: int) -> int:
    """Cells of `every` pixels, or as near to that as may be, that cover an axis evenly."""
    return max(1, round(length / every))


def _middles(length: int, every: int) -> Int64[Tensor, " cells"]:
    """Pixels in the middle of cells along an axis."""
    cells = cells_along(length, every)
    return ((torch.arange(cells) + 0.5) * (length / cells)).long()


@lru_cache(maxsize=64)
def _placement(offsets: tuple[int, ...], size: int, cells: int, length: int) -> Tensor:
    """Matrix length × (offsets · cells) from the cells of all tiles along an axis to its pixels."""
    enlarge = F.interpolate(torch.eye(cells)[None], size=size, mode="linear")[0]
    placed = torch.zeros(len(offsets), cells, length)
    covering = torch.zeros(length)
    for tile, offset in zip(placed, offsets, strict=True):
        tile[:, offset : offset + size] = enlarge
        covering[offset : offset + size] += 1
    return (placed.flatten(0, 1) / covering.clamp(min=1)).T.contiguous()


def whole(size: tuple[int, int]) -> Tiling:
    """One tile that is the whole picture (height, width), which a tower sees squeezed."""
    return Tiling(*size, rows=(0,), cols=(0,))


def tile(size: tuple[int, int], fraction: float, strides: int, cover: bool = True) -> Tiling:
    """Squares of `fraction` of the picture's shorter side, moved by a tile's 1/`strides`.

    With `cover`, one more row and column end at the lower and right edge if tiles would leave
    some of it out. Without, the tiles are those of SemAbs' release, which does leave it out, and
    which compares offsets along one axis with the length of the other: at 640×480 its smallest
    tiles never reach the last 70 columns.
    """
    height, width = size
    side = max(1, int(min(size) * fraction))
    step = max(1, side // strides)
    rows, cols = _offsets(height, side, step), _offsets(width, side, step)
    if cover:
        rows, cols = _closed(rows, height - side), _closed(cols, width - side)
    else:
        rows, cols = [r for r in rows if r < width], [c for c in cols if c < height]
    return Tiling(side, side, tuple(rows), tuple(cols))


def _offsets(length: int, side: int, step: int) -> list[int]:
    return list(range(0, length - side + 1, step))


def _closed(offsets: list[int], last: int) -> list[int]:
    return offsets if offsets[-1] == last else [*offsets, last]


def resized(
    tiles: UInt8[Tensor, "n 3 height width"], px: int, mean: Sequence[float], std: Sequence[float]
) -> Float32[Tensor, "n 3 px px"]:
    """Tiles as a tower takes them: antialiased bicubic, as CLIP's own preprocessing, normalised."""
    if tiles.is_cuda:  # where bytes cannot be resized
        tiles = tiles.float()
    if tiles.shape[-2:] != (px, px):
        tiles = F.interpolate(tiles, (px, px), mode="bicubic", antialias=True)
    scale = 255 * torch.tensor(std, device=tiles.device)
    shift = torch.tensor(mean, device=tiles.device) / torch.tensor(std, device=tiles.device)
    return tiles.float().clamp_(0, 255) / scale.view(3, 1, 1) - shift.view(3, 1, 1)
