"""The services and the map topic of a running node, with good requests and bad ones."""

import math

import numpy as np
import pytest
from geometry_msgs.msg import Point, Pose, Quaternion
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from sensor_msgs.msg import PointCloud2
from visualization_msgs.msg import Marker, MarkerArray

from nesf_ros.msg import Region, VoxelMap
from nesf_ros.ros.cloud import read_records
from nesf_ros.srv import GetMap, LoadMap, Pause, QueryPoints, RenderView, Reset, SaveMap
from nesf_ros.types import FREE, OCCUPIED, UNOBSERVED

from .processes import (
    AHEAD,
    WALL_M,
    Camera,
    MapReader,
    NodeProcess,
    Robot,
    blocks_of,
    states,
    wall,
)

pytestmark = pytest.mark.ros

INSIDE = Region(lower=Point(x=1.0, y=-0.5, z=0.5), upper=Point(x=2.0, y=0.5, z=1.5))


@pytest.fixture(scope="module")
def node(start_node) -> NodeProcess:
    # Small chunks, so that even this small map needs several.
    rates = {"publish.rate_hz": 10.0, "publish.chunk_mib": 0.05, "publish.marker_limit": 100}
    return start_node(cameras=["/eye"], **rates).wait_until_active()


@pytest.fixture(scope="module")
def eye(robot: Robot, node: NodeProcess) -> Camera:
    camera = robot.camera("/eye")
    robot.connect(camera)
    return camera


@pytest.fixture
def seen(robot: Robot, node: NodeProcess, eye: Camera) -> Camera:
    """The camera, with its wall in the map and nothing else."""
    assert robot.call(node, Reset, "reset").success
    while not robot.call(node, GetMap, "get_map").map.block_index:
        eye.send()
    return eye


def whole(robot: Robot, node: NodeProcess) -> dict[tuple[int, ...], bytes]:
    """States of all voxels, as get_map has them."""
    return states(blocks_of(robot.call(node, GetMap, "get_map").map))


def wait_until_equal(robot: Robot, node: NodeProcess, *readers: MapReader) -> None:
    wanted = whole(robot, node)
    assert wanted
    robot.wait(lambda: all(r.in_step and r.states() == wanted for r in readers), "equal maps")


def test_two_readers_that_come_at_different_times_both_have_the_map(robot, node, seen):
    first = MapReader(robot, node)
    for number in range(6):
        seen.send(depth=wall(WALL_M + 0.2 * number))
    robot.wait(lambda: VoxelMap.DELTA in first.kinds, "a delta")
    second = MapReader(robot, node)
    for number in range(6):
        seen.send(depth=wall(WALL_M + 1.0 - 0.2 * number))
    wait_until_equal(robot, node, first, second)
    assert first.kinds.count(VoxelMap.SNAPSHOT) > 2  # chunks, and once more for the second reader
    assert first.sequences == list(range(first.sequences[0], first.sequences[-1] + 1))
    assert second.sequences[-1] == first.sequences[-1]
    first.close()
    second.close()


def test_a_reset_and_a_loaded_map_reach_readers_as_a_new_map(robot, node, seen):
    reader = MapReader(robot, node)
    wait_until_equal(robot, node, reader)
    saved = reader.states()
    ids = [reader.map_id]
    reply = robot.call(node, SaveMap, "save_map", name="wall")
    assert reply.success and reply.path.endswith("/wall.nesfmap") and reply.bytes > 1000
    for _ in range(4):  # what comes after the save must be gone after the load
        seen.send(depth=wall(3.0))
    robot.wait(lambda: len(reader.states()) > len(saved), "more map")
    assert robot.call(node, LoadMap, "load_map", name="wall").success
    robot.wait(lambda: reader.in_step and reader.states() == saved, "the loaded map")
    ids.append(reader.map_id)
    assert robot.call(node, Reset, "reset").success
    robot.wait(lambda: reader.in_step and not reader.states(), "an empty map")
    ids.append(reader.map_id)
    assert len(set(ids)) == 3
    reader.close()


def test_a_dense_map_and_a_block_map_agree(robot, node, seen):
    reply = robot.call(node, GetMap, "get_map", form=GetMap.Request.DENSE, region=INSIDE)
    grid = reply.grid
    assert reply.success
    assert (grid.size_x, grid.size_y, grid.size_z) == (20, 20, 20)
    assert (grid.origin.x, grid.origin.y, grid.origin.z) == (1.0, -0.5, 0.5)
    codes = np.frombuffer(grid.probability, np.uint8).reshape(20, 20, 20)  # z, y, x
    assert (codes[10, 10, :9] > 0).all() and (codes[10, 10, :9] < 128).all()
    assert codes[10, 10, 10] >= 128  # 1.50 to 1.55 m
    blocks = blocks_of(robot.call(node, GetMap, "get_map").map)
    for z, y, x in ((0, 0, 0), (10, 10, 10), (19, 3, 5), (4, 19, 19)):
        place = np.array([x + 20, y - 10, z + 10])
        block = blocks.get(tuple((place // 8).tolist()))
        expected = 0 if block is None else block[tuple((place % 8)[::-1])]
        assert codes[z, y, x] == expected


def test_blocks_of_a_region_touch_it(robot, node, seen):
    reply = robot.call(node, GetMap, "get_map", region=INSIDE)
    index = np.array(reply.map.block_index).reshape(-1, 3)
    assert reply.success and len(index)
    assert (index.min(0) >= [2, -2, 1]).all() and (index.max(0) <= [4, 1, 3]).all()
    assert reply.map.map_sequence == reply.map_sequence


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"form": 7}, "form 7; 0 asks for blocks"),
        ({"form": 1}, "a dense grid needs a region"),
        ({"form": 1, "region": Region(upper=Point(x=1e4, y=1e4, z=1e4))}, "voxels; "),
        ({"region": Region(upper=Point(x=1.0, y=1.0))}, "must be finite and above"),
        ({"region": Region(lower=INSIDE.upper, upper=INSIDE.lower)}, "must be finite and above"),
        ({"region": Region(upper=Point(x=math.nan, y=1.0, z=1.0))}, "must be finite and above"),
        ({"region": Region(frame_id="moon", upper=INSIDE.upper)}, "'moon' is not known"),
        ({"deadline_s": -1.0}, "deadline_s is -1; it must lie in"),
        ({"deadline_s": math.nan}, "deadline_s is nan; it must lie in"),
        ({"deadline_s": math.inf}, "deadline_s is inf; it must lie in"),
    ],
)  # fmt: skip
def test_requests_for_a_map_that_cannot_be_met_say_why(robot, node, seen, fields, said):
    reply = robot.call(node, GetMap, "get_map", **fields)
    assert not reply.success and said in reply.message
    assert not reply.map.block_index and not reply.grid.probability


def test_a_region_beside_the_map_is_empty_and_no_error(robot, node, seen):
    far = Region(lower=Point(x=500.0, y=0.0, z=0.0), upper=Point(x=501.0, y=1.0, z=1.0))
    reply = robot.call(node, GetMap, "get_map", region=far)
    assert reply.success and not reply.map.block_index
    dense = robot.call(node, GetMap, "get_map", form=1, region=far)
    assert dense.success and set(dense.grid.probability) == {0}


def test_points_are_answered_in_any_frame_that_tf_knows(robot, node, seen):
    # In the camera's own frame, the wall is straight ahead along z.
    points = [Point(z=WALL_M), Point(z=0.8), Point(z=-1.0)]
    reply = robot.call(node, QueryPoints, "query_points", frame_id="eye_frame", points=points)
    assert list(reply.state) == [OCCUPIED, FREE, UNOBSERVED]
    assert reply.probability[0] > 0.5 > reply.probability[1] and math.isnan(reply.probability[2])
    near = Region(upper=Point(x=1.0, y=1.0, z=2.0), lower=Point(y=-1.0))
    points = [Point(x=WALL_M, z=1.0), Point(x=0.8, z=1.0)]
    reply = robot.call(node, QueryPoints, "query_points", points=points, region=near)
    assert list(reply.state) == [UNOBSERVED, FREE]
    reply = robot.call(node, QueryPoints, "query_points")
    assert reply.success and not reply.state


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"points": [Point(x=math.nan)]}, "not finite"),
        ({"points": [Point()] * 200_001}, "query.max_points allows 200000"),
        ({"points": [Point()], "frame_id": "moon"}, "'moon' is not known"),
    ],
)
def test_points_that_cannot_be_answered_say_why(robot, node, seen, fields, said):
    reply = robot.call(node, QueryPoints, "query_points", **fields)
    assert not reply.success and said in reply.message and not reply.state


def test_a_view_from_the_camera_shows_what_the_camera_saw(robot, node, seen):
    size = {"width": 80, "height": 60, "fx": 65.0}
    reply = robot.call(node, RenderView, "render_view", pose=AHEAD, **size)
    assert reply.success and reply.depth.encoding == "32FC1"
    depth = np.frombuffer(reply.depth.data, np.float32).reshape(60, 80)
    np.testing.assert_allclose(depth[20:40, 20:60], WALL_M, atol=0.01)
    color = np.frombuffer(reply.color.data, np.uint8).reshape(60, 80, 3)
    np.testing.assert_allclose(color[30, 40], [200, 100, 50], atol=2)
    normals = np.frombuffer(reply.normals.data, np.float32).reshape(60, 80, 3)
    np.testing.assert_allclose(normals[30, 40], [-1, 0, 0], atol=0.05)
    # The same in the camera's frame, and with the default size.
    own = Pose(orientation=Quaternion(w=1.0))
    reply = robot.call(node, RenderView, "render_view", pose=own, frame_id="eye_frame")
    assert (reply.depth.width, reply.depth.height) == (640, 480)
    depth = np.frombuffer(reply.depth.data, np.float32).reshape(480, 640)
    assert depth[240, 320] == pytest.approx(WALL_M, abs=0.01)


def test_a_view_of_an_empty_region_is_black(robot, node, seen):
    empty = Region(lower=Point(x=5.0), upper=Point(x=6.0, y=1.0, z=1.0))
    reply = robot.call(node, RenderView, "render_view", pose=AHEAD, width=40, region=empty)
    assert reply.success and not any(reply.depth.data)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"width": 2**32 - 1, "height": 2**32 - 1}, "ask for a smaller view"),
        ({"width": 2000, "height": 1000}, "one reply holds at most 1545"),
        ({"fx": -3.0}, "focal length (-3.0"),
        ({"max_range": -1.0}, "max_range -1.0 m; it must be positive"),
        ({"max_range": math.inf}, "it must be positive"),
        ({"pose": Pose(position=Point(x=math.nan), orientation=Quaternion(w=1.0))}, "be finite"),
        ({"pose": Pose(orientation=Quaternion(w=2.0))}, "has norm 2"),
        ({"pose": Pose(orientation=Quaternion(w=0.0))}, "has norm 0"),
    ],
)
def test_views_that_cannot_be_drawn_say_why(robot, node, seen, fields, said):
    reply = robot.call(node, RenderView, "render_view", **{"pose": AHEAD, **fields})
    assert not reply.success and said in reply.message and not reply.depth.data


def test_the_largest_view_arrives(robot, node, seen):
    reply = robot.call(node, RenderView, "render_view", pose=AHEAD, width=1500, height=1000)
    assert reply.success and len(reply.normals.data) == 1500 * 1000 * 12


def test_a_deadline_is_kept_and_the_reply_says_so(robot, node, seen):
    big = {"pose": AHEAD, "width": 1500, "height": 1000, "deadline_s": 15.0}
    slow = robot.request(node, RenderView, "render_view", **big)
    reply = robot.call(node, RenderView, "render_view", **{**big, "deadline_s": 0.001})
    assert not reply.success and "not answered within 0.001 s" in reply.message
    assert not slow.done()  # it did not wait its turn behind the other one
    assert robot.wait(lambda: slow.done() and slow.result()).success


@pytest.mark.parametrize("name", ["", "../wall", "/tmp/wall", ".hidden", "a b", "x" * 101])
def test_names_that_could_lead_elsewhere_are_refused(robot, node, seen, name):
    for kind, service in ((SaveMap, "save_map"), (LoadMap, "load_map")):
        reply = robot.call(node, kind, service, name=name)
        assert not reply.success and "letters, digits" in reply.message


def test_a_map_that_cannot_be_loaded_leaves_the_present_one(robot, node, seen):
    before = robot.call(node, GetMap, "get_map").map
    reply = robot.call(node, LoadMap, "load_map", name="never-saved")
    assert not reply.success and "does not exist" in reply.message
    path = robot.call(node, SaveMap, "save_map", name="hurt").path
    with open(path, "r+b") as file:
        file.seek(-100, 2)
        file.write(b"\x55" * 50)
    reply = robot.call(node, LoadMap, "load_map", name="hurt")
    assert not reply.success and "damaged" in reply.message
    after = robot.call(node, GetMap, "get_map").map
    assert after.map_id == before.map_id and after.map_sequence == before.map_sequence
    assert states(blocks_of(after)) == states(blocks_of(before))


def test_a_paused_map_stands_still_and_goes_on(robot, node, seen):
    before = robot.counts(node, seen)
    assert robot.call(node, Pause, "pause", paused=True).success
    sequence = robot.call(node, GetMap, "get_map").map_sequence
    for _ in range(3):
        seen.send()
    paused = before.get("frames_dropped.paused", 0) + 3
    robot.counts(node, seen, **{"frames_dropped.paused": paused})
    assert robot.call(node, GetMap, "get_map").map_sequence == sequence
    assert robot.call(node, Pause, "pause", paused=False).success
    seen.send()
    robot.counts(node, seen, integrated=before["integrated"] + 1)


def test_clients_are_answered_while_frames_stream_in(robot, node, seen):
    before = robot.counts(node, seen)
    big = {"pose": AHEAD, "width": 1000, "height": 800, "deadline_s": 15.0}
    slow = [robot.request(node, RenderView, "render_view", **big) for _ in range(3)]
    other = Robot(robot.context)
    replies, sent = [], 0
    while not all(future.done() for future in slow) or sent < 20:
        seen.send()
        sent += 1
        if sent % 5 == 0:
            replies.append(other.call(node, GetMap, "get_map", deadline_s=15.0))
            robot.spin(0.02)
    other.destroy_node()
    assert [future.result().message for future in slow] == [""] * 3
    assert {reply.message for reply in replies} == {""}
    sequences = [reply.map_sequence for reply in replies]
    assert sequences == sorted(sequences)
    # The images were received while the views were drawn, none was lost unseen.
    values = robot.counts(node, seen, pairs=before["pairs"] + sent)
    assert values["received.color"] == before["received.color"] + sent


def test_the_cloud_has_every_occupied_voxel_and_the_markers_a_capped_choice(robot, node, seen):
    clouds: list[PointCloud2] = []
    markers: list[MarkerArray] = []
    subscriptions = [
        robot.create_subscription(PointCloud2, f"{node.name}/points", clouds.append, 1),
        robot.create_subscription(MarkerArray, f"{node.name}/markers", markers.append, 1),
    ]
    seen.send()
    robot.wait(lambda: clouds and markers, "a cloud and markers")
    records = read_records(clouds[-1])
    near = np.hypot(records["y"], records["z"] - 1.0) < 0.5
    np.testing.assert_allclose(records["x"][near], WALL_M, atol=1e-4)
    assert clouds[-1].header.frame_id == "map"
    (cubes,) = markers[-1].markers
    assert cubes.type == Marker.CUBE_LIST and len(cubes.points) == len(cubes.colors) == 100
    assert cubes.scale.x == pytest.approx(0.05)
    shown = {(round(p.x, 3), round(p.y, 3), round(p.z, 3)) for p in cubes.points}
    there = np.stack([records[axis] for axis in "xyz"], 1).round(3).astype(float).round(3)
    assert len(shown) == 100 and shown <= set(map(tuple, there.tolist()))
    for subscription in subscriptions:
        robot.destroy_subscription(subscription)


def test_live_settings_apply_and_others_are_refused(robot, node, seen):
    def set_to(name: str, value: object):
        wanted = Parameter(name, value=value).to_parameter_msg()
        reply = robot.call(node, SetParameters, "set_parameters", parameters=[wanted])
        return reply.results[0]

    refused = set_to("publish.rate_hz", 99.0)
    assert not refused.successful and "out of range" in refused.reason
    refused = set_to("query.deadline_s", 0)
    assert not refused.successful and "must lie in [0.01, 3600.0]" in refused.reason
    refused = set_to("map.voxel_size_m", 0.1)
    assert not refused.successful and "read-only" in refused.reason
    assert set_to("query.deadline_s", 0.01).successful
    reply = robot.call(node, RenderView, "render_view", pose=AHEAD, width=1500, height=1000)
    assert "not answered within 0.01 s" in reply.message
    assert set_to("query.deadline_s", 5).successful


def test_none_of_this_was_a_fault_of_ours(node):
    assert "Traceback" not in node.log and "failed:" not in node.log
    assert node.end() == 0
