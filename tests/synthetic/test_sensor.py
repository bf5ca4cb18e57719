"""The depth camera's errors: their size, and what they never do."""

import numpy as np
import pytest

from nesf_ros.synthetic.sensor import SensorNoise, incidence_cosine, patches
from nesf_ros.types import Intrinsics

CAMERA = Intrinsics(200, 150, 160.0, 160.0, 99.5, 74.5)


def flat(depth_m):
    return np.full((CAMERA.height, CAMERA.width), depth_m, np.float32)


def test_quantisation_by_hand():
    noise = SensorNoise(disparity_sigma_px=0.0, focal_px=500.0, baseline_m=0.1)
    rng = np.random.default_rng(0)
    # 50 / 2.02 = 24.752 px, the nearest eighth is 24.75; 50 / 3.01 = 16.611, nearest 16.625.
    assert noise.depth(flat(2.02), CAMERA, rng)[70, 100] == pytest.approx(50 / 24.75)
    assert noise.depth(flat(3.01), CAMERA, rng)[70, 100] == pytest.approx(50 / 16.625)


@pytest.mark.parametrize("depth_m", [1.0, 2.0, 4.0])
def test_error_grows_with_depth_squared(depth_m):
    noise = SensorNoise()
    reading = noise.depth(flat(depth_m), CAMERA, np.random.default_rng(0))
    error = reading[reading > 0] - depth_m
    # Gaussian plus uniform quantisation, in pixels of disparity.
    sigma_px = np.hypot(0.1, 0.125 / np.sqrt(12))
    assert error.std() == pytest.approx(depth_m**2 / (580 * 0.075) * sigma_px, rel=0.06)
    assert abs(error.mean()) < 0.1 * error.std() + depth_m**3 * 1e-5


def test_nothing_is_read_out_of_range_or_where_nothing_is():
    noise, rng = SensorNoise(), np.random.default_rng(0)
    for depth_m in (0.0, 0.35, 5.6):
        assert not noise.depth(flat(depth_m), CAMERA, rng).any()
    reading = noise.depth(flat(4.95), CAMERA, rng)
    assert reading.max() <= 5.0 and (reading == 0).any()


def test_edges_lose_half_of_their_pixels():
    depth = flat(1.0)
    depth[:, 100:] = 2.0
    lost = SensorNoise().depth(depth, CAMERA, np.random.default_rng(0)) == 0
    share = lost[1:-1].mean(axis=0)
    assert share[99:101] == pytest.approx(0.5, abs=0.1)
    assert not share[:98].any() and not share[102:].any()


def test_incidence_by_hand():
    assert incidence_cosine(flat(2.0), CAMERA)[74, 99] == pytest.approx(1, abs=1e-4)
    # A wall at x = 1 m, seen along z: at u, depth is 160 / (u - 99.5), the ray meets it at an
    # angle whose cosine is x / |(x, y, z)|.
    u = np.arange(200) - 99.5
    depth = np.where(u > 20, 160.0 / np.maximum(u, 1), 0.0).astype(np.float32)
    depth = np.tile(depth, (150, 1))
    cosine = incidence_cosine(depth, CAMERA)
    for column in (130, 180):
        z, y = depth[74, column], -0.5 / 160 * depth[74, column]
        assert cosine[74, column] == pytest.approx(1 / np.sqrt(1 + y**2 + z**2), rel=0.01)


def test_grazing_surfaces_are_not_read():
    v = np.arange(150) - 74.5
    floor = np.where(v > 3, 0.4 * 160.0 / np.maximum(v, 1), 0.0).astype(np.float32)
    depth = np.tile(floor[:, None], (1, 200))
    noise = SensorNoise(range_m=(0.0, 100.0), edge_dropout=0.0)
    reading = noise.depth(depth, CAMERA, np.random.default_rng(0))
    cosine = incidence_cosine(depth, CAMERA)
    assert not reading[(cosine < 0.08) & (depth > 0)].any()
    assert (reading[cosine > 0.25] > 0)[depth[cosine > 0.25] > 0].all()


def test_dull_bright_surfaces_are_read_as_without_knowing():
    plain = SensorNoise().depth(flat(2.0), CAMERA, np.random.default_rng(0))
    known = SensorNoise().depth(
        flat(2.0), CAMERA, np.random.default_rng(0), gloss=flat(0.0), albedo=flat(0.8)
    )
    assert np.array_equal(plain, known)


@pytest.mark.parametrize("albedo, depth_m", [(0.05, 3.0), (0.1, 4.5), (0.02, 1.9)])
def test_dark_surfaces_are_lost_with_distance(albedo, depth_m):
    noise = SensorNoise(disparity_sigma_px=0.0)
    reading = noise.depth(
        flat(depth_m), CAMERA, np.random.default_rng(0), albedo=flat(albedo)
    )[70:80, 60:140]  # fmt: skip
    # Head-on so much comes back; below 0.003 nothing is read, above 0.008 all is.
    share = np.clip((albedo / depth_m**2 - 0.003) / 0.005, 0, 1)
    assert 0.2 < share < 0.6
    assert (reading > 0).mean() == pytest.approx(share, abs=0.05)
    near = noise.depth(flat(1.0), CAMERA, np.random.default_rng(0), albedo=flat(albedo))
    assert (near > 0).all()


def test_glossy_surfaces_dazzle_where_they_face_the_camera():
    noise = SensorNoise(mirrored_share=0.0)
    readings = [
        noise.depth(flat(2.0), CAMERA, np.random.default_rng(seed), gloss=flat(0.3))
        for seed in range(30)
    ]
    # Between 0.1 and 0.5 half is lost; the corners, at a cosine below 0.97, see no glare.
    share = np.mean(np.array(readings) == 0, axis=0)
    assert share[55:95, 70:130].mean() == pytest.approx(0.5, abs=0.05)
    assert not share[1:10, 1:20].any()
    # In patches: a lost pixel's neighbour is mostly lost, too.
    inside = (np.array(readings) == 0)[:, 55:95, 70:130]
    assert (inside[:, :, 1:] == inside[:, :, :-1]).mean() > 0.9


def test_mirrors_show_what_is_farther():
    noise = SensorNoise(glare_gloss=(0.8, 1.0), disparity_sigma_px=0.0)
    readings = np.array([
        noise.depth(flat(2.0), CAMERA, np.random.default_rng(seed), gloss=flat(0.8))
        for seed in range(40)
    ])  # fmt: skip
    assert readings.min() > 1.98 and readings.max() <= 3.02
    # Half of a perfect mirror's readings, times the squared gloss.
    assert (readings > 2.05).mean() == pytest.approx(0.5 * 0.8**2, abs=0.05)


def test_patches_are_evenly_spread():
    values = np.stack([patches((100, 130), np.random.default_rng(i)) for i in range(60)])
    for limit in (0.05, 0.25, 0.5, 0.9):
        assert (values < limit).mean() == pytest.approx(limit, abs=0.025)
    assert np.abs(np.diff(values, axis=2)).mean() < 0.08


def test_colour_noise():
    color = np.full((150, 200, 3), 128, np.uint8)
    noisy = SensorNoise().color(color, np.random.default_rng(0)).astype(float) - 128
    assert noisy.std() == pytest.approx(4, rel=0.03) and abs(noisy.mean()) < 0.1
    bright = SensorNoise(color_sigma=50.0).color(color + 120, np.random.default_rng(0))
    assert bright.max() == 255 and bright.min() > 0
