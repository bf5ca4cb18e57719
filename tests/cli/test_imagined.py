"""Pictures of voxels that no camera has seen."""

import numpy as np
import pytest

from nesf_ros.cli.found import SIZE_PX
from nesf_ros.cli.imagined import (
    ARROW,
    COVERED,
    OPEN,
    SEEN,
    UNSEEN,
    Imagined,
    Place,
    heated,
    picture_of,
    shaded,
)
from nesf_ros.cli.pictures import BACKGROUND
from nesf_ros.types import FREE, OCCUPIED, UNOBSERVED, View

BLUE = (0, 0, 250)


def rendered(depth_m):
    """A map whose every pixel is `depth_m` away (0: nothing), and black."""

    def render(camera, pose, max_range_m, region, wanted):
        size = camera.height, camera.width
        depth = np.full(size, depth_m, np.float32)
        return View(np.zeros((*size, 3), np.uint8), depth, np.zeros((*size, 3), np.float32))

    return render


def voxel(*places):
    """One voxel of 10 cm."""
    return Imagined(np.array([[1.0, 2.0, 0.5]]), np.array([BLUE], np.uint8), 0.1, places)


def middle(picture):
    return picture[SIZE_PX[1] // 2, SIZE_PX[0] // 2].astype(float)


def test_a_voxel_before_nothing_is_drawn_in_the_middle():
    picture = picture_of(rendered(0.0), voxel(), "")
    expected = OPEN * np.array(BLUE) + (1 - OPEN) * np.array(BACKGROUND)
    assert middle(picture) == pytest.approx(expected, abs=2)
    changed = (picture != BACKGROUND).any(2)
    assert 100 < changed.sum() < 0.05 * changed.size  # a small square, and nothing else


def test_a_voxel_behind_a_surface_is_faint():
    picture = picture_of(rendered(0.2), voxel(), "")
    surface = 0.4 * np.array(BACKGROUND)
    expected = COVERED * np.array(BLUE) + (1 - COVERED) * surface
    assert middle(picture) == pytest.approx(expected, abs=3)


def test_places_have_numbers_and_arrows_where_cameras_look():
    pose = np.eye(4)
    pose[:3, 3] = 1.0, 2.0, 0.3
    middle_m = np.array([1.0, 2.0, 0.5])
    bare, numbered, looked_at = (
        picture_of(rendered(0.0), voxel(*places), "")
        for places in ((), (Place(middle_m, None),), (Place(middle_m, pose),))
    )
    changed = (numbered != bare).any(2)
    rows, columns = changed.nonzero()
    assert 0 < changed.sum() < 2000  # beside the middle
    assert abs(rows.mean() - SIZE_PX[1] / 2) < 40 and abs(columns.mean() - SIZE_PX[0] / 2) < 40
    has_arrow = [(picture == ARROW).all(2).any() for picture in (bare, numbered, looked_at)]
    assert has_arrow == [False, False, True]


def test_the_caption_is_written():
    plain, told = (picture_of(rendered(0.0), voxel(), text) for text in ("", "keys"))
    assert (plain != told)[:50].any() and (plain == told)[60:].all()


def test_colors_tell_what_was_observed():
    states = np.array([UNOBSERVED, FREE, OCCUPIED], np.uint8)
    assert shaded(states).tolist() == [list(UNSEEN), list(SEEN), list(SEEN)]


def test_colors_tell_how_probable():
    yellow, orange, red = heated(np.array([0.0, 0.5, 1.0], np.float32)).astype(int)
    assert yellow.tolist() == [255, 255, 0] and red.tolist() == [255, 0, 0]
    assert yellow[1] > orange[1] > red[1]


def test_the_box_reaches_around_the_voxels():
    box = voxel().box
    assert box.lower == pytest.approx((0.4, 1.4, -0.1))
    assert box.upper == pytest.approx((1.6, 2.6, 1.1))
