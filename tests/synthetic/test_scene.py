"""A scene: what is rendered is what is there; changes take along what is carried."""

import itertools

import numpy as np
import pytest

from nesf_ros.datasets.labelled import NOTHING
from nesf_ros.errors import ConfigError
from nesf_ros.geometry import se3
from nesf_ros.geometry.cameras import project, unproject_image
from nesf_ros.synthetic.lighting import Lamp, Lighting
from nesf_ros.synthetic.materials import plain
from nesf_ros.synthetic.objects import CLASSES
from nesf_ros.synthetic.renderers.raycast import RayCaster
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.scenes import make_scene
from nesf_ros.synthetic.solids import box
from nesf_ros.synthetic.source import default_camera
from nesf_ros.synthetic.things import Model, Part, Receptacle, Thing, placement
from nesf_ros.synthetic.trajectory import camera_path
from nesf_ros.types import Box

CAMERA = default_camera((160, 120))
GREY = plain((0.5, 0.5, 0.5))


def thing(name, size_m, at=(0.0, 0.0, 0.0), support=""):
    model = Model((Part("body", (box(size_m, GREY),)),), GREY)
    return Thing(name, "block", model, placement(*at), support)


@pytest.fixture(scope="module")
def blocks():
    """A slab 4 m wide, its top at z = 0; a table of one block on it, and a cube on that."""
    things = [thing("slab", (4.0, 4.0, 0.1), (0, 0, -0.1)),
              thing("table", (1.0, 0.6, 0.7), support="slab"),
              thing("cube", (0.2, 0.2, 0.2), (0.3, 0, 0.7), "table")]  # fmt: skip
    interior = Box((-2, -2, 0), (2, 2, 2))
    return Scene("blocks", things, Lighting((Lamp((0, 0, 2)),)), interior)


@pytest.fixture(scope="module")
def room(scene_of):
    return scene_of("room", 0)


@pytest.fixture(scope="module")
def poses(room):
    return camera_path(room, "handheld", 14, 1, 1.0)


def down(x, y, z):
    pose = np.eye(4)
    pose[:3, :3] = np.diag([1.0, -1.0, -1.0])
    pose[:3, 3] = x, y, z
    return pose


def test_depth_by_hand(blocks):
    caster = RayCaster(blocks)
    for place, depth, name in (((-1.5, 0.9), 1.7, "slab"), ((-0.3, 0.1), 1.0, "table"),
                               ((0.3, 0.0), 0.8, "cube")):  # fmt: skip
        seen = caster.render(default_camera((9, 7)), down(*place, 1.7))
        assert seen.depth_m[3, 4] == pytest.approx(depth, abs=1e-5)
        assert blocks.names[seen.instances[3, 4]] == name
    outside = caster.render(default_camera((9, 7)), down(5.0, 0.0, 1.7))
    assert (outside.depth_m == 0).all() and (outside.instances == NOTHING).all()


def test_occupancy_and_distance_by_hand(blocks):
    points = np.array([[-1.5, 0.9, 0.11], [0.3, 0.0, 0.8], [0.3, 0.0, 0.95], [0.0, 0.0, -0.05],
                       [-0.3, 0.1, 0.69]])  # fmt: skip
    assert blocks.instance_at(points).tolist() == [NOTHING, 2, NOTHING, 0, 1]
    assert blocks.occupancy(points).tolist() == [False, True, False, True, True]
    assert blocks.distance(points) == pytest.approx([0.11, 0.1, 0.05, 0.05, 0.01], abs=1e-5)


def test_sampled_surface_is_surface_in_air(blocks):
    points = blocks.sample_surface(20_000, seed=4)
    assert blocks.distance(points).max() < 1e-6
    # Shares by area: the slab's top without the table's foot; the table's sides and its top
    # without the cube's foot; the cube's five free faces. Nothing of what lies below the floor.
    areas = np.array([16 - 0.6, 2 * 0.7 * 1.6 + 0.6 - 0.04, 5 * 0.04])
    on_slab = points[:, 2] < 1e-6
    on_cube = (points[:, 2] > 0.7 + 1e-6) & ~on_slab
    shares = [on_slab.mean(), 1 - on_slab.mean() - on_cube.mean(), on_cube.mean()]
    assert shares == pytest.approx(areas / areas.sum(), abs=0.01)
    assert points[:, 2].min() > -1e-6
    assert (blocks.sample_surface(20_000, seed=4) == points).all()


def test_the_window_shows_the_sky(room):
    room = room.without(*(thing.name for thing in room.things if thing.class_name in CLASSES))
    window = room.things[room.names.index("window 1")]
    middle = np.mean(window.bounds, axis=0)
    pose = window.world_T_model
    out = np.eye(4)
    # From half a metre inside, past the bars, straight out.
    out[:3, :3] = pose[:3, :3] @ np.array([[-1.0, 0, 0], [0, 0, -1], [0, -1, 0]])
    out[:3, 3] = middle + pose[:3, :3] @ [0.0, 0.6, 0.0]
    seen = RayCaster(room).render(default_camera((40, 30)), out)
    assert (seen.instances == NOTHING).mean() > 0.2
    assert ((seen.depth_m == 0) == (seen.instances == NOTHING)).all()
    assert seen.color[seen.instances == NOTHING].min() > 100


def test_depth_agrees_between_views(room, poses):
    caster = RayCaster(room)
    checked = 0
    for first, second in itertools.pairwise(poses):
        a, b = (caster.render(CAMERA, pose) for pose in (first, second))
        points = unproject_image(a.depth_m, CAMERA)[a.depth_m > 0].astype(np.float64)
        there = se3.transform_points(se3.invert(second) @ first, points)
        pixels = project(there, CAMERA)
        inside = (pixels >= 1).all(1) & (pixels < (CAMERA.width - 2, CAMERA.height - 2)).all(1)
        u, v = np.round(pixels[inside]).astype(int).T
        error = np.abs(b.depth_m[v, u] - there[inside, 2])
        if inside.sum() > 500:
            checked += 1
            # The nearest pixel is up to half a pixel away: 2 mm of depth, on most surfaces.
            assert np.median(error[(b.depth_m[v, u] > 0) & (error < 0.3)]) < 0.012
    assert checked >= 4


def test_what_is_seen_is_what_is_solid(room, poses):
    view = RayCaster(room).render(CAMERA, poses[2])
    hit = view.depth_m > 0
    points = unproject_image(view.depth_m, CAMERA)[hit].astype(np.float64)
    world = se3.transform_points(poses[2], points)
    off = room.distance(world)  # grazing rays end where float32 has them end
    assert np.quantile(off, 0.99) < 1e-4 and off.max() < 2e-3
    away = world - poses[2][:3, 3]
    step = 1e-3 * away / np.linalg.norm(away, axis=1, keepdims=True)
    assert room.occupancy(world - step).mean() < 1e-3  # in gaps narrower than the step
    # A few rays graze an edge; all others enter the very thing that the image names.
    entered = room.instance_at(world + step)
    assert (entered == view.instances[hit]).mean() > 0.99


def test_parts_and_normals_belong_to_the_thing_that_is_seen(room, poses):
    view = RayCaster(room).render(CAMERA, poses[3])
    for index in np.unique(view.instances[view.instances >= 0]):
        assert view.parts[view.instances == index].max() < len(room.things[index].parts)
    assert ((view.parts == NOTHING) == (view.instances == NOTHING)).all()
    hit = view.depth_m > 0
    lengths = np.linalg.norm(view.normals_world[hit], axis=1)
    assert lengths == pytest.approx(np.ones(len(lengths)), abs=1e-3)


def test_same_seed_same_images(room, poses):
    first, again = (RayCaster(s).render(CAMERA, poses[0]) for s in (room, make_scene("room", 0)))
    for a, b in zip(first, again, strict=True):
        assert a.tobytes() == b.tobytes()


def test_taking_things_out_takes_what_they_carry(blocks):
    assert blocks.without("table").names == ("slab",)
    assert blocks.without("cube").names == ("slab", "table")
    middle = np.array([[0.3, 0.0, 0.8]])
    assert blocks.occupancy(middle)[0] and not blocks.without("table").occupancy(middle)[0]


def test_moving_things_moves_what_they_carry(blocks):
    moved = blocks.shifted({"table": (0.0, 0.0, 0.5), "cube": (0.1, 0.0, 0.0)})
    for index, shift in enumerate(((0, 0, 0), (0, 0, 0.5), (0.1, 0, 0.5))):
        before, after = (scene.things[index].bounds[0] for scene in (blocks, moved))
        assert after - before == pytest.approx(shift)


def test_unknown_things_are_an_error(blocks):
    with pytest.raises(ConfigError, match="no 'piano' in blocks: slab, table, cube"):
        blocks.without("piano")
    with pytest.raises(ConfigError, match="stands on 'shelf', which is not here"):
        Scene("bad", [thing("a", (1, 1, 1), support="shelf")], blocks.lighting, blocks.interior)
    with pytest.raises(ConfigError, match="2 things, 1 names"):
        Scene("bad", [thing("a", (1, 1, 1))] * 2, blocks.lighting, blocks.interior)


def test_models_can_be_scaled():
    space = Receptacle("in", (-0.4, -0.2, 0.1), (0.4, 0.2, 0.6))
    model = Model((Part("body", (box((1.0, 0.6, 0.7), GREY),)),), GREY, (space,))
    half = model.scaled(0.5)
    assert half.size_m == pytest.approx((0.5, 0.3, 0.35))
    assert half.receptacles[0].lower == pytest.approx((-0.2, -0.1, 0.05))
    assert half.receptacles[0].upper == pytest.approx((0.2, 0.1, 0.3))
    points = np.array([[0.24, 0.0, 0.3], [0.26, 0.0, 0.3]])
    assert half.parts[0].solids[0].contains(points).tolist() == [True, False]
