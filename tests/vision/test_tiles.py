"""Tiles: where they lie, how they are cut, and the way back."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nesf_ros.vision.tiles import Tiling, resized, tile, whole


def test_tiles_of_the_release_leave_the_right_edge_out():
    """By hand for 640×480: offsets end below 480 along both axes, whatever the width."""
    small = tile((480, 640), 1 / 4, 4, cover=False)
    assert (small.height, small.width) == (120, 120)
    assert small.rows == tuple(range(0, 361, 30))
    assert small.cols == tuple(range(0, 451, 30))
    assert small.cols[-1] + small.width == 640 - 70
    assert tile((480, 640), 1, 4, cover=False).cols == (0, 120)


def test_tiles_cover_the_picture_by_one_more_at_the_edge():
    large = tile((480, 640), 1, 4)
    assert (large.rows, large.cols) == ((0,), (0, 120, 160))
    third = tile((480, 640), 1 / 3, 4)
    assert third.cols == tuple(range(0, 481, 40)) and len(third) == 9 * 13


@pytest.mark.parametrize("size", [(48, 64), (64, 48), (33, 50), (5, 7), (1, 9)])
@pytest.mark.parametrize("fraction", [1, 2 / 3, 1 / 4])
def test_every_pixel_is_covered(size, fraction):
    tiling = tile(size, fraction, 4)
    covered = np.zeros(size)
    for row in tiling.rows:
        for col in tiling.cols:
            window = covered[row : row + tiling.height, col : col + tiling.width]
            assert window.shape == (tiling.height, tiling.width)
            window += 1
    assert covered.min() >= 1


def test_tiles_are_cut_row_by_row():
    picture = torch.arange(24, dtype=torch.uint8).view(1, 4, 6).expand(3, 4, 6)
    tiling = Tiling(2, 3, rows=(0, 2), cols=(0, 3))
    tiles = tiling.cut(picture, slice(1, 4))
    assert tiles[:, 0].flatten(1).tolist() == [
        [3, 4, 5, 9, 10, 11],
        [12, 13, 14, 18, 19, 20],
        [15, 16, 17, 21, 22, 23],
    ]


def test_every_other_tile_is_as_on_a_chessboard():
    board = Tiling(2, 2, rows=(0, 2), cols=(0, 2, 4, 6))
    assert board.every_other(slice(1, 7)).tolist() == [True, False, True, True, False, True]


@pytest.mark.parametrize("tiling", [tile((20, 31), 1 / 2, 4), tile((20, 31), 1 / 2, 4, False)])
def test_merging_equals_enlarging_each_tile_and_averaging(tiling):
    maps = torch.rand(len(tiling), 2, 3, 3)
    total, count = torch.zeros(2, 20, 31), torch.zeros(20, 31)
    corners = [(row, col) for row in tiling.rows for col in tiling.cols]
    for (row, col), single in zip(corners, maps, strict=True):
        enlarged = F.interpolate(single[None], (tiling.height, tiling.width), mode="bilinear")
        total[:, row : row + tiling.height, col : col + tiling.width] += enlarged[0]
        count[row : row + tiling.height, col : col + tiling.width] += 1
    expected = total / count.clamp(min=1)
    torch.testing.assert_close(tiling.merge(maps, (20, 31)), expected)
    assert (expected[:, :, -1] == 0).all() == (tiling.cols[-1] + tiling.width < 31)
    every = tiling.merge(maps, (20, 31), every=4)
    # Five cells of 4 px; eight of 31/8 px, whose middles lie in these pixels.
    columns = [1, 5, 9, 13, 17, 21, 25, 29]
    torch.testing.assert_close(every, expected[:, 2::4][:, :, columns])


@pytest.mark.parametrize("size", [(360, 640), (240, 424), (1080, 1920), (480, 848), (5, 7)])
def test_cells_cover_pictures_of_any_size_evenly(size):
    """A ramp along each axis: the cell in the middle of a stretch has its mean."""
    height, width = size
    for axis, length in enumerate(size):
        ramp = torch.linspace(0, 1, length)
        grid = ramp[:, None].expand(height, width) if axis == 0 else ramp.expand(height, width)
        merged = Tiling(height, width, (0,), (0,)).merge(grid[None, None], size, every=16)[0]
        values = merged[:, 0] if axis == 0 else merged[0]
        cells = len(values)
        assert cells == max(1, round(length / 16))
        middles = (torch.arange(cells) + 0.5) / cells * length - 0.5
        assert (values * (length - 1) - middles).abs().max() < 0.51


def test_a_whole_picture_is_one_tile():
    picture = torch.randint(255, (3, 6, 9), dtype=torch.uint8)
    assert whole((6, 9)).cut(picture, slice(0, 1)).equal(picture[None])


def test_resizing_is_that_of_clips_preprocessing():
    """PIL's antialiased bicubic, to one step of its 8 bits; then mean and deviation."""
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 256, (90, 90, 3), np.uint8)
    tiles = torch.from_numpy(pixels).permute(2, 0, 1)[None]
    found = resized(tiles, 32, (0.5, 0.4, 0.3), (0.2, 0.3, 0.4))
    wanted = np.asarray(Image.fromarray(pixels).resize((32, 32), Image.Resampling.BICUBIC)) / 255
    wanted = (wanted - [0.5, 0.4, 0.3]) / [0.2, 0.3, 0.4]
    assert np.abs(found[0].permute(1, 2, 0).numpy() - wanted).max() < 1.01 / 255 / 0.2
    unchanged = resized(tiles[..., :32, :32], 32, (0, 0, 0), (1, 1, 1))
    torch.testing.assert_close(unchanged, tiles[..., :32, :32] / 255)
