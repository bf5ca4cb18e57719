"""Every kind of scene: nothing intersects, everything rests, what is hidden is hidden."""

import numpy as np
import pytest

from nesf_ros.errors import ConfigError
from nesf_ros.geometry import se3
from nesf_ros.synthetic.contact import TOUCHING_M, Body, intersections, rests
from nesf_ros.synthetic.objects.catalog import CEILING, CLASSES, WALL
from nesf_ros.synthetic.renderers.raycast import RayCaster
from nesf_ros.synthetic.scenes import SCENES, make_scene
from nesf_ros.synthetic.scenes.toybox import BOUNDS, KLEVR_CLASSES, TOYBOX5_CLASSES
from nesf_ros.synthetic.source import default_camera
from nesf_ros.synthetic.things import IN
from nesf_ros.synthetic.trajectory import camera_path

CAMERA = default_camera((160, 120))
STRUCTURE = ("floor", "ceiling", "wall", "door", "window", "backdrop")


def objects(scene):
    return [thing for thing in scene.things if thing.class_name not in STRUCTURE]


SEEDS = [*range(8), *(pytest.param(s, marks=pytest.mark.slow) for s in range(8, 16))]
CASES = pytest.mark.parametrize("kind", SCENES)


@CASES
@pytest.mark.parametrize("seed", SEEDS)
def test_physics(scene_of, kind, seed):
    scene = scene_of(kind, seed)
    assert intersections(scene) == []
    assert all(is_held(scene, thing) for thing in objects(scene))


def is_held(scene, thing):
    """It touches its support in the way its class does, and lies in a receptacle of it."""
    support = scene.things[scene.names.index(thing.support)]
    body, carrier = Body(thing.model), Body(support.model)
    place = CLASSES[thing.class_name].places[0]
    if place in (WALL, CEILING):
        way = thing.world_T_model[:3, 1] * -1 if place == WALL else np.array([0, 0, 1.0])
        points = np.concatenate([solid.corners.reshape(-1, 3) for solid in thing.solids])
        return support.contains(points + TOUCHING_M * way).any()
    if not rests(body, thing.world_T_model, carrier, support.world_T_model):
        return False
    if thing.relation != IN:
        return True
    corners = np.concatenate([solid.corners.reshape(-1, 3) for solid in thing.solids])
    there = se3.transform_points(se3.invert(support.world_T_model), corners)
    grown = 1e-6 * np.sign(there.mean(0) - there)  # float32 outlines
    return any(
        space.relation == IN and space.contains(there + grown).all()
        for space in support.model.receptacles
    )


@CASES
def test_same_seed_same_scene(scene_of, kind):
    first, again, other = scene_of(kind, 3), make_scene(kind, 3), scene_of(kind, 4)
    assert first.names == again.names
    assert first.triangles.tobytes() == again.triangles.tobytes()
    assert first.lighting == again.lighting
    assert other.triangles.tobytes() != first.triangles.tobytes()


@CASES
def test_novel_scenes_look_as_no_other(scene_of, kind):
    plain, novel = scene_of(kind, 5), make_scene(kind, 5, novel=True)
    patterns = {solid.material.pattern for solid in plain.solids}
    assert not patterns & {"dots", "zigzag", "marble", "tartan"}
    assert intersections(novel) == []


@CASES
def test_names_supports_and_counts(kind):
    scene = make_scene(kind, 1, count=6)
    assert len(objects(scene)) == 6
    for thing in objects(scene):
        name, number = thing.name.rsplit(" ", 1)
        assert name == thing.class_name and int(number) >= 1
        assert thing.support in scene.names


def test_klevr(scene_of):
    scenes = [scene_of("klevr", seed) for seed in range(25)]
    counts = [len(objects(scene)) for scene in scenes]
    assert min(counts) >= 4 and max(counts) <= 12 and len(set(counts)) >= 6
    things = [thing for scene in scenes for thing in objects(scene)]
    assert {thing.class_name for thing in things} == set(KLEVR_CLASSES)
    bounds = np.array([thing.bounds for thing in things])
    assert (bounds[:, 0] >= BOUNDS.lower).all() and (bounds[:, 1] <= BOUNDS.upper).all()
    extents = [max(thing.model.size_m) for thing in things]
    assert 0.8 <= min(extents) < 0.95 and 1.85 < max(extents) <= 2.0
    assert {thing.model.main.kind for thing in things} == {"metal", "rubber"}
    hues = {thing.model.main.color for thing in things}
    assert len(hues) == len(things)


def test_toybox(scene_of):
    things = [thing for seed in range(8) for thing in objects(scene_of("toybox5", seed))]
    assert {thing.class_name for thing in things} == set(TOYBOX5_CLASSES)
    assert max(max(thing.model.size_m) for thing in things) <= 2.4 + 1e-9


def test_rooms_are_full_and_differ(scene_of):
    rooms = [scene_of("room", seed) for seed in range(8)]
    for room in rooms:
        assert 40 <= len(objects(room)) <= 72
        names = [thing.class_name for thing in room.things]
        assert [names.count(n) for n in ("floor", "ceiling", "wall", "door")] == [1, 1, 4, 1]
        width, depth, height = np.subtract(room.interior.upper, room.interior.lower)
        assert 3 <= width <= 6 and 3 <= depth <= 6 and 2.3 < height < 2.9
        relations = [thing.relation for thing in objects(room)]
        assert relations.count(IN) >= 2
    assert len({thing.class_name for room in rooms for thing in objects(room)}) > 60


def test_furniture_at_walls_faces_the_room(scene_of):
    """What stands at a wall has its back to it: behind it is wall, before it is air."""
    checked = 0
    for thing, room in (
        (t, scene_of("room", s)) for s in range(8) for t in objects(scene_of("room", s))
    ):
        if thing.class_name not in ("bed", "dresser", "bookcase", "fridge", "sofa"):
            continue
        lower, upper = thing.model.bounds
        ends = np.array([[0.0, lower[1] - 0.06, 0.3], [0.0, upper[1] + 0.06, 0.3]])
        behind, before = room.instance_at(se3.transform_points(thing.world_T_model, ends))
        assert room.things[behind].class_name in ("wall", "window"), thing.name
        assert before < 0 or room.things[before].class_name != "wall"
        checked += 1
    assert checked >= 8


def test_what_is_shut_away_is_not_seen(scene_of):
    hidden = 0
    for seed in range(8):
        room = scene_of("room", seed)
        shut = [index for index, thing in enumerate(room.things) if is_shut_away(room, thing)]
        caster = RayCaster(room)
        views = [caster.render(CAMERA, pose) for pose in camera_path(room, "handheld", 8, seed)]
        seen = np.unique([view.instances for view in views])
        assert not set(shut) & set(seen.tolist())
        hidden += len(shut)
    assert hidden >= 8


def is_shut_away(room, thing):
    """Whether it lies in a closed receptacle, or in something that does."""
    while thing.support:
        holder = room.things[room.names.index(thing.support)]
        middle = np.mean(thing.bounds, axis=0)[None]
        there = se3.transform_points(se3.invert(holder.world_T_model), middle)
        spaces = [s for s in holder.model.receptacles if s.closed and s.relation == IN]
        if thing.relation == IN and any(space.contains(there)[0] for space in spaces):
            return True
        thing = holder
    return False


def test_classes_can_be_chosen_and_left_out():
    only = make_scene("klevr", 0, classes=("cube", "torus"), count=8)
    assert {thing.class_name for thing in objects(only)} == {"cube", "torus"}
    without = make_scene("tabletop", 1, exclude=("scissors", "tape"), count=12)
    assert not {"scissors", "tape"} & {thing.class_name for thing in objects(without)}


def test_bad_requests():
    with pytest.raises(ConfigError, match="no kind of scene 'kelvr'; did you mean klevr"):
        make_scene("kelvr", 0)
    with pytest.raises(ConfigError, match="no object class 'spere'; did you mean sphere"):
        make_scene("klevr", 0, exclude=("spere",))
    with pytest.raises(ConfigError, match="0 objects in a klevr scene; it takes 1 to 20"):
        make_scene("klevr", 0, count=0)
    with pytest.raises(ConfigError, match="none of its classes is allowed"):
        make_scene("klevr", 0, classes=("mug",))
    with pytest.raises(ConfigError, match="needs one of the classes table"):
        make_scene("tabletop", 0, classes=("mug",))
    with pytest.raises(ConfigError, match="none of the furniture of a room is allowed"):
        make_scene("room", 0, classes=("cube",))
    with pytest.raises(ConfigError, match=r"of 12 objects found a place; ask for fewer"):
        make_scene("tabletop", 0, classes=("desk",), count=12)
