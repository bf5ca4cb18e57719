"""Camera paths: limits of speed, turn rate and clearance; the same seed, the same path."""

import numpy as np
import pytest

from nesf_ros.errors import ConfigError
from nesf_ros.geometry import se3
from nesf_ros.synthetic.lighting import Lamp, Lighting
from nesf_ros.synthetic.materials import plain
from nesf_ros.synthetic.relations import UNRELATED
from nesf_ros.synthetic.scene import Scene
from nesf_ros.synthetic.scenes import SCENES, make_scene
from nesf_ros.synthetic.solids import box
from nesf_ros.synthetic.things import Model, Part, Thing
from nesf_ros.synthetic.trajectory import CLEARANCE_M, ROUNDS, STYLES, camera_path
from nesf_ros.synthetic.walk import CLEARANCE_M as WALK_CLEARANCE_M
from nesf_ros.synthetic.walk import HANDHELD, MAX_SPEED_M_S, MAX_TURN_RAD_S, ROBOT, Walk
from nesf_ros.types import Box

SEEDS = [*range(4), *(pytest.param(s, marks=pytest.mark.slow) for s in range(4, 12))]


@pytest.mark.parametrize("style", ["handheld", "robot"])
@pytest.mark.parametrize("seed", SEEDS)
def test_limits_of_a_walk_hold(scene_of, seed, style):
    room = scene_of("room", seed)
    rate_hz = 20
    poses = np.array(camera_path(room, style, 1200, seed, rate_hz))
    places = poses[:, :3, 3].copy()
    assert room.distance(places).min() >= WALK_CLEARANCE_M
    assert not room.occupancy(places).any()
    lower, upper = np.array(room.interior.lower), np.array(room.interior.upper)
    assert ((places > lower) & (places < upper)).all()
    speed = np.linalg.norm(np.diff(places, axis=0), axis=1) * rate_hz
    assert speed.max() <= MAX_SPEED_M_S
    turn = [se3.angle_between(a, b) * rate_hz for a, b in zip(poses, poses[1:], strict=False)]
    assert max(turn) <= MAX_TURN_RAD_S
    # It goes somewhere, and looks everywhere.
    assert np.ptp(places[:, :2], axis=0).min() > 1.0
    headings = np.arctan2(poses[:, 1, 2], poses[:, 0, 2])
    assert np.ptp(headings) > 5.5
    low, high = {"handheld": HANDHELD, "robot": ROBOT}[style].heights_m
    assert low - 1e-9 <= places[:, 2].min() and places[:, 2].max() <= high + 1e-9


def test_a_walk_has_no_kinks(scene_of):
    """A cubic B-spline's second differences shrink with the square of the step."""
    walk = Walk(scene_of("room", 0), 20.0, HANDHELD, np.random.default_rng(0))
    for step in (0.02, 0.01):
        times = np.arange(0, 20, step)
        places = np.array([walk.pose(float(t))[:3, 3] for t in times])
        acceleration = np.diff(places, 2, axis=0) / step**2
        # The second derivative is a mean of second differences of control points 0.5 s apart.
        assert np.linalg.norm(acceleration, axis=1).max() <= 2 * 0.21 / 0.5**2


@pytest.mark.parametrize("kind", ["klevr", "tabletop", "toybox13"])
@pytest.mark.parametrize("style", ["hemisphere", "orbit"])
def test_cameras_around_a_scene(scene_of, kind, style):
    scene = scene_of(kind, 2)
    poses = np.array(camera_path(scene, style, 60, 3))
    lower, upper = np.array(scene.interior.lower), np.array(scene.interior.upper)
    middle = (lower + upper) / 2
    eyes = poses[:, :3, 3].copy()
    assert scene.distance(eyes).min() > CLEARANCE_M
    # Outside of the scene on all sides, above its ground, no farther than about twice its size.
    away = np.linalg.norm((eyes - middle)[:, :2], axis=1)
    reach = np.linalg.norm((upper - lower)[:2]) / 2
    assert (eyes[:, 2] > lower[2] + 0.15 * reach).all()
    assert np.linalg.norm(eyes - middle, axis=1).max() < 2.2 * reach
    sides = np.unique(np.floor(np.arctan2(*(eyes - middle)[:, 1::-1].T) / (np.pi / 2)))
    assert len(sides) == 4 and away.max() > 1.2 * reach
    # Every one of them looks at the middle.
    towards = middle - eyes
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    assert np.einsum("ij,ij->i", towards, poses[:, :3, 2]).min() > np.cos(0.25)


def test_an_orbit_is_smooth_and_a_hemisphere_is_not():
    scene = make_scene("klevr", 0)
    orbit, scattered = (camera_path(scene, s, 50, 1, 10.0) for s in ("orbit", "hemisphere"))
    steps = [[np.linalg.norm(a[:3, 3] - b[:3, 3]) for a, b in zip(path, path[1:], strict=False)]
             for path in (orbit, scattered)]  # fmt: skip
    assert max(steps[0]) < 0.6 and np.median(steps[1]) > 5


def test_a_sweep_is_smooth_near_and_sees_all_of_a_table(scene_of):
    scene = scene_of("tabletop", 2)
    poses = np.array(camera_path(scene, "sweep", 240, 3, 4.0))
    lower, upper = np.array(scene.interior.lower), np.array(scene.interior.upper)
    reach = np.linalg.norm((upper - lower)[:2]) / 2
    eyes, forward = poses[:, :3, 3].copy(), poses[:, :3, 2]
    assert scene.distance(eyes).min() > CLEARANCE_M
    # What it looks at lies on the table, now here, now there, and nearer than an orbit keeps.
    height = lower[2] + 0.2 * (upper - lower)[2]
    away = (height - eyes[:, 2]) / forward[:, 2]
    aims = eyes + away[:, None] * forward
    assert ((aims[:, :2] > lower[:2]) & (aims[:, :2] < upper[:2])).all()
    assert (np.ptp(aims[:, :2], axis=0) > 0.5 * (upper - lower)[:2]).all()
    assert away.min() >= 0.75 * reach - 1e-9 and np.median(away) <= 1.3 * reach
    # 0.3 rad/s at 1.3 half diagonals, and the wander of the aim.
    steps = np.linalg.norm(np.diff(eyes, axis=0), axis=1)
    assert np.median(steps) < 0.25 * 0.8 * reach


def test_glances_meet_things(scene_of):
    """Most look at some thing that stands near, from places with space around them."""
    room = scene_of("room", 0)
    poses = np.array(camera_path(room, "glances", 40, 5))
    eyes, forward = poses[:, :3, 3], poses[:, :3, 2]
    assert room.distance(eyes.copy()).min() >= WALK_CLEARANCE_M
    hits = room.first_hits(np.concatenate([eyes, forward], axis=1).astype(np.float32))
    met = [room.things[i].class_name for i in room.instance_of_solid[room.solid_of[hits.triangles]]]
    assert sum(name not in UNRELATED for name in met) > 25
    assert len(set(met)) > 10
    with pytest.raises(ConfigError, match="nothing to glance at"):
        camera_path(room.without(*(t.name for t in room.things if t.class_name not in UNRELATED)),
                    "glances", 3)  # fmt: skip


def test_rounds_look_at_the_same_things_again(scene_of):
    """Three things in turn, five times, from other places, with nothing in between."""
    room = scene_of("room", 0)
    poses = np.array(camera_path(room, "rounds", 3 * ROUNDS, 5)).reshape(ROUNDS, 3, 4, 4)
    middles = np.array([np.mean(thing.bounds, axis=0) for thing in room.things])
    for group in poses.swapaxes(0, 1):
        eyes, forward = group[:, None, :3, 3], group[:, None, :3, 2]
        towards = middles - eyes
        towards /= np.linalg.norm(towards, axis=-1, keepdims=True)
        rays = np.concatenate([np.broadcast_to(eyes, towards.shape), towards], -1)
        hits = room.first_hits(rays.reshape(-1, 6).astype(np.float32))
        met = room.instance_of_solid[room.solid_of[hits.triangles]].reshape(ROUNDS, -1)
        open_to_view = met == np.arange(len(middles))
        assert (open_to_view & ((towards * forward).sum(-1) > 0.85)).all(0).any()
        assert np.ptp(eyes[:, 0, :2], axis=0).max() > 0.3


@pytest.mark.parametrize("kind", SCENES)
def test_every_style_of_every_kind(scene_of, kind):
    scene = scene_of(kind, 1)
    assert SCENES[kind].style == SCENES[kind].styles[0]
    for style in SCENES[kind].styles:
        first, again, other = (camera_path(scene, style, 12, seed) for seed in (1, 1, 2))
        assert len(first) == 12
        for pose in first:
            # Rigid and upright: the optical y axis points down.
            assert se3.check_pose(pose)[2, 1] < 0
        assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_bad_requests():
    scene = make_scene("klevr", 0)
    assert list(STYLES)[:3] == ["glances", "rounds", "handheld"]
    assert list(STYLES)[3:] == ["robot", "hemisphere", "orbit", "sweep"]
    with pytest.raises(ConfigError, match="'drone'; it must be one of glances, rounds, handheld"):
        camera_path(scene, "drone", 1)
    with pytest.raises(ConfigError, match="0 frames at 1.0 Hz; both must be greater than 0"):
        camera_path(scene, "orbit", 0)
    with pytest.raises(ConfigError, match="both must be greater than 0"):
        camera_path(scene, "orbit", 1, rate_hz=0.0)
    with pytest.raises(ConfigError, match="no space for a camera"):
        camera_path(crowded(), "robot", 5)


def crowded():
    """A room of 0.7 m, too small for a camera to move."""
    walls = [box((0.2, 1.1, 2.5), plain((1.0, 1.0, 1.0)), (side * 0.45, 0, 0)) for side in (-1, 1)]
    model = Model((Part("walls", tuple(walls)),), walls[0].material)
    interior = Box((-0.35, -0.35, 0.0), (0.35, 0.35, 2.5))
    return Scene("cell", [Thing("walls", "wall", model)], Lighting((Lamp((0, 0, 2)),)), interior)
