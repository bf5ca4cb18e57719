"""The colour camera: each of its faults has the size it is said to have."""

from dataclasses import fields

import numpy as np
import pytest

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.colorimetry import displayed, linear
from nesf_ros.synthetic.photo import NOVEL, TRAINING, WELL_EXPOSED, Photo


def rng():
    return np.random.default_rng(5)


def grey(value, shape=(120, 160)):
    return np.full((*shape, 3), value, np.uint8)


def scene(scale=1.0):
    """A picture with all shades, whose mean is well exposed at scale 1."""
    shades = np.linspace(0, 2 * WELL_EXPOSED, 160) * scale
    return np.round(255 * np.clip(shades, 0, 1)).astype(np.uint8)[None, :, None].repeat(120, 0) * (
        np.ones(3, np.uint8)
    )


def light(image):
    return linear(image.astype(np.float32) / 255)


def test_a_perfect_camera_changes_nothing_that_is_well_exposed():
    assert np.abs(Photo().apply(scene(), rng()).astype(int) - scene()).max() <= 1


@pytest.mark.parametrize("scale", [0.45, 0.7, 1.1])
def test_exposure_is_automatic(scale):
    assert Photo().apply(scene(scale), rng()).mean() / 255 == pytest.approx(WELL_EXPOSED, abs=0.01)


def test_exposure_has_limits():
    # 2.5 stops at most: linear light times 5.66.
    expected = 255 * displayed(light(grey(10)) * 2**2.5)[0, 0, 0]
    assert Photo().apply(grey(10), rng()) == pytest.approx(expected, abs=1)
    expected = 255 * displayed(light(grey(255)) / 4)[0, 0, 0]
    assert Photo().apply(grey(255), rng()) == pytest.approx(expected, abs=1)


def test_stops_double_the_light():
    base, bright = (Photo(exposure_stops=s).apply(scene(), rng()) for s in (0.0, 1.0))
    middle = (base > 30) & (bright < 250)
    assert light(bright)[middle] / light(base)[middle] == pytest.approx(2, rel=0.05)


def test_warmth_shifts_red_against_blue():
    seen = light(Photo(warmth_stops=0.4).apply(scene(), rng()))[60, 80]
    assert seen[0] / seen[2] == pytest.approx(2**0.4, rel=0.03)
    assert seen[1] == pytest.approx(light(scene())[60, 80, 1], rel=0.03)


def test_corners_are_darker():
    even = grey(round(255 * WELL_EXPOSED))
    seen = light(Photo(vignetting=0.4).apply(even, rng()))[..., 1] / light(even)[..., 1]
    assert seen[60, 80] == pytest.approx(1, abs=0.02)
    for corner in (seen[0, 0], seen[0, -1], seen[-1, 0], seen[-1, -1]):
        assert corner == pytest.approx(0.6, abs=0.02)
    assert seen[60, 0] > seen[0, 0]


def spot():
    """Linear light: a bright line of one pixel that no exposure clips, on grey."""
    image = np.full((81, 81, 3), 0.1, np.float32)
    image[40, 40] = 3.0
    return image


def spread(photo, seed):
    """Light, middle and covariance of the picture of a spot."""
    light_ = photo._blurred(spot(), np.random.default_rng(seed))[..., 0] - 0.1
    y, x = np.mgrid[:81, :81] - 40
    total = light_.sum()
    mean = np.array([(light_ * x).sum(), (light_ * y).sum()]) / total
    cross = [[(light_ * a * b).sum() / total for a in (x, y)] for b in (x, y)]
    return total, mean, np.linalg.eigvalsh(np.array(cross))


def test_defocus_spreads_light_evenly():
    total, mean, (least, most) = spread(Photo(defocus_px=1.5), 0)
    assert total == pytest.approx(2.9, rel=1e-3) and mean == pytest.approx([0, 0], abs=1e-3)
    assert (least, most) == (pytest.approx(2.25, rel=0.05), pytest.approx(2.25, rel=0.05))


def test_motion_spreads_light_along_a_line():
    lengths = []
    for seed in range(20):
        total, mean, (least, most) = spread(Photo(motion_px=12.0), seed)
        assert total == pytest.approx(2.9, rel=1e-3) and mean == pytest.approx([0, 0], abs=0.02)
        assert least < 0.35  # of the pixels' own width
        lengths.append(np.sqrt(12 * most))
    # Evenly drawn up to 12 px.
    assert max(lengths) < 13 and min(lengths) < 3 and np.mean(lengths) == pytest.approx(6, abs=2)


@pytest.mark.parametrize("full_well, read_noise", [(1000.0, 0.0), (np.inf, 0.02), (500.0, 0.01)])
def test_noise_by_hand(full_well, read_noise):
    even = grey(round(255 * WELL_EXPOSED), (200, 200))
    noisy = light(Photo(full_well=full_well, read_noise=read_noise).apply(even, rng()))
    level = light(even)[0, 0, 0]
    expected = np.sqrt(level / full_well + read_noise**2)
    assert noisy.std() == pytest.approx(expected, rel=0.04)
    assert noisy.mean() == pytest.approx(level, rel=0.01)


def test_jpeg_loses_a_little():
    picture = rng().integers(60, 170, (120, 160, 3), np.uint8)
    errors = [
        np.abs(Photo(jpeg_quality=q).apply(picture, rng()).astype(int) - picture).mean()
        for q in (95, 40)
    ]
    assert errors[1] > 1.2 * errors[0] > 5
    # Channels stay in their places.
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 200
    assert Photo(jpeg_quality=90).apply(red, rng())[32, 32].argmax() == 0


def test_linear_light_is_taken_as_it_is():
    assert np.array_equal(Photo().apply(light(scene()), rng()), Photo().apply(scene(), rng()))


def test_same_dice_same_picture():
    photo = Photo.drawn(rng())
    assert photo == Photo.drawn(rng()) and photo != Photo.drawn(np.random.default_rng(6))
    first, second = (photo.apply(scene(), rng()) for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, photo.apply(scene(), np.random.default_rng(6)))


def test_novel_cameras_are_worse_than_any_in_training():
    for field in fields(TRAINING):
        usual, novel = getattr(TRAINING, field.name), getattr(NOVEL, field.name)
        assert usual[1] < novel[0] or novel[1] < usual[0], field.name
    for seed in range(20):
        for ranges, novel in ((TRAINING, False), (NOVEL, True)):
            photo = Photo.drawn(np.random.default_rng(seed), novel)
            for field in fields(ranges):
                low, high = getattr(ranges, field.name)
                assert low - 0.5 * (field.name == "jpeg_quality") <= abs(
                    getattr(photo, field.name)
                ) <= high + 0.5 * (field.name == "jpeg_quality")  # fmt: skip


def test_impossible_cameras():
    for wrong in ({"vignetting": 1.0}, {"jpeg_quality": 0}, {"motion_px": -1.0}, {"full_well": 0}):
        with pytest.raises(ConfigError, match=next(iter(wrong))):
            Photo(**wrong)
