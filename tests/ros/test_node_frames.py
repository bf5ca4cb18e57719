"""What becomes of good and bad images, over DDS. `Robot.counts` checks that none is unaccounted."""

import numpy as np
import pytest

from nesf_ros.srv import GetMap
from nesf_ros.types import FREE, OCCUPIED, UNOBSERVED

from .processes import FOCAL, HEIGHT, WALL_M, WIDTH, Camera, NodeProcess, Robot, image, shade, wall

pytestmark = pytest.mark.ros

PLACES = {
    name: (0.0, 4.0 * number, 1.0)
    for number, name in enumerate(
        ["good", "encoding", "size", "uninformed", "uncalibrated", "holes", "twice", "rewound",
         "offset", "bgr", "mono", "bent"]
    )
}  # fmt: skip
UNPLACED = ["late", "unknown", "crooked", "offset_late"]


@pytest.fixture(scope="module")
def node(start_node) -> NodeProcess:
    names = [f"/{name}" for name in (*PLACES, *UNPLACED)]
    return start_node(cameras=names, **{"publish.rate_hz": 10.0}).wait_until_active()


@pytest.fixture(scope="module")
def cameras(robot: Robot, node: NodeProcess) -> dict[str, Camera]:
    cameras = {
        name: robot.camera(
            f"/{name}", PLACES.get(name), "color_frame" if name.startswith("offset") else ""
        )
        for name in (*PLACES, *UNPLACED)
    }
    robot.connect(*cameras.values(), infos=False)
    robot.inform(*(camera for name, camera in cameras.items() if name != "uninformed"))
    return cameras


def wall_of(name: str) -> tuple[float, float, float]:
    """Where the wall is that a camera sees, and that it is made of."""
    _, y, z = PLACES[name]
    return (WALL_M, y, z)


def test_good_images_become_occupied_and_free_space(robot, node, cameras):
    camera = cameras["good"]
    for _ in range(4):
        camera.send()
    camera.send(depth=None)
    values = robot.counts(node, camera, integrated=4)
    assert values["received.color"] == 5
    assert values["received.depth"] == 4
    assert values["waiting_for_partner"] == 1
    answer = robot.look_up(node, wall_of("good"), (0.8, 0.0, 1.0), (3.0, 0.0, 1.0))
    assert list(answer.state) == [OCCUPIED, FREE, UNOBSERVED]
    assert list(answer.color[:3]) == [200, 100, 50]
    np.testing.assert_allclose(
        answer.distance[:2], [0.0, 0.725], atol=0.04
    )  # surface points lie 5 cm apart


def test_an_image_whose_transform_comes_100_ms_later_is_integrated(robot, node, cameras):
    camera, frame = cameras["late"], "late_frame"
    robot.transform("map", frame, camera.stamp_ns)
    robot.spin(0.1)
    early = camera.stamp_ns - 500_000_000
    camera.send(early)
    in_time = camera.send()
    robot.spin(0.1)
    robot.transform("map", frame, in_time)
    values = robot.counts(node, camera, integrated=1)
    assert values["frames_dropped.tf_too_old"] == 1
    camera.send()  # and TF is silent from here on
    values = robot.counts(node, camera, **{"frames_dropped.tf_late": 1})
    assert values["integrated"] == 1


def test_a_frame_that_tf_never_names_is_counted_as_such(robot, node, cameras):
    camera = cameras["unknown"]
    camera.send()
    robot.counts(node, camera, **{"frames_dropped.tf_unknown_frame": 1})


def test_a_transform_that_is_no_rotation_is_refused_and_told(robot, node, cameras):
    camera = cameras["crooked"]
    robot.transform("map", "crooked_frame", 0, quaternion=(0.0, 0.0, 0.0, 2.0), static=True)
    robot.spin(0.1)
    camera.send()
    robot.counts(node, camera, **{"frames_dropped.tf_unknown_frame": 1})
    node.wait_for_log("has norm 2")
    nearly = tuple(1.005 * part for part in (-0.5, 0.5, -0.5, 0.5))
    robot.transform("map", "crooked_frame", 0, quaternion=nearly, static=True)
    robot.spin(0.1)
    camera.send()
    robot.counts(node, camera, integrated=1)


def test_an_encoding_that_is_none_of_ours_is_counted_and_named_in_the_log(robot, node, cameras):
    camera = cameras["encoding"]
    stamp_ns = camera.tick()
    odd = image(wall(), "64FC1", stamp_ns, camera.frame)
    camera.send(stamp_ns, depth=odd)
    robot.counts(node, camera, **{"frames_dropped.bad_encoding": 1})
    node.wait_for_log("'64FC1' is not supported")


def test_images_of_the_wrong_size_are_counted(robot, node, cameras):
    camera = cameras["size"]
    stamp_ns = camera.tick()
    cut = image(wall(), "32FC1", stamp_ns, camera.frame)
    cut.data = cut.data[:1000]
    camera.send(stamp_ns, depth=cut)
    camera.send(depth=wall()[::2, ::2])
    camera.send(color=shade()[:, ::2])
    camera.send()
    robot.counts(node, camera, integrated=1, **{"frames_dropped.bad_size": 3})


def test_images_without_camera_info_are_counted(robot, node, cameras):
    camera = cameras["uninformed"]
    camera.send()
    robot.counts(node, camera, **{"frames_dropped.no_camera_info": 1})
    camera.send_info()
    robot.spin(0.1)
    camera.send()
    robot.counts(node, camera, integrated=1)


def test_a_camera_without_calibration_is_counted_until_it_is_calibrated(robot, node, cameras):
    camera = cameras["uncalibrated"]
    camera.send_info(k=[0.0] * 9)
    robot.spin(0.1)
    camera.send()
    robot.counts(node, camera, **{"frames_dropped.bad_intrinsics": 1})
    camera.send_info()
    robot.spin(0.1)
    camera.send()
    robot.counts(node, camera, integrated=1)


def test_nan_infinite_and_zero_depth_is_no_reading(robot, node, cameras):
    camera = cameras["holes"]
    depth = wall()
    depth[:, : WIDTH // 2 - 20] = np.nan
    depth[:, WIDTH // 2 + 20 :] = np.inf
    depth[: HEIGHT // 2 - 20] = 0
    camera.send(depth=depth)
    camera.send(depth=np.full_like(depth, np.nan))
    robot.counts(node, camera, integrated=1, **{"frames_dropped.empty_depth": 1})
    x, y, z = wall_of("holes")
    # 0.6 m to either side and above, rays of pixels without a reading pass.
    answer = robot.look_up(node, (x, y, z), (x, y - 0.6, z), (x, y + 0.6, z), (x, y, z + 0.5))
    assert list(answer.state) == [OCCUPIED, UNOBSERVED, UNOBSERVED, UNOBSERVED]
    before = robot.look_up(node, (0.8, y - 0.3, z), (0.8, y + 0.3, z))
    assert list(before.state) == [UNOBSERVED, UNOBSERVED]


def test_images_that_come_twice_are_used_once(robot, node, cameras):
    camera = cameras["twice"]
    stamp_ns = camera.send()
    camera.send(stamp_ns)
    robot.counts(node, camera, integrated=1, **{"images_dropped.duplicate": 2})


def test_a_clock_that_jumps_backwards_keeps_the_map(robot, node, cameras):
    camera = cameras["rewound"]
    camera.send()
    camera.send(depth=None)
    before = robot.call(node, GetMap, "get_map").map
    camera.stamp_ns -= 500 * 10**9
    camera.send()
    camera.send()
    robot.counts(node, camera, integrated=3, **{"images_dropped.clock_reset": 1})
    after = robot.call(node, GetMap, "get_map").map
    assert after.map_id == before.map_id
    assert after.map_sequence > before.map_sequence
    assert list(robot.look_up(node, wall_of("good")).state) == [OCCUPIED]


def test_colour_comes_from_where_the_colour_camera_is(robot, node, cameras):
    camera = cameras["offset"]
    # Half a metre to the right of the depth camera: the middle of its image shows y - 0.5.
    robot.transform(
        "offset_frame", "color_frame", 0, (0.5, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0), static=True
    )
    robot.spin(0.1)
    color = shade(255, 0, 0)
    color[:, WIDTH // 2 :] = (0, 255, 0)
    camera.send(color=color)
    robot.counts(node, camera, integrated=1)
    x, y, z = wall_of("offset")
    answer = robot.look_up(node, (x, y - 0.37, z), (x, y - 0.63, z))
    assert list(answer.state) == [OCCUPIED, OCCUPIED]
    assert list(answer.color) == [255, 0, 0, 0, 255, 0]


def test_a_colour_camera_in_another_tree_is_told_from_an_unknown_one(robot, node, cameras):
    camera = cameras["offset_late"]
    robot.transform("map", "offset_late_frame", 0, static=True)
    robot.spin(0.1)
    camera.color_frame = "nowhere"
    camera.send()
    robot.counts(node, camera, **{"frames_dropped.tf_unknown_frame": 1})
    robot.transform("island", "hut", 0, static=True)
    robot.spin(0.1)
    camera.color_frame = "hut"
    camera.send()
    robot.counts(node, camera, **{"frames_dropped.tf_not_connected": 1})


@pytest.mark.parametrize(
    ("name", "encoding", "pixels", "expected"),
    [
        ("bgr", "bgr8", shade(10, 20, 30), [30, 20, 10]),
        ("mono", "mono8", shade()[..., 0].copy(), [200, 200, 200]),
    ],
)
def test_encodings_of_colour_arrive_as_rgb(robot, node, cameras, name, encoding, pixels, expected):
    camera = cameras[name]
    stamp_ns = camera.tick()
    color = image(pixels, encoding, stamp_ns, camera.frame)
    millimetres = image((wall() * 1000).astype(np.uint16), "16UC1", stamp_ns, camera.frame)
    camera.send(stamp_ns, color=color, depth=millimetres)
    robot.counts(node, camera, integrated=1)
    answer = robot.look_up(node, wall_of(name))
    assert list(answer.state) == [OCCUPIED]
    assert list(answer.color) == expected


def test_a_distorted_lens_is_straightened(robot, node, cameras):
    camera = cameras["bent"]
    k1 = -0.3
    camera.send_info(d=[k1, 0.0, 0.0, 0.0, 0.0])
    robot.spin(0.1)
    # A point 0.7 m to the left of the axis: where the lens shows it, all to the left is a wall.
    x = -0.7 / WALL_M
    column = round(FOCAL * x * (1 + k1 * x * x) + (WIDTH - 1) / 2)
    depth = wall()
    depth[:, column:] = 0
    camera.send(depth=depth)
    robot.counts(node, camera, integrated=1)
    _, y, z = wall_of("bent")
    answer = robot.look_up(node, (WALL_M, y + 0.77, z), (WALL_M, y + 0.63, z))
    assert list(answer.state) == [OCCUPIED, UNOBSERVED]


def test_none_of_this_was_a_fault_of_ours(node, cameras):
    assert "Traceback" not in node.log
    assert node.end() == 0
