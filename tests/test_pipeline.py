"""The whole core on a small rendered room: frames in, answers out."""

import numpy as np
import pytest

from nesf_ros.config import KeyframesConfig, MapConfig, NesfConfig, QueryConfig
from nesf_ros.errors import GeometryError, QueryError, StorageError
from nesf_ros.pipeline import SemanticMapper
from nesf_ros.synthetic.renderers.raycast import RayCaster
from nesf_ros.synthetic.scene import pixel_rays
from nesf_ros.synthetic.source import SyntheticSource
from nesf_ros.types import FREE, OCCUPIED, UNOBSERVED, Box, Intrinsics

SIZE = (120, 90)
FRAMES = 40


@pytest.fixture(scope="module")
def source() -> SyntheticSource:
    return SyntheticSource(frames=FRAMES, rate_hz=4.0, size=SIZE)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> NesfConfig:
    return NesfConfig(
        map=MapConfig(device="cpu", folder=str(tmp_path_factory.mktemp("maps"))),
        keyframes=KeyframesConfig(max_count=10),
        query=QueryConfig(max_points=50_000, max_pixels=20_000),
    )


@pytest.fixture(scope="module")
def mapper(source: SyntheticSource, config: NesfConfig) -> SemanticMapper:
    """A mapper that has seen the room; tests only ask it."""
    mapper = SemanticMapper(config)
    for frame in source:
        mapper.add_frame(frame)
    return mapper


def test_reports_add_up(source, config):
    mapper = SemanticMapper(config)
    first, second = mapper.add_frame(source[0]), mapper.add_frame(source[0])
    assert first.keyframe
    assert not second.keyframe  # it shows nothing new
    assert first.new_blocks > 50
    assert first.changed_blocks >= first.new_blocks  # free ones take no place
    assert (second.new_blocks, first.refused_blocks) == (0, 0)
    assert set(first.seconds) == {"integrate", "keyframe"}
    assert min(first.seconds.values()) >= 0


def test_the_room_is_found_where_it_is(source, mapper):
    """Every pixel of every frame ends in something occupied, and passes through free space."""
    surface_states, air_states = [], []
    for index in range(0, FRAMES, 4):
        frame = source[index]
        camera, depth = frame.rgbd.depth_intrinsics, frame.rgbd.depth_m
        v, u = np.mgrid[8:82:7, 8:112:7]
        z = depth[v, u].ravel()
        near = (z > 0.5) & (z < 4.0)
        rays = np.stack([(u.ravel() - camera.cx) / camera.fx, (v.ravel() - camera.cy) / camera.fy,
                         np.ones(z.shape)], 1)[near]  # fmt: skip
        for depths, states in ((z[near], surface_states), (0.6 * z[near], air_states)):
            points = rays * depths[:, None]
            points = points @ frame.world_T_camera[:3, :3].T + frame.world_T_camera[:3, 3]
            states.append(mapper.query_points(points).state)
    surface, air = np.concatenate(surface_states), np.concatenate(air_states)
    # A surface that cuts off a corner of a voxel may lie in its neighbour alone.
    assert (surface == OCCUPIED).mean() > 0.85
    assert (surface == UNOBSERVED).mean() < 0.06
    assert (air == FREE).mean() > 0.99


def test_a_frame_can_be_drawn_again(source, mapper):
    frame = source[10]
    view = mapper.render_view(frame.rgbd.depth_intrinsics, frame.world_T_camera)
    seen = (view.depth_m > 0) & (frame.rgbd.depth_m > 0)
    assert seen.sum() > 0.9 * (frame.rgbd.depth_m > 0).sum() > 0.6 * seen.size
    error = np.abs(view.depth_m - frame.rgbd.depth_m)[seen]
    assert np.median(error) < 0.015
    color_error = np.abs(view.color.astype(int) - frame.rgbd.color)[seen]
    assert np.median(color_error) < 15


def test_outside_of_the_room_nothing_is_known(mapper):
    answers = mapper.query_points(np.array([[40.0, 0.0, 1.0], [0.0, 0.0, -3.0]]))
    assert answers.state.tolist() == [UNOBSERVED] * 2
    assert np.isnan(answers.probability).all()
    assert answers.distance_m[0] == pytest.approx(38, abs=2)


def largest_thing(source, index):
    """What takes up most of a frame among bulky things; its pixels that it is seen well in."""
    scene, pose = source.scene, source.poses[index]
    view = RayCaster(scene).render(source.camera, pose)
    # One view says little about a surface that it only grazes.
    rays = pixel_rays(source.camera, pose)[:, 3:].reshape(*view.depth_m.shape, 3)
    rays /= np.linalg.norm(rays, axis=2, keepdims=True)
    steep = np.einsum("uvi,uvi->uv", rays, view.normals_world) < -0.4
    pixels = {
        thing.name: (view.instances == number) & steep
        for number, thing in enumerate(scene.things)
        if min(thing.model.size_m) > 0.3 and max(thing.model.size_m) < 2.4
    }
    name = max(pixels, key=lambda thing: pixels[thing].sum())
    return name, pixels[name]


def test_what_is_taken_out_of_the_room_leaves_the_map(source, config):
    index = max(range(0, FRAMES, 4), key=lambda index: largest_thing(source, index)[1].sum())
    name, pixels = largest_thing(source, index)
    frame = source[index]
    emptier = source.through(source.scene.without(name))[index]
    gone = pixels & (emptier.rgbd.depth_m > frame.rgbd.depth_m + 0.15)
    assert gone.sum() > 500
    mapper = SemanticMapper(config)
    for _ in range(20):
        mapper.add_frame(frame)
    v, u = np.nonzero(gone)
    z = frame.rgbd.depth_m[v, u]
    camera = source.camera
    points = np.stack([(u - camera.cx) / camera.fx * z, (v - camera.cy) / camera.fy * z, z], 1)
    points = points @ frame.world_T_camera[:3, :3].T + frame.world_T_camera[:3, 3]
    assert (mapper.query_points(points).state == OCCUPIED).mean() > 0.8
    for _ in range(int(config.map.contradiction_frames)):
        mapper.add_frame(emptier)
    assert (mapper.query_points(points).state == FREE).mean() > 0.9


def test_questions_that_cannot_be_answered(mapper):
    camera = Intrinsics(200, 200, 100.0, 100.0, 100.0, 100.0)
    small = Intrinsics(20, 20, 10.0, 10.0, 10.0, 10.0)
    with pytest.raises(QueryError, match=r"50001 points; query.max_points allows 50000"):
        mapper.query_points(np.zeros((50_001, 3)))
    for bad in (np.nan, np.inf):
        with pytest.raises(QueryError, match="not finite"):
            mapper.query_points(np.array([[0.0, bad, 0.0]]))
    with pytest.raises(QueryError, match=r"200x200 px; query.max_pixels allows 20000"):
        mapper.render_view(camera, np.eye(4))
    for reach in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(QueryError, match="range .* must be greater than 0 and finite"):
            mapper.render_view(small, np.eye(4), max_range_m=float(reach))
    for pose in (np.full((4, 4), np.nan), 2 * np.eye(4)):
        with pytest.raises(GeometryError):
            mapper.render_view(small, pose)
    assert len(mapper.query_points(np.zeros((0, 3))).state) == 0


def test_save_reset_load(source, mapper, config):
    path, size = mapper.save("room")
    assert path.stat().st_size == size
    other = SemanticMapper(config)
    other.add_frame(source[0])
    first_id = other.map.map_id
    other.load("room")
    assert other.map.map_id != first_id
    assert len(other.keyframes) == 0  # they belong to what was mapped before
    rng = np.random.default_rng(0)
    points = rng.uniform((-2, -2, 0), (2, 2, 2), (2000, 3))
    a, b = mapper.query_points(points), other.query_points(points)
    assert (a.state == b.state).mean() > 0.999
    np.testing.assert_allclose(a.distance_m, b.distance_m, atol=0.005)
    # Loaded once more over itself: still another map to whoever follows it.
    second_id = other.map.map_id
    other.load("room")
    assert other.map.map_id != second_id
    other.add_frame(source[1])
    other.reset()
    assert (len(other.map.block_index()), len(other.keyframes)) == (0, 0)
    assert (other.query_points(points).state == UNOBSERVED).all()
    assert not other.render_view(Intrinsics(9, 9, 9.0, 9.0, 4.0, 4.0), np.eye(4)).depth_m.any()


def test_a_load_that_fails_changes_nothing(source, config):
    mapper = SemanticMapper(config)
    mapper.add_frame(source[0])
    before = (mapper.map.map_id, mapper.map.revision, len(mapper.keyframes))
    for name in ("missing", "../room"):
        with pytest.raises(StorageError):
            mapper.load(name)
    assert (mapper.map.map_id, mapper.map.revision, len(mapper.keyframes)) == before


def test_a_region_limits_points_and_views(source, mapper):
    frame = min(source, key=lambda frame: frame.world_T_camera[2, 2])  # looks down most
    low = Box((-9.0, -9.0, -1.0), (9.0, 9.0, 0.8))
    view = mapper.render_view(frame.rgbd.depth_intrinsics, frame.world_T_camera, region=low)
    full = mapper.render_view(frame.rgbd.depth_intrinsics, frame.world_T_camera)
    assert 0 < (view.depth_m > 0).sum() < (full.depth_m > 0).sum()
    points = np.random.default_rng(0).uniform((-2, -2, 0), (2, 2, 2), (500, 3))
    answers = mapper.query_points(points, low)
    assert (answers.state[points[:, 2] >= 0.8] == UNOBSERVED).all()
    assert (answers.state[points[:, 2] < 0.8] != UNOBSERVED).any()
