import sys

import numpy as np
import pytest

from nesf_ros.errors import ConfigError
from nesf_ros.synthetic.lighting import Lamp, Lighting
from nesf_ros.synthetic.materials import Material, Print
from nesf_ros.synthetic.renderers.mitsuba_scene import displayed, linear
from nesf_ros.synthetic.renderers.pathtrace import PathTracer
from nesf_ros.synthetic.renderers.raycast import RayCaster
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.solids import Solid, ball, box
from nesf_ros.synthetic.things import Model, Part, Thing, placement, turned
from nesf_ros.types import Box, Intrinsics

CAMERA = Intrinsics(60, 44, 55.0, 55.0, 22.3, 25.1)
"""Off centre both ways: neither image axis may be mirrored, nor cx taken for cy."""
FACING_Y = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
BLACK, WHITE, RED = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.9, 0.05, 0.05)
OUTDOORS = Box((-5.0, -5.0, -1.0), (5.0, 5.0, 5.0))
DAYLIGHT = Lighting((), 0.6, BLACK, BLACK)
"""The same light from everywhere, before a black sky."""


def matte(color):
    return Material(color, color)


def thing(name, solid: Solid, x=0.0, y=0.0, z=0.0, yaw_rad=0.0):
    model = Model((Part(name, (solid,)),), solid.material)
    return Thing(name, name, model, placement(x, y, z, yaw_rad))


def looking(x, y, z, yaw_rad=0.0, pitch_rad=0.0):
    """Towards +y, turned left and up."""
    return placement(x, y, z, yaw_rad) @ turned("x", pitch_rad) @ FACING_Y


def printed_box():
    """A box with a picture that has no symmetry."""
    image = np.zeros((4, 6, 3), np.uint8)
    image[0], image[:, 0], image[3, 5] = (250, 60, 60), (60, 250, 60), (60, 60, 250)
    material = Material(
        (0.5,) * 3, (0.5,) * 3, print=Print(image, "front", (-0.5, 0.1), (0.5, 0.9))
    )
    return thing("box", box((1.2, 0.3, 1.0), material), yaw_rad=np.pi - 0.2)


@pytest.fixture(scope="module", autouse=True)
def mitsuba():
    return pytest.importorskip("mitsuba", reason="of the extra 'pathtrace', not installed")


@pytest.fixture(scope="module")
def table():
    """A small scene: floor, a printed box, a ball, a shiny slab, two lamps."""
    wood = Material((0.6, 0.4, 0.25), (0.4, 0.25, 0.15), "wood", 0.2, "wood", gloss=0.1)
    things = [
        thing("floor", box((3.0, 2.4, 0.1), wood), z=-0.1),
        printed_box(),
        thing("ball", ball(0.3, matte((0.2, 0.3, 0.8))), x=0.9, y=-0.3),
        thing("slab", box((0.5, 0.5, 0.2), Material(RED, RED, kind="plastic", gloss=0.3)), x=-0.9),
    ]
    lamps = (Lamp((1.5, -2.0, 2.5), 0.5), Lamp((-2.0, -1.0, 2.0), 0.25))
    return Scene("table", things, Lighting(lamps), OUTDOORS)


def test_srgb_and_light():
    values = np.array([0.0, 0.04, 0.5, 1.0], np.float32)
    # 0.04 / 12.92 and ((0.5 + 0.055) / 1.055)^2.4
    np.testing.assert_allclose(linear(values), [0.0, 0.0030960, 0.2140411, 1.0], rtol=1e-5)
    np.testing.assert_allclose(displayed(linear(values)), values, atol=1e-6)
    assert displayed(np.array([3.0], np.float32)) == pytest.approx(1.0, abs=1e-6)


def test_outlines_are_where_the_masks_are():
    cube = thing("cube", box((1.0, 0.6, 0.8), matte(WHITE)), yaw_rad=0.5)
    scene = Scene("cube", [cube], DAYLIGHT, OUTDOORS)
    pose = looking(0.3, -2.6, 1.0, 0.25, -0.2)
    # How much of each pixel the cube covers, from the masks of pixels a fifth as wide.
    fine = RayCaster(scene).render(CAMERA.scaled(5), pose).instances == 0
    cover = fine.reshape(CAMERA.height, 5, CAMERA.width, 5).mean((1, 3))
    color = PathTracer(scene, samples=64).render(CAMERA, pose).color
    light = linear(color[..., 0] / np.float32(255))
    traced = light / np.median(light[cover == 1])  # a convex thing meets the same light all over
    outline = (cover > 0) & (cover < 1)
    assert 60 < outline.sum() < 300
    assert np.abs(traced - cover)[~outline].max() < 0.15
    # Half a pixel off, the mean error is 0.28 and more.
    assert np.abs(traced - cover)[outline].mean() < 0.08


def test_pictures_lie_on_things_as_the_ray_caster_shows_them():
    scene = Scene("box", [printed_box()], DAYLIGHT, OUTDOORS)
    pose = looking(0.1, -2.2, 0.7, 0.1)
    traced = PathTracer(scene, samples=16).render(CAMERA, pose).color
    cast = RayCaster(scene).render(CAMERA, pose)
    seen = cast.instances == 0
    for channel in range(3):
        got, want = traced[seen, channel], cast.color[seen, channel]
        assert np.corrcoef(got, want)[0, 1] > 0.93


def test_labels_and_depth_are_exact_and_brightness_like_the_ray_casters(table):
    pose = looking(0.2, -3.0, 1.2, 0.05, -0.3)
    traced = PathTracer(table, samples=32).render(CAMERA, pose)
    cast = RayCaster(table).render(CAMERA, pose)
    for got, want in zip(traced[1:], cast[1:], strict=True):
        np.testing.assert_array_equal(got, want)
    got, want = (image.color.mean(2) for image in (traced, cast))
    assert got.mean() == pytest.approx(want.mean(), rel=0.2)
    assert np.corrcoef(got.ravel(), want.ravel())[0, 1] > 0.85


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others(table):
    pose = looking(0.0, -3.0, 1.0)
    first, again, other = (
        PathTracer(table, samples=4, seed=seed).render(CAMERA, pose).color for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.1


def test_a_mirror_shows_what_stands_before_it():
    mirror = thing("mirror", box((2.0, 0.1, 2.0), Material(WHITE, WHITE, gloss=1.0)), y=1.0)
    wall = thing("wall", box((8.0, 0.1, 8.0), matte(RED)), y=-3.0, z=-3.0)
    scene = Scene("mirror", [mirror, wall], DAYLIGHT, OUTDOORS)
    pose = looking(0.0, -1.0, 1.0)
    seen = RayCaster(scene).render(CAMERA, pose).instances == 0
    red, green, _ = PathTracer(scene, samples=16).render(CAMERA, pose).color[seen].mean(0)
    assert red > 3 * green


def test_shadows_of_lamps_are_soft_and_where_they_belong():
    post = thing("post", box((0.2, 0.2, 1.0), matte(WHITE)))
    floor = thing("floor", box((8.0, 8.0, 0.1), matte(WHITE)), z=-0.1)
    lamp = Lamp((-2.0, 0.0, 2.0), 0.6)
    scene = Scene("post", [post, floor], Lighting((lamp,), 0.2, BLACK, BLACK), OUTDOORS)
    # From high above: the post's top, 1 m up, throws its shadow to x = 2 (lamp, top and end of
    # shadow lie on a line that falls 1 m in 2 m); 100 px per 4 m.
    above = placement(0, 0, 40.0) @ turned("x", -np.pi / 2) @ FACING_Y
    camera = Intrinsics(121, 41, 1000.0, 1000.0, 60.0, 20.0)
    light = PathTracer(scene, samples=64).render(camera, above).color[..., 0].astype(float)
    behind, beside = light[18:23, 85], light[2:7, 85]  # x = 1
    assert behind.mean() < 0.75 * beside.mean()
    before = light[18:23, 35]  # x = −1, towards the lamp
    assert before.mean() > beside.mean()


def test_without_mitsuba_the_error_says_what_to_install(monkeypatch, table):
    monkeypatch.setitem(sys.modules, "mitsuba", None)
    with pytest.raises(ConfigError, match=r"pip install nesf_ros\[pathtrace\]"):
        PathTracer(table)


def test_what_cannot_be_rendered_is_refused(table):
    with pytest.raises(ConfigError, match="0 samples"):
        PathTracer(table, samples=0)
    tracer = PathTracer(table, samples=1)
    oblong = Intrinsics(60, 44, 55.0, 50.0, 22.3, 25.1)
    with pytest.raises(ConfigError, match="square"):
        tracer.render(oblong, looking(0.0, -3.0, 1.0))
