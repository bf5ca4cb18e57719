"""Pieces of probable space, and what is told of them."""

import numpy as np
import pytest

from nesf_ros.semantics.completion.lattice import Grid
from nesf_ros.semantics.completion.results import SIZES, HiddenRegion, Pieces
from nesf_ros.types import FREE, OCCUPIED, UNOBSERVED

GRID = Grid((1.0, 2.0, -0.5), 0.05, (6, 3, 4))


def probable(grid=GRID):
    """A bar of three voxels along x, four beyond a gap, and one that is alone."""
    out = np.zeros(grid.shape, np.float32)
    out[0:2, 0, 0], out[2, 0, 0] = 0.9, 0.6
    out[4:6, 1:3, 0] = 0.7
    out[0, 0, 3] = 0.99
    return out


def test_pieces_are_told_best_first_where_they_are():
    first, second = Pieces().of("cup", GRID, probable(), 0.5)
    assert (first.score, second.score) == (pytest.approx(0.8), pytest.approx(0.7))
    assert first.box.lower == pytest.approx((1.0, 2.0, -0.5))
    assert first.box.upper == pytest.approx((1.15, 2.05, -0.45))
    assert second.box.lower == pytest.approx((1.2, 2.05, -0.5))
    # Voxels are counted from the origin of the map: 1 m is voxel 20, 2 m is 40, −0.5 m is −10.
    assert first.voxels.tolist() == [[20, 40, -10], [21, 40, -10], [22, 40, -10]]


def test_what_is_less_probable_than_the_threshold_is_no_part():
    (first,) = Pieces().of("cup", GRID, probable(), 0.65)
    assert len(first.voxels) == 4  # of the bar two are left, which are noise


@pytest.mark.parametrize(("voxel_m", "told"), [(0.02, 2), (0.05, 2), (0.08, 3), (0.25, 3)])
def test_a_voxel_alone_is_noise_unless_it_is_large(voxel_m, told):
    grid = Grid((0.0, 0.0, 0.0), voxel_m, GRID.shape)
    assert len(Pieces().of("cup", grid, probable(), 0.5)) == told


def test_a_thing_is_known_again_in_its_voxels_through_any_grid():
    pieces = Pieces()
    ids = [piece.id for piece in pieces.of("cup", GRID, probable(), 0.5)]
    assert [piece.id for piece in pieces.of("cup", GRID, probable(), 0.5)] == ids
    assert not {piece.id for piece in pieces.of("jug", GRID, probable(), 0.5)} & {*ids}
    beyond = Grid((1.2, 2.0, -0.5), 0.05, (2, 3, 4))  # begins at the second thing
    (second,) = pieces.of("cup", beyond, probable()[4:], 0.5)
    assert second.id == ids[1]
    # The first lies outside of that grid, and was not forgotten.
    assert [piece.id for piece in pieces.of("cup", GRID, probable(), 0.5)] == ids


def test_few_sizes_of_voxels_are_remembered():
    pieces = Pieces()
    (one, _) = pieces.of("cup", GRID, probable(), 0.5)
    for number in range(SIZES):
        grid = Grid((0.0, 0.0, 0.0), 0.1 + 0.01 * number, GRID.shape)
        pieces.of("cup", grid, probable(), 0.5)
    assert len(pieces._finders) == SIZES
    assert GRID.voxel_m not in pieces._finders


def test_a_region_is_told_by_its_voxels():
    state = np.full(GRID.shape, OCCUPIED, np.uint8)
    state[0, 0, 0], state[1, 0, 0] = UNOBSERVED, FREE
    first, _ = Pieces().of("cup", GRID, probable(), 0.5)
    region = HiddenRegion.of(first, GRID, probable(), state)
    assert region.lower_m == pytest.approx((1.0, 2.0, -0.5))
    assert region.upper_m == pytest.approx((1.15, 2.05, -0.45))
    # Middles at 1.025, 1.075 and 1.125 m, weighed by 0.9, 0.9 and 0.6.
    x = (0.9 * 1.025 + 0.9 * 1.075 + 0.6 * 1.125) / 2.4
    assert region.centroid_m == pytest.approx((x, 2.025, -0.475))
    assert region.volume_m3 == pytest.approx(3 * 0.05**3)
    assert region.unobserved == pytest.approx(1 / 3)
    assert (region.score, region.viewpoint) == (pytest.approx(0.8), None)


ROOM = Grid((0.0, 0.0, 0.0), 0.1, (10, 10, 10))


def ids_of(pieces, grid, *corners):
    """Of the things in a grid that has one of 2³ voxels from each voxel (k, k, k) on."""
    probability = np.zeros(grid.shape, np.float32)
    for k in corners:
        probability[k : k + 2, k : k + 2, k : k + 2] = 0.9 - 0.01 * k
    return [thing.id for thing in pieces.of("sofa", grid, probability, 0.5)]


def test_a_thing_keeps_its_id_until_it_has_gone():
    pieces = Pieces()
    found = [ids_of(pieces, ROOM, *corners) for corners in ((1,), (1, 6), (6,), (1, 6))]
    assert found == [[1], [1, 2], [2], [3, 2]]  # at last, another thing where the first one was


def test_an_id_is_of_one_thing_whatever_the_size_of_voxels():
    pieces, coarse = Pieces(), Grid((0.0, 0.0, 0.0), 0.2, (5, 5, 5))
    assert [ids_of(pieces, grid, 1) for grid in (ROOM, coarse, ROOM)] == [[1], [2], [1]]
