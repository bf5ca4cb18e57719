"""What a picture's crops tell of a place and a size, against plain interpolation in numpy."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from numpy import ndarray

from nesf_ros.errors import VisionError
from nesf_ros.semantics.lerf.supervision import CropPyramid, Crops, crop_pyramid
from nesf_ros.vision.crops import boxes_of, pyramid
from nesf_ros.vision.tiles import Tiling
from tests.semantics.test_language import ColorModel

DIM = 5
SIZE = (37, 53)
"""Of which no crop's side is a part: the last row and column are nearer to their neighbours."""
PIXELS = st.tuples(st.floats(-9, 62), st.floats(-9, 46))


def of_levels(levels: tuple[Tiling, ...], seed: int = 0) -> CropPyramid:
    """Embeddings by chance."""
    random = torch.Generator().manual_seed(seed)
    count = sum(map(len, levels))
    return CropPyramid(levels, F.normalize(torch.randn(count, DIM, generator=random), dim=1))


UNEVEN = of_levels(pyramid(SIZE, (0.2, 0.4, 0.7)))
ONE_LEVEL = of_levels(pyramid(SIZE, (0.35,)))
ONE_COLUMN = of_levels((Tiling(10, 40, (0, 5, 27), (7,)), Tiling(20, 40, (0, 17), (0, 13))))
WHOLE = of_levels(pyramid(SIZE, limit=1))


def brute(crops: CropPyramid, pixel: tuple[float, float], side: float) -> ndarray:
    """By the definition: the places and sizes that enclose what is asked for, one after another."""
    parts, first = [], 0
    for tiling in crops.levels:
        table = crops.embeddings[first : first + len(tiling)].double().numpy()
        table = table.reshape(len(tiling.rows), len(tiling.cols), -1)
        first += len(tiling)
        x = [left + (tiling.width - 1) / 2 for left in tiling.cols]
        y = [top + (tiling.height - 1) / 2 for top in tiling.rows]
        by_row = [[np.interp(pixel[0], x, row[:, k]) for k in range(DIM)] for row in table]
        parts.append([np.interp(pixel[1], y, np.array(by_row)[:, k]) for k in range(DIM)])
    sides = [tiling.height for tiling in crops.levels]
    return np.array([np.interp(side, sides, np.array(parts)[:, k]) for k in range(DIM)])


@pytest.mark.parametrize("crops", [UNEVEN, ONE_LEVEL, ONE_COLUMN, WHOLE])
@given(asked=st.lists(st.tuples(PIXELS, st.floats(0.5, 60)), min_size=1, max_size=8))
def test_places_and_sizes_between_crops(crops, asked):
    pixels = torch.tensor([pixel for pixel, _ in asked])
    found = crops.at(pixels, torch.tensor([side for _, side in asked]))
    expected = np.stack([brute(crops, pixel, side) for pixel, side in asked])
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("crops", [UNEVEN, ONE_LEVEL, ONE_COLUMN, WHOLE])
def test_a_crop_is_what_there_is_at_its_middle(crops):
    boxes = torch.from_numpy(boxes_of(crops.levels)).float()
    middles = (boxes[:, :2] + boxes[:, 2:] - 1) / 2
    found = crops.at(middles, boxes[:, 3] - boxes[:, 1])
    torch.testing.assert_close(found, crops.embeddings, atol=1e-6, rtol=0)


def test_beyond_the_outermost_crops_these_count():
    corner = UNEVEN.at(torch.tensor([[-50.0, -50.0], [500.0, 500.0]]), torch.tensor([1.0, 900.0]))
    torch.testing.assert_close(corner, UNEVEN.embeddings[[0, -1]])


def test_half_way_between_two_crops_by_hand():
    crops = CropPyramid((Tiling(4, 4, (0,), (0, 2)),), torch.eye(DIM)[:2])
    # Middles at 1.5 and 3.5: a place at 2 is a quarter of the way.
    found = crops.at(torch.tensor([[2.0, 0.0]]), torch.tensor([4.0]))
    assert found[0].tolist() == [0.75, 0.25, 0.0, 0.0, 0.0]
    # What disagrees is shorter than what agrees.
    assert crops.at(torch.tensor([[2.5, 0.0]]), torch.tensor([4.0])).norm() == pytest.approx(
        0.5**0.5
    )


def test_nothing_asked_nothing_answered():
    assert UNEVEN.at(torch.zeros(0, 2), torch.zeros(0)).shape == (0, DIM)


@pytest.fixture
def halves() -> ndarray:
    """Red on the left, blue on the right."""
    image = np.zeros((48, 64, 3), np.uint8)
    image[:, :32, 0], image[:, 32:, 2] = 255, 255
    return image


def test_crops_of_a_picture_are_looked_at_smallest_first(halves):
    crops = crop_pyramid(ColorModel(), halves, Crops((0.5, 0.25)))
    assert crops.sides_px.tolist() == [12.0, 24.0]
    assert len(crops.embeddings) == sum(map(len, crops.levels)) == len(boxes_of(crops.levels))
    found = crops.at(torch.tensor([[5.0, 24.0], [60.0, 24.0]]), torch.tensor([12.0, 12.0]))
    assert found[0, 0] > 0.9 > 0.1 > found[0, 2]
    assert found[1, 2] > 0.9 > 0.1 > found[1, 0]
    # At the edge between the two a crop of any size is half of each.
    edge = crops.at(torch.tensor([[31.5, 24.0]]), torch.tensor([17.0]))[0]
    assert edge[0] == pytest.approx(float(edge[2]), abs=0.02)


def test_crops_of_a_few_pixels_are_left_out(halves):
    def sides(**how):
        crops = crop_pyramid(ColorModel(), halves, Crops((0.125, 0.25, 0.5), **how))
        return crops.sides_px.tolist()

    assert sides() == [6.0, 12.0, 24.0]
    assert sides(least_px=12) == [12.0, 24.0]
    assert sides(least_px=13) == [24.0]
    assert sides(least_px=100) == [24.0]  # the largest, sooner than none
    # 3 × 5 of the largest, half overlapping, and 4 × 6 of the next, edge to edge.
    assert sides(limit=39) == [12.0, 24.0]
    assert sides(limit=38) == [24.0]
    assert sides(limit=1) == [48.0]


def test_numbers_that_are_not_finite_are_no_lesson(halves):
    class Broken(ColorModel):
        tower = SimpleNamespace(
            dim=4,
            look=lambda images: SimpleNamespace(
                embedding=lambda: images.new_full((len(images), 4), torch.nan)
            ),
        )

    with pytest.raises(VisionError, match="not finite"):
        crop_pyramid(Broken(), halves, Crops((0.5,)))
