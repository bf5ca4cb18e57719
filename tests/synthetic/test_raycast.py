"""The ray caster: light by hand, exact geometry, and surfaces as a depth camera meets them."""

import numpy as np
import pytest

from nesf_ros.datasets.labelled import NOTHING
from nesf_ros.synthetic.lighting import Lamp, Lighting, reach
from nesf_ros.synthetic.materials import Material, Print
from nesf_ros.synthetic.renderers.raycast import RayCaster
from nesf_ros.synthetic.scene import Scene, pixel_rays
from nesf_ros.synthetic.solids import ball, box, cylinder
from nesf_ros.synthetic.things import Model, Part, Thing, placement
from nesf_ros.types import Box, Intrinsics

SPACE = Box((-3, -3, 0), (3, 3, 3))
DOWN = np.diag([1.0, -1.0, -1.0, 1.0])
"""A camera that looks down; its rows run along -y."""
CAMERA = Intrinsics(81, 61, 80.0, 80.0, 40.0, 30.0)


def paint(*color, gloss=0.0, kind=""):
    return Material(color, color, gloss=gloss, kind=kind)


GREY = paint(0.5, 0.4, 0.3)


def thing(name, *solids):
    parts = tuple(Part(f"part {i}", (solid,)) for i, solid in enumerate(solids))
    return Thing(name, name, Model(parts, solids[0].material))


def floor(material=GREY):
    return thing("floor", box((6, 6, 0.1), material, (0, 0, -0.1)))


def view(lighting, *things, height=2.0, camera=CAMERA):
    """What is seen from straight above the origin."""
    pose = DOWN.copy()
    pose[2, 3] = height
    return RayCaster(Scene("test", things, lighting, SPACE)).render(camera, pose)


def at(image, x, y, distance=2.0):
    """The pixel that shows (x, y) at a distance below the camera."""
    return image[round(30 - 80 * y / distance), round(40 + 80 * x / distance)]


def test_lambert_by_hand():
    lamp = Lamp((1.0, 0.0, 1.5), 0.5, (1.0, 0.8, 0.6))
    seen = view(Lighting((lamp,), ambient=0.3), floor())
    for x, y in ((0.0, 0.0), (1.0, 0.0), (-0.5, 0.5), (0.5, -0.7)):
        ray = np.array([1.0 - x, -y, 1.5])
        far = np.linalg.norm(ray)
        # Light from everywhere is 8.3 % brighter from above.
        light = 0.3 * 1.083 + 0.5 * np.array(lamp.color) * reach(far) * ray[2] / far
        assert at(seen.color, x, y) == pytest.approx(255 * light * [0.5, 0.4, 0.3], abs=1)
    assert reach(2.0) == 1


def test_shadows_by_hand():
    # A board 1 m above the floor, half way to the lamp: its shadow is twice as large.
    lamps = (Lamp((0.0, 0.0, 2.0), 0.5),)
    board = thing("board", box((0.4, 0.4, 0.001), GREY, (0.0, 0.0, 1.0)))
    seen = view(Lighting(lamps, 0.4), floor(), board, height=3.0)
    dark = 255 * 0.4 * 1.083 * np.array([0.5, 0.4, 0.3])
    for x in (0.33, 0.37):
        assert at(seen.color, x, 0.0, 3.0) == pytest.approx(dark, abs=1)
        assert at(seen.color, 0.0, x, 3.0) == pytest.approx(dark, abs=1)
    for x in (0.43, 0.47):
        assert (at(seen.color, x, 0.0, 3.0) > dark + 20).all()
    # The side that faces away from the lamp is dark without any board.
    below = view(Lighting((Lamp((0, 0, -1.0), 0.5),), 0.4), floor())
    assert at(below.color, 0.0, 0.0) == pytest.approx(dark, abs=1)


def test_two_lamps_add():
    first, second = Lamp((1, 1, 1.5), 0.3), Lamp((-1, 0, 2.5), 0.2, (0.4, 0.5, 0.6))

    def image(*lamps): return view(Lighting(lamps, 0.2), floor()).color.astype(int)  # fmt: skip

    both = image(first) + image(second) - image()
    assert np.abs(image(first, second) - both).max() <= 2


def test_ambient_light_has_a_colour():
    lighting = Lighting((), ambient=0.5, ambient_color=(1.0, 0.6, 0.2))
    seen = at(view(lighting, floor(paint(0.8, 0.8, 0.8))).color, 0.3, 0.2)
    assert seen == pytest.approx(255 * 0.8 * 0.5 * 1.083 * np.array([1.0, 0.6, 0.2]), abs=1)


def test_highlights_are_compressed_not_bleached():
    def brightness(strength):
        return at(view(Lighting((Lamp((0, 0, 1.5), strength),), 0.2), floor()).color, 0.0, 0.0)

    levels = np.array([brightness(s) for s in (0.4, 0.8, 1.2, 1.8)]).astype(int)
    assert (np.diff(levels, axis=0) > 0).all() and levels.max() < 255
    # The order of the channels survives.
    assert (np.diff(levels, axis=1) < 0).all()


@pytest.mark.parametrize("kind", ["metal", "ceramic"])
def test_gloss_shines_at_the_mirror_angle(kind):
    # Camera at (0, 0, 2), lamp at (1, 0, 2): the floor mirrors one into the other at x = 0.5.
    lighting = Lighting((Lamp((1.0, 0.0, 2.0), 0.4),), 0.4)
    dull = view(lighting, floor(paint(0.3, 0.3, 0.3))).color.astype(int)
    shiny = view(lighting, floor(paint(0.3, 0.3, 0.3, gloss=0.5, kind=kind))).color.astype(int)
    gain = (shiny - dull)[30, :, 0]
    assert abs(int(np.argmax(gain)) - (40 + 80 * 0.25)) <= 1
    assert gain.max() > 40 and gain[0] < 0.5 * gain.max()


def test_metal_mirrors_in_its_own_colour_and_ceramic_in_white():
    lighting = Lighting((Lamp((1.0, 0.0, 2.0), 0.4),), 0.0)

    def highlight(kind):
        gold = paint(0.6, 0.4, 0.1, gloss=0.5, kind=kind)
        dull = view(lighting, floor(paint(0.6, 0.4, 0.1))).color[30, 60].astype(float)
        # Metal scatters less: 0.65 of what a dull surface does with this gloss.
        shown = view(lighting, floor(gold)).color[30, 60] - dull * (0.65 if kind == "metal" else 1)
        return shown[2] / shown[0]

    assert highlight("ceramic") > 0.85
    assert highlight("metal") == pytest.approx((0.25 + 0.075) / (0.25 + 0.45), abs=0.08)


def test_geometry_is_exact_and_named():
    things = (floor(), thing("pair", box((0.4, 0.4, 0.2), GREY, (-0.3, 0, 0)),
                             cylinder(0.2, 0.3, GREY, (0.4, 0, 0))))  # fmt: skip
    seen = view(Lighting(()), *things)
    pixels = [((0.9, 0.6), 2.0, 0, 0), ((-0.3, 0.1), 1.8, 1, 0), ((0.4, 0.1), 1.7, 1, 1)]
    for (x, y), depth_m, instance, part in pixels:
        assert at(seen.depth_m, x, y, depth_m) == pytest.approx(depth_m, abs=1e-5)
        assert at(seen.instances, x, y, depth_m) == instance
        assert at(seen.parts, x, y, depth_m) == part
        assert at(seen.normals_world, x, y, depth_m) == pytest.approx([0, 0, 1], abs=1e-5)


def test_where_nothing_is_the_sky_shows():
    lighting = Lighting((), zenith=(0.2, 0.4, 0.7), horizon=(0.1, 0.6, 0.3))
    scene = Scene("test", [floor()], lighting, SPACE)
    level = np.eye(4)
    level[:3, :3] = [[1, 0, 0], [0, 0, 1], [0, -1, 0]]
    level[:3, 3] = 0, 4, 1
    seen = RayCaster(scene).render(CAMERA, level)
    assert (seen.instances == NOTHING).all() and (seen.parts == NOTHING).all()
    assert not seen.depth_m.any() and not seen.normals_world.any()
    # The first row looks up by atan(30 / 80), beyond the haze; the last one down.
    assert seen.color[0, 40] == pytest.approx(255 * np.array([0.2, 0.4, 0.7]), abs=1)
    assert seen.color[60, 40] == pytest.approx(255 * np.array([0.1, 0.6, 0.3]), abs=1)


def test_normals_of_a_ball():
    solid = ball(0.3, GREY, (0.0, 0.0, 0.5))
    seen = view(Lighting(()), thing("ball", solid))
    rays = pixel_rays(CAMERA, np.vstack([DOWN[:2], [0, 0, -1, 2], DOWN[3]])).reshape(61, 81, 6)
    met = seen.instances == 0
    normals, ways = seen.normals_world[met], rays[met][:, 3:]
    assert np.linalg.norm(normals, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.einsum("ij,ij->i", normals, ways).max() <= 0
    points = rays[met][:, :3] + seen.depth_m[met][:, None] * ways
    expected = (points - np.mean(solid.bounds, axis=0)) / 0.3
    inner = np.abs(expected[:, 2]) > 0.4
    assert np.einsum("ij,ij->i", normals, expected)[inner].min() > 0.99


def checker_floor(scale_m=0.1):
    return floor(Material((0.2, 0.2, 0.2), (0.8, 0.8, 0.8), "checker", scale_m))


def test_rendered_colours_are_the_albedo_in_even_light():
    # Light of 1 / 1.083 from everywhere leaves level faces as they are, up to the knee of tone.
    things = (checker_floor(), thing("box", box((0.3, 0.3, 0.3), GREY, (0.4, 0.2, 0))))
    scene = Scene("test", things, Lighting((), 1 / 1.083), SPACE)
    renderer, pose = RayCaster(scene), placement(0.013, 0.021, 2.0) @ DOWN
    seen = renderer.render(CAMERA, pose)
    hits = scene.first_hits(pixel_rays(CAMERA, pose))
    albedo = renderer.albedo(hits.triangles, hits.barycentric).reshape(61, 81, 3)
    level = seen.normals_world[..., 2] > 0.99
    error = np.abs(seen.color / 255 - albedo)[level].max(axis=1)
    # Pixels on an edge are mixed; a square is 4 pixels wide.
    assert np.median(error) < 0.003 and (error > 0.01).mean() < 0.6
    surface = renderer.surface(CAMERA, pose)
    luma = albedo @ [0.299, 0.587, 0.114]
    assert np.median(np.abs(surface.albedo - luma)[level]) < 0.003


def test_far_patterns_neither_flicker_nor_change_their_mean():
    def far(shift):
        scene = Scene("test", [checker_floor(0.02)], Lighting((), 0.8), SPACE)
        return RayCaster(scene).render(CAMERA, placement(shift, 0.0, 2.8) @ DOWN).color

    first, second = far(0.0), far(0.011)
    assert np.abs(first.astype(int) - second).max() <= 3
    assert first.mean() == pytest.approx(255 * 0.8 * 1.083 * 0.5, abs=2)


def test_far_prints_show_their_mean():
    rng = np.random.default_rng(0)
    picture = Print(rng.integers(0, 2, (256, 256, 1), np.uint8).repeat(3, 2) * 200, "top",
                    (-0.2, -0.2), (0.2, 0.2))  # fmt: skip
    card = thing("card", box((0.4, 0.4, 0.01), Material((0, 0, 0), (0, 0, 0), print=picture)))
    seen = view(Lighting((), 1 / 1.083), card, height=2.0)
    inside = seen.color[24:37, 34:47]
    assert inside.mean() == pytest.approx(100, abs=3) and inside.std() < 16
    near = view(Lighting((), 1 / 1.083), card, height=0.05)
    assert near.color.std() > 60


def test_surface_by_hand():
    shiny = thing("box", box((0.6, 0.6, 0.2), paint(0.1, 0.2, 0.3, gloss=0.7)))
    scene = Scene("test", [floor(), shiny], Lighting(()), SPACE)
    seen = RayCaster(scene).surface(CAMERA, placement(0, 0, 2) @ DOWN)
    assert at(seen.gloss, 0.1, 0.1, 1.8) == pytest.approx(0.7)
    assert at(seen.gloss, 0.8, 0.1) == 0
    assert at(seen.albedo, 0.1, 0.1, 1.8) == pytest.approx(0.0299 + 0.1174 + 0.0342, abs=1e-4)
    above = RayCaster(scene).surface(CAMERA, placement(0, 0, 4))
    assert not above.gloss.any() and not above.albedo.any()


def test_same_scene_same_bytes():
    lighting = Lighting((Lamp((1, 1, 2)), Lamp((-1, 1, 2))))
    things = (checker_floor(), thing("ball", ball(0.3, paint(0.7, 0.2, 0.2, gloss=0.4))))
    first, second = (view(lighting, *things) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        assert a.tobytes() == b.tobytes()
