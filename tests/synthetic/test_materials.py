"""Textures: as their plain twins, blurred as pixels see them, and laid on solids as they should."""

import numpy as np
import pytest
import warp as wp

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.lighting import Lighting
from nesf_ros.synthetic.materials import PATTERNS, Material, Print, plain
from nesf_ros.synthetic.patterns import Spot, mixed, noise_table
from nesf_ros.synthetic.renderers.raycast import RayCaster
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.solids import box, cylinder
from nesf_ros.synthetic.things import Model, Part, Thing, placement
from nesf_ros.types import Box

from . import twins


@wp.kernel
def mix(
    table: wp.array(dtype=float),
    pattern: int,
    places: wp.array(dtype=wp.vec3),
    normals: wp.array(dtype=wp.vec3),
    width: float,
    share: wp.array(dtype=float),
):
    i = wp.tid()
    spot = Spot()
    spot.p = places[i]
    spot.n = normals[i]
    for axis in range(3):
        spot.w[axis] = width * wp.sqrt(wp.max(1.0 - normals[i][axis] * normals[i][axis], 0.0))
    share[i] = mixed(table, pattern, spot)


TABLE = wp.array(noise_table(), device="cpu")


def shares(name, places, normals, width=0.0):
    out = np.empty(len(places), np.float32)
    arrays = [
        wp.array(a.astype(np.float32), dtype=wp.vec3, device="cpu") for a in (places, normals)
    ]
    inputs = [TABLE, PATTERNS.index(name), *arrays, width]
    result = wp.array(out, copy=False, device="cpu")
    wp.launch(mix, len(out), inputs, [result], device="cpu")
    return out


def scattered(count, seed=0):
    rng = np.random.default_rng(seed)
    normals = rng.normal(size=(count, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return rng.uniform(-9, 9, (count, 3)).astype(np.float32), normals.astype(np.float32)


@pytest.mark.parametrize("name", PATTERNS)
def test_patterns_equal_their_twins(name):
    places, normals = scattered(3000)
    expected = twins.PATTERNS[name](places.astype(np.float64), normals)
    error = np.abs(shares(name, places, normals) - expected)
    # Single precision may see a place on the other side of an edge; hardly any lies so near one.
    assert np.quantile(error, 0.99) < 2e-3
    assert expected.std() > 0.1


@pytest.mark.parametrize("name", PATTERNS)
def test_patterns_fade_to_their_mean_as_pixels_grow(name):
    # On level faces, or, as bands are level, on upright ones.
    axis = 0 if name == "bands" else 2
    places, _ = scattered(6000, 1)
    normals = np.tile(np.eye(3)[axis], (len(places), 1))
    seen = [shares(name, places, normals, width) for width in (0.0, 0.1, 0.3, 1.0, 4.0)]
    spread = [values.std() for values in seen]
    assert all(later <= earlier + 0.01 for earlier, later in zip(spread, spread[1:], strict=False))
    assert spread[-1] < 0.03
    for values in seen:
        assert values.mean() == pytest.approx(seen[0].mean(), abs=0.04)


@pytest.mark.parametrize("name", ["checker", "stripes", "bands", "dots", "zigzag", "tartan"])
@pytest.mark.parametrize("width", [0.1, 0.3])
def test_edges_are_as_soft_as_the_pixel_is_wide(name, width):
    places, _ = scattered(400, 2)
    normals = np.tile([0.0, 1.0, 0.0], (len(places), 1))
    rng = np.random.default_rng(3)
    within = rng.uniform(-0.5, 0.5, (300, 1, 3)) * width * [1, 0, 1]
    samples = [twins.PATTERNS[name](places + shift, normals) for shift in within]
    error = np.abs(shares(name, places, normals, width) - np.mean(samples, axis=0))
    # Nearest colours would be half wrong wherever an edge runs through the pixel.
    assert error.mean() < 0.03 + 0.1 * width


def test_noise_is_smooth_and_within_bounds():
    line = np.zeros((2001, 3), np.float32)
    line[:, 0] = np.linspace(-40, 40, 2001)
    values = shares("blotches", line, np.tile([0.0, 0.0, 1.0], (2001, 1)))
    assert values.min() >= 0 and values.max() <= 1
    # Smoothstep has slope 1.5 at most, and a step is 0.04 cells.
    assert np.abs(np.diff(values)).max() <= 1.5 * 0.04 + 1e-3


def caster(*solids):
    parts = (Part("body", tuple(solids)),)
    thing = Thing("thing", "thing", Model(parts, solids[0].material))
    return RayCaster(Scene("test", [thing], Lighting(()), Box((-1, -1, 0), (1, 1, 1))))


def colors_on(solid, points):
    """Base colours where rays from afar meet a solid at points of it, along their normals."""
    points = np.array(points, np.float32)
    renderer = caster(solid)
    out = np.zeros_like(points)
    center = np.mean(solid.bounds, axis=0)
    axis = np.argmax(np.abs(points - center) / np.ptp(solid.bounds, axis=0), axis=1)
    out[np.arange(len(points)), axis] = np.sign(points - center)[np.arange(len(points)), axis]
    hits = renderer.scene.first_hits(np.concatenate([points + out, -out], axis=1))
    assert hits.ray_lengths == pytest.approx(1, abs=0.02)
    return renderer.albedo(hits.triangles, hits.barycentric)


def test_two_colours_are_mixed_in_the_frame_of_the_piece():
    material = Material((0.0, 0.2, 1.0), (1.0, 0.6, 1.0), "checker", 0.1)
    solid = box((0.4, 0.4, 0.4), material, (0.0, 0.0, 1.0))
    # 0.137 squares are added: on top (z = 0.4 above the base, 1 above the ground) by hand.
    points = [(0.05, 0.05, 1.4), (0.15, 0.05, 1.4), (0.15, 0.15, 1.4), (0.05, -0.05, 1.4)]
    odd = [(0 + 0 + 14) % 2, (1 + 0 + 14) % 2, (1 + 1 + 14) % 2, (0 - 1 + 14) % 2]
    expected = [[k, 0.2 + 0.4 * k, 1.0] for k in odd]
    assert colors_on(solid, points) == pytest.approx(np.array(expected), abs=1e-5)
    # The texture goes along when the piece is moved.
    moved = solid.moved(placement(0.31, -0.17))
    there = np.array(points) + [0.31, -0.17, 0.0]
    assert colors_on(moved, there) == pytest.approx(np.array(expected), abs=1e-5)


@pytest.mark.parametrize("name", ["wood", "brushed"])
def test_grain_runs_along_the_piece(name):
    material = Material((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), name, 0.05)
    steps = np.linspace(-0.02, 0.02, 60)
    for size, axis in (((0.05, 0.05, 0.8), 2), ((0.8, 0.05, 0.05), 0), ((0.05, 0.8, 0.05), 1)):
        face = (axis + 1) % 3
        around = ({0, 1, 2} - {axis, face}).pop()
        changes = []
        for direction in (axis, around):
            points = np.zeros((60, 3))
            points[:, 2] = size[2] / 2
            points[:, face] += size[face] / 2
            points[:, direction] += steps
            changes.append(np.abs(np.diff(colors_on(box(size, material), points)[:, 0])).sum())
        assert changes[0] < 0.4 * changes[1]


RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
QUARTERS = np.kron(
    np.array([[RED, GREEN], [BLUE, WHITE]], np.uint8), np.ones((16, 16, 1), np.uint8)
)
"""Read like a page: red, green; blue, white."""


def printed(projection, lower, upper):
    return Material(
        (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), print=Print(QUARTERS, projection, lower, upper)
    )


def test_a_print_on_the_front_reads_from_both_sides():
    solid = box((0.4, 0.1, 0.4), printed("front", (-0.15, 0.05), (0.15, 0.35)))
    # A reader at +y looks towards -y and has -x at the right.
    front = [(0.1, 0.05, 0.3), (-0.1, 0.05, 0.3), (0.1, 0.05, 0.1), (-0.1, 0.05, 0.1)]
    expected = np.array([RED, GREEN, BLUE, WHITE]) / 255
    assert colors_on(solid, front) == pytest.approx(expected, abs=0.01)
    back = [(-x, -y, z) for x, y, z in front]
    assert colors_on(solid, back) == pytest.approx(expected, abs=0.01)
    beside = [(0.17, 0.05, 0.2), (0.1, 0.05, 0.37), (0.2, 0.0, 0.2), (0.0, 0.0, 0.4)]
    assert colors_on(solid, beside) == pytest.approx(0.5)


def test_a_print_on_top_has_its_upper_edge_towards_y():
    solid = box((0.4, 0.4, 0.1), printed("top", (-0.2, -0.2), (0.2, 0.2)))
    top = [(-0.1, 0.1, 0.1), (0.1, 0.1, 0.1), (-0.1, -0.1, 0.1), (0.1, -0.1, 0.1)]
    assert colors_on(solid, top) == pytest.approx(
        np.array([RED, GREEN, BLUE, WHITE]) / 255, abs=0.01
    )


def test_a_print_wraps_around_past_the_half_turn():
    # From 150° to 250°: the middle, 200°, lies behind the seam of atan2.
    solid = cylinder(0.1, 0.4, printed("round", (np.radians(150), 0.1), (np.radians(250), 0.3)))
    renderer = caster(solid)
    angles, heights = np.radians([170, 230, 170, 230, 120, 260]), [0.25, 0.25, 0.15, 0.15, 0.2, 0.2]
    away = np.stack([np.cos(angles), np.sin(angles), np.zeros(6)], axis=1)
    rays = np.concatenate([away + np.array(heights)[:, None] * [0, 0, 1], -away], axis=1)
    hits = renderer.scene.first_hits(rays.astype(np.float32))
    colors = renderer.albedo(hits.triangles, hits.barycentric)
    grey = (127.5, 127.5, 127.5)
    expected = np.array([RED, GREEN, BLUE, WHITE, grey, grey]) / 255
    assert colors == pytest.approx(expected, abs=0.01)


def test_unknown_names_are_told():
    with pytest.raises(ConfigError, match="paisley.*blotches"):
        caster(box((1, 1, 1), Material((0, 0, 0), (1, 1, 1), "paisley")))
    with pytest.raises(ConfigError, match="inside.*front"):
        caster(box((1, 1, 1), printed("inside", (0, 0), (1, 1))))


def test_plain_is_nearly_uniform():
    solid = box((0.4, 0.4, 0.4), plain((0.8, 0.4, 0.2)))
    points = np.random.default_rng(0).uniform(-0.19, 0.19, (200, 3))
    points[:, 2] = 0.4
    ratio = colors_on(solid, points) / [0.8, 0.4, 0.2]
    assert ratio.min() >= 0.9 - 1e-6 and ratio.max() <= 1 + 1e-6 and ratio.std() > 0.005
