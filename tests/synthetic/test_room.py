"""The room: nothing intersects, everything rests, and what is rendered is what is there."""

import itertools

import numpy as np
import pytest

from nesf_ros.errors import ConfigError
from nesf_ros.geometry import se3
from nesf_ros.geometry.cameras import project, unproject_image
from nesf_ros.synthetic.room import NOTHING, Room
from nesf_ros.synthetic.source import default_camera
from nesf_ros.synthetic.trajectory import Trajectory

SEEDS = range(8)
CAMERA = default_camera((160, 120))


@pytest.fixture(scope="module")
def room():
    return Room(0)


@pytest.fixture(scope="module")
def poses(room):
    return [pose for _, pose in Trajectory(room, 20.0, seed=1).sample(0.5)]


def inner_points(solid, rng, count=60):
    """Points strictly inside a convex solid: mixtures of its corners, drawn to its middle."""
    corners = np.unique(solid.corners.reshape(-1, 3), axis=0)
    weights = rng.dirichlet(np.full(len(corners), 8.0 / len(corners)), count)
    return corners.mean(0) + 0.999 * (weights @ corners - corners.mean(0))


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_intersects(seed):
    rng = np.random.default_rng(seed)
    solids = [(thing.name, solid) for thing in Room(seed).things for solid in thing.solids]
    inside = [inner_points(solid, rng) for _, solid in solids]
    for (i, (a, first)), (j, (b, second)) in itertools.combinations(enumerate(solids), 2):
        if (first.bounds[0] >= second.bounds[1]).any() or (
            second.bounds[0] >= first.bounds[1]
        ).any():
            continue
        assert not second.contains(inside[i]).any(), f"{a} reaches into {b}"
        assert not first.contains(inside[j]).any(), f"{b} reaches into {a}"


@pytest.mark.parametrize("seed", SEEDS)
def test_everything_touches_what_carries_it(seed):
    things = {thing.name: thing for thing in Room(seed).things}
    for thing in things.values():
        if not thing.on:
            continue
        carrier = things[thing.on]
        corners = np.concatenate([solid.corners.reshape(-1, 3) for solid in thing.solids])
        lowest = corners[corners[:, 2] < thing.bounds[0][2] + 1e-9]
        highest = corners[corners[:, 2] > thing.bounds[1][2] - 1e-9]
        sideways = [
            np.array([[x, y, 0.0]]) for x, y in ((0.002, 0), (-0.002, 0), (0, 0.002), (0, -0.002))
        ]
        if "wall" in thing.on:
            near = [corners + shift for shift in sideways]
        elif thing.on == "ceiling":
            near = [highest + [0, 0, 0.002]]
        else:
            near = [lowest - [0, 0, 0.002]]
        held = any(solid.contains(p).any() for solid in carrier.solids for p in near)
        assert held, f"{thing.name} floats above {thing.on}"


def test_same_seed_same_bytes(room, poses):
    first, second = room.render(CAMERA, poses[0]), Room(0).render(CAMERA, poses[0])
    for a, b in zip(first, second, strict=True):
        assert a.tobytes() == b.tobytes()
    assert Room(1).render(CAMERA, poses[0]).color.tobytes() != first.color.tobytes()


def test_depth_by_hand(room):
    # Straight down from 1.2 m above a bare piece of floor: z-depth is the same all over it.
    down = np.eye(4)
    down[:3, :3] = np.diag([1.0, -1.0, -1.0])
    east = room.plan.width / 2
    down[:3, 3] = east - 0.35, 0.3, 1.2
    seen = room.render(default_camera((9, 7)), down)
    names = np.array(room.names)[seen.instances]
    assert (names[2:5, 3:6] == "floor").all()
    assert seen.depth_m[2:5, 3:6] == pytest.approx(1.2, abs=1e-5)
    # Level towards the -x wall, above all furniture but the picture.
    west = np.eye(4)
    west[:3, :3] = np.array([[0.0, 0, -1], [1, 0, 0], [0, -1, 0]])
    west[:3, 3] = 0.0, 0.9, 2.2
    seen = room.render(default_camera((9, 7)), west)
    assert seen.depth_m[3, 4] == pytest.approx(room.plan.width / 2, abs=1e-5)
    assert room.names[seen.instances[3, 4]] == "west wall"


def test_the_window_shows_the_sky(room):
    out = np.eye(4)
    out[:3, :3] = np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]])
    out[:3, 3] = 0.5, room.plan.window[0] + 0.4, 1.7
    seen = room.render(default_camera((40, 30)), out)
    assert seen.instances[15, 20] == NOTHING and seen.depth_m[15, 20] == 0
    assert ((seen.depth_m == 0) == (seen.instances == NOTHING)).all()
    assert seen.color[15, 20].min() > 100


def test_depth_agrees_between_views(room, poses):
    checked = 0
    for first, second in itertools.pairwise(poses):
        a, b = (room.render(CAMERA, pose) for pose in (first, second))
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
    assert checked >= 5


def test_surface_points_border_air_and_solid(room, poses):
    view = room.render(CAMERA, poses[2])
    hit = view.depth_m > 0
    points = unproject_image(view.depth_m, CAMERA)[hit].astype(np.float64)
    world = se3.transform_points(poses[2], points)
    assert room.distance(world).max() < 1e-4
    away = world - poses[2][:3, 3]
    step = 1e-3 * away / np.linalg.norm(away, axis=1, keepdims=True)
    assert not room.occupancy(world - step).any()
    assert room.occupancy(world + step).mean() > 0.995  # a few rays graze an edge
    inside = room.occupancy(world + step)
    owners = [room.things[i] for i in np.unique(view.instances[hit])]
    claimed = np.zeros(len(world), bool)
    for thing in owners:
        of_thing = np.array(room.names)[view.instances[hit]] == thing.name
        for solid in thing.solids:
            claimed[of_thing] |= solid.contains((world + step)[of_thing])
    assert (claimed == inside)[inside].mean() > 0.995


def test_distance_by_hand(room):
    middle = np.array([[room.plan.width / 2 - 0.4, 0.3, 0.11], [0.9, -0.6, 2.42]])
    assert not room.occupancy(middle).any()
    assert room.distance(middle) == pytest.approx([0.11, 0.08], abs=1e-5)


def test_sampled_surface_is_surface_in_air(room):
    points = room.sample_surface(5000, seed=4)
    distance = room.distance(points)
    assert np.median(distance) < 1e-6 and distance.max() < 1e-3
    floor = np.abs(points[:, 2]) < 1e-6
    plan = room.plan.width * room.plan.depth
    # Evenly by area: the share of the floor is its free area over that of all surfaces.
    walls = 2 * 2.5 * (room.plan.width + room.plan.depth)
    assert 0.5 * plan / (4 * plan + walls) < floor.mean() < plan / (2 * plan + walls)
    assert (room.sample_surface(5000, seed=4) == points).all()
    # Nothing below the floor, behind the walls, or under the feet of the shelf.
    assert points[:, 2].min() > -1e-6 and points[:, 2].max() < 2.5 + 1e-6
    assert np.abs(points[:, 0]).max() < room.plan.width / 2 + 0.2


def test_taking_things_out_takes_what_they_carry(room):
    emptied = Room(0, without=("box", "table"))
    gone = set(room.names) - set(emptied.names)
    assert gone == {"box", "table", "laptop", "mug", "tray", "apple 1", "apple 2", "apple 3"}
    box = room.things[room.names.index("box")]
    middle = np.mean(box.bounds, axis=0)[None]
    assert room.occupancy(middle)[0] and not emptied.occupancy(middle)[0]


def test_moving_things_moves_what_they_carry(room):
    moved = Room(0, moved={"crate": (0.0, 0.0, 0.5)})
    for name, shift in (("crate", 0.5), ("hidden ball", 0.5), ("table", 0.0)):
        before, after = (r.things[r.names.index(name)].bounds[0] for r in (room, moved))
        assert after - before == pytest.approx([0, 0, shift])


def test_unknown_things_are_an_error():
    with pytest.raises(ConfigError, match="no 'piano' in this room; it has floor, ceiling"):
        Room(0, without=("piano",))
