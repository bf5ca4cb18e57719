"""Light that is drawn: as bright as it is said to be, and apart where splits need it."""

import numpy as np
import pytest

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.colorimetry import LUMA, displayed, linear, tint
from nesf_ros.synthetic.lighting import (
    NOVEL,
    SKIES,
    TEMPERATURE_K,
    TRAINING,
    Lighting,
    reach,
)
from nesf_ros.types import Box

ROOM = Box((-2.0, -3.0, 0.0), (2.0, 3.0, 2.5))
SEEDS = range(60)


def drawn(novel=False, **about):
    return [Lighting.drawn(seed, ROOM, novel=novel, **about) for seed in SEEDS]


def key(lighting):
    """Brightness that all lamps add in the middle of the room."""
    middle = np.array([0.0, 0.0, 1.25])
    return sum(
        lamp.strength * reach(np.linalg.norm(middle - lamp.position)) for lamp in lighting.lamps
    )


def saturation(lighting):
    return max(1 - min(lamp.color) / max(lamp.color) for lamp in lighting.lamps)


def height(lighting):
    return min(lamp.position[2] for lamp in lighting.lamps) / 2.5


def test_training_light_keeps_to_its_ranges():
    lights = drawn()
    assert {len(lighting.lamps) for lighting in lights} == {1, 2, 3, 4}
    for lighting in lights:
        assert TRAINING.ambient[0] <= lighting.ambient <= TRAINING.ambient[1]
        assert TRAINING.key[0] <= key(lighting) <= TRAINING.key[1]
        for lamp in lighting.lamps:
            x, y, z = lamp.position
            assert abs(x) <= 1.6 and abs(y) <= 2.4 and 0.85 <= z / 2.5 <= 0.97
            assert lamp.color[0] / lamp.color[2] <= tint(2700)[0] / tint(2700)[2] + 1e-6
            assert lamp.color[0] / lamp.color[2] >= tint(6500)[0] / tint(6500)[2] - 1e-6
        assert (lighting.zenith, lighting.horizon) in SKIES
    assert len({lighting.lamps for lighting in lights}) == len(lights)


def test_novel_light_is_never_drawn_in_training():
    apart = {
        name: [
            field
            for field in ("height", "ambient", "key")
            if getattr(kind, field)[1] < getattr(TRAINING, field)[0]
        ]
        for name, kind in NOVEL.items()
    }
    assert apart == {"coloured": [], "low key": ["ambient"], "side": ["height", "ambient"]}
    # Hues of lamps: the warmest of training is paler than the palest of the coloured ones.
    warmest = 1 - min(tint(TEMPERATURE_K[0])) / max(tint(TEMPERATURE_K[0]))
    assert warmest < NOVEL["coloured"].saturation[0]
    assert max(map(saturation, drawn())) <= warmest + 1e-6
    kinds = set()
    for lighting in drawn(novel=True):
        coloured = saturation(lighting) >= NOVEL["coloured"].saturation[0] - 1e-6
        low = lighting.ambient <= NOVEL["low key"].ambient[1]
        side = height(lighting) <= NOVEL["side"].height[1]
        assert coloured + low + side == 1
        kinds.add((coloured, low, side))
    assert len(kinds) == 3


def test_daylight_comes_from_beyond_the_window():
    window = Box((2.0, -0.5, 0.9), (2.2, 0.5, 2.1))
    for lighting in drawn(windows=[window]):
        *_, sun = lighting.lamps
        assert sun.position == pytest.approx((2.7, 0.0, 1.9))
        # Never as warm as a bulb.
        assert sun.color[0] / sun.color[2] < tint(5000)[0] / tint(5000)[2]
    north = Box((-0.5, 3.0, 1.0), (0.5, 3.2, 2.0))
    assert Lighting.drawn(0, ROOM, [north]).lamps[-1].position == pytest.approx((0.0, 3.7, 1.9))
    south = Box((-0.5, -3.2, 1.0), (0.5, -3.0, 2.0))
    assert Lighting.drawn(0, ROOM, [south]).lamps[-1].position == pytest.approx((0.0, -3.7, 1.9))


def test_lamps_hang_where_they_are_told():
    at = [(0.3, 0.4, 2.0), (-1.0, 0.0, 1.5)]
    lighting = Lighting.drawn(3, ROOM, lamps_at=at)
    assert [lamp.position for lamp in lighting.lamps] == at
    assert lighting == Lighting.drawn(3, ROOM, lamps_at=at)
    assert lighting != Lighting.drawn(4, ROOM, lamps_at=at)


def test_colour_temperatures():
    assert tint(4500) == pytest.approx((1, 1, 1), abs=1e-6)
    for kelvin in (2000, 2700, 3999, 4001, 6500, 12000):
        assert np.array(tint(kelvin)) @ LUMA == pytest.approx(1, abs=1e-6)
    reds = [tint(kelvin)[0] - tint(kelvin)[2] for kelvin in (2000, 2700, 3500, 5500, 7500)]
    assert (np.diff(reds) < 0).all() and reds[1] > 0.2 and reds[-1] < -0.08
    # The pieces of the spline meet.
    for border in (2222, 4000):
        assert tint(border - 0.5) == pytest.approx(tint(border + 0.5), abs=2e-3)
    with pytest.raises(ConfigError, match="1667 to 25000 K"):
        tint(1000)


def test_tints_agree_with_published_colours_of_black_bodies():
    # Published display values of 6500 and 2700 K against those of 4500 K, (255, 219, 186).
    for kelvin, color in ((6500, (255, 249, 253)), (2700, (255, 169, 87))):
        seen = np.sqrt(np.array(color) / [255, 219, 186])
        assert tint(kelvin) == pytest.approx(seen / (seen @ LUMA), abs=0.04)


def test_display_values_by_hand():
    values = np.array([0.0, 0.04, 0.5, 1.0], np.float32)
    assert linear(values) == pytest.approx([0, 0.04 / 12.92, 0.21404, 1], abs=1e-5)
    assert displayed(linear(values)) == pytest.approx(values, abs=1e-5)
